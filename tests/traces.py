"""What a test has written to its database, and taking exactly that away again.

The server counts the writes to each collection, whoever makes them. So a test costs what it has written, and the thousands of
regions that most tests only read stay where they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from media_tracker.db.connection import Database


class Traces:
    """The writes to one database since ``begin``. ``tables``: the starting tables, of which ``rows`` rows may stay in it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._before: dict[str, int] = {}
        self._tables: frozenset[str] = frozenset()
        self._rows = 0

    @property
    def has_tables(self) -> bool:
        """Whether the starting tables stand in the database as they were put there."""
        return bool(self._tables)

    async def begin(self) -> None:
        """From now on what is written belongs to a test."""
        self._before = await self._writes()

    async def put_tables(self, tables: Database) -> None:
        """Have copies of the starting tables in ``tables`` stand here. They belong to no test."""
        names = await tables.list_collection_names()
        for name in names:
            rows = await tables[name].find().to_list()
            await self._database[name].insert_many(rows)
            self._rows += len(rows)
        self._tables = frozenset(names)
        now = await self._writes()
        self._before |= {name: now[name] for name in names}

    async def take_tables(self) -> None:
        """Have none of them stand here."""
        await self._empty(self._tables)
        self._tables, self._rows = frozenset(), 0

    async def wipe(self) -> None:
        """Take away what has been written since ``begin``, and the starting tables if somebody has touched them."""
        now = await self._writes()
        written = {name for name, count in now.items() if count != self._before.get(name, 0)}
        if written & self._tables:
            await self.take_tables()
        await self._empty(written)
        if await self._count() != self._rows:  # what was dropped and made anew may count as it did before
            self._tables, self._rows = frozenset(), 0
            await self._empty(
                await self._database.list_collection_names(filter={"name": {"$not": {"$regex": "^system"}}})
            )

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
