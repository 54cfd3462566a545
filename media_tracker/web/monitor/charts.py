"""The page of charts, each chart as a file, and the milestones that are marked on them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get, post
from litestar.enums import MediaType
from litestar.params import FromPath
from markupsafe import Markup

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import AuditAction
from media_tracker.errors import N_, InvalidInput, NotFound
from media_tracker.monitor.charts import Grain
from media_tracker.monitor.definitions import DEFINITIONS, Dimension, Key
from media_tracker.monitor.exports import Sheet, Value, to_csv
from media_tracker.monitor.facts import Period
from media_tracker.monitor.milestones import ENTERED, KIND_NAMES, LONGEST, Milestone, MilestoneKind
from media_tracker.web.choices import Option, district_options, named, option
from media_tracker.web.figure_links import ALL, Asked, asked_of, local_now, read_filters
from media_tracker.web.forms import read_form
from media_tracker.web.guards import publicity, signed_in
from media_tracker.web.monitor.chart_views import (
    CHOSEN_FROM,
    DIMENSIONS,
    GRAIN_NAMES,
    KEYS,
    PATH,
    Chart,
    Charts,
)
from media_tracker.web.monitor.keeping import kept
from media_tracker.web.monitor.view import HEADS
from media_tracker.web.naming import Names, names_of
from media_tracker.web.render import page, see_other
from media_tracker.web.visitor import actor, origin, request_id, services, visitor

MILESTONES = "/monitor/milestones"
ON_MONITOR = (Chart.TREND, Chart.FLOW)
"""The charts that stand on the monitor's page too."""
LEFT_OUT = (Dimension.MONTH, Dimension.DAY, Dimension.STAGE)
"""Filters that charts have no use for: they show the whole period, and every stage."""


@dataclass(frozen=True, slots=True)
class ChartsPage:
    """``templates/monitor/charts.html``"""

    start: str
    end: str
    first: date
    last: date
    figure: str
    figures: Sequence[Option]
    grain: str
    grains: Sequence[Option]
    districts: Sequence[Option]
    district: str
    chips: Sequence[Mapping[str, str]]
    kept: Sequence[tuple[str, str]]
    """Other filters, which the form carries on."""
    charts: Markup
    """``templates/monitor/all_charts.html``"""
    may_edit: bool
    monitor: str
    wall: str
    breadcrumb: Sequence[Mapping[str, str]]
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MilestonesPage:
    """``templates/monitor/milestones.html``"""

    rows: Sequence[tuple[Milestone, str]]
    kinds: Sequence[Option]
    may_edit: bool
    longest: int
    breadcrumb: Sequence[Mapping[str, str]]
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


async def charts_of(
    request: Request[Any, Any, Any],
    asked: Asked,
    names: Names,
    *,
    big: bool = False,
    dimensions: Sequence[Dimension] = DIMENSIONS,
) -> Charts:
    """The charts of what is asked; ``figure`` and ``grain`` of the address choose what they show. ``big``: for a wall.

    ``dimensions``: by what the charts that are wanted are made; fewer are counted faster.
    """
    query = request.query_params
    for dimension in LEFT_OUT:
        asked = asked.without(dimension)
    dimensions = (*dimensions, *([Dimension.STREET] if Dimension.DISTRICT in asked.filters else []))
    found = await services(request).monitor.overview(
        asked.period, KEYS, asked.part, dimensions=dimensions, as_of=asked.as_of
    )
    figure = query.get("figure", "")
    grain = query.get("grain", "")
    return Charts(
        found,
        asked,
        names,
        milestones=await milestones_of(request, asked.period, names),
        figure=Key(figure) if figure in set(CHOSEN_FROM) else Key.PROBLEMS,
        grain=Grain(grain) if grain in set(Grain) else None,
        big=big,
    )


