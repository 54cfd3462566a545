"""What counting works on: facts, the point of view, and the rows of a list. Values only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Literal
from zoneinfo import ZoneInfo

from bson import ObjectId

from media_tracker.accounts.actor import Level
from media_tracker.monitor.definitions import Dimension
from media_tracker.problems.case import Case


class Subject(StrEnum):
    """What a row of a list stands for."""

    STORY = "story"
    PROBLEM = "problem"
    EXPOSURE = "exposure"
    DEED = "deed"


@dataclass(frozen=True, slots=True)
class StoryFact:
    """What counting needs of a story."""

    id: ObjectId
    outlet_id: ObjectId
    cluster: ObjectId
    published_at: datetime
    withdrawn: bool = False
    behaviour: bool = False
    district: str | None = None
    categories: tuple[str, ...] = ()
    street: str | None = None
    community: str | None = None
    column: str = ""
    projects: frozenset[ObjectId] = frozenset()


@dataclass(frozen=True, slots=True)
class Voice:
    """What counting needs of the story behind an exposure: under which column it ran, and for which projects."""

    column: str = ""
    projects: frozenset[ObjectId] = frozenset()


@dataclass(frozen=True, slots=True)
class CaseFact:
    """What counting needs of a problem: the case, where it counts, and its category with the class above it.

    ``voices``: by the id of the exposure's story. A story of an outlet that was no partner then has no projects there.
    """

    case: Case
    district: str | None = None
    categories: tuple[str, ...] = ()
    street: str | None = None
    community: str | None = None
    voices: Mapping[ObjectId, Voice] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeedFact:
    """What counting needs of a good deed."""

    id: ObjectId
    outlets: frozenset[ObjectId]
    first_published_at: datetime
    district: str | None = None
    street: str | None = None
    community: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything there is to count."""

    stories: Sequence[StoryFact] = ()
    cases: Sequence[CaseFact] = ()
    deeds: Sequence[DeedFact] = ()


@dataclass(frozen=True, slots=True)
class Period:
    """Local days from ``start`` to ``end``, both included."""

    start: date
    end: date

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end


@dataclass(frozen=True, slots=True)
class View:
    """From where one counts: which days, whose installation, which clock."""

    period: Period
    now: datetime
    level: Level = Level.CITY
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))

    def day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def holds(self, moment: datetime | None) -> bool:
        return moment is not None and self.day(moment) in self.period


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a figure's list."""

    subject: Subject
    id: ObjectId
    at: datetime
    """The moment that puts it into the period."""
    problem_id: ObjectId | None = None
    story_id: ObjectId | None = None
    outlets: frozenset[ObjectId] = frozenset()
    district: str | None = None
    categories: tuple[str, ...] = ()
    """Category code and the codes above it, the most special first."""
    street: str | None = None
    community: str | None = None
    columns: frozenset[str] = frozenset()
    projects: frozenset[ObjectId] = frozenset()
    unit_id: ObjectId | None = None
    severity: str | None = None
    source: str | None = None
    """By which door the problem first came in (``problems.case.Channel``)."""
    stages: tuple[str, ...] = ()
    """How far the problem has come, with the stages above, the last one first (``monitor.stages``)."""

    def values(self, by: Dimension, zone: ZoneInfo) -> tuple[str, ...]:
        """To which values of ``by`` the row falls, in order; what has none falls to ``""``. Categories are top classes."""
        match by:
            case Dimension.OUTLET:
                return _several(self.outlets)
            case Dimension.COLUMN:
                return _several(self.columns - {""})
            case Dimension.PROJECT:
                return _several(self.projects)
            case Dimension.CATEGORY:
                return self.categories[-1:] or ("",)
            case Dimension.SUBCATEGORY:
                return self.categories[:1] or ("",)
            case Dimension.UNIT:
                return (str(self.unit_id or ""),)
            case Dimension.MONTH:
                return (month_of(self.at, zone),)
            case Dimension.DAY:
                return (day_of(self.at, zone),)
            case Dimension.DISTRICT:
                return (self.district or "",)
            case Dimension.STREET:
                return (self.street or "",)
            case Dimension.COMMUNITY:
                return (self.community or "",)
            case Dimension.SEVERITY:
                return (self.severity or "",)
            case Dimension.SOURCE:
                return (self.source or "",)
            case Dimension.STAGE:
                return self.stages[:1] or ("",)


def _several(values: frozenset[ObjectId] | frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(map(str, values))) or ("",)


@dataclass(frozen=True, slots=True)
class Slice:
    """Which rows of a figure are meant, by dimension; None: all, ``""``: those that have none. Ids as their 24 digits."""

    outlet: ObjectId | Literal[""] | None = None
    column: str | None = None
    project: str | None = None
    district: str | None = None
    street: str | None = None
    community: str | None = None
    category: str | None = None
    subcategory: str | None = None
    unit: str | None = None
    severity: str | None = None
    source: str | None = None
    stage: str | None = None
    month: str | None = None
    day: str | None = None

    @property
    def chosen(self) -> Mapping[Dimension, str]:
        """What is filtered by, as text."""
        values = {dimension: getattr(self, dimension.value) for dimension in Dimension}
        return {dimension: str(value) for dimension, value in values.items() if value is not None}

    def only(self, by: Dimension, value: str | None) -> Slice:
        """The same, filtered by this value of ``by`` too; None: by it no longer. An outlet that is no id raises ``InvalidId``."""
        values: dict[str, Any] = {by.value: ObjectId(value) if by is Dimension.OUTLET and value else value}
        return replace(self, **values)

    def holds(self, row: Row, zone: ZoneInfo) -> bool:
        """Whether ``row`` is meant. A category also means the categories under it, and a stage those that come after it."""
        return all(value in _meant(row, by, zone) for by, value in self.chosen.items())


EVERYTHING = Slice()


def _meant(row: Row, by: Dimension, zone: ZoneInfo) -> tuple[str, ...]:
    """By which values of ``by`` a filter finds ``row``."""
    if by is Dimension.CATEGORY:
        return row.categories or ("",)
    if by is Dimension.STAGE:
        return row.stages or ("",)
    return row.values(by, zone)


def month_of(moment: datetime, zone: ZoneInfo) -> str:
    """The local month of ``moment`` as ``2022-03``."""
    return f"{moment.astimezone(zone):%Y-%m}"


def day_of(moment: datetime, zone: ZoneInfo) -> str:
    """The local day of ``moment`` as ``2022-03-31``."""
    return moment.astimezone(zone).date().isoformat()


def whole_days(start: date, end: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first moment of ``start`` and the first moment after ``end``, for a query."""
    return datetime.combine(start, time(), zone), datetime.combine(end + timedelta(days=1), time(), zone)
