"""The desk as a page: the queue, the story that is open, and the one form that it needs now."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from bson import ObjectId
from litestar import Request
from markupsafe import Markup

from media_tracker.accounts.actor import Role
from media_tracker.desk.done import What
from media_tracker.desk.filters import QueueFilter, Which, read_filter
from media_tracker.desk.queue import QueuePage
from media_tracker.desk.queue_counts import Total
from media_tracker.desk.saved_queues import SavedQueue
from media_tracker.errors import N_
from media_tracker.ingest.blind import as_seen_by
from media_tracker.ingest.documents import Kind, Story
from media_tracker.web.desk.ahead import tag_of
from media_tracker.web.desk.keys import KEYS, Keys
from media_tracker.web.desk.queue import written_filters
from media_tracker.web.desk.work import Holder, Open, Typed, open_story
from media_tracker.web.naming import Names, names_of
from media_tracker.web.stories.view import KINDS, StoryRow, story_row
from media_tracker.web.visitor import actor, services

QUEUES: Mapping[Which, str] = {
    Which.WAITING: N_("Waiting"),
    Which.MINE: N_("Begun by me"),
    Which.SNOOZED: N_("Put off"),
    Which.CHANGED: N_("Changed after the decision"),
}
DONE: Mapping[What, str] = {
    What.DECIDED: N_("Decided"),
    What.TIED: N_("Tied to a problem"),
    What.EXPOSED: N_("Registered as a problem"),
    What.NOWHERE: N_("Led to no problem"),
    What.FILED: N_("Filed as a good deed"),
    What.SNOOZED: N_("Put off"),
    What.LOOKED: N_("Decided"),
    What.PUT_OFF: N_("Put off"),
}


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A line of the queue. ``reprints``: so many further stories with its text wait; ``held_by``: who else has it open."""

    story: StoryRow
    reprints: int
    held_by: str


@dataclass(frozen=True, slots=True)
class QueueLink:
    """A queue that can be opened."""

    label: str
    """Untranslated."""
    href: str
    active: bool
    count: int
    more: bool
    """There are more than ``count``."""


@dataclass(frozen=True, slots=True)
class Last:
    """What the reader has done last, and can still undo."""

    id: str
    what: str
    """Untranslated."""
    kind: str
    """Of the story; empty where it has not been decided."""
    number: str
    title: str
    count: int
    """So many stories together."""


@dataclass(frozen=True, slots=True)
class DeskPage:
    """``templates/desk/desk.html``"""

    waiting: int
    more: bool
    """More than ``waiting`` wait."""
    which: str
    wanted: str
    """The queue as an address has it: what its forms send along."""
    narrow: bool
    """A filter leaves out some of what waits."""
    queues: Sequence[QueueLink] = ()
    queue: Sequence[QueueRow] = ()
    base: str = ""
    """Address of a story of this queue, before its id."""
    newer: str = ""
    older: str = ""
    current: str = ""
    """Id of the story that is open; empty: none is."""
    version: str = ""
    """Of that story, as it is now."""
    title: str = ""
    """Of that story, as the reader may see it."""
    next: str = ""
    previous: str = ""
    """Addresses of the stories after it and before it in its queue."""
    open: Open | None = None
    """None also where the browser has loaded the story ahead."""
    ahead: bool = False
    """The browser has loaded the story ahead, as it is now: it is not written once more."""
    keys: Keys = KEYS
    said: str = ""
    """What has just been done, translated; for those who listen."""
    last: Last | None = None
    filters: Markup | str = ""
    """Of the whole page only: the browser keeps them where a part of it is swapped."""
    feeds: int = 0
    """How many feeds want attention."""
    errors: Mapping[str, str] = field(default_factory=dict)
    message: str = ""
    params: Mapping[str, object] = field(default_factory=dict)


def desk_path(wanted: QueueFilter, story_id: object = "", **more: str) -> str:
    """The address of a queue, with a story of it open."""
    pairs = [*wanted.pairs(), *more.items(), *([("story", str(story_id))] if story_id else [])]
    return f"/desk?{urlencode(pairs)}" if pairs else "/desk"


def queue_of(sent: str) -> QueueFilter:
    """The queue that a form was sent from; ``sent`` is its ``wanted``."""
    return read_filter(dict(parse_qsl(sent)))


async def desk_page(
    request: Request[Any, Any, Any],
    wanted: QueueFilter,
    story_id: str | None = None,
    after: str | None = None,
    *,
    again: bool = False,
    typed: Typed | None = None,
    take: bool = False,
    holds: str = "",
    said: str = "",
    saved: Sequence[SavedQueue] | None = None,
) -> DeskPage:
    """The desk with the story ``story_id`` open, or else the first of the queue ``wanted`` behind the cursor ``after``.

    The story is claimed for the reader. ``again``: show the form of the decision, though there is one; the queue of changed
    stories always asks for it. ``take``: fill in everything that is suggested. ``holds``: the tag of the story that the browser
    has loaded ahead. ``said``: what has just been done, translated. ``saved``: the reader's queues, where they have been read.
    """
    found, names, who = services(request), await names_of(request), actor(request)
    page = await found.queue.page(wanted, who, after)
    top = page if after is None else None
    story, holder = await _opened(request, wanted, story_id, page)
    again = again or wanted.which is Which.CHANGED
    ahead = bool(story and holds and not (again or typed or take or holder)) and holds == await _tag(request, story)
    opened = story if not holder else None
    lines = await _queue_rows(request, page, names)
    (following, previous), totals, last, filters, feeds, shown = await asyncio.gather(
        _neighbours(request, wanted, story, page, top),
        found.queue.totals(wanted, who, page, top, opened),
        _last(request, names),
        _filters(request, wanted, names, saved),
        found.at_hand.feeds(),
        open_story(request, story, names, again, typed, take, holder) if story and not ahead else _nothing(),
    )
    total = totals[wanted.which]
    return DeskPage(
        waiting=total.count,
        more=total.more,
        which=wanted.which.value,
        wanted=wanted.query_string(),
        narrow=wanted.narrow,
        queues=_queues(wanted, totals),
        queue=lines,
        base=_base(wanted),
        newer=desk_path(wanted) if after else "",
        older=desk_path(wanted, after=page.next) if page.next else "",
        current=str(story.id) if story else "",
        version=str(story.version) if story else "",
        title=story_row(story, names, who).title if story else "",
        next=following,
        previous=previous,
        open=shown,
        ahead=ahead,
        said=said,
        last=last,
        filters=filters,
        feeds=feeds,
        errors=typed.errors if typed else {},
        message=typed.message if typed else "",
        params=typed.params if typed else {},
    )


