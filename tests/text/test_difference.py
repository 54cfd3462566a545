"""What an outlet has changed in a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.text.difference import LONGEST_REWRITTEN, MOST_SENTENCES, Piece, difference

texts = st.text(alphabet="张店区垃圾桶满溢已清运。！？\n ab", max_size=120)

CASES = {
    "nothing": ("", "", []),
    "the same": ("一句。二句。", "一句。二句。", [Piece("same", "一句。二句。")]),
    "one more": ("一句。", "一句。又一句。", [Piece("same", "一句。"), Piece("new", "又一句。")]),
    "one less": ("一句。又一句。", "又一句。", [Piece("gone", "一句。"), Piece("same", "又一句。")]),
    "a number put right": (
        "现场有三个垃圾桶满溢。",
        "现场有五个垃圾桶满溢。",
        [Piece("same", "现场有"), Piece("gone", "三"), Piece("new", "五"), Piece("same", "个垃圾桶满溢。")],
    ),
    "another sentence": (
        "垃圾无人清运。",
        "记者致电街道办！",
        [Piece("gone", "垃圾无人清运。"), Piece("new", "记者致电街道办！")],
    ),
}


@pytest.mark.parametrize(("before", "after", "pieces"), CASES.values(), ids=CASES.keys())
def test_what_changed_is_shown_as_narrowly_as_it_can_be_read(before: str, after: str, pieces: list[Piece]) -> None:
    assert difference(before, after) == pieces


@given(texts, texts)
def test_both_texts_are_in_the_pieces_and_nothing_else(before: str, after: str) -> None:
    pieces = difference(before, after)

    assert "".join(piece.text for piece in pieces if piece.change != "new") == before
    assert "".join(piece.text for piece in pieces if piece.change != "gone") == after
    assert all(piece.text for piece in pieces)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("甲。" * (MOST_SENTENCES + 1), "乙。" * (MOST_SENTENCES + 1)),
        ("甲" * LONGEST_REWRITTEN, "乙" * LONGEST_REWRITTEN),
    ],
    ids=["many sentences", "long ones"],
)
def test_what_would_take_long_is_compared_as_a_whole(before: str, after: str) -> None:
    assert difference(before, after) == [Piece("gone", before), Piece("new", after)]
