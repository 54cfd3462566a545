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

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.counters import draw

COLLECTION = "events"
COUNTER = "events"
VOID = "void"

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
        self._events = database[COLLECTION]
        self._clock = clock

    async def append(self, session: AsyncClientSession, new: Sequence[NewEvent], origin: Origin) -> range:
        """Insert ``new`` in ``session``'s transaction, in order, and return the positions drawn for them."""
        positions = await draw(self._database, COUNTER, len(new))
        recorded_at = self._clock()
        await self._events.insert_many(
            [
                {
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
                for position, event in zip(positions, new, strict=True)
            ],
            session=session,
        )
        return positions

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
            if any(each["code"] != 11000 for each in error.details["writeErrors"]):
                raise

    async def read(self, after: int, limit: int = 500) -> list[Event]:
        """Up to ``limit`` events behind position ``after``, in order, without overtaking one that may still come.

        Voids are not returned; use ``last_settled`` of the result's end through ``read_settled`` to move past them.
        """
        events, _ = await self.read_settled(after, limit)
        return events

    async def read_settled(self, after: int, limit: int = 500) -> tuple[list[Event], int]:
        """Like ``read``, with the position up to which everything is settled: what a consumer saves."""
        cursor = self._events.find({"position": {"$gt": after}}).sort("position", ASCENDING).limit(limit)
        documents = await cursor.to_list()
        events: list[Event] = []
        settled = after
        for document in documents:
            position = int(document["position"])
            if position != settled + 1:
                if self._clock() - document["recorded_at"] < GAP_IS_DEAD_AFTER:
                    break
                await self.void(range(settled + 1, position))
                # A late event may have been faster than our void: read the stretch again.
                return await self.read_settled(after, limit)
            if document["entity"] != VOID:
                events.append(_event(document))
            settled = position
        return events, settled

    async def of(self, entity: str, entity_id: ObjectId, *, as_of: datetime | None = None) -> list[Event]:
        """All events of one entity in order; with ``as_of`` only those recorded up to then."""
        query: Json = {"entity": entity, "entity_id": entity_id}
        if as_of is not None:
            query["recorded_at"] = {"$lte": as_of}
        cursor = self._events.find(query).sort("seq", ASCENDING)
        return [_event(document) async for document in cursor]

    async def last_position(self) -> int:
        """The highest position written so far; 0 when there is none."""
        document = await self._events.find_one({}, {"position": 1}, sort=[("position", -1)])
        return int(document["position"]) if document else 0


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
