"""Who has which story open at the desk, so that two editors never work on the same one.

A claim is a row of its own (``desk_claims``): it changes nothing in the story and writes no event. It ends by itself five minutes
after it was last renewed, when its editor takes another story, when the story is decided, or when an admin breaks it. Every use
case of the desk asks ``check_in`` within its transaction; that two who press at once never both win is the story's version.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bson import ObjectId
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from media_tracker.accounts.actor import Actor, Role
from media_tracker.accounts.audit import Audit
from media_tracker.accounts.documents import AuditAction, User
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.events import Origin
from media_tracker.db.transactions import Transaction
from media_tracker.errors import N_, Conflict, Forbidden

COLLECTION = "desk_claims"
INDEXES = [
    IndexModel([("until", ASCENDING)], name="until", expireAfterSeconds=3_600),
    IndexModel([("by", ASCENDING)], name="by"),
]
HELD_FOR = timedelta(minutes=5)
RENEWED_AFTER = timedelta(seconds=15)
"""A claim that is younger is as good as new: a page that is loaded again writes nothing."""
MOST_HELD = 1_000
"""Claims that are asked for at once; more editors than this do not sit at one desk."""

TAKEN = N_("{name} has this story open. Take the next one; it is free again when {name} goes on, or in five minutes.")
BREAKERS_ONLY = N_("Only an administrator can take a story away from somebody.")


@dataclass(frozen=True, slots=True)
class Held:
    """Who has a story open, since when, and until when unless it is renewed."""

    story_id: ObjectId
    by: ObjectId
    since: datetime
    until: datetime


class StoryClaims:
    """Takes, renews, releases and breaks claims."""

    def __init__(self, database: Database, audit: Audit, clock: Clock) -> None:
        self._claims = database[COLLECTION]
        self._users = database[User.Settings.name]
        self._audit = audit
        self._clock = clock

    async def take(self, story_id: ObjectId, actor: Actor) -> Held:
        """Claim a story for ``actor``, or renew the claim; any other that they had is released.

        Call it when a story is opened, and every minute or two while it stays open; not when a page is only fetched ahead.

        Returns:
            The claim that stands: ``by`` tells whether it is the actor's, or whose else.
        """
        now = self._clock()
        mine = {"_id": story_id, "$or": [{"by": actor.user_id}, {"until": {"$lte": now}}]}
        # Whoever takes over what has run out begins anew; who renews keeps the beginning.
        since = {"$cond": [{"$eq": ["$by", actor.user_id]}, {"$ifNull": ["$since", now]}, now]}
        changes = [{"$set": {"since": since, "by": actor.user_id, "until": now + HELD_FOR}}]
        try:
            row: Json | None = await self._claims.find_one_and_update(
                mine, changes, upsert=True, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError:  # held by another: the filter matched nothing, and the insert met their row
            row = await self._claims.find_one({"_id": story_id})
            return held_of(row) if row is not None else await self.take(story_id, actor)
        await self._claims.delete_many({"by": actor.user_id, "_id": {"$ne": story_id}})
        return held_of(row) if row is not None else Held(story_id, actor.user_id, now, now + HELD_FOR)

    async def keep(self, story_id: ObjectId, actor: Actor, known: Mapping[ObjectId, Held]) -> Held:
        """Like ``take``, for who has just read ``known``, the claims that stand: nothing is written that stands already."""
        own = [held for held in known.values() if held.by == actor.user_id]
        fresh = self._clock() + HELD_FOR - RENEWED_AFTER
        if [held.story_id for held in own] == [story_id] and own[0].until >= fresh:
            return own[0]
        return await self.take(story_id, actor)

    async def release(self, story_id: ObjectId, actor: Actor) -> None:
        """Let go of a story; of one that somebody else has, nothing happens."""
        await self._claims.delete_one({"_id": story_id, "by": actor.user_id})

    async def held(self, stories: Iterable[ObjectId]) -> dict[ObjectId, Held]:
        """Who has which of ``stories`` open now."""
        query: Json = {"_id": {"$in": list(stories)}, "until": {"$gt": self._clock()}}
        return {row["_id"]: held_of(row) async for row in self._claims.find(query)}

    async def of_others(self, actor: Actor) -> list[ObjectId]:
        """The stories that others have open now: what "next" passes over."""
        query: Json = {"until": {"$gt": self._clock()}, "by": {"$ne": actor.user_id}}
        return [row["_id"] async for row in self._claims.find(query, {"_id": 1}).limit(MOST_HELD)]

    async def of(self, actor: Actor) -> list[ObjectId]:
        """The story that ``actor`` has open; a list of at most one, but for two windows at the same instant."""
        query: Json = {"by": actor.user_id, "until": {"$gt": self._clock()}}
        return [row["_id"] async for row in self._claims.find(query, {"_id": 1}).limit(MOST_HELD)]

    async def take_away(self, story_id: ObjectId, actor: Actor, origin: Origin) -> None:
        """Break a claim, whoever has it; written into the audit trail. Without a claim nothing happens.

        Raises:
            Forbidden: the actor is no admin.
        """
        if not actor.has(Role.ADMIN):
            raise Forbidden(BREAKERS_ONLY)
        row = await self._claims.find_one_and_delete({"_id": story_id})
        if row is not None:
            await self._audit.write(
                AuditAction.CLAIM_BROKEN,
                actor=actor.user_id,
                subject=row["by"],
                detail={"story": story_id},
                request_id=origin.request_id,
            )

    async def check_in(self, tx: Transaction, story_id: ObjectId, actor: Actor) -> None:
        """Accept that ``actor`` changes the story within ``tx``.

        Raises:
            Conflict: somebody else has it open; says who.
        """
        query: Json = {"_id": story_id, "until": {"$gt": self._clock()}, "by": {"$ne": actor.user_id}}
        row = await self._claims.find_one(query, session=tx.session)
        if row is not None:
            raise Conflict(TAKEN, name=await self.name_of(row["by"]))

    async def release_in(self, tx: Transaction, story_id: ObjectId, actor: Actor) -> None:
        """Let go of a story that is done with, within ``tx``."""
        await self._claims.delete_one({"_id": story_id, "by": actor.user_id}, session=tx.session)

    async def names_of(self, people: Collection[ObjectId]) -> dict[ObjectId, str]:
        """The same of several; nobody is asked for nothing."""
        if not people:
            return {}
        rows = self._users.find({"_id": {"$in": list(people)}}, {"display_name": 1, "username": 1})
        return {row["_id"]: str(row.get("display_name") or row.get("username") or "") async for row in rows}

    async def name_of(self, user_id: ObjectId) -> str:
        """What the person is called; their user name without a name."""
        row = await self._users.find_one({"_id": user_id}, {"display_name": 1, "username": 1}) or {}
        return str(row.get("display_name") or row.get("username") or "")


def standing(now: datetime) -> list[Json]:
    """The stages that ask the collection for every claim that stands."""
    return [{"$match": {"until": {"$gt": now}}}, {"$limit": MOST_HELD}]


def held_of(row: Json) -> Held:
    """A claim as it is stored."""
    return Held(row["_id"], row["by"], row["since"], row["until"])
