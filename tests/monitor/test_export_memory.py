"""A long list needs no more memory than a short one, as CSV or as Excel, and its cells keep their kinds."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import psutil
import pytest
from openpyxl import load_workbook

from media_tracker.monitor.exports import FileFormat, Heading, Value, writer

ZONE = ZoneInfo("Asia/Shanghai")
HEADING = Heading("问题", ["编号", "问题", "时间", "日期", "天数"], "口径", [("数据", "媒体推动解决问题")])
ROWS, CHUNK, MOST_BYTES = 100_000, 500, 40 * 2**20


def rows(count: int) -> Iterator[list[list[Value]]]:
    for first in range(0, count, CHUNK):
        yield [
            [
                f"2026-{number:06}",
                "=路面破损，长期无人修复",
                datetime(2026, 3, 1, 16, tzinfo=UTC),
                date(2026, 3, 2),
                number / 7,
            ]
            for number in range(first, min(first + CHUNK, count))
        ]


@pytest.mark.parametrize("kind", FileFormat)
def test_a_hundred_thousand_rows_need_less_than_forty_megabytes(kind: FileFormat) -> None:
    process = psutil.Process()
    with tempfile.TemporaryFile() as file:
        out = writer(file, kind, HEADING, ZONE)
        before = peak = process.memory_info().rss
        for some in rows(ROWS):
            out.write(some)
            peak = max(peak, process.memory_info().rss)
        out.close()
        assert max(peak, process.memory_info().rss) - before < MOST_BYTES
        file.seek(0, 2)
        assert file.tell() > ROWS


def test_a_streamed_sheet_has_typed_cells_a_frozen_head_filters_and_its_definition() -> None:
    with tempfile.TemporaryFile() as file:
        out = writer(file, FileFormat.XLSX, HEADING, ZONE)
        for some in rows(3):
            out.write(some)
        out.close([("行数", 3)])
        file.seek(0)
        book = load_workbook(file)
        page, about = book["问题"], book["口径"]
        assert (page.freeze_panes, page.auto_filter.ref) == ("A2", "A1:E4")
        assert [cell.value for cell in page[2]] == [
            "2026-000000",
            "=路面破损，长期无人修复",
            datetime(2026, 3, 2),  # noqa: DTZ001 - spreadsheets know no zones
            datetime(2026, 3, 2),  # noqa: DTZ001
            0,
        ]
        assert [cell.data_type for cell in page[2]] == ["s", "s", "d", "d", "n"]
        assert [[cell.value for cell in row] for row in about.rows] == [["数据", "媒体推动解决问题"], ["行数", 3]]
