from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import struct_time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.ingest.feed_dates import FeedDate, plausible, read_date, read_listed_date

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2022, 4, 1, tzinfo=UTC)
NUMERIC, RFC_822 = "%Y-%m-%d %H:%M:%S", "%a, %d %b %Y %H:%M:%S"


@pytest.mark.parametrize(
    ("text", "moment", "precision"),
    [
        # RFC 822
        ("Thu, 24 Mar 2022 08:30:00 +0800", "2022-03-24T00:30", "minute"),
        ("Thu, 24 Mar 2022 08:30:00 GMT", "2022-03-24T08:30", "minute"),
        ("Thu, 24 Mar 2022 08:30:00 -0000", "2022-03-24T08:30", "minute"),
        ("Thu, 24 Mar 2022 08:30:00 EST", "2022-03-24T13:30", "minute"),
        ("Thu, 24 Mar 2022 08:30:00 CST", "2022-03-24T00:30", "minute"),  # China's, not central America's
        ("Thu, 24 Mar 2022 08:30:00", "2022-03-24T00:30", "minute"),
        ("24 Mar 22 08:30", "2022-03-24T00:30", "minute"),
        ("Thu Mar 24 08:30:00 2022", "2022-03-24T00:30", "minute"),
        ("Thu Mar 24 08:30:00 CST 2022", "2022-03-24T00:30", "minute"),
        ("Thu, 24 Mar 2022 00:00:00 +0800", "2022-03-23T16:00", "day"),
        ("Thu, 24 Mar 2022 00:00:00 GMT", "2022-03-24T00:00", "day"),
        ("Wed, 23 Mar 2022 16:00:00 GMT", "2022-03-23T16:00", "day"),
        ("Thu, 24 Mar 2022 00:00:01 +0800", "2022-03-23T16:00:01", "minute"),
        # RFC 3339, ISO 8601
        ("2022-03-24T08:30:00+08:00", "2022-03-24T00:30", "minute"),
        ("2022-03-24T08:30:00.123456789Z", "2022-03-24T08:30", "minute"),
        ("2022-03-24T08:30+0800", "2022-03-24T00:30", "minute"),
        ("2022-03-24T08:30:00-05:30", "2022-03-24T14:00", "minute"),
        ("2022-03-24T08:30:00", "2022-03-24T00:30", "minute"),
        ("2022-03-24T00:00:00Z", "2022-03-24T00:00", "day"),
        # what sites write
        ("2022-03-24 08:30:15", "2022-03-24T00:30:15", "minute"),
        ("2022-3-4 8:05", "2022-03-04T00:05", "minute"),
        ("2022/03/24 08:30", "2022-03-24T00:30", "minute"),
        ("2022.03.24", "2022-03-23T16:00", "day"),
        ("2022-03-24", "2022-03-23T16:00", "day"),
        ("2022年3月24日", "2022-03-23T16:00", "day"),
        ("2022年03月24日 08:30", "2022-03-24T00:30", "minute"),
        ("2022年3月24日08时30分15秒", "2022-03-24T00:30:15", "minute"),
        ("2022-03-24 08:30:60", "2022-03-24T00:30:59", "minute"),  # a leap second
        ("1648081800", "2022-03-24T00:30", "minute"),
        ("1648081800123", "2022-03-24T00:30", "minute"),
    ],
)
def test_a_date_is_read_as_its_writer_meant_it(text: str, moment: str, precision: str) -> None:
    date = read_date(text, None, ZONE)
    assert date is not None
    assert date.moment == datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert date.precision == precision


@pytest.mark.parametrize(
    "text",
    [
        "",
        "昨天",
        "2022-13-01",
        "2022-02-30",
        "0000-00-00 00:00:00",
        "25:00",
        "99999999999999999",
        "Thu, 99 Foo 2022",
    ],
)
def test_what_is_no_date_gives_none(text: str) -> None:
    assert read_date(text, None, ZONE) is None


def test_an_odd_format_is_left_to_feedparser() -> None:
    reading = struct_time((2004, 7, 8, 23, 56, 58, 3, 190, 0))
    date = read_date("Πεμ, 08 Ιούλ 2004 23:56:58 EET", reading, ZONE)
    assert date == FeedDate(datetime(2004, 7, 8, 23, 56, 58, tzinfo=UTC), "minute")


