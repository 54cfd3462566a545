"""The monitor: the figures of a period, and the list behind each one, on a page or as a file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from media_tracker.accounts.documents import AuditAction
from media_tracker.errors import N_, InvalidInput, NotFound, TooLarge
from media_tracker.monitor.definitions import Dimension, Key
from media_tracker.monitor.exports import Sheet, Value, to_csv, to_xlsx
from media_tracker.monitor.periods import QUICK_NAMES, Quick, quick
from media_tracker.monitor.service import Figure
from media_tracker.web.choices import Option, category_filter, district_options, outlet_options
from media_tracker.web.figure_links import ALL, Asked, read_asked, read_filters, read_page
from media_tracker.web.guards import signed_in
from media_tracker.web.monitor.lists import Cell, Column, columns_of
from media_tracker.web.monitor.view import (
    BROKEN_DOWN,
    HEADS,
    STRETCH_NAMES,
    TABLES,
    BarChart,
    ColumnChart,
    FigureViews,
    Rate,
    TableView,
    Tile,
    Time,
)
from media_tracker.web.naming import Names, names_of
from media_tracker.web.render import page
from media_tracker.web.visitor import actor, request_id, services

PAGE_ROWS = 100
MOST_FILE_ROWS = 50_000
FILES = {
    "csv": (to_csv, "text/csv"),
    "xlsx": (to_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
FILTERS = (Dimension.DISTRICT, Dimension.OUTLET, Dimension.CATEGORY)


@dataclass(frozen=True, slots=True)
class MonitorPage:
    """``templates/monitor/overview.html``"""

    start: str
    end: str
    first: date
    last: date
    before_first: date
    before_last: date
    quick_periods: Sequence[Mapping[str, object]]
    filters: Mapping[str, Sequence[Option]]
    chosen: Mapping[str, str]
    reset: str
    groups: Sequence[tuple[str, Sequence[Tile]]]
    rates: Sequence[Rate]
    times: Sequence[Time]
    heads: Sequence[str]
    tables: Sequence[TableView]
    bars: BarChart | None
    columns: ColumnChart
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ListPage:
    """``templates/monitor/list.html``"""

    name: str
    definition: str
    value: int
    first: date
    last: date
    chips: Sequence[Mapping[str, str]]
    columns: Sequence[Mapping[str, object]]
    rows: Sequence[Sequence[Cell]]
    first_row: int
    last_row: int
    newer: str
    older: str
    csv: str
    xlsx: str
    breadcrumb: Sequence[Mapping[str, str]]


@get("/monitor", guards=[signed_in])
async def overview(request: Request[Any, Any, Any]) -> Response[str]:
    """The figures of a period beside those of the period before. Days that are none come back with what is wrong."""
    today, errors = _today(request), {}
    query = request.query_params
    try:
        asked = read_asked(query, today)
    except InvalidInput as error:
        asked, errors = read_filters(query, today), error.fields
    asked = asked.without(Dimension.MONTH)
    found = await services(request).monitor.overview(asked.period, BROKEN_DOWN, asked.part, dimensions=TABLES)
    names = await names_of(request)
    views = FigureViews(found, asked, names)
    context = MonitorPage(
        start=query.get("from", "") if errors else asked.period.start.isoformat(),
        end=query.get("to", "") if errors else asked.period.end.isoformat(),
        first=asked.period.start,
        last=asked.period.end,
        before_first=found.earlier.period.start,
        before_last=found.earlier.period.end,
        quick_periods=_quick_periods(asked, today, names),
        filters={dimension.value: _options(dimension, names, asked) for dimension in FILTERS},
        chosen={dimension.value: asked.filters.get(dimension, ALL) for dimension in FILTERS},
        reset="/monitor" if asked.filters or errors else "",
        groups=views.groups(),
        rates=views.rates(),
        times=views.times(),
        heads=[names.gettext(found.figures[key].definition.name) for key in BROKEN_DOWN],
        tables=views.tables(),
        bars=views.bars(),
        columns=views.columns(),
        errors=errors,
    )
    return await page(request, "monitor/overview.html", context, status=422 if errors else 200)


@get("/monitor/{name:str}", guards=[signed_in])
async def figure(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[Any]:
    """The list behind a figure: a page of it, or all of it as ``….csv`` or ``….xlsx``."""
    text, _, suffix = name.partition(".")
    if text not in set(Key) or (suffix not in FILES and name != text):
        raise NotFound(N_("There is nothing at this address."))
    asked = read_asked(request.query_params, _today(request))
    found = await services(request).monitor.figure(Key(text), asked.period, asked.part, asked.stretch)
    if suffix:
        return await _export(request, found, asked, suffix)
    return await _list(request, found, asked)


async def _list(request: Request[Any, Any, Any], found: Figure, asked: Asked) -> Response[str]:
    names = await names_of(request)
    pages = max(1, -(-found.value // PAGE_ROWS))
    number = min(read_page(request.query_params), pages)
    start = (number - 1) * PAGE_ROWS
    rows = found.rows[start : start + PAGE_ROWS]
    columns = [c for c in columns_of(found, await services(request).monitor.subjects(rows), names) if not c.in_files]
    title = names.gettext(found.definition.name)
    context = ListPage(
        name=title,
        definition=names.gettext(found.definition.text),
        value=found.value,
        first=asked.period.start,
        last=asked.period.end,
        chips=_chips(found, asked, names),
        columns=[{"label": names.gettext(column.label)} for column in columns],
        rows=[[column.cell(row) for column in columns] for row in rows],
        first_row=start + 1 if rows else 0,
        last_row=start + len(rows),
        newer=asked.list_of(found.key, page=number - 1) if number > 1 else "",
        older=asked.list_of(found.key, page=number + 1) if number < pages else "",
        csv=asked.list_of(found.key, suffix=".csv"),
        xlsx=asked.list_of(found.key, suffix=".xlsx"),
        breadcrumb=[{"label": names.gettext(N_("Monitor")), "href": asked.overview()}, {"label": title}],
    )
    return await page(request, "monitor/list.html", context)


async def _export(request: Request[Any, Any, Any], found: Figure, asked: Asked, suffix: str) -> Response[bytes]:
    """All rows as a file. That they left the house is written down first."""
    use, names = services(request), await names_of(request)
    if found.value > MOST_FILE_ROWS:
        raise TooLarge(N_("That is too much for one file. Choose a shorter period, or a filter."))
    columns = columns_of(found, await use.monitor.subjects(found.rows), names)
    write, media_type = FILES[suffix]
    content = await asyncio.to_thread(write, _sheet(found, asked, columns, names), use.monitor.zone)
    start, end = asked.period.start.isoformat(), asked.period.end.isoformat()
    filters = {f"filter_{dimension.value}": value for dimension, value in asked.filters.items()}
    stretch = {"stretch": asked.stretch.value} if asked.stretch else {}
    await use.audit.write(
        AuditAction.EXPORTED,
        actor=actor(request).user_id,
        subject=f"monitor/{found.key.value}.{suffix}",
        detail={"from": start, "to": end, "rows": found.value, **filters, **stretch},
        request_id=request_id(request.scope),
    )
    headers = {"content-disposition": f'attachment; filename="{found.key.value}_{start}_{end}.{suffix}"'}
    return Response(content, media_type=media_type, headers=headers)


def _sheet(found: Figure, asked: Asked, columns: Sequence[Column], names: Names) -> Sheet:
    gettext = names.gettext
    days = f"{asked.period.start.isoformat()} – {asked.period.end.isoformat()}"
    about: list[tuple[str, Value]] = [
        (gettext(N_("Figure")), gettext(found.definition.name)),
        (gettext(N_("Definition")), gettext(found.definition.text)),
        (gettext(N_("Period")), days),
        (gettext(N_("Rows")), found.value),
    ]
    about += [(chip["kind"], chip["value"]) for chip in _chips(found, asked, names)]
    return Sheet(
        title=gettext(found.definition.name),
        headings=[gettext(column.label) for column in columns],
        rows=[[_value(column.cell(row), names) for column in columns] for row in found.rows],
        about_title=gettext(N_("Definition")),
        about=about,
    )


def _value(cell: Cell, names: Names) -> Value:
    """A cell as a file takes it. As a date, a deadline at midnight would read one day too long."""
    if cell.look == "deadline" and isinstance(cell.value, datetime):
        return names.pages.formats.deadline_plain(cell.value)
    return cell.value


def _chips(found: Figure, asked: Asked, names: Names) -> list[dict[str, str]]:
    """The filters, each with the address of the list without it."""
    chips = []
    for dimension, value in asked.filters.items():
        chips.append(
            {
                "kind": names.gettext(HEADS[dimension][1]),
                "value": names.of(dimension, value),
                "remove": asked.without(dimension).list_of(found.key),
            }
        )
    if asked.stretch is not None:
        remove = Asked(asked.period, asked.part).list_of(found.key)
        stretch = names.gettext(STRETCH_NAMES[asked.stretch])
        chips.append({"kind": names.gettext(N_("Both ends known")), "value": stretch, "remove": remove})
    return chips


def _quick_periods(asked: Asked, today: date, names: Names) -> list[dict[str, object]]:
    periods = {which: quick(which, today) for which in Quick}
    return [
        {
            "label": names.gettext(QUICK_NAMES[which]),
            "href": asked.during(period).overview(),
            "active": period == asked.period,
        }
        for which, period in periods.items()
    ]


def _options(dimension: Dimension, names: Names, asked: Asked) -> list[Option]:
    """The choices of a filter: all, each one, and those that have none. A value that nothing has any more is kept."""
    gettext = names.gettext
    options: list[Option] = [{"value": ALL, "label": gettext(N_("All"))}]
    match dimension:
        case Dimension.OUTLET:
            options += outlet_options(names)
        case Dimension.DISTRICT:
            options += district_options(names)
        case Dimension.CATEGORY:
            options += category_filter(names)
    options.append({"value": "", "label": names.of(dimension, "")})
    chosen = asked.filters.get(dimension)
    known = {option["value"] for option in _flat(options)}
    if chosen is not None and chosen not in known:
        options.append({"value": chosen, "label": names.of(dimension, chosen)})
    return options


def _flat(options: Sequence[Option]) -> list[Option]:
    flat: list[Option] = []
    for option in options:
        inner = option.get("options")
        flat += inner if isinstance(inner, list) else [option]
    return flat


def _today(request: Request[Any, Any, Any]) -> date:
    use = services(request)
    return use.clock().astimezone(use.settings.zone).date()


ROUTES = [overview, figure]
