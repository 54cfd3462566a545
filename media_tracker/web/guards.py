"""Who may open what. Every route has one of these guards; a test walks all routes as every role and as nobody."""

from __future__ import annotations

from collections.abc import Callable

from litestar.handlers import BaseRouteHandler

from media_tracker.accounts.actor import Role
from media_tracker.errors import N_, Forbidden, NotSignedIn
from media_tracker.web.visitor import Connection, visitor

Guard = Callable[[Connection, BaseRouteHandler], None]

OPEN_BEFORE_A_NEW_PASSWORD = frozenset({"/account", "/account/password", "/account/sign-out-everywhere", "/logout"})
"""All that somebody may do whose password was made up by somebody else."""


class PasswordDue(Forbidden):
    """The password was made up by an admin: first comes one of the person's own. Browsers are sent to ``/account``."""


def anyone(connection: Connection, _: BaseRouteHandler) -> None:
    """Open to the public. Said aloud, so that a route without a guard is a mistake."""


def signed_in(connection: Connection, _: BaseRouteHandler) -> None:
    """Open to everybody with an account, and a password of their own."""
    user = visitor(connection).user
    if user is None:
        raise NotSignedIn(N_("Please sign in first."))
    if user.must_change_password and connection.url.path not in OPEN_BEFORE_A_NEW_PASSWORD:
        raise PasswordDue(N_("Please choose a password of your own."))


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
rule_keepers = only(Role.EDITOR, Role.ADMIN)
