"""Outlets: the list with what needs attention, one of them, in and out as OPML."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from bson import ObjectId
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import AuditAction
from media_tracker.errors import N_, InvalidInput
from media_tracker.ingest.stories import StoryFilter
from media_tracker.monitor.counting import breakdown
from media_tracker.monitor.definitions import Dimension, Key
from media_tracker.monitor.facts import EVERYTHING, Period
from media_tracker.outlets.documents import Feed, Outlet, OutletKind
from media_tracker.outlets.opml import MOST_BYTES, read_opml, write_opml
from media_tracker.web.addresses import web_address
from media_tracker.web.choices import Option, named
from media_tracker.web.figure_links import Asked
from media_tracker.web.forms import Form, read_form
from media_tracker.web.guards import admins, signed_in
from media_tracker.web.outlets.feed_words import State, Words, needs_attention, state_of_feeds
from media_tracker.web.outlets.view import (
    KIND_NAMES,
    FeedRow,
    OutletRow,
    ProjectRow,
    StoryLine,
    feed_path,
    feed_row,
    has_role,
    outlet_row,
    project_row,
    stored_id,
    story_line,
)
from media_tracker.web.render import page, see_other
from media_tracker.web.trail import write_down
from media_tracker.web.visitor import actor, request_id, services

WEEK = timedelta(days=6)
"""From the first of seven days to the last."""
LATEST = 10
OPML_BODY_BYTES = MOST_BYTES + 100_000
"""A file of the largest size and the rest of its form."""
OPML_NAME = "media-tracker.opml"
URGENCY = ("bad", "warn", "news")
"""Tones, the worst first."""


@dataclass(frozen=True, slots=True)
class AttentionRow:
    """A feed that somebody should look at, and why; the worst first."""

    href: str
    outlet: str
    feed: str
    states: Sequence[State]


@dataclass(frozen=True, slots=True)
class OutletsPage:
    """``templates/outlets/outlets.html``"""

    attention: Sequence[AttentionRow]
    rows: Sequence[OutletRow]
    may_change: bool
    kinds: Sequence[Option]
    week_start: date
    week_end: date
    definition: str
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutletPage:
    """``templates/outlets/outlet.html``"""

    id: str
    name: str
    kind: str
    partner: bool
    homepage: str
    feeds: Sequence[FeedRow]
    projects: Sequence[ProjectRow]
    latest: Sequence[StoryLine]
    may_change: bool
    may_enter: bool
    contact: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


@get("/outlets", guards=[signed_in])
async def outlets_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Every outlet: who they are, how their feeds do, what came of late."""
    return await page(request, "outlets/outlets.html", await _outlets(request))


@post("/outlets", guards=[admins])
async def add_outlet(request: Request[Any, Any, Any]) -> Response[Any]:
    """Add an outlet."""
    form = await read_form(request)
    name = form.text("name", required=N_("Please give the outlet a name."))
    kind = form.choice("kind", OutletKind, required=N_("Please choose from the list."))
    homepage = form.text("homepage")
    if homepage and not web_address(homepage):
        form.errors["homepage"] = N_("A web address begins with http:// or https://.")
    try:
        form.check()
        assert kind is not None  # or check() would have raised
        outlet_id = await services(request).outlets.add_outlet(
            name, kind, partner=form.flag("partner"), homepage=homepage, by=actor(request)
        )
    except InvalidInput as error:
        context = await _outlets(request, form, error.fields, error.params)
        return await page(request, "outlets/outlets.html", context, status=422)
    await write_down(request, AuditAction.OUTLET_ADDED, outlet_id)
    return await see_other(request, f"/outlets/{outlet_id}", N_("The outlet is added. Now give it its feeds."))


@post("/outlets/import", guards=[admins], request_max_body_size=OPML_BODY_BYTES)
async def import_opml(request: Request[Any, Any, Any]) -> Response[Any]:
    """Subscribe to all feeds of an OPML file."""
    form = await read_form(request)
    try:
        subscriptions = await asyncio.to_thread(read_opml, await _uploaded(form, "opml"))
        imported = await services(request).outlets.import_subscriptions(subscriptions, by=actor(request))
    except InvalidInput as error:
        context = await _outlets(request, form, {"opml": error.message}, error.params)
        return await page(request, "outlets/outlets.html", context, status=422)
    numbers = {"outlets": imported.outlets_added, "feeds": imported.feeds_added, "known": imported.feeds_known}
    await write_down(request, AuditAction.FEEDS_IMPORTED, None, **numbers)
    return await see_other(
        request,
        "/outlets",
        N_("The file is taken in: {outlets} new outlets, {feeds} new feeds, {known} that were subscribed to already."),
        **numbers,
    )


