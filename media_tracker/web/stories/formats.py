"""In which form a story is told, corrected by an editor."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, post
from litestar.params import FromPath

from media_tracker.errors import N_
from media_tracker.ingest.story_format import StoryFormat
from media_tracker.web.forms import read_form
from media_tracker.web.guards import editors
from media_tracker.web.render import see_other
from media_tracker.web.visitor import actor, origin, services


@post("/stories/{story_id:str}/format", guards=[editors])
async def say_format(request: Request[Any, Any, Any], story_id: FromPath[str]) -> Response[Any]:
    """Say in which form a story is told."""
    form = await read_form(request)
    told = form.choice("format", StoryFormat, required=N_("Please choose from the list."))
    form.check()
    assert told is not None  # or check() would have raised
    await services(request).story_formats.correct(story_id, form.version(), told, actor(request), origin(request))
    return await see_other(request, f"/stories/{story_id}", N_("The form is corrected."))


ROUTES = [say_format]
