"""Adding a feed: look first at what an address would bring, then subscribe. Looking fetches once and stores nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from media_tracker.accounts.documents import AuditAction
from media_tracker.errors import N_, InvalidInput, MediaTrackerError, Sentence, Unavailable
from media_tracker.ingest.check import Checked, check
from media_tracker.ingest.discover import FeedLink
from media_tracker.ingest.entries import NotAFeed
from media_tracker.ingest.list_page import PageRules
from media_tracker.ingest.read import WebPage
from media_tracker.outlets.documents import Outlet, Platform
from media_tracker.outlets.service import URL_CHARS
from media_tracker.web.addresses import web_address
from media_tracker.web.choices import Option, named
from media_tracker.web.forms import Form, read_form
from media_tracker.web.guards import admins
from media_tracker.web.outlets.feed_form import SELECTOR, read_rules, selectors_of
from media_tracker.web.outlets.view import PLATFORM_NAMES, feed_path, stored_id
from media_tracker.web.render import page, see_other
from media_tracker.web.trail import write_down
from media_tracker.web.visitor import actor, services

ENTRIES_SHOWN = 10
BY_PAGE = "by_page"
"""The field that says that an address is a page to be read by selectors."""


@dataclass(frozen=True, slots=True)
class EntryShown:
    """A story that would come in."""

    title: str
    link: str
    published_at: datetime
    by_day: bool
    column: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What is at an address. ``url``: where to subscribe; ``by_page``: it was read by selectors; ``is_page``: a web page.

    ``known``: the page of the feed that is subscribed to there already, or nothing.
    """

    url: str
    moved: bool
    title: str
    hub: str
    entries: Sequence[EntryShown]
    total: int
    warnings: Sequence[Sentence]
    feeds: Sequence[FeedLink]
    is_page: bool
    by_page: bool
    known: str


@dataclass(frozen=True, slots=True)
class LookPage:
    """``templates/outlets/look.html``. ``unseen``: somebody has tried to subscribe without looking."""

    outlet: str
    outlet_href: str
    platforms: Sequence[Option]
    looked: Looked | None = None
    unseen: bool = False
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)


@get("/outlets/{outlet_id:str}/feeds/look", guards=[admins])
async def look_page(request: Request[Any, Any, Any], outlet_id: FromPath[str]) -> Response[Any]:
    """The form for an address."""
    return await _show(request, await services(request).outlets.get(outlet_id))


@post("/outlets/{outlet_id:str}/feeds/look", guards=[admins])
async def look(request: Request[Any, Any, Any], outlet_id: FromPath[str]) -> Response[Any]:
    """Show what an address would bring: a feed, a page that names feeds, or stories by selectors."""
    outlet = await services(request).outlets.get(outlet_id)
    form = await read_form(request)
    try:
        url, rules = _asked(form)
        looked = await _look(request, url, rules)
    except NotAFeed as error:
        place = f"{SELECTOR}item" if form.flag(BY_PAGE) else "url"
        return await _show(request, outlet, form, error, {place: error.message})
    except (InvalidInput, Unavailable) as error:
        return await _show(request, outlet, form, error)
    return await _show(request, outlet, form, looked=looked)


@post("/outlets/{outlet_id:str}/feeds", guards=[admins])
async def add_feed(request: Request[Any, Any, Any], outlet_id: FromPath[str]) -> Response[Any]:
    """Subscribe to a feed of an outlet, or to a page that lists its stories."""
    found = services(request).outlets
    outlet = await found.get(outlet_id)
    form = await read_form(request)
    platform = form.choice("platform", Platform, required=N_("Please choose from the list."))
    title, column = form.text("title"), form.text("column")
    try:
        url, rules = _asked(form)
        assert platform is not None  # or _asked() would have raised
        feed_id = await found.add_feed(
            stored_id(outlet.id), url, title, platform, column, selectors=selectors_of(rules), by=actor(request)
        )
        if feed_id is None:
            sentence = N_("This feed is subscribed to already.")
            raise InvalidInput(sentence, {"url": sentence})
    except InvalidInput as error:
        return await _show(request, outlet, form, error, unseen=True)
    await write_down(request, AuditAction.FEED_ADDED, feed_id)
    path = f"/outlets/{outlet_id}/feeds/{feed_id}"
    return await see_other(request, path, N_("The feed is added. It is read with the next round."))


def _asked(form: Form) -> tuple[str, PageRules | None]:
    """The address, and the selectors if it is to be read by some. ``InvalidInput`` with all that is wrong in the form."""
    url = form.text("url", required=N_("Please give the feed's address."), longest=URL_CHARS)
    rules = read_rules(form) if form.flag(BY_PAGE) else None
    form.check()
    return url, rules


async def _look(request: Request[Any, Any, Any], url: str, rules: PageRules | None) -> Looked:
    """Fetch and read ``url``. Raises what that raises, but for a web page, which is an answer."""
    found = services(request)
    try:
        zone, now = found.settings.zone, found.clock()
        checked = await check(found.fetcher, url, zone, now, rules=rules, runner=found.reading)
    except WebPage as error:
        checked = Checked("", None, (), (), error.feeds)
        is_page = True
    else:
        is_page = bool(checked.feeds)
    where = checked.moved_to or url
    entries = [
        EntryShown(each.title, web_address(each.url), each.published_at, each.precision == "day", each.column)
        for each in checked.entries[:ENTRIES_SHOWN]
    ]
    return Looked(
        url=where,
        moved=checked.moved_to is not None,
        title=checked.title,
        hub=checked.hub or "",
        entries=entries,
        total=len(checked.entries),
        warnings=[] if is_page else checked.warnings,
        feeds=checked.feeds,
        is_page=is_page,
        by_page=rules is not None,
        known=next((feed_path(feed) for feed in await found.outlets.feeds() if feed.url in (url, where)), ""),
    )


async def _show(
    request: Request[Any, Any, Any],
    outlet: Outlet,
    form: Form | None = None,
    error: MediaTrackerError | None = None,
    errors: Mapping[str, str] | None = None,
    looked: Looked | None = None,
    *,
    unseen: bool = False,
) -> Response[Any]:
    fields = error.fields if isinstance(error, InvalidInput) else {}
    context = LookPage(
        outlet=outlet.name,
        outlet_href=f"/outlets/{outlet.id}",
        platforms=named(request.app.state.pages.catalogue, PLATFORM_NAMES),
        looked=looked,
        unseen=unseen,
        values=form.values if form else {},
        errors=errors or fields or ({"url": error.message} if error else {}),
        params=error.params if error else {},
    )
    return await page(request, "outlets/look.html", context, status=422 if error else 200)


ROUTES = [look_page, look, add_feed]
