"""The database for random campaigns, which hypothesis tries in another event loop than that of the suite."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from media_tracker.db.connection import Database
from tests.conftest import bind_documents
from tests.monitor.asking import Apart
from tests.traces import Traces


@pytest_asyncio.fixture(scope="module")
async def apart(mongodb_uri: str, migrated_database: Database, traces: Traces) -> AsyncIterator[Apart]:
    """The worker's database, used from another event loop."""
    await traces.keep_only(())
    apart = Apart(mongodb_uri, migrated_database.name)
    yield apart
    apart.close()
    await bind_documents(migrated_database)
