"""What is read beside the stories of a queue, in one question: who has what open, what is to be seen blindly, how many stories
each queue holds. A question costs more than what it asks for; and of one moment the numbers fit each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId

from media_tracker.accounts.actor import Actor
from media_tracker.db.connection import Database, Json
from media_tracker.desk import unseen
from media_tracker.desk.filters import WAITS, Which
from media_tracker.desk.queue_counts import CHANGED, CHANGED_INDEX, MOST_COUNTED, SNOOZED
from media_tracker.desk.second_look import COLLECTION as SECOND_LOOKS
from media_tracker.desk.second_look import put_off_by
from media_tracker.desk.story_claims import COLLECTION as CLAIMS
from media_tracker.desk.story_claims import Held, held_of, standing
from media_tracker.desk.unseen import Unseen
from media_tracker.ingest.blind import INDEX as BLIND
from media_tracker.ingest.documents import Story


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around the queues of one editor.

    ``counts``: how many stories the database finds for each, up to 1,001; for ``Which.MINE`` without those that are only open.
    ``due``: one that was put off is to come back now.
    """

    claims: Mapping[ObjectId, Held]
    unseen: Unseen
    counts: Mapping[Which, int]
    due: bool

    def of(self, actor: Actor) -> list[ObjectId]:
        """The stories that ``actor`` has open."""
        return [held.story_id for held in self.claims.values() if held.by == actor.user_id]


async def read_around(database: Database, actor: Actor, now: datetime, *, counted: bool = True) -> Around:
    """Ask for it. ``counted``: with the numbers of the queues; without, they are 0."""
    name = Story.Settings.name
    asked, hint = unseen.pipeline(actor.user_id), BLIND
    if counted:
        begun: Json = {"decision.by": actor.user_id, **WAITS}
        waiting = _beside(name, [{"$match": WAITS}, *_number(Which.WAITING)])
        mine = _beside(name, [{"$match": begun}, *_number(Which.MINE)])
        # First what needs the hint: that of the stories to be seen blindly is taken anyway, for the sake of its order.
        asked, hint = (
            [{"$match": CHANGED}, *_number(Which.CHANGED), _beside(name, asked), waiting, mine],
            CHANGED_INDEX,
        )
    asked = [*asked, _beside(CLAIMS, standing(now)), _beside(name, _snoozed())]
    rows = await (await database[name].aggregate(asked, hint=hint)).to_list()
    numbers = {Which(row["_id"]): row for row in rows if "n" in row}
    claims = {row["_id"]: held_of(row) for row in rows if "until" in row}
    blind = [row for row in rows if "blind" in row]
    due = numbers.get(Which.SNOOZED, {}).get("due")
    return Around(
        claims=claims,
        unseen=Unseen(blind, await _put_off(database, actor, now, blind)),
        counts={which: int(numbers[which]["n"]) if which in numbers else 0 for which in Which},
        due=due is not None and due <= now,
    )


async def _put_off(database: Database, actor: Actor, now: datetime, rows: Sequence[Json]) -> dict[ObjectId, datetime]:
    """Until when the editor has put off which of the stories to be seen blindly."""
    asked = [row["_id"] for row in rows if row["blind"]["queued"]]
    if not asked:
        return {}
    field = put_off_by(actor.user_id)
    looks = database[SECOND_LOOKS].find({"_id": {"$in": asked}, field: {"$gt": now}}, {field: 1})
    return {row["_id"]: row["put_off"][str(actor.user_id)] async for row in looks}


def _beside(collection: str, asked: Sequence[Json]) -> Json:
    return {"$unionWith": {"coll": collection, "pipeline": list(asked)}}


def _number(which: Which, **more: Json) -> list[Json]:
    return [{"$limit": MOST_COUNTED + 1}, {"$group": {"_id": which.value, "n": {"$sum": 1}, **more}}]


def _snoozed() -> list[Json]:
    first: Json = {"$first": "$snooze.until"}
    return [{"$match": SNOOZED}, {"$sort": {"snooze.until": 1, "_id": 1}}, *_number(Which.SNOOZED, due=first)]
