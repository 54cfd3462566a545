"""When was an entry published? Reads the dates that feeds carry. Pure.

RFC 822 and RFC 3339 are what the formats ask for (RSS 2.0, RFC 4287); the rest is what Chinese sites write. A date without a zone
is local to the installation, not UTC: a city paper that writes ``2022-03-24 08:30`` means its own clock. List pages write dates
among other words, without a year, or as seen from now (昨天, 3小时前).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
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
_NUMERIC_WITHIN = re.compile(rf"(?<!\d){_NUMERIC.pattern}", re.IGNORECASE)
_SECONDS = re.compile(r"(\d{10})(?:\d{3})?")
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})")
_HAS_TIME = re.compile(r"\d[:：时点]\s*\d")
_ZONE_TOKEN = re.compile(r":\d{2}(?:\.\d+)?\s*([+-]\d{2}:?\d{2}|[A-Za-z]{1,5})\b")

_CLOCK = r"(?:\s*(?P<hour>[01]?\d|2[0-3])\s*[:：时点]\s*(?P<minute>[0-5]\d)(?!\d))?"
_AGO = re.compile(r"(?P<count>\d{1,3})\s*(?P<unit>秒|分钟|分|小时|个小时|天|日)(?:钟)?(?:之?前)")
_NEAR = re.compile(rf"(?P<day>刚刚|刚才|今天|今日|昨天|昨日|前天|前日){_CLOCK}")
_YEARLESS = re.compile(
    r"(?<![\d.年/-])(?P<month>1[0-2]|0?[1-9])\s*[-/.月]\s*(?P<date>3[01]|[12]\d|0?[1-9])(?![\d.]|\s*[-/.月])\s*[日号]?"
    + _CLOCK
)
_DAYS_BACK = {"今天": 0, "今日": 0, "昨天": 1, "昨日": 1, "前天": 2, "前日": 2}


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


def read_listed_date(text: str, zone: ZoneInfo, now: datetime) -> FeedDate | None:
    """The moment that a list page names beside a story, seen at ``now``; None if ``text`` names none.

    The first date counts, whatever stands around it (``发布时间：2026-11-21 08:30``). One without a year is the last such day.
    What is said to be hours ago is known to the day only: the page does not say which of an hour's minutes it means.
    """
    text = text.strip()[:200]
    try:
        return (
            read_date(text, None, zone)
            or _numeric_within(text, zone)
            or _seen_from(now, text, zone)
            or _yearless(text, zone, now)
        )
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


def _numeric_within(text: str, zone: ZoneInfo) -> FeedDate | None:
    match = _NUMERIC_WITHIN.search(text)
    return _numeric(match[0].strip(), zone) if match else None


def _seen_from(now: datetime, text: str, zone: ZoneInfo) -> FeedDate | None:
    """今天, 昨天 08:30, 5分钟前, 3小时前, 2天前."""
    today = now.astimezone(zone).date()
    if match := _AGO.search(text):
        count, unit = int(match["count"]), match["unit"]
        if unit in ("天", "日"):
            return _local(today - timedelta(days=count), None, zone)
        hours = unit.endswith("小时")
        moment = now - timedelta(hours=count) if hours else now - timedelta(minutes=0 if unit == "秒" else count)
        return FeedDate(_whole_minute(moment), "day" if hours else "minute")
    if match := _NEAR.search(text):
        if match["day"] not in _DAYS_BACK:
            return FeedDate(_whole_minute(now), "minute")
        return _local(today - timedelta(days=_DAYS_BACK[match["day"]]), match, zone)
    return None


def _yearless(text: str, zone: ZoneInfo, now: datetime) -> FeedDate | None:
    """11月21日, 11-21 08:30: the last such day that is not ahead of ``now``."""
    match = _YEARLESS.search(text)
    if match is None:
        return None
    latest = now.astimezone(zone).date()
    for year in range(latest.year, latest.year - 9, -1):  # 29 February comes every four years, and once after eight
        try:
            day = date(year, int(match["month"]), int(match["date"]))
        except ValueError:
            continue
        if day <= latest:
            return _local(day, match, zone)
    return None


def _local(day: date, clock: re.Match[str] | None, zone: ZoneInfo) -> FeedDate:
    """A day on the local clock, and the time of day if ``clock`` has one."""
    hour, minute = (clock["hour"], clock["minute"]) if clock else (None, None)
    written = datetime.combine(day, time(int(hour or 0), int(minute or 0)), tzinfo=zone)
    return _date(written, zone, has_time=hour is not None)


def _whole_minute(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


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
