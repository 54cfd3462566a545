"""The rules that an office may change: cue words, names of places and units, and two thresholds. Pure.

A table is rows of text, as its file has them; what is shipped is edition 0. A change names rows to take out and rows to put in,
so that it can be tried, shown and then saved as it was shown.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib import resources

from media_tracker.errors import N_, InvalidInput
from media_tracker.tagging.cues import LABELS, Cue, Cues, check_cue, cue_of, cues_of
from media_tracker.text.normalise import normalise

Row = tuple[str, ...]
MOST_CHANGED = 500
"""Rows that one change may take out or put in."""
LONGEST_CELL = 60
SUGGEST_FROM = 0.3
PREFILL_FROM = 0.6
"""Scores from which a suggestion is shown, and from which it stands in the form already, until somebody sets others."""


class Table(StrEnum):
    """The tables, by the name of what they are about."""

    KIND = "kind"
    CATEGORY = "category"
    OUTCOME = "outcome"
    PLACES = "places"
    UNITS = "units"
    DEFAULTS = "defaults"
    ROUTES = "routes"


COLUMNS: Mapping[Table, tuple[str, ...]] = {
    Table.KIND: ("cue", "kind", "weight", "field"),
    Table.CATEGORY: ("cue", "category", "weight"),
    Table.OUTCOME: ("cue", "outcome", "weight"),
    Table.PLACES: ("name", "region"),
    Table.UNITS: ("alias", "unit"),
    Table.DEFAULTS: ("outlet", "column", "word", "region", "kind", "category", "score"),
    Table.ROUTES: ("outlet", "column", "word", "region", "kind", "to"),
}
"""``region`` is a code; ``unit`` the name of one of the office's units; ``outlet`` the name of one; ``to`` the id of a user."""
OFFICE_TABLES = (Table.DEFAULTS, Table.ROUTES)
"""Whose first four cells are conditions; see ``office_rules``."""
CUE_TABLES = (Table.KIND, Table.CATEGORY, Table.OUTCOME)
_KEYS: Mapping[Table, tuple[int, ...]] = {
    Table.KIND: (0, 1, 3),
    Table.CATEGORY: (0, 1),
    Table.OUTCOME: (0, 1),
    Table.PLACES: (0,),
    Table.UNITS: (0,),
    Table.DEFAULTS: (0, 1, 2, 3),
    Table.ROUTES: (0, 1, 2, 3, 4, 5),
}
"""Cells that say which row it is: a row with the same ones takes the other's place."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Scores (0 to 1): a suggestion is shown from ``suggest`` on, and is filled in from ``prefill`` on."""

    suggest: float = SUGGEST_FROM
    prefill: float = PREFILL_FROM


@dataclass(frozen=True, slots=True)
class Known:
    """What rows may refer to: codes of sub-classes and regions, names of units and outlets, and ids of editors."""

    categories: Collection[str]
    regions: Collection[str]
    units: Collection[str]
    outlets: Collection[str] = ()
    editors: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """Rows of one table to take out and to put in."""

    table: Table
    out: tuple[Row, ...] = ()
    into: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """One edition of all tables. ``number`` 0 is what is shipped."""

    number: int
    tables: Mapping[Table, tuple[Row, ...]]
    thresholds: Thresholds = Thresholds()

    @property
    def cues(self) -> Cues:
        """The cue tables, ready to be found in text."""
        return cues_of({table.value: [_cue(table, row) for row in self.tables[table]] for table in CUE_TABLES})

    @property
    def places(self) -> dict[str, str]:
        """Name of a place → code of the region that it lies in."""
        return {row[0]: row[1] for row in self.tables[Table.PLACES]}

    @property
    def unit_aliases(self) -> dict[str, str]:
        """Other name → name of the unit."""
        return {row[0]: row[1] for row in self.tables[Table.UNITS]}


