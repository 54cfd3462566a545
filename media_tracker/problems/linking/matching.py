"""How likely it is that a story is about a problem, and why: words, kind of thing, place, day. Pure.

A problem is kept as a *sketch*: the weightiest character grams of its title, its place and the stories that told of it. Its
*keys* lead to it without looking at all problems: its rarest grams, the place it is in together with what it is, the days on
which an outlet exposed it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zlib import crc32

import numpy as np
from bson import ObjectId
from numpy.typing import NDArray

from media_tracker.errors import N_
from media_tracker.problems.linking.place_names import same_place
from media_tracker.text.grams import SIZE, grams

__all__ = ["Candidate", "Known", "Sketch", "Wanted", "asking_keys", "keys_of", "rank", "same_place", "sketch"]

LONGEST_SKETCH = 128
_KEYS = 12
_ASKING_KEYS = 24
_DEEP = 3
"""A region path this long (city, district, subdistrict) names a place."""
RECENT = timedelta(days=120)

_WEIGHTS = {
    N_("the story links to a story that exposed it"): 6.0,
    N_("refers to the day on which it was exposed"): 3.0,
    N_("same place"): 1.0,
    N_("same community"): 1.5,
    N_("same subdistrict"): 1.0,
    N_("same district"): 0.0,
    N_("same category"): 1.5,
    N_("same class"): 0.0,
}
"""What each reason adds to the log-odds: a logistic fit on local news, with rounded numbers (docs/quality.md)."""
_WORDS = 32.0
_ALIKE = 0.2
"""From here on the words themselves are a reason that is shown."""
_START = -6.0
_ELSEWHERE = -3.0
_OTHER_CLASS = -12.0
"""Another kind of thing in another place: only what the story links to or names can bring it back."""
_OLD = -0.7
_LEAST = 0.05
"""Below this chance a problem is not offered."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """The weightiest grams of a text, in order of their numbers, and what they weigh in a vector of length 1."""

    grams: NDArray[np.int32]
    weights: NDArray[np.float32]

    def alike(self, other: Sketch) -> float:
        """How alike two texts are, 0 to 1."""
        shared, here, there = np.intersect1d(self.grams, other.grams, assume_unique=True, return_indices=True)
        return float(self.weights[here] @ other.weights[there]) if len(shared) else 0.0

    def heaviest(self, count: int) -> list[int]:
        """Its ``count`` weightiest grams."""
        return [int(gram) for gram in self.grams[np.argsort(-self.weights, kind="stable")[:count]]]


NOTHING = Sketch(np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A problem that may be meant, the chance that it is (0 to 1), and what speaks for it (gettext ids).

    ``refers_to``: the day that the story names, where it is one on which the problem was exposed.
    """

    problem_id: ObjectId
    score: float
    reasons: tuple[str, ...]
    refers_to: date | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What matching needs of a problem. ``days``: when which outlet exposed it."""

    id: ObjectId
    place: str
    category_path: Sequence[str]
    region_path: Sequence[str]
    last_at: datetime
    sketch: Sketch = NOTHING
    days: Sequence[tuple[ObjectId | None, date]] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is known of the story. ``category_path`` from the special up, ``region_path`` from the city down.

    ``days``: those on which its own outlet is said to have told of it before; ``linked``: problems that stories which it links
    to are tied to.
    """

    category_path: Sequence[str]
    region_path: Sequence[str]
    place: str
    at: datetime
    sketch: Sketch = NOTHING
    outlet_id: ObjectId | None = None
    days: Sequence[tuple[date, date]] = ()
    linked: frozenset[ObjectId] = field(default_factory=frozenset)


def sketch(texts: Iterable[tuple[str, float]], weights: NDArray[np.float32], longest: int | None = None) -> Sketch:
    """Sketch of some texts, each with its share; ``weights``: of each gram. ``longest``: grams that are kept; None: all."""
    numbers, values = [], []
    for text, share in texts:
        here, times = np.unique(grams(text, shortest=2), return_counts=True)
        part = (1 + np.log(times)) * weights[here]
        length = math.sqrt(float(part @ part))
        if length:
            numbers.append(here)
            values.append(share / length * part)
    if not numbers:
        return NOTHING
    found, places = np.unique(np.concatenate(numbers), return_inverse=True)
    total = np.bincount(places, weights=np.concatenate(values)).astype(np.float64)
    total = np.divide(total, math.sqrt(float(total @ total)))
    if longest is not None and len(found) > longest:
        kept = np.sort(np.argpartition(-total, longest)[:longest])
        found, total = found[kept], total[kept]
    return Sketch(found.astype(np.int32), total.astype(np.float32))


