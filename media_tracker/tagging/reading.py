"""What the tables find in a story: cue words, names of regions, a place, and a few facts. The heads learn what that is worth."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import get_args

from media_tracker.places.gazetteer import Gazetteer, Mention
from media_tracker.places.guess import RegionGuess, guess_region
from media_tracker.places.spans import place_span
from media_tracker.tagging.cues import PATTERNS, Cues, CueTable, Hit
from media_tracker.tagging.evidence import Evidence, Field, Kind, StoryText
from media_tracker.text.boilerplate import blank_source_lines
from media_tracker.text.normalise import Normalised, normalise
from media_tracker.text.traditional import simplified

LONGEST_BODY = 20_000
LONGEST_TITLE = 300
"""Characters that are read; the rest of a body or title is not looked at."""

KINDS: tuple[Kind, ...] = get_args(Kind)

_TITLE_FACTOR = 1.5
_LEAD = 260
_FULL_UNTIL = 700
_LATE_FACTOR = 0.3
"""A news story says what it is in its title and lead; cues after ``_FULL_UNTIL`` characters hardly count."""
_LONG = 1_100
_EVIDENCE_PER_LABEL = 6

SIGNAL_SCALE = 0.1
"""Cue weights are about 1 to 4; n-grams' blocks are as long as 1."""
_FACT_STRENGTH = 0.3


@dataclass(frozen=True, slots=True)
class Reading:
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
        """The words of the story at a span of ``whole``."""
        item = self.evidence(start, end, "")
        return (self.title if item.field == "title" else self.body).original[item.start : item.end]

    @staticmethod
    def _in(field: Field, side: Normalised, start: int, end: int, label: str) -> Evidence:
        return Evidence(field, *side.original_span(start, end), label)


@dataclass(frozen=True, slots=True)
class Votes:
    """Sums per label, the hits behind them (weight, label, span), and the patterns among these.

    A cue counts once, where it weighs most.
    """

    sums: dict[str, float]
    hits: list[tuple[float, str, int, int]]
    patterns: frozenset[str]

    def shown(self, reading: Reading, label: str | None, question: str) -> list[Evidence]:
        """The strongest hits for ``label``, each distinct wording once."""
        chosen: dict[str, Evidence] = {}
        for _, hit_label, start, end in sorted(self.hits, key=lambda hit: (-hit[0], hit[2])):
            if hit_label == label and len(chosen) < _EVIDENCE_PER_LABEL:
                chosen.setdefault(reading.whole[start:end], reading.evidence(start, end, f"{question}:{label}"))
        return list(chosen.values())


@dataclass(frozen=True, slots=True)
class Clues:
    """All that the tables find in one story. ``facts`` are names such as ``{region}`` that hold of it."""

    reading: Reading
    mentions: tuple[Mention, ...]
    region: RegionGuess
    place: tuple[int, int] | None
    kind: Votes
    category: Votes
    outcome: Votes
    facts: frozenset[str]

    def signals(self) -> dict[str, float]:
        """Name → strength, for a learned head."""
        signals = {f"kind:{label}": SIGNAL_SCALE * min(total, 12.0) for label, total in self.kind.sums.items()}
        signals |= dict.fromkeys(self.kind.patterns | self.facts, _FACT_STRENGTH)
        for question, votes in (("category", self.category), ("outcome", self.outcome)):
            signals |= {f"{question}:{label}": math.log1p(total) for label, total in votes.sums.items()}
        signals["{problem_words}"] = SIGNAL_SCALE * min(sum(self.category.sums.values()), 12.0)
        return signals

    def where(self) -> list[Evidence]:
        """The first mention of each name that the region was guessed from (or that says it is elsewhere), and the place."""
        label = f"region:{self.region.code}" if self.region.code is not None else "out_of_area"
        first: dict[str, Evidence] = {}
        for mention in self.region.mentions:
            first.setdefault(mention.text, self.reading.evidence(mention.start, mention.end, label))
        place = [self.reading.evidence(*self.place, "place")] if self.place else []
        return [*first.values(), *place]

    def place_text(self) -> str | None:
        """The words of the story that say where."""
        return self.reading.original(*self.place) if self.place else None


class Reader:
    """Finds what the tables know of. ``home`` is the code of the city or district whose installation this is."""

    def __init__(self, cues: Cues, gazetteer: Gazetteer, home: str | None = None) -> None:
        self.cues = cues
        self.gazetteer = gazetteer
        self.home = home

    def read(self, story: StoryText) -> Clues:
        """Read ``story``. Never raises for any text."""
        reading = _fields(story)
        mentions = self.gazetteer.find(reading.whole)
        region = guess_region(self.gazetteer.tree, mentions, self.home)
        column = self.cues.kind.find(normalise(story.column[:LONGEST_TITLE]).text, "column")
        kind, category = count(self.cues.kind, reading, column), count(self.cues.category, reading)
        outcome = count(self.cues.outcome, reading)
        facts = frozenset(name for name, holds in self._facts(reading, region) if holds)
        place = place_span(reading.whole, region.mentions) if not region.out_of_area else None
        return Clues(reading, tuple(mentions), region, place, kind, category, outcome, facts)

    def _facts(self, reading: Reading, region: RegionGuess) -> Iterable[tuple[str, bool]]:
        yield "{elsewhere}", region.out_of_area
        yield "{no_region}", region.code is None and not region.out_of_area
        yield "{region}", region.code is not None
        yield "{community}", region.code is not None and self._is_deep(region.code)
        yield "{long}", len(reading.whole) > _LONG
        yield "{question}", "?" in reading.title.text

    def _is_deep(self, code: str) -> bool:
        return self.gazetteer.tree[code].level in ("subdistrict", "community")


def _fields(story: StoryText) -> Reading:
    title, body = (_plain(text) for text in (story.title[:LONGEST_TITLE], story.body[:LONGEST_BODY]))
    return Reading(title, body, blank_source_lines(body.text), f"{title.text}\n{body.text}", len(title.text) + 1)


def _plain(text: str) -> Normalised:
    """``text`` as tables are written: normalised, traditional characters as simplified ones (one for one: offsets stay)."""
    plain = normalise(text)
    return replace(plain, text=simplified(plain.text))


def count(table: CueTable, reading: Reading, elsewhere: Iterable[Hit] = ()) -> Votes:
    """Add up ``table``'s cues in a story; ``elsewhere`` are hits in its column, which have no place in the text."""
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
    add(sums, ((label, weight) for (_, label), weight in best.items()))
    for hit in elsewhere:
        add(sums, hit.votes)
    return Votes(sums, hits, frozenset(cue for cue, _ in best if cue in PATTERNS))


def _place_factor(hit: Hit) -> float:
    if hit.start < _LEAD:
        return 1.0
    return 0.8 if hit.start < _FULL_UNTIL else _LATE_FACTOR


def add(sums: dict[str, float], votes: Iterable[tuple[str, float]] | Mapping[str, float]) -> None:
    """Add (label, weight) pairs to ``sums``."""
    for label, weight in votes.items() if isinstance(votes, Mapping) else votes:
        sums[label] = sums.get(label, 0.0) + weight
