"""Leads: the list, and taking one in. One lead is in ``lead``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from bson import ObjectId
from litestar import Request, Response, get, post
from litestar.params import FromQuery

from media_tracker.deeds.finding_leads import LeadFilter
from media_tracker.deeds.lead_rules import LONGEST_TEXT, Caller, Channel, State
from media_tracker.deeds.leads import MOST_COUNTED
from media_tracker.errors import N_, InvalidInput, NotFound
from media_tracker.web.choices import Option, named, option
from media_tracker.web.deeds.lead_view import LeadRow, Linked, lead_rows
from media_tracker.web.deeds.words import CHANNEL_NAMES, STATE_NAMES
from media_tracker.web.forms import read_form
from media_tracker.web.guards import dispatchers
from media_tracker.web.naming import Names, names_of
from media_tracker.web.once import FIELD, new_key
from media_tracker.web.render import page, see_other
from media_tracker.web.visitor import actor, origin, services


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure that opens its list. ``label`` is untranslated; ``more``: there are more than could be counted quickly."""

    label: str
    value: int
    more: bool
    href: str


@dataclass(frozen=True, slots=True)
class LeadsPage:
    """``templates/deeds/leads.html``"""

    rows: Sequence[LeadRow]
    tiles: Sequence[Tile]
    filters: Mapping[str, str]
    filtered: bool
    states: Sequence[Option]
    of: Linked | None
    """The deed or story whose leads these are."""
    newer: str
    older: str


@dataclass(frozen=True, slots=True)
class NewLeadPage:
    """``templates/deeds/new_lead.html``"""

    deed: str
    story: str
    of: Linked
    channels: Sequence[Option]
    values: Mapping[str, str]
    errors: Mapping[str, str]
    form_key: str
    days: int


@get("/deeds/leads", guards=[dispatchers])
async def leads(
    request: Request[Any, Any, Any],
    mine: FromQuery[str] = "",
    deed: FromQuery[str] = "",
    story: FromQuery[str] = "",
    after: FromQuery[str | None] = None,
) -> Response[Any]:
    """One page of the leads that the filters let through, newest first. A filter with nonsense in it is left out."""
    found, names, who = services(request), await names_of(request), actor(request)
    state = request.query_params.get("state", "")  # as a parameter the name is taken
    of_deed, of_story = (ObjectId(key) if ObjectId.is_valid(key) else None for key in (deed, story))
    wanted = LeadFilter(
        state=State(state) if state in set(State) else None,
        open=state == "open",
        worked_on_by=who.user_id if mine else None,
        deed_id=of_deed,
        story_id=of_story,
    )
    filters = {
        "state": state if wanted.state or wanted.open else "",
        "mine": "1" if mine else "",
        "deed": str(of_deed or ""),
        "story": str(of_story or ""),
    }
    shown = await found.leads.page(wanted, after)
    about = {"deed": filters["deed"], "story": filters["story"]}
    open_leads = option("open", names.gettext(N_("Not settled yet")))
    context = LeadsPage(
        rows=await lead_rows(request, shown.leads, names),
        tiles=[await _tile(request, key, of_deed, of_story, about) for key in ("open", State.STORY, State.DEED)],
        filters=filters,
        filtered=any(filters.values()),
        states=[open_leads, *named(names.pages.catalogue, STATE_NAMES)],
        of=await _of(request, of_deed, of_story, names),
        newer=_address(filters) if after else "",
        older=_address(filters, shown.next) if shown.next else "",
    )
    return await page(request, "deeds/leads.html", context)


@get("/deeds/leads/new", guards=[dispatchers])
async def new_lead(
    request: Request[Any, Any, Any], deed: FromQuery[str] = "", story: FromQuery[str] = ""
) -> Response[Any]:
    """The form for what a published story has brought."""
    return await _new(request, {"deed": deed, "story": story})


