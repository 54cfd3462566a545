"""Charts as pages show them: what the browser draws, and the same numbers as a table whose every number opens its list.

``Charts(overview, asked, names, …)`` makes them from one overview that is broken down by ``DIMENSIONS``; a
page puts each in its place by ``chart_parts.chart(view)``. Without JavaScript, and on paper, the table is what there is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from urllib.parse import urlencode

from media_tracker.errors import N_
from media_tracker.monitor import charts
from media_tracker.monitor.charts import Counts, Grain, Rank
from media_tracker.monitor.definitions import DEFINITIONS, Dimension, Key
from media_tracker.monitor.facts import Period
from media_tracker.monitor.milestones import Milestone
from media_tracker.monitor.service import Overview
from media_tracker.monitor.stages import ABOVE, Stage
from media_tracker.web.figure_links import Asked
from media_tracker.web.monitor import chart_options
from media_tracker.web.monitor.chart_options import Drawn, Edge, Node, Point, Series
from media_tracker.web.monitor.view import Count
from media_tracker.web.naming import Names

PATH = "/monitor/charts"
TREND = (Key.EXPOSURES, Key.PROBLEMS, Key.RESOLVED)
CHOSEN_FROM = (Key.PROBLEMS, Key.EXPOSURES, Key.RESOLVED, Key.CLAIMED, Key.OVERDUE, Key.STORIES, Key.GOOD_DEEDS)
"""Figures that the map and the calendar can show."""
KEYS = tuple(
    dict.fromkeys(
        (
            *TREND,
            *CHOSEN_FROM,
            Key.RESOLVED_NET,
            Key.DUE,
            Key.DUE_ON_TIME,
            Key.CHECKED,
            Key.FIRST_FAILED,
        )
    )
)
"""What has to be broken down."""
DIMENSIONS = (Dimension.DAY, Dimension.STAGE, Dimension.DISTRICT, Dimension.UNIT)
"""By what; within one district also by street."""
GRAIN_NAMES: Mapping[Grain, str] = {Grain.DAY: N_("By day"), Grain.WEEK: N_("By week"), Grain.MONTH: N_("By month")}
MOST_MARKS = 40
HUES: Mapping[Stage, str] = {
    Stage.RETURNED: "$bar-2",
    Stage.DEFERRED: "$bar-2",
    Stage.CONFIRMED: "$good",
    Stage.VERIFIED: "$good",
    Stage.CLOSED: "$good",
    Stage.RELAPSED: "$alarm",
}
"""Colours of stages; they are named and placed too, so that nobody has to tell them by colour."""


class Chart(StrEnum):
    """The charts, by the name that is in their address."""

    TREND = "trend"
    FLOW = "flow"
    CALENDAR = "calendar"
    MAP = "map"
    ON_TIME = "on_time"
    FIRST_FAILED = "first_failed"
    RELAPSED = "relapsed"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart's table. ``texts`` stand before the counts: a place, a share."""

    label: str
    counts: Sequence[Count]
    texts: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ChartView:
    """A chart: ``drawn`` is what the browser draws (``charts.js``), ``heads`` and ``lines`` are its table."""

    name: Chart
    title: str
    note: str
    drawn: Drawn
    heads: Sequence[str]
    lines: Sequence[Line]
    csv: str
    empty: bool = False
    open: bool = False
    """The table is shown at once, for what says more in words than in a picture."""
    marks: Sequence[Milestone] = ()
    apart: Sequence[Line] = ()
    """Lines that are shown on demand only: of too few cases to mean anything."""
    apart_title: str = ""


