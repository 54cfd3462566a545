"""Who is asking: the session cookie, looked up once per request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from media_tracker.accounts.actor import Actor
from media_tracker.accounts.documents import User
from media_tracker.accounts.sessions import Session
from media_tracker.db.events import Origin
from media_tracker.errors import N_, NotSignedIn
from media_tracker.wiring import Services

SESSION_COOKIE = "session"
ASKED_BY_PAGES = frozenset({"/events", "/events/since", "/notices/bell"})
"""What pages ask by themselves, whether somebody sits before them or not."""

Connection = ASGIConnection[Any, Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Visitor:
    """The person behind a request; all None for a stranger."""

    user: User | None = None
    session: Session | None = None
    actor: Actor | None = None


STRANGER = Visitor()


class VisitorMiddleware(ASGIMiddleware):
    """Puts a ``Visitor`` into ``scope["user"]``. A stranger's visit reads and writes nothing."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        connection: Connection = ASGIConnection(scope)
        token = connection.cookies.get(SESSION_COOKIE)
        touch = scope["path"] not in ASKED_BY_PAGES
        found = await services(connection).sessions.find(token, touch=touch) if token else None
        scope["user"] = STRANGER if found is None else Visitor(found[1], found[0], found[1].actor())
        scope["auth"] = None
        await next_app(scope, receive, send)


def services(connection: Connection) -> Services:
    """The services of the application that serves this request."""
    found: Services = connection.app.state.services
    return found


def visitor(connection: Connection) -> Visitor:
    """Who is asking; a stranger where nobody has looked yet (an error before the look-up)."""
    found = connection.scope.get("user")
    return found if isinstance(found, Visitor) else STRANGER


def actor(connection: Connection) -> Actor:
    """The signed-in person, for rules; ``NotSignedIn`` for a stranger."""
    found = visitor(connection).actor
    if found is None:
        raise NotSignedIn(N_("Please sign in first."))
    return found


def origin(connection: Connection) -> Origin:
    """Who makes a change, for the event log. Somebody who works in one unit acts for it."""
    who = visitor(connection).actor
    unit = next(iter(who.units)) if who is not None and len(who.units) == 1 else None
    return Origin(who.user_id if who else None, unit, request_id(connection.scope))


def request_id(scope: Scope | Mapping[str, Any]) -> str:
    """The request's id: in the log, in events, in the answer's header and on error pages."""
    return str(scope.get("request_id", ""))


def client_address(connection: Connection) -> str:
    """The visitor's network address, as far as trusted proxies tell it."""
    return str(connection.scope.get("client_address", "")) or (connection.client.host if connection.client else "")
