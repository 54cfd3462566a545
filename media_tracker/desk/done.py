"""What editors have done at the desk, with how each story was before: what undoing goes by.

A row is written in the same transaction as the change (``desk_done``), and removed after a day. It repeats the decision that
stood before, with the people it names, so it is kept no longer than it is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel

from media_tracker.accounts.actor import Actor
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.transactions import Transaction
from media_tracker.ingest.documents import Kind, Story

COLLECTION = "desk_done"
INDEXES = [
    IndexModel([("at", ASCENDING)], name="at", expireAfterSeconds=86_400),
    IndexModel([("by", ASCENDING), ("bulk", ASCENDING), ("_id", DESCENDING)], name="by_bulk"),
    IndexModel([("story_id", ASCENDING), ("seq", DESCENDING)], name="story"),
    IndexModel(
        [("run_id", ASCENDING), ("_id", DESCENDING)],
        name="run",
        partialFilterExpression={"run_id": {"$exists": True}},
    ),
]
BEFORE = ("decision", "desk", "district", "changed_since_decision", "snooze", "blind")
"""The fields of a story that the desk's use cases change."""


class What(StrEnum):
    """What was done with a story."""

    DECIDED = "decided"
    TIED = "tied"
    EXPOSED = "exposed"
    NOWHERE = "nowhere"
    FILED = "filed"
    SNOOZED = "snoozed"
    LOOKED = "looked"  # decided as the second of two, blindly
    PUT_OFF = "put_off"  # what is to be decided blindly, for one editor alone


@dataclass(frozen=True, slots=True)
class Before:
    """How a story was before something was done with it, within one transaction."""

    story_id: ObjectId
    fields: Json


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was done. ``seq``: the story's version after it.

    ``run_id``: of the bulk run, or of the reprints that were decided together; None: done by itself.
    """

    id: ObjectId
    by: ObjectId
    at: datetime
    what: What
    story_id: ObjectId
    seq: int
    before: Json
    kind: str | None
    """As what the story was decided, where it was."""
    run_id: ObjectId | None = None
    bulk: bool = False
    problem_id: ObjectId | None = None
    problem_from: int = 0
    """The problem's version before a tie; 0: registered with it."""
    problem_seq: int = 0
    """Its version after it."""
    report_id: ObjectId | None = None
    number: str = ""
    relapse_of: ObjectId | None = None
    deed_id: ObjectId | None = None
    deed_seq: int = 0
    marks: Sequence[Json] = ()
    """Of a second look: which stories were hidden before it (``_id``), and how (``blind``)."""
    look_seq: int = 0
    """The version of the look after it."""
    until: datetime | None = None
    """Until when such a story was put off, and before that, if it was."""
    until_before: datetime | None = None
    undone_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Things that belong together and are undone together. ``bulk``: a run of bulk acceptance."""

    run_id: ObjectId
    bulk: bool = False


class Done:
    """Keeps what was done, and reads it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._rows = database[COLLECTION]
        self._stories = database[Story.Settings.name]
        self._clock = clock

    async def before_in(self, tx: Transaction, story_id: ObjectId) -> Before:
        """How the story is, as ``tx`` sees it."""
        row = await self._stories.find_one({"_id": story_id}, dict.fromkeys(BEFORE, 1), session=tx.session) or {}
        return Before(story_id, {name: row.get(name) for name in BEFORE})

    async def note_in(
        self,
        tx: Transaction,
        what: What,
        before: Before,
        after: Story,
        actor: Actor,
        group: Group | None = None,
        came_of_it: Mapping[str, object] | None = None,
    ) -> None:
        """Keep that ``actor`` has done it, within ``tx``. ``came_of_it``: the fields of a ``Row`` on problem and deed."""
        row: Json = {
            "_id": ObjectId(),
            "by": actor.user_id,
            "at": self._clock(),
            "what": what.value,
            "story_id": before.story_id,
            "seq": after.version,
            "before": before.fields,
            "kind": after.decision.kind.value if after.decision else None,
            **(came_of_it or {}),
        }
        if group is not None:
            row |= {"run_id": group.run_id, **({"bulk": True} if group.bulk else {})}
        await self._rows.insert_one(row, session=tx.session)

    async def note_look_in(
        self,
        tx: Transaction,
        story: Story,
        kind: Kind,
        marks: Sequence[Json],
        look_seq: int,
        actor: Actor,
        group: Group | None = None,
    ) -> None:
        """Keep that ``actor`` has given the second look at ``story``, within ``tx``; nothing of the first decision is kept."""
        came: Json = {"kind": kind.value, "marks": list(marks), "look_seq": look_seq}
        came |= {"run_id": group.run_id} if group is not None else {}
        await self._rows.insert_one({**self._blind_row(What.LOOKED, story, actor), **came}, session=tx.session)

    async def note_put_off_in(
        self, tx: Transaction, story: Story, until: datetime, until_before: datetime | None, actor: Actor
    ) -> None:
        """Keep that ``actor`` has put off ``story``, of which a second look is asked, within ``tx``."""
        came: Json = {"until": until, "until_before": until_before}
        await self._rows.insert_one({**self._blind_row(What.PUT_OFF, story, actor), **came}, session=tx.session)

    def _blind_row(self, what: What, story: Story, actor: Actor) -> Json:
        return {
            "_id": ObjectId(),
            "by": actor.user_id,
            "at": self._clock(),
            "what": what.value,
            "story_id": ObjectId(story.id),
            "seq": story.version,
            "before": {},
            "kind": None,
        }

    async def get(self, row_id: ObjectId) -> Row | None:
        """One thing that was done; None without it, or after a day."""
        row = await self._rows.find_one({"_id": row_id})
        return _row(row) if row else None

    async def of_run(self, run_id: ObjectId, limit: int, *, undone: bool = False) -> list[Row]:
        """What a run has done and nobody has undone (or what was, with ``undone``), the last first."""
        query: Json = {"run_id": run_id, "undone_at": {"$ne": None} if undone else None}
        return [_row(row) async for row in self._rows.find(query).sort("_id", DESCENDING).limit(limit)]

    async def of_run_and_story(self, run_id: ObjectId, story_id: ObjectId) -> Row | None:
        """What a run has done with one story; None: nothing."""
        row = await self._rows.find_one({"story_id": story_id, "run_id": run_id}, sort=[("seq", DESCENDING)])
        return _row(row) if row else None

    async def of(self, actor: Actor, limit: int) -> Sequence[Row]:
        """The last things that ``actor`` has done by hand, the last first; those that were undone are among them."""
        rows = self._rows.find({"by": actor.user_id, "bulk": None}).sort("_id", DESCENDING).limit(limit)
        return [_row(row) async for row in rows]

    async def mark_undone_in(self, tx: Transaction, row_id: ObjectId, actor: Actor) -> bool:
        """Note that it was undone, within ``tx``; False when it had been already."""
        changes = {"undone_at": self._clock(), "undone_by": actor.user_id}
        query: Json = {"_id": row_id, "undone_at": None}
        return (await self._rows.update_one(query, {"$set": changes}, session=tx.session)).matched_count == 1


def _row(row: Json) -> Row:
    known = {name: row[name] for name in Row.__dataclass_fields__ if name in row}
    return Row(**{**known, "id": row["_id"], "what": What(row["what"])})
