"""Files of long lists: asked for, made by a worker, fetched within a day by who asked. The only writer of their collection.

A job is taken by one worker with a lease that it prolongs as it goes. A worker that dies leaves the job to the next one, which
begins anew (half a file of a list that has changed meanwhile is no list of any moment) and says so; after three that died the job
has failed. A worker that is told to end gives its job back. Somebody who no longer wants it stops it, in whatever state.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import IO

from bson import ObjectId
from gridfs.asynchronous import AsyncGridFSBucket
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.ids import parse_id
from media_tracker.errors import N_, Conflict, NotFound, TooMany
from media_tracker.monitor.exports import FileFormat

COLLECTION, BUCKET = "export_jobs", "exports"
INDEXES = {
    COLLECTION: [
        IndexModel([("owner", ASCENDING), ("created_at", DESCENDING)], name="owner_created"),
        IndexModel([("state", ASCENDING), ("leased_until", ASCENDING)], name="state_lease"),
        IndexModel([("expires_at", ASCENDING)], name="expires"),
    ],
    f"{BUCKET}.files": [IndexModel([("filename", ASCENDING), ("uploadDate", ASCENDING)], name="filename_uploaded")],
    f"{BUCKET}.chunks": [IndexModel([("files_id", ASCENDING), ("n", ASCENDING)], name="file_chunk", unique=True)],
}
KEPT = timedelta(hours=24)
LEASE = timedelta(minutes=2)
MOST_TRIES = 3
MOST_OPEN = 5
"""Jobs of one person that wait or are worked on."""


class JobState(StrEnum):
    """What has become of a job."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


OPEN = (JobState.WAITING, JobState.WORKING)


