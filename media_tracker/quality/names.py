"""Units of exposures and follow-ups, persons of good deeds: exact wordings, against labelled local news.

A story's units (persons) are a set of wordings; one that is found counts if exactly it is labelled. F1 is over all
stories together (micro). Kinds are taken from the labels, so that this is not blurred by wrong kinds. Baseline: what LAC
alone takes for an organisation (a person).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from media_tracker.places.gazetteer import Gazetteer
from media_tracker.places.regions import read_regions
from media_tracker.quality.measure import Measure, rows
from media_tracker.tagging.names import Sort, find_names
from media_tracker.text.normalise import normalise
from media_tracker.text.words import lexed_words

LOCAL_NEWS = "local_news_given.jsonl"
_WITH_UNITS = ("exposure", "follow_up")
_WITH_PEOPLE = ("good_deed",)

Pairs = list[tuple[set[str], set[str]]]
"""(labelled, found) of each story."""


def measure(data: Path) -> list[Measure]:
    """F1 of units and people, precision and recall of both, and people without LAC."""
    stories = list(rows(data / LOCAL_NEWS))
    measures = []
    if stories:
        gazetteer = Gazetteer(read_regions())
        units = _by_kind(stories, _WITH_UNITS)
        people = _by_kind(stories, _WITH_PEOPLE)
        measures += _measured("units", units, "units", _by_rules(gazetteer, "unit"), _by_lac("ORG"))
        measures += _measured("people", people, "people", _by_rules(gazetteer, "person"), _by_lac("PER"))
        rules_alone = scores(_pairs(people, "people", _by_rules(gazetteer, "person", lexed=False)))
        measures.append(Measure("people", "local news, without LAC", "F1", rules_alone[2]))
    return measures


def scores(pairs: Pairs) -> tuple[float, float, float]:
    """Precision, recall and F1 of all pairs together; 1.0 where there is nothing to find and nothing was found."""
    right = sum(len(labelled & found) for labelled, found in pairs)
    labelled, found = (sum(len(pair[side]) for pair in pairs) for side in (0, 1))
    if not labelled and not found:
        return 1.0, 1.0, 1.0
    return right / max(1, found), right / max(1, labelled), 2 * right / (labelled + found)


def _measured(
    task: str,
    stories: list[dict[str, Any]],
    field: str,
    ours: Callable[[str], set[str]],
    baseline: Callable[[str], set[str]],
) -> list[Measure]:
    mine, simple = scores(_pairs(stories, field, ours)), scores(_pairs(stories, field, baseline))
    return [
        Measure(task, "local news", "F1", mine[2], simple[2], bar=0.85),
        Measure(task, "local news", "precision", mine[0], simple[0]),
        Measure(task, "local news", "recall", mine[1], simple[1]),
    ]


def _by_kind(stories: Iterable[dict[str, Any]], kinds: Iterable[str]) -> list[dict[str, Any]]:
    return [story for story in stories if story["kind"] in kinds]


def _pairs(stories: Iterable[dict[str, Any]], field: str, finder: Callable[[str], set[str]]) -> Pairs:
    return [
        ({normalise(name).text for name in story[field]}, finder(normalise(f"{story['title']}\n{story['body']}").text))
        for story in stories
    ]


def _by_rules(gazetteer: Gazetteer, sort: Sort, *, lexed: bool = True) -> Callable[[str], set[str]]:
    return lambda text: {name.text for name in find_names(text, gazetteer.find(text), frozenset((sort,)), lexed=lexed)}


def _by_lac(tag: str) -> Callable[[str], set[str]]:
    return lambda text: {word.text for word in lexed_words(text) if word.tag == tag}
