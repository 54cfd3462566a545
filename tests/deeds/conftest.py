"""The desk that tests of deeds work at."""

from __future__ import annotations

import pytest

from media_tracker.db.transactions import Transactor
from media_tracker.wiring import Services
from tests.deeds.scene import Desk
from tests.fake_clock import FakeClock


@pytest.fixture
def desk(services: Services, transactor: Transactor, clock: FakeClock) -> Desk:
    return Desk(services, transactor, clock)
