"""Saved views of the list of problems: the chips above it, and the page on which they are renamed and deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request, Response, get, post
from litestar.datastructures import MultiDict
from litestar.params import FromPath

from media_tracker.accounts.actor import Role
from media_tracker.errors import N_, Conflict, InvalidInput
from media_tracker.problems.finding.saved_views import LONGEST_NAME, SavedView
from media_tracker.web.choices import Option, option
from media_tracker.web.forms import read_form
from media_tracker.web.guards import signed_in
from media_tracker.web.problems.finding.asked import Asked, read_asked
from media_tracker.web.render import ROLE_NAMES, Pages, page, see_other
from media_tracker.web.visitor import actor, services

PATH = "/problems/views"
LONGEST_QUERY = 2_000


@dataclass(frozen=True, slots=True)
class ViewChip:
    """A view above the list. ``shared``: with which role, in the reader's language."""

    name: str
    href: str
    active: bool
    shared: str


@dataclass(frozen=True, slots=True)
class ViewRow:
    """A view on its page; somebody else's is only looked at."""

    id: str
    name: str
    href: str
    mine: bool
    shared: str


@dataclass(frozen=True, slots=True)
class ViewsPage:
    """``templates/problems/finding/views.html``"""

    rows: Sequence[ViewRow]
    query: str
    """The filters that are about to be kept; empty: none are."""
    href: str
    roles: Sequence[Option]
    longest: int
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    wrong: str = ""
    """What stands against it, where it is no field's."""


def read_query(query: str) -> Asked:
    """The filters of an address's query."""
    return read_asked(MultiDict(parse_qsl(query[:LONGEST_QUERY])))


async def chips_of(request: Request[Any, Any, Any], asked: Asked) -> list[ViewChip]:
    """The views that the visitor sees; the one that the list shows now is marked."""
    views = await services(request).saved_views.seen_by(actor(request))
    pages: Pages = request.app.state.pages
    here = asked.href()
    return [ViewChip(view.name, href, href == here, _shared(view, pages)) for view in views if (href := _href(view))]


@get(PATH, guards=[signed_in])
async def views_page(request: Request[Any, Any, Any]) -> Response[str]:
    """The visitor's views; with filters in the address, the form that keeps them."""
    return await _show(request, request.url.query if request.query_params else "")


@post(PATH, guards=[signed_in])
async def save_view(request: Request[Any, Any, Any]) -> Response[Any]:
    """Keep filters under a name. What makes no sense in them is left out."""
    form = await read_form(request)
    asked = read_query(form.text("query", longest=LONGEST_QUERY))
    try:
        name = form.text("name", longest=LONGEST_NAME)
        role = form.choice("role", Role)
        form.check()
        view = await services(request).saved_views.save(actor(request), name, asked.href("").lstrip("?"), role)
    except InvalidInput as error:
        return await _show(request, asked.href("").lstrip("?"), form.values, error, 422)
    return await see_other(request, _href(view), N_("The view “{name}” is kept."), name=view.name)


@post(PATH + "/{view_id:str}/rename", guards=[signed_in])
async def rename_view(request: Request[Any, Any, Any], view_id: FromPath[str]) -> Response[Any]:
    """Give a view another name."""
    form = await read_form(request)
    try:
        await services(request).saved_views.rename(actor(request), view_id, form.text("name"))
    except (InvalidInput, Conflict) as error:
        return await _show(request, "", {}, error, 409 if isinstance(error, Conflict) else 422)
    return await see_other(request, PATH, N_("Renamed."))


@post(PATH + "/{view_id:str}/delete", guards=[signed_in])
async def delete_view(request: Request[Any, Any, Any], view_id: FromPath[str]) -> Response[Any]:
    """Delete a view."""
    await services(request).saved_views.delete(actor(request), view_id)
    return await see_other(request, PATH, N_("Deleted."))


async def _show(
    request: Request[Any, Any, Any],
    query: str,
    values: Mapping[str, str] | None = None,
    error: InvalidInput | Conflict | None = None,
    status: int = 200,
) -> Response[str]:
    who = actor(request)
    pages: Pages = request.app.state.pages
    asked = read_query(query) if query else None
    fields = error.fields if isinstance(error, InvalidInput) else {}
    context = ViewsPage(
        rows=[
            ViewRow(str(view.id), view.name, _href(view), view.owner == who.user_id, _shared(view, pages))
            for view in await services(request).saved_views.seen_by(who)
        ],
        query=asked.href("").lstrip("?") if asked else "",
        href=asked.href() if asked else "",
        roles=[option(role.value, pages.catalogue.gettext(ROLE_NAMES[role])) for role in sorted(who.roles)],
        longest=LONGEST_NAME,
        values=values or {},
        errors=fields,
        wrong=pages.catalogue.explain(error) if error is not None and not fields else "",
    )
    return await page(request, "problems/finding/views.html", context, status=status)


def _href(view: SavedView) -> str:
    """Where the view leads today, read by the rules of today."""
    return read_query(view.query).href()


def _shared(view: SavedView, pages: Pages) -> str:
    return pages.catalogue.gettext(ROLE_NAMES[view.role]) if view.role is not None else ""


ROUTES = [views_page, save_view, rename_view, delete_view]
