"""What a story seems to be: kind, category, region, place, outcome, deed, units, people; with scores, and the words that say so.

``Suggester`` is the interface. ``LearnedSuggester`` puts a model on top of what the tables find (``reading``); without a model,
``CueSuggester`` adds up cue words, names and facts, and turns the sums into scores: low when little speaks for anything.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Protocol, cast

import numpy as np

from media_tracker.places.gazetteer import Gazetteer
from media_tracker.tagging.cues import Cues
from media_tracker.tagging.evidence import Deed, Evidence, Kind, Outcome, StoryText, Suggestion, in_order
from media_tracker.tagging.features import FIELDS, WORDS, Grams, Vector, grams
from media_tracker.tagging.linear import passages, softmax
from media_tracker.tagging.model import Model
from media_tracker.tagging.names import Name, NameTables, Sort, find_names, shipped_name_tables
from media_tracker.tagging.reading import KINDS, Clues, Reader, Votes, add
from media_tracker.tagging.wording import Words, quoted, wordings, words_of
from media_tracker.taxonomy.categories import Category

__all__ = ["CueSuggester", "Evidence", "LearnedSuggester", "StoryText", "Suggester", "Suggestion"]

_BIAS = {"other": 1.5}
_SCALE = 0.55
"""Softmax temperature of the kinds' sums (cues repeat one another, so the raw sums are too sure)."""
_PROBLEM_WORDS_CAP = 6.0
_CATEGORY_UNSURE = 2.0
"""Weight of "none of these" beside the categories' sums."""
_CATEGORY_SCALE = 0.8
_LEAST_CATEGORY = 2.0

_PROBLEM_FROM = 0.3
"""From this probability of an exposure or follow-up on, a category is suggested."""
_NEW_CODE = 0.6
"""What the logarithm of its cues' weights adds for a category that no story was learnt for; others' sums are from −1 to 1."""
_WORDS_TO_TRUST = 15
"""A text with fewer known words than these, or too small a share of them, is trusted less: a head that has seen news only is
sure of anything."""
_SHARE_TO_TRUST = 0.25
_MOST_WORDINGS = 4
_PASSAGES_TO_WORD = 8
"""Passages that are looked at for wordings, of which so many are shown: of some no word is left."""


_SORTS: Mapping[Kind, Sort] = {"exposure": "unit", "follow_up": "unit", "good_deed": "person"}
"""Whose names are looked for: nobody is indexed as a person for an exposure."""


_ELSEWHERE_ODDS = 0.05
_NOWHERE_ODDS = 0.1
_NOWHERE_ODDS_OF_AN_OUTLET = 0.3
"""An exposure, a follow-up or a good deed is of the installation's own area: of the package's stories one in twenty names no
region. So a story that names another place, or none, is that much less likely one; less so if an outlet is known to bring it."""


WAY = 2
"""Of reading a story, part of every version. Raise it when the same tables and the same model lead to other answers, so that
stories that wait are looked at again."""


class Suggester(Protocol):
    """Anything that can say what a story seems to be. ``version`` changes whenever its answers may."""

    @property
    def version(self) -> str: ...

    def suggest(self, story: StoryText) -> Suggestion: ...


class CueSuggester:
    """Suggests by cue words and names. ``home`` is the code of the city or district whose installation this is."""

    def __init__(
        self, cues: Cues, gazetteer: Gazetteer, categories: Iterable[Category], home: str | None = None
    ) -> None:
        self._reader = Reader(cues, gazetteer, home)
        self._codes = frozenset(category.code for category in categories if category.parent is not None)
        self.version = f"{cues.version}.{WAY}"

    def suggest(self, story: StoryText) -> Suggestion:
        """Suggest for ``story``. Never raises for any text, and answers *other* with a low score if nothing speaks."""
        clues = self._reader.read(story)
        kind, kind_score, scores = _kind(self._sums(clues))
        category, category_score = None, 0.0
        if scores["exposure"] + scores["follow_up"] >= _PROBLEM_FROM:
            category, category_score = self._category(clues.category.sums)
        votes = clues.outcome if kind == "follow_up" else None
        outcome, outcome_score = _outcome(votes)
        evidence = [
            *_cue_evidence(clues, kind, category, votes, outcome),
            *clues.where(),
        ]
        return Suggestion(
            kind=kind,
            kind_score=kind_score,
            category=category,
            category_score=category_score,
            region=clues.region.code,
            region_score=clues.region.score,
            place=clues.place_text(),
            out_of_area=clues.region.out_of_area,
            outcome=outcome,
            outcome_score=outcome_score,
            evidence=in_order(evidence),
            model=self.version,
        )

    def _sums(self, clues: Clues) -> dict[str, float]:
        table, sums = self._reader.cues.kind, dict(clues.kind.sums)
        for name in sorted(clues.facts):
            add(sums, table.of(name))
        share = min(sum(clues.category.sums.values()), _PROBLEM_WORDS_CAP)
        add(sums, ((label, weight * share) for label, weight in table.of("{problem_words}").items()))
        return sums

    def _category(self, sums: Mapping[str, float]) -> tuple[str | None, float]:
        known = {code: weight for code, weight in sums.items() if code in self._codes}
        if not known or max(known.values()) < _LEAST_CATEGORY:
            return None, 0.0
        best = max(sorted(known), key=lambda code: known[code])
        odds = [math.exp(_CATEGORY_SCALE * (weight - known[best])) for weight in known.values()]
        none_of_these = math.exp(_CATEGORY_SCALE * (_CATEGORY_UNSURE - known[best]))
        return best, 1.0 / (sum(odds) + none_of_these)


