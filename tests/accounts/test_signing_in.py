"""Signing in and out, and one's own password."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio
from argon2 import PasswordHasher

from media_tracker.accounts.audit import Audit
from media_tracker.accounts.documents import AuditAction, User
from media_tracker.accounts.passwords import Passwords
from media_tracker.accounts.service import Accounts
from media_tracker.accounts.sessions import Sessions
from media_tracker.accounts.throttle import FREE_PER_USER, Throttle
from media_tracker.db.connection import Database
from media_tracker.db.transactions import Transactor
from media_tracker.errors import InvalidInput, TooMany
from tests.accounts.conftest import EDITOR
from tests.fake_clock import FakeClock

HOME = "203.0.113.7"
PASSWORD = "correct horse"


@pytest_asyncio.fixture
async def user(accounts: Accounts) -> User:
    return (await accounts.add_user("zhang", "张三", EDITOR, password=PASSWORD)).user


async def sign_in(accounts: Accounts, password: str = PASSWORD, username: str = "zhang", client: str = HOME) -> str:
    return await accounts.sign_in(username, password, client=client, request_id="r-1")


async def test_the_right_password_opens_a_session(
    accounts: Accounts, sessions: Sessions, audit: Audit, user: User
) -> None:
    found = await sessions.find(await sign_in(accounts, username=" Zhang "))

    assert found is not None
    assert found[1].id == user.id
    entry = (await audit.latest())[0]
    assert (entry.action, entry.actor, entry.request_id) == (AuditAction.SIGNED_IN, user.id, "r-1")


async def test_each_sign_in_has_a_token_of_its_own_and_ends_the_session_it_came_with(
    accounts: Accounts, sessions: Sessions, user: User
) -> None:
    old = await sign_in(accounts)
    new = await accounts.sign_in("zhang", PASSWORD, client=HOME, request_id=None, old_token=old)

    assert new != old
    assert await sessions.find(old) is None
    assert await sessions.find(new) is not None


async def test_a_token_planted_by_somebody_else_is_never_taken_over(
    accounts: Accounts, sessions: Sessions, user: User
) -> None:
    planted = "p" * 43
    token = await accounts.sign_in("zhang", PASSWORD, client=HOME, request_id=None, old_token=planted)

    assert token != planted
    assert await sessions.find(planted) is None


async def test_a_wrong_name_a_wrong_password_and_a_closed_account_sound_alike(accounts: Accounts, user: User) -> None:
    closed = (await accounts.add_user("closed", "Closed", EDITOR, password=PASSWORD)).user
    await accounts.deactivate(None, closed.object_id)
    said = set()
    for username, password in (("nobody", PASSWORD), ("zhang", "wrong horse"), ("closed", PASSWORD)):
        with pytest.raises(InvalidInput) as refused:
            await sign_in(accounts, password, username)
        said.add(str(refused.value))

    assert len(said) == 1


async def test_a_failed_sign_in_is_written_down_without_a_name_that_nobody_has(
    accounts: Accounts, audit: Audit, database: Database, user: User
) -> None:
    for username in ("zhang", "my secret password"):
        with pytest.raises(InvalidInput):
            await sign_in(accounts, "wrong horse", username)

    entries = [entry for entry in await audit.latest() if entry.action is AuditAction.SIGN_IN_FAILED]
    assert {entry.subject for entry in entries} == {user.id, None}
    assert "secret" not in str([await database[name].find().to_list() for name in ("audit", "events")])


async def test_a_name_that_nobody_has_is_throttled_like_any_other(accounts: Accounts, user: User) -> None:
    for username in ("zhang", "nobody"):
        for _ in range(FREE_PER_USER):
            with pytest.raises(InvalidInput):
                await sign_in(accounts, "wrong horse", username)
        with pytest.raises(TooMany) as refused:
            await sign_in(accounts, PASSWORD, username)
        assert refused.value.retry_after == 15


async def test_many_guesses_at_once_are_not_more_than_five(accounts: Accounts, user: User) -> None:
    guesses = [f"wrong horse {n}" for n in range(29)] + [PASSWORD]
    results = await asyncio.gather(*(sign_in(accounts, guess) for guess in guesses), return_exceptions=True)

    looked_at = [result for result in results if not isinstance(result, TooMany)]
    # A right guess among them starts the count afresh; it can let at most one more round in.
    assert len(looked_at) <= 2 * FREE_PER_USER


async def test_a_right_password_after_some_wrong_ones_starts_afresh(accounts: Accounts, user: User) -> None:
    for _ in range(3):
        for _ in range(FREE_PER_USER - 1):
            with pytest.raises(InvalidInput):
                await sign_in(accounts, "wrong horse")
        await sign_in(accounts)


async def test_a_password_kept_under_older_parameters_is_kept_anew_at_sign_in(
    accounts: Accounts,
    database: Database,
    clock: FakeClock,
    transactor: Transactor,
    sessions: Sessions,
    throttle: Throttle,
    audit: Audit,
    user: User,
) -> None:
    stronger = Passwords(PasswordHasher(time_cost=2, memory_cost=64, parallelism=1))
    later = Accounts(database, clock, transactor, passwords=stronger, sessions=sessions, throttle=throttle, audit=audit)
    token = await sign_in(later)

    kept = await accounts.get(str(user.id))
    assert not stronger.is_outdated(kept.password_hash)
    assert kept.version == user.version
    assert await sessions.find(token) is not None
    await sign_in(later)


async def test_signing_out_ends_this_session_only(
    accounts: Accounts, sessions: Sessions, audit: Audit, user: User
) -> None:
    here, there = await sign_in(accounts), await sign_in(accounts)
    await accounts.sign_out(here, request_id="r-2")
    await accounts.sign_out(here, request_id="r-3")

    assert await sessions.find(here) is None
    assert await sessions.find(there) is not None
    assert [entry.action for entry in await audit.latest()].count(AuditAction.SIGNED_OUT) == 1


async def test_signing_out_everywhere_ends_all_sessions(accounts: Accounts, sessions: Sessions, user: User) -> None:
    tokens = [await sign_in(accounts) for _ in range(3)]
    await accounts.sign_out_everywhere(user.object_id, by=user.actor())

    assert [await sessions.find(token) for token in tokens] == [None] * 3


@pytest.mark.parametrize("change", ["roles", "closed", "reset"])
async def test_whoever_is_changed_is_signed_out(
    accounts: Accounts, sessions: Sessions, user: User, change: str
) -> None:
    token = await sign_in(accounts)
    if change == "roles":
        await accounts.set_roles(None, user.object_id, EDITOR)
    elif change == "closed":
        await accounts.deactivate(None, user.object_id)
    else:
        await accounts.reset_password(None, user.object_id)

    assert await sessions.find(token) is None


async def test_a_changed_password_ends_all_sessions_and_opens_one_for_this_browser(
    accounts: Accounts, sessions: Sessions, user: User
) -> None:
    here, there = await sign_in(accounts), await sign_in(accounts)
    token = await accounts.change_password(user.actor(), PASSWORD, "another horse", client=HOME)

    assert await sessions.find(here) is None
    assert await sessions.find(there) is None
    found = await sessions.find(token)
    assert found is not None
    assert not found[1].must_change_password
    await sign_in(accounts, "another horse")
    with pytest.raises(InvalidInput):
        await sign_in(accounts, PASSWORD)


async def test_a_reset_password_has_to_be_changed(accounts: Accounts, sessions: Sessions, user: User) -> None:
    temporary = await accounts.reset_password(None, user.object_id)
    found = await sessions.find(await sign_in(accounts, temporary))
    assert found is not None
    assert found[1].must_change_password

    await accounts.change_password(user.actor(), temporary, "another horse", client=HOME)
    assert not (await accounts.get(str(user.id))).must_change_password


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("wrong horse", "another horse", "old_password"),
        (PASSWORD, "short", "password"),
        (PASSWORD, PASSWORD, "password"),
    ],
)
async def test_a_password_that_cannot_be_changed_so_stays(
    accounts: Accounts, sessions: Sessions, user: User, old: str, new: str, field: str
) -> None:
    token = await sign_in(accounts)
    with pytest.raises(InvalidInput) as refused:
        await accounts.change_password(user.actor(), old, new, client=HOME)

    assert set(refused.value.fields) == {field}
    assert await sessions.find(token) is not None
    await sign_in(accounts)


async def test_the_old_password_cannot_be_guessed_from_a_stolen_session(accounts: Accounts, user: User) -> None:
    for _ in range(FREE_PER_USER):
        with pytest.raises(InvalidInput):
            await accounts.change_password(user.actor(), "wrong horse", "another horse", client=HOME)

    with pytest.raises(TooMany):
        await accounts.change_password(user.actor(), PASSWORD, "another horse", client=HOME)
