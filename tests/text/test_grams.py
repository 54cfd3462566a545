"""Character grams as numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.text.grams import SIZE, grams


@given(st.text(max_size=300))
def test_any_text_has_grams_in_range_and_always_the_same_ones(text: str) -> None:
    found = grams(text)
    assert ((found >= 0) & (found < SIZE)).all()
    assert np.array_equal(found, grams(text))


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("路", 1), ("路灯", 3), ("路灯坏", 6), ("路,灯", 2), ("!!!", 0), ("路灯\n路灯", 6)]
)
def test_no_gram_runs_over_punctuation(text: str, count: int) -> None:
    assert len(grams(text)) == count


def test_full_width_and_capitals_are_the_same_grams() -> None:
    assert np.array_equal(grams("Ａ１路"), grams("a1路"))


def test_one_character_grams_can_be_left_out() -> None:
    assert len(grams("路灯坏", shortest=2)) == 3


def test_source_lines_are_left_out() -> None:
    assert np.array_equal(grams("路灯坏了。\n来源：云川晚报"), grams("路灯坏了。"))


def test_traditional_characters_are_the_same_grams() -> None:
    assert np.array_equal(grams("張店區垃圾桶滿溢"), grams("张店区垃圾桶满溢"))
