"""A database per test, empty or prepared, and an outlet on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from media_tracker.db.connection import Database, open_database
from media_tracker.db.migrations import COLLECTION as MIGRATED
from media_tracker.migrations import MIGRATIONS
from tests.cli.processes import CommandLine
from tests.services.origin import Origin, running_origin
from tests.traces import Traces

WHEN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest_asyncio.fixture
async def empty_database(mongodb_uri: str) -> AsyncIterator[Database]:
    """A database of the test's own, with nothing in it; gone afterwards."""
    async with open_database(mongodb_uri, f"media_tracker_cli_{uuid4().hex[:12]}", timeout_seconds=30) as database:
        yield database
        await database.client.drop_database(database.name)


@pytest.fixture
def unprepared(mongodb_uri: str, empty_database: Database, tmp_path: Path) -> CommandLine:
    """The command line on a database that nobody has migrated."""
    return _command_line(mongodb_uri, empty_database, tmp_path)


@pytest_asyncio.fixture
async def own_database(database: Database, starting_tables: Database, traces: Traces) -> Database:
    """The worker's database as ``db init`` leaves one, without the half minute that building its indexes takes."""
    if not traces.has_tables:
        await traces.put_tables(starting_tables)
    rows = [{"_id": each.number, "name": each.name, "applied_at": WHEN} for each in MIGRATIONS]
    await database[MIGRATED].insert_many(rows)
    return database


@pytest.fixture
def cli(mongodb_uri: str, own_database: Database, tmp_path: Path) -> CommandLine:
    """The command line on a prepared database."""
    return _command_line(mongodb_uri, own_database, tmp_path)


def _command_line(uri: str, database: Database, folder: Path) -> CommandLine:
    own = {"MONGODB_URI": uri, "MEDIA_TRACKER_DATABASE": database.name}
    data = {"MEDIA_TRACKER_DATA_DIR": str(folder / "data"), "MEDIA_TRACKER_HOST_GAP": "0"}
    return CommandLine(folder, own | data)


@pytest_asyncio.fixture
async def origin() -> AsyncIterator[Origin]:
    """An outlet's server, in the test's own loop."""
    async with running_origin() as running:
        yield running


@pytest.fixture
def reading(cli: CommandLine, origin: Origin) -> CommandLine:
    """The command line that may read the outlet on loopback."""
    return cli.setting(FETCH_ALLOW=f"127.0.0.1:{origin.port}")
