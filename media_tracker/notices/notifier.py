"""Writes notices: of what happens, by following the event log, and of what falls due, when its moment has come.

Every notice has a key made of what it is about and whom it is for, and is written only where there is none of that key. So a
process that is killed, or two that do the same, lose nothing and double nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId
from pymongo import DeleteMany, UpdateOne
from pymongo.errors import BulkWriteError

from media_tracker.accounts.actor import Role
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.consumers import Consumer, ConsumerRunner
from media_tracker.db.events import Event, EventLog
from media_tracker.db.leases import Leases
from media_tracker.notices.alarms import NEWS_FOR, alarms_of
from media_tracker.notices.documents import ALARMS, ALARMS_KEPT, DIGEST, KEPT, NOTICES, NOW, PREFERENCES
from media_tracker.notices.kinds import NEWS, RULES, Audience, Delivery, NoticeKind, kinds_of
from media_tracker.notices.readers import Person, told
from media_tracker.notices.service import chosen
from media_tracker.problems.arriving import without_arriving
from media_tracker.problems.case import Case, EventType
from media_tracker.problems.casebook import ENTITY
from media_tracker.problems.documents import Problem
from media_tracker.problems.folding import apply

CONSUMER = "notices"
LEASE, LEASE_SECONDS = "notices: alarms", 60.0
AT_ONCE = 200
IMPORT = "import:"
"""What an import calls itself in the events that it writes."""
_DUPLICATE_KEY = 11000

_PERSON = {"roles": 1, "unit_ids": 1, "answers_for": 1, "mail": 1}
_OUTLET = {"contact": 1}


@dataclass(frozen=True, slots=True)
class _Known:
    """A problem as it is now."""

    case: Case
    demo: bool


@dataclass(frozen=True, slots=True)
class _New:
    """A notice that is to be written, if there is none of its key."""

    about: str
    kind: NoticeKind
    problem_id: ObjectId | None
    at: datetime
    deadline: datetime | None
    demo: bool
    person: Person | None = None
    outlet_id: ObjectId | None = None

    @property
    def key(self) -> str:
        reader = self.person.id if self.person is not None else self.outlet_id
        return f"{self.about}:{self.kind}:{reader}"


class Notifier:
    """The only writer of new notices and of alarms."""

    def __init__(self, database: Database, log: EventLog, runner: ConsumerRunner, clock: Clock, owner: str) -> None:
        self._database = database
        self._notices = database[NOTICES]
        self._alarms = database[ALARMS]
        self._problems = database[Problem.Settings.name]
        self._log = log
        self._runner = runner
        self._leases = Leases(database, clock)
        self._clock = clock
        self._owner = owner

    async def follow(self) -> int:
        """Tell of all that has happened since the last time. Returns how many events were looked at."""
        return await self._runner.catch_up(self.consumer())

    def consumer(self) -> Consumer:
        """What turns events into notices and alarms."""
        return Consumer(CONSUMER, self._handle)

    async def remind(self) -> int:
        """Tell of all that has fallen due. Returns how many alarms are done with; 0 when another process does it.

        Those of a list that is still arriving wait until it is there, however many they are: who comes after them is told.
        """
        handled = 0
        if not await self._leases.acquire(LEASE, self._owner, LEASE_SECONDS):
            return 0
        now = self._clock()
        async with self._alarms.find({"fired": False, "at": {"$lt": now}}).sort("at", 1) as due:
            while rows := await due.to_list(AT_ONCE):
                handled += await self._fire(rows, now)
                if not await self._leases.acquire(LEASE, self._owner, LEASE_SECONDS):
                    return handled
        await self._leases.release(LEASE, self._owner)
        return handled

    # What happens

    async def _handle(self, events: Sequence[Event]) -> None:
        events = [event for event in events if event.entity == ENTITY]
        if not events:
            return
        now = self._clock()
        known = await self._known({event.entity_id for event in events})
        await self._set_alarms(known, now)
        fresh = [event for event in events if event.entity_id in known and now - event.recorded_at <= NEWS_FOR]
        listed = [event for event in fresh if (event.request_id or "").startswith(IMPORT)]
        rest = [event for event in fresh if not (event.request_id or "").startswith(IMPORT)]
        cases = await self._cases_at([event for event in rest if event.type in NEWS])
        if not cases and not listed:
            return
        people = await self._people()
        new = [each for event in rest if event.id in cases for each in _news(event, cases[event.id], known, people)]
        new += _of_lists(listed, known, people)
        await self._write(new, now)

    async def _known(
        self, ids: Iterable[ObjectId], clause: Mapping[str, object] | None = None
    ) -> dict[ObjectId, _Known]:
        query = {"_id": {"$in": list(ids)}, **(clause or {})}
        cursor = self._problems.find(query, {"case": 1, "demo": 1})
        return {row["_id"]: _Known(Case.model_validate(row["case"]), row["demo"]) async for row in cursor}

    async def _there(self, ids: Iterable[ObjectId]) -> frozenset[ObjectId]:
        """Those of the problems that are stored, whether or not lists show them yet."""
        return frozenset([row["_id"] async for row in self._problems.find({"_id": {"$in": list(ids)}}, {"_id": 1})])

    async def _cases_at(self, events: Sequence[Event]) -> dict[ObjectId, Case]:
        """What each event had made of its problem: by now other events may have followed, and other units be in charge."""
        wanted = {event.id for event in events}
        found: dict[ObjectId, Case] = {}
        for problem_id in {event.entity_id for event in events}:
            case: Case | None = None
            for event in await self._log.of(ENTITY, problem_id):
                case = apply(case, event)
                if event.id in wanted:
                    found[event.id] = case
        return found

    async def _people(self) -> list[Person]:
        """Everybody with an open account."""
        return [
            Person(
                row["_id"],
                frozenset(Role(role) for role in row["roles"]),
                frozenset(row["unit_ids"]),
                frozenset(row["answers_for"]),
                bool(row.get("mail")),
            )
            async for row in self._database["users"].find({"active": True}, _PERSON)
        ]

    # What falls due

    async def _set_alarms(self, known: Mapping[ObjectId, _Known], now: datetime) -> None:
        """Have exactly those alarms wait that the problems call for as they are now. What was told stays told."""
        writes: list[UpdateOne | DeleteMany] = []
        for problem_id, each in known.items():
            writes.append(DeleteMany({"problem_id": problem_id, "fired": False}))
            for alarm in (alarm for alarm in alarms_of(each.case) if now - alarm.at <= NEWS_FOR):
                query = {"problem_id": problem_id, "kind": alarm.kind, "deadline": alarm.deadline}
                row = {"at": alarm.at, "fired": False, "demo": each.demo}
                writes.append(UpdateOne(query, {"$setOnInsert": row}, upsert=True))
        if writes:
            await self._alarms.bulk_write(writes)

    async def _fire(self, rows: Sequence[Json], now: datetime) -> int:
        """Tell of alarms whose moment has come. Returns how many are done with."""
        ids = {row["problem_id"] for row in rows}
        arriving = await without_arriving(self._database)
        known = await self._known(ids, arriving)
        later = await self._there(ids - known.keys()) if arriving else frozenset()  # until their list is there
        done = [row for row in rows if row["problem_id"] not in later]
        people = await self._people()
        await self._write([each for row in done for each in _of_alarm(row, known, people, now)], now)
        told = {"$set": {"fired": True, "expires_at": now + ALARMS_KEPT}}
        await self._alarms.update_many({"_id": {"$in": [row["_id"] for row in done]}}, told)
        return len(done)

    # Writing

    async def _write(self, new: Sequence[_New], now: datetime) -> None:
        """Write what is not written yet, each with the way by which its reader wants it."""
        new = list({each.key: each for each in new}.values())  # a list has many problems for one unit
        if not new:
            return
        readers = [each.person.id for each in new if each.person is not None]
        made = {row["_id"]: row async for row in self._database[PREFERENCES].find({"_id": {"$in": readers}})}
        outlets = await self._reachable({each.outlet_id for each in new if each.outlet_id is not None})
        writes = []
        for each in new:
            if each.person is not None:
                way = chosen(made.get(each.person.id))[each.kind] if each.person.has_address else Delivery.APP
            elif each.outlet_id in outlets:
                way = RULES[each.kind].delivery
            else:
                continue
            writes.append(UpdateOne({"key": each.key}, {"$setOnInsert": _row(each, way, now)}, upsert=True))
        try:
            if writes:
                await self._notices.bulk_write(writes, ordered=False)
        except BulkWriteError as error:  # of two who write the same at the same moment, one is told so
            if any(each["code"] != _DUPLICATE_KEY for each in error.details["writeErrors"]):
                raise

    async def _reachable(self, ids: set[ObjectId]) -> set[ObjectId]:
        """The outlets among ``ids`` with an address in their record."""
        if not ids:
            return set()
        query = {"_id": {"$in": list(ids)}, "contact": {"$nin": ["", None]}}
        return {row["_id"] async for row in self._database["outlets"].find(query, _OUTLET)}


def _news(event: Event, case: Case, known: Mapping[ObjectId, _Known], people: Sequence[Person]) -> Iterator[_New]:
    """Everybody's notices of one event that has made a problem what ``case`` is."""
    about, demo = str(event.id), known[event.entity_id].demo
    deadline = event.payload.get("due_at") or event.payload.get("review_at")
    for kind in kinds_of(event.type, event.payload, case):
        if RULES[kind].audience is Audience.OUTLETS:
            for outlet_id in {each.outlet_id for each in case.exposures if each.outlet_id is not None}:
                yield _New(about, kind, case.id, event.occurred_at, None, demo, outlet_id=outlet_id)
            continue
        for each in told(kind, case, people, event.actor):
            yield _New(about, each.kind, case.id, event.occurred_at, deadline, demo, person=each.person)


