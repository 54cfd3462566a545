"""Putting a story off, and taking it back into the queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Request, Response, post
from litestar.params import FromPath

from media_tracker.desk.snoozing import LONGEST_NOTE, Until, moment_of
from media_tracker.errors import N_, Conflict, InvalidInput
from media_tracker.web.desk.moving_on import refused, to_desk
from media_tracker.web.desk.view import queue_of
from media_tracker.web.forms import LONGEST_TEXT, read_form
from media_tracker.web.guards import editors
from media_tracker.web.naming import names_of
from media_tracker.web.visitor import actor, origin, services

UNTIL_NAMES: Mapping[Until, str] = {
    Until.AFTERNOON: N_("This afternoon"),
    Until.TOMORROW: N_("Tomorrow morning"),
    Until.MONDAY: N_("Monday morning"),
    Until.CHOSEN: N_("Another time"),
}


@post("/desk/{story_id:str}/snooze", guards=[editors])
async def snooze(request: Request[Any, Any, Any], story_id: FromPath[str]) -> Response[Any]:
    """Put a story off: ``until`` one of ``Until``, and for another time ``at``; ``note``, why. Then on to the next one."""
    form = await read_form(request)
    found, who = services(request), actor(request)
    wanted = queue_of(form.text("wanted", longest=LONGEST_TEXT))
    story = await found.stories.get(story_id)
    try:
        chosen = form.choice("until", Until) or Until.TOMORROW
        until = moment_of(chosen, found.clock(), found.settings.zone)
        if chosen is Until.CHOSEN:
            until = form.moment("at", required=N_("Please give a day and a time.")) or until
        note = form.text("note", longest=LONGEST_NOTE)
        form.check()
        await found.snoozing.snooze(story_id, form.version(), until, note, who, origin(request))
    except (Conflict, InvalidInput) as error:
        shown = (
            InvalidInput(next(iter(error.fields.values())))
            if isinstance(error, InvalidInput) and error.fields
            else error
        )
        return await refused(request, "/desk", shown, wanted)
    behind = await found.queue.next(wanted, who, after=story)
    formats = (await names_of(request)).pages.formats
    message = N_("Put off until {moment}.")
    return await to_desk(request, wanted, behind.id if behind else "", message, moment=formats.datetime_text(until))


@post("/desk/{story_id:str}/wake", guards=[editors])
async def wake(request: Request[Any, Any, Any], story_id: FromPath[str]) -> Response[Any]:
    """Take a story back into the queue now."""
    form = await read_form(request)
    wanted = queue_of(form.text("wanted", longest=LONGEST_TEXT))
    try:
        await services(request).snoozing.wake(story_id, form.version(), actor(request), origin(request))
    except Conflict as error:
        return await refused(request, "/desk", error, wanted)
    return await to_desk(request, wanted, story_id, N_("It waits again."))


ROUTES = [snooze, wake]
"""``/desk/{story}/snooze`` and ``wake``."""
