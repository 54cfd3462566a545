"""Words that point to somebody under 18: strong ones are meant of who did it, weak ones of who was helped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.deeds.minor_cues import minor_cues, points_to_a_minor


@pytest.mark.parametrize(
    ("title", "body", "name"),
    [
        ("小学生拾到钱包", "他在校门口等了半小时。", ""),
        ("十二岁的送餐小帮手", "他每天早起。", ""),
        ("12岁的送餐小帮手", "他每天早起。", ""),
        ("雨中等失主", "五年级学生甲小乙捡到一沓钱。", "甲小乙"),
        ("雨中等失主", "六年级的甲小乙捡到一沓钱。", "甲小乙"),
        ("雨中等失主", "甲小乙今年14岁，家住河边。", "甲小乙"),
        ("雨中等失主", "14岁的甲小乙说不用谢。", "甲小乙"),
        ("雨中等失主", "14岁的女孩甲小乙说不用谢。", "甲小乙"),
        ("雨中等失主", "高二学生甲小乙说不用谢。", "甲小乙"),
    ],
)
def test_words_for_a_child_who_did_it_are_strong(title: str, body: str, name: str) -> None:
    assert points_to_a_minor(title, body, [name])


@pytest.mark.parametrize(
    ("title", "body", "name"),
    [
        ("路人救人", "他抱出4岁的男孩，又托起孩子的母亲。", "甲小乙"),
        ("路人救人", "今年69岁的甲小乙跳进河里。", "甲小乙"),
        ("路人救人", "六十三岁的甲小乙跳进河里。", "甲小乙"),
        ("路人救人", "甲小乙把羽绒服甩过去，男孩抓住了袖子。", "甲小乙"),
        ("路人救人", "七十岁以上老人半价。", "甲小乙"),
        ("路人救人", "这条路修了15年，每年3月开工。", "甲小乙"),
        ("", "", ""),
    ],
)
def test_a_child_who_was_helped_masks_nobody(title: str, body: str, name: str) -> None:
    assert not points_to_a_minor(title, body, [name])


def test_a_cue_says_where_it_stands() -> None:
    text = "昨天傍晚，　五年级学生甲小乙把钱交给了老师。"
    [cue] = minor_cues("雨中等失主", text, ["甲小乙"])
    assert (cue.field, text[cue.start : cue.end], cue.words, cue.strong) == ("body", "五年级学生", "五年级学生", True)
    assert cue.before.endswith("傍晚，　")
    assert cue.after.startswith("甲小乙")


def test_strong_cues_come_first_and_there_are_not_too_many() -> None:
    cues = minor_cues("", "男孩" + "，女孩" * 40 + "。初中生来了。")
    assert len(cues) == 12
    assert [cue.strong for cue in cues][:2] == [True, False]


@given(
    st.text(alphabet="一二十岁小学生初中高年级孩男女甲乙丙，。 1２3４\u200b\n", max_size=60),
    st.text(alphabet="甲乙丙", max_size=3),
)
def test_whatever_stands_there_spans_are_of_the_text(text: str, name: str) -> None:
    for cue in minor_cues(text, text, [name]):
        assert text[cue.start : cue.end] == cue.words
        assert cue.words.strip()
