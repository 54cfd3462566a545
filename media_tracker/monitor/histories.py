"""What counted when, told by the events of a problem, of the stories of one text, of a good deed. Pure.

Events of one entity that were recorded at the same moment are one change. Where the clock of one process ran behind that of
another, a change still follows the one that it follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from bson import ObjectId

from media_tracker.accounts.actor import Level
from media_tracker.monitor.lines import (
    OPEN,
    DeedState,
    Heard,
    Line,
    Published,
    Span,
    StoryState,
    keys_of_stories,
    line_of_story,
    lines_of_case,
    lines_of_deed,
    milliseconds,
    spans,
)
from media_tracker.problems.case import Case, EventType
from media_tracker.problems.folding import apply, fold

Json = Mapping[str, Any]
"""An event as it is stored."""

UNCOUNTED = frozenset(
    {
        EventType.ACKNOWLEDGED,
        EventType.REMINDED,
        EventType.SUPERVISED,
        EventType.SUPERVISION_ENDED,
        EventType.INSTRUCTED,
        EventType.LOOKED_BACK,
        EventType.SATISFACTION,
        EventType.PROTECTED,
        EventType.EXTENSION_ASKED,
        EventType.DEFERRAL_ASKED,
        EventType.ASK_REFUSED,
        EventType.ERRAND_GIVEN,
        EventType.ERRAND_ANSWERED,
        EventType.OBJECTED,
        EventType.OBJECTION_ANSWERED,
        EventType.EVIDENCE_ADDED,
        EventType.PHOTO_BLACKED_OUT,
        EventType.BLACK_OUT_TAKEN_BACK,
        EventType.WITHHELD,
        EventType.SHOWN,
    }
)
"""What changes no figure."""


class _Event(NamedTuple):
    """What folding asks of an event."""

    type: str
    entity_id: ObjectId
    seq: int
    occurred_at: datetime
    payload: Mapping[str, Any]


def case_spans(
    events: Sequence[Json], level: Level, zone: ZoneInfo, heard: Mapping[ObjectId, Heard], shown_from: int = 0
) -> list[Span]:
    """What counted of a problem when. ``events``: all of its own, in order.

    ``shown_from``: when the list that brought it was all there.
    """
    versions: list[tuple[int, frozenset[Line]]] = []
    case: Case | None = None
    moment, owed = 0, False
    for event in events:
        learnt = max(moment, milliseconds(event["recorded_at"]), shown_from)
        if owed and learnt > moment and case is not None:
            versions.append((moment, lines_of_case(case, level, zone, heard)))
            owed = False
        case = apply(case, _fact(event))
        moment, owed = learnt, owed or event["type"] not in UNCOUNTED
    if owed and case is not None:
        versions.append((moment, lines_of_case(case, level, zone, heard)))
    return spans(versions)


def case_of(events: Iterable[Json]) -> Case | None:
    """The problem that ``events``, all of its own and in order, amount to; None without events."""
    return fold(_fact(event) for event in events)


def _fact(event: Json) -> _Event:
    return _Event(event["type"], event["entity_id"], event["seq"], event["occurred_at"], event["payload"])


class Tagged(NamedTuple):
    """What a story was taken for, and with which others it was grouped, from an event of the tagging room."""

    position: int
    recorded_at: datetime
    cluster: ObjectId | None
    region: str | None


def story_states(row: Json, events: Sequence[Json], tagged: Sequence[Tagged]) -> list[tuple[int, StoryState]]:
    """What counting asks of a story, from each of those moments on.

    ``row``: the story as it stands; from before its grouping was told by events, that is taken from there.
    """
    told: list[tuple[int, datetime, Json | Tagged]] = [(each["position"], each["recorded_at"], each) for each in events]
    told += [(each.position, each.recorded_at, each) for each in tagged]
    told.sort(key=lambda each: each[0])
    suggestion = row.get("suggestion") or {}
    cluster = row["_id"] if tagged else (row.get("cluster") or row["_id"])
    guess = "" if tagged else (suggestion.get("region") or "")
    decided: Json | None = None
    withdrawn, moment = False, 0
    states: list[tuple[int, StoryState]] = []
    for _, recorded_at, each in told:
        if isinstance(each, Tagged):
            cluster, guess = each.cluster or cluster, each.region or ""
        else:
            decided, withdrawn = _after(each, decided, withdrawn)
        moment = max(moment, milliseconds(recorded_at))
        state = _state(cluster, guess, decided, withdrawn)
        if states and states[-1][0] == moment:
            states.pop()
        if not states or states[-1][1] != state:
            states.append((moment, state))
    return states


def _after(event: Json, decided: Json | None, withdrawn: bool) -> tuple[Json | None, bool]:
    """What had been decided of a story after ``event``, and whether it was withdrawn."""
    payload = event["payload"]
    counted = payload.get("counted")
    if counted is not None:
        return (counted if counted["decided"] else None), counted["withdrawn"]
    match event["type"]:
        case "decided":
            return payload, withdrawn
        case "disposed":
            return {**(decided or {}), "disposition": payload["disposition"]}, withdrawn
        case "withdrawn":
            return decided, True
    return decided, withdrawn


def _state(cluster: ObjectId, guess: str, decided: Json | None, withdrawn: bool) -> StoryState:
    if decided is None:
        return StoryState(cluster, withdrawn, False, guess, "")
    behaviour = decided.get("disposition") == "behaviour"
    return StoryState(cluster, withdrawn, behaviour, decided.get("region") or "", decided.get("category") or "")


def cluster_spans(stories: Sequence[tuple[Published, Sequence[tuple[int, StoryState]]]]) -> dict[ObjectId, list[Span]]:
    """What counted when of stories that have become copies of one text, by story. They decide together which is first."""
    changes = sorted(
        ((moment, place, state) for place, (_, states) in enumerate(stories) for moment, state in states),
        key=lambda change: (change[0], change[1]),
    )
    now: dict[int, StoryState] = {}
    open_since: dict[int, tuple[Line, int]] = {}
    found: dict[ObjectId, list[Span]] = {told.id: [] for told, _ in stories}
    for at, (moment, place, state) in enumerate(changes):
        now[place] = state
        if at + 1 < len(changes) and changes[at + 1][0] == moment:
            continue
        texts: dict[ObjectId, list[int]] = {}
        for each, then in now.items():
            texts.setdefault(then.cluster, []).append(each)
        keys: dict[ObjectId, tuple[str, ...]] = {}
        for members in texts.values():
            keys |= keys_of_stories([(stories[each][0], now[each]) for each in members])
        for each, then in now.items():
            told = stories[each][0]
            line = line_of_story(told, then, keys[told.id]) if told.id in keys else None
            before = open_since.get(each)
            if before is not None and before[0] == line:
                continue
            if before is not None:
                found[told.id].append(Span(before[0], before[1], moment))
                del open_since[each]
            if line is not None:
                open_since[each] = (line, moment)
    for each, (line, since) in open_since.items():
        found[stories[each][0].id].append(Span(line, since, OPEN))
    return found


def deed_spans(deed: ObjectId, events: Iterable[Json], region_now: str | None) -> list[Span]:
    """What counted of a good deed when. ``region_now``: where it was, for events that do not tell."""
    region, stories, moment = region_now or "", dict[ObjectId, tuple[ObjectId, datetime]](), 0
    versions: list[tuple[int, frozenset[Line]]] = []
    for event in events:
        payload = event["payload"]
        counted = payload.get("counted")
        if counted is not None:
            region = counted["region"] or ""
            stories = {each["story_id"]: (each["outlet_id"], each["published_at"]) for each in counted["stories"]}
        elif event["type"] in ("filed", "story_added"):
            stories[payload["story_id"]] = (payload["outlet_id"], payload["published_at"])
        elif event["type"] in ("story_withdrawn", "story_taken_out"):
            stories.pop(payload["story_id"], None)
        elif event["type"] == "unfiled":
            stories.clear()
        moment = max(moment, milliseconds(event["recorded_at"]))
        if versions and versions[-1][0] == moment:
            versions.pop()
        versions.append((moment, lines_of_deed(deed, DeedState(region, tuple(stories.values())))))
    return spans(versions)
