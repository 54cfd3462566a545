"""What an editor says of a story: its parts, how it is kept, and what follows from it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.connection import Json
from media_tracker.errors import N_, Forbidden
from media_tracker.ingest.documents import DecisionRecord, Disposition, Kind, Story
from media_tracker.outlets.documents import OutletKind
from media_tracker.problems.case import Case, Channel
from media_tracker.problems.closing import revocable, settled_at

TIEABLE = frozenset({Kind.EXPOSURE, Kind.FOLLOW_UP})
DISPOSITIONS: Mapping[Kind, tuple[Disposition, ...]] = {
    Kind.EXPOSURE: (Disposition.CRITICISM, Disposition.BEHAVIOUR, Disposition.OUT_OF_AREA),
    Kind.FOLLOW_UP: (Disposition.PROGRESS, Disposition.OUT_OF_AREA),
}
"""Why a story of this kind may lead to no problem."""
OUTCOMES = ("resolved", "partly_resolved", "promised", "disputed", "nothing_found")
"""What a follow-up may report."""
DEEDS = ("bravery", "kindness", "honesty", "dedication", "family")
"""Of which kinds good deeds are."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What an editor says a story is."""

    kind: Kind
    category: str | None = None
    region: str | None = None
    place: str = ""
    outcome: str | None = None
    """What a follow-up reports; of no other kind."""
    deed: str | None = None
    """Of which kind a good deed is; of no other kind."""
    units: tuple[str, ...] = ()
    """As the story writes them; of exposures and follow-ups only."""
    people: tuple[str, ...] = ()
    """The same of a good deed only: nobody is kept by name for an exposure."""


def record_of(decision: Decision, actor: Actor, now: datetime) -> DecisionRecord:
    """``decision`` as it is kept of a story that nothing has come of yet."""
    return DecisionRecord(
        kind=decision.kind,
        category=decision.category,
        region=decision.region,
        place=decision.place.strip(),
        outcome=decision.outcome if decision.kind is Kind.FOLLOW_UP else None,
        deed=decision.deed if decision.kind is Kind.GOOD_DEED else None,
        units=list(decision.units) if decision.kind in TIEABLE else [],
        people=list(decision.people) if decision.kind is Kind.GOOD_DEED else [],
        by=actor.user_id,
        at=now,
    )


def channel_of(story: Story, outlet: Json) -> Channel:
    """By which door a decided story tells of a problem. What self-media tells is 网络反映, not an exposure."""
    if story.decision is None or story.decision.kind is not Kind.EXPOSURE:
        return Channel.FOLLOW_UP
    return Channel.ONLINE if outlet["kind"] == OutletKind.SELF_MEDIA.value else Channel.EXPOSURE


def has_come_back(case: Case, story: Story) -> bool:
    """True when ``case`` was settled before ``story``, and too long before for that to be taken back."""
    settled = settled_at(case)
    return settled is not None and settled < story.published_at and not revocable(case, story.published_at)


def editors_only(actor: Actor) -> None:
    """``Forbidden`` for who is no editor."""
    if not actor.has(Role.EDITOR):
        raise Forbidden(N_("Only editors can do this."))


def id_of(story: Story) -> ObjectId:
    """The id of a stored story."""
    assert story.id is not None  # a stored story has one
    return ObjectId(story.id)
