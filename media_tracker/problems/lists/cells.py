"""One row of a list of problems: from its cells to what it says, or to an error for each thing that is wrong with it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from media_tracker.errors import N_
from media_tracker.files.rows import Cell, Line, RowError
from media_tracker.ingest.clean import one_line
from media_tracker.ingest.feed_dates import FeedDate, plausible
from media_tracker.places.regions import Level
from media_tracker.places.responsibility_names import plain
from media_tracker.problems.case import Outcome, Precision, Severity
from media_tracker.problems.lists.dates import Calendar, read_day, read_deadline
from media_tracker.problems.lists.names import ListNames, Unknown
from media_tracker.problems.lists.row import ListRow
from media_tracker.problems.lists.words import HEADINGS, SEVERITIES, STATES, Column, Progress, Stage, channel_of

LONGEST_TITLE = 80
LONGEST_PLACE = 300
LONGEST_TEXT = 5_000
LONGEST_KEY = 200
_FURTHEST_DEADLINE = timedelta(days=3_660)
_REST = re.compile(r"[（(,，;；。、\n].*$", re.DOTALL)
_SENTENCE_END = re.compile(r"[。！？；!?;\n]")
_LEVELS: Mapping[Column, Level] = {
    Column.DISTRICT: "district",
    Column.SUBDISTRICT: "subdistrict",
    Column.COMMUNITY: "community",
}
_REFUSED = frozenset({Stage.IN_PROGRESS, Stage.CLAIMED, Stage.RETURNED})
"""What a problem can only be when a unit has it."""
_UNREADABLE = N_("This date cannot be read. Write it like 2026-03-01.")

T = TypeVar("T")


class Wrong(Exception):
    """A cell that cannot be understood. ``sentence`` is a gettext id."""

    def __init__(self, column: Column, sentence: str, **params: str | int) -> None:
        super().__init__(sentence)
        self.column, self.sentence, self.params = column, sentence, params


class Cells:
    """The cells of a row by what their columns mean."""

    def __init__(self, columns: Mapping[Column, int], headings: Mapping[Column, str]) -> None:
        self._columns = columns
        self._headings = headings

    def cell(self, line: Line, column: Column) -> Cell:
        """What stands in a cell; None where nothing does."""
        at = self._columns.get(column)
        cell = line.cells[at] if at is not None and at < len(line.cells) else None
        return None if cell == "" else cell

    def text(self, line: Line, column: Column) -> str:
        """A cell as text; a number that Excel has made of one is written without its point."""
        cell = self.cell(line, column)
        if isinstance(cell, float) and cell.is_integer():
            cell = int(cell)
        return "" if cell is None else str(cell).strip()

    def own_number(self, line: Line) -> str:
        """The row's number; "" where it is only merged with that of the row above."""
        at = self._columns.get(Column.NUMBER)
        return "" if at in line.spread else one_line(self.text(line, Column.NUMBER), LONGEST_KEY)

    def error(self, line: Line, wrong: Wrong) -> RowError:
        """``wrong`` with its place: line and heading."""
        heading = self._headings.get(wrong.column) or HEADINGS[wrong.column][0]
        return RowError(line.number, heading, wrong.sentence, wrong.params)


