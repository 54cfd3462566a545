"""Releases (签发): what has been released, with its bulletin where there is one, and what would become public next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get, post
from litestar.params import FromPath

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import AuditAction
from media_tracker.errors import N_, Conflict, InvalidInput, NotFound
from media_tracker.monitor.bulletin_lists import Recount
from media_tracker.monitor.bulletin_rules import last_week
from media_tracker.monitor.documents import Bulletin, Erratum, Release
from media_tracker.monitor.facts import Period
from media_tracker.monitor.periods import read_period
from media_tracker.monitor.releases import Preview
from media_tracker.papers.bulletin_content import BulletinContent
from media_tracker.web.bulletins.content import content_of, read_seen, spelt, today_of
from media_tracker.web.bulletins.view import (
    Released,
    ReleaseView,
    list_of,
    numbered,
    read_release,
    release_view,
    released_figures,
)
from media_tracker.web.figure_links import Asked
from media_tracker.web.file_answer import file_answer
from media_tracker.web.forms import read_form
from media_tracker.web.guards import publicity, signed_in
from media_tracker.web.i18n import use_locale
from media_tracker.web.monitor.view import HEADLINE, Count
from media_tracker.web.naming import Names, names_of
from media_tracker.web.render import page, see_other
from media_tracker.web.trail import write_down
from media_tracker.web.visitor import actor, origin, request_id, services


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
    issue: str
    """The number of its bulletin; empty: figures alone."""


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A draft of a bulletin."""

    href: str
    title: str
    first: date
    last: date
    changed_at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class BulletinsPage:
    """``templates/bulletins/list.html``. ``start``, ``end``: what the form for a new bulletin offers."""

    lines: Sequence[BulletinLine]
    drafts: Sequence[DraftLine]
    headline: str
    may_release: bool
    start: str
    end: str
    today: date
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ErratumLine:
    """One correction."""

    at: datetime
    by: str
    place: str
    wrong: str
    right: str


@dataclass(frozen=True, slots=True)
class RecountLine:
    """A figure as it was frozen, and as the events give it now for the same moment."""

    name: str
    frozen: int
    now: int
    href: str
    same: bool


@dataclass(frozen=True, slots=True)
class IssueView:
    """The bulletin of a release, as it was signed."""

    number: str
    content: BulletinContent
    as_of: datetime
    word: str
    digest: str
    size: int
    errata: Sequence[ErratumLine]
    recount: Sequence[RecountLine] | None
    """None: nobody has asked for it."""


@dataclass(frozen=True, slots=True)
class BulletinPage:
    """``templates/bulletins/show.html``"""

    release: ReleaseView
    released_by: str
    issue: IssueView | None
    may_correct: bool
    breadcrumb: Sequence[Mapping[str, str]]
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


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
    """Everything that has been released, newest first; for publicity staff the drafts of bulletins, too."""
    return await show_list(request)


async def show_list(
    request: Request[Any, Any, Any], start: str = "", end: str = "", error: InvalidInput | None = None
) -> Response[str]:
    """The list; with ``error`` the form for a new bulletin came back."""
    use = services(request)
    names, people = await names_of(request), await _people(request)
    may_release = actor(request).has(Role.PUBLICITY)
    released = await use.releases.all()
    issues = await use.bulletins.numbers([each.number for each in released])
    offered = last_week(today_of(use))
    context = BulletinsPage(
        lines=[_line(release, people, numbered(names, issues.get(release.number))) for release in released],
        drafts=[_draft(draft, people) for draft in await use.bulletins.drafts.all()] if may_release else [],
        headline=names.gettext(N_("Problems resolved via media")),
        may_release=may_release,
        start=start or offered.start.isoformat(),
        end=end or offered.end.isoformat(),
        today=today_of(use),
        errors=(error.fields or {"from": error.message}) if error else {},
    )
    return await page(request, "bulletins/list.html", context, status=422 if error else 200)


@get("/bulletins/new", guards=[publicity])
async def new_bulletin(request: Request[Any, Any, Any]) -> Response[str]:
    """The figures of a period as a release would make them public now."""
    query = request.query_params
    return await _new(request, query.get("from", ""), query.get("to", ""))


