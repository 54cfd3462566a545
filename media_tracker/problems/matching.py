"""Which problems a story may belong to: same kind of thing, in the same place, not long ago. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bson import ObjectId

from media_tracker.errors import N_
from media_tracker.problems.case import Case

RECENT = timedelta(days=120)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A problem that may be meant, how much speaks for it (0 to 1), and what (gettext ids)."""

    problem_id: ObjectId
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What matching needs of a problem."""

    case: Case
    place: str
    category_path: Sequence[str]
    region_path: Sequence[str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is known of the story. ``category_path`` from the special up, ``region_path`` from the city down."""

    category_path: Sequence[str]
    region_path: Sequence[str]
    place: str
    at: datetime


def rank(wanted: Wanted, known: Iterable[Known], limit: int = 5) -> list[Candidate]:
    """The best ``limit`` of ``known``, best first; those without a common place or a common class are left out."""
    candidates = [candidate for problem in known if (candidate := _compare(wanted, problem)) is not None]
    return sorted(candidates, key=lambda c: (-c.score, str(c.problem_id)))[:limit]


def same_place(one: str, other: str) -> bool:
    """True when two place names are one, or one holds the other; blanks and punctuation do not matter."""
    a, b = _bare(one), _bare(other)
    return bool(a) and bool(b) and (a in b or b in a)


def _bare(place: str) -> str:
    return re.sub(r"[\s、，,。·（）()“”\"']", "", place)


def _compare(wanted: Wanted, problem: Known) -> Candidate | None:
    case = problem.case
    score = 0.0
    reasons: list[str] = []
    if wanted.category_path and wanted.category_path[0] == problem.category_path[0]:
        score += 0.35
        reasons.append(N_("same category"))
    elif wanted.category_path and wanted.category_path[-1] == problem.category_path[-1]:
        score += 0.1
        reasons.append(N_("same class"))
    if same_place(wanted.place, problem.place):
        score += 0.35
        reasons.append(N_("same place"))
    shared = _shared_depth(wanted.region_path, problem.region_path)
    if shared >= 4:
        score += 0.25
        reasons.append(N_("same community"))
    elif shared == 3:
        score += 0.15
        reasons.append(N_("same subdistrict"))
    elif shared == 2:
        score += 0.03
        reasons.append(N_("same district"))
    last = max((report.occurred_at for report in case.reports), default=case.registered_at)
    age = abs(wanted.at - last)
    if age <= RECENT:
        score += 0.05 * (1 - age / RECENT)
    has_place = shared >= 3 or N_("same place") in reasons
    has_class = bool(reasons) and reasons[0] in (N_("same category"), N_("same class"))
    return Candidate(case.id, min(score, 1.0), tuple(reasons)) if has_place and has_class else None


def _shared_depth(one: Sequence[str], other: Sequence[str]) -> int:
    depth = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        depth += 1
    return depth
