"""Keeps the ledger up with the event log, and sees to it that a page counts what has happened before it was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo.read_concern import ReadConcern

from media_tracker.accounts.actor import Level
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.consumers import COLLECTION as CONSUMERS
from media_tracker.db.consumers import Consumer, ConsumerRunner
from media_tracker.db.events import COLLECTION as EVENTS
from media_tracker.db.events import GAP_IS_DEAD_AFTER, SYSTEM, Event, EventLog
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, NotReady
from media_tracker.monitor.gathering import DEED, PROBLEM, STORY, Gathering
from media_tracker.monitor.ledger import STATE, TALLIES, Ledger, LedgerState, rules_of, state_of
from media_tracker.monitor.lines import Family, milliseconds
from media_tracker.monitor.placing import Placing, together
from media_tracker.monitor.recounting import Overtaken, Recounted, Recounting, Tell, unheard
from media_tracker.monitor.shares import Elsewhere, Reach
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
"""Seconds that a page waits for what is being counted, here or by another process, before it shows how far that is."""
LONG_PATIENCE = 20.0
"""Seconds that it waits where there is nothing to show yet, or where nothing may be missing."""
_LOOK_AGAIN = 0.03
_A_MILLISECOND_OVER = 0.002
_DAYS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the ledger is."""

    state: LedgerState
    behind: bool = False
    """More has happened than is counted."""


