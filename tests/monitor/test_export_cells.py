"""Deadlines in files: dates in Excel, 24:00 where a file can say so; nothing is a formula; sheets are ready to be printed."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from openpyxl import load_workbook

from media_tracker.monitor.exports import Deadline, Sheet, to_csv, to_xlsx

SHANGHAI = ZoneInfo("Asia/Shanghai")
MIDNIGHT, MORNING = datetime(2026, 3, 5, 16, tzinfo=UTC), datetime(2026, 3, 5, 1, 30, tzinfo=UTC)
ROWS = [["a", Deadline(MIDNIGHT)], ["", Deadline(MORNING)], ["=1+1", None]]


def test_a_deadline_is_a_date_in_excel_and_never_reads_one_day_too_long() -> None:
    sheet = load_workbook(io.BytesIO(to_xlsx(Sheet("清单", ["名称", "期限"], ROWS), SHANGHAI))).active
    assert sheet is not None
    cells = [row[1] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert [cell and f"{cell:%Y-%m-%d %H:%M}" for cell in cells] == ["2026-03-05 23:59", "2026-03-05 09:30", None]
    assert sheet["B2"].is_date
    assert sheet["B2"].number_format == "yyyy-mm-dd hh:mm"
    lines = list(csv.reader(io.StringIO(to_csv(Sheet("清单", ["名称", "期限"], ROWS), SHANGHAI).decode("utf-8-sig"))))
    assert [line[1] for line in lines[1:]] == ["2026-03-05 24:00", "2026-03-05 09:30", ""]


def test_what_is_empty_is_an_empty_cell_and_what_looks_like_a_formula_is_text() -> None:
    sheet = load_workbook(io.BytesIO(to_xlsx(Sheet("清单", ["名称", "期限"], ROWS), SHANGHAI))).active
    assert sheet is not None
    assert sheet["A3"].value is None
    assert (sheet["A4"].value, sheet["A4"].data_type) == ("=1+1", "s")


def test_a_sheet_is_ready_to_be_printed() -> None:
    sheet = load_workbook(io.BytesIO(to_xlsx(Sheet("清单", ["名称", "期限"], ROWS), SHANGHAI))).active
    assert sheet is not None
    assert (sheet.freeze_panes, sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("A2", "landscape", 0)
    assert sheet.print_title_rows == "$1:$1"
