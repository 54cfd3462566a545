"""Which stories are the same text: each joins the cluster of the earliest one that it repeats. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import numpy as np

from media_tracker.text.fingerprint import Compared, compared, likeness

REPRINT_WINDOW = timedelta(days=10)
"""A reprint appears within days; the same words much later are a new story."""
MOST_CANDIDATES = 50
"""That one story is compared with, those that share most keys first."""
_MOST_OF_A_BAND = 200
"""Stories of one key that are looked at, the latest before a story: what more of them share is a frame, not a story."""
_UNDATED = datetime.max.replace(tzinfo=UTC)


class _Ordered(Protocol):
    def __lt__(self, other: Any, /) -> bool: ...


Id = TypeVar("Id", bound=_Ordered)


@dataclass(frozen=True, slots=True)
class Grouped(Generic[Id]):
    """What grouping needs of a story. ``cluster`` is None while it has none; a story without a date may repeat any other."""

    id: Id
    published_at: datetime | None
    text: str
    bands: Sequence[int]
    cluster: Id | None


def group(stories: Iterable[Grouped[Id]], known: Iterable[Grouped[Id]]) -> Mapping[Id, Id]:
    """The cluster of each of ``stories``; one that repeats nothing begins its own. ``known`` have clusters and keep them.

    Of several stories that one repeats, the most like it decides. Clusters are named for their first story by time, then by
    id; stories without a date come last. The cost grows with the stories within ``REPRINT_WINDOW`` that share keys, not
    with all.
    """
    found: dict[Id, Id] = {}
    together = sorted((*known, *stories), key=_order)
    filed: _Filed[Id] = {band: [] for band in _shared_bands(together)}
    for story in together:
        if story.cluster is not None:
            found[story.id] = story.cluster
            _file(filed, story)
    for story in together:
        if story.cluster is None:
            repeated = _most_like(story, _candidates(filed, story))
            found[story.id] = story.id if repeated is None else found[repeated.id]
            _file(filed, story)
    return found


_Filed: TypeAlias = dict[int, list[Grouped[Id]]]
"""Stories by key, each list in order of time; only the keys that several have."""


def _shared_bands(stories: Iterable[Grouped[Id]]) -> Iterable[int]:
    bands = np.sort(np.fromiter(chain.from_iterable(story.bands for story in stories), dtype=np.int64))
    shared: list[int] = np.unique(bands[1:][bands[1:] == bands[:-1]]).tolist()
    return shared


def _order(story: Grouped[Id]) -> tuple[datetime, Id]:
    return story.published_at or _UNDATED, story.id


def _time(story: Grouped[Id]) -> datetime:
    return story.published_at or _UNDATED


def _file(filed: _Filed[Id], story: Grouped[Id]) -> None:
    for band in story.bands:
        if band in filed:
            insort(filed[band], story, key=_time)


def _candidates(filed: _Filed[Id], story: Grouped[Id]) -> list[Grouped[Id]]:
    """Stories of about the same time that share keys with ``story``, in order of time."""
    shared: Counter[Id] = Counter()
    near: dict[Id, Grouped[Id]] = {}
    for band in story.bands:
        if band in filed:
            for other in _about_then(filed[band], story.published_at):
                shared[other.id] += 1
                near[other.id] = other
    closest = sorted(near.values(), key=lambda other: (-shared[other.id], *_order(other)))[:MOST_CANDIDATES]
    return sorted(closest, key=_order)


def _about_then(stories: Sequence[Grouped[Id]], moment: datetime | None) -> Sequence[Grouped[Id]]:
    if moment is None:
        return stories[-_MOST_OF_A_BAND:]
    first = bisect_left(stories, moment - REPRINT_WINDOW, key=_time)
    last = bisect_right(stories, moment + REPRINT_WINDOW, key=_time)
    return stories[max(first, last - _MOST_OF_A_BAND) : last]


def _most_like(story: Grouped[Id], others: Iterable[Grouped[Id]]) -> Grouped[Id] | None:
    """The one that tells the same, the earliest of equals; None if none does."""
    best, most = None, 0.0
    for other in others:
        if (alike := likeness(_ready(story.text), _ready(other.text))) > most:
            best, most = other, alike
    return best


@lru_cache(maxsize=2_048)
def _ready(text: str) -> Compared:
    return compared(text)
