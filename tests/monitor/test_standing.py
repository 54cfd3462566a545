"""Where a project stands: pieces against time, and silence against what is usual."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.monitor.standing import progress, rhythm

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
DAYS = st.dates(FIRST, LAST)


def weekly(count: int) -> list[date]:
    return [FIRST + timedelta(days=7 * n) for n in range(count)]


@pytest.mark.parametrize(
    ("days", "today", "usual", "quiet"),
    [
        ([], date(2026, 1, 15), None, False),
        ([], date(2026, 1, 16), None, True),
        (weekly(5), date(2026, 2, 19), 7.0, False),
        (weekly(5), date(2026, 2, 20), 7.0, True),
        ([FIRST + timedelta(days=n) for n in range(5)], date(2026, 1, 8), 1.0, False),
        ([FIRST + timedelta(days=n) for n in range(5)], date(2026, 1, 9), 1.0, True),
        ([FIRST] * 60, date(2026, 1, 5), 1.0, True),
        (weekly(5), date(2027, 1, 1), 7.0, False),
    ],
)
def test_quiet_is_three_times_longer_than_usual(
    days: list[date], today: date, usual: float | None, quiet: bool
) -> None:
    found = rhythm(days, FIRST, LAST, today)
    assert (found.usual_days, found.quiet) == (usual, quiet)


@given(DAYS, st.integers(0, 500), st.none() | st.integers(1, 500))
def test_shares_stay_within_what_they_are_shares_of(today: date, pieces: int, planned: int | None) -> None:
    found = progress(pieces, planned, FIRST, LAST, today)
    assert 0 < found.elapsed_share <= 1
    assert (found.pieces_share is None) is (planned is None)
    assert found.expected is None or (planned is not None and 0 <= found.expected <= planned)


@given(st.lists(DAYS, max_size=80), DAYS)
def test_a_story_of_today_ends_every_silence(days: list[date], today: date) -> None:
    earlier = [day for day in days if day <= today]
    assert not rhythm([*earlier, today], FIRST, LAST, today).quiet
