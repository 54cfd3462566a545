"""The life of a problem: what a command leads to, or in one sentence why it does not.

The table is in ``steps``, what a step needs in ``needs``, who may not verify in ``independence``. Pure: what it needs to know
comes in the command and in ``Surroundings``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from media_tracker.accounts.actor import Actor, Level, Role
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput
from media_tracker.places.responsibility import NOBODY, Backers
from media_tracker.problems.case import Basis, Case, EventType, Outcome, State
from media_tracker.problems.closing import can_be_taken_back
from media_tracker.problems.independence import SENTENCES, Ancestors, dependences, parties
from media_tracker.problems.needs import missing
from media_tracker.problems.steps import ROWS, TABLE, Command, Step, Who


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a decision needs to know besides the case."""

    region_path: tuple[str, ...] = ()
    ancestors: Ancestors = field(default_factory=dict)
    fresh_due_at: datetime | None = None
    """The deadline that the calendar gives for this category from now on."""
    now: datetime | None = None
    """Decides what time has put out of reach; None: nothing."""
    backers: Backers = NOBODY
    """Who stands behind the place today (包挂)."""


@dataclass(frozen=True, slots=True)
class Decided:
    """An event that a command leads to, before it has a number."""

    type: EventType
    payload: dict[str, Any]


def refusal(case: Case, actor: Actor, step: Step, around: Surroundings) -> Conflict | Forbidden | None:
    """Why ``actor`` cannot take ``step`` now, whatever they would give for it; None when they can."""
    row = ROWS[step]
    if step is Step.REVOKE and case.verified_at and around.now and not can_be_taken_back(case, around.now):
        return Conflict(
            N_("This was closed more than 30 days ago. What comes back now is a relapse: a new, linked problem.")
        )
    if case.state not in row.sources or not _fits(case, step, actor):
        return Conflict(
            N_(
                "This cannot be done while the problem is “{state}”. Somebody may have been faster: look at its history."
            ),
            state=case.state,
        )
    return _who_may(case, actor, row.who, around)


def decide(case: Case, command: Command, actor: Actor, around: Surroundings) -> list[Decided]:
    """The events that ``command`` by ``actor`` leads to.

    Raises:
        Conflict: the state does not allow the step.
        Forbidden: it is not the actor's to take; the sentence says why.
        InvalidInput: something that the step needs is missing or wrong; ``fields`` says what.
    """
    if (error := refusal(case, actor, command.step, around)) is not None:
        raise error
    row = ROWS[command.step]
    fields = missing(case, command, row)
    if fields:
        raise InvalidInput(N_("Please fill in what is missing."), fields)
    events = [Decided(row.event, _payload(case, command, actor, around))]
    if command.step is Step.CLAIM and case.state is not State.IN_PROGRESS:
        events.insert(0, Decided(EventType.STARTED, {}))
    return events


def anew(case: Case, around: Surroundings) -> datetime | None:
    """The deadline when a limit is given anew: a fresh one, but never earlier than one that was given before.

    A deadline once given never shifts by itself; an approved extension outlasts a failed check.
    """
    given = [moment for moment in (case.due_at, around.fresh_due_at) if moment is not None]
    return max(given, default=None)


def available(case: Case, actor: Actor, around: Surroundings) -> tuple[Step, ...]:
    """The steps that ``actor`` can take now."""
    return tuple(row.step for row in TABLE if refusal(case, actor, row.step, around) is None)


def _fits(case: Case, step: Step, actor: Actor) -> bool:
    """What the state alone does not say."""
    claim = case.round.claim if case.round else None
    match step:
        case Step.VERIFY:
            return claim is not None and claim.outcome is not Outcome.NOTHING_FOUND and _needs_check(case, actor)
        case Step.FAIL:
            return _needs_check(case, actor)
        case Step.CONFIRM_NOTHING:
            return claim is not None and claim.outcome is Outcome.NOTHING_FOUND
        case Step.ACKNOWLEDGE:
            return case.acknowledged_at is None
        case Step.WITHHOLD:
            return not case.withheld
        case Step.SHOW:
            return case.withheld
    return True


def _who_may(case: Case, actor: Actor, who: Who, around: Surroundings) -> Forbidden | None:
    match who:
        case Who.DISPATCHER:
            return _role(actor, Role.EDITOR, Role.PUBLICITY)
        case Who.OFFICE:
            return _role(actor, Role.PUBLICITY)
        case Who.HANDLER:
            if (error := _role(actor, Role.OFFICIAL)) is not None:
                return error
            if case.unit_id is None or case.unit_id not in actor.units:
                return Forbidden(N_("Only the unit in charge of this problem can do this."))
            return None
        case Who.INDEPENDENT_OFFICE:
            return _role(actor, Role.PUBLICITY) or _independent(case, actor, around)
        case Who.VERIFIER:
            return _role(actor, Role.INSPECTOR) or _independent(case, actor, around)


def _role(actor: Actor, *roles: Role) -> Forbidden | None:
    return None if actor.has(*roles) else Forbidden(N_("Your role does not allow this."))


def _independent(case: Case, actor: Actor, around: Surroundings) -> Forbidden | None:
    reasons = dependences(actor, parties(case, around.region_path, around.backers), around.ancestors)
    return Forbidden(SENTENCES[reasons[0]]) if reasons else None


def _payload(case: Case, command: Command, actor: Actor, around: Surroundings) -> dict[str, Any]:
    match command.step:
        case Step.ASSIGN:
            co_units = [unit for unit in command.co_unit_ids if unit != command.unit_id]
            return {"unit_id": command.unit_id, "co_unit_ids": co_units, "due_at": anew(case, around)}
        case Step.CLAIM:
            claim = {name: getattr(command, name) for name in ("outcome", "fixed_at", "precision", "before", "after")}
            return {**claim, "by": actor.user_id, "unit_id": case.unit_id}
        case Step.VERIFY:
            return {**_check(command, actor), "outcome": command.verified_outcome}
        case Step.CONFIRM_NOTHING:
            return {**_check(command, actor), "outcome": Outcome.NOTHING_FOUND}
        case Step.FAIL:
            return {**_check(command, actor), "due_at": anew(case, around)}
        case Step.RESUME | Step.REVOKE:
            return {"due_at": anew(case, around)}
        case Step.EXTEND:
            return {"due_at": command.due_at}
        case Step.DEFER:
            return {"review_at": command.review_at}
        case Step.MARK_DUPLICATE:
            return {"duplicate_of": command.target}
    return {}


def _check(command: Command, actor: Actor) -> dict[str, Any]:
    """What every verification says. Independence is a fact of the moment: units and people move on later."""
    return {
        "by": actor.user_id,
        "level": actor.level,
        "independent": True,
        "basis": command.basis,
        "story_id": command.story_id if command.basis is Basis.FOLLOW_UP else None,
        "photos": list(command.after),
    }


def _needs_check(case: Case, actor: Actor) -> bool:
    """True before a check, and after a district's own when it is the city that looks."""
    check = case.round.verification if case.round else None
    return check is None or (check.level is Level.DISTRICT and actor.level is Level.CITY)
