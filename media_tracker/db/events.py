"""The event log: what happened, to what, when, and who did it. Append-only, one total order.

An event holds ids, never personal data, so that a person can be forgotten without touching history.

Two times: ``occurred_at`` is when it happened in the world (periods use it), ``recorded_at`` when the system learnt of it
(*as of* uses it: a late feed must not rewrite the past).

Two orders: ``seq`` counts the events of one entity (it is the entity's version after the event), ``position`` orders all
events. Positions are drawn from a counter shortly before a transaction commits, so one may become visible after a higher one.
A reader therefore stops at a gap until it is filled: by the late event, by the *void* that an aborted transaction leaves, or,
when the writer was killed, by a void of the reader's own once the server must have ended that transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError
from pymongo.read_concern import ReadConcern

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.counters import COLLECTION as COUNTERS
from media_tracker.db.counters import draw
from media_tracker.errors import N_, Conflict

COLLECTION = "events"
COUNTER = "events"
VOID = "void"
_DUPLICATE_KEY = 11000

GAP_IS_DEAD_AFTER = timedelta(seconds=70)
"""The server ends a transaction after 60 s (``transactionLifetimeLimitSeconds``); ten more for clocks that disagree."""

INDEXES = [
    IndexModel([("position", ASCENDING)], name="position", unique=True),
    IndexModel(
        [("entity", ASCENDING), ("entity_id", ASCENDING), ("seq", ASCENDING)],
        name="entity_seq",
        unique=True,
        partialFilterExpression={"seq": {"$gt": 0}},
    ),
    IndexModel([("entity", ASCENDING), ("recorded_at", ASCENDING)], name="entity_recorded"),
]


@dataclass(frozen=True, slots=True)
class Origin:
    """Who makes a change: the user, the unit they act for, and the request it came with. All empty: the system itself."""

    actor: ObjectId | None = None
    acting_unit: ObjectId | None = None
    request_id: str | None = None


SYSTEM = Origin()


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event that is about to be recorded. ``seq`` is the entity's new version, from 1."""

    entity: str
    entity_id: ObjectId
    seq: int
    type: str
    occurred_at: datetime
    payload: Mapping[str, Any] = field(default_factory=dict)
    schema: int = 1


@dataclass(frozen=True, slots=True)
class Event:
    """A recorded event."""

    id: ObjectId
    position: int
    entity: str
    entity_id: ObjectId
    seq: int
    type: str
    schema: int
    actor: ObjectId | None
    acting_unit: ObjectId | None
    occurred_at: datetime
    recorded_at: datetime
    request_id: str | None
    payload: Json


