"""The responsibility table as offices keep it: a sheet with a unit, a category and a region in each row. Pure.

One row may say several things: who leads and who helps (责任单位, 协办单位) for a category in a region, which leader and which
civilised unit stand behind a region (包挂领导, 包挂单位), and which department stands behind an indicator (指标). A cell may
name several, with 、 between them, and merged cells count for all their rows. Where the sheet has a column for categories, each
row of duties must name one, or 全部: taking an empty cell for "all" would give a unit what nobody meant.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import TypeVar

from bson import ObjectId

from media_tracker.errors import N_, InvalidInput
from media_tracker.files.rows import Cell, Line, RowError, columns_of, heading_of
from media_tracker.files.tables import read_tables
from media_tracker.places.regions import Level
from media_tracker.places.responsibility import Backing, Duty, Relation, Responsibility
from media_tracker.places.responsibility_names import Known, Names, plain

T = TypeVar("T")


class Column(StrEnum):
    """What a column may hold."""

    LEAD = "lead"
    CO = "co"
    CATEGORY = "category"
    SUBCATEGORY = "subcategory"
    REGION = "region"
    DISTRICT = "district"
    SUBDISTRICT = "subdistrict"
    COMMUNITY = "community"
    FROM = "from"
    TO = "to"
    LEADER = "leader"
    CIVILISED_UNIT = "civilised_unit"
    INDICATOR = "indicator"
    DEPARTMENT = "department"


HEADINGS: Mapping[Column, tuple[str, ...]] = {
    Column.LEAD: ("责任单位", "主办单位", "牵头单位", "主责单位", "主办", "责任部门", "牵头部门", "unit", "lead"),
    Column.CO: ("协办单位", "配合单位", "协办", "配合部门", "协同单位", "联办单位", "with"),
    Column.CATEGORY: ("类别", "问题类别", "问题类型", "类型", "分类", "大类", "问题大类", "类别编码", "category"),
    Column.SUBCATEGORY: ("小类", "子类", "问题小类", "细类", "subcategory"),
    Column.REGION: ("区域", "责任区域", "范围", "辖区", "所属区域", "区域编码", "region"),
    Column.DISTRICT: ("区县", "县区", "市县区", "区", "行政区", "district"),
    Column.SUBDISTRICT: ("街道", "镇街", "镇办", "街镇", "街道办", "街道办事处", "乡镇", "乡镇街道", "subdistrict"),
    Column.COMMUNITY: ("社区", "村居", "社区村", "社区居委会", "community"),
    Column.FROM: ("生效日期", "生效时间", "起始日期", "开始日期", "起始时间", "启用日期", "from"),
    Column.TO: ("失效日期", "失效时间", "截止日期", "终止日期", "结束日期", "有效期至", "to"),
    Column.LEADER: ("包挂领导", "区级领导", "包挂区级领导", "包挂县级领导", "包保领导", "包街领导", "leader"),
    Column.CIVILISED_UNIT: ("包挂单位", "文明单位", "包挂文明单位", "包保单位", "包社区单位"),
    Column.INDICATOR: ("指标", "测评指标", "包挂指标", "指标名称", "指标编码", "indicator"),
    Column.DEPARTMENT: ("包挂部门", "指标责任单位", "指标责任部门", "department"),
}
_BY_HEADING = {heading_of(heading): column for column, headings in HEADINGS.items() for heading in headings}
_SAYS = (Column.LEAD, Column.CO, Column.LEADER, Column.CIVILISED_UNIT, Column.INDICATOR)
"""A sheet needs one of these."""
_CATEGORIES = (Column.SUBCATEGORY, Column.CATEGORY)
_PLACES: Mapping[Column, Level | None] = {
    Column.COMMUNITY: "community",
    Column.SUBDISTRICT: "subdistrict",
    Column.DISTRICT: "district",
    Column.REGION: None,
}
"""Columns for regions, the most special first, with the level that each holds."""

_OPEN_END = frozenset({"", "长期", "至今", "永久", "长期有效", "无", "-", "—"})
_LINES_FOR_HEADINGS = 20
_LONGEST_NAME = 200
_BETWEEN = re.compile(r"[、,，;；\n]+")
_DAY = re.compile(r"((?:19|20)\d{2})[-./年](\d{1,2})[-./月](\d{1,2})日?(?:[ T][\d:]+)?|((?:19|20)\d{2})(\d{2})(\d{2})")
_FIRST_EXCEL_DAY, _LAST_EXCEL_DAY = 30_000, 80_000
"""Days of Excel's calendar, from 1982 to 2119: numbers in a date column that has lost its format."""
_EXCEL_EPOCH = date(1899, 12, 30)


