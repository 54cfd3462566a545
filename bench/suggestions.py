"""How fast stories are looked at, and, on labelled stories (``DATA``), how well."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bench.table import show
from media_tracker.places.gazetteer import Gazetteer
from media_tracker.places.regions import read_regions
from media_tracker.tagging.cues import read_cues
from media_tracker.tagging.suggest import CueSuggester, StoryText
from media_tracker.taxonomy.categories import read_categories
from media_tracker.text.fingerprint import fingerprint

STORY = (
    "张店区和平街道一小区北门垃圾桶满溢一周无人清运，居民拨打热线反映。记者在现场看到，垃圾堆了一米多高，路面满是污水。"
)


def run(data: Path | None) -> None:
    suggester = CueSuggester(read_cues(), Gazetteer(read_regions()), read_categories())
    story = StoryText("小区北门垃圾桶满溢", (STORY * 8)[:400], "", "")
    rows = [
        ["suggest, 400 characters", f"{_milliseconds(lambda: suggester.suggest(story)):.2f} ms"],
        ["fingerprint, 400 characters", f"{_milliseconds(lambda: fingerprint(story.body)):.2f} ms"],
    ]
    show("Suggestions: one core, median of 200", ["work", "time"], rows)
    if data is not None and (data / "local_news_given.jsonl").is_file():
        _judge(suggester, data / "local_news_given.jsonl")


def _milliseconds(work: object) -> float:
    assert callable(work)
    taken = []
    for _ in range(200):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1000)
    return median(taken)


def _judge(suggester: CueSuggester, path: Path) -> None:
    """Share of right kinds, and macro-F1 over the kinds, on labelled local stories."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    pairs = [
        (row["kind"], suggester.suggest(StoryText(row["title"], row["body"], row["outlet"], row["column"] or "")).kind)
        for row in rows
    ]
    kinds = sorted({kind for kind, _ in pairs})
    scores = [_f1(pairs, kind) for kind in kinds]
    right = sum(said == kind for kind, said in pairs) / len(pairs)
    shown = [[kind, f"{score:.3f}"] for kind, score in zip(kinds, scores, strict=True)]
    total = ["macro-F1 / share right", f"{sum(scores) / len(scores):.3f} / {right:.3f}"]
    show(
        f"Kind of story, {len(rows)} labelled stories (the cues were written with sight of some of them)",
        ["kind", "F1"],
        [*shown, total],
    )


def _f1(pairs: Sequence[tuple[str, str]], kind: str) -> float:
    hit = sum(said == kind == label for label, said in pairs)
    said, labelled = sum(said == kind for _, said in pairs), sum(label == kind for label, _ in pairs)
    return 2 * hit / (said + labelled) if hit else 0.0
