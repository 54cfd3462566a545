"""Turning a page context into an answer: the whole page, or, for htmx, one named block of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, ClassVar, Protocol
from urllib.parse import quote
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from litestar import Response
from litestar.enums import MediaType
from litestar.response import Redirect
from litestar.utils.scope.state import ScopeState

from media_tracker.accounts.actor import Actor, Role
from media_tracker.accounts.documents import User
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database
from media_tracker.errors import N_
from media_tracker.locate import static_dir, templates_dir
from media_tracker.web import i18n
from media_tracker.web.i18n import Catalogue, Formats
from media_tracker.web.visitor import Connection, services, visitor

THEMES = frozenset({"light", "dark"})
SAMPLE_CHECK_EVERY = timedelta(seconds=10)

ROLE_NAMES: Mapping[Role, str] = {
    Role.VIEWER: N_("Viewer"),
    Role.EDITOR: N_("Editor"),
    Role.PUBLICITY: N_("Publicity staff"),
    Role.OFFICIAL: N_("Official"),
    Role.INSPECTOR: N_("Inspector"),
    Role.ADMIN: N_("Administrator"),
}

NAVIGATION: tuple[tuple[str, str, frozenset[Role] | None], ...] = (
    ("/desk", N_("Desk"), frozenset({Role.EDITOR})),
    ("/stories", N_("Stories"), None),
    ("/work", N_("My work"), frozenset({Role.OFFICIAL, Role.INSPECTOR, Role.PUBLICITY})),
    ("/problems", N_("Problems"), None),
    ("/deeds", N_("Good deeds"), None),
    ("/monitor", N_("Monitor"), None),
    ("/bulletins", N_("Releases"), None),
    ("/outlets", N_("Outlets"), None),
    ("/projects", N_("Projects"), None),
    ("/admin", N_("Administration"), frozenset({Role.ADMIN})),
)
"""Address, label, and the roles that see it; None: everybody who has signed in."""

STARTS: tuple[tuple[str, frozenset[Role]], ...] = (
    ("/desk", frozenset({Role.EDITOR})),
    ("/work", frozenset({Role.OFFICIAL, Role.INSPECTOR})),
    ("/monitor", frozenset({Role.PUBLICITY, Role.VIEWER})),
    ("/admin/users", frozenset({Role.ADMIN})),
)
"""Where somebody begins who wished for no page: the first line with one of their roles."""


class PageContext(Protocol):
    """What a page shows: a frozen dataclass, one type per template."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


class Pages:
    """The templates, ready to render."""

    def __init__(self, catalogue: Catalogue, zone: ZoneInfo) -> None:
        self.catalogue = catalogue
        self.formats = Formats(catalogue, zone)
        self._environment = Environment(
            loader=FileSystemLoader(templates_dir()),
            autoescape=select_autoescape(default_for_string=True, default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.do"],
        )
        i18n.install(self._environment, catalogue, zone)
        self._environment.globals["static"] = static_url
        self._environment.globals["mistake"] = self._mistake

    def _mistake(self, errors: Mapping[str, str], name: str, /, **params: object) -> str:
        """What is wrong with the field ``name``, translated and filled; empty when nothing is."""
        return self.catalogue.translate(errors.get(name, ""), None, **params)

    def render(self, template: str, context: Mapping[str, object], block: str | None = None) -> str:
        """The template as text; with ``block`` only that part of it, and the messages that stand above every page."""
        loaded = self._environment.get_template(template)
        if block is None:
            return loaded.render(context)
        chrome: Any = self._environment.get_template("macros/chrome.html").module
        messages = str(chrome.flashes(context["flashes"], oob=True))
        return "".join(loaded.blocks[block](loaded.new_context(dict(context)))) + messages


@cache
def pages_in(zone: ZoneInfo) -> Pages:
    """The pages that show moments in ``zone``: one for all who ask in this process, for each template is compiled once."""
    return Pages(Catalogue.load(), zone)


@lru_cache
def static_url(path: str) -> str:
    """The address of a static file, with a digest of its content, so that it may be cached for ever."""
    file: Path = static_dir() / path
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:12] if file.is_file() else "missing"
    return f"/static/{quote(path)}?v={digest}"


async def page(
    connection: Connection, template: str, context: PageContext, *, status: int = 200, block: str = "main"
) -> Response[str]:
    """``template`` with ``context``; where htmx asks for a part of the page, only ``block``."""
    names = [each.name for each in fields(context)] if is_dataclass(context) else []
    own = {name: getattr(context, name) for name in names}
    return await render(connection, template, own, status=status, block=block)


async def render(
    connection: Connection, template: str, own: Mapping[str, object], *, status: int = 200, block: str = "main"
) -> Response[str]:
    """Like ``page``, for a context that is a mapping."""
    pages: Pages = connection.app.state.pages
    await connection.app.state.sample_data.loaded()
    own = {"flashes": await _flashes(connection, pages.catalogue), "new_notices": await _new_notices(connection), **own}
    return answer(connection, template, own, status=status, block=block)


