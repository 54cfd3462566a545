"""The only writer of good deeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.events import NewEvent
from media_tracker.db.ids import parse_id
from media_tracker.db.transactions import Transaction
from media_tracker.deeds.documents import DeedStory, DeedWords, GoodDeed, NewDeed
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput, NotFound
from media_tracker.places.service import Places

ENTITY = "deed"
PAGE = 30


@dataclass(frozen=True, slots=True)
class DeedPage:
    """One page of deeds, newest first, and the cursor of the next one."""

    deeds: Sequence[GoodDeed]
    next: str | None


class Deeds:
    """Reads, files and edits good deeds."""

    def __init__(self, database: Database, places: Places, clock: Clock) -> None:
        self._deeds = database[GoodDeed.Settings.name]
        self._places = places
        self._clock = clock

    async def get(self, deed_id: str) -> GoodDeed:
        """The deed with this id; ``NotFound`` without one."""
        return _deed(await self._deeds.find_one({"_id": parse_id(deed_id)}))

    async def of_story(self, story_id: ObjectId) -> GoodDeed | None:
        """The deed that a story tells of, if it has been filed."""
        row = await self._deeds.find_one({"stories.story_id": story_id})
        return _deed(row) if row else None

    async def page(self, after: str | None = None, size: int = PAGE) -> DeedPage:
        """One page, newest first, without deeds all of whose stories have been withdrawn."""
        query: Json = {"stories": {"$elemMatch": {"withdrawn_at": None}}}
        if after and ObjectId.is_valid(after):
            last = await self._deeds.find_one({"_id": ObjectId(after)}, {"first_published_at": 1})
            if last is not None:
                moment = last["first_published_at"]
                query["$or"] = [
                    {"first_published_at": {"$lt": moment}},
                    {"first_published_at": moment, "_id": {"$lt": last["_id"]}},
                ]
        rows = await self._deeds.find(query).sort([("first_published_at", -1), ("_id", -1)]).limit(size + 1).to_list()
        deeds = [_deed(row) for row in rows[:size]]
        return DeedPage(deeds, str(deeds[-1].id) if len(rows) > size else None)

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
        tree = await self._places.regions()
        known = new.region is not None and new.region in tree
        deed = GoodDeed(
            id=ObjectId(),
            **new.model_dump(exclude={"title"}),
            title=title,
            district=tree.district_for_counting(new.region) if known and new.region is not None else None,
            stories=[story],
            first_published_at=story.published_at,
            created_at=self._clock(),
        )
        await self._deeds.insert_one(_dump(deed), session=tx.session)
        self._record(tx, deed, "filed", story.model_dump())
        return deed

    async def add_story_in(self, tx: Transaction, deed_id: ObjectId, story: DeedStory) -> GoodDeed:
        """Have another story tell of the deed, within ``tx``."""
        await self._free(tx, story.story_id)
        deed = _deed(await self._deeds.find_one({"_id": deed_id}, session=tx.session))
        stories = sorted([*deed.stories, story], key=lambda each: each.published_at)
        changed: GoodDeed = deed.model_copy(update={"stories": stories, "version": deed.version + 1})
        await self._replace(tx, changed)
        self._record(tx, changed, "story_added", story.model_dump())
        return changed

    async def edit_in(self, tx: Transaction, deed_id: str, version: int, words: DeedWords, actor: Actor) -> GoodDeed:
        """Change what is said of a deed, within ``tx``. What is the same already changes nothing.

        The event names what has changed; the words themselves, and the person's name, stand in the document alone.

        Raises:
            Forbidden: the actor is no editor.
            NotFound: there is no such deed.
            InvalidInput: no title.
            Conflict: somebody has changed it since ``version`` was read.
        """
        check_editor(actor)
        title = checked_title(words.title)
        deed = _deed(await self._deeds.find_one({"_id": parse_id(deed_id)}, session=tx.session))
        if deed.version != version:
            raise _changed_since()
        given = words.model_copy(
            update={"title": title, "deed": words.deed.strip(), "person": words.person.strip()}
        ).model_dump()
        fields = sorted(name for name, value in given.items() if getattr(deed, name) != value)
        if not fields:
            return deed
        changed: GoodDeed = deed.model_copy(update={**given, "version": version + 1})
        await self._replace(tx, changed)
        self._record(tx, changed, "edited", {"fields": fields, "consent": changed.consent, "minor": changed.minor})
        return changed

    async def withdraw_story_in(self, tx: Transaction, story_id: ObjectId) -> None:
        """Have a withdrawn story stop telling of its deed, within ``tx``."""
        row = await self._deeds.find_one({"stories.story_id": story_id}, session=tx.session)
        if row is None:
            return
        deed = _deed(row)
        now = self._clock()
        stories = [s.model_copy(update={"withdrawn_at": now}) if s.story_id == story_id else s for s in deed.stories]
        changed: GoodDeed = deed.model_copy(update={"stories": stories, "version": deed.version + 1})
        await self._replace(tx, changed)
        gone = next(s for s in stories if s.story_id == story_id)
        self._record(tx, changed, "story_withdrawn", gone.model_dump())

    async def _replace(self, tx: Transaction, deed: GoodDeed) -> None:
        deed.first_published_at = min(_standing(deed) or [deed.first_published_at])
        query = {"_id": deed.id, "version": deed.version - 1}
        result = await self._deeds.replace_one(query, _dump(deed), session=tx.session)
        if result.matched_count == 0:
            raise _changed_since()

    async def _free(self, tx: Transaction, story_id: ObjectId) -> None:
        if await self._deeds.find_one({"stories.story_id": story_id}, {"_id": 1}, session=tx.session):
            raise Conflict(N_("This story has been filed as a good deed already."))

    def _record(self, tx: Transaction, deed: GoodDeed, what: str, payload: Json) -> None:
        assert deed.id is not None
        tx.record(NewEvent(ENTITY, ObjectId(deed.id), deed.version, what, self._clock(), payload))


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


def _changed_since() -> Conflict:
    return Conflict(N_("Somebody has changed this good deed in the meantime. Look at it again."))


def _standing(deed: GoodDeed) -> list[datetime]:
    return [story.published_at for story in deed.stories if story.withdrawn_at is None]


def _deed(row: Json | None) -> GoodDeed:
    if row is None:
        raise NotFound(N_("There is no such good deed."))
    deed: GoodDeed = GoodDeed.model_validate(row)
    return deed


def _dump(deed: GoodDeed) -> Json:
    row: Json = deed.model_dump(exclude={"id", "revision_id"})
    row["_id"] = deed.id
    return row
