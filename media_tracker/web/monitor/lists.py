"""The rows behind a figure, ready to be shown; the page and the exported files are made from the same columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from bson import ObjectId

from media_tracker.accounts.actor import Actor
from media_tracker.deeds.documents import GoodDeed
from media_tracker.deeds.reading import is_staff, stands
from media_tracker.errors import N_
from media_tracker.ingest.blind import as_seen_by, is_hidden_from
from media_tracker.ingest.documents import Story
from media_tracker.monitor.definitions import Dimension, Key
from media_tracker.monitor.facts import Row, Slice, Subject
from media_tracker.monitor.service import DEED_KEYS, STORY_KEYS
from media_tracker.monitor.showing import Shown, ShownProblem
from media_tracker.web.naming import Names
from media_tracker.web.problems.words import STATE_NAMES
from media_tracker.web.stories.view import KINDS, MASKED, may_read

Look = Literal["text", "number", "state", "moment", "deadline", "days"]

FIRST_EXPOSED = N_("First exposed")
STATE = N_("State")
DEADLINE = N_("Original deadline")
VERIFIED = N_("Verified on")
TAKEN_BACK = N_("Taken back since")
WAITS_FOR_YOU = N_("A story that waits for your second look")
DECIDED_BY = frozenset(
    {Dimension.DISTRICT, Dimension.STREET, Dimension.COMMUNITY, Dimension.CATEGORY, Dimension.SUBCATEGORY}
)
"""What an editor decides of a story: a list by one of these tells the decision of every story in it."""
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


def tells_decisions(key: Key, part: Slice) -> bool:
    """Whether standing in the list of ``key`` tells what was decided of a story."""
    return key in (Key.BEHAVIOUR, Key.EXPOSURES) or bool(DECIDED_BY & set(part.chosen))


def columns_of(
    key: Key, part: Slice, hours: Mapping[ObjectId, float], found: Shown, names: Names, who: Actor
) -> Sequence[Column]:
    """The columns of the list behind ``key``, as ``who`` may see them; ``found`` holds the records of its rows.

    A story that waits for a blind second look of ``who`` stands without a word where the list tells what was decided: the list is
    as long as its figure, and nobody learns which story it is.

    ``hours``: how long it took, by problem, in a list behind a duration; else empty.
    """
    lists = _Lists(key, hours, found, names, who, tells_decisions(key, part))
    return {
        Subject.STORY: lists.stories,
        Subject.DEED: lists.deeds,
        Subject.EXPOSURE: lists.exposures,
        Subject.PROBLEM: lists.problems,
    }[subject_of(key)]()


class _Lists:
    """The columns of each kind of list."""

    def __init__(
        self, key: Key, hours: Mapping[ObjectId, float], found: Shown, names: Names, who: Actor, telling: bool
    ) -> None:
        self._key = key
        self._hours = hours
        self._found = found
        self._names = names
        self._who = who
        self._telling = telling

    def problems(self) -> list[Column]:
        counted_by = COUNTED_BY.get(self._key, FIRST_EXPOSED)
        if counted_by == VERIFIED:
            other = Column(FIRST_EXPOSED, lambda row: Cell(self._problem(row).first_exposed_at, look="moment"))
        else:
            other = Column(VERIFIED, lambda row: Cell(self._problem(row).verified_at, look="moment"))
        days = [Column(N_("Days"), self._days)] if self._hours else []
        return [*self._of_problem(), self._outlets(), *self._details(), *days, _moment(counted_by), other]

    def exposures(self) -> list[Column]:
        return [
            Column(N_("Story"), self._story_cell) if each is None else self._unless_kept_back(each)
            for each in (
                _moment(N_("Published")),
                self._outlets(),
                None,
                *self._of_problem(),
                *self._details(),
                Column(N_("Address"), self._address, in_files=True),
            )
        ]

    def _unless_kept_back(self, column: Column) -> Column:
        """``column``, with nothing in it where the story of a row must not be known."""
        return replace(column, cell=lambda row: Cell("") if self._is_kept_back(row) else column.cell(row))

    def stories(self) -> list[Column]:
        return [
            Column(N_("Published"), lambda row: Cell(None if self._is_kept_back(row) else row.at, look="moment")),
            Column(N_("Outlet"), lambda row: Cell("" if self._is_kept_back(row) else self._names.joined(row.outlets))),
            Column(N_("Story"), self._story_cell),
            Column(N_("Kind"), self._kind),
            Column(N_("District"), self._story_district),
            Column(N_("Category"), self._story_category, in_files=True),
            Column(N_("Address"), self._address, in_files=True),
        ]

    def deeds(self) -> list[Column]:
        return [
            _moment(N_("First published")),
            Column(N_("Good deed"), self._deed_cell),
            Column(N_("Place"), self._deed_place),
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
            Column(N_("Unit in charge"), lambda row: Cell(units.name(self._problem(row).unit_id)), in_files=True),
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
        state = self._problem(row).state
        return Cell(self._names.gettext(STATE_NAMES[state]), look="state", state=state.value)

    def _kind(self, row: Row) -> Cell:
        story = self._readable(row)
        told = story.decision or story.suggestion if story else None
        return Cell(self._names.gettext(KINDS[told.kind]) if told else "")

    def _story_cell(self, row: Row) -> Cell:
        story = self._story(row)
        if story is None:
            return Cell("")
        if self._is_kept_back(row):
            return Cell(self._names.gettext(WAITS_FOR_YOU))
        title = story.title if may_read(story, self._who) else self._names.gettext(MASKED)
        return Cell(title, f"/stories/{row.story_id}")

    def _story_district(self, row: Row) -> Cell:
        story = self._readable(row)
        if story is None:
            return Cell("")
        shown = row if self._as_it_is(row) else as_undecided(row, story, self._names)
        return Cell(self._names.region(shown.district))

    def _story_category(self, row: Row) -> Cell:
        known = row.categories and self._readable(row) is not None and self._as_it_is(row)
        return Cell(self._names.category(row.categories[0] if known else None))

    def _address(self, row: Row) -> Cell:
        story = self._readable(row)
        return Cell(story.url if story else "")

    def _deed_cell(self, row: Row) -> Cell:
        """A list of the past may hold a deed that was taken back since."""
        deed = self._found.deeds.get(row.id)
        if deed is None:
            return Cell(self._names.gettext(TAKEN_BACK))
        return Cell(
            self._names.deed_title(deed) if self._is_told(deed) else self._names.gettext(MASKED), f"/deeds/{row.id}"
        )

    def _deed_place(self, row: Row) -> Cell:
        deed = self._found.deeds.get(row.id)
        return Cell(deed.place if deed is not None and self._is_told(deed) else "")

    def _is_told(self, deed: GoodDeed) -> bool:
        return stands(deed) or is_staff(self._who)

    def _days(self, row: Row) -> Cell:
        return Cell(round(self._hours[row.id] / 24, 2), look="days")

    def _problem(self, row: Row) -> ShownProblem:
        assert row.problem_id is not None  # only asked of rows that stand for problems
        return self._found.problems[row.problem_id]

    def _story(self, row: Row) -> Story | None:
        """The story of ``row``; of one that waits for a blind second look without what the first editor has said."""
        story = self._found.stories.get(row.story_id) if row.story_id is not None else None
        return as_seen_by(story, self._who) if story is not None else None

    def _readable(self, row: Row) -> Story | None:
        """The same; None where it is masked, for a list of the past may hold what was withdrawn since."""
        story = self._story(row)
        if story is None or self._is_kept_back(row):
            return None
        return story if may_read(story, self._who) else None

    def _is_kept_back(self, row: Row) -> bool:
        """Whether to name the story of ``row`` would tell ``who`` what was decided of it."""
        story = self._found.stories.get(row.story_id) if self._telling and row.story_id is not None else None
        return story is not None and is_hidden_from(story, self._who)

    def _as_it_is(self, row: Row) -> bool:
        """Whether what was decided of the story of ``row`` may be told."""
        story = self._found.stories.get(row.story_id) if row.story_id is not None else None
        return story is not None and not is_hidden_from(story, self._who)


def as_undecided(row: Row, story: Story, names: Names) -> Row:
    """``row`` of ``story`` as it would be if nobody had decided it: where it happened is what the machine suggests."""
    tree, region = names.regions, story.suggestion.region if story.suggestion else None
    if not region or region not in tree:
        return replace(row, district=None, street=None, community=None, categories=())
    levels = {tree[code].level: code for code in tree.path(region)}
    district, street = tree.district_for_counting(region), levels.get("subdistrict")
    return replace(row, district=district, street=street, community=levels.get("community"), categories=())


def _moment(label: str) -> Column:
    look: Look = "deadline" if label == DEADLINE else "moment"
    return Column(label, lambda row: Cell(row.at, look=look))
