"""How a feed is doing: in order, failing, or silent for longer than is its habit. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from media_tracker.outlets.documents import Feed, FeedSource

FAILURES_TOLD = 3
"""In a row; one or two are the weather."""
STORIES_FOR_A_HABIT = 5
HABITS = 3
"""Silent is who says nothing for three times the longest pause between its latest stories,"""
SILENCE_AT_LEAST = timedelta(hours=48)
"""and no shorter than two days: newsrooms have weekends."""


class Health(StrEnum):
    """The worst that can be said of a feed comes first."""

    FAILING = "failing"
    SILENT = "silent"
    STUMBLING = "stumbling"  # the last look failed, or two
    NEW = "new"
    WELL = "well"
    RESTING = "resting"
    BY_HAND = "by_hand"


ALARMS = (Health.FAILING, Health.SILENT)
"""What somebody should look at."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """``since``: when the state began, as far as is known; ``usual``: the longest pause that is this feed's habit."""

    health: Health
    since: datetime | None = None
    usual: timedelta | None = None


def diagnose(feed: Feed, now: datetime) -> Diagnosis:
    """What to say of ``feed``."""
    state = feed.state
    if feed.source is FeedSource.HAND:
        return Diagnosis(Health.BY_HAND)
    if not feed.active:
        return Diagnosis(Health.RESTING, state.notice_at)
    if state.failures >= FAILURES_TOLD:
        return Diagnosis(Health.FAILING, state.checked_at)
    last = max(state.published, default=None)
    pause = longest_pause(state.published)
    if last is not None and pause is not None and now - last > max(pause * HABITS, SILENCE_AT_LEAST):
        return Diagnosis(Health.SILENT, last, pause)
    if state.failures:
        return Diagnosis(Health.STUMBLING, state.checked_at, pause)
    if state.checked_at is None:
        return Diagnosis(Health.NEW)
    return Diagnosis(Health.WELL, usual=pause)


def longest_pause(published: Sequence[datetime]) -> timedelta | None:
    """The longest pause between stories; None while there are too few to speak of a habit."""
    if len(published) < STORIES_FOR_A_HABIT:
        return None
    moments = sorted(published)
    return max(later - earlier for earlier, later in pairwise(moments))
