"""Photos that are one photo are known again, and others are not taken for it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from media_tracker.demo.pictures import draw
from media_tracker.files.likeness import COARSE_APART, Likeness, keys_of, likeness_of, near_keys
from tests.files.pictures import encoded

SCENES = [f"scene {n}" for n in range(70)]


def scene(seed: str, *, fixed: bool = False) -> Image.Image:
    return Image.open(io.BytesIO(draw(seed, fixed=fixed))).convert("RGB")


def known(picture: Image.Image) -> Likeness:
    found = likeness_of(picture)
    assert found is not None
    return found


def again(picture: Image.Image, quality: int) -> Image.Image:
    return Image.open(io.BytesIO(encoded(picture, quality=quality)))


CHANGES: Mapping[str, Callable[[Image.Image], Image.Image]] = {
    "written anew, badly": lambda each: again(each, 30),
    "a third of the size": lambda each: again(each.resize((320, 213)), 80),
    "squeezed to another shape": lambda each: each.resize((800, 450)),
    "a little brighter": lambda each: ImageEnhance.Brightness(each).enhance(1.15),
    "without colour": lambda each: each.convert("L"),
    "a hair cut off around": lambda each: each.crop((4, 3, each.width - 4, each.height - 3)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_photo_is_known_again(change: str) -> None:
    for seed in SCENES[:12]:
        before, after = known(scene(seed)), known(CHANGES[change](scene(seed)))
        assert before.is_like(after), seed
        assert set(keys_of(before)) & set(near_keys(after)), "the index finds it"


def test_photos_of_different_places_are_never_taken_for_each_other() -> None:
    all_known = [known(scene(seed)) for seed in SCENES]
    pairs = list(combinations(all_known, 2))

    assert len(pairs) > 2_000
    assert [pair for pair in pairs if pair[0].is_like(pair[1])] == []


def test_a_place_after_its_fix_is_not_taken_for_the_photo_from_before() -> None:
    alike = [seed for seed in SCENES if known(scene(seed)).is_like(known(scene(seed, fixed=True)))]

    assert alike == []


@pytest.mark.parametrize("colour", ["black", "white", "green"])
def test_a_plain_colour_is_like_nothing(colour: str) -> None:
    assert likeness_of(Image.new("RGB", (640, 480), colour)) is None


def test_a_likeness_is_written_down_and_read_back() -> None:
    likeness = known(scene("street"))

    assert Likeness.read(str(likeness)) == likeness
    assert len(str(likeness)) == 80


@given(st.integers(0, 2**64 - 1), st.sets(st.integers(0, 63), max_size=COARSE_APART))
def test_the_index_misses_none_that_is_near_enough(bits: int, flips: set[int]) -> None:
    other = bits
    for flip in flips:
        other ^= 1 << flip

    assert set(keys_of(Likeness(bits, 0))) & set(near_keys(Likeness(other, 0)))
