"""Gives stories that came in before it the link that they are found by, when somebody hands them in a second time."""

from __future__ import annotations

from pymongo import UpdateOne

from media_tracker.db.connection import Database
from media_tracker.ingest.documents import Story
from media_tracker.ingest.identity import normalise_url

BATCH = 1_000


async def up(database: Database) -> None:
    """Write ``link`` beside every ``url``. Doing it again finds nothing to do; killed, it goes on where it was."""
    stories = database[Story.Settings.name]
    writes: list[UpdateOne] = []
    async for row in stories.find({"url": {"$gt": ""}, "link": {"$exists": False}}, {"url": 1}):
        writes.append(UpdateOne({"_id": row["_id"]}, {"$set": {"link": normalise_url(row["url"])}}))
        if len(writes) >= BATCH:
            await stories.bulk_write(writes, ordered=False)
            writes.clear()
    if writes:
        await stories.bulk_write(writes, ordered=False)
