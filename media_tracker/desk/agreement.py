"""How far two editors agree beyond chance, and how often suggestions are right. Pure.

Cohen's κ: J. Cohen, A coefficient of agreement for nominal scales, Educational and Psychological Measurement 20 (1960) 37–46.
Its large-sample standard error: J. L. Fleiss, J. Cohen and B. S. Everitt, Large sample standard errors of kappa and weighted
kappa, Psychological Bulletin 72 (1969) 323–327, formula 13. Intervals of shares: E. B. Wilson, Probable inference, the law of
succession, and statistical inference, Journal of the American Statistical Association 22 (1927) 209–212. All intervals are 95 %.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

Z = 1.959963984540054
"""The normal distribution's 97.5 % quantile."""
FEW = 30
"""With fewer pairs the large-sample interval is only a rough one."""


class Why(StrEnum):
    """Why there is no κ, or no interval worth the name."""

    NOTHING = "nothing"  # no story has been looked at twice
    ONE_CLASS = "one_class"  # both have only ever said one and the same: there is nothing that chance could not explain
    FEW = "few"  # fewer than ``FEW`` pairs
    PERFECT = "perfect"  # no disagreement: the formula gives an interval of no width


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of ``n`` pairs a share of ``observed`` is equal, where chance alone would give ``expected``.

    ``kappa`` is None where it is undefined, and ``low`` to ``high`` (cut to −1 to 1) where it has no interval; ``why`` says so.
    """

    n: int
    equal: int
    observed: float | None
    expected: float | None
    kappa: float | None
    low: float | None
    high: float | None
    why: Why | None


@dataclass(frozen=True, slots=True)
class Share:
    """``right`` of ``n``; with Wilson's interval, None of nothing."""

    right: int
    n: int
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Confused:
    """Two classes that editors take for each other, whoever of the two said which: so often."""

    one: str
    other: str
    count: int


def agreement(pairs: Iterable[tuple[Hashable, Hashable]]) -> Agreement:
    """Cohen's κ of ``pairs`` (what the first editor said, what the second one did)."""
    table = Counter(pairs)
    n = sum(table.values())
    if not n:
        return Agreement(0, 0, None, None, None, None, None, Why.NOTHING)
    first, second = _margins(table)
    equal = sum(count for (one, other), count in table.items() if one == other)
    observed, expected = equal / n, sum(first[label] * second[label] for label in first) / n**2
    if len(table) == 1 and equal == n:
        return Agreement(n, equal, observed, expected, None, None, None, Why.ONE_CLASS)
    kappa = (observed - expected) / (1.0 - expected)
    if equal == n:
        return Agreement(n, equal, observed, expected, 1.0, None, None, Why.PERFECT)
    error = _standard_error(table, first, second, kappa, expected, n)
    low, high = max(-1.0, kappa - Z * error), min(1.0, kappa + Z * error)
    return Agreement(n, equal, observed, expected, kappa, low, high, Why.FEW if n < FEW else None)


def one_against_rest(pairs: Iterable[tuple[str, str]], label: str) -> Agreement:
    """κ of the question whether a story is ``label`` or not."""
    return agreement((one == label, other == label) for one, other in pairs)


def labels_of(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """All labels in ``pairs``, the most frequent first."""
    counts = Counter(label for pair in pairs for label in pair)
    return sorted(counts, key=lambda label: (-counts[label], label))


def confusion(pairs: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
    """How often the first editor said the one and the second the other."""
    return Counter(pairs)


def most_confused(pairs: Iterable[tuple[str, str]], most: int) -> Sequence[Confused]:
    """The pairs of different labels that come up most often, whoever said which."""
    counts = Counter((min(pair), max(pair)) for pair in pairs if pair[0] != pair[1])
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [Confused(one, other, count) for (one, other), count in ranked[:most]]


def share_of(right: int, n: int) -> Share:
    """``right`` of ``n`` as a share with its interval."""
    if n == 0:
        return Share(0, 0, None, None, None)
    share, spread = right / n, Z**2 / n
    middle = (share + spread / 2) / (1 + spread)
    half = Z * math.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return Share(right, n, share, max(0.0, middle - half), min(1.0, middle + half))


def _margins(
    table: Mapping[tuple[Hashable, Hashable], int],
) -> tuple[Counter[Hashable], Counter[Hashable]]:
    """How often each label was said by the first and by the second; both counters know every label."""
    first: Counter[Hashable] = Counter()
    second: Counter[Hashable] = Counter()
    for (one, other), count in table.items():
        first[one] += count
        second[other] += count
        first[other] += 0
        second[one] += 0
    return first, second


def _standard_error(
    table: Mapping[tuple[Hashable, Hashable], int],
    first: Mapping[Hashable, int],
    second: Mapping[Hashable, int],
    kappa: float,
    expected: float,
    n: int,
) -> float:
    """Of κ, for samples that are not small."""
    on, off = 0.0, 0.0
    for (one, other), count in table.items():
        share = count / n
        if one == other:
            on += share * (1 - (first[one] + second[one]) / n * (1 - kappa)) ** 2
        else:
            # The row's label as a column, and the column's label as a row.
            off += share * ((second[one] + first[other]) / n) ** 2
    square = on + (1 - kappa) ** 2 * off - (kappa - expected * (1 - kappa)) ** 2
    return math.sqrt(max(0.0, square) / n) / (1 - expected)
