"""Figures as pages show them: tiles, rates, breakdowns, charts. Every number comes with the address of its list."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from media_tracker.errors import N_
from media_tracker.monitor.definitions import DEFINITIONS, Dimension, Key
from media_tracker.monitor.facts import Period
from media_tracker.monitor.periods import months
from media_tracker.monitor.service import Column, Overview, Stretch
from media_tracker.web.figure_links import Asked
from media_tracker.web.figure_links import Count as Count
from media_tracker.web.naming import Names

_OF_CASES = (Key.PROBLEMS, Key.RESOLVED, Key.CLAIMED, Key.DEFERRED, Key.OVERDUE, Key.RELAPSED)
_OF_STORIES = (Key.STORIES, Key.EXPOSURES, *_OF_CASES)
_OF_EVERYTHING = (*_OF_STORIES, Key.GOOD_DEEDS)
BROKEN_DOWN: Mapping[Dimension, Sequence[Key]] = {
    Dimension.OUTLET: _OF_EVERYTHING,
    Dimension.COLUMN: _OF_STORIES,
    Dimension.PROJECT: _OF_STORIES,
    Dimension.DISTRICT: _OF_EVERYTHING,
    Dimension.STREET: _OF_EVERYTHING,
    Dimension.COMMUNITY: _OF_EVERYTHING,
    Dimension.CATEGORY: _OF_STORIES,
    Dimension.SUBCATEGORY: _OF_STORIES,
    Dimension.UNIT: _OF_CASES,
    Dimension.SEVERITY: _OF_CASES,
    Dimension.SOURCE: _OF_CASES,
    Dimension.MONTH: _OF_EVERYTHING,
    Dimension.DAY: _OF_EVERYTHING,
}
"""What a table by each dimension shows: a story has no unit, a good deed no column. Beside it stands the time kept."""
TIME_KEPT_NAME = N_("On time, of those due")
TIME_KEPT = (Key.DUE_ON_TIME, Key.DUE)
"""The rate in every table: numerator, denominator."""
PUBLISHED_BY = frozenset({Dimension.MONTH, Dimension.DAY})
"""Beside these no time kept is shown: what was due in a month is not what was exposed in it."""

TABS: Sequence[Sequence[Dimension]] = (
    (Dimension.OUTLET, Dimension.COLUMN, Dimension.PROJECT),
    (Dimension.DISTRICT, Dimension.STREET, Dimension.COMMUNITY),
    (Dimension.CATEGORY, Dimension.SUBCATEGORY),
    (Dimension.UNIT, Dimension.SEVERITY, Dimension.SOURCE),
    (Dimension.MONTH, Dimension.DAY),
)
"""By what the table can be, in groups that belong together."""
FIRST_TAB = Dimension.DISTRICT
BELOW: Mapping[Dimension, Dimension] = {
    Dimension.DISTRICT: Dimension.STREET,
    Dimension.STREET: Dimension.COMMUNITY,
    Dimension.COMMUNITY: Dimension.SUBCATEGORY,
    Dimension.CATEGORY: Dimension.SUBCATEGORY,
    Dimension.SUBCATEGORY: Dimension.STREET,
    Dimension.OUTLET: Dimension.COLUMN,
    Dimension.COLUMN: Dimension.CATEGORY,
    Dimension.PROJECT: Dimension.COLUMN,
    Dimension.UNIT: Dimension.SUBCATEGORY,
    Dimension.SEVERITY: Dimension.CATEGORY,
    Dimension.SOURCE: Dimension.CATEGORY,
}
"""What one looks at next, once one value has been chosen."""
MOST_LINES = 200
"""Of a table on a page; all of them are a click away."""

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
    (TIME_KEPT_NAME, *TIME_KEPT),
    (N_("Resolved via media by now, of the problems exposed"), Key.RESOLVED_COHORT, Key.PROBLEMS),
    (N_("Failed the first check, of those checked"), Key.FIRST_FAILED, Key.CHECKED),
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
    Dimension.STAGE: (N_("By how far it has come"), N_("How far it has come")),
    Dimension.DAY: (N_("By day"), N_("Day")),
}
STRETCH_NAMES: Mapping[Stretch, str] = {
    Stretch.ASSIGNMENT: N_("Exposure to assignment"),
    Stretch.ANSWER: N_("Assignment to answer"),
    Stretch.FIX: N_("Exposure to verified fix"),
}
COLUMNS = (Key.PROBLEMS, Key.RESOLVED)
MOST_DAYS = timedelta(days=92)
ABOVE: Mapping[Dimension, Sequence[Dimension]] = {
    Dimension.STREET: (Dimension.DISTRICT,),
    Dimension.COMMUNITY: (Dimension.DISTRICT, Dimension.STREET),
    Dimension.SUBCATEGORY: (Dimension.CATEGORY,),
}
"""What a filter fixes as well: a street lies in one district, so that a table by district would have one line."""


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
    """One line of a breakdown. ``href``: the monitor with only this, broken down by what is below it."""

    label: str
    href: str
    counts: Sequence[Count]
    kept: Rate | None


@dataclass(frozen=True, slots=True)
class Tab:
    """One way to break figures down."""

    label: str
    href: str
    active: bool


@dataclass(frozen=True, slots=True)
class TableView:
    """A breakdown with its total. ``all_lines``: where the lines are that did not fit, empty when all did."""

    title: str
    head: str
    heads: Sequence[str]
    lines: Sequence[Line]
    total: Sequence[Count]
    kept: Rate | None
    kept_head: str
    left_out: int = 0
    all_lines: str = ""


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

    def tabs(self, chosen: Dimension | None) -> list[list[Tab]]:
        """By what the table can be. By what a filter has fixed it cannot: another value's line would be a part of its list."""
        tabs = [
            [
                Tab(self._names.gettext(HEADS[each][1]), self._asked.overview(each) + "#by", each is chosen)
                for each in group
                if each in free_tabs(self._asked)
            ]
            for group in TABS
        ]
        return [group for group in tabs if group]

    def table(self, by: Dimension, most: int | None = MOST_LINES) -> TableView:
        """The figures broken down by one dimension, at most so many lines."""
        table = self._overview.tables[by]
        gettext, keys = self._names.gettext, BROKEN_DOWN[by]
        columns = sorted(table.columns, key=lambda column: self._place(by, column.value))
        columns = [column for column in columns if any(column.counts.values())]
        total = [
            Count(self._overview.figures[key].value, self._asked.list_of(key), key not in table.not_additive)
            for key in keys
        ]
        shown = columns if most is None else columns[:most]
        left_out = len(columns) - len(shown)
        return TableView(
            title=gettext(HEADS[by][0]),
            head=gettext(HEADS[by][1]),
            heads=[gettext(DEFINITIONS[key].name) for key in keys],
            lines=[self._line(by, column) for column in shown],
            total=total,
            kept=None if by in PUBLISHED_BY else self._rate(TIME_KEPT_NAME, *TIME_KEPT),
            kept_head="" if by in PUBLISHED_BY else gettext(TIME_KEPT_NAME),
            left_out=left_out,
            all_lines=f"{self._asked.overview(by)}&lines=all#by" if left_out else "",
        )

    def _line(self, by: Dimension, column: Column) -> Line:
        within = self._asked.within(by, column.value)
        counts = [Count(column.counts[key], within.list_of(key)) for key in BROKEN_DOWN[by]]
        kept = None
        if by not in PUBLISHED_BY:
            part, whole = (Count(column.counts[key], within.list_of(key)) for key in TIME_KEPT)
            kept = Rate("", "", part, whole)
        return Line(self._names.of(by, column.value), self._narrower(by, column.value), counts, kept)

    def _narrower(self, by: Dimension, value: str) -> str:
        """Where one goes on from a line: to its own days, or to what lies below it."""
        if by is Dimension.MONTH:
            return self._asked.during(days_of(value, self._asked.period)).overview()
        if by is Dimension.DAY:
            return ""
        within = self._asked.within(by, value)
        below: Dimension | None = BELOW[by]
        return within.overview(below if below in free_tabs(within) else None) + "#by"

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
        asked = replace(self._asked, stretch=stretch)
        return Time(
            self._names.gettext(duration.name),
            None if duration.median_hours is None else duration.median_hours / 24,
            None if duration.p90_hours is None else duration.p90_hours / 24,
            Count(duration.count, asked.list_of(Key.PROBLEMS)),
        )

    def _place(self, by: Dimension, value: str) -> tuple[bool, str]:
        """By name, never by number: no ranking. Months stand in their order; what has none stands last."""
        return value == "", value if by in (Dimension.MONTH, Dimension.DAY) else self._names.of(by, value)


def free_tabs(asked: Asked) -> list[Dimension]:
    """By what the table can be: what no filter has fixed; days only of a quarter."""
    few = asked.period.end - asked.period.start <= MOST_DAYS
    fixed = {*asked.filters, *(above for each in asked.filters for above in ABOVE.get(each, ()))}
    return [each for group in TABS for each in group if each not in fixed and (few or each is not Dimension.DAY)]


def days_of(month: str, period: Period) -> Period:
    """The days of ``month`` (``2022-03``) that lie in ``period``."""
    first = date.fromisoformat(f"{month}-01")
    last = first.replace(day=monthrange(first.year, first.month)[1])
    return Period(max(first, period.start), min(last, period.end))


def _signed(change: int) -> str:
    """A change with its sign; the minus is the sign, not a hyphen."""
    return f"+{change}" if change > 0 else f"\u2212{-change}" if change < 0 else "\u00b10"
