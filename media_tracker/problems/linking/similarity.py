"""How alike two texts are, by their characters. Pure.

A text is a vector of its character 1- to 3-grams (word rules would take a place name apart differently each time), hashed into
2²⁰ numbers. A gram weighs (1 + ln tf) · (ln((n + 1) / (df + 1)) + 1): rare ones, which names of places and people are made of,
weigh most. Title and body are made equally long before they are added: what a story is about stands in its title, where
it stands in its body.

How rare a gram is, is counted over the texts at hand and the package's own stories; so a handful of texts about one thing does
not make the words for that thing look common.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags

from media_tracker.problems.linking.rarity import Rarity, background
from media_tracker.text.grams import SIZE, grams

Counts: TypeAlias = csr_matrix
"""Row: a text; column: a hashed gram; value: how often it is there."""


def count(texts: Iterable[str]) -> Counts:
    """The grams of each text."""
    columns: list[NDArray[np.int64]] = []
    values: list[NDArray[np.int64]] = []
    ends = [0]
    for text in texts:
        here, times = np.unique(grams(text), return_counts=True)
        columns.append(here)
        values.append(times)
        ends.append(ends[-1] + len(here))
    data = np.concatenate(values) if values else np.empty(0)
    indices = np.concatenate(columns) if columns else np.empty(0, dtype=np.int64)
    return csr_matrix((data.astype(np.float32), indices, ends), shape=(len(columns), SIZE))


def vectors(titles: Sequence[str], bodies: Sequence[str], beside: Rarity | None = None) -> csr_matrix:
    """Vectors of length 1 (0 for a text without any gram), a row each; their dot product is how alike two texts are, 0 to 1.

    ``beside``: how rare grams are elsewhere, counted in; None: the package's stories.
    """
    counted = count(titles), count(bodies)
    together = counted[0] + counted[1]
    here = Rarity(np.bincount(together.indices, minlength=SIZE), together.shape[0])
    weights = (here + (background() if beside is None else beside)).weights
    return weighed(counted[0], counted[1], weights)


def weighed(titles: Counts, bodies: Counts, weights: NDArray[np.float32]) -> csr_matrix:
    """Vectors of length 1 of texts whose grams are counted."""
    return _unit(_unit(_damped(titles, weights)) + _unit(_damped(bodies, weights)))


def _damped(counted: Counts, weights: NDArray[np.float32]) -> csr_matrix:
    damped = counted.copy()
    damped.data = (1 + np.log(damped.data)) * weights[damped.indices]
    return damped


def _unit(rows: csr_matrix) -> csr_matrix:
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    lengths[lengths == 0] = 1
    return csr_matrix(diags((1 / lengths).astype(np.float32)) @ rows)
