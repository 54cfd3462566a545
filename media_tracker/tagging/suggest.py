"""What a story seems to be: kind, category, region, place and outcome, each with a score and the words that say so.

``Suggester`` is the interface; a learned model comes to stand behind it. ``CueSuggester`` adds up cue words (tables in
``data/``), the names that the gazetteer finds, and a few facts, and turns the sums into scores: low when little speaks for
anything.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, cast, get_args

from media_tracker.places.gazetteer import Gazetteer, Mention
from media_tracker.places.guess import RegionGuess, guess_region
from media_tracker.places.spans import place_span
from media_tracker.tagging.cues import Cues, CueTable, Hit
from media_tracker.tagging.evidence import Evidence, Field, Kind, Outcome, StoryText, Suggestion, in_order
from media_tracker.taxonomy.categories import Category
from media_tracker.text.boilerplate import blank_source_lines
from media_tracker.text.normalise import Normalised, normalise

__all__ = ["CueSuggester", "Evidence", "StoryText", "Suggester", "Suggestion"]

LONGEST_BODY = 20_000
LONGEST_TITLE = 300
"""Characters that are read; the rest of a body or title is not looked at."""

KINDS: tuple[Kind, ...] = get_args(Kind)
_BIAS = {"other": 1.5}
_SCALE = 0.55
"""Softmax temperature of the kinds' sums (cues repeat one another, so the raw sums are too sure)."""
_TITLE_FACTOR = 1.5
_LEAD = 260
_FULL_UNTIL = 700
_LATE_FACTOR = 0.3
"""A news story says what it is in its title and lead; cues after ``_FULL_UNTIL`` characters hardly count."""
_LONG = 1_100
_PROBLEM_WORDS_CAP = 6.0
_CATEGORY_UNSURE = 2.0
"""Weight of "none of these" beside the categories' sums."""
_CATEGORY_SCALE = 0.8
_LEAST_CATEGORY = 2.0
_EVIDENCE_PER_LABEL = 6


class Suggester(Protocol):
    """Anything that can say what a story seems to be. ``version`` changes whenever its answers may."""

    @property
    def version(self) -> str: ...

    def suggest(self, story: StoryText) -> Suggestion: ...


@dataclass(frozen=True, slots=True)
class _Reading:
    """A story's fields in matching form. ``whole`` is title, line end, body; ``body_at`` is where the body starts in it.

    ``story`` is the body without its source lines (as blanks): what cues are looked for in.
    """

    title: Normalised
    body: Normalised
    story: str
    whole: str
    body_at: int

    def evidence(self, start: int, end: int, label: str) -> Evidence:
        """Evidence for a span of ``whole`` that does not run over the end of the title."""
        if end <= len(self.title.text):
            return self._in("title", self.title, start, end, label)
        return self._in("body", self.body, max(0, start - self.body_at), end - self.body_at, label)

    def original(self, start: int, end: int) -> str:
        item = self.evidence(start, end, "")
        return (self.title if item.field == "title" else self.body).original[item.start : item.end]

    @staticmethod
    def _in(field: Field, side: Normalised, start: int, end: int, label: str) -> Evidence:
        return Evidence(field, *side.original_span(start, end), label)


@dataclass(slots=True)
class _Votes:
    """Sums per label, and the hits behind them. A cue counts once, where it weighs most."""

    sums: dict[str, float]
    hits: list[tuple[float, str, int, int]]


