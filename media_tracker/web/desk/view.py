"""The desk as a page: the queue, the story that is open, and the one form that it needs now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from bson import ObjectId
from litestar import Request

from media_tracker.deeds.documents import GoodDeed
from media_tracker.desk.reprints import is_settled, waiting
from media_tracker.desk.service import DISPOSITIONS, TIEABLE
from media_tracker.errors import InvalidInput
from media_tracker.ingest.attention import count_feeds
from media_tracker.ingest.documents import DeskState, Kind, Story
from media_tracker.ingest.stories import StoryFilter
from media_tracker.problems.case import Severity
from media_tracker.problems.documents import Problem
from media_tracker.problems.linking.matching import Candidate
from media_tracker.web.choices import category_options
from media_tracker.web.desk.decide_form import DecideForm, Options, decide_form, regions
from media_tracker.web.desk.kept import kept_text
from media_tracker.web.forms import LONGEST_LINE
from media_tracker.web.naming import Names, names_of
from media_tracker.web.problems.proposal import ProposalView, read_proposal_for
from media_tracker.web.region_input import region_text, resolve_region
from media_tracker.web.stories.view import (
    DISPOSITIONS as DISPOSITION_NAMES,
)
from media_tracker.web.stories.view import (
    ProblemRow,
    StoryRow,
    StoryView,
    Tags,
    decided_tags,
    problem_row,
    story_row,
    story_view,
    sureness,
)
from media_tracker.web.visitor import actor, services

QUEUE = 30
RECENT_DEEDS = 50
Stage = Literal["decide", "tie", "deed", "withdrawn"]
Which = Literal["waiting", "changed"]
CHANGED_PATH = "/desk?queue=changed"


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
    categories: Options
    regions: Options
    reasons: Options
    """Why the story may lead to no problem: {value, label (untranslated)}."""
    proposal: ProposalView | None = None
    """Whom the responsibility table names for the category and the region of the form."""


@dataclass(frozen=True, slots=True)
class DeedForm:
    """File the good deed that the story tells of."""

    values: Mapping[str, str]
    recent: Options
    regions: Options


@dataclass(frozen=True, slots=True)
class Alike:
    """Reprints that can be decided like the story ``story_id``, with one button. ``seen``: id and version of each."""

    story_id: str
    seen: Sequence[str]


@dataclass(frozen=True, slots=True)
class Open:
    """The story that is open, and its one form."""

    story: StoryView
    version: str
    """Of the story that the form was made from."""
    stage: Stage
    decide: DecideForm | None
    may_belong: Sequence[Offer]
    """Problems that a story that nobody has decided seems to tell of."""
    tie: TieForm | None
    deed: DeedForm | None
    alike: Alike | None
    present: Tags | None
    """What somebody else has decided since the form was loaded that came back."""
    kept: str
    """What was typed into a form that the story does not need any longer."""
    next: str
    previous: str


@dataclass(frozen=True, slots=True)
class DeskPage:
    """``templates/desk/desk.html``"""

    waiting: int
    changed: int
    """Stories that their outlet has changed since they were decided: a queue of their own."""
    which: Which
    queue: Sequence[StoryRow]
    base: str
    """Address of a story of this queue, before its id."""
    newer: str
    older: str
    open: Open | None
    feeds: int = 0
    """How many feeds want attention."""
    errors: Mapping[str, str] = field(default_factory=dict)
    message: str = ""
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Typed:
    """A form that came back: what was typed, and what is wrong with it.

    ``late``: nothing is, but somebody else was faster; the next try is made on the story as it is now.
    """

    stage: Stage
    values: Mapping[str, str]
    errors: Mapping[str, str]
    message: str
    params: Mapping[str, object]
    late: bool = False


async def desk_page(
    request: Request[Any, Any, Any],
    story_id: str | None = None,
    after: str | None = None,
    *,
    again: bool = False,
    which: Which = "waiting",
    typed: Typed | None = None,
    take: bool = False,
) -> DeskPage:
    """The desk with the story ``story_id`` open, or else the first of the queue ``which`` behind the cursor ``after``.

    ``again``: show the form of the decision, though there is one; the queue of changed stories always asks for it. ``take``: fill
    in everything that is suggested.
    """
    found, names, who = services(request), await names_of(request), actor(request)
    changed = await found.desk.changed(QUEUE)
    queue, cursor = changed.stories, None
    if which == "waiting":
        page = await found.stories.page(StoryFilter(desk=DeskState.PENDING, withdrawn=False), after, QUEUE)
        queue, cursor = page.stories, page.next
    story = await found.stories.get(story_id) if story_id else next(iter(queue), None)
    again = again or which == "changed"
    return DeskPage(
        waiting=await found.stories.count_pending(),
        changed=changed.count,
        which=which,
        queue=[story_row(each, names, who) for each in queue],
        base=_base(which),
        newer="/desk" if after and which == "waiting" else "",
        older=f"/desk?after={cursor}" if cursor else "",
        open=await _open(request, story, queue, names, which, again, typed, take) if story else None,
        feeds=await count_feeds(found.database, found.clock()),
        errors=typed.errors if typed else {},
        message=typed.message if typed else "",
        params=typed.params if typed else {},
    )


def stage_of(story: Story, deed: GoodDeed | None, again: bool) -> Stage:
    """What an editor has to say of the story next."""
    if story.withdrawn_at is not None:
        return "withdrawn"
    if story.decision is None or again:
        return "decide"
    if story.decision.kind in TIEABLE:
        return "tie"
    return "deed" if story.decision.kind is Kind.GOOD_DEED and deed is None else "decide"


async def _open(
    request: Request[Any, Any, Any],
    story: Story,
    queue: Sequence[Story],
    names: Names,
    which: Which,
    again: bool,
    typed: Typed | None,
    take: bool,
) -> Open:
    found = services(request)
    key = ObjectId(story.id)
    reprints = await found.stories.in_cluster(story.cluster, key)
    stage = stage_of(story, await found.deeds.of_story(key), again)
    values = typed.values if typed and typed.stage == stage else None
    stale = typed is not None and not typed.late
    following, previous = await _neighbours(request, story, queue, which)
    return Open(
        story=story_view(story, reprints, names, actor(request)),
        version=values.get("version", "0") if values and stale else str(story.version),
        stage=stage,
        decide=await decide_form(request, story, reprints, names, values, take=take) if stage == "decide" else None,
        may_belong=await _may_belong(request, story, names) if stage == "decide" else [],
        tie=await _tie_form(request, story, names, values) if stage == "tie" else None,
        deed=await _deed_form(request, story, values) if stage == "deed" else None,
        alike=_alike(story, reprints) if stage != "withdrawn" else None,
        present=decided_tags(story, names) if typed and typed.late and stage == "decide" else None,
        kept=kept_text(typed.values, names) if typed and typed.stage != stage else "",
        next=following,
        previous=previous,
    )


async def _neighbours(
    request: Request[Any, Any, Any], story: Story, queue: Sequence[Story], which: Which
) -> tuple[str, str]:
    """Addresses of the story behind this one in its queue, and of the one before it."""
    base = _base(which)
    ids = [str(each.id) for each in queue]
    at = ids.index(str(story.id)) if str(story.id) in ids else 0
    previous = f"{base}{ids[at - 1]}" if at else ""
    if which == "changed":
        return f"{base}{ids[at + 1]}" if at + 1 < len(ids) else "", previous
    behind = await services(request).stories.next_pending(behind=story)
    return f"{base}{behind.id}" if behind else "", previous


def _base(which: Which) -> str:
    return f"{CHANGED_PATH}&story=" if which == "changed" else "/desk?story="


def _alike(story: Story, reprints: Sequence[Story]) -> Alike | None:
    """The offer to decide every reprint that waits like the one that an editor is done with; None without such."""
    model = next((each for each in (story, *reprints) if is_settled(each)), None)
    others = waiting([each for each in (story, *reprints) if each is not model])
    if model is None or not others:
        return None
    return Alike(str(model.id), [f"{each.id}-{each.version}" for each in others])


def story_path(story_id: object) -> str:
    """Where a story is open on the desk."""
    return f"/desk?story={story_id}"


async def _may_belong(request: Request[Any, Any, Any], story: Story, names: Names) -> list[Offer]:
    found = story.suggestion
    if story.decision is not None or found is None or found.kind not in TIEABLE:
        return []
    candidates = await services(request).desk.candidates(story)
    return [await _offer(request, story, each, names, frozenset()) for each in candidates]


async def _tie_form(
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
        categories=category_options(names, (values["category"],)),
        regions=await regions(request, values["region"]),
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


async def _deed_form(request: Request[Any, Any, Any], story: Story, typed: Mapping[str, str] | None) -> DeedForm:
    found, decision = services(request), story.decision
    assert decision is not None  # the stage says so
    values = {
        "deed_title": story.title[:LONGEST_LINE],
        "deed": "",
        "person": "、".join(decision.people),
        "consent": "",
        "minor": "",
        "region": await region_text(found.places, decision.region),
        "place": decision.place,
        "deed_id": "",
    }
    if typed is not None:
        values = {**values, "deed_title": "", **typed}
    recent = [{"value": str(deed.id), "label": deed.title} for deed in await found.deeds.recent(RECENT_DEEDS)]
    return DeedForm(values, recent, await regions(request, values["region"]))
