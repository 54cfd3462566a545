"""When was an entry published? Reads the dates that feeds carry. Pure.

RFC 822 and RFC 3339 are what the formats ask for (RSS 2.0, RFC 4287); the rest is what Chinese sites write. A date without a zone
is local to the installation, not UTC: a city paper that writes ``2022-03-24 08:30`` means its own clock.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from email.utils import parsedate_tz
from time import struct_time
from typing import Literal
from zoneinfo import ZoneInfo

Precision = Literal["minute", "day"]
"""``day``: only the date is known, the time of day is not to be relied on."""

OLDEST_YEAR = 1990
FUTURE_ALLOWED = timedelta(days=1)

_NUMERIC = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
    r"(?:(?:T|\s|,|，)*(\d{1,2})\s*[:：时点]\s*(\d{1,2})(?:\s*[:：分]\s*(\d{1,2})?(?:[.,]\d{1,9})?)?\s*秒?)?"
    r"\s*(Z|UTC|GMT|CST|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_SECONDS = re.compile(r"(\d{10})(?:\d{3})?")
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})")
_HAS_TIME = re.compile(r"\d[:：时点]\s*\d")
_ZONE_TOKEN = re.compile(r":\d{2}(?:\.\d+)?\s*([+-]\d{2}:?\d{2}|[A-Za-z]{1,5})\b")


@dataclass(frozen=True, slots=True)
class FeedDate:
    """A moment (aware, UTC, whole milliseconds) and how much of it is known."""

    moment: datetime
    precision: Precision


def read_date(text: str, parsed: struct_time | None, zone: ZoneInfo) -> FeedDate | None:
    """The moment that ``text`` names, or None. ``parsed`` is feedparser's reading (UTC), the last resort for odd formats."""
    text = text.strip()[:100]
    try:
        return _numeric(text, zone) or _rfc822(text, zone) or _epoch(text, zone) or _foreign(text, parsed, zone)
    except (ValueError, OverflowError):
        return None


def plausible(date: FeedDate, now: datetime) -> bool:
    """Whether a story may bear this date: from 1990 on, and no more than a day ahead of ``now``."""
    return date.moment.year >= OLDEST_YEAR and date.moment <= now + FUTURE_ALLOWED


def _numeric(text: str, zone: ZoneInfo) -> FeedDate | None:
    match = _NUMERIC.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, offset = match.groups()
    clock = (int(hour or 0), int(minute or 0), min(int(second or 0), 59))
    written = datetime(int(year), int(month), int(day), *clock, tzinfo=_offset(offset, zone))
    return _date(written, zone, has_time=hour is not None)


def _rfc822(text: str, zone: ZoneInfo) -> FeedDate | None:
    fields = parsedate_tz(text.replace("：", ":"))
    if fields is None:
        return None
    token = _ZONE_TOKEN.search(text)
    where: tzinfo = zone
    if token is not None and token[1].upper() != "CST":  # which the library takes for America's central time
        where = timezone(timedelta(seconds=fields[9] or 0))
    year, month, day, hour, minute, second = fields[:6]
    written = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=where)
    return _date(written, zone, has_time=bool(_HAS_TIME.search(text)))


def _epoch(text: str, zone: ZoneInfo) -> FeedDate | None:
    match = _SECONDS.fullmatch(text)
    if match is None:
        return None
    return _date(datetime.fromtimestamp(int(match[1]), UTC), zone, has_time=True)


def _foreign(text: str, parsed: struct_time | None, zone: ZoneInfo) -> FeedDate | None:
    if parsed is None:
        return None
    year, month, day, hour, minute, second = parsed[:6]
    written = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    return _date(written, zone, has_time=bool(_HAS_TIME.search(text)))


def _offset(text: str | None, zone: ZoneInfo) -> tzinfo:
    if text is None or text.upper() == "CST":
        return zone
    match = _OFFSET.fullmatch(text)
    if match is None:
        return UTC
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(-offset if match[1] == "-" else offset)


def _date(written: datetime, zone: ZoneInfo, *, has_time: bool) -> FeedDate:
    """Midnight to the second, as written or on the local clock, is a date without a time in disguise."""
    midnight = time(0, 0)
    local = written.astimezone(zone)
    is_day = not has_time or midnight in (written.time(), local.time())
    return FeedDate(written.astimezone(UTC), "day" if is_day else "minute")
