"""Releasing figures (签发): what has been released, and what would become public next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import AuditAction
from media_tracker.errors import N_, Conflict, InvalidInput
from media_tracker.monitor.documents import Release
from media_tracker.monitor.facts import Period
from media_tracker.monitor.periods import read_period
from media_tracker.monitor.releases import Preview, Seen
from media_tracker.web.bulletins.view import (
    Released,
    ReleaseView,
    list_of,
    read_release,
    release_view,
    released_figures,
)
from media_tracker.web.figure_links import Asked
from media_tracker.web.forms import Form, read_form
from media_tracker.web.guards import publicity, signed_in
from media_tracker.web.monitor.view import HEADLINE, Count
from media_tracker.web.naming import Names, names_of
from media_tracker.web.render import page, see_other
from media_tracker.web.visitor import actor, origin, request_id, services, visitor


@dataclass(frozen=True, slots=True)
class BulletinLine:
    """One release in the list."""

    number: int
    href: str
    first: date
    last: date
    released_at: datetime
    released_by: str
    headline: Count | None


@dataclass(frozen=True, slots=True)
class BulletinsPage:
    """``templates/bulletins/list.html``"""

    lines: Sequence[BulletinLine]
    headline: str
    may_release: bool


@dataclass(frozen=True, slots=True)
class BulletinPage:
    """``templates/bulletins/show.html``"""

    release: ReleaseView
    released_by: str
    breadcrumb: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class NewBulletinPage:
    """``templates/bulletins/new.html``"""

    start: str
    end: str
    today: date
    period: Period | None
    """What the figures count; None while the days are wrong."""
    figures: Released | None
    seen: str
    breadcrumb: Sequence[Mapping[str, str]]
    errors: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""
    """Why a release has come to nothing, though the days are right."""


@get("/bulletins", guards=[signed_in])
async def bulletins(request: Request[Any, Any, Any]) -> Response[str]:
    """Everything that has been released, newest first."""
    use = services(request)
    names, people = await names_of(request), await _people(request)
    who = visitor(request).actor
    context = BulletinsPage(
        lines=[_line(release, people) for release in await use.releases.all()],
        headline=names.gettext(N_("Problems resolved via media")),
        may_release=who is not None and who.has(Role.PUBLICITY),
    )
    return await page(request, "bulletins/list.html", context)


@get("/bulletins/new", guards=[publicity])
async def new_bulletin(request: Request[Any, Any, Any]) -> Response[str]:
    """The figures of a period as a release would make them public now."""
    query = request.query_params
    return await _new(request, query.get("from", ""), query.get("to", ""))


@get("/bulletins/{number:str}", guards=[signed_in])
async def bulletin(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[str]:
    """One release, with the lists that it counted."""
    release, people = await read_release(request, number), await _people(request)
    context = BulletinPage(
        release=release_view(release, request.app.state.pages),
        released_by=people.get(str(release.released_by), ""),
        breadcrumb=[*_breadcrumb(await names_of(request)), {"label": str(release.number)}],
    )
    return await page(request, "bulletins/show.html", context)


@post("/bulletins", guards=[publicity])
async def release_figures(request: Request[Any, Any, Any]) -> Response[Any]:
    """Release the figures that the form has shown (签发)."""
    use = services(request)
    form = await read_form(request)
    start, end = form.text("from"), form.text("to")
    try:
        period = read_period(start, end, _today(request))
        release = await use.releases.release(period, actor(request), origin(request), seen=_seen(form))
    except InvalidInput as error:
        return await _new(request, start, end, error)
    except Conflict as error:
        return await _new(request, start, end, late=error)
    await use.audit.write(
        AuditAction.RELEASED,
        actor=actor(request).user_id,
        subject=f"release/{release.number}",
        detail={"number": release.number, "from": release.start, "to": release.end},
        request_id=request_id(request.scope),
    )
    return await see_other(request, f"/bulletins/{release.number}", N_("Released. The figures are public now."))


async def _new(
    request: Request[Any, Any, Any],
    start: str,
    end: str,
    error: InvalidInput | None = None,
    late: Conflict | None = None,
) -> Response[str]:
    """The form with the preview as it is now; what is wrong with the days stands beside them."""
    today, names = _today(request), await names_of(request)
    errors: Mapping[str, str] = (error.fields or {"from": error.message}) if error else {}
    found: tuple[Period, Preview] | None = None
    if not errors:
        try:
            period = read_period(start, end, today)
            found = period, await services(request).releases.preview(period)
        except InvalidInput as wrong:
            errors = wrong.fields
    context = NewBulletinPage(
        start=found[0].start.isoformat() if found else start,
        end=found[0].end.isoformat() if found else end,
        today=today,
        period=found[0] if found else None,
        figures=released_figures(found[1].figures, Asked(found[0]).list_of, names.pages) if found else None,
        seen=_spelt(found[1].seen) if found else "",
        breadcrumb=[*_breadcrumb(names), {"label": names.gettext(N_("Release figures"))}],
        errors=errors,
        notice=names.pages.catalogue.explain(late) if late else "",
    )
    return await page(request, "bulletins/new.html", context, status=409 if late else 422 if errors else 200)


def _line(release: Release, people: Mapping[str, str]) -> BulletinLine:
    value = next((figure.value for figure in release.figures if figure.key is HEADLINE), None)
    return BulletinLine(
        number=release.number,
        href=f"/bulletins/{release.number}",
        first=date.fromisoformat(release.start),
        last=date.fromisoformat(release.end),
        released_at=release.released_at,
        released_by=people.get(str(release.released_by), ""),
        headline=None if value is None else Count(value, list_of(release.number, HEADLINE)),
    )


def _spelt(seen: Seen) -> str:
    """What was seen, as a form field carries it."""
    return ",".join(str(value) for value in (seen.latest, *seen.values))


def _seen(form: Form) -> Seen:
    """What the form says was seen; what it does not say was not seen, and agrees with nothing."""
    parts = form.text("seen").split(",")
    if not all(part.isascii() and part.isdecimal() for part in parts):
        return Seen((), 0)
    latest, *values = map(int, parts)
    return Seen(tuple(values), latest)


def _breadcrumb(names: Names) -> list[dict[str, str]]:
    return [{"label": names.gettext(N_("Releases")), "href": "/bulletins"}]


async def _people(request: Request[Any, Any, Any]) -> dict[str, str]:
    """Names to show by id."""
    return {str(user.id): user.display_name for user in await services(request).accounts.list_users()}


def _today(request: Request[Any, Any, Any]) -> date:
    use = services(request)
    return use.clock().astimezone(use.settings.zone).date()


ROUTES = [bulletins, new_bulletin, bulletin, release_figures]