@dataclass(frozen=True, slots=True)
class _Look:
    """All that one has to know before figures are read; each part is no older than the one before it."""

    last: int
    """The highest position in the log."""
    counted: int
    """The position up to which it is counted."""
    ripe: str
    """A tally that time has overtaken, "" without one."""
    projects: Sequence[Json]
    state: LedgerState | None


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
        self._events = database.get_collection(EVENTS, read_concern=ReadConcern("majority"))
        self._log = log
        self._transactor = transactor
        self._runner = runner
        self._places = places
        self._taxonomy = taxonomy
        self._clock = clock
        self._level = level
        self._rules = rules_of(level, zone)
        self._gathering = Gathering(database, level, zone)
        self.recounting = Recounting(database, transactor, self.ledger, self._gathering, clock, self._rules)
        self._catching_up: asyncio.Task[None] | None = None
        self._placed: tuple[Sequence[Json], Placing] | None = None
        self.patience = PATIENCE

    def consumer(self) -> Consumer:
        """Counts whatever happens."""
        return Consumer(CONSUMER, self._handle)

    async def placing(self) -> Placing:
        """The tables as they are now."""
        return await self._placing_of([row async for row in self._projects.find({})])

    async def _placing_of(self, rows: Sequence[Json]) -> Placing:
        """The same, made of projects that have been read. As long as no table changes it is the same object."""
        tree, categories = await self._places.regions(), await self._taxonomy.table()
        if self._placed is not None:
            known, placing = self._placed
            if placing.tree is tree and placing.categories is categories and known == rows:
                return placing
        placing = Placing(tree, categories, [Project.model_validate(row) for row in rows])
        self._placed = rows, placing
        return placing

    async def ready(self, as_of: datetime | None = None) -> tuple[Placing, Standing]:
        """The tables, and the ledger with all that has happened, as far as it can be had in a second.

        With ``as_of`` with all that was recorded up to that moment, now and for ever: see ``_drawn_by``.

        Raises:
            NotReady: nothing has ever been counted, or what was under way at ``as_of`` does not come to an end.
        """
        look = await self._look()
        placing = await self._placing_of(look.projects)
        if as_of is not None and self._clock() - as_of < GAP_IS_DEAD_AFTER:
            standing = await self.fresh(placing, await self._drawn_by(as_of), LONG_PATIENCE)
            if standing.behind:
                raise NotReady(
                    N_("What was under way at this moment is not all recorded yet. Please try again shortly.")
                )
            return placing, standing
        if look.state is not None and await self._is_done(look, look.last, placing):
            return placing, Standing(look.state)
        return placing, await self.fresh(placing, look.last)

    async def _drawn_by(self, as_of: datetime) -> int:
        """The highest position that an event recorded at ``as_of`` or before can have.

        Positions are drawn before an event is dated, so none drawn from now on is that old, once the millisecond is over to
        which dates are cut.
        """
        await asyncio.sleep(_A_MILLISECOND_OVER)
        return await self._log.drawn()

    async def fresh(self, placing: Placing, asked: int | None = None, patience: float | None = None) -> Standing:
        """Have everything counted that has happened, and say how far the ledger is.

        Who has to wait longer than ``patience`` (seconds) gets the figures as they are; the work goes on behind.
        ``asked``: the position that is enough; None: the highest that there is.

        Raises:
            NotReady: nothing has ever been counted, and that takes long.
        """
        if asked is None:
            asked = await self._log.last_position()
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            look = await self._look()
            state = look.state
            if state is not None and await self._is_done(look, asked, placing):
                return Standing(state)
            waited = loop.time() - began
            if waited > (LONG_PATIENCE if state is None else self.patience if patience is None else patience):
                break
            task = self._catching_up
            if task is None or task.done():
                task = self._catching_up = asyncio.create_task(self.catch_up(placing))
            done, _ = await asyncio.wait({task}, timeout=_LOOK_AGAIN)
            for each in done:
                each.result()
            if done and waited:
                await asyncio.sleep(_LOOK_AGAIN)  # another process is at it
        if state is None:
            raise NotReady(N_("The figures are being counted for the first time. Please look again in a few minutes."))
        return Standing(state, behind=look.counted < asked)

    async def _look(self) -> _Look:
        """Read all of it with one command, as far as a majority holds it: what snapshots show is no older."""
        now = milliseconds(self._clock())
        steps: list[Json] = [
            {"$sort": {"position": -1}},
            {"$limit": 1},
            {"$project": {"_id": 0, "last": "$position"}},
            _and(CONSUMERS, {"$match": {"_id": CONSUMER}}, {"$project": {"_id": 0, "counted": "$position"}}),
            _and(
                TALLIES, {"$match": {"ripe_at": {"$lte": now}}}, {"$limit": 1}, {"$project": {"_id": 0, "ripe": "$_id"}}
            ),
            _and(Project.Settings.name, {"$project": {"_id": 0, "project": "$$ROOT"}}),
            _and(STATE, {"$project": {"_id": 0, "state": "$$ROOT"}}),
        ]
        found: dict[str, Any] = {}
        projects: list[Json] = []
        async for row in await self._events.aggregate(steps):
            projects += [row["project"]] if "project" in row else []
            found |= row
        state = state_of(found["state"]) if "state" in found else None
        return _Look(int(found.get("last", 0)), int(found.get("counted", 0)), found.get("ripe", ""), projects, state)

    async def _is_done(self, look: _Look, asked: int, placing: Placing) -> bool:
        """Whether all up to the position ``asked`` is counted, and by the rules, the projects and the time of now."""
        state = look.state
        if state is None or state.rules != self._rules or state.projects != placing.digest or look.counted < asked:
            return False
        if not look.ripe or look.ripe.startswith(f"{state.generation}:"):
            return not look.ripe
        return not await self.ledger.ripe(
            state.generation, milliseconds(self._clock()), 1
        )  # that one is being recounted

    async def catch_up(self, placing: Placing | None = None) -> None:
        """Bring the ledger up: count anew where rules have changed, then what has happened, then what time has brought."""
        placing = placing or await self.placing()
        state = await self.ledger.state()
        if state is None or state.rules != self._rules:
            await self._begin_anew(placing)
        await self._runner.catch_up(self.consumer(), batch=AT_ONCE)
        await self._follow_time(placing)
        await self._follow_projects(placing)

    async def recount(self, tell: Tell = unheard, reach: Reach | None = None) -> Recounted:
        """Count everything again from the events, whatever has been counted; see ``recounting``.

        ``reach``: how other processes find the database; None: this one counts alone.
        """
        while True:
            with suppress(Overtaken):
                return await self.recounting.run(await self.placing(), tell, self._elsewhere(reach))

    async def _begin_anew(self, placing: Placing) -> None:
        """Count everything; what another process has counted meanwhile will do."""
        with suppress(Overtaken):
            await self.recounting.run(placing, unheard)

    def _elsewhere(self, reach: Reach | None) -> Elsewhere | None:
        if reach is None:
            return None
        return Elsewhere(reach, self._problems.database.name, self._level, self.ledger.zone.key)

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
            await self._begin_anew(placing)
        if touched.imports:
            brought = {"listed.import_id": {"$in": list(touched.imports)}}
            touched.problems.update([row["_id"] async for row in self._problems.find(brought, {"_id": 1})])
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


def _and(collection: str, *steps: Json) -> Json:
    """A step of an aggregate: what ``steps`` make of another collection, behind what there is."""
    return {"$unionWith": {"coll": collection, "pipeline": list(steps)}}


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