@cache
def shipped() -> Rules:
    """The rules that an installation begins with, from the files in ``data/``."""
    tables: dict[Table, tuple[Row, ...]] = {}
    for table, columns in COLUMNS.items():
        if table not in CUE_TABLES:
            tables[table] = ()
            continue
        source = resources.files(__package__) / "data" / f"{table.value}_cues.csv"
        reader = csv.DictReader(io.StringIO(source.read_text(encoding="utf-8-sig"), newline=""), restval="")
        tables[table] = tuple(tuple(row.get(name, "").strip() for name in columns) for row in reader)
    return Rules(0, tables)


def changed(rules: Rules, change: Change, known: Known) -> Rules:
    """``rules`` after ``change``, with the same number. A row that is put in takes the place of the one with its key.

    Raises:
        InvalidInput: a row that cannot stand in its table, one to take out that is not there, too many rows, or no change.
    """
    if max(len(change.out), len(change.into)) > MOST_CHANGED:
        raise InvalidInput(N_("At most {most} rows can be changed at a time."), most=MOST_CHANGED)
    for row in change.into:
        check_row(change.table, row, known)
    rows = {key_of(change.table, row): row for row in rules.tables[change.table]}
    for row in change.out:
        if rows.pop(key_of(change.table, row), None) != row:
            raise InvalidInput(N_("The row “{row}” is not in the table (any more)."), row=written(row))
    rows.update({key_of(change.table, row): row for row in change.into})
    after = tuple(rows.values())
    if set(after) == set(rules.tables[change.table]):
        raise InvalidInput(N_("This changes nothing."))
    return replace(rules, tables={**rules.tables, change.table: after})


def with_thresholds(rules: Rules, thresholds: Thresholds) -> Rules:
    """``rules`` with other ``thresholds``. ``InvalidInput`` unless 0 ≤ suggest ≤ prefill ≤ 1 and something changes."""
    if not 0.0 <= thresholds.suggest <= thresholds.prefill <= 1.0:
        raise InvalidInput(
            N_(
                "Both are between 0 and 1, and a suggestion that is filled in is also shown: the second is the larger one."
            )
        )
    if thresholds == rules.thresholds:
        raise InvalidInput(N_("This changes nothing."))
    return replace(rules, thresholds=thresholds)


def check_row(table: Table, row: Row, known: Known) -> None:
    """``InvalidInput`` with the row in it, if it cannot stand in ``table``."""
    right = len(row) == len(COLUMNS[table]) and all(len(cell) <= LONGEST_CELL and cell == cell.strip() for cell in row)
    if right and table in CUE_TABLES:
        cue = _cue(table, row)
        right = check_cue(cue, table.value) and (table is not Table.CATEGORY or cue.label in known.categories)
        # Texts are compared as ``normalise`` gives them: a cue that is written otherwise would never be found.
        right = right and (cue.text.startswith("{") or normalise(cue.text).text == cue.text)
    elif right and table is Table.PLACES:
        right = len(row[0]) > 1 and row[1] in known.regions
    elif right and table is Table.UNITS:
        right = len(row[0]) > 1 and row[1] in known.units
    elif right:
        right = _is_office_row(table, row, known)
    if not right:
        raise InvalidInput(N_("“{row}” cannot stand in this table."), row=written(row))


def _is_office_row(table: Table, row: Row, known: Known) -> bool:
    """Some condition, none that cannot hold, and something that follows from it."""
    outlet, column, word, region, kind, last = row[:6]
    some = any((outlet, column, word, region)) or (table is Table.ROUTES and bool(kind))
    holds = outlet in ("", *known.outlets) and (not region or region in known.regions)
    holds = holds and normalise(word).text == word and (not kind or kind in LABELS[Table.KIND.value])
    if table is Table.ROUTES:
        return some and holds and last in known.editors
    problem = kind in ("", "exposure", "follow_up")
    follows = bool(kind or last) and (not last or (last in known.categories and problem))
    return some and holds and follows and _is_score(row[6])