@post("/deeds/leads", guards=[dispatchers])
async def take_in(request: Request[Any, Any, Any]) -> Response[Any]:
    """Take a lead in; the same form sent twice is one lead."""
    form = await read_form(request)
    about = form.text("about", longest=LONGEST_TEXT)
    channel = form.choice("channel", Channel, required=N_("Please choose from the list."))
    received_at = form.moment("received_at")
    caller = Caller(form.text("name"), form.text("phone"), form.text("note", longest=LONGEST_TEXT))
    key = form.text(FIELD)
    try:
        deed_id, story_id = await _brought_by(request, form.values)
        form.check()
        assert channel is not None  # or check() would have raised
        lead = await services(request).leads.take_in(
            key if ObjectId.is_valid(key) else new_key(),
            deed_id,
            story_id,
            channel,
            received_at,
            about,
            caller,
            actor(request),
            origin(request),
        )
    except InvalidInput as error:
        return await _new(request, form.values, {**form.errors, **error.fields}, status=422)
    return await see_other(request, f"/deeds/leads/{lead.id}", N_("Taken in as {number}."), number=lead.number)


async def _new(
    request: Request[Any, Any, Any],
    values: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
    *,
    status: int = 200,
) -> Response[Any]:
    found, names = services(request), await names_of(request)
    deed_id, story_id = await _brought_by(request, values)
    of = await _of(request, deed_id, story_id, names)
    if of is None:
        raise NotFound(N_("Open the deed or the story that brought the lead, and record it there."))
    context = NewLeadPage(
        deed=str(deed_id or ""),
        story=str(story_id or ""),
        of=of,
        channels=named(names.pages.catalogue, CHANNEL_NAMES),
        values=defaultdict(str, {"received_at": names.pages.formats.field(found.clock()), **values}),
        errors=errors or {},
        form_key=values.get(FIELD) or new_key(),
        days=found.leads.days,
    )
    return await page(request, "deeds/new_lead.html", context, status=status)


async def _brought_by(
    request: Request[Any, Any, Any], values: Mapping[str, str]
) -> tuple[ObjectId | None, ObjectId | None]:
    """The deed and the story that a form names; those that are not there are left out. A story's deed is found by itself."""
    found = services(request)
    deed, story = values.get("deed", ""), values.get("story", "")
    try:
        deed_id = ObjectId((await found.deeds.get(deed)).id) if deed else None
        story_id = ObjectId((await found.stories.get(story)).id) if story else None
    except NotFound:
        return None, None
    if deed_id is None and story_id is not None:
        of_story = await found.deeds.of_story(story_id)
        deed_id = ObjectId(of_story.id) if of_story else None
    return deed_id, story_id


async def _of(
    request: Request[Any, Any, Any], deed_id: ObjectId | None, story_id: ObjectId | None, names: Names
) -> Linked | None:
    found = services(request)
    try:
        if story_id is not None:
            return Linked((await found.stories.get(story_id)).title, f"/stories/{story_id}")
        if deed_id is not None:
            return Linked(names.deed_title(await found.deeds.get(str(deed_id))), f"/deeds/{deed_id}")
    except NotFound:
        return None
    return None


async def _tile(
    request: Request[Any, Any, Any],
    key: State | str,
    deed_id: ObjectId | None,
    story_id: ObjectId | None,
    about: Mapping[str, str],
) -> Tile:
    state = key if isinstance(key, State) else None
    wanted = LeadFilter(state=state, open=state is None, deed_id=deed_id, story_id=story_id)
    count = await services(request).leads.count(wanted)
    label = N_("Not settled yet") if state is None else TILES[state]
    return Tile(label, min(count, MOST_COUNTED), count > MOST_COUNTED, _address({"state": str(key), **about}))


TILES: Mapping[State, str] = {
    State.STORY: N_("Led to a further story"),
    State.DEED: N_("Led to a further good deed"),
}


def _address(filters: Mapping[str, str], after: str | None = None) -> str:
    query = {name: value for name, value in {**filters, "after": after or ""}.items() if value}
    return f"/deeds/leads?{urlencode(query)}" if query else "/deeds/leads"


ROUTES = [leads, new_lead, take_in]
