"""Good deeds: the list that people like to read, and one deed with the stories that tell of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery

from media_tracker.accounts.actor import Actor, Role
from media_tracker.deeds.documents import GoodDeed
from media_tracker.web.guards import signed_in
from media_tracker.web.i18n import NOTHING
from media_tracker.web.naming import Names, names_of
from media_tracker.web.render import page
from media_tracker.web.stories.view import MASKED, StoryRow, story_row
from media_tracker.web.visitor import actor, services


@dataclass(frozen=True, slots=True)
class DeedView:
    """A deed as somebody may see it. ``person`` is empty unless the name may be shown."""

    id: str
    title: str
    deed: str
    person: str
    where: str
    published_at: datetime
    outlets: Sequence[str]
    stories: int
    masked: bool
    """All its stories have been withdrawn, and the reader has nothing to do with that."""


@dataclass(frozen=True, slots=True)
class DeedsPage:
    """``templates/deeds/list.html``"""

    deeds: Sequence[DeedView]
    newer: str
    older: str


@dataclass(frozen=True, slots=True)
class DeedPage:
    """``templates/deeds/deed.html``"""

    deed: DeedView
    breadcrumb: Sequence[Mapping[str, str]]
    stories: Sequence[StoryRow]
    withdrawn: bool


@get("/deeds", guards=[signed_in])
async def deeds(request: Request[Any, Any, Any], after: FromQuery[str | None] = None) -> Response[Any]:
    """One page of good deeds, newest first."""
    names, who = await names_of(request), actor(request)
    shown = await services(request).deeds.page(after)
    context = DeedsPage(
        deeds=[_view(each, names, who) for each in shown.deeds],
        newer="/deeds" if after else "",
        older=f"/deeds?after={shown.next}" if shown.next else "",
    )
    return await page(request, "deeds/list.html", context)


@get("/deeds/{deed_id:str}", guards=[signed_in])
async def deed(request: Request[Any, Any, Any], deed_id: FromPath[str]) -> Response[Any]:
    """One good deed and every story that tells of it, the first one first."""
    found, names, who = services(request), await names_of(request), actor(request)
    one = await found.deeds.get(deed_id)
    view = _view(one, names, who)
    told = await found.stories.many(each.story_id for each in one.stories)
    context = DeedPage(
        deed=view,
        breadcrumb=[{"href": "/deeds", "label": names.gettext("Good deeds")}, {"label": view.title}],
        stories=[story_row(told[each.story_id], names, who) for each in one.stories if each.story_id in told],
        withdrawn=not _stands(one),
    )
    return await page(request, "deeds/deed.html", context)


def _view(one: GoodDeed, names: Names, who: Actor) -> DeedView:
    masked = not _stands(one) and not who.has(Role.EDITOR, Role.PUBLICITY)
    standing = [each for each in one.stories if each.withdrawn_at is None]
    place = f"{names.region(one.region)} {one.place}".strip()
    return DeedView(
        id=str(one.id),
        title=names.gettext(MASKED) if masked else names.deed_title(one),
        deed="" if masked else names.deed_told(one),
        person="" if masked else one.shown_person,
        where="" if masked else place,
        published_at=one.first_published_at,
        outlets=list(dict.fromkeys(names.outlets.get(each.outlet_id, NOTHING) for each in standing)),
        stories=len(standing),
        masked=masked,
    )


def _stands(one: GoodDeed) -> bool:
    return any(each.withdrawn_at is None for each in one.stories)


ROUTES = [deeds, deed]
