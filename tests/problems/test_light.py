"""The light of a deadline."""

from __future__ import annotations

from datetime import timedelta

import pytest

from media_tracker.problems.case import State
from media_tracker.problems.light import Light, is_overdue, light
from tests.problems.cases import UNIT, Tale, at


@pytest.mark.parametrize(
    ("due", "now", "expected"),
    [
        ("03-11 10:00", "03-01 10:00", Light.OK),
        ("03-11 10:00", "03-08 21:59", Light.OK),
        ("03-11 10:00", "03-08 22:00", Light.SOON),  # the last quarter of ten days
        ("03-04 10:00", "03-03 09:59", Light.OK),
        ("03-04 10:00", "03-03 10:00", Light.SOON),  # a day before, though a quarter of three days is less
        ("03-02 10:00", "03-02 03:59", Light.OK),
        ("03-02 10:00", "03-02 04:00", Light.SOON),  # the last six of twenty-four hours
        ("03-02 10:00", "03-02 10:00", Light.SOON),
        ("03-02 10:00", "03-02 10:01", Light.OVER),
    ],
)
def test_it_is_yellow_before_the_deadline_and_red_from_the_first_moment_over(
    due: str, now: str, expected: Light
) -> None:
    case = Tale().assigned(UNIT, "03-01 10:00", due=due).case
    assert light(case, at(now)) is expected


def test_a_limit_that_is_given_anew_has_its_own_last_quarter() -> None:
    case = Tale().assigned(UNIT, "03-01", due="03-05").claimed("03-04").failed("03-20", due="03-28").case
    assert light(case, at("03-21")) is Light.OK
    assert light(case, at("03-26 01:00")) is Light.SOON


@pytest.mark.parametrize("state", State)
def test_red_is_what_counts_as_overdue_while_somebody_is_waited_for(state: State) -> None:
    case = Tale().assigned(UNIT, "03-01", due="03-05").case.model_copy(update={"state": state})
    waits = state in (State.ASSIGNED, State.IN_PROGRESS, State.RETURNED, State.REWORK)
    for moment, over in ((at("03-04"), False), (at("03-05"), False), (at("03-05") + timedelta(milliseconds=1), waits)):
        assert is_overdue(case, moment) is (light(case, moment) is Light.OVER) is over
