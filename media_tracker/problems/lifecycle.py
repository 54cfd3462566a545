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
from media_tracker.problems.afterwards.facts import Found
from media_tracker.problems.afterwards.look_backs import looked_back
from media_tracker.problems.case import AskKind, Basis, Case, EventType, Given, Outcome, State
from media_tracker.problems.closing import can_be_taken_back, revocable
from media_tracker.problems.independence import SENTENCES, Ancestors, dependences, parties
from media_tracker.problems.needs import missing
from media_tracker.problems.steps import ROWS, TABLE, Command, Step, Who


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a decision needs to know besides the case."""

    region_path: tuple[str, ...] = ()
    ancestors: Ancestors = field(default_factory=dict)
    fresh_due_at: datetime | None = None
    """The deadline that the rules and the calendar give for this problem from now on."""
    fresh_warn_at: datetime | None = None
    """When it would turn yellow."""
    fresh_official: bool = True
    """Whether the official calendar covers every day on the way to it."""
    fresh_protection: Given | None = None
    """The limit for interim protection from now on; None: it is no danger."""
    now: datetime | None = None
    """Decides what time has put out of reach; None: nothing."""
    backers: Backers = NOBODY
    """Who stands behind the place today (包挂)."""
    answers_reviewed: bool = False
    """Whether the unit in charge lets an answer go out only when a second person has released it (单位内审)."""


@dataclass(frozen=True, slots=True)
class Decided:
    """An event that a command leads to, before it has a number."""

    type: EventType
    payload: dict[str, Any]


def refusal(case: Case, actor: Actor, step: Step, around: Surroundings) -> Conflict | Forbidden | None:
    """Why ``actor`` cannot take ``step`` now, whatever they would give for it; None when they can."""
    row = ROWS[step]
    if _takes_back(case, step) and around.now and not can_be_taken_back(case, around.now):
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
    if step is Step.DEFER and case.protection is not None and case.protected is None:
        return Conflict(N_("This is a danger: it can only rest when interim protection is on record."))
    error = _who_may(case, actor, row.who, around)
    if error is None and step is Step.CLAIM and around.answers_reviewed:
        return Conflict(N_("Your unit reviews its answers before they go out. Hand yours in for review."))
    return error


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
    if command.step in (Step.CLAIM, Step.ADD_EVIDENCE) and case.state is not State.IN_PROGRESS:
        events.insert(0, Decided(EventType.STARTED, {}))
    if command.step is Step.LOOK_BACK and command.found is Found.CAME_BACK and revocable(case, command.at):
        events.append(Decided(EventType.REVOKED, {**given_anew(case, around), **danger_anew(around)}))
    return events


def anew(case: Case, around: Surroundings) -> datetime | None:
    """The deadline when a limit is given anew: a fresh one, but never earlier than one that was given before.

    A deadline once given never shifts by itself; an approved extension outlasts a failed check.
    """
    given = [moment for moment in (case.due_at, around.fresh_due_at) if moment is not None]
    return max(given, default=None)


def given_anew(case: Case, around: Surroundings) -> dict[str, Any]:
    """The same with what belongs to it, as events carry it: when it turns yellow, and whether the calendar is official."""
    due_at = anew(case, around)
    if due_at == case.due_at and due_at != around.fresh_due_at:
        return {"due_at": due_at, "warn_at": case.warn_at, "official": case.official}
    return {"due_at": due_at, "warn_at": around.fresh_warn_at, "official": around.fresh_official}


def danger_anew(around: Surroundings) -> dict[str, Any]:
    """The limit for interim protection, for events after which a danger is there (again); nothing where there is none."""
    return {} if around.fresh_protection is None else {"protection": around.fresh_protection.model_dump()}


def available(case: Case, actor: Actor, around: Surroundings) -> tuple[Step, ...]:
    """The steps that ``actor`` can take now."""
    return tuple(row.step for row in TABLE if refusal(case, actor, row.step, around) is None)


def _takes_back(case: Case, step: Step) -> bool:
    """Whether ``step`` takes back that the problem is solved."""
    if step is Step.FAIL:
        return case.state is State.CLOSED
    return step is Step.REVOKE and case.verified_at is not None


def _fits(case: Case, step: Step, actor: Actor) -> bool:
    """What the state alone does not say."""
    claim = case.round.claim if case.round else None
    match step:
        case Step.VERIFY:
            checkable = claim is not None and claim.outcome is not Outcome.NOTHING_FOUND
            return checkable and case.relapsed_as is None and _needs_check(case, actor)
        case Step.FAIL:
            return case.relapsed_as is None and _needs_check(case, actor)
        case Step.CONFIRM_NOTHING:
            return claim is not None and claim.outcome is Outcome.NOTHING_FOUND
        case Step.ACKNOWLEDGE:
            return case.acknowledged_at is None
        case Step.WITHHOLD:
            return not case.withheld
        case Step.SHOW:
            return case.withheld
        case Step.CONTINUE:
            return case.outcome is Outcome.PARTLY_RESOLVED
        case Step.LOOK_BACK:
            return case.relapsed_as is None
        case Step.SATISFACTION:
            return case.told_by_citizens
        case Step.PROTECT:
            return case.protection is not None and case.protected is None
        case Step.ASK_EXTENSION | Step.ASK_DEFERRAL:
            return case.asked is None
        case Step.REFUSE_ASK:
            return case.asked is not None
        case Step.END_SUPERVISION:
            return case.supervised
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
        case Who.CALLER_BACK:
            return _role(actor, Role.EDITOR, Role.PUBLICITY, Role.INSPECTOR)
        case Who.VERIFIER:
            return _role(actor, Role.INSPECTOR) or _independent(case, actor, around)


def _role(actor: Actor, *roles: Role) -> Forbidden | None:
    return None if actor.has(*roles) else Forbidden(N_("Your role does not allow this."))


def _independent(case: Case, actor: Actor, around: Surroundings) -> Forbidden | None:
    reasons = dependences(actor, parties(case, around.region_path, around.backers), around.ancestors)
    return Forbidden(SENTENCES[reasons[0]]) if reasons else None


def _payload(case: Case, command: Command, actor: Actor, around: Surroundings) -> dict[str, Any]:
    match command.step:
        case Step.ASSIGN | Step.REASSIGN:
            co_units = [unit for unit in command.co_unit_ids if unit != command.unit_id]
            units = {"unit_id": command.unit_id, "co_unit_ids": co_units}
            return {**units, **given_anew(case, around), **_danger_handed_over(case, around)}
        case Step.CLAIM:
            given = ("outcome", "fixed_at", "precision", "before", "after", "documents")
            claim = {name: getattr(command, name) for name in given}
            claim |= {
                "by": command.written_by or actor.user_id,
                "unit_id": case.unit_id,
                "unprotected": command.unprotected,
            }
            return claim if command.reviewed_by is None else {**claim, "reviewed_by": command.reviewed_by}
        case Step.ADD_EVIDENCE:
            return {"by": actor.user_id, **{name: getattr(command, name) for name in ("before", "after", "documents")}}
        case Step.VERIFY:
            return {**_check(command, actor), "outcome": command.verified_outcome}
        case Step.CONFIRM_NOTHING:
            return {**_check(command, actor), "outcome": Outcome.NOTHING_FOUND}
        case Step.FAIL:
            return {**_check(command, actor), **given_anew(case, around), **danger_anew(around)}
        case Step.RESUME:
            return given_anew(case, around)
        case Step.LOOK_BACK:
            return looked_back(case, command, actor)
        case Step.SATISFACTION:
            return {"by": actor.user_id, "reply": command.satisfaction}
        case Step.REVOKE | Step.CONTINUE:
            return {**given_anew(case, around), **danger_anew(around)}
        case Step.EXTEND:
            waits = case.asked is not None and case.asked.kind is AskKind.DEFERRAL
            extended = {"due_at": command.due_at, "answers": _asked(case, AskKind.EXTENSION)}
            return {**extended, "still_asked": AskKind.DEFERRAL} if waits else extended
        case Step.DEFER:
            return {"review_at": command.review_at, "answers": _asked(case, AskKind.DEFERRAL)}
        case Step.REFUSE_ASK:
            return {"answers": case.asked.kind if case.asked else None}
        case Step.ASK_EXTENSION:
            return {"due_at": command.due_at, "by": actor.user_id}
        case Step.ASK_DEFERRAL:
            return {"review_at": command.review_at, "by": actor.user_id}
        case Step.PROTECT:
            return {"by": actor.user_id, "photos": list(command.after)}
        case Step.MARK_DUPLICATE | Step.MERGE:
            return {"problem": command.target}
    return {}


def _asked(case: Case, kind: AskKind) -> AskKind | None:
    """``kind`` when the unit has asked for just this; None: the office gives it unasked."""
    return kind if case.asked is not None and case.asked.kind is kind else None


def _danger_handed_over(case: Case, around: Surroundings) -> dict[str, Any]:
    """A danger that is handed on keeps its protection; one without gets the new unit's own limit, never an earlier one."""
    fresh = around.fresh_protection
    if fresh is None or case.protected is not None:
        return {}
    if case.protection is not None and case.protection.due_at >= fresh.due_at:
        return {}
    return danger_anew(around)


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
