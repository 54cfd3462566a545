"""Login throttling: a growing wait, for known and unknown names, and nothing slips through at once."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.accounts import throttle as module
from media_tracker.accounts.throttle import (
    FREE_PER_CLIENT,
    FREE_PER_USER,
    LONGEST_WAIT,
    WINDOW,
    Throttle,
    wait_after,
)
from media_tracker.db.connection import Database
from media_tracker.errors import TooMany
from tests.fake_clock import FakeClock


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (4, 0), (5, 15), (6, 30), (7, 60), (8, 120), (9, 240), (10, 480), (11, 900), (12, 900), (10_000, 900)],
)
def test_the_wait_doubles_from_the_fifth_failure_up_to_a_quarter_of_an_hour(failures: int, seconds: int) -> None:
    assert wait_after(failures) == seconds


@given(st.integers(0, 10**9), st.integers(1, 100))
def test_the_wait_never_shrinks_with_another_failure(failures: int, free: int) -> None:
    assert 0 <= wait_after(failures, free) <= wait_after(failures + 1, free) <= LONGEST_WAIT


async def test_five_tries_are_free_and_the_next_has_to_wait(throttle: Throttle, clock: FakeClock) -> None:
    for _ in range(FREE_PER_USER):
        await throttle.count("wang", "203.0.113.7")
    with pytest.raises(TooMany) as refused:
        await throttle.count("wang", "203.0.113.8")
    assert refused.value.retry_after == 15
    assert "15 seconds" in str(refused.value)

    clock.advance(seconds=15)
    await throttle.count("wang", "203.0.113.8")
    with pytest.raises(TooMany) as refused:
        await throttle.count("wang", "203.0.113.8")
    assert refused.value.retry_after == 30


async def test_a_refused_try_does_not_make_the_wait_longer(throttle: Throttle, clock: FakeClock) -> None:
    for _ in range(FREE_PER_USER):
        await throttle.count("wang", "203.0.113.7")
    for _ in range(10):
        with pytest.raises(TooMany):
            await throttle.count("wang", "203.0.113.7")
    clock.advance(seconds=15)

    await throttle.count("wang", "203.0.113.7")


async def test_a_hundred_tries_at_once_are_a_hundred_tries(throttle: Throttle) -> None:
    results = await asyncio.gather(
        *(throttle.count("wang", f"203.0.113.{n}") for n in range(100)), return_exceptions=True
    )

    assert sum(result is None for result in results) == FREE_PER_USER
    assert sum(isinstance(result, TooMany) for result in results) == 100 - FREE_PER_USER


async def test_one_address_that_goes_through_many_names_has_to_wait_too(throttle: Throttle) -> None:
    for n in range(FREE_PER_CLIENT):
        await throttle.count(f"user-{n}", "203.0.113.7")

    with pytest.raises(TooMany):
        await throttle.count("another", "203.0.113.7")
    await throttle.count("another", "203.0.113.8")


async def test_an_address_that_has_to_wait_cannot_lock_a_name_out(throttle: Throttle) -> None:
    for n in range(FREE_PER_CLIENT):
        await throttle.count(f"user-{n}", "203.0.113.7")
    for _ in range(FREE_PER_USER + 1):
        with pytest.raises(TooMany):
            await throttle.count("wang", "203.0.113.7")

    await throttle.count("wang", "203.0.113.8")


async def test_all_addresses_of_one_ipv6_subscriber_are_one(throttle: Throttle) -> None:
    for n in range(FREE_PER_CLIENT):
        await throttle.count(f"user-{n}", f"2001:db8:0:1::{n:x}")

    with pytest.raises(TooMany):
        await throttle.count("another", "2001:db8:0:1:ffff::1")
    await throttle.count("another", "2001:db8:0:2::1")


async def test_a_right_password_clears_the_name_and_gives_the_address_its_try_back(throttle: Throttle) -> None:
    """An office of many people behind one address signs in every morning."""
    for n in range(FREE_PER_CLIENT * 3):
        await throttle.count(f"user-{n}", "203.0.113.7")
        await throttle.succeeded(f"user-{n}", "203.0.113.7")
    for _ in range(FREE_PER_USER - 1):
        await throttle.count("wang", "203.0.113.7")
    await throttle.count("wang", "203.0.113.7")
    await throttle.succeeded("wang", "203.0.113.7")

    for n in range(FREE_PER_USER):  # all of them again, from addresses that are new
        await throttle.count("wang", f"198.51.100.{n}")
    with pytest.raises(TooMany):
        await throttle.count("wang", "198.51.100.200")


async def test_signing_in_to_ones_own_account_does_not_buy_tries_on_others(throttle: Throttle) -> None:
    for n in range(FREE_PER_CLIENT - 1):
        await throttle.count(f"user-{n}", "203.0.113.7")
    await throttle.count("own", "203.0.113.7")
    await throttle.succeeded("own", "203.0.113.7")
    await throttle.count("user-x", "203.0.113.7")

    with pytest.raises(TooMany):
        await throttle.count("user-y", "203.0.113.7")


async def test_failures_are_forgotten_a_quarter_of_an_hour_after_the_last(throttle: Throttle, clock: FakeClock) -> None:
    for _ in range(FREE_PER_USER - 1):
        await throttle.count("wang", "203.0.113.7")
    clock.advance(seconds=WINDOW.total_seconds())
    for _ in range(FREE_PER_USER):
        await throttle.count("wang", "203.0.113.7")

    with pytest.raises(TooMany):
        await throttle.count("wang", "203.0.113.7")


async def test_neither_names_nor_addresses_can_be_read_from_the_database(
    database: Database, throttle: Throttle
) -> None:
    await throttle.count("wang", "203.0.113.7")
    kept = str(await database[module.COLLECTION].find().to_list())

    assert "wang" not in kept
    assert "203.0.113.7" not in kept


def test_the_database_forgets_by_itself() -> None:
    (index,) = module.INDEXES
    assert index.document["expireAfterSeconds"] == 0
