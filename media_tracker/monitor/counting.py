"""Every figure, as the list of what it counts. Pure.

A figure is never a number first: ``rows`` gives its list, the number is the list's length, and a page that shows the number and
the page that shows the list call the same function with the same arguments. A breakdown (by outlet, district, category, month)
only filters that list. Where one row belongs to several columns, the columns do not add up, and the breakdown says so (不可加总).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bson import ObjectId

from media_tracker.accounts.actor import Level
from media_tracker.monitor.credit import Credit, Judgement, judge, soundly_verified
from media_tracker.monitor.definitions import SEVERAL, Dimension, Key
from media_tracker.monitor.facts import EVERYTHING, CaseFact, Facts, Row, Slice, StoryFact, Subject, View, Voice
from media_tracker.problems.case import Case, Report, State
from media_tracker.problems.light import is_overdue

NO_PROBLEM = frozenset({State.NOT_ACCEPTED, State.DUPLICATE})
"""What turned out not to be a problem of its own here. What was looked at and not found (查无问题) was one to look at."""


def rows(key: Key, facts: Facts, view: View, part: Slice = EVERYTHING) -> list[Row]:
    """The list behind the figure ``key``, newest first. Its length is the figure."""
    found = [row for row in _ROWS[key](facts, view) if part.holds(row, view.zone)]
    return sorted(found, key=lambda row: (row.at, row.id), reverse=True)


def breakdown(found: Iterable[Row], by: Dimension, zone: ZoneInfo) -> dict[str, int]:
    """How many of ``found`` fall to each value of ``by``; what has none is under ``""``. Categories are top classes."""
    counts: dict[str, int] = {}
    for row in found:
        for value in row.values(by, zone):
            counts[value] = counts.get(value, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: item[0]))


def adds_up(found: Iterable[Row], by: Dimension, zone: ZoneInfo) -> bool:
    """False when a row falls to several values of ``by``, so that the columns do not add up to the figure (不可加总)."""
    return by not in SEVERAL or all(len(row.values(by, zone)) <= 1 for row in found)


def occasions(case: Case) -> list[Report]:
    """The exposures of ``case`` that count: the first that stands for each outlet and occasion, earliest first."""
    first: dict[tuple[ObjectId | None, int], Report] = {}
    for report in case.exposures:
        first.setdefault((report.outlet_id, report.occasion), report)
    return list(first.values())


def _stories(facts: Facts, view: View) -> Iterable[Row]:
    for story in facts.stories:
        if not story.withdrawn and view.holds(story.published_at):
            yield _story_row(story)


def _clusters(facts: Facts, view: View) -> Iterable[Row]:
    first: dict[ObjectId, StoryFact] = {}
    for story in facts.stories:
        if story.withdrawn:
            continue
        known = first.get(story.cluster)
        if known is None or (story.published_at, story.id) < (known.published_at, known.id):
            first[story.cluster] = story
    return (_story_row(story) for story in first.values() if view.holds(story.published_at))


def _behaviour(facts: Facts, view: View) -> Iterable[Row]:
    told = [story for story in facts.stories if story.behaviour and not story.withdrawn]
    first: dict[tuple[ObjectId, ObjectId], StoryFact] = {}
    for story in sorted(told, key=lambda story: (story.published_at, story.id)):
        first.setdefault((story.outlet_id, story.cluster), story)
    return (_story_row(story) for story in first.values() if view.holds(story.published_at))


def _story_row(story: StoryFact) -> Row:
    return Row(
        Subject.STORY,
        story.id,
        story.published_at,
        story_id=story.id,
        outlets=frozenset({story.outlet_id}),
        district=story.district,
        categories=story.categories,
        street=story.street,
        community=story.community,
        columns=frozenset({story.column}),
        projects=story.projects,
    )


def _exposures(facts: Facts, view: View) -> Iterable[Row]:
    for fact in facts.cases:
        if fact.case.state is State.DUPLICATE:
            continue  # its exposures were taken over by the problem that it is a duplicate of
        for report in occasions(fact.case):
            if view.holds(report.occurred_at):
                yield _case_row(fact, report.occurred_at, [report], Subject.EXPOSURE, report)


def _case_row(
    fact: CaseFact,
    at: datetime,
    told: Sequence[Report],
    subject: Subject = Subject.PROBLEM,
    report: Report | None = None,
) -> Row:
    """A row of ``fact`` that counts for those who ``told`` of it; ``report`` when the row stands for that exposure."""
    case = fact.case
    voices = {each.id: fact.voices.get(each.story_id, _SILENT) if each.story_id else _SILENT for each in told}
    return Row(
        subject,
        report.id if report else case.id,
        at,
        case.id,
        report.story_id if report else None,
        frozenset(each.outlet_id for each in told if each.outlet_id is not None),
        fact.district,
        fact.categories,
        fact.street,
        fact.community,
        columns=frozenset(voice.column for voice in voices.values()),
        projects=frozenset(project for each in told if each.partner for project in voices[each.id].projects),
        unit_id=case.unit_id,
        severity=case.severity.value,
        source=case.reports[0].channel.value if case.reports else None,
    )


_SILENT = Voice()


def exposed_in_period(facts: Facts, view: View) -> Iterable[tuple[CaseFact, datetime]]:
    """The distinct problems whose first exposure that stands lies in the period, with its time."""
    for fact in facts.cases:
        first = fact.case.first_exposed_at
        if fact.case.state not in NO_PROBLEM and first is not None and view.holds(first):
            yield fact, first


def _problems(facts: Facts, view: View) -> Iterable[Row]:
    for fact, first in exposed_in_period(facts, view):
        yield _case_row(fact, first, fact.case.exposures)


def _judged(facts: Facts, view: View, wanted: Credit) -> Iterable[tuple[CaseFact, Judgement]]:
    for fact in facts.cases:
        judgement = judge(fact.case, view.level, view.zone)
        if judgement.credit is wanted:
            yield fact, judgement


def _verified_as(wanted: Credit) -> Callable[[Facts, View], Iterable[Row]]:
    def find(facts: Facts, view: View) -> Iterable[Row]:
        for fact, judgement in _judged(facts, view, wanted):
            verified_at = fact.case.verified_at
            if verified_at is not None and view.holds(verified_at):
                yield _case_row(fact, verified_at, judgement.preceding or fact.case.exposures)

    return find


def _resolved_net(facts: Facts, view: View) -> Iterable[Row]:
    back = {fact.case.id for fact in facts.cases if fact.case.relapsed_at is not None}
    return (row for row in _verified_as(Credit.VIA_MEDIA)(facts, view) if row.id not in back)


def _resolved_cohort(facts: Facts, view: View) -> Iterable[Row]:
    for fact, judgement in _judged(facts, view, Credit.VIA_MEDIA):
        first = fact.case.first_exposed_at
        if first is not None and view.holds(first):
            yield _case_row(fact, first, judgement.preceding)


def _relapsed(facts: Facts, view: View) -> Iterable[Row]:
    for fact, judgement in _judged(facts, view, Credit.VIA_MEDIA):
        relapsed_at = fact.case.relapsed_at
        if relapsed_at is not None and view.holds(relapsed_at):
            yield _case_row(fact, relapsed_at, judgement.preceding)


def _in_state(state: State) -> Callable[[Facts, View], Iterable[Row]]:
    def find(facts: Facts, view: View) -> Iterable[Row]:
        for fact, first in exposed_in_period(facts, view):
            if fact.case.state is state:
                yield _case_row(fact, first, fact.case.exposures)

    return find


def _overdue(facts: Facts, view: View) -> Iterable[Row]:
    for fact, first in exposed_in_period(facts, view):
        if is_overdue(fact.case, view.now):
            yield _case_row(fact, first, fact.case.exposures)


def _due_cases(facts: Facts, view: View) -> Iterable[tuple[CaseFact, datetime]]:
    for fact in facts.cases:
        due_at = fact.case.original_due_at
        left_out = fact.case.state in NO_PROBLEM
        if due_at is not None and due_at <= view.now and view.holds(due_at) and fact.case.exposures and not left_out:
            yield fact, due_at


def _is_verified(case: Case, level: Level) -> bool:
    ended = case.state in (State.VERIFIED, State.CLOSED, State.NOTHING_FOUND)
    return ended and soundly_verified(case, level)


def _due(facts: Facts, view: View) -> Iterable[Row]:
    return (_case_row(fact, due_at, fact.case.exposures) for fact, due_at in _due_cases(facts, view))


def _due_closed(facts: Facts, view: View) -> Iterable[Row]:
    return (
        _case_row(fact, due_at, fact.case.exposures)
        for fact, due_at in _due_cases(facts, view)
        if _is_verified(fact.case, view.level)
    )


def _due_on_time(facts: Facts, view: View) -> Iterable[Row]:
    for fact, due_at in _due_cases(facts, view):
        claim = fact.case.round.claim if fact.case.round else None
        if _is_verified(fact.case, view.level) and claim is not None and claim.claimed_at <= due_at:
            yield _case_row(fact, due_at, fact.case.exposures)


def _deeds(facts: Facts, view: View) -> Iterable[Row]:
    for deed in facts.deeds:
        if view.holds(deed.first_published_at):
            yield Row(
                Subject.DEED,
                deed.id,
                deed.first_published_at,
                outlets=deed.outlets,
                district=deed.district,
                street=deed.street,
                community=deed.community,
            )


_ROWS: Mapping[Key, Callable[[Facts, View], Iterable[Row]]] = {
    Key.STORIES: _stories,
    Key.CLUSTERS: _clusters,
    Key.EXPOSURES: _exposures,
    Key.BEHAVIOUR: _behaviour,
    Key.PROBLEMS: _problems,
    Key.RESOLVED: _verified_as(Credit.VIA_MEDIA),
    Key.RESOLVED_NET: _resolved_net,
    Key.BEFORE_PRINT: _verified_as(Credit.BEFORE_PRINT),
    Key.RESOLVED_COHORT: _resolved_cohort,
    Key.ALSO_REPORTED: _verified_as(Credit.ALSO_REPORTED),
    Key.CLAIMED: _in_state(State.CLAIMED_FIXED),
    Key.DEFERRED: _in_state(State.DEFERRED),
    Key.OVERDUE: _overdue,
    Key.RELAPSED: _relapsed,
    Key.DUE: _due,
    Key.DUE_CLOSED: _due_closed,
    Key.DUE_ON_TIME: _due_on_time,
    Key.GOOD_DEEDS: _deeds,
}
