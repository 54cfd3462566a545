"""Back to the desk after something was done there: to a story, or on to the next one, with a word of what was done."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response
from litestar.response import Redirect

from media_tracker.accounts.actor import Role
from media_tracker.desk.filters import QueueFilter
from media_tracker.errors import MediaTrackerError
from media_tracker.web.desk.ahead import holds
from media_tracker.web.desk.view import desk_page, desk_path
from media_tracker.web.naming import names_of
from media_tracker.web.render import page, see_other
from media_tracker.web.visitor import actor, services, visitor

TEMPLATE = "desk/desk.html"


async def to_desk(
    request: Request[Any, Any, Any],
    wanted: QueueFilter,
    story: object = "",
    message: str = "",
    **params: str | int,
) -> Response[Any]:
    """To ``story`` in the queue ``wanted``, or to its top; where htmx swaps the page in place, it is sent at once.

    An admin who is no editor has no desk: they see the story's own page.
    """
    if not actor(request).has(Role.EDITOR):
        return await see_other(request, f"/stories/{story}" if story else "/stories", message or None, **params)
    path = desk_path(wanted, story)
    if request.headers.get("hx-request") != "true":
        return await see_other(request, path, message or None, **params)
    said = (await names_of(request)).pages.catalogue.translate(message, None, **params) if message else ""
    context = await desk_page(request, wanted, str(story) if story else None, holds=holds(request), said=said)
    response = await page(request, TEMPLATE, context)
    response.headers["HX-Push-Url"] = path
    return response


async def refused(
    request: Request[Any, Any, Any], path: str, error: MediaTrackerError, wanted: QueueFilter | None = None
) -> Response[Any]:
    """Back to ``path`` (or the desk, in place) with the sentence of ``error`` above the page."""
    session = visitor(request).session
    if session is not None:
        params = {name: str(value) for name, value in error.params.items()}
        await services(request).sessions.flash(session.id, "error", error.message, params)
    if wanted is not None:
        return await to_desk(request, wanted)
    return Redirect(path, status_code=303)
