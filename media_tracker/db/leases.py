"""Leases: who may do a thing alone for a while, on however many machines."""

from __future__ import annotations

from datetime import timedelta

from pymongo.errors import DuplicateKeyError

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database

COLLECTION = "leases"


class Leases:
    """Named leases in the database. An owner that dies loses its lease when the time is over."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._leases = database[COLLECTION]
        self._clock = clock

    async def acquire(self, name: str, owner: str, seconds: float) -> bool:
        """Take or prolong the lease ``name`` for ``seconds``; False when somebody else holds it."""
        now = self._clock()
        try:
            result = await self._leases.update_one(
                {"_id": name, "$or": [{"owner": owner}, {"until": {"$lte": now}}]},
                {"$set": {"owner": owner, "until": now + timedelta(seconds=seconds)}},
                upsert=True,
            )
        except DuplicateKeyError:
            return False  # held by another: the filter matched nothing, and the insert met the holder's document
        return result.matched_count == 1 or result.upserted_id is not None

    async def release(self, name: str, owner: str) -> None:
        """Give the lease back, if it is still ours."""
        await self._leases.delete_one({"_id": name, "owner": owner})

    async def give_back(self, owner: str) -> None:
        """Give back whatever ``owner`` still holds: it ends, and others need not wait for the time to be over."""
        await self._leases.delete_many({"owner": owner})
