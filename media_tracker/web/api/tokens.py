"""Tokens of outlets: made, shown once, revoked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from media_tracker.accounts.tokens import LONGEST_NAME, Token
from media_tracker.errors import N_, InvalidInput
from media_tracker.outlets.documents import Platform
from media_tracker.web.choices import Option, named, option, outlet_options
from media_tracker.web.forms import Form, read_form
from media_tracker.web.guards import admins
from media_tracker.web.i18n import NOTHING
from media_tracker.web.naming import Names, names_of
from media_tracker.web.outlets.view import PLATFORM_NAMES
from media_tracker.web.render import page, see_other
from media_tracker.web.visitor import actor, origin, services

FIGURES = "figures"
READS_FIGURES = N_("No outlet: it reads the figures")


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token in the list. ``platform`` is untranslated."""

    id: str
    name: str
    outlet: str
    outlet_href: str
    platform: str
    made_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class TokensPage:
    """``templates/api/tokens.html``"""

    rows: Sequence[TokenRow]
    outlets: Sequence[Option]
    platforms: Sequence[Option]
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TokenPage:
    """``templates/api/token.html``"""

    name: str
    outlet: str
    secret: str


@get("/admin/tokens", guards=[admins])
async def tokens_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Every token, and the form for another."""
    return await page(request, "api/tokens.html", await _tokens(request))


@post("/admin/tokens", guards=[admins])
async def make_token(request: Request[Any, Any, Any]) -> Response[Any]:
    """A new token, shown on this answer and never again."""
    form, names, found = await read_form(request), await names_of(request), services(request)
    if form.text("outlet") == FIGURES:
        return await _make_reader(request, form)
    outlet_id = form.id("outlet", required=N_("Please choose from the list."))
    if outlet_id is not None and outlet_id not in names.outlets:
        form.errors["outlet"] = N_("Please choose from the list.")
    platform = form.choice("platform", Platform, required=N_("Please choose from the list."))
    name = form.text("name", required=N_("Please say which system the token is for."), longest=LONGEST_NAME)
    try:
        form.check()
    except InvalidInput as error:
        return await page(request, "api/tokens.html", await _tokens(request, form, error.fields), status=422)
    assert outlet_id is not None  # or check() would have raised
    assert platform is not None
    token, secret = await found.tokens.make(outlet_id, platform, name, by=actor(request), origin=origin(request))
    shown = TokenPage(token.name, names.outlets[outlet_id], secret)
    return await page(request, "api/token.html", shown, status=201)


async def _make_reader(request: Request[Any, Any, Any], form: Form) -> Response[Any]:
    name = form.text("name", required=N_("Please say which system the token is for."), longest=LONGEST_NAME)
    try:
        form.check()
    except InvalidInput as error:
        return await page(request, "api/tokens.html", await _tokens(request, form, error.fields), status=422)
    made = services(request).tokens.make(None, "", name, by=actor(request), origin=origin(request))
    token, secret = await made
    told = request.app.state.pages.catalogue.gettext(READS_FIGURES)
    return await page(request, "api/token.html", TokenPage(token.name, told, secret), status=201)


@post("/admin/tokens/{token_id:str}/revoke", guards=[admins])
async def revoke_token(request: Request[Any, Any, Any], token_id: FromPath[str]) -> Response[Any]:
    """End a token at once and for good."""
    token = await services(request).tokens.revoke(token_id, by=actor(request), origin=origin(request))
    return await see_other(request, "/admin/tokens", N_("The token “{name}” is revoked."), name=token.name)


async def _tokens(
    request: Request[Any, Any, Any], form: Form | None = None, errors: Mapping[str, str] | None = None
) -> TokensPage:
    names = await names_of(request)
    return TokensPage(
        rows=[_row(token, names) for token in await services(request).tokens.all()],
        outlets=[option(FIGURES, names.gettext(READS_FIGURES)), *outlet_options(names)],
        platforms=named(request.app.state.pages.catalogue, PLATFORM_NAMES),
        values=form.values if form else {},
        errors=errors or {},
    )


def _row(token: Token, names: Names) -> TokenRow:
    return TokenRow(
        id=str(token.id),
        name=token.name,
        outlet=names.outlet(token.outlet_id) or NOTHING if token.outlet_id else names.gettext(READS_FIGURES),
        outlet_href=f"/outlets/{token.outlet_id}" if token.outlet_id in names.outlets else "",
        platform=PLATFORM_NAMES[Platform(token.platform)] if token.platform else NOTHING,
        made_at=token.made_at,
        last_used_at=token.last_used_at,
        revoked_at=token.revoked_at,
    )


ROUTES = [tokens_page, make_token, revoke_token]
