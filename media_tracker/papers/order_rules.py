"""What an order is made for, who may have it, and what its number looks like. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.errors import N_, Conflict, Forbidden
from media_tracker.problems.case import Case, EventType
from media_tracker.problems.folding import Fact, apply

MOST_PROBLEMS = 50
"""Of one order: more do not fit on the pages that somebody signs."""


GIVEN = frozenset({EventType.ASSIGNED, EventType.REASSIGNED})
"""Events that give a problem to a unit: each asks for an order of its own."""


class Done(Fact, Protocol):
    """An event, and who brought it about."""

    @property
    def actor(self) -> ObjectId | None: ...


@dataclass(frozen=True, slots=True)
class Assigned:
    """The assignment that stands: the case as it was, to whom, until when, by whom."""

    case: Case
    """Just before it was assigned."""
    seq: int
    unit_id: ObjectId
    co_unit_ids: tuple[ObjectId, ...]
    due_at: datetime | None
    at: datetime
    by: ObjectId | None


def standing_assignment(number: str, case: Case, events: Iterable[Done]) -> Assigned:
    """The assignment by which ``case`` is with its unit now.

    Raises:
        Conflict: it is with nobody: never assigned, or sent back since.
    """
    before: Case | None = None
    found: Assigned | None = None
    for event in events:
        given = event.payload
        if before is not None and (event.type in GIVEN or _is_split_off_to_unit(event)):
            units = tuple(given["co_unit_ids"])
            found = Assigned(
                before, event.seq, given["unit_id"], units, given["due_at"], event.occurred_at, event.actor
            )
        before = apply(before, event)
    if found is None or case.unit_id is None:
        raise Conflict(
            N_("Problem {number} is with no unit at present. Assign it first; then there is an order."), number=number
        )
    return found


def _is_split_off_to_unit(event: Fact) -> bool:
    """Whether a problem began as its unit's, since it was split off from another of theirs."""
    return event.type == EventType.SPLIT_FROM and event.payload["unit_id"] is not None


def check_may_have_order(who: Actor, units: Collection[ObjectId]) -> None:
    """Accept the office, and officials of a unit that the order is for; ``Forbidden`` for everybody else."""
    if not may_have_order(who, units):
        raise Forbidden(N_("This order is for another unit."))


def may_have_order(who: Actor, units: Collection[ObjectId]) -> bool:
    """Whether ``who`` is of the office, or an official who works in one of ``units`` or answers for it."""
    own = who.units | who.answers_for
    return who.has(Role.EDITOR, Role.PUBLICITY) or (who.has(Role.OFFICIAL) and not own.isdisjoint(units))


def key_of(assignments: Sequence[tuple[ObjectId, int]]) -> str:
    """By what an order is known again: the problems and the events that assigned them, in any order."""
    spelt = sorted(f"{problem_id}:{seq}" for problem_id, seq in assignments)
    return spelt[0] if len(spelt) == 1 else f"several:{hashlib.sha256(' '.join(spelt).encode()).hexdigest()}"


def order_number(year: int, serial: int, locale: str) -> str:
    """The number as papers write it: 交办〔2026〕12号 (GB/T 9704-2012, 7.2.5), 2026-12."""
    return f"交办〔{year}〕{serial}号" if locale.startswith("zh") else f"{year}-{serial}"
