"""The only writer of outlets, feeds (but for their state, which is ``ingest``'s) and projects.

``by`` is who asks for a change; None is the program itself (the command line, samples).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from media_tracker.accounts.actor import Actor
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.ids import parse_id
from media_tracker.errors import N_, Conflict, InvalidInput, NotFound
from media_tracker.mail.address import checked_address
from media_tracker.net.errors import FetchError
from media_tracker.net.urls import checked_url
from media_tracker.outlets.documents import (
    ColumnPlan,
    Feed,
    FeedSource,
    FeedState,
    Outlet,
    OutletKind,
    Platform,
    Project,
    Selectors,
)
from media_tracker.outlets.feed_setup import FeedSetup, check_setup
from media_tracker.outlets.keeping import check_keeper, check_project_keeper
from media_tracker.outlets.opml import Subscription

URL_CHARS = 2048


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to."""

    outlets_added: int
    feeds_added: int
    feeds_known: int


class Outlets:
    """Reads and changes outlets, feeds and projects."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._outlets = database[Outlet.Settings.name]
        self._feeds = database[Feed.Settings.name]
        self._projects = database[Project.Settings.name]
        self._clock = clock

    async def all(self) -> list[Outlet]:
        """Every outlet, by name."""
        return [Outlet.model_validate(row) async for row in self._outlets.find().sort("name", 1)]

    async def names(self) -> dict[ObjectId, str]:
        """Outlet names by id."""
        return {row["_id"]: row["name"] async for row in self._outlets.find({}, {"name": 1}).sort("name", 1)}

    async def named(self, beside: str) -> dict[str, list[Json]]:
        """Names of outlets (by name), names and columns of projects, and all rows of the collection ``beside``, by collection.

        One command: nearly every page asks for them.
        """
        outlets, projects = Outlet.Settings.name, Project.Settings.name
        steps: list[Json] = [
            {"$sort": {"name": 1}},
            {"$project": {"name": 1}},
            {"$group": {"_id": outlets, "rows": {"$push": "$$ROOT"}}},
            _all_of(projects, {"$project": {"name": 1, "columns": 1}}),
            _all_of(beside),
        ]
        found: dict[str, list[Json]] = {outlets: [], projects: [], beside: []}
        async for row in await self._outlets.aggregate(steps):
            found[row["_id"]] = row["rows"]
        return found

    async def get(self, outlet_id: str) -> Outlet:
        """The outlet with this id; ``NotFound`` without one."""
        row = await self._outlets.find_one({"_id": parse_id(outlet_id)})
        if row is None:
            raise NotFound(N_("There is no such outlet."))
        outlet: Outlet = Outlet.model_validate(row)
        return outlet

    async def feeds(self, outlet_id: ObjectId | None = None) -> list[Feed]:
        """The feeds of an outlet, or all, by title."""
        query: Json = {} if outlet_id is None else {"outlet_id": outlet_id}
        return [Feed.model_validate(row) async for row in self._feeds.find(query).sort([("title", 1), ("_id", 1)])]

    async def feed(self, feed_id: str, outlet_id: ObjectId) -> Feed:
        """The feed with this id, of this outlet; ``NotFound`` without one."""
        feed: Feed = Feed.model_validate(await self._feed_row(feed_id, outlet_id))
        return feed

    async def _feed_row(self, feed_id: str, outlet_id: ObjectId) -> Json:
        row = await self._feeds.find_one({"_id": parse_id(feed_id), "outlet_id": outlet_id})
        if row is None:
            raise NotFound(N_("There is no such feed."))
        return row

    async def add_outlet(
        self,
        name: str,
        kind: OutletKind,
        *,
        partner: bool,
        homepage: str = "",
        demo: bool = False,
        by: Actor | None = None,
    ) -> ObjectId:
        """Add an outlet; ``InvalidInput`` without a name, or with one that is taken; ``Forbidden`` if ``by`` may not."""
        check_keeper(by)
        name = name.strip()
        if not name:
            raise InvalidInput(N_("Please give the outlet a name."), {"name": N_("Please give the outlet a name.")})
        row = {
            "name": name,
            "kind": kind.value,
            "partner": partner,
            "homepage": homepage.strip(),
            "active": True,
            "demo": demo,
            "version": 1,
        }
        try:
            return ObjectId((await self._outlets.insert_one(row)).inserted_id)
        except DuplicateKeyError:
            sentence = N_("There is an outlet of this name already.")
            raise InvalidInput(sentence, {"name": sentence}) from None

    async def set_partner(self, outlet_id: str, partner: bool, *, by: Actor | None = None) -> None:
        """Make an outlet a partner, or no longer one. Ties keep what it was when they were made.

        Raises:
            Forbidden: ``by`` may not.
            NotFound: there is no such outlet.
        """
        check_keeper(by)
        changed = await self._outlets.update_one({"_id": parse_id(outlet_id)}, {"$set": {"partner": partner}})
        if changed.matched_count == 0:
            raise NotFound(N_("There is no such outlet."))

    async def set_contact(self, outlet_id: str, address: str, *, by: Actor | None = None) -> None:
        """Have an outlet told of its problems at ``address``; empty: nowhere.

        Raises:
            Forbidden: ``by`` may not.
            InvalidInput: this is no address.
            NotFound: there is no such outlet.
        """
        check_keeper(by)
        contact = checked_address(address, "contact")
        changed = await self._outlets.update_one({"_id": parse_id(outlet_id)}, {"$set": {"contact": contact}})
        if changed.matched_count == 0:
            raise NotFound(N_("There is no such outlet."))

    async def add_feed(
        self,
        outlet_id: ObjectId,
        url: str,
        title: str,
        platform: Platform,
        column: str = "",
        *,
        selectors: Selectors | None = None,
        demo: bool = False,
        by: Actor | None = None,
    ) -> ObjectId | None:
        """Subscribe to ``url``, and return the feed's id; None when it is subscribed to already.

        With ``selectors`` it is a page that lists stories, else a feed.

        Raises:
            Forbidden: ``by`` may not.
            InvalidInput: an address that would never be asked.
        """
        check_keeper(by)
        url = check_feed_url(url)
        row = {
            "outlet_id": outlet_id,
            "url": url,
            "title": title.strip() or url,
            "platform": platform.value,
            "column": column.strip(),
            "source": (FeedSource.PAGE if selectors else FeedSource.FEED).value,
            "selectors": selectors.model_dump() if selectors else None,
            "active": True,
            "demo": demo,
            "state": FeedState().model_dump(),
        }
        result = await self._feeds.update_one({"url": url}, {"$setOnInsert": row}, upsert=True)
        return ObjectId(result.upserted_id) if result.upserted_id is not None else None

    async def set_feed_active(
        self, feed_id: str, active: bool, *, outlet_id: ObjectId | None = None, by: Actor | None = None
    ) -> None:
        """Rest a feed, or poll it again. With ``outlet_id`` it must be one of that outlet's.

        Raises:
            Forbidden: ``by`` may not.
            NotFound: there is no such feed.
        """
        check_keeper(by)
        query: Json = {"_id": parse_id(feed_id)} | ({} if outlet_id is None else {"outlet_id": outlet_id})
        changed = await self._feeds.update_one(query, {"$set": {"active": active}})
        if changed.matched_count == 0:
            raise NotFound(N_("There is no such feed."))

    async def set_up_feed(
        self, feed_id: str, setup: FeedSetup, *, seen: str, outlet_id: ObjectId, by: Actor | None = None
    ) -> list[str]:
        """Set up a feed of this outlet as ``setup`` says, and return the names of what has changed; its state stays as it is.

        ``seen``: the :attr:`FeedSetup.mark` of the settings that the change was made from.

        Raises:
            Forbidden: ``by`` may not.
            NotFound: there is no such feed.
            Conflict: it is set up otherwise by now, by somebody else or because its address has moved.
            InvalidInput: what cannot be read by, or an address that is subscribed to already.
        """
        check_keeper(by)
        check_setup(setup)
        url = check_feed_url(setup.url)
        setup = replace(setup, url=url, title=setup.title.strip() or url, column=setup.column.strip())
        row = await self._feed_row(feed_id, outlet_id)
        before = FeedSetup.of(Feed.model_validate(row))
        if before.source is FeedSource.HAND:
            raise InvalidInput(N_("What is entered by hand is not polled, so there is nothing to set up."))
        if before.mark != seen:
            raise _set_up_otherwise()
        return await self._rewrite(row, before, setup)

    async def _rewrite(self, row: Json, before: FeedSetup, setup: FeedSetup) -> list[str]:
        """Write what ``setup`` changes, if nobody has changed anything since ``row`` was read; names of what has changed."""
        stands, wanted = before.row(), setup.row()
        changes = {name: value for name, value in wanted.items() if value != stands[name]}
        if not changes:
            return []
        as_seen = {name: row.get(name, {"$exists": False}) for name in wanted}
        try:
            written = await self._feeds.update_one({"_id": row["_id"], **as_seen}, {"$set": changes})
        except DuplicateKeyError:
            sentence = N_("This feed is subscribed to already.")
            raise InvalidInput(sentence, {"url": sentence}) from None
        if written.matched_count == 0:
            raise _set_up_otherwise()
        return list(changes)

    async def import_subscriptions(
        self, subscriptions: Sequence[Subscription], *, demo: bool = False, by: Actor | None = None
    ) -> Imported:
        """Subscribe to all of ``subscriptions``. Doing it again adds nothing.

        Raises:
            Forbidden: ``by`` may not.
            InvalidInput: one of the addresses would never be asked; then nothing is taken in.
        """
        check_keeper(by)
        for each in subscriptions:
            check_feed_url(each.url)
        outlets_added = feeds_added = 0
        for each in subscriptions:
            outlet_id, added = await self._outlet_for(each, demo)
            outlets_added += added
            feed_id = await self.add_feed(outlet_id, each.url, each.title, each.platform, each.column, demo=demo)
            feeds_added += feed_id is not None
        return Imported(outlets_added, feeds_added, len(subscriptions) - feeds_added)

    async def _outlet_for(self, subscription: Subscription, demo: bool) -> tuple[ObjectId, bool]:
        row = {
            "kind": subscription.kind.value,
            "partner": subscription.partner,
            "homepage": subscription.homepage,
            "active": True,
            "demo": demo,
            "version": 1,
        }
        before = await self._outlets.find_one_and_update(
            {"name": subscription.outlet},
            {"$setOnInsert": row},
            upsert=True,
            projection={"_id": 1},
            return_document=ReturnDocument.BEFORE,
        )
        if before is not None:
            return ObjectId(before["_id"]), False
        after = await self._outlets.find_one({"name": subscription.outlet}, {"_id": 1})
        assert after is not None  # it has just been put there
        return ObjectId(after["_id"]), True

    async def subscriptions(self) -> list[Subscription]:
        """Everything that is subscribed to, as an export needs it: not what is entered by hand, which has no address."""
        outlets = {outlet.id: outlet for outlet in await self.all()}
        found = []
        for feed in await self.feeds():
            if feed.source is FeedSource.HAND:
                continue
            outlet = outlets[feed.outlet_id]  # type: ignore[index]  # Beanie's own id type is an ObjectId
            found.append(
                Subscription(
                    feed.url,
                    feed.title,
                    outlet.name,
                    outlet.kind,
                    outlet.partner,
                    outlet.homepage,
                    feed.platform,
                    feed.column,
                )
            )
        return sorted(found, key=lambda each: (each.outlet, each.url))

    async def projects(self, outlet_id: ObjectId | None = None) -> list[Project]:
        """The projects of an outlet, or all, by name."""
        query: Json = {} if outlet_id is None else {"outlet_id": outlet_id}
        rows = self._projects.find(query).sort([("outlet_id", 1), ("name", 1)])
        return [Project.model_validate(row) async for row in rows]

    async def project_names(self) -> dict[ObjectId, str]:
        """Names of all projects by id."""
        return {row["_id"]: row["name"] async for row in self._projects.find({}, {"name": 1})}

    async def project(self, project_id: str) -> Project:
        """The project with this id; ``NotFound`` without one."""
        row = await self._projects.find_one({"_id": parse_id(project_id)})
        if row is None:
            raise NotFound(N_("There is no such project."))
        project: Project = Project.model_validate(row)
        return project

    async def add_project(
        self,
        outlet_id: ObjectId,
        name: str,
        columns: Sequence[str],
        starts: date,
        ends: date,
        planned_stories: int | None,
        *,
        column_plans: Sequence[ColumnPlan] = (),
        demo: bool = False,
        by: Actor | None = None,
    ) -> ObjectId:
        """Add what an outlet has committed to, and return its id.

        Raises:
            Forbidden: ``by`` may not.
            InvalidInput: something is missing, or the name is taken.
        """
        check_project_keeper(by)
        fields: dict[str, str] = {}
        if not name.strip():
            fields["name"] = N_("Please give the project a name.")
        if ends < starts:
            fields["ends"] = N_("A project cannot end before it begins.")
        if planned_stories is not None and planned_stories < 0:
            fields["planned_stories"] = N_("Please give a number of stories, or nothing.")
        if fields:
            raise InvalidInput(N_("Please fill in what is missing."), fields)
        row = {
            "outlet_id": outlet_id,
            "name": name.strip(),
            "columns": [column.strip() for column in columns if column.strip()],
            "starts": _midnight(starts),
            "ends": _midnight(ends),
            "planned_stories": planned_stories,
            "column_plans": [each.model_dump() for each in column_plans],
            "version": 1,
            "demo": demo,
        }
        try:
            return ObjectId((await self._projects.insert_one(row)).inserted_id)
        except DuplicateKeyError:
            sentence = N_("This outlet has a project of this name already.")
            raise InvalidInput(sentence, {"name": sentence}) from None


def check_feed_url(url: str) -> str:
    """``url`` as it will be asked; ``InvalidInput`` when it never would be."""
    try:
        return str(checked_url(url.strip(), URL_CHARS))
    except FetchError as error:
        sentence = N_("This is not an address of a feed that can be asked: {url}")
        raise InvalidInput(sentence, {"url": sentence}, url=url[:200]) from error


def _set_up_otherwise() -> Conflict:
    return Conflict(
        N_("The settings of this feed have been changed in the meantime. Yours are below and not saved yet.")
    )


def _midnight(day: date) -> datetime:
    """A day as BSON can hold it: its midnight in UTC; read back as a day, whatever the zone."""
    return datetime.combine(day, time(), ZoneInfo("UTC"))


def _all_of(collection: str, *steps: Json) -> Json:
    """A step of an aggregate: the rows of another collection, as one document behind what there is."""
    together: Json = {"$group": {"_id": collection, "rows": {"$push": "$$ROOT"}}}
    return {"$unionWith": {"coll": collection, "pipeline": [*steps, together]}}
