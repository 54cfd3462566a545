"""Lists as files for offices: CSV that Excel opens in the right encoding, and Excel with dates that are dates. Pure.

Rows are written as they come, and none is kept: a list of a hundred thousand needs no more memory than one of ten.

What people and outlets wrote ends up in these cells. A cell that begins like a formula is made plain text: in CSV by a leading
apostrophe (https://owasp.org/www-community/attacks/CSV_Injection), in Excel by being written as a string whatever it holds.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import IO, Protocol
from zoneinfo import ZoneInfo

import xlsxwriter


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment until which something is due. At midnight its day is the one that ends then: 24:00, and in Excel, which knows
    no such time, the minute before."""

    at: datetime


Value = str | int | float | datetime | date | Deadline | None

BYTE_ORDER_MARK = "\ufeff"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a formula can begin; the full-width ones are read as plain ones by East Asian spreadsheets."""

LONGEST_CELL = 32_767
"""Characters; Excel's own limit."""
MOST_ROWS = 1_048_575
"""Rows of a sheet, without its heading; Excel's own limit."""
MEASURED = 200
"""By so many rows the widths of the columns are chosen."""
_WIDEST, _NARROWEST = 48, 8
_MINUTE = timedelta(minutes=1)
_A4 = 9


class FileFormat(StrEnum):
    """What kind of file a list becomes."""

    CSV = "csv"
    XLSX = "xlsx"

    @property
    def media_type(self) -> str:
        """The type that a browser is told."""
        if self is FileFormat.CSV:
            return "text/csv; charset=utf-8"
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands around the rows. ``about`` says what the list is (name, definition, period): a second sheet, in Excel only."""

    title: str
    headings: Sequence[str]
    about_title: str = ""
    about: Sequence[tuple[str, Value]] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A short list, ready to be written."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Value]]
    about_title: str = ""
    about: Sequence[tuple[str, Value]] = ()

    @property
    def heading(self) -> Heading:
        """What stands around the rows."""
        return Heading(self.title, self.headings, self.about_title, self.about)


class RowWriter(Protocol):
    """A file that is being written."""

    def write(self, rows: Iterable[Sequence[Value]]) -> None:
        """Add rows. Raises ``ValueError`` when they are more than a sheet has."""
        ...

    def close(self, about: Sequence[tuple[str, Value]] = ()) -> None:
        """Finish the file; ``about`` in addition to what the heading says."""
        ...


def writer(out: IO[bytes], kind: FileFormat, heading: Heading, zone: ZoneInfo) -> RowWriter:
    """Begin a file in ``out``, which stays open."""
    return CsvRows(out, heading, zone) if kind is FileFormat.CSV else XlsxRows(out, heading, zone)


def neutral(text: str) -> str:
    """``text`` as a spreadsheet reads it as text, never as a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def to_csv(sheet: Sheet, zone: ZoneInfo) -> bytes:
    """CSV after RFC 4180 in UTF-8 with a byte order mark, without which Excel takes Chinese for something else."""
    return _whole(sheet, FileFormat.CSV, zone)


def to_xlsx(sheet: Sheet, zone: ZoneInfo) -> bytes:
    """An Excel file: frozen heading, filters, local times as dates.

    Raises:
        ValueError: more rows than a sheet has.
    """
    return _whole(sheet, FileFormat.XLSX, zone)


def _whole(sheet: Sheet, kind: FileFormat, zone: ZoneInfo) -> bytes:
    if kind is FileFormat.XLSX and len(sheet.rows) > MOST_ROWS:
        raise ValueError(f"{len(sheet.rows)} rows do not fit into a sheet")
    out = io.BytesIO()
    file = writer(out, kind, sheet.heading, zone)
    file.write(sheet.rows)
    file.close()
    return out.getvalue()


class CsvRows:
    """Writes CSV."""

    def __init__(self, out: IO[bytes], heading: Heading, zone: ZoneInfo) -> None:
        self._text = io.TextIOWrapper(out, "utf-8", errors="replace", newline="", write_through=True)
        self._rows = csv.writer(self._text)
        self._zone = zone
        self._text.write(BYTE_ORDER_MARK)
        self._rows.writerow([neutral(each) for each in heading.headings])

    def write(self, rows: Iterable[Sequence[Value]]) -> None:
        self._rows.writerows([_csv_cell(value, self._zone) for value in row] for row in rows)

    def close(self, about: Sequence[tuple[str, Value]] = ()) -> None:
        self._text.flush()
        self._text.detach()


