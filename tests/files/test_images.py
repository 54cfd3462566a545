"""Photos: what they are, not what they say; upright; and nothing in them but pixels."""

from __future__ import annotations

import contextlib
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from media_tracker.errors import InvalidInput, MediaTrackerError, TooLarge
from media_tracker.files.camera import CameraFacts
from media_tracker.files.images import MAX_BYTES, MAX_PIXELS, THUMBNAIL, Box, black_out, read_image
from tests.files.pictures import SECRET, annotated_png, camera_jpeg, encoded, huge_png, picture

RED, BLUE = (254, 0, 0), (0, 0, 254)


def reopened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def near(pixel: object, colour: tuple[int, int, int]) -> bool:
    return isinstance(pixel, tuple) and all(abs(a - b) < 40 for a, b in zip(pixel, colour, strict=False))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_of_each_kind_is_kept_as_jpeg(kind: str) -> None:
    image = read_image(encoded(picture(), kind))

    assert (image.content_type, image.width, image.height) == ("image/jpeg", 60, 40)
    kept = reopened(image.data)
    assert (kept.format, kept.size) == ("JPEG", (60, 40))
    assert near(kept.getpixel((5, 20)), RED)
    assert near(kept.getpixel((55, 20)), BLUE)


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1"])
def test_a_photo_of_any_colour_model_is_taken(mode: str) -> None:
    kind = "JPEG" if mode in ("L", "CMYK") else "PNG"

    assert reopened(read_image(encoded(picture().convert(mode), kind)).data).mode == "RGB"


def test_a_picture_with_transparent_parts_stays_png_and_its_thumbnail_is_on_white() -> None:
    see_through = picture().convert("RGBA")
    see_through.paste((0, 0, 0, 0), (0, 0, 30, 40))
    image = read_image(encoded(see_through, "PNG"))

    assert image.content_type == "image/png"
    assert reopened(image.data).mode == "RGBA"
    assert near(reopened(image.thumbnail).getpixel((5, 20)), (255, 255, 255))


def test_a_picture_that_only_could_be_transparent_becomes_jpeg() -> None:
    assert read_image(encoded(picture().convert("RGBA"), "PNG")).content_type == "image/jpeg"


@pytest.mark.parametrize(
    ("orientation", "size", "red_at"),
    [(1, (60, 40), (5, 20)), (3, (60, 40), (55, 20)), (6, (40, 60), (20, 5)), (8, (40, 60), (20, 55))],
)
def test_a_photo_taken_on_its_side_is_turned_upright(
    orientation: int, size: tuple[int, int], red_at: tuple[int, int]
) -> None:
    image = read_image(camera_jpeg(orientation))

    assert (image.width, image.height) == size
    kept = reopened(image.data)
    assert kept.size == size
    assert near(kept.getpixel(red_at), RED)
    assert not kept.getexif()
    assert reopened(image.thumbnail).size == size


@pytest.mark.parametrize("data", [camera_jpeg(), annotated_png(), camera_jpeg() + b"PK\x03\x04" + SECRET.encode()])
def test_nothing_but_pixels_gets_through(data: bytes) -> None:
    assert SECRET.encode() in data
    image = read_image(data)

    for kept in (image.data, image.thumbnail):
        assert SECRET.encode() not in kept
        assert b"Exif" not in kept
        assert not {"exif", "icc_profile", "comment", "xmp", "Comment"} & set(reopened(kept).info)


def test_a_transparent_png_loses_its_notes_too() -> None:
    see_through = picture().convert("RGBA")
    see_through.putalpha(100)
    exif = Image.Exif()
    exif[0x010E] = SECRET
    data = encoded(see_through, "PNG", exif=exif, icc_profile=SECRET.encode() * 4)
    image = read_image(data)

    assert image.content_type == "image/png"
    assert not reopened(image.data).getexif()
    assert "icc_profile" not in reopened(image.data).info


