"""The rows behind a figure, ready to be shown; the page and the exported files are made from the same columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bson import ObjectId

from media_tracker.deeds.documents import GoodDeed
from media_tracker.errors import N_
from media_tracker.ingest.documents import Story
from media_tracker.monitor.definitions import Key
from media_tracker.monitor.facts import Row, Subject
from media_tracker.monitor.service import DEED_KEYS, STORY_KEYS, Subjects
from media_tracker.problems.documents import Problem
from media_tracker.web.naming import Names
from media_tracker.web.problems.words import STATE_NAMES
from media_tracker.web.stories.view import KINDS

Look = Literal["text", "number", "state", "moment", "deadline", "days"]

FIRST_EXPOSED = N_("First exposed")
STATE = N_("State")
DEADLINE = N_("Original deadline")
VERIFIED = N_("Verified on")
COUNTED_BY: Mapping[Key, str] = {
    Key.RESOLVED: VERIFIED,
    Key.RESOLVED_NET: VERIFIED,
    Key.BEFORE_PRINT: VERIFIED,
    Key.ALSO_REPORTED: VERIFIED,
    Key.RELAPSED: N_("Relapsed on"),
    Key.DUE: DEADLINE,
    Key.DUE_CLOSED: DEADLINE,
    Key.DUE_ON_TIME: DEADLINE,
}
"""What the moment is by which a problem falls into the period; by its first exposure where nothing stands here."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One value. ``look`` says how a page shows it; a file takes ``value`` as it is, but a deadline as text."""

    value: str | float | datetime | None
    href: str = ""
    look: Look = "text"
    state: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list. ``in_files``: too much for a page, wanted in a file."""

    label: str
    cell: Callable[[Row], Cell]
    in_files: bool = False


def subject_of(key: Key) -> Subject:
    """What one row of the list behind ``key`` stands for."""
    if key in STORY_KEYS:
        return Subject.STORY
    if key in DEED_KEYS:
        return Subject.DEED
    return Subject.EXPOSURE if key is Key.EXPOSURES else Subject.PROBLEM


def columns_of(key: Key, hours: Mapping[ObjectId, float], found: Subjects, names: Names) -> Sequence[Column]:
    """The columns of the list behind ``key``; ``found`` holds the records of its rows.

    ``hours``: how long it took, by problem, in a list behind a duration; else empty.
    """
    lists = _Lists(key, hours, found, names)
    return {
        Subject.STORY: lists.stories,
        Subject.DEED: lists.deeds,
        Subject.EXPOSURE: lists.exposures,
        Subject.PROBLEM: lists.problems,
    }[subject_of(key)]()


class _Lists:
    """The columns of each kind of list."""

    def __init__(self, key: Key, hours: Mapping[ObjectId, float], found: Subjects, names: Names) -> None:
        self._key = key
        self._hours = hours
        self._found = found
        self._names = names

    def problems(self) -> list[Column]:
        counted_by = COUNTED_BY.get(self._key, FIRST_EXPOSED)
        if counted_by == VERIFIED:
            other = Column(FIRST_EXPOSED, lambda row: Cell(self._problem(row).first_exposed_at, look="moment"))
        else:
            other = Column(VERIFIED, lambda row: Cell(self._problem(row).case.verified_at, look="moment"))
        days = [Column(N_("Days"), self._days)] if self._hours else []
        return [*self._of_problem(), self._outlets(), *self._details(), *days, _moment(counted_by), other]

    def exposures(self) -> list[Column]:
        return [
            _moment(N_("Published")),
            self._outlets(),
            Column(N_("Story"), self._story_cell),
            *self._of_problem(),
            *self._details(),
            Column(N_("Address"), self._address, in_files=True),
        ]

    def stories(self) -> list[Column]:
        return [
            _moment(N_("Published")),
            self._outlets(),
            Column(N_("Story"), self._story_cell),
            Column(N_("Kind"), self._kind),
            self._district(),
            self._category(),
            Column(N_("Address"), self._address, in_files=True),
        ]

    def deeds(self) -> list[Column]:
        return [
            _moment(N_("First published")),
            Column(N_("Good deed"), lambda row: Cell(self._names.deed_title(self._deed(row)), f"/deeds/{row.id}")),
            Column(N_("Place"), lambda row: Cell(self._deed(row).place)),
            self._district(),
            self._outlets(),
        ]

    def _of_problem(self) -> list[Column]:
        return [
            Column(N_("Number"), self._number),
            Column(N_("Problem"), lambda row: Cell(self._problem(row).title)),
            Column(N_("Place"), lambda row: Cell(self._problem(row).place)),
            self._district(),
            Column(STATE, self._state),
        ]

    def _details(self) -> list[Column]:
        units = self._names.units
        return [
            self._category(),
            Column(N_("Unit in charge"), lambda row: Cell(units.name(self._problem(row).case.unit_id)), in_files=True),
        ]

    def _outlets(self) -> Column:
        return Column(N_("Outlet"), lambda row: Cell(self._names.joined(row.outlets)))

    def _district(self) -> Column:
        return Column(N_("District"), lambda row: Cell(self._names.region(row.district)))

    def _category(self) -> Column:
        return Column(
            N_("Category"),
            lambda row: Cell(self._names.category(row.categories[0] if row.categories else None)),
            in_files=True,
        )

    def _number(self, row: Row) -> Cell:
        number = self._problem(row).number
        return Cell(number, f"/problems/{number}", look="number")

    def _state(self, row: Row) -> Cell:
        state = self._problem(row).case.state
        return Cell(self._names.gettext(STATE_NAMES[state]), look="state", state=state.value)

    def _kind(self, row: Row) -> Cell:
        story = self._story(row)
        told = story.decision or story.suggestion if story else None
        return Cell(self._names.gettext(KINDS[told.kind]) if told else "")

    def _story_cell(self, row: Row) -> Cell:
        story = self._story(row)
        return Cell(story.title, f"/stories/{row.story_id}") if story else Cell("")

    def _address(self, row: Row) -> Cell:
        story = self._story(row)
        return Cell(story.url if story else "")

    def _days(self, row: Row) -> Cell:
        return Cell(round(self._hours[row.id] / 24, 2), look="days")

    def _problem(self, row: Row) -> Problem:
        assert row.problem_id is not None  # only asked of rows that stand for problems
        return self._found.problems[row.problem_id]

    def _story(self, row: Row) -> Story | None:
        return self._found.stories.get(row.story_id) if row.story_id is not None else None

    def _deed(self, row: Row) -> GoodDeed:
        return self._found.deeds[row.id]


def _moment(label: str) -> Column:
    look: Look = "deadline" if label == DEADLINE else "moment"
    return Column(label, lambda row: Cell(row.at, look=look))