def _of_lists(events: Sequence[Event], known: Mapping[ObjectId, _Known], people: Sequence[Person]) -> Iterator[_New]:
    """One notice for each official into whose unit a list has brought problems, however many."""
    for event in events:
        if event.type == EventType.ASSIGNED and event.request_id is not None:
            for each in told(NoticeKind.LIST_ARRIVED, known[event.entity_id].case, people, event.actor):
                yield _New(event.request_id, each.kind, None, event.occurred_at, None, False, person=each.person)


def _of_alarm(row: Json, known: Mapping[ObjectId, _Known], people: Sequence[Person], now: datetime) -> Iterator[_New]:
    """Everybody's notices of an alarm, if it still stands: its problem is there, and waits for the same deadline."""
    each = known.get(row["problem_id"])
    if each is None or now - row["at"] > NEWS_FOR:
        return
    kind, deadline = NoticeKind(row["kind"]), row["deadline"]
    standing = {(alarm.kind, alarm.deadline) for alarm in alarms_of(each.case)}
    if (kind, deadline) not in standing:
        return
    about = f"{each.case.id}:{deadline.isoformat()}"
    for reader in told(kind, each.case, people, None):
        yield _New(about, kind, each.case.id, row["at"], deadline, each.demo, person=reader.person)


def _row(new: _New, way: Delivery, now: datetime) -> Json:
    """The notice as it is stored. An outlet has no list to read it in."""
    row: Json = {
        "user_id": new.person.id if new.person is not None else None,
        "outlet_id": new.outlet_id,
        "kind": new.kind,
        "problem_id": new.problem_id,
        "at": new.at,
        "deadline": new.deadline,
        "read": new.person is None,
        "demo": new.demo,
        "created_at": now,
        "expires_at": now + KEPT,
    }
    mail = {Delivery.AT_ONCE: NOW, Delivery.DAILY: DIGEST}.get(way)
    return row if mail is None else {**row, "mail": mail}
