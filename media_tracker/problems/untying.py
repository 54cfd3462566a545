"""Taking back a tie that was a mistake: the report goes, and what it had set off is undone, as if it had never been. Pure.

A story that was withdrawn is something else: its tie stood until then, and stays on record (``report_withdrawn``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from bson import ObjectId

from media_tracker.errors import N_, Conflict
from media_tracker.problems.case import Case, Closing, EventType
from media_tracker.problems.lifecycle import Decided
from media_tracker.problems.regrouping.folds import CLOSING

MOVED_ON = N_("The tie has moved on: problem {number} has been merged or split since. Undo that first.")
ANOTHER_STORY = N_("Another story has been tied to problem {number} since. Undo that tie first.")
WORKED_ON = N_("Problem {number} has been worked on since, so this can no longer be undone. See its history.")
RESTS_ON_IT = N_("The check of problem {number} rests on this story, so the tie can no longer be undone.")
CAME_BACK = N_("The relapse of problem {number} has gone its own way since, so this can no longer be undone.")


class Recorded(Protocol):
    """What is asked of an event."""

    @property
    def type(self) -> str: ...
    @property
    def seq(self) -> int: ...
    @property
    def payload(self) -> Mapping[str, Any]: ...


E = TypeVar("E", bound=Recorded)


def standing(events: Sequence[E]) -> list[E]:
    """``events`` of one problem, in order, without ties that were taken back and without their taking back."""
    untied = [each for each in events if each.type == EventType.UNTIED.value]
    gone = {report for each in untied for report in each.payload["report_ids"]}
    closing = [each for each in untied if each.payload["closing"] is not None]
    closed_again = {report for each in closing for report in each.payload["report_ids"]}
    left: list[E] = []
    revoking = False  # by the report just before it
    for each in events:
        report = each.payload.get("id") if each.type == EventType.REPORTED.value else None
        undone = report in gone or each.type == EventType.UNTIED.value
        undone |= revoking and each.type == EventType.REVOKED.value
        revoking = report in closed_again
        if not undone:
            left.append(each)
    return left


def untie(
    number: str, now: Case, former: Case | None, since: Sequence[Recorded], report_id: ObjectId, *, revoked: bool
) -> list[Decided]:
    """The events that take the report ``report_id`` off a problem that stays.

    ``former``: the case before the tie; ``since``: what stands of what has happened to the problem after it; ``revoked``: the tie
    took a closing back, which is closed again.

    Raises:
        Conflict: something has been built upon the tie; the sentence says what.
    """
    report = next((each for each in now.reports if each.id == report_id), None)
    if report is None:
        raise Conflict(MOVED_ON, number=number)
    checks = [check for each in now.rounds for check in (each.verification, *each.earlier_checks) if check is not None]
    if report.story_id is not None and any(check.story_id == report.story_id for check in checks):
        raise Conflict(RESTS_ON_IT, number=number)
    if revoked and since:
        raise Conflict(WORKED_ON, number=number)
    closing = None
    if revoked and former is not None:
        stood = {name: getattr(former, name) for name in CLOSING}
        closing = Closing(state=former.state, rounds=len(former.rounds), **stood).model_dump()
    return [Decided(EventType.UNTIED, {"report_ids": [report_id], "closing": closing, "relapsed_as": None})]


def unregister(number: str, since: Sequence[Recorded], report_id: ObjectId) -> list[Decided]:
    """The events by which a problem that was registered by mistake goes: it has no report, and is not accepted.

    Raises:
        Conflict: something has happened to it ``since`` it was registered; the sentence says what.
    """
    if since:
        first = EventType(since[0].type)
        raise Conflict(ANOTHER_STORY if first is EventType.REPORTED else WORKED_ON, number=number)
    untied = {"report_ids": [report_id], "closing": None, "relapsed_as": None}
    return [Decided(EventType.UNTIED, untied), Decided(EventType.NOT_ACCEPTED, {})]


def take_relapse_back(number: str, former: Case, relapse: ObjectId) -> list[Decided]:
    """The event by which a problem has not come back as ``relapse`` after all.

    Raises:
        Conflict: it is that problem's relapse no longer.
    """
    if former.relapsed_as != relapse:
        raise Conflict(CAME_BACK, number=number)
    return [Decided(EventType.UNTIED, {"report_ids": [], "closing": None, "relapsed_as": relapse})]


def fold_untied(case: Case, at: datetime, payload: Mapping[str, Any]) -> dict[str, Any]:
    """What ``untied`` changes in a case; part of ``folding``."""
    gone = set(payload["report_ids"])
    changes: dict[str, Any] = {"reports": tuple(report for report in case.reports if report.id not in gone)}
    if payload["closing"] is not None:
        closing = Closing.model_validate(payload["closing"])
        changes |= {"state": closing.state, **{name: getattr(closing, name) for name in CLOSING}}
    if payload["relapsed_as"] is not None:
        changes |= {"relapsed_at": None, "relapsed_as": None}
    return changes
