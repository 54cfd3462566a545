"""The only place that asks the machine for the time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives an aware UTC time, cut to milliseconds: MongoDB keeps no more, and a value must equal itself after a round trip."""


def system_clock() -> datetime:
    """The machine's time."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
