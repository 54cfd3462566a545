"""Which stories are the same text: each joins the cluster of the earliest one that it repeats. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bson import ObjectId

from media_tracker.text.fingerprint import is_reprint

REPRINT_WINDOW = timedelta(days=10)
"""A reprint appears within days; the same words much later are a new story."""
MOST_CANDIDATES = 50
"""That one story is compared with, the earliest first."""


@dataclass(frozen=True, slots=True)
class Grouped:
    """What grouping needs of a story. ``cluster`` is None while it has none."""

    id: ObjectId
    published_at: datetime
    text: str
    bands: Sequence[int]
    cluster: ObjectId | None


def group(stories: Iterable[Grouped], known: Iterable[Grouped]) -> Mapping[ObjectId, ObjectId]:
    """The cluster of each of ``stories``; one that repeats nothing begins its own. ``known`` have clusters and keep them."""
    found: dict[ObjectId, ObjectId] = {}
    by_band: dict[int, list[Grouped]] = defaultdict(list)
    waiting = []
    for story in (*known, *stories):
        if story.cluster is None:
            waiting.append(story)
        else:
            found[story.id] = story.cluster
            _file(by_band, story)
    for story in sorted(waiting, key=lambda each: (each.published_at, each.id)):
        found[story.id] = next(
            (found[other.id] for other in _candidates(by_band, story) if is_reprint(story.text, other.text)), story.id
        )
        _file(by_band, story)
    return found


def _file(by_band: dict[int, list[Grouped]], story: Grouped) -> None:
    for band in story.bands:
        by_band[band].append(story)


def _candidates(by_band: Mapping[int, Sequence[Grouped]], story: Grouped) -> list[Grouped]:
    near = {
        other.id: other
        for band in story.bands
        for other in by_band.get(band, ())
        if abs(other.published_at - story.published_at) <= REPRINT_WINDOW
    }
    return sorted(near.values(), key=lambda other: (other.published_at, other.id))[:MOST_CANDIDATES]
