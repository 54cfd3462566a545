"""Leaves and volumes: whatever is laid out is found again where it stood, and nothing else."""

from __future__ import annotations

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from media_tracker.text import postings
from media_tracker.text.postings import (
    BUCKETS,
    MOST_IN_LEAF,
    bound,
    bucket_of,
    field_of,
    leaves,
    places_in_leaf,
    places_in_volume,
)
from media_tracker.text.segment import search_tokens

TEXTS = st.lists(st.lists(st.sampled_from(["垃圾", "井盖", "3.5", "$", "路", "a.b", "％"]), unique=True), max_size=6)


@given(TEXTS)
def test_each_word_of_a_leaf_has_the_texts_that_say_it(texts: list[list[str]]) -> None:
    found = {(field, start + place) for start, _, words in leaves(texts) for field in words for place in words[field]}
    assert found == {(field_of(word), number) for number, text in enumerate(texts) for word in text}


@given(st.lists(TEXTS.filter(bool), max_size=4))
def test_binding_leaves_moves_their_places_on_and_loses_none(bundle: list[list[list[str]]]) -> None:
    given_leaves = [(end - start, words) for texts in bundle for start, end, words in leaves(texts)]
    starts = [0, *accumulate(stories for stories, _ in given_leaves)]
    expected = {
        (field, start + place)
        for start, (_, words) in zip(starts, given_leaves, strict=False)
        for field in words
        for place in places_in_leaf(words[field])
    }
    pages = list(bound(given_leaves))
    assert {
        (field, place) for _, page in pages for field in page for place in places_in_volume(page[field])
    } == expected
    assert all(bucket_of(field) == bucket < BUCKETS for bucket, page in pages for field in page)


def test_a_leaf_takes_no_more_texts_than_a_byte_can_count() -> None:
    parts = [(start, end) for start, end, _ in leaves([["词"]] * (MOST_IN_LEAF + 2))]
    assert parts == [(0, MOST_IN_LEAF), (MOST_IN_LEAF, MOST_IN_LEAF + 2)]


def test_texts_with_very_many_words_are_spread_over_leaves_and_pages() -> None:
    words = [[f"{text}{'长' * 30}{number}" for number in range(40_000)] for text in range(3)]
    found = list(leaves(words))
    assert [(start, end) for start, end, _ in found] == [(0, 2), (2, 3)]
    largest = max(sum(3 * len(field) for field in part) for _, _, part in found)
    assert largest < 2 * postings.MOST_BYTES


def test_a_page_that_would_be_too_large_comes_in_parts() -> None:
    one_bucket = [word for word in (f"{'长' * 30}{number}" for number in range(60_000)) if bucket_of(word) == 7]
    many = {word + "长" * 9_000: b"\0" for word in one_bucket}
    pages = [page for _, page in bound([(1, many)])]
    assert sum(map(len, pages)) == len(many)
    assert all(sum(3 * len(field) for field in page) <= postings.MOST_BYTES for page in pages)


@given(st.text(max_size=40))
def test_no_word_of_a_text_has_a_name_that_means_something_else(text: str) -> None:
    words = search_tokens(text)
    fields = {field_of(word) for word in words}
    assert len(fields) == len(words)
    assert all(field and not set(field) & {".", "$", "\0"} for field in fields)
