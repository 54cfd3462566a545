"""The monitor: the figures of a period, and the list behind each one, on a page or as a file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from bson import ObjectId
from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.response import Redirect
from markupsafe import Markup

from media_tracker.errors import N_, InvalidInput, NotFound
from media_tracker.monitor.definitions import DEFINITIONS, Definition, Dimension, Key
from media_tracker.monitor.facts import Row
from media_tracker.monitor.periods import QUICK_NAMES, Quick, quick
from media_tracker.monitor.service import Overview
from media_tracker.web.figure_links import Asked, asked_of, local_now, read_asked, read_filters, read_page
from media_tracker.web.guards import signed_in
from media_tracker.web.monitor.figure_files import FILES, figure_file
from media_tracker.web.monitor.filters import (
    Chip,
    FilterForm,
    filter_chips,
    filter_form,
    list_chips,
    understood,
    was_sent,
)
from media_tracker.web.monitor.keeping import kept
from media_tracker.web.monitor.legacy import LegacyLine, legacy_lines
from media_tracker.web.monitor.lists import Cell, columns_of
from media_tracker.web.monitor.view import (
    BROKEN_DOWN,
    COLUMNS,
    FIRST_TAB,
    GROUPS,
    MOST_LINES,
    RATES,
    TIME_KEPT,
    ColumnChart,
    FigureViews,
    Rate,
    Tab,
    TableView,
    Tile,
    Time,
    free_tabs,
)
from media_tracker.web.naming import Names, names_of
from media_tracker.web.render import page
from media_tracker.web.visitor import actor, services

PAGE_ROWS = 100
LEGACY_LINES = 3
"""Of the older figures so many stand on the monitor itself."""


@dataclass(frozen=True, slots=True)
class MonitorPage:
    """``templates/monitor/overview.html``"""

    by: str
    as_of: datetime | None
    now_href: str
    counted_at: datetime | None
    charts: str
    charts_part: str
    """Where the trend and the flow come from once they are looked at."""
    first: date
    last: date
    before_first: date
    before_last: date
    figures: Markup
    """A ``FiguresPart``."""
    legacy: Sequence[LegacyLine]


@dataclass(frozen=True, slots=True)
class FiguresPart:
    """``templates/monitor/figures.html``: all that is the same for everybody who asks the same."""

    start: str
    end: str
    as_of_text: str
    quick_periods: Sequence[Mapping[str, object]]
    form: FilterForm
    chips: Sequence[Chip]
    by: str
    reset: str
    groups: Sequence[tuple[str, Sequence[Tile]]]
    rates: Sequence[Rate]
    times: Sequence[Time]
    tabs: Sequence[Sequence[Tab]]
    table: TableView | None
    columns: ColumnChart
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DefinitionsPage:
    """``templates/monitor/definitions.html``"""

    groups: Sequence[tuple[str, Sequence[Definition]]]
    rates: Sequence[tuple[str, Definition, Definition]]


@dataclass(frozen=True, slots=True)
class ListPage:
    """``templates/monitor/list.html``"""

    name: str
    definition: str
    value: int
    first: date
    last: date
    as_of: datetime | None
    now_href: str
    counted_at: datetime | None
    chips: Sequence[Chip]
    columns: Sequence[Mapping[str, object]]
    rows: Sequence[Sequence[tuple[str, Cell]]]
    """Each cell with its column's label."""
    states: Mapping[str, str]
    """The states that stand in it, each with its name."""
    first_row: int
    last_row: int
    newer: str
    older: str
    csv: str
    xlsx: str
    breadcrumb: Sequence[Mapping[str, str]]


@get("/monitor", guards=[signed_in])
async def overview(request: Request[Any, Any, Any]) -> Response[Any]:
    """The figures of a period beside those of the period before. What cannot be understood comes back with what is wrong."""
    query, names = dict(request.query_params.items()), await names_of(request)
    errors: dict[str, str] = {}
    if was_sent(query):
        address, errors = await understood(query, names, services(request).places)
        if not errors:
            return Redirect(address, status_code=303)
    now = local_now(request)
    try:
        asked = read_asked(query, now)
    except InvalidInput as error:
        asked, errors = read_filters(query, now.date()), {**errors, **error.fields}
    asked = asked.without(Dimension.MONTH).without(Dimension.DAY)
    context = await _overview(request, asked, query, names, errors)
    return await page(request, "monitor/overview.html", context, status=422 if errors else 200)


