"""How each event changes a case.

``apply`` is the only way in which a case changes. The stored case is therefore always the fold of its events, and the case *as
of* a past moment is the fold of those recorded by then. Pure: no database, no clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from bson import ObjectId

from media_tracker.problems.afterwards.facts import LookBack
from media_tracker.problems.afterwards.satisfaction import Satisfaction
from media_tracker.problems.case import (
    Addition,
    Ask,
    AskKind,
    Case,
    Claim,
    EventType,
    Given,
    Outcome,
    Protected,
    Report,
    Round,
    Severity,
    State,
    Verification,
)
from media_tracker.problems.regrouping.folds import REGROUPING
from media_tracker.problems.untying import fold_untied


class Fact(Protocol):
    """What ``apply`` needs of an event; a stored ``Event`` has it, and so has one about to be recorded."""

    @property
    def type(self) -> str: ...
    @property
    def entity_id(self) -> ObjectId: ...
    @property
    def seq(self) -> int: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def payload(self) -> Mapping[str, Any]: ...


def fold(events: Iterable[Fact]) -> Case | None:
    """The case that ``events``, all of one problem and in order, amount to; None without events."""
    case: Case | None = None
    for event in events:
        case = apply(case, event)
    return case


def apply(case: Case | None, event: Fact) -> Case:
    """``case`` after ``event``. The first event must be ``registered``.

    Raises:
        ValueError: the event does not follow on the case (a wrong first event, or a number out of line).
    """
    kind = EventType(event.type)
    payload = event.payload
    if case is None:
        if kind is not EventType.REGISTERED:
            raise ValueError(f"a case begins with registered, not {kind}")
        return Case(
            id=event.entity_id, version=event.seq, state=State.REGISTERED, registered_at=event.occurred_at, **payload
        )
    if event.seq != case.version + 1:
        raise ValueError(f"event {event.seq} does not follow version {case.version}")
    changes = _CHANGES[kind](case, event.occurred_at, payload)
    return case.model_copy(update={"version": event.seq, **changes})


Changes = dict[str, Any]
Payload = Mapping[str, Any]

_LIMITS = frozenset({"due_at", "warn_at", "official", "protection"})
"""What a failed check gives beside what it says of itself."""


def _reported(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"reports": (*case.reports, Report.model_validate(payload))}


def _report_withdrawn(case: Case, at: datetime, payload: Payload) -> Changes:
    gone = payload["report_id"]
    return {"reports": tuple(r.model_copy(update={"withdrawn_at": at}) if r.id == gone else r for r in case.reports)}


def _corrected(case: Case, at: datetime, payload: Payload) -> Changes:
    return {
        "category": payload["category"],
        "region": payload["region"],
        "severity": Severity(payload["severity"]),
        "long_standing": payload["long_standing"],
    }


def _assigned(case: Case, at: datetime, payload: Payload) -> Changes:
    return {
        "state": State.ASSIGNED,
        "unit_id": payload["unit_id"],
        "co_unit_ids": tuple(payload["co_unit_ids"]),
        "assigned_at": case.assigned_at or at,
        "acknowledged_at": None,
        "original_due_at": case.original_due_at or payload["due_at"],
        "asked": None,
        **_limit(payload),
        **_protection_anew(case, payload),
    }


def _limit(payload: Payload) -> Changes:
    """The deadline that an event gives. Events from before warnings were given with it leave them to ``light``."""
    return {
        "due_at": payload["due_at"],
        "warn_at": payload.get("warn_at"),
        "official": payload.get("official", True),
    }


def _protection_anew(case: Case, payload: Payload) -> Changes:
    """The limit of interim protection that an event gives; protection that there was has then to be made sure of again."""
    given = payload.get("protection")
    if given is None:
        return {}
    earlier = case.earlier_protected if case.protected is None else (*case.earlier_protected, case.protected)
    return {"protection": Given.model_validate(given), "protected": None, "earlier_protected": earlier}


def _acknowledged(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"acknowledged_at": at}


def _returned(case: Case, at: datetime, payload: Payload) -> Changes:
    former = case.former_unit_ids if case.unit_id is None else (*case.former_unit_ids, case.unit_id)
    return {
        "state": State.RETURNED,
        "unit_id": None,
        "co_unit_ids": (),
        "former_unit_ids": former,
        "returns": case.returns + 1,
        "asked": None,
    }


def _started(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"state": State.IN_PROGRESS, "rounds": (*case.rounds, _new_round(case, at))}


def _new_round(case: Case, at: datetime) -> Round:
    return Round(number=len(case.rounds) + 1, unit_id=case.unit_id, co_unit_ids=case.co_unit_ids, started_at=at)


def _with_round(case: Case, **changes: object) -> tuple[Round, ...]:
    return (*case.rounds[:-1], case.rounds[-1].model_copy(update=changes))


def _checked(case: Case, verification: Verification) -> tuple[Round, ...]:
    """The rounds with a check of the last one; a district's own that it follows stays on record."""
    last = case.rounds[-1]
    earlier = last.earlier_checks if last.verification is None else (*last.earlier_checks, last.verification)
    return _with_round(case, verification=verification, earlier_checks=earlier)


