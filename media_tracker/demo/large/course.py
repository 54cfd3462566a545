"""What becomes of a made-up problem: its events, each at its time, as people's steps would have recorded them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from bson import ObjectId

from media_tracker.accounts.actor import Level
from media_tracker.db.events import NewEvent
from media_tracker.demo.large.plan import ProblemPlan
from media_tracker.demo.large.scene import Scene
from media_tracker.problems.case import Basis, Case, Channel, EventType, Outcome, Precision, Report, Severity
from media_tracker.problems.casebook import ENTITY
from media_tracker.problems.folding import apply


@dataclass(slots=True)
class Course:
    """Tells one problem's life: every step becomes an event and changes the case, as in the casebook."""

    problem_id: ObjectId
    now: datetime
    case: Case | None = None
    events: list[tuple[NewEvent, ObjectId | None]] = field(default_factory=list)
    """With who did it."""
    at: datetime | None = None
    """Of the last step."""

    def step(self, kind: EventType, at: datetime, who: ObjectId | None, payload: dict[str, Any] | None = None) -> None:
        """One event. None is later than now, and none before the one before it."""
        at = min(max(at, self.at or at), self.now)
        at = self.at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        seq = self.case.version + 1 if self.case is not None else 1
        event = NewEvent(ENTITY, self.problem_id, seq, kind.value, at, payload or {})
        self.case = apply(self.case, event)
        self.events.append((event, who))


@dataclass(frozen=True, slots=True)
class About:
    """What a problem is."""

    category: str
    danger: bool
    region: str
    district: str
    number: str
    title: str
    place: str
    relapse_of: ObjectId | None = None


def life(
    chance: Random, plan: ProblemPlan, about: About, told: Sequence[Report], scene: Scene, course: Course
) -> Course:
    """Have the problem come in, be told of, be dealt with, as ``plan`` says."""
    severity = Severity.URGENT if about.danger else chance.choices((Severity.KEY, Severity.NORMAL), (1, 5))[0]
    editor = scene.editors[0]
    first: dict[str, Any] = {"category": about.category, "region": about.region, "severity": severity}
    first |= {"long_standing": chance.random() < 0.02, "relapse_of": about.relapse_of}
    exposures = [report for report in told if report.channel is Channel.EXPOSURE]
    start = max(plan.at, exposures[0].received_at) if plan.channel == "exposure" and exposures else plan.at
    course.step(EventType.REGISTERED, start, editor, first)
    if plan.channel != "exposure" or not exposures:
        report = _outside(chance, plan, about.number)
        course.step(EventType.REPORTED, start, editor, report.model_dump())
    for report in exposures:
        course.step(EventType.REPORTED, max(report.received_at, start), editor, report.model_dump())
    for kind, at, who, payload in _steps(chance, plan.fate, about, scene, course):
        course.step(kind, at, who, payload)
    for report in told:
        if report.channel is Channel.FOLLOW_UP:
            course.step(EventType.REPORTED, report.received_at, editor, report.model_dump())
    return course


def _outside(chance: Random, plan: ProblemPlan, number: str) -> Report:
    """What another door brought."""
    channel = Channel(plan.channel) if plan.channel != "exposure" else Channel.PATROL
    ticket = channel is Channel.TICKET
    return Report(
        id=ObjectId(chance.randbytes(12)),
        channel=channel,
        occurred_at=plan.at,
        received_at=plan.at,
        outside_number=f"DEMO-{number}" if ticket else None,
        due_at=plan.at + timedelta(days=chance.choice((3, 15, 40))) if ticket else None,
    )


def _hours(chance: Random, least: float, most: float) -> timedelta:
    return timedelta(hours=chance.uniform(least, most))


Step = tuple[EventType, datetime, ObjectId | None, dict[str, Any]]


def _steps(chance: Random, fate: str, about: About, scene: Scene, course: Course) -> Iterator[Step]:
    """The steps that lead to ``fate``."""
    if fate == "registered":
        return
    at = (course.at or course.now) + _hours(chance, 0.5, 30)
    if fate == "not_accepted":
        yield EventType.NOT_ACCEPTED, at, scene.office, {}
        return
    unit = scene.unit_for(about.district, about.category)
    limit = timedelta(hours=48) if about.danger else timedelta(days=chance.choice((5, 7, 10, 15)))
    due = {"due_at": at + limit, "warn_at": at + limit * 0.8, "official": True}
    yield EventType.ASSIGNED, at, scene.office, {"unit_id": unit, "co_unit_ids": [], **due}
    if fate == "assigned":
        return
    at += _hours(chance, 0.5, 20)
    if fate == "returned":
        yield EventType.RETURNED, at, scene.official, {}
        return
    yield EventType.ACKNOWLEDGED, at, scene.official, {}
    at += _hours(chance, 0.5, 30)
    yield EventType.STARTED, at, scene.official, {}
    if fate == "in_progress":
        return
    if fate == "deferred":
        yield (
            EventType.DEFERRED,
            at + _hours(chance, 4, 40),
            scene.office,
            {"review_at": course.now + timedelta(days=30)},
        )
        return
    yield from _checked(chance, fate, at + limit * min(chance.expovariate(2.2), 2.5), unit, scene, due)


def _checked(
    chance: Random, fate: str, at: datetime, unit: ObjectId, scene: Scene, due: dict[str, Any]
) -> Iterator[Step]:
    """The claim, the check, and what follows."""
    outcome = {"nothing_found": Outcome.NOTHING_FOUND, "partly": Outcome.PARTLY_RESOLVED}.get(fate, Outcome.RESOLVED)
    yield EventType.CLAIMED, at, scene.official, _claim(at, outcome, unit, scene)
    if fate == "claimed":
        return
    at += timedelta(hours=chance.uniform(3, 60))
    check = _check(scene, Level.DISTRICT if chance.random() < 0.04 else Level.CITY)
    again = {"due_at": due["due_at"] + timedelta(days=5), "warn_at": due["warn_at"] + timedelta(days=5)}
    if fate == "rework" or chance.random() < 0.05:
        yield EventType.FAILED, at, scene.inspector, {**check, **again, "official": True}
        if fate == "rework":
            return
        at += timedelta(hours=chance.uniform(5, 90))
        yield EventType.STARTED, at, scene.official, {}
        yield EventType.CLAIMED, at, scene.official, _claim(at, outcome, unit, scene)
        at += timedelta(hours=chance.uniform(3, 60))
    if fate == "nothing_found":
        yield EventType.NOTHING_FOUND, at, scene.inspector, {**check, "outcome": outcome}
        return
    yield EventType.VERIFIED, at, scene.inspector, {**check, "outcome": outcome}
    if fate in ("closed", "revoked"):
        at += timedelta(hours=chance.uniform(1, 40))
        yield EventType.CLOSED, at, scene.office, {"drawn": chance.random() < 0.1}
    if fate == "revoked":
        yield EventType.REVOKED, at + timedelta(days=chance.uniform(3, 25)), scene.office, {**again, "official": True}


def _claim(at: datetime, outcome: Outcome, unit: ObjectId, scene: Scene) -> dict[str, Any]:
    claim = {"outcome": outcome, "fixed_at": at - timedelta(hours=2), "precision": Precision.MINUTE}
    return {**claim, "before": [], "after": [], "by": scene.official, "unit_id": unit}


def _check(scene: Scene, level: Level) -> dict[str, Any]:
    check = {"by": scene.inspector, "level": level, "independent": True, "basis": Basis.ON_SITE}
    return {**check, "story_id": None, "photos": []}
