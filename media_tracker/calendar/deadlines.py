"""Deadlines in working days or calendar hours.

Working days follow the official calendar with its moved days (调休), as chinesecalendar has it; a year that it does not know
falls back to Monday to Friday, and the deadline says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import chinese_calendar

LimitUnit = Literal["workday", "hour"]


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment, and whether the official calendar covered every day on the way to it."""

    at: datetime
    official: bool


def is_working_day(day: date) -> tuple[bool, bool]:
    """Whether ``day`` is worked, and whether the official calendar says so (else: Monday to Friday)."""
    try:
        return bool(chinese_calendar.is_workday(day)), True
    except NotImplementedError:  # how the library says that it does not know this year
        return day.weekday() < 5, False


def deadline(start: datetime, limit: int, unit: LimitUnit, zone: ZoneInfo) -> Deadline:
    """The last moment for something that began at ``start``, with ``limit`` working days or calendar hours.

    Working days are counted from the day after ``start`` (the day of receipt does not count, as 山东省 12345 hotline rules have
    it) and end with the last one's end, 24:00 in ``zone``.
    """
    if unit == "hour":
        return Deadline(start + timedelta(hours=limit), official=True)
    day = start.astimezone(zone).date()
    official = True
    left = limit
    while left > 0:
        day += timedelta(days=1)
        worked, known = is_working_day(day)
        official = official and known
        left -= worked
    return Deadline(datetime.combine(day + timedelta(days=1), time(), zone).astimezone(start.tzinfo), official)