def _claimed(case: Case, at: datetime, payload: Payload) -> Changes:
    rounds = _with_round(case, claim=Claim(claimed_at=at, **payload))
    return {"state": State.CLAIMED_FIXED, "rounds": rounds, "asked": None}


def _verified(case: Case, at: datetime, payload: Payload) -> Changes:
    verification = Verification(passed=True, at=at, **payload)
    return {
        "state": State.VERIFIED,
        "outcome": verification.outcome,
        "verified_at": at,
        "closed_at": None,
        "rounds": _checked(case, verification),
    }


def _failed(case: Case, at: datetime, payload: Payload) -> Changes:
    check = {name: value for name, value in payload.items() if name not in _LIMITS}
    verification = Verification(passed=False, outcome=None, at=at, **check)
    return {
        "state": State.REWORK,
        "outcome": None,
        "verified_at": None,
        "closed_at": None,
        **_limit(payload),
        **_protection_anew(case, payload),
        "rounds": _checked(case, verification),
    }


def _nothing_found(case: Case, at: datetime, payload: Payload) -> Changes:
    verification = Verification(passed=True, at=at, **payload)
    return {
        "state": State.NOTHING_FOUND,
        "outcome": Outcome.NOTHING_FOUND,
        "verified_at": at,
        "rounds": _checked(case, verification),
    }


def _closed(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"state": State.CLOSED, "closed_at": at, "drawn": payload.get("drawn", False)}


def _deferred(case: Case, at: datetime, payload: Payload) -> Changes:
    review_at = payload["review_at"]
    return {"state": State.DEFERRED, "review_at": review_at, "outcome": Outcome.DEFERRED, "asked": None}


def _resumed(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"state": State.ASSIGNED, "review_at": None, "outcome": None, **_limit(payload)}


def _extended(case: Case, at: datetime, payload: Payload) -> Changes:
    """More time is no answer to a request to defer it: that stays. (Events of before this was so had ended any request.)"""
    return {"asked": case.asked if payload.get("still_asked") else None, **_limit(payload)}


def _reminded(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"reminders": case.reminders + 1}


def _supervised(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"supervised": True}


def _nothing_changes(case: Case, at: datetime, payload: Payload) -> Changes:
    return {}


def _not_accepted(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"state": State.NOT_ACCEPTED}


def _duplicate(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"state": State.DUPLICATE, "duplicate_of": payload["duplicate_of"]}


def _revoked(case: Case, at: datetime, payload: Payload) -> Changes:
    return {
        "state": State.REWORK,
        "revoked_at": at,
        "outcome": None,
        "verified_at": None,
        "closed_at": None,
        **_limit(payload),
        **_protection_anew(case, payload),
    }


def _relapsed(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"relapsed_at": at, "relapsed_as": payload["relapsed_as"]}


def _withheld(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"withheld": True}


