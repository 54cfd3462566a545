"""A MongoDB of its own for the benchmarks, in a temporary directory; ``MONGODB_URI`` names another."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from media_tracker.db.embedded import EmbeddedServer


@asynccontextmanager
async def replica_set() -> AsyncIterator[str]:
    given = os.environ.get("MONGODB_URI")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="media-tracker-bench-") as folder:
        async with EmbeddedServer(Path(folder), cache_gb=1.0) as server:
            yield server.uri
