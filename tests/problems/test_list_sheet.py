"""Lists of problems: what offices write is understood, what is wrong is told by line, and what nobody said is not made up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.errors import InvalidInput
from media_tracker.files.tables import read_tables
from media_tracker.problems.case import Channel, Outcome, Precision, Severity
from media_tracker.problems.lists.row import ListRow, digest_of
from media_tracker.problems.lists.sheet import ListSheet
from media_tracker.problems.lists.words import BY_HEADING, HEADINGS, STATES, Column, Stage, heading_key
from tests.problems.lists import CLEANERS, NOW, POLICE, SHANGHAI, USUAL, as_csv, as_xlsx, read, read_rows, table


def only(sheet: ListSheet) -> ListRow:
    assert sheet.errors == ()
    assert len(sheet.rows) == 1
    return sheet.rows[0]


def wrong(sheet: ListSheet) -> list[tuple[int, str]]:
    return [(error.line, error.column) for error in sheet.errors]


def local(moment: datetime | None) -> str:
    assert moment is not None
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def test_a_row_says_what_where_whose_and_since_when() -> None:
    row = only(read_rows({}))

    assert (row.number, row.title, row.place) == ("WM-2022-017", "北门垃圾桶满溢", "北门垃圾投放点")
    assert (row.category, row.region, row.unit_id) == ("201", "370303004", CLEANERS)
    assert (local(row.found_at), row.found_precision) == ("2022-03-04 00:00", Precision.DAY)
    assert local(row.due_at) == "2022-03-10 00:00"
    assert (row.stage, row.outcome, row.fixed_at) == (Stage.WAITING, None, None)


@pytest.mark.parametrize("column", list(Column))
def test_every_heading_of_a_column_is_understood_in_any_dress(column: Column) -> None:
    for heading in HEADINGS[column]:
        dressed = " ".join(heading) + "（必填）\n*"
        assert BY_HEADING[heading_key(dressed)] is column


def test_no_heading_means_two_columns() -> None:
    every = [heading for headings in HEADINGS.values() for heading in headings]

    assert len(every) == len(set(every))
    assert all(heading_key(heading) == heading for heading in every)


def test_columns_may_stand_in_any_order_and_unknown_ones_are_named() -> None:
    rows = [[*reversed(row), "x"] for row in table({})]
    rows[0][-1] = "网格长签字"

    sheet = read(as_csv(rows))

    assert only(sheet) == only(read_rows({}))
    assert sheet.not_read == ("网格长签字",)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_a_csv_file_is_understood_in_the_ways_that_offices_save_it(encoding: str, separator: str) -> None:
    assert only(read(as_csv(table({}), separator, encoding))) == only(read_rows({}))


# Dates


@pytest.mark.parametrize(
    ("written", "understood"),
    [
        ("2022年3月4日", "2022-03-04 00:00"),
        ("2022.3.4", "2022-03-04 00:00"),
        ("2022/03/04", "2022-03-04 00:00"),
        ("20220304", "2022-03-04 00:00"),
        ("22.3.4", "2022-03-04 00:00"),
        ("3月4日", "2022-03-04 00:00"),
        ("3.4", "2022-03-04 00:00"),
        ("12月4日", "2021-12-04 00:00"),
        ("2022年3月4日上午", "2022-03-04 00:00"),
        ("2022-03-04 08:30", "2022-03-04 08:30"),
        (datetime(2022, 3, 4), "2022-03-04 00:00"),  # noqa: DTZ001 - a cell knows no zone
        (date(2022, 3, 4), "2022-03-04 00:00"),
        (datetime(2022, 3, 4, 8, 30), "2022-03-04 08:30"),  # noqa: DTZ001 - a cell knows no zone
        (44624, "2022-03-04 00:00"),
        (44624.5, "2022-03-04 12:00"),
        (20220304, "2022-03-04 00:00"),
    ],
)
def test_a_date_is_read_as_a_cell_as_text_and_as_the_number_that_it_was(written: object, understood: str) -> None:
    row = only(read(as_xlsx(table({"发现时间": written}))))

    assert local(row.found_at) == understood


def test_a_date_without_a_year_is_of_the_year_that_stands_over_the_list() -> None:
    rows = table({"发现时间": "12月4日", "整改时限": "1月10日"})

    row = only(read(as_xlsx(rows, before=["2020年度创城问题清单"])))

    assert local(row.found_at) == "2020-12-04 00:00"
    assert local(row.due_at) == "2021-01-11 00:00"


@pytest.mark.parametrize(
    "written", ["日前", "2022-13-01", "2022-02-30", "99", 3, True, "见附件", "2031-01-01", "1889-01-01"]
)
def test_a_date_that_cannot_be_is_an_error_of_its_cell(written: object) -> None:
    assert (2, "发现时间") in wrong(read(as_xlsx(table({"发现时间": written, "整改时限": ""}))))


@pytest.mark.parametrize(
    ("written", "end"),
    [
        ("立行立改", "2022-03-05 00:00"),
        ("3日内", "2022-03-08 00:00"),
        ("限24小时", "2022-03-05 00:00"),
        ("5个工作日", "2022-03-12 00:00"),
        ("3月底前", "2022-04-01 00:00"),
        ("2022年12月底前完成", "2023-01-01 00:00"),
        ("2022年3月9日前", "2022-03-10 00:00"),
        ("1月10日前", "2023-01-11 00:00"),
        ("长期坚持", None),
        ("—", None),
    ],
)
def test_a_deadline_ends_with_its_last_day(written: str, end: str | None) -> None:
    row = only(read_rows({"整改时限": written}))

    assert (local(row.due_at) if end else row.due_at) == end


@pytest.mark.parametrize("written", ["尽快", "3天左右", "2052-01-01"])
def test_a_deadline_that_is_none_is_an_error_of_its_cell(written: str) -> None:
    assert wrong(read_rows({"整改时限": written})) == [(2, "整改时限")]


# States


@pytest.mark.parametrize(
    "written",
    ["已整改", "已销号", "已反馈", "已核验", "整改到位", "已办结", "是", "已整改（3月6日）", "已整改，已清运"],
)
def test_what_a_list_calls_done_is_claimed_and_no_more(written: str) -> None:
    row = only(read_rows({"状态": written, "整改时间": "2022-03-06"}))

    assert (row.stage, row.outcome) == (Stage.CLAIMED, Outcome.RESOLVED)
    assert local(row.fixed_at) == "2022-03-06 00:00"


def test_no_state_of_a_list_goes_beyond_a_claim() -> None:
    assert {progress.stage for progress in STATES.values()} == set(Stage)
    assert not {"verified", "closed"} & {stage.value for stage in Stage}


@pytest.mark.parametrize(
    ("written", "stage", "outcome", "long_standing"),
    [
        ("", Stage.WAITING, None, False),
        ("已交办", Stage.WAITING, None, False),
        ("整改中", Stage.IN_PROGRESS, None, False),
        ("长期整改", Stage.IN_PROGRESS, None, True),
        ("基本完成", Stage.CLAIMED, Outcome.PARTLY_RESOLVED, False),
        ("不属实", Stage.CLAIMED, Outcome.NOTHING_FOUND, False),
        ("退单", Stage.RETURNED, None, False),
        ("不予受理", Stage.NOT_ACCEPTED, None, False),
    ],
)
def test_a_state_means_what_offices_mean(
    written: str, stage: Stage, outcome: Outcome | None, long_standing: bool
) -> None:
    row = only(read_rows({"状态": written, "整改时间": "2022-03-06"}))

    assert (row.stage, row.outcome, row.long_standing) == (stage, outcome, long_standing)


def test_a_fix_of_an_unknown_day_is_taken_for_the_earliest_that_it_can_be() -> None:
    row = only(read_rows({"状态": "已整改", "整改时间": ""}))

    assert row.fixed_at == row.found_at


@pytest.mark.parametrize(
    ("given", "column"),
    [
        ({"状态": "快了"}, "状态"),
        ({"状态": "已整改", "发现时间": "", "整改时限": ""}, "整改时间"),
        ({"状态": "已整改", "整改时间": "2023-01-01"}, "整改时间"),
        ({"状态": "整改中", "责任单位": ""}, "责任单位"),
        ({"问题": " ", "备注": "x"}, "问题"),
        ({"地点": "", "区县": "", "街道": "", "社区": ""}, "地点"),
        ({"严重程度": "吓人"}, "严重程度"),
        ({"类别": ""}, "类别"),
    ],
)
def test_what_is_missing_or_meaningless_is_an_error_of_its_cell(given: Mapping[str, object], column: str) -> None:
    sheet = read_rows(given)

    assert wrong(sheet) == [(2, column)]
    assert sheet.rows == ()


# Names


@pytest.mark.parametrize(
    ("given", "column", "nearest"),
    [
        ({"类别": "垃圾清运"}, "类别", "垃圾清运不及时"),
        ({"类别": "生活环境卫生"}, "类别", "公厕脏乱"),
        ({"区县": "张甸区"}, "区县", "张店区"),
        ({"街道": "和平东街道"}, "街道", "和平街道"),
        ({"责任单位": "环卫集团"}, "责任单位", "环卫"),
        ({"责任单位": "环卫中心、巡查队"}, "责任单位", "—"),
    ],
)
def test_an_unknown_name_is_an_error_that_offers_the_nearest(
    given: Mapping[str, object], column: str, nearest: str
) -> None:
    sheet = read_rows(given)

    assert [error.column for error in sheet.errors] == [column]
    assert nearest in str(sheet.errors[0].params["nearest"])


def test_a_dissolved_unit_takes_nothing_new() -> None:
    sheet = read_rows({"责任单位": "市容管理处"})

    assert wrong(sheet) == [(2, "责任单位")]
    assert "dissolved" in sheet.errors[0].sentence


@pytest.mark.parametrize("written", ["和平街道", "和平", "和平街道办事处", "张店区和平街道"])
def test_a_region_is_known_under_the_names_that_it_goes_by(written: str) -> None:
    assert only(read_rows({"街道": written})).region == "370303004"


def test_a_place_that_is_not_given_is_the_region() -> None:
    assert only(read_rows({"地点": ""})).place == "张店区和平街道"


def test_units_beside_the_first_help() -> None:
    row = only(read_rows({"责任单位": "交警大队、环卫", "协办单位": "环卫中心"}))

    assert (row.unit_id, row.co_unit_ids) == (POLICE, (CLEANERS,))


def test_many_rows_with_one_unknown_name_are_each_told() -> None:
    sheet = read_rows(*({"编号": f"A-{n}", "责任单位": "没有这个单位"} for n in range(300)))

    assert len(sheet.errors) == 300
    assert len({error.params["nearest"] for error in sheet.errors}) == 1


@pytest.mark.parametrize(
    ("source", "channel"),
    [
        ("12345热线", Channel.TICKET),
        ("巡访团", Channel.PATROL),
        ("市民投诉", Channel.SNAPSHOT),
        ("媒体曝光", Channel.LIST),
    ],
)
def test_a_source_is_a_door_and_never_an_exposure(source: str, channel: Channel) -> None:
    assert only(read_rows({"来源": source})).channel is channel


@pytest.mark.parametrize(
    ("written", "meant"), [("紧急", Severity.URGENT), ("重点", Severity.KEY), ("", Severity.NORMAL)]
)
def test_a_severity_is_understood(written: str, meant: Severity) -> None:
    assert only(read_rows({"严重程度": written})).severity is meant


# Merged cells, and rows that are none


def test_merged_cells_count_for_all_their_rows_and_no_further() -> None:
    rows = table({"编号": "A-1"}, {"编号": "A-2"}, {"编号": "A-3"})
    at = rows[0].index("类别")
    rows[2][at] = rows[3][at] = ""
    letter = "ABCDEFGHIJ"[at]

    whole = read(as_xlsx(rows, merged=[f"{letter}2:{letter}4"]))
    part = read(as_xlsx(rows, merged=[f"{letter}2:{letter}3"]))

    assert [row.category for row in whole.rows] == ["201", "201", "201"]
    assert wrong(part) == [(4, "类别")]


def test_an_empty_cell_that_is_not_merged_is_empty() -> None:
    assert wrong(read_rows({"编号": "A-1"}, {"编号": "A-2", "类别": ""})) == [(3, "类别")]


def test_a_merged_number_is_that_of_its_first_row() -> None:
    rows = table({"编号": "A-1"}, {"编号": "", "问题": "南门垃圾桶满溢"})

    sheet = read(as_xlsx(rows, merged=["A2:A3"]))

    assert [row.number for row in sheet.rows] == ["A-1", ""]


def test_headings_between_rows_and_what_stands_below_are_no_rows() -> None:
    rows = table({})
    width = len(rows[0])
    beside: list[object] = [""] * (width - 1)
    rows = [rows[0], ["一、市容环境", *beside], rows[1], rows[0], ["2", *beside], ["合计：1", "", *beside[1:-1], "x"]]

    assert len(only(read(as_xlsx(rows, before=["问题清单", "填报单位：某区"]))).title) > 0


def test_headings_in_two_rows_are_one() -> None:
    rows = table({})
    at = rows[0].index("状态")
    upper = list(rows[0])
    upper[at] = "整改落实"
    lower: list[object] = [""] * len(upper)
    lower[at : at + 4] = rows[0][at : at + 4]
    upper[at + 1 : at + 4] = ["", "", ""]
    merged = [f"{'ABCDEFGHIJKLM'[column]}1:{'ABCDEFGHIJKLM'[column]}2" for column in range(at)]

    row = only(read(as_xlsx([upper, lower, rows[1]], merged=merged)))

    assert (row.stage, local(row.due_at)) == (Stage.WAITING, "2022-03-10 00:00")


def test_a_file_that_claims_merged_cells_without_end_costs_no_more_than_its_rows() -> None:
    rows = table(*({"编号": f"A-{n}"} for n in range(20)))

    sheet = read(as_xlsx(rows, merged=["C2:C1048576", "D2:E900000"]))

    assert len(sheet.rows) == 20


# What identifies a row


def test_the_same_problem_twice_in_one_list_is_an_error_of_the_second() -> None:
    sheet = read_rows({}, {"问题": "南门积水"}, {"编号": "", "问题": "南门积水"}, {"编号": "", "问题": "南门积水"})

    assert wrong(sheet) == [(3, "编号"), (5, "问题")]
    assert len(sheet.rows) == 2


def test_a_number_that_only_counts_rows_is_no_proof_of_having_been_first() -> None:
    assert [only(read_rows({"编号": number})).outside_number for number in (17, "17", "GD-17")] == [None, None, "GD-17"]


def test_without_a_number_a_row_is_known_by_place_text_and_day() -> None:
    row = only(read_rows({"编号": ""}))

    assert only(read_rows({"编号": "", "状态": "整改中"})).key == row.key
    assert only(read_rows({"编号": "", "地点": "南门"})).key != row.key
    assert only(read_rows({"编号": "", "发现时间": "2022-03-05"})).key != row.key


def test_a_long_description_is_kept_whole_beside_a_short_title() -> None:
    text = "北门垃圾桶满溢。" + "居民多次反映，一直没有人来。" * 30

    row = only(read_rows({"问题": text}))

    assert (row.title, row.text) == ("北门垃圾桶满溢", text)


def test_a_file_without_the_columns_says_which_are_missing() -> None:
    with pytest.raises(InvalidInput, match="问题"):
        read(as_csv([["标题", "链接"], ["a", "b"]]))


def test_another_list_in_the_file_is_told_and_not_read_by_halves() -> None:
    from io import BytesIO

    from openpyxl import load_workbook

    book = load_workbook(BytesIO(as_xlsx(table({}))))
    book.copy_worksheet(book.worksheets[0])
    out = BytesIO()
    book.save(out)

    sheet = read(out.getvalue())

    assert len(sheet.rows) == 1
    assert len(sheet.notes) == 1


@given(st.lists(st.dictionaries(st.sampled_from(list(USUAL)), st.text(max_size=20)), max_size=5))
def test_whatever_stands_in_the_cells_is_a_row_or_an_error(given_rows: list[dict[str, str]]) -> None:
    data = as_csv(table(*given_rows))
    there = next(read_tables(data, lambda cell: heading_key(cell) in BY_HEADING))

    sheet = read(data)

    assert len(sheet.rows) + len({error.line for error in sheet.errors}) <= len(there)
    assert len({row.key for row in sheet.rows}) == len(sheet.rows)


@given(
    st.dates(date(1990, 1, 2), NOW.date()),
    st.sampled_from(["%Y-%m-%d", "%Y年%m月%d日", "%Y.%m.%d", "%Y/%m/%d", "%Y%m%d"]),
)
def test_every_day_is_read_as_it_was_written(day: date, form: str) -> None:
    row = only(read_rows({"发现时间": day.strftime(form), "整改时限": ""}))

    assert row.found_at == datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)


@given(st.integers(0, 400), st.integers(0, 400))
def test_a_row_says_the_same_if_and_only_if_its_digest_does(one: int, other: int) -> None:
    rows = [only(read_rows({"整改时限": NOW.date() + timedelta(days=days)})) for days in (one, other)]

    assert (digest_of(rows[0]) == digest_of(rows[1])) == (one == other)
