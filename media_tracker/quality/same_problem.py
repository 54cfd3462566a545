"""Same problem: reports grouped, against labelled groups, by B-cubed F and its mean over the problems.

Complaints are grouped alone (the labelled ones) and among all of their file; the labelled ones are judged. On local news the
exposures and follow-ups of all problems are grouped. Nothing is trained on the labels; the one threshold (``grouping.ALIKE``) is
the same for all three. Baseline: cosine of character 1- to 3-gram TF-IDF over title and body, counted over the whole file,
single linkage at .20.

The macro figure is the mean, over the labelled problems, of the F of the mean precision and recall of a problem's reports.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from scipy.sparse.csgraph import connected_components

from media_tracker.problems.linking.grouping import group
from media_tracker.quality.measure import Measure, rows

T = TypeVar("T", bound=Hashable)

COMPLAINTS = "teddycup2020c/fj3_hot_4326.jsonl"
GROUPS = "teddycup2020c/fj3_groups.jsonl"
LOCAL_NEWS = "local_news_given.jsonl"
_SINGLE = 0.20


@dataclass(frozen=True, slots=True)
class Told:
    """A report of the data."""

    id: Hashable
    title: str
    body: str


def measure(data: Path) -> list[Measure]:
    """B-cubed F and macro F of complaints and of local news."""
    measures = []
    complaints = [Told(row["留言编号"], row["留言主题"], row["留言详情"]) for row in rows(data / COMPLAINTS)]
    labels = {row["留言编号"]: row["problem"] for row in rows(data / GROUPS) if row["label"] == "member"}
    if complaints and labels:
        labelled = [each for each in complaints if each.id in labels]
        plain = b_cubed(single_linkage(labelled, complaints), labels)
        measures += _rows("complaints, labelled ones alone", b_cubed(grouped(labelled), labels), plain, bars=True)
        plain = b_cubed(single_linkage(complaints, complaints), labels)
        measures += _rows("complaints, among all", b_cubed(grouped(complaints), labels), plain)
    stories = [row for row in rows(data / LOCAL_NEWS) if row["problem"]]
    if stories:
        told = [Told(row["id"], row["title"], row["body"]) for row in stories]
        labels = {row["id"]: row["problem"] for row in stories}
        plain = b_cubed(single_linkage(told, told), labels)
        measures += _rows("local news", b_cubed(grouped(told), labels), plain)
    return measures


def _rows(name: str, ours: tuple[float, float], plain: tuple[float, float], bars: bool = False) -> list[Measure]:
    return [
        Measure("same problem", name, "B-cubed F", ours[0], plain[0], bar=0.92 if bars else None),
        Measure("same problem", name, "F, mean of problems", ours[1], plain[1], bar=0.82 if bars else None),
    ]


def grouped(told: Sequence[Told]) -> dict[Hashable, int]:
    """Each report's group as the program finds them."""
    found = group([each.title for each in told], [each.body for each in told])
    return {each.id: first for each, first in zip(told, found, strict=True)}


def single_linkage(told: Sequence[Told], counted: Sequence[Told]) -> dict[Hashable, int]:
    """Each report's group as the baseline finds them; ``counted``: where it learns how rare a gram is."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 3)).fit(f"{e.title} {e.body}" for e in counted)
    vectors = vectorizer.transform(f"{each.title} {each.body}" for each in told).tocsr().astype(np.float32)
    ties = (vectors @ vectors.T).tocsr()
    ties.data[ties.data < _SINGLE] = 0
    ties.eliminate_zeros()
    labels = connected_components(ties, directed=False)[1]
    return {each.id: int(label) for each, label in zip(told, labels, strict=True)}


def b_cubed(found: Mapping[T, int], labels: Mapping[T, str]) -> tuple[float, float]:
    """B-cubed F over all labelled items, and the mean over the labelled groups. Items without a label are not looked at."""
    clusters: dict[int, set[T]] = defaultdict(set)
    groups: dict[str, set[T]] = defaultdict(set)
    for item, label in labels.items():
        clusters[found[item]].add(item)
        groups[label].add(item)
    precision, recall = {}, {}
    for item, label in labels.items():
        shared = len(clusters[found[item]] & groups[label])
        precision[item], recall[item] = shared / len(clusters[found[item]]), shared / len(groups[label])
    of_groups = [_f([precision[each] for each in items], [recall[each] for each in items]) for items in groups.values()]
    return _f(list(precision.values()), list(recall.values())), float(np.mean(of_groups))


def _f(precision: Sequence[float], recall: Sequence[float]) -> float:
    p, r = float(np.mean(precision)), float(np.mean(recall))
    return 2 * p * r / (p + r)
