"""A change and its events: both or neither, and never a reader left waiting."""

from __future__ import annotations

import asyncio

import pytest
from bson import ObjectId
from pymongo import ReturnDocument

from media_tracker.db.connection import Database
from media_tracker.db.counters import draw
from media_tracker.db.events import SYSTEM, EventLog, NewEvent
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import Conflict
from tests.fake_clock import FakeClock


async def test_a_change_and_its_event_are_written_together(
    database: Database, transactor: Transactor, log: EventLog, clock: FakeClock
) -> None:
    thing = ObjectId()

    async def work(tx: Transaction) -> str:
        await database["things"].insert_one({"_id": thing, "version": 1}, session=tx.session)
        tx.record(NewEvent("thing", thing, 1, "made", clock()))
        return "done"

    assert await transactor.run(work, SYSTEM) == "done"
    assert await database["things"].count_documents({}) == 1
    assert [each.type for each in await log.of("thing", thing)] == ["made"]


async def test_an_error_in_the_work_takes_the_change_back(
    database: Database, transactor: Transactor, log: EventLog, clock: FakeClock
) -> None:
    async def work(tx: Transaction) -> None:
        await database["things"].insert_one({"n": 1}, session=tx.session)
        tx.record(NewEvent("thing", ObjectId(), 1, "made", clock()))
        raise Conflict("no")

    with pytest.raises(Conflict):
        await transactor.run(work, SYSTEM)

    assert await database["things"].count_documents({}) == 0
    assert await log.read(0) == []


async def test_a_transaction_that_fails_on_its_event_leaves_a_void_and_readers_pass_at_once(
    transactor: Transactor, log: EventLog, clock: FakeClock
) -> None:
    thing = ObjectId()

    async def work(tx: Transaction) -> None:
        tx.record(NewEvent("thing", thing, 1, "made", clock()))

    await transactor.run(work, SYSTEM)
    with pytest.raises(Conflict):
        await transactor.run(work, SYSTEM)
    thing = ObjectId()
    await transactor.run(work, SYSTEM)

    events, settled = await log.read_settled(0)
    assert [each.position for each in events] == [1, 3]
    assert settled == 3


async def test_writers_of_one_thing_are_retried_and_leave_no_position_open(
    database: Database, transactor: Transactor, log: EventLog, clock: FakeClock
) -> None:
    """Each conflict costs a transaction, some of them after their positions were drawn."""
    thing = ObjectId()
    await database["things"].insert_one({"_id": thing, "version": 0})

    async def work(tx: Transaction) -> int:
        changed = await database["things"].find_one_and_update(
            {"_id": thing}, {"$inc": {"version": 1}}, session=tx.session, return_document=ReturnDocument.AFTER
        )
        assert changed is not None
        tx.record(NewEvent("thing", thing, changed["version"], "changed", clock()))
        return int(changed["version"])

    versions = await asyncio.gather(*(transactor.run(work, SYSTEM) for _ in range(10)))

    assert sorted(versions) == list(range(1, 11))
    events, settled = await log.read_settled(0)
    assert [each.seq for each in events] == list(range(1, 11))
    assert settled == (await draw(database, "events"))[0] - 1


async def test_writers_that_meet_only_in_the_log_leave_no_position_open(
    database: Database, transactor: Transactor, log: EventLog, clock: FakeClock
) -> None:
    """They collide in the insert of the event itself, when its position is already drawn."""
    thing = ObjectId()

    async def work(tx: Transaction) -> None:
        tx.record(NewEvent("thing", thing, 1, "made", clock()))

    results = await asyncio.gather(*(transactor.run(work, SYSTEM) for _ in range(8)), return_exceptions=True)

    assert sum(result is None for result in results) == 1
    assert all(result is None or isinstance(result, Conflict) for result in results)
    events, settled = await log.read_settled(0)
    assert len(events) == 1
    assert settled == (await draw(database, "events"))[0] - 1


async def test_an_attempt_that_records_nothing_after_one_that_did_leaves_no_position_open(
    database: Database, transactor: Transactor, log: EventLog, clock: FakeClock
) -> None:
    thing = ObjectId()
    await database["things"].insert_one({"_id": thing, "n": 0})
    attempts = 0

    async def work(tx: Transaction) -> None:
        nonlocal attempts
        attempts += 1
        await database["things"].find_one({"_id": thing}, session=tx.session)
        if attempts == 1:
            # Somebody else takes version 1 while we look: our event's insert will collide and be tried again.
            taken = asyncio.create_task(transactor.run(other, SYSTEM))
            await taken
            tx.record(NewEvent("thing", thing, 1, "made", clock()))

    async def other(tx: Transaction) -> None:
        tx.record(NewEvent("thing", thing, 1, "made", clock()))

    await transactor.run(work, SYSTEM)

    assert attempts == 2
    events, settled = await log.read_settled(0)
    assert len(events) == 1
    assert settled == (await draw(database, "events"))[0] - 1 == 2


async def test_a_cancelled_change_leaves_nothing_behind(
    database: Database, transactor: Transactor, log: EventLog, clock: FakeClock
) -> None:
    inside = asyncio.Event()

    async def work(tx: Transaction) -> None:
        await database["things"].insert_one({"n": 1}, session=tx.session)
        tx.record(NewEvent("thing", ObjectId(), 1, "made", clock()))
        inside.set()
        await asyncio.sleep(60)

    task = asyncio.create_task(transactor.run(work, SYSTEM))
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await database["things"].count_documents({}) == 0
    assert await log.last_position() == 0


async def test_numbers_drawn_at_once_are_all_different(database: Database) -> None:
    ranges = await asyncio.gather(*(draw(database, "problems:2026", 3) for _ in range(20)))

    assert sorted(number for each in ranges for number in each) == list(range(1, 61))
