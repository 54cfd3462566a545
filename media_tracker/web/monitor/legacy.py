"""Older figures beside ours: on the monitor, and the page where publicity staff enter and correct them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from media_tracker.accounts.actor import Role
from media_tracker.errors import N_, InvalidInput
from media_tracker.monitor.definitions import DEFINITIONS, Key
from media_tracker.monitor.facts import EVERYTHING
from media_tracker.monitor.legacy import LONGEST_NAME, LONGEST_TEXT, LegacyFigure, LegacyText
from media_tracker.web.choices import Option, option
from media_tracker.web.figure_links import Asked
from media_tracker.web.forms import Form, read_form
from media_tracker.web.guards import publicity, signed_in
from media_tracker.web.monitor.view import Count
from media_tracker.web.naming import Names, names_of
from media_tracker.web.render import page, see_other
from media_tracker.web.visitor import Connection, actor, origin, services, visitor

DAY_WANTED = N_("Please give a day as year-month-day.")


@dataclass(frozen=True, slots=True)
class Ours:
    """The figure of ours that comes closest, for the same days, as it is counted now."""

    name: str
    definition: str
    count: Count


@dataclass(frozen=True, slots=True)
class LegacyLine:
    """An older figure, with ours beside it. ``href``: where it is corrected; empty for those who may not."""

    name: str
    value: int
    first: date
    last: date
    definition: str
    source: str
    entered_by: str
    at: datetime
    corrected: bool
    ours: Ours | None
    href: str


@dataclass(frozen=True, slots=True)
class LegacyPage:
    """``templates/monitor/legacy.html``"""

    lines: Sequence[LegacyLine]
    may_enter: bool
    besides: Sequence[Option]
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LegacyFigurePage:
    """``templates/monitor/legacy_figure.html``"""

    name: str
    href: str
    version: int
    besides: Sequence[Option]
    values: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)


async def legacy_lines(connection: Connection, names: Names, most: int | None = None) -> list[LegacyLine]:
    """The older figures, the latest first; at most so many."""
    found = (await services(connection).legacy_figures.all())[:most]
    people = await services(connection).accounts.names({each.by for each in found if each.by is not None})
    may = _may_enter(connection)
    return [
        LegacyLine(
            name=each.text.name,
            value=each.text.value,
            first=each.text.start,
            last=each.text.end,
            definition=each.text.definition,
            source=each.text.source,
            entered_by=people.get(each.by, "") if each.by is not None else "",
            at=each.at,
            corrected=each.version > 1,
            ours=await _ours(connection, each, names),
            href=f"/monitor/legacy/{each.id}" if may else "",
        )
        for each in found
    ]


async def _ours(connection: Connection, figure: LegacyFigure, names: Names) -> Ours | None:
    key, period = figure.text.beside, figure.text.period
    if key is None:
        return None
    value, _ = await services(connection).monitor.page(key, period, EVERYTHING, 0, 1)
    definition = DEFINITIONS[key]
    return Ours(
        names.gettext(definition.name), names.gettext(definition.text), Count(value, Asked(period).list_of(key))
    )


@get("/monitor/legacy", guards=[signed_in])
async def legacy_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Every older figure beside ours, with both definitions."""
    return await page(request, "monitor/legacy.html", await _page(request))


@post("/monitor/legacy", guards=[publicity])
async def enter_legacy(request: Request[Any, Any, Any]) -> Response[Any]:
    """Enter an older figure."""
    form = await read_form(request)
    try:
        await services(request).legacy_figures.add(_text(form), actor(request), origin(request))
    except InvalidInput as error:
        return await page(request, "monitor/legacy.html", await _page(request, form, error.fields), status=422)
    return await see_other(request, "/monitor/legacy", N_("The figure is entered."))


@get("/monitor/legacy/{figure_id:str}", guards=[publicity])
async def legacy_figure_page(request: Request[Any, Any, Any], figure_id: FromPath[str]) -> Response[Any]:
    """The form in which one is corrected."""
    figure = await services(request).legacy_figures.get(figure_id)
    return await page(request, "monitor/legacy_figure.html", await _form_of(request, figure))


@post("/monitor/legacy/{figure_id:str}", guards=[publicity])
async def correct_legacy(request: Request[Any, Any, Any], figure_id: FromPath[str]) -> Response[Any]:
    """Correct an older figure."""
    form, use = await read_form(request), services(request)
    figure = await use.legacy_figures.get(figure_id)
    try:
        await use.legacy_figures.change(figure_id, form.version(), _text(form), actor(request), origin(request))
    except InvalidInput as error:
        context = await _form_of(request, figure, form, error.fields)
        return await page(request, "monitor/legacy_figure.html", context, status=422)
    return await see_other(request, "/monitor/legacy", N_("The figure is corrected."))


@post("/monitor/legacy/{figure_id:str}/remove", guards=[publicity])
async def remove_legacy(request: Request[Any, Any, Any], figure_id: FromPath[str]) -> Response[Any]:
    """Show an older figure no longer."""
    version = (await read_form(request)).version()
    await services(request).legacy_figures.remove(figure_id, version, actor(request), origin(request))
    return await see_other(request, "/monitor/legacy", N_("The figure is removed."))


async def _page(
    request: Request[Any, Any, Any], form: Form | None = None, errors: Mapping[str, str] | None = None
) -> LegacyPage:
    names = await names_of(request)
    return LegacyPage(
        lines=await legacy_lines(request, names),
        may_enter=_may_enter(request),
        besides=_besides(names),
        values=form.values if form else {"beside": Key.RESOLVED.value},
        errors=errors or {},
    )


async def _form_of(
    request: Request[Any, Any, Any],
    figure: LegacyFigure,
    form: Form | None = None,
    errors: Mapping[str, str] | None = None,
) -> LegacyFigurePage:
    text = figure.text
    values = {
        "name": text.name,
        "value": str(text.value),
        "start": text.start.isoformat(),
        "end": text.end.isoformat(),
        "definition": text.definition,
        "source": text.source,
        "beside": text.beside.value if text.beside else "",
    }
    return LegacyFigurePage(
        name=text.name,
        href=f"/monitor/legacy/{figure.id}",
        version=form.version() if form else figure.version,
        besides=_besides(await names_of(request)),
        values=form.values if form else values,
        errors=errors or {},
    )


def _text(form: Form) -> LegacyText:
    """What a form says; ``InvalidInput`` where that is nothing."""
    value = form.number("value")
    if value is None and "value" not in form.errors:
        form.errors["value"] = N_("Please give a whole number.")
    start, end = form.day("start", required=DAY_WANTED), form.day("end", required=DAY_WANTED)
    name = form.text("name", longest=LONGEST_NAME, required=N_("Please give the figure a name."))
    definition = form.text("definition", longest=LONGEST_TEXT)
    source = form.text("source", longest=LONGEST_TEXT)
    beside = form.choice("beside", Key)
    form.check()
    assert value is not None  # or check() would have raised
    assert start is not None
    assert end is not None
    return LegacyText(name, value, start, end, definition, source, beside)


def _besides(names: Names) -> list[Option]:
    return [option(key.value, names.gettext(definition.name)) for key, definition in DEFINITIONS.items()]


def _may_enter(connection: Connection) -> bool:
    who = visitor(connection).actor
    return who is not None and who.has(Role.PUBLICITY)


ROUTES = [legacy_page, enter_legacy, legacy_figure_page, correct_legacy, remove_legacy]
