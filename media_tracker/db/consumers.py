"""Consumers of the event log: each reads in order, from its own saved position.

A consumer is idempotent: its position is saved after its work, so a kill in between makes it see the same events again.
One process at a time runs a consumer, by a lease; the position is only ever moved by the holder.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog
from pymongo.errors import DuplicateKeyError, PyMongoError

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database
from media_tracker.db.events import Event, EventLog
from media_tracker.db.leases import Leases

COLLECTION = "consumers"
PARKED = "parked_events"
LEASE_SECONDS = 60.0

log = structlog.get_logger("consumers")

Handle = Callable[[Sequence[Event]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Consumer:
    """A name, under which the position is saved, and what to do with a batch of events."""

    name: str
    handle: Handle


class ConsumerRunner:
    """Moves consumers along the log."""

    def __init__(self, database: Database, log: EventLog, clock: Clock, owner: str) -> None:
        self._positions = database[COLLECTION]
        self._parked = database[PARKED]
        self._clock = clock
        self._log = log
        self._leases = Leases(database, clock)
        self._owner = owner

    async def position(self, name: str) -> int:
        """Where the consumer ``name`` has got to; 0 before its first event."""
        document = await self._positions.find_one({"_id": name})
        return int(document["position"]) if document else 0

    async def catch_up(self, consumer: Consumer, *, batch: int = 200) -> int:
        """Handle everything that is settled in the log now. Returns how many events were handled; 0 if another runs it."""
        lease = f"consumer:{consumer.name}"
        handled = 0
        if not await self._leases.acquire(lease, self._owner, LEASE_SECONDS):
            return 0
        try:
            while True:
                position = await self.position(consumer.name)
                events, settled = await self._log.read_settled(position, batch)
                if settled == position:
                    return handled
                await self._handle(consumer, events)
                if not await self._leases.acquire(lease, self._owner, LEASE_SECONDS):
                    return handled  # we were too slow; whoever took over repeats this batch, which changes nothing
                await self._advance(consumer.name, position, settled)
                handled += len(events)
        finally:
            await self._leases.release(lease, self._owner)

    async def _handle(self, consumer: Consumer, events: Sequence[Event]) -> None:
        """Handle a batch; if that fails, each of its events alone, so that one that cannot be handled does not stop the rest.

        Such an event is parked (collection ``parked_events``) and logged. A failing database is nobody's fault and comes out.
        """
        if not events:
            return
        try:
            await consumer.handle(events)
            return
        except PyMongoError:
            raise
        except Exception:
            log.exception("batch_not_handled", consumer=consumer.name, first=events[0].position, events=len(events))
        for event in events:
            try:
                await consumer.handle([event])
            except PyMongoError:
                raise
            except Exception as error:
                log.exception("event_parked", consumer=consumer.name, position=event.position)
                parked = {"consumer": consumer.name, "position": event.position, "error": type(error).__name__}
                query = {"_id": f"{consumer.name}:{event.position}"}
                await self._parked.update_one(query, {"$set": {**parked, "at": self._clock()}}, upsert=True)

    async def _advance(self, name: str, old: int, new: int) -> None:
        with contextlib.suppress(DuplicateKeyError):  # somebody has moved it on; never back
            await self._positions.update_one(
                {"_id": name, "position": old}, {"$set": {"position": new}}, upsert=old == 0
            )
