"""Fills the tables that a city begins with: categories and regions. What is there already is left as it is."""

from __future__ import annotations

from pymongo.asynchronous.client_session import AsyncClientSession

from media_tracker.db.clock import system_clock
from media_tracker.db.connection import Database
from media_tracker.places.regions import read_regions
from media_tracker.places.service import Places
from media_tracker.taxonomy.categories import read_categories
from media_tracker.taxonomy.service import Taxonomy


async def up(database: Database) -> None:
    """Put the shipped categories and regions, unless the tables hold some.

    In one transaction: half a table would be taken for one that somebody has made.
    """

    async def fill(session: AsyncClientSession) -> None:
        if await database["categories"].find_one({}, {"_id": 1}, session=session) is None:
            await Taxonomy(database, system_clock).put(read_categories(), session)
        if await database["regions"].find_one({}, {"_id": 1}, session=session) is None:
            await Places(database, system_clock).put_regions(read_regions(), session)

    async with database.client.start_session() as session:
        await session.with_transaction(fill)
