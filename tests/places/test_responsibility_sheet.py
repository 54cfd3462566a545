"""Responsibility tables as offices write them."""

from __future__ import annotations

import io
from datetime import date, datetime

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from media_tracker.errors import InvalidInput
from media_tracker.files.rows import Cell
from media_tracker.places.regions import Region, RegionTree
from media_tracker.places.responsibility import Backing, Duty, Relation, Responsibility
from media_tracker.places.responsibility_names import Known
from media_tracker.places.responsibility_sheet import ResponsibilitySheet, read_day, read_responsibilities
from media_tracker.places.units import Unit, UnitTree
from media_tracker.taxonomy.categories import read_categories

TREE = RegionTree(
    [
        Region("9901", "示例市", "city", None),
        Region("990101", "东城区", "district", "9901", ("东城",)),
        Region("990102", "西城区", "district", "9901", ("西城",)),
        Region("9901GX", "示例高新区", "district", "9901", ("高新区",)),
        Region("990101001", "河畔街道", "subdistrict", "990101", ("河畔",)),
        Region("990101002", "山前街道", "subdistrict", "990101", administered_by="9901GX"),
        Region("990101001001", "清泉社区", "community", "990101001"),
        Region("990101002001", "清泉社区", "community", "990101002"),
    ]
)
LIGHTS, STREET, GONE = (ObjectId(f"{n:024x}") for n in range(1, 4))
LEADER = ObjectId(f"{9:024x}")
SINCE = date(2026, 3, 1)
KNOWN = Known(
    read_categories(),
    TREE,
    UnitTree(
        [
            Unit(LIGHTS, "路灯管理处", aliases=("路灯处",)),
            Unit(STREET, "河畔街道办事处"),
            Unit(GONE, "市容办", active=False),
        ]
    ),
    {"li.quzhang": LEADER, "李区长": LEADER},
    SINCE,
)


def read(*lines: str) -> ResponsibilitySheet:
    return read_responsibilities("\n".join(lines).encode("utf-8"), KNOWN)


