"""Lists of problems as offices keep them, made up."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

from bson import ObjectId
from openpyxl import Workbook

from media_tracker.places.regions import read_regions
from media_tracker.places.units import Unit, UnitTree
from media_tracker.problems.lists.names import ListNames
from media_tracker.problems.lists.sheet import ListSheet, read_list
from media_tracker.taxonomy.categories import read_categories

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2022, 6, 1, 1, 0, tzinfo=UTC)
CLEANERS, POLICE, GONE = ObjectId(), ObjectId(), ObjectId()

USUAL: Mapping[str, object] = {
    "编号": "WM-2022-017",
    "问题": "北门垃圾桶满溢",
    "类别": "垃圾清运不及时",
    "区县": "张店区",
    "街道": "和平街道",
    "社区": "",
    "地点": "北门垃圾投放点",
    "责任单位": "环卫中心",
    "发现时间": "2022-03-04",
    "状态": "未整改",
    "整改时限": "2022-03-09",
    "整改时间": "",
    "整改情况": "",
}
"""A row with which nothing is wrong."""


@cache
def names() -> ListNames:
    units = [
        Unit(CLEANERS, "环卫中心", aliases=("环卫",)),
        Unit(POLICE, "交警大队"),
        Unit(GONE, "市容管理处", active=False),
    ]
    return ListNames(read_categories(), read_regions(), UnitTree(units))


def table(*rows: Mapping[str, object]) -> list[list[object]]:
    """Headings, and a usual row for each of ``rows``, but for what they say."""
    headings = list(dict.fromkeys([*USUAL, *(heading for row in rows for heading in row)]))
    return [headings, *([{**USUAL, **row}.get(heading, "") for heading in headings] for row in rows)]  # type: ignore[list-item]


def as_xlsx(rows: Sequence[Sequence[object]], merged: Sequence[str] = (), before: Sequence[str] = ()) -> bytes:
    """A workbook; ``merged``: cells that are merged, as in B2:B4; ``before``: lines above the headings."""
    book = Workbook()
    sheet = book.worksheets[0]
    for text in before:
        sheet.append([text])
    for row in rows:
        sheet.append([cell if cell != "" else None for cell in row])
    out = io.BytesIO()
    book.save(out)
    return _with_merged(out.getvalue(), merged) if merged else out.getvalue()


def _with_merged(workbook: bytes, merged: Sequence[str]) -> bytes:
    """The library makes an object of each merged cell, and a file may claim a million of them."""
    blocks = "".join(f'<mergeCell ref="{each}"/>' for each in merged)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            data = old.read(part)
            if part.filename.endswith("sheet1.xml"):
                data = data.replace(b"</sheetData>", f"</sheetData><mergeCells>{blocks}</mergeCells>".encode())
            new.writestr(part.filename, data)
    return out.getvalue()


def as_csv(rows: Sequence[Sequence[object]], separator: str = ",", encoding: str = "utf-8") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator).writerows(rows)
    return out.getvalue().encode(encoding)


def read(data: bytes, filename: str = "问题清单.xlsx", now: datetime = NOW) -> ListSheet:
    return read_list(data, filename, names(), SHANGHAI, now)


def read_rows(*rows: Mapping[str, object], now: datetime = NOW) -> ListSheet:
    """What is read of usual rows that differ in what is given."""
    return read(as_csv(table(*rows)), now=now)
