"""The life of a problem, in one table: from, step, to, who may, what it needs, which clock.

``TABLE`` is the whole of it; ``decide`` turns a command into the events that it leads to, or says in one sentence why not.
Pure: what it needs to know comes in the command and in ``Surroundings``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Level, Role
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput
from media_tracker.problems.case import OPEN_STATES, Basis, Case, Channel, Claim, EventType, Outcome, Precision, State
from media_tracker.problems.independence import SENTENCES, Ancestors, dependences, parties

REVOCABLE_FOR = timedelta(days=30)
"""A closing can be revoked (撤销销号) for so long; what comes back later is a relapse (反弹), a new problem."""


class Step(StrEnum):
    """What somebody can do with a problem."""

    ASSIGN = "assign"
    ACKNOWLEDGE = "acknowledge"
    RETURN = "return"
    START = "start"
    CLAIM = "claim"
    VERIFY = "verify"
    FAIL = "fail"
    CONFIRM_NOTHING = "confirm_nothing"
    CLOSE = "close"
    DEFER = "defer"
    RESUME = "resume"
    EXTEND = "extend"
    REMIND = "remind"
    SUPERVISE = "supervise"
    INSTRUCT = "instruct"
    REFUSE = "refuse"
    MARK_DUPLICATE = "mark_duplicate"
    REVOKE = "revoke"
    WITHHOLD = "withhold"
    SHOW = "show"


class Who(StrEnum):
    """Who may take a step."""

    DISPATCHER = "dispatcher"  # editors and publicity staff
    OFFICE = "office"  # publicity staff
    HANDLER = "handler"  # officials of the unit in charge
    INDEPENDENT_OFFICE = "independent_office"  # publicity staff who are independent
    VERIFIER = "verifier"  # inspectors who are independent


class Need(StrEnum):
    """What a step needs; each is a field of ``Command`` (and of the form)."""

    TEXT = "text"
    UNIT = "unit_id"
    OUTCOME = "outcome"
    FIXED_AT = "fixed_at"
    AFTER_PHOTO = "after"
    ON_SITE = "on_site"
    VERIFIED_OUTCOME = "verified_outcome"
    REVIEW_AT = "review_at"
    DUE_AT = "due_at"
    TARGET = "target"


class Clock(StrEnum):
    """What a step does to the deadline."""

    STARTS = "starts"
    ANEW = "anew"  # a fresh limit; the original deadline stays on show
    MOVES = "moves"
    RESTS = "rests"
    STOPS = "stops"


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table. ``target`` None: the state stays."""

    step: Step
    sources: frozenset[State]
    target: State | None
    event: EventType
    who: Who
    needs: tuple[Need, ...] = ()
    clock: Clock | None = None


def _from(*states: State) -> frozenset[State]:
    return frozenset(states)


_WORK = _from(State.ASSIGNED, State.IN_PROGRESS, State.REWORK)
_UNDER_WAY = OPEN_STATES - {State.VERIFIED}
_CHECKED = _from(State.CLAIMED_FIXED, State.VERIFIED, State.CLOSED)
"""Where a check may take place: what a district has checked itself (区级核验) the city may check again."""
_ANY = frozenset(State)

S, E, N, W, C = State, EventType, Need, Who, Clock

