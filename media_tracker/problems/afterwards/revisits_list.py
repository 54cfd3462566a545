"""The list of problems that are worth another story (回访选题)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from media_tracker.db.connection import Database, Json
from media_tracker.db.cursors import read_cursor, write_cursor
from media_tracker.problems.afterwards.revisits import Why
from media_tracker.problems.afterwards.service import EVER
from media_tracker.problems.arriving import without_arriving
from media_tracker.problems.documents import Problem

PAGE = 50
_FIELD = "after.revisit_from"


@dataclass(frozen=True, slots=True)
class RevisitFilter:
    """Which of them are meant; ``why`` of None: all."""

    now: datetime
    why: Why | None = None
    district: str | None = None


@dataclass(frozen=True, slots=True)
class RevisitPage:
    """One page, newest first, and the cursor of the next one."""

    problems: Sequence[Problem]
    next: str | None


class Revisits:
    """Reads the list."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database[Problem.Settings.name]

    async def page(self, wanted: RevisitFilter, after: str | None = None, size: int = PAGE) -> RevisitPage:
        """One page. ``after`` is the cursor that the page before gave; nonsense starts at the top."""
        clauses = [query_of(wanted), await without_arriving(self._database)]
        if (edge := read_cursor(after)) is not None:
            clauses.append({"$or": [{_FIELD: {"$lt": edge[0]}}, {_FIELD: edge[0], "_id": {"$lt": edge[1]}}]})
        query: Json = {"$and": clauses}
        rows = await self._rows.find(query).sort([(_FIELD, -1), ("_id", -1)]).limit(size + 1).to_list()
        found = [Problem.model_validate(row) for row in rows[:size]]
        if len(rows) <= size:
            return RevisitPage(found, None)
        last = rows[size - 1]
        return RevisitPage(found, write_cursor(last["after"]["revisit_from"], last["_id"]))

    async def count(self, wanted: RevisitFilter) -> int:
        """How many problems the list has from its first page to its last."""
        clauses = [query_of(wanted), await without_arriving(self._database)]
        return await self._rows.count_documents({"$and": clauses})


def query_of(wanted: RevisitFilter) -> Json:
    """The database's words for ``wanted``."""
    query: Json = {_FIELD: {"$gt": EVER, "$lte": wanted.now}}
    if wanted.why is not None:
        query["after.revisit_why"] = wanted.why.value
    if wanted.district is not None:
        query["district"] = wanted.district
    return query
