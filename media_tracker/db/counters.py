"""Numbers that are given out once, with gaps allowed.

A number is drawn *outside* the transaction that uses it: inside, every writer would wait for the one before.
"""

from __future__ import annotations

from pymongo import ReturnDocument

from media_tracker.db.connection import Database

COLLECTION = "counters"


async def draw(database: Database, name: str, count: int = 1) -> range:
    """The next ``count`` numbers of the counter ``name``, as a range; the first one ever is 1."""
    document = await database[COLLECTION].find_one_and_update(
        {"_id": name}, {"$inc": {"value": count}}, upsert=True, return_document=ReturnDocument.AFTER
    )
    assert document is not None  # an upsert that returns the document after it always finds one
    last = int(document["value"])
    return range(last - count + 1, last + 1)
