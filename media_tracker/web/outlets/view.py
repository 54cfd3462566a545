"""Outlets, feeds and projects as pages show them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bson import ObjectId

from media_tracker.accounts.actor import Role
from media_tracker.errors import N_
from media_tracker.ingest.documents import Story
from media_tracker.ingest.stories import StoryFilter
from media_tracker.monitor.definitions import Dimension, Key
from media_tracker.monitor.facts import whole_days
from media_tracker.outlets.documents import Feed, Outlet, OutletKind, Platform, Project
from media_tracker.web.addresses import web_address
from media_tracker.web.figure_links import Asked
from media_tracker.web.outlets.feed_words import State
from media_tracker.web.visitor import Connection, services, visitor

KIND_NAMES: Mapping[OutletKind, str] = {
    OutletKind.NEWSPAPER: N_("Newspaper"),
    OutletKind.BROADCASTER: N_("Broadcaster"),
    OutletKind.PORTAL: N_("Portal"),
    OutletKind.APP: N_("App"),
    OutletKind.DISTRICT_MEDIA: N_("District media centre"),
    OutletKind.SELF_MEDIA: N_("Self-media"),
}
PLATFORM_NAMES: Mapping[Platform, str] = {
    Platform.PAPER: N_("Paper"),
    Platform.WEB: N_("Website"),
    Platform.APP: N_("App"),
    Platform.WECHAT: N_("WeChat"),
    Platform.DOUYIN: N_("Douyin"),
}


@dataclass(frozen=True, slots=True)
class StoryLine:
    """A story in a list."""

    href: str
    title: str
    at: datetime
    column: str


@dataclass(frozen=True, slots=True)
class OutletRow:
    """An outlet in the list. ``kind`` is untranslated."""

    href: str
    name: str
    kind: str
    partner: bool
    feeds: int
    checked_at: datetime | None
    state: State
    week: int
    week_href: str
    last: StoryLine | None


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A feed of an outlet. ``platform`` is untranslated; ``url`` is empty for what is entered by hand."""

    id: str
    href: str
    title: str
    url: str
    platform: str
    column: str
    active: bool
    state: State
    checked_at: datetime | None
    next_check_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """A project with how far it has come."""

    href: str
    name: str
    outlet: str
    outlet_href: str
    columns: Sequence[str]
    starts: date
    ends: date
    planned: int | None
    so_far: int
    last: StoryLine | None


def outlet_row(
    outlet: Outlet, feeds: Sequence[Feed], state: State, counts: Mapping[str, int], week: Asked, last: Story | None
) -> OutletRow:
    return OutletRow(
        href=f"/outlets/{outlet.id}",
        name=outlet.name,
        kind=KIND_NAMES[outlet.kind],
        partner=outlet.partner,
        feeds=len(feeds),
        checked_at=max((feed.state.checked_at for feed in feeds if feed.state.checked_at), default=None),
        state=state,
        week=counts.get(str(outlet.id), 0),
        week_href=week.within(Dimension.OUTLET, str(outlet.id)).list_of(Key.STORIES),
        last=story_line(last) if last else None,
    )


def feed_row(feed: Feed, state: State) -> FeedRow:
    return FeedRow(
        id=str(feed.id),
        href=feed_path(feed),
        title=feed.title,
        url=web_address(feed.url),
        platform=PLATFORM_NAMES[feed.platform],
        column=feed.column,
        active=feed.active,
        state=state,
        checked_at=feed.state.checked_at,
        next_check_at=feed.state.next_check_at if feed.active else None,
    )


async def project_row(connection: Connection, project: Project, names: Mapping[ObjectId, str]) -> ProjectRow:
    stories, wanted = services(connection).stories, counted_stories(connection, project)
    so_far, last = await asyncio.gather(stories.count(wanted), stories.newest(wanted))
    return ProjectRow(
        href=f"/projects/{project.id}",
        name=project.name,
        outlet=names.get(project.outlet_id, ""),
        outlet_href=f"/outlets/{project.outlet_id}",
        columns=project.columns,
        starts=project.starts,
        ends=project.ends,
        planned=project.planned_stories,
        so_far=so_far,
        last=story_line(last) if last else None,
    )


def counted_stories(connection: Connection, project: Project) -> StoryFilter:
    """The stories that count for a project; the number and its list both come from here."""
    start, end = whole_days(project.starts, project.ends, services(connection).settings.zone)
    columns = project.columns or None  # a project that names none has them all
    return StoryFilter(outlet_id=project.outlet_id, columns=columns, start=start, end=end, withdrawn=False)


def feed_path(feed: Feed) -> str:
    """The page of ``feed``."""
    return f"/outlets/{feed.outlet_id}/feeds/{feed.id}"


def story_line(story: Story) -> StoryLine:
    return StoryLine(f"/stories/{story.id}", story.title, story.published_at, story.column)


def has_role(connection: Connection, *roles: Role) -> bool:
    who = visitor(connection).actor
    return who is not None and who.has(*roles)


def stored_id(outlet_id: object) -> ObjectId:
    assert isinstance(outlet_id, ObjectId)  # a stored outlet has one
    return outlet_id
