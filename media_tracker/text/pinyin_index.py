"""Names found by what somebody types: characters, codes, pinyin in full or in initials, and any mixture of them.

``zdq``, ``zhangdian``, ``zhangdq``, ``张d`` and ``370303`` all find 张店区. Of a character with several readings each one fits.
"""

from __future__ import annotations

import heapq
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from media_tracker.text.pinyin import readings

LONGEST = 40
"""Characters of a question that are looked at."""
_PAIRED = ("zh", "ch", "sh")
"""Initials of two letters, which may be typed as one."""

Syllables = tuple[tuple[str, ...], ...]
"""A name character by character: the character itself, then its readings."""


class Fit(IntEnum):
    """How well a name fits a question; the lower the better."""

    EXACT = 0
    """The whole name, its code, or all of its pinyin."""
    PREFIX = 1
    """The beginning of one of them."""
    INITIALS = 2
    """Initials of syllables from the first one on, with or without syllables in full among them."""
    INSIDE = 3
    """Any of that from a later character on."""


_Said = tuple[Fit, bool, bool]
"""How a name fits, whether it begins by a reading that is not the usual one, and whether a part of the name is left over."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that can be found. ``rank``: of equal fits the lower one stands first."""

    value: str
    """What a form takes."""
    label: str
    beside: str = ""
    """What tells it from others of its name: what it lies in."""
    names: tuple[str, ...] = ()
    """What it is called; the label where there are none."""
    paths: tuple[str, ...] = ()
    """Names with what lies above them: found from their beginning only."""
    codes: tuple[str, ...] = ()
    rank: int = 0


class PinyinIndex:
    """Entries, spelt once; a question walks only through the names that have its first two letters."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries: Sequence[Entry] = tuple(entries)
        self._spelt: list[tuple[int, Syllables]] = []
        self._starts: dict[str, list[tuple[int, int, bool, str]]] = {}
        self._codes = [(code, at) for at, entry in enumerate(self.entries) for code in entry.codes]
        for at, entry in enumerate(self.entries):
            names = dict.fromkeys(folded(each) for each in entry.names or (entry.label,))
            for name in names:
                self._add(at, _syllables(name), len(name))
            for path in dict.fromkeys(folded(each) for each in entry.paths):
                if path not in names:
                    self._add(at, _syllables(path), 1)

    def _add(self, at: int, syllables: Syllables, starts: int) -> None:
        """Note by which letters the name begins, at each of its first ``starts`` characters."""
        number = len(self._spelt)
        self._spelt.append((at, syllables))
        for start, options in enumerate(syllables[:starts]):
            usual = {option[0] for option in options[:2]}
            after = {option[0] for option in syllables[start + 1]} if start + 1 < len(syllables) else set()
            second = "".join({*after, *(option[1] for option in options if len(option) > 1)})
            for first in {option[0] for option in options}:
                self._starts.setdefault(first, []).append((number, start, first not in usual, second))

    def find(self, question: str, limit: int = 12) -> list[Entry]:
        """The ``limit`` best entries, best first; nothing for an empty question."""
        asked = folded(question)[:LONGEST]
        if not asked:
            return []
        best: dict[int, _Said] = {}
        for code, at in self._codes:
            if code.startswith(asked):
                best[at] = (Fit.EXACT if code == asked else Fit.PREFIX, False, False)
        then = asked[1:2]
        for number, start, rare, second in self._starts.get(asked[0], ()):
            if then and then not in second:
                continue
            at, syllables = self._spelt[number]
            if (start and at in best) or not (end := _spelt_out(syllables, start, asked, True)):
                continue  # inside it is looked for only where nothing better is known
            if start:
                said = (Fit.INSIDE, rare, end <= len(syllables))
            elif full := _spelt_out(syllables, start, asked, False):
                whole = full > len(syllables)
                said = (Fit.EXACT if whole else Fit.PREFIX, rare, not whole)
            else:
                said = (Fit.INITIALS, rare, end <= len(syllables))
            best[at] = min(said, best.get(at, said))
        found = heapq.nsmallest(limit, ((*said, at) for at, said in best.items()), key=self._order)
        return [self.entries[at] for _, _, _, at in found]

    def _order(self, found: tuple[Fit, bool, bool, int]) -> tuple[Fit, int, bool, bool, int, int]:
        fit, rare, part, at = found
        entry = self.entries[at]
        return fit, entry.rank, rare, part, len(entry.label), at


def folded(text: str) -> str:
    """Letters, digits and characters alone, in small letters: how names and questions are compared."""
    return "".join(each for each in unicodedata.normalize("NFKC", text).lower() if each.isalnum())


def _syllables(name: str) -> Syllables:
    return tuple((character, *readings(character)) for character in name)


def _spelt_out(syllables: Syllables, at: int, asked: str, short: bool) -> int:
    """Where ``asked`` ends when the name is spelt from ``at`` on; 0 where it does not fit.

    The last reading may be begun only. One more than the length of the name: ``asked`` spells all of it to its end. ``short``:
    initials may stand for syllables.
    """
    if at == len(syllables):
        return 0
    reached = 0
    for option in syllables[at]:
        rest = len(option)
        if len(asked) < rest:
            if option.startswith(asked):
                reached = max(reached, at + 1)
        elif asked.startswith(option):
            reached = max(reached, _on(syllables, at, asked[rest:], short))
        if short and option[0] == asked[0]:
            reached = max(reached, _on(syllables, at, asked[1:], short))
            if option[:2] in _PAIRED and asked[:2] == option[:2]:
                reached = max(reached, _on(syllables, at, asked[2:], short))
        if reached > len(syllables):
            break
    return reached


def _on(syllables: Syllables, at: int, rest: str, short: bool) -> int:
    """What follows the syllable ``at``: ``rest``, or nothing."""
    if rest:
        return _spelt_out(syllables, at + 1, rest, short)
    return len(syllables) + 1 if at + 1 == len(syllables) else at + 1
