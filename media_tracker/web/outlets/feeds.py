"""One feed: how it is doing, what its last fetches brought, its settings; read at once, put to rest."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import AuditAction
from media_tracker.errors import N_, Conflict, InvalidInput, MediaTrackerError
from media_tracker.ingest.documents import Result
from media_tracker.ingest.service import FeedResult
from media_tracker.ingest.stories import StoryFilter
from media_tracker.ingest.websub_documents import Subscription
from media_tracker.outlets.documents import Feed, FeedSource, Outlet
from media_tracker.outlets.feed_setup import FeedSetup
from media_tracker.web.addresses import web_address
from media_tracker.web.choices import Option, named
from media_tracker.web.forms import Form, read_form
from media_tracker.web.guards import admins, only, signed_in
from media_tracker.web.outlets.feed_form import (
    differences,
    encoding_options,
    read_setup,
    setup_values,
    source_options,
)
from media_tracker.web.outlets.feed_words import State, Words
from media_tracker.web.outlets.fetch_rows import FetchRow, Picture, fetch_row, picture
from media_tracker.web.outlets.view import PLATFORM_NAMES, StoryLine, feed_path, has_role, stored_id, story_line
from media_tracker.web.render import page, see_other
from media_tracker.web.trail import write_down
from media_tracker.web.visitor import actor, services, visitor

ROWS_FIRST = 10
"""Fetches that are shown at once; those before are folded."""
LATEST = 10

keepers = only(Role.EDITOR, Role.ADMIN)
"""Who looks after feeds: editors see first that something is wrong, admins set it right."""


@dataclass(frozen=True, slots=True)
class SettingsForm:
    """The settings, as they are or as somebody has just typed them. ``present``: what stands otherwise by now."""

    seen: str
    values: Mapping[str, str]
    platforms: Sequence[Option]
    sources: Sequence[Option]
    encodings: Sequence[Option]
    errors: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)
    late: str = ""
    present: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True, slots=True)
class FeedPage:
    """``templates/outlets/feed.html``. ``settings`` is None for who may not change them, and where there are none."""

    href: str
    outlet: str
    outlet_href: str
    title: str
    url: str
    platform: str
    column: str
    active: bool
    by_hand: bool
    health: State
    notice: State | None
    notice_mark: str
    checked_at: datetime | None
    next_look: State
    why_then: State | None
    push: State
    subscription: Subscription | None
    fetches: Sequence[FetchRow]
    earlier: Sequence[FetchRow]
    picture: Picture
    latest: Sequence[StoryLine]
    may_read: bool
    may_dismiss: bool
    may_change: bool
    settings: SettingsForm | None


@get("/outlets/{outlet_id:str}/feeds/{feed_id:str}", guards=[signed_in])
async def feed_page(request: Request[Any, Any, Any], outlet_id: FromPath[str], feed_id: FromPath[str]) -> Response[Any]:
    """One feed."""
    outlet, feed = await _find(request, outlet_id, feed_id)
    return await page(request, "outlets/feed.html", await _feed(request, outlet, feed))


@post("/outlets/{outlet_id:str}/feeds/{feed_id:str}", guards=[admins])
async def set_up_feed(
    request: Request[Any, Any, Any], outlet_id: FromPath[str], feed_id: FromPath[str]
) -> Response[Any]:
    """Change the settings of a feed. Who was slower gets the form back, with what was typed and what stands now."""
    outlet, feed = await _find(request, outlet_id, feed_id)
    form = await read_form(request)
    try:
        changed = await services(request).outlets.set_up_feed(
            feed_id,
            read_setup(form),
            seen=form.text("seen"),
            outlet_id=stored_id(outlet.id),
            by=actor(request),
        )
    except (InvalidInput, Conflict) as error:
        if isinstance(error, Conflict):
            outlet, feed = await _find(request, outlet_id, feed_id)
        context = await _feed(request, outlet, feed, form, error)
        return await page(request, "outlets/feed.html", context, status=409 if isinstance(error, Conflict) else 422)
    if changed:
        await write_down(request, AuditAction.FEED_SET_UP, stored_id(feed.id), changed=" ".join(changed))
    return await see_other(request, feed_path(feed), N_("Saved."))


@post("/outlets/{outlet_id:str}/feeds/{feed_id:str}/notice", guards=[keepers])
async def dismiss_notice(
    request: Request[Any, Any, Any], outlet_id: FromPath[str], feed_id: FromPath[str]
) -> Response[Any]:
    """Somebody has seen what happened to a feed. A newer notice stays."""
    _, feed = await _find(request, outlet_id, feed_id)
    seen = (await read_form(request)).text("seen") == _notice_mark(feed)
    if seen and await services(request).ingest.ledger.dismiss_notice(stored_id(feed.id), feed.state.notice_at):
        await write_down(request, AuditAction.FEED_NOTICE_DISMISSED, stored_id(feed.id))
    return await see_other(request, feed_path(feed))


@post("/outlets/{outlet_id:str}/feeds/{feed_id:str}/read", guards=[keepers])
async def read_now(request: Request[Any, Any, Any], outlet_id: FromPath[str], feed_id: FromPath[str]) -> Response[Any]:
    """Read a feed at once, unless somebody does so already."""
    found = services(request)
    _, feed = await _find(request, outlet_id, feed_id)
    claimed = await found.ingest.claims.take(stored_id(feed.id))
    if claimed is None:
        busy = N_("The feed rests, or it or its host is being read at this moment. Please try again in a minute.")
        return await _tell(request, feed, "info", busy)
    try:
        result = await found.ingest.take_in(claimed)
    finally:
        await found.ingest.claims.release(claimed)
    if result.new and claimed.state.pushed_at is not None:
        await found.websub.note_missed(result.feed_id, result.new)
    if not (await found.outlets.feed(feed_id, feed.outlet_id)).active:  # gone, or moved onto another
        await found.websub.forget(result.feed_id)
    await found.pipeline.catch_up()
    return await _told(request, feed, result)


@post("/outlets/{outlet_id:str}/feeds/{feed_id:str}/active", guards=[admins])
async def set_feed_active(
    request: Request[Any, Any, Any], outlet_id: FromPath[str], feed_id: FromPath[str]
) -> Response[Any]:
    """Rest a feed, which ends its subscription, or poll it again, which answers what its notice asked."""
    found = services(request)
    outlet, feed = await _find(request, outlet_id, feed_id)
    form = await read_form(request)
    active = form.flag("active")
    await found.outlets.set_feed_active(feed_id, active, outlet_id=stored_id(outlet.id), by=actor(request))
    if active:
        await found.ingest.ledger.dismiss_notice(stored_id(feed.id), feed.state.notice_at)
    else:
        await found.websub.forget(stored_id(feed.id))
    action = AuditAction.FEED_RESUMED if active else AuditAction.FEED_RESTED
    await write_down(request, action, stored_id(feed.id))
    message = N_("The feed is read again from now on.") if active else N_("The feed rests.")
    return await see_other(request, feed_path(feed) if form.flag("stay") else f"/outlets/{outlet_id}", message)


# -- what pages show


async def _find(request: Request[Any, Any, Any], outlet_id: str, feed_id: str) -> tuple[Outlet, Feed]:
    found = services(request).outlets
    outlet = await found.get(outlet_id)
    return outlet, await found.feed(feed_id, stored_id(outlet.id))


def _notice_mark(feed: Feed) -> str:
    """Which notice a form is about."""
    return feed.state.notice_at.isoformat() if feed.state.notice_at else ""


async def _told(request: Request[Any, Any, Any], feed: Feed, result: FeedResult) -> Response[Any]:
    """Back to the feed's page, with what reading it came to."""
    if result.error is not None:
        params = {name: str(value) for name, value in result.error.params.items()}
        return await _tell(request, feed, "error", result.error.message, **params)
    if result.result is Result.NOT_MODIFIED or not (result.new or result.changed):
        return await _tell(request, feed, "success", N_("The feed has been read: nothing new."))
    sentence = N_("The feed has been read: {new} new stories, {changed} changed.")
    return await _tell(request, feed, "success", sentence, new=result.new, changed=result.changed)