def _kind(sums: Mapping[str, float]) -> tuple[Kind, float, dict[str, float]]:
    odds = {kind: math.exp(_SCALE * min(sums.get(kind, 0.0) + _BIAS.get(kind, 0.0), 60.0)) for kind in KINDS}
    total = sum(odds.values())
    scores: dict[str, float] = {kind: weight / total for kind, weight in odds.items()}
    best = max(KINDS, key=lambda kind: scores[kind])
    return best, scores[best], scores


def _outcome(votes: Votes | None) -> tuple[Outcome | None, float]:
    if votes is None or not votes.sums:
        return None, 0.0
    best = max(sorted(votes.sums), key=lambda label: votes.sums[label])
    odds = [math.exp(_CATEGORY_SCALE * (weight - votes.sums[best])) for weight in votes.sums.values()]
    return cast(Outcome, best), 1.0 / (sum(odds) + math.exp(-_CATEGORY_SCALE * votes.sums[best]))


def _cue_evidence(
    clues: Clues, kind: str, category: str | None, votes: Votes | None, outcome: str | None
) -> Iterable[Evidence]:
    """The cues of the tables that speak for what was chosen."""
    yield from clues.kind.shown(clues.reading, kind, "kind")
    if category is not None:
        yield from clues.category.shown(clues.reading, category, "category")
    if votes is not None and outcome is not None:
        yield from votes.shown(clues.reading, outcome, "outcome")


def _quoted(evidence: Iterable[Evidence], story: StoryText, words: tuple[Words, Words]) -> Iterable[Evidence]:
    """Cues as people quote them."""
    for each in evidence:
        text, own = (story.title, words[0]) if each.field == "title" else (story.body, words[1])
        if span := quoted(text, own, each.start, each.end):
            yield Evidence(each.field, span[0], span[1], each.label)


