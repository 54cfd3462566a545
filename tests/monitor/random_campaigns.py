"""Random campaigns as event logs, and a second opinion on them: figures counted by hand, slowly, without the rules of counting.

Every event has two times of its own: when it happened, and when the system learnt of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from hypothesis import strategies as st

from media_tracker.accounts.actor import Level
from media_tracker.monitor.credit import Credit, judge
from media_tracker.monitor.definitions import Dimension, Key
from media_tracker.places.regions import Region
from media_tracker.problems.case import Case, Channel, State
from media_tracker.problems.folding import fold
from tests.monitor.campaigns import OUTLETS, START, Plan, moment, plans
from tests.problems.cases import SHANGHAI, Happened, oid

REGIONS = [
    Region("99", "示例市", "city", None),
    Region("9901", "东区", "district", "99"),
    Region("9902", "西区", "district", "99"),
    Region("990101", "东街道", "subdistrict", "9901"),
    Region("990201", "西街道", "subdistrict", "9902", administered_by="9901"),
    Region("990101001", "东社区", "community", "990101"),
]
PLACES: Mapping[str | None, tuple[str, str, str]] = {
    None: ("", "", ""),
    "9902": ("9902", "", ""),
    "990101001": ("9901", "990101", "990101001"),
    "990201": ("9901", "990201", ""),
}
"""District, street and community of each region that campaigns name."""
CLASSES: Mapping[str | None, tuple[str, str]] = {
    None: ("", ""),
    "201": ("2", "201"),
    "102": ("1", "102"),
    "3": ("3", "3"),
}
"""Top class and sub-class."""
COLUMNS = ["", "曝光台"]
PROJECT = oid("a project")
PROJECT_OUTLET, PROJECT_COLUMN = OUTLETS[0], "曝光台"
PROJECT_DAYS = (moment(24 * 5), moment(24 * 30))
"""First and last day."""
SYSTEM_START = START
"""Nothing is learnt before."""


@dataclass(frozen=True)
class StoryPlan:
    """A story's life. ``learnt``: hours between its events, as the system learns of them."""

    outlet: str
    column: str
    hour: int
    ingested: int
    tagged: int | None
    cluster: int | None
    guess: str | None
    decided: int | None
    region: str | None
    category: str | None
    behaviour: int | None
    undone: int | None
    withdrawn: int | None


@dataclass(frozen=True)
class DeedPlan:
    """A good deed: its stories as outlet, hour, and when they were withdrawn; and a move to another place."""

    filed: int
    stories: tuple[tuple[str, int, int | None], ...]
    region: str | None
    moved: tuple[int, str | None] | None


@dataclass(frozen=True)
class Campaign:
    cases: tuple[tuple[Plan, str | None, str | None, tuple[int, ...], str], ...]
    """A plan, where, of which category, how long each event waited to be learnt, and under which column exposures ran."""
    stories: tuple[StoryPlan, ...]
    deeds: tuple[DeedPlan, ...]


SOON = st.integers(0, 30)
LATE = st.integers(0, 1500)


@st.composite
def story_plans(draw: st.DrawFn) -> StoryPlan:
    hour = draw(st.integers(0, 24 * 60))
    ingested = hour + draw(SOON)
    tagged = draw(st.none() | SOON.map(lambda more: ingested + 1 + more))
    decided = draw(st.none() | SOON.map(lambda more: ingested + 1 + more))
    behaviour = None if decided is None else draw(st.none() | SOON.map(lambda more: decided + more))
    undone = None if decided is None else draw(st.none() | SOON.map(lambda more: (behaviour or decided) + more))
    last = undone or behaviour or decided or ingested
    return StoryPlan(
        outlet=draw(st.sampled_from(OUTLETS)),
        column=draw(st.sampled_from(COLUMNS)),
        hour=hour,
        ingested=ingested,
        tagged=tagged,
        cluster=None if tagged is None else draw(st.none() | st.integers(0, 1)),
        guess=None if tagged is None else draw(st.sampled_from(list(PLACES))),
        decided=decided,
        region=draw(st.sampled_from(list(PLACES))),
        category=draw(st.sampled_from(list(CLASSES))),
        behaviour=behaviour,
        undone=undone,
        withdrawn=draw(st.none() | SOON.map(lambda more: last + more)),
    )


@st.composite
def deed_plans(draw: st.DrawFn) -> DeedPlan:
    filed = draw(LATE)
    stories = tuple(
        (
            draw(st.sampled_from(OUTLETS)),
            draw(st.integers(0, 24 * 60)),
            draw(st.none() | SOON.map(lambda m: filed + 1 + m)),
        )
        for _ in range(draw(st.integers(1, 2)))
    )
    moved = draw(st.none() | st.tuples(SOON.map(lambda more: filed + 40 + more), st.sampled_from(list(PLACES))))
    return DeedPlan(filed, stories, draw(st.sampled_from(list(PLACES))), moved)


