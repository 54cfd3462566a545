"""Numbers that are given out once, with gaps allowed.

A number is drawn *outside* the transaction that uses it: inside, every writer would wait for the one before.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo import ReturnDocument

from media_tracker.db.connection import Database

COLLECTION = "counters"


async def draw(database: Database, name: str, count: int = 1, at: datetime | None = None) -> range:
    """The next ``count`` numbers of the counter ``name``, as a range; the first one ever is 1. ``at``: when, to be kept."""
    change: dict[str, Any] = {"$inc": {"value": count}} | ({"$set": {"at": at}} if at is not None else {})
    document = await database[COLLECTION].find_one_and_update(
        {"_id": name}, change, upsert=True, return_document=ReturnDocument.AFTER
    )
    assert document is not None  # an upsert that returns the document after it always finds one
    last = int(document["value"])
    return range(last - count + 1, last + 1)