class LearnedSuggester:
    """Suggests by a model, which weighs n-grams, words and what the tables find.

    ``names``: whether units and people are looked for too, by ``name_tables`` or those that are shipped.
    """

    def __init__(
        self,
        model: Model,
        cues: Cues,
        gazetteer: Gazetteer,
        categories: Iterable[Category],
        home: str | None = None,
        *,
        names: bool = True,
        name_tables: NameTables | None = None,
    ) -> None:
        self._model = model
        self._reader = Reader(cues, gazetteer, home)
        self._codes = frozenset(category.code for category in categories if category.parent is not None)
        self._names = names
        self._name_tables = (name_tables or shipped_name_tables()) if names else None
        self.version = f"{model.version}.{cues.version}.{WAY}"

    def suggest(self, story: StoryText) -> Suggestion:
        """Suggest for ``story``. Never raises for any text, and answers *other* with a low score if it knows too little of it."""
        clues = self._reader.read(story)
        seen = grams(story, clues.signals())
        vector = self._model.vocabulary.vector(seen)
        trust = _trust(seen, int((self._model.vocabulary.blocks[vector.rows] == WORDS).sum()))
        kind, kind_score, problem = self._kind(vector, trust, _local_odds(story, clues))
        category, category_score = None, 0.0
        if problem >= _PROBLEM_FROM:
            category, category_score = self._category(vector, clues, trust)
        outcome, outcome_score = self._of("outcome", vector, trust) if kind == "follow_up" else (None, 0.0)
        deed, deed_score = self._of("deed", vector, trust) if kind == "good_deed" else (None, 0.0)
        votes = clues.outcome if kind == "follow_up" else None
        names, words = self._find_names(clues, kind), words_of(seen)
        evidence = [
            *_quoted(_cue_evidence(clues, kind, category, votes, outcome), story, words),
            *clues.where(),
            *(clues.reading.evidence(name.start, name.end, name.sort) for name in names),
            *self._features("kind", kind, story, seen, words, vector),
            *self._features("category", category, story, seen, words, vector),
            *(self._features("deed", deed, story, seen, words, vector, prefix="")),
        ]
        return Suggestion(
            kind=kind,
            kind_score=kind_score,
            category=category,
            category_score=category_score,
            region=clues.region.code,
            region_score=clues.region.score,
            place=clues.place_text(),
            out_of_area=clues.region.out_of_area,
            outcome=cast(Outcome | None, outcome),
            outcome_score=outcome_score,
            deed=cast(Deed | None, deed),
            deed_score=deed_score,
            units=_written(clues, names, "unit"),
            people=_written(clues, names, "person"),
            evidence=in_order(evidence),
            model=self.version,
        )

    def _kind(self, vector: Vector, trust: float, local_odds: float) -> tuple[Kind, float, float]:
        """Kind, its score, and the probability that the story is about a problem."""
        head = self._model.heads.get("kind")
        if head is None:
            return "other", 0.0, 0.0
        seen = dict.fromkeys(KINDS, 0.0)
        for label, score in zip(head.labels, head.probabilities(vector).tolist(), strict=True):
            if label in KINDS:
                seen[label] = score * (local_odds if label in _SORTS else 1.0)
        total = sum(seen.values()) or 1.0
        unknown = {kind: 0.5 if kind == "other" else 0.5 / (len(KINDS) - 1) for kind in KINDS}
        scores = {kind: trust * seen[kind] / total + (1.0 - trust) * unknown[kind] for kind in KINDS}
        best = max(KINDS, key=lambda kind: scores[kind])
        return best, scores[best], scores["exposure"] + scores["follow_up"]

    def _category(self, vector: Vector, clues: Clues, trust: float) -> tuple[str | None, float]:
        """The likeliest category in use. One that the model has never seen can win by its cues."""
        head = self._model.heads.get("category")
        labels = head.labels if head else ()
        sums = head.sums(vector) if head else np.zeros(0)
        new = sorted(code for code in clues.category.sums if code in self._codes and code not in labels)
        extra = [_NEW_CODE * math.log1p(clues.category.sums[code]) - 1.0 for code in new]
        temperature = head.temperature if head else 1.0
        scores = softmax(np.concatenate([sums, extra]) / temperature) if len(sums) or new else np.zeros(0)
        ranked = sorted(zip((*labels, *new), scores.tolist(), strict=True), key=lambda each: (-each[1], each[0]))
        for code, score in ranked:
            if code in self._codes:
                return code, trust * score
        return None, 0.0

    def _of(self, question: str, vector: Vector, trust: float) -> tuple[str | None, float]:
        head = self._model.heads.get(question)
        if head is None:
            return None, 0.0
        scores = head.probabilities(vector)
        best = int(np.argmax(scores))
        return head.labels[best], trust * float(scores[best])

    def _features(
        self,
        question: str,
        label: str | None,
        story: StoryText,
        seen: Grams,
        words: tuple[Words, Words],
        vector: Vector,
        prefix: str = "feature:",
    ) -> list[Evidence]:
        """The passages that the model takes as signs of ``label``."""
        head = self._model.heads.get(question)
        if head is None or label is None or label not in head.labels:
            return []
        at = head.labels.index(label)
        found = passages(head, self._model.vocabulary, seen, vector, at, most=_PASSAGES_TO_WORD)
        shown = wordings((story.title, story.body), words, found, _MOST_WORDINGS)
        name = f"{prefix}{question}:{label}"
        return [Evidence("title" if FIELDS[p.field] == "title" else "body", p.start, p.end, name) for p in shown]

    def _find_names(self, clues: Clues, kind: Kind) -> list[Name]:
        """Units of a problem, persons of a good deed; of other stories nobody."""
        sort: Sort | None = _SORTS.get(kind)
        if sort is None or not self._names:
            return []
        return find_names(clues.reading.whole, clues.mentions, frozenset((sort,)), tables=self._name_tables)


def _written(clues: Clues, names: Iterable[Name], sort: Sort) -> tuple[str, ...]:
    """The names of ``sort`` as the story writes them, each once."""
    return tuple(dict.fromkeys(clues.reading.original(name.start, name.end) for name in names if name.sort == sort))


def _local_odds(story: StoryText, clues: Clues) -> float:
    """What the odds of the kinds that are local are to be multiplied by."""
    if "{elsewhere}" in clues.facts:
        return _ELSEWHERE_ODDS
    if "{no_region}" in clues.facts:
        return _NOWHERE_ODDS_OF_AN_OUTLET if story.outlet_name else _NOWHERE_ODDS
    return 1.0


def _trust(seen: Grams, known: int) -> float:
    """0 to 1: how far a text can be judged of which ``known`` different words are known."""
    words = len(np.unique(seen.keys[seen.blocks == WORDS]))
    return min(1.0, known / _WORDS_TO_TRUST, known / words / _SHARE_TO_TRUST) if words else 0.0
