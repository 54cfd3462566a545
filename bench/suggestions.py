"""How fast stories are looked at by cues alone, and fingerprinted. How well, and what a learned model costs: ``quality``."""

from __future__ import annotations

import time
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


def run() -> None:
    suggester = CueSuggester(read_cues(), Gazetteer(read_regions()), read_categories())
    story = StoryText("小区北门垃圾桶满溢", (STORY * 8)[:400], "", "")
    rows = [
        ["suggest, 400 characters", f"{_milliseconds(lambda: suggester.suggest(story)):.2f} ms"],
        ["fingerprint, 400 characters", f"{_milliseconds(lambda: fingerprint(story.body)):.2f} ms"],
    ]
    show("Suggestions: one core, median of 200", ["work", "time"], rows)


def _milliseconds(work: object) -> float:
    assert callable(work)
    taken = []
    for _ in range(200):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1000)
    return median(taken)
