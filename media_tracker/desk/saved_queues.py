"""Saved queues: an editor's names for filters of the desk; one of them may be the one that the desk opens with."""

from __future__ import annotations

from dataclasses import dataclass

from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from media_tracker.accounts.actor import Actor
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.ids import parse_id
from media_tracker.desk.filters import QueueFilter
from media_tracker.errors import N_, InvalidInput, NotFound

COLLECTION = "desk_queues"
INDEXES = [IndexModel([("owner", ASCENDING), ("name", ASCENDING)], name="owner_name", unique=True)]
MOST = 20
LONGEST_NAME = 30

NO_NAME = N_("Please give the queue a name.")
TOO_LONG = N_("This is too long.")
TOO_MANY = N_("You have 20 saved queues already. Delete one first.")


@dataclass(frozen=True, slots=True)
class SavedQueue:
    """One of an editor's queues. ``query`` is the desk's address after the question mark."""

    id: ObjectId
    name: str
    query: str
    default: bool


class SavedQueues:
    """The only reader and writer of saved queues. Nobody sees somebody else's."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._queues = database[COLLECTION]
        self._clock = clock

    async def of(self, who: Actor) -> list[SavedQueue]:
        """The person's own, by name."""
        rows = self._queues.find({"owner": who.user_id}).sort("name", ASCENDING).limit(MOST)
        return [_queue(row) async for row in rows]

    async def default(self, who: Actor) -> SavedQueue | None:
        """The one that the desk opens with."""
        row = await self._queues.find_one({"owner": who.user_id, "default": True})
        return _queue(row) if row else None

    async def save(self, who: Actor, name: str, wanted: QueueFilter, *, default: bool = False) -> SavedQueue:
        """Keep a filter under ``name``; one of that name is replaced. ``default``: the desk opens with it from now on.

        Raises:
            InvalidInput: no name, one that is too long, or there are 20 already.
        """
        name = " ".join(name.split())
        if not name or len(name) > LONGEST_NAME:
            sentence = TOO_LONG if name else NO_NAME
            raise InvalidInput(sentence, {"name": sentence})
        mine: Json = {"owner": who.user_id}
        known = await self._queues.find_one({**mine, "name": name}, {"_id": 1})
        if known is None and await self._queues.count_documents(mine, limit=MOST) >= MOST:
            raise InvalidInput(TOO_MANY, {"name": TOO_MANY})
        if default:
            await self._queues.update_many({**mine, "default": True}, {"$set": {"default": False}})
        changes = {"query": wanted.query_string(), "default": default, "at": self._clock()}
        await self._queues.update_one({**mine, "name": name}, {"$set": changes}, upsert=True)
        return _queue(await self._queues.find_one({**mine, "name": name}) or {})

    async def choose(self, who: Actor, queue_id: str | None) -> None:
        """Have the desk open with one's own queue ``queue_id``; None: with all that waits. ``NotFound`` for another's."""
        mine: Json = {"owner": who.user_id}
        if queue_id is not None and await self._queues.find_one({**mine, "_id": parse_id(queue_id)}) is None:
            raise NotFound(N_("There is nothing at this address."))
        await self._queues.update_many({**mine, "default": True}, {"$set": {"default": False}})
        if queue_id is not None:
            await self._queues.update_one({**mine, "_id": parse_id(queue_id)}, {"$set": {"default": True}})

    async def delete(self, who: Actor, queue_id: str) -> None:
        """Delete one's own; deleting it again, or somebody else's, changes nothing."""
        await self._queues.delete_one({"_id": parse_id(queue_id), "owner": who.user_id})


def _queue(row: Json) -> SavedQueue:
    return SavedQueue(row["_id"], row["name"], row["query"], bool(row["default"]))
