"""One's own notices: the list, and marking them as read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from media_tracker.errors import N_
from media_tracker.web.forms import read_form
from media_tracker.web.guards import signed_in
from media_tracker.web.notices.view import NoticeLine, href_of, lines
from media_tracker.web.render import page, see_other
from media_tracker.web.visitor import actor, services


@dataclass(frozen=True, slots=True)
class NoticesPage:
    """``templates/notices/list.html``"""

    lines: Sequence[NoticeLine]
    new: bool
    """Whether any notice of theirs is new, on this page or another."""
    seen_at: datetime
    """When the list was read: what has come since is not marked as read."""
    first: str
    older: str


@get("/notices", guards=[signed_in])
async def notices_page(request: Request[Any, Any, Any], older_than: FromQuery[str | None] = None) -> Response[Any]:
    """Everything that one was told, what is new first."""
    room, who = services(request), actor(request)
    now = room.clock()
    found = await room.notices.page(who.user_id, older_than)
    context = NoticesPage(
        lines=lines(found.notices, await room.notices.problems(found.notices), who),
        new=await room.notices.unread(who.user_id) > 0,
        seen_at=now,
        first="/notices" if older_than else "",
        older=f"/notices?older_than={found.older}" if found.older else "",
    )
    return await page(request, "notices/list.html", context)


@post("/notices/read", guards=[signed_in])
async def mark_all_read(request: Request[Any, Any, Any]) -> Response[Any]:
    """Mark all as read that the page showed, or could have."""
    form = await read_form(request)
    until = form.moment("until")
    room = services(request)
    await room.notices.mark_all_read(actor(request).user_id, until or room.clock())
    return await see_other(request, "/notices", N_("All notices are marked as read."))


@post("/notices/{notice_id:str}/read", guards=[signed_in])
async def mark_read(request: Request[Any, Any, Any], notice_id: FromPath[str]) -> Response[Any]:
    """Mark one as read, and stay."""
    await services(request).notices.mark_read(actor(request).user_id, notice_id)
    return await see_other(request, "/notices")


@post("/notices/{notice_id:str}/open", guards=[signed_in])
async def open_notice(request: Request[Any, Any, Any], notice_id: FromPath[str]) -> Response[Any]:
    """Mark one as read, and go to what it is about."""
    room, who = services(request), actor(request)
    notice = await room.notices.mark_read(who.user_id, notice_id)
    problem = (await room.notices.problems([notice])).get(notice.problem_id) if notice.problem_id else None
    return await see_other(request, href_of(notice, problem, who) or "/notices")


ROUTES = [notices_page, mark_all_read, mark_read, open_notice]
