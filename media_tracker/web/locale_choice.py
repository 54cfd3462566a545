"""Which language a visitor gets: the cookie that they set, else their account's, else the browser's, else Chinese."""

from __future__ import annotations

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from media_tracker.web.i18n import pick_locale, set_locale
from media_tracker.web.visitor import Connection, visitor


def locale_of(connection: Connection) -> str:
    """The locale for this request."""
    user = visitor(connection).user
    return pick_locale(
        connection.cookies.get("language"),
        user.language if user else None,
        connection.headers.get("accept-language"),
    )


class LocaleMiddleware(ASGIMiddleware):
    """Sets the language of everything that the request renders. Runs behind the visitor's look-up."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        set_locale(locale_of(ASGIConnection(scope)))
        await next_app(scope, receive, send)
