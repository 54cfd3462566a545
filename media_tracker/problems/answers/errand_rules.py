"""Errands that a unit gives to a team or an estate without an account, by a one-time link: what they are, when a link is dead.

Pure. Photos come in by the link; of the problem nothing goes out but what the unit wrote into the errand and the photos that it
chose to show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.errors import N_, Forbidden
from media_tracker.problems.case import Case
from media_tracker.problems.steps import ROWS, Step

MOST_PHOTOS = 20
LONGEST_LIFE = timedelta(days=90)
"""A link is no account: its deadline lies no further ahead."""


class ErrandState(StrEnum):
    """How far an errand is."""

    OPEN = "open"
    HANDED_IN = "handed_in"
    TAKEN = "taken"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why the unit opened an errand again."""

    by: ObjectId
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Errand:
    """What somebody outside is asked to do. The secret of its link is kept nowhere."""

    id: ObjectId
    problem_id: ObjectId
    unit_id: ObjectId
    version: int
    state: ErrandState
    text: str
    place: str
    due_at: datetime
    """The link is dead from then on."""
    photos_wanted: int
    shown: tuple[ObjectId, ...]
    """Photos that the unit chose to show."""
    given_by: ObjectId
    given_at: datetime
    photos: tuple[ObjectId, ...] = ()
    """What came in."""
    answer: str = ""
    handed_in_at: datetime | None = None
    rejections: tuple[Rejection, ...] = ()


class Dead(StrEnum):
    """Why a link is of no use any more."""

    HANDED_IN = "handed_in"
    TAKEN = "taken"
    REVOKED = "revoked"
    MOVED = "moved"
    EXPIRED = "expired"


SENTENCES: dict[Dead, str] = {
    Dead.HANDED_IN: N_("Thank you. This has been handed in, and the link is closed."),
    Dead.TAKEN: N_("Thank you. What you handed in has been accepted, and the link is closed."),
    Dead.REVOKED: N_("This link has been withdrawn by those who sent it. Ask them for a new one."),
    Dead.MOVED: N_("This errand is no longer needed: the matter is in other hands, or is settled."),
    Dead.EXPIRED: N_("This link has expired. Ask those who sent it for more time."),
}
STATES: dict[ErrandState, Dead] = {
    ErrandState.HANDED_IN: Dead.HANDED_IN,
    ErrandState.TAKEN: Dead.TAKEN,
    ErrandState.REVOKED: Dead.REVOKED,
}


def why_dead(errand: Errand, case: Case | None, unit_active: bool, now: datetime) -> Dead | None:
    """Why the link of ``errand`` can no longer be used; None while it can.

    ``case``: its problem as it is now. What is handed in says so even when the problem has moved on.
    """
    if errand.state in STATES:
        return STATES[errand.state]
    if not is_needed(errand, case, unit_active):
        return Dead.MOVED
    return Dead.EXPIRED if now >= errand.due_at else None


def is_needed(errand: Errand, case: Case | None, unit_active: bool) -> bool:
    """Whether the unit that gave it is still there, in charge, and at work."""
    at_work = case is not None and case.unit_id == errand.unit_id and case.state in ROWS[Step.CLAIM].sources
    return at_work and unit_active


def why_not_give(case: Case, actor: Actor) -> Forbidden | None:
    """Why ``actor`` cannot give errands for this case; None when they can. The state is asked for apart."""
    if not actor.has(Role.OFFICIAL) or case.unit_id is None or case.unit_id not in actor.units:
        return Forbidden(N_("Only the unit in charge of this problem can do this."))
    return None


def mistakes(text: str, due_at: datetime | None, photos_wanted: int | None, now: datetime) -> dict[str, str]:
    """Fields of a new errand that are missing or wrong, with a sentence each."""
    fields: dict[str, str] = {}
    if not text.strip():
        fields["text"] = N_("Please say what is to be done.")
    if due_at is None or due_at <= now:
        fields["due_at"] = N_("Please give a time in the future until which the link can be used.")
    elif due_at > now + LONGEST_LIFE:
        fields["due_at"] = N_("A link can be used for at most 90 days.")
    if photos_wanted is None or not 0 <= photos_wanted <= MOST_PHOTOS:
        fields["photos_wanted"] = N_("Please give a number from 0 to 20.")
    return fields


def too_many(photos: Sequence[ObjectId]) -> bool:
    """Whether an errand has more photos than it may."""
    return len(photos) > MOST_PHOTOS
