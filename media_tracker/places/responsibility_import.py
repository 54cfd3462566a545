"""Taking a sheet into the responsibility table: what it would change, and changing it in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from collections.abc import Collection as AnyCollection
from dataclasses import dataclass
from datetime import date, datetime

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Collection, Database, Json
from media_tracker.db.counters import COLLECTION as COUNTERS
from media_tracker.db.events import Origin
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, Conflict, InvalidInput, TooLarge
from media_tracker.places.documents import BackingDocument, ResponsibilityDocument
from media_tracker.places.keeping import Keeper, check_keeper
from media_tracker.places.regions import RegionTree
from media_tracker.places.responsibility import Backing, Gap, Responsibility, clashes, gaps
from media_tracker.places.responsibility_changes import Changes, Ended, Row, plan
from media_tracker.places.responsibility_names import Known
from media_tracker.places.responsibility_sheet import ResponsibilitySheet, read_responsibilities
from media_tracker.places.service import Places
from media_tracker.taxonomy.service import Taxonomy

MOST_ROWS = 20_000
"""Of one sheet, cells that name several counted as often: they are written in one transaction."""
EDITION = "responsibilities"
"""Counts the changes to the table; whoever changes it writes here first, so that one of two waits for the other."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What has to be known of a city to say where nobody is in charge."""

    categories: Mapping[str, Sequence[str]]
    """For each category that a problem can have its path, the most special first."""
    regions: RegionTree
    dissolved: AnyCollection[ObjectId] = ()

    def gaps(self, rows: Sequence[Responsibility], on: date) -> list[Gap]:
        """Where nobody is in charge on a day, in the cities that ``rows`` speak of."""
        named = {row.region for row in rows if row.region is not None and row.region in self.regions}
        cities = {self.regions.path(region)[0] for region in named} or None
        return gaps(rows, self.categories, self.regions, on, dissolved=self.dissolved, cities=cities)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a sheet would do, before anything is stored."""

    edition: int
    """Of the table that it was compared with."""
    duties: Changes[Responsibility]
    backings: Changes[Backing]
    clashes: Sequence[tuple[Responsibility, Responsibility]]
    gaps: Sequence[Gap]
    day: date
    """The day that the gaps are of: the one from which the whole sheet is in force."""

    @property
    def nothing(self) -> bool:
        """Whether the tables stay as they are."""
        return self.duties.nothing and self.backings.nothing

    @property
    def added(self) -> int:
        """How many rows are written."""
        return len(self.duties.added) + len(self.backings.added)

    @property
    def ended(self) -> int:
        """How many rows end."""
        return len(self.duties.ended) + len(self.backings.ended)


Note = Callable[[AsyncClientSession, Outlook], Awaitable[None]]
"""Writes down, within the transaction, that a sheet was taken in."""


class Responsibilities:
    """Takes in sheets. What ends gets a last day and stays."""

    def __init__(
        self, database: Database, transactor: Transactor, places: Places, taxonomy: Taxonomy, clock: Clock
    ) -> None:
        self.table = places.responsibilities
        self._places = places
        self._taxonomy = taxonomy
        self._database = database
        self._duties = database[ResponsibilityDocument.Settings.name]
        self._backings = database[BackingDocument.Settings.name]
        self._transactor = transactor
        self._clock = clock

    async def read(self, data: bytes, people: Mapping[str, ObjectId], since: date) -> ResponsibilitySheet:
        """The rows of a sheet; ``people``: accounts by name, ``since``: the first day of rows that give none.

        Raises:
            InvalidInput, TooLarge: see ``read_responsibilities``.
        """
        categories = tuple((await self._taxonomy.table()).by_code.values())
        known = Known(categories, await self._places.regions(), await self._places.units(), people, since)
        return await asyncio.to_thread(read_responsibilities, data, known)

    async def surroundings(self) -> Surroundings:
        """The categories in use, the regions and the dissolved units of today."""
        table = await self._taxonomy.table()
        return Surroundings(
            categories={code: table.path(code) for code, each in table.by_code.items() if each.parent and each.active},
            regions=await self._places.regions(),
            dissolved={unit.id for unit in await self._places.units() if not unit.active},
        )

    async def outlook(self, sheet: ResponsibilitySheet, since: date, *, whole: bool) -> Outlook:
        """What ``sheet`` would add and end from ``since`` on, who would clash, and where nobody would be in charge."""
        edition, around = await self.edition(), await self.surroundings()
        return _outlook(edition, await self.table.duties(), await self.table.backings(), sheet, since, around, whole)

    async def take(
        self,
        sheet: ResponsibilitySheet,
        since: date,
        *,
        whole: bool,
        edition: int,
        by: Keeper | None,
        origin: Origin,
        note: Note | None = None,
    ) -> Outlook:
        """Write what ``outlook`` told of, all of it or nothing. ``whole``: what the sheet does not hold ends before ``since``.

        ``note`` is called within the transaction.

        Raises:
            Forbidden: ``by`` does not keep the tables.
            InvalidInput: there are rows that cannot be read.
            Conflict: the table is no longer the one of ``edition``.
            TooLarge: more rows than one transaction takes.
        """
        check_keeper(by)
        if len(sheet.duties) + len(sheet.backings) > MOST_ROWS:
            raise TooLarge(N_("The sheet makes more than {rows} rows. Divide it."), rows=MOST_ROWS)
        if sheet.errors:
            raise InvalidInput(N_("There are rows that cannot be taken. Correct the sheet and choose it again."))
        around = await self.surroundings()

        async def work(tx: Transaction) -> Outlook:
            await self.draw_edition(edition, tx.session)
            duties, backings = await self.table.duties(None, tx.session), await self.table.backings(None, tx.session)
            seen = _outlook(edition, duties, backings, sheet, since, around, whole)
            await self._write(seen, tx.session)
            if note is not None:
                await note(tx.session, seen)
            return seen

        return await self._transactor.run(work, origin)

    async def edition(self) -> int:
        """How often the table was changed."""
        row = await self._database[COUNTERS].find_one({"_id": EDITION})
        return int(row["value"]) if row else 0

    async def draw_edition(self, seen: int, session: AsyncClientSession) -> None:
        """Make the next edition in ``session``'s transaction; ``Conflict`` when the present one is not ``seen``."""
        counters = self._database[COUNTERS]
        before = await counters.find_one_and_update(
            {"_id": EDITION}, {"$inc": {"value": 1}}, upsert=True, session=session
        )
        if (int(before["value"]) if before else 0) != seen:
            raise Conflict(N_("Somebody has changed the table in the meantime. Look at what the sheet changes now."))

    async def write_duties(self, changes: Changes[Responsibility], session: AsyncClientSession) -> list[ObjectId]:
        """Write rows that are added and ended, in ``session``'s transaction; ids of those that are added."""
        now = self._clock()
        await _end(self._duties, changes.ended, now, session)
        rows = [_duty_row(each, now) for each in changes.added]
        if rows:
            await self._duties.insert_many(rows, session=session)
        return [row["_id"] for row in rows]

    async def _write(self, outlook: Outlook, session: AsyncClientSession) -> None:
        now = self._clock()
        await self.write_duties(outlook.duties, session)
        await _end(self._backings, outlook.backings.ended, now, session)
        if outlook.backings.added:
            rows = [_backing_row(each, now) for each in outlook.backings.added]
            await self._backings.insert_many(rows, session=session)


