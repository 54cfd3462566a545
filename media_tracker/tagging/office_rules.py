"""What an office lays down beside what is learnt: defaults by column, and whose queue a story goes to. Pure.

A row of either table names conditions (outlet, column, a word of the title or text, a region; of routes also the kind). An empty
one always holds; all that are given must. A default is a suggestion with a score of the office's own: it is taken where the
machine is less sure than that. Where several rows hold, the one with more conditions is taken, of these the surer one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from media_tracker.places.regions import RegionTree
from media_tracker.tagging.cues import Cues
from media_tracker.tagging.evidence import Evidence, Kind, StoryText, Suggestion
from media_tracker.tagging.reading import LONGEST_BODY, LONGEST_TITLE
from media_tracker.tagging.rules import CUE_TABLES, Row, Rules, Table, written
from media_tracker.tagging.suggest import Suggester
from media_tracker.text.normalise import normalise

MOST_GROUNDS = 16
"""That are kept with one suggestion."""
_TIEABLE = frozenset({"exposure", "follow_up"})
_LONGEST_CUE = 24
LEARNED, CUE, COLUMN, DEFAULT, NAME, PATTERN = "learned", "cue", "column", "default", "name", "pattern"
"""What can speak for a suggestion: see ``grounds``."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """When a row holds; "" always does. ``region`` is a code; ``column`` and ``word`` are in matching form."""

    outlet: str
    column: str
    word: str
    region: str

    @property
    def given(self) -> int:
        """How many there are."""
        return sum(bool(each) for each in (self.outlet, self.column, self.word, self.region))

    def hold_of(self, form: MatchingForm) -> bool:
        """Whether all but the region hold of a text."""
        return self.outlet in ("", form.outlet) and self.column in ("", form.column) and self.word in form.whole


def conditions_of(row: Row) -> Conditions:
    """The conditions that the first four cells of ``row`` name."""
    outlet, column, word, region = row[:4]
    return Conditions(outlet, normalise(column).text, word, region)


@dataclass(frozen=True, slots=True)
class MatchingForm:
    """A story as conditions are compared with it. ``whole``: as much of title and text as is read, and the column."""

    outlet: str
    column: str
    whole: str


def matching_form(story: StoryText) -> MatchingForm:
    """``story`` in matching form."""
    parts = (story.title[:LONGEST_TITLE], story.body[:LONGEST_BODY], story.column[:LONGEST_TITLE])
    column, whole = (normalise(text).text for text in (parts[2], "\n".join(parts)))
    return MatchingForm(story.outlet_name, column, whole)


class OfficeSuggester:
    """Suggests as another suggester does, then by the office's defaults; says whose queue, and what all that rests on."""

    def __init__(self, inner: Suggester, rules: Rules, tree: RegionTree) -> None:
        self._inner = inner
        self._cues = rules.cues
        self._words = {table.value: frozenset(row[0] for row in rules.tables[table]) for table in CUE_TABLES}
        self._defaults = [(conditions_of(row), row) for row in rules.tables[Table.DEFAULTS]]
        self._routes = [(conditions_of(row), row) for row in rules.tables[Table.ROUTES]]
        self._tree = tree
        self.version = inner.version

    def suggest(self, story: StoryText) -> Suggestion:
        """Suggest for ``story``. Never raises for any text."""
        said = self._inner.suggest(story)
        found = list(grounds(said, story, self._words, self._cues))
        if self._defaults or self._routes:
            form = matching_form(story)
            before = said
            said, more = with_defaults(before, self._holding(self._defaults, form, before.region))
            found = [each for each in found if _still_speaks(each, before, said)] + more
            routed = _routed(said, self._holding(self._routes, form, said.region))
            said = replace(said, routed=routed)
        return replace(said, rules=tuple(dict.fromkeys(found))[:MOST_GROUNDS], model=self.version)

    def _holding(
        self, rows: Sequence[tuple[Conditions, Row]], form: MatchingForm, region: str | None
    ) -> list[tuple[Conditions, Row]]:
        return [(each, row) for each, row in rows if each.hold_of(form) and self._covers(each, region)]

    def _covers(self, each: Conditions, region: str | None) -> bool:
        if not each.region:
            return True
        return region is not None and region in self._tree and self._tree.covers(each.region, region)


