"""Which days somebody asks for, and which days to compare them with. Pure."""

from __future__ import annotations

from calendar import monthrange
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


def before(period: Period) -> Period:
    """The days to compare ``period`` with (上期), none of which lie in it.

    Days that begin with a month are compared with the same days as many months before: this month so far with the same days
    of last month, a quarter with the quarter before; from the first of January on, when they are more than a month, with the
    same days of last year. A last day that the other month does not have is that month's last, and a month's last day stays
    one. Of a week that begins on a Monday the same days of last week; of anything else as many days right before it.
    """
    length = period.end - period.start + timedelta(days=1)
    if period.start.day == 1:
        spanned = len(months(period))
        back = 12 if period.start.month == 1 and 1 < spanned <= 12 else spanned
        return Period(_months_before(period.start, back), _months_before(period.end, back))
    back_by = timedelta(days=7) if period.start.weekday() == 0 and length <= timedelta(days=7) else length
    return Period(period.start - back_by, period.end - back_by)


def _months_before(day: date, count: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - count, 12)
    last = monthrange(year, month + 1)[1]
    is_last = day.day == monthrange(day.year, day.month)[1]
    return date(year, month + 1, last if is_last else min(day.day, last))


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
