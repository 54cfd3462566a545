"""Saved views: a name for a set of filters, of one person or shared with a role."""

from __future__ import annotations

from dataclasses import dataclass

from bson import ObjectId
from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.ids import parse_id
from media_tracker.errors import N_, Conflict, InvalidInput, NotFound

COLLECTION = "problem_views"
INDEXES = [
    IndexModel([("owner", ASCENDING), ("name", ASCENDING)], name="owner_name", unique=True),
    IndexModel([("role", ASCENDING), ("name", ASCENDING)], name="role_name"),
]
MOST_VIEWS = 30
LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class SavedView:
    """One view. ``query`` is the list's address after the question mark; ``role``: who else sees it."""

    id: ObjectId
    owner: ObjectId
    name: str
    query: str
    role: Role | None = None


class SavedViews:
    """The only reader and writer of saved views."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._views = database[COLLECTION]
        self._clock = clock

    async def seen_by(self, who: Actor) -> list[SavedView]:
        """The person's own, then those shared with one of their roles; each by name."""
        shared = {"role": {"$in": sorted(who.roles)}}
        rows = await self._views.find({"$or": [{"owner": who.user_id}, shared]}).sort("name", 1).limit(200).to_list()
        views = [_view(row) for row in rows]
        return sorted(views, key=lambda view: view.owner != who.user_id)

    async def save(self, who: Actor, name: str, query: str, role: Role | None) -> SavedView:
        """Keep ``query`` under ``name``; one of that name is replaced. Sent twice it is kept once.

        Raises:
            InvalidInput: no name, one that is too long, a role that is not the person's; or there are 30 views already.
        """
        name = _name(name)
        if role is not None and role not in who.roles:
            sentence = N_("You can share it only with a role of your own.")
            raise InvalidInput(sentence, {"role": sentence})
        mine = {"owner": who.user_id}
        known = await self._views.find_one({**mine, "name": name}, {"_id": 1})
        if known is None and await self._views.count_documents(mine, limit=MOST_VIEWS) >= MOST_VIEWS:
            raise InvalidInput(N_("You have 30 views already. Delete one first."))
        changes = {"query": query, "role": role.value if role else None, "at": self._clock()}
        await self._views.update_one({**mine, "name": name}, {"$set": changes}, upsert=True)
        return _view(await self._views.find_one({**mine, "name": name}) or {})

    async def rename(self, who: Actor, view_id: str, name: str) -> None:
        """Give one's own view another name.

        Raises:
            NotFound: there is none, or it is somebody else's.
            InvalidInput: no name. Conflict: another view of theirs has it.
        """
        name = _name(name)
        try:
            changed = await self._views.update_one(self._own(who, view_id), {"$set": {"name": name}})
        except DuplicateKeyError:
            raise Conflict(N_("Another view of yours has this name.")) from None
        if changed.matched_count == 0:
            raise _missing()

    async def delete(self, who: Actor, view_id: str) -> None:
        """Delete one's own view; deleting it again changes nothing. ``NotFound`` for somebody else's."""
        if (await self._views.delete_one(self._own(who, view_id))).deleted_count:
            return
        if await self._views.find_one({"_id": parse_id(view_id)}, {"_id": 1}) is not None:
            raise _missing()

    def _own(self, who: Actor, view_id: str) -> Json:
        return {"_id": parse_id(view_id), "owner": who.user_id}


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        sentence = N_("Please give the view a name.")
        raise InvalidInput(sentence, {"name": sentence})
    if len(name) > LONGEST_NAME:
        sentence = N_("This is too long.")
        raise InvalidInput(sentence, {"name": sentence})
    return name


def _missing() -> NotFound:
    return NotFound(N_("There is no such view, or it is somebody else's."))


def _view(row: Json) -> SavedView:
    role = row["role"]
    return SavedView(row["_id"], row["owner"], row["name"], row["query"], Role(role) if role else None)
