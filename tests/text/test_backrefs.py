"""Where a story refers to an earlier one."""

from __future__ import annotations

from datetime import date

import pytest

from media_tracker.text.backrefs import find_back_references

PUBLISHED = date(2021, 3, 26)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("3月24日本报曝光的晴岚社区垃圾桶满溢一事有了结果", date(2021, 3, 24)),
        ("3月20日,本报报道东岭区一处路面坑洼", date(2021, 3, 20)),
        ("本报3月6日刊发的早市占路问题,有了新变化", date(2021, 3, 6)),
        ("去年12月9日本报曝光的阳光房", date(2020, 12, 9)),
        ("3月10日,云川网曾报道小商品市场", date(2021, 3, 10)),
    ],
)
def test_a_day_on_which_something_was_told_of_is_a_back_reference(text: str, day: date) -> None:
    found = find_back_references(text, PUBLISHED)
    assert [(each.first, each.last, each.exact) for each in found] == [(day, day, True)]
    assert all(text[each.start : each.end] for each in found)


@pytest.mark.parametrize(
    "text",
    [
        "3月25日,记者再次来到现场,三个桶已经清空",
        "25日上午,居民说路好走了",
        "晨报东岭3月25日讯 路灯亮了",
        "4月30日本报曝光",
        "",
        "曝光",
    ],
)
def test_other_days_are_none(text: str) -> None:
    assert find_back_references(text, PUBLISHED) == []


def test_a_week_is_a_span() -> None:
    found = find_back_references("上周本报曝光的井盖换了新的", PUBLISHED)
    assert [(each.first, each.last) for each in found] == [(date(2021, 3, 15), date(2021, 3, 21))]


def test_the_other_day_is_a_span_up_to_the_story() -> None:
    (found,) = find_back_references("日前,本报报道了小区门口的垃圾", PUBLISHED)
    assert (found.last, found.exact) == (PUBLISHED, False)
    assert found.first < PUBLISHED
