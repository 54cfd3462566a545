"""How merging and splitting change a case; the part of ``folding`` that is about two problems. Pure.

What a merge or a split has changed is kept beside the case, so that undoing it restores exactly what was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from media_tracker.problems.case import Case, Closing, EventType, Given, Merged, Report, SplitOff, State, TakenOver

Changes = dict[str, Any]
Payload = Mapping[str, Any]


def _merged(case: Case, at: datetime, payload: Payload) -> Changes:
    into = payload["problem"]
    record = Merged(into=into, at=at, state=case.state, reports=case.reports)
    return {"state": State.DUPLICATE, "duplicate_of": into, "merged": record, "reports": ()}


def _merge_undone(case: Case, at: datetime, payload: Payload) -> Changes:
    assert case.merged is not None  # nothing is undone that was not done
    reports = tuple(Report.model_validate(each) for each in payload["reports"])
    return {"state": case.merged.state, "duplicate_of": None, "merged": None, "reports": reports}


CLOSING = (
    "outcome",
    "verified_at",
    "closed_at",
    "revoked_at",
    "due_at",
    "warn_at",
    "official",
    "protection",
    "protected",
    "earlier_protected",
)
"""What taking a closing back changes, beside the state."""


def _took_over(case: Case, at: datetime, payload: Payload) -> Changes:
    reports = tuple(Report.model_validate(each) for each in payload["reports"])
    closing = None
    if payload["revokes"]:
        stood = {name: getattr(case, name) for name in CLOSING}
        closing = Closing(state=case.state, rounds=len(case.rounds), **stood)
    record = TakenOver(
        problem_id=payload["problem"],
        at=at,
        report_ids=tuple(report.id for report in reports),
        unit_ids=tuple(payload["unit_ids"]),
        claimants=tuple(payload["claimants"]),
        withheld=payload["withheld"] and not case.withheld,
        closing=closing,
    )
    return {
        "reports": (*case.reports, *reports),
        "taken_over": (*case.taken_over, record),
        "withheld": case.withheld or payload["withheld"],
    }


def _gave_back(case: Case, at: datetime, payload: Payload) -> Changes:
    record = next(each for each in case.taken_over if each.problem_id == payload["problem"])
    changes: Changes = {
        "reports": tuple(report for report in case.reports if report.id not in record.report_ids),
        "taken_over": tuple(each for each in case.taken_over if each is not record),
        "withheld": case.withheld and not record.withheld,
    }
    if payload["closes_again"] and record.closing is not None:
        changes |= {"state": record.closing.state, **{name: getattr(record.closing, name) for name in CLOSING}}
    return changes


_SPLIT = ("state", "unit_id", "assigned_at", "original_due_at", "due_at", "warn_at", "official", "withheld")


def _split_from(case: Case, at: datetime, payload: Payload) -> Changes:
    changes: Changes = {name: payload[name] for name in _SPLIT}
    given = payload["protection"]
    return changes | {
        "state": State(payload["state"]),
        "co_unit_ids": tuple(payload["co_unit_ids"]),
        "protection": None if given is None else Given.model_validate(given),
        "split_from": payload["problem"],
    }


def _split_off(case: Case, at: datetime, payload: Payload) -> Changes:
    moved = set(payload["report_ids"])
    gone = tuple(report for report in case.reports if report.id in moved)
    record = SplitOff(problem_id=payload["problem"], at=at, reports=gone)
    stay = tuple(report for report in case.reports if report.id not in moved)
    return {"reports": stay, "split_off": (*case.split_off, record)}


REGROUPING: Mapping[EventType, Callable[[Case, datetime, Payload], Changes]] = {
    EventType.MERGED: _merged,
    EventType.MERGE_UNDONE: _merge_undone,
    EventType.TOOK_OVER: _took_over,
    EventType.GAVE_BACK: _gave_back,
    EventType.SPLIT_FROM: _split_from,
    EventType.SPLIT_OFF: _split_off,
}
