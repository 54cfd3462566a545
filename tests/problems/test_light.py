"""The light of a deadline."""

from __future__ import annotations

from datetime import timedelta

import pytest

from media_tracker.problems.case import EventType, Given, State
from media_tracker.problems.clocks.rules import ClockKind
from media_tracker.problems.light import Light, Running, is_overdue, light, pressing, running
from tests.problems.cases import UNIT, Tale, at, oid


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


# Which clocks run

GIVEN = {"due_at": at("03-02 10:00"), "warn_at": at("03-02 06:00"), "official": True}


DANGER = {
    "unit_id": oid(UNIT),
    "co_unit_ids": [],
    "due_at": at("03-05 10:00"),
    "warn_at": at("03-05 08:00"),
    "official": False,
    "protection": GIVEN,
}


def _danger() -> Tale:
    return Tale().happened(EventType.ASSIGNED, "03-01 10:00", **DANGER)


def test_before_the_hand_over_its_clock_runs_and_nothing_is_overdue() -> None:
    case = Tale().case.model_copy(update={"hand_over": Given.model_validate(GIVEN)})
    (clock,) = running(case)
    assert (clock.kind, clock.due_at) == (ClockKind.HAND_OVER, at("03-02 10:00"))
    assert [clock.light(at(when)) for when in ("03-02 05:59", "03-02 06:00", "03-02 10:01")] == [
        Light.OK,
        Light.SOON,
        Light.OVER,
    ]
    assert not is_overdue(case, at("04-01"))
    assert light(case, at("04-01")) is Light.DONE
    assert running(Tale().case) == (), "problems from before there was this clock have none"


def test_a_danger_is_protected_first_and_the_clock_of_the_fix_runs_beside() -> None:
    tale = _danger()
    assert [each.kind for each in running(tale.case)] == [ClockKind.PROTECTION, ClockKind.FEEDBACK]
    assert pressing(tale.case) == Running(ClockKind.PROTECTION, at("03-02 10:00"), at("03-02 06:00"), True)
    assert light(tale.case, at("03-03")) is Light.OK, "it is the fix that is called overdue"
    protected = tale.happened(EventType.PROTECTED, "03-01 11:00", by=None, photos=[]).case
    (fix,) = running(protected)
    assert (fix.kind, fix.official) == (ClockKind.FEEDBACK, False)
    assert light(protected, at("03-05 08:00")) is Light.SOON, "yellow from the moment that was given"


def test_a_deferred_problem_is_yellow_on_its_day_and_red_when_the_day_is_over() -> None:
    case = Tale().assigned(UNIT, "03-01").deferred("03-02", review="06-01").case
    review = pressing(case)
    assert review is not None
    lights = [review.light(at(when)) for when in ("05-31 23:59", "06-01 00:00", "06-02 00:00", "06-02 00:01")]
    assert lights == [Light.OK, Light.SOON, Light.SOON, Light.OVER]
    assert not is_overdue(case, at("07-01"))


@pytest.mark.parametrize("state", [State.CLAIMED_FIXED, State.VERIFIED, State.CLOSED, State.NOT_ACCEPTED])
def test_nothing_runs_when_nobody_is_waited_for(state: State) -> None:
    assert running(_danger().case.model_copy(update={"state": state})) == ()
