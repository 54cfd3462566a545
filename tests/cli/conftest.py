"""A database per test, empty or prepared, and an outlet on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from media_tracker.db.connection import Database, open_database
from tests.cli.processes import CommandLine
from tests.services.origin import Origin, running_origin


@pytest_asyncio.fixture
async def own_database(mongodb_uri: str) -> AsyncIterator[Database]:
    """A database of the test's own, with nothing in it; gone afterwards."""
    async with open_database(mongodb_uri, f"media_tracker_cli_{uuid4().hex[:12]}", timeout_seconds=30) as database:
        yield database
        await database.client.drop_database(database.name)


@pytest.fixture
def unprepared(mongodb_uri: str, own_database: Database, tmp_path: Path) -> CommandLine:
    """The command line on a database that nobody has migrated."""
    own = {"MONGODB_URI": mongodb_uri, "MEDIA_TRACKER_DATABASE": own_database.name}
    data = {"MEDIA_TRACKER_DATA_DIR": str(tmp_path / "data"), "MEDIA_TRACKER_HOST_GAP": "0"}
    return CommandLine(tmp_path, own | data)


@pytest_asyncio.fixture
async def cli(unprepared: CommandLine) -> CommandLine:
    """The command line on a prepared database."""
    await unprepared.done("db", "init")
    return unprepared


@pytest_asyncio.fixture
async def origin() -> AsyncIterator[Origin]:
    """An outlet's server, in the test's own loop."""
    async with running_origin() as running:
        yield running


@pytest.fixture
def reading(cli: CommandLine, origin: Origin) -> CommandLine:
    """The command line that may read the outlet on loopback."""
    return cli.setting(FETCH_ALLOW=f"127.0.0.1:{origin.port}")
