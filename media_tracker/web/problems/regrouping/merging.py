"""Merging two problems into one: choose the other one, look at both and at what it does, confirm; and undo it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from media_tracker.errors import N_, Conflict, InvalidInput, MediaTrackerError, NotFound
from media_tracker.monitor.counting import occasions
from media_tracker.problems.case import State
from media_tracker.problems.documents import Problem
from media_tracker.problems.regrouping.merging import moved_reports
from media_tracker.web.forms import LONGEST_TEXT, read_form
from media_tracker.web.guards import dispatchers
from media_tracker.web.naming import Names, names_of
from media_tracker.web.problems.words import STATE_NAMES
from media_tracker.web.render import Pages, page, see_other
from media_tracker.web.visitor import actor, origin, services

TEMPLATE = "problems/regrouping/merge.html"
ORDER = (State.CLOSED, State.VERIFIED, State.CLAIMED_FIXED, State.REWORK, State.IN_PROGRESS, State.DEFERRED)
"""Which of two problems stays, unless somebody says otherwise: what is further along, then what was registered first."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two problems, as the page shows it."""

    number: str
    version: int
    title: str
    place: str
    category: str
    region: str
    state: str
    unit: str
    due_at: datetime | None
    registered_at: datetime
    reports: int
    exposures: int
    rounds: int


@dataclass(frozen=True, slots=True)
class MergePage:
    """``templates/problems/regrouping/merge.html``"""

    number: str
    title: str
    goes: Side | None
    stays: Side | None
    effects: Sequence[str]
    """What it does, a sentence each, in the reader's language."""
    obstacle: str
    """Why it cannot be done this way round."""
    other_way: bool
    """Whether it can be done the other way round."""
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""


@get("/problems/{number:str}/merge", guards=[dispatchers])
async def merge_page(
    request: Request[Any, Any, Any],
    number: FromPath[str],
    other: Annotated[str | None, QueryParameter(name="with")] = None,
    stays: FromQuery[str | None] = None,
) -> Response[str]:
    """Which other problem; with one chosen both of them, and what merging does. ``stays``: the number of the one that stays."""
    problem = await services(request).problems.get(number)
    wanted = (other or "").strip()
    if not wanted:
        return await page(request, TEMPLATE, _empty(problem, {}, {}))
    try:
        second = await services(request).problems.get(wanted)
    except NotFound:
        errors = {"with": N_("There is no problem with this number.")}
        return await page(request, TEMPLATE, _empty(problem, {"with": wanted}, errors), status=422)
    if second.case.id == problem.case.id:
        errors = {"with": N_("A problem cannot be merged into itself. Give the number of the other one.")}
        return await page(request, TEMPLATE, _empty(problem, {"with": wanted}, errors), status=422)
    if stays not in (problem.number, second.number):
        stays = min(problem, second, key=_likely).number
    goes = second if stays == problem.number else problem
    return await _preview(request, problem, goes, problem if goes is second else second)


