"""Which reports are of one problem."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

from media_tracker.problems.linking.grouping import ALIKE, _pairs, _ties, _without_common, group, of_vectors
from media_tracker.problems.linking.similarity import vectors

BINS = ("晴岚社区北门垃圾桶满溢", "晴岚社区北门的三个垃圾桶满了一周没人清运,居民绕着走,街道表示会核对清运路线。")
BINS_AGAIN = ("晴岚社区垃圾桶还是没人管", "住在晴岚社区的市民说,北门垃圾桶满溢一周,一直没有清运车来,酸臭味很重。")
OTHER_BINS = ("松柏里垃圾桶满了", "松柏里小区东侧的垃圾箱好几天没清,业主联系了物业,物业说换了保洁公司。")
LAMPS = ("长柳路路灯不亮", "长柳路中段十几盏路灯入冬后陆续不亮,下夜班的工人打着手电走。")


def _groups(*reports: tuple[str, str]) -> list[int]:
    return group([title for title, _ in reports], [body for _, body in reports])


def test_reports_of_one_problem_come_together_and_one_kind_in_two_places_stays_apart() -> None:
    assert _groups(BINS, LAMPS, OTHER_BINS, BINS_AGAIN) == [0, 1, 2, 0]


def test_reports_without_text_are_of_no_others_problem() -> None:
    assert _groups(("", ""), BINS, ("", ""), ("。", "!")) == [0, 1, 2, 3]
    assert _groups() == []


def test_the_same_text_twice_is_one_problem() -> None:
    assert _groups(LAMPS, BINS, LAMPS) == [0, 1, 0]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([BINS, BINS_AGAIN, OTHER_BINS, LAMPS, ("", "")]), max_size=8))
def test_a_group_is_named_by_its_first_report(reports: list[tuple[str, str]]) -> None:
    found = _groups(*reports)
    assert all(found[first] == first <= own for own, first in enumerate(found))


@pytest.mark.parametrize("largest", [2, 3])
def test_a_heap_that_is_too_large_is_taken_apart_at_its_weakest_ties(
    largest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media_tracker.problems.linking.grouping._LARGEST", largest)
    reports = [BINS, BINS, LAMPS, BINS_AGAIN, LAMPS]
    rows = vectors([title for title, _ in reports], [body for _, body in reports])
    found = of_vectors(rows, [set() for _ in reports])
    assert (found[0], found[1], found[2], found[4]) == (0, 0, 2, 2)


def test_vectors_have_length_one_and_a_text_without_words_has_none() -> None:
    rows = vectors([BINS[0], ""], [BINS[1], ""])
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    assert lengths == pytest.approx([1.0, 0.0], abs=1e-5)


@pytest.mark.parametrize("largest", [2, 5, 1_000])
def test_what_is_said_too_often_to_be_compared_each_with_each_is_one_problem(
    largest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media_tracker.problems.linking.grouping._LARGEST", largest)
    assert _groups(*[BINS, LAMPS] * 6) == [0, 1] * 6


def test_reports_that_all_tie_to_one_another_hold_together_by_few_pairs() -> None:
    ties = _ties(vectors([title for title, _ in [BINS] * 40], [body for _, body in [BINS] * 40]), 0.5)
    assert ties.nnz == 39
    assert connected_components(ties, directed=False)[0] == 1


def test_by_what_is_rare_alone_the_ties_of_each_problem_are_found_as_strong_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reports = [BINS, LAMPS, OTHER_BINS, BINS_AGAIN, LAMPS, BINS]
    rows = vectors([title for title, _ in reports], [body for _, body in reports])
    compared = {(one, other): alike for block in _pairs(rows, ALIKE) for one, other, alike in zip(*block, strict=True)}
    monkeypatch.setattr("media_tracker.problems.linking.grouping._COMMON", 3)
    assert _without_common(rows).nnz < rows.nnz
    rare = {(one, other): alike for block in _pairs(rows, ALIKE) for one, other, alike in zip(*block, strict=True)}
    assert {(3, 0), (4, 1)} <= rare.keys() <= compared.keys()
    assert rare == pytest.approx({pair: compared[pair] for pair in rare}, abs=1e-5)
    assert _groups(*reports) == [0, 1, 2, 0, 1, 0]
