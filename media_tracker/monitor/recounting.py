"""Counts everything again from the events: a new generation of the ledger is built beside the old one, then takes its place.

Killed at any moment it leaves what was read before; the next run begins anew. Several may run at the same time: each builds a
generation of its own, and the first to be done is the one that is read. What it counts differently from the one before is
reported: nothing should be.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId
from pymongo import ReturnDocument

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.consumers import COLLECTION as CONSUMERS
from media_tracker.db.counters import COLLECTION as COUNTERS
from media_tracker.db.events import COLLECTION as EVENTS
from media_tracker.db.events import SYSTEM
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.monitor.gathering import DEED, PROBLEM, STORY, Gathering
from media_tracker.monitor.ledger import (
    ENTITIES,
    SHEETS,
    TALLIES,
    Ledger,
    LedgerState,
    name_of,
    sheet_row,
    tallied,
    tally_row,
)
from media_tracker.monitor.lines import Family
from media_tracker.monitor.placing import Placing, together
from media_tracker.monitor.shares import Elsewhere, Part, Share, each_part, shares_of
from media_tracker.monitor.sheets import Sheet, stacked
from media_tracker.monitor.tallies import ProjectsOf, Tally

_WRITTEN_AT_ONCE = 50
STEPS: Mapping[Family, str] = {Family.STORY: "stories", Family.CASE: "problems", Family.DEED: "good deeds"}
"""What each part of a recount is called where its progress is shown."""
_GENERATIONS = "counted_generations"
_ENTITY = {Family.STORY: STORY, Family.CASE: PROBLEM, Family.DEED: DEED}

Tell = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


def unheard(what: str, done: int, total: int) -> None:
    """Nobody is told."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A day on which a figure was something else before."""

    day: str
    figure: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Recounted:
    """What a recount has found. ``lines``: with those that no longer stand."""

    lines: Mapping[str, int]
    differences: Sequence[Difference]
    compared: bool
    """There were figures before that were counted up to the same event."""


class Overtaken(Exception):
    """Another process has counted everything anew meanwhile: what this one has counted is no longer wanted."""


