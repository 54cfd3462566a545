"""``POST /api/v1/stories``: an outlet's own system hands stories in. What it sends and gets is in docs/api.md."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any

from litestar import Request, Response, post

from media_tracker.accounts.tokens import Token
from media_tracker.ingest.handing_in import Status, Taken
from media_tracker.outlets.documents import Platform
from media_tracker.web.api.answers import HANDLERS
from media_tracker.web.api.posted import PostedStory, read_posted
from media_tracker.web.guards import anyone
from media_tracker.web.visitor import origin, services

BODY_BYTES = 5 * 2**20


@post(
    "/api/v1/stories",
    guards=[anyone],  # its token is looked at below, before a byte of the body is
    exclude_from_csrf=True,  # a form of another site cannot send the header that the token comes in
    request_max_body_size=BODY_BYTES,
    exception_handlers=HANDLERS,
)
async def post_stories(request: Request[Any, Any, Any]) -> Response[Any]:
    """Store what is new and take over what has changed. Sending it again adds nothing."""
    found = services(request)
    token = await found.tokens.use(request.headers.get("authorization"))
    body = await request.body()
    posted = await asyncio.to_thread(read_posted, body, found.settings.zone, found.clock())
    taken = await _take(request, token, posted.stories)
    answers = [
        {"id": story.id, "story": str(each.story_id), "status": _told(each.status)}
        for story, each in zip(posted.stories, taken, strict=True)
    ]
    status = 201 if any(each.status is Status.NEW for each in taken) else 200
    return Response(answers[0] if posted.alone else {"stories": answers}, status_code=status)


async def _take(request: Request[Any, Any, Any], token: Token, stories: tuple[PostedStory, ...]) -> list[Taken]:
    """Store ``stories``, those of each platform together; the results in their order."""
    by_platform: dict[Platform, list[int]] = defaultdict(list)
    for at, story in enumerate(stories):
        by_platform[story.platform or Platform(token.platform)].append(at)
    assert token.outlet_id is not None  # tokens for reading are refused before
    taken: dict[int, Taken] = {}
    for platform, places in by_platform.items():
        entries = [stories[at].entry for at in places]
        results = await services(request).handing_in.take(token.outlet_id, platform, entries, origin=origin(request))
        taken.update(zip(places, results, strict=True))
    return [taken[at] for at in range(len(stories))]


def _told(status: Status) -> str:
    """A story that came in another way is there, and as it was."""
    return (Status.UNCHANGED if status is Status.KNOWN else status).value


ROUTES = [post_stories]