def with_defaults(said: Suggestion, holding: Sequence[tuple[Conditions, Row]]) -> tuple[Suggestion, list[str]]:
    """``said`` after the rows of defaults that hold, and the grounds that they add."""
    ranked = sorted(holding, key=lambda each: (-each[0].given, -float(each[1][6])))
    found: list[str] = []
    for_kind = next((row for _, row in ranked if row[4]), None)
    if for_kind is not None:
        score = float(for_kind[6])
        if said.kind == for_kind[4]:
            said = replace(said, kind_score=max(said.kind_score, score))
            found.append(_ground("kind", for_kind))
        elif said.kind_score < score:
            said = _of_kind(said, cast(Kind, for_kind[4]), score)
            found.append(_ground("kind", for_kind))
    for_category = next((row for _, row in ranked if row[5]), None)
    if for_category is not None and said.kind in _TIEABLE:
        score = float(for_category[6])
        if said.category == for_category[5] or said.category is None or said.category_score < score:
            most = max(said.category_score, score) if said.category == for_category[5] else score
            said = replace(said, category=for_category[5], category_score=most)
            found.append(_ground("category", for_category))
    return said, found


def grounds(said: Suggestion, story: StoryText, words: Mapping[str, frozenset[str]], cues: Cues) -> Iterable[str]:
    """What speaks for ``said``, as ``field/source/detail``.

    Sources: the cue of a table (``cue``, ``column``), a ``pattern``, a ``name`` of a place, a ``default``, or what has been
    ``learned``. Details are words of the tables, never of the story.
    """
    for each in said.evidence:
        field, _, value = each.label.partition(":")
        if field == "feature":
            field, _, value = value.partition(":")
            if value == getattr(said, field, None):
                yield f"{field}/{LEARNED}/"
        elif field in words and value == getattr(said, field, None):
            cue = _cue_in(_words_of(story, each), words[field])
            yield f"{field}/{CUE}/{cue}" if cue else f"{field}/{PATTERN}/"
        elif field == "deed" and value == said.deed:
            yield f"deed/{LEARNED}/"
        elif field == "region" and value == said.region:
            yield f"region/{NAME}/"
    for hit in cues.kind.find(normalise(story.column[:LONGEST_TITLE]).text, "column"):
        if any(label == said.kind for label, _ in hit.votes):
            yield f"kind/{COLUMN}/{hit.cue}"


def _routed(said: Suggestion, holding: Sequence[tuple[Conditions, Row]]) -> tuple[str, ...]:
    """Into whose queues: of all rows that hold."""
    return tuple(dict.fromkeys(row[5] for _, row in holding if row[4] in ("", said.kind)))


def _of_kind(said: Suggestion, kind: Kind, score: float) -> Suggestion:
    """``said`` with another kind, and without what only the former one had."""
    problem = kind in _TIEABLE
    keeps_units = problem and said.kind in _TIEABLE
    return replace(
        said,
        kind=kind,
        kind_score=score,
        category=said.category if problem else None,
        category_score=said.category_score if problem else 0.0,
        outcome=None,
        outcome_score=0.0,
        deed=None,
        deed_score=0.0,
        units=said.units if keeps_units else (),
        people=(),
    )


def _still_speaks(ground: str, before: Suggestion, said: Suggestion) -> bool:
    """Grounds of a field that a default has changed are left out: they spoke for something else."""
    field = ground.partition("/")[0]
    value = getattr(said, field, None)
    return value is not None and value == getattr(before, field, None)


def _ground(field: str, row: Row) -> str:
    return f"{field}/{DEFAULT}/{written(row[:4])}"


def _words_of(story: StoryText, each: Evidence) -> str:
    text = story.title if each.field == "title" else story.body
    return normalise(text[each.start : each.end]).text


def _cue_in(words: str, cues: frozenset[str]) -> str:
    """The longest cue in ``words``; evidence shows whole words, of which the cue may be a part."""
    words = words[:_LONGEST_CUE]
    for length in range(len(words), 0, -1):
        for start in range(len(words) - length + 1):
            if words[start : start + length] in cues:
                return words[start : start + length]
    return ""
