"""Who has a story open: kept up while its page stays open, let go when it is left, taken away by an admin."""

from __future__ import annotations

from typing import Any

from bson import ObjectId
from litestar import Request, Response, post
from litestar.params import FromPath

from media_tracker.errors import N_
from media_tracker.web.desk.moving_on import to_desk
from media_tracker.web.desk.view import queue_of
from media_tracker.web.forms import LONGEST_TEXT, read_form
from media_tracker.web.guards import editors, rule_keepers
from media_tracker.web.visitor import actor, origin, services


@post("/desk/{story_id:str}/claim", guards=[editors], status_code=204)
async def keep(request: Request[Any, Any, Any], story_id: FromPath[str]) -> Response[None]:
    """Keep a story for another five minutes: 204, or 409 where somebody else has it by now. For the page's own script."""
    key = await _known(request, story_id)
    held = await services(request).story_claims.take(key, actor(request))
    return Response(None, status_code=204 if held.by == actor(request).user_id else 409)


@post("/desk/{story_id:str}/release", guards=[editors], status_code=204)
async def let_go(request: Request[Any, Any, Any], story_id: FromPath[str]) -> Response[None]:
    """Let go of a story whose page is left; of one that somebody else has, nothing happens."""
    await services(request).story_claims.release(await _known(request, story_id), actor(request))
    return Response(None, status_code=204)


@post("/desk/{story_id:str}/break", guards=[rule_keepers])
async def take_away(request: Request[Any, Any, Any], story_id: FromPath[str]) -> Response[Any]:
    """Take a story away from whoever has it open, and open it. For admins; written into the audit trail."""
    form = await read_form(request)
    key = await _known(request, story_id)
    await services(request).story_claims.take_away(key, actor(request), origin(request))
    message = N_("The story has been taken away from who had it open; that is written into the audit trail.")
    return await to_desk(request, queue_of(form.text("wanted", longest=LONGEST_TEXT)), key, message)


async def _known(request: Request[Any, Any, Any], story_id: str) -> ObjectId:
    """The id of a story that there is; else ``NotFound``."""
    return ObjectId((await services(request).stories.get(story_id)).id)


ROUTES = [keep, let_go, take_away]
"""``/desk/{story}/claim``, ``release`` and ``break``."""
