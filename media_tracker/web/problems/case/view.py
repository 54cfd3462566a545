"""One problem as its page shows it: facts, reports, rounds with photos, verdict, history. Display-ready values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from litestar import Request

from media_tracker.accounts.actor import Actor, Level
from media_tracker.db.events import Event
from media_tracker.errors import N_
from media_tracker.files.kept import Paper, Photo
from media_tracker.ingest.blind import is_hidden_from
from media_tracker.ingest.documents import Story
from media_tracker.monitor.counting import occasions
from media_tracker.monitor.credit import SENTENCES, Credit, judge
from media_tracker.papers.order_rules import may_have_order
from media_tracker.problems.case import Case, Channel, Claim, EventType, Precision, Report, State, Verification
from media_tracker.problems.documents import Problem
from media_tracker.problems.evidence.material import Part, documents_of
from media_tracker.problems.light import light
from media_tracker.web.naming import CHANNEL_NAMES, Names, names_of
from media_tracker.web.problems.case.aftercare import earlier_findings
from media_tracker.web.problems.case.history import HistoryItem, Teller, may_read_callers, people_in, problems_in
from media_tracker.web.problems.evidence.shown import (
    EvidenceView,
    MaterialView,
    Shown,
    read_evidence,
    read_material,
    shown,
)
from media_tracker.web.render import Pages
from media_tracker.web.visitor import actor, services


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One line of the table of reports."""

    channel: str
    is_exposure: bool
    outlet: str
    partner: bool
    story_href: str
    story_title: str
    number: str
    at: datetime
    by_day: bool
    received_at: datetime
    occasion: str
    """``first``, ``repeat``, ``copy`` (another platform of one outlet's exposure), or empty for other channels."""
    withdrawn_at: datetime | None
    due_at: datetime | None
    closed_elsewhere_at: datetime | None


@dataclass(frozen=True, slots=True)
class ClaimView:
    """What the unit reported."""

    outcome: str
    fixed_at: datetime
    by_day: bool
    claimed_at: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class CheckView:
    """What somebody independent found."""

    passed: bool
    outcome: str
    at: datetime
    by: str
    text: str
    district: bool
    by_story: bool
    story_href: str
    story_title: str
    photos: Sequence[Shown]


@dataclass(frozen=True, slots=True)
class RoundView:
    """One round of work."""

    number: int
    unit: str
    co_units: Sequence[str]
    started_at: datetime
    plan: str
    material: MaterialView
    claim: ClaimView | None
    check: CheckView | None
    earlier: Sequence[CheckView]
    """Checks that the city has done again."""


@dataclass(frozen=True, slots=True)
class ProblemView:
    """All that the page shows of a problem itself."""

    number: str
    version: int
    title: str
    place: str
    remark: str
    state: str
    severity: str
    long_standing: bool
    supervised: bool
    withheld: bool
    category: str
    region: str
    unit: str
    co_units: Sequence[str]
    registered_at: datetime
    due_at: datetime | None
    original_due_at: datetime | None
    """The first deadline, if it is not the present one."""
    light: str
    review_at: datetime | None
    reminders: int
    reports: Sequence[ReportRow]
    rounds: Sequence[RoundView]
    verdict: str
    verdict_tone: str
    history: Sequence[HistoryItem]
    duplicate_of: str
    relapse_of: str
    relapsed_as: str
    evidence: EvidenceView
    has_order: bool
    """It is with a unit, and the reader may have the order that gave it there."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What has been looked up for one problem."""

    names: Names
    people: Mapping[ObjectId, str]
    stories: Mapping[ObjectId, Story]
    photos: Mapping[ObjectId, Photo]
    papers: Mapping[ObjectId, Paper]
    numbers: Mapping[ObjectId, str]
    number: str
    """Of the problem itself."""
    who: Actor
    """The reader."""


async def read_view(request: Request[Any, Any, Any], problem: Problem) -> ProblemView:
    """Look up everything that ``problem`` refers to, and make it ready to show."""
    room = services(request)
    case = problem.case
    events = await room.problems.history(problem)
    linked = [each for each in (case.duplicate_of, case.relapse_of, case.relapsed_as, *problems_in(events)) if each]
    known = _Known(
        names=await names_of(request),
        people=await room.accounts.names(people_in(events)),
        stories=await room.stories.many(r.story_id for r in case.reports if r.story_id is not None),
        photos=await room.evidence.photos(problem),
        papers=await room.files.papers(documents_of(case)),
        numbers=await room.problems.numbers(linked) if linked else {},
        number=problem.number,
        who=actor(request),
    )
    pages: Pages = request.app.state.pages
    callers = may_read_callers(actor(request))
    teller = Teller(pages.catalogue, pages.formats, known.names, known.people, known.numbers, callers)
    credit = judge(case, room.monitor.level, room.monitor.zone).credit
    tones = {Credit.VIA_MEDIA: "ok", Credit.BEFORE_PRINT: "ok"}
    moved = case.original_due_at is not None and case.original_due_at != case.due_at
    return ProblemView(
        number=problem.number,
        version=case.version,
        title=problem.title,
        place=problem.place,
        remark=problem.words_of(1) if callers else "",
        state=case.state.value,
        severity=case.severity.value,
        long_standing=case.long_standing,
        supervised=case.supervised,
        withheld=case.withheld,
        category=known.names.category_with_class(case.category),
        region=known.names.region(case.region),
        unit=known.names.unit(case.unit_id),
        co_units=known.names.units_of(case.co_unit_ids),
        registered_at=case.registered_at,
        due_at=None if case.state is State.DEFERRED else case.due_at,
        original_due_at=case.original_due_at if moved else None,
        light=light(case, room.clock()).value,
        review_at=case.review_at,
        reminders=case.reminders,
        reports=_reports(case, known),
        rounds=_rounds(problem, events, known, pages),
        verdict=SENTENCES[credit],
        verdict_tone=tones.get(credit, "info"),
        history=teller.tell(problem, events),
        duplicate_of=_number(known, case.duplicate_of),
        relapse_of=_number(known, case.relapse_of),
        relapsed_as=_number(known, case.relapsed_as),
        evidence=await read_evidence(request, problem),
        has_order=case.unit_id is not None and may_have_order(actor(request), (case.unit_id, *case.co_unit_ids)),
    )


