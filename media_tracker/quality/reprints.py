"""Reprints: pairs of stories that share a cluster, against pairs that are labelled as one text.

The labels' own pairs are few and easy; so each story is also given a copy as desks make them, with an invented frame, and the
share of copies that are found again is a figure of its own. Baseline: stories of one title (blanks and punctuation aside).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path

from media_tracker.quality.measure import Measure, rows
from media_tracker.tagging.clusters import Grouped, group
from media_tracker.text.fingerprint import fingerprint
from media_tracker.text.normalise import normalise

LOCAL_NEWS = "local_news_given.jsonl"

_SENTENCES = re.compile(r"[^。]*。?")
_HEAD = "【来源：云川发布】\n"
_TAIL = "\n来源：云川发布　记者 某某 通讯员 某某\n责任编辑：某某\n更多精彩内容，请关注本台官方微信公众号。爆料热线：0000-1234567"


@dataclass(frozen=True, slots=True)
class Told:
    """A story of the labelled data; ``first``: the id of the story whose text it is."""

    id: str
    title: str
    body: str
    published_at: datetime
    first: str


def measure(data: Path) -> list[Measure]:
    """Precision and recall of pairs on local news, and recall of edited copies."""
    told = [
        Told(
            row["id"],
            row["title"],
            row["body"],
            datetime.fromisoformat(row["published_at"]),
            row["reprint_of"] or row["id"],
        )
        for row in rows(data / LOCAL_NEWS)
    ]
    measures = []
    if told:
        labelled = _pairs({each.id: each.first for each in told})
        ours, plain = _scores(labelled, _clusters(told)), _scores(labelled, _by_title(told))
        measures += [
            Measure("reprints", "local news", "precision of pairs", ours[0], plain[0], bar=0.98),
            Measure("reprints", "local news", "recall of pairs", ours[1], plain[1], bar=0.95),
        ]
        firsts = [each for each in told if each.first == each.id]
        for name, edit in EDITS.items():
            copies = [_copy(each, edit) for each in firsts]
            found, by_title = _found(firsts, copies, _clusters), _found(firsts, copies, _by_title)
            measures.append(Measure("reprints", f"local news, copies {name}", "recall", found, by_title))
    return measures


def _cut(body: str) -> str:
    """The first six tenths, as an app's short version has it."""
    return body[: len(body) * 6 // 10]


def _thinned(body: str) -> str:
    """Every fourth sentence left out."""
    sentences = [sentence for sentence in _SENTENCES.findall(body) if sentence]
    return "".join(sentence for number, sentence in enumerate(sentences, start=1) if number % 4)


EDITS: Mapping[str, Callable[[str], str]] = {
    "framed": lambda body: f"{_HEAD}{body}{_TAIL}",
    "cut and framed": lambda body: f"{_cut(body)}{_TAIL}",
    "with sentences left out": _thinned,
}
"""What is done to a body; the title always changes."""


def _copy(story: Told, edit: Callable[[str], str]) -> Told:
    later = story.published_at + timedelta(hours=5)
    return replace(story, id=f"{story.id}'", title=f"转发：{story.title}", body=edit(story.body), published_at=later)


def _found(
    firsts: Sequence[Told], copies: Sequence[Told], grouping: Callable[[Sequence[Told]], Mapping[str, Hashable]]
) -> float:
    clusters = grouping([*firsts, *copies])
    return sum(clusters[copy.id] == clusters[copy.first] for copy in copies) / len(copies)


def _clusters(told: Sequence[Told]) -> Mapping[str, Hashable]:
    return group(
        [Grouped(each.id, each.published_at, each.body, fingerprint(each.body).keys, None) for each in told], []
    )


def _by_title(told: Sequence[Told]) -> Mapping[str, Hashable]:
    return {each.id: re.sub(r"\W+", "", normalise(each.title).text) for each in told}


def _pairs(clusters: Mapping[str, Hashable]) -> set[tuple[str, str]]:
    together: dict[Hashable, list[str]] = defaultdict(list)
    for story, cluster in clusters.items():
        together[cluster].append(story)
    return {pair for stories in together.values() for pair in combinations(sorted(stories), 2)}


def _scores(labelled: Iterable[tuple[str, str]], clusters: Mapping[str, Hashable]) -> tuple[float, float]:
    """Precision and recall; a grouping that says nothing is right in all that it says."""
    true, found = set(labelled), _pairs(clusters)
    return (len(true & found) / len(found) if found else 1.0, len(true & found) / len(true) if true else 1.0)
