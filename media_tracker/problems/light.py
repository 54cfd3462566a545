"""The light of a deadline: calm, yellow before it, red from the first moment over; and which clocks run for a problem. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from media_tracker.problems.case import Case, Given, State
from media_tracker.problems.clocks.rules import ClockKind

WAITING = frozenset({State.ASSIGNED, State.IN_PROGRESS, State.REWORK, State.RETURNED})
"""States in which the clock runs: nobody has called the problem fixed."""

A_DAY = timedelta(days=1)
A_MOMENT = timedelta(milliseconds=1)
"""As long as the times that are kept can tell apart."""


class Light(StrEnum):
    """How a deadline stands; ``done``: its clock does not run."""

    OK = "ok"
    SOON = "soon"
    OVER = "over"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Running:
    """A clock that runs: until when, and from when on its light is yellow."""

    kind: ClockKind
    due_at: datetime
    warn_at: datetime
    official: bool = True

    def light(self, now: datetime) -> Light:
        """How it stands at ``now``."""
        if self.due_at < now:
            return Light.OVER
        return Light.SOON if self.warn_at <= now else Light.OK


def running(case: Case) -> tuple[Running, ...]:
    """Every clock that runs for ``case``, the one that ends first foremost; which they are depends on no moment.

    Hand-over until a unit has it, the fix while nobody calls it fixed, interim protection of a danger until it is there, and the
    review of one that is deferred: yellow on its day, red when that day is over.
    """
    found: list[Running] = []
    if case.state is State.REGISTERED and case.hand_over is not None:
        found.append(_running(ClockKind.HAND_OVER, case.hand_over, case.registered_at))
    if case.state in WAITING and case.due_at is not None:
        present = Given(due_at=case.due_at, warn_at=case.warn_at, official=case.official)
        found.append(_running(ClockKind.FEEDBACK, present, _began(case)))
    if case.state in WAITING and case.protection is not None and case.protected is None:
        found.append(_running(ClockKind.PROTECTION, case.protection, _began(case)))
    if case.state is State.DEFERRED and case.review_at is not None:
        found.append(Running(ClockKind.REVIEW, case.review_at + A_DAY, case.review_at))
    return tuple(sorted(found, key=lambda each: (each.due_at, each.kind)))


def pressing(case: Case) -> Running | None:
    """The clock that ends first; None when none runs."""
    return next(iter(running(case)), None)


def is_overdue(case: Case, now: datetime) -> bool:
    """Red from the first moment over: the present deadline has passed and nobody has called the problem fixed.

    The deadline is that of the fix (交办→反馈). Neither a late hand-over nor a review that is due is called overdue.
    """
    return case.state in WAITING and case.due_at is not None and case.due_at < now


def overdue_from(case: Case) -> datetime | None:
    """From which moment on ``is_overdue`` holds if nothing happens, to the millisecond; None: never."""
    return case.due_at + A_MOMENT if case.state in WAITING and case.due_at is not None else None


def light(case: Case, now: datetime) -> Light:
    """The light of the present deadline for the fix.

    Yellow from the moment that was given with it. Where none was: in the last quarter of the time given, and for a limit of more
    than two days no later than a day before its end.
    """
    fix = next((each for each in running(case) if each.kind is ClockKind.FEEDBACK), None)
    return fix.light(now) if fix is not None else Light.DONE


def _running(kind: ClockKind, given: Given, began: datetime) -> Running:
    warn_at = given.warn_at
    if warn_at is None:
        span = given.due_at - began
        warning = span / 4
        if span > 2 * A_DAY:
            warning = max(warning, A_DAY)
        warn_at = given.due_at - warning
    return Running(kind, given.due_at, warn_at, given.official)


def _began(case: Case) -> datetime:
    """When the present limit was given, as far as the case tells: first, after a failed check, or after a revoked closing."""
    checks = [each.verification.at for each in case.rounds if each.verification is not None]
    known = [case.assigned_at or case.registered_at, *checks, *([case.revoked_at] if case.revoked_at else [])]
    return max(known)