@st.composite
def campaigns(draw: st.DrawFn) -> Campaign:
    cases = [
        (
            draw(plans()),
            draw(st.sampled_from(list(PLACES))),
            draw(st.sampled_from([each for each in CLASSES if each is not None])),
            tuple(draw(st.lists(st.integers(0, 200), min_size=20, max_size=20))),
            draw(st.sampled_from(COLUMNS)),
        )
        for _ in range(draw(st.integers(0, 5)))
    ]
    stories = draw(st.lists(story_plans(), max_size=7))
    return Campaign(tuple(cases), tuple(stories), tuple(draw(st.lists(deed_plans(), max_size=2))))


# As documents and events


@dataclass
class Written:
    """What a campaign looks like in a database."""

    events: list[dict[str, Any]]
    stories: list[dict[str, Any]]
    problems: list[dict[str, Any]]
    deeds: list[dict[str, Any]]
    histories: dict[ObjectId, list[Happened]]
    """By problem: its events, with when each was learnt of."""


def tale_of(campaign: Campaign, index: int) -> list[Happened]:
    """The events of a problem. What was learnt later follows later."""
    plan, region, category, waits, _ = campaign.cases[index]
    learnt = 0.0
    events: list[Happened] = []
    for event, wait in zip(plan.tale(f"problem {index}").events, waits * 3, strict=False):
        hours = (event.occurred_at - START).total_seconds() / 3600
        learnt = max(learnt, 0, hours if hours < 24 * 120 else 0) + (0 if wait < 100 else wait - 100)
        payload = dict(event.payload)
        if event.type == "registered":
            payload |= {"region": region, "category": category}
        events.append(Happened(event.type, event.entity_id, event.seq, event.occurred_at, moment(learnt), payload))
    return events


def write(campaign: Campaign) -> Written:
    """The campaign as the services would have written it."""
    told: list[tuple[datetime, int, dict[str, Any]]] = []

    def record(
        entity: str, entity_id: ObjectId, seq: int, kind: str, learnt: datetime, payload: Mapping[str, Any]
    ) -> None:
        row = {"entity": entity, "entity_id": entity_id, "seq": seq, "type": kind, "schema": 1, "actor": None}
        row |= {"acting_unit": None, "request_id": None, "occurred_at": learnt, "recorded_at": learnt}
        told.append((learnt, len(told), {**row, "payload": dict(payload)}))

    written = Written([], [], [], [], {})
    for index, (_, _, _, _, column) in enumerate(campaign.cases):
        events = tale_of(campaign, index)
        written.histories[events[0].entity_id] = events
        for event in events:
            record("problem", event.entity_id, event.seq, event.type, event.recorded_at, event.payload)
            told[-1][2]["occurred_at"] = event.occurred_at
            if event.payload.get("story_id") is not None and event.type == "reported":
                story = {"_id": event.payload["story_id"], "published_at": event.payload["occurred_at"]}
                written.stories.append({**story, "outlet_id": event.payload["outlet_id"], "column": column})
        case = fold(events)
        assert case is not None
        written.problems.append({"_id": case.id, "case": case.model_dump()})
    for index, plan in enumerate(campaign.stories):
        _write_story(index, plan, written, record)
    for index, deed in enumerate(campaign.deeds):
        _write_deed(index, deed, written, record)
    written.stories = list({story["_id"]: story for story in written.stories}.values())
    told.sort(key=lambda each: each[:2])
    written.events = [{**row, "position": place} for place, (_, _, row) in enumerate(told, start=1)]
    return written


def _write_story(index: int, plan: StoryPlan, written: Written, record: Any) -> None:
    story, cluster = oid(f"story {index}"), cluster_of(index, plan)
    row = {"_id": story, "outlet_id": oid(plan.outlet), "published_at": moment(plan.hour), "column": plan.column}
    written.stories.append({**row, "cluster": cluster if plan.tagged is not None else None, "version": 1})
    record("story", story, 1, "ingested", moment(plan.ingested), {"outlet_id": oid(plan.outlet)})
    if plan.tagged is not None:
        batch = {"stories": [{"id": story, "cluster": cluster, "region": plan.guess}]}
        record("tagging", oid(f"batch {index}"), 1, "suggested", moment(plan.tagged), batch)
    counted = {"decided": False, "region": None, "category": None, "disposition": None, "withdrawn": False}
    steps = [
        (plan.decided, "decided"),
        (plan.behaviour, "disposed"),
        (plan.undone, "undone"),
        (plan.withdrawn, "withdrawn"),
    ]
    seq = 1
    for hour, what in steps:
        if hour is None:
            continue
        seq += 1
        match what:
            case "decided":
                counted |= {"decided": True, "region": plan.region, "category": plan.category}
            case "disposed":
                counted |= {"disposition": "behaviour"}
            case "undone":
                counted |= {"decided": False, "region": None, "category": None, "disposition": None}
            case "withdrawn":
                counted |= {"withdrawn": True}
        record("story", story, seq, what, moment(hour), {"counted": dict(counted)})


