"""Which problems are worth another story (回访选题), from when on, and why. Pure.

What an editor may not know: that a problem which a partner exposed was fixed and nobody has told the readers, that a unit called
it fixed weeks ago and nobody has looked, that it has come back. Any story that is tied to it since takes it off the list.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from media_tracker.problems.case import OPEN_STATES, Case, Channel, Precision, Report, State

UNTOLD_AFTER = timedelta(days=21)
UNVERIFIED_AFTER = timedelta(days=14)
A_DAY = timedelta(days=1)
STORIES = frozenset({Channel.EXPOSURE, Channel.FOLLOW_UP, Channel.ONLINE})


class Why(StrEnum):
    """Why a problem is worth another story."""

    CAME_BACK = "came_back"  # a closing was taken back, or this is a relapse, and no story has told so
    UNVERIFIED = "unverified"  # called fixed for two weeks, and nobody has looked
    UNTOLD = "untold"  # fixed for three weeks, and no follow-up has told so


@dataclass(frozen=True, slots=True)
class Revisit:
    """``since``: from when on the problem is worth it, which may lie ahead."""

    why: Why
    since: datetime


def revisit(case: Case) -> Revisit | None:
    """Why and from when on ``case`` is worth another story; None: it is not, and waiting alone will not make it so."""
    told = [report for report in case.reports if report.channel in STORIES and report.withdrawn_at is None]
    if case.state in OPEN_STATES and case.state is not State.VERIFIED:
        if case.relapse_of is not None and not case.revoked_at:
            return None if told else Revisit(Why.CAME_BACK, case.registered_at)
        if case.revoked_at is not None:
            checks = [each.verification for each in case.rounds if each.verification is not None]
            checked = max((check.at for check in checks if check.passed), default=case.registered_at)
            return None if _any_since(told, checked) else Revisit(Why.CAME_BACK, case.revoked_at)
    claim = case.round.claim if case.round else None
    if claim is None or not any(report.partner for report in case.exposures):
        return None
    if case.state is State.CLAIMED_FIXED and not _any_since(told, claim.claimed_at):
        return Revisit(Why.UNVERIFIED, claim.claimed_at + UNVERIFIED_AFTER)
    if case.state in (State.VERIFIED, State.CLOSED) and case.verified_at is not None and case.relapsed_as is None:
        return None if _any_since(told, claim.fixed_at) else Revisit(Why.UNTOLD, case.verified_at + UNTOLD_AFTER)
    return None


def _any_since(told: Iterable[Report], moment: datetime) -> bool:
    """Whether one of these was published after ``moment``; of one whose day alone is known, the whole day counts."""
    return any(_latest(report) > moment for report in told)


def _latest(report: Report) -> datetime:
    return report.occurred_at + (A_DAY if report.precision is Precision.DAY else timedelta())
