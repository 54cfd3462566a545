"""Sheets of stories: what offices write is understood, what is wrong is told by line, and what is hostile stays bounded."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from media_tracker.errors import InvalidInput, TooLarge
from media_tracker.files.tables import USUAL, TableLimits, read_tables
from media_tracker.ingest.clean import clean_html
from media_tracker.ingest.handed import identifying_link, titled_guid, with_picture, written_link
from media_tracker.ingest.identity import identity_key
from media_tracker.ingest.sheets import HEADINGS, Column, Sheet, read_cell_date, read_sheet
from media_tracker.outlets.documents import Platform

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HEAD = ["标题", "链接", "日期", "正文", "栏目", "平台", "作者", "编号"]
WHOLE = [
    "井盖破损",
    "https://mp.weixin.qq.com/s/abc",
    "2026-03-01 08:30",
    "三号楼前。\n无人管。",
    "曝光台",
    "微信",
    "记者 甲",
    "W-17",
]


def xlsx(*rows: Sequence[object], sheets: Sequence[str] = ("Sheet1",)) -> bytes:
    """A workbook; the rows stand in the last of ``sheets``."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name in sheets:
        sheet = book.create_sheet(name)
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def csv(*rows: Sequence[object], separator: str = ",", encoding: str = "utf-8") -> bytes:
    return "\r\n".join(separator.join(f'"{cell}"' for cell in row) for row in rows).encode(encoding)


def read(data: bytes, filename: str = "稿件.xlsx") -> Sheet:
    return read_sheet(data, filename, SHANGHAI, NOW)


def titles(sheet: Sheet) -> list[str]:
    return [row.title for row in sheet.rows]


def wrong(sheet: Sheet) -> list[tuple[int, str]]:
    return [(error.line, error.column) for error in sheet.errors]


@pytest.mark.parametrize(
    "data",
    [
        xlsx(HEAD, WHOLE),
        xlsx(["三月份稿件报送表"], [], HEAD, WHOLE),
        xlsx(HEAD, WHOLE, sheets=("说明", "三月")),
        csv(HEAD, WHOLE),
        csv(HEAD, WHOLE, encoding="utf-8-sig"),
        csv(HEAD, WHOLE, encoding="gb18030"),
        csv(HEAD, WHOLE, separator=";"),
        csv(HEAD, WHOLE, separator="\t", encoding="utf-16"),
    ],
    ids=["xlsx", "title above", "second sheet", "csv", "mark", "gb18030", "semicolon", "tab, utf-16"],
)
def test_a_row_is_read_whatever_the_file_is_and_whatever_it_is_called(data: bytes) -> None:
    sheet = read(data, "whatever.pdf")
    (row,) = sheet.rows
    assert (row.title, row.link, row.guid) == ("井盖破损", "https://mp.weixin.qq.com/s/abc", "W-17")
    assert (row.column, row.platform, row.author) == ("曝光台", Platform.WECHAT, "记者 甲")
    assert row.published is not None
    assert (row.published.moment, row.published.precision) == (datetime(2026, 3, 1, 0, 30, tzinfo=UTC), "minute")
    entry = row.entry()
    assert (entry.guid, entry.link, entry.html) == ("W-17", row.link, "<p>三号楼前。</p><p>无人管。</p>")
    assert sheet.errors == ()


VALUES = {
    Column.TITLE: "稿",
    Column.LINK: "https://a.example/1",
    Column.DATE: "2026-03-01",
    Column.TEXT: "字",
    Column.COLUMN: "栏",
    Column.PLATFORM: "抖音",
    Column.AUTHOR: "人",
    Column.ID: "n-1",
}


@pytest.mark.parametrize("column", Column)
def test_every_alias_of_a_heading_is_understood(column: Column) -> None:
    for heading in HEADINGS[column]:
        headings = {Column.TITLE: "标题", Column.ID: "编号", column: f" {heading.upper()}（必填） "}
        (row,) = read(csv(list(headings.values()), [VALUES[each] for each in headings])).rows
        found = {
            Column.TITLE: row.title,
            Column.LINK: row.link,
            Column.DATE: row.published and f"{row.published.moment.astimezone(SHANGHAI):%Y-%m-%d}",
            Column.TEXT: row.text,
            Column.COLUMN: row.column,
            Column.PLATFORM: "抖音" if row.platform is Platform.DOUYIN else None,
            Column.AUTHOR: row.author,
            Column.ID: row.guid,
        }
        assert found[column] == VALUES[column], heading