async def _end(rows: Collection, ended: Sequence[Ended[Row]], now: datetime, session: AsyncClientSession) -> None:
    """Give rows their last day."""
    writes = [
        UpdateOne({"_id": each.row.id}, {"$set": {"valid_to": each.last_day.isoformat(), "ended_at": now}})
        for each in ended
    ]
    if writes:
        await rows.bulk_write(writes, session=session)


def _outlook(
    edition: int,
    duties: Sequence[Responsibility],
    backings: Sequence[Backing],
    sheet: ResponsibilitySheet,
    since: date,
    around: Surroundings,
    whole: bool,
) -> Outlook:
    relations = {each.relation for each in sheet.backings}
    compared = [each for each in backings if each.relation in relations]
    changed = plan(duties, sheet.duties, since, whole=whole and bool(sheet.duties))
    after = changed.applied(duties)
    day = max([since, *(each.valid_from for each in sheet.duties)])
    backed = plan(compared, sheet.backings, since, whole=whole)
    return Outlook(edition, changed, backed, clashes(after, since), around.gaps(after, day), day)


def _duty_row(each: Responsibility, now: datetime) -> Json:
    return {
        "_id": ObjectId(),
        "unit_id": each.unit_id,
        "duty": each.duty.value,
        "category": each.category,
        "region": each.region,
        **_dated(each, now),
    }


def _backing_row(each: Backing, now: datetime) -> Json:
    return {
        "_id": ObjectId(),
        "relation": each.relation.value,
        "region": each.region,
        "unit_id": each.unit_id,
        "person": each.person,
        "user_id": each.user_id,
        "indicator": each.indicator,
        **_dated(each, now),
    }


def _dated(each: Responsibility | Backing, now: datetime) -> Json:
    last = each.valid_to.isoformat() if each.valid_to else None
    return {"valid_from": each.valid_from.isoformat(), "valid_to": last, "added_at": now, "ended_at": None}
