"""How long things take: median and 90th percentile, from publication. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from media_tracker.errors import N_
from media_tracker.monitor.counting import exposed_in_period
from media_tracker.monitor.credit import soundly_verified
from media_tracker.monitor.facts import Facts, View
from media_tracker.problems.case import Outcome


@dataclass(frozen=True, slots=True)
class Duration:
    """How long a stretch took, over the problems that have both ends. Hours; None without any."""

    name: str
    count: int
    median_hours: float | None
    p90_hours: float | None


def durations(facts: Facts, view: View) -> list[Duration]:
    """Exposure → assigned, assigned → answered, exposure → verified, for problems first exposed in the period."""
    to_assigned: list[float] = []
    to_answered: list[float] = []
    to_verified: list[float] = []
    for fact, first in exposed_in_period(facts, view):
        case = fact.case
        answered = next((each.claim.claimed_at for each in case.rounds if each.claim is not None), None)
        if case.assigned_at is not None:
            to_assigned.append(_hours(first, case.assigned_at))
            if answered is not None:
                to_answered.append(_hours(case.assigned_at, answered))
        if case.verified_at is not None and case.outcome is Outcome.RESOLVED and soundly_verified(case, view.level):
            to_verified.append(_hours(first, case.verified_at))
    return [
        _duration(N_("Exposure to assignment"), to_assigned),
        _duration(N_("Assignment to answer"), to_answered),
        _duration(N_("Exposure to verified fix"), to_verified),
    ]


def _hours(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds() / 3600)


def _duration(name: str, hours: list[float]) -> Duration:
    return Duration(name, len(hours), _quantile(hours, 0.5), _quantile(hours, 0.9))


def _quantile(values: list[float], share: float) -> float | None:
    """The value at ``share`` of the sorted list, interpolated between its neighbours (Hyndman and Fan's type 7)."""
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