def _is_score(text: str) -> bool:
    """A number over 0, up to 1, as people write one."""
    try:
        return text.replace(".", "", 1).isdecimal() and 0.0 < float(text) <= 1.0
    except ValueError:
        return False


def read_rows(table: Table, text: str) -> tuple[Row, ...]:
    """Lines of comma-separated cells as rows of ``table``; cells that are missing at the end are empty, empty lines left out."""
    width = len(COLUMNS[table])
    found = []
    for line in csv.reader(io.StringIO("\n".join(text.replace("，", ",").splitlines()))):
        cells = [cell.strip() for cell in line]
        if any(cells):
            found.append(tuple(cells + [""] * (width - len(cells))))
    return tuple(found)


def written(row: Row) -> str:
    """A row as a line: its cells with commas between them, without empty ones at the end."""
    out = io.StringIO()
    cells = list(row)
    while cells and not cells[-1]:
        cells.pop()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()


def key_of(table: Table, row: Row) -> Row:
    """The cells that say which row it is."""
    return tuple(row[at] for at in _KEYS[table] if at < len(row))


def words_between(before: Rules, after: Rules) -> frozenset[str] | None:
    """Only texts that hold one of these words can be seen otherwise under ``after``; None where that cannot be said."""
    tables = [table for table in Table if table not in OFFICE_TABLES]
    differ = [row for table in tables for row in set(before.tables[table]) ^ set(after.tables[table])]
    return None if any(row[0].startswith("{") for row in differ) else frozenset(row[0] for row in differ)


def rows_between(before: Rules, after: Rules) -> tuple[Row, ...]:
    """The rows of defaults and routes that only one of the two has: of other texts these change nothing."""
    return tuple(row for table in OFFICE_TABLES for row in set(before.tables[table]) ^ set(after.tables[table]))


def undone(present: Rules, before: Rules, after: Rules) -> Rules:
    """``present`` without what the edition ``after`` had changed of ``before``; later changes of other rows stay.

    Raises:
        InvalidInput: a row of that edition has been changed again since, or there is nothing (left) to take back.
    """
    tables = dict(present.tables)
    for table in Table:
        gone, new = (dict(_keyed(table, each.tables[table])) for each in (before, after))
        if gone == new:
            continue
        rows = dict(_keyed(table, present.tables[table]))
        for key in {**gone, **new}:
            was, became = gone.get(key), new.get(key)
            if was == became:
                continue
            if rows.get(key) not in (became, was):
                row = written(became or was or ())
                raise InvalidInput(N_("The row “{row}” has been changed again since; undo that first."), row=row)
            if was is None:
                rows.pop(key, None)
            else:
                rows[key] = was
        tables[table] = tuple(rows.values())
    thresholds = present.thresholds
    if before.thresholds != after.thresholds and present.thresholds == after.thresholds:
        thresholds = before.thresholds
    elif before.thresholds != after.thresholds and present.thresholds != before.thresholds:
        raise InvalidInput(N_("The thresholds have been changed again since; undo that first."))
    result = replace(present, tables=tables, thresholds=thresholds)
    if same(result, present):
        raise InvalidInput(N_("This changes nothing."))
    return result


def same(one: Rules, other: Rules) -> bool:
    """Whether two editions say the same, whatever the order of their rows."""
    tables = all(set(one.tables[table]) == set(other.tables[table]) for table in Table)
    return tables and one.thresholds == other.thresholds


def _keyed(table: Table, rows: tuple[Row, ...]) -> list[tuple[Row, Row]]:
    return [(key_of(table, row), row) for row in rows]


def labels_of(table: Table) -> tuple[str, ...]:
    """What the cues of ``table`` may speak for; empty where the taxonomy, the regions or the units say."""
    return LABELS.get(table.value, ())


def _cue(table: Table, row: Row) -> Cue:
    return cue_of(dict(zip(COLUMNS[table], row, strict=True)), table.value)
