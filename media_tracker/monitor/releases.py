"""Releasing figures (签发): a frozen set of numbers, each with the list that it counted.

Only what has been released is public. The public list has exactly as many rows as the number, and says no more than street,
category, unit, state and a link to the outlet's story.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.counters import COLLECTION as COUNTERS
from media_tracker.db.counters import draw
from media_tracker.db.events import NewEvent, Origin
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput, NotFound
from media_tracker.ingest.documents import Story
from media_tracker.monitor.definitions import DEFINITIONS, Key
from media_tracker.monitor.documents import Release, ReleasedFigure, ReleaseRow
from media_tracker.monitor.facts import EVERYTHING, Period, Row
from media_tracker.monitor.service import Monitor
from media_tracker.places.regions import RegionTree
from media_tracker.places.service import Places
from media_tracker.problems.case import Case
from media_tracker.problems.documents import Problem

ENTITY = "release"
COUNTER = "release"
PUBLIC_KEYS = (Key.RESOLVED, Key.PROBLEMS, Key.EXPOSURES, Key.BEFORE_PRINT, Key.DUE, Key.DUE_CLOSED, Key.RELAPSED)
"""What is released, in the order in which it is shown. Stories and deeds are no figures about problems."""

MOST_ROWS = 50_000
"""Rows of one release; a year of a large city has a tenth of that."""


@dataclass(frozen=True, slots=True)
class PublicRow:
    """One row of a public list. Empty, when the case is withheld: the list still has the right length."""

    region: str | None = None
    category: str | None = None
    unit_id: ObjectId | None = None
    state: str | None = None
    outlet_id: ObjectId | None = None
    url: str = ""
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody had before their eyes when they released: the figures, and which release was the latest (0: none)."""

    values: tuple[int, ...]
    """In the order of ``PUBLIC_KEYS``."""
    latest: int


@dataclass(frozen=True, slots=True)
class Preview:
    """The figures of a period as a release would freeze them now."""

    figures: Sequence[ReleasedFigure]
    seen: Seen


@dataclass(frozen=True, slots=True)
class Prepared:
    """A release that has been counted and not yet written; ``rows`` are its public lists."""

    release: Release
    rows: Sequence[Json]
    seen: Seen | None


