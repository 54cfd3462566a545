"""Figures as pages show them: tiles, rates, breakdowns, charts. Every number comes with the address of its list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from media_tracker.errors import N_
from media_tracker.monitor.definitions import DEFINITIONS, Dimension, Key
from media_tracker.monitor.periods import months
from media_tracker.monitor.service import Overview, Stretch
from media_tracker.web.figure_links import Asked
from media_tracker.web.naming import Names

BROKEN_DOWN = (Key.EXPOSURES, Key.PROBLEMS, Key.RESOLVED, Key.CLAIMED, Key.OVERDUE)
"""The figures that are broken down by outlet, district, category and month."""

GROUPS: Sequence[tuple[str, Sequence[Key]]] = (
    (
        N_("Solved"),
        (Key.RESOLVED, Key.RESOLVED_NET, Key.RELAPSED, Key.BEFORE_PRINT, Key.ALSO_REPORTED, Key.RESOLVED_COHORT),
    ),
    (N_("Exposed"), (Key.PROBLEMS, Key.EXPOSURES, Key.BEHAVIOUR, Key.CLAIMED, Key.OVERDUE, Key.DEFERRED)),
    (N_("Published"), (Key.STORIES, Key.CLUSTERS, Key.GOOD_DEEDS)),
)
HEADLINE = Key.RESOLVED

RATES: Sequence[tuple[str, Key, Key]] = (
    (N_("Verified or closed, of those due"), Key.DUE_CLOSED, Key.DUE),
    (N_("On time, of those due"), Key.DUE_ON_TIME, Key.DUE),
    (N_("Resolved via media by now, of the problems exposed"), Key.RESOLVED_COHORT, Key.PROBLEMS),
)
"""Label, numerator, denominator; the numerator is always a part of the denominator."""

HEADS: Mapping[Dimension, tuple[str, str]] = {
    Dimension.OUTLET: (N_("By outlet"), N_("Outlet")),
    Dimension.DISTRICT: (N_("By district"), N_("District")),
    Dimension.CATEGORY: (N_("By category"), N_("Category")),
    Dimension.MONTH: (N_("By month"), N_("Month")),
    Dimension.COLUMN: (N_("By column"), N_("Column")),
    Dimension.PROJECT: (N_("By project"), N_("Project")),
    Dimension.STREET: (N_("By street"), N_("Street")),
    Dimension.COMMUNITY: (N_("By community"), N_("Community")),
    Dimension.SUBCATEGORY: (N_("By sub-category"), N_("Sub-category")),
    Dimension.UNIT: (N_("By unit in charge"), N_("Unit in charge")),
    Dimension.SEVERITY: (N_("By severity"), N_("Severity")),
    Dimension.SOURCE: (N_("By source"), N_("Source")),
    Dimension.DAY: (N_("By day"), N_("Day")),
}
TABLES = (Dimension.OUTLET, Dimension.DISTRICT, Dimension.CATEGORY, Dimension.MONTH)
"""By what the overview breaks figures down."""
STRETCH_NAMES: Mapping[Stretch, str] = {
    Stretch.ASSIGNMENT: N_("Exposure to assignment"),
    Stretch.ANSWER: N_("Assignment to answer"),
    Stretch.FIX: N_("Exposure to verified fix"),
}
CHARTED = (Dimension.CATEGORY, Dimension.DISTRICT, Dimension.OUTLET)
"""What the bar chart is by: the first of these that is not fixed by a filter."""
COLUMNS = (Key.PROBLEMS, Key.RESOLVED)


@dataclass(frozen=True, slots=True)
class Count:
    """A number and the address of exactly the list that it counts."""

    value: int
    href: str
    adds_up: bool = True


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure with its name, its definition, and the period before beside it."""

    value: int
    href: str
    label: str
    definition: str
    compare: Mapping[str, object] = field(default_factory=dict)
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Rate:
    """A part of a whole, both with their lists."""

    label: str
    definition: str
    part: Count
    whole: Count


