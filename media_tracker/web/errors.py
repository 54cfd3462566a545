"""Errors as answers: a page for browsers, problem+json (RFC 9457) for programs. The only place that knows status codes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import structlog
from litestar import Request, Response
from litestar.enums import MediaType
from litestar.exceptions import HTTPException
from litestar.response import Redirect
from pymongo.errors import ConnectionFailure, PyMongoError

from media_tracker import errors
from media_tracker.errors import N_, MediaTrackerError
from media_tracker.web.guards import PasswordDue
from media_tracker.web.i18n import set_locale
from media_tracker.web.locale_choice import locale_of
from media_tracker.web.render import Pages, safe_path, start_of
from media_tracker.web.render import answer as render_answer
from media_tracker.web.visitor import request_id, visitor

log = structlog.get_logger("web")

STATUS: dict[type[MediaTrackerError], int] = {
    errors.InvalidInput: 422,
    errors.NotSignedIn: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.TooMany: 429,
    errors.NotReady: 503,
    errors.Unavailable: 502,
}

SENTENCES: dict[int, str] = {
    400: N_("The request could not be understood."),
    403: N_("This form is out of date, or was sent from another site. Go back, reload the page, and try again."),
    404: N_("There is nothing at this address."),
    405: N_("This address does not take that kind of request."),
    413: N_(
        "That is more than can be taken at once: the photos of a form together at most 50 MB, a list of feeds at most 5 MB."
    ),
    500: N_("Something went wrong on our side. It has been logged; nothing has been half done."),
}

DATABASE_LOST = N_("The database cannot be reached at the moment. Please try again in a moment.")
DATABASE_RETRY_SECONDS = 15
"""When to ask again after the database was lost: about as long as a replica set takes to choose a new primary."""
PASSING = ("TransientTransactionError", "RetryableWriteError", "NetworkError")
"""Labels by which the driver says that the same may work later."""


def status_of(error: MediaTrackerError) -> int:
    """The HTTP status of an error."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def on_own_error(request: Request[Any, Any, Any], error: MediaTrackerError) -> Response[Any]:
    """One of our own errors."""
    status = status_of(error)
    set_locale(locale_of(request))
    if status == 401 and wants_page(request):
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        back = quote(path if request.method == "GET" else "/", safe="")
        return _redirect(request, f"/login?next={back}")
    if isinstance(error, PasswordDue) and wants_page(request):
        return _redirect(request, "/account")
    pages: Pages = request.app.state.pages
    headers = {"retry-after": str(error.retry_after)} if isinstance(error, errors.TooMany) else {}
    return answer(request, status, pages.catalogue.explain(error), headers)


def on_http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """One of Litestar's: no such route, a failed CSRF check, a body that is too large."""
    set_locale(locale_of(request))
    status = error.status_code
    if status >= 500:
        log.error("failed", request_id=request_id(request.scope), error=type(error).__name__)
    status = status if status in SENTENCES else (400 if status < 500 else 500)
    pages: Pages = request.app.state.pages
    response = answer(request, status, pages.catalogue.gettext(SENTENCES[status]))
    if status == 403:
        response.delete_cookie("csrftoken")  # it may have been made with another key: the next page brings a new one
    return response


def on_database_error(request: Request[Any, Any, Any], error: PyMongoError) -> Response[Any]:
    """MongoDB has gone away, or answers too late; what it answers with a refusal is a mistake of ours."""
    passing = error.timeout or any(error.has_error_label(label) for label in PASSING)
    if not passing and not isinstance(error, ConnectionFailure):
        return on_any_error(request, error)
    log.error("database lost", request_id=request_id(request.scope), error=type(error).__name__)
    set_locale(locale_of(request))
    pages: Pages = request.app.state.pages
    headers = {"retry-after": str(DATABASE_RETRY_SECONDS)}
    return answer(request, 503, pages.catalogue.gettext(DATABASE_LOST), headers)


def on_any_error(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """What nobody foresaw: logged with its trace, told in one sentence."""
    log.exception("failed", request_id=request_id(request.scope), exc_info=error)
    set_locale(locale_of(request))
    pages: Pages = request.app.state.pages
    return answer(request, 500, pages.catalogue.gettext(SENTENCES[500]))


def answer(
    request: Request[Any, Any, Any], status: int, message: str, headers: dict[str, str] | None = None
) -> Response[Any]:
    """``message`` as a page or as problem+json."""
    number = request_id(request.scope)
    if not wants_page(request):
        problem = {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": message,
            "instance": f"urn:request:{number}",
        }
        return Response(problem, status_code=status, media_type="application/problem+json", headers=headers)
    context = {"status": status, "message": message, "request_id": number, "title": "", "ways_on": _ways_on(request)}
    response = render_answer(request, "errors/error.html", context, status=status)
    response.headers.update(headers or {})
    return response


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """True for browsers; programs say what they accept, or ask under /api."""
    accept = request.headers.get("accept", "")
    return "text/html" in accept or request.headers.get("hx-request") == "true"


def _ways_on(request: Request[Any, Any, Any]) -> list[dict[str, str]]:
    pages: Pages = request.app.state.pages
    ways = []
    if request.method == "POST" and (back := _page_before(request)):
        ways.append({"href": back, "label": pages.catalogue.gettext(N_("Back to the page, as it is now"))})
    who = visitor(request).actor
    home = "/" if who is None else start_of(who)
    ways.append({"href": home, "label": pages.catalogue.gettext(N_("To the start page"))})
    return ways


def _page_before(request: Request[Any, Any, Any]) -> str:
    """The path of the page that sent the form, if it was one of ours."""
    own = f"{request.url.scheme}://{request.headers.get('host', '')}/"
    referer = request.headers.get("referer", "")
    return safe_path(f"/{referer.removeprefix(own)}", "") if referer.startswith(own) else ""


def _redirect(request: Request[Any, Any, Any], path: str) -> Response[Any]:
    if request.headers.get("hx-request") == "true":
        return Response("", status_code=200, headers={"HX-Redirect": path}, media_type=MediaType.HTML)
    return Redirect(path, status_code=303)
