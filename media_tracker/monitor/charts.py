"""What charts show, worked out from figures: steps of a trend, the flow, the calendar, the ranks. Pure; numbers and days only.

Nothing is counted here: every number comes from a figure or is the sum of figures of parts that do not overlap, so that each can
be opened as the list that it counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from media_tracker.errors import N_
from media_tracker.monitor.definitions import Key
from media_tracker.monitor.facts import Period
from media_tracker.monitor.stages import ABOVE, Stage

Counts = Mapping[str, Mapping[Key, int]]
"""A breakdown: value of a dimension → figure → how many."""

MOST_DAYS, MOST_WEEKS = 45, 190
"""A trend is drawn by day up to so many days, by week up to so many, by month beyond."""
LONGEST_CALENDAR = 371
"""Days that a calendar has room for: 53 weeks."""
LEAST = 5
"""Fewer cases than this say nothing of a unit: it is listed apart, without a rank."""


class Grain(StrEnum):
    """How long one step of a trend is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def grain_for(period: Period) -> Grain:
    """The step that suits ``period`` when nobody chose one."""
    days = (period.end - period.start).days + 1
    return Grain.DAY if days <= MOST_DAYS else Grain.WEEK if days <= MOST_WEEKS else Grain.MONTH


def steps(period: Period, grain: Grain) -> list[Period]:
    """``period`` cut into days, weeks from Monday to Sunday, or months; what sticks out at either end is cut off."""
    found, start = [], period.start
    while start <= period.end:
        end = min(_last_day(start, grain), period.end)
        found.append(Period(start, end))
        start = end + timedelta(days=1)
    return found


def _last_day(day: date, grain: Grain) -> date:
    match grain:
        case Grain.DAY:
            return day
        case Grain.WEEK:
            return day + timedelta(days=6 - day.weekday())
        case Grain.MONTH:
            return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def trend(by_day: Counts, parts: Iterable[Period], keys: Sequence[Key]) -> list[list[int]]:
    """How many of each of ``keys`` fall to each of ``parts``: a row for each part. ``by_day``: local days as ``2026-03-31``."""
    return [[sum(by_day.get(day, {}).get(key, 0) for day in _days(part)) for key in keys] for part in parts]


def _days(part: Period) -> list[str]:
    count = (part.end - part.start).days + 1
    return [(part.start + timedelta(days=n)).isoformat() for n in range(count)]


def calendar(by_day: Counts, period: Period, key: Key) -> list[tuple[date, int]]:
    """Every day of ``period`` with its number; of a long one the last ``LONGEST_CALENDAR`` days."""
    start = max(period.start, period.end - timedelta(days=LONGEST_CALENDAR - 1))
    return [(date.fromisoformat(day), by_day.get(day, {}).get(key, 0)) for day in _days(Period(start, period.end))]


@dataclass(frozen=True, slots=True)
class Flow:
    """The flow from exposure to a fix that lasts. None stands for where it begins: the problems exposed."""

    total: int
    stages: Mapping[Stage, int]
    """How many problems are at this stage or have passed it; those without any are left out."""
    overdue: int
    """Of those being worked on: past their deadline. They are drawn as what comes of them, and counted once."""

    @property
    def links(self) -> list[tuple[Stage | None, Stage, int]]:
        """From where, to where, and how many; what leaves a stage never exceeds what has come to it."""
        return [(ABOVE.get(stage), stage, count) for stage, count in self.stages.items()]


def flow(by_stage: Counts, total: int, overdue_by_stage: Counts) -> Flow:
    """The flow of the problems exposed. The last stages add up to ``total``, and every stage is the sum of those after it."""
    sums = dict.fromkeys(Stage, 0)
    for value, counts in by_stage.items():
        stage: Stage | None = Stage(value) if value in set(Stage) else None
        while stage is not None:
            sums[stage] += counts.get(Key.PROBLEMS, 0)
            stage = ABOVE.get(stage)
    overdue = overdue_by_stage.get(Stage.IN_HAND, {}).get(Key.OVERDUE, 0)
    return Flow(total, {stage: count for stage, count in sums.items() if count}, overdue)


class Rank(StrEnum):
    """By what units may be compared: what they did with the problems that they had, never how many were exposed."""

    ON_TIME = "on_time"
    FIRST_FAILED = "first_failed"
    RELAPSED = "relapsed"


@dataclass(frozen=True, slots=True)
class RankRule:
    """A comparison: which part of which whole, and whether more of it is better."""

    name: str
    part: Key
    whole: Key
    more_is_better: bool
    part_stage: Stage | None = None
    """The part is that of ``part`` which is at this stage, where no figure of its own is the part."""


RANKS: Mapping[Rank, RankRule] = {
    Rank.ON_TIME: RankRule(N_("Time kept"), Key.DUE_ON_TIME, Key.DUE, True),
    Rank.FIRST_FAILED: RankRule(N_("Failed the first check"), Key.FIRST_FAILED, Key.CHECKED, False),
    Rank.RELAPSED: RankRule(N_("Came back after closing"), Key.RESOLVED, Key.RESOLVED, False, Stage.RELAPSED),
}


@dataclass(frozen=True, slots=True)
class Ranked:
    """One unit: its part of its whole. ``place`` is shared by equals, and None where there are too few cases."""

    unit: str
    part: int
    whole: int
    place: int | None

    @property
    def share(self) -> float:
        return self.part / self.whole


def ranking(counts: Mapping[str, tuple[int, int]], rule: RankRule, least: int = LEAST) -> list[Ranked]:
    """Units by their share of ``counts`` (part, whole), the best first; those with fewer than ``least`` last and without a place.

    Units with an equal share have the same place. Who has no case at all, and what has no unit, is left out.
    """
    known = {unit: pair for unit, pair in counts.items() if unit and pair[1]}
    sign = -1 if rule.more_is_better else 1
    order = sorted(known, key=lambda unit: (sign * known[unit][0] / known[unit][1], -known[unit][1], unit))
    shares = [known[unit][0] / known[unit][1] for unit in order if known[unit][1] >= least]
    placed = [
        Ranked(unit, *known[unit], shares.index(known[unit][0] / known[unit][1]) + 1)
        for unit in order
        if known[unit][1] >= least
    ]
    return placed + [Ranked(unit, *known[unit], None) for unit in sorted(known) if known[unit][1] < least]
