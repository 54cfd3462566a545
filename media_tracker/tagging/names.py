"""The names in a story: units that are responsible, persons who did good. Pure.

Rules over the gazetteer, endings, context and surnames come first; LAC is asked besides about persons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from media_tracker.places.gazetteer import Mention
from media_tracker.tagging.people import Surnames, people_named, shipped_surnames
from media_tracker.tagging.unit_names import unit_names
from media_tracker.tagging.unit_roles import responsible_units
from media_tracker.tagging.unit_words import UnitWords, shipped_unit_words
from media_tracker.text.boilerplate import blank_source_lines
from media_tracker.text.words import lexed_words, tagged_words

Sort = Literal["unit", "person"]
LONGEST = 6_000
"""Characters of a story in which names are looked for."""


@dataclass(frozen=True, slots=True)
class Name:
    """``text`` stands at ``start`` to ``end`` of the normalised text that was searched."""

    start: int
    end: int
    text: str
    sort: Sort


@dataclass(frozen=True, slots=True)
class NameTables:
    """The editable tables that names are found with."""

    unit_words: UnitWords
    surnames: Surnames


def shipped_name_tables() -> NameTables:
    """The tables that are shipped."""
    return NameTables(shipped_unit_words(), shipped_surnames())


def find_names(
    text: str,
    mentions: Sequence[Mention],
    sorts: frozenset[Sort] = frozenset(("unit", "person")),
    *,
    tables: NameTables | None = None,
    lexed: bool = True,
) -> list[Name]:
    """Names of ``sorts`` in ``text`` (normalised: title, line end, body), each once, in order.

    Units make sense for exposures and follow-ups, persons for good deeds only: nobody is indexed for an exposure.
    ``mentions`` are the gazetteer's in the same text. Credits and source lines are not looked at. With ``lexed``, LAC is
    asked about persons too, which takes about ten milliseconds (docs/quality.md says what it gives); units never need it.
    """
    tables = tables or shipped_name_tables()
    story = blank_source_lines(text[:LONGEST])
    mentions = [mention for mention in mentions if mention.end <= len(story)]
    words = tagged_words(story)
    found: list[Name] = []
    if "unit" in sorts:
        names = unit_names(story, words, mentions, tables.unit_words)
        body_at = story.find("\n") + 1
        units = responsible_units(story, names, words, body_at, tables.unit_words)
        found += [Name(unit.start, unit.end, text[unit.start : unit.end], "unit") for unit in units]
    if "person" in sorts:
        people = people_named(story, words, mentions, tables.surnames, lexed_words if lexed else None)
        found += [Name(start, end, text[start:end], "person") for start, end in people]
    return sorted(found, key=lambda name: (name.start, name.end))