class RowReader:
    """Reads rows."""

    def __init__(self, cells: Cells, names: ListNames, by: Calendar) -> None:
        self._cells = cells
        self._names = names
        self._by = by
        self._wrong: list[Wrong] = []

    def read(self, line: Line) -> ListRow | list[RowError]:
        """The row, or everything that is wrong with it."""
        self._wrong = []
        found = self._tried(lambda: self._found(line))
        units = self._tried(lambda: self._units(line)) or {}
        values: list[Mapping[str, Any] | None] = [
            self._tried(lambda: self._what(line)),
            {"category": self._tried(lambda: self._category(line))},
            self._tried(lambda: self._where(line)),
            units,
            self._tried(lambda: self._how_far(line, found, bool(units.get("unit_id")))),
            {"severity": self._tried(lambda: self._severity(line)) or Severity.NORMAL},
        ]
        if self._wrong:
            return [self._cells.error(line, wrong) for wrong in self._wrong]
        row: dict[str, Any] = {name: value for part in values for name, value in (part or {}).items()}
        source = one_line(self._text(line, Column.SOURCE), LONGEST_KEY)
        return ListRow(
            number=self._cells.own_number(line),
            source=source,
            channel=channel_of(source),
            found_at=found.moment if found else None,
            found_precision=_precision(found),
            answer=self._text(line, Column.ANSWER)[:LONGEST_TEXT],
            remark=self._text(line, Column.REMARK)[:LONGEST_TEXT],
            **row,
        )

    def _tried(self, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except Wrong as wrong:
            self._wrong.append(wrong)
            return None

    def _named(self, column: Column, look_up: Callable[[], T]) -> T:
        try:
            return look_up()
        except Unknown as unknown:
            raise Wrong(column, unknown.sentence, **unknown.params) from None

    def _text(self, line: Line, column: Column) -> str:
        return self._cells.text(line, column)

    def _what(self, line: Line) -> dict[str, str]:
        """The title, and the whole description where that is longer."""
        text = self._text(line, Column.TEXT)[:LONGEST_TEXT]
        title = one_line(text, LONGEST_TEXT)
        if not title:
            raise Wrong(Column.TEXT, N_("Please say in a few words what the problem is."))
        if len(title) <= LONGEST_TITLE:
            return {"title": title}
        first = _SENTENCE_END.split(title, maxsplit=1)[0]
        return {"title": first if 4 < len(first) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…", "text": text}

    def _category(self, line: Line) -> str:
        """The category, by the most special column that is filled in."""
        for column in (Column.CATEGORY, Column.TOP_CATEGORY):
            if text := self._text(line, column):
                return self._named(column, lambda text=text: self._names.category(text))  # type: ignore[misc]
        raise Wrong(Column.CATEGORY, N_("Please choose a category from the list."))

    def _where(self, line: Line) -> dict[str, str | None]:
        """The most special region that is named, each in the one above it; and the place, or else that region's name."""
        region: str | None = None
        if text := self._text(line, Column.REGION):
            region = self._named(Column.REGION, lambda: self._names.region(text, None, None))
        for column, level in _LEVELS.items():
            if name := self._text(line, column):
                above = region
                region = self._named(column, lambda n=name, v=level, a=above: self._names.region(n, v, a))  # type: ignore[misc]
        place = one_line(self._text(line, Column.PLACE), LONGEST_PLACE)
        place = place or (self._names.label(region) if region else "")
        if not place:
            raise Wrong(Column.PLACE, N_("Please say where it is. Without a place nobody can go and look."))
        return {"region": region, "place": place}

    def _units(self, line: Line) -> dict[str, Any]:
        """The unit in charge, the first that is named, and those that work on it beside."""
        named: list[Any] = []
        for column in (Column.UNIT, Column.CO_UNITS):
            if text := self._text(line, column):
                named += self._named(column, lambda t=text: self._names.units(t))  # type: ignore[misc]
            if not named:
                return {}  # who only helps has nobody to help
        lead, *others = dict.fromkeys(named)
        return {"unit_id": lead, "co_unit_ids": tuple(others)}

    def _severity(self, line: Line) -> Severity:
        text = self._text(line, Column.SEVERITY)
        found = SEVERITIES.get(plain(text)) if text else Severity.NORMAL
        if found is None:
            raise Wrong(Column.SEVERITY, N_("“{name}” is no severity. Known are 紧急, 重点 and 一般."), name=text[:40])
        return found

    def _found(self, line: Line) -> FeedDate | None:
        return self._day(line, Column.FOUND, N_("The day of the finding lies in the future, or before 1990."))

    def _day(self, line: Line, column: Column, implausible: str) -> FeedDate | None:
        cell = self._cells.cell(line, column)
        if cell is None:
            return None
        day = read_day(cell, self._by)
        if day is None:
            raise Wrong(column, _UNREADABLE)
        if not plausible(day, self._by.now):
            raise Wrong(column, implausible)
        return day

    def _how_far(self, line: Line, found: FeedDate | None, has_unit: bool) -> dict[str, Any]:
        """State, deadline, and the day of the fix where there is said to be one."""
        progress = self._progress(line)
        due = self._due(line, found)
        if progress.stage in _REFUSED and not has_unit and not self._wrong:
            raise Wrong(Column.UNIT, N_("A problem in this state needs a unit in charge."))
        values = {"stage": progress.stage, "long_standing": progress.long_standing, "due_at": due}
        if progress.stage is not Stage.CLAIMED:
            return values
        fixed = self._day(line, Column.FIXED, N_("The day of the fix lies in the future, or before 1990."))
        if (
            fixed is not None
            and found is not None
            and fixed.moment < found.moment
            and "day" not in (fixed.precision, found.precision)
        ):
            raise Wrong(Column.FIXED, N_("The fix lies before the finding."))
        if fixed is None and found is None and not self._wrong:
            sentence = N_(
                "Who says that it is done says when: please give the day of the fix, or at least of the finding."
            )
            raise Wrong(Column.FIXED, sentence)
        # Of an unknown day, a fix is taken for the earliest that it can be: it must not seem to follow an exposure.
        fixed = fixed or found
        moment = {"fixed_at": fixed.moment if fixed else None, "fixed_precision": _precision(fixed)}
        return {**values, "outcome": progress.outcome or Outcome.RESOLVED, **moment}

    def _progress(self, line: Line) -> Progress:
        text = self._text(line, Column.STATE)
        if not text:
            return Progress(Stage.WAITING)
        found = STATES.get(plain(text)) or STATES.get(plain(_REST.sub("", text)))
        if found is None:
            sentence = N_(
                "“{name}” is no state that is known here. Known are 未整改, 整改中, 已整改, 已销号, 不属实, 退回 and others."
            )
            raise Wrong(Column.STATE, sentence, name=text[:40])
        return found

    def _due(self, line: Line, found: FeedDate | None) -> datetime | None:
        cell = self._cells.cell(line, Column.DUE)
        if cell is None:
            return None
        readable, due = read_deadline(cell, found, self._by)
        if not readable:
            raise Wrong(
                Column.DUE, N_("This deadline cannot be read. Write it like 2026-03-01, 5个工作日 or 立行立改.")
            )
        if (
            due is not None
            and not plausible(FeedDate(due - _FURTHEST_DEADLINE, "day"), self._by.now)
            and due.year > 1990
        ):
            raise Wrong(Column.DUE, N_("This deadline lies more than ten years ahead."))
        return due


def _precision(moment: FeedDate | None) -> Precision:
    return Precision(moment.precision) if moment else Precision.DAY


def headings_of(headings: Sequence[Line], at: int) -> str:
    """The heading of a column as the sheet has it; of two rows of headings the lower one."""
    for line in reversed(headings):
        cell = line.cells[at] if at < len(line.cells) else None
        if isinstance(cell, str) and cell.strip():
            return one_line(cell, 40)
    return ""
