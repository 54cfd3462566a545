"""What happened in the campaign and is marked on its charts (大事记): actions, inspections, outlets that joined."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.events import NewEvent, Origin
from media_tracker.db.ids import parse_id
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, Conflict, InvalidInput
from media_tracker.monitor.facts import Period

COLLECTION = "milestones"
INDEXES = [IndexModel([("day", ASCENDING), ("_id", ASCENDING)], name="day")]
ENTITY = "milestone"
LONGEST = 60
MOST = 500
"""Milestones that are read at most; a campaign has a few dozen."""


class MilestoneKind(StrEnum):
    """What kind of thing happened."""

    ACTION = "action"
    INSPECTION = "inspection"
    OUTLET = "outlet"
    RELEASE = "release"
    OTHER = "other"


KIND_NAMES: dict[MilestoneKind, str] = {
    MilestoneKind.ACTION: N_("Special action"),
    MilestoneKind.INSPECTION: N_("Assessment or inspection"),
    MilestoneKind.OUTLET: N_("Outlet joined"),
    MilestoneKind.RELEASE: N_("Figures released"),
    MilestoneKind.OTHER: N_("Something else"),
}
ENTERED = tuple(kind for kind in MilestoneKind if kind is not MilestoneKind.RELEASE)
"""What people enter; releases are known by themselves."""


@dataclass(frozen=True, slots=True)
class Milestone:
    """One of them. ``id`` is None for what was not entered, such as a release."""

    day: date
    words: str
    kind: MilestoneKind
    id: ObjectId | None = None
    version: int = 0


class Milestones:
    """Keeps the table."""

    def __init__(self, database: Database, transactor: Transactor, clock: Clock) -> None:
        self._rows = database[COLLECTION]
        self._transactor = transactor
        self._clock = clock

    async def within(self, period: Period | None = None) -> list[Milestone]:
        """Those of ``period``, or all, the earliest first."""
        days: Json = {} if period is None else {"$gte": period.start.isoformat(), "$lte": period.end.isoformat()}
        cursor = self._rows.find({"day": days} if days else {}).sort([("day", ASCENDING), ("_id", ASCENDING)])
        return [_milestone(row) async for row in cursor.limit(MOST)]

    async def add(self, day: date, words: str, kind: MilestoneKind, origin: Origin) -> None:
        """Add one. Raises ``InvalidInput``: no words, or too many."""
        row = {"_id": ObjectId(), **_row(day, words, kind), "version": 1}

        async def work(tx: Transaction) -> None:
            await self._rows.insert_one(row, session=tx.session)
            tx.record(self._event(row["_id"], 1, "added", row))

        await self._transactor.run(work, origin)

    async def change(
        self, milestone_id: str, version: int, day: date, words: str, kind: MilestoneKind, origin: Origin
    ) -> None:
        """Put another day, words or kind. Raises ``Conflict``: somebody else was faster, or it is gone."""
        key, row = parse_id(milestone_id), _row(day, words, kind)

        async def work(tx: Transaction) -> None:
            query = {"_id": key, "version": version}
            done = await self._rows.update_one(query, {"$set": row, "$inc": {"version": 1}}, session=tx.session)
            if done.matched_count != 1:
                raise _too_late()
            tx.record(self._event(key, version + 1, "changed", row))

        await self._transactor.run(work, origin)

    async def remove(self, milestone_id: str, version: int, origin: Origin) -> None:
        """Take one out. Raises ``Conflict``: somebody else was faster, or it is gone."""
        key = parse_id(milestone_id)

        async def work(tx: Transaction) -> None:
            found = await self._rows.find_one_and_delete({"_id": key, "version": version}, session=tx.session)
            if found is None:
                raise _too_late()
            tx.record(self._event(key, version + 1, "removed", found))

        await self._transactor.run(work, origin)

    def _event(self, key: ObjectId, version: int, what: str, row: Json) -> NewEvent:
        return NewEvent(ENTITY, key, version, what, self._clock(), {"day": row["day"], "kind": row["kind"]})


def _row(day: date, words: str, kind: MilestoneKind) -> Json:
    words = " ".join(words.split())
    if not words or len(words) > LONGEST:
        raise InvalidInput(N_("Please say in a few words what happened."), {"words": N_("At most 60 characters.")})
    return {"day": day.isoformat(), "words": words, "kind": kind.value}


def _milestone(row: Json) -> Milestone:
    kind = MilestoneKind(row["kind"])
    return Milestone(date.fromisoformat(row["day"]), row["words"], kind, row["_id"], row["version"])


def _too_late() -> Conflict:
    return Conflict(N_("Somebody else was faster. Load the page again and repeat your change."))
