"""Sessions: made here only, kept as hashes, over in time."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from media_tracker.accounts import sessions as module
from media_tracker.accounts.documents import User
from media_tracker.accounts.service import Accounts
from media_tracker.accounts.sessions import Flash, Sessions
from media_tracker.db.connection import Database
from tests.accounts.conftest import ABSOLUTE, EDITOR, IDLE
from tests.fake_clock import FakeClock


@pytest_asyncio.fixture
async def user(accounts: Accounts) -> User:
    return (await accounts.add_user("editor", "小编", EDITOR)).user


async def test_a_token_finds_its_session_and_user(sessions: Sessions, user: User, clock: FakeClock) -> None:
    found = await sessions.find(await sessions.open(user))

    assert found is not None
    session, who = found
    assert (session.user_id, session.created_at, session.flashes) == (user.id, clock(), ())
    assert who.username == "editor"


async def test_the_database_does_not_hold_what_the_cookie_carries(
    database: Database, sessions: Sessions, user: User
) -> None:
    token = await sessions.open(user)
    kept = await database[module.COLLECTION].find_one({})

    assert kept is not None
    assert token not in str(kept)
    assert await sessions.find(kept["_id"]) is None
    assert len(token) == 43  # 256 bits


@pytest.mark.parametrize(
    "token", [None, "", "x", "a" * 43, "会" * 43, "J5YBK2TO2OMjwfDd8X1fWFhE_IykRzKB00FxdCJnRus", "a" * 100_000]
)
async def test_a_token_that_was_not_made_here_is_nobody_and_leaves_nothing(
    database: Database, sessions: Sessions, token: str | None
) -> None:
    assert await sessions.find(token) is None
    assert await database[module.COLLECTION].count_documents({}) == 0


async def test_a_session_ends_when_it_has_been_idle_for_too_long(
    sessions: Sessions, user: User, clock: FakeClock
) -> None:
    token = await sessions.open(user)
    clock.advance(seconds=IDLE.total_seconds() - 1)
    assert await sessions.find(token) is not None
    clock.advance(seconds=IDLE.total_seconds())

    assert await sessions.find(token) is None


async def test_a_busy_session_ends_at_its_absolute_limit(sessions: Sessions, user: User, clock: FakeClock) -> None:
    token = await sessions.open(user)
    end = clock() + ABSOLUTE
    while clock.now + IDLE / 2 < end:
        clock.set(clock.now + IDLE / 2)
        assert await sessions.find(token) is not None
    clock.set(end)

    assert await sessions.find(token) is None


async def test_a_shorter_limit_holds_for_sessions_that_are_open_already(
    database: Database, sessions: Sessions, user: User, clock: FakeClock
) -> None:
    token = await sessions.open(user)
    clock.advance(minutes=10)

    assert await Sessions(database, clock, idle=IDLE / 6, absolute=ABSOLUTE).find(token) is None


async def test_reading_pages_writes_at_most_once_a_minute(
    database: Database, sessions: Sessions, user: User, clock: FakeClock
) -> None:
    token = await sessions.open(user)
    start = clock()
    clock.advance(seconds=59)
    await sessions.find(token)
    kept = await database[module.COLLECTION].find_one({})
    assert kept is not None
    assert kept["last_seen"] == start

    clock.advance(seconds=1)
    await asyncio.gather(*(sessions.find(token) for _ in range(5)))
    kept = await database[module.COLLECTION].find_one({})
    assert kept is not None
    assert kept["last_seen"] == clock()
    assert kept["expires_at"] == clock() + IDLE


async def test_a_closed_session_is_over_and_others_of_the_user_go_on(sessions: Sessions, user: User) -> None:
    here, there = await sessions.open(user), await sessions.open(user)
    await sessions.close(here)
    await sessions.close(here)

    assert await sessions.find(here) is None
    assert await sessions.find(there) is not None
    await sessions.close_all(user.object_id)
    assert await sessions.find(there) is None


async def test_a_session_opened_from_an_outdated_user_is_over_from_the_start(
    accounts: Accounts, sessions: Sessions, user: User
) -> None:
    """The password was checked, then everybody was signed out, then the session is opened: it must not slip through."""
    await accounts.sign_out_everywhere(user.object_id, by=None)

    assert await sessions.find(await sessions.open(user)) is None


async def test_a_removed_user_is_nobody(accounts: Accounts, sessions: Sessions) -> None:
    account = await accounts.add_user("demo", "演示", EDITOR, demo=True)
    await accounts.remove_demo_users()

    assert await sessions.find(await sessions.open(account.user)) is None


async def test_messages_wait_for_one_page_and_are_then_forgotten(sessions: Sessions, user: User) -> None:
    token = await sessions.open(user)
    found = await sessions.find(token)
    assert found is not None
    session, _ = found
    await sessions.flash(session.id, "success", "Saved {count}.", {"count": 3})

    found = await sessions.find(token)
    assert found is not None
    assert found[0].flashes == (Flash("success", "Saved {count}.", {"count": 3}),)
    taken = await asyncio.gather(*(sessions.take_flashes(session.id) for _ in range(4)))
    assert sum(map(len, taken)) == 1
    assert await sessions.take_flashes(session.id) == ()


async def test_only_the_newest_ten_messages_are_kept(sessions: Sessions, user: User) -> None:
    found = await sessions.find(await sessions.open(user))
    assert found is not None
    for n in range(12):
        await sessions.flash(found[0].id, "info", "{n}", {"n": n})

    assert [each.params["n"] for each in await sessions.take_flashes(found[0].id)] == list(range(2, 12))


async def test_a_message_for_nobody_is_not_kept(database: Database, sessions: Sessions) -> None:
    await sessions.flash("unknown", "info", "Hello.", {})

    assert await sessions.take_flashes("unknown") == ()
    assert await database[module.COLLECTION].count_documents({}) == 0


def test_the_database_removes_what_is_over() -> None:
    expiry = next(index.document for index in module.INDEXES if index.document["name"] == "expires_at_ttl")
    assert expiry["expireAfterSeconds"] == 0
