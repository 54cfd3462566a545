"""One problem that is two: every report is somewhere, deadlines stay, and merging back restores what was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from hypothesis import given, settings
from hypothesis import strategies as st

from media_tracker.accounts.actor import Actor, Role
from media_tracker.errors import Conflict, InvalidInput, MediaTrackerError
from media_tracker.monitor.definitions import Key
from media_tracker.papers.order_rules import standing_assignment
from media_tracker.problems.case import Case, Severity, State
from media_tracker.problems.regrouping.splitting import SPLITTABLE, Division, Share, may_split, split, split_off
from tests.problems.cases import Tale, at, fixed_problem, oid
from tests.problems.test_merging import IN_STATE, LATER, START, counted, live, lives, merged, same, standing

GOES, BOTH = Share.GOES, Share.BOTH


def divided(tale: Tale, shares: Mapping[ObjectId, Share], **more: object) -> Tale:
    """Split ``tale``, and tell the new problem's."""
    division = Division("B02", "370303002", Severity.NORMAL, shares, **more)  # type: ignore[arg-type]  # a test's shorthand
    fresh = {each: oid(f"copy of {each}") for each, share in shares.items() if share is BOTH}
    first = split(tale.case, division, fresh)
    new = Tale(f"{tale.name}, the other")
    new.events = []
    new.follow(first, LATER)
    tale.follow([split_off(tale.case, new.id, division)], LATER)
    return new


@dataclass(frozen=True)
class _Done:
    """An event with an actor."""

    type: str
    entity_id: ObjectId
    seq: int
    occurred_at: datetime
    payload: Mapping[str, Any]
    actor: ObjectId | None = None


def _by_nobody(tale: Tale) -> list[_Done]:
    return [_Done(each.type, each.entity_id, each.seq, each.occurred_at, each.payload) for each in tale.events]


def told_twice() -> Tale:
    return Tale("whole").exposed("radio", "03-01").exposed("portal", "03-02").exposed("radio", "04-01", occasion=2)


@pytest.mark.parametrize("state", list(State))
def test_only_what_is_a_problem_can_be_split(state: State) -> None:
    tale = IN_STATE[state]
    case = tale.case
    report = case.reports[0].id if case.reports else oid("none")
    try:
        split(case, Division("B02", None, Severity.NORMAL, {report: BOTH}), {})
    except Conflict:
        assert state not in SPLITTABLE
    except InvalidInput:
        assert not case.reports
    else:
        assert state in SPLITTABLE


def test_what_somebody_objects_to_is_not_split_before_the_answer() -> None:
    whole = told_twice()
    shares = {whole.case.reports[1].id: GOES}
    objected = whole.case.model_copy(update={"objections": (oid("objection"),)})

    with pytest.raises(Conflict, match="objected"):
        split(objected, Division("B02", "370303002", Severity.NORMAL, shares), {})


def test_a_unit_that_has_the_other_one_too_gets_an_order_for_it() -> None:
    whole = told_twice().assigned("sanitation", "04-02", due="04-20")
    new = divided(whole, {whole.case.reports[1].id: GOES}, keeps_unit=True)
    apart = divided(whole, {whole.case.reports[1].id: GOES})

    order = standing_assignment("2026-00002", new.case, _by_nobody(new))
    assert (order.unit_id, order.due_at, order.seq) == (new.case.unit_id, new.case.due_at, 2)
    with pytest.raises(Conflict):
        standing_assignment("2026-00003", apart.case, _by_nobody(apart))


def test_what_goes_leaves_the_first_one_and_what_is_of_both_is_told_of_both() -> None:
    whole = told_twice()
    first, second, third = whole.case.reports
    assert counted(Key.EXPOSURES, whole.case) == 3
    new = divided(whole, {second.id: GOES, third.id: BOTH})
    assert [report.id for report in whole.case.reports] == [first.id, third.id]
    assert [report.story_id for report in new.case.reports] == [second.story_id, third.story_id]
    assert new.case.reports[0].id == second.id
    assert new.case.reports[1].id != third.id
    assert [report.occasion for report in new.case.reports] == [1, 1], "each outlet's first one there"
    assert counted(Key.EXPOSURES, whole.case, new.case) == 4, "a story that exposes two problems is an exposure of each"
    assert (new.case.split_from, whole.case.split_off[0].problem_id) == (whole.id, new.id)
    assert (new.case.state, new.case.unit_id, new.case.due_at) == (State.REGISTERED, None, None)


def test_the_unit_keeps_the_deadlines_that_it_was_given() -> None:
    whole = told_twice().assigned("sanitation", "03-02", due="03-10", co=("police",)).extended("03-05", due="03-20")
    whole.started("03-06")
    new = divided(whole, {whole.case.reports[0].id: GOES}, keeps_unit=True).case
    assert (new.state, new.unit_id, new.co_unit_ids) == (State.ASSIGNED, oid("sanitation"), (oid("police"),))
    assert (new.original_due_at, new.due_at, new.assigned_at) == (at("03-10"), at("03-20"), at("03-02"))
    assert new.rounds == ()
    assert len(whole.case.rounds) == 1, "what was done was done about the first one"
    assert whole.case.state is State.IN_PROGRESS