def story_name(story: Story | None, who: Actor) -> tuple[str, str]:
    """Address and title of a story for ``who``.

    Masked: what has been withdrawn, and what ``who`` is to decide without knowing that somebody has. That a report came stays, as
    it does in figures and in the history (decision 0025).
    """
    if story is None or story.withdrawn_at is not None or is_hidden_from(story, who):
        return "", ""
    return f"/stories/{story.id}", story.title


def _number(known: _Known, problem_id: ObjectId | None) -> str:
    return known.numbers.get(problem_id, "") if problem_id is not None else ""


def _reports(case: Case, known: _Known) -> list[ReportRow]:
    counted = {report.id for report in occasions(case)}
    ordered = sorted(case.reports, key=lambda report: (report.occurred_at, report.id))
    return [_report(report, counted, known) for report in ordered]


def _report(report: Report, counted: set[ObjectId], known: _Known) -> ReportRow:
    href, title = story_name(known.stories.get(report.story_id), known.who) if report.story_id else ("", "")
    occasion = ""
    if report.channel is Channel.EXPOSURE and report.withdrawn_at is None:
        occasion = "copy" if report.id not in counted else "first" if report.occasion == 1 else "repeat"
    return ReportRow(
        channel=CHANNEL_NAMES[report.channel],
        is_exposure=report.channel is Channel.EXPOSURE,
        outlet=known.names.outlet(report.outlet_id),
        partner=report.partner,
        story_href=href,
        story_title=title,
        number=report.outside_number or "",
        at=report.occurred_at,
        by_day=report.precision is Precision.DAY,
        received_at=report.received_at,
        occasion=occasion,
        withdrawn_at=report.withdrawn_at,
        due_at=report.due_at,
        closed_elsewhere_at=report.closed_elsewhere_at,
    )


_STARTS, _CLAIMS = frozenset({EventType.STARTED}), frozenset({EventType.CLAIMED})
_CHECKS = frozenset({EventType.VERIFIED, EventType.FAILED, EventType.NOTHING_FOUND})


def _rounds(problem: Problem, events: Sequence[Event], known: _Known, pages: Pages) -> list[RoundView]:
    views: list[RoundView] = []
    said = _said(problem, events)
    earlier = earlier_findings(problem, events)
    words = {each.seq: each.text for each in problem.words}
    for each in problem.case.rounds:
        plan, done, found = (said.get((each.number, kinds), "") for kinds in (_STARTS, _CLAIMS, _CHECKS))
        views.append(
            RoundView(
                number=each.number,
                unit=known.names.unit(each.unit_id),
                co_units=known.names.units_of(each.co_unit_ids),
                started_at=each.started_at,
                plan=plan,
                material=read_material(problem.number, each, words, known.photos, known.papers, known.people, pages),
                claim=_claim(each.claim, done, known, pages) if each.claim else None,
                check=_check(each.verification, found, known, pages) if each.verification else None,
                earlier=[
                    _check(check, text, known, pages)
                    for check, text in zip(each.earlier_checks, earlier.get(each.number, ()), strict=False)
                ],
            )
        )
    return views


def _said(problem: Problem, events: Iterable[Event]) -> dict[tuple[int, frozenset[EventType]], str]:
    """What was written with the start, the claim and the check of each round."""
    said: dict[tuple[int, frozenset[EventType]], str] = {}
    number = 0
    for event in events:
        kind = EventType(event.type)
        number += kind in _STARTS
        for kinds in (_STARTS, _CLAIMS, _CHECKS):
            if kind in kinds:
                said[number, kinds] = problem.words_of(event.seq)
    return said


def _claim(claim: Claim, text: str, known: _Known, pages: Pages) -> ClaimView:
    return ClaimView(
        outcome=claim.outcome.value,
        fixed_at=claim.fixed_at,
        by_day=claim.precision is Precision.DAY,
        claimed_at=claim.claimed_at,
        by=_written_and_released(claim, known, pages),
        text=text,
    )


def _written_and_released(claim: Claim, known: _Known, pages: Pages) -> str:
    """Who wrote it, and where the unit reviews its answers who released it."""
    writer = known.people.get(claim.by, "") if claim.by is not None else ""
    if claim.reviewed_by is None:
        return writer
    released = pages.catalogue.translate(N_("released by {name}"), None, name=known.people.get(claim.reviewed_by, ""))
    return f"{writer} · {released}"


def _check(check: Verification, text: str, known: _Known, pages: Pages) -> CheckView:
    story = known.stories.get(check.story_id) if check.story_id is not None else None
    href, title = story_name(story, known.who)
    return CheckView(
        passed=check.passed,
        outcome=check.outcome.value if check.outcome else "",
        at=check.at,
        by=known.people.get(check.by, "") if check.by is not None else "",
        text=text,
        district=check.level is Level.DISTRICT,
        by_story=check.story_id is not None and not (story is not None and is_hidden_from(story, known.who)),
        story_href=href,
        story_title=title,
        photos=shown(known.number, check.photos, Part.CHECK, known.photos, pages),
    )
