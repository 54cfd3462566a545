"""Whether a history is one that the table of steps allows, event by event."""

from __future__ import annotations

from collections.abc import Sequence

from media_tracker.db.events import Event
from media_tracker.problems.case import Case, EventType, State
from media_tracker.problems.folding import apply
from media_tracker.problems.steps import TABLE

OUTSIDE_THE_TABLE = frozenset(
    {EventType.REGISTERED, EventType.REPORTED, EventType.REPORT_WITHDRAWN, EventType.CORRECTED, EventType.UNTIED}
)
"""What happens to a problem without a step of the table; the state stays."""


def assert_legal(events: Sequence[Event]) -> Case:
    """The case that ``events`` amount to; each must follow on the one before it by a row of the table."""
    case: Case | None = None
    for number, event in enumerate(events, 1):
        assert event.seq == number, "the numbers of a problem's events have no gap"
        before, case = case, apply(case, event)
        kind = EventType(event.type)
        if before is None or kind in OUTSIDE_THE_TABLE:
            closed_again = kind is EventType.UNTIED and event.payload["closing"] is not None
            assert before is None or case.state is before.state or closed_again
            continue
        rows = [row for row in TABLE if row.event is kind and before.state in row.sources]
        assert rows, f"{kind} cannot happen while a problem is {before.state}"
        targets: set[State] = {row.target or before.state for row in rows}
        assert case.state in targets, f"{kind} leads from {before.state} to {case.state}"
    assert case is not None
    return case
