"""How a file is given to a browser: as what it was found to be, with nothing in it that could run here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import quote

from litestar.response import Stream

from media_tracker.files.kept import FileMetadata
from media_tracker.files.office_files import ENDINGS

SANDBOX = "default-src 'none'; sandbox"
"""For somebody who opens a file by itself: it may load nothing, run nothing, and is of no origin."""


def file_answer(metadata: FileMetadata, chunks: AsyncIterator[bytes], *, keep: bool = True) -> Stream:
    """The answer with a file. Documents are saved and never shown in the browser. ``keep``: whether it may be kept for an hour.

    The bytes of an id never change, but who may see it can: so it is kept privately.
    """
    headers = {
        "cache-control": "private, max-age=3600" if keep else "no-store",
        "content-length": str(metadata.size),
        "content-security-policy": SANDBOX,
    }
    if metadata.content_type in ENDINGS:
        name = quote(metadata.filename, safe="")
        headers["content-disposition"] = f"attachment; filename*=UTF-8''{name}"
    return Stream(chunks, media_type=metadata.content_type, headers=headers)
