"""What a test has written to its database, and taking exactly that away again.

The server counts the writes to each collection, whoever makes them. So a test costs what it has written, and the thousands of
rows that many tests only read stay where they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from media_tracker.db.connection import Database

TABLES = "starting_tables"


@dataclass(frozen=True, slots=True)
class _Standing:
    """Collections with so many rows, which belong to no test."""

    collections: frozenset[str]
    rows: int


class Traces:
    """The writes to one database since ``begin``, and what stands in it from test to test, under the names of fixtures."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._before: dict[str, int] = {}
        self._standing: dict[str, _Standing] = {}

    def stands(self, name: str) -> bool:
        """Whether what was kept as ``name`` is in the database, as it was then."""
        return name in self._standing

    @property
    def has_tables(self) -> bool:
        """Whether the starting tables stand in the database as they were put there."""
        return self.stands(TABLES)

    async def begin(self) -> None:
        """From now on what is written belongs to a test."""
        self._before = await self._writes()

    async def put_tables(self, tables: Database) -> None:
        """Have copies of the starting tables in ``tables`` stand here. They belong to no test."""
        names = await tables.list_collection_names()
        for name in names:
            rows = await tables[name].find().to_list()
            await self._database[name].insert_many(rows)
        await self.keep(TABLES, names)

    async def keep(self, name: str, collections: Iterable[str]) -> None:
        """Let all that is in ``collections`` stand, until a test changes it or does without the fixture ``name``."""
        kept = frozenset(collections)
        rows = [await self._database[each].count_documents({}) for each in kept]
        self._standing[name] = _Standing(kept, sum(rows))
        now = await self._writes()
        self._before |= {each: now[each] for each in kept}

    async def keep_only(self, names: Iterable[str]) -> None:
        """Take away what stands under other names."""
        for name in self._standing.keys() - set(names):
            await self._take(name)

    async def wipe(self) -> None:
        """Take away what has been written since ``begin``, and with it all of what stood, if somebody has touched a part."""
        now = await self._writes()
        written = {name for name, count in now.items() if count != self._before.get(name, 0)}
        for name in [name for name, standing in self._standing.items() if written & standing.collections]:
            await self._take(name)
        await self._empty(written)
        if await self._count() != sum(standing.rows for standing in self._standing.values()):
            self._standing.clear()  # what was dropped and made anew may count as it did before
            await self._empty(
                await self._database.list_collection_names(filter={"name": {"$not": {"$regex": "^system"}}})
            )

    async def _take(self, name: str) -> None:
        if name in self._standing:
            await self._empty(self._standing.pop(name).collections)

    async def _writes(self) -> dict[str, int]:
        totals = (await self._database.client.admin.command("top"))["totals"]
        prefix = f"{self._database.name}."
        return {
            name.removeprefix(prefix): counts["writeLock"]["count"]
            for name, counts in totals.items()
            if name.startswith(prefix)
        }

    async def _count(self) -> int:
        return int((await self._database.command("dbStats"))["objects"])

    async def _empty(self, names: Iterable[str]) -> None:
        await asyncio.gather(*(self._database[name].delete_many({}) for name in names))
