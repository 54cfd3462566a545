"""Rules and their effects in words: labels by their names, scores' levels as what becomes of a suggestion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from media_tracker.errors import N_
from media_tracker.ingest.documents import Kind
from media_tracker.tagging.rules import COLUMNS, Row, Table, labels_of
from media_tracker.tagging.trial import FILLED_IN, HIDDEN, SUGGESTED, Difference
from media_tracker.web.choices import Option, category_options, option
from media_tracker.web.i18n import NOTHING
from media_tracker.web.naming import Names
from media_tracker.web.stories.view import DEEDS, KINDS, OUTCOMES

COLUMN_NAMES: Mapping[str, str] = {
    "cue": N_("Word"),
    "kind": N_("Kind"),
    "category": N_("Category"),
    "outcome": N_("Reported outcome"),
    "weight": N_("Weight"),
    "field": N_("Only in"),
    "name": N_("Name"),
    "region": N_("Region"),
    "alias": N_("Other name"),
    "unit": N_("Unit"),
    "outlet": N_("Outlet"),
    "column": N_("Column"),
    "word": N_("Word"),
    "score": N_("Score"),
    "to": N_("Editor"),
}
FIELD_NAMES: Mapping[str, str] = {"title": N_("Title"), "body": N_("Text"), "column": N_("Column")}
SAID_NAMES: Mapping[str, str] = {
    "kind": N_("Kind"),
    "category": N_("Category"),
    "region": N_("Region"),
    "place": N_("Place"),
    "outcome": N_("Reported outcome"),
    "deed": N_("Kind of deed"),
    "units": N_("Units"),
    "routed": N_("Queue"),
}
LEVEL_NAMES: Mapping[str, str] = {
    HIDDEN: N_("not shown"),
    SUGGESTED: N_("only suggested"),
    FILLED_IN: N_("filled in"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """Says codes by their names, in the language of the page. ``people``: what users are called, by id."""

    names: Names
    people: Mapping[str, str] = field(default_factory=dict)

    def columns(self, table: Table) -> Sequence[str]:
        """The headings of ``table``, untranslated."""
        return [COLUMN_NAMES[name] for name in COLUMNS[table]]

    def cells(self, table: Table, row: Row) -> Sequence[str]:
        """The cells of a row as people read them."""
        return [self.value(name, cell) for name, cell in zip(COLUMNS[table], row, strict=True)]

    def value(self, name: str, value: str) -> str:
        """One value of the field or column ``name``."""
        if value in LEVEL_NAMES:
            return self.names.gettext(LEVEL_NAMES[value])
        if name == "kind" and value in set(Kind):
            return self.names.gettext(KINDS[Kind(value)])
        if name == "category":
            return self.names.category(value)
        if name == "region":
            return self.names.region(value)
        if name in ("to", "routed"):
            return "、".join(self.people.get(each, each) for each in value.split("、"))
        known = {"outcome": OUTCOMES, "deed": DEEDS, "field": FIELD_NAMES}.get(name, {})
        return self.names.gettext(known[value]) if value in known else value


def label_options(table: Table, names: Names) -> list[Option]:
    """What a cue of ``table`` can speak for."""
    if table is Table.CATEGORY:
        return category_options(names)
    words = Words(names)
    return [option(label, words.value(table.value, label)) for label in labels_of(table)]


def shown_difference(difference: Difference, words: Words) -> list[tuple[str, str, str]]:
    """(field, before, after) in words, of what differs."""
    return [
        (
            words.names.gettext(SAID_NAMES[name]),
            words.value(name, before) or NOTHING,
            words.value(name, difference.after[name]) or NOTHING,
        )
        for name, before in difference.before.items()
    ]
