"""The responsibility table as administration shows it: rows, what a sheet changes, gaps and clashes. Display-ready values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from media_tracker.errors import N_
from media_tracker.places.responsibility import Backing, Duty, Gap, Relation, Responsibility
from media_tracker.places.responsibility_changes import Changes
from media_tracker.places.responsibility_import import Outlook
from media_tracker.places.responsibility_sheet import ResponsibilitySheet
from media_tracker.web.naming import Names

ROWS_SHOWN = 200
CHANGES_SHOWN = 100
ERRORS_SHOWN = 100
GAPS_SHOWN = 60
"""Lines."""

DUTY_NAMES: Mapping[Duty, str] = {Duty.LEAD: N_("in charge"), Duty.CO: N_("helps")}
RELATION_NAMES: Mapping[Relation, str] = {
    Relation.LEADER: N_("leader behind a subdistrict"),
    Relation.CIVILISED_UNIT: N_("civilised unit behind a community"),
    Relation.INDICATOR: N_("department behind an indicator"),
}
EVERY_CATEGORY, EVERY_REGION = N_("every category"), N_("every region")


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of duties or of backing. ``doing`` is untranslated; ``subject``: a category or an indicator."""

    who: str
    doing: str
    subject: str
    region: str
    first: date
    last: date | None
    stranger: bool = False
    """A leader without an account."""
    id: str = ""
    """Of a row of duties: where it can be ended or given to another unit."""


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """What a sheet does to one row. ``what``: added | ended; both untranslated. ``instead``: who it takes the place of."""

    what: str
    row: TableRow
    instead: str


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """A row of the sheet that cannot be taken."""

    line: int
    column: str
    sentence: str
    params: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class GapRow:
    """Where nobody is in charge of what. ``alone``: where no more than the region is known; ``without``: but in these."""

    regions: Sequence[str]
    alone: bool
    without: Sequence[str]
    categories: Sequence[str]


@dataclass(frozen=True, slots=True)
class ClashRow:
    """Two units in one cell."""

    units: Sequence[str]
    category: str
    region: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a sheet would change; of long lists the first ones."""

    draft: str
    filename: str
    since: str
    whole: bool
    edition: int
    added: int
    ended: int
    unchanged: int
    changes: Sequence[ChangeRow]
    errors: Sequence[ErrorRow]
    errors_total: int
    clashes: Sequence[ClashRow]
    gaps: Sequence[GapRow]
    gaps_total: int
    day: date
    strangers: Sequence[str]


def duty_row(row: Responsibility, names: Names) -> TableRow:
    """A row of duties in words."""
    return TableRow(
        names.unit(row.unit_id),
        DUTY_NAMES[row.duty],
        _category(row.category, names),
        _region(row.region, names),
        row.valid_from,
        row.valid_to,
        id=str(row.id) if row.id is not None else "",
    )


def backing_row(row: Backing, names: Names) -> TableRow:
    """A row of backing in words."""
    return TableRow(
        row.person or names.unit(row.unit_id),
        RELATION_NAMES[row.relation],
        row.indicator,
        names.region(row.region),
        row.valid_from,
        row.valid_to,
        row.relation is Relation.LEADER and row.user_id is None,
    )


def gap_rows(gaps: Sequence[Gap], names: Names) -> list[GapRow]:
    """Gaps in words: a line for each region, and one for regions that lack the same."""
    lacking: dict[tuple[str | None, bool, tuple[str, ...]], list[str]] = {}
    for gap in gaps:
        category = names.category(gap.category) if gap.category else names.gettext(EVERY_CATEGORY)
        lacking.setdefault((gap.region, gap.alone, gap.without), []).append(category)
    alike: dict[tuple[bool, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for (region, alone, without), categories in lacking.items():
        alike.setdefault((alone, without, tuple(categories)), []).append(_region(region, names))
    return [
        GapRow(regions, alone, [names.region(code) for code in without], categories)
        for (alone, without, categories), regions in alike.items()
    ]


def clash_rows(pairs: Iterable[tuple[Responsibility, Responsibility]], names: Names) -> list[ClashRow]:
    """Clashes in words, one line for each cell."""
    cells: dict[tuple[str | None, str | None], dict[str, None]] = {}
    for pair in pairs:
        for row in pair:
            cells.setdefault(row.cell, {})[names.unit(row.unit_id)] = None
    return [
        ClashRow(tuple(units), _category(category, names), _region(region, names))
        for (category, region), units in cells.items()
    ]


def preview(
    draft: str, filename: str, sheet: ResponsibilitySheet, outlook: Outlook, since: date, whole: bool, names: Names
) -> Preview:
    """What ``sheet`` would change, in words."""
    changes = [*_duty_changes(outlook.duties, names), *_backing_changes(outlook.backings, names)]
    return Preview(
        draft=draft,
        filename=filename,
        since=since.isoformat(),
        whole=whole,
        edition=outlook.edition,
        added=outlook.added,
        ended=outlook.ended,
        unchanged=outlook.duties.unchanged + outlook.backings.unchanged,
        changes=changes[:CHANGES_SHOWN],
        errors=[ErrorRow(e.line, e.column, e.sentence, e.params) for e in sheet.errors[:ERRORS_SHOWN]],
        errors_total=len(sheet.errors),
        clashes=clash_rows(outlook.clashes, names),
        gaps=(lacking := gap_rows(outlook.gaps, names))[:GAPS_SHOWN],
        gaps_total=len(lacking),
        day=outlook.day,
        strangers=sheet.strangers,
    )


ADDED, ENDED = N_("new"), N_("ends")


def _duty_changes(changes: Changes[Responsibility], names: Names) -> list[ChangeRow]:
    before: dict[int, list[str]] = {}
    for each in changes.ended:
        if each.by is not None and each.row.duty is each.by.duty and each.row.unit_id != each.by.unit_id:
            before.setdefault(id(each.by), []).append(names.unit(each.row.unit_id))
    comma = names.gettext(N_(", "))
    added = [ChangeRow(ADDED, duty_row(row, names), comma.join(before.get(id(row), ()))) for row in changes.added]
    return [*added, *(ChangeRow(ENDED, duty_row(each.after, names), "") for each in changes.ended)]


def _backing_changes(changes: Changes[Backing], names: Names) -> list[ChangeRow]:
    added = [ChangeRow(ADDED, backing_row(row, names), "") for row in changes.added]
    return [*added, *(ChangeRow(ENDED, backing_row(each.after, names), "") for each in changes.ended)]


def _category(code: str | None, names: Names) -> str:
    return names.category_with_class(code) if code is not None else names.gettext(EVERY_CATEGORY)


def _region(code: str | None, names: Names) -> str:
    return names.region(code) if code is not None else names.gettext(EVERY_REGION)