class XlsxRows:
    """Writes Excel; a row that was written is no longer in memory (XlsxWriter's ``constant_memory``)."""

    def __init__(self, out: IO[bytes], heading: Heading, zone: ZoneInfo) -> None:
        self._book = xlsxwriter.Workbook(out, {"constant_memory": True})
        self._heading = heading
        self._zone = zone
        self._bold = self._book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self._text = self._book.add_format({"text_wrap": True, "valign": "top"})
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm", "valign": "top", "align": "left"})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd", "valign": "top", "align": "left"})
        self._page = self._book.add_worksheet(_sheet_name(heading.title))
        self._page.freeze_panes(1, 0)
        _ready_to_print(self._page)
        self._widths = [_width(each) for each in heading.headings]
        self._count = 0
        for column, each in enumerate(heading.headings):
            self._page.write_string(0, column, each[:LONGEST_CELL], self._bold)

    def write(self, rows: Iterable[Sequence[Value]]) -> None:
        for row in rows:
            self._count += 1
            if self._count > MOST_ROWS:
                raise ValueError("more rows than a sheet has")
            if self._count <= MEASURED:
                self._widths = [max(width, _width(cell)) for width, cell in zip(self._widths, row, strict=True)]
            for column, value in enumerate(row):
                self._cell(self._page, self._count, column, value)

    def close(self, about: Sequence[tuple[str, Value]] = ()) -> None:
        for column, width in enumerate(self._widths):
            self._page.set_column(column, column, width)
        self._page.autofilter(0, 0, max(self._count, 1), max(len(self._widths) - 1, 0))
        told = [*self._heading.about, *about]
        if told:
            page = self._book.add_worksheet(_sheet_name(self._heading.about_title))
            page.set_column(0, 0, 16)
            page.set_column(1, 1, 80)
            for number, (label, value) in enumerate(told):
                page.write_string(number, 0, label, self._bold)
                self._cell(page, number, 1, value)
        self._book.close()

    def _cell(self, page: xlsxwriter.worksheet.Worksheet, row: int, column: int, value: Value) -> None:
        match value:
            case None | "":
                page.write_blank(row, column, None, self._text)
            case Deadline():
                local = _local(value.at, self._zone)
                page.write_datetime(row, column, local - _MINUTE if _is_midnight(local) else local, self._moment)
            case datetime():
                page.write_datetime(row, column, _local(value, self._zone), self._moment)
            case date():
                page.write_datetime(row, column, value, self._day)
            case str():
                page.write_string(row, column, value[:LONGEST_CELL], self._text)
            case _:
                page.write_number(row, column, value, self._text)


def _ready_to_print(page: xlsxwriter.worksheet.Worksheet) -> None:
    """All columns on one page's width, the heading on every page."""
    page.set_paper(_A4)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)


def _csv_cell(value: Value, zone: ZoneInfo) -> str | int | float:
    match value:
        case None:
            return ""
        case Deadline():
            local = _local(value.at, zone)
            return f"{local - _MINUTE:%Y-%m-%d} 24:00" if _is_midnight(local) else f"{local:%Y-%m-%d %H:%M}"
        case datetime():
            return f"{_local(value, zone):%Y-%m-%d %H:%M}"
        case date():
            return value.isoformat()
        case str():
            return neutral(value)
    return value


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    """Local time without its zone: spreadsheets know none."""
    return moment.astimezone(zone).replace(tzinfo=None)


def _is_midnight(local: datetime) -> bool:
    return (local.hour, local.minute) == (0, 0)


def _sheet_name(title: str) -> str:
    """``title`` as Excel takes it for a sheet: 31 characters, none of ``[]:*?/\\``, no apostrophe at its ends."""
    cleaned = "".join(" " if character in "[]:*?/\\" else character for character in title)
    return cleaned.strip().strip("'")[:31].rstrip("' ") or "1"


def _width(cell: Value) -> float:
    """A column width that fits a cell; a Chinese character takes two places."""
    places = 16 if isinstance(cell, datetime | Deadline) else _places(str("" if cell is None else cell))
    return min(max(places + 2, _NARROWEST), _WIDEST)


def _places(text: str) -> int:
    return sum(2 if character >= "\u2e80" else 1 for character in text)
