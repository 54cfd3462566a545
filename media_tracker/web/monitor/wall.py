"""The wall (挂图作战): how the campaign stands, for a screen that a room looks at. It refreshes itself.

Visitors pass by such a screen: what is withheld or objected to is not on it by name, and what nobody has verified yet is told by
its category and street alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bson import ObjectId
from litestar import Request, Response, get

from media_tracker.errors import N_
from media_tracker.files.kept import Photo
from media_tracker.monitor.definitions import Dimension, Key
from media_tracker.monitor.service import Overview
from media_tracker.monitor.stages import Stage
from media_tracker.problems.case import Case, Severity
from media_tracker.problems.documents import Problem
from media_tracker.problems.light import Light, light
from media_tracker.web.figure_links import Asked, asked_of
from media_tracker.web.guards import signed_in
from media_tracker.web.monitor.chart_views import ChartView
from media_tracker.web.monitor.charts import LEFT_OUT, charts_of
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
    big: Sequence[BigFigure]
    share: float | None
    due: Count
    closed: Count
    trend: ChartView
    map: ChartView
    solved: Sequence[Solved]
    pressing: Sequence[Pressing]
    overdue: Count
    monitor: str


@get("/monitor/wall", guards=[signed_in])
async def wall(request: Request[Any, Any, Any]) -> Response[str]:
    """The wall, for the days and filters of the address: without any, the year so far. ``theme=light`` makes it light."""
    names, asked = await names_of(request), asked_of(request)
    for dimension in LEFT_OUT:
        asked = asked.without(dimension)
    made = await charts_of(request, asked, names, big=True)
    found, theme = made.overview, request.query_params.get("theme", "")
    context = WallPage(
        theme=theme if theme in THEMES else "dark",
        first=asked.period.start,
        last=asked.period.end,
        zone=services(request).settings.timezone,
        counted_at=found.counted_at,
        big=_figures(found, asked, names),
        share=_share(found),
        due=Count(found.figures[Key.DUE].value, asked.list_of(Key.DUE)),
        closed=Count(found.figures[Key.DUE_CLOSED].value, asked.list_of(Key.DUE_CLOSED)),
        trend=made.trend(),
        map=made.map(),
        solved=await _solved(request, asked, names),
        pressing=await _pressing(request, asked, names),
        overdue=Count(found.figures[Key.OVERDUE].value, asked.list_of(Key.OVERDUE)),
        monitor=asked.overview(),
    )
    return await page(request, "monitor/wall.html", context)


def _figures(found: Overview, asked: Asked, names: Names) -> list[BigFigure]:
    looks = {Key.RESOLVED: "good", Key.OVERDUE: "bad"}
    return [
        BigFigure(names.gettext(label), Count(found.figures[key].value, asked.list_of(key)), looks.get(key, ""))
        for key, label in SHOWN
    ]


def _share(found: Overview) -> float | None:
    due = found.figures[Key.DUE].value
    return found.figures[Key.DUE_CLOSED].value / due if due else None


async def _solved(request: Request[Any, Any, Any], asked: Asked, names: Names) -> list[Solved]:
    """The latest that were solved; those with pictures first."""
    problems = await _problems(request, asked, Key.RESOLVED)
    open_to_all = [each for each in problems if not each.case.masked and each.case.verified_at is not None]
    pairs = {each.number: _pair(each.case) for each in open_to_all}
    photos = await services(request).files.photos({photo for pair in pairs.values() for photo in pair if photo})
    open_to_all.sort(key=lambda each: not all(photo in photos for photo in pairs[each.number]))
    return [_solved_one(each, pairs[each.number], photos, names) for each in open_to_all[:MOST_SOLVED]]


def _solved_one(
    problem: Problem, pair: tuple[ObjectId | None, ...], photos: Mapping[ObjectId, Photo], names: Names
) -> Solved:
    before, after = (f"/files/{photo}" if photo in photos else "" for photo in pair)
    assert problem.case.verified_at is not None  # only verified ones are asked for
    where = names.region(problem.case.region)
    return Solved(problem.title, where, f"/problems/{problem.number}", problem.case.verified_at, before, after)


def _pair(case: Case) -> tuple[ObjectId | None, ObjectId | None]:
    """The first picture from before, and the last from after the fix."""
    before = [photo for each in case.rounds for photo in each.before]
    after = [photo for each in case.rounds for photo in each.after]
    return (before[0] if before else None), (after[-1] if after else None)


async def _pressing(request: Request[Any, Any, Any], asked: Asked, names: Names) -> list[Pressing]:
    """What is overdue, and what is urgent and not called fixed: the urgent first, then the longest overdue."""
    urgent = asked.within(Dimension.SEVERITY, Severity.URGENT.value).within(Dimension.STAGE, Stage.IN_HAND.value)
    found = [*await _problems(request, asked, Key.OVERDUE), *await _problems(request, urgent, Key.PROBLEMS)]
    problems = list({each.number: each for each in found}.values())
    now = services(request).clock()
    problems.sort(key=lambda each: (each.case.severity is not Severity.URGENT, each.case.due_at or now))
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
        for each in problems[:MOST_PRESSING]
    ]


async def _problems(request: Request[Any, Any, Any], asked: Asked, key: Key) -> list[Problem]:
    """The newest problems of a figure's list, in its order."""
    use = services(request)
    _, rows = await use.monitor.page(key, asked.period, asked.part, 0, LOOKED_AT, as_of=asked.as_of)
    found = (await use.monitor.subjects(rows)).problems
    return [found[row.problem_id] for row in rows if row.problem_id is not None and row.problem_id in found]


ROUTES = [wall]