@pytest.mark.parametrize(
    ("cell", "moment", "precision"),
    [
        (datetime(2026, 3, 1, 8, 30), "2026-03-01T00:30", "minute"),  # noqa: DTZ001 - Excel knows no zones
        (datetime(2026, 3, 1), "2026-02-28T16:00", "day"),  # noqa: DTZ001
        (date(2026, 3, 1), "2026-02-28T16:00", "day"),
        (46082, "2026-02-28T16:00", "day"),
        (46082.5, "2026-03-01T04:00", "minute"),
        (20260301, "2026-02-28T16:00", "day"),
        ("20260301", "2026-02-28T16:00", "day"),
        ("2026.3.1", "2026-02-28T16:00", "day"),
        ("2026年3月1日 8:30", "2026-03-01T00:30", "minute"),
        ("3月1日", "2026-02-28T16:00", "day"),
        ("2026/3/1", "2026-02-28T16:00", "day"),
    ],
)
def test_dates_are_read_as_offices_write_them(cell: object, moment: str, precision: str) -> None:
    found = read_cell_date(cell, SHANGHAI, NOW)  # type: ignore[arg-type]  # whatever a cell may hold
    assert found is not None
    assert (f"{found.moment:%Y-%m-%dT%H:%M}", found.precision) == (moment, precision)


@pytest.mark.parametrize(
    "cell", ["上周", "2026-13-45", 7, True, float("inf"), float("nan"), timedelta(hours=8), "\x00"]
)
def test_what_is_no_date_is_none(cell: object) -> None:
    assert read_cell_date(cell, SHANGHAI, NOW) is None  # type: ignore[arg-type]


def test_a_row_that_cannot_be_taken_is_told_by_line_and_heading_and_the_others_are_taken() -> None:
    head = ["稿件标题", "链接", "发布日期", "发布平台"]
    sheet = read(
        xlsx(
            head,
            ["好的", "https://a.example/1", "2026-03-01", "网站"],
            ["", "https://a.example/2", "2026-03-01", "网站"],
            ["无效链接", "javascript:alert(1)", "2026-03-01", ""],
            ["坏日期", "https://a.example/3", "上周", ""],
            ["明年", "https://a.example/4", "2027-03-01", ""],
            ["平台", "https://a.example/5", "2026-03-01", "某站"],
            ["没有日期", "", "", ""],
            ["首页", "https://a.example/", "", ""],
        )
    )
    assert titles(sheet) == ["好的"]
    assert wrong(sheet) == [
        (3, "稿件标题"),
        (4, "链接"),
        (5, "发布日期"),
        (6, "发布日期"),
        (7, "发布平台"),
        (8, "发布日期"),
        (9, "发布日期"),
    ]


def test_empty_rows_and_repeated_headings_are_passed_over_and_lines_are_those_of_the_spreadsheet() -> None:
    sheet = read(
        xlsx(
            ["序号", "标题", "日期"], [1], [], ["序号", "标题", "日期"], [2, "稿", "2026-03-01"], [3, "", "2026-03-01"]
        )
    )
    assert [(row.line, row.title) for row in sheet.rows] == [(5, "稿")]
    assert wrong(sheet) == [(6, "标题")]


# -- identity


def test_a_row_is_known_by_number_else_by_link_else_by_title_and_day() -> None:
    head = ["标题", "链接", "日期", "编号"]
    sheet = read(
        xlsx(
            head,
            ["甲", "https://a.example/1", "2026-03-01", "N7"],
            ["乙", "https://a.example/2?utm_source=x", "", ""],
            ["丙", "", "2026-03-01 08:30", ""],
        )
    )
    assert [row.guid for row in sheet.rows] == ["N7", None, titled_guid("丙", NOW - timedelta(days=1), SHANGHAI)]
    keys = [identity_key(row.entry(), ()) for row in sheet.rows]
    again = read(
        csv(head, ["丙", "", "2026-03-01", ""], ["乙二稿", "http://www.a.example/2", "", ""], ["甲改", "", "", "N7"])
    )
    assert [identity_key(row.entry(), ()) for row in again.rows] == keys[::-1]


def test_the_same_story_twice_is_told_with_the_line_of_the_first() -> None:
    row = ["甲", "https://a.example/1", "2026-03-01"]
    sheet = read(xlsx(["标题", "链接", "日期"], row, row))
    assert len(sheet.rows) == 1
    (error,) = sheet.errors
    assert (error.line, error.params) == (3, {"first": 2})


def test_a_link_that_several_stories_share_identifies_none_of_them() -> None:
    page = "https://a.example/list"
    sheet = read(xlsx(["标题", "链接", "日期"], ["甲", page, "2026-03-01"], ["乙", page, "2026-03-01"]))
    assert [row.guid for row in sheet.rows] == ["2026-03-01 甲", "2026-03-01 乙"]


def test_running_numbers_are_no_ids_or_next_months_sheet_would_overwrite_this_months() -> None:
    rows = [[n, f"稿{n}", "2026-03-01"] for n in (1, 2, 3)]
    sheet = read(xlsx(["编号", "标题", "日期"], *rows))
    assert all(row.guid and row.guid.startswith("2026-03-01") for row in sheet.rows)
    assert len(sheet.notes) == 1
    real = read(xlsx(["编号", "标题", "日期"], [1001, "稿", "2026-03-01"]))
    assert ([row.guid for row in real.rows], real.notes) == (["1001"], ())


