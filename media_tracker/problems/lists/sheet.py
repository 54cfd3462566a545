"""Lists of problems as offices keep them in Excel: one problem a row, under their own headings. Pure.

Columns are known by their headings (``words.HEADINGS``), wherever they stand. Merged cells count for all their rows; in a
CSV file, which cannot say what was merged, an empty cell is empty. A row that cannot be taken is told with its line and column.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from media_tracker.errors import N_, InvalidInput, Sentence
from media_tracker.files.rows import Line, RowError
from media_tracker.files.tables import TableLimits, read_tables
from media_tracker.ingest.clean import one_line
from media_tracker.problems.lists.cells import Cells, RowReader, Wrong, headings_of
from media_tracker.problems.lists.dates import Calendar, year_of
from media_tracker.problems.lists.names import ListNames
from media_tracker.problems.lists.row import ListRow
from media_tracker.problems.lists.words import BY_HEADING, FOOTERS, HEADINGS, NOT_READ, Column, heading_key

LIMITS = TableLimits(megabytes=30, unpacked_megabytes=250, rows=100_000, chars=50_000_000)
_LINES_FOR_HEADINGS = 20


@dataclass(frozen=True, slots=True)
class ListSheet:
    """What a file brings. ``columns``: each column that was found, with its heading; ``not_read``: headings that mean
    nothing here.

    ``heading_line``: the number of the row of headings, from 1; ``lines``: that of each of ``rows``; ``sheet``: which sheet of
    the file, from 0; ``notes``: remarks (gettext ids).
    """

    rows: tuple[ListRow, ...]
    lines: tuple[int, ...]
    errors: tuple[RowError, ...]
    columns: Mapping[Column, str]
    not_read: tuple[str, ...]
    heading_line: int
    sheet: int
    notes: tuple[Sentence, ...] = ()

    def shown(self, column: Column) -> str:
        """The heading of ``column`` as the sheet has it; where it has none, as it could be called."""
        return self.columns.get(column) or HEADINGS[column][0]


def read_list(data: bytes, filename: str, names: ListNames, zone: ZoneInfo, now: datetime) -> ListSheet:
    """The problems in ``data``, an .xlsx or CSV file whatever ``filename`` says; dates are of ``zone``, none found after ``now``.

    Of an Excel file the first sheet counts that has a column for the problem and one for category, place or state. Costs some
    ten seconds for 50,000 rows: call it off the event loop.

    Raises:
        TooLarge: more bytes, rows or text than are read.
        InvalidInput: not a sheet, or one without these columns.
    """
    found: ListSheet | None = None
    more = 0
    tables = read_tables(data, lambda cell: heading_key(cell) in BY_HEADING, LIMITS, merged=True)
    for number, lines in enumerate(tables):
        at = next((i for i, line in enumerate(lines[:_LINES_FOR_HEADINGS]) if _is_heading(line)), None)
        if at is None:
            continue
        if found is not None:
            more += 1
            continue
        above = [cell for line in lines[:at] for cell in line.cells if isinstance(cell, str)]
        by = Calendar(zone, now, year_of([*above, filename]))
        found = _Reader(lines[at], lines[at + 1 :], names, by, number).read()
    if found is None:
        sentence = N_("{file} has no row of headings with “问题” and “类别” or “地点”. Write them in the first row.")
        raise InvalidInput(sentence, file=one_line(filename, 100) or "—")
    if not more:
        return found
    note = Sentence(
        N_("{count} more sheets of this file look like lists and were not read: import each from a file of its own."),
        count=more,
    )
    return replace(found, notes=(*found.notes, note))


def _is_heading(line: Line) -> bool:
    columns = _columns([line])
    return Column.TEXT in columns and not columns.keys().isdisjoint(
        (Column.CATEGORY, Column.TOP_CATEGORY, Column.PLACE, Column.STATE, Column.UNIT)
    )


def _columns(headings: Sequence[Line]) -> dict[Column, int]:
    """Where each column stands. Of two with one meaning the one with the usual heading, else the first."""
    found: dict[Column, tuple[int, int]] = {}
    for line in headings:
        for index, cell in enumerate(line.cells):
            key = heading_key(cell) if isinstance(cell, str) else ""
            column = BY_HEADING.get(key)
            if column is not None:
                rank = (HEADINGS[column].index(key), index)
                found[column] = min(found.get(column, rank), rank)
    return {column: index for column, (_, index) in found.items()}


class _Reader:
    """Reads the rows under one row of headings, or under two of which the second divides cells of the first."""

    def __init__(self, heading: Line, lines: Sequence[Line], names: ListNames, by: Calendar, sheet: int) -> None:
        text_at = _columns([heading])[Column.TEXT]
        divided = bool(lines) and text_at in lines[0].spread and lines[0].number == heading.number + 1
        self._headings = [heading, lines[0]] if divided else [heading]
        self._lines = lines[1:] if divided else lines
        self._columns = _columns(self._headings)
        self._shown = {column: headings_of(self._headings, at) for column, at in self._columns.items()}
        self._cells = Cells(self._columns, self._shown)
        self._names = names
        self._by = by
        self._sheet = sheet

    def read(self) -> ListSheet:
        filled = [line for line in self._lines if self._is_row(line)]
        reader = RowReader(self._cells, self._names, self._by)
        rows: list[ListRow] = []
        lines: list[int] = []
        errors: list[RowError] = []
        first: dict[str, int] = {}
        for line in filled:
            row = reader.read(line)
            if isinstance(row, list):
                errors += row
            elif (before := first.setdefault(row.key, line.number)) != line.number:
                column = Column.NUMBER if row.number else Column.TEXT
                sentence = N_("This problem stands in line {first} already.")
                errors.append(self._cells.error(line, Wrong(column, sentence, first=before)))
            else:
                rows.append(row)
                lines.append(line.number)
        return ListSheet(
            rows=tuple(rows),
            lines=tuple(lines),
            errors=tuple(errors),
            columns={column: self._shown[column] for column in sorted(self._columns, key=self._columns.__getitem__)},
            not_read=self._not_read(),
            heading_line=self._headings[-1].number,
            sheet=self._sheet,
        )

    def _not_read(self) -> tuple[str, ...]:
        known = set(self._columns.values())
        width = max(len(line.cells) for line in self._headings)
        headings = [headings_of(self._headings, at) for at in range(width) if at not in known]
        return tuple(each for each in headings if each and heading_key(each) not in NOT_READ)

    def _is_row(self, line: Line) -> bool:
        """Not the headings once more, not what stands under a list, and with something of its own beside a number."""
        own = [at for column, at in self._columns.items() if column is not Column.NUMBER and at not in line.spread]
        if not any(at < len(line.cells) and line.cells[at] not in (None, "") for at in own):
            return False  # a heading between rows (一、市容环境), or a number that was written beforehand
        text = self._cells.text(line, Column.TEXT)
        if text:
            return heading_key(text) != heading_key(self._shown[Column.TEXT])
        start = next((str(cell) for cell in line.cells if cell not in (None, "")), "")
        return not unicodedata.normalize("NFKC", start.replace(" ", "")).startswith(FOOTERS)