@pytest.mark.parametrize(
    ("shares", "field"),
    [((), "reports"), ((GOES, GOES, GOES), "reports")],
)
def test_something_goes_and_something_stays(shares: tuple[Share, ...], field: str) -> None:
    whole = told_twice()
    chosen = {report.id: share for report, share in zip(whole.case.reports, shares, strict=False)}
    with pytest.raises(InvalidInput) as error:
        divided(whole, chosen)
    assert set(error.value.fields) == {field}


def test_what_differs_in_nothing_is_no_second_problem() -> None:
    whole = told_twice()
    with pytest.raises(InvalidInput) as error:
        divided(whole, {whole.case.reports[0].id: GOES}, differs=False)
    assert set(error.value.fields) == {"place"}
    with pytest.raises(InvalidInput) as error:
        divided(whole, {whole.case.reports[0].id: GOES}, keeps_unit=True)
    assert set(error.value.fields) == {"unit"}


def test_a_story_that_proves_the_fix_does_not_go() -> None:
    whole = told_twice().followed_up("radio", "04-02", story="the proof").assigned("sanitation", "04-02")
    whole.claimed("04-03").verified("04-04", basis="follow_up", story_id=oid("the proof"))
    proof = next(report.id for report in whole.case.reports if report.story_id == oid("the proof"))
    with pytest.raises(InvalidInput, match="rests on"):
        divided(whole, {proof: GOES})
    assert counted(Key.RESOLVED, whole.case, divided(whole, {proof: BOTH}).case) == 1


def test_a_withheld_problem_has_no_part_that_is_shown() -> None:
    whole = told_twice().withheld("04-02")
    assert divided(whole, {whole.case.reports[0].id: GOES}).case.withheld


def test_the_fix_of_the_first_one_is_no_fix_of_what_was_split_off() -> None:
    whole = fixed_problem("whole").exposed("radio", "03-02")
    new = divided(whole, {whole.case.reports[-1].id: GOES})
    assert counted(Key.RESOLVED, whole.case, new.case) == 1
    assert counted(Key.PROBLEMS, whole.case, new.case) == 2
    assert new.case.state is State.REGISTERED


def test_dispatchers_split_and_the_office_alone_what_was_worked_on() -> None:
    editor, office = (Actor(ObjectId(), frozenset({role})) for role in (Role.EDITOR, Role.PUBLICITY))
    official = Actor(ObjectId(), frozenset({Role.OFFICIAL}))
    fresh, worked = told_twice().case, told_twice().assigned("sanitation", "05-01").started("05-02").case
    assert [may_split(fresh, each) is None for each in (editor, office, official)] == [True, True, False]
    assert [may_split(worked, each) is None for each in (editor, office, official)] == [False, True, False]


def test_merging_back_gives_every_report_its_occasion_again() -> None:
    whole = told_twice()
    before = whole.case
    new = divided(whole, {before.reports[0].id: GOES, before.reports[1].id: BOTH})
    merged(new, whole, LATER)
    assert restored(whole.case, before)
    assert counted(Key.EXPOSURES, whole.case, new.case) == 3


def restored(now: Case, before: Case) -> bool:
    """True when nothing but the traces of splitting and merging tells ``now`` from ``before``; reports stand in any order."""
    key = lambda report: report.id  # noqa: E731 - the same order for both
    plain = now.model_copy(
        update={
            "split_off": before.split_off,
            "taken_over": before.taken_over,
            "reports": tuple(sorted(now.reports, key=key)),
        }
    )
    return same(plain, before.model_copy(update={"reports": tuple(sorted(before.reports, key=key))}))


@settings(max_examples=300, deadline=None)
@given(lives(), st.lists(st.sampled_from(list(Share)), max_size=14), st.booleans())
def test_any_history_splits_without_loss_and_merges_back(
    of_it: list[tuple[str, int, str, int]], chosen: list[Share], keeps: bool
) -> None:
    whole = Tale("whole")
    live(whole, of_it, START)
    before = whole.case
    shares = {report.id: share for report, share in zip(before.reports, chosen, strict=False)}
    try:
        new = divided(whole, shares, keeps_unit=keeps)
    except MediaTrackerError:
        assert whole.case == before
        return
    both = {
        report.story_id for report in before.reports if shares.get(report.id) is BOTH and report.withdrawn_at is None
    }
    parts = standing(whole.case, new.case)
    assert set(parts) == set(standing(before)), "no story is lost"
    assert {story for story, times in parts.items() if times == 2} == both - {None}
    assert whole.case.state is before.state
    assert new.as_of(LATER).registered_at == LATER
    assert whole.as_of(LATER - timedelta(minutes=1)) == before
    try:
        merged(new, whole, LATER + timedelta(hours=1))
    except MediaTrackerError:
        return
    assert restored(whole.case, before)
