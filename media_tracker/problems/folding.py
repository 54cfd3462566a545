"""How each event changes a case.

``apply`` is the only way in which a case changes. The stored case is therefore always the fold of its events, and the case *as
of* a past moment is the fold of those recorded by then. Pure: no database, no clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from bson import ObjectId

from media_tracker.problems.case import Case, Claim, EventType, Outcome, Report, Round, Severity, State, Verification


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
        "due_at": payload["due_at"],
    }


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
    }


def _started(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"state": State.IN_PROGRESS, "rounds": (*case.rounds, _new_round(case, at))}


def _new_round(case: Case, at: datetime) -> Round:
    return Round(number=len(case.rounds) + 1, unit_id=case.unit_id, co_unit_ids=case.co_unit_ids, started_at=at)


def _with_round(case: Case, **changes: object) -> tuple[Round, ...]:
    return (*case.rounds[:-1], case.rounds[-1].model_copy(update=changes))


def _claimed(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"state": State.CLAIMED_FIXED, "rounds": _with_round(case, claim=Claim(claimed_at=at, **payload))}


def _verified(case: Case, at: datetime, payload: Payload) -> Changes:
    verification = Verification(passed=True, at=at, **payload)
    return {
        "state": State.VERIFIED,
        "outcome": verification.outcome,
        "verified_at": at,
        "closed_at": None,
        "rounds": _with_round(case, verification=verification),
    }


def _failed(case: Case, at: datetime, payload: Payload) -> Changes:
    payload = dict(payload)
    due_at = payload.pop("due_at")
    verification = Verification(passed=False, outcome=None, at=at, **payload)
    return {
        "state": State.REWORK,
        "outcome": None,
        "verified_at": None,
        "closed_at": None,
        "due_at": due_at,
        "rounds": _with_round(case, verification=verification),
    }


def _nothing_found(case: Case, at: datetime, payload: Payload) -> Changes:
    verification = Verification(passed=True, at=at, **payload)
    return {
        "state": State.NOTHING_FOUND,
        "outcome": Outcome.NOTHING_FOUND,
        "verified_at": at,
        "rounds": _with_round(case, verification=verification),
    }


def _closed(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"state": State.CLOSED, "closed_at": at}


def _deferred(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"state": State.DEFERRED, "review_at": payload["review_at"], "outcome": Outcome.DEFERRED}


def _resumed(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"state": State.ASSIGNED, "review_at": None, "outcome": None, "due_at": payload["due_at"]}


def _extended(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"due_at": payload["due_at"]}


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
        "due_at": payload["due_at"],
    }


def _relapsed(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"relapsed_at": at, "relapsed_as": payload["relapsed_as"]}


def _withheld(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"withheld": True}


def _shown(case: Case, at: datetime, payload: Payload) -> Changes:
    return {"withheld": False}


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
}
