"""Versions of the learned model: their bytes, what they were trained from, how good they were, and which one is in use.

The bytes are in GridFS, which takes no part in transactions: they are saved first, then the row that names them, then the
mark of the version in use. A version whose row was never written is only a file that nobody reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bson import ObjectId
from gridfs import NoFile
from gridfs.asynchronous import AsyncGridFSBucket
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput, NotFound
from media_tracker.tagging.model import FORMAT

COLLECTION = "model_versions"
BUCKET = "models"
STATE = "tagging_state"
IN_USE = "model"
INDEXES: Mapping[str, list[IndexModel]] = {
    # GridFS's own two, which it would otherwise make at the first upload.
    f"{BUCKET}.files": [IndexModel([("filename", ASCENDING), ("uploadDate", ASCENDING)], name="filename_uploaded")],
    f"{BUCKET}.chunks": [IndexModel([("files_id", ASCENDING), ("n", ASCENDING)], name="file_chunk", unique=True)],
}
LATEST = 20
KEPT = 10
"""Versions whose bytes are kept, the newest; and the one in use."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A model that has been trained, and what is known of it. Figures: head → macro-F1 on the held-back decisions."""

    data: bytes
    model: str
    """Its own name for itself."""
    made_from: str
    """A digest of the stories, tables and code of the release that trained it."""
    decisions: int
    """Decisions that it was trained from, beside the stories that are shipped."""
    held_back: int
    """Decisions that it was judged by, and has never seen."""
    figures: Mapping[str, float] = field(default_factory=dict)
    former_figures: Mapping[str, float] = field(default_factory=dict)
    """The same of the version that was in use, on the same decisions."""
    no_worse: bool = True
    tables: str = ""
    """A digest of the rules and tables that were in force (``source.InForce``)."""
    samples: bool = False
    """Whether the decisions were made on sample stories."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version as it is kept; ``number`` 0 was trained from the shipped stories alone."""

    number: int
    model: str
    made_from: str
    trained_at: datetime
    trained_by: ObjectId | None
    decisions: int
    held_back: int
    figures: Mapping[str, float]
    former: int | None
    former_figures: Mapping[str, float]
    took_over: bool
    """Whether it came into use when it had been trained."""
    file: ObjectId | None
    """Of its bytes; None: they are no longer kept."""
    tables: str = ""
    """As ``Trained.tables``; empty for versions older than that."""
    samples: bool = False


@dataclass(frozen=True, slots=True)
class InUse:
    """Which version is in use, since when and by whose doing (None: the learner's)."""

    number: int
    since: datetime
    by: ObjectId | None


