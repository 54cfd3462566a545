"""Writes what lists find problems by, for those that were registered before it, and drops the index that this replaces."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from pymongo import UpdateOne

from media_tracker.db.clock import system_clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.events import COLLECTION as EVENTS
from media_tracker.places.service import Places
from media_tracker.problems.casebook import ENTITY
from media_tracker.problems.documents import Problem
from media_tracker.problems.tables import Tables
from media_tracker.settings import Settings
from media_tracker.taxonomy.service import Taxonomy

_AT_ONCE = 500
_FIELDS = ("search", "turns_at", "clock_kind", "clock_warn_at", "clock_due_at")


async def up(database: Database) -> None:
    """Describe every problem anew. Doing it again changes nothing; killed, it begins again."""
    problems = database[Problem.Settings.name]
    known = Problem.Settings.name in await database.list_collection_names()
    if known and "search" in await problems.index_information():
        await problems.drop_index("search")
    places, taxonomy = Places(database, system_clock), Taxonomy(database, system_clock)
    tables = Tables(places, taxonomy, system_clock, ZoneInfo(Settings().timezone))
    writes: list[UpdateOne] = []
    async for row in problems.find():
        problem: Problem = Problem.model_validate(row)
        await _name_events(database, problem)
        await tables.describe(problem)
        changes: Json = {name: getattr(problem, name) for name in _FIELDS}
        changes["words"] = [words.model_dump() for words in problem.words]
        writes.append(UpdateOne({"_id": row["_id"], "case.version": problem.case.version}, {"$set": changes}))
        if len(writes) == _AT_ONCE:
            await problems.bulk_write(writes, ordered=False)
            writes.clear()
    if writes:
        await problems.bulk_write(writes, ordered=False)


async def _name_events(database: Database, problem: Problem) -> None:
    """Say with every text which event it was written with: what came with reports is not searched."""
    unnamed = [words for words in problem.words if words.kind is None]
    if not unnamed:
        return
    query = {"entity": ENTITY, "entity_id": problem.case.id, "seq": {"$in": [words.seq for words in unnamed]}}
    kinds = {row["seq"]: row["type"] async for row in database[EVENTS].find(query, {"seq": 1, "type": 1})}
    for words in unnamed:
        words.kind = kinds.get(words.seq)
