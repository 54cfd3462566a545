"""Marks the stories of which there are reprints, and drops the index of the queue that a wider one replaces."""

from __future__ import annotations

from bson import ObjectId

from media_tracker.db.connection import Database, Json
from media_tracker.ingest.documents import Story

_AT_ONCE = 1_000
_REPLACED = "desk_published"


async def up(database: Database) -> None:
    """Doing it again changes nothing; killed, it begins again."""
    name = Story.Settings.name
    stories = database[name]
    if name in await database.list_collection_names() and _REPLACED in await stories.index_information():
        await stories.drop_index(_REPLACED)
    several: list[Json] = [
        {"$match": {"cluster": {"$ne": None}}},
        {"$group": {"_id": "$cluster", "stories": {"$sum": 1}}},
        {"$match": {"stories": {"$gt": 1}}},
    ]
    clusters: list[ObjectId] = []
    async for row in await stories.aggregate(several, allowDiskUse=True):
        clusters.append(row["_id"])
        if len(clusters) == _AT_ONCE:
            await _mark(database, clusters)
            clusters.clear()
    await _mark(database, clusters)


async def _mark(database: Database, clusters: list[ObjectId]) -> None:
    if clusters:
        query: Json = {"cluster": {"$in": clusters}, "copied": {"$ne": True}}
        await database[Story.Settings.name].update_many(query, {"$set": {"copied": True}})
