"""The form that ties a decided story to its problems: those that may be meant, a new one, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from bson import ObjectId
from litestar import Request

from media_tracker.desk.decision import DISPOSITIONS, TIEABLE
from media_tracker.errors import InvalidInput
from media_tracker.ingest.documents import Kind, Story
from media_tracker.problems.case import Severity
from media_tracker.problems.documents import Problem
from media_tracker.problems.linking.matching import Candidate
from media_tracker.web.choices import Offered
from media_tracker.web.desk.choices import choices_of
from media_tracker.web.desk.decide_form import Options
from media_tracker.web.forms import LONGEST_LINE
from media_tracker.web.naming import Names
from media_tracker.web.problems.case.proposal import ProposalView, read_proposal_for
from media_tracker.web.region_input import region_text, resolve_region
from media_tracker.web.stories.view import DISPOSITIONS as DISPOSITION_NAMES
from media_tracker.web.stories.view import ProblemRow, Tags, decided_tags, problem_row, sureness
from media_tracker.web.visitor import services


@dataclass(frozen=True, slots=True)
class Offer:
    """A problem that the story may belong to."""

    problem: ProblemRow
    reasons: Sequence[str]
    """Untranslated."""
    sureness: str
    """A word, untranslated."""
    refers_to: date | None
    """The day that the story names, on which the problem was exposed."""
    way: Literal["attach", "relapse", "came_back"]
    came_back_as: str
    """Number of the problem that it came back as."""
    relapse: Mapping[str, str]
    """Fields that register the relapse."""


@dataclass(frozen=True, slots=True)
class TieForm:
    """Say which problems the story belongs to, or why none."""

    decided: Tags
    tied: Sequence[ProblemRow]
    offers: Sequence[Offer]
    values: Mapping[str, str]
    can_expose: bool
    categories: Offered
    regions: Offered
    reasons: Options
    """Why the story may lead to no problem: {value, label (untranslated)}."""
    proposal: ProposalView | None = None
    """Whom the responsibility table names for the category and the region of the form."""


async def may_belong(request: Request[Any, Any, Any], story: Story, names: Names) -> list[Offer]:
    found = story.suggestion
    if story.decision is not None or found is None or found.kind not in TIEABLE:
        return []
    candidates = await services(request).desk.candidates(story)
    return [await _offer(request, story, each, names, frozenset()) for each in candidates]


async def tie_form(
    request: Request[Any, Any, Any], story: Story, names: Names, typed: Mapping[str, str] | None
) -> TieForm:
    found, decision = services(request), story.decision
    decided = decided_tags(story, names)
    assert decision is not None  # the stage says so
    assert decided is not None
    tied = await found.problems.tied_to(ObjectId(story.id))
    candidates = await found.desk.candidates(story)
    relapses = await found.desk.relapses(story, [problem for problem, _ in candidates])
    values = {
        "title": story.title[:LONGEST_LINE],
        "category": decision.category or "",
        "region": await region_text(found.places, decision.region),
        "place": decision.place,
        "severity": Severity.NORMAL.value,
        "long_standing": "",
        "relapse_of": "",
        "number": "",
        **(typed or {}),
    }
    reasons = [{"value": why.value, "label": DISPOSITION_NAMES[why]} for why in DISPOSITIONS.get(decision.kind, ())]
    return TieForm(
        decided=decided,
        tied=[problem_row(problem, names) for problem in tied],
        offers=[await _offer(request, story, each, names, relapses) for each in candidates],
        values=values,
        can_expose=decision.kind is Kind.EXPOSURE,
        categories=choices_of(names).categories_with(values["category"], names),
        regions=choices_of(names).regions_with(values["region"]),
        reasons=[] if tied else reasons,
        proposal=await _proposal(request, values, names) if decision.kind is Kind.EXPOSURE else None,
    )


async def _proposal(request: Request[Any, Any, Any], values: Mapping[str, str], names: Names) -> ProposalView | None:
    """Whom the table names for what the form says; a region that nobody knows is none."""
    try:
        region = await resolve_region(services(request).places, values["region"])
    except InvalidInput:
        region = None
    return await read_proposal_for(request, values["category"], region, names)


async def _offer(
    request: Request[Any, Any, Any],
    story: Story,
    offered: tuple[Problem, Candidate],
    names: Names,
    relapses: frozenset[ObjectId],
) -> Offer:
    problem, candidate = offered
    case = problem.case
    way: Literal["attach", "relapse", "came_back"] = "attach"
    came_back_as = ""
    if case.id in relapses:
        way = "relapse"
        if case.relapsed_as is not None:
            way = "came_back"
            came_back_as = (await services(request).problems.by_id(case.relapsed_as)).number
    relapse = {
        "title": story.title[:LONGEST_LINE],
        "category": case.category,
        "region": case.region or "",
        "place": problem.place,
        "severity": case.severity.value,
        "relapse_of": problem.number,
    }
    return Offer(
        problem=problem_row(problem, names),
        reasons=candidate.reasons,
        sureness=sureness(candidate.score),
        refers_to=candidate.refers_to,
        way=way,
        came_back_as=came_back_as,
        relapse=relapse,
    )
