"""Migrations: in order, once, by one process, and an account of what is missing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest
import pytest_asyncio
from pymongo import ASCENDING, IndexModel

from media_tracker.db.connection import Database
from media_tracker.db.migrations import LEASE, LEASE_SECONDS, Migration, Migrator
from media_tracker.errors import Conflict
from tests.fake_clock import FakeClock

TREES = {"trees": [IndexModel([("kind", ASCENDING)], name="kind"), IndexModel([("height", ASCENDING)], name="height")]}


@pytest_asyncio.fixture
async def bare(migrated_database: Database) -> AsyncIterator[Database]:
    """A database of its own with nothing in it, not even indexes."""
    bare = migrated_database.client.get_database(f"{migrated_database.name}_bare")
    yield bare
    await bare.client.drop_database(bare.name)


def migrator(
    database: Database,
    clock: FakeClock,
    migrations: Sequence[Migration] = (),
    indexes: Mapping[str, Sequence[IndexModel]] | None = None,
    owner: str = "a",
) -> Migrator:
    return Migrator(database, clock, migrations, indexes or {}, owner)


def noting(number: int, done: list[int]) -> Migration:
    async def up(_: Database) -> None:
        done.append(number)

    return Migration(number, f"step {number}", up)


async def test_migrations_run_in_the_order_of_their_numbers_and_only_once(bare: Database, clock: FakeClock) -> None:
    done: list[int] = []
    said: list[str] = []
    steps = migrator(bare, clock, [noting(3, done), noting(1, done), noting(2, done)])
    assert (await steps.status()).pending == ("0001 step 1", "0002 step 2", "0003 step 3")

    status = await steps.migrate(said.append)
    again = await steps.migrate(said.append)

    assert done == [1, 2, 3]
    assert said == ["0001 step 1", "0002 step 2", "0003 step 3"]
    assert status.current
    assert again.current


async def test_a_step_added_later_is_the_only_one_that_runs(bare: Database, clock: FakeClock) -> None:
    done: list[int] = []
    await migrator(bare, clock, [noting(1, done)]).migrate()
    await migrator(bare, clock, [noting(1, done), noting(2, done)]).migrate()

    assert done == [1, 2]


async def test_after_a_step_that_failed_the_earlier_ones_are_kept_and_it_is_tried_again(
    bare: Database, clock: FakeClock
) -> None:
    done: list[int] = []

    async def broken(_: Database) -> None:
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError):
        await migrator(bare, clock, [noting(1, done), Migration(2, "step 2", broken), noting(3, done)]).migrate()
    assert done == [1]
    await migrator(bare, clock, [noting(1, done), noting(2, done), noting(3, done)], owner="b").migrate()

    assert done == [1, 2, 3]


async def test_a_second_process_is_refused_while_one_migrates(bare: Database, clock: FakeClock) -> None:
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_: Database) -> None:
        started.set()
        await go_on.wait()

    done: list[int] = []
    first = asyncio.create_task(migrator(bare, clock, [Migration(1, "slow", slow)]).migrate())
    await started.wait()
    with pytest.raises(Conflict):
        await migrator(bare, clock, [noting(1, done)], owner="b").migrate()
    go_on.set()

    assert (await first).current
    assert done == []
    assert (await migrator(bare, clock, [noting(1, done)], owner="b").migrate()).current


async def test_a_process_that_died_while_it_migrated_does_not_lock_the_next_one_out_for_ever(
    bare: Database, clock: FakeClock
) -> None:
    await bare["leases"].insert_one({"_id": LEASE, "owner": "dead", "until": clock.now})
    clock.advance(seconds=LEASE_SECONDS)

    assert (await migrator(bare, clock, [noting(1, [])]).migrate()).current


async def test_missing_indexes_are_named_and_built(bare: Database, clock: FakeClock) -> None:
    await bare["trees"].create_index([("kind", ASCENDING)], name="kind")
    trees = migrator(bare, clock, indexes=TREES)
    status = await trees.status()
    assert status.missing_indexes == ("trees.height",)
    assert not status.current

    assert (await trees.migrate()).current
    assert set(await bare["trees"].index_information()) == {"_id_", "kind", "height"}


async def test_an_index_that_somebody_dropped_is_missed_and_built_again(bare: Database, clock: FakeClock) -> None:
    trees = migrator(bare, clock, indexes=TREES)
    await trees.migrate()
    await bare["trees"].drop_index("kind")

    assert (await trees.status()).missing_indexes == ("trees.kind",)
    assert (await trees.migrate()).current


async def test_a_newer_database_is_named_and_can_be_worked_with(bare: Database, clock: FakeClock) -> None:
    """Releases overlap: the old program still runs while the new one has migrated."""
    done: list[int] = []
    await migrator(bare, clock, [noting(1, done), noting(2, done)]).migrate()

    status = await migrator(bare, clock, [noting(1, done)]).status()

    assert status.unknown == (2,)
    assert status.current
