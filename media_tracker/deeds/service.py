"""Good deeds: found, filed with their first story, told of by further ones. ``work.py`` holds what editors do with one later."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.transactions import Transaction
from media_tracker.deeds.book import ENTITY, DeedBook, deed_of
from media_tracker.deeds.deed import Consent, DeedStory, Level, Person
from media_tracker.deeds.documents import GoodDeed, NewDeed
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput
from media_tracker.places.service import Places

__all__ = ["ENTITY", "DeedFilter", "DeedPage", "Deeds", "check_editor", "checked_title"]

PAGE = 30
MOST_COUNTED = 1_000
_BETWEEN_NAMES = re.compile(r"[;；、,，]+")
_STANDS: Json = {"$elemMatch": {"withdrawn_at": None}}


@dataclass(frozen=True, slots=True)
class DeedFilter:
    """Which deeds are meant. ``since`` and ``before``: when their first story was published."""

    kind: str | None = None
    district: str | None = None
    since: datetime | None = None
    before: datetime | None = None
    nominated: Level | None = None
    public: bool = False
    """Only those in the public library."""

    def query(self) -> Json:
        """As the database asks; every combination walks an index in the order of the list."""
        query: Json = {"public": True} if self.public else {"stories": _STANDS}
        if self.kind is not None:
            query["kind"] = self.kind
        if self.district is not None:
            query["district"] = self.district
        if self.nominated is not None:
            query["nominated"] = self.nominated.value
        days = {"$gte": self.since, "$lt": self.before}
        if any(days.values()):
            query["first_published_at"] = {name: moment for name, moment in days.items() if moment is not None}
        return query


@dataclass(frozen=True, slots=True)
class DeedPage:
    """One page of deeds, newest first, and the cursor of the next one."""

    deeds: Sequence[GoodDeed]
    next: str | None


EVERY = DeedFilter()


class Deeds:
    """Reads and files good deeds."""

    def __init__(self, database: Database, places: Places, clock: Clock, zone: ZoneInfo) -> None:
        self._deeds = database[GoodDeed.Settings.name]
        self._book = DeedBook(database, clock)
        self._places = places
        self._clock = clock
        self._zone = zone

    async def get(self, deed_id: str) -> GoodDeed:
        """The deed with this id; ``NotFound`` without one."""
        return await self._book.read(deed_id)

    async def of_story(self, story_id: ObjectId) -> GoodDeed | None:
        """The deed that a story tells of, if it has been filed."""
        row = await self._deeds.find_one({"stories.story_id": story_id})
        return deed_of(row) if row else None

    async def many(self, ids: Sequence[ObjectId]) -> dict[ObjectId, GoodDeed]:
        """Deeds by id; what is none is left out."""
        return {row["_id"]: deed_of(row) async for row in self._deeds.find({"_id": {"$in": list(ids)}})}

    async def page(self, after: str | None = None, size: int = PAGE, wanted: DeedFilter = EVERY) -> DeedPage:
        """One page, newest first, without deeds all of whose stories have been withdrawn."""
        query = wanted.query()
        if after and ObjectId.is_valid(after):
            last = await self._deeds.find_one({"_id": ObjectId(after)}, {"first_published_at": 1})
            if last is not None:
                moment = last["first_published_at"]
                query["$or"] = [
                    {"first_published_at": {"$lt": moment}},
                    {"first_published_at": moment, "_id": {"$lt": last["_id"]}},
                ]
        rows = await self._deeds.find(query).sort([("first_published_at", -1), ("_id", -1)]).limit(size + 1).to_list()
        deeds = [deed_of(row) for row in rows[:size]]
        return DeedPage(deeds, str(deeds[-1].id) if len(rows) > size else None)

    async def count(self, wanted: DeedFilter) -> int:
        """How many deeds there are; from ``MOST_COUNTED`` + 1 on it is not looked further."""
        return await self._deeds.count_documents(wanted.query(), limit=MOST_COUNTED + 1)

    async def recent(self, limit: int = 50) -> list[GoodDeed]:
        """The newest deeds, for attaching another story."""
        return list((await self.page(size=limit)).deeds)

    async def file_in(self, tx: Transaction, new: NewDeed, story: DeedStory) -> GoodDeed:
        """File a deed with its first story, within ``tx``.

        Raises:
            InvalidInput: no title.
            Conflict: the story has been filed already.
        """
        title = checked_title(new.title)
        await self._free(tx, story.story_id)
        deed = GoodDeed(
            id=ObjectId(),
            title=title,
            deed=new.deed.strip(),
            kind=new.kind,
            people=self._people(new),
            region=new.region,
            place=new.place.strip(),
            district=await self.district_of(new.region),
            stories=[story],
            first_published_at=story.published_at,
            by=new.by,
            created_at=self._clock(),
            demo=new.demo,
        )
        payload = {**story.model_dump(), "kind": new.kind, "people": [person.id for person in deed.people]}
        await self._book.insert(tx, deed, payload)
        return deed

    async def add_story_in(self, tx: Transaction, deed_id: ObjectId, story: DeedStory) -> GoodDeed:
        """Have another story tell of the deed, within ``tx``.

        Where its words are the first to point to somebody under 18, nobody counts as grown up any more until an editor says so.
        """
        await self._free(tx, story.story_id)
        deed = await self._book.read(deed_id, tx.session)
        stories = sorted([*deed.stories, story], key=lambda each: each.published_at)
        people, told = deed.people, story.model_dump()
        if story.young and not deed.young:
            told["doubted"] = [each.id for each in people if each.minor is False]
            people = [each.model_copy(update={"minor": None}) if each.minor is False else each for each in people]
        return await self._book.change(tx, deed, "story_added", told, stories=stories, people=people)

    async def withdraw_story_in(self, tx: Transaction, story_id: ObjectId) -> None:
        """Have a withdrawn story stop telling of its deed, within ``tx``."""
        row = await self._deeds.find_one({"stories.story_id": story_id}, session=tx.session)
        if row is None:
            return
        deed, now = deed_of(row), self._clock()
        stories = [s.model_copy(update={"withdrawn_at": now}) if s.story_id == story_id else s for s in deed.stories]
        gone = next(s for s in stories if s.story_id == story_id)
        await self._book.change(tx, deed, "story_withdrawn", gone.model_dump(), stories=stories)

    async def district_of(self, region: str | None) -> str | None:
        """The district that a deed in ``region`` counts for."""
        tree = await self._places.regions()
        return tree.district_for_counting(region) if region is not None and region in tree else None

    def _people(self, new: NewDeed) -> list[Person]:
        now = self._clock()
        day = now.astimezone(self._zone).date().isoformat()
        names = dict.fromkeys(name for each in _BETWEEN_NAMES.split(new.person) if (name := each.strip()))
        return [
            Person(
                id=ObjectId(),
                name=name,
                minor=new.minor,
                consent=Consent(way=new.consent, given_on=day, by=new.by, recorded_at=now) if new.consent else None,
            )
            for name in names
        ]

    async def _free(self, tx: Transaction, story_id: ObjectId) -> None:
        if await self._deeds.find_one({"stories.story_id": story_id}, {"_id": 1}, session=tx.session):
            raise Conflict(N_("This story has been filed as a good deed already."))


def check_editor(actor: Actor) -> None:
    """Accept ``actor`` as somebody who says what a deed is; else ``Forbidden``."""
    if not actor.has(Role.EDITOR):
        raise Forbidden(N_("Only editors can do this."))


def checked_title(title: str) -> str:
    """``title`` without blanks around it; ``InvalidInput`` without any."""
    if not title.strip():
        sentence = N_("Please say in a few words what the good deed is.")
        raise InvalidInput(sentence, {"deed_title": sentence})
    return title.strip()
