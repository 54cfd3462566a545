"""The wall (挂图作战): how the campaign stands, for a screen that a room looks at. It refreshes itself.

Visitors pass by such a screen: what is withheld or objected to is not on it by name, and what nobody has verified yet is told by
its category and street alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from bson import ObjectId
from litestar import Request, Response, get
from markupsafe import Markup

from media_tracker.errors import N_
from media_tracker.files.kept import Photo
from media_tracker.monitor.definitions import Dimension, Key
from media_tracker.monitor.facts import Row
from media_tracker.monitor.service import Overview
from media_tracker.monitor.showing import Glance
from media_tracker.monitor.stages import Stage
from media_tracker.problems.case import Round, Severity
from media_tracker.problems.light import Light, light
from media_tracker.web.figure_links import Asked, asked_of
from media_tracker.web.guards import signed_in
from media_tracker.web.monitor.chart_views import Charts, ChartView
from media_tracker.web.monitor.charts import LEFT_OUT, charts_of
from media_tracker.web.monitor.keeping import kept
from media_tracker.web.monitor.view import Count
from media_tracker.web.naming import Names, names_of
from media_tracker.web.render import THEMES, page
from media_tracker.web.visitor import services

SHOWN: tuple[tuple[Key, str], ...] = (
    (Key.RESOLVED, N_("Resolved via media")),
    (Key.PROBLEMS, N_("Problems exposed")),
    (Key.EXPOSURES, N_("Exposures")),
    (Key.CLAIMED, N_("Waiting for a check")),
    (Key.OVERDUE, N_("Overdue")),
    (Key.GOOD_DEEDS, N_("Good deeds")),
)
"""The big figures, with names that can be read from afar."""
MOST_SOLVED, MOST_PRESSING = 3, 6
LOOKED_AT = 40
"""How many rows of a list are looked at to find those."""


@dataclass(frozen=True, slots=True)
class BigFigure:
    """A number for a wall. ``look``: "", "good" or "bad"."""

    label: str
    count: Count
    look: str = ""


@dataclass(frozen=True, slots=True)
class Solved:
    """A problem that was solved, with its pictures from before and after, where there are any."""

    title: str
    where: str
    href: str
    verified_at: datetime
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Pressing:
    """A problem that should be fixed by now, or that is urgent."""

    number: str
    what: str
    where: str
    unit: str
    due_at: datetime | None
    light: str
    severity: str


@dataclass(frozen=True, slots=True)
class WallPage:
    """``templates/monitor/wall.html``"""

    theme: str
    first: date
    last: date
    zone: str
    counted_at: datetime | None
    figures: Markup
    """A ``WallFigures``."""
    solved: Sequence[Solved]
    pressing: Sequence[Pressing]
    monitor: str


@dataclass(frozen=True, slots=True)
class WallFigures:
    """``templates/monitor/wall_figures.html``: the figures and charts, the same for everybody who asks the same."""

    big: Sequence[BigFigure]
    share: float | None
    due: Count
    closed: Count
    trend: ChartView
    map: ChartView


@get("/monitor/wall", guards=[signed_in])
async def wall(request: Request[Any, Any, Any]) -> Response[str]:
    """The wall, for the days and filters of the address: without any, the year so far. ``theme=light`` makes it light."""
    names, asked = await names_of(request), asked_of(request)
    for dimension in LEFT_OUT:
        asked = asked.without(dimension)
    made = await charts_of(request, asked, names, big=True, dimensions=(Dimension.DAY, Dimension.DISTRICT))
    theme = request.query_params.get("theme", "")

    def write() -> str:
        part = _figures(made, asked, names)
        return names.pages.render(
            "monitor/wall_figures.html", {each.name: getattr(part, each.name) for each in fields(part)}
        )

    resolved, urgent = await _rows(request, asked, Key.RESOLVED), await _urgent_rows(request, asked)
    glances = await services(request).monitor.glances([*resolved, *urgent])
    about = (WallFigures, made.overview.version, asked, made.grain, made.figure, tuple(made.milestones))
    context = WallPage(
        theme=theme if theme in THEMES else "dark",
        first=asked.period.start,
        last=asked.period.end,
        zone=services(request).settings.timezone,
        counted_at=made.overview.counted_at,
        figures=kept(about, names, write),
        solved=await _solved(request, resolved, glances, names),
        pressing=await _pressing(request, urgent, glances, names),
        monitor=asked.overview(),
    )
    return await page(request, "monitor/wall.html", context)


def _figures(made: Charts, asked: Asked, names: Names) -> WallFigures:
    found, looks = made.overview, {Key.RESOLVED: "good", Key.OVERDUE: "bad"}
    return WallFigures(
        big=[
            BigFigure(names.gettext(label), Count(found.figures[key].value, asked.list_of(key)), looks.get(key, ""))
            for key, label in SHOWN
        ],
        share=_share(found),
        due=Count(found.figures[Key.DUE].value, asked.list_of(Key.DUE)),
        closed=Count(found.figures[Key.DUE_CLOSED].value, asked.list_of(Key.DUE_CLOSED)),
        trend=made.trend(),
        map=made.map(),
    )


def _share(found: Overview) -> float | None:
    due = found.figures[Key.DUE].value
    return found.figures[Key.DUE_CLOSED].value / due if due else None


async def _solved(
    request: Request[Any, Any, Any], rows: Sequence[Row], glances: Mapping[ObjectId, Glance], names: Names
) -> list[Solved]:
    """The latest that were solved; those with pictures first."""
    known = [glances[row.problem_id] for row in rows if row.problem_id is not None and row.problem_id in glances]
    open_to_all = [each for each in known if not each.masked and each.verified_at is not None]
    pairs = {each.number: _pair(each.rounds) for each in open_to_all}
    photos = await services(request).files.photos({photo for pair in pairs.values() for photo in pair if photo})
    open_to_all.sort(key=lambda each: not all(photo in photos for photo in pairs[each.number]))
    return [_solved_one(each, pairs[each.number], photos, names) for each in open_to_all[:MOST_SOLVED]]


def _solved_one(
    problem: Glance, pair: tuple[ObjectId | None, ...], photos: Mapping[ObjectId, Photo], names: Names
) -> Solved:
    before, after = (f"/files/{photo}" if photo in photos else "" for photo in pair)
    assert problem.verified_at is not None  # only verified ones are asked for
    where = names.region(problem.region)
    return Solved(problem.title, where, f"/problems/{problem.number}", problem.verified_at, before, after)


def _pair(rounds: Sequence[Round]) -> tuple[ObjectId | None, ObjectId | None]:
    """The first picture from before, and the last from after the fix."""
    before = [photo for each in rounds for photo in each.before]
    after = [photo for each in rounds for photo in each.after]
    return (before[0] if before else None), (after[-1] if after else None)


async def _pressing(
    request: Request[Any, Any, Any], found: Sequence[Row], glances: Mapping[ObjectId, Glance], names: Names
) -> list[Pressing]:
    """The urgent first, then the longest overdue."""
    use, now = services(request), services(request).clock()
    rows = {row.problem_id: row for row in found if row.problem_id is not None and row.problem_id in glances}
    order = sorted(rows, key=lambda each: (glances[each].severity is not Severity.URGENT, glances[each].due_at or now))[
        :MOST_PRESSING
    ]
    problems = (await use.monitor.subjects([rows[each] for each in order])).problems
    return [
        Pressing(
            number=each.number,
            what=names.category(each.case.category),
            where=names.region(each.case.region),
            unit=names.unit(each.case.unit_id),
            due_at=each.case.due_at,
            light=(state if (state := light(each.case, now)) is not Light.DONE else Light.OK).value,
            severity=each.case.severity.value,
        )
        for each in map(problems.get, order)
        if each is not None
    ]


async def _urgent_rows(request: Request[Any, Any, Any], asked: Asked) -> Sequence[Row]:
    """What is overdue, and what is urgent and not called fixed."""
    urgent = asked.within(Dimension.SEVERITY, Severity.URGENT.value).within(Dimension.STAGE, Stage.IN_HAND.value)
    return [*await _rows(request, asked, Key.OVERDUE), *await _rows(request, urgent, Key.PROBLEMS)]


async def _rows(request: Request[Any, Any, Any], asked: Asked, key: Key) -> Sequence[Row]:
    """The newest rows of a figure's list, in its order."""
    monitor = services(request).monitor
    return (await monitor.part(key, asked.period, asked.part, 0, LOOKED_AT, as_of=asked.as_of)).rows


ROUTES = [wall]
