"""The room, wired as the application wires it; only the hashing is cheap."""

from __future__ import annotations

from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from media_tracker.accounts.actor import Role
from media_tracker.accounts.audit import Audit
from media_tracker.accounts.duties import Duties
from media_tracker.accounts.passwords import Passwords
from media_tracker.accounts.service import Accounts
from media_tracker.accounts.sessions import Sessions
from media_tracker.accounts.throttle import Throttle
from media_tracker.db.connection import Database
from media_tracker.db.transactions import Transactor
from tests.fake_clock import FakeClock

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=8)
ADMIN = Duties(frozenset({Role.ADMIN}))
EDITOR = Duties(frozenset({Role.EDITOR}))


@pytest.fixture(scope="session")
def passwords() -> Passwords:
    return Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture
def sessions(database: Database, clock: FakeClock) -> Sessions:
    return Sessions(database, clock, idle=IDLE, absolute=ABSOLUTE)


@pytest.fixture
def throttle(database: Database, clock: FakeClock) -> Throttle:
    return Throttle(database, clock)


@pytest.fixture
def audit(database: Database, clock: FakeClock) -> Audit:
    return Audit(database, clock)


@pytest.fixture
def accounts(
    database: Database,
    clock: FakeClock,
    transactor: Transactor,
    passwords: Passwords,
    sessions: Sessions,
    throttle: Throttle,
    audit: Audit,
) -> Accounts:
    return Accounts(database, clock, transactor, passwords=passwords, sessions=sessions, throttle=throttle, audit=audit)