@dataclass(frozen=True, slots=True)
class ResponsibilitySheet:
    """What a file brings, and what is wrong with it. ``strangers``: leaders without an account, who cannot be recognised."""

    duties: tuple[Responsibility, ...]
    backings: tuple[Backing, ...]
    errors: tuple[RowError, ...]
    strangers: tuple[str, ...] = ()


class _Wrong(Exception):
    """A cell that cannot be understood."""

    def __init__(self, column: Column, sentence: str, params: Mapping[str, object] | None = None) -> None:
        super().__init__(sentence)
        self.column, self.sentence = column, sentence
        self.params = {name: str(value) for name, value in (params or {}).items()}


def read_responsibilities(data: bytes, known: Known) -> ResponsibilitySheet:
    """The rows in ``data``, an .xlsx or CSV file; of an Excel file the first sheet that has the columns.

    Costs up to a few seconds for the largest files: call it off the event loop.

    Raises:
        TooLarge: more bytes, rows or text than are read.
        InvalidInput: not a sheet, or one without the columns.
    """
    for lines in read_tables(data, lambda cell: heading_of(cell) in _BY_HEADING, merged=True):
        for at, line in enumerate(lines[:_LINES_FOR_HEADINGS]):
            columns = columns_of(line, _BY_HEADING)
            if len(columns) > 1 and not columns.keys().isdisjoint(_SAYS):
                return _Reader(columns, line, known).read(lines[at + 1 :])
    raise InvalidInput(
        N_(
            "No row of headings was found. Needed are 责任单位, 包挂领导, 包挂单位 or 指标, and what it is about: 类别, 区域."
        )
    )


