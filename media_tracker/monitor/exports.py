"""Lists as files for offices: CSV that Excel opens in the right encoding, and Excel with dates that are dates. Pure.

What people and outlets wrote ends up in these cells. A cell that begins like a formula is made plain text: in CSV by a leading
apostrophe (https://owasp.org/www-community/attacks/CSV_Injection), in Excel by being written as a string whatever it holds.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import xlsxwriter

Value = str | int | float | datetime | None

BYTE_ORDER_MARK = "\ufeff"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a formula can begin; the full-width ones are read as plain ones by East Asian spreadsheets."""

LONGEST_CELL = 32_767
"""Characters; Excel's own limit."""
MOST_ROWS = 1_048_575
"""Rows of a sheet, without its heading; Excel's own limit."""
_WIDEST, _NARROWEST = 48, 8


@dataclass(frozen=True, slots=True)
class Sheet:
    """A list ready to be written. ``about`` says what it is (name, definition, period): a second sheet, in Excel only."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Value]]
    about_title: str = ""
    about: Sequence[tuple[str, Value]] = ()


def neutral(text: str) -> str:
    """``text`` as a spreadsheet reads it as text, never as a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def to_csv(sheet: Sheet, zone: ZoneInfo) -> bytes:
    """CSV after RFC 4180 in UTF-8 with a byte order mark, without which Excel takes Chinese for something else."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([neutral(heading) for heading in sheet.headings])
    writer.writerows([[_csv_cell(value, zone) for value in row] for row in sheet.rows])
    return (BYTE_ORDER_MARK + out.getvalue()).encode("utf-8", "replace")


def to_xlsx(sheet: Sheet, zone: ZoneInfo) -> bytes:
    """An Excel file: frozen heading, filters, local times as dates. Rows go out as they are written (constant memory).

    Raises:
        ValueError: more rows than a sheet has.
    """
    if len(sheet.rows) > MOST_ROWS:
        raise ValueError(f"{len(sheet.rows)} rows do not fit into a sheet")
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
        writer = _Writer(book, zone)
        writer.list(sheet)
        if sheet.about:
            writer.about(sheet)
    return out.getvalue()


class _Writer:
    """Writes into one workbook."""

    def __init__(self, book: xlsxwriter.Workbook, zone: ZoneInfo) -> None:
        self._book = book
        self._zone = zone
        self._bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self._text = book.add_format({"text_wrap": True, "valign": "top"})
        self._moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm", "valign": "top", "align": "left"})

    def list(self, sheet: Sheet) -> None:
        page = self._book.add_worksheet(_sheet_name(sheet.title))
        for column, heading in enumerate(sheet.headings):
            cells = (heading, *(row[column] for row in sheet.rows[:200]))
            page.set_column(column, column, _width(cells))
        page.freeze_panes(1, 0)
        page.autofilter(0, 0, max(len(sheet.rows), 1), max(len(sheet.headings) - 1, 0))
        for column, heading in enumerate(sheet.headings):
            page.write_string(0, column, heading[:LONGEST_CELL], self._bold)
        for number, row in enumerate(sheet.rows, start=1):
            for column, value in enumerate(row):
                self._write(page, number, column, value)

    def about(self, sheet: Sheet) -> None:
        page = self._book.add_worksheet(_sheet_name(sheet.about_title))
        page.set_column(0, 0, 16)
        page.set_column(1, 1, 80)
        for number, (label, value) in enumerate(sheet.about):
            page.write_string(number, 0, label, self._bold)
            self._write(page, number, 1, value)

    def _write(self, page: xlsxwriter.worksheet.Worksheet, row: int, column: int, value: Value) -> None:
        match value:
            case None:
                page.write_blank(row, column, None, self._text)
            case datetime():
                page.write_datetime(row, column, _local(value, self._zone), self._moment)
            case str():
                page.write_string(row, column, value[:LONGEST_CELL], self._text)
            case _:
                page.write_number(row, column, value, self._text)


def _csv_cell(value: Value, zone: ZoneInfo) -> str | int | float:
    match value:
        case None:
            return ""
        case datetime():
            return f"{_local(value, zone):%Y-%m-%d %H:%M}"
        case str():
            return neutral(value)
    return value


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    """Local time without its zone: spreadsheets know none."""
    return moment.astimezone(zone).replace(tzinfo=None)


def _sheet_name(title: str) -> str:
    """``title`` as Excel takes it for a sheet: 31 characters, none of ``[]:*?/\\``, no apostrophe at its ends."""
    cleaned = "".join(" " if character in "[]:*?/\\" else character for character in title)
    return cleaned.strip().strip("'")[:31].rstrip("' ") or "1"


def _width(cells: Sequence[Value]) -> float:
    """A column width that fits most of ``cells``; a Chinese character takes two places."""
    longest = max(16 if isinstance(cell, datetime) else _places(str(cell or "")) for cell in cells)
    return min(max(longest + 2, _NARROWEST), _WIDEST)


def _places(text: str) -> int:
    return sum(2 if character >= "\u2e80" else 1 for character in text)
