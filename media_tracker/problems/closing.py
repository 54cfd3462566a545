"""How long a closing can be taken back (撤销销号); what comes back later is a relapse (反弹), a new problem. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from media_tracker.problems.case import Case, State

REVOCABLE_FOR = timedelta(days=30)


def settled_at(case: Case) -> datetime | None:
    """When the problem was closed, or, where nobody has got round to closing it, verified; None while it is neither."""
    if case.state not in (State.VERIFIED, State.CLOSED):
        return None
    return case.closed_at or case.verified_at


def revocable(case: Case, exposed_at: datetime) -> bool:
    """True when an exposure at ``exposed_at`` of the same defect takes back a closing; later it is a relapse."""
    settled = settled_at(case)
    return settled is not None and settled <= exposed_at <= settled + REVOCABLE_FOR


def can_be_taken_back(case: Case, now: datetime) -> bool:
    """True when a closing can still be taken back: now, or because an exposure came in time and is only handled now."""
    return revocable(case, now) or any(revocable(case, exposure.occurred_at) for exposure in case.exposures)