def test_the_thumbnail_is_small_and_keeps_the_shape() -> None:
    image = read_image(encoded(picture(2000, 1000)))

    assert reopened(image.thumbnail).size == (THUMBNAIL, THUMBNAIL // 2)
    assert reopened(image.thumbnail).format == "JPEG"
    assert (image.width, image.height) == (2000, 1000)


def test_what_the_camera_says_is_taken_out_of_the_photo_and_told_apart_from_it() -> None:
    image = read_image(camera_jpeg())

    assert image.camera == CameraFacts("2026-03-02T08:15:00", "+08:00")
    assert b"2026:03:02" not in image.data


def test_a_photo_that_says_nothing_has_no_camera() -> None:
    assert read_image(encoded(picture())).camera is None


def test_of_a_file_of_several_pictures_the_first_is_taken() -> None:
    """As phones write it (MPO): the photo, and behind it a small one or a map of depths."""
    first, second = picture(), picture(20, 20)
    out = io.BytesIO()
    first.save(out, "MPO", save_all=True, append_images=[second])
    image = read_image(out.getvalue())

    assert (image.content_type, image.width, image.height) == ("image/jpeg", 60, 40)
    assert reopened(image.data).format == "JPEG"


def test_a_photo_of_an_iphone_in_its_own_format_is_refused_with_what_to_do() -> None:
    with pytest.raises(InvalidInput) as refused:
        read_image(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 64)

    assert "HEIC" in str(refused.value)


# Blacking out


def test_what_is_blacked_out_is_gone_from_photo_and_thumbnail() -> None:
    whole = read_image(encoded(picture(600, 400)))
    image = black_out(whole.data, [Box(0, 0, 50, 100)])

    for kept in (reopened(image.data), reopened(image.thumbnail)):
        assert near(kept.getpixel((kept.width // 4, kept.height // 2)), (0, 0, 0))
        assert near(kept.getpixel((3 * kept.width // 4, kept.height // 2)), BLUE)
        assert not any(near(colour, RED) for _, colour in kept.convert("RGB").getcolors(2**24) or [])
    assert (image.width, image.height, image.camera) == (600, 400, None)


@pytest.mark.parametrize(("width", "height"), [(60, 40), (7, 3), (1, 1), (101, 33)])
def test_a_box_covers_every_pixel_that_it_touches(width: int, height: int) -> None:
    white = encoded(Image.new("RGB", (width, height), "white"), "PNG")
    image = reopened(black_out(read_image(white).data, [Box(0, 0, 100, 100)]).data)

    assert image.convert("L").getextrema()[1] < 10


def test_a_transparent_picture_is_blacked_out_too() -> None:
    see_through = picture().convert("RGBA")
    see_through.putalpha(100)
    image = reopened(black_out(read_image(encoded(see_through, "PNG")).data, [Box(0, 0, 20, 20)]).data)

    assert image.getpixel((2, 2)) == (0, 0, 0, 255)


@pytest.mark.parametrize(
    "boxes",
    [[], [Box(0, 0, 0, 10)], [Box(-1, 0, 10, 10)], [Box(95, 0, 10, 10)], [Box(0, 0, 10, 10), Box(0, 100, 1, 1)]],
    ids=["none", "no width", "left of it", "over its edge", "one good, one below it"],
)
def test_boxes_that_mark_nothing_of_the_photo_are_refused(boxes: list[Box]) -> None:
    with pytest.raises(InvalidInput):
        black_out(read_image(encoded(picture())).data, boxes)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        encoded(picture(), "GIF"),
        encoded(picture(), "TIFF"),
        encoded(picture(), "BMP"),
    ],
)
def test_what_is_no_photo_is_refused_whatever_its_name(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_image(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_a_photo_that_is_cut_off_is_refused(kind: str, part: float) -> None:
    whole = encoded(picture(300, 300), kind)

    with pytest.raises(InvalidInput):
        read_image(whole[: int(len(whole) * part)])


@pytest.mark.parametrize(
    ("width", "height"),
    [(8000, 5001), (10_000, 9_000), (100_000, 100_000), (1, MAX_PIXELS + 1), (2**31 - 1, 2**31 - 1)],
)
def test_a_small_file_with_too_many_pixels_is_refused_before_they_are_decoded(width: int, height: int) -> None:
    with pytest.raises(TooLarge):
        read_image(huge_png(width, height))


def test_a_file_of_more_than_ten_megabytes_is_refused_unread() -> None:
    with pytest.raises(TooLarge) as refused:
        read_image(b"\0" * (MAX_BYTES + 1))

    assert "10 MB" in str(refused.value)


def test_every_orientation_is_undone_as_the_standard_says() -> None:
    """Against Pillow's own way, which cannot be used on garbled metadata."""
    for orientation in range(1, 9):
        data = camera_jpeg(orientation)
        expected = ImageOps.exif_transpose(reopened(data))
        kept = reopened(read_image(data).data)
        assert kept.size == expected.size
        corners = [(3, 3), (kept.width - 4, 3), (3, kept.height - 4), (kept.width - 4, kept.height - 4)]
        for corner in corners:
            pixel = expected.getpixel(corner)
            assert isinstance(pixel, tuple)
            assert near(kept.getpixel(corner), (int(pixel[0]), int(pixel[1]), int(pixel[2])))


def test_a_photo_is_not_refused_for_its_garbled_metadata() -> None:
    """Seen by fuzzing: Pillow failed to write back an orientation that was no number."""
    short, text = b"\x01\x12\x00\x03", b"\x01\x12\x00\x02"  # tag and type, as the file has them
    whole = camera_jpeg(6)
    assert whole.count(short) == 1
    image = read_image(whole.replace(short, text))

    assert (image.width, image.height) == (60, 40)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's remarks on broken metadata
@pytest.mark.parametrize(
    "whole", [camera_jpeg(6), annotated_png(), encoded(picture(), "WEBP", exif=camera_jpeg()[6:200])]
)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_garbled_photo_is_either_read_or_refused_in_a_sentence(whole: bytes, data: st.DataObject) -> None:
    garbled = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        garbled[data.draw(st.integers(0, len(garbled) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(MediaTrackerError):
        image = read_image(bytes(garbled))
        assert reopened(image.data).size == (image.width, image.height)
