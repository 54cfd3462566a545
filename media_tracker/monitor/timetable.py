"""When something is sent again and again, and which days it is about. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from media_tracker.errors import N_, InvalidInput
from media_tracker.monitor.bulletin_rules import last_week
from media_tracker.monitor.facts import Period

LAST_DAY = 28
"""Of a month, as far as every month has it."""


class Rhythm(StrEnum):
    """How often."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class Days(StrEnum):
    """Which days a file is about, seen from the day on which it is sent."""

    YESTERDAY = "yesterday"
    LAST_WEEK = "last_week"  # Friday to Thursday
    LAST_MONTH = "last_month"
    YEAR = "year"  # so far, up to yesterday


@dataclass(frozen=True, slots=True)
class Times:
    """At which moments: at ``hour`` o'clock, on ``weekday`` (0 is Monday) or on ``day`` of the month."""

    rhythm: Rhythm
    hour: int
    weekday: int = 0
    day: int = 1


def checked_times(times: Times) -> Times:
    """``times``; ``InvalidInput`` when there are no such."""
    wrong = N_("Please choose from the list.")
    fields = {
        name: wrong
        for name, value, first, last in (
            ("hour", times.hour, 0, 23),
            ("weekday", times.weekday, 0, 6),
            ("day", times.day, 1, LAST_DAY),
        )
        if not first <= value <= last
    }
    if fields:
        raise InvalidInput(N_("Please look at the marked fields."), fields)
    return times


def next_moment(times: Times, after: datetime, zone: ZoneInfo) -> datetime:
    """The first moment of ``times`` after ``after``."""
    day = after.astimezone(zone).date()
    while True:
        moment = datetime.combine(day, time(times.hour), zone)
        if moment > after and _is_on(times, day):
            return moment
        day += timedelta(days=1)


def days_of(which: Days, today: date) -> Period:
    """The days that a file sent ``today`` is about."""
    yesterday = today - timedelta(days=1)
    match which:
        case Days.YESTERDAY:
            return Period(yesterday, yesterday)
        case Days.LAST_WEEK:
            return last_week(today)
        case Days.LAST_MONTH:
            end = today.replace(day=1) - timedelta(days=1)
            return Period(end.replace(day=1), end)
        case Days.YEAR:
            return Period(yesterday.replace(month=1, day=1), yesterday)


def _is_on(times: Times, day: date) -> bool:
    if times.rhythm is Rhythm.WEEKLY:
        return day.weekday() == times.weekday
    return times.rhythm is Rhythm.DAILY or day.day == times.day
