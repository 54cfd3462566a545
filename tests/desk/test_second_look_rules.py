"""Which stories are drawn for a second look, when two decisions say the same, and who may settle where they do not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.accounts.actor import Actor, Role
from media_tracker.desk.second_look_rules import Said, differs_in, is_drawn, may_settle, said_of
from media_tracker.ingest.documents import DecisionRecord, Kind

FIRST, SECOND, THIRD = ObjectId(), ObjectId(), ObjectId()
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def _said(kind: str = "exposure", **more: str | None) -> Said:
    values: dict[str, str | None] = {"category": "101", "top": "1", "region": "9901", "outcome": None, "deed": None}
    return Said(kind=kind, district=more.pop("district", "01") or "", **{**values, **more})  # type: ignore[arg-type]


def test_the_share_that_is_drawn_is_the_share_that_is_set_and_another_key_draws_others() -> None:
    ids = [ObjectId(f"{number:024x}") for number in range(20_000)]
    drawn = {key: {each for each in ids if is_drawn(key, each, 0.05)} for key in (b"one", b"two")}
    assert 800 < len(drawn[b"one"]) < 1_200, "about a twentieth of 20,000"
    assert len(drawn[b"one"] & drawn[b"two"]) < 120, "who does not know the key cannot tell which"
    assert not any(is_drawn(b"one", each, 0.0) for each in ids[:100])
    assert all(is_drawn(b"one", each, 1.0) for each in ids[:100])


@given(st.binary(min_size=12, max_size=12), st.floats(0, 1), st.floats(0, 1))
def test_who_is_drawn_at_a_share_is_drawn_at_every_larger_one(raw: bytes, one: float, other: float) -> None:
    small, large = sorted((one, other))
    assert is_drawn(b"key", ObjectId(raw), large) or not is_drawn(b"key", ObjectId(raw), small)


@pytest.mark.parametrize(
    ("first", "second", "fields"),
    [
        (_said(), _said(), ()),
        (_said(), _said(place="another wording"), ()),
        (_said(), _said(region="990101"), ()),
        (_said(), _said(category="102"), ("category",)),
        (_said(), _said("notice"), ("kind",)),
        (_said(), _said("notice", category=None, district=""), ("kind", "district")),
        (_said("follow_up", outcome="resolved"), _said("follow_up", outcome="promised"), ("outcome",)),
        (_said("good_deed", category=None), _said("good_deed", category=None, deed="honesty"), ("deed",)),
    ],
)
def test_two_decisions_differ_in_what_is_counted_or_learnt(first: Said, second: Said, fields: tuple[str, ...]) -> None:
    assert differs_in(first, second) == fields
    assert differs_in(second, first) == fields


def test_a_field_that_its_kind_does_not_have_is_not_compared() -> None:
    record = DecisionRecord(kind=Kind.NOTICE, category="101", outcome="resolved", deed="honesty", by=FIRST, at=NOW)
    said = said_of(record, "1", None)
    assert (said.category, said.top, said.outcome, said.deed, said.district) == (None, None, None, None, "")


@pytest.mark.parametrize(
    ("who", "takes", "may"),
    [
        (FIRST, "second", True),
        (FIRST, "first", False),
        (SECOND, "first", True),
        (SECOND, "second", False),
        (SECOND, "other", False),
        (THIRD, "first", True),
        (THIRD, "other", True),
        (THIRD, "nonsense", False),
    ],
)
def test_a_third_settles_or_one_of_the_two_gives_way(who: ObjectId, takes: str, may: bool) -> None:
    assert may_settle(Actor(who, frozenset({Role.EDITOR})), FIRST, SECOND, takes) is may
    assert not may_settle(Actor(who, frozenset({Role.ADMIN})), FIRST, SECOND, takes)
