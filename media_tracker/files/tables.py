"""From the bytes of an Excel or CSV file to rows of cells, told by content and not by name. Pure.

A hostile file is bounded on the way: by bytes before and after decompression, by rows, columns and characters, and by the
parser, which refuses entities. Formulas are never computed: of a cell with one, the value that Excel left beside it counts.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from media_tracker.errors import N_, InvalidInput, TooLarge
from media_tracker.files.characters import strip_controls
from media_tracker.files.merged import read_blocks, spread
from media_tracker.files.rows import Cell, Line

if TYPE_CHECKING:
    from openpyxl import Workbook

MOST_PARTS = 1_000
MOST_COLUMNS = 60
_MOST_SHEETS = 20
_LAST_LINE = 1_048_576
"""The last row that Excel has; a file may claim to have one further down."""
_SEPARATORS = (",", "\t", ";")
_LINES_FOR_SEPARATOR = 10

_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_WIDE = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_RETURN = re.compile(r"_x000[dD]_\n?")
"""How Excel's files write the half of a line break that they cannot hold."""


@dataclass(frozen=True, slots=True)
class TableLimits:
    """How much of a file is read: bytes before and after unpacking, rows (the headings included), and characters of all cells.

    Cells of an Excel file share their texts, so a small file can hold a long one many times.
    """

    megabytes: int = 5
    unpacked_megabytes: int = 40
    rows: int = 10_000
    chars: int = 10_000_000

    @property
    def bytes(self) -> int:
        return self.megabytes * 2**20


USUAL = TableLimits()


def read_tables(
    data: bytes, is_heading: Callable[[str], bool], limits: TableLimits = USUAL, *, merged: bool = False
) -> Iterator[list[Line]]:
    """The sheets of an Excel file, one after the other, or the one table of a CSV file, without empty rows.

    ``is_heading``: whether a cell is one that is looked for; it tells which sign separates the cells of a CSV file. ``merged``:
    what stands in the first of merged cells counts for the rows below it, too.

    Raises:
        TooLarge: more bytes, rows or characters than are read.
        InvalidInput: neither of the two, or a broken one.
    """
    if len(data) > limits.bytes:
        sentence = N_("The file is larger than {megabytes} MB. Divide it and send the parts.")
        raise TooLarge(sentence, megabytes=limits.megabytes)
    if data.startswith(_ZIP):
        yield from _excel(data, limits, merged)
    elif data.startswith(_OLD_EXCEL):
        raise InvalidInput(N_("This is a file of an old Excel (.xls). Open it and save it as .xlsx, or as CSV."))
    else:
        yield _csv(decoded(data), is_heading, limits)


def _excel(data: bytes, limits: TableLimits, merged: bool) -> Iterator[list[Line]]:
    _check_parts(data, limits)
    try:
        with closing(_workbook(data)) as workbook:
            for sheet in workbook.worksheets[:_MOST_SHEETS]:
                sheet.reset_dimensions()  # which may say anything
                lines = _bounded(sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True), limits)
                yield _spread(lines, data, sheet._worksheet_path) if merged else lines  # type: ignore[attr-defined]  # no other way
    except (TooLarge, InvalidInput):
        raise
    except Exception as error:  # a file that is no workbook, or a made one, brings up anything in the library
        raise _unreadable() from error


def _spread(lines: list[Line], data: bytes, part: str) -> list[Line]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return spread(lines, read_blocks(archive, part), len(lines) * MOST_COLUMNS)


def _workbook(data: bytes) -> Workbook:
    from openpyxl import load_workbook

    return load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)


def _check_parts(data: bytes, limits: TableLimits) -> None:
    """Refuse what would unpack to far more than it is. No more of a part is unpacked than is declared here."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise _unreadable() from error
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > limits.unpacked_megabytes * 2**20:
        raise TooLarge(N_("This file unpacks to more than is read. Send a sheet with the stories and nothing else."))


def decoded(data: bytes) -> str:
    """The text of a CSV file: UTF-8, UTF-16 with its mark, or what a Chinese Excel writes."""
    for mark, encoding in _WIDE:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.lstrip().startswith("<"):
            break  # a web page that is called a table: what some systems give as "Excel"
        return text
    raise _unreadable()


def _csv(text: str, is_heading: Callable[[str], bool], limits: TableLimits) -> list[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator_of(text, is_heading))
    try:
        return _bounded((row[:MOST_COLUMNS] for row in reader), limits)
    except csv.Error as error:
        sentence = N_("The table breaks off near line {line}: a quotation mark is not closed, or a cell is too long.")
        raise InvalidInput(sentence, line=reader.line_num) from error


def separator_of(text: str, is_heading: Callable[[str], bool]) -> str:
    """The separator by which most headings are found in one of the first lines."""
    lines = text[:20_000].splitlines()[:_LINES_FOR_SEPARATOR]

    def headings(separator: str) -> int:
        return max((sum(is_heading(cell.strip('" ')) for cell in line.split(separator)) for line in lines), default=0)

    return max(_SEPARATORS, key=headings)


def _bounded(rows: Iterable[Sequence[object]], limits: TableLimits) -> list[Line]:
    """Rows with something in them, as far as there may be."""
    lines: list[Line] = []
    room = limits.chars
    for number, row in enumerate(rows, start=1):
        if number > _LAST_LINE:
            break
        if row.count(None) == len(row):  # the fast way past a million of them
            continue
        cells = tuple(_cell(value) for value in row)
        if all(cell is None or cell == "" for cell in cells):
            continue
        room -= sum(len(cell) for cell in cells if isinstance(cell, str))
        if len(lines) >= limits.rows or room < 0:
            raise TooLarge(N_("There are more than {rows} rows, or too much text. Divide the sheet."), rows=limits.rows)
        lines.append(Line(number, cells))
    return lines


def _cell(value: object) -> Cell:
    if isinstance(value, str):
        return strip_controls(_RETURN.sub("\n", value)).strip()
    if value is None or isinstance(value, int | float | datetime | date | time | timedelta):
        return value
    return str(value)


def _unreadable() -> InvalidInput:
    return InvalidInput(N_("This cannot be read as a sheet. Send an Excel file (.xlsx) or a table as CSV."))
