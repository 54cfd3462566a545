"""Words with their places: nothing is lost, whichever tagger."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.text.words import is_common_word, lexed_words, tagged_words


@given(st.text(max_size=60))
def test_tagged_words_are_the_text_without_gaps(text: str) -> None:
    words = tagged_words(text)

    assert "".join(word.text for word in words) == text
    assert all(text[word.start : word.end] == word.text for word in words)


@pytest.mark.parametrize("text", ["", "张店区和平街道", "a b\n😀,王小明说"])
def test_lexed_words_are_the_text_without_gaps(text: str) -> None:
    words = lexed_words(text)

    assert "".join(word.text for word in words) == text
    assert all(text[word.start : word.end] == word.text for word in words)


def test_a_long_text_is_lexed_to_a_limit() -> None:
    assert lexed_words("街道" * 2_000)[-1].end == 2_000


def test_everyday_words_are_told_from_unknown_strings() -> None:
    assert is_common_word("高兴")
    assert not is_common_word("栾志坚")
