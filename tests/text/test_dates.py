"""Dates as local news writes them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.text.dates import find_dates

PUBLISHED = date(2022, 3, 26)  # a Saturday


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("3月24日本报曝光的", date(2022, 3, 24), date(2022, 3, 24)),
        ("24日上午", date(2022, 3, 24), date(2022, 3, 24)),
        ("30日夜里", date(2022, 2, 28), None),
        ("12月30日", date(2021, 12, 30), date(2021, 12, 30)),
        ("4月1日起", date(2022, 4, 1), date(2022, 4, 1)),
        ("2020年2月29日", date(2020, 2, 29), date(2020, 2, 29)),
        ("昨日", date(2022, 3, 25), date(2022, 3, 25)),
        ("昨晚", date(2022, 3, 25), date(2022, 3, 25)),
        ("前天", date(2022, 3, 24), date(2022, 3, 24)),
        ("今天上午", date(2022, 3, 26), date(2022, 3, 26)),
        ("上周", date(2022, 3, 14), date(2022, 3, 20)),
        ("上周五", date(2022, 3, 18), date(2022, 3, 18)),
        ("本周一", date(2022, 3, 21), date(2022, 3, 21)),
        ("上上周日", date(2022, 3, 13), date(2022, 3, 13)),
    ],
)
def test_a_date_is_resolved_against_the_day_of_publication(text: str, first: date, last: date | None) -> None:
    found = find_dates(text, PUBLISHED)
    if last is None:
        assert found == []
    else:
        assert [(mention.first, mention.last) for mention in found] == [(first, last)]
        assert text.startswith(text[found[0].start : found[0].end])


@pytest.mark.parametrize("text", ["2月30日", "13月1日", "今后", "今年", "每日", "生日", "3210日元", "", "第24日本"])
def test_what_is_no_date_is_left_alone(text: str) -> None:
    assert find_dates(text, PUBLISHED) == []


def test_the_last_day_of_a_long_month_is_not_looked_for_in_a_short_one() -> None:
    assert find_dates("31日上午", date(2022, 6, 2))[0].first == date(2022, 5, 31)
    assert find_dates("31日上午", date(2022, 5, 2)) == []


@given(
    st.lists(
        st.sampled_from(["3月", "24日", "31日", "2月", "29日", "昨日", "上周", "日", "2021年", "，", "x"]), max_size=12
    ).map("".join),
    st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 1, 1)),
)
def test_any_text_gives_ordered_spans_and_whole_days(text: str, published: date) -> None:
    found = find_dates(text, published)
    assert all(0 <= mention.start < mention.end <= len(text) for mention in found)
    assert all(mention.first <= mention.last for mention in found)
    assert [mention.start for mention in found] == sorted(mention.start for mention in found)
