"""The city of the problem scene, and the people whom most pages of problems are asked by."""

from __future__ import annotations

import pytest_asyncio

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import User
from media_tracker.db.connection import Database
from tests.fake_clock import FakeClock
from tests.web.problem_scene import City, build_city


@pytest_asyncio.fixture
async def city(database: Database, clock: FakeClock) -> City:
    return await build_city(database, clock)


@pytest_asyncio.fixture
async def official(city: City) -> User:
    return await city.user("olga", Role.OFFICIAL, units=(city.cleaners,))


@pytest_asyncio.fixture
async def inspector(city: City) -> User:
    return await city.user("ines", Role.INSPECTOR, units=(city.patrol,))


@pytest_asyncio.fixture
async def editor(city: City) -> User:
    return await city.user("edith", Role.EDITOR)