class Stopped(Exception):
    """The job is no longer wanted, or somebody else's by now."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which list, by its name and the query of its address, as what kind of file, in which language."""

    name: str
    query: str
    kind: FileFormat
    language: str


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands."""

    id: ObjectId
    owner: ObjectId
    wanted: Wanted
    state: JobState
    rows: int
    total: int | None
    """None: nobody has counted them."""
    filename: str
    size: int
    created_at: datetime
    expires_at: datetime
    error: str
    """The sentence, untranslated; empty while nothing is wrong."""
    tries: int
    file_id: ObjectId | None

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.state not in OPEN


class ExportJobs:
    """Takes jobs in, hands them to workers, keeps their files for a day."""

    def __init__(self, database: Database, clock: Clock, owner: str) -> None:
        self._jobs = database[COLLECTION]
        self._bucket = AsyncGridFSBucket(database, bucket_name=BUCKET)
        self._clock = clock
        self._worker = owner

    async def ask(self, owner: ObjectId, wanted: Wanted, total: int | None) -> ObjectId:
        """Have a file made. The same that waits already is not made twice.

        Raises:
            TooMany: so many jobs of this person wait already.
        """
        same = {
            "owner": owner,
            "state": {"$in": [*OPEN]},
            "list": wanted.name,
            "query": wanted.query,
            "kind": wanted.kind.value,
        }
        known = await self._jobs.find_one(same, {"_id": 1})
        if known is not None:
            return ObjectId(known["_id"])
        if await self._jobs.count_documents({"owner": owner, "state": {"$in": [*OPEN]}}) >= MOST_OPEN:
            raise TooMany(
                N_("{most} of your files are being made. Wait for one of them, or stop it."), 60, most=MOST_OPEN
            )
        row = _new_row(owner, wanted, total, self._clock())
        await self._jobs.insert_one(row)
        return ObjectId(row["_id"])

    async def get(self, job_id: str, owner: ObjectId) -> Job:
        """A job of ``owner``'s own; ``NotFound`` without one."""
        row = await self._jobs.find_one({"_id": parse_id(job_id), "owner": owner})
        if row is None:
            raise NotFound(N_("There is no such file, or it has been removed after a day."))
        return _job(row)

    async def of(self, owner: ObjectId, limit: int = 30) -> list[Job]:
        """The jobs of ``owner``, newest first."""
        rows = self._jobs.find({"owner": owner}).sort([("created_at", -1), ("_id", -1)]).limit(limit)
        return [_job(row) async for row in rows]

    async def stop(self, job_id: str, owner: ObjectId) -> Job:
        """Stop a job, or throw its file away. Raises ``NotFound`` without one."""
        job = await self.get(job_id, owner)
        await self._jobs.update_one(
            {"_id": job.id}, {"$set": {"state": JobState.STOPPED, "file_id": None, "leased_until": None}}
        )
        if job.file_id is not None:
            await self._drop(job.file_id)
        return await self.get(job_id, owner)

    # Workers

    async def take(self) -> Job | None:
        """The oldest job that nobody works on, for as long as the lease lasts; None when there is none."""
        now = self._clock()
        free = [{"state": JobState.WAITING}, {"state": JobState.WORKING, "leased_until": {"$lte": now}}]
        row: Json | None = await self._jobs.find_one_and_update(
            {"$or": free},
            {
                "$set": {
                    "state": JobState.WORKING,
                    "leased_by": self._worker,
                    "leased_until": now + LEASE,
                    "rows": 0,
                },
                "$inc": {"tries": 1},
            },
            sort=[("created_at", ASCENDING)],
            return_document=ReturnDocument.AFTER,
        )
        if row is None:
            return None
        job = _job(row)
        if job.tries <= MOST_TRIES:
            return job
        await self.fail(job, N_("The work was cut short several times. Choose fewer rows, or tell an administrator."))
        return await self.take()

    async def tell(self, job: Job, rows: int, total: int | None) -> None:
        """Say how far it is, and keep the lease. Raises ``Stopped`` when it is not ours to go on with."""
        change = {"rows": rows, "total": total, "leased_until": self._clock() + LEASE}
        result = await self._jobs.update_one(self._ours(job), {"$set": change})
        if result.matched_count == 0:
            raise Stopped

    async def give_back(self, job: Job) -> None:
        """Leave a job to whoever takes it next, at once and as if it had not been begun: this worker is told to end."""
        again = {"state": JobState.WAITING, "leased_by": None, "leased_until": None, "rows": 0}
        await self._jobs.update_one(self._ours(job), {"$set": again, "$inc": {"tries": -1}})

    async def finish(self, job: Job, rows: int, filename: str, source: IO[bytes]) -> None:
        """Keep the file. Raises ``Stopped`` when nobody wants it any more; then nothing is kept."""
        file_id = ObjectId()
        await self._bucket.upload_from_stream_with_id(file_id, filename, source, metadata={"job": job.id})
        done = {
            "state": JobState.DONE,
            "rows": rows,
            "total": rows,
            "filename": filename,
            "file_id": file_id,
            "size": source.tell(),
            "expires_at": self._clock() + KEPT,
        }
        result = await self._jobs.update_one(self._ours(job), {"$set": done})
        if result.matched_count == 0:
            await self._drop(file_id)
            raise Stopped

    async def keep(self, owner: ObjectId, wanted: Wanted, rows: int, filename: str, source: IO[bytes]) -> ObjectId:
        """Keep a file that was made already, for ``owner`` to fetch."""
        row = _new_row(owner, wanted, rows, self._clock())
        row |= {"state": JobState.WORKING, "leased_by": self._worker, "leased_until": self._clock() + LEASE, "tries": 1}
        await self._jobs.insert_one(row)
        await self.finish(_job(row), rows, filename, source)
        return ObjectId(row["_id"])

    async def fail(self, job: Job, sentence: str) -> None:
        """Say that nothing will come of it, and why."""
        await self._jobs.update_one(self._ours(job), {"$set": {"state": JobState.FAILED, "error": sentence}})

    async def content(self, job: Job) -> AsyncIterator[bytes]:
        """The bytes of a finished file. Raises ``Conflict`` while there is none."""
        if job.state is not JobState.DONE or job.file_id is None:
            raise Conflict(N_("This file is not ready."))
        stream = await self._bucket.open_download_stream(job.file_id)

        async def chunks() -> AsyncIterator[bytes]:
            while chunk := await stream.readchunk():
                yield chunk

        return chunks()

    async def sweep(self) -> int:
        """Remove jobs and files whose day is over; how many jobs."""
        over = await self._jobs.find({"expires_at": {"$lt": self._clock()}}, {"file_id": 1}).to_list()
        for row in over:
            if row.get("file_id") is not None:
                await self._drop(row["file_id"])
            await self._jobs.delete_one({"_id": row["_id"]})
        await self._drop_forgotten()
        return len(over)

    async def _drop_forgotten(self) -> None:
        """Remove files of more than a day ago that no job knows: a worker died before it could name them."""
        known = [row["file_id"] async for row in self._jobs.find({"file_id": {"$ne": None}}, {"file_id": 1})]
        forgotten = {"$lt": ObjectId.from_datetime(self._clock() - KEPT), "$nin": known}
        database = self._jobs.database
        await database[f"{BUCKET}.files"].delete_many({"_id": forgotten})
        await database[f"{BUCKET}.chunks"].delete_many({"files_id": forgotten})

    async def _drop(self, file_id: ObjectId) -> None:
        """Remove a file; one that is gone already is no matter."""
        database = self._jobs.database
        await database[f"{BUCKET}.files"].delete_one({"_id": file_id})
        await database[f"{BUCKET}.chunks"].delete_many({"files_id": file_id})

    def _ours(self, job: Job) -> Json:
        """The job, unless it was stopped or somebody else has taken it since."""
        return {"_id": job.id, "state": JobState.WORKING, "leased_by": self._worker, "tries": job.tries}


def _new_row(owner: ObjectId, wanted: Wanted, total: int | None, now: datetime) -> Json:
    return {
        "_id": ObjectId(),
        "owner": owner,
        "list": wanted.name,
        "query": wanted.query,
        "kind": wanted.kind.value,
        "language": wanted.language,
        "state": JobState.WAITING,
        "rows": 0,
        "total": total,
        "filename": "",
        "size": 0,
        "created_at": now,
        "expires_at": now + KEPT,
        "error": "",
        "tries": 0,
        "file_id": None,
        "leased_by": None,
        "leased_until": None,
    }


def _job(row: Json) -> Job:
    return Job(
        id=row["_id"],
        owner=row["owner"],
        wanted=Wanted(row["list"], row["query"], FileFormat(row["kind"]), row["language"]),
        state=JobState(row["state"]),
        rows=row["rows"],
        total=row["total"],
        filename=row["filename"],
        size=row["size"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        error=row["error"],
        tries=row["tries"],
        file_id=row["file_id"],
    )
