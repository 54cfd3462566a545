"""Keeps the ledger up with the event log, and sees to it that a page counts what has happened before it was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bson import ObjectId

from media_tracker.accounts.actor import Level
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database
from media_tracker.db.consumers import Consumer, ConsumerRunner
from media_tracker.db.events import SYSTEM, Event, EventLog
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.monitor.gathering import DEED, PROBLEM, STORY, Gathering
from media_tracker.monitor.ledger import Ledger, LedgerState, rules_of
from media_tracker.monitor.lines import Family, milliseconds
from media_tracker.monitor.placing import Placing, together
from media_tracker.monitor.recounting import Recounted, Recounting, Tell, unheard
from media_tracker.monitor.tallies import ProjectsOf
from media_tracker.outlets.documents import Project
from media_tracker.places.service import Places
from media_tracker.problems.arriving import ENTITY as IMPORT
from media_tracker.problems.documents import Problem
from media_tracker.tagging.service import BATCH as TAGGING
from media_tracker.taxonomy.service import Taxonomy

CONSUMER = "counting"
AT_ONCE = 1000
"""Events of one transaction."""
PATIENCE = 1.0
"""Seconds that a page waits for another process that is counting, before it shows how far that is."""
_LOOK_AGAIN = 0.03
_DAYS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the ledger is."""

    state: LedgerState
    behind: bool = False
    """More has happened than is counted."""


@dataclass(slots=True)
class _Touched:
    """What some events are about."""

    problems: set[ObjectId] = field(default_factory=set)
    stories: set[ObjectId] = field(default_factory=set)
    deeds: set[ObjectId] = field(default_factory=set)
    imports: set[ObjectId] = field(default_factory=set)
    voices: set[ObjectId] = field(default_factory=set)
    """Stories whose column may be another one now."""


