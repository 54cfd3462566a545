"""The light of a deadline: calm, yellow before it, red from the first moment over. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from media_tracker.problems.case import Case, State

WAITING = frozenset({State.ASSIGNED, State.IN_PROGRESS, State.REWORK, State.RETURNED})
"""States in which the clock runs: nobody has called the problem fixed."""

A_DAY = timedelta(days=1)


class Light(StrEnum):
    """How a deadline stands; ``done``: its clock does not run."""

    OK = "ok"
    SOON = "soon"
    OVER = "over"
    DONE = "done"


def is_overdue(case: Case, now: datetime) -> bool:
    """Red from the first moment over: the present deadline has passed and nobody has called the problem fixed."""
    return case.state in WAITING and case.due_at is not None and case.due_at < now


def light(case: Case, now: datetime) -> Light:
    """The light of the present deadline of ``case``.

    Yellow in the last quarter of the time given, and for a limit of more than two days no later than a day before its end.
    """
    if case.state not in WAITING or case.due_at is None:
        return Light.DONE
    if is_overdue(case, now):
        return Light.OVER
    given = case.due_at - _began(case)
    warning = given / 4
    if given > 2 * A_DAY:
        warning = max(warning, A_DAY)
    return Light.SOON if case.due_at - now <= warning else Light.OK


def _began(case: Case) -> datetime:
    """When the present limit was given, as far as the case tells: first, after a failed check, or after a revoked closing."""
    checks = [each.verification.at for each in case.rounds if each.verification is not None]
    known = [case.assigned_at or case.registered_at, *checks, *([case.revoked_at] if case.revoked_at else [])]
    return max(known)
