"""One lead: working on it, what has become of it, and, by itself and written down, who called."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bson import ObjectId
from litestar import Request, Response, get, post
from litestar.params import FromPath

from media_tracker.deeds.lead_rules import LEADS_ON, LONGEST_TEXT, Caller, Lead, State, Step
from media_tracker.errors import N_, Conflict, InvalidInput, NotFound
from media_tracker.web.choices import Option, option
from media_tracker.web.deeds.lead_view import LeadRow, lead_rows
from media_tracker.web.deeds.words import OUTCOMES, STATE_NAMES
from media_tracker.web.forms import Form, read_form
from media_tracker.web.guards import dispatchers
from media_tracker.web.naming import Names, names_of
from media_tracker.web.render import Pages, page, see_other
from media_tracker.web.visitor import actor, origin, request_id, services

OFFERED = 40
"""Stories, and deeds, that are offered for what a lead has become."""
_ID = re.compile(r"([0-9a-f]{24})(?:[?#&].*)?$")
_PROBLEM = re.compile(r"(\d{4}-\d{3,})(?:[?#/].*)?$")


@dataclass(frozen=True, slots=True)
class NoteView:
    """What somebody found out."""

    at: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class LeadPage:
    """``templates/deeds/lead.html``"""

    lead: LeadRow
    version: int
    breadcrumb: Sequence[Mapping[str, str]]
    notes: Sequence[NoteView]
    recorded_by: str
    recorded_at: datetime
    settled_at: datetime | None
    has_caller: bool
    erase_at: datetime | None
    who_called: Caller | None
    """Where somebody has just asked. (Templates have a ``caller`` of their own.)"""
    asked: bool
    outcomes: Sequence[Option]
    targets: Sequence[Option]
    mine: bool
    values: Mapping[str, str]
    errors: Mapping[str, str]
    notice: str


@dataclass(frozen=True, slots=True)
class _Back:
    """A form that came back, or a caller who was asked for."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""
    caller: Caller | None = None
    asked: bool = False


@get("/deeds/leads/{lead_id:str}", guards=[dispatchers])
async def lead(request: Request[Any, Any, Any], lead_id: FromPath[str]) -> Response[Any]:
    """One lead, without who called."""
    return await _page(request, await services(request).leads.get(lead_id), _Back())


@post("/deeds/leads/{lead_id:str}", guards=[dispatchers])
async def step(request: Request[Any, Any, Any], lead_id: FromPath[str]) -> Response[Any]:
    """Take a lead, write down what was found out, settle it, or open it again: ``do`` says which."""
    found, form = services(request), await read_form(request)
    one = await found.leads.get(lead_id)
    by = (actor(request), origin(request))
    text, version = form.text("text", longest=LONGEST_TEXT), form.version()
    try:
        what = form.choice("do", Step, required=N_("Please choose from the list."))
        form.check()
        if what is Step.TAKE:
            await found.leads.take(lead_id, version, *by)
        elif what is Step.FOLLOW_UP:
            await found.leads.follow_up(lead_id, version, text, *by)
        elif what is Step.REOPEN:
            await found.leads.reopen(lead_id, version, *by)
        else:
            state = form.choice("outcome", State)
            form.check()
            next_id = await _next(request, state, form.text("next"))
            await found.leads.settle(lead_id, version, state, next_id, text, *by)
    except InvalidInput as error:
        return await _page(request, one, _Back(form.values, error.fields), status=422)
    except Conflict as error:
        return await _page(request, await found.leads.get(lead_id), _late(request, form, error), status=409)
    return await see_other(request, f"/deeds/leads/{lead_id}", N_("Saved."))


@post("/deeds/leads/{lead_id:str}/caller", guards=[dispatchers])
async def show_caller(request: Request[Any, Any, Any], lead_id: FromPath[str]) -> Response[Any]:
    """Who called. A look is a POST: it is written into the audit trail."""
    await read_form(request)
    found = services(request)
    caller = await found.leads.caller(lead_id, actor(request), request_id(request.scope))
    return await _page(request, await found.leads.get(lead_id), _Back(caller=caller, asked=True))


