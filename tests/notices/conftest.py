"""A town on a real database."""

from __future__ import annotations

import pytest_asyncio

from media_tracker.db.connection import Database
from tests.fake_clock import FakeClock
from tests.notices.scene import Town, build_town
from tests.web.problem_scene import build_city


@pytest_asyncio.fixture
async def town(database: Database, clock: FakeClock) -> Town:
    return await build_town(await build_city(database, clock))
