"""Figures counted by hand: slowly, from records as they stood, by DESIGN §2 and the definitions, not by the code that counts.

Who counts as of a moment takes the records that somebody kept at that moment. Columns of stories, regions and projects are those
of today, as docs/monitor.md says.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from bson import ObjectId

from media_tracker.accounts.actor import Level
from media_tracker.monitor.definitions import Dimension, Key
from media_tracker.problems.case import Basis, Case, Channel, Claim, Outcome, Precision, Report, State
from tests.monitor.chance import Seen
from tests.problems.cases import SHANGHAI

Values = Mapping[Dimension, frozenset[str]]
A_DAY = timedelta(days=1)
WORK = {State.ASSIGNED: "in_hand", State.IN_PROGRESS: "in_hand", State.REWORK: "in_hand", State.DEFERRED: "deferred"}
ANSWERED = {State.CLAIMED_FIXED: "claimed"}
CONFIRMED = {State.VERIFIED: "verified", State.CLOSED: "closed"}
OTHERS = {State.REGISTERED: "waiting"}
MEDIA = Channel.EXPOSURE


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody wants to know: which local days, which values of which dimensions, over which stretch, as of when."""

    start: date
    end: date
    chosen: tuple[tuple[Dimension, str], ...] = ()
    stretch: str = ""
    seen: Seen | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Counted:
    """One row: its day is that of ``at``. ``shown``: in which columns of tables; ``found``: by which filters."""

    id: ObjectId
    at: datetime
    shown: Values
    found: Values
    hours: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tables:
    """What is asked of the tables of today."""

    places: Mapping[str | None, tuple[str, str, str]]
    """District, street and community that count a region."""
    projects: Sequence[tuple[str, ObjectId, date, date, frozenset[str]]]
    """Id, outlet, first day, last day, columns (none: all of them)."""
    stories: Mapping[ObjectId, tuple[str, date]]
    """Column and local day of every story."""


