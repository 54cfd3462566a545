"""Names are found by characters, codes, pinyin and initials, the best fit first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.text.pinyin import readings
from media_tracker.text.pinyin_index import Entry, PinyinIndex, folded

PLACES = PinyinIndex(
    [
        Entry("370303", "张店区", names=("张店区", "张店"), codes=("370303",), rank=1),
        Entry(
            "370303006", "和平街道", "张店区", paths=("张店区和平街道", "张店和平街道"), codes=("370303006",), rank=2
        ),
        Entry("370303006001", "桃园社区", "张店区和平街道", paths=("张店区和平街道桃园社区", "和平桃园社区"), rank=3),
        Entry("370321006", "新城镇", "桓台县", rank=2),
        Entry("370302", "绿源区", rank=1),
        Entry("1", "重庆路社区", rank=3),
        Entry("road", "Damaged road surface", names=("道路破损", "Damaged road surface")),
    ]
)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("zdq", "张店区"),
        ("ZDQ", "张店区"),
        ("zhangdian", "张店区"),
        ("zhang dian qu", "张店区"),
        ("zhangdq", "张店区"),
        ("zhdq", "张店区"),
        ("张d", "张店区"),
        ("店", "张店区"),
        ("370303", "张店区"),
        ("370303006", "和平街道"),
        ("hpjd", "和平街道"),
        ("zdhp", "和平街道"),
        ("张店和平", "和平街道"),
        ("hpty", "桃园社区"),
        ("lvyuan", "绿源区"),
        ("luyuan", "绿源区"),
        ("chongqing", "重庆路社区"),
        ("zhongqing", "重庆路社区"),
        ("cq", "重庆路社区"),
        ("road", "Damaged road surface"),
        ("dlps", "Damaged road surface"),
        ("xincheng", "新城镇"),
    ],
)
def test_a_name_is_found_by_what_people_type(asked: str, found: str) -> None:
    assert PLACES.find(asked)[0].label == found


def test_the_whole_name_comes_before_its_beginning_before_initials_before_what_lies_inside() -> None:
    index = PinyinIndex([Entry(name, name) for name in ("马安", "西安门", "线安", "西安", "仙女")])
    assert [entry.label for entry in index.find("西安")] == ["西安", "西安门"]
    assert [entry.label for entry in index.find("xian")] == ["西安", "线安", "仙女", "西安门"]
    assert [entry.label for entry in index.find("xa")] == ["线安", "西安", "西安门"]
    assert [entry.label for entry in index.find("an")] == ["马安", "线安", "西安", "西安门"]


def test_of_equal_fits_what_lies_higher_comes_first() -> None:
    index = PinyinIndex([Entry("3", "张店村", rank=3), Entry("1", "张店区", rank=1), Entry("2", "张店镇", rank=2)])
    assert [entry.value for entry in index.find("zd")] == ["1", "2", "3"]


@pytest.mark.parametrize("asked", ["", "  ", "·,-", "没有这里", "qqqqqqqq", "x" * 500])
def test_what_fits_nothing_finds_nothing(asked: str) -> None:
    assert PLACES.find(asked) == []


def test_every_reading_of_a_character_is_known_without_tones() -> None:
    assert {"chong", "zhong"} <= set(readings("重"))
    assert readings("绿")[:2] == ("lv", "lu")
    assert readings("a") == readings("。") == ()


NAMES = st.text(st.sampled_from("张店区和平街道重庆绿地长乐村"), min_size=1, max_size=6)


@given(NAMES, st.data())
def test_any_spelling_of_any_name_finds_it(name: str, data: st.DataObject) -> None:
    ways = [[character, *readings(character), *(each[0] for each in readings(character))] for character in name]
    asked = "".join(data.draw(st.sampled_from(options)) for options in ways)
    index = PinyinIndex([Entry("other", "桓台县"), Entry("it", name)])
    assert "it" in [entry.value for entry in index.find(asked)]


@given(st.text(max_size=30))
def test_whatever_is_typed_is_answered(asked: str) -> None:
    found = PLACES.find(asked)
    assert len(found) <= 12
    assert folded(asked) or not found
