"""Texts that people wrote, on their way into a document."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from media_tracker.papers.safe_text import CUT, one_line, plain


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("  垃圾成堆  ", "垃圾成堆"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\tb", "a b"),
        ("a\x00\x07\x0c\x1bb", "a\nb"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("שלום \U0001f6ae", "שלום \U0001f6ae"),
        ("a\ud800b\uffff", "ab"),
    ],
)
def test_what_a_document_cannot_hold_is_left_out(given_text: str, expected: str) -> None:
    assert plain(given_text) == expected


def test_a_long_text_is_cut_and_says_so() -> None:
    assert plain("x" * 50, 10) == "x" * 9 + CUT
    assert one_line("a\nb  c\n\nd", 50) == "a b c d"


@given(st.text())
def test_every_text_can_stand_in_xml(text: str) -> None:
    element = etree.Element("t")
    element.text = plain(text)
    assert etree.fromstring(etree.tostring(element)).text == (plain(text) or None)
