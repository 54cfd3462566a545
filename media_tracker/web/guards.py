"""Who may open what. Every route has one of these guards; a test walks all routes as every role and as nobody."""

from __future__ import annotations

from collections.abc import Callable

from litestar.handlers import BaseRouteHandler

from media_tracker.accounts.actor import Role
from media_tracker.errors import N_, Forbidden, NotSignedIn
from media_tracker.web.visitor import Connection, visitor

Guard = Callable[[Connection, BaseRouteHandler], None]


def anyone(connection: Connection, _: BaseRouteHandler) -> None:
    """Open to the public. Said aloud, so that a route without a guard is a mistake."""


def signed_in(connection: Connection, _: BaseRouteHandler) -> None:
    """Open to everybody with an account."""
    if visitor(connection).user is None:
        raise NotSignedIn(N_("Please sign in first."))


def only(*roles: Role) -> Guard:
    """Open to people with one of ``roles``."""

    def guard(connection: Connection, handler: BaseRouteHandler) -> None:
        signed_in(connection, handler)
        who = visitor(connection).actor
        if who is None or not who.has(*roles):
            raise Forbidden(N_("Your role does not allow this."))

    return guard


editors = only(Role.EDITOR)
publicity = only(Role.PUBLICITY)
dispatchers = only(Role.EDITOR, Role.PUBLICITY)
admins = only(Role.ADMIN)