async def _tell(
    request: Request[Any, Any, Any], feed: Feed, level: str, message: str, **params: str | int
) -> Response[Any]:
    session = visitor(request).session
    assert session is not None  # the guard has let somebody in
    await services(request).sessions.flash(session.id, level, message, params)
    return await see_other(request, feed_path(feed))


async def _feed(
    request: Request[Any, Any, Any],
    outlet: Outlet,
    feed: Feed,
    form: Form | None = None,
    error: MediaTrackerError | None = None,
) -> FeedPage:
    found, words = services(request), Words(request.app.state.pages)
    now, feed_id = found.clock(), stored_id(feed.id)
    wanted = StoryFilter(outlet_id=feed.outlet_id, feed_id=feed_id, withdrawn=False)
    fetches, subscription, latest = await asyncio.gather(
        found.ingest.ledger.fetches([feed_id]), found.websub.of_feed(feed_id), found.stories.page(wanted, size=LATEST)
    )
    records = fetches.get(feed_id, [])
    by_hand, may_change = feed.source is FeedSource.HAND, has_role(request, Role.ADMIN)
    keeps = has_role(request, Role.EDITOR, Role.ADMIN)
    rows = [fetch_row(record, by_hand=by_hand) for record in records]
    return FeedPage(
        href=feed_path(feed),
        outlet=outlet.name,
        outlet_href=f"/outlets/{outlet.id}",
        title=feed.title,
        url=web_address(feed.url),
        platform=PLATFORM_NAMES[feed.platform],
        column=feed.column,
        active=feed.active,
        by_hand=by_hand,
        health=words.health(feed, now),
        notice=words.notice(feed),
        notice_mark=_notice_mark(feed),
        checked_at=feed.state.checked_at,
        next_look=words.next_look(feed, now),
        why_then=words.why_then(feed),
        push=words.push(feed, subscription, now, found.settings.public_url),
        subscription=subscription,
        fetches=rows[:ROWS_FIRST],
        earlier=rows[ROWS_FIRST:],
        picture=picture(records),
        latest=[story_line(story) for story in latest.stories],
        may_read=keeps and feed.active and not by_hand,
        may_dismiss=keeps,
        may_change=may_change,
        settings=_settings(request, feed, form, error) if may_change and not by_hand else None,
    )


def _settings(
    request: Request[Any, Any, Any], feed: Feed, form: Form | None, error: MediaTrackerError | None
) -> SettingsForm:
    catalogue = request.app.state.pages.catalogue
    setup = FeedSetup.of(feed)
    stands = setup_values(setup)
    typed = stands if form is None else form.values
    late = isinstance(error, Conflict)
    return SettingsForm(
        # a form that came back for a mistake is still made from what its reader saw
        seen=setup.mark if form is None or late else form.text("seen"),
        values=typed,
        platforms=named(catalogue, PLATFORM_NAMES),
        sources=source_options(catalogue),
        encodings=encoding_options(),
        errors=(error.fields or {"url": error.message}) if isinstance(error, InvalidInput) else {},
        params=error.params if error else {},
        late=error.message if error and late else "",
        present=differences(catalogue, stands, typed) if late else (),
    )


ROUTES = [feed_page, set_up_feed, dismiss_notice, read_now, set_feed_active]