async def _overview(
    request: Request[Any, Any, Any], asked: Asked, query: Mapping[str, str], names: Names, errors: Mapping[str, str]
) -> MonitorPage:
    use, by = services(request), _by(query, asked)
    keys = dict.fromkeys([*(BROKEN_DOWN[by] if by else ()), *TIME_KEPT, *COLUMNS])
    wanted = tuple(dict.fromkeys([*([by] if by else []), Dimension.MONTH]))
    found, legacy = await asyncio.gather(
        use.monitor.overview(asked.period, tuple(keys), asked.part, dimensions=wanted, as_of=asked.as_of),
        legacy_lines(request, names, LEGACY_LINES),
    )
    today = (asked.as_of or local_now(request)).astimezone(use.settings.zone).date()
    whole = query.get("lines") == "all"

    def write() -> str:
        part = _figures(found, asked, by, query, names, today, errors)
        return names.pages.render(
            "monitor/figures.html", {each.name: getattr(part, each.name) for each in fields(part)}
        )

    about = (found.version, asked, by, whole, today)
    return MonitorPage(
        by=by.value if by else "",
        as_of=asked.as_of,
        now_href=asked.now().overview(by),
        counted_at=found.counted_at,
        charts=f"/monitor/charts?{urlencode(list(asked.query()))}",
        charts_part=f"/monitor/charts/part?{urlencode(list(asked.query()))}",
        first=asked.period.start,
        last=asked.period.end,
        before_first=found.earlier.period.start,
        before_last=found.earlier.period.end,
        figures=Markup(write()) if errors else kept(about, names, write),  # noqa: S704 - written by a template
        legacy=legacy,
    )


def _figures(
    found: Overview,
    asked: Asked,
    by: Dimension | None,
    query: Mapping[str, str],
    names: Names,
    today: date,
    errors: Mapping[str, str],
) -> FiguresPart:
    views, wrong = FigureViews(found, asked, names), {"from", "to", "as_of"} & set(errors)
    return FiguresPart(
        start=query.get("from", "") if wrong else asked.period.start.isoformat(),
        end=query.get("to", "") if wrong else asked.period.end.isoformat(),
        as_of_text=query.get("as_of", "") if wrong else names.pages.formats.field(asked.as_of),
        quick_periods=_quick_periods(asked, today, names, by),
        form=filter_form(asked, names, query, errors),
        chips=filter_chips(asked, names, by),
        by=by.value if by else "",
        reset="/monitor" if asked.filters or errors or asked.as_of else "",
        groups=views.groups(),
        rates=views.rates(),
        times=views.times(),
        tabs=views.tabs(by),
        table=views.table(by, None if query.get("lines") == "all" else MOST_LINES) if by else None,
        columns=views.columns(),
        errors=errors,
    )


def _by(query: Mapping[str, str], asked: Asked) -> Dimension | None:
    """By what the table is: what the address says, or else the first that no filter has fixed."""
    free = free_tabs(asked)
    chosen = [each for each in free if each.value == query.get("by")]
    return next(iter([*chosen, *([FIRST_TAB] if FIRST_TAB in free else []), *free]), None)


_IN_GROUPS = frozenset(key for _, keys in GROUPS for key in keys)


@get("/monitor/definitions", guards=[signed_in])
async def definitions(request: Request[Any, Any, Any]) -> Response[Any]:
    """What every figure counts, on one page that can be printed."""
    context = DefinitionsPage(
        groups=[
            *((title, [DEFINITIONS[key] for key in keys]) for title, keys in GROUPS),
            (N_("Rates"), [definition for key, definition in DEFINITIONS.items() if key not in _IN_GROUPS]),
        ],
        rates=[(label, DEFINITIONS[part], DEFINITIONS[whole]) for label, part, whole in RATES],
    )
    return await page(request, "monitor/definitions.html", context)


