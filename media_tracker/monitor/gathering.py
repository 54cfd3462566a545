"""Reads what the events tell of some problems, stories or good deeds, and has ``histories`` make lines of it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from media_tracker.accounts.actor import Level
from media_tracker.db.connection import Database, Json
from media_tracker.db.events import COLLECTION as EVENTS
from media_tracker.deeds.documents import GoodDeed
from media_tracker.ingest.documents import Story
from media_tracker.monitor.histories import Tagged, case_spans, cluster_spans, deed_spans, story_states
from media_tracker.monitor.lines import Heard, Published, Span, day_of, milliseconds
from media_tracker.problems.arriving import ARRIVING, IMPORTS
from media_tracker.problems.documents import Problem
from media_tracker.tagging.service import BATCH as TAGGING

EVENT_INDEXES = [
    IndexModel([("payload.stories.id", ASCENDING)], name="tagged", partialFilterExpression={"entity": TAGGING})
]
PROBLEM, STORY, DEED = "problem", "story", "deed"
_TOLD = dict.fromkeys(("type", "entity_id", "seq", "position", "occurred_at", "recorded_at", "payload"), 1)
_TOLD_OF_STORIES = dict.fromkeys(
    (
        *("type", "entity_id", "seq", "position", "recorded_at"),
        *(f"payload.{name}" for name in ("counted", "disposition", "region", "category")),
    ),
    1,
)
"""What ``histories.story_states`` asks; the rest of a decision takes most of the time to read."""
_SHOWN = dict.fromkeys(("outlet_id", "published_at", "column", "cluster", "suggestion.region"), 1)

Spans = dict[ObjectId, list[Span]]


class Gathering:
    """``upto``: events behind this position are left out, so that all that is read is of one moment."""

    def __init__(self, database: Database, level: Level, zone: ZoneInfo) -> None:
        self._events = database[EVENTS]
        self._stories = database[Story.Settings.name]
        self._problems = database[Problem.Settings.name]
        self._deeds = database[GoodDeed.Settings.name]
        self._imports = database[IMPORTS]
        self._level = level
        self._zone = zone

    async def cases(self, ids: Collection[ObjectId], upto: int) -> Spans:
        """What counted when of the problems ``ids``; nothing of those that are still arriving with a list."""
        happened = await self._happened(PROBLEM, ids, upto)
        rows = self._problems.find(
            {"_id": {"$in": list(ids)}, "listed.import_id": {"$exists": True}}, ["listed.import_id"]
        )
        brought = {row["_id"]: row["listed"]["import_id"] async for row in rows}
        imports = self._imports.find({"_id": {"$in": list(set(brought.values()))}}, ["state", "finished_at"])
        arrived: dict[ObjectId, Json] = {row["_id"]: row async for row in imports}
        heard = await self._heard({story for events in happened.values() for story in _stories_in(events)})

        def work() -> Spans:
            found: Spans = {problem: [] for problem in ids}
            for problem, events in happened.items():
                row = arrived.get(brought.get(problem, problem), {})
                if row.get("state") == ARRIVING:
                    continue
                shown_from = milliseconds(row["finished_at"]) if row.get("finished_at") else 0
                found[problem] = case_spans(events, self._level, self._zone, heard, shown_from)
            return found

        return await asyncio.to_thread(work)

    async def stories(
        self, ids: Collection[ObjectId], upto: int, *, first_among: frozenset[ObjectId] | None = None
    ) -> tuple[Spans, dict[ObjectId, list[str]]]:
        """What counted when of the stories ``ids`` and of those with the same texts; and on which day each was published.

        With ``first_among`` only the texts whose first story, by id, is one of those: who reads all stories bit by bit so has
        each text once.
        """
        rows = {row["_id"]: row async for row in self._stories.find({"_id": {"$in": list(ids)}}, _SHOWN)}
        clusters = {row["cluster"] for row in rows.values() if row.get("cluster") is not None}
        async for row in self._stories.find({"cluster": {"$in": list(clusters)}}, _SHOWN):
            rows[row["_id"]] = row
        happened = await self._happened(STORY, list(rows), upto)
        tagged = await self._tagged(rows, upto)

        def work() -> tuple[Spans, dict[ObjectId, list[str]]]:
            published = {story: self._published(row) for story, row in rows.items()}
            texts: dict[ObjectId, list[ObjectId]] = {}
            for story, row in rows.items():
                texts.setdefault(row.get("cluster") or story, []).append(story)
            found: Spans = {}
            for members in texts.values():
                known = [each for each in members if each in happened]
                if first_among is not None and (not known or min(known) not in first_among):
                    continue
                told = [
                    (published[each], story_states(rows[each], happened.get(each, ()), tagged.get(each, ())))
                    for each in members
                ]
                found |= cluster_spans(told)
            return found, {story: [each.day] for story, each in published.items()}

        return await asyncio.to_thread(work)

    async def deeds(self, ids: Collection[ObjectId], upto: int) -> Spans:
        """What counted when of the good deeds ``ids``."""
        happened = await self._happened(DEED, ids, upto)
        rows = self._deeds.find({"_id": {"$in": list(ids)}}, {"region": 1})
        regions = {row["_id"]: row.get("region") async for row in rows}
        return {deed: deed_spans(deed, happened.get(deed, ()), regions.get(deed)) for deed in ids}

    async def _happened(self, entity: str, ids: Collection[ObjectId], upto: int) -> dict[ObjectId, list[Json]]:
        if not ids:
            return {}
        query = {"entity": entity, "entity_id": {"$in": list(ids)}, "seq": {"$gt": 0}, "position": {"$lte": upto}}
        found: dict[ObjectId, list[Json]] = {}
        fields = _TOLD_OF_STORIES if entity == STORY else _TOLD
        async for event in self._events.find(query, fields, batch_size=5000).hint("entity_seq"):
            found.setdefault(event["entity_id"], []).append(event)
        for events in found.values():
            events.sort(key=lambda event: event["seq"])
        return found

    async def _tagged(self, ids: Collection[ObjectId], upto: int) -> dict[ObjectId, list[Tagged]]:
        if not ids or await self._events.find_one({"entity": TAGGING}, {"_id": 1}) is None:
            return {}  # an earlier release told nothing of it
        query = {"entity": TAGGING, "payload.stories.id": {"$in": list(ids)}, "position": {"$lte": upto}}
        found: dict[ObjectId, list[Tagged]] = {}
        async for event in self._events.find(query, _TOLD).sort("position", 1):
            for each in event["payload"]["stories"]:
                if each["id"] in ids:
                    told = Tagged(event["position"], event["recorded_at"], each["cluster"], each["region"])
                    found.setdefault(each["id"], []).append(told)
        return found

    async def _heard(self, stories: Collection[ObjectId]) -> dict[ObjectId, Heard]:
        wanted = {"column": 1, "published_at": 1}
        rows = self._stories.find({"_id": {"$in": list(stories)}}, wanted)
        return {row["_id"]: Heard(row.get("column", ""), self._day(row)) async for row in rows}

    def _published(self, row: Mapping[str, Any]) -> Published:
        return Published(row["_id"], row["outlet_id"], row["published_at"], row.get("column", ""), self._day(row))

    def _day(self, row: Mapping[str, Any]) -> str:
        return day_of(milliseconds(row["published_at"]), self._zone)


def _stories_in(events: Iterable[Json]) -> Iterator[ObjectId]:
    """The stories that ``events`` of a problem name as those of reports."""
    for event in events:
        payload = event["payload"]
        reports: Sequence[Json] = [payload, *payload.get("reports", ())]
        yield from (each["story_id"] for each in reports if each.get("story_id") is not None)
