"""A copy of a sheet with a remark beside some of its rows: what is wrong with them, where people can mend it. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from media_tracker.files.tables import MOST_COLUMNS, decoded, separator_of

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_ZIP = b"PK\x03\x04"
_WIDTH = 60


def is_workbook(data: bytes) -> bool:
    """Whether the copy is an Excel file, like the sheet; else it is CSV."""
    return data.startswith(_ZIP)


def with_remarks(
    data: bytes,
    heading: str,
    heading_line: int,
    remarks: Mapping[int, str],
    is_heading: Callable[[str], bool],
    sheet: int = 0,
) -> bytes:
    """``data``, a sheet that ``read_tables`` has read, with one more column behind the others.

    ``heading`` stands over it in row ``heading_line``, ``remarks`` by row, from 1. An Excel file keeps its other sheets, its
    formats and its formulas; a CSV file becomes UTF-8 with a mark, which Excel understands.
    """
    texts = {heading_line: heading, **remarks}
    if is_workbook(data):
        return _in_workbook(data, texts, sheet)
    text = decoded(data)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator_of(text, is_heading)))
    width = max((len(row) for row in rows), default=0)
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for number, row in enumerate(rows, start=1):
        padded = [*row, *[""] * (width - len(row))] if number in texts else row
        writer.writerow([*padded, *([texts[number]] if number in texts else [])])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")


def _in_workbook(data: bytes, texts: Mapping[int, str], sheet: int) -> bytes:
    from openpyxl import load_workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    with closing(load_workbook(io.BytesIO(data), keep_links=False)) as book:
        table = book.worksheets[sheet]
        column = _behind(table, texts)
        for row, text in texts.items():
            with suppress(AttributeError):  # a cell that is merged with others cannot be written to
                cell = table.cell(row, column, text)
                cell.data_type = "s"  # nothing that is written here is a formula
                cell.font = Font(color="C00000", bold=row == min(texts))
        table.column_dimensions[get_column_letter(column)].width = _WIDTH
        out = io.BytesIO()
        book.save(out)
    return out.getvalue()


def _behind(table: Worksheet, texts: Mapping[int, str]) -> int:
    """The first column behind everything that stands in the rows that get a text."""
    last = 1
    for row in texts:
        cells = next(table.iter_rows(row, row, max_col=MOST_COLUMNS, values_only=True), ())
        last = max([last, *(at for at, value in enumerate(cells, start=1) if value not in (None, ""))])
    return last + 1
