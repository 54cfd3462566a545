"""What stands beside every editor's queue and is the same for all: which columns there are, how many feeds want attention.

It changes now and then, and is asked for with every page: it may be some seconds old.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database
from media_tracker.ingest.attention import count_feeds
from media_tracker.outlets.documents import Feed, Project

COLUMNS_KEPT = timedelta(minutes=1)
FEEDS_KEPT = timedelta(seconds=15)


class AtHand:
    """Reads it, and keeps it for a while."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._columns: tuple[datetime, frozenset[str]] | None = None
        self._feeds: tuple[datetime, int] | None = None

    async def columns(self) -> frozenset[str]:
        """The columns that feeds and projects name; at most a minute old."""
        if self._columns is None or not self._stands(self._columns[0], COLUMNS_KEPT):
            feeds = await self._database[Feed.Settings.name].distinct("column")
            projects = await self._database[Project.Settings.name].distinct("columns")
            self._columns = self._clock(), frozenset(str(name) for name in (*feeds, *projects) if name)
        return self._columns[1]

    async def feeds(self) -> int:
        """How many feeds want attention; at most fifteen seconds old."""
        if self._feeds is None or not self._stands(self._feeds[0], FEEDS_KEPT):
            now = self._clock()
            self._feeds = now, await count_feeds(self._database, now)
        return self._feeds[1]

    def _stands(self, since: datetime, kept: timedelta) -> bool:
        return timedelta() <= self._clock() - since < kept
