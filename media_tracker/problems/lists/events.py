"""What a list's row leads to: the history of a new problem, and what a changed row adds to that of a known one. Pure.

A list is somebody's word. It can register a problem, say whose it is, that work has begun, and that the unit *claims* it fixed;
it never verifies and never closes. What the list says was so earlier is a stated time in the report: everything happens here when
it is imported. Of a changed row only what the list itself has changed counts: what people have corrected here meanwhile stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId

from media_tracker.errors import N_
from media_tracker.ingest.feed_dates import FeedDate
from media_tracker.problems.case import Case, EventType, Outcome, Precision, Report, State
from media_tracker.problems.lifecycle import Decided
from media_tracker.problems.lists.dates import end_of_day
from media_tracker.problems.lists.row import ListRow
from media_tracker.problems.lists.words import Column, Stage
from media_tracker.problems.steps import ROWS, Step

_AHEAD = frozenset({State.CLAIMED_FIXED, State.VERIFIED, State.CLOSED})
_WORK = ROWS[Step.CLAIM].sources
_GIVEN = ROWS[Step.ASSIGN].sources


@dataclass(frozen=True, slots=True)
class Moment:
    """When an import takes place, and what it counts deadlines with. ``due_at``: the limit of the category, given now."""

    now: datetime
    zone: ZoneInfo
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Refused:
    """What the list wants and the problem's state does not allow. ``sentence`` is a gettext id."""

    column: Column
    sentence: str


@dataclass(slots=True)
class Course:
    """Events to come, what is written down with the last of them, and what was refused."""

    decided: list[Decided] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    report_id: ObjectId | None = None
    """The report that has the list's own times from now on."""

    def add(self, type_: EventType, payload: dict[str, Any] | None = None) -> None:
        self.decided.append(Decided(type_, payload or {}))


def first_events(row: ListRow, report_id: ObjectId, moment: Moment) -> list[Decided]:
    """The history that a new problem begins with."""
    course = Course()
    course.add(
        EventType.REGISTERED,
        {
            "category": row.category,
            "region": row.region,
            "severity": row.severity,
            "long_standing": row.long_standing,
            "relapse_of": None,
        },
    )
    course.add(EventType.REPORTED, report_of(row, report_id, moment).model_dump())
    if row.stage is Stage.NOT_ACCEPTED:
        course.add(EventType.NOT_ACCEPTED)
    elif row.unit_id is not None:
        course.add(EventType.ASSIGNED, _assigned(row, moment))
        _reach(course, State.ASSIGNED, row, row.unit_id)
    return course.decided


def report_of(row: ListRow, report_id: ObjectId, moment: Moment) -> Report:
    """The tie between a problem and the list: what the list states, and that we have it since now."""
    fixed = row.fixed_at
    return Report(
        id=report_id,
        channel=row.channel,
        occurred_at=row.found_at or moment.now,
        precision=row.found_precision,
        received_at=moment.now,
        outside_number=row.outside_number,
        due_at=row.due_at,
        closed_elsewhere_at=end_of_day(FeedDate(fixed, row.fixed_precision.value), moment.zone) if fixed else None,
    )


def changes(case: Case, before: ListRow, row: ListRow, report_id: ObjectId, moment: Moment) -> Course:
    """What has to happen to ``case`` because its row said ``before`` when it was last imported, and says ``row`` now."""
    course = Course(report_id=report_id)
    if case.state is State.DUPLICATE:
        course.refused.append(
            Refused(Column.TEXT, N_("This problem is a duplicate of another here: the list cannot change it."))
        )
        return course
    _correct(course, case, before, row)
    _report_again(course, case, before, row, moment)
    state, unit_id = _hand_over(course, case, before, row, moment)
    if state is case.state:
        _move_deadline(course, case, before, row)
    if _progress(row) != _progress(before):
        _reach(course, state, row, unit_id, before)
    return course


def _correct(course: Course, case: Case, before: ListRow, row: ListRow) -> None:
    """Category, region, severity; and title, place and words, which stand beside the case."""
    was, now = before.model_dump(), row.model_dump()
    facts = {name: now[name] for name in ("category", "region", "severity", "long_standing") if was[name] != now[name]}
    beside = [name for name in ("title", "place", "text", "remark", "answer", "source") if was[name] != now[name]]
    if row.answer != before.answer and row.answer and _progress(row) == _progress(before):
        course.words.append(row.answer)
    if before.said() != row.said():
        course.words.append(row.said())
    corrected = {
        "category": case.category,
        "region": case.region,
        "severity": case.severity,
        "long_standing": case.long_standing,
    }
    if beside or any(corrected[name] != value for name, value in facts.items()):
        course.add(EventType.CORRECTED, corrected | facts)


