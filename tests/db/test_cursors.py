"""Places in a list survive the way through an address, and nonsense is no place."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.db.cursors import read_cursor, write_cursor

LAST = ObjectId("65f000000000000000000001")
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=8))])
SINCE_1970 = st.timedeltas(timedelta(0), timedelta(days=84_000))


@given(SINCE_1970, ZONES)
def test_a_place_comes_back_to_the_millisecond(after: timedelta, zone: timezone) -> None:
    moment = (datetime(1970, 1, 1, tzinfo=UTC) + after).astimezone(zone)
    read = read_cursor(write_cursor(moment, LAST))
    assert read is not None
    assert read[1] == LAST
    assert timedelta(0) <= moment - read[0] < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    "text",
    [None, "", "-", f"-{LAST}", f"x-{LAST}", f"１２-{LAST}", f"{'9' * 14}-{LAST}", "1-x", "1", f"-1-{LAST}", "1-1"],
)
def test_nonsense_is_no_place(text: str | None) -> None:
    assert read_cursor(text) is None


@given(st.text(max_size=60))
def test_any_text_is_a_place_or_none(text: str) -> None:
    read = read_cursor(text)
    assert read is None or read[0].tzinfo is UTC
