"""Figures over the database: loads the facts, counts them purely, and hands out numbers together with their lists."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import OperationFailure

from media_tracker.accounts.actor import Level
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.events import COLLECTION as EVENTS
from media_tracker.db.events import Event
from media_tracker.db.events import _event as event_of
from media_tracker.deeds.documents import GoodDeed
from media_tracker.errors import N_, NotFound
from media_tracker.ingest.documents import Disposition, Story
from media_tracker.monitor.counting import adds_up, breakdown, rows
from media_tracker.monitor.definitions import DEFINITIONS, Definition, Dimension, Key
from media_tracker.monitor.durations import Duration, durations
from media_tracker.monitor.facts import (
    EVERYTHING,
    CaseFact,
    DeedFact,
    Facts,
    Period,
    Row,
    Slice,
    StoryFact,
    View,
    Voice,
    whole_days,
)
from media_tracker.monitor.periods import before as days_before
from media_tracker.outlets.commitments import Commitments
from media_tracker.outlets.documents import Project
from media_tracker.places.regions import RegionTree
from media_tracker.places.service import Places
from media_tracker.problems.arriving import without_arriving
from media_tracker.problems.case import Case
from media_tracker.problems.documents import Problem
from media_tracker.problems.folding import fold
from media_tracker.taxonomy.service import CategoryTable, Taxonomy

SNAPSHOT_UNAVAILABLE = 246
"""MongoDB's answer while an index or collection has just been made; moments later it has a snapshot again."""
SNAPSHOT_TRIES = 10
STORY_KEYS = frozenset({Key.STORIES, Key.CLUSTERS, Key.BEHAVIOUR})
DEED_KEYS = frozenset({Key.GOOD_DEEDS})


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with the list that it counts and the definition that it follows."""

    key: Key
    rows: Sequence[Row]
    hours: Mapping[ObjectId, float] = field(default_factory=dict)
    """How long it took, by problem; only in the list behind a duration."""

    @property
    def value(self) -> int:
        return len(self.rows)

    @property
    def definition(self) -> Definition:
        return DEFINITIONS[self.key]


class Stretch(StrEnum):
    """A stretch of time that is measured; in the order of ``durations``."""

    ASSIGNMENT = "assignment"
    ANSWER = "answer"
    FIX = "fix"


@dataclass(frozen=True, slots=True)
class Column:
    """One value of a breakdown, with how many rows of each figure fall to it."""

    value: str
    counts: Mapping[Key, int]


@dataclass(frozen=True, slots=True)
class Table:
    """Figures broken down by one dimension. ``not_additive`` names those whose columns do not add up (不可加总)."""

    by: Dimension
    columns: Sequence[Column]
    not_additive: frozenset[Key]


@dataclass(frozen=True, slots=True)
class Overview:
    """What the monitor shows for a period."""

    view: View
    figures: Mapping[Key, Figure]
    earlier: View
    """The period that it is compared with (上期); see ``periods.before``."""
    before: Mapping[Key, Figure]
    durations: Mapping[Stretch, Duration]
    tables: Mapping[Dimension, Table]


@dataclass(frozen=True, slots=True)
class Subjects:
    """The records that rows of a list stand for, for showing them."""

    stories: Mapping[ObjectId, Story]
    problems: Mapping[ObjectId, Problem]
    deeds: Mapping[ObjectId, GoodDeed]


class Monitor:
    """Counts."""

    def __init__(
        self, database: Database, places: Places, taxonomy: Taxonomy, clock: Clock, level: Level, zone: ZoneInfo
    ) -> None:
        self._client = database.client
        self._stories = database[Story.Settings.name]
        self._problems = database[Problem.Settings.name]
        self._deeds = database[GoodDeed.Settings.name]
        self._projects = database[Project.Settings.name]
        self._events = database[EVENTS]
        self._places = places
        self._taxonomy = taxonomy
        self._clock = clock
        self.level = level
        self.zone = zone

    def view(self, period: Period, *, as_of: datetime | None = None) -> View:
        """``period`` as this installation looks at it now, or looked at it at ``as_of``."""
        return View(period, as_of or self._clock(), self.level, self.zone)

    async def overview(
        self,
        period: Period,
        by: Sequence[Key],
        part: Slice = EVERYTHING,
        *,
        dimensions: Sequence[Dimension] = tuple(Dimension),
        as_of: datetime | None = None,
    ) -> Overview:
        """Every figure of the period beside the period before, and the figures ``by`` broken down by each of ``dimensions``.

        ``as_of``: as all of it stood at that moment, from the events recorded by then; None: now.
        """
        view = self.view(period, as_of=as_of)
        earlier = replace(view, period=days_before(period))
        facts = await self._facts([earlier.period, period], frozenset(Key), as_of)
        figures = {key: Figure(key, rows(key, facts, view, part)) for key in Key}
        before = {key: Figure(key, rows(key, facts, earlier, part)) for key in Key}
        chosen = {key: figures[key].rows for key in by}
        tables = {dimension: _table(dimension, chosen, self.zone) for dimension in dimensions}
        meant = {row.id for row in figures[Key.PROBLEMS].rows}
        times = durations(Facts(cases=[fact for fact in facts.cases if fact.case.id in meant]), view)
        return Overview(view, figures, earlier, before, dict(zip(Stretch, times, strict=True)), tables)

    async def figure(
        self,
        key: Key,
        period: Period,
        part: Slice,
        stretch: Stretch | None = None,
        *,
        as_of: datetime | None = None,
    ) -> Figure:
        """One figure, with its list. With ``stretch`` only the problems over which that duration is measured.

        Raises:
            NotFound: a stretch of something else than the problems exposed.
        """
        if stretch is not None and key is not Key.PROBLEMS:
            raise NotFound(N_("There is nothing at this address."))
        facts, view = await self.facts(period, {key}, as_of=as_of), self.view(period, as_of=as_of)
        found = rows(key, facts, view, part)
        if stretch is None:
            return Figure(key, found)
        hours = _hours(facts, view, stretch)
        return Figure(key, [row for row in found if row.id in hours], hours)

    async def page(
        self, key: Key, period: Period, part: Slice, first: int, size: int, *, as_of: datetime | None = None
    ) -> tuple[int, Sequence[Row]]:
        """How many rows a figure's list has, and ``size`` of them from place ``first`` (from 0) on, newest first."""
        found = (await self.figure(key, period, part, as_of=as_of)).rows
        return len(found), found[first : first + size]

    async def each(
        self, key: Key, period: Period, part: Slice, *, as_of: datetime | None = None
    ) -> AsyncIterator[Row]:
        """Every row of a figure's list, newest first; for files, that need not hold them all."""
        for row in (await self.figure(key, period, part, as_of=as_of)).rows:
            yield row

    async def subjects(self, found: Sequence[Row]) -> Subjects:
        """Read the records behind ``found``."""
        story_ids = [row.story_id for row in found if row.story_id is not None]
        problem_ids = [row.problem_id for row in found if row.problem_id is not None]
        deed_ids = [row.id for row in found if row.problem_id is None and row.story_id is None]
        stories = self._stories.find({"_id": {"$in": story_ids}})
        problems = self._problems.find({"_id": {"$in": problem_ids}})
        deeds = self._deeds.find({"_id": {"$in": deed_ids}})
        return Subjects(
            {row["_id"]: Story.model_validate(row) async for row in stories},
            {row["_id"]: Problem.model_validate(row) async for row in problems},
            {row["_id"]: GoodDeed.model_validate(row) async for row in deeds},
        )

    async def facts(
        self,
        period: Period,
        keys: frozenset[Key] | set[Key] = frozenset(Key),
        *,
        as_of: datetime | None = None,
    ) -> Facts:
        """The facts that ``keys`` need for ``period``, all of one moment: nothing is seen half-way between two collections."""
        return await self._facts([period], keys, as_of)

    async def _facts(
        self, periods: Sequence[Period], keys: frozenset[Key] | set[Key], as_of: datetime | None = None
    ) -> Facts:
        where = _Where(await self._places.regions(), await self._taxonomy.table(), await self._commitments())
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
        self, periods: Sequence[Period], where: _Where, session: AsyncClientSession, as_of: datetime | None
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
        return then

    async def _case_facts(
        self, where: _Where, session: AsyncClientSession, as_of: datetime | None
    ) -> list[CaseFact]:
        """Every problem: the period of a problem depends on the figure (exposure, verification, deadline, relapse)."""
        there = await without_arriving(self._problems.database, session)
        if as_of is None:
            found = await self._problems.find(there, {"case": 1}, session=session).to_list()
            cases = await asyncio.to_thread(lambda: [Case.model_validate(row["case"]) for row in found])
        else:
            shown = {row["_id"] async for row in self._problems.find(there, {"_id": 1}, session=session)}
            query: Json = {"entity": "problem", "recorded_at": {"$lte": as_of}}
            told_of = self._events.find(query, session=session).sort([("entity_id", 1), ("seq", 1)])
            happened: dict[ObjectId, list[Event]] = {}
            async for row in told_of:
                if row["entity_id"] in shown:
                    happened.setdefault(row["entity_id"], []).append(event_of(row))
            folded = await asyncio.to_thread(lambda: [fold(each) for each in happened.values()])
            cases = [case for case in folded if case is not None]
        told = {r.story_id: r for case in cases for r in case.exposures if r.story_id is not None}
        query = {"_id": {"$in": list(told)}}
        stories = self._stories.find(query, {"column": 1, "outlet_id": 1, "published_at": 1}, session=session)
        voices = {row["_id"]: where.voice(row, self.zone) async for row in stories}
        return [where.case_fact(case, voices) for case in cases]

    async def _commitments(self) -> Commitments:
        return Commitments([Project.model_validate(row) async for row in self._projects.find({})])

    async def _deed_facts(
        self, periods: Sequence[Period], where: _Where, session: AsyncClientSession, as_of: datetime | None
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

    async def _deeds_then(self, where: _Where, session: AsyncClientSession, as_of: datetime) -> list[DeedFact]:
        """Good deeds as they stood at ``as_of``."""
        query: Json = {"entity": "deed", "recorded_at": {"$lte": as_of}}
        standing: dict[ObjectId, dict[ObjectId, Json]] = {}
        async for event in self._events.find(query, session=session).sort([("entity_id", 1), ("seq", 1)]):
            stories = standing.setdefault(event["entity_id"], {})
            if event["type"] in ("filed", "story_added"):
                stories[event["payload"]["story_id"]] = event["payload"]
            elif event["type"] == "story_withdrawn":
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


@dataclass(frozen=True, slots=True)
class _Where:
    """Where and as what things count, by the tables as they are now: a body that takes over a street takes its figures."""

    tree: RegionTree
    categories: CategoryTable
    commitments: Commitments

    def of(self, region: str | None) -> tuple[str | None, str | None, str | None]:
        """The district, street and community that count ``region``."""
        if region is None or region not in self.tree:
            return None, None, None
        below = {self.tree[code].level: code for code in self.tree.path(region)}
        return self.tree.district_for_counting(region), below.get("subdistrict"), below.get("community")

    def voice(self, row: Json, zone: ZoneInfo) -> Voice:
        """What a story's row says of whose voice it is."""
        column = row.get("column", "")
        day = row["published_at"].astimezone(zone).date()
        return Voice(column, self.commitments.of(row["outlet_id"], column, day))

    def case_fact(self, case: Case, voices: Mapping[ObjectId, Voice]) -> CaseFact:
        """What counting needs of ``case``."""
        district, street, community = self.of(case.region)
        told = {story: voices[story] for r in case.exposures if (story := r.story_id) is not None and story in voices}
        return CaseFact(case, district, self.categories.path(case.category), street, community, told)


def _story_fact(row: Json, where: _Where, zone: ZoneInfo) -> StoryFact:
    decision: Mapping[str, Any] | None = row.get("decision")
    suggestion: Mapping[str, Any] = row.get("suggestion") or {}
    district, street, community = where.of((suggestion if decision is None else decision).get("region"))
    voice = where.voice(row, zone)
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


def _hours(facts: Facts, view: View, stretch: Stretch) -> dict[ObjectId, float]:
    """How long ``stretch`` took, for each problem that has both its ends: the same measure, taken of one at a time."""
    place = list(Stretch).index(stretch)
    found = {}
    for fact in facts.cases:
        hours = durations(Facts(cases=[fact]), view)[place].median_hours
        if hours is not None:
            found[fact.case.id] = hours
    return found


def _table(by: Dimension, chosen: Mapping[Key, Sequence[Row]], zone: ZoneInfo) -> Table:
    counted = {key: breakdown(found, by, zone) for key, found in chosen.items()}
    values = sorted({value for counts in counted.values() for value in counts})
    columns = [Column(value, {key: counts.get(value, 0) for key, counts in counted.items()}) for value in values]
    return Table(by, columns, frozenset(key for key, found in chosen.items() if not adds_up(found, by, zone)))