def _report_again(course: Course, case: Case, before: ListRow, row: ListRow, moment: Moment) -> None:
    """A corrected date or deadline is a corrected report: the old one is withdrawn. When we first had it stays."""
    old = next((each for each in case.reports if each.id == course.report_id and each.withdrawn_at is None), None)
    if old is None:
        return
    new = report_of(row, old.id, moment).model_copy(update={"received_at": old.received_at})
    was = report_of(before, old.id, moment).model_copy(update={"received_at": old.received_at})
    if row.found_at is None and before.found_at is None:
        new = new.model_copy(update={"occurred_at": old.occurred_at})
        was = was.model_copy(update={"occurred_at": old.occurred_at})
    if new == was:
        return
    course.report_id = ObjectId()
    course.add(EventType.REPORT_WITHDRAWN, {"report_id": old.id})
    course.add(EventType.REPORTED, new.model_copy(update={"id": course.report_id}).model_dump())


def _hand_over(
    course: Course, case: Case, before: ListRow, row: ListRow, moment: Moment
) -> tuple[State, ObjectId | None]:
    """Give the problem to the unit that the list names now; the state and the unit after that."""
    named = (row.unit_id, row.co_unit_ids)
    if named == (before.unit_id, before.co_unit_ids) or named == (case.unit_id, case.co_unit_ids):
        return case.state, case.unit_id
    if row.unit_id is not None and case.state in _GIVEN:
        course.add(EventType.ASSIGNED, _assigned(row, moment, case))
        return State.ASSIGNED, row.unit_id
    if row.unit_id is not None:
        sentence = N_("This problem is “{state}” here: the unit in charge returns it first, then another can be named.")
        course.refused.append(Refused(Column.UNIT, sentence))
    return case.state, case.unit_id


def _assigned(row: ListRow, moment: Moment, case: Case | None = None) -> dict[str, Any]:
    """What is handed over. A list's own deadline counts; without one, what is still to be done gets a limit from now."""
    given = max(filter(None, (row.due_at, case.due_at if case else None)), default=None)
    due_at = given or (moment.due_at if row.stage is not Stage.CLAIMED else None)
    return {"unit_id": row.unit_id, "co_unit_ids": list(row.co_unit_ids), "due_at": due_at}


def _move_deadline(course: Course, case: Case, before: ListRow, row: ListRow) -> None:
    if row.due_at in (None, before.due_at, case.due_at) or case.unit_id is None:
        return
    if case.state in _WORK and (case.due_at is None or (row.due_at is not None and row.due_at > case.due_at)):
        course.add(EventType.EXTENDED, {"due_at": row.due_at})
    else:
        sentence = N_("This problem is “{state}” here, and a deadline that was given is never moved forward by a list.")
        course.refused.append(Refused(Column.DUE, sentence))


def _progress(row: ListRow) -> tuple[Stage, Outcome | None, datetime | None, Precision]:
    return row.stage, row.outcome, row.fixed_at, row.fixed_precision


def _reach(course: Course, state: State, row: ListRow, unit_id: ObjectId | None, before: ListRow | None = None) -> None:
    """Take the steps from ``state`` to where the list says that the problem is; what people here have done goes first."""
    back = before is not None and before.stage is Stage.CLAIMED
    match row.stage:
        case Stage.WAITING if state in _GIVEN | {State.ASSIGNED}:
            return
        case Stage.IN_PROGRESS if state in {State.ASSIGNED, State.REWORK}:
            course.add(EventType.STARTED)
        case Stage.IN_PROGRESS if state is State.IN_PROGRESS or (state in _AHEAD and not back):
            return
        case Stage.CLAIMED if state in _WORK:
            if state is not State.IN_PROGRESS:
                course.add(EventType.STARTED)
            course.add(EventType.CLAIMED, _claim(row, unit_id))
            course.words.append(row.answer)
        case Stage.CLAIMED if state in _AHEAD and not back:
            return
        case Stage.RETURNED if state in ROWS[Step.RETURN].sources:
            course.add(EventType.RETURNED)
            course.words.append(row.answer)
        case Stage.RETURNED if state is State.RETURNED:
            return
        case Stage.NOT_ACCEPTED if state in ROWS[Step.REFUSE].sources:
            course.add(EventType.NOT_ACCEPTED)
            course.words.append(row.answer)
        case Stage.NOT_ACCEPTED if state is State.NOT_ACCEPTED:
            return
        case _:
            sentence = N_("This problem is “{state}” here, which the list's state does not follow. Take the step here.")
            course.refused.append(Refused(Column.STATE, sentence))


def _claim(row: ListRow, unit_id: ObjectId | None) -> dict[str, Any]:
    assert row.fixed_at is not None  # a row that says that it is done has the day, or that of the finding
    return {
        "outcome": row.outcome or Outcome.RESOLVED,
        "fixed_at": row.fixed_at,
        "precision": row.fixed_precision,
        "before": [],
        "after": [],
        "by": None,
        "unit_id": unit_id,
    }


def words_with(decided: Sequence[Decided], row: ListRow) -> dict[int, str]:
    """What is written down with a new problem's events, by their numbers from 1."""
    said = {1: row.said()}
    last = decided[-1].type
    if last is not EventType.REPORTED and row.answer:
        said[len(decided)] = row.answer
    elif row.answer:
        said[1] = "\n".join(filter(None, (said[1], row.answer)))
    return {seq: text for seq, text in said.items() if text}
