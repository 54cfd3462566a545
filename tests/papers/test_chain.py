"""Records and digests: one canonical text, and a chain that notices every change."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.papers.chain import START, canonical, chain, check, digest

NOON = datetime(2026, 3, 2, 12, 30, 15, 250_000, tzinfo=UTC)


@dataclass(frozen=True)
class Happened:
    """An event."""

    seq: int
    id: ObjectId = field(default_factory=ObjectId)
    entity_id: ObjectId = field(default_factory=lambda: ObjectId("0" * 24))
    type: str = "registered"
    schema: int = 1
    actor: ObjectId | None = None
    acting_unit: ObjectId | None = None
    occurred_at: datetime = NOON
    recorded_at: datetime = NOON
    payload: dict[str, object] = field(default_factory=dict)


def test_a_record_is_json_with_keys_in_order_without_spaces_in_ascii() -> None:
    event = Happened(1, ObjectId("a" * 24), payload={"z": "垃圾\n", "a": [ObjectId("b" * 24), NOON, None, True, 1.5]})

    record = chain([event])[0].record

    assert record.isascii()
    assert record == json.dumps(json.loads(record), sort_keys=True, separators=(",", ":"))
    told = json.loads(record)
    assert told["payload"] == {"a": ["b" * 24, "2026-03-02T12:30:15.250Z", None, True, 1.5], "z": "垃圾\n"}
    assert (told["id"], told["problem"], told["seq"]) == ("a" * 24, "0" * 24, 1)


def test_the_same_moment_is_the_same_record_in_every_zone() -> None:
    shanghai = timezone(timedelta(hours=8))
    assert canonical(NOON) == canonical(NOON.astimezone(shanghai)) == '"2026-03-02T12:30:15.250Z"'


def test_no_record_tells_whether_a_closing_was_drawn_for_a_re_check() -> None:
    drawn, spared = (
        chain([Happened(1, ObjectId("a" * 24), type="closed", payload={"drawn": each})]) for each in (1, 0)
    )

    assert drawn == spared
    assert json.loads(drawn[0].record)["payload"] == {}


def test_what_has_no_canonical_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        canonical({"a": object()})


def test_the_chain_is_what_the_recipe_says() -> None:
    links = chain([Happened(1), Happened(2)])

    first = hashlib.sha256(f"{START}\n{links[0].record}".encode()).hexdigest()
    second = hashlib.sha256(f"{first}\n{links[1].record}".encode()).hexdigest()
    assert [link.digest for link in links] == [first, second]
    assert digest(first, links[1].record) == second


@given(st.lists(st.text(max_size=20), min_size=1, max_size=6), st.data())
def test_whoever_changes_leaves_out_or_swaps_an_event_is_found_out(texts: list[str], data: st.DataObject) -> None:
    events = [Happened(number, payload={"text": text}) for number, text in enumerate(texts, start=1)]
    given_links = [(link.record, link.digest) for link in chain(events)]
    at = data.draw(st.integers(0, len(events) - 1))

    assert check(given_links).wrong is None
    other = chain([replace(events[at], type="closed")])[0].record
    assert check([*given_links[:at], (other, given_links[at][1]), *given_links[at + 1 :]]).wrong == at + 1
    if at < len(events) - 1:
        assert check([*given_links[:at], *given_links[at + 1 :]]).wrong == at + 1


def test_an_empty_chain_has_nothing_wrong() -> None:
    assert check([]).wrong is None
