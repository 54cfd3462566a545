"""Makes room for editions of the clock rules, and writes beside each problem which of its clocks ends first."""

from __future__ import annotations

from pymongo import UpdateOne

from media_tracker.db.connection import Database
from media_tracker.problems.case import Case
from media_tracker.problems.clocks.book import COLLECTION
from media_tracker.problems.documents import Problem
from media_tracker.problems.light import pressing

BATCH = 1_000


async def up(database: Database) -> None:
    """Doing it again changes nothing; killed, it is done again. What others write meanwhile has its clocks already, and wins."""
    if COLLECTION not in await database.list_collection_names():
        await database.create_collection(COLLECTION)
    problems = database[Problem.Settings.name]
    writes: list[UpdateOne] = []
    async for row in problems.find({"clock_kind": {"$exists": False}}, {"case": 1}):
        case = Case.model_validate(row["case"])
        first = pressing(case)
        fields = {
            "clock_kind": first.kind.value if first is not None else None,
            "clock_warn_at": first.warn_at if first is not None else None,
            "clock_due_at": first.due_at if first is not None else None,
        }
        writes.append(UpdateOne({"_id": row["_id"], "case.version": case.version}, {"$set": fields}))
        if len(writes) >= BATCH:
            await problems.bulk_write(writes, ordered=False)
            writes.clear()
    if writes:
        await problems.bulk_write(writes, ordered=False)
