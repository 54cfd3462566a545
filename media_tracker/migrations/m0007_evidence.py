"""Takes the times of photos out of what everybody may read, and writes beside each problem which files are its own."""

from __future__ import annotations

from datetime import UTC

from pymongo import UpdateOne

from media_tracker.db.connection import Database, Json
from media_tracker.files.camera import CameraFacts
from media_tracker.files.kept import camera_row
from media_tracker.files.store import CAMERA, FILES
from media_tracker.problems.case import Case
from media_tracker.problems.documents import Problem
from media_tracker.problems.evidence.material import files_of

BATCH = 1_000


async def up(database: Database) -> None:
    """Doing it again changes nothing; killed, it is done again. Photos of before are known again by their bytes alone."""
    if CAMERA not in await database.list_collection_names():
        await database.create_collection(CAMERA)
    async for row in database[FILES].find({"metadata.taken_at": {"$exists": True}}):
        await _move_time(database, row)
    problems = database[Problem.Settings.name]
    writes: list[UpdateOne] = []
    async for row in problems.find({"files": {"$exists": False}}, {"case": 1}):
        case = Case.model_validate(row["case"])
        own = {"_id": row["_id"], "case.version": case.version}
        writes.append(UpdateOne(own, {"$set": {"files": files_of(case)}}))
        if len(writes) >= BATCH:
            await problems.bulk_write(writes, ordered=False)
            writes.clear()
    if writes:
        await problems.bulk_write(writes, ordered=False)


async def _move_time(database: Database, row: Json) -> None:
    """What was known was the moment: the camera had said its offset, which nobody wrote down."""
    metadata = row["metadata"]
    taken_at = metadata["taken_at"]
    if taken_at is not None and metadata["thumbnail_id"] is not None:
        local = taken_at.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat()
        said = {"saved_at": metadata["saved_at"], "attached": metadata["attached"]}
        said |= camera_row(CameraFacts(local, "+00:00"))
        await database[CAMERA].update_one({"_id": row["_id"]}, {"$setOnInsert": said}, upsert=True)
    await database[FILES].update_one({"_id": row["_id"]}, {"$unset": {"metadata.taken_at": ""}})
