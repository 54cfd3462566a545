"""What a camera wrote into a photo: when it was taken, and where. Pure.

It is evidence, and it can tell where somebody lives: it is taken out of the photo and kept apart (``store.CAMERA``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone, tzinfo

from PIL import ExifTags, Image

EARTH_RADIUS = 6_371_008.8
"""Metres, the mean radius of the Earth (IUGG)."""
_YEARS = range(1990, 2200)


@dataclass(frozen=True, slots=True)
class CameraFacts:
    """What the camera says of one photo; it says it, and nobody has proved it."""

    local_time: str = ""
    """On the camera's own clock, ``2026-03-02T08:15:00``; empty when it does not say."""
    offset: str = ""
    """Of that clock from UTC, ``+08:00``; empty when it does not say."""
    latitude: float | None = None
    longitude: float | None = None
    """Degrees (WGS 84), both or none."""

    def taken_at(self, zone: tzinfo) -> datetime | None:
        """The moment of the photo. Without an offset the camera is taken to have been set to ``zone`` (``zone_is_assumed``)."""
        if not self.local_time:
            return None
        local = datetime.fromisoformat(self.local_time + self.offset)
        return local if self.offset else local.replace(tzinfo=zone)

    @property
    def zone_is_assumed(self) -> bool:
        """True when the camera tells a time and not which zone it was set to."""
        return bool(self.local_time) and not self.offset

    @property
    def position(self) -> tuple[float, float] | None:
        """Latitude and longitude in degrees."""
        return None if self.latitude is None or self.longitude is None else (self.latitude, self.longitude)


def camera_facts(exif: Image.Exif) -> CameraFacts | None:
    """What ``exif`` says (EXIF 2.31: DateTimeOriginal, OffsetTimeOriginal, GPSLatitude, …); None when it says nothing of use.

    What cannot be so (a thirteenth month, a latitude of 400 degrees) has not been said.
    """
    camera, place = exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
    local = _local_time(camera.get(ExifTags.Base.DateTimeOriginal))
    offset = _offset(camera.get(ExifTags.Base.OffsetTimeOriginal)) if local else ""
    position = _position(place)
    if not local and position is None:
        return None
    latitude, longitude = position or (None, None)
    return CameraFacts(local, offset, latitude, longitude)


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The way over ground between two positions (latitude, longitude in degrees), by the haversine formula."""
    lat1, lon1, lat2, lon2 = (math.radians(value) for value in (*one, *other))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS * math.asin(math.sqrt(min(1.0, half)))


def _local_time(value: object) -> str:
    if not isinstance(value, str):
        return ""
    try:
        local = datetime.strptime(value.replace("\0", " ").strip(), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - a camera's clock has no zone
    except ValueError:
        return ""
    return local.isoformat() if local.year in _YEARS else ""


def _offset(value: object) -> str:
    if not isinstance(value, str):
        return ""
    try:
        zone = datetime.strptime(value.replace("\0", " ").strip(), "%z").tzinfo
    except ValueError:
        return ""
    if not isinstance(zone, timezone):
        return ""
    minutes = round(zone.utcoffset(None).total_seconds() / 60)
    if abs(minutes) > 14 * 60:
        return ""
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def _position(place: Mapping[int, object]) -> tuple[float, float] | None:
    """Where it was taken. Nought and nought is what a receiver writes that knows nothing."""
    latitude = _degrees(place.get(ExifTags.GPS.GPSLatitude), place.get(ExifTags.GPS.GPSLatitudeRef), "NS", 90)
    longitude = _degrees(place.get(ExifTags.GPS.GPSLongitude), place.get(ExifTags.GPS.GPSLongitudeRef), "EW", 180)
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None
    return latitude, longitude


def _degrees(value: object, side: object, sides: str, most: int) -> float | None:
    """Degrees, minutes and seconds as one number; south and west are negative."""
    if (
        not isinstance(value, Sequence)
        or isinstance(value, str | bytes)
        or len(value) != 3
        or not isinstance(side, str)
    ):
        return None
    side = side.strip("\0 ").upper()
    try:
        degrees, minutes, seconds = (float(part) for part in value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    whole = degrees + minutes / 60 + seconds / 3600
    if side not in tuple(sides) or not all(math.isfinite(part) and part >= 0 for part in (degrees, minutes, seconds)):
        return None
    if minutes >= 60 or seconds >= 60 or whole > most:
        return None
    return round(-whole if side == sides[1] else whole, 6)
