"""Facts as they stand in the documents, for counting them one by one. Slow: every problem is read.

Figures on pages come from the ledger.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import OperationFailure

from media_tracker.db.connection import Database, Json
from media_tracker.db.events import COLLECTION as EVENTS
from media_tracker.deeds.documents import GoodDeed
from media_tracker.ingest.documents import Disposition, Story
from media_tracker.monitor.definitions import Key
from media_tracker.monitor.facts import CaseFact, DeedFact, Facts, Period, StoryFact, Voice, whole_days
from media_tracker.monitor.histories import case_of
from media_tracker.monitor.placing import Placing
from media_tracker.monitor.reading import SNAPSHOT_TRIES, SNAPSHOT_UNAVAILABLE
from media_tracker.problems.arriving import without_arriving
from media_tracker.problems.case import Case
from media_tracker.problems.documents import Problem

STORY_KEYS = frozenset({Key.STORIES, Key.CLUSTERS, Key.BEHAVIOUR})
DEED_KEYS = frozenset({Key.GOOD_DEEDS})


class FactReading:
    """Reads facts."""

    def __init__(self, database: Database, zone: ZoneInfo) -> None:
        self._client = database.client
        self._stories = database[Story.Settings.name]
        self._problems = database[Problem.Settings.name]
        self._deeds = database[GoodDeed.Settings.name]
        self._events = database[EVENTS]
        self.zone = zone

    async def read(
        self, period: Period, keys: frozenset[Key] | set[Key], where: Placing, as_of: datetime | None = None
    ) -> Facts:
        """The facts that ``keys`` need for ``period``, all of one moment: nothing is seen half-way between two collections."""
        periods = [period]
        for again in range(SNAPSHOT_TRIES, 0, -1):
            try:
                async with self._client.start_session(snapshot=True) as session:
                    stories = await self._story_facts(periods, where, session, as_of) if keys & STORY_KEYS else []
                    deeds = await self._deed_facts(periods, where, session, as_of) if keys & DEED_KEYS else []
                    cases = await self._case_facts(where, session, as_of) if keys - STORY_KEYS - DEED_KEYS else []
                return Facts(stories, cases, deeds)
            except OperationFailure as error:
                if error.code != SNAPSHOT_UNAVAILABLE or again == 1:
                    raise
                await asyncio.sleep(0.2)
        raise AssertionError("unreachable: the last try returns or raises")

    async def _story_facts(
        self, periods: Sequence[Period], where: Placing, session: AsyncClientSession, as_of: datetime | None
    ) -> list[StoryFact]:
        """Stories of the periods, and earlier ones of the same clusters, which decide where a cluster counts."""
        shown = ("published_at", "outlet_id", "cluster", "withdrawn_at", "suggestion.region", "column")
        decided = ("decision.region", "decision.category", "decision.disposition")
        wanted = dict.fromkeys((*shown, *decided), 1)
        found: dict[ObjectId, Json] = {}
        for period in periods:
            start, end = whole_days(period.start, period.end, self.zone)
            query: Json = {"published_at": {"$gte": start, "$lt": end}}
            told = await self._stories.find(query, wanted, session=session).to_list()
            clusters = list({row["cluster"] for row in told if row.get("cluster") is not None})
            if clusters:
                query = {"cluster": {"$in": clusters}, "published_at": {"$lt": start}}
                told += await self._stories.find(query, wanted, session=session).to_list()
            found |= {row["_id"]: row for row in told}
        if as_of is not None:
            found = await self._stories_then(found, as_of, session)
        return [_story_fact(row, where, self.zone) for row in found.values()]

    async def _stories_then(
        self, found: Mapping[ObjectId, Json], as_of: datetime, session: AsyncClientSession
    ) -> dict[ObjectId, Json]:
        """Those stories that were here at ``as_of``, with what had been decided of them by then."""
        query: Json = {"entity": "story", "entity_id": {"$in": list(found)}, "recorded_at": {"$lte": as_of}}
        events = self._events.find(query, session=session).sort([("entity_id", 1), ("seq", 1)])
        then: dict[ObjectId, Json] = {}
        async for event in events:
            story = event["entity_id"]
            row = then.setdefault(story, {**found[story], "decision": None, "withdrawn_at": None})
            if event["type"] == "withdrawn":
                row["withdrawn_at"] = event["recorded_at"]
            elif event["type"] == "decided":
                row["decision"] = dict(event["payload"])
            elif event["type"] == "disposed":
                row["decision"] = {**(row["decision"] or {}), "disposition": event["payload"]["disposition"]}
            elif event["type"] == "undone":
                row["decision"] = dict(event["payload"]) if event["payload"]["kind"] is not None else None
        return then

    async def _case_facts(self, where: Placing, session: AsyncClientSession, as_of: datetime | None) -> list[CaseFact]:
        """Every problem: the period of a problem depends on the figure (exposure, verification, deadline, relapse)."""
        there = await without_arriving(self._problems.database, session)
        if as_of is None:
            found = await self._problems.find(there, {"case": 1}, session=session).to_list()
            cases = await asyncio.to_thread(lambda: [Case.model_validate(row["case"]) for row in found])
        else:
            shown = {row["_id"] async for row in self._problems.find(there, {"_id": 1}, session=session)}
            query: Json = {"entity": "problem", "recorded_at": {"$lte": as_of}}
            told_of = self._events.find(query, session=session).sort([("entity_id", 1), ("seq", 1)])
            happened: dict[ObjectId, list[Json]] = {}
            async for row in told_of:
                if row["entity_id"] in shown:
                    happened.setdefault(row["entity_id"], []).append(row)
            folded = await asyncio.to_thread(lambda: [case_of(each) for each in happened.values()])
            cases = [case for case in folded if case is not None]
        told = {r.story_id: r for case in cases for r in case.exposures if r.story_id is not None}
        query = {"_id": {"$in": list(told)}}
        stories = self._stories.find(query, {"column": 1, "outlet_id": 1, "published_at": 1}, session=session)
        voices = {row["_id"]: _voice(row, where, self.zone) async for row in stories}
        return [_case_fact(case, where, voices) for case in cases]

    async def _deed_facts(
        self, periods: Sequence[Period], where: Placing, session: AsyncClientSession, as_of: datetime | None
    ) -> list[DeedFact]:
        days = [whole_days(period.start, period.end, self.zone) for period in periods]
        between = [{"first_published_at": {"$gte": start, "$lt": end}} for start, end in days]
        query: Json = {"$or": between, "stories.withdrawn_at": None}
        if as_of is not None:
            return await self._deeds_then(where, session, as_of)
        cursor = self._deeds.find(query, {"stories": 1, "first_published_at": 1, "region": 1}, session=session)
        facts = []
        async for row in cursor:
            standing = [story for story in row["stories"] if story.get("withdrawn_at") is None]
            outlets = frozenset(story["outlet_id"] for story in standing)
            facts.append(DeedFact(row["_id"], outlets, row["first_published_at"], *where.of(row.get("region"))))
        return facts

    async def _deeds_then(self, where: Placing, session: AsyncClientSession, as_of: datetime) -> list[DeedFact]:
        """Good deeds as they stood at ``as_of``."""
        query: Json = {"entity": "deed", "recorded_at": {"$lte": as_of}}
        standing: dict[ObjectId, dict[ObjectId, Json]] = {}
        async for event in self._events.find(query, session=session).sort([("entity_id", 1), ("seq", 1)]):
            stories = standing.setdefault(event["entity_id"], {})
            if event["type"] in ("filed", "story_added"):
                stories[event["payload"]["story_id"]] = event["payload"]
            elif event["type"] in ("story_withdrawn", "story_taken_out", "unfiled"):
                stories.pop(event["payload"]["story_id"], None)
        rows = self._deeds.find({"_id": {"$in": list(standing)}}, {"region": 1}, session=session)
        regions = {row["_id"]: row.get("region") async for row in rows}
        return [
            DeedFact(
                deed,
                frozenset(story["outlet_id"] for story in stories.values()),
                min(story["published_at"] for story in stories.values()),
                *where.of(regions.get(deed)),
            )
            for deed, stories in standing.items()
            if stories
        ]


def _voice(row: Json, where: Placing, zone: ZoneInfo) -> Voice:
    """What a story's row says of whose voice it is."""
    column = row.get("column", "")
    day = row["published_at"].astimezone(zone).date()
    return Voice(column, where.commitments.of(row["outlet_id"], column, day))


def _case_fact(case: Case, where: Placing, voices: Mapping[ObjectId, Voice]) -> CaseFact:
    district, street, community = where.of(case.region)
    told = {story: voices[story] for r in case.exposures if (story := r.story_id) is not None and story in voices}
    return CaseFact(case, district, where.categories.path(case.category), street, community, told)


def _story_fact(row: Json, where: Placing, zone: ZoneInfo) -> StoryFact:
    decision: Mapping[str, Any] | None = row.get("decision")
    suggestion: Mapping[str, Any] = row.get("suggestion") or {}
    district, street, community = where.of((suggestion if decision is None else decision).get("region"))
    voice = _voice(row, where, zone)
    decision = decision or {}
    return StoryFact(
        id=row["_id"],
        outlet_id=row["outlet_id"],
        cluster=row.get("cluster") or row["_id"],
        published_at=row["published_at"],
        withdrawn=row.get("withdrawn_at") is not None,
        behaviour=decision.get("disposition") == Disposition.BEHAVIOUR.value,
        district=district,
        categories=where.categories.path(decision.get("category")),
        street=street,
        community=community,
        column=voice.column,
        projects=voice.projects,
    )
