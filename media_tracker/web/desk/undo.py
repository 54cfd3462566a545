"""Taking back what was done at the desk: the last thing by one key, any of the last ten minutes from a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from litestar import Request, Response, get, post
from litestar.params import FromPath

from media_tracker.desk.done import What
from media_tracker.desk.undoing import Entry
from media_tracker.errors import N_, Conflict, NotFound
from media_tracker.ingest.documents import Kind, Story
from media_tracker.web.desk.bulk import RunLine, run_lines
from media_tracker.web.desk.moving_on import refused, to_desk
from media_tracker.web.desk.view import DONE, queue_of
from media_tracker.web.forms import LONGEST_TEXT, read_form
from media_tracker.web.guards import editors, rule_keepers
from media_tracker.web.naming import Names, names_of
from media_tracker.web.render import page
from media_tracker.web.stories.view import KINDS, story_row
from media_tracker.web.visitor import actor, origin, services

PATH = "/desk/done"


@dataclass(frozen=True, slots=True)
class DoneRow:
    """One thing, or several that were done together. ``undo``: its id, where it can still be undone, ``until`` then."""

    what: str
    kind: str
    number: str
    title: str
    story: str
    count: int
    at: datetime
    until: datetime | None
    undo: str


@dataclass(frozen=True, slots=True)
class DonePage:
    """``templates/desk/done.html``"""

    rows: Sequence[DoneRow]
    runs: Sequence[RunLine]


@get(PATH, guards=[editors])
async def done(request: Request[Any, Any, Any]) -> Response[str]:
    """What the reader has done since yesterday, and what of it can be undone."""
    found, names = services(request), await names_of(request)
    entries = await found.undoing.mine(actor(request))
    stories = await found.stories.many([entry.row.story_id for entry in entries])
    rows = [_row(request, entry, stories, names) for entry in entries]
    return await page(request, "desk/done.html", DonePage(rows, await run_lines(request)))


@post("/desk/undo/{row_id:str}", guards=[rule_keepers])
async def undo(request: Request[Any, Any, Any], row_id: FromPath[str]) -> Response[Any]:
    """Undo one thing (with what was done together with it), and show its story as it is again."""
    form = await read_form(request)
    wanted = queue_of(form.text("wanted", longest=LONGEST_TEXT))
    try:
        undone = await services(request).undoing.undo(row_id, actor(request), origin(request))
    except (Conflict, NotFound) as error:
        return await refused(request, PATH, error, None if form.flag("listed") else wanted)
    if undone.left:
        message = N_(
            "Undone for {done} stories; {left} could not be taken back, because something was done with them since."
        )
        return await to_desk(request, wanted, undone.story_id, message, done=undone.count, left=len(undone.left))
    return await to_desk(request, wanted, undone.story_id, N_("Undone. The story is as it was before."))


def _row(request: Request[Any, Any, Any], entry: Entry, stories: Mapping[ObjectId, Story], names: Names) -> DoneRow:
    row, story = entry.row, stories.get(entry.row.story_id)
    decided = row.kind and row.what in (What.DECIDED, What.FILED, What.LOOKED)
    return DoneRow(
        what=names.gettext(DONE[row.what]),
        kind=names.gettext(KINDS[Kind(row.kind)]) if decided and row.kind else "",
        number=row.number,
        title=story_row(story, names, actor(request)).title if story is not None else "",
        story=str(row.story_id),
        count=entry.count,
        at=row.at,
        until=entry.until,
        undo=str(row.id) if entry.until is not None else "",
    )


ROUTES = [done, undo]
"""``/desk/done`` and ``/desk/undo/{id}``."""
