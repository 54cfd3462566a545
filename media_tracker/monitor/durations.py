"""How long things take: median and 90th percentile, from publication. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from media_tracker.accounts.actor import Level
from media_tracker.errors import N_
from media_tracker.monitor.counting import exposed_in_period
from media_tracker.monitor.credit import soundly_verified
from media_tracker.monitor.facts import Facts, View
from media_tracker.problems.case import Case, Outcome


class Stretch(StrEnum):
    """A stretch of time that is measured."""

    ASSIGNMENT = "assignment"
    ANSWER = "answer"
    FIX = "fix"


NAMES = {
    Stretch.ASSIGNMENT: N_("Exposure to assignment"),
    Stretch.ANSWER: N_("Assignment to answer"),
    Stretch.FIX: N_("Exposure to verified fix"),
}


@dataclass(frozen=True, slots=True)
class Duration:
    """How long a stretch took, over the problems that have both ends. Hours; None without any."""

    name: str
    count: int
    median_hours: float | None
    p90_hours: float | None


def stretches(case: Case, first: datetime, level: Level) -> dict[Stretch, float]:
    """How many hours each stretch of ``case``, first exposed at ``first``, took; those alone that have both ends."""
    found: dict[Stretch, float] = {}
    answered = next((each.claim.claimed_at for each in case.rounds if each.claim is not None), None)
    if case.assigned_at is not None:
        found[Stretch.ASSIGNMENT] = _hours(first, case.assigned_at)
        if answered is not None:
            found[Stretch.ANSWER] = _hours(case.assigned_at, answered)
    if case.verified_at is not None and case.outcome is Outcome.RESOLVED and soundly_verified(case, level):
        found[Stretch.FIX] = _hours(first, case.verified_at)
    return found


def durations(facts: Facts, view: View) -> list[Duration]:
    """Exposure → assigned, assigned → answered, exposure → verified, for problems first exposed in the period."""
    taken = [stretches(fact.case, first, view.level) for fact, first in exposed_in_period(facts, view)]
    return [duration(stretch, (each[stretch] for each in taken if stretch in each)) for stretch in Stretch]


def duration(stretch: Stretch, hours: Iterable[float]) -> Duration:
    """What the ``hours`` that a stretch took come to."""
    ordered = sorted(hours)
    return Duration(NAMES[stretch], len(ordered), _quantile(ordered, 0.5), _quantile(ordered, 0.9))


def _hours(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds() / 3600)


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    """The value at ``share`` of the sorted list, interpolated between its neighbours (Hyndman and Fan's type 7)."""
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