async def milestones_of(request: Request[Any, Any, Any], period: Period, names: Names) -> list[Milestone]:
    """What is marked on charts of ``period``: what was entered, and the days on which figures were released."""
    use = services(request)
    entered = await use.milestones.within(period)
    words = names.pages.catalogue
    released = [
        Milestone(day, words.translate(N_("Release no. {number}"), None, number=each.number), MilestoneKind.RELEASE)
        for each in await use.releases.all(limit=60)
        if (day := each.released_at.astimezone(use.settings.zone).date()) in period
    ]
    return sorted([*entered, *released], key=lambda each: each.day)


@get(PATH, guards=[signed_in])
async def charts_page(request: Request[Any, Any, Any]) -> Response[str]:
    """All charts of a period. Days that are none come back with what is wrong."""
    names, errors = await names_of(request), {}
    query = dict(request.query_params.items())
    try:
        asked = asked_of(request)
    except InvalidInput as error:
        asked, errors = read_filters(query, local_now(request).date()), dict(error.fields)
    made = await charts_of(request, asked, names)

    def write() -> str:
        views = {name.value: made.of(name) for name in Chart}
        return names.pages.render("monitor/all_charts.html", {"charts": views})

    gettext = names.gettext
    figure = query.get("figure", "")
    about = (Chart, made.overview.version, asked, made.grain, made.figure, tuple(made.milestones))
    days = ("from", "to", "district")
    context = ChartsPage(
        start=query.get("from", "") if errors else asked.period.start.isoformat(),
        end=query.get("to", "") if errors else asked.period.end.isoformat(),
        first=asked.period.start,
        last=asked.period.end,
        figure=figure if figure in set(CHOSEN_FROM) else Key.PROBLEMS.value,
        figures=[option(key.value, gettext(DEFINITIONS[key].name)) for key in CHOSEN_FROM],
        grain=made.grain.value,
        grains=named(names.pages.catalogue, GRAIN_NAMES),
        districts=[option(ALL, gettext(N_("All"))), *district_options(names)],
        district=asked.filters.get(Dimension.DISTRICT, ALL),
        chips=_chips(asked, made, names),
        kept=[(name, value) for name, value in asked.query() if name not in days],
        charts=kept(about, names, write),
        may_edit=_may_edit(request),
        monitor=asked.overview(),
        wall=f"/monitor/wall?{urlencode(list(asked.query()))}",
        breadcrumb=[
            {"label": gettext(N_("Monitor")), "href": asked.overview()},
            {"label": gettext(N_("Charts"))},
        ],
        errors=errors,
    )
    return await page(request, "monitor/charts.html", context, status=422 if errors else 200)


@get(PATH + "/part", guards=[signed_in])
async def charts_part(request: Request[Any, Any, Any]) -> Response[str]:
    """The trend and the flow alone, for the monitor's page, which asks for them when they are looked at."""
    names, asked = await names_of(request), asked_of(request)
    made = await charts_of(request, asked, names, dimensions=(Dimension.DAY, Dimension.STAGE))

    def write() -> str:
        return names.pages.render("monitor/charts_part.html", {"charts": [made.of(each) for each in ON_MONITOR]})

    about = (ON_MONITOR, made.overview.version, asked, made.grain, tuple(made.milestones))
    return Response(kept(about, names, write), media_type=MediaType.HTML)


@get(PATH + "/{file:str}", guards=[signed_in])
async def chart_file(request: Request[Any, Any, Any], file: FromPath[str]) -> Response[bytes]:
    """The numbers of one chart as CSV. That they left the house is written down first."""
    name, _, suffix = file.partition(".")
    if name not in set(Chart) or suffix != "csv":
        raise NotFound(N_("There is nothing at this address."))
    use, names, asked = services(request), await names_of(request), asked_of(request)
    view = (await charts_of(request, asked, names)).of(Chart(name))
    rows: list[list[Value]] = [
        [line.label, *line.texts, *(count.value for count in line.counts)] for line in (*view.lines, *view.apart)
    ]
    content = await asyncio.to_thread(to_csv, Sheet(view.title, view.heads, rows), use.monitor.zone)
    start, end = asked.period.start.isoformat(), asked.period.end.isoformat()
    await use.audit.write(
        AuditAction.EXPORTED,
        actor=actor(request).user_id,
        subject=f"monitor/charts/{name}.csv",
        detail={"from": start, "to": end, "rows": len(rows)},
        request_id=request_id(request.scope),
    )
    headers = {"content-disposition": f'attachment; filename="{name}_{start}_{end}.csv"'}
    return Response(content, media_type="text/csv", headers=headers)


