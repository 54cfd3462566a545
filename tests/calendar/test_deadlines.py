"""Deadlines over holidays, moved working days (调休), weekends, and years that nobody has announced yet."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.calendar.deadlines import deadline, is_working_day

SHANGHAI = ZoneInfo("Asia/Shanghai")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("day", "worked", "why"),
    [
        ("2022-01-29", True, "a Saturday that is worked for the Spring Festival"),
        ("2022-01-30", True, "a Sunday that is worked for the Spring Festival"),
        ("2022-01-31", False, "the eve of the Spring Festival"),
        ("2022-02-04", False, "a Friday of the Spring Festival"),
        ("2022-02-07", True, "the first working day after it"),
        ("2022-10-01", False, "National Day"),
        ("2022-10-07", False, "the last day of its holiday, a Friday"),
        ("2022-10-08", True, "a Saturday that is worked for it"),
        ("2022-10-09", True, "a Sunday that is worked for it"),
        ("2022-03-05", False, "an ordinary Saturday"),
        ("2022-03-07", True, "an ordinary Monday"),
    ],
)
def test_working_days_are_the_official_ones(day: str, worked: bool, why: str) -> None:
    assert is_working_day(date.fromisoformat(day)) == (worked, True), why


@pytest.mark.parametrize(
    ("start", "limit", "unit", "due"),
    [
        ("2022-03-07T09:00", 1, "workday", "2022-03-09T00:00"),
        ("2022-03-07T00:00", 1, "workday", "2022-03-09T00:00"),
        ("2022-03-07T23:59", 1, "workday", "2022-03-09T00:00"),
        ("2022-03-04T09:00", 1, "workday", "2022-03-08T00:00"),
        ("2022-03-05T09:00", 1, "workday", "2022-03-08T00:00"),
        ("2022-01-28T09:00", 1, "workday", "2022-01-30T00:00"),
        ("2022-01-28T09:00", 3, "workday", "2022-02-08T00:00"),
        ("2022-09-30T09:00", 1, "workday", "2022-10-09T00:00"),
        ("2022-09-30T09:00", 3, "workday", "2022-10-11T00:00"),
        ("2022-01-28T09:00", 24, "hour", "2022-01-29T09:00"),
        ("2022-10-01T23:30", 48, "hour", "2022-10-03T23:30"),
    ],
)
def test_a_deadline_lies_at_the_end_of_its_last_working_day_or_after_its_hours(
    start: str, limit: int, unit: Literal["workday", "hour"], due: str
) -> None:
    found = deadline(local(start), limit, unit, SHANGHAI)

    assert found.at == local(due)
    assert found.official


def test_the_day_of_receipt_is_the_local_one() -> None:
    """Seven in the evening in London is the next morning in Shanghai."""
    start = datetime(2022, 3, 7, 19, 0, tzinfo=UTC)

    found = deadline(start, 1, "workday", SHANGHAI)

    assert found.at == local("2022-03-10T00:00")
    assert found.at.tzinfo is UTC


def test_a_year_that_is_not_announced_falls_back_to_monday_to_friday_and_says_so() -> None:
    assert is_working_day(date(2099, 1, 1)) == (True, False)
    assert is_working_day(date(2099, 1, 3)) == (False, False)

    found = deadline(local("2099-01-02T09:00"), 2, "workday", SHANGHAI)

    assert found.at == local("2099-01-07T00:00")
    assert not found.official


def test_a_deadline_that_reaches_into_such_a_year_says_so_too() -> None:
    last = next(year for year in range(2026, 2099) if not is_working_day(date(year, 1, 1))[1])

    assert not deadline(local(f"{last - 1}-12-31T09:00"), 1, "workday", SHANGHAI).official


def test_hours_need_no_calendar() -> None:
    assert deadline(local("2099-01-01T00:00"), 24, "hour", SHANGHAI).official


@given(
    st.dates(date(2020, 1, 1), date(2025, 12, 1)),
    st.integers(0, 24 * 60 - 1),
    st.integers(1, 30),
)
def test_the_days_up_to_a_deadline_hold_exactly_that_many_working_days(day: date, minute: int, limit: int) -> None:
    start = datetime.combine(day, time(minute // 60, minute % 60), SHANGHAI)
    due = deadline(start, limit, "workday", SHANGHAI).at.astimezone(SHANGHAI)

    days = [start.date() + timedelta(days=n) for n in range(1, (due.date() - start.date()).days)]
    assert sum(is_working_day(each)[0] for each in days) == limit
    assert is_working_day(days[-1])[0]
    assert (due.hour, due.minute) == (0, 0)
