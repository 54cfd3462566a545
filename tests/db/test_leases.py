"""Leases: one holder at a time, and never for ever."""

from __future__ import annotations

import asyncio

from media_tracker.db.connection import Database
from media_tracker.db.leases import Leases
from tests.fake_clock import FakeClock


async def test_of_many_that_ask_at_once_one_gets_the_lease(database: Database, clock: FakeClock) -> None:
    leases = Leases(database, clock)

    got = await asyncio.gather(*(leases.acquire("feed", f"worker-{n}", 30) for n in range(20)))

    assert got.count(True) == 1


async def test_a_holder_may_prolong_and_nobody_else_may_take(database: Database, clock: FakeClock) -> None:
    leases = Leases(database, clock)
    assert await leases.acquire("feed", "a", 30)
    clock.advance(seconds=20)
    assert await leases.acquire("feed", "a", 30)
    clock.advance(seconds=20)

    assert not await leases.acquire("feed", "b", 30)


async def test_a_lease_that_is_over_goes_to_the_next_who_asks(database: Database, clock: FakeClock) -> None:
    leases = Leases(database, clock)
    await leases.acquire("feed", "died", 30)
    clock.advance(seconds=30)

    got = await asyncio.gather(*(leases.acquire("feed", f"worker-{n}", 30) for n in range(10)))

    assert got.count(True) == 1
    assert not await leases.acquire("feed", "died", 30)


async def test_only_the_holder_can_give_a_lease_back(database: Database, clock: FakeClock) -> None:
    leases = Leases(database, clock)
    await leases.acquire("feed", "a", 30)
    await leases.release("feed", "b")
    assert not await leases.acquire("feed", "b", 30)
    await leases.release("feed", "a")
    assert await leases.acquire("feed", "b", 30)


async def test_leases_of_different_names_do_not_meet(database: Database, clock: FakeClock) -> None:
    leases = Leases(database, clock)
    assert await leases.acquire("feed:1", "a", 30)
    assert await leases.acquire("feed:2", "b", 30)


async def test_who_ends_gives_back_its_own_leases_and_nobody_elses(database: Database, clock: FakeClock) -> None:
    leases = Leases(database, clock)
    for name, owner in (("feed", "a"), ("model", "a"), ("mail", "b")):
        await leases.acquire(name, owner, 30)
    await leases.give_back("a")
    assert [await leases.acquire(name, "c", 30) for name in ("feed", "model", "mail")] == [True, True, False]
