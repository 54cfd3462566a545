"""A good deed's way up: 推荐 → 区级好人 → city → province → 中国好人榜, with refusals and withdrawals. Pure.

Levels may be left out on the way (a city recommends directly), and never go back. After a withdrawal the way begins anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType

from media_tracker.deeds.deed import Level, Nomination, Result
from media_tracker.errors import N_

ORDER: Mapping[Level, int] = MappingProxyType({level: place for place, level in enumerate(Level)})
STARTING_WORDS: Mapping[Level, tuple[str, str]] = MappingProxyType(
    {
        Level.RECOMMENDED: ("推荐", "Recommended"),
        Level.DISTRICT: ("区级好人", "District list of good people"),
        Level.CITY: ("市级好人榜", "City list of good people"),
        Level.PROVINCE: ("省级好人榜", "Provincial list of good people"),
        Level.NATIONAL: ("中国好人榜", "National list of good people"),
    }
)
"""What levels are called, in Chinese and English, until an office writes words of its own."""
LONGEST_WORD = 40


def standing(lines: Sequence[Nomination]) -> Level | None:
    """The highest level reached since the last withdrawal; None: not nominated."""
    reached: Level | None = None
    for line in lines:
        if line.result is Result.WITHDRAWN:
            reached = None
        elif line.result is Result.REACHED and (reached is None or ORDER[line.level] > ORDER[reached]):
            reached = line.level
    return reached


def mistakes(
    lines: Sequence[Nomination], level: Level | None, result: Result, on: date | None, today: date
) -> dict[str, str]:
    """What is wrong with a further line, by field; empty: it can be written down."""
    fields: dict[str, str] = {}
    reached = standing(lines)
    if result is Result.WITHDRAWN:
        if reached is None:
            fields["result"] = N_("It is not nominated: there is nothing to withdraw.")
    elif level is None:
        fields["level"] = N_("Please choose from the list.")
    elif reached is not None and ORDER[level] <= ORDER[reached]:
        fields["level"] = N_("It has reached this level already. Choose a higher one.")
    if on is None:
        fields["on"] = N_("Please give the day.")
    elif on > today:
        fields["on"] = N_("This day is still to come.")
    elif lines and on.isoformat() < lines[-1].on:
        fields["on"] = N_("This is before the line above it. Give a later day.")
    return fields
