"""Dates in the sample captures: written as tokens, so that the samples are always of the last weeks.

A token is ASCII and stands where an outlet would have written a date::

    @{<days> [HH:MM] <format>}        days from today: 0, -5, +8

===========  ==========================  =======================================
format       example, today 2026-03-29   where outlets use it
===========  ==========================  =======================================
``rfc822``   @{-5 08:30 rfc822}          Tue, 24 Mar 2026 08:30:00 +0800
``rfc822``   @{-5 rfc822}                Tue, 24 Mar 2026 (a day, no hour)
``iso``      @{-5 08:30 iso}             2026-03-24T08:30:00+08:00
``date``     @{-5 date}                  2026-03-24
``ymd``      @{-5 ymd}                   2026年3月24日
``md``       @{-5 md}                    3月24日
``d``        @{-5 d}                     24日
``year``     @{-5 year}                  2026
``week``     @{-5 week}                  周二
===========  ==========================  =======================================
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from media_tracker.errors import N_, InvalidInput

_TOKEN = re.compile(
    rb"@\{(?P<days>[+-]?\d{1,4}) (?:(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d) )?(?P<format>[a-z0-9]+)\}"
)
_ANYTHING_LIKE_A_TOKEN = re.compile(rb"@\{[^}\n]{0,40}\}?")

_WEEKDAYS = "一二三四五六日"
# RFC 822 names are English whatever the locale of the process, so strftime("%a") will not do.
_DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _rfc822_day(day: date) -> str:
    return f"{_DAY_NAMES[day.weekday()]}, {day.day:02d} {_MONTH_NAMES[day.month - 1]} {day.year}"


_OF_A_DAY: dict[str, Callable[[date], str]] = {
    "rfc822": _rfc822_day,
    "date": date.isoformat,
    "ymd": lambda day: f"{day.year}年{day.month}月{day.day}日",
    "md": lambda day: f"{day.month}月{day.day}日",
    "d": lambda day: f"{day.day}日",
    "year": lambda day: str(day.year),
    "week": lambda day: f"周{_WEEKDAYS[day.weekday()]}",
}
_OF_A_MOMENT: dict[str, Callable[[datetime], str]] = {
    "rfc822": lambda moment: f"{_rfc822_day(moment.date())} {moment:%H:%M:%S %z}",
    "iso": lambda moment: moment.isoformat(timespec="seconds"),
}


def render(template: bytes, today: date, zone: ZoneInfo, encoding: str) -> bytes:
    """Replace every date token in ``template`` by its date, counted from ``today`` in ``zone``.

    ``encoding`` is the codec of ``template`` (and of what is returned); it must keep ASCII as it is, as UTF-8 and GB18030 do.

    Raises:
        InvalidInput: a token is misspelt, names no format, or gives an hour to a format without one.
    """

    def date_of(match: re.Match[bytes]) -> bytes:
        day = today + timedelta(days=int(match["days"]))
        name = match["format"].decode("ascii")
        if match["hour"] is None:
            if name in _OF_A_DAY:
                return _OF_A_DAY[name](day).encode(encoding)
        elif name in _OF_A_MOMENT:
            moment = datetime.combine(day, time(int(match["hour"]), int(match["minute"])), zone)
            return _OF_A_MOMENT[name](moment).encode(encoding)
        raise _unknown(match[0])

    rendered = _TOKEN.sub(date_of, template)
    left = _ANYTHING_LIKE_A_TOKEN.search(rendered)
    if left:
        raise _unknown(left[0])
    return rendered


def _unknown(token: bytes) -> InvalidInput:
    return InvalidInput(
        N_("The date token {token} cannot be read. feeds/README.md lists the formats."),
        token=token.decode("ascii", errors="replace"),
    )
