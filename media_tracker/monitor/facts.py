"""What counting works on: facts, the point of view, and the rows of a list. Values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo

from bson import ObjectId

from media_tracker.accounts.actor import Level
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


@dataclass(frozen=True, slots=True)
class CaseFact:
    """What counting needs of a problem: the case, where it counts, and its category with the class above it."""

    case: Case
    district: str | None = None
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeedFact:
    """What counting needs of a good deed."""

    id: ObjectId
    outlets: frozenset[ObjectId]
    first_published_at: datetime
    district: str | None = None


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


@dataclass(frozen=True, slots=True)
class Slice:
    """Which rows of a figure are meant; None: all, ``""``: those that have none."""

    outlet: ObjectId | Literal[""] | None = None
    district: str | None = None
    category: str | None = None
    month: str | None = None

    def holds(self, row: Row, zone: ZoneInfo) -> bool:
        return (
            (self.outlet is None or self.outlet in (row.outlets or ("",)))
            and (self.district is None or self.district == (row.district or ""))
            and (self.category is None or self.category in (row.categories or ("",)))
            and (self.month is None or self.month == month_of(row.at, zone))
        )


EVERYTHING = Slice()


def month_of(moment: datetime, zone: ZoneInfo) -> str:
    """The local month of ``moment`` as ``2022-03``."""
    return f"{moment.astimezone(zone):%Y-%m}"


def whole_days(start: date, end: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first moment of ``start`` and the first moment after ``end``, for a query."""
    return datetime.combine(start, time(), zone), datetime.combine(end + timedelta(days=1), time(), zone)
