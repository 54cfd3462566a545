"""Outlets, feeds and projects as they are stored."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from beanie import Document
from bson import ObjectId
from pydantic import BaseModel, ConfigDict, Field
from pymongo import ASCENDING, IndexModel


class OutletKind(StrEnum):
    """What publishes. Self-media is kept, but is not media: what it tells is 网络反映."""

    NEWSPAPER = "newspaper"
    BROADCASTER = "broadcaster"
    PORTAL = "portal"
    APP = "app"
    DISTRICT_MEDIA = "district_media"
    SELF_MEDIA = "self_media"


class Platform(StrEnum):
    """Where a copy of a story appeared."""

    PAPER = "paper"
    WEB = "web"
    APP = "app"
    WECHAT = "wechat"
    DOUYIN = "douyin"


class FeedSource(StrEnum):
    """How stories come in: from a feed, from a page that lists them, or by hand (sheets, pasted links, the API)."""

    FEED = "feed"
    PAGE = "page"
    HAND = "hand"


class Notice(StrEnum):
    """What happened to a feed that an editor should know of."""

    MOVED = "moved"  # 301 or 308: polled at its new address from now on
    MOVED_ONTO_ANOTHER = "moved_onto_another"  # the new address is subscribed to already: this one rests
    GONE = "gone"  # 410: it rests


class Outlet(Document):
    """Who publishes (媒体). All its feeds and platforms are one voice."""

    name: str
    kind: OutletKind
    partner: bool = False
    homepage: str = ""
    contact: str = ""
    """The mail address at which it is told of problems that it has exposed; empty: nowhere."""
    active: bool = True
    demo: bool = False
    version: int = 1

    class Settings:
        name = "outlets"
        indexes: ClassVar[list[IndexModel]] = [IndexModel([("name", ASCENDING)], name="name", unique=True)]


class FeedState(BaseModel):
    """What the last fetches left behind; written by ``ingest`` alone."""

    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    read_as: str = ""
    """How the body was read (``ingest.outcome.read_as``): when that changes, so may what the same bytes say."""
    checked_at: datetime | None = None
    next_check_at: datetime | None = None
    failures: int = 0
    """In a row."""
    failure_weight: float = 0.0
    """Their weights added up; see ``ingest.schedule.weight``."""
    published: list[datetime] = Field(default_factory=list)
    """When the latest stories came out, newest first."""
    ttl_seconds: int | None = None
    """The interval that the feed itself asks for."""
    hint_seconds: int | None = None
    """The interval that the server asks for."""
    hub: str | None = None
    topic: str | None = None
    """The hub that the feed names (WebSub), and the address to subscribe to there."""
    pushed_at: datetime | None = None
    """When a hub last brought something."""
    notice: Notice | None = None
    notice_at: datetime | None = None
    notice_from: str = ""
    """For ``moved``: the address before."""
    error: str | None = None
    """The last failure in one English sentence, None after a success."""
    error_message: str | None = None
    """The gettext id of that sentence, which ``error_params`` fill, for pages in other languages."""
    error_params: dict[str, str] = Field(default_factory=dict)
    handed_in: int = 0
    """How often stories were handed in for the outlet: so that a hand and a feed that save at the same time meet."""
    stories_last: int = 0
    """Entries in the feed when it was read last."""
    leased_by: str | None = None
    leased_until: datetime | None = None


class Selectors(BaseModel):
    """CSS selectors of a page that lists stories; see ``ingest.list_page``."""

    item: str
    link: str = "a"
    title: str = ""
    date: str = ""
    summary: str = ""


class Feed(Document):
    """A URL that is polled (订阅源), or, for what is entered by hand, a name for it that looks like one."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    outlet_id: ObjectId
    url: str
    title: str = ""
    platform: Platform = Platform.WEB
    column: str = ""
    """The column that its stories run under when they name none."""
    source: FeedSource = FeedSource.FEED
    selectors: Selectors | None = None
    encoding: str | None = None
    """Overrules what the feed declares."""
    ignore_validators: bool = False
    """For servers that say 304 though there is something new."""
    full_text: bool = False
    """Fetch the article's page for every story."""
    active: bool = True
    demo: bool = False
    state: FeedState = Field(default_factory=FeedState)

    class Settings:
        name = "feeds"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("url", ASCENDING)], name="url", unique=True),
            IndexModel([("outlet_id", ASCENDING)], name="outlet"),
            IndexModel([("active", ASCENDING), ("state.next_check_at", ASCENDING)], name="due"),
        ]


class ColumnPlan(BaseModel):
    """How many pieces an outlet has promised under one column."""

    column: str
    pieces: int


class Project(Document):
    """What an outlet committed to for a year (融媒项目): name, columns, targets, dates."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    outlet_id: ObjectId
    name: str
    columns: list[str] = Field(default_factory=list)
    starts: date
    ends: date
    planned_stories: int | None = None
    column_plans: list[ColumnPlan] = Field(default_factory=list)
    """How many pieces are planned under single columns; others have no number of their own."""
    agreed_end: date | None = None
    """The last day that had been agreed, of a project that ended before it."""
    end_note: str = ""
    """Why it ended before."""
    version: int = 1
    demo: bool = False

    class Settings:
        name = "projects"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("outlet_id", ASCENDING), ("name", ASCENDING)], name="outlet_name", unique=True)
        ]
