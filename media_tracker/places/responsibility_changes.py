"""What a sheet would change in the tables of responsibility: rows that are added, rows that end, rows that stay. Pure.

Nothing is ever deleted: a row that is replaced ends on the day before its successor begins, so the table of any past day stays
what it was. A row that would end before its first day is *struck*: kept, and never in force.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Generic, TypeVar

from media_tracker.places.responsibility import Backing, Duty, Responsibility

Row = TypeVar("Row", bound=Responsibility | Backing)

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Ended(Generic[Row]):
    """A row that ends. ``by``: the row that takes its place; None: none does."""

    row: Row
    last_day: date
    by: Row | None = None

    @property
    def after(self) -> Row:
        """The row as it is then."""
        return replace(self.row, valid_to=self.last_day)


@dataclass(frozen=True, slots=True)
class Changes(Generic[Row]):
    """What is to be written, and how many rows of the sheet are there already."""

    added: tuple[Row, ...]
    ended: tuple[Ended[Row], ...]
    unchanged: int

    @property
    def nothing(self) -> bool:
        """Whether the table stays as it is."""
        return not self.added and not self.ended

    def applied(self, present: Sequence[Row]) -> list[Row]:
        """``present`` as it is afterwards."""
        ended = {id(each.row): each.after for each in self.ended}
        return [*(ended.get(id(row), row) for row in present), *self.added]


def plan(present: Sequence[Row], wanted: Sequence[Row], since: date, *, whole: bool) -> Changes[Row]:
    """How ``present``, every row that is stored, comes to say what ``wanted``, the rows of a sheet, say.

    A lead takes over its cell (category × region) with its co-handlers from the first day of its own: who led there before
    ends on the day before, and goes on afterwards where the new row is for a time only. What begins later than the new row stays,
    because somebody has planned it. ``whole``: the sheet is the whole table, and what it does not hold ends before ``since``.
    """
    wanted = list({(row.identity, row.valid_from, row.valid_to): row for row in wanted}.values())
    kept = {id(row) for row in present if any(_says(row, new) for new in wanted)}
    new = [row for row in wanted if not any(_says(there, row) for there in present)]
    cells: dict[object, list[Row]] = defaultdict(list)
    for there in present:
        cells[there.cell].append(there)
    ended: dict[int, Ended[Row]] = {}
    rests: list[Row] = []
    for row in wanted:
        for there in cells[row.cell]:
            if id(there) in kept or id(there) in ended or not _gives_way(there, row):
                continue
            ended[id(there)] = Ended(there, row.valid_from - _DAY, row)
            if not whole and row.identity != there.identity and (rest := _rest(there, row)) is not None:
                rests.append(rest)
    if whole:
        for there in present:
            if id(there) not in kept and id(there) not in ended and _reaches(there, since):
                ended[id(there)] = Ended(there, max(since, there.valid_from) - _DAY)
    return Changes((*new, *rests), tuple(ended.values()), len(wanted) - len(new))


def _says(there: Row, new: Row) -> bool:
    """Whether a stored row says what a row of the sheet says, for all its days."""
    same = there.identity == new.identity and there.valid_from <= new.valid_from and there.valid_to == new.valid_to
    return same and not there.struck


def _gives_way(there: Row, new: Row) -> bool:
    """Whether a stored row of the same cell ends where ``new`` begins."""
    if there.valid_from > new.valid_from or not there.meets(new):
        return False
    if isinstance(new, Responsibility) and new.duty is Duty.CO:
        return there.identity == new.identity
    return True


def _rest(there: Row, new: Row) -> Row | None:
    """What is left of a stored row after the last day of one that is for a time only."""
    if new.valid_to is None or (there.valid_to is not None and there.valid_to <= new.valid_to):
        return None
    return replace(there, id=None, valid_from=new.valid_to + _DAY)


def _reaches(there: Row, since: date) -> bool:
    return not there.struck and (there.valid_to is None or there.valid_to >= since)