@get("/bulletins/{number:str}", guards=[signed_in])
async def bulletin(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[str]:
    """One release, with the lists that it counted and its bulletin; with ``check`` it is counted again, as of its moment."""
    return await _show(request, await read_release(request, number), check="check" in request.query_params)


@get("/bulletins/{number:str}/bulletin.docx", guards=[signed_in])
async def bulletin_file(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
    """The Word file of a released bulletin, the bytes that were signed."""
    release = await read_release(request, number)
    found = await services(request).bulletins.of_release(release.number)
    if found is None or found.frozen is None:
        raise NotFound(N_("There is no such bulletin."))
    metadata, chunks = await services(request).files.open(found.frozen.file_id)
    await write_down(request, AuditAction.EXPORTED, f"bulletin/{release.number}.docx")
    return file_answer(metadata, chunks)


@post("/bulletins/{number:str}/errata", guards=[publicity])
async def correct(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
    """Say what was wrong in a bulletin, and what is right."""
    release, form = await read_release(request, number), await read_form(request)
    said = {name: form.text(name, longest=1_000) for name in ("place", "wrong", "right")}
    try:
        await services(request).bulletins.errata.add(
            release.number, said["place"], said["wrong"], said["right"], actor(request), origin(request)
        )
    except InvalidInput as error:
        return await _show(request, release, values=said, error=error)
    await write_down(request, AuditAction.RELEASED, f"erratum/{release.number}")
    return await see_other(
        request, f"/bulletins/{release.number}#errata", N_("The correction stands beside the bulletin, and is public.")
    )


@post("/bulletins", guards=[publicity])
async def release_figures(request: Request[Any, Any, Any]) -> Response[Any]:
    """Release the figures that the form has shown (签发)."""
    use = services(request)
    form = await read_form(request)
    start, end = form.text("from"), form.text("to")
    try:
        period = read_period(start, end, today_of(use))
        release = await use.releases.release(period, actor(request), origin(request), seen=read_seen(form.text("seen")))
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
    today, names = today_of(services(request)), await names_of(request)
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
        seen=spelt(found[1].seen) if found else "",
        breadcrumb=[*_breadcrumb(names), {"label": names.gettext(N_("Release figures"))}],
        errors=errors,
        notice=names.pages.catalogue.explain(late) if late else "",
    )
    return await page(request, "bulletins/new.html", context, status=409 if late else 422 if errors else 200)


def _line(release: Release, people: Mapping[str, str], issue: str) -> BulletinLine:
    value = next((figure.value for figure in release.figures if figure.key is HEADLINE), None)
    return BulletinLine(
        number=release.number,
        href=f"/bulletins/{release.number}",
        first=date.fromisoformat(release.start),
        last=date.fromisoformat(release.end),
        released_at=release.released_at,
        released_by=people.get(str(release.released_by), ""),
        headline=None if value is None else Count(value, list_of(release.number, HEADLINE)),
        issue=issue,
    )


def _draft(draft: Bulletin, people: Mapping[str, str]) -> DraftLine:
    return DraftLine(
        href=f"/bulletins/drafts/{draft.id}",
        title=draft.texts.title,
        first=date.fromisoformat(draft.start),
        last=date.fromisoformat(draft.end),
        changed_at=draft.changed_at,
        by=people.get(str(draft.created_by), ""),
    )


async def _show(
    request: Request[Any, Any, Any],
    release: Release,
    *,
    check: bool = False,
    values: Mapping[str, str] | None = None,
    error: InvalidInput | None = None,
) -> Response[str]:
    use, people, names = services(request), await _people(request), await names_of(request)
    found = await use.bulletins.of_release(release.number)
    errata = await use.bulletins.errata.of(release.number)
    recount = await use.bulletins.recount(found) if found is not None and check else None
    context = BulletinPage(
        release=release_view(release, request.app.state.pages),
        released_by=people.get(str(release.released_by), ""),
        issue=_issue(found, release, [_erratum(each, people) for each in errata], recount, names) if found else None,
        may_correct=found is not None and actor(request).has(Role.PUBLICITY),
        breadcrumb=[*_breadcrumb(names), {"label": str(release.number)}],
        values=values or {},
        errors=error.fields if error else {},
    )
    return await page(request, "bulletins/show.html", context, status=422 if error else 200)


def _issue(
    found: Bulletin,
    release: Release,
    errata: Sequence[ErratumLine],
    recount: Sequence[Recount] | None,
    names: Names,
) -> IssueView:
    frozen = found.frozen
    assert frozen is not None  # found by its release
    query = urlencode({"from": found.start, "to": found.end, "as_of": frozen.as_of.isoformat()})
    with use_locale(found.language):
        number = numbered(names, (frozen.year, frozen.serial))
    lines = None
    if recount is not None:
        definitions = {figure.key: figure.name for figure in frozen.figures}
        lines = [
            RecountLine(
                names.gettext(definitions[each.key]),
                each.frozen,
                each.now,
                f"/monitor/{each.key.value}?{query}",
                each.same,
            )
            for each in recount
        ]
    return IssueView(
        number=number,
        content=content_of(frozen.content),
        as_of=frozen.as_of,
        word=f"/bulletins/{release.number}/bulletin.docx",
        digest=frozen.digest,
        size=frozen.size,
        errata=errata,
        recount=lines,
    )


def _erratum(erratum: Erratum, people: Mapping[str, str]) -> ErratumLine:
    return ErratumLine(erratum.at, people.get(str(erratum.by), ""), erratum.place, erratum.wrong, erratum.right)


def _breadcrumb(names: Names) -> list[dict[str, str]]:
    return [{"label": names.gettext(N_("Releases")), "href": "/bulletins"}]


async def _people(request: Request[Any, Any, Any]) -> dict[str, str]:
    """Names to show by id."""
    return {str(user.id): user.display_name for user in await services(request).accounts.list_users()}


ROUTES = [bulletins, new_bulletin, bulletin, bulletin_file, correct, release_figures]
