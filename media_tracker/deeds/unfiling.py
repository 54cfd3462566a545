"""Taking back that a story was filed as a good deed, by mistake and a short while ago.

A deed that was filed with just this story goes altogether, with the name that may stand in it; its history stays, ids only.
"""

from __future__ import annotations

from datetime import datetime

from bson import ObjectId

from media_tracker.db.connection import Database, Json
from media_tracker.db.events import COLLECTION as EVENTS
from media_tracker.db.events import NewEvent
from media_tracker.db.transactions import Transaction
from media_tracker.deeds.documents import GoodDeed
from media_tracker.deeds.service import ENTITY
from media_tracker.errors import N_, Conflict

EDITED = N_("The good deed has been worked on since, so its filing can no longer be undone. Edit it on its page.")
GONE = N_("The story tells of this good deed no longer.")


async def unfile_in(
    tx: Transaction, database: Database, deed_id: ObjectId, story_id: ObjectId, seq: int, now: datetime
) -> None:
    """Have the story tell of the deed no longer, within ``tx``. ``seq``: the deed's version while nothing but that has
    happened to it.

    Raises:
        Conflict: the story has left it, or the deed was filed with this story and somebody has worked on it since.
    """
    deeds = database[GoodDeed.Settings.name]
    row = await deeds.find_one({"_id": deed_id, "stories.story_id": story_id}, session=tx.session)
    if row is None:
        raise Conflict(GONE)
    others = [each for each in row["stories"] if each["story_id"] != story_id]
    version = row["version"] + 1
    known = {"_id": deed_id, "version": row["version"]}
    if not others:
        if row["version"] != seq:
            raise Conflict(EDITED)
        gone = (await deeds.delete_one(known, session=tx.session)).deleted_count
    else:
        standing = [each["published_at"] for each in others if each["withdrawn_at"] is None]
        first = min(standing or [row["first_published_at"]])
        people = await _as_before(tx, database, row, story_id) if row["version"] == seq else row["people"]
        left: GoodDeed = GoodDeed.model_validate({**row, "stories": others, "people": people})
        told = {"stories": others, "people": people, "first_published_at": first, "public": left.is_public}
        changes: Json = {**told, "version": version}
        gone = (await deeds.update_one(known, {"$set": changes}, session=tx.session)).matched_count
    if not gone:
        raise Conflict(EDITED)
    what = "story_taken_out" if others else "unfiled"
    tx.record(NewEvent(ENTITY, deed_id, version, what, now, {"story_id": story_id}))


async def _as_before(tx: Transaction, database: Database, row: Json, story_id: ObjectId) -> list[Json]:
    """The people of a deed on which nobody has worked since ``story_id`` was added: where no other story points to somebody under
    18, those are grown up again who counted as such until its words raised doubts."""
    if any(each.get("young") for each in row["stories"] if each["story_id"] != story_id):
        return list(row["people"])
    query = {"entity": ENTITY, "entity_id": row["_id"], "seq": {"$gt": 0}, "payload.story_id": story_id}
    events = database[EVENTS].find({**query, "type": "story_added"}, {"payload.doubted": 1}, session=tx.session)
    doubted = [
        person async for event in events.sort("seq", -1).limit(1) for person in event["payload"].get("doubted", ())
    ]
    return [{**each, "minor": False} if each["id"] in doubted else each for each in row["people"]]
