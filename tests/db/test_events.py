"""The event log under real concurrency: one order, nothing overtaken, nothing lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from bson import ObjectId

from media_tracker.db.connection import Database
from media_tracker.db.events import GAP_IS_DEAD_AFTER, SYSTEM, EventLog, NewEvent, Origin
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import Conflict
from tests.fake_clock import FakeClock


def event(clock: FakeClock, seq: int = 1, entity_id: ObjectId | None = None) -> NewEvent:
    return NewEvent("thing", entity_id or ObjectId(), seq, "made", clock(), {"n": seq})


async def record(transactor: Transactor, *events: NewEvent, origin: Origin = SYSTEM) -> None:
    async def work(tx: Transaction) -> None:
        tx.record(*events)

    await transactor.run(work, origin)


async def test_an_event_comes_back_as_it_was_recorded(transactor: Transactor, log: EventLog, clock: FakeClock) -> None:
    origin = Origin(actor=ObjectId(), acting_unit=ObjectId(), request_id="r-1")
    happened = clock() - timedelta(days=3)
    new = NewEvent("thing", ObjectId(), 1, "made", happened, {"ids": [ObjectId()]}, schema=2)
    await record(transactor, new, origin=origin)

    (kept,) = await log.read(0)

    assert (kept.position, kept.entity, kept.entity_id, kept.seq, kept.type) == (1, "thing", new.entity_id, 1, "made")
    assert (kept.actor, kept.acting_unit, kept.request_id) == (origin.actor, origin.acting_unit, "r-1")
    assert (kept.occurred_at, kept.recorded_at) == (happened, clock())
    assert (kept.payload, kept.schema) == (new.payload, 2)


async def test_twenty_writers_at_once_get_one_order_without_holes(
    transactor: Transactor, log: EventLog, clock: FakeClock
) -> None:
    things = [ObjectId() for _ in range(20)]
    await asyncio.gather(*(record(transactor, event(clock, 1, each), event(clock, 2, each)) for each in things))

    events = await log.read(0)

    assert [each.position for each in events] == list(range(1, 41))
    assert {each.entity_id for each in events} == set(things)
    for thing in things:
        assert [each.seq for each in events if each.entity_id == thing] == [1, 2]


async def test_a_reader_beside_the_writers_sees_every_event_once_and_in_order(
    transactor: Transactor, log: EventLog, clock: FakeClock
) -> None:
    seen: list[int] = []

    async def follow() -> None:
        position = 0
        while len(seen) < 30:
            events, position = await log.read_settled(position, limit=7)
            seen.extend(each.position for each in events)
            await asyncio.sleep(0.002)

    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        tasks.create_task(follow())
        for _ in range(30):
            tasks.create_task(record(transactor, event(clock)))

    assert seen == list(range(1, 31))


async def test_a_drawn_position_holds_readers_up_until_its_writer_must_be_dead(
    transactor: Transactor, log: EventLog, clock: FakeClock
) -> None:
    await record(transactor, event(clock))
    await log.draw(2)  # by a process that was killed before it inserted anything
    await record(transactor, event(clock))

    assert [each.position for each in await log.read(0)] == [1]
    clock.advance(seconds=GAP_IS_DEAD_AFTER.total_seconds() - 1)
    assert await log.read_settled(1) == ([], 1)
    clock.advance(seconds=1)
    events, settled = await log.read_settled(1)

    assert [each.position for each in events] == [4]
    assert settled == 4


async def test_a_late_commit_is_not_overtaken_by_a_higher_position(
    database: Database, transactor: Transactor, log: EventLog, clock: FakeClock
) -> None:
    async with database.client.start_session() as session:
        await session.start_transaction()
        slow = await log.draw(1)
        await log.append(session, slow, [event(clock)], SYSTEM)
        await record(transactor, event(clock))
        assert await log.read_settled(0) == ([], 0)
        await session.commit_transaction()

    assert [each.position for each in await log.read(0)] == [1, 2]


async def test_a_reader_that_gives_up_on_a_gap_waits_for_a_transaction_that_is_still_alive(
    database: Database, transactor: Transactor, log: EventLog, clock: FakeClock
) -> None:
    """Clocks may disagree by more than the margin; then the unique position decides, and the event is kept."""
    async with database.client.start_session() as session:
        await session.start_transaction()
        slow = await log.draw(1)
        await log.append(session, slow, [event(clock)], SYSTEM)
        await record(transactor, event(clock))
        clock.advance(minutes=5)
        reading = asyncio.create_task(log.read(0))
        await asyncio.sleep(0.1)
        assert not reading.done()
        await session.commit_transaction()
        events = await reading

    assert [each.position for each in events] == [1, 2]


async def test_a_writer_whose_position_was_given_up_fails_rather_than_slip_in_behind_readers(
    database: Database, log: EventLog, clock: FakeClock
) -> None:
    async with database.client.start_session() as session:
        await session.start_transaction()
        slow = await log.draw(1)
        await log.void(slow)
        with pytest.raises(Conflict):
            await log.append(session, slow, [event(clock)], SYSTEM)

    assert await log.read_settled(0) == ([], 1)


async def test_a_void_does_not_replace_an_event(transactor: Transactor, log: EventLog, clock: FakeClock) -> None:
    await record(transactor, event(clock))
    await log.void([1, 2])

    events, settled = await log.read_settled(0)

    assert [each.position for each in events] == [1]
    assert settled == 2


async def test_reading_goes_on_over_a_long_stretch_of_voids(
    transactor: Transactor, log: EventLog, clock: FakeClock
) -> None:
    await log.void(await log.draw(1200))
    await record(transactor, event(clock))
    position, found = 0, 0
    while True:
        events, settled = await log.read_settled(position, limit=500)
        found += len(events)
        if settled == position:
            break
        position = settled

    assert (position, found) == (1201, 1)


async def test_many_dead_gaps_in_one_stretch_are_passed(
    transactor: Transactor, log: EventLog, clock: FakeClock
) -> None:
    for _ in range(30):
        await log.draw(1)
        await record(transactor, event(clock))
    clock.advance(minutes=2)

    events, settled = await log.read_settled(0)

    assert [each.position for each in events] == list(range(2, 61, 2))
    assert settled == 60


async def test_a_version_can_be_recorded_only_once(transactor: Transactor, log: EventLog, clock: FakeClock) -> None:
    thing = ObjectId()
    await record(transactor, event(clock, 1, thing))
    with pytest.raises(Conflict):
        await record(transactor, event(clock, 1, thing))

    assert len(await log.of("thing", thing)) == 1


async def test_as_of_a_past_moment_shows_what_was_recorded_by_then(
    transactor: Transactor, log: EventLog, clock: FakeClock
) -> None:
    thing = ObjectId()
    await record(transactor, event(clock, 1, thing))
    then = clock()
    clock.advance(hours=1)
    late = NewEvent("thing", thing, 2, "corrected", then - timedelta(days=1))
    await record(transactor, late)

    assert [each.seq for each in await log.of("thing", thing)] == [1, 2]
    assert [each.seq for each in await log.of("thing", thing, as_of=then)] == [1]


async def test_the_last_position_of_an_empty_log_is_zero(
    transactor: Transactor, log: EventLog, clock: FakeClock
) -> None:
    assert await log.last_position() == 0
    await record(transactor, event(clock), event(clock))
    assert await log.last_position() == 2