async def work_page(request: Request[Any, Any, Any], wanted: QueueFilter, story_id: str) -> tuple[DeskPage, str]:
    """The story and its form alone with their tag, for a browser that loads them ahead; nothing is claimed, the rest is empty."""
    found, who = services(request), actor(request)
    story = as_seen_by(await found.stories.get(story_id), who)
    behind = await found.queue.behind(wanted, who, story, None)
    again = wanted.which is Which.CHANGED
    page = DeskPage(
        waiting=0,
        more=False,
        which=wanted.which.value,
        wanted=wanted.query_string(),
        narrow=wanted.narrow,
        base=_base(wanted),
        current=story_id,
        next=desk_path(wanted, behind.id) if behind else "",
        open=await open_story(request, story, await names_of(request), again, None, False),
    )
    return page, await tag_of(request, story)


async def _opened(
    request: Request[Any, Any, Any], wanted: QueueFilter, story_id: str | None, page: QueuePage
) -> tuple[Story | None, Holder | None]:
    """The story to show, claimed for the reader; or who else has it."""
    found, who = services(request), actor(request)
    if story_id is None:
        free = (line.story for line in page.lines if line.held is None or line.held.by == who.user_id)
        first = next(free, None) or (await found.queue.next(wanted, who) if page.lines else None)
        if first is None:
            return None, None
        story_id = str(first.id)
    story = as_seen_by(await found.stories.get(story_id), who)
    held = await found.story_claims.keep(ObjectId(story.id), who, page.around.claims)
    if held.by == who.user_id:
        return story, None
    name = await found.story_claims.name_of(held.by)
    return story, Holder(name, held.until, who.has(Role.ADMIN))


async def _nothing() -> None:
    """No story is written."""


async def _filters(
    request: Request[Any, Any, Any], wanted: QueueFilter, names: Names, saved: Sequence[SavedQueue] | None
) -> Markup | str:
    """The filters, for a whole page."""
    if request.headers.get("hx-request") == "true":
        return ""
    own = saved if saved is not None else await services(request).saved_queues.of(actor(request))
    return await written_filters(request, wanted, names, own)


async def _tag(request: Request[Any, Any, Any], story: Story | None) -> str:
    return await tag_of(request, story) if story is not None else ""


async def _neighbours(
    request: Request[Any, Any, Any], wanted: QueueFilter, story: Story | None, page: QueuePage, top: QueuePage | None
) -> tuple[str, str]:
    """Addresses of the story behind this one in its queue, and of the one before it on ``page``; ``top``: the first page."""
    if story is None:
        return "", ""
    ids = [str(line.story.id) for line in page.lines]
    at = ids.index(str(story.id)) if str(story.id) in ids else 0
    behind = await services(request).queue.behind(wanted, actor(request), story, top)
    return desk_path(wanted, behind.id) if behind else "", desk_path(wanted, ids[at - 1]) if at else ""


def _base(wanted: QueueFilter) -> str:
    return f"{desk_path(wanted)}{'&' if wanted.pairs() else '?'}story="


async def _queue_rows(request: Request[Any, Any, Any], page: QueuePage, names: Names) -> list[QueueRow]:
    who = actor(request)
    others = {line.held.by for line in page.lines if line.held is not None and line.held.by != who.user_id}
    called = await services(request).story_claims.names_of(others)
    return [
        QueueRow(story_row(line.story, names, who), line.reprints, called.get(line.held.by, "") if line.held else "")
        for line in page.lines
    ]


def _queues(wanted: QueueFilter, totals: Mapping[Which, Total]) -> list[QueueLink]:
    """The queues that hold anything, and the one that is open."""
    links = []
    for which, label in QUEUES.items():
        total, own = totals[which], which is wanted.which
        least = 2 if which is Which.MINE else 1  # the story that is open is one of them
        if own or which is Which.WAITING or total.count >= least:
            path = "/desk?queue=waiting" if which is Which.WAITING else desk_path(QueueFilter(which=which))
            links.append(QueueLink(label, path, own, total.count, total.more))
    return links if len(links) > 1 else []


async def _last(request: Request[Any, Any, Any], names: Names) -> Last | None:
    found, who = services(request), actor(request)
    entry = await found.undoing.latest(who)
    if entry is None:
        return None
    row = entry.row
    story = await found.queue.line(row.story_id)
    kind = names.gettext(KINDS[Kind(row.kind)]) if row.kind else ""
    title = story_row(story, names, who).title if story else ""
    alone = row.run_id is None or row.what in (What.DECIDED, What.LOOKED)
    steps = 1 if alone else 2  # decided first, then tied or filed
    return Last(str(row.id), DONE[row.what], kind, row.number, title, max(1, entry.count // steps))
