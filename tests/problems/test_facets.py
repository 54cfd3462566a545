"""What problems are found by, and whom a list of what is to be verified leaves it out for."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.accounts.actor import Actor, Role
from media_tracker.places.responsibility import Backers, Backing, Relation
from media_tracker.problems.case import Case, Claim, Outcome, Precision, Round, Severity, State
from media_tracker.problems.finding.facets import (
    MARK,
    Flag,
    Waiting,
    facets_of,
    folded,
    numbers_beginning,
    of_area,
    of_category,
    of_flag,
    of_number,
    of_severity,
    of_unit,
    of_waiting,
)
from media_tracker.problems.independence import dependences, parties
from media_tracker.problems.stakes import dependent, has_stake
from media_tracker.text.segment import search_tokens
from tests.problems.cases import Tale, oid

NOW = datetime(2026, 3, 2, tzinfo=UTC)
TODAY = NOW.date()


def test_a_case_is_found_by_what_it_is_and_by_who_has_it() -> None:
    case = Tale().exposed("evening news", "03-01 08:00").assigned("sanitation", "03-01 10:00", due="03-08 18:00").case
    found = facets_of(case, ["37", "3703"], ["202", "2"])
    assert {of_area("37"), of_area("3703"), of_category("202"), of_category("2")} <= found
    assert {of_unit(oid("sanitation")), of_flag(Flag.EXPOSED), of_severity(Severity.NORMAL)} <= found
    assert {of_waiting(Waiting.SIGN), of_waiting(Waiting.SIGN, oid("sanitation"))} <= found
    assert of_flag(Flag.UNEXPOSED) not in found
    assert of_waiting(Waiting.RETURNED) not in found


def test_no_word_that_anybody_can_search_for_is_taken_for_a_mark() -> None:
    case = Tale().exposed("evening news", "03-01 08:00").assigned("sanitation", "03-01 10:00", due="03-08 18:00").case
    found = facets_of(case, ["37"], ["202"])
    assert all(entry.startswith(MARK) for entry in found)
    assert not found & {token for entry in found for token in search_tokens(entry)}


@pytest.mark.parametrize(("typed", "kept"), [("HZ-1", "hz-1"), (" hz 1 ", "hz1"), ("ＨＺ", "ｈｚ")])
def test_numbers_are_compared_without_blanks_and_capitals(typed: str, kept: str) -> None:
    assert folded(typed) == kept
    assert of_number(typed) == f"{MARK}number:{kept}"


def test_a_number_is_no_pattern() -> None:
    assert numbers_beginning("a.*b") == f"^{MARK}number:a\\.\\*b"


UNITS = [oid(name) for name in ("city", "bureau", "team", "other", "patrol")]
ANCESTORS = {UNITS[2]: (UNITS[1], UNITS[0]), UNITS[1]: (UNITS[0],), UNITS[0]: (), UNITS[3]: (), UNITS[4]: (UNITS[3],)}
PEOPLE = [oid(name) for name in ("ann", "bob")]
PLACES = ["37", "3703", "3704"]

some_units = st.frozensets(st.sampled_from(UNITS), max_size=2)


@st.composite
def rounds(draw: st.DrawFn) -> Round:
    claim = Claim(
        outcome=Outcome.RESOLVED,
        fixed_at=NOW,
        precision=Precision.MINUTE,
        claimed_at=NOW,
        by=draw(st.sampled_from([None, *PEOPLE])),
        unit_id=None,
        reviewed_by=draw(st.sampled_from([None, *PEOPLE])),
    )
    return Round(
        number=1,
        unit_id=draw(st.sampled_from([None, *UNITS])),
        co_unit_ids=tuple(draw(some_units)),
        started_at=NOW,
        claim=draw(st.sampled_from([None, claim])),
    )


@given(
    st.sampled_from(PEOPLE),
    some_units,
    some_units,
    st.frozensets(st.sampled_from(PLACES), max_size=1),
    st.sampled_from([None, *UNITS]),
    st.lists(rounds(), max_size=2),
    st.frozensets(st.sampled_from(PLACES), max_size=2),
    st.lists(
        st.tuples(st.sampled_from(list(Relation)), st.sampled_from(PLACES), st.sampled_from([*PEOPLE, *UNITS])),
        max_size=2,
    ),
)
def test_a_problem_is_left_out_exactly_where_the_rule_of_independence_names_a_reason(
    person: ObjectId,
    units: frozenset[ObjectId],
    answers_for: frozenset[ObjectId],
    backs: frozenset[str],
    unit: ObjectId | None,
    worked: list[Round],
    path: frozenset[str],
    behind: list[tuple[Relation, str, ObjectId]],
) -> None:
    actor = Actor(person, frozenset({Role.INSPECTOR}), units, answers_for, backs)
    case = Case(
        id=ObjectId(),
        version=1,
        state=State.CLAIMED_FIXED,
        registered_at=NOW,
        category="202",
        region=None,
        unit_id=unit,
        rounds=tuple(worked),
    )
    rows = [
        Backing(
            relation,
            TODAY,
            region=place,
            user_id=who if who in PEOPLE else None,
            unit_id=who if who in UNITS else None,
        )
        for relation, place, who in behind
    ]
    here = [row for row in rows if row.region in path]
    backers = Backers(
        frozenset(row.user_id for row in here if row.relation is Relation.LEADER and row.user_id is not None),
        frozenset(row.unit_id for row in here if row.unit_id is not None),
    )
    of = parties(case, tuple(path), backers)
    expected = bool(dependences(actor, of, ANCESTORS))
    assert has_stake(dependent(actor, ANCESTORS, rows), of.units, of.claimants | of.reviewers, path) is expected


@pytest.mark.parametrize(("waiting", "state"), list(product(Waiting, [State.CLOSED, State.VERIFIED])))
def test_nobody_is_waited_for_when_it_is_done(waiting: Waiting, state: State) -> None:
    case = Tale().exposed("evening news", "03-01 08:00").assigned("sanitation", "03-01 10:00", due="03-08 18:00").case
    assert of_waiting(waiting) not in facets_of(case.model_copy(update={"state": state}), [], [])
