"""In which form a story is told (体裁形式): text, photo, video or H5. Pure.

It is derived when a story comes in, from what the feed says: enclosures, the markup, the address, the platform; and, of what was
taken for text, once more when the whole article has been fetched. An editor can correct it (``ingest.formats``). Stories of
earlier releases have none until somebody says so.
"""

from __future__ import annotations

import re
from enum import StrEnum
from urllib.parse import urlsplit


class StoryFormat(StrEnum):
    """How a story is told. H5: an interactive page, as Chinese offices call it."""

    TEXT = "text"
    PHOTO = "photo"
    VIDEO = "video"
    H5 = "h5"


_VIDEO = re.compile(
    r"<(?:video|embed)\b|<source\b[^<>]*\btype=[\"']?video/"
    r"|<iframe\b[^<>]*\bsrc=[\"']?[^\"'\s<>]*(?:video|player|//v\.|bilibili|youku)",
    re.IGNORECASE,
)
_PICTURE = re.compile(r"<img\b", re.IGNORECASE)
_H5 = re.compile(r"(?:^|[./_-])h5(?:[./_-]|$)", re.IGNORECASE)
_FILMS_ONLY = frozenset({"douyin"})


def format_of(html: str, url: str, *, image: str | None = None, video: bool = False) -> StoryFormat:
    """What an entry is: ``html`` as published (cleaned, it has no players), ``image`` its picture, ``video`` a film attached.

    An H5 page says so in its address; a film counts more than a picture, and a picture more than none.
    """
    if _is_h5(url):
        return StoryFormat.H5
    if video or _VIDEO.search(html):
        return StoryFormat.VIDEO
    if image or _PICTURE.search(html):
        return StoryFormat.PHOTO
    return StoryFormat.TEXT


def on_platform(found: StoryFormat, platform: str) -> StoryFormat:
    """``found``, unless the ``platform`` (``outlets.documents.Platform``) shows nothing but films."""
    return StoryFormat.VIDEO if platform in _FILMS_ONLY else found


def _is_h5(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(_H5.search(parts.netloc) or _H5.search(parts.path))
