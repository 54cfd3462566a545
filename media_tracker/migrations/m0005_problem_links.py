"""Writes what problems are found by, for those that were registered before it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from media_tracker.db.clock import system_clock
from media_tracker.db.connection import Database
from media_tracker.problems.documents import Problem
from media_tracker.problems.linking.links import COLLECTION, Links
from media_tracker.settings import Settings
from media_tracker.taxonomy.service import Taxonomy


async def up(database: Database) -> None:
    """Give every problem its links. Doing it again finds nothing to do; killed, it goes on where it was."""
    if COLLECTION not in await database.list_collection_names():
        await database.create_collection(COLLECTION)
    links = Links(database, Taxonomy(database, system_clock), ZoneInfo(Settings().timezone))
    present = {row["_id"] async for row in database[COLLECTION].find({}, {"_id": 1})}
    async for row in database[Problem.Settings.name].find():
        if row["_id"] not in present:
            await links.put(Problem.model_validate(row))
