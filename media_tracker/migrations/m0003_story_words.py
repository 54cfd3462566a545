"""Makes room for the words of stories. Stories that came in before it are found by the words that they carry themselves."""

from __future__ import annotations

from media_tracker.db.connection import Database
from media_tracker.ingest.words import LEAVES, PAGES, VOLUMES


async def up(database: Database) -> None:
    """Make the collections: many transactions that each made one on first use would be in each other's way."""
    present = await database.list_collection_names()
    for name in (LEAVES, PAGES, VOLUMES):
        if name not in present:
            await database.create_collection(name)
