"""Files in GridFS: photos with their thumbnails.

GridFS takes no part in transactions. So a photo is saved first, *unattached*; the transaction that needs it attaches it; what
no transaction ever attached is found and swept away.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from gridfs import NoFile
from gridfs.asynchronous import AsyncGridFSBucket, AsyncGridOut
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from media_tracker.errors import N_, Conflict, NotFound
from media_tracker.files.images import CleanImage, read_image

BUCKET = "files"
FILES = f"{BUCKET}.files"
CHUNKS = f"{BUCKET}.chunks"

INDEXES: Mapping[str, Sequence[IndexModel]] = {
    FILES: [
        # GridFS's own two, which it would otherwise make at the first upload.
        IndexModel([("filename", ASCENDING), ("uploadDate", ASCENDING)], name="filename_uploaded"),
        IndexModel(
            [("metadata.saved_at", ASCENDING)],
            name="unattached_saved_at",
            partialFilterExpression={"metadata.attached": False},
        ),
    ],
    CHUNKS: [IndexModel([("files_id", ASCENDING), ("n", ASCENDING)], name="file_chunk", unique=True)],
}

_MAX_FILENAME = 200


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A saved photo."""

    id: ObjectId
    thumbnail_id: ObjectId
    sha256: str
    """Of the bytes as they were sent, in hex: the same photo sent twice is known by it."""
    content_type: str
    width: int
    height: int
    size: int
    """Bytes kept, which is not the number of bytes sent."""
    taken_at: datetime | None


@dataclass(frozen=True, slots=True)
class Photo:
    """What a page needs to show a photo."""

    id: ObjectId
    thumbnail_id: ObjectId
    taken_at: datetime | None


@dataclass(frozen=True, slots=True)
class FileMetadata:
    """What a response needs to know of a file; ``purpose`` is the room's own word for what it is there for."""

    id: ObjectId
    filename: str
    content_type: str
    size: int
    purpose: str
    uploader: ObjectId | None
    saved_at: datetime
    attached: bool


