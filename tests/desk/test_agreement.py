"""κ, its interval and Wilson's, against tables that were worked out by hand, and what must hold of any."""

from __future__ import annotations

from math import isclose, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.desk.agreement import (
    Why,
    agreement,
    labels_of,
    most_confused,
    one_against_rest,
    share_of,
)

LABELS = ("exposure", "follow_up", "notice", "other")
PAIRS = st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), max_size=60)


def _pairs(table: dict[tuple[str, str], int]) -> list[tuple[str, str]]:
    return [pair for pair, count in table.items() for _ in range(count)]


def test_kappa_of_a_two_by_two_table_is_what_hand_and_paper_give() -> None:
    # 20 both yes, 15 both no, 5 + 10 different: po = 0.7, pe = 0.5 x 0.6 + 0.5 x 0.4 = 0.5, so 0.4.
    found = agreement(_pairs({("y", "y"): 20, ("y", "n"): 5, ("n", "y"): 10, ("n", "n"): 15}))
    assert (found.n, found.equal) == (50, 35)
    assert found.observed == pytest.approx(0.7)
    assert found.expected == pytest.approx(0.5)
    assert found.kappa == pytest.approx(0.4)
    # With p1. = .5/.5 and p.1 = .6/.4: A = .4(1-1.1x.6)^2 + .3(1-.9x.6)^2, B = .36(.1x1.1^2 + .2x.9^2), C = (.4-.5x.6)^2.
    square = (0.4 * 0.34**2 + 0.3 * 0.46**2) + 0.36 * (0.1 * 1.1**2 + 0.2 * 0.9**2) - 0.1**2
    error = sqrt(square / 50) / 0.5
    assert found.low == pytest.approx(0.4 - 1.959964 * error, abs=1e-6)
    assert found.high == pytest.approx(0.4 + 1.959964 * error, abs=1e-6)


def test_kappa_of_three_classes_is_what_hand_gives() -> None:
    table = {("a", "a"): 44, ("a", "b"): 5, ("a", "c"): 1, ("b", "a"): 7, ("b", "b"): 20, ("b", "c"): 3}
    table |= {("c", "a"): 9, ("c", "b"): 5, ("c", "c"): 6}
    found = agreement(_pairs(table))
    # Rows 50, 30, 20; columns 60, 30, 10 of 100: pe = .30 + .09 + .02 = .41, po = .70, so .29 / .59.
    assert found.kappa == pytest.approx(0.29 / 0.59)
    yes = one_against_rest(_pairs(table), "c")
    # 6 both, 14 + 4 different, 76 neither: po = .82, pe = .2 x .1 + .8 x .9 = .74.
    assert yes.kappa == pytest.approx((0.82 - 0.74) / 0.26)
    assert [(each.one, each.other, each.count) for each in most_confused(_pairs(table), 2)] == [
        ("a", "b", 12),
        ("a", "c", 10),
    ]
    assert labels_of(_pairs(table)) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("pairs", "why", "kappa"),
    [
        ([], Why.NOTHING, None),
        ([("a", "a")] * 50, Why.ONE_CLASS, None),
        ([("a", "a")] * 30 + [("b", "b")] * 20, Why.PERFECT, 1.0),
        ([("a", "b")] * 4 + [("b", "b")] * 3 + [("a", "a")] * 9, Why.FEW, (0.75 - 138 / 256) / (1 - 138 / 256)),
        ([("a", "b")] * 40, None, 0.0),
    ],
)
def test_what_cannot_be_said_is_said_so(pairs: list[tuple[str, str]], why: Why | None, kappa: float | None) -> None:
    found = agreement(pairs)
    assert found.why is why
    assert found.kappa == (None if kappa is None else pytest.approx(kappa))


@given(PAIRS)
def test_kappa_stays_in_its_range_and_does_not_mind_who_was_first_or_what_classes_are_called(
    pairs: list[tuple[str, str]],
) -> None:
    found = agreement(pairs)
    swapped = agreement((other, one) for one, other in pairs)
    renamed = agreement((LABELS.index(one), LABELS.index(other)) for one, other in pairs)
    for other in (swapped, renamed):
        assert (other.n, other.equal, other.why) == (found.n, found.equal, found.why)
        if found.kappa is not None:
            assert other.kappa is not None
            assert isclose(other.kappa, found.kappa, abs_tol=1e-12)
        if found.low is not None:
            assert other.low is not None
            assert isclose(other.low, found.low, abs_tol=1e-9)
    if found.kappa is not None:
        assert -1.0 <= found.kappa <= 1.0
        assert (found.kappa == 1.0) is (found.equal == found.n)
    if found.low is not None:
        assert found.high is not None
        assert found.kappa is not None
        assert -1.0 <= found.low <= found.kappa + 1e-12
        assert found.kappa - 1e-12 <= found.high <= 1.0


@given(PAIRS)
def test_every_disagreement_is_in_one_of_the_confused_pairs(pairs: list[tuple[str, str]]) -> None:
    found = agreement(pairs)
    assert sum(each.count for each in most_confused(pairs, 100)) == found.n - found.equal


def test_a_share_comes_with_wilsons_interval() -> None:
    # 8 of 10: the interval that textbooks print.
    found = share_of(8, 10)
    assert (found.low, found.high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))
    assert share_of(0, 0).share is None
    assert share_of(5, 5).high == pytest.approx(1.0)
    assert share_of(5, 5).low == pytest.approx(0.5655, abs=1e-4)
