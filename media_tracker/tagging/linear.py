"""A linear head: one question, its labels, a weight per feature and label, and how sure its sums are to be taken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from media_tracker.tagging.features import Floats, Grams, Vector, Vocabulary

Scores = NDArray[np.float64]

_SUREST = 0.05
"""Least temperature: a few examples that are all told apart are no proof that every text will be."""
_SPREAD_FROM = 40
"""So many of the strongest occurrences are looked at for passages."""
_STRONG = 0.3
"""Characters that carry at least this share of what the strongest one carries belong to a passage."""
_LONGEST_PASSAGE = 16


@dataclass(frozen=True, slots=True)
class Head:
    """``weights`` is features × labels, ``bias`` one per label; probabilities are the softmax of sums ÷ ``temperature``.

    ``temperature`` comes from sums for texts that the head was not trained on, so that 0.8 means right four times of five.
    """

    labels: tuple[str, ...]
    weights: Floats
    bias: Floats
    temperature: float = 1.0

    def sums(self, vector: Vector) -> Scores:
        """What speaks for each label, as a sum of its features' weights."""
        sums: Scores = vector.values.astype(np.float64) @ self.weights[vector.rows] + self.bias
        return sums

    def probabilities(self, vector: Vector) -> Scores:
        """A probability per label."""
        return softmax(self.sums(vector) / self.temperature)

    def strengths(self, vector: Vector, label: int) -> Scores:
        """What each feature of ``vector`` adds for ``label``, over what it adds for the labels on average."""
        weights = self.weights[vector.rows]
        strengths: Scores = vector.values.astype(np.float64) * (weights[:, label] - weights.mean(axis=1))
        return strengths


def softmax(sums: Scores) -> Scores:
    """Probabilities from sums, along the last axis."""
    odds = np.exp(sums - sums.max(axis=-1, keepdims=True))
    probabilities: Scores = odds / odds.sum(axis=-1, keepdims=True)
    return probabilities


def fit_temperature(sums: Scores, labels: NDArray[np.int64]) -> float:
    """The temperature under which ``sums`` (texts × labels, held out) are likeliest to give ``labels`` (their indices)."""
    if not len(labels):
        return 1.0
    candidates = np.geomspace(_SUREST, 5.0, 80)
    own = np.arange(len(labels))
    losses = [-np.log(np.maximum(softmax(sums / each)[own, labels], 1e-9)).mean() for each in candidates]
    return float(candidates[int(np.argmin(losses))])


@dataclass(frozen=True, slots=True)
class Passage:
    """Characters ``start:end`` of field number ``field`` that speak for a label with ``strength``."""

    field: int
    start: int
    end: int
    strength: float


def passages(
    head: Head, vocabulary: Vocabulary, text: Grams, vector: Vector, label: int, most: int = 4
) -> list[Passage]:
    """The passages of title and body that speak most for ``label``: where its strongest n-grams overlap, strongest first."""
    strengths = head.strengths(vector, label)
    order = np.argsort(-strengths)[:_SPREAD_FROM]
    order = order[strengths[order] > 0]
    if not len(order):
        return []
    order = order[np.argsort(vector.rows[order])]
    chosen = vocabulary.keys[vector.rows[order]]
    nearest = np.minimum(np.searchsorted(chosen, text.keys), len(chosen) - 1)
    spread = np.where(chosen[nearest] == text.keys, strengths[order][nearest], 0.0)
    shown = np.flatnonzero((spread > 0) & (text.fields < 2))
    found: list[Passage] = []
    for number in (0, 1):
        here = shown[text.fields[shown] == number]
        if len(here):
            found.extend(_runs(number, text.starts[here], text.ends[here], spread[here]))
    found.sort(key=lambda passage: (-passage.strength, passage.field, passage.start))
    return found[:most]


def _runs(number: int, starts: NDArray[np.int32], ends: NDArray[np.int32], strengths: Scores) -> list[Passage]:
    """Runs of characters that strong n-grams cover, each n-gram's strength spread over its characters."""
    each = strengths / np.maximum(ends - starts, 1)
    size = int(ends.max()) + 1
    changes = np.bincount(starts, each, minlength=size) - np.bincount(ends, each, minlength=size)
    heat = np.cumsum(changes)
    strong = np.concatenate([[False], heat >= _STRONG * heat.max(), [False]])
    edges = np.flatnonzero(np.diff(strong.astype(np.int8)))
    found = []
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if end - start >= 2:
            cut = min(end, start + _LONGEST_PASSAGE)
            found.append(Passage(number, start, cut, float(heat[start:cut].sum())))
    return found
