"""The city of the problem scene, the people whom most pages of problems are asked by, and a campaign with released figures."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import User
from media_tracker.db.connection import Database
from media_tracker.db.events import SYSTEM
from media_tracker.monitor.documents import Release
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.web.admin_scene import browser_as
from tests.web.browser import Browser
from tests.web.figures_scene import OFFICE, QUARTER, Campaign, campaign
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


# What is released of a campaign; on the ``services`` of the test's own module.


@pytest_asyncio.fixture
async def told(services: Services, clock: FakeClock) -> Campaign:
    return await campaign(services, clock)


@pytest_asyncio.fixture
async def release(services: Services, told: Campaign) -> Release:
    return await services.releases.release(QUARTER, OFFICE, SYSTEM)


@pytest_asyncio.fixture
async def stranger(services: Services) -> AsyncIterator[Browser]:
    async with await browser_as(services) as browser:
        yield browser


@pytest_asyncio.fixture
async def office(services: Services) -> AsyncIterator[Browser]:
    async with await browser_as(services, Role.PUBLICITY) as browser:
        yield browser
