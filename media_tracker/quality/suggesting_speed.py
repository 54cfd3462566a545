"""How long a suggestion takes, on one core: everything but names, then with names; beside the plain way to count n-grams."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from media_tracker.places.gazetteer import Gazetteer
from media_tracker.places.regions import read_regions
from media_tracker.quality.measure import Measure
from media_tracker.tagging.cues import read_cues
from media_tracker.tagging.labelled import packaged
from media_tracker.tagging.starting import starting_model
from media_tracker.tagging.suggest import LearnedSuggester, StoryText
from media_tracker.taxonomy.categories import read_categories

LENGTH = 400
"""Characters of the stories' bodies."""
_STORIES = 60
_ROUNDS = 3


def measure(data: Path) -> list[Measure]:
    """Milliseconds per story. ``data`` is not looked at: the stories are the package's own, made ``LENGTH`` characters long."""
    del data
    stories = [_sized(each.story) for each in packaged()[:_STORIES]]
    model, cues, gazetteer, categories = starting_model(None), read_cues(), Gazetteer(read_regions()), read_categories()
    plain = LearnedSuggester(model, cues, gazetteer, categories, names=False)
    full = LearnedSuggester(model, cues, gazetteer, categories)
    baseline = _milliseconds(_transform(stories), stories)
    figure, sized = "ms per story", f"{LENGTH} characters"
    return [
        Measure("suggest without names", sized, figure, _milliseconds(plain.suggest, stories), baseline, 2.5, "lower"),
        Measure("suggest with names", sized, figure, _milliseconds(full.suggest, stories), baseline, 17.0, "lower"),
    ]


def _sized(story: StoryText) -> StoryText:
    body = story.body * (LENGTH // max(len(story.body), 1) + 1)
    return StoryText(story.title, body[:LENGTH], story.outlet_name, story.column, story.published_at)


def _transform(stories: list[StoryText]) -> Callable[[StoryText], object]:
    """The plain way: counting character 1–3-grams, without asking what they mean."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 3)).fit([story.body for story in stories])
    return lambda story: vectorizer.transform([story.body])


def _milliseconds(work: Callable[[StoryText], object], stories: list[StoryText]) -> float:
    taken = []
    for _ in range(_ROUNDS):
        for story in stories:
            started = time.perf_counter()
            work(story)
            taken.append((time.perf_counter() - started) * 1000)
    return median(taken)