def test_wechats_links_keep_what_identifies_them_and_lose_what_tracks() -> None:
    long = "https://mp.weixin.qq.com/s?__biz=Mz&mid=26&idx=1&sn=ab"
    assert identifying_link(f"{long}&scene=21&chksm=ff#wechat_redirect") == identifying_link(long)
    assert identifying_link(long) != identifying_link(long.replace("idx=1", "idx=2"))
    assert identifying_link("https://www.a.example/") == ""
    assert identifying_link(None) == ""


@pytest.mark.parametrize(
    ("written", "link"),
    [
        ("【井盖】 https://v.douyin.com/abc/ 复制此链接，打开抖音", "https://v.douyin.com/abc/"),
        ("www.a.example/1.html", "http://www.a.example/1.html"),
        ("链接：http://a.example/1）", "http://a.example/1"),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("详见附件", None),
        ("", None),
    ],
)
def test_a_link_is_found_among_the_words_that_apps_put_around_it(written: str, link: str | None) -> None:
    assert written_link(written) == link


def test_a_picture_is_a_link_that_cannot_break_out_of_its_place() -> None:
    html = clean_html(with_picture("一 < 二", 'https://a.example/"onerror="x.jpg'), "https://a.example/")
    assert "onerror=" not in html.replace("%22onerror=", "").replace("&quot;onerror=", "")
    assert "一 &lt; 二" in html


# -- hostile files


def test_formulas_are_text_and_are_never_computed() -> None:
    attack = "=cmd|' /C calc'!A0"
    (row,) = read(csv(["标题", "日期"], [attack, "2026-03-01"])).rows
    assert row.title == attack
    sheet = read(xlsx(["标题", "日期"], ["=1+1", "2026-03-01"]))  # no value beside it: Excel has never opened this file
    assert (sheet.rows, wrong(sheet)) == ((), [(2, "标题")])


def test_titles_and_texts_are_bounded_and_clean() -> None:
    sheet = read(csv(["标题", "日期", "正文"], ["标\x00题<script>x</script>" + "长" * 1_000, "2026-03-01", "a\x00b"]))
    (row,) = sheet.rows
    assert len(row.title) == 500
    assert "\x00" not in row.title + row.text
    assert "<script" not in clean_html(row.entry().html)


def bomb(size: int) -> bytes:
    """A workbook whose texts unpack to ``size`` bytes."""
    with zipfile.ZipFile(io.BytesIO(xlsx(HEAD, WHOLE))) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts["xl/sharedStrings.xml"] = b"<sst>" + b" " * size + b"</sst>"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name, content)
    return out.getvalue()


def with_part(name: str, content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(xlsx(HEAD, WHOLE))) as old:
        parts = {each: old.read(each) for each in old.namelist()} | {name: content}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for each, data in parts.items():
            new.writestr(each, data)
    return out.getvalue()


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    b'<row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row></sheetData></worksheet>'
)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        b"<html><table><tr><td>\xe6\xa0\x87\xe9\xa2\x98</td></tr></table>",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"PK\x03\x04 cut off",
        csv(["名称", "备注"], ["甲", "乙"]),
        with_part("xl/worksheets/sheet1.xml", LAUGHS),
        with_part("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row"),
        with_part("xl/workbook.xml", b"<a>" * 100_000),
        csv(["标题", "日期"], ["甲", "2026-03-01"]) + b'\r\n"' + b"x" * 200_000,
    ],
    ids=["empty", "picture", "web page", "old excel", "cut", "no title", "entities", "torn", "deep", "open quote"],
)
def test_what_is_no_sheet_is_told_in_a_sentence(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        read(data)


@pytest.mark.parametrize(
    "data",
    [
        b"x" * (USUAL.bytes + 1),
        bomb(USUAL.unpacked_megabytes * 2**20),
        csv(["标题"], *([f"稿{n}"] for n in range(USUAL.rows))),
    ],
    ids=["bytes", "bomb", "rows"],
)
def test_what_is_too_large_is_refused_before_it_is_read(data: bytes) -> None:
    with pytest.raises(TooLarge):
        read(data)


def test_a_small_file_that_repeats_a_long_text_is_refused() -> None:
    repeated = xlsx(["标题", "正文"], *([f"稿{n}", "长" * 1_000] for n in range(20)))
    with pytest.raises(TooLarge):
        list(read_tables(repeated, lambda cell: cell == "标题", TableLimits(chars=10_000)))


def test_a_row_that_claims_to_stand_beyond_the_last_one_does_not_keep_us_busy() -> None:
    far = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1" t="inlineStr"><is><t>\xe6\xa0\x87\xe9\xa2\x98</t></is></c></row>'
        b'<row r="999999999999"><c r="A999999999999" t="inlineStr"><is><t>x</t></is></c></row></sheetData></worksheet>'
    )
    assert read(with_part("xl/worksheets/sheet1.xml", far)).rows == ()


@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"\xff\xfe", "标题,日期\n".encode()]))
def test_any_bytes_are_a_sheet_or_a_sentence(data: bytes, start: bytes) -> None:
    try:
        sheet = read(start + data)
    except (InvalidInput, TooLarge):
        return
    assert all(row.title for row in sheet.rows)
