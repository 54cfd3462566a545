"""What is known of one problem, as a value. Pure: no database, no clock.

A case holds facts and ids. Words that people wrote (title, place, plans, reasons) stand beside it in the document, so that they
can be erased without touching history. How a case changes is in ``folding``.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

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