@get(MILESTONES, guards=[signed_in])
async def milestones_page(request: Request[Any, Any, Any]) -> Response[str]:
    """What is marked on the charts."""
    return await _milestones(request)


@post(MILESTONES, guards=[publicity])
async def add_milestone(request: Request[Any, Any, Any]) -> Response[Any]:
    """Mark something; with an ``id`` and a version, change what is marked."""
    form = await read_form(request)
    kept = replace(_NOTHING, values=form.values)
    try:
        day = form.day("day", required=N_("Please give the day."))
        words = form.text("words", required=N_("Please say in a few words what happened."), longest=LONGEST)
        kind = form.choice("kind", MilestoneKind) or MilestoneKind.OTHER
        form.check()
        assert day is not None  # required above
        use, who = services(request), origin(request)
        kind = kind if kind in ENTERED else MilestoneKind.OTHER
        milestone_id = form.text("id")
        if milestone_id:
            await use.milestones.change(milestone_id, form.version(), day, words, kind, who)
        else:
            await use.milestones.add(day, words, kind, who)
    except InvalidInput as error:
        return await _milestones(request, replace(kept, errors=error.fields))
    return await see_other(request, MILESTONES, N_("Marked on the charts."))


@post(MILESTONES + "/{milestone_id:str}/remove", guards=[publicity])
async def remove_milestone(request: Request[Any, Any, Any], milestone_id: FromPath[str]) -> Response[Any]:
    """Take a mark off the charts."""
    form = await read_form(request)
    await services(request).milestones.remove(milestone_id, form.version(), origin(request))
    return await see_other(request, MILESTONES, N_("Taken off the charts."))


@dataclass(frozen=True, slots=True)
class _Sent:
    """What was sent and is wrong."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


_NOTHING = _Sent()


async def _milestones(request: Request[Any, Any, Any], sent: _Sent = _NOTHING) -> Response[str]:
    names = await names_of(request)
    rows = await services(request).milestones.within()
    kinds = named(names.pages.catalogue, {kind: KIND_NAMES[kind] for kind in ENTERED})
    context = MilestonesPage(
        rows=[(each, names.gettext(KIND_NAMES[each.kind])) for each in reversed(rows)],
        kinds=kinds,
        may_edit=_may_edit(request),
        longest=LONGEST,
        breadcrumb=[
            {"label": names.gettext(N_("Monitor")), "href": "/monitor"},
            {"label": names.gettext(N_("Charts")), "href": PATH},
            {"label": names.gettext(N_("Milestones"))},
        ],
        values=sent.values,
        errors=sent.errors,
    )
    return await page(request, "monitor/milestones.html", context, status=422 if sent.errors else 200)


def _chips(asked: Asked, made: Charts, names: Names) -> list[dict[str, str]]:
    """Filters that have no field on the page, each with the address without it."""
    return [
        {
            "kind": names.gettext(HEADS[dimension][1]),
            "value": names.of(dimension, value),
            "remove": made.address(asked.without(dimension)),
        }
        for dimension, value in asked.filters.items()
        if dimension is not Dimension.DISTRICT
    ]


def _may_edit(request: Request[Any, Any, Any]) -> bool:
    who = visitor(request).actor
    return who is not None and who.has(Role.PUBLICITY)


ROUTES = [charts_page, charts_part, chart_file, milestones_page, add_milestone, remove_milestone]
