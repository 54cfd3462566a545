"""Leads (线索): what a published story brings in, how far each is, and what may stand in one. Pure.

Who called is kept apart, encrypted, and erased on a date. So nothing of it may stand in what everybody reads of a lead:
numbers of telephones and identity cards, addresses of mail, and the caller's own name are refused there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.errors import N_, Forbidden
from media_tracker.text.normalise import normalise

LONGEST_TEXT = 2_000
KEPT_UNSETTLED = timedelta(days=365)
"""Callers of a lead that nobody ever settles are erased so long after it came in."""

_PERSONAL = re.compile(
    r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)|(?<!\d)0\d{2,3}[- ]?\d{7,8}(?!\d)"
    r"|(?<!\d)\d{17}[\dXx](?!\d)|[\w.+-]+@[\w-]+\.[\w.]+"
)


class Channel(StrEnum):
    """How a lead came in."""

    HOTLINE = "hotline"
    MESSAGE = "message"
    COMMENT = "comment"
    LETTER = "letter"
    VISIT = "visit"
    OUTLET = "outlet"


class State(StrEnum):
    """How far a lead is; the last four settle it."""

    NEW = "new"
    FOLLOWED_UP = "followed_up"
    STORY = "story"
    DEED = "deed"
    PROBLEM = "problem"
    NOTHING = "nothing"


SETTLED = frozenset({State.STORY, State.DEED, State.PROBLEM, State.NOTHING})
LEADS_ON = frozenset({State.STORY, State.DEED, State.PROBLEM})
"""States that name what has become of the lead."""


class Step(StrEnum):
    """What is done with a lead."""

    TAKE = "take"
    FOLLOW_UP = "follow_up"
    SETTLE = "settle"
    REOPEN = "reopen"


STEPS: Mapping[Step, frozenset[State]] = MappingProxyType(
    {
        Step.TAKE: frozenset({State.NEW, State.FOLLOWED_UP}),
        Step.FOLLOW_UP: frozenset({State.NEW, State.FOLLOWED_UP}),
        Step.SETTLE: frozenset({State.NEW, State.FOLLOWED_UP}),
        Step.REOPEN: SETTLED,
    }
)
"""From which states a step is taken."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who called. Kept apart from everything else, and erased on a date."""

    name: str = ""
    phone: str = ""
    note: str = ""

    @property
    def known(self) -> bool:
        """Whether anything is known."""
        return any((self.name.strip(), self.phone.strip(), self.note.strip()))


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody found out about a lead."""

    at: datetime
    by: ObjectId
    text: str


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead, without who called."""

    id: ObjectId
    number: str
    version: int
    deed_id: ObjectId | None
    """The deed, and the story, that brought it; one of them at least."""
    story_id: ObjectId | None
    channel: Channel
    received_at: datetime
    about: str
    state: State
    worked_on_by: ObjectId | None
    notes: tuple[Note, ...]
    next_story: ObjectId | None
    next_deed: ObjectId | None
    next_problem: ObjectId | None
    settled_at: datetime | None
    has_caller: bool
    erase_at: datetime | None
    """When who called is erased; None: there is nothing (any more)."""
    created_by: ObjectId | None
    created_at: datetime


def check_staff(actor: Actor) -> None:
    """Accept ``actor`` as somebody who works on leads; else ``Forbidden``."""
    if not actor.has(Role.EDITOR, Role.PUBLICITY):
        raise Forbidden(N_("Your role does not allow this."))


def says_too_much(text: str, caller: Caller | None) -> bool:
    """Whether ``text`` holds what belongs to the caller alone: numbers, addresses, the name."""
    plain = normalise(text).text
    if _PERSONAL.search(plain):
        return True
    if caller is None:
        return False
    name, phone = normalise(caller.name).text.strip(), re.sub(r"\D", "", normalise(caller.phone).text)
    return (len(name) >= 2 and name in plain) or (len(phone) >= 7 and phone[-7:] in re.sub(r"\D", "", plain))


def mistakes(about: str, caller: Caller, received_at: datetime | None, now: datetime) -> dict[str, str]:
    """What is wrong with a new lead, by field."""
    fields: dict[str, str] = {}
    if not about.strip():
        fields["about"] = N_("Please say what it is about.")
    elif says_too_much(about, caller):
        fields["about"] = N_(
            "Leave out names of callers, telephone numbers and addresses: they have fields of their own."
        )
    if received_at is None:
        fields["received_at"] = N_("Please give a day and a time.")
    elif received_at > now + timedelta(minutes=5):
        fields["received_at"] = N_("This moment is still to come.")
    return fields


def erase_at(received_at: datetime, settled_at: datetime | None, days: int) -> datetime:
    """When who called is erased: ``days`` after the lead was settled, or a year after it came in where nobody settles it."""
    unsettled = received_at + KEPT_UNSETTLED
    return unsettled if settled_at is None else settled_at + timedelta(days=days)
