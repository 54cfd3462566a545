"""Sheets between the look at what they bring and the word to take it: kept for an hour, for the one who sent them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database
from media_tracker.db.ids import parse_id
from media_tracker.errors import N_, NotFound

COLLECTION = "sheet_drafts"
INDEXES = [IndexModel([("expires_at", ASCENDING)], name="expires_at_ttl", expireAfterSeconds=0)]
KEPT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SheetDraft:
    """A file as it was sent. At most 5 MB, so that it fits a document."""

    id: ObjectId
    filename: str
    data: bytes


class SheetDrafts:
    """Keeps sheets until they are taken, or forgotten."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._drafts = database[COLLECTION]
        self._clock = clock

    async def keep(self, outlet_id: ObjectId | str, user_id: ObjectId, filename: str, data: bytes) -> ObjectId:
        """Keep a sheet of ``outlet_id``, or of the table of that name, for ``user_id``, and return its id.

        Of one person the latest is kept.
        """
        draft_id = ObjectId()
        await self._drafts.delete_many({"user_id": user_id})
        await self._drafts.insert_one(
            {
                "_id": draft_id,
                "outlet_id": outlet_id,
                "user_id": user_id,
                "filename": filename[:200],
                "data": data,
                "expires_at": self._clock() + KEPT,
            }
        )
        return draft_id

    async def get(self, draft_id: str, outlet_id: ObjectId | str, user_id: ObjectId) -> SheetDraft:
        """The sheet that was kept; ``NotFound`` for any other, and for one that is too old."""
        query = {"_id": parse_id(draft_id), "outlet_id": outlet_id, "user_id": user_id}
        row = await self._drafts.find_one({**query, "expires_at": {"$gt": self._clock()}})
        if row is None:
            raise NotFound(N_("This sheet is no longer kept. Choose the file again."))
        return SheetDraft(row["_id"], row["filename"], bytes(row["data"]))

    async def forget(self, draft_id: ObjectId) -> None:
        """It has been taken."""
        await self._drafts.delete_one({"_id": draft_id})
