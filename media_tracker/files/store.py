"""Files in GridFS: photos with their thumbnails, and documents.

GridFS takes no part in transactions. So a file is saved first, *unattached*; the transaction that needs it attaches it; what
no transaction ever attached is found and swept away. What a camera wrote into a photo is kept apart, in ``CAMERA``, which few
may read; it comes and goes with the photo.

A photo whose parts were blacked out stays where it is, and points to the version that may be seen: who asks for the one gets the
other, wherever its id is written down.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId
from gridfs import NoFile
from gridfs.asynchronous import AsyncGridFSBucket, AsyncGridOut
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from media_tracker.errors import N_, Conflict, NotFound
from media_tracker.files.camera import CameraFacts
from media_tracker.files.images import Box, CleanImage, black_out, read_image
from media_tracker.files.kept import (
    FileMetadata,
    Paper,
    Photo,
    StoredFile,
    camera_of,
    camera_row,
    paper_of,
    photo_of,
    stored_file,
)
from media_tracker.files.likeness import Likeness, keys_of, near_keys
from media_tracker.files.office_files import ENDINGS, read_office_file

BUCKET = "files"
FILES = f"{BUCKET}.files"
CHUNKS = f"{BUCKET}.chunks"
CAMERA = "evidence"
"""What cameras say, by the photo's id: when and where it was taken. For admins and inspectors only."""

INDEXES: Mapping[str, Sequence[IndexModel]] = {
    FILES: [
        # GridFS's own two, which it would otherwise make at the first upload.
        IndexModel([("filename", ASCENDING), ("uploadDate", ASCENDING)], name="filename_uploaded"),
        IndexModel(
            [("metadata.saved_at", ASCENDING)],
            name="unattached_saved_at",
            partialFilterExpression={"metadata.attached": False},
        ),
        IndexModel([("metadata.sha256", ASCENDING)], name="sha256"),
        IndexModel([("metadata.keys", ASCENDING)], name="keys", sparse=True),
        IndexModel([("metadata.stands_for", ASCENDING)], name="stands_for", sparse=True),
    ],
    CHUNKS: [IndexModel([("files_id", ASCENDING), ("n", ASCENDING)], name="file_chunk", unique=True)],
    CAMERA: [
        IndexModel([("saved_at", ASCENDING)], name="unattached_saved_at", partialFilterExpression={"attached": False})
    ],
}

_MAX_FILENAME = 200
_MOST_ALIKE = 50
"""Photos like one photo that are looked for; more say nothing more."""


