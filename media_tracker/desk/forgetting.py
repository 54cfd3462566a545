"""Somebody who is forgotten on a deed is forgotten by what the desk keeps of its stories too.

The outlets' own texts stay as they are: what an outlet has published is the outlet's.
"""

from __future__ import annotations

from bson import ObjectId

from media_tracker.db.connection import Database, Json
from media_tracker.db.transactions import Transaction
from media_tracker.deeds.documents import GoodDeed
from media_tracker.desk.done import COLLECTION as DONE
from media_tracker.desk.second_look import COLLECTION as SECOND_LOOKS
from media_tracker.tagging.service import Tagging


class Forgetting:
    """Takes a name out of decisions, second looks and what undoing would bring back."""

    def __init__(self, database: Database, tagging: Tagging) -> None:
        self._looks = database[SECOND_LOOKS]
        self._done = database[DONE]
        self._tagging = tagging

    async def forget_in(self, tx: Transaction, deed: GoodDeed, name: str) -> None:
        """Take ``name`` out of what is kept of the stories of ``deed``, within ``tx``."""
        stories = [ObjectId(told.story_id) for told in deed.stories]
        await self._tagging.forget_person_in(tx, stories, name)
        for voice in ("first", "second"):
            await self._pull(tx, SECOND_LOOKS, {"_id": {"$in": stories}}, f"{voice}.people", name)
        for path in ("people", "suggested.people"):
            await self._pull(tx, DONE, {"story_id": {"$in": stories}}, f"before.decision.{path}", name)

    async def _pull(self, tx: Transaction, collection: str, query: Json, path: str, name: str) -> None:
        rows = self._looks if collection == SECOND_LOOKS else self._done
        await rows.update_many({**query, path: name}, {"$pull": {path: name}}, session=tx.session)
