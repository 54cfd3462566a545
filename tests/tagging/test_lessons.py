"""What decisions teach, and when a new model is no worse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from bson import ObjectId

from media_tracker.ingest.documents import Kind
from media_tracker.tagging.evidence import StoryText
from media_tracker.tagging.lessons import HELD_BACK, Decided, is_held_back, lessons, no_worse

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def _decided(
    kind: Kind = Kind.EXPOSURE, *, cluster: ObjectId | None = None, hours: int = 0, title: str = "一篇", **said: str
) -> Decided:
    at = NOW + timedelta(hours=hours)
    return Decided(cluster or ObjectId(), StoryText(title, "正文"), at, kind.value, **said)


def test_about_one_of_five_texts_is_kept_back_and_always_the_same_ones() -> None:
    clusters = [ObjectId(f"{number:024x}") for number in range(2_000)]
    held = [is_held_back(each) for each in clusters]
    assert 0.15 < sum(held) / len(held) < 0.25
    assert held == [is_held_back(each) for each in clusters]
    found = lessons([_decided(cluster=each) for each in clusters])
    assert len(found.held_back) == sum(held)
    assert len(found.taught) + len(found.held_back) == len(clusters)
    assert HELD_BACK == 5


def test_reprints_are_one_example_and_the_last_decision_counts() -> None:
    cluster = ObjectId()
    found = lessons(
        [
            _decided(Kind.NOTICE, cluster=cluster, hours=2, title="后来的"),
            _decided(Kind.EXPOSURE, cluster=cluster, hours=1, title="先前的"),
        ]
    )
    both = [*found.taught, *found.held_back]
    assert [(each.story.title, each.kind, each.group) for each in both] == [("后来的", "notice", str(cluster))]


@pytest.mark.parametrize(
    ("kind", "category", "outcome", "deed"),
    [
        (Kind.EXPOSURE, "201", None, None),
        (Kind.FOLLOW_UP, "201", "promised", None),
        (Kind.GOOD_DEED, None, None, "kindness"),
        (Kind.NOTICE, None, None, None),
    ],
)
def test_a_label_counts_only_where_its_question_arises(
    kind: Kind, category: str | None, outcome: str | None, deed: str | None
) -> None:
    found = lessons([_decided(kind, category="201", outcome="promised", deed="kindness")])
    (each,) = [*found.taught, *found.held_back]
    assert (each.kind, each.category, each.outcome, each.deed) == (kind.value, category, outcome, deed)


@pytest.mark.parametrize(
    ("new", "former", "stands"),
    [
        ({}, {}, True),
        ({"kind": 0.8}, {}, True),
        ({"kind": 0.8}, {"kind": 0.8}, True),
        ({"kind": 0.7, "category": 1.0}, {"kind": 0.8, "category": 0.1}, False),
        ({"kind": 0.9, "category": 0.5}, {"kind": 0.8, "category": 0.55}, True),
        ({"kind": 0.8, "category": 0.5}, {"kind": 0.8, "category": 0.55}, False),
        ({"kind": 0.8, "deed": 0.0}, {"kind": 0.8}, True),
    ],
)
def test_a_model_is_no_worse_in_kinds_and_over_all_heads(
    new: dict[str, float], former: dict[str, float], stands: bool
) -> None:
    assert no_worse(new, former) is stands
