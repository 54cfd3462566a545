"""Dates as local news writes them (3月24日, 24日上午, 昨日, 上周), resolved against the day the story was published."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

_DATE = re.compile(
    r"(?<!\d)(?:(?P<year>(?:19|20)\d{2})年)?(?P<month>1[0-2]|0?[1-9])月(?P<day>3[01]|[12]\d|0?[1-9])[日号]"
    r"|(?<![\d月])(?P<only>3[01]|[12]\d|0?[1-9])日(?![本元均游子])"
    r"|(?P<near>大前天|前天|前日|昨天|昨日|昨晚|昨夜|昨|今天|今日|今晨|今早)(?![后年])"
    r"|(?P<week>上上周|上周|本周|上星期|这周|本星期)(?P<weekday>[一二三四五六日天])?"
)
_DAYS_BACK = {"大前天": 3, "前天": 2, "前日": 2, "昨": 1, "今": 0}
_WEEKS_BACK = {"上上": 2, "上": 1, "本": 0, "这": 0}
_WEEKDAYS = "一二三四五六日"
_FORWARD = timedelta(days=120)
"""A date without a year that lies further ahead than this is taken to be last year's."""


@dataclass(frozen=True, slots=True)
class DateMention:
    """``text[start:end]`` names the days ``first`` to ``last`` (the same day, unless a whole week is meant)."""

    start: int
    end: int
    first: date
    last: date


def find_dates(text: str, published: date) -> list[DateMention]:
    """Dates named in ``text`` (normalised), in order. A day that does not exist (2月30日) is left out."""
    found = []
    for match in _DATE.finditer(text):
        days = _resolve(match, published)
        if days is not None:
            found.append(DateMention(match.start(), match.end(), *days))
    return found


def _resolve(match: re.Match[str], published: date) -> tuple[date, date] | None:
    part = match.groupdict()
    if part["month"]:
        day = _day_of_month(part["year"], int(part["month"]), int(part["day"]), published)
    elif part["only"]:
        day = _latest_day(int(part["only"]), published)
    elif part["near"]:
        near = part["near"]
        back = _DAYS_BACK.get(near, _DAYS_BACK.get(near[0], 0))
        day = published - timedelta(days=back)
    else:
        return _week(part["week"], part["weekday"], published)
    return None if day is None else (day, day)


def _day_of_month(year: str | None, month: int, day: int, published: date) -> date | None:
    if year is not None:
        return _date(int(year), month, day)
    this_year = _date(published.year, month, day)
    if this_year is not None and this_year <= published + _FORWARD:
        return this_year
    return _date(published.year - 1, month, day)


def _latest_day(day: int, published: date) -> date | None:
    """The last day with that number up to tomorrow (a morning paper may print tomorrow's date in advance)."""
    this_month = _date(published.year, published.month, day)
    if this_month is not None and this_month <= published + timedelta(days=1):
        return this_month
    before = published.replace(day=1) - timedelta(days=1)
    return _date(before.year, before.month, day)


def _week(week: str, weekday: str | None, published: date) -> tuple[date, date]:
    back = _WEEKS_BACK[week.removesuffix("星期").removesuffix("周")]
    monday = published - timedelta(days=published.weekday(), weeks=back)
    if weekday is None:
        return monday, monday + timedelta(days=6)
    day = monday + timedelta(days=_WEEKDAYS.index(weekday.replace("天", "日")))
    return day, day


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
