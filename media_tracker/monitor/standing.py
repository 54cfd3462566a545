"""Where a project stands: pieces against time, and since when it is quiet. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from statistics import median

LOOKED_AT = 60
"""Of the latest stories so many tell how often a column usually appears."""
FEWEST_GAPS = 3
QUIET_TIMES = 3
"""Quiet is a silence of more than so many times the usual one,"""
QUIET_DAYS = 3
"""and of more than so many days."""
QUIET_AT_FIRST = 14
"""Days without any story from the first day on."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often stories come. ``usual_days``: the median of the days between two days with stories; None with too few of them."""

    last: date | None
    usual_days: float | None
    silent_days: int
    """Since the last story, or since the beginning when there is none."""
    quiet: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """Pieces against time, both as shares of one. ``pieces_share`` is None where no number was promised."""

    elapsed_share: float
    pieces_share: float | None
    expected: int | None
    """So many pieces it would be by now if they came evenly; nobody has promised that."""


def progress(pieces: int, planned: int | None, starts: date, ends: date, today: date) -> Progress:
    """How much of the time has gone by, today included, and how many of the pieces are there."""
    whole = (ends - starts).days + 1
    gone = min(max((today - starts).days + 1, 0), whole)
    if not planned:
        return Progress(gone / whole, None, None)
    return Progress(gone / whole, pieces / planned, round(planned * gone / whole))


def rhythm(days: Sequence[date], starts: date, ends: date, today: date) -> Rhythm:
    """How often stories come, from the local ``days`` of the latest ones, in any order.

    Quiet: the silence is longer than three times the usual one, and than three days; before there is a usual one, two weeks. What
    has ended, or not begun, is not quiet.
    """
    distinct = sorted(set(days))
    usual = _usual(distinct, len(days))
    last = distinct[-1] if distinct else None
    silent = max(0, (today - (last or starts)).days)
    bound = QUIET_AT_FIRST if usual is None else max(QUIET_DAYS, QUIET_TIMES * usual)
    return Rhythm(last, usual, silent, starts <= today <= ends and silent > bound)


def _usual(distinct: Sequence[date], stories: int) -> float | None:
    gaps = [(later - earlier).days for earlier, later in pairwise(distinct)]
    if len(gaps) >= FEWEST_GAPS:
        return float(median(gaps))
    return 1.0 if stories >= LOOKED_AT else None  # so many within four days: it comes daily
