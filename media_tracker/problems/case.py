"""What is known of one problem, as a value; and how each event changes it.

``apply`` is the only way in which a case changes. The stored case is therefore always the fold of its events, and the case *as
of* a past moment is the fold of those recorded by then. Pure: no database, no clock.

A case holds facts and ids. Words that people wrote (title, place, plans, reasons) stand beside it in the document, so that they
can be erased without touching history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from bson import ObjectId
from pydantic import BaseModel, ConfigDict

from media_tracker.accounts.actor import Level


class State(StrEnum):
    """Where a problem is on its way. The last three are exits."""

    REGISTERED = "registered"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    CLAIMED_FIXED = "claimed_fixed"
    VERIFIED = "verified"
    CLOSED = "closed"
    RETURNED = "returned"
    DEFERRED = "deferred"
    REWORK = "rework"
    NOT_ACCEPTED = "not_accepted"
    DUPLICATE = "duplicate"
    NOTHING_FOUND = "nothing_found"


OPEN_STATES = frozenset(
    {
        State.REGISTERED,
        State.ASSIGNED,
        State.IN_PROGRESS,
        State.CLAIMED_FIXED,
        State.VERIFIED,
        State.RETURNED,
        State.DEFERRED,
        State.REWORK,
    }
)
EXITS = frozenset({State.NOT_ACCEPTED, State.DUPLICATE, State.NOTHING_FOUND})


class Outcome(StrEnum):
    """What a remediation came to: claimed by the unit, then verified by somebody else."""

    RESOLVED = "resolved"
    PARTLY_RESOLVED = "partly_resolved"
    NOTHING_FOUND = "nothing_found"
    DEFERRED = "deferred"


class Severity(StrEnum):
    """How pressing a problem is (紧急, 重点, 一般)."""

    URGENT = "urgent"
    KEY = "key"
    NORMAL = "normal"


class Channel(StrEnum):
    """By which door a report came in, and what it says."""

    EXPOSURE = "exposure"
    FOLLOW_UP = "follow_up"
    INQUIRY = "inquiry"  # 采访核实: the outlet asked before it printed
    ONLINE = "online"  # 网络反映: self-media, which is not media
    SNAPSHOT = "snapshot"
    PATROL = "patrol"
    LIST = "list"
    TICKET = "ticket"


class Precision(StrEnum):
    """How exactly a time is known."""

    MINUTE = "minute"
    DAY = "day"


class Basis(StrEnum):
    """What a verification rests on."""

    ON_SITE = "on_site"
    FOLLOW_UP = "follow_up"  # a reporter was there, and an inspector has confirmed it


class EventType(StrEnum):
    """Everything that can happen to a problem."""

    REGISTERED = "registered"
    REPORTED = "reported"
    REPORT_WITHDRAWN = "report_withdrawn"
    CORRECTED = "corrected"
    ASSIGNED = "assigned"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    STARTED = "started"
    CLAIMED = "claimed"
    VERIFIED = "verified"
    FAILED = "failed"
    NOTHING_FOUND = "nothing_found"
    CLOSED = "closed"
    DEFERRED = "deferred"
    RESUMED = "resumed"
    EXTENDED = "extended"
    REMINDED = "reminded"
    SUPERVISED = "supervised"
    INSTRUCTED = "instructed"
    NOT_ACCEPTED = "not_accepted"
    DUPLICATE = "duplicate"
    REVOKED = "revoked"
    RELAPSED = "relapsed"
    WITHHELD = "withheld"
    SHOWN = "shown"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True, extra="forbid")


class Report(_Value):
    """One voice that told of the problem: the tie between it and a story, a ticket, a patrol's finding."""

    id: ObjectId
    channel: Channel
    occurred_at: datetime
    """Publication of the story; for other channels the time that the sender states."""
    precision: Precision = Precision.MINUTE
    received_at: datetime
    """When this system had it. It proves "by then at the latest", which a stated time does not."""
    story_id: ObjectId | None = None
    outlet_id: ObjectId | None = None
    partner: bool = False
    cluster: ObjectId | None = None
    occasion: int = 1
    """Which exposure by this outlet it belongs to: copies on other platforms share one, a new report opens the next."""
    outside_number: str | None = None
    due_at: datetime | None = None
    """When the other channel's own deadline ran out."""
    closed_elsewhere_at: datetime | None = None
    """When the other channel declared it done."""
    withdrawn_at: datetime | None = None


class Claim(_Value):
    """A unit says that it is done."""

    outcome: Outcome
    fixed_at: datetime
    precision: Precision
    claimed_at: datetime
    by: ObjectId | None
    unit_id: ObjectId | None
    before: tuple[ObjectId, ...] = ()
    after: tuple[ObjectId, ...] = ()


class Verification(_Value):
    """Somebody else has looked."""

    passed: bool
    outcome: Outcome | None
    at: datetime
    by: ObjectId | None
    level: Level
    independent: bool
    basis: Basis
    story_id: ObjectId | None = None
    photos: tuple[ObjectId, ...] = ()


class Round(_Value):
    """One round of work on the problem (整改)."""

    number: int
    unit_id: ObjectId | None
    co_unit_ids: tuple[ObjectId, ...] = ()
    started_at: datetime
    claim: Claim | None = None
    verification: Verification | None = None


class Case(_Value):
    """Everything that rules and counts need to know of one problem."""

    id: ObjectId
    version: int
    state: State
    registered_at: datetime
    category: str
    region: str | None
    severity: Severity = Severity.NORMAL
    long_standing: bool = False
    reports: tuple[Report, ...] = ()
    unit_id: ObjectId | None = None
    co_unit_ids: tuple[ObjectId, ...] = ()
    former_unit_ids: tuple[ObjectId, ...] = ()
    assigned_at: datetime | None = None
    acknowledged_at: datetime | None = None
    original_due_at: datetime | None = None
    due_at: datetime | None = None
    review_at: datetime | None = None
    rounds: tuple[Round, ...] = ()
    outcome: Outcome | None = None
    verified_at: datetime | None = None
    closed_at: datetime | None = None
    revoked_at: datetime | None = None
    relapsed_at: datetime | None = None
    relapsed_as: ObjectId | None = None
    relapse_of: ObjectId | None = None
    duplicate_of: ObjectId | None = None
    returns: int = 0
    reminders: int = 0
    supervised: bool = False
    withheld: bool = False

    @property
    def round(self) -> Round | None:
        """The round under way, or the last one."""
        return self.rounds[-1] if self.rounds else None

    @property
    def exposures(self) -> tuple[Report, ...]:
        """Exposures that stand, earliest first."""
        standing = [r for r in self.reports if r.channel is Channel.EXPOSURE and r.withdrawn_at is None]
        return tuple(sorted(standing, key=lambda report: (report.occurred_at, report.id)))

    @property
    def first_exposed_at(self) -> datetime | None:
        """When a medium first told of it; None when none has."""
        exposures = self.exposures
        return exposures[0].occurred_at if exposures else None

    @property
    def reworks(self) -> int:
        """How often a check has failed."""
        return sum(1 for r in self.rounds if r.verification is not None and not r.verification.passed)


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
