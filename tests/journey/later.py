"""The same server on a clock that is ahead, so that what falls due in weeks can be played in seconds."""

from __future__ import annotations

import os
import sys
from datetime import datetime, timedelta
from functools import partial

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from media_tracker import app
from media_tracker.db.clock import system_clock
from media_tracker.settings import Settings
from media_tracker.web.edge import Edge
from media_tracker.wiring import open_services

AHEAD = "JOURNEY_DAYS_AHEAD"


def clock() -> datetime:
    """The machine's time, and as many days as the environment says."""
    return system_clock() + timedelta(days=int(os.environ[AHEAD]))


def application() -> Edge:
    """What ``serve`` serves, but for the clock."""
    app.open_services = partial(open_services, clock=clock)  # type: ignore[assignment]
    return app.create_asgi(Settings())


if __name__ == "__main__":
    Granian(
        "tests.journey.later:application",
        port=int(sys.argv[1]),
        interface=Interfaces.ASGI,
        factory=True,
        websockets=False,
        log_level=LogLevels.warning,
    ).serve()