def day_of(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()


def rows(every: Iterable[Counted], asked: Question) -> list[Counted]:
    """The list that somebody would write down of all that a figure counts, newest first."""
    listed = [
        each
        for each in every
        if asked.start <= day_of(each.at) <= asked.end
        and all(value in each.found[by] for by, value in asked.chosen)
        and (not asked.stretch or asked.stretch in each.hours)
    ]
    return sorted(listed, key=lambda each: (each.at, each.id), reverse=True)


def table(found: Iterable[Counted], by: Dimension) -> dict[str, int]:
    """How many fall to each value."""
    counts: dict[str, int] = {}
    for each in found:
        for value in each.shown[by]:
            counts[value] = counts.get(value, 0) + 1
    return counts


def middle(hours: Sequence[float]) -> float | None:
    return statistics.median(hours) if hours else None


def everything(key: Key, seen: Seen, tables: Tables) -> Iterator[Counted]:
    """What ``key`` counted of all time when the records were ``seen``."""
    if key in (Key.STORIES, Key.CLUSTERS, Key.BEHAVIOUR):
        yield from _of_stories(key, seen, tables)
    elif key is Key.GOOD_DEEDS:
        yield from _of_deeds(seen, tables)
    else:
        for case in seen.problems:
            yield from _of_case(key, case, seen.at, tables)


# Stories and good deeds


def _of_stories(key: Key, seen: Seen, tables: Tables) -> Iterator[Counted]:
    again: set[object] = set()
    for row in sorted(seen.stories, key=lambda row: (row["published_at"], row["_id"])):
        decision = row["decision"]
        text = row["cluster"] or row["_id"]
        same: object = {Key.STORIES: row["_id"], Key.CLUSTERS: text, Key.BEHAVIOUR: (text, row["outlet_id"])}[key]
        exposed = decision is not None and decision["disposition"] == "behaviour"
        if row["withdrawn_at"] is not None or same in again or (key is Key.BEHAVIOUR and not exposed):
            continue
        again.add(same)
        told = decision or row["suggestion"] or {}
        voice = (row["outlet_id"], *tables.stories[row["_id"]], True)
        values = _values([voice], told.get("region"), decision and decision["category"], row["published_at"], tables)
        yield Counted(row["_id"], row["published_at"], *values)


def _of_deeds(seen: Seen, tables: Tables) -> Iterator[Counted]:
    for row in seen.deeds:
        told = [each for each in row["stories"] if each.get("withdrawn_at") is None]
        if told:
            first = min(each["published_at"] for each in told)
            voices = [(each["outlet_id"], "", date.min, False) for each in told]
            yield Counted(row["_id"], first, *_values(voices, row["region"], None, first, tables))


# Problems


def _of_case(key: Key, case: Case, now: datetime, tables: Tables) -> Iterator[Counted]:
    standing = sorted(
        (each for each in case.reports if each.channel is MEDIA and each.withdrawn_at is None),
        key=lambda each: (each.occurred_at, each.id),
    )

    def row(at: datetime | None, told: Iterable[Report], report: Report | None = None) -> Counted:
        assert at is not None
        voices = [
            (each.outlet_id, *tables.stories.get(each.story_id or ObjectId(), ("", date.min)), each.partner)
            for each in told
        ]
        shown, found = _values(voices, case.region, case.category, at, tables)
        own = {
            Dimension.UNIT: frozenset({str(case.unit_id or "")}),
            Dimension.SEVERITY: frozenset({case.severity.value}),
            Dimension.SOURCE: frozenset({case.reports[0].channel.value if case.reports else ""}),
        }
        way = _way(case)
        shown = {**shown, **own, Dimension.STAGE: frozenset(way[:1])}
        found = {**found, **own, Dimension.STAGE: frozenset(way)}
        return Counted(report.id if report else case.id, at, shown, found, _hours(case, standing))

    if key is Key.EXPOSURES:
        if case.state is not State.DUPLICATE:
            first: dict[object, Report] = {}
            for each in standing:
                first.setdefault((each.outlet_id, each.occasion), each)
            yield from (row(each.occurred_at, [each], each) for each in first.values())
        return
    credit, shared = _credit(case, standing)
    if key in _RESULTS:
        if credit == _RESULTS[key] and not (key is Key.RESOLVED_NET and case.relapsed_at):
            yield row(case.verified_at, shared or standing)
    elif key in (Key.RELAPSED, Key.RESOLVED_COHORT):
        at = case.relapsed_at if key is Key.RELAPSED else standing[0].occurred_at if standing else None
        if credit == "via media" and at is not None:
            yield row(at, shared)
    elif standing and case.state not in (State.NOT_ACCEPTED, State.DUPLICATE):
        due = case.original_due_at
        if key not in (Key.DUE, Key.DUE_CLOSED, Key.DUE_ON_TIME):
            if _is_so(key, case, now):
                yield row(standing[0].occurred_at, standing)
        elif due is not None and due <= now and _was_kept(key, case, due):
            yield row(due, standing)


_RESULTS = {
    Key.RESOLVED: "via media",
    Key.RESOLVED_NET: "via media",
    Key.BEFORE_PRINT: "before print",
    Key.ALSO_REPORTED: "also reported",
}


def _is_so(key: Key, case: Case, now: datetime) -> bool:
    checks = [
        check
        for each in case.rounds
        for check in [*each.earlier_checks, *([each.verification] if each.verification else [])]
    ]
    late = case.due_at is not None and case.due_at < now
    return {
        Key.PROBLEMS: True,
        Key.CLAIMED: case.state is State.CLAIMED_FIXED,
        Key.DEFERRED: case.state is State.DEFERRED,
        Key.OVERDUE: late and case.state in (State.ASSIGNED, State.IN_PROGRESS, State.REWORK, State.RETURNED),
        Key.CHECKED: bool(checks),
        Key.FIRST_FAILED: bool(checks) and not checks[0].passed,
    }[key]


def _was_kept(key: Key, case: Case, due: datetime) -> bool:
    done = case.state in (State.VERIFIED, State.CLOSED, State.NOTHING_FOUND) and _confirmed(case)
    if key is Key.DUE:
        return True
    claim = case.rounds[-1].claim if case.rounds else None
    return done and (key is Key.DUE_CLOSED or (claim is not None and claim.claimed_at <= due))


def _confirmed(case: Case) -> bool:
    """Whether somebody independent of the city has found the last round in order."""
    check = case.rounds[-1].verification if case.rounds else None
    if check is None or not check.passed or not check.independent or check.level is not Level.CITY:
        return False
    told = {each.story_id for each in case.reports if each.withdrawn_at is None}
    return check.basis is not Basis.FOLLOW_UP or check.story_id in told


def _window(at: datetime, precision: Precision) -> tuple[datetime, datetime]:
    """Between which moments something happened; of a day alone it may be any moment of it."""
    if precision is Precision.MINUTE:
        return at, at
    midnight = datetime.combine(day_of(at), time(), SHANGHAI)
    return midnight, midnight + A_DAY - timedelta(microseconds=1)


def _out(report: Report) -> tuple[datetime, datetime]:
    """Between which moments a report came out: what had come in here was out."""
    first, last = _window(report.occurred_at, report.precision)
    return first, last if report.precision is Precision.MINUTE else min(last, report.received_at)


def _credit(case: Case, standing: Sequence[Report]) -> tuple[str, list[Report]]:
    """What media may claim, and for which exposures."""
    done = case.state in (State.VERIFIED, State.CLOSED) and case.outcome is Outcome.RESOLVED
    claim: Claim | None = case.rounds[-1].claim if case.rounds else None
    if not (done and standing and claim is not None and _confirmed(case)):
        return "", []
    fixed_from, _ = _window(claim.fixed_at, claim.precision)
    led = [each for each in standing if _out(each)[1] < fixed_from]
    since = {id(each): _out(each)[0] for each in led}
    name = "via media"
    if not led:
        inquiries = [each for each in case.reports if each.channel is Channel.INQUIRY and each.withdrawn_at is None]
        asked: dict[Any, datetime] = {}
        for inquiry in inquiries:
            if inquiry.received_at < fixed_from:
                asked[inquiry.outlet_id] = min(inquiry.received_at, asked.get(inquiry.outlet_id, inquiry.received_at))
        led = [each for each in standing if each.outlet_id in asked]
        since = {id(each): asked[each.outlet_id] for each in led}
        name = "before print"
    if led and all(_had_it(case, since[id(each)]) for each in led):
        name = "also reported"
    return (name, led) if led else ("", [])


def _had_it(case: Case, moment: datetime) -> bool:
    """Whether another channel had the problem before ``moment``, and neither it nor we had let it lie."""
    if case.due_at == case.original_due_at and case.due_at is not None and case.due_at < moment:
        return False
    for each in case.rounds[:-1]:
        check = each.verification
        if check is not None and check.passed and check.at < moment:
            continued = check.outcome is Outcome.PARTLY_RESOLVED and case.revoked_at is None
            if not continued:
                return False
    others = (Channel.TICKET, Channel.PATROL, Channel.LIST, Channel.SNAPSHOT)
    for report in case.reports:
        if report.channel in others and report.withdrawn_at is None:
            proven = report.received_at < moment or (bool(report.outside_number) and _out(report)[1] < moment)
            over = [each for each in (report.due_at, report.closed_elsewhere_at) if each is not None and each < moment]
            if proven and not over:
                return True
    return False


def _way(case: Case) -> list[str]:
    """How far it has come, with all that it has passed, the last first."""
    if case.state in WORK:
        return [WORK[case.state], "handed_over"]
    if case.state in ANSWERED:
        return ["claimed", "answered", "handed_over"]
    if case.state in CONFIRMED:
        last = "relapsed" if case.relapsed_at is not None else CONFIRMED[case.state]
        return [last, "confirmed", "answered", "handed_over"]
    return [OTHERS.get(case.state, case.state.value)]


def _hours(case: Case, standing: Sequence[Report]) -> dict[str, float]:
    """How long each stretch took that has both its ends."""
    if not standing:
        return {}
    ends: dict[str, tuple[datetime | None, datetime | None]] = {}
    claims = [each.claim.claimed_at for each in case.rounds if each.claim is not None]
    first = standing[0].occurred_at
    ends["assignment"] = first, case.assigned_at
    ends["answer"] = case.assigned_at, claims[0] if claims else None
    fixed = case.outcome is Outcome.RESOLVED and _confirmed(case)
    ends["fix"] = first, case.verified_at if fixed else None
    return {
        name: max(0.0, (end - start) / timedelta(hours=1))
        for name, (start, end) in ends.items()
        if start is not None and end is not None
    }


# By what rows are found


def _values(
    voices: Sequence[tuple[ObjectId | None, str, date, bool]],
    region: str | None,
    category: str | None,
    at: datetime,
    tables: Tables,
) -> tuple[Values, Values]:
    district, street, community = tables.places[region]
    top, own = (category[:1], category) if category else ("", "")
    projects = {
        project
        for outlet, column, day, counts in voices
        for project, whose, first, last, columns in tables.projects
        if counts and whose == outlet and first <= day <= last and (not columns or column in columns)
    }
    shown = {
        Dimension.OUTLET: frozenset(str(outlet) for outlet, *_ in voices if outlet) or _NONE,
        Dimension.COLUMN: frozenset(column for _, column, *_ in voices if column) or _NONE,
        Dimension.PROJECT: frozenset(projects) or _NONE,
        Dimension.DISTRICT: frozenset({district}),
        Dimension.STREET: frozenset({street}),
        Dimension.COMMUNITY: frozenset({community}),
        Dimension.CATEGORY: frozenset({top}),
        Dimension.SUBCATEGORY: frozenset({own}),
        Dimension.UNIT: _NONE,
        Dimension.SEVERITY: _NONE,
        Dimension.SOURCE: _NONE,
        Dimension.STAGE: _NONE,
        Dimension.MONTH: frozenset({f"{day_of(at):%Y-%m}"}),
        Dimension.DAY: frozenset({day_of(at).isoformat()}),
    }
    return shown, {**shown, Dimension.CATEGORY: frozenset({top, own})}


_NONE = frozenset({""})