class Releases:
    """Releases figures and reads what was released."""

    def __init__(
        self, database: Database, transactor: Transactor, monitor: Monitor, places: Places, clock: Clock
    ) -> None:
        self._database = database
        self._releases = database[Release.Settings.name]
        self._rows = database[ReleaseRow.Settings.name]
        self._problems = database[Problem.Settings.name]
        self._transactor = transactor
        self._monitor = monitor
        self._places = places
        self._clock = clock

    async def preview(self, period: Period) -> Preview:
        """What ``release`` would make public now.

        Raises:
            InvalidInput: the period ends in the future, or holds too much.
        """
        lists = await self._count(period, self._clock())
        return Preview([_figure(key, found) for key, found in lists.items()], await self._seen(lists))

    async def release(
        self, period: Period, actor: Actor, origin: Origin, *, seen: Seen | None = None, demo: bool = False
    ) -> Release:
        """Freeze the public figures of ``period`` as they are now, and make them public.

        With ``seen``, only if they still are what was seen, and nobody has released anything since: a form that is sent twice
        releases once. Figures that count sample data are sample data themselves, and go with it; ``demo`` makes them so anyway.

        Raises:
            Forbidden: not publicity staff. InvalidInput: the period ends in the future, or holds too much.
            Conflict: the figures are not those that were seen.
        """
        prepared = await self.prepare(period, actor, self._clock(), seen=seen, demo=demo)
        return await self._transactor.run(lambda tx: self.write(tx, prepared), origin)

    async def prepare(
        self, period: Period, actor: Actor, now: datetime, *, seen: Seen | None = None, demo: bool = False
    ) -> Prepared:
        """Count what ``write`` makes public, as of ``now``. Raises as ``release`` does."""
        if not actor.has(Role.PUBLICITY):
            raise Forbidden(N_("Only publicity staff can release figures."))
        lists = await self._count(period, now)
        if seen is not None and seen.values != _values(lists):
            raise Conflict(
                N_("The figures have changed since you looked at them. Look at them again, then release them.")
            )
        release = Release(
            id=ObjectId(),
            number=(await draw(self._database, COUNTER))[0],
            start=period.start.isoformat(),
            end=period.end.isoformat(),
            released_at=now,
            released_by=actor.user_id,
            figures=[_figure(key, found) for key, found in lists.items()],
            demo=demo or await self._counts_samples(lists),
        )
        cases = await self._cases(lists)
        return Prepared(release, _freeze(release.number, lists, cases, await self._places.regions()), seen)

    async def write(self, tx: Transaction, prepared: Prepared) -> Release:
        """Write a release, in a transaction. Raises ``Conflict`` when somebody has released figures since it was seen."""
        release = prepared.release
        await self._nobody_was_faster(tx, release, prepared.seen)
        row = release.model_dump(exclude={"id", "revision_id"})
        await self._releases.insert_one({"_id": release.id, **row}, session=tx.session)
        if prepared.rows:
            await self._rows.insert_many(prepared.rows, session=tx.session)
        assert release.id is not None
        counted = {figure.key.value: figure.value for figure in release.figures}
        tx.record(NewEvent(ENTITY, ObjectId(release.id), 1, "released", release.released_at, counted))
        return release

    async def _count(self, period: Period, now: datetime) -> dict[Key, list[Row]]:
        """The lists of the public figures, all as of ``now``: nothing is seen half-way."""
        view = self._monitor.view(period)
        if period.end < period.start or period.end > view.day(view.now):
            sentence = N_("The period must end today or before, and not before it begins.")
            raise InvalidInput(sentence, {"to": sentence})
        lists: dict[Key, list[Row]] = {}
        left = MOST_ROWS
        for key in PUBLIC_KEYS:
            lists[key] = []
            async for row in self._monitor.each(key, period, EVERYTHING, as_of=now):
                lists[key].append(row)
                left -= 1
                if left < 0:
                    sentence = N_("That is too much for one release. Choose a shorter period.")
                    raise InvalidInput(sentence, {"from": sentence})
        return lists

    async def _seen(self, lists: Mapping[Key, Sequence[Row]]) -> Seen:
        latest = await self.latest()
        return Seen(_values(lists), latest.number if latest else 0)

    async def _cases(self, lists: Mapping[Key, Sequence[Row]]) -> dict[ObjectId, Case]:
        """The cases behind ``lists``, as they are."""
        ids = list({row.problem_id for found in lists.values() for row in found if row.problem_id is not None})
        found = await self._problems.find({"_id": {"$in": ids}}, {"case": 1}).to_list()
        return await asyncio.to_thread(lambda: {row["_id"]: Case.model_validate(row["case"]) for row in found})

    async def _counts_samples(self, lists: Mapping[Key, Sequence[Row]]) -> bool:
        counted = {row.problem_id for found in lists.values() for row in found}
        return await self._problems.find_one({"_id": {"$in": list(counted)}, "demo": True}, {"_id": 1}) is not None

    async def _nobody_was_faster(self, tx: Transaction, release: Release, seen: Seen | None) -> None:
        """Of two releases at once the second one waits here for the first, and then sees it."""
        await self._database[COUNTERS].update_one(
            {"_id": COUNTER}, {"$max": {"released": release.number}}, session=tx.session
        )
        if seen is None:
            return
        newest = await self._releases.find_one({}, {"number": 1}, sort=[("number", -1)], session=tx.session)
        if newest is not None and newest["number"] != seen.latest:
            raise Conflict(
                N_("Figures have been released since you looked. See them, then decide whether more are due.")
            )

    async def latest(self) -> Release | None:
        """What is public now."""
        row = await self._releases.find_one({}, sort=[("number", -1)])
        return Release.model_validate(row) if row else None

    async def get(self, number: int) -> Release:
        """A release by its number; ``NotFound`` without one."""
        row = await self._releases.find_one({"number": number})
        if row is None:
            raise NotFound(N_("There is no release with this number."))
        release: Release = Release.model_validate(row)
        return release

    async def all(self, limit: int = 1000) -> list[Release]:
        """Releases, newest first."""
        return [Release.model_validate(row) async for row in self._releases.find().sort("number", -1).limit(limit)]

    async def rows(self, release: Release, key: Key) -> list[PublicRow]:
        """The public list behind a released figure: always as long as the figure.

        What was withdrawn or withheld since is masked, and what somebody objects to until that is answered; it keeps its row.
        """
        frozen = await self._rows.find({"release": release.number, "key": key.value}).sort("place", 1).to_list()
        problem_ids = [row["problem_id"] for row in frozen if row["problem_id"] is not None]
        story_ids = [row["story_id"] for row in frozen if row["story_id"] is not None]
        problems = self._database[Problem.Settings.name].find(
            {"_id": {"$in": problem_ids}, "$or": [{"case.withheld": True}, {"case.objections.0": {"$exists": True}}]},
            {"_id": 1},
        )
        withheld = {row["_id"] async for row in problems}
        stories = self._database[Story.Settings.name].find(
            {"_id": {"$in": story_ids}, "withdrawn_at": None}, {"url": 1, "outlet_id": 1}
        )
        links = {row["_id"]: row async for row in stories}
        return [_public(row, withheld, links) for row in frozen]

    async def problem_behind(self, number: int, key: str, place: int) -> ObjectId | None:
        """The problem that row ``place`` (from 0) of a public list counts; None for a row that there is not."""
        row = await self._rows.find_one({"release": number, "key": key, "place": place}, {"problem_id": 1})
        found: ObjectId | None = row["problem_id"] if row is not None else None
        return found


