"""Notices as their readers use them: the list, how many are new, marking them as read, and by which way they come.

Everything here is about the notices of one user, who is named in every query: nobody reaches anybody else's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId

from media_tracker.db.connection import Database, Json
from media_tracker.db.cursors import read_cursor, write_cursor
from media_tracker.db.ids import parse_id
from media_tracker.errors import N_, NotFound
from media_tracker.notices.documents import NOTICES, PREFERENCES, Notice, notice_of
from media_tracker.notices.kinds import RULES, Delivery, NoticeKind
from media_tracker.problems.arriving import without_arriving
from media_tracker.problems.documents import Problem

PAGE = 50
MOST_COUNTED = 100
"""More than 99 new notices are shown as such: nobody needs the exact number, and it would have to be counted for every page."""
_READ = "r"


@dataclass(frozen=True, slots=True)
class NoticePage:
    """One page: new notices first, then those that were read, the latest first. ``older``: the cursor of the next page."""

    notices: Sequence[Notice]
    older: str | None


class Notices:
    """The notices of one user at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._notices = database[NOTICES]
        self._preferences = database[PREFERENCES]

    async def unread(self, user_id: ObjectId) -> int:
        """How many notices are new, at most ``MOST_COUNTED``."""
        return await self._notices.count_documents({"user_id": user_id, "read": False}, limit=MOST_COUNTED)

    async def page(self, user_id: ObjectId, older_than: str | None = None, size: int = PAGE) -> NoticePage:
        """One page of the list. ``older_than``: the cursor that the page before it gave; nonsense is the first page."""
        text = older_than or ""
        behind, among_read = read_cursor(text.removeprefix(_READ)), text.startswith(_READ)
        rows: list[Json] = []
        if not (behind and among_read):
            rows = await self._rows(user_id, False, behind, size + 1)
            behind = None
        if len(rows) <= size:
            rows += await self._rows(user_id, True, behind, size + 1 - len(rows))
        last = rows[size - 1] if len(rows) > size else None
        mark = _READ if last is not None and last["read"] else ""
        older = mark + write_cursor(last["at"], last["_id"]) if last is not None else None
        return NoticePage([notice_of(row) for row in rows[:size]], older)

    async def problems(self, notices: Iterable[Notice]) -> Mapping[ObjectId, Problem]:
        """The problems that ``notices`` are about, as far as they are there."""
        ids = list({each.problem_id for each in notices if each.problem_id is not None})
        query = {"_id": {"$in": ids}, **await without_arriving(self._database)}
        cursor = self._database[Problem.Settings.name].find(query)
        return {row["_id"]: Problem.model_validate(row) async for row in cursor}

    async def mark_read(self, user_id: ObjectId, notice_id: str) -> Notice:
        """Mark one notice as read, and return it; one that was read stays so.

        Raises:
            NotFound: there is none of this id, or it is somebody else's.
        """
        query = {"_id": parse_id(notice_id), "user_id": user_id}
        row = await self._notices.find_one_and_update(query, {"$set": {"read": True}})
        if row is None:
            raise NotFound(N_("There is no such notice."))
        return notice_of({**row, "read": True})

    async def mark_all_read(self, user_id: ObjectId, until: datetime) -> int:
        """Mark all as read that were there at ``until``: what has come since has not been seen. Returns how many."""
        query = {"user_id": user_id, "read": False, "created_at": {"$lte": until}}
        return (await self._notices.update_many(query, {"$set": {"read": True}})).modified_count

    async def preferences(self, user_id: ObjectId) -> Mapping[NoticeKind, Delivery]:
        """By which way each kind comes."""
        row = await self._preferences.find_one({"_id": user_id})
        return chosen(row)

    async def prefer(self, user_id: ObjectId, choice: Mapping[NoticeKind, Delivery]) -> None:
        """Have these kinds come by these ways from now on; other kinds as before."""
        fields = {f"delivery.{kind}": way for kind, way in choice.items()}
        if fields:
            await self._preferences.update_one({"_id": user_id}, {"$set": fields}, upsert=True)

    async def _rows(
        self, user_id: ObjectId, read: bool, behind: tuple[datetime, ObjectId] | None, limit: int
    ) -> list[Json]:
        query: Json = {"user_id": user_id, "read": read}
        if behind is not None:
            moment, last = behind
            query["$or"] = [{"at": {"$lt": moment}}, {"at": moment, "_id": {"$lt": last}}]
        return await self._notices.find(query).sort([("at", -1), ("_id", -1)]).limit(limit).to_list()


def chosen(row: Json | None) -> dict[NoticeKind, Delivery]:
    """By which way each kind comes to somebody whose choice is stored as ``row``; None: they have made none."""
    made = row.get("delivery", {}) if row else {}
    return {kind: Delivery(made.get(kind, rule.delivery)) for kind, rule in RULES.items()}
