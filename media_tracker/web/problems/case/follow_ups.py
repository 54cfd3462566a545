"""Follow-up stories that may tell of a problem and are not tied yet, with the way to tie each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from media_tracker.accounts.actor import Role
from media_tracker.ingest.documents import Kind
from media_tracker.web.guards import dispatchers
from media_tracker.web.naming import names_of
from media_tracker.web.render import page
from media_tracker.web.visitor import actor, services


@dataclass(frozen=True, slots=True)
class FollowUpRow:
    """One story. ``reasons`` are untranslated, what speaks for it. ``decided``: an editor has called it a follow-up."""

    id: str
    version: int
    title: str
    outlet: str
    published_at: datetime
    reasons: Sequence[str]
    decided: bool


@dataclass(frozen=True, slots=True)
class FollowUpsPage:
    """``templates/problems/case/follow_ups.html``"""

    number: str
    title: str
    rows: Sequence[FollowUpRow]
    may_tie: bool


@get("/problems/{number:str}/follow-ups", guards=[dispatchers])
async def follow_ups(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
    """The likeliest of the stories that wait for an editor."""
    room, names = services(request), await names_of(request)
    problem = await room.problems.get(number)
    context = FollowUpsPage(
        number=problem.number,
        title=problem.title,
        rows=[
            FollowUpRow(
                id=str(story.id),
                version=story.version,
                title=story.title,
                outlet=names.outlet(story.outlet_id),
                published_at=story.published_at,
                reasons=candidate.reasons,
                decided=story.decision is not None and story.decision.kind is Kind.FOLLOW_UP,
            )
            for story, candidate in await room.untied.stories_for(problem, actor(request))
        ],
        may_tie=actor(request).has(Role.EDITOR),
    )
    return await page(request, "problems/case/follow_ups.html", context)


ROUTES = [follow_ups]
