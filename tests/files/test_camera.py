"""What cameras say: moments, zones and places, and what is not believed of it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from media_tracker.files.camera import CameraFacts, camera_facts, metres_between

SHANGHAI = ZoneInfo("Asia/Shanghai")
HERE = {
    ExifTags.GPS.GPSLatitudeRef: "N",
    ExifTags.GPS.GPSLatitude: (36.0, 48.0, 47.16),
    ExifTags.GPS.GPSLongitudeRef: "E",
    ExifTags.GPS.GPSLongitude: (118.0, 3.0, 17.28),
}


def exif(taken: object = None, offset: object = None, place: dict[int, object] | None = None) -> Image.Exif:
    made = Image.Exif()
    camera, gps = made.get_ifd(ExifTags.IFD.Exif), made.get_ifd(ExifTags.IFD.GPSInfo)
    if taken is not None:
        camera[ExifTags.Base.DateTimeOriginal] = taken
    if offset is not None:
        camera[ExifTags.Base.OffsetTimeOriginal] = offset
    gps.update(place or {})
    return made


def test_a_camera_that_knows_its_zone_tells_the_moment() -> None:
    facts = camera_facts(exif("2026:03:02 08:15:00", "+08:00"))

    assert facts == CameraFacts("2026-03-02T08:15:00", "+08:00")
    assert facts.taken_at(SHANGHAI) == facts.taken_at(UTC) == datetime(2026, 3, 2, 0, 15, tzinfo=UTC)
    assert not facts.zone_is_assumed


def test_a_camera_that_does_not_say_its_zone_is_taken_to_be_here_and_that_is_said() -> None:
    facts = camera_facts(exif("2026:03:02 08:15:00"))

    assert facts == CameraFacts("2026-03-02T08:15:00", "")
    assert facts.taken_at(SHANGHAI) == datetime(2026, 3, 2, 0, 15, tzinfo=UTC)
    assert facts.zone_is_assumed


@pytest.mark.parametrize(
    "taken", ["    :  :     :  :  ", "0000:00:00 00:00:00", "1970:01:01 00:00:00", "yesterday", 7, b""]
)
def test_a_time_that_is_none_has_not_been_said(taken: object) -> None:
    assert camera_facts(exif(taken, "+08:00")) is None


@pytest.mark.parametrize("offset", ["somewhere", "+25:00", "", "   :  ", 8])
def test_an_offset_that_is_none_leaves_the_zone_open(offset: object) -> None:
    facts = camera_facts(exif("2026:03:02 08:15:00", offset))

    assert facts is not None
    assert facts.zone_is_assumed


def test_a_place_is_told_in_degrees() -> None:
    facts = camera_facts(exif(place=HERE))
    southwest = camera_facts(exif(place={**HERE, ExifTags.GPS.GPSLatitudeRef: "S", ExifTags.GPS.GPSLongitudeRef: "W"}))

    assert facts is not None
    assert facts.position == (36.8131, 118.0548)
    assert facts.taken_at(SHANGHAI) is None
    assert southwest is not None
    assert southwest.position == (-36.8131, -118.0548)


@pytest.mark.parametrize(
    "wrong",
    [
        {ExifTags.GPS.GPSLatitude: (400.0, 0.0, 0.0)},
        {ExifTags.GPS.GPSLatitude: (90.0, 0.0, 1.0)},
        {ExifTags.GPS.GPSLatitude: (36.0, 61.0, 0.0)},
        {ExifTags.GPS.GPSLatitude: (-36.0, 0.0, 0.0)},
        {ExifTags.GPS.GPSLatitude: (float("nan"), 0.0, 0.0)},
        {ExifTags.GPS.GPSLatitude: (float("inf"), 0.0, 0.0)},
        {ExifTags.GPS.GPSLatitude: (36.0, 48.0)},
        {ExifTags.GPS.GPSLatitude: "36.8131"},
        {ExifTags.GPS.GPSLatitude: ("a", "b", "c")},
        {ExifTags.GPS.GPSLatitudeRef: "X"},
        {ExifTags.GPS.GPSLatitudeRef: ""},
        {ExifTags.GPS.GPSLatitude: (0.0, 0.0, 0.0), ExifTags.GPS.GPSLongitude: (0.0, 0.0, 0.0)},
        {ExifTags.GPS.GPSLongitude: (181.0, 0.0, 0.0)},
    ],
)
def test_a_place_that_cannot_be_has_not_been_said(wrong: dict[int, object]) -> None:
    assert camera_facts(exif(place={**HERE, **wrong})) is None


def test_the_way_between_two_places_is_that_over_ground() -> None:
    north = metres_between((36.0, 118.0), (37.0, 118.0))

    assert metres_between((36.8131, 118.0548), (36.8131, 118.0548)) == 0
    assert north == pytest.approx(111_195, rel=1e-3)
    assert metres_between((0.0, 179.999), (0.0, -179.999)) == pytest.approx(222.4, rel=1e-2)


@given(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), st.tuples(st.floats(-90, 90), st.floats(-180, 180)))
def test_a_way_is_the_same_in_both_directions_and_never_longer_than_half_round(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    there, back = metres_between(one, other), metres_between(other, one)

    assert there == pytest.approx(back)
    assert 0 <= there <= 20_015_200
