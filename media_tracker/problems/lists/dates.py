"""Days and deadlines as lists of problems have them: dates of Excel's, numbers that were dates, and what people write. Pure."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from media_tracker.calendar.deadlines import deadline
from media_tracker.files.rows import Cell
from media_tracker.ingest.feed_dates import FeedDate, read_date
from media_tracker.problems.lists.words import AT_ONCE, NO_LIMIT

_FIRST_EXCEL_DAY, _LAST_EXCEL_DAY = 30_000, 80_000
"""Days of Excel's calendar, from 1982 to 2119: numbers in a date column that has lost its format."""
_EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - the local calendar of a sheet, which knows no zones
_COMPACT = re.compile(r"((?:19|20)\d{2})([01]\d)([0-3]\d)")
_SHORT_YEAR = re.compile(r"(\d{2})([-/.年]\d{1,2}[-/.月]\d{1,2}日?)")
_YEARLESS = re.compile(r"(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?")
_MONTH = re.compile(r"(?:((?:19|20)\d{2})\s*[-/.年]\s*)?(\d{1,2})\s*月(?:份)?(?:底|末)?")
_BEFORE = re.compile(r"(?:之?前(?:完成|办结|整改到位|整改完成|整改)?|完成|办结)$")
_PART_OF_DAY = re.compile(r"(?:上午|下午|中午|早上|晚上|晚|晨|夜)$")
_WITHIN = re.compile(
    r"(?:限期?|接[单到]后)?(\d{1,3})\s*(个?工作日|天|日|个?小时|h)(?:之?内)?(?:完成|办结|整改)?", re.IGNORECASE
)
_YEAR = re.compile(r"(?<!\d)(20\d{2})(?=\s*[年\-—.·度]|\s*第)")


@dataclass(frozen=True, slots=True)
class Calendar:
    """What dates without a year, or without a zone, are read against."""

    zone: ZoneInfo
    now: datetime
    year: int | None = None
    """The year that the sheet is of; None where it does not say: then a day without a year is the last such day."""


def year_of(texts: Iterable[str]) -> int | None:
    """The year that a sheet is of, by what stands over its headings or in its name: 2022年创城问题清单."""
    return next((int(match[1]) for text in texts if (match := _YEAR.search(unicodedata.normalize("NFKC", text)))), None)


def read_day(cell: Cell, by: Calendar) -> FeedDate | None:
    """The moment that a cell holds, to the minute or to the day; None if it cannot be read."""
    if isinstance(cell, bool | time | timedelta):
        return None
    if isinstance(cell, int | float):
        if not _FIRST_EXCEL_DAY <= cell < _LAST_EXCEL_DAY:
            return _compact(str(int(cell)), by) if cell == int(cell) else None
        cell = _EXCEL_EPOCH + timedelta(minutes=round(cell * 1_440))
    if isinstance(cell, datetime):
        return _local(cell.date(), by, cell.time()) if cell.year >= 1000 else None
    if isinstance(cell, date):
        return _local(cell, by)
    text = _PART_OF_DAY.sub("", unicodedata.normalize("NFKC", str(cell)).strip()[:40]).strip()
    try:
        return _compact(text, by) or _short_year(text, by) or _yearless(text, by) or _written(text, by)
    except (ValueError, OverflowError):
        return None


def read_deadline(cell: Cell, found: FeedDate | None, by: Calendar) -> tuple[bool, datetime | None]:
    """Whether a deadline could be read, and its last moment; None: there is none.

    A day ends with its last moment; 立行立改 is the day of the finding, ``found``, and 3日内 or 5个工作日 count from it.
    """
    if not isinstance(cell, str):
        day = read_day(cell, by)
        return day is not None, end_of_day(day, by.zone) if day else None
    text = unicodedata.normalize("NFKC", cell).replace(" ", "")
    if not text or text in NO_LIMIT:
        return True, None
    if text in AT_ONCE or (within := _WITHIN.fullmatch(text)):
        if found is None:
            return False, None
        return True, end_of_day(found, by.zone) if text in AT_ONCE else _within(within, found, by)
    text = _BEFORE.sub("", text)
    if month := _MONTH.fullmatch(text):
        return _end_of_month(month, found, by)
    day = read_day(text, by if found is None else Calendar(by.zone, by.now, _year(found, by)))
    if day is not None and found is not None and _YEARLESS.fullmatch(text) and _day(day, by) < _day(found, by):
        day = read_day(text, Calendar(by.zone, by.now, _year(found, by) + 1))
    return day is not None, end_of_day(day, by.zone) if day else None


def _compact(text: str, by: Calendar) -> FeedDate | None:
    match = _COMPACT.fullmatch(text)
    return _local(date(int(match[1]), int(match[2]), int(match[3])), by) if match else None


def _short_year(text: str, by: Calendar) -> FeedDate | None:
    match = _SHORT_YEAR.fullmatch(text)
    return read_date(f"20{match[1]}{match[2]}", None, by.zone) if match else None


def _yearless(text: str, by: Calendar) -> FeedDate | None:
    match = _YEARLESS.fullmatch(text)
    if match is None:
        return None
    month, number = int(match[1]), int(match[2])
    if by.year is not None:
        return _local(date(by.year, month, number), by)
    today = by.now.astimezone(by.zone).date()
    for year in range(today.year, today.year - 9, -1):  # 29 February comes every four years, and once after eight
        if number <= monthrange(year, month)[1] and date(year, month, number) <= today:
            return _local(date(year, month, number), by)
    return None


def _written(text: str, by: Calendar) -> FeedDate | None:
    """A date with its year. Anything else that a feed may write is none of a sheet's."""
    return read_date(text, None, by.zone) if re.match(r"(?:19|20)\d{2}\D", text) else None


def _local(day: date, by: Calendar, at: time = time()) -> FeedDate:
    moment = datetime.combine(day, at.replace(microsecond=0), by.zone).astimezone(UTC)
    return FeedDate(moment, "day" if at == time() else "minute")


def _day(moment: FeedDate, by: Calendar) -> date:
    return moment.moment.astimezone(by.zone).date()


def _year(moment: FeedDate, by: Calendar) -> int:
    return _day(moment, by).year


def end_of_day(moment: FeedDate, zone: ZoneInfo) -> datetime:
    """The last moment that ``moment`` can mean: 24:00 of a day, else itself."""
    if moment.precision == "minute":
        return moment.moment
    day = moment.moment.astimezone(zone).date()
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def _within(match: re.Match[str] | None, found: FeedDate, by: Calendar) -> datetime:
    assert match is not None  # the caller has matched
    count, unit = int(match[1]), match[2].lower()
    if unit.endswith("小时") or unit == "h":
        return found.moment + timedelta(hours=count)
    if unit.endswith("工作日"):
        return deadline(found.moment, count, "workday", by.zone).at.astimezone(UTC)
    day = _day(found, by) + timedelta(days=count + 1)
    return datetime.combine(day, time(), by.zone).astimezone(UTC)


def _end_of_month(match: re.Match[str], found: FeedDate | None, by: Calendar) -> tuple[bool, datetime | None]:
    year = int(match[1]) if match[1] else (_year(found, by) if found else by.year)
    month = int(match[2])
    if year is None or not 1 <= month <= 12:
        return False, None
    if not match[1] and found is not None and month < _day(found, by).month:
        year += 1
    last = date(year, month, monthrange(year, month)[1])
    return True, end_of_day(_local(last, by), by.zone)
