"""Photos as people send them: checked by what they are, turned upright, and written anew without what the camera added.

Pure and slow (tens of milliseconds per megapixel): run it in a thread. What comes out has been drawn from pixels only, so
nothing that was hidden in the file, place of the photo included, gets through.
"""

from __future__ import annotations

import io
import math
import struct
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import ExifTags, Image, ImageDraw, UnidentifiedImageError

from media_tracker.errors import N_, InvalidInput, TooLarge
from media_tracker.files.camera import CameraFacts, camera_facts
from media_tracker.files.likeness import Likeness, likeness_of

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
THUMBNAIL = 480
"""Longest side of a thumbnail, in pixels."""

# Said once for the process, because the filter of warnings cannot be set for one thread. Pillow looks at the size in
# the header when it opens a file, before it decodes anything.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)

_FORMATS = ("JPEG", "PNG", "WEBP")
"""A camera's file of several pictures (MPO) begins with a JPEG and is read as one: its first picture."""
_APPLES = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each orientation (EXIF 2.31, tag 0x0112)."""
_JPEG_QUALITY = 88
_THUMBNAIL_QUALITY = 80
_WITH_ALPHA = frozenset({"RGBA", "LA", "PA"})


@dataclass(frozen=True, slots=True)
class CleanImage:
    """A photo fit to be kept and shown: pixels only, upright."""

    data: bytes
    content_type: str
    """``image/jpeg``, or ``image/png`` for a picture with transparent parts."""
    width: int
    height: int
    thumbnail: bytes
    """JPEG, at most ``THUMBNAIL`` pixels on its longest side."""
    likeness: Likeness | None
    """What it is known again by; None for a plain colour."""
    camera: CameraFacts | None
    """What the camera wrote into it, which is not in ``data`` any more."""


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a picture: percent of its width and height, from the left and from the top."""

    left: int
    top: int
    width: int
    height: int


def read_image(data: bytes) -> CleanImage:
    """Check, clean and shrink the photo in ``data`` (JPEG, PNG or WebP, told by its content).

    Raises:
        TooLarge: more than 10 MB or 40 million pixels. The pixels are counted before any is decoded.
        InvalidInput: not an image of these kinds, or a broken one.
    """
    if len(data) > MAX_BYTES:
        raise TooLarge(N_("The photo is larger than {megabytes} MB. Make it smaller and try again."), megabytes=10)
    try:
        return _read(data)
    except UnidentifiedImageError as error:
        if data[4:8] == b"ftyp" and data[8:12] in _APPLES:
            sentence = N_("This is a HEIC photo. Set the phone to “most compatible”, or save the photo as JPEG.")
            raise InvalidInput(sentence) from error
        raise InvalidInput(N_("This file is not a photo. Send a JPEG, PNG or WebP picture.")) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, OverflowError, struct.error) as error:
        # Pillow's decoders let all of these out for a file that is cut off or garbled.
        raise InvalidInput(N_("The photo is damaged or incomplete. Send it again.")) from error


def black_out(data: bytes, boxes: Sequence[Box]) -> CleanImage:
    """The photo in ``data``, one that ``read_image`` has written, with ``boxes`` painted black: what was there is gone.

    Raises:
        InvalidInput: no box, or one that lies outside or has no extent.
    """
    if not boxes or not all(_is_inside(box) for box in boxes):
        raise InvalidInput(N_("Please mark at least one part of the photo, inside its edges."))
    with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
        picture = opened.convert("RGBA" if _is_transparent(opened) else "RGB")
    pen = ImageDraw.Draw(picture)
    for box in boxes:
        left, top = box.left * picture.width // 100, box.top * picture.height // 100
        right, bottom = (box.left + box.width) * picture.width / 100, (box.top + box.height) * picture.height / 100
        pen.rectangle((left, top, max(left, math.ceil(right) - 1), max(top, math.ceil(bottom) - 1)), fill="black")
    return _clean(picture, None)


def _is_inside(box: Box) -> bool:
    return (
        min(box.left, box.top) >= 0
        and min(box.width, box.height) >= 1
        and max(box.left + box.width, box.top + box.height) <= 100
    )


def _read(data: bytes) -> CleanImage:
    with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise _too_many_pixels()
        opened.load()
        turn, camera = _exif(opened)
        upright = opened if turn is None else opened.transpose(turn)
        picture = upright.convert("RGBA" if _is_transparent(upright) else "RGB")
    return _clean(picture, camera)


def _clean(picture: Image.Image, camera: CameraFacts | None) -> CleanImage:
    content, content_type = _encode(picture)
    return CleanImage(
        data=content,
        content_type=content_type,
        width=picture.width,
        height=picture.height,
        thumbnail=_thumbnail(picture),
        likeness=likeness_of(picture),
        camera=camera,
    )


def _is_transparent(picture: Image.Image) -> bool:
    if picture.mode not in _WITH_ALPHA and "transparency" not in picture.info:
        return False
    lowest, _ = picture.convert("RGBA").getchannel("A").getextrema()
    return isinstance(lowest, int | float) and lowest < 255


def _encode(picture: Image.Image) -> tuple[bytes, str]:
    out = io.BytesIO()
    bare = _bare(picture)
    if picture.mode == "RGBA":
        bare.save(out, "PNG", optimize=False)
        return out.getvalue(), "image/png"
    bare.save(out, "JPEG", quality=_JPEG_QUALITY)
    return out.getvalue(), "image/jpeg"


def _thumbnail(picture: Image.Image) -> bytes:
    small = _bare(picture)
    small.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    if small.mode == "RGBA":
        on_white = Image.new("RGB", small.size, "white")
        on_white.paste(small, mask=small.getchannel("A"))
        small = on_white
    out = io.BytesIO()
    small.save(out, "JPEG", quality=_THUMBNAIL_QUALITY)
    return out.getvalue()


def _bare(picture: Image.Image) -> Image.Image:
    """A copy that has forgotten everything but its pixels: encoders write what they find in ``info``."""
    copy = picture.copy()
    copy.info = {}
    return copy


def _exif(picture: Image.Image) -> tuple[Image.Transpose | None, CameraFacts | None]:
    """How to turn the picture upright, and what the camera says, as far as its EXIF tells."""
    try:
        exif = picture.getexif()
        return _TURNS.get(exif.get(ExifTags.Base.Orientation, 1)), camera_facts(exif)
    except Exception:
        # A photo is not refused for its metadata, and for a garbled one Pillow lets out whatever it stumbles over.
        return None, None


def _too_many_pixels() -> TooLarge:
    return TooLarge(
        N_("The photo has more than {millions} million pixels. Make it smaller and try again."),
        millions=MAX_PIXELS // 1_000_000,
    )
