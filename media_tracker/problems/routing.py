"""What the history of a problem says of its way to a unit: as what it was assigned, and who sent it back. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId

from media_tracker.places.responsibility import Proposal
from media_tracker.problems.case import EventType
from media_tracker.problems.folding import Fact


@dataclass(frozen=True, slots=True)
class Assignment:
    """As what, and when, a problem was given to a unit."""

    category: str
    region: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Refusal:
    """A unit that sent the problem back. What it wrote stands with event ``seq``."""

    unit_id: ObjectId
    at: datetime
    seq: int


@dataclass(frozen=True, slots=True)
class Rerouting:
    """A correction after the assignment has changed whom the table of the day of the assignment proposes."""

    before: Proposal
    after: Proposal


def last_assignment(events: Iterable[Fact]) -> Assignment | None:
    """The last time that the problem was given to a unit; None: it never was."""
    category, region = "", None
    found: Assignment | None = None
    for event in events:
        if event.type in (EventType.REGISTERED, EventType.CORRECTED):
            category, region = event.payload["category"], event.payload["region"]
        elif event.type in (EventType.ASSIGNED, EventType.REASSIGNED):
            found = Assignment(category, region, event.occurred_at)
    return found


def refusals(events: Iterable[Fact]) -> list[Refusal]:
    """Every time that a unit sent the problem back, oldest first."""
    unit: ObjectId | None = None
    found: list[Refusal] = []
    for event in events:
        if event.type in (EventType.ASSIGNED, EventType.REASSIGNED):
            unit = event.payload["unit_id"]
        elif event.type == EventType.RETURNED and unit is not None:
            found.append(Refusal(unit, event.occurred_at, event.seq))
    return found