class FileStore:
    """Saves, opens, attaches and deletes files."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], clock: Callable[[], datetime]) -> None:
        self._bucket = AsyncGridFSBucket(database, bucket_name=BUCKET)
        self._files = database[FILES]
        self._chunks = database[CHUNKS]
        self._camera = database[CAMERA]
        self._clock = clock

    async def save_image(self, data: bytes, filename: str, uploader: ObjectId | None, purpose: str) -> StoredFile:
        """Check and clean a photo and keep it with its thumbnail, both unattached.

        Raises:
            TooLarge, InvalidInput: as ``read_image`` says; nothing is kept.
        """
        image = await asyncio.to_thread(read_image, data)
        sha256 = hashlib.sha256(data).hexdigest()
        return await self._keep(image, sha256, _plain_name(filename), uploader, purpose)

    async def save_document(self, data: bytes, filename: str, uploader: ObjectId | None, purpose: str) -> Paper:
        """Check a document (PDF, Word, Excel) and keep it as it was sent, unattached.

        Its name gets the ending of what it is.

        Raises:
            TooLarge, InvalidInput: as ``read_office_file`` says; nothing is kept.
        """
        kind = (await asyncio.to_thread(read_office_file, data)).content_type
        name, ending = _plain_name(filename), ENDINGS[kind]
        name = name if name.lower().endswith(ending) else f"{name[: _MAX_FILENAME - len(ending)]}{ending}"
        sha256 = hashlib.sha256(data).hexdigest()
        metadata = self._metadata(uploader, f"{purpose}_document", kind, sha256)
        file_id = ObjectId()
        await self._bucket.upload_from_stream_with_id(file_id, name, data, metadata=metadata)
        return Paper(file_id, name, kind, len(data), sha256)

    async def save_blacked_out(
        self, photo_id: ObjectId, boxes: Sequence[Box], uploader: ObjectId | None
    ) -> tuple[ObjectId, StoredFile]:
        """A new version of a photo, as it is seen now, with ``boxes`` painted black; saved, unattached.

        Returns the id of the version that it was made from, and the new one. ``show_instead`` puts it in its place.

        Raises:
            NotFound: there is no such photo.
            InvalidInput: as ``black_out`` says; nothing is kept.
        """
        present = await self._row(await self._seen_as(photo_id))
        stream = await self._bucket.open_download_stream(present["_id"])
        image = await asyncio.to_thread(black_out, await stream.read(), boxes)
        metadata = present["metadata"]
        name, purpose = present.get("filename") or "photo", metadata["purpose"]
        stored = await self._keep(image, hashlib.sha256(image.data).hexdigest(), name, uploader, purpose, photo_id)
        return present["_id"], stored

    async def _keep(
        self,
        image: CleanImage,
        sha256: str,
        name: str,
        uploader: ObjectId | None,
        purpose: str,
        stands_for: ObjectId | None = None,
    ) -> StoredFile:
        """Write a photo with its thumbnail and what the camera said."""
        file_id, thumbnail_id = ObjectId(), ObjectId()
        metadata = {
            **self._metadata(uploader, purpose, image.content_type, sha256),
            "sha256_kept": hashlib.sha256(image.data).hexdigest(),
            "width": image.width,
            "height": image.height,
            "thumbnail_id": thumbnail_id,
        }
        if stands_for is not None:
            metadata["stands_for"] = stands_for
        elif image.likeness is not None:
            metadata |= {"likeness": str(image.likeness), "keys": keys_of(image.likeness)}
        small = self._metadata(uploader, f"{purpose}_thumbnail", "image/jpeg", sha256)
        if image.camera is not None:
            row = {"_id": file_id, "saved_at": metadata["saved_at"], "attached": False, **camera_row(image.camera)}
            await self._camera.insert_one(row)
        # The thumbnail first: a photo that can be found has one.
        await self._bucket.upload_from_stream_with_id(thumbnail_id, name, image.thumbnail, metadata=small)
        await self._bucket.upload_from_stream_with_id(file_id, name, image.data, metadata=metadata)
        return stored_file(file_id, thumbnail_id, sha256, image)

    def _metadata(self, uploader: ObjectId | None, purpose: str, content_type: str, sha256: str) -> dict[str, Any]:
        """What stands beside the bytes of every file."""
        return {
            "uploader": uploader,
            "saved_at": self._clock(),
            "attached": False,
            "content_type": content_type,
            "purpose": purpose,
            "sha256": sha256,
            "thumbnail_id": None,
        }

    async def open(self, file_id: ObjectId, *, as_sent: bool = False) -> tuple[FileMetadata, AsyncIterator[bytes]]:
        """A file's metadata, and its content in chunks. ``as_sent``: the original, although parts of it were blacked out.

        Raises:
            NotFound: there is no such file.
        """
        wanted = file_id if as_sent else await self._seen_as(file_id)
        try:
            stream = await self._bucket.open_download_stream(wanted)
        except NoFile as error:
            raise _no_such_file() from error
        return _metadata(stream), _chunks(stream)

    async def photos(self, file_ids: Iterable[ObjectId]) -> dict[ObjectId, Photo]:
        """Photos by id, as they may be seen; what is no photo (any more) is left out."""
        found = await self._files.find(
            {"_id": {"$in": list(file_ids)}, "metadata.thumbnail_id": {"$ne": None}}
        ).to_list()
        instead = {row["_id"]: row["metadata"]["shown_as"] for row in found if row["metadata"].get("shown_as")}
        versions = self._files.find({"_id": {"$in": list(instead.values())}}) if instead else None
        shown = {row["_id"]: row async for row in versions} if versions is not None else {}
        return {row["_id"]: photo_of(row, shown.get(instead.get(row["_id"]))) for row in found}

    async def papers(self, file_ids: Iterable[ObjectId]) -> dict[ObjectId, Paper]:
        """Documents by id; what is none (any more) is left out."""
        query = {"_id": {"$in": list(file_ids)}, "metadata.content_type": {"$in": list(ENDINGS)}}
        return {row["_id"]: paper_of(row) async for row in self._files.find(query)}

    async def alike(self, photos: Mapping[ObjectId, Photo]) -> dict[ObjectId, dict[ObjectId, bool]]:
        """For each of ``photos`` the attached photos that are the same: True for the same bytes, False for the same picture.

        Photos of one file are found by its SHA-256, others by the bands of their likeness; both are indexed.
        """
        hashes = {photo.sha256 for photo in photos.values()}
        keys = {key for photo in photos.values() if photo.likeness for key in near_keys(photo.likeness)}
        either = [{"metadata.sha256": {"$in": sorted(hashes)}}, {"metadata.keys": {"$in": sorted(keys)}}]
        attached = {"metadata.attached": True, "metadata.thumbnail_id": {"$ne": None}}
        query = {"$or": either if keys else either[:1], **attached, "metadata.stands_for": None}
        wanted = {"metadata.sha256": 1, "metadata.likeness": 1}
        found = await self._files.find(query, wanted).to_list() if photos else []
        known = [(row["_id"], row["metadata"]["sha256"], _likeness(row["metadata"])) for row in found]
        alike: dict[ObjectId, dict[ObjectId, bool]] = {}
        for key, photo in photos.items():
            for other, sha256, likeness in known:
                same = sha256 == photo.sha256
                near = likeness is not None and photo.likeness is not None and likeness.is_like(photo.likeness)
                if other != key and (same or near) and len(alike.setdefault(key, {})) < _MOST_ALIKE:
                    alike[key][other] = same
        return alike

    async def camera_facts(self, file_ids: Iterable[ObjectId]) -> dict[ObjectId, CameraFacts]:
        """What cameras said, by photo. Who may read it, and that it was read, is for the caller to see to."""
        rows = self._camera.find({"_id": {"$in": list(file_ids)}})
        return {row["_id"]: camera_of(row) async for row in rows}

    async def attach(self, file_ids: Sequence[ObjectId], session: AsyncClientSession) -> None:
        """Mark saved files, and thumbnails with their photos, as needed, in the transaction of ``session``.

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
            raise Conflict(N_("A file is no longer there. Choose the files again and send the form once more."))
        await self._camera.update_many({"_id": {"$in": list(wanted)}}, {"$set": {"attached": True}}, session=session)

    async def show_instead(
        self, photo_id: ObjectId, made_from: ObjectId, version: StoredFile, session: AsyncClientSession
    ) -> None:
        """Have everybody who asks for a photo get ``version`` from now on, in the transaction of ``session``.

        Raises:
            Conflict: the photo is no longer seen as ``made_from``: somebody has blacked out other parts meanwhile.
        """
        await self.attach([version.id], session)
        came_from = {"$set": {"metadata.made_from": made_from}}
        await self._files.update_one({"_id": version.id}, came_from, session=session)
        unchanged = {"_id": photo_id, "metadata.shown_as": None if made_from == photo_id else made_from}
        point = {"$set": {"metadata.shown_as": version.id}}
        photo = await self._files.find_one_and_update(unchanged, point, session=session)
        if photo is None:
            raise blacked_out_meanwhile()
        earlier = await self._files.find(
            {"metadata.stands_for": photo_id, "_id": {"$ne": version.id}}, {"metadata.thumbnail_id": 1}, session=session
        ).to_list()
        await self._files.update_many({"_id": {"$in": [row["_id"] for row in earlier]}}, point, session=session)
        thumbnails = [photo["metadata"]["thumbnail_id"], *(row["metadata"]["thumbnail_id"] for row in earlier)]
        await self._files.update_many(
            {"_id": {"$in": thumbnails}}, {"$set": {"metadata.shown_as": version.thumbnail_id}}, session=session
        )

    async def show_earlier(self, photo_id: ObjectId, seen: ObjectId, session: AsyncClientSession) -> ObjectId:
        """Have everybody see a photo as it was before it was last blacked out, in the transaction of ``session``.

        ``seen``: the version that is shown. Returns the one that is shown from now on; the photo's own id: as it was sent.

        Raises:
            Conflict: it is no longer seen as ``seen``.
        """
        versions = await self._files.find({"metadata.stands_for": photo_id}, session=session).sort("_id", 1).to_list()
        photo = await self._files.find_one({"_id": photo_id, "metadata.shown_as": seen}, session=session)
        if photo is None or seen not in (each["_id"] for each in versions):
            raise blacked_out_meanwhile()
        last = next(each for each in versions if each["_id"] == seen)
        rows = {each["_id"]: each for each in (photo, *versions)}
        # Of a version from before this was kept: the one made before it.
        earlier = [key for key, each in rows.items() if key < seen and each["metadata"].get("attached")]
        shown = rows[last["metadata"].get("made_from") or earlier[-1]]
        thumbnails = [each["metadata"]["thumbnail_id"] for each in rows.values()]
        for key, images in ((shown["_id"], list(rows)), (shown["metadata"]["thumbnail_id"], thumbnails)):
            others = {"_id": {"$in": [each for each in images if each != key]}}
            await self._files.update_many(others, {"$set": {"metadata.shown_as": key}}, session=session)
            await self._files.update_one({"_id": key}, {"$unset": {"metadata.shown_as": ""}}, session=session)
        shown_id: ObjectId = shown["_id"]
        return shown_id

    async def delete(self, file_id: ObjectId) -> None:
        """Remove a file; a photo with its thumbnail, its versions, and what its camera said.

        Raises:
            NotFound: there is no such file.
        """
        file = await self._files.find_one_and_delete({"_id": file_id})
        if file is None:
            raise _no_such_file()
        gone = [file_id]
        for row in (file, *await self._files.find({"metadata.stands_for": file_id}).to_list()):
            gone += [row["_id"], row["metadata"].get("thumbnail_id")]
        await self._camera.delete_one({"_id": file_id})
        await self._files.delete_many({"_id": {"$in": gone}})
        await self._chunks.delete_many({"files_id": {"$in": gone}})

    async def sweep(self, older_than: datetime) -> int:
        """Remove what was saved before ``older_than`` and never attached. Returns the number of files, thumbnails counted."""
        # What somebody holds (see ``holding``) is no orphan.
        alone = {"metadata.attached": False, "metadata.held_by": None}
        orphans = self._files.find({**alone, "metadata.saved_at": {"$lt": older_than}}, {"_id": 1})
        removed = 0
        async for orphan in orphans:
            # Asked again in the delete itself: a transaction may attach it between the two.
            result = await self._files.delete_one({"_id": orphan["_id"], **alone})
            if result.deleted_count:
                await self._chunks.delete_many({"files_id": orphan["_id"]})
                removed += 1
        await self._sweep_camera(older_than)
        return removed

    async def _sweep_camera(self, older_than: datetime) -> None:
        """Remove what cameras said of photos that are no more."""
        query = {"attached": False, "saved_at": {"$lt": older_than}}
        ids = [row["_id"] async for row in self._camera.find(query, {"_id": 1})]
        there = {row["_id"] async for row in self._files.find({"_id": {"$in": ids}}, {"_id": 1})}
        await self._camera.delete_many({"_id": {"$in": [each for each in ids if each not in there]}})

    async def _row(self, file_id: ObjectId) -> dict[str, Any]:
        row = await self._files.find_one({"_id": file_id, "metadata.thumbnail_id": {"$ne": None}})
        if row is None:
            raise _no_such_file()
        return row

    async def _seen_as(self, file_id: ObjectId) -> ObjectId:
        """The version that may be seen: the file itself, unless parts of it were blacked out."""
        row = await self._files.find_one({"_id": file_id}, {"metadata.shown_as": 1})
        instead: ObjectId | None = row["metadata"].get("shown_as") if row and row.get("metadata") else None
        return instead or file_id


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


def _likeness(metadata: Mapping[str, Any]) -> Likeness | None:
    text = metadata.get("likeness")
    return Likeness.read(text) if text else None


def _plain_name(filename: str) -> str:
    """The last part of the sender's path, without control characters: for people to read, never for a file system."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(each for each in last if each.isprintable())[:_MAX_FILENAME] or "photo"


def blacked_out_meanwhile() -> Conflict:
    """That somebody else was faster with the same photo."""
    return Conflict(N_("Somebody has blacked out parts of this photo in the meantime. Look at it again."))


def _no_such_file() -> NotFound:
    return NotFound(N_("There is no such file."))
