"""One problem as a list has it: what a row says, by which it is known again, and whether it says something else now. Pure."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from bson import ObjectId
from pydantic import BaseModel, ConfigDict

from media_tracker.problems.case import Channel, Outcome, Precision, Severity
from media_tracker.problems.entries import mistake_in_number
from media_tracker.problems.lists.words import Stage

_LONGEST_COUNT = 5
_ALIKE = 0.3
"""Of the pairs of characters of two texts: how many must be in both, for them to be about one problem."""


class ListRow(BaseModel):
    """A row that has been understood. Times are aware; ``found_at`` and ``fixed_at`` are None where the list does not say."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True, extra="forbid")

    number: str = ""
    title: str
    text: str = ""
    """The whole description, where the title holds its beginning only."""
    place: str
    category: str
    region: str | None = None
    severity: Severity = Severity.NORMAL
    long_standing: bool = False
    source: str = ""
    channel: Channel = Channel.LIST
    unit_id: ObjectId | None = None
    co_unit_ids: tuple[ObjectId, ...] = ()
    found_at: datetime | None = None
    found_precision: Precision = Precision.DAY
    due_at: datetime | None = None
    stage: Stage = Stage.WAITING
    outcome: Outcome | None = None
    fixed_at: datetime | None = None
    fixed_precision: Precision = Precision.DAY
    answer: str = ""
    remark: str = ""

    @property
    def key(self) -> str:
        """By what the row is known again in its list: its number, else place, text and day of finding."""
        if self.number:
            return f"number:{self.number}"
        found = self.found_at.isoformat() if self.found_at else ""
        return "digest:" + _digest([_squeezed(self.place), _squeezed(self.text or self.title), found])

    @property
    def outside_number(self) -> str | None:
        """The number as one that another office has given; None for one that only counts rows (1, 2, 3 …), or is text.

        A count identifies a row of its list, and proves nothing.
        """
        counts = self.number.isdigit() and len(self.number) <= _LONGEST_COUNT
        return self.number if self.number and not counts and mistake_in_number(self.number) is None else None

    def said(self) -> str:
        """What is written down with the registration: description, source and remark, as far as there are any."""
        source = f"来源：{self.source}" if self.source else ""
        remark = f"备注：{self.remark}" if self.remark else ""
        return "\n".join(filter(None, (self.text, source, remark)))


def digest_of(row: ListRow) -> str:
    """What tells whether a row says the same as when it was last imported."""
    return _digest(row.model_dump(mode="json", context=None, exclude_none=True, fallback=str))


def is_another(row: ListRow, title: str, place: str) -> bool:
    """Whether a row under a known number is about another problem: neither its place nor its text is that one's.

    Two lists that both count from 1 must not overwrite each other.
    """
    if _squeezed(row.place) == _squeezed(place):
        return False
    ours, theirs = _pairs(row.title), _pairs(title)
    shared = len(ours & theirs) / max(1, min(len(ours), len(theirs)))
    return _squeezed(row.title) != _squeezed(title) and shared < _ALIKE


def _squeezed(text: str) -> str:
    return "".join(text.split()).casefold()


def _pairs(text: str) -> set[str]:
    text = _squeezed(text)
    return {text[at : at + 2] for at in range(len(text) - 1)}


def _digest(value: object) -> str:
    written = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.blake2b(written.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
