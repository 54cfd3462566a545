"""What tests share: a real MongoDB, one database per test process, and a clock that stands still.

The server is the one of ``MONGODB_URI``, or else an embedded one for the run, which all xdist workers join. Without either
the run fails; nothing is skipped.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import pytest
import pytest_asyncio
from beanie import init_beanie
from pymongo import IndexModel

from media_tracker.db.connection import Database, open_database
from media_tracker.db.embedded import EmbeddedServer
from media_tracker.db.events import EventLog
from media_tracker.db.transactions import Transactor
from media_tracker.wiring import DOCUMENTS, INDEXES
from tests.fake_clock import FakeClock


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
        await init_beanie(database=database, document_models=list(DOCUMENTS), skip_indexes=True)
        await build_indexes(database, INDEXES)
        yield database
        await database.client.drop_database(database_name)


@pytest_asyncio.fixture
async def database(migrated_database: Database) -> AsyncIterator[Database]:
    """The worker's database, emptied after the test (dropping it would cost the indexes)."""
    yield migrated_database
    names = await migrated_database.list_collection_names(filter={"name": {"$not": {"$regex": "^system\\."}}})
    await asyncio.gather(*(migrated_database[name].delete_many({}) for name in names))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def log(database: Database, clock: FakeClock) -> EventLog:
    return EventLog(database, clock)


@pytest.fixture
def transactor(database: Database, log: EventLog) -> Transactor:
    return Transactor(database, log)


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