def excel(*rows: tuple[Cell, ...]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def lead(unit: ObjectId, category: str | None, region: str | None, first: date = SINCE) -> Responsibility:
    return Responsibility(unit, Duty.LEAD, category, region, first)


def test_a_row_says_who_leads_and_who_helps_for_what_and_where() -> None:
    sheet = read(
        "责任分工表",
        "序号,问题类别,区县,街道,责任单位,协办单位",
        "1,路灯不亮,东城,河畔街道,路灯处,河畔街道办事处、路灯处",
    )
    assert sheet.errors == ()
    assert sheet.duties == (
        lead(LIGHTS, "103", "990101001"),
        Responsibility(STREET, Duty.CO, "103", "990101001", SINCE),
    )


def test_an_excel_sheet_with_codes_as_numbers_and_dates_as_dates() -> None:
    data = excel(
        ("类别", "区域", "主办单位", "生效日期", "失效日期"),
        (103, "9901", "路灯管理处", datetime(2026, 4, 1), "2026年12月31日"),  # noqa: DTZ001 - a sheet knows no zones
        (1.0, "全市", "路灯管理处", 46113, "长期"),
    )
    sheet = read_responsibilities(data, KNOWN)
    assert sheet.errors == ()
    assert sheet.duties == (
        Responsibility(LIGHTS, Duty.LEAD, "103", "9901", date(2026, 4, 1), date(2026, 12, 31)),
        lead(LIGHTS, "1", None, date(2026, 4, 1)),
    )


def test_a_merged_cell_counts_for_all_its_rows() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (("责任单位", "类别", "区域"), ("路灯处", 103, "东城区"), (None, 104, None), (None, 105, "西城区")):
        sheet.append(row)
    sheet.merge_cells("A2:A4")
    sheet.merge_cells("C2:C3")
    stream = io.BytesIO()
    book.save(stream)
    read_in = read_responsibilities(stream.getvalue(), KNOWN)
    assert read_in.errors == ()
    assert [(row.unit_id, row.category, row.region) for row in read_in.duties] == [
        (LIGHTS, "103", "990101"),
        (LIGHTS, "104", "990101"),
        (LIGHTS, "105", "990102"),
    ]


def test_a_cell_may_name_several_categories_and_regions() -> None:
    sheet = read("类别;区域;责任单位", "103、104;东城区,西城区;路灯处")
    assert {(row.category, row.region) for row in sheet.duties} == {
        (category, region) for category in ("103", "104") for region in ("990101", "990102")
    }


def test_a_region_is_told_by_what_lies_above_it_or_administers_it() -> None:
    sheet = read(
        "区县,街道,社区,类别,责任单位",
        "东城区,河畔,清泉社区,全部,路灯处",
        "高新区,,清泉社区,全部,路灯处",
        ",,东城区河畔街道清泉社区,全部,路灯处",
    )
    assert sheet.errors == ()
    assert [row.region for row in sheet.duties] == ["990101001001", "990101002001", "990101001001"]


def test_a_sheet_without_categories_is_about_every_one() -> None:
    assert read("区域,责任单位", "东城区,路灯处").duties == (lead(LIGHTS, None, "990101"),)
    assert read("类别,责任单位", "全部,路灯处").duties == (lead(LIGHTS, None, None),)


@pytest.mark.parametrize(
    ("row", "column", "beginning"),
    [
        ("路灯,全市,路灯处,,", "类别", "“{name}” is no category"),
        (",全市,路灯处,,", "类别", "Please name the category in every row"),
        ("103,,路灯处,,", "区域", "Please name the region in every row"),
        ("103,南城区,路灯处,,", "区域", "“{name}” is no region"),
        ("103,清泉社区,路灯处,,", "区域", "Several regions are called"),
        ("103,全市,路灯公司,,", "责任单位（必填）", "“{name}” is no unit"),
        ("103,全市,市容办,,", "责任单位（必填）", "The unit “{name}” is dissolved"),
        ("103,全市,路灯处、河畔街道办事处,,", "责任单位（必填）", "Only one unit can be in charge"),
        ("103,全市,,,", "责任单位（必填）", "This row names nobody"),
        ("103,全市,路灯处,明年,", "生效日期", "This day cannot be read"),
        ("103,全市,路灯处,2026-02-30,", "生效日期", "This day cannot be read"),
        ("103,全市,路灯处,2026-05-01,2026-04-01", "失效日期", "The last day lies before"),
    ],
)
def test_a_row_that_cannot_be_taken_is_told_with_line_and_column(row: str, column: str, beginning: str) -> None:
    sheet = read("类别,区域,责任单位（必填）,生效日期,失效日期", "103,全市,路灯处,,", "", row)
    (error,) = sheet.errors
    assert (error.line, error.column) == (4, column)
    assert error.sentence.startswith(beginning)
    assert error.sentence.format(**error.params)
    assert len(sheet.duties) == 1


def test_the_three_ways_of_standing_behind_something() -> None:
    sheet = read(
        "街道,社区,包挂领导,包挂单位,测评指标,包挂部门",
        "河畔街道,,李区长、赵区长,,,",
        "河畔街道,清泉社区,,路灯处,,",
        ",,,,公共厕所,路灯处",
    )
    assert sheet.errors == ()
    assert sheet.duties == ()
    assert sheet.backings == (
        Backing(Relation.LEADER, SINCE, None, "990101001", person="李区长", user_id=LEADER),
        Backing(Relation.LEADER, SINCE, None, "990101001", person="赵区长"),
        Backing(Relation.CIVILISED_UNIT, SINCE, None, "990101001001", LIGHTS),
        Backing(Relation.INDICATOR, SINCE, None, unit_id=LIGHTS, indicator="公共厕所"),
    )
    assert sheet.strangers == ("赵区长",)


def test_nobody_stands_behind_a_whole_district() -> None:
    (error,) = read("区域,包挂领导", "东城区,李区长").errors
    assert error.sentence == "Please name the subdistrict or community that they stand behind."


def test_a_department_behind_an_indicator_is_not_in_charge_of_everything() -> None:
    sheet = read("指标,责任单位", "公共厕所,路灯处")
    assert sheet.duties == ()
    assert [row.relation for row in sheet.backings] == [Relation.INDICATOR]


def test_a_file_without_the_columns_is_told_what_is_needed() -> None:
    with pytest.raises(InvalidInput, match="责任单位"):
        read("标题,链接", "新闻,https://example.org/")


@given(st.dates(date(1990, 1, 1), date(2099, 12, 31)))
def test_a_day_is_read_however_it_is_written(day: date) -> None:
    excel_number = (day - date(1899, 12, 30)).days
    for cell in (
        day,
        datetime(day.year, day.month, day.day, 9),  # noqa: DTZ001 - a sheet knows no zones
        excel_number,
        f"{day:%Y-%m-%d}",
        f"{day:%Y%m%d}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.year}.{day.month}.{day.day}",
        f" {day.year}/{day.month}/{day.day} 00:00:00 ",
    ):
        assert read_day(cell) == day


@given(st.lists(st.lists(st.text(max_size=8), min_size=3, max_size=5), max_size=5))
def test_nothing_in_a_sheet_breaks_the_reading(cells: list[list[str]]) -> None:
    data = excel(("类别", "区域", "责任单位", "包挂领导", "失效日期"), *(tuple(_clean(row)) for row in cells))
    sheet = read_responsibilities(data, KNOWN)
    assert len(sheet.errors) <= len(cells)


def _clean(row: list[str]) -> list[str]:
    return ["".join(sign for sign in cell if sign.isprintable()) for cell in row]