class Charts:
    """Makes the charts of one overview."""

    def __init__(
        self,
        overview: Overview,
        asked: Asked,
        names: Names,
        *,
        milestones: Sequence[Milestone] = (),
        figure: Key = Key.PROBLEMS,
        grain: Grain | None = None,
        big: bool = False,
    ) -> None:
        self.overview = overview
        self._asked = asked
        self._names = names
        self.milestones = milestones
        self.figure = figure
        self._grain = grain or charts.grain_for(asked.period)
        self._gettext = names.gettext
        self._big = big

    @property
    def grain(self) -> Grain:
        """How long one step of the trend is."""
        return self._grain

    def of(self, name: Chart) -> ChartView:
        """One of them."""
        made: Mapping[Chart, Callable[[], ChartView]] = {
            Chart.TREND: self.trend,
            Chart.FLOW: self.flow,
            Chart.CALENDAR: self.calendar,
            Chart.MAP: self.map,
        }
        return made[name]() if name in made else self.rank(Rank(name.value))

    def trend(self) -> ChartView:
        """Exposures, problems and fixes over time, with what happened in the campaign."""
        parts = charts.steps(self._asked.period, self._grain)
        values = charts.trend(self._counts(Dimension.DAY), parts, TREND)
        lines = [
            Line(
                self._step(part),
                [Count(n, self._of_days(part).list_of(key)) for key, n in zip(TREND, row, strict=True)],
            )
            for part, row in zip(parts, values, strict=True)
        ]
        marks = [each for each in self.milestones if each.day in self._asked.period][-MOST_MARKS:]
        series = [
            Series(self._name(key), [self._point(self._name(key), line.counts[n], line.label) for line in lines])
            for n, key in enumerate(TREND)
        ]
        places = [(next(n for n, part in enumerate(parts) if each.day in part), each.words) for each in marks]
        drawn = chart_options.trend([self._short(part) for part in parts], series, places, big=self._big)
        note = N_("Each number opens its list. The broken upright lines are what happened in the campaign.")
        return self._view(
            Chart.TREND,
            N_("Exposed and resolved over time"),
            note if marks else N_("Each number opens its list."),
            drawn,
            [self._gettext(N_("Period")), *map(self._name, TREND)],
            lines,
            empty=not any(map(any, values)),
            marks=marks,
        )

    def flow(self) -> ChartView:
        """What has become of the problems exposed in the period."""
        total = self.overview.figures[Key.PROBLEMS].value
        found = charts.flow(self._counts(Dimension.STAGE), total, self._counts(Dimension.STAGE))
        start = Count(total, self._asked.list_of(Key.PROBLEMS))
        counts = {stage: Count(n, self._at(stage).list_of(Key.PROBLEMS)) for stage, n in found.stages.items()}
        first = self._name(Key.PROBLEMS)
        named: dict[Stage | None, str] = {None: first, **{stage: self._stage(stage) for stage in counts}}
        nodes = [Node(first, self._point(first, start))]
        nodes += [Node(named[each], self._point(named[each], counts[each]), HUES.get(each, "$bar")) for each in counts]
        edges = [Edge(named[above], named[to], self._point(named[to], counts[to])) for above, to, _ in found.links]
        lines = [Line(first, [start])]
        lines += [Line("\u3000" * _depth(stage) + named[stage], [count]) for stage, count in counts.items()]
        if found.overdue:
            over = Count(found.overdue, self._at(Stage.IN_HAND).list_of(Key.OVERDUE))
            point = self._point(self._name(Key.OVERDUE), over)
            nodes.append(Node(self._name(Key.OVERDUE), point, "$alarm"))
            edges.append(Edge(named[Stage.IN_HAND], self._name(Key.OVERDUE), point))
            place = list(counts).index(Stage.IN_HAND) + 2
            lines.insert(place, Line("\u3000" * 3 + self._name(Key.OVERDUE), [over]))
        return self._view(
            Chart.FLOW,
            N_("What becomes of the problems exposed"),
            N_("Every problem first exposed in the period, by how far it has come; a part stands after its whole."),
            chart_options.flow(nodes, edges),
            [self._gettext(N_("How far it has come")), self._name(Key.PROBLEMS)],
            lines,
            empty=not total,
        )

    def calendar(self) -> ChartView:
        """Exposures, or another figure, on each day."""
        days = charts.calendar(self._counts(Dimension.DAY), self._asked.period, self.figure)
        shown = self.figure
        counted = [(day, Count(n, self._of_days(Period(day, day)).list_of(shown))) for day, n in days]
        lines = [Line(self._day(day), [count]) for day, count in counted if count.value]
        drawn = chart_options.calendar(
            [(day, self._point(self._name(shown), count, self._day(day))) for day, count in counted]
        )
        note = N_("Days without any are left out of the table.")
        return self._view(
            Chart.CALENDAR,
            N_("On which days"),
            note,
            drawn,
            [self._gettext(N_("Day")), self._name(self.figure)],
            lines,
            subject=self._name(self.figure),
            empty=not lines,
        )

    def map(self) -> ChartView:
        """One figure by district, on the map; within one district by street, in the table alone."""
        within = self._asked.filters.get(Dimension.DISTRICT)
        by = Dimension.STREET if within else Dimension.DISTRICT
        counts = self._counts(by)
        here = {value: row.get(self.figure, 0) for value, row in counts.items()}
        regions = self._names.regions
        if not within:
            cities = {regions.path(code)[0] for code in here if code in regions} or {
                region.code for region in regions.children(None)[:1]
            }
            here |= {
                region.code: 0
                for region in regions
                if region.level == "district" and region.code not in here and regions.path(region.code)[0] in cities
            }
        order = sorted(here, key=lambda code: (code == "", code))
        areas = [(code, here[code], self._asked.within(by, code)) for code in order]
        lines = [Line(self._names.of(by, code), [Count(n, asked.list_of(self.figure))]) for code, n, asked in areas]
        drawn = chart_options.district_map(
            {
                code: (name, Point(f"{name} · {self._name(self.figure)} {n}", n, self.address(asked) + "#chart-map"))
                for code, n, asked in areas
                if code and (name := self._names.of(by, code))
            },
            big=self._big,
        )
        note = N_("A district on the map leads to its streets; streets have no outlines here and stand in the table.")
        return self._view(
            Chart.MAP,
            N_("Where"),
            N_("By street, within the district that is chosen.") if within else note,
            chart_options.NOTHING if within else drawn,
            [self._gettext(N_("Street") if within else N_("District")), self._name(self.figure)],
            lines,
            subject=self._name(self.figure),
            empty=not any(here.values()),
            open=bool(within),
        )

    def rank(self, rank: Rank) -> ChartView:
        """Units by what they did with the problems that they had; those with too few of them apart."""
        rule = charts.RANKS[rank]
        counts = {unit: self._pair(rank, row) for unit, row in self._counts(Dimension.UNIT).items()}
        ranked = charts.ranking(counts, rule)
        lines: list[Line] = []
        apart: list[Line] = []
        bars: list[tuple[str, Point]] = []
        for each in ranked:
            asked = self._asked.within(Dimension.UNIT, each.unit)
            part = asked.within(Dimension.STAGE, rule.part_stage.value) if rule.part_stage else asked
            cells = [Count(each.part, part.list_of(rule.part)), Count(each.whole, asked.list_of(rule.whole))]
            name = self._names.of(Dimension.UNIT, each.unit)
            share = self._names.pages.formats.percent(each.share)
            kept = apart if each.place is None else lines
            kept.append(Line(name, cells, ["—" if each.place is None else str(each.place), share]))
            if each.place is not None:
                say = f"{name} · {share} ({each.part}/{each.whole})"
                bars.append((name, Point(say, round(100 * each.share, 1), cells[0].href)))
        heads = [N_("Unit in charge"), N_("Rank"), N_("Share"), rule.name, N_("Cases")]
        note = N_("Units with at least {least} cases, the best first; equals share a place.")
        few = N_("Units with fewer than {least} cases, without a rank: {count}")
        return self._view(
            Chart(rank.value),
            rule.name,
            self._names.pages.catalogue.translate(note, None, least=charts.LEAST),
            chart_options.bars(bars) if bars else chart_options.NOTHING,
            [self._gettext(head) for head in heads],
            lines,
            empty=not (lines or apart),
            open=bool(lines),
            apart=apart,
            apart_title=self._names.pages.catalogue.translate(few, None, least=charts.LEAST, count=len(apart)),
        )

    def address(self, asked: Asked) -> str:
        """The page of charts for ``asked``, with the same figure and steps."""
        query = [*asked.query(), ("figure", self.figure.value), ("grain", self._grain.value)]
        return f"{PATH}?{urlencode(query)}"

    def _view(
        self,
        name: Chart,
        title: str,
        note: str,
        drawn: Drawn,
        heads: Sequence[str],
        lines: Sequence[Line],
        *,
        subject: str = "",
        empty: bool = False,
        open: bool = False,
        marks: Sequence[Milestone] = (),
        apart: Sequence[Line] = (),
        apart_title: str = "",
    ) -> ChartView:
        query = self.address(self._asked).partition("?")[2]
        said = f"{subject} · {self._gettext(title)}" if subject else self._gettext(title)
        csv = f"{PATH}/{name.value}.csv?{query}"
        return ChartView(
            name, said, self._gettext(note), drawn, heads, lines, csv, empty, open, marks, apart, apart_title
        )

    def _pair(self, rank: Rank, row: Mapping[Key, int]) -> tuple[int, int]:
        """Part and whole for one unit. What has relapsed of the resolved is what the net figure leaves out."""
        rule = charts.RANKS[rank]
        whole = row.get(rule.whole, 0)
        part = whole - row.get(Key.RESOLVED_NET, 0) if rank is Rank.RELAPSED else row.get(rule.part, 0)
        return part, whole

    def _counts(self, by: Dimension) -> Counts:
        table = self.overview.tables.get(by)
        return {column.value: column.counts for column in table.columns} if table is not None else {}

    def _of_days(self, part: Period) -> Asked:
        return self._asked.during(part)

    def _at(self, stage: Stage) -> Asked:
        return self._asked.within(Dimension.STAGE, stage.value)

    def _name(self, key: Key) -> str:
        return self._gettext(DEFINITIONS[key].name)

    def _point(self, name: str, count: Count, step: str = "") -> Point:
        said = f"{name} {count.value}"
        return Point(f"{step} · {said}" if step else said, count.value, count.href)

    def _stage(self, stage: Stage) -> str:
        return self._names.of(Dimension.STAGE, stage.value)

    def _day(self, day: date) -> str:
        return self._names.pages.formats.date_text(day)

    def _short(self, part: Period) -> str:
        return f"{part.start:%y/%m}" if self._grain is Grain.MONTH else f"{part.start:%m/%d}"

    def _step(self, part: Period) -> str:
        if self._grain is Grain.MONTH and len(charts.steps(part, Grain.MONTH)) == 1 and part.start.day == 1:
            return self._names.month(f"{part.start:%Y-%m}")
        first = self._day(part.start)
        return first if part.start == part.end else f"{first} – {self._day(part.end)}"


def _depth(stage: Stage) -> int:
    depth = 1
    while (above := ABOVE.get(stage)) is not None:
        depth, stage = depth + 1, above
    return depth
