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
from media_tracker.problems.afterwards.facts import LookBack
from media_tracker.problems.afterwards.satisfaction import Satisfaction


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
    REASSIGNED = "reassigned"
    MERGED = "merged"
    TOOK_OVER = "took_over"
    MERGE_UNDONE = "merge_undone"
    GAVE_BACK = "gave_back"
    SPLIT_FROM = "split_from"
    SPLIT_OFF = "split_off"
    WITHHELD = "withheld"
    SHOWN = "shown"
    CONTINUED = "continued"
    LOOKED_BACK = "looked_back"
    SATISFACTION = "satisfaction"
    PROTECTED = "protected"
    EXTENSION_ASKED = "extension_asked"
    DEFERRAL_ASKED = "deferral_asked"
    ASK_REFUSED = "ask_refused"
    SUPERVISION_ENDED = "supervision_ended"
    ERRAND_GIVEN = "errand_given"
    ERRAND_ANSWERED = "errand_answered"
    OBJECTED = "objected"
    OBJECTION_ANSWERED = "objection_answered"
    EVIDENCE_ADDED = "evidence_added"
    PHOTO_BLACKED_OUT = "photo_blacked_out"
    BLACK_OUT_TAKEN_BACK = "black_out_taken_back"
    UNTIED = "untied"  # a tie, or a relapse, that was a mistake is taken back as if it had never been


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
    documents: tuple[ObjectId, ...] = ()
    unprotected: bool = False
    """The unit says that a danger had no interim protection until its limit was over."""
    reviewed_by: ObjectId | None = None
    """Who let it go out, where the unit reviews its answers (单位内审); never the one who wrote it."""


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


class Addition(_Value):
    """What the unit has put on record while it works; a note stands with the event."""

    seq: int
    """The event that brought it."""
    at: datetime
    by: ObjectId | None
    before: tuple[ObjectId, ...] = ()
    after: tuple[ObjectId, ...] = ()
    documents: tuple[ObjectId, ...] = ()


class Round(_Value):
    """One round of work on the problem (整改)."""

    number: int
    unit_id: ObjectId | None
    co_unit_ids: tuple[ObjectId, ...] = ()
    started_at: datetime
    claim: Claim | None = None
    verification: Verification | None = None
    earlier_checks: tuple[Verification, ...] = ()
    """A district's own, that the city has done again."""
    additions: tuple[Addition, ...] = ()

    @property
    def before(self) -> tuple[ObjectId, ...]:
        """Every photo from before the fix: of the claim, and of what was put on record until then."""
        return (
            *(photo for each in self.additions for photo in each.before),
            *(self.claim.before if self.claim else ()),
        )

    @property
    def after(self) -> tuple[ObjectId, ...]:
        """Every photo from after the fix that the unit has filed."""
        return (*(photo for each in self.additions for photo in each.after), *(self.claim.after if self.claim else ()))

    @property
    def documents(self) -> tuple[ObjectId, ...]:
        """Every document that the unit has filed."""
        filed = [paper for each in self.additions for paper in each.documents]
        return (*filed, *(self.claim.documents if self.claim else ()))


class Given(_Value):
    """A limit as it was given: it never shifts by itself, whatever becomes of the rules."""

    due_at: datetime
    warn_at: datetime | None = None
    """Yellow from then on; None: as ``light`` reckons."""
    official: bool = True
    """False where a year on the way has no official calendar yet, so that Monday to Friday were counted."""


class Protected(_Value):
    """Interim protection of a danger (临时防护): a barrier, a cover, a guard."""

    at: datetime
    by: ObjectId | None
    photos: tuple[ObjectId, ...] = ()


class AskKind(StrEnum):
    """What a unit asks the office for."""

    EXTENSION = "extension"
    DEFERRAL = "deferral"


class Ask(_Value):
    """What the unit in charge has asked for and nobody has answered yet. Its reason stands with the event."""

    kind: AskKind
    wished_at: datetime
    """The deadline, or the review date, that it wishes."""
    at: datetime
    by: ObjectId | None


class Merged(_Value):
    """What a problem was when it went into another one. Its reports are there until the merge is undone."""

    into: ObjectId
    at: datetime
    state: State
    reports: tuple[Report, ...]


class Closing(_Value):
    """A closing that was taken back, as it stood."""

    state: State
    outcome: Outcome | None
    verified_at: datetime | None
    closed_at: datetime | None
    revoked_at: datetime | None
    due_at: datetime | None
    warn_at: datetime | None = None
    official: bool = True
    protection: Given | None = None
    protected: Protected | None = None
    earlier_protected: tuple[Protected, ...] = ()
    rounds: int = 0
    """How many there were."""


class TakenOver(_Value):
    """Another problem that was merged into this one, and what came with it."""

    problem_id: ObjectId
    at: datetime
    report_ids: tuple[ObjectId, ...]
    unit_ids: tuple[ObjectId, ...] = ()
    """Who worked on it there: they have a stake in this one too."""
    claimants: tuple[ObjectId, ...] = ()
    withheld: bool = False
    """The other one was withheld from the public and this one was not; now it is."""
    closing: Closing | None = None
    """The closing that an exposure of the other one has taken back."""


class SplitOff(_Value):
    """A part that has become a problem of its own, and the reports that went with it, as they were."""

    problem_id: ObjectId
    at: datetime
    reports: tuple[Report, ...]


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
    warn_at: datetime | None = None
    """When the light of ``due_at`` turns yellow; None: as ``light`` reckons."""
    official: bool = True
    """Whether the official calendar covered every day up to ``due_at``."""
    hand_over: Given | None = None
    """Until when it was to be handed to a unit (曝光→交办). None: registered before there was this clock."""
    protection: Given | None = None
    """Until when a danger needs interim protection; None: no danger, or not handed over yet."""
    protected: Protected | None = None
    earlier_protected: tuple[Protected, ...] = ()
    """Protection that was there before the problem came back, oldest first: it has to be made sure of again."""
    asked: Ask | None = None
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
    merged: Merged | None = None
    taken_over: tuple[TakenOver, ...] = ()
    split_from: ObjectId | None = None
    split_off: tuple[SplitOff, ...] = ()
    handed_on_from: tuple[ObjectId, ...] = ()
    """Units that had it before it was handed over to another (改派); they have returned nothing."""
    returns: int = 0
    reminders: int = 0
    supervised: bool = False
    withheld: bool = False
    drawn: bool = False
    """The present closing is of the random tenth that is re-checked; drawn when it was closed."""
    look_backs: tuple[LookBack, ...] = ()
    satisfactions: tuple[Satisfaction, ...] = ()
    objections: tuple[ObjectId, ...] = ()
    """Objections (申诉) that nobody has answered yet."""

    @property
    def round(self) -> Round | None:
        """The round under way, or the last one."""
        return self.rounds[-1] if self.rounds else None

    @property
    def answers(self) -> int:
        """How often a unit has called it fixed."""
        return sum(1 for each in self.rounds if each.claim is not None)

    @property
    def reworks(self) -> int:
        """How often the work was found wanting (返工): rounds whose check failed."""
        return sum(each.verification is not None and not each.verification.passed for each in self.rounds)

    @property
    def told_by_citizens(self) -> bool:
        """Whether somebody could be called back: a snapshot, a ticket or a patrol has told of it."""
        channels = (Channel.SNAPSHOT, Channel.TICKET, Channel.PATROL)
        return any(report.channel in channels and report.withdrawn_at is None for report in self.reports)

    @property
    def masked(self) -> bool:
        """Whether public lists show an unnamed row instead: withheld, or objected to and not answered yet."""
        return self.withheld or bool(self.objections)

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
