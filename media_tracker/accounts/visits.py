"""How often strangers may do something: counted in the database, per address, so that every web process sees the same count.

For doors that are open without an account: guessing at links, sending public forms. Addresses are kept as hashes only, for as
long as they count. Sign-in has a throttle of its own, which waits longer each time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo import ASCENDING, IndexModel, ReturnDocument

from media_tracker.accounts.whereabouts import hashed, network_of
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database
from media_tracker.errors import N_, TooMany

COLLECTION = "visits"
INDEXES = [IndexModel([("expires_at", ASCENDING)], name="expires_at_ttl", expireAfterSeconds=0)]


@dataclass(frozen=True, slots=True)
class Allowance:
    """``most`` times within ``within``, counted in fixed stretches of time. ``name``: what is counted."""

    name: str
    most: int
    within: timedelta


class Visits:
    """Counts what strangers do."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._visits = database[COLLECTION]
        self._clock = clock

    async def count(self, allowance: Allowance, who: str) -> None:
        """Count once more for ``who`` (an address, or the id of a thing).

        Raises:
            TooMany: that was more than is allowed; it must not be done.
        """
        now = self._clock()
        key, ends = _stretch(allowance, who, now)
        counted = await self._visits.find_one_and_update(
            {"_id": key},
            {"$inc": {"count": 1}, "$setOnInsert": {"expires_at": ends}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        assert counted is not None  # an upsert has a document
        if counted["count"] > allowance.most:
            raise _too_many(ends, now)

    async def check(self, allowance: Allowance, who: str) -> None:
        """The same without counting: ``TooMany`` when nothing is left."""
        now = self._clock()
        key, ends = _stretch(allowance, who, now)
        counted = await self._visits.find_one({"_id": key}, {"count": 1})
        if counted is not None and counted["count"] >= allowance.most:
            raise _too_many(ends, now)


def _stretch(allowance: Allowance, who: str, now: datetime) -> tuple[str, datetime]:
    seconds = int(allowance.within.total_seconds())
    number = int(now.timestamp()) // seconds
    ends = datetime.fromtimestamp((number + 1) * seconds, now.tzinfo)
    name = hashed(f"{allowance.name}:{network_of(who)}")
    return f"{name}:{number}", ends


def _too_many(ends: datetime, now: datetime) -> TooMany:
    seconds = max(1, math.ceil((ends - now).total_seconds()))
    return TooMany(N_("That was too often. Wait {seconds} seconds and try again."), seconds, seconds=seconds)
