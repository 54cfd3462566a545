"""Two texts from one mould: the same sentences with other numbers or another place, so two stories and not one reprinted.

A daily forecast, a notice of a water cut, the same campaign day in two communities share nearly all their words. What tells
them apart is *what* differs: an editor of a reprint leaves out, adds and rephrases, but keeps dates, amounts and places.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST_COMPARED = 1_500
"""Characters of the shorter text that are looked at; what makes a mould stands early."""

_OTHER_NUMBERS = 2
_SHARE_OF_NUMBERS = 0.34
"""Of the numbers of the shorter text: one corrected figure among many is an edit."""

_NUMBER = re.compile(r"(\d+)([年月日号时点分]?)")
_UNITS = str.maketrans("点号", "时日")

_STREET = "路|大街|街|大道|胡同|巷"
_PLACE = re.compile(
    rf"社区|街道|小区|花园|家园|广场|公园|市场|学校|中学|小学|幼儿园|医院|公司|{_STREET}|庄|村|镇|桥|河|湖|苑|园"
)
_STREET_NAMED = re.compile(rf"(.{{1,8}}?)(?:{_STREET})")
_CHARS_A_PLACE = 300
"""One place named otherwise tells two short notices apart; in a long text it is a slip that was put right."""
_STREETS = frozenset(_STREET.split("|"))
_NAME_LENGTHS = (2, 3, 4)
_LONGEST_NAME = 8
_BEFORE = 3
_AFTER = 2
"""Characters around a name that make its frame: another name in the same frame is another place."""
_NO_NAME = frozenset("的了在和与及是有一这那该某本此条上下来去我你他两几每各同全省市区县镇街道路社村")
"""What no name has in it: little words, and what stands between the names of an address."""


def of_one_mould(shorter: str, longer: str) -> bool:
    """Whether two texts that are nearly alike (letters, digits and Chinese characters only) differ in what they are about."""
    told = shorter[:LONGEST_COMPARED]
    numbers, others = _numbers(told), _numbers(longer)
    if min(len(numbers - others), len(others - numbers)) >= max(_OTHER_NUMBERS, _SHARE_OF_NUMBERS * len(numbers)):
        return True
    renamed = sum(_named_otherwise(told, place.start(), place[0], longer) for place in _PLACE.finditer(told))
    return renamed > len(told) // _CHARS_A_PLACE


def _numbers(text: str) -> set[tuple[str, str]]:
    """The numbers; a day is not an hour (3日, 3时)."""
    return {(number, unit.translate(_UNITS)) for number, unit in _NUMBER.findall(text)}


def _named_otherwise(text: str, end: int, sort: str, other: str) -> bool:
    """Whether the place whose name ends at ``end`` is another one in ``other``, in the same frame, and not named there."""
    after = text[end + len(sort) : end + len(sort) + _AFTER]
    for length in _NAME_LENGTHS:
        start = end - length
        if start < 0 or _NO_NAME & set(text[start:end]):
            return False
        if text[start:end] + sort in other:
            return False
        before = text[max(0, start - _BEFORE) : start]
        for another in _names_in_frame(other, before, sort, after):
            if not _NO_NAME & set(another) and not _one_name(text[start:end], another):
                return True
    return False


def _names_in_frame(text: str, before: str, sort: str, after: str) -> Iterator[str]:
    at = text.find(before) if before else 0
    while at >= 0:
        start = at + len(before)
        if sort in _STREETS:
            named = _STREET_NAMED.match(text, start)
            if named is not None and text.startswith(after, named.end()):
                yield named[1]
        else:
            end = text.find(sort + after, start + 1, start + _LONGEST_NAME + len(sort) + len(after))
            if end >= 0:
                yield text[start:end]
        at = text.find(before, at + 1) if before else -1


def _one_name(one: str, another: str) -> bool:
    """Whether one is a longer or shorter form of the other, or both are too short to be names."""
    return one.endswith(another) or another.endswith(one) or len(another) < min(_NAME_LENGTHS)
