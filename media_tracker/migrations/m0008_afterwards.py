"""Writes when closed problems are to be looked at again, and which are worth another story, for those that were there before."""

from __future__ import annotations

from pymongo import UpdateOne

from media_tracker.db.connection import Database
from media_tracker.problems.afterwards.service import afterwards
from media_tracker.problems.documents import Problem

_AT_ONCE = 500


async def up(database: Database) -> None:
    """Fill ``after`` of every problem that has none. Killed, it goes on where it was; what changes meanwhile has its own."""
    problems = database[Problem.Settings.name]
    while rows := await problems.find({"after": {"$exists": False}}).limit(_AT_ONCE).to_list():
        await problems.bulk_write(
            [
                UpdateOne(
                    {"_id": row["_id"], "case.version": row["case"]["version"], "after": {"$exists": False}},
                    {"$set": {"after": afterwards(Problem.model_validate(row).case).model_dump()}},
                )
                for row in rows
            ],
            ordered=False,
        )
