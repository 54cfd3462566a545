"""Sentences that know how they were made."""

from __future__ import annotations

import copy
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import pytest

from media_tracker.errors import Sentence

MADE = Sentence("{count} entries beyond the first {limit} were left out.", count=3, limit=2000)


def test_a_sentence_reads_like_any_text_and_can_be_made_anew_in_another_language() -> None:
    assert MADE == "3 entries beyond the first 2000 were left out."
    assert "只读取前 {limit} 条，另有 {count} 条未读取。".format(**MADE.params) == "只读取前 2000 条，另有 3 条未读取。"


@pytest.mark.parametrize("passed_on", [copy.copy(MADE), copy.deepcopy(MADE)], ids=["copied", "deeply"])
def test_it_stays_one_when_it_is_copied(passed_on: Sentence) -> None:
    assert (passed_on, passed_on.message, passed_on.params) == (MADE, MADE.message, MADE.params)


def test_it_stays_one_on_its_way_to_another_process() -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        sent = pool.submit(Sentence, MADE.message, **MADE.params).result()
    assert (sent, sent.params) == (MADE, MADE.params)


def test_braces_of_a_sentence_without_places_stay() -> None:
    assert Sentence("the set {a, b}") == "the set {a, b}"