@post("/deeds/leads/{lead_id:str}/erase", guards=[dispatchers])
async def erase_caller(request: Request[Any, Any, Any], lead_id: FromPath[str]) -> Response[Any]:
    """Erase who called before the date."""
    form, found = await read_form(request), services(request)
    try:
        await found.leads.erase(lead_id, form.version(), actor(request), origin(request))
    except Conflict as error:
        return await _page(request, await found.leads.get(lead_id), _late(request, form, error), status=409)
    return await see_other(request, f"/deeds/leads/{lead_id}", N_("Who called is erased."))


async def _page(request: Request[Any, Any, Any], one: Lead, back: _Back, *, status: int = 200) -> Response[Any]:
    found, names = services(request), await names_of(request)
    [row] = await lead_rows(request, [one], names)
    users = {note.by for note in one.notes} | ({one.created_by} if one.created_by else set())
    people = await found.accounts.names(users)
    context = LeadPage(
        lead=row,
        version=one.version,
        breadcrumb=[
            {"href": "/deeds", "label": names.gettext("Good deeds")},
            {"href": "/deeds/leads", "label": names.gettext("Leads")},
            {"label": one.number},
        ],
        notes=[NoteView(note.at, people.get(note.by, ""), note.text) for note in one.notes],
        recorded_by=people.get(one.created_by, "") if one.created_by else "",
        recorded_at=one.created_at,
        settled_at=one.settled_at,
        has_caller=one.has_caller,
        erase_at=one.erase_at,
        who_called=back.caller,
        asked=back.asked,
        outcomes=[option(state.value, names.gettext(STATE_NAMES[state])) for state in OUTCOMES],
        targets=[] if row.settled else await _targets(request, names),
        mine=one.worked_on_by == actor(request).user_id,
        values=defaultdict(str, back.values),
        errors=back.errors,
        notice=back.notice,
    )
    response = await page(request, "deeds/lead.html", context, status=status)
    response.headers["cache-control"] = "no-store"
    return response


async def _next(request: Request[Any, Any, Any], state: State | None, typed: str) -> ObjectId | None:
    """What a lead has become, as it was typed: an address of ours, an id, or the number of a problem.

    Raises:
        InvalidInput: there is no such thing.
    """
    if state not in LEADS_ON or not typed:
        return None
    found = services(request)
    try:
        if state is State.PROBLEM:
            number = _PROBLEM.search(typed)
            return (await found.problems.get(number[1] if number else typed)).case.id
        key = _ID.search(typed)
        if key is None:
            raise NotFound(N_("There is nothing at this address."))
        if state is State.STORY:
            return ObjectId((await found.stories.get(key[1])).id)
        return ObjectId((await found.deeds.get(key[1])).id)
    except NotFound:
        sentence = N_("Nothing of the kind is known under this. Choose from the list, or paste its address here.")
        raise InvalidInput(sentence, {"next": sentence}) from None


async def _targets(request: Request[Any, Any, Any], names: Names) -> list[Option]:
    """The latest deeds and the stories that told of them, for the field's list."""
    deeds = (await services(request).deeds.page(size=OFFERED)).deeds
    told = await services(request).stories.many(each.story_id for deed in deeds for each in deed.stories)
    stories = sorted(told.values(), key=lambda story: story.published_at, reverse=True)[:OFFERED]
    return [
        *(option(f"/deeds/{deed.id}", names.deed_title(deed)) for deed in deeds),
        *(option(f"/stories/{story.id}", f"{story.title} · {names.outlet(story.outlet_id)}") for story in stories),
    ]


def _late(request: Request[Any, Any, Any], form: Form, error: Conflict) -> _Back:
    pages: Pages = request.app.state.pages
    return _Back(form.values, notice=pages.catalogue.explain(error))


ROUTES = [lead, step, show_caller, erase_caller]