def cluster_of(index: int, plan: StoryPlan) -> ObjectId:
    """With which stories it is grouped once somebody has looked."""
    return oid(f"story {index}") if plan.cluster is None else oid(f"cluster {plan.cluster}")


def _write_deed(index: int, plan: DeedPlan, written: Written, record: Any) -> None:
    deed = oid(f"deed {index}")
    written.deeds.append({"_id": deed, "region": plan.moved[1] if plan.moved else plan.region})
    changes = {plan.filed, *(gone for _, _, gone in plan.stories if gone is not None)}
    changes |= {plan.moved[0]} if plan.moved else set()
    for seq, hour in enumerate(sorted(changes), start=1):
        region = plan.moved[1] if plan.moved and plan.moved[0] <= hour else plan.region
        standing = [
            {"story_id": oid(f"{index} {at}"), "outlet_id": oid(outlet), "published_at": moment(at)}
            for outlet, at, gone in plan.stories
            if gone is None or gone > hour
        ]
        record("deed", deed, seq, "changed", moment(hour), {"counted": {"region": region, "stories": standing}})


# A second opinion


@dataclass(frozen=True)
class Counted:
    """One row of a list, as somebody counts it by hand: when, of what, and by which values it is found."""

    id: ObjectId
    at: datetime
    values: Mapping[Dimension, frozenset[str]]


def recount(campaign: Campaign, written: Written, key: Key, then: datetime) -> list[Counted]:
    """What ``key`` counts as of ``then``, of all time."""
    if key in (Key.STORIES, Key.CLUSTERS, Key.BEHAVIOUR):
        return _stories(campaign, key, then)
    if key is Key.GOOD_DEEDS:
        return list(_deeds(campaign, then))
    found: list[Counted] = []
    for index, history in enumerate(written.histories.values()):
        case = fold(event for event in history if event.recorded_at <= then)
        if case is not None:
            found += _of_case(case, key, then, campaign.cases[index][4])
    return found


def _stories(campaign: Campaign, key: Key, then: datetime) -> list[Counted]:
    here = [
        (index, plan)
        for index, plan in enumerate(campaign.stories)
        if moment(plan.ingested) <= then and not _by(plan.withdrawn, then)
    ]
    here.sort(key=lambda each: (each[1].hour, oid(f"story {each[0]}")))
    seen: set[object] = set()
    found = []
    for index, plan in here:
        decided = _by(plan.decided, then) and not _by(plan.undone, then)
        behaviour = decided and _by(plan.behaviour, then)
        text = cluster_of(index, plan) if _by(plan.tagged, then) else oid(f"story {index}")
        again: object = {Key.STORIES: index, Key.CLUSTERS: text, Key.BEHAVIOUR: (text, plan.outlet)}[key]
        if again in seen or (key is Key.BEHAVIOUR and not behaviour):
            continue
        seen.add(again)
        region = plan.region if decided else plan.guess if _by(plan.tagged, then) else None
        values = _values(
            [(plan.outlet, plan.column, moment(plan.hour), True)], region, plan.category if decided else None
        )
        found.append(Counted(oid(f"story {index}"), moment(plan.hour), values))
    return found


def _deeds(campaign: Campaign, then: datetime) -> Iterable[Counted]:
    for index, plan in enumerate(campaign.deeds):
        standing = [(outlet, hour) for outlet, hour, gone in plan.stories if not _by(gone, then)]
        if not _by(plan.filed, then) or not standing:
            continue
        region = plan.moved[1] if plan.moved and _by(plan.moved[0], then) else plan.region
        told = [(outlet, "", moment(hour), False) for outlet, hour in standing]
        yield Counted(oid(f"deed {index}"), moment(min(hour for _, hour in standing)), _values(told, region, None))


