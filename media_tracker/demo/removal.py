"""Removing the samples: everything that is marked as such, and nothing else."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from bson import ObjectId

from media_tracker.db.connection import Json
from media_tracker.db.events import COLLECTION as EVENTS
from media_tracker.db.events import VOID
from media_tracker.errors import NotFound
from media_tracker.monitor.documents import ERRATA, LISTS
from media_tracker.problems.case import Case
from media_tracker.problems.evidence.material import files_of
from media_tracker.wiring import Services

REPEATING = frozenset({"problem_links", "notices", "notice_alarms"})
"""What only repeats other records; nobody counts it."""
MARKED = (
    "stories",
    "problems",
    "problem_links",
    "notices",
    "notice_alarms",
    "deeds",
    "leads",
    "releases",
    "bulletins",
    "legacy_figures",
    "projects",
    "feeds",
    "outlets",
    "responsibilities",
    "backings",
    "units",
)
AT_ONCE = 20_000
"""Records; a query of many more ids would be too long a document."""
ENTITIES = {
    "stories": "story",
    "problems": "problem",
    "deeds": "deed",
    "leads": "lead",
    "releases": "release",
    "bulletins": "bulletin",
    "legacy_figures": "legacy_figure",
}


async def remove(services: Services) -> int:
    """Remove all sample records and return how many there were.

    Their events become voids: positions in the log are never taken away, or readers would wait for them.
    """
    database = services.database
    for photo in await _photos(services):  # first: once the problems are gone, nothing names them
        with contextlib.suppress(NotFound):  # an earlier removal may have been cut off behind it
            await services.files.delete(photo)
    await _beside_problems(services)
    await _beside_units(services)
    await _beside_bulletins(services)
    leads = [row["_id"] async for row in database["leads"].find({"demo": True}, {"_id": 1})]
    await database["lead_callers"].delete_many({"_id": {"$in": leads}})
    numbers = [row["number"] async for row in database["releases"].find({"demo": True}, {"number": 1})]
    removed = 0
    for name in MARKED:
        everything = [row["_id"] async for row in database[name].find({"demo": True}, {"_id": 1})]
        for start in range(0, len(everything), AT_ONCE):
            ids = everything[start : start + AT_ONCE]
            if name in ENTITIES:
                await _void(services, ENTITIES[name], ids)
            deleted = (await database[name].delete_many({"_id": {"$in": ids}})).deleted_count
            removed += 0 if name in REPEATING else deleted
    if removed:
        await services.versions.forget()  # they have learnt from the samples
    await database["release_rows"].delete_many({"release": {"$in": numbers}})
    await _beside_users(services)
    removed += await services.accounts.remove_demo_users()
    await database["status"].delete_one({"_id": "samples"})
    if removed:
        await services.counting.recount()  # what is counted by now tells of samples, too
    return removed


async def _beside_problems(services: Services) -> None:
    """Drafts, errands, objections and orders of sample problems, with the photos that units hold for them."""
    database = services.database
    ids = [row["_id"] async for row in database["problems"].find({"demo": True}, {"_id": 1})]
    theirs = {"problem_id": {"$in": ids}}
    held: set[ObjectId] = set()
    async for row in database["answer_drafts"].find(theirs):
        held |= {*row["before"], *row["after"], *row["documents"]}
    async for row in database["errands"].find(theirs):
        held |= {*row["photos"], *row["held"]}
    for photo in held:
        with contextlib.suppress(NotFound):  # one that a case has is gone with it
            await services.files.delete(photo)
    objections = [row["_id"] async for row in database["objections"].find(theirs, {"_id": 1})]
    await database["objection_contacts"].delete_many({"_id": {"$in": objections}})
    for name in ("answer_drafts", "errands", "objections"):
        await database[name].delete_many(theirs)
    # An order with a problem of the office's own beside samples is a paper that was given out: it stays.
    samples_alone = {"lines": {"$not": {"$elemMatch": {"problem_id": {"$nin": ids}}}}}
    orders = [row["_id"] async for row in database["dispatch_orders"].find(samples_alone, {"_id": 1})]
    await _void(services, "order", orders)
    await database["dispatch_orders"].delete_many({"_id": {"$in": orders}})


async def _beside_units(services: Services) -> None:
    """What was added to the responsibility table for sample units since."""
    units = [row["_id"] async for row in services.database["units"].find({"demo": True}, {"_id": 1})]
    for name in ("responsibilities", "backings"):
        await services.database[name].delete_many({"unit_id": {"$in": units}, "demo": {"$ne": True}})


async def _beside_bulletins(services: Services) -> None:
    """Word files, lists and corrections of bulletins that count samples."""
    shown = {"frozen.release": 1, "frozen.file_id": 1}
    signed = services.database["bulletins"].find({"demo": True, "frozen": {"$ne": None}}, shown)
    frozen = [row["frozen"] async for row in signed]
    for each in frozen:
        with contextlib.suppress(NotFound):  # an earlier removal may have been cut off behind it
            await services.files.delete(each["file_id"])
    for name in (LISTS, ERRATA):
        await services.database[name].delete_many({"release": {"$in": [each["release"] for each in frozen]}})


async def _beside_users(services: Services) -> None:
    """Saved views and choices of sample users."""
    users = [row["_id"] async for row in services.database["users"].find({"demo": True}, {"_id": 1})]
    await services.database["problem_views"].delete_many({"owner": {"$in": users}})
    await services.database["notice_preferences"].delete_many({"_id": {"$in": users}})


async def _void(services: Services, entity: str, ids: Sequence[ObjectId]) -> None:
    cleared: dict[str, Any] = {"entity": VOID, "seq": 0, "type": VOID, "payload": {}, "actor": None}
    query: Json = {"entity": entity, "entity_id": {"$in": list(ids)}}
    await services.database[EVENTS].update_many(query, {"$set": cleared, "$unset": {"entity_id": ""}})


async def _photos(services: Services) -> list[ObjectId]:
    """Photos and documents of sample problems and deeds; they belong to nothing else."""
    found: list[ObjectId] = []
    async for row in services.database["problems"].find({"demo": True}, {"case": 1}):
        found += files_of(Case.model_validate(row["case"]))
    async for row in services.database["deeds"].find({"demo": True}, {"photos": 1}):
        found += [photo["id"] for photo in row.get("photos", ())]
    return found
