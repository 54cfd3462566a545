"""Whom the responsibility table proposes for a problem, in words: why, who comes before and is passed over, who sent it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request

from media_tracker.db.events import Event
from media_tracker.errors import N_
from media_tracker.places.responsibility import Proposal, Why
from media_tracker.problems.case import State
from media_tracker.problems.documents import Problem
from media_tracker.problems.routing import refusals
from media_tracker.web.naming import Names
from media_tracker.web.visitor import services

PASSED = {
    Why.RETURNED: N_("{unit} comes before it in the table, but has sent this problem back."),
    Why.DISSOLVED: N_("{unit} comes before it in the table, but is dissolved."),
}
NAMED = N_("By the responsibility table: {row_category}, {row_region} belongs to {unit} since {day}.")
NOBODY_NAMED = N_("The responsibility table names nobody for {category}, {region}. Choose the unit yourself.")
SEVERAL_NAMED = N_(
    "The responsibility table names several for {row_category}, {row_region}: {units}. Choose one of them."
)
REROUTED = N_(
    "The description has been corrected. By the responsibility table this belongs to {unit} now: {present} can send it back."
)
DISSOLVED = N_("{present} is dissolved. A dispatcher hands this over to another unit.")
NO_REGION = N_("a place without a region")
MOVABLE = frozenset({State.ASSIGNED, State.IN_PROGRESS, State.REWORK, State.DEFERRED})
"""Where it matters that somebody else should have it."""


@dataclass(frozen=True, slots=True)
class RefusalView:
    """A unit that sent the problem back, and why."""

    unit: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class ProposalView:
    """What a form for a unit says beside it. Sentences are in the reader's language; ``unit_id`` "": nobody is proposed."""

    unit_id: str
    co_ids: Sequence[str]
    reason: str
    passed: Sequence[str]
    refusals: Sequence[RefusalView]


async def read_proposal(
    request: Request[Any, Any, Any], problem: Problem, events: Sequence[Event], names: Names
) -> ProposalView | None:
    """Whom the table of today proposes for ``problem``; None where there is nothing to say."""
    room = services(request)
    said = [RefusalView(names.unit(each.unit_id), each.at, problem.words_of(each.seq)) for each in refusals(events)]
    if not await room.responsibilities.table.is_used():
        return ProposalView("", (), "", (), said) if said else None
    proposal = await room.problems.proposal(problem)
    return _in_words(proposal, problem.case.category, problem.case.region, said, names)


async def read_proposal_for(
    request: Request[Any, Any, Any], category: str, region: str | None, names: Names
) -> ProposalView | None:
    """The same for a problem that is not registered yet."""
    room = services(request)
    if not category or not await room.responsibilities.table.is_used():
        return None
    return _in_words(await room.problems.proposal_for(category, region), category, region, (), names)


async def read_rerouting(
    request: Request[Any, Any, Any], problem: Problem, events: Sequence[Event], names: Names
) -> str:
    """That a correction has changed whom the problem belongs to; empty where it has not, or where it is too late."""
    room = services(request)
    if problem.case.state not in MOVABLE:
        return ""
    present = names.unit(problem.case.unit_id)
    if problem.case.unit_id not in {unit.id for unit in names.units.active()}:
        return names.pages.catalogue.translate(DISSOLVED, present=present)
    changed = await room.problems.rerouting(problem, events)
    if changed is None:
        return ""
    unit = names.unit(changed.after.lead)
    return names.pages.catalogue.translate(REROUTED, unit=unit, present=present)


def _in_words(
    proposal: Proposal, category: str, region: str | None, said: Sequence[RefusalView], names: Names
) -> ProposalView:
    translate = names.pages.catalogue.translate
    row = proposal.row or next(iter(proposal.clashes), None)
    sentence = NAMED if proposal.lead else SEVERAL_NAMED if proposal.clashes else NOBODY_NAMED
    reason = translate(
        sentence,
        category=names.category(category),
        region=names.region(region) or names.gettext(NO_REGION),
        row_category=names.category(row.category) if row and row.category else names.gettext(N_("every category")),
        row_region=names.region(row.region) if row and row.region else names.gettext(N_("every region")),
        unit=names.unit(proposal.lead),
        units=names.gettext(N_(", ")).join(names.unit(each.unit_id) for each in proposal.clashes),
        day=names.pages.formats.date_text(row.valid_from) if row else "",
    )
    passed = [
        translate(PASSED[each.why], unit=names.unit(each.row.unit_id))
        for each in proposal.reasons
        if each.why in PASSED
    ]
    unit = str(proposal.lead) if proposal.lead else ""
    return ProposalView(unit, [str(each) for each in proposal.co_units], reason, passed, said)
