"""Who reads which feed: leases on feeds and turns at hosts, both in the database, for any number of workers anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bson import ObjectId
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.ingest.outcome import RELEASED
from media_tracker.ingest.schedule import SHORTEST
from media_tracker.outlets.documents import Feed, FeedSource

LEASE = timedelta(minutes=5)
HOSTS = "fetch_hosts"
HOST_INDEXES = [IndexModel([("free_at", ASCENDING)], name="free_at", expireAfterSeconds=3600)]


class Claims:
    """Claims feeds that are due for ``owner``.

    ``gap``: seconds between two requests to one host, of all workers together; 0: hosts need no turns.
    """

    def __init__(self, database: Database, clock: Clock, owner: str, gap: float) -> None:
        self._feeds = database[Feed.Settings.name]
        self._hosts = database[HOSTS]
        self._clock = clock
        self.owner = owner
        self._gap = timedelta(seconds=gap)

    async def due(self, limit: int) -> list[Feed]:
        """Up to ``limit`` feeds that are due, leased to this process, no two of one host.

        Each one's next check is moved away first: a feed that kills its reader is not the first to be read again.
        """
        now = self._clock()
        claimed: list[Feed] = []
        asked: set[str] = set()
        waiting = self._feeds.find(_is_due(now), {"url": 1}).sort("state.next_check_at", 1).batch_size(200)
        async for row in waiting:
            host = host_of(row["url"])
            if host in asked:
                continue
            if self._gap:
                asked.add(host)
                if not await self._take_host(host, now):
                    continue
            feed = await self._claim(row["_id"], now, _is_due(now))
            if feed is not None:
                claimed.append(feed)
            elif self._gap:
                await self._free_host(host, now)
            if len(claimed) >= limit:
                break
        return claimed

    async def take(self, feed_id: ObjectId) -> Feed | None:
        """The feed with this id, leased to this process, though it may not be due yet: somebody has asked for it.

        None while it rests, somebody else reads it, or its host has to be left in peace for a moment.
        """
        now = self._clock()
        row = await self._feeds.find_one({"_id": feed_id, **_is_free(now)}, {"url": 1})
        if row is None:
            return None
        host = host_of(row["url"])
        if self._gap and not await self._take_host(host, now):
            return None
        feed = await self._claim(feed_id, now, _is_free(now))
        if feed is None and self._gap:
            await self._free_host(host, now)
        return feed

    async def release(self, feed: Feed) -> None:
        """A feed has been read (its lease went with the result): its host may be asked again after the gap."""
        if self._gap:
            await self._free_host(host_of(feed.url), self._clock() + self._gap)

    async def give_back(self) -> None:
        """Let go of every feed that this process has claimed and not read; others may take it at once."""
        now = self._clock()
        held = await self._feeds.find({"state.leased_by": self.owner}, {"url": 1}).to_list()
        if not held:
            return
        due_now = {**RELEASED, "state.next_check_at": now}
        await self._feeds.update_many({"state.leased_by": self.owner}, {"$set": due_now})
        hosts = [host_of(row["url"]) for row in held]
        await self._hosts.update_many({"_id": {"$in": hosts}, "owner": self.owner}, {"$set": {"free_at": now}})

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

    async def _take_host(self, host: str, now: datetime) -> bool:
        """Whether ``host`` is ours for as long as a lease lasts."""
        try:
            await self._hosts.update_one(
                {"_id": host, "free_at": {"$lte": now}},
                {"$set": {"free_at": now + LEASE, "owner": self.owner}},
                upsert=True,
            )
        except DuplicateKeyError:
            return False  # somebody has it: the filter matched nothing, and the insert met that document
        return True

    async def _free_host(self, host: str, at: datetime) -> None:
        await self._hosts.update_one({"_id": host, "owner": self.owner}, {"$set": {"free_at": at}})


def host_of(url: str) -> str:
    """Whose turn an address takes: host and port."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return url


def _is_due(now: datetime) -> Json:
    return {**_is_free(now), "state.next_check_at": {"$not": {"$gt": now}}}


def _is_free(now: datetime) -> Json:
    return {
        "active": True,
        "source": {"$ne": FeedSource.HAND.value},
        "state.leased_until": {"$not": {"$gt": now}},
    }


INDEXES: Mapping[str, list[IndexModel]] = {HOSTS: HOST_INDEXES}
