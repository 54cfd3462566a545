"""Problems as a list shows them: read from a few fields, since a whole case takes ten times as long to read and check. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId

from media_tracker.problems.case import Channel, Severity, State
from media_tracker.problems.clocks.rules import ClockKind
from media_tracker.problems.light import Running

FIELDS: Mapping[str, int] = {
    **dict.fromkeys(("number", "title", "place", "turns_at", "clock_kind", "clock_warn_at", "clock_due_at"), 1),
    **{f"case.{name}": 1 for name in ("category", "unit_id", "state", "severity", "registered_at")},
    **{f"case.{name}": 1 for name in ("due_at", "review_at")},
    **{f"case.reports.{name}": 1 for name in ("channel", "outlet_id", "occasion", "withdrawn_at")},
}
"""What is read of each."""


@dataclass(frozen=True, slots=True)
class Line:
    """One problem in a list."""

    number: str
    title: str
    place: str
    category: str
    unit_id: ObjectId | None
    state: State
    severity: Severity
    due_at: datetime | None
    """The deadline of the fix."""
    review_at: datetime | None
    clock: Running | None
    """Which ends first of those that run, as it was stored with the case."""
    exposures: int
    """How many count: an outlet and an occasion are one."""


def line_of(row: Mapping[str, Any]) -> Line:
    """A line from ``FIELDS`` of a stored problem."""
    case = row["case"]
    kind, due_at, warn_at = row.get("clock_kind"), row.get("clock_due_at"), row.get("clock_warn_at")
    return Line(
        number=row["number"],
        title=row["title"],
        place=row["place"],
        category=case["category"],
        unit_id=case.get("unit_id"),
        state=State(case["state"]),
        severity=Severity(case["severity"]),
        due_at=case.get("due_at"),
        review_at=case.get("review_at"),
        clock=Running(ClockKind(kind), due_at, warn_at or due_at) if kind and due_at else None,
        exposures=len({(each.get("outlet_id"), each.get("occasion", 1)) for each in case["reports"] if _stands(each)}),
    )


def _stands(report: Mapping[str, Any]) -> bool:
    return report["channel"] == Channel.EXPOSURE and report.get("withdrawn_at") is None
