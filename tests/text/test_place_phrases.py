"""Phrases that say where, wherever in the world, and names that only say whose or whence. All sentences are invented."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.text.place_phrases import PlaceWords, place_phrases
from media_tracker.text.words import lexed_words, tagged_words


def _phrases(text: str) -> list[str]:
    return [text[start:end] for start, end in place_phrases(tagged_words(text))]


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("昨晚,四川省成都市武侯区一家超市起火。", ["四川省成都市武侯区一家超市"]),
        ("伤者被送往医院,司机当场死亡。", ["医院", "当场"]),
        ("消防员赶到现场时,火已经灭了。", ["现场"]),
        ("车祸发生在人民路与建设路交叉口。", ["人民路与建设路交叉口"]),
        ("地震发生时,居民纷纷跑到广场。", ["广场"]),
    ],
)
def test_a_place_reaches_to_its_last_word(text: str, phrases: list[str]) -> None:
    assert _phrases(text) == phrases


@pytest.mark.parametrize(
    "text",
    [
        "四川省政府召开了会议。",
        "北京时间8点,比赛开始。",
        "新华社北京5月12日电。",
        "事故原因正在调查中。",
        "上海市民纷纷捐款。",
        "",
    ],
)
def test_whose_and_whence_is_not_where(text: str) -> None:
    assert _phrases(text) == []


def test_lac_s_words_serve_as_well() -> None:
    text = "昨日上午,福建泉州晋江市境内发生地震。"

    assert [text[start:end] for start, end in place_phrases(lexed_words(text))] == ["福建泉州晋江市境内"]


def test_the_table_of_place_words_can_be_one_s_own() -> None:
    words = tagged_words("他们在现场。")

    assert place_phrases(words, PlaceWords(frozenset(), frozenset())) == []


@given(st.text(alphabet="北京上海在现场医院与路交叉口的,。 a1", max_size=60))
def test_spans_are_in_order_and_within_the_text(text: str) -> None:
    spans = place_phrases(tagged_words(text))

    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
