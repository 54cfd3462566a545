"""Who reads which feed: leases on feeds and turns at hosts, both in the database, for any number of workers anywhere.

A host's turn is taken before anything is asked of it, feed or page, and freed afterwards; who dies in between loses it with the
lease.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bson import ObjectId
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Collection, Database, Json
from media_tracker.ingest.outcome import RELEASED
from media_tracker.ingest.schedule import SHORTEST
from media_tracker.outlets.documents import Feed, FeedSource

LEASE = timedelta(minutes=5)
HOSTS = "fetch_hosts"
HOST_INDEXES = [IndexModel([("free_at", ASCENDING)], name="free_at", expireAfterSeconds=3600)]
ROWS_AT_ONCE, MOST_STEPS = 200, 10
"""Of what is due so many rows are looked at; then those of other hosts, so many times."""
WAIT_SECONDS = 0.5
"""Between two looks whether a host is free."""
MOST_PATTERN = 16_000
"""Characters of hosts that one query leaves out; the server takes patterns of 32 KB."""


class Claims:
    """Claims feeds that are due for ``owner``.

    ``gap``: seconds between two requests to one host, of all workers together; 0: hosts need no turns.
    """

    def __init__(self, database: Database, clock: Clock, owner: str, gap: float) -> None:
        self._feeds = database[Feed.Settings.name]
        self._hosts = database[HOSTS]
        self._clock = clock
        self.owner = owner
        self.gap = timedelta(seconds=gap)

    async def due(self, limit: int) -> list[Feed]:
        """Up to ``limit`` feeds that are due, leased to this process, no two of one host.

        Each one's next check is moved away first: a feed that kills its reader is not the first to be read again.
        """
        now = self._clock()
        claimed: list[Feed] = []
        async with aclosing(self.in_turn(self._feeds, _is_due(now), "state.next_check_at")) as waiting:
            async for row in waiting:
                feed = await self._claim(row["_id"], now, _is_due(now))
                if feed is not None:
                    claimed.append(feed)
                else:
                    await self.give_back_host(row["url"])
                if len(claimed) >= limit:
                    break
        return claimed

    async def in_turn(self, rows: Collection, due: Json, order: str) -> AsyncGenerator[Json, None]:
        """``_id`` and ``url`` of what is ``due``, earliest ``order`` first: one of each host, the host's turn being taken.

        The server leaves out hosts that are taken or have had their row, so that thousands of rows of theirs hide no other's.
        Without a gap rows come whatever their host.
        """
        if not self.gap:
            async for row in rows.find(due, {"url": 1}).sort(order, 1).limit(ROWS_AT_ONCE):
                yield row
            return
        taken = self._hosts.find({"free_at": {"$gt": self._clock()}}, {"_id": 1})
        passed: set[str] = {row["_id"] async for row in taken}
        for _ in range(MOST_STEPS):
            looked_at = 0
            async for row in rows.find({**due, **_elsewhere(passed)}, {"url": 1}).sort(order, 1).limit(ROWS_AT_ONCE):
                looked_at += 1
                host = host_of(row["url"])
                if host in passed:
                    continue
                passed.add(host)
                if await self.take_host(row["url"]):
                    yield row
            if looked_at < ROWS_AT_ONCE:
                return

    async def take(self, feed_id: ObjectId) -> Feed | None:
        """The feed with this id, leased to this process, though it may not be due yet: somebody has asked for it.

        None while it rests, somebody else reads it, or its host has to be left in peace for a moment.
        """
        now = self._clock()
        row = await self._feeds.find_one({"_id": feed_id, **_is_free(now)}, {"url": 1})
        if row is None or not await self.take_host(row["url"]):
            return None
        feed = None
        try:
            feed = await self._claim(feed_id, now, _is_free(now))
        finally:
            if feed is None:
                await self.give_back_host(row["url"])
        return feed

    async def release(self, feed: Feed) -> None:
        """A feed has been read (its lease went with the result): its host may be asked again after the gap."""
        await self.free_host(feed.url)

    async def take_host(self, url: str) -> bool:
        """Whether the host of ``url`` is ours for as long as a lease lasts. Ask it, and free it."""
        if not self.gap:
            return True
        now = self._clock()
        try:
            await self._hosts.update_one(
                {"_id": host_of(url), "free_at": {"$lte": now}},
                {"$set": {"free_at": now + LEASE, "owner": self.owner}},
                upsert=True,
            )
        except DuplicateKeyError:
            return False  # somebody has it: the filter matched nothing, and the insert met that document
        return True

    async def wait_for_host(self, url: str, seconds: float = math.inf) -> bool:
        """Whether the host of ``url`` has become ours within so long: who holds another one must not wait for ever."""
        clock = asyncio.get_running_loop().time
        until = clock() + seconds
        while not await self.take_host(url):
            if clock() >= until:
                return False
            await asyncio.sleep(WAIT_SECONDS)  # other processes free it, in the database
        return True

    @asynccontextmanager
    async def turn(self, url: str) -> AsyncIterator[None]:
        """Wait until the host of ``url`` is ours, and free it afterwards. A lease that somebody has died with ends by itself."""
        await self.wait_for_host(url)
        try:
            yield
        finally:
            await self.free_host(url)

    async def free_host(self, url: str, at: datetime | None = None) -> None:
        """The host of ``url`` has been asked, and may be again after the gap; not before ``at`` if it asks for more time."""
        after_gap = self._clock() + self.gap
        await self._free(host_of(url), after_gap if at is None else max(at, after_gap))

    async def give_back_host(self, url: str) -> None:
        """Nothing was asked of the host of ``url``: others may at once."""
        await self._free(host_of(url), self._clock())

    async def give_back(self) -> None:
        """Let go of every feed and every host that this process has taken and not freed; others may take them at once."""
        now = self._clock()
        due_now = {**RELEASED, "state.next_check_at": now}
        await self._feeds.update_many({"state.leased_by": self.owner}, {"$set": due_now})
        await self._hosts.update_many({"owner": self.owner}, _free_at(now))

    async def _claim(self, feed_id: ObjectId, now: datetime, still: Json) -> Feed | None:
        lease = {
            "state.leased_by": self.owner,
            "state.leased_until": now + LEASE,
            "state.next_check_at": now + LEASE + SHORTEST,
        }
        row = await self._feeds.find_one_and_update(
            {"_id": feed_id, **still}, {"$set": lease}, return_document=ReturnDocument.AFTER
        )
        return Feed.model_validate(row) if row is not None else None

    async def _free(self, host: str, at: datetime) -> None:
        if self.gap:
            await self._hosts.update_one({"_id": host, "owner": self.owner}, _free_at(at))


def host_of(url: str) -> str:
    """Whose turn an address takes: host and port."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return url


def _elsewhere(hosts: Iterable[str]) -> Json:
    """A query: the ``url`` is of none of ``hosts``, or of none of the first of them if they are very many."""
    names: list[str] = []
    room = MOST_PATTERN
    for host in hosts:
        names.append(re.escape(host))
        room -= len(names[-1]) + 1
        if room < 0:
            names.pop()
            break
    if not names:
        return {}
    return {"url": {"$not": {"$regex": rf"^[^:/?#]+://(?:{'|'.join(names)})(?:[/?#]|$)", "$options": "i"}}}


def _free_at(moment: datetime) -> Json:
    return {"$set": {"free_at": moment}, "$unset": {"owner": ""}}


def _is_due(now: datetime) -> Json:
    return {**_is_free(now), "state.next_check_at": {"$not": {"$gt": now}}}


def _is_free(now: datetime) -> Json:
    return {
        "active": True,
        "source": {"$ne": FeedSource.HAND.value},
        "state.leased_until": {"$not": {"$gt": now}},
    }


INDEXES: Mapping[str, list[IndexModel]] = {HOSTS: HOST_INDEXES}