def _values(lists: Mapping[Key, Sequence[Row]]) -> tuple[int, ...]:
    return tuple(len(found) for found in lists.values())


def _figure(key: Key, found: Sequence[Row]) -> ReleasedFigure:
    definition = DEFINITIONS[key]
    return ReleasedFigure(key=key, value=len(found), name=definition.name, definition=definition.text)


def _freeze(
    number: int, lists: Mapping[Key, Sequence[Row]], cases: Mapping[ObjectId, Case], tree: RegionTree
) -> list[Json]:
    frozen: list[Json] = []
    for key, found in lists.items():
        for place, row in enumerate(found):
            case = cases.get(row.problem_id) if row.problem_id is not None else None
            frozen.append(_frozen_row(number, key, place, row, case, tree))
    return frozen


def _frozen_row(number: int, key: Key, place: int, row: Row, case: Case | None, tree: RegionTree) -> Json:
    story_id = row.story_id
    if story_id is None and case is not None and case.exposures:
        story_id = case.exposures[0].story_id
    record = ReleaseRow(
        id=ObjectId(),
        release=number,
        key=key,
        place=place,
        subject=row.subject,
        subject_id=row.id,
        problem_id=row.problem_id,
        story_id=story_id,
        region=_street(case.region, tree) if case else None,
        category=case.category if case else None,
        unit_id=case.unit_id if case else None,
        state=case.state.value if case else None,
        withheld=case.withheld if case else False,
    )
    return {"_id": record.id, **record.model_dump(exclude={"id", "revision_id"})}


def _street(region: str | None, tree: RegionTree) -> str | None:
    """The subdistrict of a region, or what stands above when the region is wider; never the community."""
    if region is None or region not in tree:
        return None
    streets = [code for code in tree.path(region) if tree[code].level != "community"]
    return streets[-1] if streets else None


def _public(row: Json, withheld: set[ObjectId], links: dict[ObjectId, Json]) -> PublicRow:
    if row["withheld"] or row["problem_id"] in withheld:
        return PublicRow(withheld=True)
    link = links.get(row["story_id"]) if row["story_id"] is not None else None
    return PublicRow(
        region=row["region"],
        category=row["category"],
        unit_id=row["unit_id"],
        state=row["state"],
        outlet_id=link["outlet_id"] if link else None,
        url=link["url"] if link else "",
    )
