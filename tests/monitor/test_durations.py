"""How long things take, from publication: median and ninetieth percentile."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_tracker.accounts.actor import Level
from media_tracker.monitor.durations import Duration, durations
from media_tracker.problems.case import Outcome
from tests.monitor.campaigns import cases, days, moment, view
from tests.problems.cases import UNIT, Tale, fixed_problem


def told(name: str = "p") -> Tale:
    """Exposed on 1 March at midnight, assigned six hours later."""
    return Tale(name).exposed("radio", "03-01 00:00").assigned(UNIT, "03-01 06:00")


def stretches(*tales: Tale, level: Level = Level.CITY) -> list[tuple[int, float | None]]:
    return [(each.count, each.median_hours) for each in durations(cases(*tales), view(level=level))]


def test_three_stretches_of_one_problem() -> None:
    tale = told().claimed("03-02 06:00").verified("03-03 00:00")
    assert stretches(tale) == [(1, 6.0), (1, 24.0), (1, 48.0)]


def test_without_any_there_is_no_figure() -> None:
    assert stretches() == [(0, None)] * 3
    assert stretches(Tale().exposed("radio", "03-01")) == [(0, None)] * 3


def test_only_problems_first_exposed_in_the_period_are_timed() -> None:
    assert [each.count for each in durations(cases(fixed_problem()), view(days("03-02", "03-31")))] == [0, 0, 0]


def test_the_answer_is_the_first_one_given_even_if_it_was_false() -> None:
    tale = told().claimed("03-02 06:00").failed("03-03").claimed("03-09").verified("03-11 00:00")
    assert stretches(tale) == [(1, 6.0), (1, 24.0), (1, 240.0)]


def test_a_round_that_came_to_nothing_does_not_hide_the_answer() -> None:
    tale = (
        told().started("03-01 08:00").returned("03-01 09:00").assigned("housing", "03-01 10:00").claimed("03-02 06:00")
    )
    assert stretches(tale) == [(1, 6.0), (1, 24.0), (0, None)]


@pytest.mark.parametrize(
    "tale",
    [
        told().claimed("03-02 06:00", outcome=Outcome.NOTHING_FOUND).nothing_found("03-03"),
        told().claimed("03-02 06:00").verified("03-03", outcome=Outcome.PARTLY_RESOLVED),
        told().claimed("03-02 06:00").verified("03-03").closed("03-04").revoked("03-05"),
    ],
    ids=["nothing found", "partly resolved", "revoked"],
)
def test_only_a_verified_fix_is_timed_as_one(tale: Tale) -> None:
    assert stretches(tale) == [(1, 6.0), (1, 24.0), (0, None)]


def test_a_district_s_own_check_stays_out_of_the_city_s_times() -> None:
    tale = told().claimed("03-02 06:00").verified("03-03", level=Level.DISTRICT)
    assert stretches(tale)[2] == (0, None)
    assert stretches(tale, level=Level.DISTRICT)[2] == (1, 48.0)


def test_what_was_assigned_before_it_was_exposed_waited_no_time() -> None:
    tale = Tale().assigned(UNIT, "02-20").exposed("radio", "03-01")
    assert stretches(tale)[0] == (1, 0.0)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 1000), min_size=1, max_size=12))
def test_median_and_ninetieth_percentile(hours: list[int]) -> None:
    tales = [
        Tale(f"p{index}").exposed("radio", moment(240)).assigned(UNIT, moment(240 + wait))
        for index, wait in enumerate(hours)
    ]
    first = durations(cases(*tales), view())[0]
    assert isinstance(first, Duration)
    assert first.count == len(hours)
    assert first.median_hours == pytest.approx(statistics.median(hours))
    p90 = statistics.quantiles(hours, n=10, method="inclusive")[8] if len(hours) > 1 else hours[0]
    assert first.p90_hours == pytest.approx(p90)
