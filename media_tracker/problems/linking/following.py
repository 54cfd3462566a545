"""Which exposure a follow-up is about, among many, when all are at hand. Pure.

How alike the texts are is corrected by three things that it does not know. An exposure that is like everything (a long list of
troubles) is claimed by many follow-ups, and each claim counts for less; most follow-ups come soon; and a day that the
follow-up names as the day of the report (3月24日本报曝光的) speaks for what was published on it. What is left becomes the chance
that the exposure is the one: low for all of them means none of these.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from media_tracker.problems.linking.similarity import vectors
from media_tracker.text.backrefs import find_back_references
from media_tracker.text.normalise import normalise

MOST = 10

_SHARPNESS = 0.08
_NOBODY = 100.0
"""How many follow-ups nothing like it an exposure is thought to have besides those at hand; few at hand say little."""
_DELAY = 0.01
_DELAY_DAYS = 15.0
_DELAY_MOST = 60.0
"""Days; after two months another one says nothing."""
_NAMED_DAY = 0.10
_NAMED_SPAN = 0.02
_COPY = 0.5
_BEHIND = 0.999
_FOREMOST = 20
"""So alike is an exposure to an earlier one when it is its reprint; among the foremost, the earlier one goes first."""
_CHANCE = (8.0, 29.0)
"""Intercept and slope of the log-odds; see docs/quality.md."""
_BLOCK = 500
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Told:
    """A story as matching sees it."""

    title: str
    body: str
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """``exposures[index]`` may be what is followed up; ``score``: the chance that it is, 0 to 1."""

    index: int
    score: float


def match(follow_ups: Sequence[Told], exposures: Sequence[Told], zone: ZoneInfo, most: int = MOST) -> list[list[Match]]:
    """For each follow-up up to ``most`` exposures published before it, the likeliest first.

    Where either has no date, it may have been before. ``zone`` is where the days that texts name are counted.
    """
    if not follow_ups or not exposures:
        return [[] for _ in follow_ups]
    told = [*follow_ups, *exposures]
    rows = vectors([each.title for each in told], [each.body for each in told])
    asked, offered = rows[: len(follow_ups)], rows[len(follow_ups) :]
    when, published = _seconds(follow_ups), _seconds(exposures)
    days = _days(exposures, zone)
    claims = _claims(asked, offered, when, published)
    answers = []
    for start in range(0, len(follow_ups), _BLOCK):
        block = slice(start, start + _BLOCK)
        scores = _alike(asked[block], offered, when[block], published) - claims
        scores -= _DELAY * np.log1p(_delay(when[block], published) / _DELAY_DAYS)
        for row, story in zip(scores, follow_ups[block], strict=True):
            row += _named(story, days, zone)
            answers.append(_best(row, offered, published, most))
    return answers


def chance(score: NDArray[np.float64]) -> NDArray[np.float64]:
    """The chance that an exposure of this score is the one that is followed up."""
    odds: NDArray[np.float64] = 1 / (1 + np.exp(-(_CHANCE[0] + _CHANCE[1] * score)))
    return odds


def log_odds(chance_of: float) -> float:
    """The other way: what odds a chance stands for, as their logarithm."""
    kept = min(max(chance_of, 1e-6), 1 - 1e-6)
    return math.log(kept / (1 - kept))


def _seconds(stories: Sequence[Told]) -> NDArray[np.float64]:
    """Moments of publication in seconds; NaN without one."""
    return np.array([each.published_at.timestamp() if each.published_at else np.nan for each in stories])


def _delay(when: NDArray[np.float64], published: NDArray[np.float64]) -> NDArray[np.float64]:
    """Days from each exposure to each follow-up; 0 where it is not known."""
    days: NDArray[np.float64] = np.nan_to_num((when[:, None] - published[None, :]) / _DAY, nan=0.0)
    return np.clip(days, 0, _DELAY_MOST)


def _alike(
    asked: csr_matrix, offered: csr_matrix, when: NDArray[np.float64], published: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How alike each pair is; minus infinity where the exposure came later."""
    alike: NDArray[np.float64] = (asked @ offered.T).toarray().astype(np.float64)
    alike[published[None, :] > when[:, None]] = -np.inf  # a comparison with NaN is false
    return alike


def _claims(
    asked: csr_matrix, offered: csr_matrix, when: NDArray[np.float64], published: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How much each exposure is claimed by all follow-ups together."""
    total = np.full(offered.shape[0], _NOBODY)
    for start in range(0, asked.shape[0], _BLOCK):
        block = slice(start, start + _BLOCK)
        total += np.exp(_alike(asked[block], offered, when[block], published) / _SHARPNESS).sum(axis=0)
    return _SHARPNESS * np.log(total)


def _days(stories: Sequence[Told], zone: ZoneInfo) -> NDArray[np.int64]:
    """Days of publication as proleptic ordinals; 0 without one."""
    moments = (each.published_at for each in stories)
    return np.array([0 if each is None else each.astimezone(zone).toordinal() for each in moments], dtype=np.int64)


def _named(story: Told, published: NDArray[np.int64], zone: ZoneInfo) -> NDArray[np.float64]:
    """What the days that ``story`` names add to the exposures of the days ``published``."""
    added = np.zeros(len(published))
    if story.published_at is None:
        return added
    text = normalise(f"{story.title}\n{story.body}").text
    for each in find_back_references(text, story.published_at.astimezone(zone).date()):
        meant = (each.first.toordinal() <= published) & (published <= each.last.toordinal())
        added[meant] = np.maximum(added[meant], _NAMED_DAY if each.exact else _NAMED_SPAN)
    return added


def _best(scores: NDArray[np.float64], offered: csr_matrix, published: NDArray[np.float64], most: int) -> list[Match]:
    order = np.argsort(-scores, kind="stable")[:most]
    order = order[np.isfinite(scores[order])]
    chances = chance(scores[order])
    head = order[:_FOREMOST]
    chances[: len(head)] = _originals_first(chances[: len(head)], offered[head], published[head])
    ranked = np.argsort(-chances, kind="stable")
    return [Match(int(order[place]), round(float(chances[place]), 6)) for place in ranked]


def _originals_first(
    chances: NDArray[np.float64], rows: csr_matrix, published: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The same chances, but what was printed first has the best one of all its reprints, and they come behind it."""
    copies = ((rows @ rows.T).toarray() >= _COPY) & (published[None, :] < published[:, None])
    changed = chances.copy()
    for place in np.argsort(-published, kind="stable"):
        earlier = np.flatnonzero(copies[place])
        if len(earlier):
            first = earlier[np.argmin(published[earlier])]
            changed[first] = max(changed[first], changed[place])
            changed[place] = min(changed[place], changed[first] * _BEHIND)
    return changed
