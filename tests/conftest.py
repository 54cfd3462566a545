"""What tests share: a real MongoDB, one database per test process, and a clock that stands still.

The server is the one of ``MONGODB_URI``, or else an embedded one for the run, which all xdist workers join. Without either
the run fails; nothing is skipped.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import pytest
import pytest_asyncio
from argon2 import PasswordHasher
from beanie import init_beanie
from hypothesis import HealthCheck
from hypothesis import settings as property_settings
from pymongo import IndexModel

from media_tracker.accounts.passwords import Passwords
from media_tracker.db.connection import Database, open_database
from media_tracker.db.embedded import EmbeddedServer
from media_tracker.db.events import EventLog
from media_tracker.db.transactions import Transactor
from media_tracker.desk import second_look
from media_tracker.migrations import m0001_starting_tables
from media_tracker.monitor import following
from media_tracker.net.fetch import Fetcher, FetchLimits
from media_tracker.settings import Settings
from media_tracker.wiring import DOCUMENTS, INDEXES, Services, assemble
from tests.fake_clock import FakeClock
from tests.traces import Traces

# How long an example takes says more about the machine than about the code.
property_settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
property_settings.load_profile("any machine")


@pytest.fixture(scope="session")
def mongod_dir(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Where the run's embedded server keeps its data: one place for all workers of the run."""
    base = tmp_path_factory.getbasetemp()
    return (base if worker_id == "master" else base.parent) / "mongod"


@pytest_asyncio.fixture(scope="session")
async def mongodb_uri(mongod_dir: Path) -> AsyncIterator[str]:
    """A replica set that answers."""
    given = os.environ.get("MONGODB_URI")
    if given:
        yield given
        return
    async with EmbeddedServer(mongod_dir) as server:
        yield server.uri


@pytest.fixture(scope="session")
def database_name(testrun_uid: str, worker_id: str) -> str:
    """A name that no other worker and no other run uses."""
    return f"media_tracker_test_{testrun_uid[:8]}_{worker_id}"


@pytest_asyncio.fixture(scope="session")
async def migrated_database(mongodb_uri: str, database_name: str) -> AsyncIterator[Database]:
    """The worker's database with all indexes, for the whole run. Tests ask for ``database``."""
    async with open_database(mongodb_uri, database_name, timeout_seconds=30) as database:
        await bind_documents(database)
        await build_indexes(database, INDEXES)
        yield database
        await database.client.drop_database(database_name)


@pytest.fixture(scope="session")
def traces(migrated_database: Database) -> Traces:
    """What the test at hand has written to the worker's database."""
    return Traces(migrated_database)


@pytest_asyncio.fixture
async def database(
    migrated_database: Database, traces: Traces, request: pytest.FixtureRequest
) -> AsyncIterator[Database]:
    """The worker's database, emptied after the test (dropping it would cost the indexes)."""
    await bind_documents(migrated_database)
    await traces.keep_only(request.fixturenames)
    await traces.begin()
    yield migrated_database
    await traces.wipe()


@pytest.fixture(autouse=True)
def nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """No story is drawn for a blind second look, unless a test asks for it: which one would be is left to chance."""
    monkeypatch.setattr(second_look, "SHARE", 0.0)


@pytest.fixture(autouse=True)
def figures_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """No page shows figures of a moment ago because the machine is busy, unless a test asks for it."""
    monkeypatch.setattr(following, "PATIENCE", 60.0)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def log(database: Database, clock: FakeClock) -> EventLog:
    return EventLog(database, clock)


@pytest.fixture
def transactor(database: Database, log: EventLog) -> Transactor:
    return Transactor(database, log)


@pytest_asyncio.fixture(scope="session")
async def starting_tables(migrated_database: Database) -> AsyncIterator[Database]:
    """A database beside the worker's that holds the starting tables and nothing else: read once, copied often."""
    beside = migrated_database.client.get_database(f"{migrated_database.name}_tables")
    await m0001_starting_tables.up(beside)
    yield beside
    await beside.client.drop_database(beside.name)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of an installation that nobody has set anything for."""
    return Settings(_env_file=None, data_dir=tmp_path / "data")


@pytest.fixture
def fetch_allow() -> frozenset[tuple[str, int]]:
    """Loopback addresses that ``services`` may fetch from: none, unless a folder's own conftest says which."""
    return frozenset()


@pytest_asyncio.fixture
async def services(
    database: Database,
    starting_tables: Database,
    traces: Traces,
    settings: Settings,
    clock: FakeClock,
    fetch_allow: frozenset[tuple[str, int]],
) -> AsyncIterator[Services]:
    """Every service, wired as the application wires them, on a database with the starting tables; cheap hashing."""
    if not traces.has_tables:
        await traces.put_tables(starting_tables)
    limits = FetchLimits(total_seconds=10, bytes_decompressed=2 * 2**20)
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    async with Fetcher(user_agent="media-tracker/test", limits=limits, allow=fetch_allow, host_gap=0) as fetcher:
        without_gap = settings.model_copy(update={"host_gap": 0.0})
        yield assemble(without_gap, database, fetcher, clock, passwords, chance=lambda: 0.5)


async def bind_documents(database: Database) -> None:
    """Let the document classes work on ``database``. They know one at a time, and a test may have lent them to another."""
    bound = [document.get_pymongo_collection().database for document in DOCUMENTS if document._document_settings]
    if len(bound) < len(DOCUMENTS) or any(
        there.client is not database.client or there.name != database.name for there in bound
    ):
        await init_beanie(database=database, document_models=list(DOCUMENTS), skip_indexes=True)


async def build_indexes(database: Database, indexes: Mapping[str, Sequence[IndexModel]]) -> None:
    """Build ``indexes``, but let nothing expire: the server's clock runs while the test's stands in the past."""
    for collection, declared in indexes.items():
        if declared:
            await database[collection].create_indexes([_without_expiry(index) for index in declared])


def _without_expiry(index: IndexModel) -> IndexModel:
    document = dict(index.document)
    keys = document.pop("key")
    document.pop("expireAfterSeconds", None)
    return IndexModel(list(keys.items()), **document)
