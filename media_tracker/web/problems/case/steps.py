"""Taking a step of a problem's life."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from media_tracker.accounts.actor import Actor
from media_tracker.db.events import Origin
from media_tracker.errors import N_, Conflict, InvalidInput, MediaTrackerError, NotFound
from media_tracker.problems.afterwards.facts import Found
from media_tracker.problems.afterwards.satisfaction import Answer
from media_tracker.problems.case import Basis, Outcome, Precision, State
from media_tracker.problems.documents import Problem
from media_tracker.problems.steps import Command, Step
from media_tracker.web.forms import LONGEST_TEXT, PHOTOS_BYTES, Form, read_form
from media_tracker.web.guards import signed_in
from media_tracker.web.problems.case.page import Sent, show_problem
from media_tracker.web.problems.evidence.uploads import (
    Uploads,
    fields_of,
    not_saved_yet,
    read_uploads,
    remove_uploads,
    save_uploads,
    with_files,
)
from media_tracker.web.problems.words import STATE_NAMES
from media_tracker.web.render import Pages, see_other
from media_tracker.web.visitor import actor, origin, services
from media_tracker.wiring import Services

STEP_BODY_BYTES = PHOTOS_BYTES + 10_000_000
"""Of a step's form with its photos; a little too much still comes back with what was typed."""


@get("/problems/{number:str}/steps/{step:str}", guards=[signed_in])
async def open_step(request: Request[Any, Any, Any], number: FromPath[str], step: FromPath[str]) -> Redirect:
    """A step's address is for sending; who only opens it is shown the problem."""
    return await see_other(request, f"/problems/{(await services(request).problems.get(number)).number}")


@post("/problems/{number:str}/steps/{step:str}", guards=[signed_in], request_max_body_size=STEP_BODY_BYTES)
async def take_step(request: Request[Any, Any, Any], number: FromPath[str], step: FromPath[str]) -> Response[Any]:
    """Take a step. Photos are saved before the transaction, and removed again if it comes to nothing."""
    chosen = _step(step)
    room, who = services(request), actor(request)
    form = await read_form(request)
    photos = await read_uploads(form, fields_of(chosen))
    command = _command(chosen, form, room.clock())
    try:
        await _check(request, number, form, command, photos)
        saved = await save_uploads(request, form, photos)
        try:
            acting = _acting(origin(request), await room.problems.get(number), who)
            take = _taken_by(room, chosen)
            await take(number, form.version(), with_files(command, saved), who, acting)
        except MediaTrackerError:
            await remove_uploads(request, saved)
            raise
    except InvalidInput as error:
        sent = Sent(chosen, form.values, [str(unit) for unit in command.co_unit_ids], error.fields)
        return await show_problem(request, await room.problems.get(number), sent, status=422)
    except Conflict as error:
        pages: Pages = request.app.state.pages
        notice = pages.catalogue.explain(_in_words(request, error))
        sent = Sent(chosen, form.values, [str(unit) for unit in command.co_unit_ids], notice=notice)
        return await show_problem(request, await room.problems.get(number), sent, status=409)
    return await see_other(request, f"/problems/{number}", N_("Done. It is in the history."))


def _taken_by(room: Services, step: Step) -> Callable[..., Awaitable[object]]:
    """Which use case takes the step: those that mean more than the case are taken by the rooms that know what."""
    match step:
        case Step.LOOK_BACK:
            return room.look_backs.look_back
        case Step.CLAIM:
            return room.drafts.report
    return room.problems.act


def _step(name: str) -> Step:
    step = next((each for each in Step if each.value == name), None)
    if step is None or step in (Step.MARK_DUPLICATE, Step.MERGE):  # merging has a page of its own
        raise NotFound(N_("There is nothing at this address."))
    return step


def _command(step: Step, form: Form, now: datetime) -> Command:
    """What the form says, typed; mistakes are kept in the form."""
    basis = form.choice("basis", Basis)
    by_day = form.flag("fixed_day")
    fixed_at = form.moment("fixed_at")
    if fixed_at is not None and by_day:
        fixed_at = datetime.combine(fixed_at.date(), time(), form.zone)
    return Command(
        step,
        now,
        text=form.text("text", longest=LONGEST_TEXT),
        unit_id=form.id("unit_id"),
        co_unit_ids=tuple(form.ids("co_unit_ids")),
        outcome=form.choice("outcome", Outcome),
        verified_outcome=form.choice("verified_outcome", Outcome),
        fixed_at=fixed_at,
        precision=Precision.DAY if by_day else Precision.MINUTE,
        on_site=basis is Basis.ON_SITE,
        basis=basis or Basis.ON_SITE,
        story_id=form.id("story_id"),
        reporter_on_site=form.flag("reporter_on_site"),
        units_own_copy=not form.flag("not_own_copy"),
        review_at=_midnight(form, "review_at", form.zone),
        due_at=form.moment("due_at"),
        unprotected=form.flag("unprotected"),
        found=form.choice("found", Found),
        satisfaction=form.choice("satisfaction", Answer),
    )


def _midnight(form: Form, name: str, zone: ZoneInfo) -> datetime | None:
    day = form.day(name)
    return datetime.combine(day, time(), zone) if day is not None else None


async def _check(request: Request[Any, Any, Any], number: str, form: Form, command: Command, photos: Uploads) -> None:
    """Everything that can be wrong before a photo is saved, told at once. The form's own mistakes are the more exact ones."""
    room, who = services(request), actor(request)
    try:
        await room.problems.check(number, form.version(), with_files(command, not_saved_yet(photos)), who)
    except InvalidInput as error:
        form.errors = {**error.fields, **form.errors}
    form.check()


def _acting(made_by: Origin, problem: Problem, who: Actor) -> Origin:
    """Who works in several units acts for the one in charge, if it is one of theirs."""
    if problem.case.unit_id is None or problem.case.unit_id not in who.units:
        return made_by
    return replace(made_by, acting_unit=problem.case.unit_id)


def _in_words(request: Request[Any, Any, Any], error: Conflict) -> Conflict:
    """A conflict that names a state, with the state's name in the reader's language."""
    state = error.params.get("state")
    if not isinstance(state, State):
        return error
    pages: Pages = request.app.state.pages
    return Conflict(error.message, **{**error.params, "state": pages.catalogue.gettext(STATE_NAMES[state])})


ROUTES = [open_step, take_step]
