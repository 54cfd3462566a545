"""Words for the search index."""

from hypothesis import given
from hypothesis import strategies as st

from media_tracker.text.segment import LONGEST_TOKEN, search_tokens


def test_long_words_come_with_the_words_in_them_and_punctuation_does_not() -> None:
    tokens = search_tokens("垃圾桶满了，ＡＢＣ小区垃圾桶！")
    assert {"垃圾桶", "垃圾", "小区", "abc"} <= set(tokens)
    assert len(tokens) == len(set(tokens))
    assert not {"，", "！", ",", "!"} & set(tokens)


def test_a_query_in_other_widths_and_cases_gives_the_same_words() -> None:
    assert search_tokens("Ａｐｐ反映") == search_tokens("APP反映") == search_tokens("app 反映")


@given(st.text(alphabet=st.characters(), max_size=60))
def test_any_text_gives_short_words(text: str) -> None:
    assert all(0 < len(token) <= LONGEST_TOKEN for token in search_tokens(text))


def test_a_megabyte_is_cut_not_choked_on() -> None:
    assert search_tokens("垃圾桶" * 350_000)[:1] == ["垃圾"]
    assert search_tokens("x" * 1_000_000) == []