@get("/outlets/export.opml", guards=[admins])
async def export_opml(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Everything that is subscribed to, for another reader."""
    found = services(request)
    subscriptions = await found.outlets.subscriptions()
    await found.audit.write(
        AuditAction.EXPORTED,
        actor=actor(request).user_id,
        subject=OPML_NAME,
        detail={"feeds": len(subscriptions)},
        request_id=request_id(request.scope),
    )
    headers = {"content-disposition": f'attachment; filename="{OPML_NAME}"'}
    document = write_opml(found.settings.office_name, subscriptions)
    return Response(document, media_type="text/x-opml; charset=utf-8", headers=headers)


@get("/outlets/{outlet_id:str}", guards=[signed_in])
async def outlet_page(request: Request[Any, Any, Any], outlet_id: FromPath[str]) -> Response[Any]:
    """One outlet: feeds with their state, projects, latest stories."""
    outlet = await services(request).outlets.get(outlet_id)
    return await page(request, "outlets/outlet.html", await _outlet(request, outlet))


@post("/outlets/{outlet_id:str}/partner", guards=[admins])
async def set_partner(request: Request[Any, Any, Any], outlet_id: FromPath[str]) -> Response[Any]:
    """Make an outlet a partner, or no longer one."""
    form = await read_form(request)
    partner = form.flag("partner")
    await services(request).outlets.set_partner(outlet_id, partner, by=actor(request))
    action = AuditAction.PARTNER_MADE if partner else AuditAction.PARTNER_ENDED
    await write_down(request, action, ObjectId(outlet_id))
    return await see_other(request, f"/outlets/{outlet_id}", N_("Saved."))


@post("/outlets/{outlet_id:str}/contact", guards=[admins])
async def set_contact(request: Request[Any, Any, Any], outlet_id: FromPath[str]) -> Response[Any]:
    """Say where the outlet is told of problems that it has exposed."""
    form = await read_form(request)
    outlet = await services(request).outlets.get(outlet_id)
    try:
        await services(request).outlets.set_contact(outlet_id, form.text("contact"), by=actor(request))
    except InvalidInput as error:
        context = replace(await _outlet(request, outlet), contact=form.text("contact"), errors=error.fields)
        return await page(request, "outlets/outlet.html", context, status=422)
    await write_down(request, AuditAction.CONTACT_CHANGED, ObjectId(outlet_id))
    return await see_other(request, f"/outlets/{outlet_id}", N_("Saved."))


# -- what pages show


async def _outlets(
    request: Request[Any, Any, Any],
    form: Form | None = None,
    errors: Mapping[str, str] | None = None,
    params: Mapping[str, object] | None = None,
) -> OutletsPage:
    found = services(request)
    outlets, feeds = await asyncio.gather(found.outlets.all(), found.outlets.feeds())
    words, now = Words(request.app.state.pages), found.clock()
    today = now.astimezone(found.settings.zone).date()
    week = Period(today - WEEK, today)
    figure = await found.monitor.figure(Key.STORIES, week, EVERYTHING)
    counts = breakdown(figure.rows, Dimension.OUTLET, found.settings.zone)
    lasts = await asyncio.gather(
        *(found.stories.newest(StoryFilter(outlet_id=stored_id(outlet.id), withdrawn=False)) for outlet in outlets)
    )
    feeds_of: dict[ObjectId, list[Feed]] = defaultdict(list)
    for feed in feeds:
        feeds_of[feed.outlet_id].append(feed)
    rows = []
    for outlet, last in zip(outlets, lasts, strict=True):
        own = feeds_of[stored_id(outlet.id)]
        rows.append(outlet_row(outlet, own, state_of_feeds(own, words, now), counts, Asked(week), last))
    return OutletsPage(
        attention=_attention(feeds, {stored_id(outlet.id): outlet.name for outlet in outlets}, words, now),
        rows=rows,
        may_change=has_role(request, Role.ADMIN),
        kinds=named(request.app.state.pages.catalogue, KIND_NAMES),
        week_start=week.start,
        week_end=week.end,
        definition=figure.definition.text,
        values=form.values if form else {},
        errors=errors or {},
        params=params or {},
    )


def _attention(
    feeds: Sequence[Feed], outlets: Mapping[ObjectId, str], words: Words, now: datetime
) -> list[AttentionRow]:
    """The feeds that somebody should look at: failing ones first, then silent ones, then those with a notice."""
    found = [
        AttentionRow(feed_path(feed), outlets.get(feed.outlet_id, ""), feed.title, states)
        for feed in feeds
        if (states := needs_attention(feed, words, now))
    ]
    return sorted(found, key=lambda row: (URGENCY.index(row.states[0].tone), row.outlet, row.feed))


async def _outlet(request: Request[Any, Any, Any], outlet: Outlet) -> OutletPage:
    found, words = services(request), Words(request.app.state.pages)
    outlet_id = stored_id(outlet.id)
    feeds, projects = await asyncio.gather(found.outlets.feeds(outlet_id), found.outlets.projects(outlet_id))
    latest = await found.stories.page(StoryFilter(outlet_id=outlet_id, withdrawn=False), size=LATEST)
    names = {outlet_id: outlet.name}
    return OutletPage(
        id=str(outlet.id),
        name=outlet.name,
        kind=KIND_NAMES[outlet.kind],
        partner=outlet.partner,
        homepage=web_address(outlet.homepage),
        feeds=[feed_row(feed, state_of_feeds([feed], words, found.clock())) for feed in feeds],
        projects=await asyncio.gather(*(project_row(request, project, names) for project in projects)),
        latest=[story_line(story) for story in latest.stories],
        may_change=has_role(request, Role.ADMIN),
        may_enter=has_role(request, Role.EDITOR),
        contact=outlet.contact,
    )


async def _uploaded(form: Form, name: str) -> bytes:
    upload = form.data.get(name)
    content = await upload.read() if isinstance(upload, UploadFile) else b""
    if not content:
        raise InvalidInput(N_("Please choose an OPML file."))
    return content


ROUTES = [
    outlets_page,
    add_outlet,
    import_opml,
    export_opml,
    outlet_page,
    set_partner,
    set_contact,
]
