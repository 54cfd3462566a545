"""Errors of the API: always problem+json (RFC 9457), whatever the program says that it accepts."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from pymongo.errors import PyMongoError

from media_tracker.errors import N_, MediaTrackerError, TooMany
from media_tracker.web.api.posted import BadStories
from media_tracker.web.errors import DATABASE_LOST, DATABASE_RETRY_SECONDS, SENTENCES, status_of
from media_tracker.web.i18n import set_locale
from media_tracker.web.locale_choice import locale_of
from media_tracker.web.render import Pages
from media_tracker.web.visitor import request_id

log = structlog.get_logger("web")

MEDIA_TYPE = "application/problem+json"
TOO_LARGE = N_("A request may have at most 5 MB. Send fewer stories at a time.")


def on_own_error(request: Request[Any, Any, Any], error: MediaTrackerError) -> Response[Any]:
    """One of our own errors; of stories that cannot be taken, what is wrong with each field."""
    translate = _pages(request).catalogue.translate
    headers = {}
    status = status_of(error)
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    if isinstance(error, TooMany):
        headers["retry-after"] = str(error.retry_after)
    more: dict[str, object] = {}
    if isinstance(error, BadStories):
        more["errors"] = [
            {"pointer": each.pointer, "detail": translate(each.sentence, None, **each.params)}
            for each in error.mistakes
        ]
    return _problem(request, status, translate(error.message, None, **error.params), headers, more)


def on_http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """One of Litestar's: a body that is too large, one that broke off."""
    status = error.status_code if error.status_code in SENTENCES else 400
    sentence = TOO_LARGE if status == 413 else SENTENCES[status]
    return _problem(request, status, _pages(request).catalogue.gettext(sentence))


def on_database_error(request: Request[Any, Any, Any], error: PyMongoError) -> Response[Any]:
    """The database has gone away: the same request may be sent again, nothing is doubled by that."""
    log.error("database lost", request_id=request_id(request.scope), error=type(error).__name__)
    headers = {"retry-after": str(DATABASE_RETRY_SECONDS)}
    return _problem(request, 503, _pages(request).catalogue.gettext(DATABASE_LOST), headers)


def on_any_error(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """What nobody foresaw: logged with its trace, told in one sentence."""
    log.exception("failed", request_id=request_id(request.scope), exc_info=error)
    return _problem(request, 500, _pages(request).catalogue.gettext(SENTENCES[500]))


def _pages(request: Request[Any, Any, Any]) -> Pages:
    set_locale(locale_of(request))
    pages: Pages = request.app.state.pages
    return pages


def _problem(
    request: Request[Any, Any, Any],
    status: int,
    detail: str,
    headers: dict[str, str] | None = None,
    more: dict[str, object] | None = None,
) -> Response[Any]:
    problem = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": f"urn:request:{request_id(request.scope)}",
        **(more or {}),
    }
    return Response(problem, status_code=status, media_type=MEDIA_TYPE, headers=headers or {})


HANDLERS: dict[int | type[Exception], Callable[[Request[Any, Any, Any], Any], Response[Any]]] = {
    MediaTrackerError: on_own_error,
    HTTPException: on_http_error,
    PyMongoError: on_database_error,
    Exception: on_any_error,
}
