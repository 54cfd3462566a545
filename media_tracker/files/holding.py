"""Photos that somebody keeps for what is not on record yet: a draft of an answer, an errand that a team has done.

A photo is *unattached* until a transaction needs it for good, and what stays unattached is swept away. One that is held stays,
unattached: the sweep leaves it alone, only people of its holder see it, and who needs it for good attaches it as any other.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from media_tracker.errors import N_, Conflict
from media_tracker.files.store import FILES

HELD_BY = "metadata.held_by"
"""The unit that holds a photo and its thumbnail; null or missing: nobody."""


class Holding:
    """Holds photos for units, and lets go of them."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._files = database[FILES]

    async def hold(self, photo_ids: Collection[ObjectId], unit_id: ObjectId, session: AsyncClientSession) -> None:
        """Keep photos that are not attached, with their thumbnails, for a unit; in the transaction of ``session``.

        Raises:
            Conflict: one of them is not there (any more), or belongs to something already.
        """
        wanted = set(photo_ids)
        if not wanted:
            return
        query = {"_id": {"$in": list(wanted)}, "metadata.attached": False}
        found = await self._files.find(query, {"metadata.thumbnail_id": 1}, session=session).to_list()
        if len(found) != len(wanted):
            raise Conflict(N_("A photo is no longer there. Choose the photos again and send the form once more."))
        thumbnails = [each["metadata"]["thumbnail_id"] for each in found if each["metadata"]["thumbnail_id"]]
        await self._files.update_many(
            {"_id": {"$in": [*wanted, *thumbnails]}}, {"$set": {HELD_BY: unit_id}}, session=session
        )

    async def let_go(self, photo_ids: Collection[ObjectId], session: AsyncClientSession) -> None:
        """Keep photos no longer. Those that nobody has attached are swept away in time."""
        if not photo_ids:
            return
        query = {"_id": {"$in": list(photo_ids)}}
        found = await self._files.find(query, {"metadata.thumbnail_id": 1}, session=session).to_list()
        thumbnails = [each["metadata"]["thumbnail_id"] for each in found if each["metadata"]["thumbnail_id"]]
        ids = [*photo_ids, *thumbnails]
        await self._files.update_many({"_id": {"$in": ids}}, {"$unset": {HELD_BY: ""}}, session=session)

    async def holder(self, file_id: ObjectId) -> ObjectId | None:
        """The unit that holds a photo or thumbnail; None: nobody."""
        row = await self._files.find_one({"_id": file_id}, {HELD_BY: 1})
        held: ObjectId | None = row["metadata"].get("held_by") if row is not None else None
        return held
