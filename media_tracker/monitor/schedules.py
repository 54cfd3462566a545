"""What is sent by mail at set times: to whom, which list, how often. The only writer of its collection.

A run is taken with a lease and known by the moment that it was due: whatever is put into the outbox for it has that moment in its
key, so a run that a killed worker leaves half done is done again without anybody getting two letters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo import ASCENDING, IndexModel, ReturnDocument

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.events import SYSTEM, NewEvent, Origin
from media_tracker.db.ids import parse_id
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput, NotFound
from media_tracker.monitor.timetable import Days, Rhythm, Times, checked_times, next_moment

COLLECTION, ENTITY = "schedules", "schedule"
INDEXES = [
    IndexModel([("owner", ASCENDING), ("_id", ASCENDING)], name="owner"),
    IndexModel([("paused", ASCENDING), ("next_at", ASCENDING)], name="paused_next"),
]
LEASE = timedelta(minutes=10)
MOST_TRIES = 3
MOST_OF_ONE, MOST_READERS = 20, 50
BULLETIN = "bulletin"
"""Sent as a Word file: the draft of a bulletin on the days."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What is sent, to whom and when. ``name``: a list's, or ``BULLETIN``; ``query``: its filters; ``kind``: csv, xlsx, docx."""

    name: str
    query: str
    kind: str
    days: Days
    times: Times
    readers: tuple[ObjectId, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule as it stands."""

    id: ObjectId
    owner: ObjectId
    sending: Sending
    paused: bool
    next_at: datetime
    last_at: datetime | None
    sent: int
    """Letters of the last run."""
    error: str
    """What was wrong with the last run, untranslated; empty: nothing."""
    version: int
    tries: int


class Schedules:
    """Keeps schedules, and hands out those that are due."""

    def __init__(self, database: Database, transactor: Transactor, clock: Clock, zone: ZoneInfo, owner: str) -> None:
        self._rows = database[COLLECTION]
        self._transactor = transactor
        self._clock = clock
        self._zone = zone
        self._worker = owner

    async def add(self, sending: Sending, actor: Actor, origin: Origin) -> Schedule:
        """Send something from now on.

        Raises:
            Forbidden: it is for others, and the person is neither publicity staff nor an admin.
            InvalidInput: nobody to send it to, too many, or no such times. Conflict: too many schedules.
        """
        readers = tuple(dict.fromkeys(sending.readers))
        if not may_send_to(actor, readers):
            raise Forbidden(N_("Only publicity staff and admins can have files sent to others."))
        if not 0 < len(readers) <= MOST_READERS:
            sentence = N_("Choose 1 to {most} people.")
            raise InvalidInput(sentence, {"readers": sentence}, most=MOST_READERS)
        checked_times(sending.times)
        if await self._rows.count_documents({"owner": actor.user_id}, limit=MOST_OF_ONE) >= MOST_OF_ONE:
            raise Conflict(N_("You have {most} schedules already. Delete one first."), most=MOST_OF_ONE)
        now = self._clock()
        row = {**_row(sending, readers), "_id": ObjectId(), "owner": actor.user_id, "created_at": now}
        row |= {"next_at": next_moment(sending.times, now, self._zone)}

        async def work(tx: Transaction) -> Schedule:
            await self._rows.insert_one(row, session=tx.session)
            facts = {"list": sending.name, "rhythm": sending.times.rhythm.value, "readers": list(readers)}
            tx.record(NewEvent(ENTITY, row["_id"], 1, "added", now, facts))
            return _schedule(row)

        return await self._transactor.run(work, origin)

    async def of(self, actor: Actor) -> list[Schedule]:
        """The schedules of a person; an admin sees everybody's."""
        wanted = {} if actor.has(Role.ADMIN) else {"owner": actor.user_id}
        return [_schedule(row) async for row in self._rows.find(wanted).sort("_id", 1).limit(500)]

    async def pause(self, schedule_id: str, version: int, paused: bool, actor: Actor, origin: Origin) -> Schedule:
        """Rest, or go on; what fell due meanwhile is not made up for.

        Raises:
            NotFound: it is not theirs. Conflict: somebody else was faster.
            Forbidden: it would go on to others, and the person may not send to others any more.
        """
        known, now = await self.get(schedule_id, actor), self._clock()
        if not paused and not may_send_to(actor, known.sending.readers):
            raise Forbidden(N_("Only publicity staff and admins can have files sent to others."))
        change: Json = {"paused": paused, "error": "", "tries": 0, "leased_until": None}
        if not paused:
            change["next_at"] = next_moment(known.sending.times, now, self._zone)

        async def work(tx: Transaction) -> Schedule:
            row = await self._rows.find_one_and_update(
                {"_id": known.id, "version": version},
                {"$set": change, "$inc": {"version": 1}},
                return_document=ReturnDocument.AFTER,
                session=tx.session,
            )
            if row is None:
                raise Conflict(N_("Somebody else was faster. Load the page again and repeat your change."))
            tx.record(NewEvent(ENTITY, known.id, version + 1, "paused" if paused else "resumed", now))
            return _schedule(row)

        return await self._transactor.run(work, origin)

    async def delete(self, schedule_id: str, version: int, actor: Actor, origin: Origin) -> None:
        """Send it no more. Raises ``NotFound``, ``Conflict``."""
        known, now = await self.get(schedule_id, actor), self._clock()

        async def work(tx: Transaction) -> None:
            result = await self._rows.delete_one({"_id": known.id, "version": version}, session=tx.session)
            if result.deleted_count == 0:
                raise Conflict(N_("Somebody else was faster. Load the page again and repeat your change."))
            tx.record(NewEvent(ENTITY, known.id, version + 1, "deleted", now))

        await self._transactor.run(work, origin)

    # Workers

    async def take(self) -> Schedule | None:
        """A schedule that is due, ours for as long as the lease lasts; None when there is none."""
        now = self._clock()
        row = await self._rows.find_one_and_update(
            {
                "paused": False,
                "next_at": {"$lte": now},
                "$or": [{"leased_until": None}, {"leased_until": {"$lte": now}}],
            },
            {"$set": {"leased_until": now + LEASE, "leased_by": self._worker}, "$inc": {"tries": 1}},
            sort=[("next_at", ASCENDING)],
            return_document=ReturnDocument.AFTER,
        )
        if row is None:
            return None
        found = _schedule(row)
        if found.tries <= MOST_TRIES:
            return found
        await self.settle(found, 0, N_("The work was cut short several times."))
        return await self.take()

    async def keep(self, schedule: Schedule) -> bool:
        """Prolong the lease of a run. False: somebody rests or deletes the schedule, or another worker is at it."""
        ours = {"_id": schedule.id, "next_at": schedule.next_at, "leased_by": self._worker, "paused": False}
        result = await self._rows.update_one(ours, {"$set": {"leased_until": self._clock() + LEASE}})
        return result.matched_count == 1

    async def stop(self, schedule: Schedule, error: str) -> bool:
        """Have it rest because it may not be sent any more; ``error`` says why. False: somebody has changed it meanwhile."""
        now = self._clock()
        ours = {"_id": schedule.id, "next_at": schedule.next_at, "leased_by": self._worker, "paused": False}
        change: Json = {"paused": True, "last_at": now, "sent": 0, "error": error, "tries": 0, "leased_until": None}
        change["next_at"] = next_moment(schedule.sending.times, now, self._zone)

        async def work(tx: Transaction) -> bool:
            row = await self._rows.find_one_and_update(
                ours,
                {"$set": change, "$inc": {"version": 1}},
                return_document=ReturnDocument.AFTER,
                session=tx.session,
            )
            if row is not None:
                tx.record(NewEvent(ENTITY, schedule.id, row["version"], "stopped", now))
            return row is not None

        return await self._transactor.run(work, SYSTEM)

    async def settle(self, schedule: Schedule, sent: int, error: str) -> None:
        """Write down what came of a run, and when the next one is. It is no change of what is sent, so has no event."""
        now = self._clock()
        ours = {"_id": schedule.id, "next_at": schedule.next_at, "leased_by": self._worker}
        change: Json = {
            "next_at": next_moment(schedule.sending.times, now, self._zone),
            "last_at": now,
            "sent": sent,
            "error": error,
            "tries": 0,
            "leased_until": None,
        }
        await self._rows.update_one(ours, {"$set": change})

    async def get(self, schedule_id: str, actor: Actor) -> Schedule:
        """A schedule of one's own; for an admin anybody's. Raises ``NotFound``."""
        wanted = {"_id": parse_id(schedule_id)} | ({} if actor.has(Role.ADMIN) else {"owner": actor.user_id})
        row = await self._rows.find_one(wanted)
        if row is None:
            raise NotFound(N_("There is nothing at this address."))
        return _schedule(row)


def may_send_to(actor: Actor, readers: Iterable[ObjectId]) -> bool:
    """Whether somebody may have files sent to ``readers``: to others only publicity staff and admins."""
    return not set(readers) - {actor.user_id} or actor.has(Role.PUBLICITY, Role.ADMIN)


def _row(sending: Sending, readers: Sequence[ObjectId]) -> Json:
    times = sending.times
    return {
        "list": sending.name,
        "query": sending.query,
        "kind": sending.kind,
        "days": sending.days.value,
        "rhythm": times.rhythm.value,
        "hour": times.hour,
        "weekday": times.weekday,
        "day": times.day,
        "readers": list(readers),
        "paused": False,
        "last_at": None,
        "sent": 0,
        "error": "",
        "version": 1,
        "tries": 0,
        "leased_until": None,
        "leased_by": None,
    }


def _schedule(row: Json) -> Schedule:
    times = Times(Rhythm(row["rhythm"]), row["hour"], row["weekday"], row["day"])
    sending = Sending(row["list"], row["query"], row["kind"], Days(row["days"]), times, tuple(row["readers"]))
    return Schedule(
        id=row["_id"],
        owner=row["owner"],
        sending=sending,
        paused=row["paused"],
        next_at=row["next_at"],
        last_at=row["last_at"],
        sent=row["sent"],
        error=row["error"],
        version=row["version"],
        tries=row["tries"],
    )
