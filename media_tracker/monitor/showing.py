"""What a list shows beside its rows: read from a few fields, since whole records take ten times as long to read and check."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bson import ObjectId

from media_tracker.db.connection import Database, Json
from media_tracker.db.events import COLLECTION as EVENTS
from media_tracker.deeds.documents import GoodDeed
from media_tracker.ingest.documents import Story
from media_tracker.monitor.facts import Row
from media_tracker.monitor.gathering import PROBLEM
from media_tracker.monitor.histories import case_of
from media_tracker.problems.case import Round, Severity, State
from media_tracker.problems.documents import Problem

_OF_PROBLEMS = dict.fromkeys(
    ("number", "title", "place", "first_exposed_at", "case.state", "case.unit_id", "case.verified_at"), 1
)
_OF_STORIES = dict.fromkeys(
    (
        *("outlet_id", "feed_id", "key", "url", "title", "published_at", "fetched_at", "content_hash", "withdrawn_at"),
        *("desk", "district", "version", "changed_since_decision", "blind"),
        *(f"decision.{name}" for name in ("kind", "by", "at")),
        *(f"suggestion.{name}" for name in ("kind", "kind_score", "region", "model", "content_hash")),
    ),
    1,
)
"""What lists show, what decides whether they may, and what a story cannot be without."""
_AT_A_GLANCE = dict.fromkeys(
    (
        *("number", "title", "case.region", "case.severity", "case.due_at", "case.verified_at"),
        *("case.withheld", "case.objections", "case.rounds"),
    ),
    1,
)
_TOLD = dict.fromkeys(("type", "entity_id", "seq", "occurred_at", "recorded_at", "payload"), 1)


@dataclass(frozen=True, slots=True)
class ShownProblem:
    """What a list says of a problem. In a list of the past ``state`` and what follows are those of then."""

    number: str
    title: str
    place: str
    state: State
    unit_id: ObjectId | None
    first_exposed_at: datetime | None
    verified_at: datetime | None


@dataclass(frozen=True, slots=True)
class Glance:
    """What tells whether a problem is to stand on a wall, and with which pictures."""

    number: str
    title: str
    region: str
    severity: Severity
    due_at: datetime | None
    verified_at: datetime | None
    masked: bool
    """Withheld, or objected to: it may not be named."""
    rounds: Sequence[Round]
    """Those of which there are pictures."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What stands behind the rows of a list. Of a story there is no more than lists need: no text, no reasons."""

    stories: Mapping[ObjectId, Story]
    problems: Mapping[ObjectId, ShownProblem]
    deeds: Mapping[ObjectId, GoodDeed]


class Showing:
    """Reads what lists show."""

    def __init__(self, database: Database) -> None:
        self._stories = database[Story.Settings.name]
        self._problems = database[Problem.Settings.name]
        self._deeds = database[GoodDeed.Settings.name]
        self._events = database[EVENTS]

    async def of(self, rows: Sequence[Row], as_of: datetime | None = None) -> Shown:
        """What stands behind ``rows``; with ``as_of`` how far each problem had come by what was recorded up to then."""
        stories = {row.story_id for row in rows if row.story_id is not None}
        problems = {row.problem_id for row in rows if row.problem_id is not None}
        deeds = {row.id for row in rows if row.problem_id is None and row.story_id is None}
        return Shown(
            {
                key: Story.model_validate(row)
                for key, row in (await _by_id(self._stories, stories, _OF_STORIES)).items()
            },
            await self._shown_problems(problems, as_of),
            {key: GoodDeed.model_validate(row) for key, row in (await _by_id(self._deeds, deeds)).items()},
        )

    async def glances(self, rows: Sequence[Row]) -> dict[ObjectId, Glance]:
        """A few fields of the problems behind ``rows``, as they are now."""
        ids = {row.problem_id for row in rows if row.problem_id is not None}
        found = await _by_id(self._problems, ids, _AT_A_GLANCE)
        return {key: _glance(row) for key, row in found.items()}

    async def _shown_problems(self, ids: Collection[ObjectId], as_of: datetime | None) -> dict[ObjectId, ShownProblem]:
        now = {key: _shown(row) for key, row in (await _by_id(self._problems, ids, _OF_PROBLEMS)).items()}
        if as_of is None or not now:
            return now
        query = {"entity": PROBLEM, "entity_id": {"$in": list(now)}, "seq": {"$gt": 0}, "recorded_at": {"$lte": as_of}}
        happened: dict[ObjectId, list[Json]] = {}
        async for event in self._events.find(query, _TOLD).hint("entity_seq"):
            happened.setdefault(event["entity_id"], []).append(event)
        return now | {key: _as_it_was(now[key], events) for key, events in happened.items()}


def _shown(row: Mapping[str, Any]) -> ShownProblem:
    case = row["case"]
    return ShownProblem(
        row["number"],
        row["title"],
        row["place"],
        State(case["state"]),
        case.get("unit_id"),
        row.get("first_exposed_at"),
        case.get("verified_at"),
    )


def _glance(row: Mapping[str, Any]) -> Glance:
    case = row["case"]
    return Glance(
        row["number"],
        row["title"],
        case["region"],
        Severity(case["severity"]),
        case.get("due_at"),
        case.get("verified_at"),
        bool(case.get("withheld") or case.get("objections")),
        [Round.model_validate(each) for each in case.get("rounds", ()) if _is_pictured(each)],
    )


def _is_pictured(row: Mapping[str, Any]) -> bool:
    """Whether a round of work, as it is stored, has pictures of before or after."""
    filed = [row.get("claim") or {}, *row.get("additions", ())]
    return any(each.get("before") or each.get("after") for each in filed)


def _as_it_was(now: ShownProblem, events: Sequence[Json]) -> ShownProblem:
    """``now`` with what ``events``, all of its own up to then, amount to."""
    case = case_of(sorted(events, key=lambda event: int(event["seq"])))
    if case is None:
        return now
    return replace(
        now,
        state=case.state,
        unit_id=case.unit_id,
        first_exposed_at=case.first_exposed_at,
        verified_at=case.verified_at,
    )


async def _by_id(
    collection: Any, ids: Collection[ObjectId], fields: Mapping[str, int] | None = None
) -> dict[ObjectId, Json]:
    """The documents ``ids``; nothing is asked where there are none."""
    if not ids:
        return {}
    rows = await collection.find({"_id": {"$in": list(ids)}}, fields).to_list()
    return {row["_id"]: row for row in rows}
