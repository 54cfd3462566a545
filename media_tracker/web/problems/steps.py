"""The steps of a problem's life: which ones the visitor is offered, and taking one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from media_tracker.accounts.actor import Actor, Level, Role
from media_tracker.db.events import Origin
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput, MediaTrackerError, NotFound
from media_tracker.problems.afterwards.facts import Found
from media_tracker.problems.afterwards.satisfaction import Answer
from media_tracker.problems.case import Basis, Channel, Outcome, Precision, State
from media_tracker.problems.documents import Problem
from media_tracker.problems.lifecycle import Surroundings, refusal
from media_tracker.problems.steps import Command, Step
from media_tracker.web.choices import Option, option, unit_groups, unit_options
from media_tracker.web.forms import LONGEST_TEXT, PHOTOS_BYTES, Form, read_form
from media_tracker.web.guards import signed_in
from media_tracker.web.naming import names_of
from media_tracker.web.problems.aftercare import Aftercare, read_aftercare
from media_tracker.web.problems.clocks import ClocksView, read_clocks
from media_tracker.web.problems.kept import kept_text
from media_tracker.web.problems.merging import RegroupedView, read_regrouped
from media_tracker.web.problems.proposal import ProposalView, read_proposal, read_rerouting
from media_tracker.web.problems.unit_work import UnitWork, read_unit_work
from media_tracker.web.problems.uploads import (
    Uploads,
    fields_of,
    not_saved_yet,
    read_uploads,
    remove_uploads,
    save_uploads,
    with_files,
)
from media_tracker.web.problems.view import ProblemView, read_view, story_name
from media_tracker.web.problems.words import STATE_NAMES, STEP_WORDS, StepWords, needs, needs_text
from media_tracker.web.render import Pages, page, see_other
from media_tracker.web.visitor import actor, origin, services

STEP_BODY_BYTES = PHOTOS_BYTES + 10_000_000
"""Of a step's form with its photos; a little too much still comes back with what was typed."""
HANDING = frozenset({Step.ASSIGN, Step.REASSIGN})
CHECKS = (Step.VERIFY, Step.FAIL, Step.CONFIRM_NOTHING, Step.LOOK_BACK)


@dataclass(frozen=True, slots=True)
class StepView:
    """A step that the visitor can take now."""

    name: str
    words: StepWords
    needs: tuple[str, ...]
    needs_text: bool
    is_check: bool
    open: bool


@dataclass(frozen=True, slots=True)
class ProblemPage:
    """``templates/problems/problem.html``"""

    problem: ProblemView
    regrouped: RegroupedView
    aftercare: Aftercare
    unit_work: UnitWork
    steps: Sequence[StepView]
    refused: str
    """Why a person who checks may not check this one."""
    district_check: bool
    """The visitor's check is a district's, in an installation of the city."""
    may_edit: bool
    fresh_due_at: datetime | None
    units: Sequence[Option]
    """To be put in charge; those of the problem's district first."""
    other_units: Sequence[Option]
    """The same, to work beside it."""
    proposal: ProposalView | None
    """Whom the responsibility table puts in charge, for who can assign the problem."""
    rerouted: str
    """That a correction has changed whom it belongs to."""
    follow_ups: Sequence[Option]
    co_units: Sequence[str]
    values: Mapping[str, str]
    errors: Mapping[str, str]
    notice: str
    """Why a form came back though nothing in it is wrong."""
    clocks: ClocksView
    kept: str
    """What was written for a step that is offered no longer."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A step's form that came back: with mistakes, or because somebody else was faster."""

    step: Step | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    co_units: Sequence[str] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""
    """In the reader's language."""


async def show_problem(
    request: Request[Any, Any, Any], problem: Problem, sent: Sent, status: int = 200
) -> Response[str]:
    """The page of a problem, with the forms for what the visitor can do now."""
    room, who = services(request), actor(request)
    around = await room.problems.surroundings(problem)
    steps = frozenset(await room.problems.steps(problem, who))
    names = await names_of(request)
    events = await room.problems.history(problem)
    proposal = await read_proposal(request, problem, events, names) if steps & HANDING else None
    rerouted = await read_rerouting(request, problem, events, names)
    opened = Step.REASSIGN if sent.step is None and rerouted else sent.step
    co_units = sent.co_units if sent.step in HANDING or proposal is None else proposal.co_ids
    lost = sent.step is not None and sent.step not in steps
    context = ProblemPage(
        problem=await read_view(request, problem),
        regrouped=await read_regrouped(request, problem, who, who.has(Role.EDITOR, Role.PUBLICITY)),
        aftercare=await read_aftercare(request, problem, events),
        unit_work=await read_unit_work(request, problem, events),
        steps=[_step_view(step, opened) for step in STEP_WORDS if step in steps],
        refused=_why_no_check(problem, who, around),
        district_check=who.level is Level.DISTRICT and room.monitor.level is Level.CITY,
        may_edit=who.has(Role.EDITOR, Role.PUBLICITY),
        fresh_due_at=around.fresh_due_at,
        units=_others(unit_groups(names, problem.district), problem) if steps & HANDING else (),
        other_units=unit_options(names, problem.district) if steps & HANDING else (),
        proposal=proposal,
        rerouted=rerouted,
        follow_ups=await _follow_ups(request, problem) if steps.intersection(CHECKS) else (),
        co_units=co_units,
        values=sent.values,
        errors=sent.errors,
        notice=sent.notice,
        clocks=await read_clocks(request, problem, events),
        kept=kept_text(sent.values, sent.co_units, names) if lost else "",
    )
    return await page(request, "problems/problem.html", context, status=status)


def _others(groups: Sequence[Option], problem: Problem) -> Sequence[Option]:
    """The units that a problem can be handed to: all but the one that has it."""
    present = str(problem.case.unit_id)
    offered: list[Option] = []
    for group in groups:
        inner = group.get("options")
        left = [each for each in inner if each["value"] != present] if isinstance(inner, list) else None
        if left or (left is None and group.get("value") != present):
            offered.append(group if left is None else {**group, "options": left})
    return offered


def _step_view(step: Step, opened: Step | None) -> StepView:
    return StepView(step.value, STEP_WORDS[step], needs(step), needs_text(step), step in CHECKS, step is opened)


def _why_no_check(problem: Problem, who: Actor, around: Surroundings) -> str:
    """The sentence for an inspector who is not independent; empty for everybody else."""
    if problem.case.state is not State.CLAIMED_FIXED or not who.has(Role.INSPECTOR):
        return ""
    error = refusal(problem.case, who, Step.FAIL, around)
    return error.message if isinstance(error, Forbidden) else ""


async def _follow_ups(request: Request[Any, Any, Any], problem: Problem) -> list[Option]:
    """Follow-up stories that stand: what may prove a fix besides going there."""
    tied = [
        report.story_id
        for report in problem.case.reports
        if report.channel is Channel.FOLLOW_UP and report.withdrawn_at is None and report.story_id is not None
    ]
    stories = await services(request).stories.many(tied) if tied else {}
    return [option(key, title) for key in tied if (title := story_name(stories.get(key))[1])]


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
            take = room.look_backs.look_back if chosen is Step.LOOK_BACK else room.problems.act
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