class Versions:
    """Reads and writes versions."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._versions = database[COLLECTION]
        self._state = database[STATE]
        self._files = AsyncGridFSBucket(database, bucket_name=BUCKET)
        self._clock = clock

    async def in_use(self) -> InUse | None:
        """The version in use; None before the first one."""
        row = await self._state.find_one({"_id": IN_USE})
        return InUse(row["number"], row["since"], row["by"]) if row else None

    async def newest(self) -> Version | None:
        """The version that was trained last."""
        row = await self._versions.find_one({}, sort=[("_id", DESCENDING)])
        return _version(row) if row else None

    async def latest(self, limit: int = LATEST) -> list[Version]:
        """The newest versions first."""
        return [_version(row) async for row in self._versions.find().sort("_id", DESCENDING).limit(limit)]

    async def learnt_from_samples(self, number: int) -> bool:
        """Whether the version ``number`` has learnt from decisions on sample stories."""
        return await self._versions.find_one({"_id": number, "samples": True}, {"_id": 1}) is not None

    async def data(self, number: int) -> bytes:
        """The bytes of the version ``number``; ``NotFound`` when there is no such one, or they are no longer kept."""
        row = await self._versions.find_one({"_id": number}, {"file": 1})
        if row is None or row["file"] is None:
            raise _no_such_version()
        try:
            stream = await self._files.open_download_stream(row["file"])
        except NoFile:
            raise _no_such_version() from None
        return await stream.read()

    async def add(
        self, trained: Trained, by: ObjectId | None, beside: InUse | None = None, begun: datetime | None = None
    ) -> Version:
        """Keep a trained model; it comes into use if it is no worse than the one that it was compared with.

        ``beside``: that one; if another has been chosen in the meantime, the choice stands. ``begun``: when its decisions were
        read; those made since are new.

        Raises:
            Conflict: somebody has added a version in the meantime.
        """
        present, newest = await self.in_use(), await self.newest()
        chosen_since = beside is not None and present != beside
        file = await self._files.upload_from_stream(trained.model, trained.data)
        row: Json = {
            "_id": newest.number + 1 if newest else 0,
            "model": trained.model,
            "made_from": trained.made_from,
            "format": FORMAT,
            "trained_at": begun or self._clock(),
            "trained_by": by,
            "decisions": trained.decisions,
            "held_back": trained.held_back,
            "figures": dict(trained.figures),
            "former": present.number if present else None,
            "former_figures": dict(trained.former_figures),
            "took_over": trained.no_worse and not chosen_since,
            "file": file,
            "tables": trained.tables,
            "samples": trained.samples,
        }
        try:
            await self._versions.insert_one(row)
        except DuplicateKeyError:
            await self._files.delete(file)
            raise Conflict(N_("Another process has trained a version in the meantime.")) from None
        if row["took_over"] and not await self._use(row["_id"], None, instead_of=present):
            row["took_over"] = False
            await self._versions.update_one({"_id": row["_id"]}, {"$set": {"took_over": False}})
        await self._prune()
        return _version(row)

    async def use(self, number: int, by: Actor | None) -> Version:
        """Have the version ``number`` used from now on.

        Raises:
            Forbidden: ``by`` is no admin.
            NotFound: there is no such version, or its bytes are no longer kept. Conflict: it is in use already.
            InvalidInput: a release trained it whose models this one cannot read.
        """
        if by is not None and not by.has(Role.ADMIN):
            raise Forbidden(N_("Only an admin may choose the version that is used."))
        row = await self._versions.find_one({"_id": number})
        if row is None or row["file"] is None:
            raise _no_such_version()
        present = await self.in_use()
        if present is not None and present.number == number:
            raise Conflict(N_("This version is in use already."))
        if (found := row.get("format", 1)) != FORMAT:  # cue words would suggest alone, and nobody would be told
            raise InvalidInput(
                N_("This model is of another release (format {found}, wanted {wanted}). Train it again."),
                found=found,
                wanted=FORMAT,
            )
        await self._use(number, by.user_id if by else None)
        return _version(row)

    async def former(self) -> int:
        """The version to roll back to: the one that was in use before the present one.

        Raises:
            NotFound: there was none.
        """
        present = await self.in_use()
        row = await self._versions.find_one({"_id": present.number}) if present else None
        if row is None or row["former"] is None:
            raise NotFound(N_("There is no former version to go back to."))
        return int(row["former"])

    async def forget(self) -> None:
        """Remove every version, and what they have learnt with them; the next one begins anew."""
        await self._state.delete_one({"_id": IN_USE})
        async for row in self._versions.find({"file": {"$ne": None}}, {"file": 1}):
            await self._files.delete(row["file"])
        await self._versions.delete_many({})

    async def _use(self, number: int, by: ObjectId | None, *, instead_of: InUse | None = None) -> bool:
        """Mark the version in use; with ``instead_of`` only if that is the mark still. Whether it was done."""
        changes = {"number": number, "since": self._clock(), "by": by}
        if instead_of is None:
            await self._state.update_one({"_id": IN_USE}, {"$set": changes}, upsert=True)
            return True
        still = {"_id": IN_USE, "number": instead_of.number, "since": instead_of.since}
        return (await self._state.update_one(still, {"$set": changes})).matched_count == 1

    async def _prune(self) -> None:
        """Let go of the bytes of old versions."""
        present = await self.in_use()
        query = {"file": {"$ne": None}, "_id": {"$ne": present.number if present else None}}
        old = self._versions.find(query, {"file": 1}).sort("_id", DESCENDING).skip(KEPT)
        async for row in old:
            await self._versions.update_one({"_id": row["_id"]}, {"$set": {"file": None}})
            await self._files.delete(row["file"])


def _version(row: Json) -> Version:
    return Version(
        number=row["_id"],
        model=row["model"],
        made_from=row["made_from"],
        trained_at=row["trained_at"],
        trained_by=row["trained_by"],
        decisions=row["decisions"],
        held_back=row["held_back"],
        figures=row["figures"],
        former=row["former"],
        former_figures=row["former_figures"],
        took_over=row["took_over"],
        file=row["file"],
        tables=row.get("tables", ""),
        samples=row.get("samples", False),
    )


def _no_such_version() -> NotFound:
    return NotFound(N_("There is no such version of the model, or it is no longer kept."))
