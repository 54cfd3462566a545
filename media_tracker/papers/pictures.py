"""Photos made small enough for a document. Slow (tens of milliseconds each): run it in a thread."""

from __future__ import annotations

import io

from PIL import Image

from media_tracker.papers.word import Picture

LONGEST_SIDE = 1600
"""Pixels of a photo where there are few: 300 to the inch at half the width of a page."""
STEPS = ((40, 1600), (120, 1000), (400, 640))
"""Up to so many photos in one document, the longest side of each in pixels: the whole stays under about 30 MB."""
MOST_PHOTOS = STEPS[-1][0]
_QUALITIES = (80, 65, 50, 35)
_BYTES_PER_PIXEL = 430
"""Of the longest side: 20 photos of 1600 pixels stay under 14 MB."""


def longest_side(photos: int) -> int:
    """How large each photo may be where there are ``photos`` of them in one document, in pixels."""
    return next((side for most, side in STEPS if photos <= most), STEPS[-1][1])


def shrunk(data: bytes, side: int, most_wide: float, most_high: float) -> Picture:
    """The photo in ``data``, with no side longer than ``side`` pixels, as JPEG on white; to stand in so many millimetres.

    Raises:
        OSError: there is no photo in it.
    """
    with Image.open(io.BytesIO(data)) as opened:
        opened.draft("RGB", (side, side))  # JPEG is decoded at half or a quarter of its size where that is enough
        picture = opened.convert("RGBA") if opened.mode in ("RGBA", "LA", "PA", "P") else opened.convert("RGB")
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    if picture.mode == "RGBA":
        on_white = Image.new("RGB", picture.size, "white")
        on_white.paste(picture, mask=picture)
        picture = on_white
    picture.info = {}
    return Picture(_encoded(picture, side * _BYTES_PER_PIXEL), picture.width, picture.height, most_wide, most_high)


def _encoded(picture: Image.Image, most: float) -> bytes:
    """JPEG of about ``most`` bytes: of a photo that is all detail, less of it."""
    for quality in _QUALITIES:
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality)
        if out.tell() <= most:
            break
    return out.getvalue()
