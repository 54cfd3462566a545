"""Passages as people quote them. Texts here are invented."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_tracker.tagging.evidence import StoryText
from media_tracker.tagging.features import grams
from media_tracker.tagging.linear import Passage
from media_tracker.tagging.wording import quoted, wordings, words_of
from tests.tagging.test_suggest import PIECES


def _words(body: str, *passages: str, title: str = "") -> list[str]:
    """What is quoted of ``passages``, which stand in ``body``."""
    found = [Passage(1, body.index(each), body.index(each) + len(each), 1.0) for each in passages]
    shown = wordings((title, body), words_of(grams(StoryText(title, body))), found, 4)
    return [(title, body)[each.field][each.start : each.end] for each in shown]


@pytest.mark.parametrize(
    ("body", "passage", "shown"),
    [
        ("他照顾邻居的母亲已有三年。", "的母亲", ["母亲"]),
        ("他喊了声“烟”，就跑下了楼。", "烟”，", []),
        ("居民说垃圾桶早就满了，没有人管。", "垃圾", ["垃圾桶"]),
        ("居民说垃圾桶早就满了，没有人管。", "桶早就", []),
        ("路面积水，下水道堵塞，臭味难闻。", "水，下水道堵塞，臭", ["下水道堵塞"]),
        ("反映以后一直未整改。", "直未整改。", ["未整改"]),
        ("一边是河，一边也是这样的。", "一边也是这样的", []),
        ("电话是 12345。", " 12345", []),
    ],
)
def test_a_passage_is_quoted_as_words(body: str, passage: str, shown: list[str]) -> None:
    assert _words(body, passage) == shown


@pytest.mark.parametrize(
    ("body", "cue", "shown"),
    [
        ("物业中心表示，会尽快清理。", "中心表示，", "中心表示"),
        ("环卫局表示，会尽快清理。", "局表示，", "环卫局表示"),
        ("垃圾桶满了。", "垃圾", "垃圾"),
        ("这是谁的责任？", "？", None),
        ("他跳下了水。", "他", None),
    ],
)
def test_a_cue_is_quoted_from_the_beginning_of_its_word_and_without_marks(
    body: str, cue: str, shown: str | None
) -> None:
    words = words_of(grams(StoryText("", body)))[1]
    span = quoted(body, words, body.index(cue), body.index(cue) + len(cue))
    assert (body[slice(*span)] if span else None) == shown


def test_what_another_quotation_holds_is_not_quoted_again() -> None:
    body = "消防通道被占用。大家都说，通道要畅通。"
    assert _words(body, "消防通道被占用", "通道要", "畅通") == ["消防通道被占用", "畅通"]


@settings(max_examples=60)
@given(st.lists(st.sampled_from(PIECES), max_size=12), st.data())
def test_whatever_the_passage_a_quotation_begins_and_ends_in_a_word(pieces: list[str], data: st.DataObject) -> None:
    body = "".join(pieces)
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, len(body)))
    for each in wordings(("", body), words_of(grams(StoryText("", body))), [Passage(1, start, end, 1.0)], 4):
        quoted = body[each.start : each.end]
        assert quoted[0].isalnum()
        assert quoted[-1].isalnum()
        assert len(quoted) > 1