TABLE: tuple[Transition, ...] = (
    Transition(Step.ASSIGN, _from(S.REGISTERED, S.RETURNED), S.ASSIGNED, E.ASSIGNED, W.DISPATCHER, (N.UNIT,), C.STARTS),
    Transition(Step.ACKNOWLEDGE, _from(S.ASSIGNED), None, E.ACKNOWLEDGED, W.HANDLER),
    Transition(Step.RETURN, _from(S.ASSIGNED, S.IN_PROGRESS), S.RETURNED, E.RETURNED, W.HANDLER, (N.TEXT,)),
    Transition(Step.START, _from(S.ASSIGNED, S.REWORK), S.IN_PROGRESS, E.STARTED, W.HANDLER, (N.TEXT,)),
    Transition(
        Step.CLAIM,
        _WORK,
        S.CLAIMED_FIXED,
        E.CLAIMED,
        W.HANDLER,
        (N.OUTCOME, N.TEXT, N.FIXED_AT, N.AFTER_PHOTO),
        C.STOPS,
    ),
    Transition(
        Step.VERIFY,
        _CHECKED,
        S.VERIFIED,
        E.VERIFIED,
        W.VERIFIER,
        (N.VERIFIED_OUTCOME, N.ON_SITE, N.TEXT),
    ),
    Transition(Step.FAIL, _CHECKED, S.REWORK, E.FAILED, W.VERIFIER, (N.ON_SITE, N.TEXT), C.ANEW),
    Transition(
        Step.CONFIRM_NOTHING,
        _from(S.CLAIMED_FIXED),
        S.NOTHING_FOUND,
        E.NOTHING_FOUND,
        W.VERIFIER,
        (N.ON_SITE, N.TEXT),
    ),
    Transition(Step.CLOSE, _from(S.VERIFIED), S.CLOSED, E.CLOSED, W.DISPATCHER),
    Transition(Step.DEFER, _WORK, S.DEFERRED, E.DEFERRED, W.INDEPENDENT_OFFICE, (N.TEXT, N.REVIEW_AT), C.RESTS),
    Transition(Step.RESUME, _from(S.DEFERRED), S.ASSIGNED, E.RESUMED, W.OFFICE, (), C.ANEW),
    Transition(Step.EXTEND, _WORK, None, E.EXTENDED, W.OFFICE, (N.TEXT, N.DUE_AT), C.MOVES),
    Transition(Step.REMIND, _WORK, None, E.REMINDED, W.DISPATCHER),
    Transition(Step.SUPERVISE, _UNDER_WAY, None, E.SUPERVISED, W.OFFICE, (N.TEXT,)),
    Transition(Step.INSTRUCT, _UNDER_WAY, None, E.INSTRUCTED, W.OFFICE, (N.TEXT,)),
    Transition(Step.REFUSE, _from(S.REGISTERED, S.RETURNED), S.NOT_ACCEPTED, E.NOT_ACCEPTED, W.OFFICE, (N.TEXT,)),
    Transition(
        Step.MARK_DUPLICATE,
        _from(S.REGISTERED, S.ASSIGNED, S.RETURNED),
        S.DUPLICATE,
        E.DUPLICATE,
        W.DISPATCHER,
        (N.TARGET,),
    ),
    Transition(Step.REVOKE, _from(S.VERIFIED, S.CLOSED), S.REWORK, E.REVOKED, W.OFFICE, (N.TEXT,), C.ANEW),
    Transition(Step.WITHHOLD, _ANY, None, E.WITHHELD, W.OFFICE, (N.TEXT,)),
    Transition(Step.SHOW, _ANY, None, E.SHOWN, W.OFFICE),
)

ROWS: Mapping[Step, Transition] = {row.step: row for row in TABLE}


