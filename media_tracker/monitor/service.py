"""Figures over the database: numbers together with their lists, now or as of a past moment."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Generic, TypeVar
from weakref import WeakValueDictionary
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from media_tracker.accounts.actor import Level
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database
from media_tracker.deeds.documents import GoodDeed
from media_tracker.errors import N_, NotFound
from media_tracker.ingest.documents import Story
from media_tracker.monitor.definitions import DEFINITIONS, Definition, Dimension, Key
from media_tracker.monitor.durations import Duration, Stretch, duration
from media_tracker.monitor.fact_reading import DEED_KEYS, STORY_KEYS, FactReading
from media_tracker.monitor.facts import EVERYTHING, Facts, Period, Row, Slice, View
from media_tracker.monitor.following import Following, Standing
from media_tracker.monitor.ledger import LedgerState, days_of
from media_tracker.monitor.lines import FAMILY_OF, Family, milliseconds
from media_tracker.monitor.periods import before as days_before
from media_tracker.monitor.placing import FIELD_OF, Placing
from media_tracker.monitor.reading import Asked, DayLists, Reading, Sums
from media_tracker.monitor.showing import Glance, Showing, Shown
from media_tracker.problems.documents import Problem

__all__ = [
    "DEED_KEYS", "STORY_KEYS", "Column", "Figure", "Monitor", "Overview", "Stretch", "Subjects", "Table", "table_of",
]  # fmt: skip
MOST_KEPT = 64
"""Overviews, and pages of lists, that a process keeps."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with the list that it counts and the definition that it follows."""

    key: Key
    rows: Sequence[Row]
    """Newest first; empty in an overview, which counts without them."""
    hours: Mapping[ObjectId, float] = field(default_factory=dict)
    """How long it took, by problem; only in the list behind a duration."""
    count: int | None = None
    """How many rows the list has, where they are not here."""
    counted_at: datetime | None = None
    """Of a list: as in an ``Overview``."""

    @property
    def value(self) -> int:
        return len(self.rows) if self.count is None else self.count

    @property
    def definition(self) -> Definition:
        return DEFINITIONS[self.key]


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
    counted_at: datetime | None = None
    """Until when all that has happened is counted, where more has happened since; None: all of it is counted."""
    version: str = ""
    """Equal for two overviews only if they hold the same."""


@dataclass(frozen=True, slots=True)
class Part:
    """Part of a list, and how many rows all of it has."""

    count: int
    rows: Sequence[Row]
    counted_at: datetime | None = None
    """As in an ``Overview``."""


@dataclass(frozen=True, slots=True)
class Subjects:
    """The records that rows of a list stand for, for showing them."""

    stories: Mapping[ObjectId, Story]
    problems: Mapping[ObjectId, Problem]
    deeds: Mapping[ObjectId, GoodDeed]


