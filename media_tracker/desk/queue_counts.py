"""How many stories the queues of an editor hold: every number in one question, none counted further than it is shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bson import ObjectId
from pymongo.errors import ExecutionTimeout

from media_tracker.accounts.actor import Actor
from media_tracker.db.connection import Collection as Rows
from media_tracker.db.connection import Json
from media_tracker.desk.filters import WAITS, Which
from media_tracker.ingest.documents import DeskState, Story

MOST_COUNTED = 1_000
"""More are "more than 1,000"."""
MOST_MILLISECONDS = 300
"""A total is not worth more; without one the page says "more than" what it knows of."""
CHANGED: Json = {"desk": DeskState.DECIDED.value, "withdrawn_at": None, "changed_since_decision": True}
SNOOZED: Json = {"desk": DeskState.SNOOZED.value}


@dataclass(frozen=True, slots=True)
class Total:
    """How many stories. ``more``: there are more than ``count``, which was not counted further."""

    count: int
    more: bool = False

    @classmethod
    def of(cls, count: int) -> Total:
        return cls(min(max(count, 0), MOST_COUNTED), count > MOST_COUNTED)


async def count(stories: Rows, query: Json, hint: Json, known: int = 0) -> Total:
    """How many stories meet ``query``, up to 1,000 and for at most 0.3 seconds; then "more than" the ``known`` ones."""
    try:
        return Total.of(
            await stories.count_documents(query, limit=MOST_COUNTED + 1, maxTimeMS=MOST_MILLISECONDS, **hint)
        )
    except ExecutionTimeout:
        return Total(min(known, MOST_COUNTED), more=True)


async def count_queues(stories: Rows, actor: Actor, opened: Collection[ObjectId]) -> Mapping[Which, int]:
    """How many stories each queue but that of the snoozed holds, up to 1,001 each; ``opened``: what ``actor`` has open."""
    begun: Json = {"decision.by": actor.user_id, **WAITS}
    more = [(Which.WAITING, WAITS), (Which.MINE, begun)]
    if opened:
        more.append((Which.MINE, {"_id": {"$in": list(opened)}, **WAITS, "decision.by": {"$ne": actor.user_id}}))
    asked = _counting(Which.CHANGED, CHANGED)
    for which, query in more:
        asked.append({"$unionWith": {"coll": Story.Settings.name, "pipeline": _counting(which, query)}})
    found = dict.fromkeys((Which.WAITING, Which.MINE, Which.CHANGED), 0)
    async for row in await stories.aggregate(asked, hint="changed_since_decision"):
        found[Which(row["_id"])] += int(row["n"])
    return found


def _counting(which: Which, query: Json) -> list[Json]:
    return [{"$match": query}, {"$limit": MOST_COUNTED + 1}, {"$group": {"_id": which.value, "n": {"$sum": 1}}}]


def snoozed() -> list[Json]:
    """The stages that count what is snoozed, and say when the first of it is due."""
    return [
        {"$match": SNOOZED},
        {"$sort": {"snooze.until": 1, "_id": 1}},
        {"$limit": MOST_COUNTED + 1},
        {"$group": {"_id": Which.SNOOZED.value, "n": {"$sum": 1}, "due": {"$first": "$snooze.until"}}},
    ]
