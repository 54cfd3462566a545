"""Objections: what they need, by when they are answered, when one masks, and that clocks and counts do not notice."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from media_tracker.problems.case import Case, EventType, State
from media_tracker.problems.folding import apply
from media_tracker.problems.light import light
from media_tracker.problems.objections.rules import Contact, due, mistakes, stands_at_once, why_not_stand
from tests.problems.cases import SHANGHAI, Happened, Tale, at, oid

NOW = at("2026-03-02 09:00")


def objected(case: Case, name: str, kind: EventType = EventType.OBJECTED, moment: datetime = NOW) -> Case:
    payload = {"objection_id": oid(name), "answer": "rejected"}
    return apply(case, Happened(kind.value, case.id, case.version + 1, moment, moment, payload))


def test_an_objection_is_due_after_fifteen_working_days() -> None:
    assert due(NOW, SHANGHAI) == at("2026-03-24 00:00")


def test_who_objects_says_what_is_wrong_and_how_to_be_reached() -> None:
    assert mistakes("It was the neighbour.", Contact("A shop", telephone="1")) == {}
    assert mistakes("It was the neighbour.", Contact("A shop", address="Here")) == {}
    assert set(mistakes(" ", Contact())) == {"text", "name", "telephone"}


def test_from_the_public_only_the_first_objection_stands_at_once() -> None:
    assert stands_at_once(0)
    assert not stands_at_once(1)


def test_a_duplicate_takes_no_objection() -> None:
    case = Tale().exposed("evening news", "03-01 08:00").case
    assert why_not_stand(case) is None
    assert why_not_stand(case.model_copy(update={"state": State.DUPLICATE})) is not None


def test_a_case_is_masked_until_the_last_of_its_objections_is_answered() -> None:
    case = Tale().exposed("evening news", "03-01 08:00").case
    assert not case.masked
    case = objected(objected(case, "one"), "two")
    case = objected(case, "one", EventType.OBJECTION_ANSWERED)
    assert case.masked
    assert not objected(case, "two", EventType.OBJECTION_ANSWERED).masked


@given(st.lists(st.sampled_from(["one", "two", "three"]), max_size=6))
def test_objections_stop_no_clock_and_change_nothing_that_is_counted(names: list[str]) -> None:
    before = Tale().exposed("evening news", "03-01 08:00").assigned("sanitation", "03-01 10:00").case
    after = before
    for name in names:
        after = objected(after, name)
        after = objected(after, name, EventType.OBJECTION_ANSWERED)
    assert light(after, at("03-20 08:00")) == light(before, at("03-20 08:00"))
    assert after.model_copy(update={"version": before.version}) == before
