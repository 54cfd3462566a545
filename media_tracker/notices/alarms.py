"""What time alone makes worth telling: lights that turn yellow and red, reviews and look-backs that are due. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from media_tracker.notices.kinds import NoticeKind
from media_tracker.problems.afterwards.look_backs import schedule
from media_tracker.problems.case import Case
from media_tracker.problems.clocks.rules import ClockKind
from media_tracker.problems.light import running

NEWS_FOR = timedelta(days=7)
"""What happened, or fell due, longer ago is no news when it is found out: it stands in the lists, and nobody is told of it."""

_YELLOW: Mapping[ClockKind, NoticeKind] = {
    ClockKind.FEEDBACK: NoticeKind.DUE_SOON,
    ClockKind.PROTECTION: NoticeKind.PROTECTION_DUE,
    ClockKind.HAND_OVER: NoticeKind.HAND_OVER_SOON,
    ClockKind.REVIEW: NoticeKind.REVIEW_DUE,
}
_RED: Mapping[ClockKind, NoticeKind] = {
    ClockKind.FEEDBACK: NoticeKind.OVERDUE,
    ClockKind.PROTECTION: NoticeKind.PROTECTION_LATE,
    ClockKind.HAND_OVER: NoticeKind.HAND_OVER_LATE,
}


@dataclass(frozen=True, slots=True)
class Alarm:
    """At ``at`` somebody is to be told ``kind``, unless the case is another by then. ``deadline``: what it is about."""

    kind: NoticeKind
    at: datetime
    deadline: datetime


def alarms_of(case: Case) -> tuple[Alarm, ...]:
    """Everything that will be worth telling of ``case`` if nothing happens to it; what has passed is among it.

    Yellow and red of each clock that runs, the review date of a deferral, and every look-back that nobody has done, as soon as it
    may be done.
    """
    found = []
    for clock in running(case):
        if clock.kind in _YELLOW:
            # What counts of a review is its day; the clock's end is only the end of that day.
            deadline = clock.warn_at if clock.kind is ClockKind.REVIEW else clock.due_at
            found.append(Alarm(_YELLOW[clock.kind], clock.warn_at, deadline))
        if clock.kind in _RED:
            found.append(Alarm(_RED[clock.kind], clock.due_at, clock.due_at))
    for task in schedule(case):
        if task.done_at is None:
            found.append(Alarm(NoticeKind.LOOK_BACK_DUE, task.opens_at, task.due_at))
    return tuple(found)
