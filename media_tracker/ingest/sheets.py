"""Stories as sheets: what WeChat, Douyin and paper editions send in, one story a row, under offices' own headings. Pure.

A row is identified by the outlet's own number, else by its link, else by title and day. A row that cannot be taken is told with
its line and column, and the others are taken.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from media_tracker.errors import N_, InvalidInput, Sentence
from media_tracker.files.rows import Cell, Line, columns_of, heading_of
from media_tracker.files.tables import read_tables
from media_tracker.ingest.clean import one_line
from media_tracker.ingest.entries import MAX_NAME_CHARS, MAX_TITLE_CHARS, ParsedEntry
from media_tracker.ingest.feed_dates import FeedDate, plausible, read_date, read_listed_date
from media_tracker.ingest.handed import handed_entry, identifying_link, titled_guid, written_link
from media_tracker.outlets.documents import Platform


class Column(StrEnum):
    """What a column may hold."""

    TITLE = "title"
    LINK = "link"
    DATE = "date"
    TEXT = "text"
    COLUMN = "column"
    PLATFORM = "platform"
    AUTHOR = "author"
    ID = "id"


HEADINGS: Mapping[Column, tuple[str, ...]] = {
    Column.TITLE: ("标题", "题目", "稿件标题", "新闻标题", "文章标题", "稿件名称", "title"),
    Column.LINK: ("链接", "网址", "地址", "稿件链接", "文章链接", "链接地址", "原文链接", "url", "link"),
    Column.DATE: ("日期", "发布日期", "发布时间", "刊发日期", "刊发时间", "刊播时间", "见报日期", "时间", "date"),
    Column.TEXT: ("正文", "内容", "摘要", "内容摘要", "正文内容", "text"),
    Column.COLUMN: ("栏目", "版面", "版次", "栏目名称", "column"),
    Column.PLATFORM: ("平台", "渠道", "发布平台", "发布渠道", "platform"),
    Column.AUTHOR: ("作者", "记者", "作者/记者", "author"),
    Column.ID: ("编号", "稿件编号", "id"),
}
_BY_HEADING = {heading_of(heading): column for column, headings in HEADINGS.items() for heading in headings}

PLATFORMS: Mapping[str, Platform] = {
    **dict.fromkeys(("报纸", "纸媒", "报", "日报", "晚报", "paper"), Platform.PAPER),
    **dict.fromkeys(("网站", "网", "网页", "官网", "门户网站", "web"), Platform.WEB),
    **dict.fromkeys(("客户端", "app", "手机客户端", "新闻客户端"), Platform.APP),
    **dict.fromkeys(
        ("微信", "公众号", "微信公众号", "微信公众平台", "视频号", "微信视频号", "wechat"), Platform.WECHAT
    ),
    **dict.fromkeys(("抖音", "抖音号", "douyin"), Platform.DOUYIN),
}
"""What offices call the platforms; WeChat's channels (视频号) are WeChat's."""

LONGEST_TEXT = 100_000
_LINES_FOR_HEADINGS = 20
_COMPACT_DAY = re.compile(r"((?:19|20)\d{2})([01]\d)([0-3]\d)")
_FIRST_EXCEL_DAY, _LAST_EXCEL_DAY = 30_000, 80_000
"""Days of Excel's calendar, from 1982 to 2119: numbers in a date column that has lost its format."""
_EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - the local calendar of a sheet, which knows no zones


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row, or a cell of it, cannot be taken. ``column``: its heading as the sheet has it; ``sentence``: a gettext id."""

    line: int
    column: str
    sentence: str
    params: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One story of a sheet. ``line`` is the number beside it in a spreadsheet."""

    line: int
    title: str
    guid: str | None = None
    """The outlet's own number, or what title and day make; None where the link identifies it."""
    link: str | None = None
    published: FeedDate | None = None
    text: str = ""
    column: str = ""
    platform: Platform | None = None
    """None where the sheet does not say."""
    author: str = ""

    def entry(self) -> ParsedEntry:
        """The row as an entry like those of feeds."""
        return handed_entry(
            guid=self.guid,
            link=self.link,
            title=self.title,
            text=self.text,
            author=self.author,
            column=self.column,
            date=self.published,
        )


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a file brings: rows that can be taken, what is wrong with the others, and remarks (gettext ids)."""

    rows: tuple[SheetRow, ...]
    errors: tuple[RowError, ...]
    notes: tuple[Sentence, ...] = ()


def read_sheet(data: bytes, filename: str, zone: ZoneInfo, now: datetime) -> Sheet:
    """The stories in ``data``, an .xlsx or CSV file whatever ``filename`` says; dates are of ``zone``, none after ``now``.

    Of an Excel file the first sheet counts that has a column for titles. Costs up to about five seconds for the largest
    files: call it off the event loop.

    Raises:
        TooLarge: more bytes, rows or text than are read.
        InvalidInput: not a sheet, or one without a column for titles.
    """
    for lines in read_tables(data, lambda cell: heading_of(cell) in _BY_HEADING):
        at = next(
            (i for i, line in enumerate(lines[:_LINES_FOR_HEADINGS]) if Column.TITLE in columns_of(line, _BY_HEADING)),
            None,
        )
        if at is not None:
            return _Reader(columns_of(lines[at], _BY_HEADING), lines[at], zone, now).read(lines[at + 1 :])
    sentence = N_("{file} has no column that is called “标题”. Write the headings in the first row.")
    raise InvalidInput(sentence, file=one_line(filename, 100) or "—")


class _Reader:
    """Reads the rows under one row of headings."""

    def __init__(self, columns: Mapping[Column, int], headings: Line, zone: ZoneInfo, now: datetime) -> None:
        self._columns = columns
        self._headings = headings
        self._zone = zone
        self._now = now
        self._errors: list[RowError] = []

    def read(self, lines: Sequence[Line]) -> Sheet:
        filled = [line for line in lines if self._is_row(line)]
        notes: tuple[Sentence, ...] = ()
        if Column.ID in self._columns and self._is_running_number(filled):
            self._columns = {column: at for column, at in self._columns.items() if column is not Column.ID}
            notes = (
                Sentence(
                    N_("The numbers 1, 2, 3 … are taken for row numbers: rows are known by link, or by title and day.")
                ),
            )
        rows = [row for line in filled if (row := self._row(line)) is not None]
        rows = self._identified(rows)
        return Sheet(tuple(rows), tuple(sorted(self._errors, key=lambda each: each.line)), notes)

    def _is_row(self, line: Line) -> bool:
        """Neither empty under every heading that is known, nor the headings once more."""
        texts = [self._text(line, column) for column in self._columns]
        return any(texts) and _BY_HEADING.get(heading_of(self._text(line, Column.TITLE))) is not Column.TITLE

    def _is_running_number(self, lines: Sequence[Line]) -> bool:
        """Whether the numbers only count the rows: those of next month's sheet would be the same, and mean other stories."""
        numbers = [self._text(line, Column.ID) for line in lines]
        return all(number in ("", str(n)) for n, number in enumerate(numbers, start=1)) and any(numbers)

    def _row(self, line: Line) -> SheetRow | None:
        """The row, or None and an error for each thing that is wrong with it."""
        before = len(self._errors)
        title = one_line(self._text(line, Column.TITLE), MAX_TITLE_CHARS)
        if not title:
            self._wrong(line, Column.TITLE, N_("This row has no title."))
        row = SheetRow(
            line=line.number,
            title=title,
            guid=self._text(line, Column.ID)[:MAX_NAME_CHARS] or None,
            link=self._link(line),
            published=self._date(line),
            text=self._long_text(line),
            column=one_line(self._text(line, Column.COLUMN), MAX_NAME_CHARS),
            platform=self._platform(line),
            author=one_line(self._text(line, Column.AUTHOR), MAX_NAME_CHARS),
        )
        return row if len(self._errors) == before else None

    def _link(self, line: Line) -> str | None:
        written = self._text(line, Column.LINK)
        if not written:
            return None
        link = written_link(written)
        if link is None:
            self._wrong(line, Column.LINK, N_("This is no link that begins with http:// or https://."))
        return link

    def _date(self, line: Line) -> FeedDate | None:
        cell = self._cell(line, Column.DATE)
        if cell is None or cell == "":
            return None
        found = read_cell_date(cell, self._zone, self._now)
        if found is None:
            self._wrong(
                line, Column.DATE, N_("This date cannot be read. Write it like 2026-03-01 or 2026-03-01 08:30.")
            )
        elif not plausible(found, self._now):
            self._wrong(line, Column.DATE, N_("This date lies in the future, or before 1990."))
        return found

    def _long_text(self, line: Line) -> str:
        text = self._text(line, Column.TEXT)
        if len(text) > LONGEST_TEXT:
            self._wrong(line, Column.TEXT, N_("This text has more than {limit} characters."), limit=LONGEST_TEXT)
        return text[:LONGEST_TEXT]

    def _platform(self, line: Line) -> Platform | None:
        written = self._text(line, Column.PLATFORM)
        if not written:
            return None
        found = PLATFORMS.get(heading_of(written))
        if found is None:
            self._wrong(
                line, Column.PLATFORM, N_("This platform is not known. Known are 报纸, 网站, 客户端, 微信 and 抖音.")
            )
        return found

    def _identified(self, rows: Sequence[SheetRow]) -> list[SheetRow]:
        """``rows`` with what identifies them, each story once; a link that rows share identifies none of them."""
        sharing: dict[str, set[str]] = defaultdict(set)
        for row in rows:
            sharing[identifying_link(row.link)].add(row.guid or row.title)
        first: dict[tuple[str, str], int] = {}
        kept = []
        for row in rows:
            link = identifying_link(row.link)
            if row.guid is None and not (link and len(sharing[link]) == 1):
                if row.published is None:
                    self._wrong(row, Column.DATE, N_("Without a link of its own or a number this row needs a date."))
                    continue
                row = replace(row, guid=titled_guid(row.title, row.published.moment, self._zone))
            identity = ("id", row.guid) if row.guid else ("link", link)
            if identity in first:
                self._wrong(row, Column.TITLE, N_("This story stands in line {first} already."), first=first[identity])
                continue
            first[identity] = row.line
            kept.append(row)
        return kept

    def _cell(self, line: Line, column: Column) -> Cell:
        at = self._columns.get(column)
        return line.cells[at] if at is not None and at < len(line.cells) else None

    def _text(self, line: Line, column: Column) -> str:
        cell = self._cell(line, column)
        if isinstance(cell, float) and cell.is_integer():
            cell = int(cell)
        return "" if cell is None else str(cell).strip()

    def _wrong(self, at: Line | SheetRow, column: Column, sentence: str, **params: str | int) -> None:
        number = at.number if isinstance(at, Line) else at.line
        heading = self._cell(self._headings, column)
        shown = one_line(heading, 40) if isinstance(heading, str) else HEADINGS[column][0]
        self._errors.append(RowError(number, shown, sentence, params))


def read_cell_date(cell: Cell, zone: ZoneInfo, now: datetime) -> FeedDate | None:
    """The date that a cell holds: a date of Excel's, a number that was one, or what people write; None if it cannot be read."""
    if isinstance(cell, float | int) and _FIRST_EXCEL_DAY <= cell < _LAST_EXCEL_DAY:
        cell = _EXCEL_EPOCH + timedelta(days=round(cell * 86_400) / 86_400)
    if isinstance(cell, datetime):
        return read_date(f"{cell:%Y-%m-%d %H:%M:%S}" if cell.year >= 1000 else "", None, zone)
    if isinstance(cell, date):
        return read_date(cell.isoformat(), None, zone)
    text = str(cell).strip()
    if compact := _COMPACT_DAY.fullmatch(text):
        text = "-".join(compact.groups())
    return read_listed_date(text, zone, now)