@post("/problems/{number:str}/merge", guards=[dispatchers])
async def merge(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
    """Merge the problem with this number into the one that the form names. The same form sent twice merges once."""
    form = await read_form(request)
    room = services(request)
    goes = await room.problems.get(number)
    target = form.text("stays")
    text = form.text("text", longest=LONGEST_TEXT)
    stays = await room.problems.get(target)
    pages: Pages = request.app.state.pages
    try:
        form.check()
        await room.regrouping.merge(
            (goes.number, form.version()),
            (stays.number, form.number("stays_version") or 0),
            actor(request),
            origin(request),
            text,
        )
    except (Conflict, InvalidInput) as error:
        goes, stays = await room.problems.get(number), await room.problems.get(target)
        if goes.case.merged is not None and goes.case.merged.into == stays.case.id:
            return await see_other(request, f"/problems/{target}", _DONE, goes=number, stays=target)
        notice = pages.catalogue.explain(_in_words(pages, error))
        status = 409 if isinstance(error, Conflict) else 422
        return await _preview(request, goes, goes, stays, values=form.values, notice=notice, status=status)
    return await see_other(request, f"/problems/{target}", _DONE, goes=number, stays=target)


_DONE = N_("{goes} is part of {stays} now.")


@post("/problems/{number:str}/merge/undo", guards=[dispatchers])
async def undo_merge(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
    """Make two of them again."""
    form = await read_form(request)
    text = form.text("text", longest=LONGEST_TEXT)
    try:
        form.check()
        await services(request).regrouping.undo(number, form.version(), actor(request), origin(request), text)
    except InvalidInput as error:
        raise Conflict(error.message) from error
    return await see_other(request, f"/problems/{number}", N_("They are two problems again."))


async def _preview(
    request: Request[Any, Any, Any],
    opened: Problem,
    goes: Problem,
    stays: Problem,
    *,
    values: Mapping[str, str] | None = None,
    notice: str = "",
    status: int = 200,
) -> Response[str]:
    room, who, names = services(request), actor(request), await names_of(request)
    pages: Pages = request.app.state.pages
    error = await room.regrouping.obstacle(goes, stays, who)
    other_way = error is not None and await room.regrouping.obstacle(stays, goes, who) is None
    context = MergePage(
        number=opened.number,
        title=opened.title,
        goes=side_of(goes, names),
        stays=side_of(stays, names),
        effects=[] if error is not None else _effects(pages, goes, stays),
        obstacle=pages.catalogue.explain(_in_words(pages, error)) if error is not None else "",
        other_way=other_way,
        values=values or {},
        notice=notice,
    )
    return await page(request, TEMPLATE, context, status=status)


def _empty(problem: Problem, values: Mapping[str, str], errors: Mapping[str, str]) -> MergePage:
    return MergePage(problem.number, problem.title, None, None, (), "", False, values, errors)


def _likely(problem: Problem) -> tuple[int, datetime, str]:
    case = problem.case
    along = ORDER.index(case.state) if case.state in ORDER else len(ORDER)
    return along + (len(ORDER) if case.state is State.DUPLICATE else 0), case.registered_at, problem.number


def side_of(problem: Problem, names: Names) -> Side:
    """A problem as one of two."""
    case = problem.case
    return Side(
        number=problem.number,
        version=case.version,
        title=problem.title,
        place=problem.place,
        category=names.category(case.category),
        region=names.region(case.region),
        state=case.state.value,
        unit=names.unit(case.unit_id),
        due_at=case.due_at,
        registered_at=case.registered_at,
        reports=len(case.reports),
        exposures=len(occasions(case)),
        rounds=len(case.rounds),
    )


def _effects(pages: Pages, goes: Problem, stays: Problem) -> list[str]:
    """What merging does, for two that can be merged."""
    translate, one, other = pages.catalogue.translate, goes.case, stays.case
    numbers = {"goes": goes.number, "stays": stays.number}
    moved = moved_reports(one, other)
    together = other.model_copy(update={"reports": (*other.reports, *moved)})
    told = [
        translate(N_("{count} reports of {goes} move to {stays}."), count=len(moved), **numbers),
        translate(
            N_("Exposures: {before} before, {after} afterwards. One outlet and one occasion are one exposure."),
            before=len(occasions(one)) + len(occasions(other)),
            after=len(occasions(together)),
        ),
        translate(N_("{stays} keeps its unit, its deadlines and its rounds."), **numbers),
    ]
    if one.rounds:
        told.append(translate(N_("What was done about {goes} stays readable under its number."), **numbers))
    if one.due_at and other.due_at and one.due_at < other.due_at:
        told.append(translate(N_("{goes} would have been due earlier. Its deadline goes with it."), **numbers))
    settled = other.closed_at or other.verified_at
    if settled and any(report.occurred_at > settled for report in together.exposures):
        told.append(translate(N_("{goes} was exposed after {stays} was closed: the closing is taken back."), **numbers))
    if one.withheld and not other.withheld:
        told.append(translate(N_("{goes} is withheld from the public; {stays} will be, too."), **numbers))
    if one.supervised and not other.supervised:
        told.append(
            translate(N_("{goes} is under supervision and {stays} is not: put it there, if it is to go on."), **numbers)
        )
    return told


def _in_words(pages: Pages, error: MediaTrackerError) -> MediaTrackerError:
    """An error that names a state, with the state's name in the reader's language."""
    state = error.params.get("state")
    if not isinstance(state, State):
        return error
    return type(error)(error.message, **{**error.params, "state": pages.catalogue.gettext(STATE_NAMES[state])})


ROUTES = [merge_page, merge, undo_merge]
