"""Which days somebody asks for. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

from media_tracker.errors import N_, InvalidInput
from media_tracker.monitor.facts import Period

EARLIEST = date(1990, 1, 1)
LATEST = date(2200, 12, 31)
LONGEST = timedelta(days=3660)
"""A list of ten years is as much as one page can be asked for."""


class Quick(StrEnum):
    """A period that one click chooses; each ends today."""

    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    DAYS_30 = "days_30"


QUICK_NAMES: dict[Quick, str] = {
    Quick.WEEK: N_("This week"),
    Quick.MONTH: N_("This month"),
    Quick.YEAR: N_("This year"),
    Quick.DAYS_30: N_("The last 30 days"),
}


def quick(which: Quick, today: date) -> Period:
    """The days of ``which``, up to ``today``. A week begins on Monday."""
    match which:
        case Quick.WEEK:
            return Period(today - timedelta(days=today.weekday()), today)
        case Quick.MONTH:
            return Period(today.replace(day=1), today)
        case Quick.YEAR:
            return Period(today.replace(month=1, day=1), today)
        case Quick.DAYS_30:
            return Period(today - timedelta(days=29), today)


def read_period(start: str, end: str, today: date) -> Period:
    """The days ``start`` to ``end`` as forms send them; an empty end is ``today``, an empty start that year's first day.

    Raises:
        InvalidInput: no days, in the wrong order, or more than ten years; ``fields`` are ``from`` and ``to``.
    """
    fields: dict[str, str] = {}
    last = _day(end, "to", fields) or today
    first = _day(start, "from", fields) or last.replace(month=1, day=1)
    if not fields and last < first:
        fields["to"] = N_("The period must not end before it begins.")
    elif not fields and last - first > LONGEST:
        fields["from"] = N_("Please choose ten years at most.")
    if fields:
        raise InvalidInput(next(iter(fields.values())), fields)
    return Period(first, last)


def months(period: Period) -> list[str]:
    """Every month that has a day in ``period``, as ``2022-03``, in order."""
    first, last = (day.year * 12 + day.month - 1 for day in (period.start, period.end))
    return [f"{month // 12:04}-{month % 12 + 1:02}" for month in range(first, last + 1)]


def _day(text: str, name: str, fields: dict[str, str]) -> date | None:
    text = text.strip()
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not EARLIEST <= day <= LATEST:
        fields[name] = N_("Please give a day as year-month-day.")
        return None
    return day
