"""Every figure, as the list of what it counts. Pure.

A figure is never a number first: ``rows`` gives its list, the number is the list's length, and a page that shows the number and
the page that shows the list call the same function with the same arguments. A breakdown (by outlet, district, category, month)
only filters that list. Where one row belongs to several columns, the columns do not add up, and the breakdown says so (不可加总).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from bson import ObjectId

from media_tracker.accounts.actor import Level
from media_tracker.monitor.credit import Credit, Judgement, judge, soundly_verified
from media_tracker.monitor.definitions import SEVERAL, Dimension, Key
from media_tracker.monitor.facts import (
    EVERYTHING,
    CaseFact,
    DeedFact,
    Facts,
    Row,
    Slice,
    StoryFact,
    Subject,
    View,
    Voice,
)
from media_tracker.monitor.stages import stages_of
from media_tracker.problems.case import Case, Report, State
from media_tracker.problems.light import overdue_from

NO_PROBLEM = frozenset({State.NOT_ACCEPTED, State.DUPLICATE})
"""What turned out not to be a problem of its own here. What was looked at and not found (查无问题) was one to look at."""


def rows(key: Key, facts: Facts, view: View, part: Slice = EVERYTHING) -> list[Row]:
    """The list behind the figure ``key``, newest first. Its length is the figure."""
    found = [row for row in _rows(key, facts, view) if part.holds(row, view.zone)]
    return sorted(found, key=lambda row: (row.at, row.id), reverse=True)


def _rows(key: Key, facts: Facts, view: View) -> Iterator[Row]:
    if key in STORY_RULES:
        counted = (story for texts in _clustered(facts.stories) for story in STORY_RULES[key](texts))
        yield from (_story_row(story) for story in counted if view.holds(story.published_at))
    elif key in DEED_RULES:
        yield from (_deed_row(deed) for deed in facts.deeds if view.holds(deed.first_published_at))
    else:
        for fact in facts.cases:
            for mark in CASE_RULES[key](Known(fact.case, view.level, view.zone)):
                if view.holds(mark.at) and (mark.live_from is None or mark.live_from <= view.now):
                    yield _case_row(fact, mark)


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


@dataclass(frozen=True, slots=True)
class Mark:
    """That something counts: when, for whom, and from when on."""

    at: datetime
    """The moment that puts it into a period."""
    told: tuple[Report, ...]
    """The exposures whose outlets, columns and projects it counts for."""
    report: Report | None = None
    """The exposure that it stands for; None: it stands for the problem."""
    live_from: datetime | None = None
    """What becomes true only as time passes, does so then; None: it is true already."""


class Known:
    """What the rules of one problem share, found once."""

    def __init__(self, case: Case, level: Level, zone: ZoneInfo) -> None:
        self.case = case
        self.level = level
        self._zone = zone

    @cached_property
    def judgement(self) -> Judgement:
        """What media may claim."""
        return judge(self.case, self.level, self._zone)

    @cached_property
    def exposures(self) -> tuple[Report, ...]:
        """Exposures that stand, earliest first."""
        return self.case.exposures

    @cached_property
    def verified(self) -> bool:
        """Whether it has ended with a check that counts here."""
        ended = self.case.state in (State.VERIFIED, State.CLOSED, State.NOTHING_FOUND)
        return ended and soundly_verified(self.case, self.level)


CaseRule = Callable[[Known], Iterable[Mark]]


def _clustered(stories: Iterable[StoryFact]) -> Iterable[list[StoryFact]]:
    """The stories of each text, which decide together which of them comes first."""
    clusters: dict[ObjectId, list[StoryFact]] = {}
    for story in stories:
        clusters.setdefault(story.cluster, []).append(story)
    return clusters.values()


def _stories(texts: Sequence[StoryFact]) -> list[StoryFact]:
    return [story for story in texts if not story.withdrawn]


def _clusters(texts: Sequence[StoryFact]) -> list[StoryFact]:
    standing = _stories(texts)
    return [min(standing, key=lambda story: (story.published_at, story.id))] if standing else []


def _behaviour(texts: Sequence[StoryFact]) -> list[StoryFact]:
    first: dict[ObjectId, StoryFact] = {}
    for story in sorted(_stories(texts), key=lambda story: (story.published_at, story.id)):
        if story.behaviour:
            first.setdefault(story.outlet_id, story)
    return list(first.values())


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
        columns=frozenset({story.column}) - {""},
        projects=story.projects,
    )


def _exposures(known: Known) -> Iterable[Mark]:
    if (
        known.case.state is not State.DUPLICATE
    ):  # its exposures were taken over by the problem that it is a duplicate of
        for report in occasions(known.case):
            yield Mark(report.occurred_at, (report,), report)


def _case_row(fact: CaseFact, mark: Mark) -> Row:
    """The row of ``fact`` that ``mark`` stands for."""
    case = fact.case
    voices = {each.id: fact.voices.get(each.story_id, _SILENT) if each.story_id else _SILENT for each in mark.told}
    return Row(
        Subject.PROBLEM if mark.report is None else Subject.EXPOSURE,
        case.id if mark.report is None else mark.report.id,
        mark.at,
        case.id,
        mark.report.story_id if mark.report else None,
        frozenset(each.outlet_id for each in mark.told if each.outlet_id is not None),
        fact.district,
        fact.categories,
        fact.street,
        fact.community,
        columns=frozenset(voice.column for voice in voices.values()) - {""},
        projects=frozenset(project for each in mark.told if each.partner for project in voices[each.id].projects),
        unit_id=case.unit_id,
        severity=case.severity.value,
        source=source_of(case),
        stages=stages_of(case),
    )


def source_of(case: Case) -> str | None:
    """By which door the problem first came in."""
    return case.reports[0].channel.value if case.reports else None


_SILENT = Voice()


def exposed_in_period(facts: Facts, view: View) -> Iterable[tuple[CaseFact, datetime]]:
    """The distinct problems whose first exposure that stands lies in the period, with its time."""
    for fact in facts.cases:
        first = fact.case.first_exposed_at
        if fact.case.state not in NO_PROBLEM and first is not None and view.holds(first):
            yield fact, first


def _problems(known: Known) -> Iterable[Mark]:
    if known.case.state not in NO_PROBLEM and known.exposures:
        yield Mark(known.exposures[0].occurred_at, known.exposures)


def _verified_as(wanted: Credit) -> CaseRule:
    def find(known: Known) -> Iterable[Mark]:
        verified_at = known.case.verified_at
        if known.judgement.credit is wanted and verified_at is not None:
            yield Mark(verified_at, known.judgement.preceding or known.exposures)

    return find


def _resolved_net(known: Known) -> Iterable[Mark]:
    return _verified_as(Credit.VIA_MEDIA)(known) if known.case.relapsed_at is None else ()


def _resolved_cohort(known: Known) -> Iterable[Mark]:
    if known.judgement.credit is Credit.VIA_MEDIA:
        yield Mark(known.exposures[0].occurred_at, known.judgement.preceding)


def _relapsed(known: Known) -> Iterable[Mark]:
    relapsed_at = known.case.relapsed_at
    if relapsed_at is not None and known.judgement.credit is Credit.VIA_MEDIA:
        yield Mark(relapsed_at, known.judgement.preceding)


def _in_state(state: State) -> CaseRule:
    return lambda known: _problems(known) if known.case.state is state else ()


def _overdue(known: Known) -> Iterable[Mark]:
    from_then = overdue_from(known.case)
    return (replace(mark, live_from=from_then) for mark in _problems(known) if from_then is not None)


def _due(known: Known) -> Iterable[Mark]:
    due_at = known.case.original_due_at
    if due_at is not None and known.exposures and known.case.state not in NO_PROBLEM:
        yield Mark(due_at, known.exposures, live_from=due_at)


def _due_closed(known: Known) -> Iterable[Mark]:
    return _due(known) if known.verified else ()


def _due_on_time(known: Known) -> Iterable[Mark]:
    claim = known.case.round.claim if known.case.round else None
    return (mark for mark in _due_closed(known) if claim is not None and claim.claimed_at <= mark.at)


def passed_first_check(case: Case) -> bool | None:
    """Whether the first check of a fix found it in order; None while nobody has checked."""
    checks = (check for each in case.rounds for check in (*each.earlier_checks, each.verification) if check is not None)
    first = next(checks, None)
    return None if first is None else first.passed


def _checked(known: Known) -> Iterable[Mark]:
    return _problems(known) if passed_first_check(known.case) is not None else ()


def _first_failed(known: Known) -> Iterable[Mark]:
    return _problems(known) if passed_first_check(known.case) is False else ()


def _deed_row(deed: DeedFact) -> Row:
    return Row(
        Subject.DEED,
        deed.id,
        deed.first_published_at,
        outlets=deed.outlets,
        district=deed.district,
        street=deed.street,
        community=deed.community,
    )


STORY_RULES: Mapping[Key, Callable[[Sequence[StoryFact]], list[StoryFact]]] = {
    Key.STORIES: _stories,
    Key.CLUSTERS: _clusters,
    Key.BEHAVIOUR: _behaviour,
}
"""Which stories of one text each figure counts, by their publication."""

CASE_RULES: Mapping[Key, CaseRule] = {
    Key.EXPOSURES: _exposures,
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
    Key.CHECKED: _checked,
    Key.FIRST_FAILED: _first_failed,
}
"""What of one problem each figure counts."""

DEED_RULES = frozenset({Key.GOOD_DEEDS})
"""A good deed counts by the publication of its first story."""
