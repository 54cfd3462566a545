"""The services on a real database, an outlet's server on loopback; after each test nothing may be lost or doubled."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from media_tracker.net.fetch import Fetcher
from media_tracker.wiring import Services, assemble
from tests.fake_clock import FakeClock
from tests.services.invariants import assert_nothing_lost_or_doubled
from tests.services.origin import Origin, running_origin
from tests.services.scene import Scene


@pytest_asyncio.fixture(scope="session")
async def _running_origin() -> AsyncIterator[Origin]:
    async with running_origin() as origin:
        yield origin


@pytest.fixture
def origin(_running_origin: Origin) -> Origin:
    _running_origin.answers.clear()
    _running_origin.sent.clear()
    return _running_origin


@pytest.fixture
def fetch_allow(origin: Origin) -> frozenset[tuple[str, int]]:
    return frozenset({("127.0.0.1", origin.port)})


@pytest_asyncio.fixture
async def scene(services: Services, origin: Origin, clock: FakeClock) -> AsyncIterator[Scene]:
    yield await Scene.set_up(services, origin, clock)
    await assert_nothing_lost_or_doubled(services)


@pytest_asyncio.fixture
async def other_process(services: Services, origin: Origin, clock: FakeClock) -> AsyncIterator[Services]:
    """The same installation in another process: its own services, caches, connections out and name."""
    async with Fetcher(user_agent="media-tracker/other", allow={("127.0.0.1", origin.port)}, host_gap=0) as fetcher:
        yield assemble(services.settings, services.database, fetcher, clock)


@pytest_asyncio.fixture
async def polite(services: Services, origin: Origin, scene: Scene) -> AsyncIterator[Services]:
    """The installation with a gap of five seconds."""
    settings = services.settings.model_copy(update={"host_gap": 5.0})
    allow = {("127.0.0.1", origin.port)}
    async with Fetcher(user_agent="media-tracker/polite", allow=allow, host_gap=0) as fetcher:
        yield assemble(settings, services.database, fetcher, scene.clock)
