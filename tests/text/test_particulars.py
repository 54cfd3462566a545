"""Two stories from one mould are told apart by what differs; what an editor does to a reprint is no such difference."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.text.fingerprint import is_reprint, story_text
from media_tracker.text.particulars import of_one_mould

WATER = (
    "因供水管网改造施工，定于{month}月{day}日{hour}时至{end}时对东岭区{road}沿线实施临时停水，届时周边小区、学校和商铺用水将受到影响，"
    "请广大用户提前做好储水准备，关好水龙头，以免来水时造成损失。施工期间给您带来的不便，敬请谅解。恢复供水后水质可能短时浑浊，请适当放水后使用。"
)
DAY = (
    "周末一早，{name}社区活动室门口就热闹起来。社区党委组织党员、网格员和居民志愿者开展“洁净家园”行动，大家拿起扫帚、铁锨和垃圾袋，"
    "把楼道里的杂物、绿地里的烟头和墙上的小广告清理得干干净净。“自己的家自己收拾，住着心里也亮堂。”参加活动的居民说。"
    "{name}社区有关负责人表示，将把这样的行动坚持下去，让环境整治成为居民的习惯。"
)
FORECAST = (
    "市气象台{day}日16时发布天气预报：今天夜间到明天，多云转阴，局部有阵雨，南风{wind}级，最低气温{low}℃，最高气温{high}℃。"
    "提醒市民出行带好雨具，驾车减速慢行，老人和孩子注意及时增减衣物，谨防感冒。降水概率{chance}%，空气质量良，适宜开窗通风。"
)
MOULDS = [
    (
        WATER.format(month=5, day=3, hour=8, end=18, road="长柳路"),
        WATER.format(month=5, day=9, hour=7, end=20, road="长柳路"),
    ),
    (
        WATER.format(month=5, day=3, hour=8, end=18, road="长柳路"),
        WATER.format(month=5, day=3, hour=8, end=18, road="云门大街"),
    ),
    (
        WATER.format(month=5, day=3, hour=8, end=18, road="长柳路"),
        WATER.format(month=5, day=3, hour=8, end=18, road="石塔路"),
    ),
    (DAY.format(name="晴岚"), DAY.format(name="柳溪里")),
    (
        FORECAST.format(day=3, wind=3, low=16, high=25, chance=40),
        FORECAST.format(day=4, wind=4, low=17, high=22, chance=60),
    ),
]


@pytest.mark.parametrize(("one", "other"), MOULDS, ids=["days", "a street", "a road", "communities", "forecasts"])
def test_one_mould_with_other_particulars_is_two_stories(one: str, other: str) -> None:
    assert of_one_mould(story_text(one), story_text(other))
    assert of_one_mould(story_text(other), story_text(one))
    assert not is_reprint(one, other)
    assert not is_reprint(one, other[: len(other) * 3 // 4])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("周末一早", "3月6日"),
        ("晴岚社区活动室", "活动室"),
        ("晴岚社区有关负责人", "某社区有关负责人"),
        ("晴岚社区活动室门口", "东岭区晴岚社区活动室门口"),
        ("干干净净", "清清爽爽"),
        ("党员、网格员和居民志愿者", "20多名志愿者"),
        ("住着心里也亮堂", "心里亮堂"),
    ],
)
def test_what_an_editor_changes_leaves_it_one_story(before: str, after: str) -> None:
    one = DAY.format(name="晴岚")
    other = one.replace(before, after)

    assert one != other
    assert not of_one_mould(story_text(one), story_text(other))
    assert is_reprint(one, other)
    assert is_reprint(other, one)


def test_one_corrected_figure_among_several_leaves_it_one_story() -> None:
    one = WATER.format(month=5, day=3, hour=8, end=18, road="长柳路")
    other = one.replace("至18时", "至19时")

    assert not of_one_mould(story_text(one), story_text(other))
    assert is_reprint(one, other)


@given(st.text(alphabet="晴岚社区路3月日85", max_size=60), st.text(alphabet="柳溪社区路4月日79", max_size=60))
def test_any_two_texts_can_be_asked_about_and_a_text_is_never_another_story_than_itself(one: str, other: str) -> None:
    assert of_one_mould(one, other) in (True, False)
    assert not of_one_mould(one, one)