@dataclass(frozen=True, slots=True)
class Command:
    """A step that somebody wants to take, with what they give for it. Words go to the document, not into the event."""

    step: Step
    at: datetime
    text: str = ""
    unit_id: ObjectId | None = None
    co_unit_ids: tuple[ObjectId, ...] = ()
    outcome: Outcome | None = None
    verified_outcome: Outcome | None = None
    fixed_at: datetime | None = None
    precision: Precision = Precision.MINUTE
    before: tuple[ObjectId, ...] = ()
    after: tuple[ObjectId, ...] = ()
    on_site: bool = False
    basis: Basis = Basis.ON_SITE
    story_id: ObjectId | None = None
    reporter_on_site: bool = False
    units_own_copy: bool = True
    review_at: datetime | None = None
    due_at: datetime | None = None
    target: ObjectId | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a decision needs to know besides the case."""

    region_path: tuple[str, ...] = ()
    ancestors: Ancestors = field(default_factory=dict)
    fresh_due_at: datetime | None = None
    """The deadline that the calendar gives for this category from now on."""
    now: datetime | None = None
    """Decides what time has put out of reach; None: nothing."""


@dataclass(frozen=True, slots=True)
class Decided:
    """An event that a command leads to, before it has a number."""

    type: EventType
    payload: dict[str, Any]


def refusal(case: Case, actor: Actor, step: Step, around: Surroundings) -> Conflict | Forbidden | None:
    """Why ``actor`` cannot take ``step`` now, whatever they would give for it; None when they can."""
    row = ROWS[step]
    if step is Step.REVOKE and case.verified_at and around.now and not _in_time(case, around.now):
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
    fields = _missing(case, command, row)
    if fields:
        raise InvalidInput(N_("Please fill in what is missing."), fields)
    events = [Decided(row.event, _payload(case, command, actor, around))]
    if command.step is Step.CLAIM and case.state is not State.IN_PROGRESS:
        events.insert(0, Decided(EventType.STARTED, {}))
    return events


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
    reasons = dependences(actor, parties(case, around.region_path), around.ancestors)
    return Forbidden(SENTENCES[reasons[0]]) if reasons else None


_MISSING: dict[Need, str] = {
    Need.TEXT: N_("Please say so in a few words."),
    Need.UNIT: N_("Please choose the unit in charge."),
    Need.OUTCOME: N_("Please choose what came of it."),
    Need.VERIFIED_OUTCOME: N_("Please choose what you found."),
    Need.FIXED_AT: N_("Please give the time of the fix; it cannot lie in the future."),
    Need.AFTER_PHOTO: N_("Please add at least one photo taken after the fix."),
    Need.ON_SITE: N_("A fix counts as verified only when somebody was there. Confirm who it was."),
    Need.REVIEW_AT: N_("Please give a day in the future on which to look at it again."),
    Need.DUE_AT: N_("Please give a new deadline that is later than the present one."),
    Need.TARGET: N_("Please give the number of the other problem."),
}


def _missing(case: Case, command: Command, row: Transition) -> dict[str, str]:
    """Fields that are missing or wrong, with a sentence each."""
    return {need.value: _MISSING[need] for need in row.needs if not _given(case, command, need)}


def _given(case: Case, command: Command, need: Need) -> bool:
    match need:
        case Need.TEXT:
            return bool(command.text.strip())
        case Need.UNIT:
            return command.unit_id is not None
        case Need.OUTCOME:
            return command.outcome in (Outcome.RESOLVED, Outcome.PARTLY_RESOLVED, Outcome.NOTHING_FOUND)
        case Need.VERIFIED_OUTCOME:
            return command.verified_outcome in (Outcome.RESOLVED, Outcome.PARTLY_RESOLVED)
        case Need.FIXED_AT:
            return command.fixed_at is not None and command.fixed_at <= command.at
        case Need.AFTER_PHOTO:
            return bool(command.after) or command.outcome is Outcome.NOTHING_FOUND
        case Need.ON_SITE:
            if command.basis is Basis.ON_SITE:
                return command.on_site
            return _tells_of_it(case, command.story_id) and command.reporter_on_site and not command.units_own_copy
        case Need.REVIEW_AT:
            return command.review_at is not None and command.review_at > command.at
        case Need.DUE_AT:
            present = case.due_at or command.at
            return command.due_at is not None and command.due_at > max(present, command.at)
        case Need.TARGET:
            return command.target is not None and command.target != case.id


def _payload(case: Case, command: Command, actor: Actor, around: Surroundings) -> dict[str, Any]:
    match command.step:
        case Step.ASSIGN:
            co_units = [unit for unit in command.co_unit_ids if unit != command.unit_id]
            return {"unit_id": command.unit_id, "co_unit_ids": co_units, "due_at": around.fresh_due_at}
        case Step.CLAIM:
            claim = {name: getattr(command, name) for name in ("outcome", "fixed_at", "precision", "before", "after")}
            return {**claim, "by": actor.user_id, "unit_id": case.unit_id}
        case Step.VERIFY:
            return {**_check(command, actor), "outcome": command.verified_outcome}
        case Step.CONFIRM_NOTHING:
            return {**_check(command, actor), "outcome": Outcome.NOTHING_FOUND}
        case Step.FAIL:
            return {**_check(command, actor), "due_at": around.fresh_due_at}
        case Step.RESUME | Step.REVOKE:
            return {"due_at": around.fresh_due_at}
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


def settled_at(case: Case) -> datetime | None:
    """When the problem was closed, or, where nobody has got round to closing it, verified; None while it is neither."""
    if case.state not in (State.VERIFIED, State.CLOSED):
        return None
    return case.closed_at or case.verified_at


def revocable(case: Case, exposed_at: datetime) -> bool:
    """True when an exposure at ``exposed_at`` of the same defect takes back a closing; later it is a relapse."""
    settled = settled_at(case)
    return settled is not None and settled <= exposed_at <= settled + REVOCABLE_FOR


def _in_time(case: Case, now: datetime) -> bool:
    """True when a closing can still be taken back: now, or because an exposure came in time and is only handled now."""
    return revocable(case, now) or any(revocable(case, exposure.occurred_at) for exposure in case.exposures)


def _tells_of_it(case: Case, story_id: ObjectId | None) -> bool:
    """True when the story is tied to the problem as a follow-up that stands: no other story proves this fix."""
    return story_id is not None and any(
        report.story_id == story_id and report.channel is Channel.FOLLOW_UP and report.withdrawn_at is None
        for report in case.reports
    )


def claim_of(case: Case) -> Claim | None:
    """The claim that was verified, or the last one."""
    return case.round.claim if case.round else None
