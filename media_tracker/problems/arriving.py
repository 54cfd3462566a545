"""What an import that has been decided still has to bring: until all of it is there, lists and figures leave out what is."""

from __future__ import annotations

from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from media_tracker.db.connection import Database, Json

IMPORTS = "problem_imports"
"""One document for each import: how far it is, and what came of it."""
STAGED = "problem_import_rows"
"""What an import will bring, row by row; empty when none is under way."""

ENTITY = "import"
"""Of the event that all of an import is there; its ``entity_id`` is the import's."""

INDEXES = {
    IMPORTS: [IndexModel([("state", ASCENDING)], name="state")],
    STAGED: [IndexModel([("import_id", ASCENDING), ("order", ASCENDING)], name="import_order", unique=True)],
}

STAGING, ARRIVING, DONE = "staging", "arriving", "done"


async def without_arriving(database: Database, session: AsyncClientSession | None = None) -> Json:
    """A clause for queries of problems that leaves out what is arriving; empty when nothing is."""
    ids = [row["_id"] async for row in database[IMPORTS].find({"state": ARRIVING}, {"_id": 1}, session=session)]
    return {"listed.import_id": {"$nin": ids}} if ids else {}
