"""Login throttling: after a few failures each further try has to wait longer, per user name and per address.

A try is counted *before* the password is looked at, in one conditional write, so a hundred tries at once are a hundred tries.
One that turns out right is taken back. The name and the address are kept as hashes only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from media_tracker.accounts.whereabouts import hashed, network_of
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.errors import N_, TooMany

COLLECTION = "login_tries"
INDEXES = [IndexModel([("expires_at", ASCENDING)], name="expires_at_ttl", expireAfterSeconds=0)]

WINDOW = timedelta(minutes=15)
"""Tries are forgotten so long after the last one."""
FIRST_WAIT = 15
LONGEST_WAIT = 900

FREE_PER_USER = 5
FREE_PER_CLIENT = 30
"""A whole office may sit behind one address."""


def wait_after(failures: int, free: int = FREE_PER_USER) -> int:
    """Seconds to wait after so many failures in a row: none below ``free``, then 15 s doubling up to 15 minutes."""
    if failures < free:
        return 0
    doublings = min(failures - free, 16)
    return min(FIRST_WAIT << doublings, LONGEST_WAIT)


@dataclass(frozen=True, slots=True)
class _Key:
    id: str
    free: int


class Throttle:
    """Counts tries to sign in, in the database, so that every web process sees the same count."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._tries = database[COLLECTION]
        self._clock = clock

    async def count(self, username: str, client: str) -> None:
        """Count a try for ``username`` (known or not) from the address ``client``.

        Raises:
            TooMany: one of the two has to wait; the try must not be looked at.
        """
        # The address first: one that is blocked must not be able to lock out a name as well.
        await self._count(_client_key(client))
        await self._count(_user_key(username))

    async def succeeded(self, username: str, client: str) -> None:
        """The counted try was right: the name starts afresh, the address gets its one try back."""
        await self._tries.delete_one({"_id": _user_key(username).id})
        key = _client_key(client)
        await self._tries.update_one(
            {"_id": key.id, "failures": {"$gt": 0}},
            [
                {"$set": {"failures": {"$subtract": ["$failures", 1]}}},
                {
                    "$set": {
                        "blocked_until": {
                            "$cond": [{"$lt": ["$failures", key.free]}, self._clock(), "$blocked_until"],
                        }
                    }
                },
            ],
        )

    async def _count(self, key: _Key) -> None:
        now = self._clock()
        try:
            await self._tries.update_one(
                {"_id": key.id, "blocked_until": {"$lte": now}}, _one_more(now, key.free), upsert=True
            )
        except DuplicateKeyError:
            # The filter matched nothing and the insert met the document: it is blocked, or was inserted this moment.
            await self._refuse_or_count_again(key, now)

    async def _refuse_or_count_again(self, key: _Key, now: datetime) -> None:
        document = await self._tries.find_one({"_id": key.id}, {"blocked_until": 1})
        if document is not None and document["blocked_until"] > now:
            seconds = math.ceil((document["blocked_until"] - now).total_seconds())
            raise TooMany(
                N_("Too many tries to sign in. Wait {seconds} seconds and try again."), seconds, seconds=seconds
            )
        await self._count(key)


def _one_more(now: datetime, free: int) -> list[Json]:
    """The update that counts one try, and sets when the next may come. ``wait_after`` is handed over as a table."""
    longest = free + 16
    waits = [wait_after(failures, free) * 1000 for failures in range(longest + 1)]
    return [
        {
            "$set": {
                "failures": {"$cond": [{"$gt": ["$expires_at", now]}, {"$add": ["$failures", 1]}, 1]},
            }
        },
        {
            "$set": {
                "blocked_until": {"$add": [now, {"$arrayElemAt": [waits, {"$min": ["$failures", longest]}]}]},
            }
        },
        {"$set": {"expires_at": {"$add": ["$blocked_until", int(WINDOW.total_seconds() * 1000)]}}},
    ]


def _user_key(username: str) -> _Key:
    return _Key("user:" + hashed(username), FREE_PER_USER)


def _client_key(client: str) -> _Key:
    return _Key("client:" + hashed(network_of(client)), FREE_PER_CLIENT)