@get("/monitor/{name:str}", guards=[signed_in])
async def figure(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[Any]:
    """The list behind a figure: a page of it, or all of it as ``….csv`` or ``….xlsx``."""
    text, _, suffix = name.partition(".")
    if text not in set(Key) or (suffix not in FILES and name != text):
        raise NotFound(N_("There is nothing at this address."))
    key, asked = Key(text), asked_of(request)
    return await (figure_file(request, key, asked, suffix) if suffix else _list(request, key, asked))


@dataclass(frozen=True, slots=True)
class _Part:
    """Some rows of a list, and how many it has in all."""

    value: int
    rows: Sequence[Row]
    hours: Mapping[ObjectId, float]
    counted_at: datetime | None = None


async def _part(request: Request[Any, Any, Any], key: Key, asked: Asked, first: int, size: int) -> _Part:
    """``size`` rows from place ``first`` on; of a list that has become shorter the last page."""
    monitor = services(request).monitor
    if asked.stretch is not None:
        found = await monitor.figure(key, asked.period, asked.part, asked.stretch, as_of=asked.as_of)
        first = min(first, max(0, found.value - 1) // size * size)
        return _Part(found.value, found.rows[first : first + size], found.hours, found.counted_at)
    part = await monitor.part(key, asked.period, asked.part, first, size, as_of=asked.as_of)
    if part.count <= first > 0:
        first = max(0, part.count - 1) // size * size
        part = await monitor.part(key, asked.period, asked.part, first, size, as_of=asked.as_of)
    return _Part(part.count, part.rows, {}, part.counted_at)


async def _list(request: Request[Any, Any, Any], key: Key, asked: Asked) -> Response[str]:
    names = await names_of(request)
    wanted = read_page(request.query_params)
    found = await _part(request, key, asked, (wanted - 1) * PAGE_ROWS, PAGE_ROWS)
    pages = max(1, -(-found.value // PAGE_ROWS))
    number = min(wanted, pages)
    start = (number - 1) * PAGE_ROWS
    shown = await services(request).monitor.shown(found.rows, as_of=asked.as_of)
    columns = [
        column
        for column in columns_of(key, asked.part, found.hours, shown, names, actor(request))
        if not column.in_files
    ]
    title = names.gettext(DEFINITIONS[key].name)
    labels = [names.gettext(column.label) for column in columns]
    cells = [[column.cell(row) for column in columns] for row in found.rows]
    context = ListPage(
        name=title,
        definition=names.gettext(DEFINITIONS[key].text),
        value=found.value,
        first=asked.period.start,
        last=asked.period.end,
        as_of=asked.as_of,
        now_href=asked.now().list_of(key),
        counted_at=found.counted_at,
        chips=list_chips(key, asked, names),
        columns=[{"label": label} for label in labels],
        rows=[list(zip(labels, row, strict=True)) for row in cells],
        states={cell.state: str(cell.value) for row in cells for cell in row if cell.look == "state"},
        first_row=start + 1 if found.rows else 0,
        last_row=start + len(found.rows),
        newer=asked.list_of(key, page=number - 1) if number > 1 else "",
        older=asked.list_of(key, page=number + 1) if number < pages else "",
        csv=asked.list_of(key, suffix=".csv"),
        xlsx=asked.list_of(key, suffix=".xlsx"),
        breadcrumb=[{"label": names.gettext(N_("Monitor")), "href": asked.overview()}, {"label": title}],
    )
    return await page(request, "monitor/list.html", context)


def _quick_periods(asked: Asked, today: date, names: Names, by: Dimension | None) -> list[dict[str, object]]:
    periods = {which: quick(which, today) for which in Quick}
    return [
        {
            "label": names.gettext(QUICK_NAMES[which]),
            "href": asked.during(period).overview(by),
            "active": period == asked.period,
        }
        for which, period in periods.items()
    ]


ROUTES = [overview, definitions, figure]
