"""Lists as files: no cell is ever a formula, times are local, Excel gets dates."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.monitor.exports import BYTE_ORDER_MARK, FORMULA_STARTS, MOST_ROWS, Sheet, neutral, to_csv, to_xlsx

SHANGHAI = ZoneInfo("Asia/Shanghai")
MOMENT = datetime(2026, 3, 1, 16, 30, tzinfo=UTC)
TRAPS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1",
    "＋1",
    "－1",
    "＠A1",
    '=HYPERLINK("https://example.org")',
]


def read_csv(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def read_xlsx(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


@pytest.mark.parametrize("trap", TRAPS)
def test_a_cell_that_begins_like_a_formula_becomes_text(trap: str) -> None:
    assert neutral(trap) == f"'{trap}"
    assert read_csv(to_csv(Sheet("t", [trap], [[trap]]), SHANGHAI)) == [[f"'{trap}"], [f"'{trap}"]]
    page = read_xlsx(to_xlsx(Sheet("t", [trap], [[trap]]), SHANGHAI)).worksheets[0]
    assert [cell.data_type for cell in (page["A1"], page["A2"])] == ["s", "s"]


@pytest.mark.parametrize("text", ["", "路面破损", "a=b", "1-2", "'quoted'", " =1"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert neutral(text) == text


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2)))
def test_whatever_people_write_comes_back_and_is_never_a_formula(rows: list[list[str]]) -> None:
    found = read_csv(to_csv(Sheet("t", ["a", "b"], rows), SHANGHAI))[1:]
    assert found == [[neutral(cell) for cell in row] for row in rows]
    assert not any(cell.startswith(FORMULA_STARTS) for row in found for cell in row)


def test_csv_begins_with_the_byte_order_mark_and_keeps_commas_quotes_and_lines() -> None:
    content = to_csv(Sheet("t", ["编号", "问题"], [["1", '一,二 "三"\n四']]), SHANGHAI)
    assert content.startswith(BYTE_ORDER_MARK.encode())
    assert content.decode("utf-8-sig") == '编号,问题\r\n1,"一,二 ""三""\n四"\r\n'


def test_times_are_local_in_both_files_and_dates_in_excel() -> None:
    sheet = Sheet("t", ["when", "days", "none"], [[MOMENT, 1.5, None]])
    assert read_csv(to_csv(sheet, SHANGHAI))[1] == ["2026-03-02 00:30", "1.5", ""]
    cells = next(iter(read_xlsx(to_xlsx(sheet, SHANGHAI)).worksheets[0].iter_rows(min_row=2)))
    assert [cell.value for cell in cells] == [datetime(2026, 3, 2, 0, 30), 1.5, None]  # noqa: DTZ001 - as Excel keeps it
    assert (cells[0].is_date, cells[0].number_format) == (True, "yyyy-mm-dd hh:mm")


def test_excel_has_a_frozen_heading_filters_and_a_sheet_that_says_what_it_is() -> None:
    sheet = Sheet("解决", ["编号", "问题"], [["1", "a"], ["2", "b"]], "口径", [("数据", "=解决"), ("行数", 2)])
    book = read_xlsx(to_xlsx(sheet, SHANGHAI))
    first, about = book.worksheets
    assert (first.title, first.freeze_panes, first.auto_filter.ref) == ("解决", "A2", "A1:B3")
    assert list(first.iter_rows(values_only=True)) == [("编号", "问题"), ("1", "a"), ("2", "b")]
    assert about.title == "口径"
    assert list(about.iter_rows(values_only=True)) == [("数据", "=解决"), ("行数", 2)]
    assert about["B1"].data_type == "s"


@pytest.mark.parametrize(
    ("title", "name"),
    [("a/b:c?d*e[f]g\\h", "a b c d e f g h"), ("'x'", "x"), ("", "1"), ("长" * 40, "长" * 31), ("  ", "1")],
)
def test_any_title_makes_a_sheet_that_excel_takes(title: str, name: str) -> None:
    assert read_xlsx(to_xlsx(Sheet(title, ["a"], []), SHANGHAI)).sheetnames == [name]


def test_numbers_addresses_and_long_texts_stay_text() -> None:
    long = "长" * 40_000
    sheet = Sheet("t", ["a"], [["0012"], ["https://example.org/" + "x" * 3000], [long], ["a\x00b"]])
    cells = [row[0] for row in read_xlsx(to_xlsx(sheet, SHANGHAI)).worksheets[0].iter_rows(min_row=2)]
    assert [cell.data_type for cell in cells] == ["s"] * 4
    assert cells[0].value == "0012"
    assert len(cells[2].value) == 32_767


def test_more_rows_than_a_sheet_has_are_refused_before_anything_is_written() -> None:
    row = ["x"]
    with pytest.raises(ValueError, match="do not fit"):
        to_xlsx(Sheet("t", ["a"], [row] * (MOST_ROWS + 1)), SHANGHAI)
