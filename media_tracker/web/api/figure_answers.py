"""What the API answers about figures: plain values with a type each, from which the description (OpenAPI) is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Days:
    """Local days, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class FigureAnswer:
    """A figure: what it counts, its value, that of the period before, and where its rows are."""

    key: str
    name: str
    definition: str
    value: int
    before: int
    rows: str


@dataclass(frozen=True, slots=True)
class RateAnswer:
    """A rate as its two figures; the numerator is always a part of the denominator."""

    name: str
    numerator: str
    denominator: str
    part: int
    whole: int


@dataclass(frozen=True, slots=True)
class DurationAnswer:
    """How long a stretch took, in hours, over ``count`` problems; null without any."""

    stretch: str
    name: str
    count: int
    median_hours: float | None
    p90_hours: float | None
    rows: str


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """One value of a breakdown; an empty ``value`` is what has none."""

    value: str
    name: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class BreakdownAnswer:
    """Every figure by one dimension. ``not_additive``: the figures whose lines do not add up to the total (不可加总)."""

    by: str
    not_additive: Sequence[str]
    lines: Sequence[LineAnswer]


@dataclass(frozen=True, slots=True)
class FiguresAnswer:
    """The figures of a period beside the period before. ``as_of``: the past moment that was asked for, or null."""

    period: Days
    period_before: Days
    as_of: datetime | None
    counted_at: datetime
    filters: Mapping[str, str]
    figures: Sequence[FigureAnswer]
    rates: Sequence[RateAnswer]
    durations: Sequence[DurationAnswer]
    breakdown: BreakdownAnswer | None


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """One row of a figure's list. ``at``: the moment that puts it into the period. Ids and codes, and names beside them."""

    subject: str
    id: str
    at: datetime
    number: str | None
    title: str
    problem: str | None
    story: str | None
    outlets: Sequence[str]
    columns: Sequence[str]
    projects: Sequence[str]
    district: str | None
    street: str | None
    community: str | None
    categories: Sequence[str]
    unit: str | None
    severity: str | None
    source: str | None
    hours: float | None


@dataclass(frozen=True, slots=True)
class RowsAnswer:
    """A page of a figure's list, newest first. ``next``: the address of the next one, or null."""

    key: str
    name: str
    definition: str
    period: Days
    as_of: datetime | None
    counted_at: datetime
    filters: Mapping[str, str]
    total: int
    rows: Sequence[RowAnswer]
    next: str | None
