"""What is known of files that are kept, as values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId

from media_tracker.files.camera import CameraFacts
from media_tracker.files.images import CleanImage
from media_tracker.files.likeness import Likeness

Row = Mapping[str, Any]
"""A file as the database has it: ``metadata`` holds what is read here."""


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
    camera: CameraFacts | None


@dataclass(frozen=True, slots=True)
class Photo:
    """What a page needs to show a photo. Where a part of it was blacked out, all of it is the version that may be seen."""

    id: ObjectId
    thumbnail_id: ObjectId
    sha256: str
    """Of the bytes as they were sent."""
    sha256_kept: str
    """Of the bytes that ``/files/{id}`` gives; empty for photos of before it was written down."""
    width: int
    height: int
    filename: str
    uploader: ObjectId | None
    saved_at: datetime
    likeness: Likeness | None
    blacked_out: bool


@dataclass(frozen=True, slots=True)
class Paper:
    """A document (PDF, Word, Excel) as a page lists it; its bytes are those that were sent."""

    id: ObjectId
    filename: str
    content_type: str
    size: int
    sha256: str


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


def stored_file(file_id: ObjectId, thumbnail_id: ObjectId, sha256: str, image: CleanImage) -> StoredFile:
    """The value of a photo that has just been saved."""
    return StoredFile(
        id=file_id,
        thumbnail_id=thumbnail_id,
        sha256=sha256,
        content_type=image.content_type,
        width=image.width,
        height=image.height,
        size=len(image.data),
        camera=image.camera,
    )


def photo_of(row: Row, shown: Row | None) -> Photo:
    """The photo in ``row``, seen as ``shown``, the version with parts blacked out, if there is one.

    What it is known by stays that of the photo as it was sent.
    """
    sent, seen = row["metadata"], (shown or row)["metadata"]
    likeness = sent.get("likeness")
    return Photo(
        id=(shown or row)["_id"],
        thumbnail_id=seen["thumbnail_id"],
        sha256=sent["sha256"],
        sha256_kept=seen.get("sha256_kept") or "",
        width=seen["width"],
        height=seen["height"],
        filename=row.get("filename") or "",
        uploader=sent["uploader"],
        saved_at=sent["saved_at"],
        likeness=Likeness.read(likeness) if likeness else None,
        blacked_out=shown is not None,
    )


def paper_of(row: Row) -> Paper:
    """The document in ``row``."""
    metadata = row["metadata"]
    return Paper(row["_id"], row.get("filename") or "", metadata["content_type"], row["length"], metadata["sha256"])


def camera_row(camera: CameraFacts) -> dict[str, Any]:
    """``camera`` as the database has it."""
    return {
        "local_time": camera.local_time,
        "offset": camera.offset,
        "latitude": camera.latitude,
        "longitude": camera.longitude,
    }


def camera_of(row: Row) -> CameraFacts:
    """What ``camera_row`` wrote."""
    return CameraFacts(row["local_time"], row["offset"], row["latitude"], row["longitude"])
