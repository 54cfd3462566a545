"""What somebody can do with a problem, in one table: from, step, to, who may, what it needs, which clock. Pure.

``TABLE`` is the whole of it; ``lifecycle`` applies it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bson import ObjectId

from media_tracker.problems.afterwards.facts import Found
from media_tracker.problems.afterwards.satisfaction import Answer
from media_tracker.problems.case import OPEN_STATES, Basis, EventType, Outcome, Precision, State


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
    REASSIGN = "reassign"
    MARK_DUPLICATE = "mark_duplicate"
    MERGE = "merge"  # the same with a problem that has been worked on
    REVOKE = "revoke"
    WITHHOLD = "withhold"
    SHOW = "show"
    CONTINUE = "continue"  # a fix in part was verified, and the rest is to be done too
    LOOK_BACK = "look_back"
    SATISFACTION = "satisfaction"
    PROTECT = "protect"
    ASK_EXTENSION = "ask_extension"
    ASK_DEFERRAL = "ask_deferral"
    REFUSE_ASK = "refuse_ask"
    END_SUPERVISION = "end_supervision"
    ADD_EVIDENCE = "add_evidence"


class Who(StrEnum):
    """Who may take a step."""

    DISPATCHER = "dispatcher"  # editors and publicity staff
    OFFICE = "office"  # publicity staff
    HANDLER = "handler"  # officials of the unit in charge
    INDEPENDENT_OFFICE = "independent_office"  # publicity staff who are independent
    VERIFIER = "verifier"  # inspectors who are independent
    CALLER_BACK = "caller_back"  # editors, publicity staff and inspectors


class Need(StrEnum):
    """What a step needs; each is a field of ``Command`` (and of the form)."""

    TEXT = "text"
    UNIT = "unit_id"
    OUTCOME = "outcome"
    FIXED_AT = "fixed_at"
    AFTER_PHOTO = "after"
    ON_SITE = "on_site"
    CHECK_PHOTO = "check_photo"  # the field ``after``
    REST = "rest"  # the field ``text``, where a fix in part is closed
    FOUND = "found"
    SATISFACTION = "satisfaction"
    VERIFIED_OUTCOME = "verified_outcome"
    REVIEW_AT = "review_at"
    DUE_AT = "due_at"
    TARGET = "target"
    PROTECTION = "unprotected"
    EVIDENCE = "documents"  # these, or photos, or words


class Clock(StrEnum):
    """What a step does to the deadline."""

    STARTS = "starts"
    ANEW = "anew"  # a fresh limit, unless the present one runs longer; the original deadline stays on show
    MOVES = "moves"
    RESTS = "rests"
    STOPS = "stops"
    PROTECTS = "protects"  # ends the clock of interim protection; that of the fix runs on


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
_CALLED_BACK = _CHECKED | {State.NOTHING_FOUND}
_WORKED = OPEN_STATES - _from(State.REGISTERED, State.ASSIGNED, State.RETURNED) | {State.CLOSED}
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
        (N.OUTCOME, N.TEXT, N.FIXED_AT, N.AFTER_PHOTO, N.PROTECTION),
        C.STOPS,
    ),
    Transition(
        Step.VERIFY,
        _CHECKED,
        S.VERIFIED,
        E.VERIFIED,
        W.VERIFIER,
        (N.VERIFIED_OUTCOME, N.ON_SITE, N.CHECK_PHOTO, N.TEXT),
    ),
    Transition(Step.FAIL, _CHECKED, S.REWORK, E.FAILED, W.VERIFIER, (N.ON_SITE, N.CHECK_PHOTO, N.TEXT), C.ANEW),
    Transition(
        Step.CONFIRM_NOTHING,
        _from(S.CLAIMED_FIXED),
        S.NOTHING_FOUND,
        E.NOTHING_FOUND,
        W.VERIFIER,
        (N.ON_SITE, N.CHECK_PHOTO, N.TEXT),
    ),
    Transition(Step.CLOSE, _from(S.VERIFIED), S.CLOSED, E.CLOSED, W.DISPATCHER, (N.REST,)),
    Transition(Step.CONTINUE, _from(S.VERIFIED), S.REWORK, E.CONTINUED, W.DISPATCHER, (N.TEXT,), C.ANEW),
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
        E.MERGED,
        W.DISPATCHER,
        (N.TARGET,),
    ),
    Transition(Step.MERGE, _WORKED, S.DUPLICATE, E.MERGED, W.OFFICE, (N.TARGET,)),
    Transition(Step.REASSIGN, _WORK, S.ASSIGNED, E.REASSIGNED, W.DISPATCHER, (N.UNIT, N.TEXT), C.ANEW),
    Transition(Step.REVOKE, _from(S.VERIFIED, S.CLOSED), S.REWORK, E.REVOKED, W.OFFICE, (N.TEXT,), C.ANEW),
    Transition(Step.WITHHOLD, _ANY, None, E.WITHHELD, W.OFFICE, (N.TEXT,)),
    Transition(Step.SHOW, _ANY, None, E.SHOWN, W.OFFICE),
    Transition(
        Step.LOOK_BACK,
        _from(S.CLOSED),
        None,
        E.LOOKED_BACK,
        W.VERIFIER,
        (N.FOUND, N.ON_SITE, N.CHECK_PHOTO, N.TEXT),
    ),
    Transition(Step.SATISFACTION, _CALLED_BACK, None, E.SATISFACTION, W.CALLER_BACK, (N.SATISFACTION,)),
    Transition(Step.PROTECT, _WORK, None, E.PROTECTED, W.HANDLER, (N.TEXT,), C.PROTECTS),
    Transition(Step.ASK_EXTENSION, _WORK, None, E.EXTENSION_ASKED, W.HANDLER, (N.TEXT, N.DUE_AT)),
    Transition(Step.ASK_DEFERRAL, _WORK, None, E.DEFERRAL_ASKED, W.HANDLER, (N.TEXT, N.REVIEW_AT)),
    Transition(Step.REFUSE_ASK, _WORK, None, E.ASK_REFUSED, W.OFFICE, (N.TEXT,)),
    Transition(Step.END_SUPERVISION, _UNDER_WAY, None, E.SUPERVISION_ENDED, W.OFFICE, (N.TEXT,)),
    Transition(Step.ADD_EVIDENCE, _WORK, S.IN_PROGRESS, E.EVIDENCE_ADDED, W.HANDLER, (N.EVIDENCE,)),
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
    documents: tuple[ObjectId, ...] = ()
    on_site: bool = False
    basis: Basis = Basis.ON_SITE
    story_id: ObjectId | None = None
    reporter_on_site: bool = False
    units_own_copy: bool = True
    review_at: datetime | None = None
    due_at: datetime | None = None
    target: ObjectId | None = None
    found: Found | None = None
    satisfaction: Answer | None = None
    unprotected: bool = False
    written_by: ObjectId | None = None
    """Who wrote a claim that somebody else releases; None: the actor."""
    reviewed_by: ObjectId | None = None
    """Who releases it, where the unit reviews its answers."""
