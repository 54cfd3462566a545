"""Where a text names units: 桓台县园林绿化中心, 供水企业, 物业, 和平街道. Pure.

A name is found by the word that it ends in and read to the left, word by word, while the words can be of a name, up to and
with the place that it begins with. What is found only *may* be a responsible unit; ``unit_roles`` says which are.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from media_tracker.places.gazetteer import Mention
from media_tracker.tagging.unit_words import UnitWords
from media_tracker.text.words import Word, is_common_word

Sort = Literal["full", "general", "area"]

_LONGEST = 24
_AREA = re.compile(r"(?:街道|镇|乡|社区|村)$")
_PLAIN = re.compile(r"[\u4e00-\u9fffA-Za-z0-9]+")
_OWN_LEVEL = frozenset("省市区县镇乡")
"""市公安局, 区城管局: the level stands for the place."""
_VERBS = ("v", "vn")
_NOUNS = ("j", "b", "nz", "an")
_MEMBER = re.compile(r"(?:队|所|站|科|办|分局|中心|组)$")
_ENOUGH_ALONE = 4
"""From this length on an ending is a name of its own (街道办事处); shorter ones need a word before them."""
_OFTEN_ALONE = frozenset(("居委会", "村委会", "管委会", "办事处", "街道办"))
_BUSINESSES = frozenset(("公司", "企业", "集团"))
_FIRMS = frozenset(("物业", "物业公司"))
"""Words alone that a firm's own name may stand before (安泰物业)."""

_ESTATE = re.compile(r".*[\u4e00-\u9fff]{2}(?:小区|社区|家园|[花公]园|新村|[苑园城府湾庭居邸]|公寓)")


@dataclass(frozen=True, slots=True)
class UnitName:
    """``text[start:end]`` can name a unit. ``sort``: *full* organisation's name, *general* word for one, *area* (街道, 镇)
    that may stand for its administration.
    """

    start: int
    end: int
    sort: Sort


def unit_names(text: str, words: Sequence[Word], mentions: Sequence[Mention], table: UnitWords) -> list[UnitName]:
    """Names in ``text`` (normalised) in order, not overlapping. ``words`` and ``mentions`` are of the same text."""
    reader = _LeftReader(text, words, mentions, table)
    spans: dict[tuple[int, int], Sort] = {}
    for name in (*_full(text, reader, table), *_general(text, reader, table), *_areas(mentions)):
        known = spans.get((name.start, name.end))
        if name.end - name.start >= 2 and (known is None or name.sort == "full"):
            spans[name.start, name.end] = name.sort
    return _longest({**spans, **dict(_joined(text, spans))})


def _full(text: str, reader: _LeftReader, table: UnitWords) -> Iterator[UnitName]:
    for found in table.endings.finditer(text):
        ending = found.group()
        start = reader.begin(found.start(), over_a_verb=ending not in _BUSINESSES)
        if start < found.start() or len(ending) >= _ENOUGH_ALONE:
            yield UnitName(start, found.end(), "full")
        elif ending in _OFTEN_ALONE:
            yield UnitName(start, found.end(), "general")


def _general(text: str, reader: _LeftReader, table: UnitWords) -> Iterator[UnitName]:
    for found in table.heads.finditer(text):
        yield UnitName(reader.begin(found.start()), found.end(), "general")
    for found in table.alone.finditer(text):
        firm = reader.proper_name_before(found.start()) if found.group() in _FIRMS else None
        yield UnitName(found.start() if firm is None else firm, found.end(), "general" if firm is None else "full")


def _areas(mentions: Sequence[Mention]) -> Iterator[UnitName]:
    for mention in mentions:
        if mention.organisation:
            yield UnitName(mention.start, mention.end, "full")
        elif mention.codes and _AREA.search(mention.text):
            yield UnitName(mention.start, mention.end, "area")


def _joined(text: str, spans: dict[tuple[int, int], Sort]) -> Iterator[tuple[tuple[int, int], Sort]]:
    """A unit and a part of it, named in one (综合行政执法局 体育场中队), and names that overlap."""
    ordered = sorted(spans)
    for at, (start, end) in enumerate(ordered):
        for other_start, other_end in ordered[at + 1 :]:
            if other_start > end:
                break
            member = other_start == end and spans[start, end] == "full" and _MEMBER.search(text, end, other_end)
            if other_end > end and start < other_start and (member or other_start < end):
                yield (start, other_end), "full"


def _longest(spans: dict[tuple[int, int], Sort]) -> list[UnitName]:
    names: list[UnitName] = []
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not names or start >= names[-1].end:
            names.append(UnitName(start, end, spans[start, end]))
    return names


class _LeftReader:
    """Reads names from where they end towards where they begin."""

    def __init__(self, text: str, words: Sequence[Word], mentions: Sequence[Mention], table: UnitWords) -> None:
        self._text = text
        self._words = words
        self._starts = [word.start for word in words]
        self._places = {at: mention for mention in mentions for at in range(mention.start + 1, mention.end + 1)}
        self._table = table

    def begin(self, ending: int, *, over_a_verb: bool = False) -> int:
        """Where the name begins whose last word begins at ``ending`` (or within the word there).

        ``over_a_verb``: one that could be of no name is read over if then a place comes (*天桥区*文明*实践*中心).
        """
        at = bisect_right(self._starts, ending) - 1
        begin = min(ending, self._words[at].start) if at >= 0 else ending
        without: int | None = None
        for word in reversed(self._words[max(0, at - _LONGEST) : max(0, at)]):
            if ending - word.start > _LONGEST:
                break
            if begin in self._places:
                return self._before_place(begin)
            if word.text in _OWN_LEVEL:
                return word.start
            if not self._is_part(word):
                if not over_a_verb or without is not None or word.text in self._table.not_parts:
                    break
                if word.tag not in _VERBS or len(word.text) != 2:
                    break
                without = begin
            begin = word.start
        if begin in self._places:
            return self._before_place(begin)
        return begin if without is None else without

    def proper_name_before(self, at: int) -> int | None:
        """Where the proper name of a firm, or of the estate that it looks after, begins that ends at ``at``; None without one."""
        start = self.begin(at)
        name = self._text[start:at]
        if _ESTATE.fullmatch(name):
            return start
        word = self._words[bisect_right(self._starts, at - 1) - 1]
        proper = word.tag == "nz" or (word.tag.startswith("n") and not is_common_word(word.text))
        return start if proper and name == word.text and 2 <= len(name) <= 3 else None

    def _is_part(self, word: Word) -> bool:
        if word.text in self._table.not_parts or not _PLAIN.fullmatch(word.text):
            return False
        if word.text == "和":
            return self._table.and_within.search(self._text, max(0, word.start - 6), word.end) is not None
        if word.text in self._table.parts or word.tag in _NOUNS or (word.tag == "l" and len(word.text) == 4):
            return True
        return word.tag.startswith("n") and word.tag != "nrfg" and len(word.text) > 1

    def _before_place(self, begin: int) -> int:
        """Further left over places that stand right before (山东淄博) and what belongs before them (国网)."""
        while (place := self._places.get(begin)) is not None and place.start < begin:
            begin = place.start
        found = self._table.before_place.search(self._text, max(0, begin - 6), begin)
        if found is None or found.start() == begin:
            return begin
        begin = found.start()
        place = self._places.get(begin)
        return place.start if place is not None else begin
