"""When a closed problem is looked at again, and what a look-back leads to."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from bson import ObjectId
from hypothesis import given, settings
from hypothesis import strategies as st

from media_tracker.accounts.actor import Actor, Level, Role
from media_tracker.errors import Conflict, Forbidden, InvalidInput
from media_tracker.problems.afterwards.facts import Found, Occasion
from media_tracker.problems.afterwards.look_backs import AFTER, LEAD, is_drawn, next_due_at, open_occasions, schedule
from media_tracker.problems.case import Basis, Channel, EventType, Outcome, State
from media_tracker.problems.lifecycle import Surroundings, available, decide, refusal
from media_tracker.problems.steps import Command, Step
from tests.problems.cases import UNIT, Tale, at, fixed_problem, oid

CLOSED = at("03-05 09:00")
INSPECTOR = Actor(oid("an inspector"), frozenset({Role.INSPECTOR}))
S, T, N = Occasion.SAMPLE, Occasion.DAYS_30, Occasion.DAYS_90


def drawn_problem() -> Tale:
    """Closed on 5 March, and drawn for a re-check."""
    return fixed_problem_without_closing().closed(CLOSED, drawn=True)


def fixed_problem_without_closing() -> Tale:
    return (
        Tale()
        .exposed("evening news", "03-01 08:00")
        .assigned(UNIT, "03-01 10:00")
        .claimed("03-03 09:00", fixed="03-02 15:00")
        .verified("03-04 11:00")
    )


def days(number: float) -> datetime:
    return CLOSED + timedelta(days=number)


def around(now: datetime) -> Surroundings:
    return Surroundings(now=now, fresh_due_at=now + timedelta(days=5))


def look(now: datetime, found: Found = Found.HOLDS, **changes: object) -> Command:
    command = Command(Step.LOOK_BACK, now, "as agreed", found=found, on_site=True, after=(oid("a photo"),))
    return replace(command, **changes)  # type: ignore[arg-type]  # the tests name fields by word


# The schedule


def test_a_closed_problem_is_looked_at_after_30_and_90_days_and_a_drawn_one_within_a_week_too() -> None:
    plain, drawn = schedule(fixed_problem().case), schedule(drawn_problem().case)
    assert [(task.occasion, task.due_at, task.done_at) for task in plain] == [(T, days(30), None), (N, days(90), None)]
    assert [(task.occasion, task.opens_at, task.due_at) for task in drawn] == [
        (S, CLOSED, days(7)),
        (T, days(23), days(30)),
        (N, days(83), days(90)),
    ]


@pytest.mark.parametrize(
    "tale",
    [
        fixed_problem_without_closing(),
        fixed_problem().revoked("03-20"),
        fixed_problem().relapsed("05-01"),
        fixed_problem().verified("03-06"),
        Tale().assigned(UNIT, "03-01").claimed("03-02", outcome=Outcome.NOTHING_FOUND).nothing_found("03-03"),
    ],
    ids=["only verified", "taken back", "come back as a new problem", "checked again", "nothing was found"],
)
def test_what_is_not_closed_is_not_looked_back_at(tale: Tale) -> None:
    assert schedule(tale.case) == ()
    assert next_due_at(tale.case) is None


@pytest.mark.parametrize(
    ("when", "opened"),
    [(0, (S,)), (6, (S,)), (22.9, (S,)), (23, (S, T)), (30, (S, T)), (82.9, (S, T)), (83, (S, T, N)), (400, (S, T, N))],
)
def test_a_visit_does_everything_that_may_be_done_by_then(when: float, opened: tuple[Occasion, ...]) -> None:
    assert open_occasions(drawn_problem().case, days(when)) == opened
    case = drawn_problem().looked_back(days(when), occasions=opened).case
    left = [each for each in AFTER if each not in opened]
    assert next_due_at(case) == (CLOSED + AFTER[left[0]] if left else None)
    assert open_occasions(case, days(when)) == ()


def test_a_visit_before_anything_may_be_done_does_nothing_off_the_list() -> None:
    case = fixed_problem().looked_back(days(10)).case
    assert next_due_at(case) == days(30)
    assert len(case.look_backs) == 1


def test_a_second_closing_begins_again_and_what_was_done_after_the_first_does_not_count() -> None:
    tale = drawn_problem().looked_back(days(3), occasions=(S,)).revoked(days(20)).claimed(days(25)).verified(days(26))
    case = tale.closed(days(27)).case
    assert not case.drawn
    assert [task.done_at for task in schedule(case)] == [None, None]
    assert next_due_at(case) == days(57)
    assert len(case.look_backs) == 1, "it stays on show"


@settings(max_examples=100)
@given(st.booleans(), st.lists(st.integers(0, 120), max_size=6))
def test_after_any_visits_what_is_next_is_the_first_that_nobody_has_done(drawn: bool, visits: list[int]) -> None:
    tale = fixed_problem_without_closing().closed(CLOSED, drawn=drawn)
    for day in sorted(visits):
        tale.looked_back(days(day), occasions=open_occasions(tale.case, days(day)))
    tasks = schedule(tale.case)
    waiting = [task for task in tasks if task.done_at is None]
    assert next_due_at(tale.case) == (waiting[0].due_at if waiting else None)
    assert len(tasks) == 2 + drawn
    for task in tasks:
        there = [days(day) for day in sorted(visits) if days(day) >= task.opens_at]
        assert task.done_at == (there[0] if there else None)
        assert task.due_at - task.opens_at == LEAD


# The draw


def test_one_in_ten_is_drawn_and_nobody_without_the_salt_can_tell_which() -> None:
    ids = [ObjectId() for _ in range(4_000)]
    salt, other = os.urandom(32), os.urandom(32)
    drawn = {each for each in ids if is_drawn(salt, each, 7)}
    assert 280 < len(drawn) < 520  # six standard deviations
    assert drawn == {each for each in ids if is_drawn(salt, each, 7)}, "the same for everybody who knows the salt"
    for elsewhere in ({each for each in ids if is_drawn(other, each, 7)}, {e for e in ids if is_drawn(salt, e, 8)}):
        assert len(drawn & elsewhere) < 120  # forty are expected


# What a look-back leads to


def test_a_fix_that_has_held_changes_no_state() -> None:
    tale = drawn_problem()
    (event,) = decide(tale.case, look(days(5)), INSPECTOR, around(days(5)))
    assert event.type is EventType.LOOKED_BACK
    case = tale.follow([event], days(5)).case
    (done,) = case.look_backs
    assert (case.state, done.found, done.occasions, done.by) == (State.CLOSED, Found.HOLDS, (S,), INSPECTOR.user_id)
    assert (done.level, done.independent, done.photos) == (Level.CITY, True, (oid("a photo"),))


@pytest.mark.parametrize(("when", "taken_back"), [(1, True), (29, True), (30, True), (30.1, False), (90, False)])
def test_what_has_come_back_takes_the_closing_back_for_30_days(when: float, taken_back: bool) -> None:
    tale, now = fixed_problem(), days(when)
    decided = decide(tale.case, look(now, Found.CAME_BACK), INSPECTOR, around(now))
    assert [each.type for each in decided] == [EventType.LOOKED_BACK, *([EventType.REVOKED] if taken_back else [])]
    case = tale.follow(decided, now).case
    assert case.state is (State.REWORK if taken_back else State.CLOSED)
    assert case.look_backs[0].came_back


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"found": None}, "found"),
        ({"after": ()}, "after"),
        ({"text": " "}, "text"),
        ({"on_site": False}, "on_site"),
        ({"basis": Basis.FOLLOW_UP, "story_id": oid("a follow-up"), "reporter_on_site": True}, "on_site"),
    ],
)
def test_a_look_back_needs_somebody_there_with_a_photo_and_words(changes: dict[str, object], field: str) -> None:
    case = fixed_problem().followed_up("radio", "03-20").case
    with pytest.raises(InvalidInput) as refused:
        decide(case, replace(look(days(30)), **changes), INSPECTOR, around(days(30)))  # type: ignore[arg-type]  # fields by word
    assert set(refused.value.fields) == {field}


def test_who_looks_back_is_as_independent_as_who_verifies_and_may_be_the_same_person() -> None:
    case = fixed_problem().case
    theirs = replace(INSPECTOR, units=frozenset({oid(UNIT)}))
    verifier = replace(INSPECTOR, user_id=oid("the inspector"))
    assert isinstance(refusal(case, theirs, Step.LOOK_BACK, around(days(30))), Forbidden)
    assert refusal(case, verifier, Step.LOOK_BACK, around(days(30))) is None


def test_what_has_come_back_as_a_new_problem_is_looked_at_there() -> None:
    case = fixed_problem().relapsed("05-01").case
    assert isinstance(refusal(case, INSPECTOR, Step.LOOK_BACK, around(at("05-02"))), Conflict)


# A fix in part


def _partly() -> Tale:
    return fixed_problem_without_closing().verified("03-05", outcome=Outcome.PARTLY_RESOLVED)


OFFICE = Actor(oid("publicity staff"), frozenset({Role.PUBLICITY}))


def test_the_rest_of_a_fix_in_part_can_be_asked_for_and_that_is_no_failed_check() -> None:
    tale, now = _partly(), at("03-06")
    decided = decide(tale.case, Command(Step.CONTINUE, now, "the other half"), OFFICE, around(now))
    case = tale.follow(decided, now).case
    assert (case.state, case.outcome, case.verified_at, case.due_at) == (State.REWORK, None, None, at("03-11"))
    assert case.reworks == 0
    assert case.rounds[0].verification is not None, "what was found stays in its round"
    again = tale.claimed("03-08").verified("03-09").case
    assert (again.outcome, len(again.rounds)) == (Outcome.RESOLVED, 2)


def test_a_fix_in_part_is_closed_only_with_a_reason_and_a_whole_one_without() -> None:
    now = at("03-06")
    with pytest.raises(InvalidInput) as refused:
        decide(_partly().case, Command(Step.CLOSE, now), OFFICE, around(now))
    assert set(refused.value.fields) == {"text"}
    decide(_partly().case, Command(Step.CLOSE, now, "the owner is looked for"), OFFICE, around(now))
    whole = fixed_problem_without_closing().case
    decide(whole, Command(Step.CLOSE, now), OFFICE, around(now))
    assert Step.CONTINUE not in available(whole, OFFICE, around(now))


def test_rounds_whose_check_failed_are_counted_as_rework() -> None:
    tale = Tale().assigned(UNIT, "03-01").claimed("03-02").failed("03-03").claimed("03-04").failed("03-05")
    assert tale.case.reworks == 2
    assert tale.claimed("03-06").verified("03-07").case.reworks == 2
    assert fixed_problem().case.reworks == 0


# What citizens say


@pytest.mark.parametrize("channel", [Channel.TICKET, Channel.SNAPSHOT, Channel.PATROL])
def test_only_who_has_told_of_it_can_be_called_back(channel: Channel) -> None:
    told = fixed_problem().reported(channel, "03-02")
    assert Step.SATISFACTION in available(told.case, OFFICE, around(days(1)))
    assert Step.SATISFACTION not in available(fixed_problem().case, OFFICE, around(days(1)))
