"""Makes room for the responsibility table. Nobody is responsible for anything until a sheet is taken in."""

from __future__ import annotations

from media_tracker.db.connection import Database
from media_tracker.places.documents import BackingDocument, ResponsibilityDocument


async def up(database: Database) -> None:
    """Make the collections: two transactions that each made one on first use would be in each other's way."""
    present = await database.list_collection_names()
    for name in (ResponsibilityDocument.Settings.name, BackingDocument.Settings.name):
        if name not in present:
            await database.create_collection(name)
