"""What decisions teach: which are examples, which are kept back for judging, and when a new model is no worse. Pure.

Reprints and their original are one example: they share a cluster, and the cluster says on which side the example falls, so that
no text is both learnt from and judged by. The side never changes, so no version has ever seen what it is judged by.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId

from media_tracker.tagging.evidence import StoryText
from media_tracker.tagging.labelled import Labelled

HELD_BACK = 5
"""One of so many clusters is kept back."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decided story, as far as it teaches."""

    cluster: ObjectId
    """Its own id where it has none."""
    text: StoryText
    at: datetime
    """When it was decided."""
    kind: str
    category: str | None = None
    outcome: str | None = None
    deed: str | None = None


@dataclass(frozen=True, slots=True)
class Lessons:
    """Examples to learn from, and examples to judge by."""

    taught: tuple[Labelled, ...]
    held_back: tuple[Labelled, ...]


def lessons(decided: Iterable[Decided]) -> Lessons:
    """One example per cluster, the decision that was made last."""
    latest: dict[ObjectId, Decided] = {}
    for each in decided:
        known = latest.get(each.cluster)
        if known is None or known.at <= each.at:
            latest[each.cluster] = each
    ordered = [latest[cluster] for cluster in sorted(latest)]
    return Lessons(
        taught=tuple(_labelled(each) for each in ordered if not is_held_back(each.cluster)),
        held_back=tuple(_labelled(each) for each in ordered if is_held_back(each.cluster)),
    )


def is_held_back(cluster: ObjectId) -> bool:
    """Whether the stories of ``cluster`` are only judged by, now and for ever."""
    return zlib.crc32(cluster.binary) % HELD_BACK == 0


def no_worse(new: Mapping[str, float], former: Mapping[str, float], heads: Sequence[str] = ("kind",)) -> bool:
    """Whether figures of a new model stand up to the former one's: in each of ``heads``, and over all heads together.

    A head that only one of them was judged on says nothing. Nothing to compare: no worse.
    """
    both = sorted(new.keys() & former.keys())
    if any(new[head] < former[head] for head in heads if head in both):
        return False
    return sum(new[head] for head in both) >= sum(former[head] for head in both)


def _labelled(each: Decided) -> Labelled:
    """A label counts only where its question arises."""
    return Labelled(
        story=each.text,
        kind=each.kind,
        category=each.category if each.kind in ("exposure", "follow_up") else None,
        outcome=each.outcome if each.kind == "follow_up" else None,
        deed=each.deed if each.kind == "good_deed" else None,
        group=str(each.cluster),
    )
