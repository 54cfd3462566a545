"""The next story, loaded by the browser before it is needed, and shown only if it is still true.

A browser that has a story on the desk fetches the one behind it: story and form alone (header ``X-Desk-Ahead: look``). The answer
carries a tag of what it was made from. The tag goes with whatever is sent next (``X-Desk-Ahead: TAG``); where the answering page
shows just that story, and its tag would be the same now, the story is not written once more and the browser puts in what it has.
Whatever was decided of the story since, and any event of a problem, which might have to be offered, makes another tag.
"""

from __future__ import annotations

import hashlib
from dataclasses import fields
from typing import Any

from litestar import Request, Response

from media_tracker.db.events import COLLECTION
from media_tracker.ingest.documents import Story
from media_tracker.problems.casebook import ENTITY
from media_tracker.web.i18n import current_locale
from media_tracker.web.render import PageContext, answer
from media_tracker.web.visitor import services

HEADER = "x-desk-ahead"
TAG_HEADER = "X-Desk-Tag"
LOOK = "look"
"""What a browser says that only fetches."""


async def tag_of(request: Request[Any, Any, Any], story: Story) -> str:
    """What ``story`` and its form are made from now, as an opaque word."""
    found = services(request)
    latest = await found.database[COLLECTION].find_one(
        {"entity": ENTITY}, {"_id": 0, "position": 1}, sort=[("recorded_at", -1)]
    )
    others = await found.stories.in_cluster(story.cluster, story.id) if story.cluster and story.id else []
    suggested = story.suggestion.model if story.suggestion else ""
    made_of = (
        str(story.id),
        story.version,
        story.content_hash,
        suggested,
        latest,
        [(str(each.id), each.version) for each in others],
        (await found.rules.thresholds()),
        current_locale(),
    )
    return hashlib.sha256(repr(made_of).encode()).hexdigest()[:24]


def holds(request: Request[Any, Any, Any]) -> str:
    """The tag of the story that the browser has loaded ahead; empty: none."""
    said = request.headers.get(HEADER, "")
    return "" if said == LOOK else said


def only_looks(request: Request[Any, Any, Any]) -> bool:
    """Whether the browser loads a story ahead, and nobody looks at it yet."""
    return request.headers.get(HEADER) == LOOK


def load_ahead(request: Request[Any, Any, Any], template: str, page: PageContext, tag: str) -> Response[str]:
    """Story and form alone, with their tag; nothing of what waits for the reader's next page is used up."""
    own = {each.name: getattr(page, each.name) for each in fields(page)}
    response = answer(request, template, own, status=200, block="work")
    response.headers[TAG_HEADER] = tag
    response.headers["cache-control"] = "no-store"
    return response