class CueSuggester:
    """Suggests by cue words and names. ``home`` is the code of the city or district whose installation this is."""

    def __init__(
        self, cues: Cues, gazetteer: Gazetteer, categories: Iterable[Category], home: str | None = None
    ) -> None:
        self._cues = cues
        self._gazetteer = gazetteer
        self._home = home
        self._codes = frozenset(category.code for category in categories if category.parent is not None)
        self.version = cues.version

    def suggest(self, story: StoryText) -> Suggestion:
        """Suggest for ``story``. Never raises for any text, and answers *other* with a low score if nothing speaks."""
        reading = _read(story)
        mentions = self._gazetteer.find(reading.whole)
        region = guess_region(self._gazetteer.tree, mentions, self._home)
        problem = _count(self._cues.category, reading)
        kinds = _count(self._cues.kind, reading)
        self._add_facts(kinds.sums, reading, region, sum(problem.sums.values()))
        for hit in self._cues.kind.find(normalise(story.column[:LONGEST_TITLE]).text, "column"):
            _add(kinds.sums, hit.votes)
        kind, kind_score, scores = _kind(kinds.sums)
        category, category_score = None, 0.0
        if scores["exposure"] + scores["follow_up"] >= 0.3:
            category, category_score = self._category(problem.sums)
        outcome, outcome_hits = self._outcome(reading) if kind == "follow_up" else (None, [])
        place = place_span(reading.whole, region.mentions) if not region.out_of_area else None
        evidence = [
            *_shown(reading, kinds.hits, kind, "kind"),
            *(_shown(reading, problem.hits, category, "category") if category else ()),
            *(_shown(reading, outcome_hits, outcome, "outcome") if outcome else ()),
            *_where(reading, region.mentions, region.code),
            *([reading.evidence(*place, "place")] if place else ()),
        ]
        return Suggestion(
            kind=kind,
            kind_score=kind_score,
            category=category,
            category_score=category_score,
            region=region.code,
            region_score=region.score,
            place=reading.original(*place) if place else None,
            out_of_area=region.out_of_area,
            outcome=outcome,
            evidence=in_order(evidence),
            model=self.version,
        )

    def _add_facts(self, sums: dict[str, float], reading: _Reading, region: RegionGuess, problem_words: float) -> None:
        facts = {
            "{elsewhere}": region.out_of_area,
            "{no_region}": region.code is None and not region.out_of_area,
            "{region}": region.code is not None,
            "{community}": region.code is not None and self._is_deep(region.code),
            "{long}": len(reading.whole) > _LONG,
            "{question}": "?" in reading.title.text,
        }
        for name, holds in facts.items():
            if holds:
                _add(sums, self._cues.kind.of(name).items())
        share = min(problem_words, _PROBLEM_WORDS_CAP)
        _add(sums, ((label, weight * share) for label, weight in self._cues.kind.of("{problem_words}").items()))

    def _is_deep(self, code: str) -> bool:
        return self._gazetteer.tree[code].level in ("subdistrict", "community")

    def _category(self, sums: Mapping[str, float]) -> tuple[str | None, float]:
        known = {code: weight for code, weight in sums.items() if code in self._codes}
        if not known or max(known.values()) < _LEAST_CATEGORY:
            return None, 0.0
        best = max(sorted(known), key=lambda code: known[code])
        odds = [math.exp(_CATEGORY_SCALE * (weight - known[best])) for weight in known.values()]
        none_of_these = math.exp(_CATEGORY_SCALE * (_CATEGORY_UNSURE - known[best]))
        return best, 1.0 / (sum(odds) + none_of_these)

    def _outcome(self, reading: _Reading) -> tuple[Outcome | None, list[tuple[float, str, int, int]]]:
        votes = _count(self._cues.outcome, reading)
        if not votes.sums:
            return None, []
        best = max(sorted(votes.sums), key=lambda label: votes.sums[label])
        return cast(Outcome, best), votes.hits


def _read(story: StoryText) -> _Reading:
    title, body = normalise(story.title[:LONGEST_TITLE]), normalise(story.body[:LONGEST_BODY])
    return _Reading(title, body, blank_source_lines(body.text), f"{title.text}\n{body.text}", len(title.text) + 1)


def _count(table: CueTable, reading: _Reading) -> _Votes:
    weighed = [(_TITLE_FACTOR, hit.start, hit.end, hit) for hit in table.find(reading.title.text, "title")] + [
        (_place_factor(hit), hit.start + reading.body_at, hit.end + reading.body_at, hit)
        for hit in table.find(reading.story, "body")
    ]
    best: dict[tuple[str, str], float] = {}
    hits = []
    for factor, start, end, hit in weighed:
        for label, weight in hit.votes:
            best[hit.cue, label] = max(weight * factor, best.get((hit.cue, label), 0.0))
            hits.append((weight * factor, label, start, end))
    sums: dict[str, float] = {}
    _add(sums, ((label, weight) for (_, label), weight in best.items()))
    return _Votes(sums, hits)


def _place_factor(hit: Hit) -> float:
    if hit.start < _LEAD:
        return 1.0
    return 0.8 if hit.start < _FULL_UNTIL else _LATE_FACTOR


def _add(sums: dict[str, float], votes: Iterable[tuple[str, float]]) -> None:
    for label, weight in votes:
        sums[label] = sums.get(label, 0.0) + weight


def _kind(sums: Mapping[str, float]) -> tuple[Kind, float, dict[str, float]]:
    odds = {kind: math.exp(_SCALE * min(sums.get(kind, 0.0) + _BIAS.get(kind, 0.0), 60.0)) for kind in KINDS}
    total = sum(odds.values())
    scores: dict[str, float] = {kind: weight / total for kind, weight in odds.items()}
    best = max(KINDS, key=lambda kind: scores[kind])
    return best, scores[best], scores


def _shown(
    reading: _Reading, hits: Sequence[tuple[float, str, int, int]], label: str | None, question: str
) -> list[Evidence]:
    """The strongest hits for ``label``, each distinct wording once."""
    chosen: dict[str, Evidence] = {}
    for _, hit_label, start, end in sorted(hits, key=lambda hit: (-hit[0], hit[2])):
        if hit_label == label and len(chosen) < _EVIDENCE_PER_LABEL:
            chosen.setdefault(reading.whole[start:end], reading.evidence(start, end, f"{question}:{label}"))
    return list(chosen.values())


def _where(reading: _Reading, mentions: Sequence[Mention], code: str | None) -> list[Evidence]:
    """The first mention of each name that the region was guessed from (or that says it is elsewhere)."""
    label = f"region:{code}" if code is not None else "out_of_area"
    first: dict[str, Evidence] = {}
    for mention in mentions:
        first.setdefault(mention.text, reading.evidence(mention.start, mention.end, label))
    return list(first.values())