class FileStore:
    """Saves, opens, attaches and deletes files."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], clock: Callable[[], datetime]) -> None:
        self._bucket = AsyncGridFSBucket(database, bucket_name=BUCKET)
        self._files = database[FILES]
        self._chunks = database[CHUNKS]
        self._clock = clock

    async def save_image(self, data: bytes, filename: str, uploader: ObjectId | None, purpose: str) -> StoredFile:
        """Check and clean a photo and keep it with its thumbnail, both unattached.

        Raises:
            TooLarge, InvalidInput: as ``read_image`` says; nothing is kept.
        """
        image = await asyncio.to_thread(read_image, data)
        sha256 = hashlib.sha256(data).hexdigest()
        file_id, thumbnail_id = ObjectId(), ObjectId()
        metadata = {
            "uploader": uploader,
            "saved_at": self._clock(),
            "attached": False,
            "content_type": image.content_type,
            "purpose": purpose,
            "sha256": sha256,
            "width": image.width,
            "height": image.height,
            "taken_at": image.taken_at,
            "thumbnail_id": thumbnail_id,
        }
        small = {**metadata, "content_type": "image/jpeg", "purpose": f"{purpose}_thumbnail", "thumbnail_id": None}
        name = _plain_name(filename)
        # The thumbnail first: a photo that can be found has one.
        await self._bucket.upload_from_stream_with_id(thumbnail_id, name, image.thumbnail, metadata=small)
        await self._bucket.upload_from_stream_with_id(file_id, name, image.data, metadata=metadata)
        return _stored(file_id, thumbnail_id, sha256, image)

    async def open(self, file_id: ObjectId) -> tuple[FileMetadata, AsyncIterator[bytes]]:
        """A file's metadata, and its content in chunks.

        Raises:
            NotFound: there is no such file.
        """
        try:
            stream = await self._bucket.open_download_stream(file_id)
        except NoFile as error:
            raise _no_such_file() from error
        return _metadata(stream), _chunks(stream)

    async def photos(self, file_ids: Iterable[ObjectId]) -> dict[ObjectId, Photo]:
        """Photos by id; what is no photo (any more) is left out."""
        query = {"_id": {"$in": list(file_ids)}, "metadata.thumbnail_id": {"$ne": None}}
        wanted = {"metadata.thumbnail_id": 1, "metadata.taken_at": 1}
        found = await self._files.find(query, wanted).to_list()
        kept = ((row["_id"], row["metadata"]) for row in found)
        return {key: Photo(key, metadata["thumbnail_id"], metadata["taken_at"]) for key, metadata in kept}

    async def attach(self, file_ids: Sequence[ObjectId], session: AsyncClientSession) -> None:
        """Mark saved photos and their thumbnails as needed, in the transaction of ``session``.

        Raises:
            Conflict: one of them is not there (any more), or is attached already.
        """
        wanted = set(file_ids)
        if not wanted:
            return
        query = {"_id": {"$in": list(wanted)}, "metadata.attached": False}
        found = await self._files.find(query, {"metadata.thumbnail_id": 1}, session=session).to_list()
        thumbnails = [file["metadata"]["thumbnail_id"] for file in found if file["metadata"]["thumbnail_id"]]
        needed = [*wanted, *thumbnails]
        result = await self._files.update_many(
            {"_id": {"$in": needed}, "metadata.attached": False}, {"$set": {"metadata.attached": True}}, session=session
        )
        if len(found) != len(wanted) or result.matched_count != len(needed):
            raise Conflict(N_("A photo is no longer there. Choose the photos again and send the form once more."))

    async def delete(self, file_id: ObjectId) -> None:
        """Remove a photo and its thumbnail.

        Raises:
            NotFound: there is no such file.
        """
        file = await self._files.find_one_and_delete({"_id": file_id})
        if file is None:
            raise _no_such_file()
        thumbnail_id = file["metadata"].get("thumbnail_id")
        if thumbnail_id is not None:
            await self._files.delete_one({"_id": thumbnail_id})
        await self._chunks.delete_many({"files_id": {"$in": [file_id, thumbnail_id]}})

    async def sweep(self, older_than: datetime) -> int:
        """Remove what was saved before ``older_than`` and never attached. Returns the number of files, thumbnails counted."""
        orphans = self._files.find({"metadata.attached": False, "metadata.saved_at": {"$lt": older_than}}, {"_id": 1})
        removed = 0
        async for orphan in orphans:
            # Asked again in the delete itself: a transaction may attach it between the two.
            result = await self._files.delete_one({"_id": orphan["_id"], "metadata.attached": False})
            if result.deleted_count:
                await self._chunks.delete_many({"files_id": orphan["_id"]})
                removed += 1
        return removed


async def _chunks(stream: AsyncGridOut) -> AsyncIterator[bytes]:
    while chunk := await stream.readchunk():
        yield chunk


def _metadata(stream: AsyncGridOut) -> FileMetadata:
    kept: Mapping[str, Any] = stream.metadata or {}
    return FileMetadata(
        id=stream._id,
        filename=stream.filename or "",
        content_type=kept["content_type"],
        size=stream.length,
        purpose=kept["purpose"],
        uploader=kept["uploader"],
        saved_at=kept["saved_at"],
        attached=kept["attached"],
    )


def _stored(file_id: ObjectId, thumbnail_id: ObjectId, sha256: str, image: CleanImage) -> StoredFile:
    return StoredFile(
        id=file_id,
        thumbnail_id=thumbnail_id,
        sha256=sha256,
        content_type=image.content_type,
        width=image.width,
        height=image.height,
        size=len(image.data),
        taken_at=image.taken_at,
    )


def _plain_name(filename: str) -> str:
    """The last part of the sender's path, without control characters: for people to read, never for a file system."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(each for each in last if each.isprintable())[:_MAX_FILENAME] or "photo"


def _no_such_file() -> NotFound:
    return NotFound(N_("There is no such file."))