class Monitor:
    """Counts."""

    def __init__(self, database: Database, following: Following, clock: Clock, level: Level, zone: ZoneInfo) -> None:
        self._client = database.client
        self._stories = database[Story.Settings.name]
        self._problems = database[Problem.Settings.name]
        self._deeds = database[GoodDeed.Settings.name]
        self._following = following
        self._reading = Reading(database.client, following.ledger, zone)
        self._facts = FactReading(database, zone)
        self._showing = Showing(database)
        self._kept: _Kept[Overview] = _Kept()
        self._pages: _Kept[tuple[int, Sequence[Row]]] = _Kept()
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
        placing, standing = await self._following.ready(as_of)
        view = self.view(period, as_of=as_of)
        earlier = replace(view, period=days_before(period))
        wanted = tuple(dimensions) if by else ()
        question = (period, tuple(by), part, wanted, as_of)

        async def read(session: AsyncClientSession, state: LedgerState) -> Overview:
            known = (question, state.version, placing.tables)
            if (kept := self._kept.get(known)) is not None:
                return kept
            now, then = _asked(view, part, as_of), _asked(earlier, part, as_of)
            sums = {family: await self._reading.sums(session, state, family, now, placing, wanted) for family in Family}
            before = {family: await self._reading.sums(session, state, family, then, placing, ()) for family in Family}
            found = Overview(
                view,
                {key: Figure(key, (), count=_total(sums, key)) for key in Key},
                earlier,
                {key: Figure(key, (), count=_total(before, key)) for key in Key},
                {each: duration(each, sums[Family.CASE].tally.hours[at].tolist()) for at, each in enumerate(Stretch)},
                {dimension: table_of(dimension, by, sums, placing) for dimension in wanted},
                version=str(ObjectId()),
            )
            self._kept.put(known, found)
            return found

        found = self._kept.get((question, standing.state.version, placing.tables))
        if found is None:
            async with self._kept.one_at_a_time(question):
                found = await self._reading.in_snapshot(read)
        return replace(found, view=view, earlier=earlier, counted_at=_counted_at(standing, as_of))

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
        placing, standing = await self._following.ready(as_of)
        asked = _asked(self.view(period, as_of=as_of), part, as_of)

        async def read(session: AsyncClientSession, state: LedgerState) -> Figure:
            found, hours = await self._reading.listing(session, state, key, asked, placing, stretch)
            return Figure(key, found, hours, counted_at=_counted_at(standing, as_of))

        return await self._reading.in_snapshot(read)

    async def page(
        self, key: Key, period: Period, part: Slice, first: int, size: int, *, as_of: datetime | None = None
    ) -> tuple[int, Sequence[Row]]:
        """How many rows a figure's list has, and ``size`` of them from place ``first`` (from 0) on, newest first."""
        found = await self.part(key, period, part, first, size, as_of=as_of)
        return found.count, found.rows

    async def part(
        self, key: Key, period: Period, part: Slice, first: int, size: int, *, as_of: datetime | None = None
    ) -> Part:
        """The same, with until when it is counted."""
        placing, standing = await self._following.ready(as_of)
        asked = _asked(self.view(period, as_of=as_of), part, as_of)
        question = (key, period, part, first, size, as_of)

        async def read(session: AsyncClientSession, state: LedgerState) -> tuple[int, Sequence[Row]]:
            known = (question, state.version, placing.tables)
            if (kept := self._pages.get(known)) is not None:
                return kept
            if asked.plain:
                part = await self._reading.plain_page(session, state, key, asked, placing, first, size)
            else:
                listed, _ = await self._reading.listing(session, state, key, asked, placing)
                part = len(listed), listed[first : first + size]
            self._pages.put(known, part)
            return part

        found = self._pages.get((question, standing.state.version, placing.tables))
        if found is None:
            async with self._pages.one_at_a_time(question):
                found = await self._reading.in_snapshot(read)
        return Part(*found, _counted_at(standing, as_of))

    async def each(self, key: Key, period: Period, part: Slice, *, as_of: datetime | None = None) -> AsyncIterator[Row]:
        """Every row of a figure's list, newest first; for files, that need not hold them all."""
        placing, _ = await self._following.ready(as_of)
        asked = _asked(self.view(period, as_of=as_of), part, as_of)
        async with self._reading.snapshot() as (session, state):
            async for row in self._reading.each(session, state, key, asked, placing):
                yield row

    async def each_day(
        self, period: Period, families: Sequence[Family] = tuple(Family), *, as_of: datetime | None = None
    ) -> AsyncIterator[DayLists]:
        """Every figure's list at once, day by day, the newest first, all in one snapshot: for lists that nobody could hold."""
        placing, _ = await self._following.ready(as_of)
        asked = _asked(self.view(period, as_of=as_of), EVERYTHING, as_of)
        async with self._reading.snapshot() as (session, state):
            for family in families:
                async for found in self._reading.each_day(session, state, family, asked, placing):
                    yield found

    async def shown(self, found: Sequence[Row], *, as_of: datetime | None = None) -> Shown:
        """What a list shows beside ``found``: see ``showing``."""
        return await self._showing.of(found, as_of)

    async def glances(self, found: Sequence[Row]) -> Mapping[ObjectId, Glance]:
        """A few fields of the problems behind ``found``: see ``showing``."""
        return await self._showing.glances(found)

    async def subjects(self, found: Sequence[Row]) -> Subjects:
        """Read the whole records behind ``found``; lists need less: see ``shown``."""
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
        """The facts that ``keys`` need for ``period``: see ``fact_reading``, which reads all there is."""
        return await self._facts.read(period, keys, await self._following.placing(), as_of)


class _Kept(Generic[T]):
    """The last answers: while nothing is counted anew and no table changes, each stays what it is."""

    def __init__(self) -> None:
        self._found: OrderedDict[object, T] = OrderedDict()
        self._locks: WeakValueDictionary[object, asyncio.Lock] = WeakValueDictionary()

    def one_at_a_time(self, question: object) -> asyncio.Lock:
        """Who asks what somebody is asking already waits for that answer."""
        lock = self._locks.get(question)
        if lock is None:
            lock = self._locks[question] = asyncio.Lock()
        return lock

    def get(self, known: object) -> T | None:
        """What was found for a question before."""
        return self._found.get(known)

    def put(self, known: object, found: T) -> None:
        """Keep it for the next one."""
        self._found[known] = found
        while len(self._found) > MOST_KEPT:
            self._found.popitem(last=False)


def _asked(view: View, part: Slice, as_of: datetime | None) -> Asked:
    return Asked.of(days_of(view.period), part, milliseconds(view.now), as_of is not None)


def _counted_at(standing: Standing, as_of: datetime | None) -> datetime | None:
    """Until when everything is counted, where that is earlier than what is shown."""
    reached = standing.state.recorded_at
    late = standing.behind and (as_of is None or reached is None or reached < as_of)
    return reached if late else None


def _total(sums: Mapping[Family, Sums], key: Key) -> int:
    return sums[FAMILY_OF[key]].tally.total.get(key.value, 0)


def table_of(by: Dimension, keys: Sequence[Key], sums: Mapping[Family, Sums], placing: Placing) -> Table:
    """Figures by one dimension, from what their lines add up to."""
    counted: dict[Key, dict[str, int]] = {key: {} for key in keys}
    not_additive: set[Key] = set()
    for key, counts in counted.items():
        found = sums[FAMILY_OF[key]]
        if by in (Dimension.MONTH, Dimension.DAY):
            length = len("2022-03") if by is Dimension.MONTH else len("2022-03-31")
            parts: list[tuple[tuple[str, ...], int]] = [
                ((span[:length],), totals.get(key.value, 0)) for span, totals in found.days.items()
            ]
        else:
            fields = found.tally.fields.get(FIELD_OF[by], {})
            parts = [(placing.values(by, value), count) for (name, value), count in fields.items() if name == key.value]
        for values, count in parts:
            if len(values) > 1:
                not_additive.add(key)
            for value in values if count else ():
                counts[value] = counts.get(value, 0) + count
    every = sorted({value for counts in counted.values() for value in counts})
    columns = [Column(value, {key: counts.get(value, 0) for key, counts in counted.items()}) for value in every]
    return Table(by, columns, frozenset(not_additive))
