"""Objections (申诉) of exposed merchants and people: what may be said, by when it is answered, and when it masks. Pure.

An objection that stands masks its case in public until it is answered; it stops no clock and changes no count. One from the
public form stands at once only where it is the first on its case: nobody can keep a case masked by objecting again and again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.calendar.deadlines import deadline
from media_tracker.errors import N_, Conflict, Forbidden
from media_tracker.problems.case import Case, State

LIMIT_WORKDAYS = 15
"""By when an objection is answered, in working days."""
CONTACTS_KEPT = timedelta(days=180)
"""Name, telephone and address of who objects are erased so long after they came in, answered or not."""
LONGEST_TEXT = 5_000


class ObjectionState(StrEnum):
    """How far an objection is."""

    WAITING = "waiting"  # for the office: it masks nothing yet
    OPEN = "open"
    ANSWERED = "answered"


class ObjectionAnswer(StrEnum):
    """What came of an objection."""

    UPHELD = "upheld"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Way(StrEnum):
    """How an objection came in."""

    WEB = "web"
    LETTER = "letter"
    TELEPHONE = "telephone"
    VISIT = "visit"


@dataclass(frozen=True, slots=True)
class Contact:
    """Who objects, and how they are reached. Kept apart from everything else, and erased on a date."""

    name: str = ""
    telephone: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Objection:
    """An objection, without who made it."""

    id: ObjectId
    receipt: str
    problem_id: ObjectId | None
    """None: it names no case; the office finds out which."""
    state: ObjectionState
    version: int
    way: Way
    received_at: datetime
    due_at: datetime
    text: str
    recorded_by: ObjectId | None
    """None: the public form."""
    answer: ObjectionAnswer | None = None
    answer_text: str = ""
    answered_at: datetime | None = None
    answered_by: ObjectId | None = None


def due(received_at: datetime, zone: ZoneInfo) -> datetime:
    """By when an objection that came in then is to be answered."""
    return deadline(received_at, LIMIT_WORKDAYS, "workday", zone).at


def mistakes(text: str, contact: Contact) -> dict[str, str]:
    """Fields of a new objection that are missing, with a sentence each."""
    fields: dict[str, str] = {}
    if not text.strip():
        fields["text"] = N_("Please say what is wrong.")
    if not contact.name.strip():
        fields["name"] = N_("Please give a name: the answer goes to somebody.")
    if not contact.telephone.strip() and not contact.address.strip():
        fields["telephone"] = N_("Please give a telephone number or an address, so that you can be answered.")
    return fields


def stands_at_once(earlier: int) -> bool:
    """Whether an objection from the public form, after so many on its case, masks it without anybody having looked at it."""
    return earlier == 0


def why_not_handle(actor: Actor) -> Forbidden | None:
    """Why ``actor`` cannot record and answer objections; None when they can."""
    return None if actor.has(Role.PUBLICITY) else Forbidden(N_("Your role does not allow this."))


def why_not_stand(case: Case) -> Conflict | None:
    """Why no objection can be tied to this case; None when one can."""
    if case.state is State.DUPLICATE:
        return Conflict(N_("This problem is a duplicate. Tie the objection to the problem that stays."))
    return None
