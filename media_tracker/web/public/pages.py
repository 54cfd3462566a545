"""What everybody may see: the figures that were released, and the lists that they count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from media_tracker.accounts.actor import Role
from media_tracker.errors import N_, NotFound
from media_tracker.monitor.documents import Release
from media_tracker.monitor.releases import PublicRow
from media_tracker.problems.case import State
from media_tracker.web.bulletins.view import ReleaseView, list_of, numbered, read_release, release_view
from media_tracker.web.figure_links import read_page
from media_tracker.web.guards import anyone
from media_tracker.web.naming import Names, names_of
from media_tracker.web.problems.words import STATE_NAMES
from media_tracker.web.render import page
from media_tracker.web.visitor import services, visitor

PAGE_ROWS = 200
MOST_EARLIER = 12


@dataclass(frozen=True, slots=True)
class PublicErratum:
    """A correction of the bulletin. Who made it is the office's own matter."""

    at: datetime
    place: str
    wrong: str
    right: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class EarlierLine:
    """A release before the latest one."""

    number: int
    href: str
    first: date
    last: date
    corrected: bool


@dataclass(frozen=True, slots=True)
class HomePage:
    """``templates/public/home.html``"""

    release: ReleaseView | None
    latest: bool
    work: str
    """Where somebody signed in goes on; empty for the public."""
    issue: str = ""
    """The number of the bulletin that it came with."""
    errata: Sequence[PublicErratum] = ()
    earlier: Sequence[EarlierLine] = ()


@dataclass(frozen=True, slots=True)
class PublicLine:
    """One row of a public list. A withheld one has nothing but that."""

    place: str = ""
    category: str = ""
    unit: str = ""
    state: str = ""
    state_name: str = ""
    outlet: str = ""
    url: str = ""
    object_href: str = ""
    """Where somebody whom it names objects."""
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class PublicListPage:
    """``templates/public/list.html``"""

    name: str
    definition: str
    value: int
    number: int
    first: date
    last: date
    released_at: datetime
    lines: Sequence[PublicLine]
    first_row: int
    last_row: int
    newer: str
    older: str
    breadcrumb: Sequence[Mapping[str, str]]


@get("/", guards=[anyone])
async def home(request: Request[Any, Any, Any]) -> Response[str]:
    """The latest released figures."""
    latest = await services(request).releases.latest()
    return await _home(request, latest, latest=True)


@get("/releases/{number:str}", guards=[anyone])
async def released(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[str]:
    """The figures of one release, as they were then."""
    release, latest = await read_release(request, number), await services(request).releases.latest()
    return await _home(request, release, latest=latest is not None and latest.number == release.number)


@get("/releases/{number:str}/{key:str}", guards=[anyone])
async def released_list(request: Request[Any, Any, Any], number: FromPath[str], key: FromPath[str]) -> Response[str]:
    """The list behind a released figure: exactly as many rows as the number, whatever has happened since."""
    use = services(request)
    release = await read_release(request, number)
    figure = next((figure for figure in release.figures if figure.key.value == key), None)
    if figure is None:
        raise NotFound(N_("There is nothing at this address."))
    pages = max(1, -(-figure.value // PAGE_ROWS))
    shown = min(read_page(request.query_params), pages)
    start = (shown - 1) * PAGE_ROWS
    names = await names_of(request)
    rows = enumerate(await use.releases.rows(release, figure.key, start, PAGE_ROWS), start)
    lines = [_line(row, names, f"release={release.number}&key={key}&row={place}") for place, row in rows]
    title = names.gettext(figure.name)
    context = PublicListPage(
        name=title,
        definition=names.gettext(figure.definition),
        value=figure.value,
        number=release.number,
        first=date.fromisoformat(release.start),
        last=date.fromisoformat(release.end),
        released_at=release.released_at,
        lines=lines,
        first_row=start + 1 if lines else 0,
        last_row=start + len(lines),
        newer=list_of(release.number, figure.key, shown - 1) if shown > 1 else "",
        older=list_of(release.number, figure.key, shown + 1) if shown < pages else "",
        breadcrumb=[
            {"label": names.gettext(N_("Released figures")), "href": f"/releases/{release.number}"},
            {"label": title},
        ],
    )
    return await page(request, "public/list.html", context)


async def _home(request: Request[Any, Any, Any], release: Release | None, *, latest: bool) -> Response[str]:
    who = visitor(request).actor
    work = "" if who is None else "/desk" if who.has(Role.EDITOR) else "/problems"
    view = release_view(release, request.app.state.pages) if release else None
    issue, errata = "", []
    if release is not None and release.bulletin is not None:
        bulletins, names = services(request).bulletins, await names_of(request)
        issue = numbered(names, (await bulletins.numbers([release.number])).get(release.number))
        errata = [PublicErratum(e.at, e.place, e.wrong, e.right) for e in await bulletins.errata.of(release.number)]
    earlier = await _earlier(request, release) if release is not None else []
    return await page(request, "public/home.html", HomePage(view, latest, work, issue, errata, earlier))


async def _earlier(request: Request[Any, Any, Any], release: Release) -> list[EarlierLine]:
    """The releases before ``release``: what was corrected in them is public as well, and has to be found."""
    found = await services(request).releases.before(release.number, MOST_EARLIER)
    corrected = await services(request).bulletins.errata.corrected([each.number for each in found])
    return [
        EarlierLine(
            number=each.number,
            href=f"/releases/{each.number}",
            first=date.fromisoformat(each.start),
            last=date.fromisoformat(each.end),
            corrected=each.number in corrected,
        )
        for each in found
    ]


def _line(row: PublicRow, names: Names, query: str) -> PublicLine:
    """A row as the list shows it; ``query``: by which the form for objections knows it."""
    if row.withheld:
        return PublicLine(withheld=True)
    state = row.state or ""
    return PublicLine(
        place=names.region(row.region),
        category=names.category(row.category),
        unit=names.units.name(row.unit_id),
        state=state,
        state_name=names.gettext(STATE_NAMES[State(state)]) if state in set(State) else state,
        outlet=names.outlets.get(row.outlet_id, "") if row.outlet_id else "",
        url=row.url if row.url.startswith(("https://", "http://")) else "",
        object_href=f"/objections/new?{query}",
    )


ROUTES = [home, released, released_list]
