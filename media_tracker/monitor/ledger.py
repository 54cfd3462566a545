"""What is counted, as it is stored: sheets of lines, and tallies of days and months that always agree with them.

``counted_sheets`` holds a sheet for each family and local day, ``counted_tallies`` a tally for each day and each month. Both are
written in one transaction, so that a number equals the length of the list behind it at every moment. They form a *generation*:
a recount builds the next one beside it, then the one document ``counted_state`` says which one is read.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo import ASCENDING, IndexModel, ReplaceOne
from pymongo.asynchronous.client_session import AsyncClientSession

from media_tracker.accounts.actor import Level
from media_tracker.db.connection import Database, Json
from media_tracker.monitor.definitions import Key
from media_tracker.monitor.facts import Period
from media_tracker.monitor.lines import Family, Span, day_of, milliseconds
from media_tracker.monitor.sheets import Sheet, next_to_come, stands
from media_tracker.monitor.tallies import FIELDS, ProjectsOf, Tally

STATE, SHEETS, TALLIES, ENTITIES = "counted_state", "counted_sheets", "counted_tallies", "counted_entities"
COLLECTIONS = (STATE, SHEETS, TALLIES, ENTITIES)
INDEXES = {
    TALLIES: [IndexModel([("ripe_at", ASCENDING)], name="ripe", partialFilterExpression={"ripe_at": {"$exists": True}})]
}
"""``counted_entities``: on which days a problem or a good deed has lines; a story has them on the day of its publication."""
RULES = 1
"""To be raised when a rule of counting changes: what was counted by another one is counted again."""
_THE_STATE = "state"


@dataclass(frozen=True, slots=True)
class LedgerState:
    """Which generation is read, and what it was counted by."""

    generation: int
    rules: str
    version: str
    """Another one after every change of a figure; never used again."""
    position: int
    """Of the last event that is counted."""
    recorded_at: datetime | None
    """When that event was recorded."""
    projects: str
    """``Placing.digest`` when the tallies of projects were made."""


def rules_of(level: Level, zone: ZoneInfo) -> str:
    """By what an installation counts: rules, figures, and what they depend on."""
    told = ",".join((str(RULES), level.value, zone.key, *FIELDS, *Key))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def state_of(row: Json) -> LedgerState:
    """The state as it is stored."""
    return LedgerState(**{name: row[name] for name in LedgerState.__slots__})


def name_of(generation: int, family: Family, span: str) -> str:
    """The id of a sheet or tally; ``span``: a day or a month."""
    return f"{generation}:{family.value}:{span}"


def days_of(period: Period) -> list[str]:
    """Every day of ``period``, in order."""
    count = (period.end - period.start).days + 1
    return [(period.start + timedelta(days=at)).isoformat() for at in range(count)]


@dataclass(slots=True)
class _Day:
    """One day of one family that is being changed."""

    family: Family
    day: str
    entities: set[ObjectId]
    spans: list[Span]
    row: Json | None = None
    before: Tally | None = None


class Ledger:
    """Reads and writes sheets and tallies. ``session``: of the transaction, or of the snapshot, that it happens in."""

    def __init__(self, database: Database, zone: ZoneInfo) -> None:
        self._state = database[STATE]
        self._sheets = database[SHEETS]
        self._tallies = database[TALLIES]
        self._entities = database[ENTITIES]
        self.zone = zone

    async def state(self, session: AsyncClientSession | None = None) -> LedgerState | None:
        """The state; None: nothing has been counted yet."""
        row = await self._state.find_one({"_id": _THE_STATE}, session=session)
        if row is None:
            return None
        return state_of(row)

    async def put_state(self, state: LedgerState, session: AsyncClientSession | None = None) -> None:
        """Write the state; whoever writes it at the same time runs into this."""
        row: Json = {name: getattr(state, name) for name in LedgerState.__slots__}
        await self._state.replace_one({"_id": _THE_STATE}, row, upsert=True, session=session)

    async def tallies(
        self,
        generation: int,
        family: Family,
        spans: Sequence[str],
        session: AsyncClientSession,
        *,
        fields: Iterable[str] = (),
        hours: bool = False,
    ) -> dict[str, Tally]:
        """The tallies of ``spans`` that there are, with those ``fields`` alone; by span."""
        ids = [name_of(generation, family, span) for span in spans]
        wanted = {"span": 1, "n": 1, **{f"f.{field}": 1 for field in fields}, **({"h": 1} if hours else {})}
        rows = await self._tallies.find({"_id": {"$in": ids}}, wanted, session=session).to_list()
        return {row["span"]: Tally.decode(row) for row in rows}

    async def sheets(
        self, generation: int, family: Family, days: Sequence[str], session: AsyncClientSession
    ) -> AsyncIterator[tuple[str, Sheet]]:
        """The sheets of ``days`` that there are, the first day first."""
        ids = [name_of(generation, family, day) for day in days]
        async for row in self._sheets.find({"_id": {"$in": ids}}, session=session).sort("_id", 1).batch_size(100):
            yield row["day"], Sheet.decode(family, row)

    async def touch(self, session: AsyncClientSession) -> None:
        """Read a little of what is read from: a collection that has just changed its indexes has no snapshot yet."""
        await self._sheets.find_one({}, {"_id": 1}, session=session)

    async def known_days(self, generation: int, session: AsyncClientSession | None = None) -> list[tuple[Family, str]]:
        """Every family and day that has lines."""
        rows = self._sheets.find(belonging_to(generation), {"day": 1, "family": 1}, session=session).sort("_id", 1)
        return [(Family(row["family"]), row["day"]) async for row in rows]

    async def ripe(self, generation: int, now: int, limit: int) -> list[tuple[Family, str]]:
        """Days on which something has become true by itself since they were added up."""
        rows = self._tallies.find(
            {"ripe_at": {"$lte": now}, **belonging_to(generation)}, {"family": 1, "span": 1}
        ).limit(limit)
        return [(Family(row["family"]), row["span"]) async for row in rows]

    async def replace(
        self,
        generation: int,
        family: Family,
        spans: Mapping[ObjectId, Sequence[Span]],
        days: Mapping[ObjectId, Collection[str]],
        now: datetime,
        projects: ProjectsOf,
        session: AsyncClientSession,
    ) -> None:
        """Have the lines of these entities be ``spans`` from now on. ``days``: where else they may have lines, of stories."""
        places: dict[str, _Day] = {}

        def place(day: str) -> _Day:
            return places.setdefault(day, _Day(family, day, set(), []))

        known = await self._days_of(generation, family, spans, session)
        moved: list[ReplaceOne[Json]] = []
        for entity, lines in spans.items():
            new = {day_of(each.line.at, self.zone) for each in lines}
            for day in {*new, *known.get(entity, ()), *days.get(entity, ())}:
                place(day).entities.add(entity)
            for each in lines:
                place(day_of(each.line.at, self.zone)).spans.append(each)
            if family is not Family.STORY and sorted(new) != known.get(entity):
                name = name_of(generation, family, str(entity))
                moved.append(ReplaceOne({"_id": name}, {"days": sorted(new)}, upsert=True))
        if moved:
            await self._entities.bulk_write(moved, ordered=False, session=session)
        await self._rewrite(generation, list(places.values()), now, projects, session)

    async def add_up_again(
        self,
        generation: int,
        days: Iterable[tuple[Family, str]],
        now: datetime,
        projects: ProjectsOf,
        session: AsyncClientSession,
    ) -> None:
        """Make the tallies of ``days`` anew: time has passed, or a table has changed."""
        places = [_Day(family, day, set(), []) for family, day in days]
        await self._rewrite(generation, places, now, projects, session)

    async def _days_of(
        self, generation: int, family: Family, entities: Iterable[ObjectId], session: AsyncClientSession
    ) -> dict[ObjectId, list[str]]:
        if family is Family.STORY:
            return {}
        names = {name_of(generation, family, str(entity)): entity for entity in entities}
        rows = self._entities.find({"_id": {"$in": list(names)}}, session=session)
        return {names[row["_id"]]: row["days"] async for row in rows}

    async def _rewrite(
        self,
        generation: int,
        places: Sequence[_Day],
        now: datetime,
        projects: ProjectsOf,
        session: AsyncClientSession,
    ) -> None:
        """Write sheets and tallies of ``places``, and the tallies of their months."""
        if not places:
            return
        names = {name_of(generation, each.family, each.day): each for each in places}
        async for row in self._sheets.find({"_id": {"$in": list(names)}}, session=session):
            names[row["_id"]].row = row
        months = sorted({name_of(generation, each.family, each.day[:7]) for each in places})
        kept: dict[str, Tally] = {}
        async for row in self._tallies.find({"_id": {"$in": [*names, *months]}}, session=session):
            kept[row["_id"]] = Tally.decode(row)
        sheets: list[ReplaceOne[Json]] = []
        tallies: list[ReplaceOne[Json]] = []

        def work() -> None:
            for name, each in names.items():
                sheet = Sheet.decode(each.family, each.row) if each.row is not None else Sheet.empty(each.family)
                if each.entities:
                    sheet = sheet.replaced(each.entities, each.spans)
                    sheets.append(ReplaceOne({"_id": name}, sheet_row(each.family, each.day, sheet), upsert=True))
                tally, row = tallied(each.family, each.day, sheet, now, projects)
                tallies.append(ReplaceOne({"_id": name}, row, upsert=True))
                month = name_of(generation, each.family, each.day[:7])
                kept[month] = kept.get(month, Tally()).changed(kept.get(name, Tally()), tally)
            for month in months:
                _, family, span = month.split(":")
                tallies.append(ReplaceOne({"_id": month}, tally_row(Family(family), span, kept[month]), upsert=True))

        await asyncio.to_thread(work)
        if sheets:
            await self._sheets.bulk_write(sheets, ordered=False, session=session)
        await self._tallies.bulk_write(tallies, ordered=False, session=session)

    async def each_total(self, generation: int, now: datetime) -> AsyncIterator[tuple[Family, str, dict[str, int]]]:
        """What each day counts at ``now``, added up from its lines."""
        moment = milliseconds(now)
        async for row in self._sheets.find(belonging_to(generation)):
            family = Family(row["family"])
            sheet = Sheet.decode(family, row)
            total = Tally.of(sheet, stands(sheet, moment), lambda told: "", ()).total
            yield family, row["day"], total

    async def remove(self, generation: int) -> None:
        """Remove ``generation``, of which a recount that was cut off may have left something."""
        for collection in (self._sheets, self._tallies, self._entities):
            await collection.delete_many(belonging_to(generation))

    async def forget(self, generation: int) -> None:
        """Remove what belongs to another generation than ``generation``."""
        for collection in (self._sheets, self._tallies, self._entities):
            await collection.delete_many({"_id": {"$not": {"$regex": f"^{generation}:"}}})


def sheet_row(family: Family, day: str, sheet: Sheet) -> Json:
    """A sheet as it is stored, without its id."""
    return {"family": family.value, "day": day, **sheet.encode()}


def tally_row(family: Family, span: str, tally: Tally) -> Json:
    """A tally as it is stored, without its id."""
    return {"family": family.value, "span": span, **tally.encode()}


def tallied(family: Family, day: str, sheet: Sheet, now: datetime, projects: ProjectsOf) -> tuple[Tally, Json]:
    """The tally of a day at ``now``, and how it is stored: with when it has to be made again, if nothing happens."""
    moment = milliseconds(now)
    tally = Tally.of(sheet, stands(sheet, moment), projects)
    row = tally_row(family, day, tally)
    ripe_at = next_to_come(sheet, moment)
    return tally, row if ripe_at is None else {**row, "ripe_at": ripe_at}


def belonging_to(generation: int) -> Json:
    """A clause for what belongs to ``generation``."""
    return {"_id": {"$gte": f"{generation}:", "$lt": f"{generation};"}}
