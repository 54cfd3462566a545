"""Which reports are of one problem: average linkage over how alike their texts are. Pure.

Single linkage chains: a street's rubbish with its parking, through one report that names both. Average linkage joins two groups
only when their reports are alike on the whole; and two reports that name places, but none in common, count for half as alike.
So problems of one kind in different places stay apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

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
_ELSEWHERE = 0.5
_LEAD = 400
_BLOCK = 500


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
    forest), so there are fewer of them than rows, however many are alike. A block of rows is compared at a time.
    """
    turned = rows.T.tocsc()
    count = rows.shape[0]
    ties = csr_matrix((count, count))
    for start in range(0, count, _BLOCK):
        block = (rows[start : start + _BLOCK] @ turned).tocoo()
        earlier = block.col < block.row + start
        kept = earlier & (block.data >= floor)
        apart = (2.0 - block.data[kept].astype(np.float64), (block.row[kept] + start, block.col[kept]))
        ties = csr_matrix(minimum_spanning_tree(ties + csr_matrix(apart, shape=(count, count))))
    ties.data = 2.0 - ties.data
    return ties


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
