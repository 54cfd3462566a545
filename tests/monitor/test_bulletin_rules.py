"""Which days bulletins and files are about, when they are due, and what the trend adds up."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.errors import InvalidInput
from media_tracker.monitor.bulletin_rules import (
    STEPS,
    Texts,
    checked_texts,
    last_week,
    stretch_counts,
    trend_periods,
)
from media_tracker.monitor.definitions import Key
from media_tracker.monitor.facts import Period
from media_tracker.monitor.timetable import Days, Rhythm, Times, checked_times, days_of, next_moment

ZONE = ZoneInfo("Asia/Shanghai")
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("today", "first", "last"),
    [
        (date(2026, 3, 27), date(2026, 3, 20), date(2026, 3, 26)),  # a Friday
        (date(2026, 3, 26), date(2026, 3, 13), date(2026, 3, 19)),  # a Thursday is not over
        (date(2026, 3, 30), date(2026, 3, 20), date(2026, 3, 26)),
    ],
)
def test_the_last_week_is_from_friday_to_thursday_and_over(today: date, first: date, last: date) -> None:
    assert last_week(today) == Period(first, last)


@given(DAYS)
def test_the_last_week_is_always_the_latest_that_is_over(today: date) -> None:
    week = last_week(today)
    assert (week.start.weekday(), week.end.weekday()) == (4, 3)
    assert timedelta() < today - week.end <= timedelta(days=7)


@given(DAYS, st.integers(0, 400))
def test_stretches_of_a_trend_lie_end_to_end_and_end_with_the_period(start: date, more: int) -> None:
    period = Period(start, start + timedelta(days=more))
    stretches = trend_periods(period)
    assert stretches[-1].end == period.end
    assert 0 < len(stretches) <= STEPS
    for one, next_one in pairwise(stretches):
        assert next_one.start - one.end == timedelta(days=1)


@given(st.dictionaries(st.dates(date(2026, 1, 1), date(2026, 3, 26)), st.integers(1, 9), max_size=40))
def test_every_day_of_the_trend_falls_into_one_stretch(days: dict[date, int]) -> None:
    stretches = trend_periods(Period(date(2026, 3, 20), date(2026, 3, 26)))
    counted = stretch_counts({day.isoformat(): {Key.RESOLVED: n} for day, n in days.items()}, stretches)
    inside = sum(n for day, n in days.items() if day >= stretches[0].start)
    assert sum(each[Key.RESOLVED] for each in counted) == inside


def test_texts_are_trimmed_and_bounded() -> None:
    assert checked_texts(Texts(lead=" a\r\nb ")).lead == "a\nb"
    with pytest.raises(InvalidInput) as wrong:
        checked_texts(Texts(title="x" * 81, remarks="y" * 4_001))
    assert set(wrong.value.fields) == {"title", "remarks"}


@given(MOMENTS, st.sampled_from(Rhythm), st.integers(0, 23), st.integers(0, 6), st.integers(1, 28))
def test_the_next_moment_is_the_first_one_that_fits(
    after: datetime, rhythm: Rhythm, hour: int, weekday: int, day: int
) -> None:
    times = Times(rhythm, hour, weekday, day)
    found = next_moment(times, after, ZONE)
    longest = {Rhythm.DAILY: 1, Rhythm.WEEKLY: 7, Rhythm.MONTHLY: 31}[rhythm]
    assert after < found <= after + timedelta(days=longest)
    assert found.hour == hour
    assert rhythm is not Rhythm.WEEKLY or found.weekday() == weekday
    assert rhythm is not Rhythm.MONTHLY or found.day == day


@pytest.mark.parametrize(
    "times", [Times(Rhythm.DAILY, 24), Times(Rhythm.WEEKLY, 8, 7), Times(Rhythm.MONTHLY, 8, 0, 29)]
)
def test_times_that_there_are_not_are_refused(times: Times) -> None:
    with pytest.raises(InvalidInput):
        checked_times(times)


@pytest.mark.parametrize(
    ("which", "first", "last"),
    [
        (Days.YESTERDAY, date(2025, 12, 31), date(2025, 12, 31)),
        (Days.LAST_WEEK, date(2025, 12, 19), date(2025, 12, 25)),
        (Days.LAST_MONTH, date(2025, 12, 1), date(2025, 12, 31)),
        (Days.YEAR, date(2025, 1, 1), date(2025, 12, 31)),
    ],
)
def test_a_file_sent_on_the_first_of_january_is_about_days_that_are_over(which: Days, first: date, last: date) -> None:
    assert days_of(which, date(2026, 1, 1)) == Period(first, last)
