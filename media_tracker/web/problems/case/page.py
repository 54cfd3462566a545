"""The page of one problem: what is known of it, and what the visitor can do now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from media_tracker.accounts.actor import Actor, Level, Role
from media_tracker.errors import Forbidden
from media_tracker.problems.case import Channel, State
from media_tracker.problems.documents import Problem
from media_tracker.problems.lifecycle import Surroundings, refusal
from media_tracker.problems.steps import Step
from media_tracker.web.choices import Option, option, unit_groups
from media_tracker.web.guards import signed_in
from media_tracker.web.naming import names_of
from media_tracker.web.problems.case.aftercare import Aftercare, read_aftercare
from media_tracker.web.problems.case.backing import BackingLine, read_backing
from media_tracker.web.problems.case.clocks import ClocksView, read_clocks
from media_tracker.web.problems.case.kept import kept_text
from media_tracker.web.problems.case.proposal import ProposalView, read_proposal, read_rerouting
from media_tracker.web.problems.case.regrouped import RegroupedView, read_regrouped
from media_tracker.web.problems.case.unit_work import UnitWork, read_unit_work
from media_tracker.web.problems.case.view import ProblemView, read_view, story_name
from media_tracker.web.problems.words import STEP_WORDS, StepWords, needs, needs_text
from media_tracker.web.render import page
from media_tracker.web.visitor import actor, services

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
    """``templates/problems/case/problem.html``"""

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
    backing: Sequence[BackingLine]


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
        other_units=unit_groups(names, problem.district) if steps & HANDING else (),
        proposal=proposal,
        rerouted=rerouted,
        follow_ups=await _follow_ups(request, problem) if steps.intersection(CHECKS) else (),
        co_units=co_units,
        values=sent.values,
        errors=sent.errors,
        notice=sent.notice,
        clocks=await read_clocks(request, problem, events, around.fresh_due_at),
        backing=await read_backing(request, problem, around.region_path),
        kept=kept_text(sent.values, sent.co_units, names) if lost else "",
    )
    return await page(request, "problems/case/problem.html", context, status=status)


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
    return [option(key, title) for key in tied if (title := story_name(stories.get(key), actor(request))[1])]


@get("/problems/{number:str}", guards=[signed_in])
async def problem_page(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[str]:
    """One problem, with all that the visitor can do about it."""
    return await show_problem(request, await services(request).problems.get(number), Sent())


ROUTES = [problem_page]
