"""Regions as people type them."""

from __future__ import annotations

import pytest

from media_tracker.db.connection import Database
from media_tracker.errors import InvalidInput
from media_tracker.places.regions import RegionTree, read_regions
from media_tracker.places.service import Places
from media_tracker.web.region_input import FIELD, region_options, region_text, resolve_region
from tests.fake_clock import FakeClock


class Shipped(Places):
    """The regions that are shipped, without a database."""

    tree = read_regions()

    async def regions(self) -> RegionTree:
        return self.tree


@pytest.fixture
def places(database: Database, clock: FakeClock) -> Places:
    return Shipped(database, clock)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", None),
        ("  ", None),
        ("370303", "370303"),
        ("张店", "370303"),
        ("张店区", "370303"),
        ("淄博市 张店区", "370303"),
        ("高新区四宝山街道", "370303008"),
        ("张店区四宝山街道", "370303008"),
        ("淄博市·高新区·四宝山", "370303008"),
    ],
)
async def test_a_name_with_or_without_what_lies_above_it_is_a_region(
    places: Places, text: str, code: str | None
) -> None:
    assert await resolve_region(places, text) == code


async def test_every_region_is_understood_as_it_is_shown(places: Places) -> None:
    codes = [region.code for region in await places.regions()][::9]
    assert [await resolve_region(places, await region_text(places, code)) for code in codes] == codes
    options = await region_options(places)
    assert [await resolve_region(places, option["value"]) for option in options] == [each["label"] for each in options]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("somewhere", "No region of this name"), ("太平村", "Several regions"), ("太平村张店区", "No region")],
)
async def test_what_is_none_or_several_is_said_beside_the_field(places: Places, text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await resolve_region(places, text)
    assert caught.value.fields[FIELD].startswith(sentence)