def _shown(case: Case, at: datetime, payload: Payload) -> Changes:
    kept = tuple(each.model_copy(update={"withheld": False}) for each in case.taken_over)
    return {"withheld": False, "taken_over": kept}


def _reassigned(case: Case, at: datetime, payload: Payload) -> Changes:
    before = () if case.unit_id is None else (case.unit_id,)
    return {**_assigned(case, at, payload), "handed_on_from": (*case.handed_on_from, *before)}


def _continued(case: Case, at: datetime, payload: Payload) -> Changes:
    limits = {**_limit(payload), **_protection_anew(case, payload)}
    return {"state": State.REWORK, "outcome": None, "verified_at": None, "closed_at": None, **limits}


def _looked_back(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"look_backs": (*case.look_backs, LookBack.model_validate({"at": at, **payload}))}


def _satisfaction(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"satisfactions": (*case.satisfactions, Satisfaction.model_validate({"at": at, **payload}))}


def _protected(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"protected": Protected(at=at, **payload)}


def _extension_asked(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"asked": Ask(kind=AskKind.EXTENSION, wished_at=payload["due_at"], at=at, by=payload["by"])}


def _deferral_asked(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"asked": Ask(kind=AskKind.DEFERRAL, wished_at=payload["review_at"], at=at, by=payload["by"])}


def _ask_refused(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"asked": None}


def _supervision_ended(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"supervised": False}


def _objected(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"objections": (*case.objections, payload["objection_id"])}


def _objection_answered(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"objections": tuple(each for each in case.objections if each != payload["objection_id"])}


def _evidence_added(case: Case, at: datetime, payload: Payload) -> Changes:
    addition = Addition(seq=case.version + 1, at=at, **payload)
    return {"rounds": _with_round(case, additions=(*case.rounds[-1].additions, addition))}


_CHANGES = {
    EventType.REPORTED: _reported,
    EventType.REPORT_WITHDRAWN: _report_withdrawn,
    EventType.CORRECTED: _corrected,
    EventType.ASSIGNED: _assigned,
    EventType.ACKNOWLEDGED: _acknowledged,
    EventType.RETURNED: _returned,
    EventType.STARTED: _started,
    EventType.CLAIMED: _claimed,
    EventType.VERIFIED: _verified,
    EventType.FAILED: _failed,
    EventType.NOTHING_FOUND: _nothing_found,
    EventType.CLOSED: _closed,
    EventType.DEFERRED: _deferred,
    EventType.RESUMED: _resumed,
    EventType.EXTENDED: _extended,
    EventType.REMINDED: _reminded,
    EventType.SUPERVISED: _supervised,
    EventType.INSTRUCTED: _nothing_changes,
    EventType.NOT_ACCEPTED: _not_accepted,
    EventType.DUPLICATE: _duplicate,
    EventType.REVOKED: _revoked,
    EventType.RELAPSED: _relapsed,
    EventType.WITHHELD: _withheld,
    EventType.SHOWN: _shown,
    EventType.REASSIGNED: _reassigned,
    **REGROUPING,
    EventType.CONTINUED: _continued,
    EventType.LOOKED_BACK: _looked_back,
    EventType.SATISFACTION: _satisfaction,
    EventType.PROTECTED: _protected,
    EventType.EXTENSION_ASKED: _extension_asked,
    EventType.DEFERRAL_ASKED: _deferral_asked,
    EventType.ASK_REFUSED: _ask_refused,
    EventType.SUPERVISION_ENDED: _supervision_ended,
    EventType.ERRAND_GIVEN: _nothing_changes,
    EventType.ERRAND_ANSWERED: _nothing_changes,
    EventType.OBJECTED: _objected,
    EventType.OBJECTION_ANSWERED: _objection_answered,
    EventType.EVIDENCE_ADDED: _evidence_added,
    EventType.PHOTO_BLACKED_OUT: _nothing_changes,
    EventType.BLACK_OUT_TAKEN_BACK: _nothing_changes,
    EventType.UNTIED: fold_untied,
}