class Recounting:
    """Recounts."""

    def __init__(
        self,
        database: Database,
        transactor: Transactor,
        ledger: Ledger,
        gathering: Gathering,
        clock: Clock,
        rules: str,
    ) -> None:
        self._database = database
        self._events = database[EVENTS]
        self._transactor = transactor
        self._ledger = ledger
        self._gathering = gathering
        self._clock = clock
        self._rules = rules

    async def run(self, placing: Placing, tell: Tell, elsewhere: Elsewhere | None = None) -> Recounted:
        """Count everything up to now; from then on the new figures are read. ``tell`` is kept up to date.

        ``elsewhere``: for several processes, where there is much to count.

        Raises:
            Overtaken: another recount that ran at the same time was done first.
        """
        before = await self._ledger.state()
        generation = await self._next(before)
        upto = await self._settled()
        sheets: dict[tuple[Family, str], list[Sheet]] = {}
        lines = dict.fromkeys(Family, 0)
        homes: dict[tuple[Family, ObjectId], Sequence[str]] = {}
        async for part in self._parts(upto, elsewhere, tell):
            lines[part.family] += part.lines
            for day, sheet in part.sheets.items():
                sheets.setdefault((part.family, day), []).append(sheet)
            homes.update({(part.family, entity): days for entity, days in part.homes.items()})
        now = self._clock()
        tallies = await self._store(generation, sheets, now, lambda told: together(placing.projects_of(told)), tell)
        await self._store_homes(generation, homes)
        compared = before is not None and before.position == upto and before.rules == self._rules
        differences = await self._differences(before, tallies, now) if before is not None and compared else []
        if not await self._switch(before, generation, upto, placing):
            await self._ledger.remove(generation)
            raise Overtaken
        await self._ledger.forget(generation)
        return Recounted({family.value: count for family, count in lines.items()}, differences, compared)

    async def _next(self, before: LedgerState | None) -> int:
        """A generation that nobody else builds, nor has built."""
        known = before.generation if before is not None else 0
        highest = {"$max": [{"$ifNull": ["$value", 0]}, known]}
        row = await self._database[COUNTERS].find_one_and_update(
            {"_id": _GENERATIONS},
            [{"$set": {"value": {"$add": [highest, 1]}}}],
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        assert row is not None  # an upsert that returns the document after it always finds one
        return int(row["value"])

    async def _parts(self, upto: int, elsewhere: Elsewhere | None, tell: Tell) -> AsyncIterator[Part]:
        """The lines of everything, some at a time."""
        shares: list[Share] = []
        for family in Family:
            query: Json = {"entity": _ENTITY[family], "seq": 1, "position": {"$lte": upto}}
            rows = self._events.find(query, {"entity_id": 1, "_id": 0}, batch_size=50_000).sort("entity_id", 1)
            shares += shares_of(family, [row["entity_id"] async for row in rows], upto)
        totals = Counter[Family]()
        for share in shares:
            totals[share.family] += len(share.ids)
        done = Counter[Family]()
        async with aclosing(each_part(self._gathering, self._ledger.zone, shares, elsewhere)) as parts:
            async for part in parts:
                yield part
                done[part.family] += part.counted
                tell(STEPS[part.family], done[part.family], totals[part.family])

    async def _store(
        self,
        generation: int,
        found: dict[tuple[Family, str], list[Sheet]],
        now: datetime,
        projects: ProjectsOf,
        tell: Tell,
    ) -> dict[tuple[Family, str], Tally]:
        """Write sheets and tallies; the tallies of days are returned."""
        sheets, kept = self._database[SHEETS], self._database[TALLIES]
        days: dict[tuple[Family, str], Tally] = {}
        order = sorted(found)

        def part(some: Sequence[tuple[Family, str]]) -> tuple[list[Json], list[Json]]:
            rows: list[Json] = []
            tallies: list[Json] = []
            for family, day in some:
                parts, name = found.pop((family, day)), name_of(generation, family, day)
                sheet = parts[0] if len(parts) == 1 else stacked(parts, family, ids=True)
                days[family, day], row = tallied(family, day, sheet, now, projects)
                rows.append({"_id": name, **sheet_row(family, day, sheet)})
                tallies.append({"_id": name, **row})
            return rows, tallies

        for at in range(0, len(order), _WRITTEN_AT_ONCE):
            rows, tallies = await asyncio.to_thread(part, order[at : at + _WRITTEN_AT_ONCE])
            await sheets.insert_many(rows, ordered=False)
            await kept.insert_many(tallies, ordered=False)
            tell("days", min(at + _WRITTEN_AT_ONCE, len(order)), len(order))
        months: dict[tuple[Family, str], list[Tally]] = {}
        for (family, day), tally in days.items():
            months.setdefault((family, day[:7]), []).append(tally)
        added = [
            {"_id": name_of(generation, family, month), **tally_row(family, month, Tally.together(each))}
            for (family, month), each in months.items()
        ]
        if added:
            await kept.insert_many(added, ordered=False)
        return days

    async def _store_homes(self, generation: int, homes: Mapping[tuple[Family, ObjectId], Sequence[str]]) -> None:
        rows = [
            {"_id": name_of(generation, family, str(entity)), "days": days} for (family, entity), days in homes.items()
        ]
        for at in range(0, len(rows), 10_000):
            await self._database[ENTITIES].insert_many(rows[at : at + 10_000], ordered=False)

    async def _differences(
        self, before: LedgerState, after: Mapping[tuple[Family, str], Tally], now: datetime
    ) -> list[Difference]:
        """Where the figures that were read until now are not what has been counted."""
        found: list[Difference] = []
        async for family, day, old in self._ledger.each_total(before.generation, now):
            new = after[family, day].total if (family, day) in after else {}
            found += [
                Difference(day, key, old.get(key, 0), new.get(key, 0))
                for key in sorted({*old, *new})
                if old.get(key, 0) != new.get(key, 0)
            ]
        known = set(await self._ledger.known_days(before.generation))
        for (family, day), tally in after.items():
            if (family, day) not in known:
                found += [Difference(day, key, 0, count) for key, count in tally.total.items()]
        return found

    async def _switch(self, before: LedgerState | None, generation: int, upto: int, placing: Placing) -> bool:
        """Have the new generation be read, and followed from where it ends; False where ``before`` is no longer what is read.

        Who gets there first forgets all others: of what another one has built something may be gone.
        """
        newest = await self._events.find_one({"position": {"$lte": upto}}, {"recorded_at": 1}, sort=[("position", -1)])
        state = LedgerState(
            generation,
            self._rules,
            str(ObjectId()),
            upto,
            newest["recorded_at"] if newest else None,
            placing.digest,
        )

        async def work(tx: Transaction) -> bool:
            read = await self._ledger.state(tx.session)
            if (read and read.generation) != (before and before.generation):
                return False
            await self._ledger.put_state(state, tx.session)
            # Who counts at this moment counts for the old generation, and moves on from where it began: never from here.
            old = await self._database[CONSUMERS].find_one({"_id": "counting"}, session=tx.session)
            begin = upto - 1 if old is not None and old["position"] == upto > 0 else upto
            await self._database[CONSUMERS].update_one(
                {"_id": "counting"}, {"$set": {"position": begin}}, upsert=True, session=tx.session
            )
            return True

        return await self._transactor.run(work, SYSTEM)

    async def _settled(self) -> int:
        """The last position before which none is missing: what is behind it may still be under way."""
        newest = await self._events.find_one({}, {"position": 1}, sort=[("position", -1)])
        last = int(newest["position"]) if newest else 0
        if last == 0 or await self._events.count_documents({"position": {"$gte": 0}}, hint="position") == last:
            return last
        at = 0
        async for row in self._events.find({}, {"position": 1, "_id": 0}, batch_size=50_000).sort("position", 1):
            if row["position"] != at + 1:
                break
            at += 1
        return at
