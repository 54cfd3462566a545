"""The steps of a problem's life: which ones the visitor is offered, and taking one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId
from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from media_tracker.accounts.actor import Actor, Level, Role
from media_tracker.db.events import Origin
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput, MediaTrackerError, NotFound, TooLarge
from media_tracker.problems.case import Basis, Channel, Outcome, Precision, State
from media_tracker.problems.documents import Problem
from media_tracker.problems.lifecycle import Surroundings, refusal
from media_tracker.problems.steps import Command, Step
from media_tracker.web.choices import Option, option, unit_groups, unit_options
from media_tracker.web.forms import LONGEST_TEXT, PHOTOS_BYTES, Form, read_form
from media_tracker.web.guards import signed_in
from media_tracker.web.naming import names_of
from media_tracker.web.problems.kept import kept_text
from media_tracker.web.problems.proposal import ProposalView, read_proposal, read_rerouting
from media_tracker.web.problems.view import ProblemView, read_view, story_name
from media_tracker.web.problems.words import STATE_NAMES, STEP_WORDS, StepWords, needs, needs_text
from media_tracker.web.render import Pages, page, see_other
from media_tracker.web.visitor import actor, origin, services

STEP_BODY_BYTES = PHOTOS_BYTES + 10_000_000
"""Of a step's form with its photos; a little too much still comes back with what was typed."""
PHOTO_FIELDS = ("before", "after")
CHECKS = (Step.VERIFY, Step.FAIL, Step.CONFIRM_NOTHING)

Photos = dict[str, list[tuple[str, bytes]]]
"""File names and contents by field."""
PhotoIds = Mapping[str, tuple[ObjectId, ...]]


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
    proposal = await read_proposal(request, problem, events, names) if Step.ASSIGN in steps else None
    co_units = sent.co_units if sent.step is Step.ASSIGN or proposal is None else proposal.co_ids
    lost = sent.step is not None and sent.step not in steps
    context = ProblemPage(
        problem=await read_view(request, problem),
        steps=[_step_view(step, sent.step) for step in STEP_WORDS if step in steps],
        refused=_why_no_check(problem, who, around),
        district_check=who.level is Level.DISTRICT and room.monitor.level is Level.CITY,
        may_edit=who.has(Role.EDITOR, Role.PUBLICITY),
        fresh_due_at=around.fresh_due_at,
        units=unit_groups(names, problem.district) if Step.ASSIGN in steps else (),
        other_units=unit_options(names, problem.district) if Step.ASSIGN in steps else (),
        proposal=proposal,
        rerouted=await read_rerouting(request, problem, events, names),
        follow_ups=await _follow_ups(request, problem) if steps.intersection(CHECKS) else (),
        co_units=co_units,
        values=sent.values,
        errors=sent.errors,
        notice=sent.notice,
        kept=kept_text(sent.values, sent.co_units, names) if lost else "",
    )
    return await page(request, "problems/problem.html", context, status=status)


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
    photos = await _read_photos(form)
    command = _command(chosen, form, room.clock())
    command = await _with_target(request, form, command)
    try:
        await _check(request, number, form, command, photos)
        saved = await _save_photos(request, form, photos)
        try:
            acting = _acting(origin(request), await room.problems.get(number), who)
            await room.problems.act(number, form.version(), _with_photos(command, saved), who, acting)
        except MediaTrackerError:
            await _remove(request, saved)
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
    try:
        return Step(name)
    except ValueError:
        raise NotFound(N_("There is nothing at this address.")) from None


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
    )


def _midnight(form: Form, name: str, zone: ZoneInfo) -> datetime | None:
    day = form.day(name)
    return datetime.combine(day, time(), zone) if day is not None else None


async def _with_target(request: Request[Any, Any, Any], form: Form, command: Command) -> Command:
    """The other problem, by the number that was typed."""
    number = form.text("target")
    if not number or command.step is not Step.MARK_DUPLICATE:
        return command
    try:
        return replace(command, target=(await services(request).problems.get(number)).case.id)
    except NotFound:
        form.errors["target"] = N_("There is no problem with this number.")
        return command


async def _read_photos(form: Form) -> Photos:
    """The photos of every photo field; one that is too large, or all that are too much, is a mistake of its field."""
    photos: Photos = {}
    for name in PHOTO_FIELDS:
        try:
            photos[name] = await form.photos(name)
        except TooLarge as error:
            form.errors[name] = error.message
    sizes = {name: sum(len(data) for _, data in content) for name, content in photos.items()}
    if sum(sizes.values()) > PHOTOS_BYTES:
        largest = max(sizes, key=lambda name: sizes[name])
        form.errors.setdefault(
            largest, N_("All photos of a form together may have at most 50 MB. Choose fewer, or smaller ones.")
        )
    return photos


async def _check(request: Request[Any, Any, Any], number: str, form: Form, command: Command, photos: Photos) -> None:
    """Everything that can be wrong before a photo is saved, told at once. The form's own mistakes are the more exact ones."""
    room, who = services(request), actor(request)
    unsaved = {name: tuple(ObjectId() for _ in content) for name, content in photos.items()}
    try:
        await room.problems.check(number, form.version(), _with_photos(command, unsaved), who)
    except InvalidInput as error:
        form.errors = {**error.fields, **form.errors}
    form.check()


async def _save_photos(request: Request[Any, Any, Any], form: Form, photos: Photos) -> PhotoIds:
    """Ids of the saved photos by field; when one of them is no photo, none is kept."""
    pages: Pages = request.app.state.pages
    saved: dict[str, tuple[ObjectId, ...]] = dict.fromkeys(PHOTO_FIELDS, ())
    for name, content in photos.items():
        for filename, data in content:
            try:
                stored = await services(request).files.save_image(data, filename, actor(request).user_id, "problem")
            except (InvalidInput, TooLarge) as error:
                form.errors[name] = f"{filename}: {pages.catalogue.explain(error)}"
                break
            saved[name] = (*saved[name], stored.id)
    if form.errors:
        await _remove(request, saved)
    form.check()
    return saved


def _with_photos(command: Command, ids: PhotoIds) -> Command:
    return replace(command, before=ids.get("before", ()), after=ids.get("after", ()))


async def _remove(request: Request[Any, Any, Any], saved: PhotoIds) -> None:
    for photo in (each for ids in saved.values() for each in ids):
        await services(request).files.delete(photo)


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
