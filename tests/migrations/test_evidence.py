"""A database of before: times of photos that everybody could read, and problems that do not name their files."""

from __future__ import annotations

from datetime import UTC, datetime

from bson import ObjectId

from media_tracker.db.connection import Database
from media_tracker.db.events import SYSTEM
from media_tracker.db.transactions import Transactor
from media_tracker.files.store import CAMERA, FILES, FileStore
from media_tracker.migrations import m0007_evidence
from media_tracker.problems.casebook import row_of
from media_tracker.problems.documents import Problem
from tests.fake_clock import FakeClock
from tests.files.pictures import encoded, picture
from tests.problems.cases import fixed_problem, oid

TAKEN = datetime(2026, 3, 2, 0, 15, tzinfo=UTC)


async def test_times_of_photos_are_moved_and_problems_are_found_by_their_files(
    database: Database, clock: FakeClock, transactor: Transactor
) -> None:
    files = FileStore(database, clock)
    dated, undated = [await files.save_image(encoded(picture()), "a.jpg", None, "problem") for _ in range(2)]
    await transactor.run(lambda tx: files.attach([dated.id], tx.session), SYSTEM)
    await database[FILES].update_many({}, {"$set": {"metadata.taken_at": None}})
    await database[FILES].update_one({"_id": dated.id}, {"$set": {"metadata.taken_at": TAKEN}})
    problem = Problem(id=ObjectId(), number="2026-00001", title="x", place="y", case=fixed_problem().case)
    row = row_of(problem)
    del row["files"]
    await database["problems"].insert_one(row)

    for _ in range(2):
        await m0007_evidence.up(database)

    facts = await files.camera_facts([dated.id, undated.id])
    assert {key: said.taken_at(UTC) for key, said in facts.items()} == {dated.id: TAKEN}
    assert await database[FILES].count_documents({"metadata.taken_at": {"$exists": True}}) == 0
    assert (await database[CAMERA].find_one({"_id": dated.id}) or {})["attached"] is True
    stored = await database["problems"].find_one({"files": oid("a photo")})
    assert stored is not None
