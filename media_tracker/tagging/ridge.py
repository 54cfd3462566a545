"""Fitting linear heads in one go: ridge regression on ±1 targets, solved between texts, all labels together.

With fewer texts than features the small matrix is the one of the texts' products, and one factorisation gives the weights of
every label *and* what each text would have got had it been left out (Allen 1974, PRESS), from which scores are calibrated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from media_tracker.tagging.features import Floats, Vector

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MOST_AT_ONCE = 10_000
_PRECISE_UNTIL = 3_000
_CONSTANT = 1.0
"""What every text has in common beside its features; its weight is the bias."""


@dataclass(frozen=True, slots=True)
class Fit:
    """``weights`` features × labels, ``bias`` per label; ``held_out`` texts × labels: the sums of texts that were left out.

    ``judged`` says of which texts these are there.
    """

    weights: Floats
    bias: Floats
    held_out: NDArray[np.float64]
    judged: NDArray[np.bool_]


def matrix(vectors: Sequence[Vector], width: int) -> csr_matrix:
    """The vectors as the rows of a sparse matrix."""
    from scipy.sparse import csr_matrix

    ends = np.cumsum([0, *(len(vector.rows) for vector in vectors)])
    rows = np.concatenate([vector.rows for vector in vectors]) if vectors else np.empty(0, dtype=np.int64)
    values = np.concatenate([vector.values for vector in vectors]) if vectors else np.empty(0, dtype=np.float32)
    return csr_matrix((values, rows, ends), shape=(len(vectors), width), dtype=np.float32)


def fit(texts: csr_matrix, targets: NDArray[np.float64], importance: NDArray[np.float64], strictness: float) -> Fit:
    """Fit ``targets`` (texts × labels). ``importance``: how much each text counts; ``strictness``: the ridge, above 0.

    Beyond ``MOST_AT_ONCE`` texts the same weights are approached step by step, and only every fifth text is held out.
    """
    if texts.shape[0] > MOST_AT_ONCE:
        return _fit_many(texts, targets, importance, strictness)
    from scipy.linalg import cho_factor, cho_solve

    kind = np.float64 if texts.shape[0] <= _PRECISE_UNTIL else np.float32
    products = (texts @ texts.T).toarray().astype(kind) + kind(_CONSTANT)
    products[np.diag_indices_from(products)] += (strictness / importance).astype(kind)
    factor = cho_factor(products, lower=True, overwrite_a=True, check_finite=False)
    inverse = cho_solve(factor, np.eye(len(targets), dtype=kind), overwrite_b=True, check_finite=False)
    shares = inverse @ targets.astype(kind)
    held_out = targets - shares / np.diag(inverse)[:, None]
    weights = np.asarray(texts.T @ shares, dtype=np.float32)
    bias = (shares.sum(axis=0) * _CONSTANT).astype(np.float32)
    return Fit(weights, bias, held_out.astype(np.float64), np.ones(len(targets), dtype=np.bool_))


def _fit_many(
    texts: csr_matrix, targets: NDArray[np.float64], importance: NDArray[np.float64], strictness: float
) -> Fit:
    from sklearn.linear_model import Ridge

    def solved(chosen: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        machine = Ridge(alpha=strictness, solver="sparse_cg", tol=1e-3, max_iter=200)
        machine.fit(texts[chosen], targets[chosen], sample_weight=importance[chosen])
        return np.asarray(machine.coef_).T, np.asarray(machine.intercept_)

    held = np.arange(len(targets)) % 5 == 4
    weights, bias = solved(~held)
    held_out = np.zeros_like(targets)
    held_out[held] = texts[held] @ weights + bias
    weights, bias = solved(np.ones(len(targets), dtype=np.bool_))
    return Fit(weights.astype(np.float32), bias.astype(np.float32), held_out, held)
