"""One form for matching, with offsets that lead back."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.text.normalise import normalise, plain_text


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("１２３４５热线", "12345热线"),
        ("（记者　某某）", "(记者 某某)"),
        ("a\u200bb\ufeffc\x00d", "abcd"),
        ("第一段\r\n\n　　第二段", "第一段\n第二段"),
        ("多   个\t空格", "多 个 空格"),
        ("cafe\u0301", "café"),
        ("３㎡", "3m2"),
        ("\ud800坏字符", "坏字符"),
        ("臺灣👍🏽", "臺灣👍🏽"),
        ("", ""),
    ],
)
def test_text_takes_one_plain_form(text: str, plain: str) -> None:
    assert normalise(text).text == plain


def test_a_span_leads_back_to_the_words_it_came_from() -> None:
    text = "昨日，\u200b 　记者在１２号楼３㎡看到"
    normalised = normalise(text)
    start = normalised.text.index("12号楼")
    first, last = normalised.original_span(start, start + 4)
    assert text[first:last] == "１２号楼"
    start = normalised.text.index("m2")
    first, last = normalised.original_span(start, start + 1)
    assert text[first:last] == "㎡"


@given(st.text(alphabet=st.characters(), max_size=80))
def test_offsets_are_ordered_and_lie_in_the_original(text: str) -> None:
    normalised = normalise(text)
    size = len(normalised.text)
    spans = [normalised.original_span(at, at + 1) for at in range(size)]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)
    assert normalised.original_span(size, size)[0] <= len(text)
    if size:
        assert normalised.original_span(0, size) == (spans[0][0], spans[-1][1])


@given(st.text(alphabet="记者 　\n１２a(（，,\u200b\u0301é㎡", max_size=40))
def test_every_character_stems_from_the_characters_under_it(text: str) -> None:
    normalised = normalise(text)
    for at, char in enumerate(normalised.text):
        start, end = normalised.original_span(at, at + 1)
        plain = unicodedata.normalize("NFKC", text[start:end])
        assert char in plain or (char.isspace() and not plain.strip(" \n\u3000\u200b"))


@given(st.text(max_size=60))
def test_no_control_characters_and_no_runs_of_blanks_remain(text: str) -> None:
    plain = normalise(text).text
    assert "  " not in plain
    assert "\n\n" not in plain
    assert not any(unicodedata.category(char) == "Cc" and char != "\n" for char in plain)


@given(st.text(alphabet=st.sampled_from("ab，。１Ａ㎡ﬁ①…\u3000 \n\t\r\u200b\u0301é가\u1100\u1161好"), max_size=40))
def test_the_text_alone_is_the_same_text(text: str) -> None:
    assert plain_text(text) == normalise(text).text


@given(st.text(alphabet=st.sampled_from("ab，。１Ａ㎡ﬁ①…\u3000 \n\t\r\u200b가好"), max_size=40))
def test_a_combining_mark_further_on_changes_no_offset_before_it(text: str) -> None:
    alone, followed = normalise(text), normalise(text + "ae\u0301")
    size = len(alone.text)
    assert followed.text[:size] == alone.text
    assert [followed.original_span(at, at + 1) for at in range(size)] == [
        alone.original_span(at, at + 1) for at in range(size)
    ]
