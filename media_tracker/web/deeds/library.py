"""The public library: good deeds that publicity staff have released, as long as everybody in them agrees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from media_tracker.deeds.documents import GoodDeed
from media_tracker.deeds.finding_leads import LeadFilter
from media_tracker.errors import N_, NotFound
from media_tracker.web.addresses import web_address
from media_tracker.web.deeds.pages import NominationLine, library_page, nomination_lines
from media_tracker.web.deeds.view import DeedCard, Picture, deed_card, pictures_of
from media_tracker.web.guards import anyone
from media_tracker.web.i18n import NOTHING
from media_tracker.web.naming import Names, names_of
from media_tracker.web.render import page
from media_tracker.web.visitor import services

BASE = "/deeds/library"


@dataclass(frozen=True, slots=True)
class PublicStory:
    """A story that tells of a released deed: title and link, never its text."""

    title: str
    outlet: str
    published_at: datetime
    url: str


@dataclass(frozen=True, slots=True)
class PublicDeedPage:
    """``templates/deeds/public_deed.html``"""

    deed: DeedCard
    breadcrumb: Sequence[Mapping[str, str]]
    pictures: Sequence[Picture]
    stories: Sequence[PublicStory]
    honours: Sequence[NominationLine]
    """Levels that were reached; what was refused is nobody's business here."""
    leads: int
    """How many leads its stories have brought; nothing more of them is public."""


@get(BASE, guards=[anyone])
async def library(request: Request[Any, Any, Any]) -> Response[Any]:
    """Released deeds, newest first, by kind, place and month."""
    return await library_page(request, "deeds/library.html", BASE, None)


@get(f"{BASE}/{{deed_id:str}}", guards=[anyone])
async def public_deed(request: Request[Any, Any, Any], deed_id: FromPath[str]) -> Response[Any]:
    """One released deed, with the stories that told of it when it was released."""
    found, names = services(request), await names_of(request)
    one = await found.deeds.get(deed_id)
    if not one.is_public:
        raise NotFound(N_("There is no such good deed."))
    _, words = await found.nomination_words.get()
    card = deed_card(one, names, words, None, BASE)
    context = PublicDeedPage(
        deed=card,
        breadcrumb=[{"href": BASE, "label": names.gettext(N_("Library of good deeds"))}, {"label": card.title}],
        pictures=[each for each in pictures_of(one, names, None) if each.shown],
        stories=await _stories(request, one, names),
        honours=[line for line in nomination_lines(one, words) if line.reached] if one.nominated else [],
        leads=await found.leads.count(LeadFilter(deed_id=one.id)),
    )
    return await page(request, "deeds/public_deed.html", context)


async def _stories(request: Request[Any, Any, Any], one: GoodDeed, names: Names) -> list[PublicStory]:
    seen = set(one.release.stories) if one.release else set()
    told = await services(request).stories.many(each.story_id for each in one.stories)
    return [
        PublicStory(
            title=names.deed_masked(one, told[each.story_id].title),
            outlet=names.outlets.get(each.outlet_id, NOTHING),
            published_at=each.published_at,
            url=web_address(told[each.story_id].url),
        )
        for each in one.stories
        if each.story_id in seen and each.withdrawn_at is None and each.story_id in told
    ]


ROUTES = [library, public_deed]