class Following:
    """The only writer of the ledger, beside the recount that it starts."""

    def __init__(
        self,
        database: Database,
        log: EventLog,
        transactor: Transactor,
        runner: ConsumerRunner,
        places: Places,
        taxonomy: Taxonomy,
        clock: Clock,
        level: Level,
        zone: ZoneInfo,
    ) -> None:
        self.ledger = Ledger(database, zone)
        self._problems = database[Problem.Settings.name]
        self._projects = database[Project.Settings.name]
        self._log = log
        self._transactor = transactor
        self._runner = runner
        self._places = places
        self._taxonomy = taxonomy
        self._clock = clock
        self._rules = rules_of(level, zone)
        self._gathering = Gathering(database, level, zone)
        self.recounting = Recounting(database, transactor, self.ledger, self._gathering, clock, self._rules)
        self._catching_up: asyncio.Task[None] | None = None

    def consumer(self) -> Consumer:
        """Counts whatever happens."""
        return Consumer(CONSUMER, self._handle)

    async def placing(self) -> Placing:
        """The tables as they are now."""
        projects = [Project.model_validate(row) async for row in self._projects.find({})]
        return Placing(await self._places.regions(), await self._taxonomy.table(), projects)

    async def fresh(self, placing: Placing) -> Standing:
        """Have everything counted that has happened, and say how far the ledger is.

        Who has to wait too long for another process gets the figures as they are; the work goes on behind.
        """
        asked = await self._log.last_position()
        state = await self.ledger.state()
        if state is not None and await self._is_done(state, asked, placing):
            return Standing(state)
        task = self._catching_up
        if task is None or task.done():
            task = self._catching_up = asyncio.create_task(self.catch_up(placing))
        patience = None if state is None else PATIENCE
        done, _ = await asyncio.wait({task}, timeout=patience)
        for each in done:
            each.result()
        behind = True
        loop = asyncio.get_running_loop()
        until = loop.time() + PATIENCE
        while (state := await self.ledger.state()) is None or (behind := await self._is_behind(asked)):
            if done and loop.time() > until:
                break
            await asyncio.sleep(_LOOK_AGAIN)  # another process is at it
        assert state is not None  # catching up begins with it
        return Standing(state, behind)

    async def _is_done(self, state: LedgerState, asked: int, placing: Placing) -> bool:
        ready = state.rules == self._rules and state.projects == placing.digest
        if not ready or await self._is_behind(asked):
            return False
        return not await self.ledger.ripe(state.generation, milliseconds(self._clock()), 1)

    async def _is_behind(self, asked: int) -> bool:
        return await self._runner.position(CONSUMER) < asked

    async def catch_up(self, placing: Placing | None = None) -> None:
        """Bring the ledger up: count anew where rules have changed, then what has happened, then what time has brought."""
        placing = placing or await self.placing()
        state = await self.ledger.state()
        if state is None or state.rules != self._rules:
            await self.recounting.run(placing, unheard)
        await self._runner.catch_up(self.consumer(), batch=AT_ONCE)
        await self._follow_time(placing)
        await self._follow_projects(placing)

    async def recount(self, tell: Tell = unheard) -> Recounted:
        """Count everything again from the events, whatever has been counted; see ``recounting``."""
        return await self.recounting.run(await self.placing(), tell)

    async def _follow_time(self, placing: Placing) -> None:
        """Add up anew where something has become true by itself."""
        while (state := await self.ledger.state()) is not None:
            now = self._clock()
            days = await self.ledger.ripe(state.generation, milliseconds(now), _DAYS_AT_ONCE)
            if not days:
                return
            await self._add_up_again(state.generation, days, now, placing)

    async def _follow_projects(self, placing: Placing) -> None:
        """Add up anew where projects count other stories than they did."""
        state = await self.ledger.state()
        if state is None or state.projects == placing.digest:
            return
        days = [each for each in await self.ledger.known_days(state.generation) if each[0] is not Family.DEED]
        for at in range(0, len(days), _DAYS_AT_ONCE):
            await self._add_up_again(state.generation, days[at : at + _DAYS_AT_ONCE], self._clock(), placing)

        async def work(tx: Transaction) -> None:
            now = await self.ledger.state(tx.session)
            if now is not None and now.generation == state.generation:
                await self.ledger.put_state(renewed(now, projects=placing.digest), tx.session)

        await self._transactor.run(work, SYSTEM)

    async def _add_up_again(
        self, generation: int, days: Collection[tuple[Family, str]], now: datetime, placing: Placing
    ) -> None:
        async def work(tx: Transaction) -> None:
            state = await self.ledger.state(tx.session)
            if state is not None and state.generation == generation:
                await self.ledger.add_up_again(generation, days, now, projects_by(placing), tx.session)
                await self.ledger.put_state(renewed(state), tx.session)

        await self._transactor.run(work, SYSTEM)

    async def _handle(self, events: Sequence[Event]) -> None:
        touched = _touched(events)
        placing = await self.placing()
        if await self.ledger.state() is None:
            await self.recounting.run(placing, unheard)
        async for row in self._problems.find({"listed.import_id": {"$in": list(touched.imports)}}, {"_id": 1}):
            touched.problems.add(row["_id"])
        if touched.voices:
            told = {"case.reports.story_id": {"$in": list(touched.voices)}}
            touched.problems.update([row["_id"] async for row in self._problems.find(told, {"_id": 1})])
        if not (touched.problems or touched.stories or touched.deeds):
            return
        while not await self._count(touched, events[-1], placing):
            pass  # more had been counted than was read here: read it again

    async def _count(self, touched: _Touched, last: Event, placing: Placing) -> bool:
        """Write down what the events up to ``last`` at least tell of ``touched``.

        False, and nothing is written: what was counted meanwhile, by a recount, goes further than what was read.
        """
        state = await self.ledger.state()
        assert state is not None  # counting begins with it
        upto = max(last.position, state.position)
        cases = await self._gathering.cases(touched.problems, upto)
        stories, published = await self._gathering.stories(touched.stories, upto)
        deeds = await self._gathering.deeds(touched.deeds, upto)

        async def work(tx: Transaction) -> bool:
            now = await self.ledger.state(tx.session)
            assert now is not None
            if now.position > upto:
                return False
            for family, spans in ((Family.CASE, cases), (Family.STORY, stories), (Family.DEED, deeds)):
                if spans:
                    await self.ledger.replace(
                        now.generation, family, spans, published, self._clock(), projects_by(placing), tx.session
                    )
            reached = max(last.recorded_at, now.recorded_at or last.recorded_at)
            await self.ledger.put_state(renewed(now, position=upto, recorded_at=reached), tx.session)
            return True

        return await self._transactor.run(work, SYSTEM)


def projects_by(placing: Placing) -> ProjectsOf:
    """For which projects voices count, as tallies keep it."""
    return lambda told: together(placing.projects_of(told))


def renewed(state: LedgerState, **changes: object) -> LedgerState:
    """``state`` after a change of some figure."""
    return replace(state, version=str(ObjectId()), **changes)  # type: ignore[arg-type]


def _touched(events: Iterable[Event]) -> _Touched:
    found = _Touched()
    for event in events:
        if event.entity == PROBLEM:
            found.problems.add(event.entity_id)
        elif event.entity == STORY:
            found.stories.add(event.entity_id)
            if event.type == "adopted":
                found.voices.add(event.entity_id)
        elif event.entity == TAGGING:
            found.stories.update(each["id"] for each in event.payload["stories"])
        elif event.entity == DEED:
            found.deeds.add(event.entity_id)
        elif event.entity == IMPORT:
            found.imports.add(event.entity_id)
    return found