class EventLog:
    """Reads and appends events. Appending is for ``Transactor`` alone: an event belongs to a change."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        # What a majority does not hold yet can be rolled back, and a consumer would have seen what never happened.
        self._events = database.get_collection(COLLECTION, read_concern=ReadConcern("majority"))
        self._clock = clock

    async def draw(self, count: int) -> range:
        """The next ``count`` positions. Whoever draws them must see to it that each gets an event or a void."""
        return await draw(self._database, COUNTER, count, self._clock())

    async def drawn(self) -> int:
        """The highest position that has been drawn; 0 before the first.

        Where nothing is written behind it, a writer that was killed leaves no gap that a reader of the log could see: its
        positions get their voids here.
        """
        counters, now = self._database[COUNTERS], self._clock()
        row = await counters.find_one({"_id": COUNTER})
        if row is None:
            return 0
        highest, at = int(row["value"]), row.get("at")
        if at is None:  # drawn by an earlier release, which did not say when
            await counters.update_one({"_id": COUNTER, "at": {"$exists": False}}, {"$set": {"at": now}})
        elif now - at >= GAP_IS_DEAD_AFTER:
            await self.void(range(await self.last_position() + 1, highest + 1))
        return highest

    async def append(
        self, session: AsyncClientSession, positions: range, new: Sequence[NewEvent], origin: Origin
    ) -> None:
        """Insert ``new`` at ``positions``, in order, in ``session``'s transaction.

        Raises:
            Conflict: that version of the entity has its event already, or a reader has given the position up.
        """
        recorded_at = self._clock()
        documents = [
            stored(position, event, origin, recorded_at) for position, event in zip(positions, new, strict=True)
        ]
        try:
            await self._events.insert_many(documents, session=session)
        except BulkWriteError as error:
            if not _only_duplicates(error):
                raise
            raise Conflict(N_("Somebody else was faster. Load the page again and repeat your change.")) from error

    async def void(self, positions: Sequence[int]) -> None:
        """Mark positions whose transaction came to nothing. A position that did get its event keeps it."""
        if not positions:
            return
        now = self._clock()
        voids = [
            {"position": p, "entity": VOID, "seq": 0, "type": VOID, "recorded_at": now, "occurred_at": now}
            for p in positions
        ]
        try:
            await self._events.insert_many(voids, ordered=False)
        except BulkWriteError as error:
            if not _only_duplicates(error):
                raise

    async def read(self, after: int, limit: int = 500) -> list[Event]:
        """Up to ``limit`` events behind position ``after``, in order, without overtaking one that may still come.

        Voids are not returned; who has to move past them uses ``read_settled``.
        """
        events, _ = await self.read_settled(after, limit)
        return events

    async def read_settled(self, after: int, limit: int = 500) -> tuple[list[Event], int]:
        """Like ``read``, with the position up to which everything is settled: what a consumer saves."""
        while True:
            cursor = self._events.find({"position": {"$gt": after}}).sort("position", ASCENDING).limit(limit)
            documents = await cursor.to_list()
            dead = _dead_positions(documents, after, self._clock())
            if not dead:
                return _settled(documents, after)
            # A late event may be faster than our void: what stands there is known only after reading again.
            await self.void(dead)

    async def of(self, entity: str, entity_id: ObjectId, *, as_of: datetime | None = None) -> list[Event]:
        """All events of one entity in order; with ``as_of`` only those recorded up to then."""
        query: Json = {"entity": entity, "entity_id": entity_id, "seq": {"$gt": 0}}  # as the index has it
        if as_of is not None:
            query["recorded_at"] = {"$lte": as_of}
        cursor = self._events.find(query).sort("seq", ASCENDING)
        return [_event(document) async for document in cursor]

    async def last_position(self) -> int:
        """The highest position written so far; 0 when there is none."""
        document = await self._events.find_one({}, {"position": 1}, sort=[("position", -1)])
        return int(document["position"]) if document else 0


def _dead_positions(documents: Sequence[Json], after: int, now: datetime) -> list[int]:
    """Positions missing in ``documents`` whose writers must be dead by ``now``."""
    dead: list[int] = []
    for document in documents:
        position = int(document["position"])
        if position != after + 1:
            if now - document["recorded_at"] < GAP_IS_DEAD_AFTER:
                break
            dead.extend(range(after + 1, position))
        after = position
    return dead


def _settled(documents: Sequence[Json], after: int) -> tuple[list[Event], int]:
    """The events up to the first missing position, and the last position before it."""
    events: list[Event] = []
    for document in documents:
        position = int(document["position"])
        if position != after + 1:
            break
        if document["entity"] != VOID:
            events.append(_event(document))
        after = position
    return events, after


def _only_duplicates(error: BulkWriteError) -> bool:
    return all(each["code"] == _DUPLICATE_KEY for each in error.details["writeErrors"])


def stored(position: int, event: NewEvent, origin: Origin, recorded_at: datetime) -> Json:
    """``event`` as it is stored."""
    return {
        "position": position,
        "entity": event.entity,
        "entity_id": event.entity_id,
        "seq": event.seq,
        "type": event.type,
        "schema": event.schema,
        "actor": origin.actor,
        "acting_unit": origin.acting_unit,
        "occurred_at": event.occurred_at,
        "recorded_at": recorded_at,
        "request_id": origin.request_id,
        "payload": dict(event.payload),
    }


def _event(document: Json) -> Event:
    return Event(
        id=document["_id"],
        position=document["position"],
        entity=document["entity"],
        entity_id=document["entity_id"],
        seq=document["seq"],
        type=document["type"],
        schema=document["schema"],
        actor=document["actor"],
        acting_unit=document["acting_unit"],
        occurred_at=document["occurred_at"],
        recorded_at=document["recorded_at"],
        request_id=document["request_id"],
        payload=document["payload"],
    )