class _Reader:
    """Reads the rows under one row of headings."""

    def __init__(self, columns: Mapping[Column, int], headings: Line, known: Known) -> None:
        self._columns = columns
        self._headings = headings
        self._known = known
        self._names = Names(known)
        self._strangers: dict[str, None] = {}

    def read(self, lines: Sequence[Line]) -> ResponsibilitySheet:
        duties: list[Responsibility] = []
        backings: list[Backing] = []
        errors: list[RowError] = []
        for line in lines:
            if not any(self._text(line, column) for column in self._columns) or len(columns_of(line, _BY_HEADING)) > 1:
                continue  # nothing that is known, or the headings once more
            try:
                backed, given = self._row(line)
            except _Wrong as wrong:
                errors.append(RowError(line.number, self._shown(wrong.column), wrong.sentence, wrong.params))
                continue
            duties += given
            backings += backed
        return ResponsibilitySheet(tuple(duties), tuple(backings), tuple(errors), tuple(self._strangers))

    def _row(self, line: Line) -> tuple[list[Backing], list[Responsibility]]:
        first, last = self._day(line, Column.FROM) or self._known.since, self._day(line, Column.TO)
        if last is not None and last < first:
            raise _Wrong(
                Column.TO, N_("The last day lies before the first one, {first}."), {"first": first.isoformat()}
            )
        backed = list(self._backings(line, first, last))
        given = list(self._duties(line, first, last, bool(backed)))
        if not backed and not given:
            raise _Wrong(next(each for each in _SAYS if each in self._columns), N_("This row names nobody."))
        return backed, given

    def _duties(self, line: Line, first: date, last: date | None, backed: bool) -> Iterable[Responsibility]:
        """Who leads and who helps, for each category and region that the row names."""
        leads, others = self._units(line, Column.LEAD), self._units(line, Column.CO)
        if len(leads) > 1:
            raise _Wrong(Column.LEAD, N_("Only one unit can be in charge. Write the others under 协办单位."))
        if not (leads or others) or (backed and not any(self._text(line, each) for each in _CATEGORIES)):
            return
        for category in self._categories(line):
            for region in self._regions(line):
                for unit in leads:
                    yield Responsibility(unit, Duty.LEAD, category, region, first, last)
                for unit in others:
                    if unit not in leads:
                        yield Responsibility(unit, Duty.CO, category, region, first, last)

    def _backings(self, line: Line, first: date, last: date | None) -> Iterable[Backing]:
        """Who stands behind what."""
        for leader in self._parts(self._text(line, Column.LEADER)):
            user = self._known.people.get(plain(leader))
            if user is None:
                self._strangers[leader] = None
            for region in self._backed(line):
                yield Backing(Relation.LEADER, first, last, region, person=leader[:_LONGEST_NAME], user_id=user)
        for unit in self._units(line, Column.CIVILISED_UNIT):
            for region in self._backed(line):
                yield Backing(Relation.CIVILISED_UNIT, first, last, region, unit)
        indicator = self._text(line, Column.INDICATOR)[:_LONGEST_NAME]
        if indicator:
            column = Column.DEPARTMENT if Column.DEPARTMENT in self._columns else Column.LEAD
            units = self._units(line, column)
            if not units:
                raise _Wrong(column, N_("Please name the department that stands behind the indicator."))
            for unit in units:
                yield Backing(Relation.INDICATOR, first, last, unit_id=unit, indicator=indicator)

    def _backed(self, line: Line) -> list[str]:
        """What a leader or a civilised unit stands behind: subdistricts and communities."""
        regions = [region for region in self._regions(line) if region is not None]
        levels = {self._known.regions[region].level for region in regions}
        if not regions or not levels <= {"subdistrict", "community"}:
            column = next((each for each in _PLACES if each in self._columns), Column.SUBDISTRICT)
            raise _Wrong(column, N_("Please name the subdistrict or community that they stand behind."))
        return regions

    def _categories(self, line: Line) -> list[str | None]:
        """Codes of the categories that the row names; None is all of them."""
        present = [column for column in _CATEGORIES if column in self._columns]
        for column in present:
            if text := self._text(line, column):
                return self._found(column, text, self._names.category)
        if present:
            sentence = N_("Please name the category in every row, or write 全部.")
            raise _Wrong(present[-1], sentence)
        return [None]

    def _regions(self, line: Line) -> list[str | None]:
        """Codes of the most special regions that the row names, which lie in what its other cells name; None is everywhere."""
        present = [column for column in _PLACES if column in self._columns]
        named = [(column, text) for column in present if (text := self._text(line, column))]
        if named:
            column, text = named[0]
            above = [each for _, each in named[1:]]
            return self._found(column, text, partial(self._names.region, level=_PLACES[column], under=above))
        if present:
            sentence = N_("Please name the region in every row, or write 全市.")
            raise _Wrong(present[-1], sentence)
        return [None]

    def _units(self, line: Line, column: Column) -> list[ObjectId]:
        text = self._text(line, column)
        return list(dict.fromkeys(self._found(column, text, self._names.unit))) if text else []

    def _found(self, column: Column, text: str, look_up: Callable[[str], T]) -> list[T]:
        """What ``text`` names as a whole, or else each of its parts."""
        parts = self._parts(text)
        try:
            try:
                return [look_up(text)]
            except InvalidInput:
                if len(parts) < 2:
                    raise
            return [look_up(part) for part in parts]
        except InvalidInput as error:
            raise _Wrong(column, error.message, error.params) from error

    def _parts(self, text: str) -> list[str]:
        return [part for each in _BETWEEN.split(text) if (part := each.strip())]

    def _day(self, line: Line, column: Column) -> date | None:
        cell = self._cell(line, column)
        if cell is None or (isinstance(cell, str) and cell.strip() in _OPEN_END):
            return None
        if (found := read_day(cell)) is None:
            raise _Wrong(column, N_("This day cannot be read. Write it like 2026-03-01."))
        return found

    def _cell(self, line: Line, column: Column) -> Cell:
        at = self._columns.get(column)
        return line.cells[at] if at is not None and at < len(line.cells) else None

    def _text(self, line: Line, column: Column) -> str:
        cell = self._cell(line, column)
        if isinstance(cell, float) and cell.is_integer():
            cell = int(cell)
        return "" if cell is None else str(cell).strip()

    def _shown(self, column: Column) -> str:
        """The heading as the sheet has it; where it has none, as it could be called."""
        heading = self._cell(self._headings, column)
        return heading.strip()[:40] if isinstance(heading, str) else HEADINGS[column][0]


def read_day(cell: Cell) -> date | None:
    """The day that a cell holds: a date of Excel's, a number that was one, or what people write; None if it cannot be read."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, int | float) and _FIRST_EXCEL_DAY <= cell < _LAST_EXCEL_DAY:
        return _EXCEL_EPOCH + timedelta(days=int(cell))
    found = _DAY.fullmatch(unicodedata.normalize("NFKC", str(cell)).strip())
    if found is None:
        return None
    year, month, day = (int(each) for each in found.groups() if each is not None)
    try:
        return date(year, month, day)
    except ValueError:
        return None
