"""Migrations and indexes: a step of its own, never done at boot.

Migrations are numbered, idempotent, and run under a lease. Each must leave the data readable by the release before it: add in
one release, remove in the next. Indexes are declared beside their documents; those that are missing are built after the
migrations, those that nobody declares any more are left alone and reported.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pymongo import IndexModel

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database
from media_tracker.db.leases import Leases
from media_tracker.errors import N_, Conflict

COLLECTION = "migrations"
LEASE = "migrate"
LEASE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: its number (1, 2, …), a name for people, and what it does."""

    number: int
    name: str
    up: Callable[[Database], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class SchemaStatus:
    """How far the database is: what still has to be done, and whether it is newer than this program."""

    pending: tuple[str, ...]
    missing_indexes: tuple[str, ...]
    unknown: tuple[int, ...]

    @property
    def current(self) -> bool:
        """True when this program can work with the database as it is. A newer database counts: releases overlap."""
        return not self.pending and not self.missing_indexes


class Migrator:
    """Knows the migrations and the indexes of this release, and compares them with a database."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        migrations: Sequence[Migration],
        indexes: Mapping[str, Sequence[IndexModel]],
        owner: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._migrations = sorted(migrations, key=lambda migration: migration.number)
        self._indexes = indexes
        self._owner = owner
        self._leases = Leases(database, clock)

    async def status(self) -> SchemaStatus:
        """What ``migrate`` would do."""
        applied = {int(row["_id"]) async for row in self._database[COLLECTION].find({}, {"_id": 1})}
        known = {migration.number for migration in self._migrations}
        missing = [
            f"{name}.{index.document['name']}"
            for name, declared in self._indexes.items()
            for index in await self._missing(name, declared)
        ]
        return SchemaStatus(
            pending=tuple(f"{m.number:04d} {m.name}" for m in self._migrations if m.number not in applied),
            missing_indexes=tuple(missing),
            unknown=tuple(sorted(applied - known)),
        )

    async def migrate(self, progress: Callable[[str], None] = lambda _: None) -> SchemaStatus:
        """Apply what is pending, in order, and build missing indexes.

        Raises:
            Conflict: another process is migrating this database right now.
        """
        async with self._alone():
            status = await self.status()
            for migration in self._migrations:
                label = f"{migration.number:04d} {migration.name}"
                if label not in status.pending:
                    continue
                progress(label)
                await migration.up(self._database)
                await self._database[COLLECTION].update_one(
                    {"_id": migration.number},
                    {"$set": {"name": migration.name, "applied_at": self._clock()}},
                    upsert=True,
                )
            for name, declared in self._indexes.items():
                absent = await self._missing(name, declared)
                if absent:
                    progress(f"index {name}: {', '.join(str(index.document['name']) for index in absent)}")
                    await self._database[name].create_indexes(absent)
            return await self.status()

    async def _missing(self, name: str, declared: Sequence[IndexModel]) -> list[IndexModel]:
        present = await self._database[name].index_information()
        return [index for index in declared if index.document["name"] not in present]

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        if not await self._leases.acquire(LEASE, self._owner, LEASE_SECONDS):
            raise Conflict(N_("Another process is migrating this database. Try again in a minute."))
        keeper = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            keeper.cancel()
            await self._leases.release(LEASE, self._owner)

    async def _keep(self) -> None:
        """Prolong the lease while a long migration runs."""
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            await self._leases.acquire(LEASE, self._owner, LEASE_SECONDS)
