"""What a bulletin says, ready to be shown: the same for the preview, the Word document and the frozen record. Values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FigureLine:
    """A figure beside that of the period before."""

    name: str
    value: str
    before: str
    change: str


@dataclass(frozen=True, slots=True)
class Said:
    """A label and what is said under it: a rate, a duration, a definition."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class TrendLine:
    """One stretch of time: its figures, and how long their bars are, as shares of the longest."""

    label: str
    counts: Sequence[str]
    shares: Sequence[float]
    values: Sequence[int] = ()
    """The same as ``counts``, for a chart; records of earlier releases have none."""


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """A district or an outlet with its figures, in the order of the heads."""

    name: str
    counts: Sequence[str]
    values: Sequence[int] = ()
    """As in ``TrendLine``."""


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One problem. What is withheld says nothing but that, and keeps its line."""

    index: int
    number: str
    title: str
    place: str
    unit: str
    outlets: str
    exposed: str
    day: str
    """The day by which it stands here: verified on, due on, came back on."""


@dataclass(frozen=True, slots=True)
class UnitCases:
    """The problems of one unit."""

    unit: str
    lines: Sequence[CaseLine]


@dataclass(frozen=True, slots=True)
class DeedLine:
    """A good deed that was chosen."""

    title: str
    told: str
    source: str


@dataclass(frozen=True, slots=True)
class BulletinContent:
    """``bulletin`` in the Word template and on its pages. ``…_more``: that a list is longer than what is printed; or empty."""

    office: str
    title: str
    number: str
    date: str
    period: str
    before: str
    lead: Sequence[str]
    figures: Sequence[FigureLine]
    rates: Sequence[Said]
    times: Sequence[Said]
    trend_heads: Sequence[str]
    trend: Sequence[TrendLine]
    place_heads: Sequence[str]
    districts: Sequence[PlaceLine]
    outlets: Sequence[PlaceLine]
    adding: str
    """That columns do not add up, where they do not; or empty."""
    resolved: Sequence[CaseLine]
    resolved_more: str
    overdue: Sequence[UnitCases]
    overdue_more: str
    relapsed: Sequence[CaseLine]
    relapsed_more: str
    deeds: Sequence[DeedLine]
    remarks: Sequence[str]
    outlook: Sequence[str]
    definitions: Sequence[Said]
    counted: str
    """As of which moment everything was counted."""
    signer: str