def keys_of(known: Known) -> list[int]:
    """The keys that a problem is found by."""
    return sorted(
        {
            *known.sketch.heaviest(_KEYS),
            *_place_keys(known.region_path, known.category_path),
            *(_key("day", str(outlet), day.isoformat()) for outlet, day in known.days if outlet),
        }
    )


def asking_keys(wanted: Wanted) -> list[int]:
    """The keys that a story asks by; the first ones say most."""
    named = [first for first, last in wanted.days if first == last]
    days = [_key("day", str(wanted.outlet_id), day.isoformat()) for day in named] if wanted.outlet_id else []
    places = _place_keys(wanted.region_path, wanted.category_path)
    return list(dict.fromkeys([*days, *places, *wanted.sketch.heaviest(_ASKING_KEYS)]))


def _place_keys(region_path: Sequence[str], category_path: Sequence[str]) -> list[int]:
    """A place with a category, from the narrowest down to a district with it, or a community with any of its class."""
    keys = []
    if category_path:
        keys += [_key("place", region, category_path[0]) for region in reversed(region_path[1:])]
        if len(region_path) >= _DEEP:
            keys.append(_key("place", region_path[-1], category_path[-1]))
    return keys


def _key(*parts: str) -> int:
    """A number above those of all grams."""
    return SIZE + crc32("\x1f".join(parts).encode())


def rank(wanted: Wanted, known: Iterable[Known], limit: int = 5) -> list[Candidate]:
    """The likeliest ``limit`` of ``known``, best first; those that are hardly likely are left out."""
    candidates = [_compare(wanted, problem) for problem in known]
    likely = [each for each in candidates if each.score >= _LEAST]
    return sorted(likely, key=lambda each: (-each.score, str(each.problem_id)))[:limit]


def _compare(wanted: Wanted, problem: Known) -> Candidate:
    reasons: list[str] = []
    if problem.id in wanted.linked:
        reasons.append("the story links to a story that exposed it")
    day = _named_day(wanted, problem)
    if day is not None:
        reasons.append("refers to the day on which it was exposed")
    if same_place(wanted.place, problem.place):
        reasons.append("same place")
    shared = _shared_depth(wanted.region_path, problem.region_path)
    reasons += {0: [], 1: [], 2: ["same district"], 3: ["same subdistrict"]}.get(shared, ["same community"])
    if wanted.category_path and problem.category_path:
        if wanted.category_path[0] == problem.category_path[0]:
            reasons.append("same category")
        elif wanted.category_path[-1] == problem.category_path[-1]:
            reasons.append("same class")
    alike = wanted.sketch.alike(problem.sketch)
    odds = _START + _WORDS * alike + sum(_WEIGHTS[reason] for reason in reasons)
    if _elsewhere(wanted.region_path, problem.region_path, shared):
        odds += _ELSEWHERE + (_OTHER_CLASS if _of_other_class(wanted, problem) else 0.0)
    odds += _OLD * min(abs(wanted.at - problem.last_at) / RECENT, 4.0)
    if alike >= _ALIKE:
        reasons.append(N_("similar words"))
    return Candidate(problem.id, round(1 / (1 + math.exp(-odds)), 4), tuple(reasons), day)


def _elsewhere(one: Sequence[str], other: Sequence[str], shared: int) -> bool:
    """True when both places are known down to the subdistrict or deeper, and they are not one in the other."""
    return min(len(one), len(other)) >= _DEEP and shared < min(len(one), len(other))


def _of_other_class(wanted: Wanted, problem: Known) -> bool:
    both = bool(wanted.category_path) and bool(problem.category_path)
    return both and wanted.category_path[-1] != problem.category_path[-1]


def _named_day(wanted: Wanted, problem: Known) -> date | None:
    """The day that the story names, of those on which its outlet exposed the problem; a span that is named is none."""
    for first, last in wanted.days:
        if first == last:
            for outlet, day in problem.days:
                if day == first and outlet == wanted.outlet_id:
                    return day
    return None


def _shared_depth(one: Sequence[str], other: Sequence[str]) -> int:
    depth = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        depth += 1
    return depth
