"""Which reports are of one problem: average linkage over how alike their texts are. Pure.

Single linkage chains: a street's rubbish with its parking, through one report that names both. Average linkage joins two groups
only when their reports are alike on the whole; and two reports that name places, but none in common, count for half as alike.
So problems of one kind in different places stay apart.

Reports are not all compared with all: only those that have something rare in common, as ``stories group`` does by keys. Grams
that more than a thousand reports have (characters, everyday words) lead nobody to anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
from scipy.spatial.distance import squareform

from media_tracker.problems.linking.place_names import named_places
from media_tracker.problems.linking.similarity import vectors

ALIKE = 0.12
"""How alike two groups must be on average to be one problem (see docs/quality.md: .10 to .14 give about the same)."""

_LARGEST = 6_000
"""So many reports are compared each with each (144 MB); a larger heap is first taken apart at its weakest ties. One that holds
together to the last says the same thing so often that it is one problem."""
_STEP = 0.02
_COMMON = 1_000
"""A gram in more reports than that is not looked for. With fewer reports than that, all pairs are compared."""
_RARE_SHARE = 0.5
"""Pairs are compared exactly when their rare grams alone make so much of what is asked for."""
_PAIRS = 5_000
_ELSEWHERE = 0.5
_LEAD = 400
_BLOCK = 500


_Pairs: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]


def group(titles: Sequence[str], bodies: Sequence[str]) -> list[int]:
    """For each report the index of the first one that is of the same problem; its own where there is none before it.

    A report without any text is of no other's problem.
    """
    places = [named_places(f"{title}\n{body[:_LEAD]}") for title, body in zip(titles, bodies, strict=True)]
    return of_vectors(vectors(titles, bodies), places)


def of_vectors(rows: csr_matrix, places: Sequence[Set[str]], alike: float = ALIKE) -> list[int]:
    """The same, of ``similarity.vectors`` and the places that each report names."""
    found = list(range(rows.shape[0]))
    for heap in _heaps(_ties(rows, alike), np.arange(rows.shape[0]), alike):
        if len(heap) > _LARGEST:
            for member in heap.tolist():
                found[member] = int(heap[0])
            continue
        labels = _average(rows[heap], [places[member] for member in heap], alike)
        firsts: dict[int, int] = {}
        for member, label in zip(heap.tolist(), labels.tolist(), strict=True):
            found[member] = firsts.setdefault(label, member)
    return found


def _heaps(ties: csr_matrix, members: NDArray[np.intp], floor: float) -> Iterator[NDArray[np.intp]]:
    """Parts of ``members`` with more than one in them, that no pair ties together that is ``floor`` alike or more.

    Groups whose average is ``floor`` have such a pair, so nothing is lost, unless a part is too large.
    """
    if len(members) < 2:
        return
    near = ties[members][:, members]
    near.data[near.data < floor] = 0
    near.eliminate_zeros()
    count, labels = connected_components(near, directed=False)
    order = np.argsort(labels, kind="stable")
    for part in np.split(order, np.cumsum(np.bincount(labels, minlength=count))[:-1]):
        if len(part) > _LARGEST and floor + _STEP < 1:
            yield from _heaps(ties, members[part], floor + _STEP)
        elif len(part) > 1:
            yield members[part]


def _ties(rows: csr_matrix, floor: float) -> csr_matrix:
    """How alike the pairs of rows are that are ``floor`` alike or more; only the pairs that hold heaps together.

    Whatever is at least so alike, for any higher floor, hangs together by these pairs alone (they are a maximum spanning
    forest), so there are fewer of them than rows, however many are alike.
    """
    count = rows.shape[0]
    ties = csr_matrix((count, count))
    for one, other, alike in _pairs(rows, floor):
        apart = (2.0 - alike, (one, other))
        ties = csr_matrix(minimum_spanning_tree(ties + csr_matrix(apart, shape=(count, count))))
    ties.data = 2.0 - ties.data
    return ties


def _pairs(rows: csr_matrix, floor: float) -> Iterator[_Pairs]:
    """The pairs (later row, earlier row, how alike) that are ``floor`` alike or more; a block of rows at a time."""
    rare = _without_common(rows)
    least = floor if rare is rows else floor * _RARE_SHARE
    turned = rare.T.tocsc()
    for start in range(0, rows.shape[0], _BLOCK):
        block = (rare[start : start + _BLOCK] @ turned).tocoo()
        kept = (block.col < block.row + start) & (block.data >= least)
        one, other = block.row[kept].astype(np.int64) + start, block.col[kept].astype(np.int64)
        alike = block.data[kept].astype(np.float64) if rare is rows else _alike(rows, one, other)
        near = alike >= floor
        yield one[near], other[near], alike[near]


def _without_common(rows: csr_matrix) -> csr_matrix:
    """``rows`` without the columns that too many of them have; themselves where there are none such."""
    common = np.bincount(rows.indices, minlength=rows.shape[1]) > _COMMON
    if not common.any():
        return rows
    rare = rows.copy()
    rare.data[common[rare.indices]] = 0
    rare.eliminate_zeros()
    return rare


def _alike(rows: csr_matrix, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.float64]:
    """How alike the pairs of rows are."""
    alike = np.zeros(len(one))
    for start in range(0, len(one), _PAIRS):
        part = slice(start, start + _PAIRS)
        alike[part] = np.asarray(rows[one[part]].multiply(rows[other[part]]).sum(axis=1)).ravel()
    return alike


def _average(rows: csr_matrix, places: Sequence[Set[str]], alike: float) -> NDArray[np.int32]:
    near = (rows @ rows.T).toarray()
    near[_elsewhere(places)] *= _ELSEWHERE
    apart = 1 - near
    np.fill_diagonal(apart, 0)
    tree = linkage(squareform(np.maximum(apart, 0), checks=False), "average")
    labels: NDArray[np.int32] = fcluster(tree, 1 - alike, "distance")
    return labels


def _elsewhere(places: Sequence[Set[str]]) -> NDArray[np.bool_]:
    """Which pairs name places, both, but none in common."""
    known: dict[str, int] = {}
    marks = [(row, known.setdefault(name, len(known))) for row, names in enumerate(places) for name in names]
    shape = (len(places), max(1, len(known)))
    rows, columns = ([mark[side] for mark in marks] for side in (0, 1))
    named = csr_matrix((np.ones(len(marks), dtype=np.float32), (rows, columns)), shape=shape)
    names_any = np.asarray(named.sum(axis=1)).ravel() > 0
    shared: NDArray[np.bool_] = (named @ named.T).toarray() > 0
    return ~shared & names_any[:, None] & names_any[None, :]