@pytest.mark.parametrize(
    ("moment", "believed"),
    [
        (datetime(1989, 12, 31, 23, 59, tzinfo=UTC), False),
        (datetime(1990, 1, 1, tzinfo=UTC), True),
        (NOW + timedelta(days=1), True),
        (NOW + timedelta(days=1, seconds=1), False),
        (datetime(9999, 12, 31, tzinfo=UTC), False),
    ],
)
def test_a_date_is_believed_from_1990_until_tomorrow(moment: datetime, believed: bool) -> None:
    assert plausible(FeedDate(moment, "minute"), NOW) is believed


@given(st.integers(700_000_000, 3_800_000_000), st.sampled_from([NUMERIC, RFC_822]))
def test_a_local_time_comes_back_as_itself(seconds: int, form: str) -> None:
    local = datetime.fromtimestamp(seconds, ZONE)
    date = read_date(local.strftime(form), None, ZONE)
    assert date is not None
    assert date.moment == local


@given(st.text(max_size=80))
def test_any_text_is_a_date_or_none(text: str) -> None:
    date = read_date(text, None, ZONE)
    assert date is None or date.moment.tzinfo is UTC


SEEN = datetime(2026, 11, 22, 1, 30, 15, tzinfo=UTC)  # 09:30 in Shanghai


@pytest.mark.parametrize(
    ("text", "local", "precision"),
    [
        ("2026-11-21", "2026-11-21T00:00", "day"),
        ("[2026-11-21]", "2026-11-21T00:00", "day"),
        ("2026年11月21日 08:30", "2026-11-21T08:30", "minute"),
        ("发布时间：2026-11-21 08:30 来源：示例晨报", "2026-11-21T08:30", "minute"),
        ("2026-11-21T08:30:00Z", "2026-11-21T16:30", "minute"),
        ("11月21日", "2026-11-21T00:00", "day"),
        ("11月21日08:30", "2026-11-21T08:30", "minute"),
        ("（11-21）", "2026-11-21T00:00", "day"),
        ("11/21 08:30", "2026-11-21T08:30", "minute"),
        ("11-22", "2026-11-22T00:00", "day"),
        ("11-23", "2025-11-23T00:00", "day"),  # the last such day: it is not tomorrow's
        ("2月29日", "2024-02-29T00:00", "day"),
        ("今天", "2026-11-22T00:00", "day"),
        ("今天 08:05", "2026-11-22T08:05", "minute"),
        ("昨天", "2026-11-21T00:00", "day"),
        ("昨日 23：10", "2026-11-21T23:10", "minute"),
        ("前天", "2026-11-20T00:00", "day"),
        ("2天前", "2026-11-20T00:00", "day"),
        ("3小时前", "2026-11-22T06:30", "day"),
        ("3 个小时前", "2026-11-22T06:30", "day"),
        ("5分钟前", "2026-11-22T09:25", "minute"),
        ("20秒前", "2026-11-22T09:30", "minute"),
        ("刚刚", "2026-11-22T09:30", "minute"),
    ],
)
def test_a_date_on_a_list_page_is_read_as_it_was_seen(text: str, local: str, precision: str) -> None:
    date = read_listed_date(text, ZONE, SEEN)
    assert date is not None
    assert date.moment == datetime.fromisoformat(local).replace(tzinfo=ZONE)
    assert date.moment.tzinfo is UTC
    assert date.precision == precision


@pytest.mark.parametrize(
    "text",
    ["", "示例晨报", "第3期", "2026-11", "2026-13-45", "99月99日", "0000-00-00", "20261121", "2月30日", "1.2.3.4"],
)
def test_what_is_no_date_on_a_list_page_gives_none(text: str) -> None:
    assert read_listed_date(text, ZONE, SEEN) is None


@given(st.text(alphabet="0123456789年月日-/.: 昨今天小时前分钟刚", max_size=40))
def test_any_words_of_a_list_page_are_a_date_or_none(text: str) -> None:
    date = read_listed_date(text, ZONE, SEEN)
    assert date is None or date.moment.tzinfo is UTC