def _of_case(case: Case, key: Key, then: datetime, column: str) -> Iterable[Counted]:
    outlets = {oid(name): name for name in OUTLETS}
    standing = sorted(
        (r for r in case.reports if r.channel is Channel.EXPOSURE and r.withdrawn_at is None),
        key=lambda r: (r.occurred_at, r.id),
    )

    def row(at: datetime, told: Iterable[Any], row_id: ObjectId | None = None) -> Counted:
        voices = [(outlets[r.outlet_id], column, r.occurred_at, r.partner) for r in told]
        values = dict(_values(voices, case.region, case.category))
        values |= {Dimension.UNIT: frozenset({str(case.unit_id or "")}), Dimension.SEVERITY: frozenset({"normal"})}
        values[Dimension.SOURCE] = frozenset({case.reports[0].channel.value if case.reports else ""})
        return Counted(row_id or case.id, at, values)

    if key is Key.EXPOSURES:
        first: dict[Any, Any] = {}
        for report in standing:
            first.setdefault((report.outlet_id, report.occasion), report)
        if case.state is not State.DUPLICATE:
            yield from (row(report.occurred_at, [report], report.id) for report in first.values())
        return
    verdict = judge(case, Level.CITY, SHANGHAI)
    told = verdict.preceding or standing
    is_one = bool(standing) and case.state not in (State.NOT_ACCEPTED, State.DUPLICATE)
    verified_as = {
        Key.RESOLVED: Credit.VIA_MEDIA,
        Key.RESOLVED_NET: Credit.VIA_MEDIA,
        Key.BEFORE_PRINT: Credit.BEFORE_PRINT,
        Key.ALSO_REPORTED: Credit.ALSO_REPORTED,
    }
    if key in verified_as:
        if verdict.credit is verified_as[key] and not (key is Key.RESOLVED_NET and case.relapsed_at):
            assert case.verified_at is not None
            yield row(case.verified_at, told)
    elif key is Key.RELAPSED or key is Key.RESOLVED_COHORT:
        at = case.relapsed_at if key is Key.RELAPSED else standing[0].occurred_at if standing else None
        if verdict.credit is Credit.VIA_MEDIA and at is not None:
            yield row(at, told)
    elif key in (Key.DUE, Key.DUE_CLOSED, Key.DUE_ON_TIME):
        due = case.original_due_at
        if is_one and due is not None and due <= then and _is_due(case, key, due):
            yield row(due, standing)
    elif is_one and _is_of(case, key, then):
        yield row(standing[0].occurred_at, standing)


def _is_due(case: Case, key: Key, due: datetime) -> bool:
    check = case.rounds[-1].verification if case.rounds else None
    done = case.state in (State.VERIFIED, State.CLOSED, State.NOTHING_FOUND)
    done = done and check is not None and check.passed and check.level is Level.CITY
    claim = case.rounds[-1].claim if case.rounds else None
    on_time = done and claim is not None and claim.claimed_at <= due
    return {Key.DUE: True, Key.DUE_CLOSED: done, Key.DUE_ON_TIME: on_time}[key]


def _is_of(case: Case, key: Key, then: datetime) -> bool:
    checks = [each.verification for each in case.rounds if each.verification is not None]
    waiting = case.state in (State.ASSIGNED, State.IN_PROGRESS, State.REWORK, State.RETURNED)
    return {
        Key.PROBLEMS: True,
        Key.CLAIMED: case.state is State.CLAIMED_FIXED,
        Key.DEFERRED: case.state is State.DEFERRED,
        Key.OVERDUE: waiting and case.due_at is not None and case.due_at < then,
        Key.CHECKED: bool(checks),
        Key.FIRST_FAILED: bool(checks) and not checks[0].passed,
    }[key]


def _by(hour: int | None, then: datetime) -> bool:
    return hour is not None and moment(hour) <= then


def _values(
    told: Iterable[tuple[str, str, datetime, bool]], region: str | None, category: str | None
) -> Mapping[Dimension, frozenset[str]]:
    voices = list(told)
    district, street, community = PLACES[region]
    top, own = CLASSES[category]
    ours = any(
        counts
        and (outlet, column) == (PROJECT_OUTLET, PROJECT_COLUMN)
        and PROJECT_DAYS[0] <= at < PROJECT_DAYS[1] + A_DAY
        for outlet, column, at, counts in voices
    )
    return {
        Dimension.OUTLET: frozenset(str(oid(outlet)) for outlet, _, _, _ in voices),
        Dimension.COLUMN: frozenset(column for _, column, _, _ in voices if column) or frozenset({""}),
        Dimension.PROJECT: frozenset({str(PROJECT) if ours else ""}),
        Dimension.DISTRICT: frozenset({district}),
        Dimension.STREET: frozenset({street}),
        Dimension.COMMUNITY: frozenset({community}),
        Dimension.CATEGORY: frozenset({top}),
        Dimension.SUBCATEGORY: frozenset({own}),
        Dimension.UNIT: frozenset({""}),
        Dimension.SEVERITY: frozenset({""}),
        Dimension.SOURCE: frozenset({""}),
    }


A_DAY = timedelta(days=1)