def answer(
    connection: Connection, template: str, own: Mapping[str, object], *, status: int, block: str = "main"
) -> Response[str]:
    """Like ``render``, without asking the database: for errors, whose handlers cannot wait."""
    pages: Pages = connection.app.state.pages
    context = {**base_context(connection), **own}
    content = pages.render(template, context, block if _wants_part(connection) else None)
    return Response(content, media_type=MediaType.HTML, status_code=status, headers={"vary": "HX-Request"})


def _wants_part(connection: Connection) -> bool:
    """True where htmx swaps a part of the page; a boosted link and a step back in the history need all of it."""
    headers = connection.headers
    whole = "hx-boosted" in headers or "hx-history-restore-request" in headers
    return headers.get("hx-request") == "true" and not whole


def base_context(connection: Connection) -> dict[str, object]:
    """What ``base.html`` expects; see there."""
    who = visitor(connection)
    pages: Pages = connection.app.state.pages
    theme = connection.cookies.get("theme", "")
    query = connection.url.query
    return {
        "lang": i18n.lang_tag(),
        "theme": theme if theme in THEMES else "",
        "office_name": services(connection).settings.office_name,
        "nav": navigation(connection, pages.catalogue),
        "user": _menu(who.user, pages.catalogue) if who.user else None,
        "csrf_token": _csrf_token(connection),
        "sample_data": connection.app.state.sample_data.known,
        "flashes": [],
        "new_notices": 0,
        "breadcrumb": [],
        "current_path": connection.url.path + (f"?{query}" if query else ""),
        "now": services(connection).clock(),
        "wide": False,
    }


def _csrf_token(connection: Connection) -> str:
    """The token for this page's forms; an error page of an unknown address has only the cookie's."""
    token = ScopeState.from_scope(connection.scope).csrf_token
    return token if isinstance(token, str) else connection.cookies.get("csrftoken", "")


def navigation(connection: Connection, catalogue: Catalogue) -> list[dict[str, object]]:
    """The main menu for this visitor; a stranger has none."""
    who = visitor(connection).actor
    if who is None:
        return []
    path = connection.url.path
    return [
        {"href": href, "label": catalogue.gettext(label), "active": path == href or path.startswith(f"{href}/")}
        for href, label, roles in NAVIGATION
        if roles is None or who.has(*roles)
    ]


def _menu(user: User, catalogue: Catalogue) -> dict[str, object]:
    roles = [catalogue.gettext(ROLE_NAMES[role]) for role in user.roles]
    return {"name": user.display_name, "roles": roles, "href": "/account"}


async def _flashes(connection: Connection, catalogue: Catalogue) -> list[dict[str, str]]:
    session = visitor(connection).session
    if session is None or not session.flashes:
        return []
    waiting = await services(connection).sessions.take_flashes(session.id)
    tones = {"success": "ok", "error": "bad"}
    return [
        {"tone": tones.get(flash.level, "info"), "text": catalogue.translate(flash.message, None, **flash.params)}
        for flash in waiting
    ]


async def _new_notices(connection: Connection) -> int:
    """How many notices of the visitor are new; not asked for a part of a page, which has no bell."""
    who = visitor(connection).actor
    if who is None or _wants_part(connection):
        return 0
    return await services(connection).notices.unread(who.user_id)


async def see_other(connection: Connection, path: str, message: str | None = None, /, **params: str | int) -> Redirect:
    """303 to ``path``, with a message (a gettext id) for the page there."""
    session = visitor(connection).session
    if message is not None and session is not None:
        await services(connection).sessions.flash(session.id, "success", message, params)
    return Redirect(path, status_code=303)


def start_of(who: Actor) -> str:
    """The page on which a person's work begins."""
    return next((path for path, roles in STARTS if who.has(*roles)), "/monitor")


def safe_path(path: str | None, otherwise: str = "/") -> str:
    """``path`` if it stays on this site, else ``otherwise``: a form field must not send people elsewhere.

    Browsers take a backslash for a slash, and leave out tabs and line ends: ``/\\t/example.org`` is another site to them.
    """
    if not path or not path.startswith("/") or path.startswith("//") or "\\" in path or not path.isprintable():
        return otherwise
    return path


class SampleData:
    """Whether sample data is loaded; asked of the database at most every ten seconds."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._outlets = database["outlets"]
        self._status = database["status"]
        self._clock = clock
        self._asked_at: datetime | None = None
        self.known = False
        """The last answer."""

    async def loading(self) -> bool:
        """True while the samples are being put in."""
        return await self._status.find_one({"_id": "samples", "loading": True}, {"_id": 1}) is not None

    async def loaded(self) -> bool:
        """True from the first sample outlet to the last."""
        now = self._clock()
        if self._asked_at is None or not timedelta() <= now - self._asked_at < SAMPLE_CHECK_EVERY:
            self.known = await self._outlets.find_one({"demo": True}, {"_id": 1}) is not None
            self._asked_at = now
        return self.known