@dataclass(frozen=True, slots=True)
class Time:
    """How long a stretch takes, in days, and over which problems."""

    label: str
    median_days: float | None
    p90_days: float | None
    over: Count


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a breakdown."""

    label: str
    counts: Sequence[Count]


@dataclass(frozen=True, slots=True)
class TableView:
    """A breakdown with its total; its columns stand in the order of ``BROKEN_DOWN``."""

    title: str
    head: str
    lines: Sequence[Line]
    total: Sequence[Count]


@dataclass(frozen=True, slots=True)
class BarChart:
    """One bar for each value of a dimension."""

    caption: str
    head: str
    unit: str
    rows: Sequence[Mapping[str, object]]
    adds_up: bool


@dataclass(frozen=True, slots=True)
class ColumnChart:
    """One group of columns for each month."""

    caption: str
    series: Sequence[str]
    points: Sequence[Mapping[str, object]]


class FigureViews:
    """Makes the views of one overview."""

    def __init__(self, overview: Overview, asked: Asked, names: Names) -> None:
        self._overview = overview
        self._asked = asked
        self._names = names
        self._earlier = asked.during(overview.earlier.period)

    def groups(self) -> list[tuple[str, list[Tile]]]:
        """The tiles, grouped; the headline comes first."""
        return [(self._names.gettext(title), [self._tile(key) for key in keys]) for title, keys in GROUPS]

    def rates(self) -> list[Rate]:
        """The rates, each with its denominator."""
        return [self._rate(*rate) for rate in RATES]

    def times(self) -> list[Time]:
        """The durations in days."""
        return [self._time(stretch) for stretch in Stretch]

    def tables(self) -> list[TableView]:
        """The breakdowns. By what a filter has fixed there is none: another value's column would be a part of its list."""
        return [self._table(dimension) for dimension in self._free(tuple(self._overview.tables))]

    def bars(self) -> BarChart | None:
        """Problems exposed by the first free dimension; None when there is nothing to show."""
        free = self._free(CHARTED)
        table = self._overview.tables[free[0]] if free else None
        if table is None or not table.columns:
            return None
        key = Key.PROBLEMS
        caption, head = HEADS[table.by]
        gettext = self._names.gettext
        rows: list[Mapping[str, object]] = [
            {
                "label": self._names.of(table.by, column.value),
                "value": column.counts[key],
                "href": self._asked.within(table.by, column.value).list_of(key),
            }
            for column in table.columns
            if column.counts[key]
        ]
        if not rows:
            return None
        title = f"{gettext(DEFINITIONS[key].name)} · {gettext(caption)}"
        return BarChart(title, gettext(head), gettext(DEFINITIONS[key].name), rows, key not in table.not_additive)

    def columns(self) -> ColumnChart:
        """Problems exposed and resolved, month by month; a month without any has its column too."""
        counts = {column.value: column.counts for column in self._overview.tables[Dimension.MONTH].columns}
        names = [self._names.gettext(DEFINITIONS[key].name) for key in COLUMNS]
        points: list[Mapping[str, object]] = []
        for month in months(self._overview.view.period):
            within = self._asked.within(Dimension.MONTH, month)
            points.append(
                {
                    "label": month[2:].replace("-", "/"),
                    "name": self._names.month(month),
                    "values": [counts.get(month, {}).get(key, 0) for key in COLUMNS],
                    "hrefs": [within.list_of(key) for key in COLUMNS],
                }
            )
        return ColumnChart(self._names.gettext(N_("Month by month")), names, points)

    def _tile(self, key: Key) -> Tile:
        figure, before = self._overview.figures[key], self._overview.before[key]
        compare = {
            "label": self._names.gettext(N_("Period before")),
            "value": before.value,
            "href": self._earlier.list_of(key),
            "change": f"({_signed(figure.value - before.value)})",
        }
        count = self._count(key)
        definition = figure.definition
        gettext = self._names.gettext
        return Tile(
            count.value, count.href, gettext(definition.name), gettext(definition.text), compare, key is HEADLINE
        )

    def _count(self, key: Key) -> Count:
        return Count(self._overview.figures[key].value, self._asked.list_of(key))

    def _rate(self, label: str, part: Key, whole: Key) -> Rate:
        gettext = self._names.gettext
        definition = " ".join(
            f"{gettext(DEFINITIONS[key].name)}: {gettext(DEFINITIONS[key].text)}" for key in (part, whole)
        )
        return Rate(gettext(label), definition, self._count(part), self._count(whole))

    def _time(self, stretch: Stretch) -> Time:
        duration = self._overview.durations[stretch]
        asked = Asked(self._asked.period, self._asked.part, stretch)
        return Time(
            self._names.gettext(duration.name),
            None if duration.median_hours is None else duration.median_hours / 24,
            None if duration.p90_hours is None else duration.p90_hours / 24,
            Count(duration.count, asked.list_of(Key.PROBLEMS)),
        )

    def _free(self, dimensions: Sequence[Dimension]) -> list[Dimension]:
        return [dimension for dimension in dimensions if dimension not in self._asked.filters]

    def _table(self, by: Dimension) -> TableView:
        table = self._overview.tables[by]
        title, head = HEADS[by]
        lines = []
        for column in sorted(table.columns, key=lambda column: self._place(by, column.value)):
            within = self._asked.within(by, column.value)
            counts = [Count(column.counts[key], within.list_of(key)) for key in BROKEN_DOWN]
            lines.append(Line(self._names.of(by, column.value), counts))
        total = [
            Count(self._overview.figures[key].value, self._asked.list_of(key), key not in table.not_additive)
            for key in BROKEN_DOWN
        ]
        return TableView(self._names.gettext(title), self._names.gettext(head), lines, total)

    def _place(self, by: Dimension, value: str) -> tuple[bool, str]:
        """By name, never by number: no ranking. Months stand in their order; what has none stands last."""
        return value == "", value if by is Dimension.MONTH else self._names.of(by, value)


def _signed(change: int) -> str:
    """A change with its sign; the minus is the sign, not a hyphen."""
    return f"+{change}" if change > 0 else f"\u2212{-change}" if change < 0 else "\u00b10"
