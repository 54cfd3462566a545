"""Consumers: every event in order, at least once, by one process at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from bson import ObjectId

from media_tracker.db.connection import Database
from media_tracker.db.consumers import LEASE_SECONDS, Consumer, ConsumerRunner
from media_tracker.db.events import SYSTEM, Event, EventLog, NewEvent
from media_tracker.db.leases import Leases
from media_tracker.db.transactions import Transaction, Transactor
from tests.fake_clock import FakeClock


class Seen:
    """A handler that notes positions, and is killed at the batch that it is told to die in."""

    def __init__(self, die_in_batch: int = 0) -> None:
        self.positions: list[int] = []
        self.batches = 0
        self._die_in_batch = die_in_batch

    async def __call__(self, events: Sequence[Event]) -> None:
        self.batches += 1
        self.positions += [event.position for event in events]
        if self.batches == self._die_in_batch:
            raise asyncio.CancelledError


@pytest.fixture
def runner(database: Database, log: EventLog, clock: FakeClock) -> ConsumerRunner:
    return ConsumerRunner(database, log, clock, "worker-1")


async def record(transactor: Transactor, clock: FakeClock, count: int) -> None:
    async def work(tx: Transaction) -> None:
        tx.record(*(NewEvent("thing", ObjectId(), 1, "made", clock()) for _ in range(count)))

    await transactor.run(work, SYSTEM)


async def test_a_consumer_sees_everything_once_in_batches_and_then_only_what_is_new(
    runner: ConsumerRunner, transactor: Transactor, clock: FakeClock
) -> None:
    seen = Seen()
    consumer = Consumer("tags", seen)
    await record(transactor, clock, 25)

    assert await runner.catch_up(consumer, batch=10) == 25
    assert (seen.positions, seen.batches) == (list(range(1, 26)), 3)
    assert await runner.catch_up(consumer) == 0
    await record(transactor, clock, 1)
    assert await runner.catch_up(consumer) == 1
    assert seen.positions[-1] == 26


async def test_a_consumer_killed_before_its_position_was_saved_sees_the_batch_again(
    runner: ConsumerRunner, transactor: Transactor, clock: FakeClock
) -> None:
    await record(transactor, clock, 20)
    with pytest.raises(asyncio.CancelledError):
        await runner.catch_up(Consumer("tags", Seen(die_in_batch=2)), batch=10)

    assert await runner.position("tags") == 10
    again = Seen()
    assert await runner.catch_up(Consumer("tags", again), batch=10) == 10
    assert again.positions == list(range(11, 21))


async def test_two_consumers_have_a_position_each(
    runner: ConsumerRunner, transactor: Transactor, clock: FakeClock
) -> None:
    await record(transactor, clock, 3)
    await runner.catch_up(Consumer("tags", Seen()))

    assert await runner.position("tags") == 3
    assert await runner.position("rollups") == 0
    assert await runner.catch_up(Consumer("rollups", Seen())) == 3


async def test_a_consumer_passes_voids_without_handing_them_on(
    runner: ConsumerRunner, transactor: Transactor, log: EventLog, clock: FakeClock
) -> None:
    await log.void(await log.draw(5))
    seen = Seen()

    assert await runner.catch_up(Consumer("tags", seen)) == 0
    assert seen.batches == 0
    assert await runner.position("tags") == 5


async def test_a_consumer_stops_before_a_gap_and_goes_on_when_it_is_settled(
    runner: ConsumerRunner, transactor: Transactor, log: EventLog, clock: FakeClock
) -> None:
    seen = Seen()
    await record(transactor, clock, 2)
    lost = await log.draw(1)
    await record(transactor, clock, 2)

    await runner.catch_up(Consumer("tags", seen))
    assert seen.positions == [1, 2]
    await log.void(lost)
    await runner.catch_up(Consumer("tags", seen))

    assert seen.positions == [1, 2, 4, 5]


async def test_while_one_process_runs_a_consumer_another_leaves_it_alone(
    database: Database, log: EventLog, transactor: Transactor, clock: FakeClock
) -> None:
    await record(transactor, clock, 1)
    working, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_: Sequence[Event]) -> None:
        working.set()
        await go_on.wait()

    first = asyncio.create_task(ConsumerRunner(database, log, clock, "a").catch_up(Consumer("tags", slow)))
    await working.wait()
    seen = Seen()
    assert await ConsumerRunner(database, log, clock, "b").catch_up(Consumer("tags", seen)) == 0
    go_on.set()

    assert await first == 1
    assert seen.positions == []


async def test_a_process_that_was_too_slow_does_not_move_the_position_of_the_one_that_took_over(
    database: Database, log: EventLog, transactor: Transactor, clock: FakeClock
) -> None:
    await record(transactor, clock, 4)
    working, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_: Sequence[Event]) -> None:
        working.set()
        await go_on.wait()

    late = asyncio.create_task(ConsumerRunner(database, log, clock, "a").catch_up(Consumer("tags", slow), batch=2))
    await working.wait()
    clock.advance(seconds=LEASE_SECONDS)
    heir = ConsumerRunner(database, log, clock, "b")
    seen = Seen()
    assert await heir.catch_up(Consumer("tags", seen), batch=2) == 4
    await Leases(database, clock).acquire("consumer:tags", "b", LEASE_SECONDS)
    go_on.set()

    assert await late == 0
    assert seen.positions == [1, 2, 3, 4]
    assert await heir.position("tags") == 4


async def test_two_runners_and_many_writers_together_lose_nothing(
    database: Database, log: EventLog, transactor: Transactor, clock: FakeClock
) -> None:
    seen = Seen()
    consumer = Consumer("tags", seen)

    async def run(owner: str) -> None:
        runner = ConsumerRunner(database, log, clock, owner)
        while len(seen.positions) < 40:
            await runner.catch_up(consumer, batch=5)
            await asyncio.sleep(0.005)

    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        tasks.create_task(run("a"))
        tasks.create_task(run("b"))
        for _ in range(20):
            tasks.create_task(record(transactor, clock, 2))

    assert seen.positions == list(range(1, 41))


async def test_an_event_that_cannot_be_handled_is_parked_and_does_not_stop_the_others(
    database: Database, runner: ConsumerRunner, transactor: Transactor, clock: FakeClock
) -> None:
    await record(transactor, clock, 5)
    seen: list[int] = []

    async def stumbles(events: Sequence[Event]) -> None:
        for event in events:
            if event.position == 3:
                raise ValueError("nobody can read this")
        seen.extend(event.position for event in events)

    await runner.catch_up(Consumer("stumbling", stumbles))

    assert seen == [1, 2, 4, 5]
    assert await runner.position("stumbling") == 5
    parked = await database["parked_events"].find().to_list()
    assert [(row["consumer"], row["position"], row["error"]) for row in parked] == [("stumbling", 3, "ValueError")]
