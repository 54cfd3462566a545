"""Errands by a link: when the link is dead, and what an errand needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from media_tracker.accounts.actor import Actor, Role
from media_tracker.problems.answers.errand_rules import (
    LONGEST_LIFE,
    SENTENCES,
    Dead,
    Errand,
    ErrandState,
    mistakes,
    why_dead,
    why_not_give,
)
from media_tracker.problems.case import State
from tests.problems.cases import Tale, at, oid

NOW = at("03-04 09:00")
CASE = Tale().assigned("sanitation", "03-01 10:00").case
ERRAND = Errand(
    id=oid("errand"),
    problem_id=CASE.id,
    unit_id=oid("sanitation"),
    version=1,
    state=ErrandState.OPEN,
    text="Sweep the north gate.",
    place="North gate",
    due_at=NOW + timedelta(hours=1),
    photos_wanted=1,
    shown=(),
    given_by=oid("writer"),
    given_at=NOW - timedelta(days=1),
)


def test_a_link_lives_until_its_deadline_and_is_dead_from_that_very_moment() -> None:
    assert why_dead(ERRAND, CASE, True, NOW) is None
    assert why_dead(ERRAND, CASE, True, ERRAND.due_at - timedelta(milliseconds=1)) is None
    assert why_dead(ERRAND, CASE, True, ERRAND.due_at) is Dead.EXPIRED


@pytest.mark.parametrize(
    ("state", "dead"),
    [
        (ErrandState.HANDED_IN, Dead.HANDED_IN),
        (ErrandState.TAKEN, Dead.TAKEN),
        (ErrandState.REVOKED, Dead.REVOKED),
    ],
)
def test_what_has_become_of_it_is_told_before_everything_else(state: ErrandState, dead: Dead) -> None:
    late = ERRAND.due_at + timedelta(days=9)
    assert why_dead(replace(ERRAND, state=state), None, False, late) is dead


def test_a_link_dies_with_the_unit_or_when_the_problem_goes_to_another_one_or_is_settled() -> None:
    moved = Tale().assigned("roads", "03-01 10:00").case
    assert why_dead(ERRAND, moved, True, NOW) is Dead.MOVED
    assert why_dead(ERRAND, CASE, False, NOW) is Dead.MOVED
    assert why_dead(ERRAND, None, True, NOW) is Dead.MOVED
    alive = {state for state in State if why_dead(ERRAND, CASE.model_copy(update={"state": state}), True, NOW) is None}
    assert alive == {State.ASSIGNED, State.IN_PROGRESS, State.REWORK}


def test_every_way_to_be_dead_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Dead)


def test_only_officials_of_the_unit_in_charge_give_errands() -> None:
    own = Actor(oid("writer"), frozenset({Role.OFFICIAL}), units=frozenset({oid("sanitation")}))
    assert why_not_give(CASE, own) is None
    assert why_not_give(CASE, replace(own, units=frozenset({oid("roads")}))) is not None
    assert why_not_give(CASE, replace(own, units=frozenset(), answers_for=own.units)) is not None
    assert why_not_give(CASE, replace(own, roles=frozenset(Role) - {Role.OFFICIAL})) is not None
    assert why_not_give(Tale().case, own) is not None


def test_an_errand_needs_words_a_time_ahead_and_a_sensible_number_of_photos() -> None:
    assert mistakes("Sweep", NOW + timedelta(days=1), 0, NOW) == {}
    assert set(mistakes("  ", None, None, NOW)) == {"text", "due_at", "photos_wanted"}
    assert set(mistakes("Sweep", NOW, 21, NOW)) == {"due_at", "photos_wanted"}
    assert set(mistakes("Sweep", NOW + LONGEST_LIFE + timedelta(minutes=1), 20, NOW)) == {"due_at"}
