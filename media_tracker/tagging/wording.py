"""Passages as people quote them: cut at the borders of words, without marks, and never of particles alone. Pure.

A learned head weighs n-grams, which begin and end anywhere: “的母亲”, “烟”，”. What is shown to an editor as a reason is words.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import rjieba

from media_tracker.tagging.features import WORDS, Grams
from media_tracker.tagging.linear import Passage

_SHORTEST = 2
"""Characters that a wording has at least: one alone says nothing."""
_NEGATIONS = frozenset((*"不没未无勿莫", "没有"))
_GRAMMAR = ("u", "p", "c", "y", "e", "o", "r", "m", "q", "f", "d", "w", "x", "k", "h")
"""Parts of speech that say nothing by themselves: particles, prepositions, conjunctions, pronouns, numbers, adverbs, marks."""
_HOLLOW = frozenset((*"是有在来去到让把被会能要可将说做为", "没有", "进行", "可以", "能够", "成为", "得到"))
"""Words that are tagged as verbs, and say no more than a particle does."""


@dataclass(frozen=True, slots=True)
class Words:
    """Where the words of a field begin and end, in order."""

    starts: Sequence[int]
    ends: Sequence[int]

    def within(self, start: int, end: int) -> list[tuple[int, int]]:
        """The words of which ``start`` to ``end`` covers at least half."""
        first, behind = bisect_right(self.ends, start), bisect_left(self.starts, end)
        found = zip(self.starts[first:behind], self.ends[first:behind], strict=True)
        return [(at, to) for at, to in found if 2 * (min(to, end) - max(at, start)) >= to - at]


def words_of(seen: Grams) -> tuple[Words, Words]:
    """The words of title and body."""
    at = np.flatnonzero(seen.blocks == WORDS)
    fields, starts, ends = seen.fields[at], seen.starts[at], seen.ends[at]
    title, body = (Words(starts[fields == field].tolist(), ends[fields == field].tolist()) for field in (0, 1))
    return title, body


def quoted(text: str, words: Words, start: int, end: int) -> tuple[int, int] | None:
    """``start`` to ``end`` of ``text``, where a cue stands, from the beginning of its first word and without marks at its ends.

    None if that is less than two characters: a mark or a pronoun counts, and is no reason that a person would give.
    """
    while start < end and not text[start].isalnum():
        start += 1
    while start < end and not text[end - 1].isalnum():
        end -= 1
    behind = bisect_right(words.starts, start)
    if behind and start < words.ends[behind - 1]:
        start = words.starts[behind - 1]
    return (start, end) if end - start >= _SHORTEST else None


def wordings(texts: tuple[str, str], words: tuple[Words, Words], found: Iterable[Passage], most: int) -> list[Passage]:
    """At most ``most`` of the ``found`` passages of ``texts`` (title and body, of which ``words`` are), as whole words.

    A word belongs to a passage that covers at least half of it. Marks part a passage, and its longest part stays; words of
    grammar are taken off its ends. What is left of fewer than two characters, or repeats another wording, is left out.
    """
    kept: list[Passage] = []
    for passage in found:
        text = texts[passage.field]
        own = words[passage.field].within(passage.start, passage.end)
        parts = [part for each in _unparted(text, own) if (part := _trimmed(text, each))]
        if not parts:
            continue
        start, end = max(parts, key=lambda part: part[1] - part[0])
        if all(text[start:end] not in texts[each.field][each.start : each.end] for each in kept):
            kept.append(Passage(passage.field, start, end, passage.strength))
        if len(kept) == most:
            break
    return kept


def _unparted(text: str, words: Iterable[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Runs of words with nothing but blanks between them."""
    run: list[tuple[int, int]] = []
    for start, end in words:
        if not any(map(str.isalnum, text[start:end])):
            continue
        between = text[run[-1][1] : start] if run else ""
        if run and (between.strip() or "\n" in between):
            yield run
            run = []
        run.append((start, end))
    if run:
        yield run


def _trimmed(text: str, words: list[tuple[int, int]]) -> tuple[int, int] | None:
    """From the first to the last word that says something; None if that is too little."""
    saying = [at for at, (start, end) in enumerate(words) if _says(text[start:end])]
    if not saying:
        return None
    first, last = saying[0], saying[-1]
    if first and text[slice(*words[first - 1])] in _NEGATIONS:
        first -= 1
    start, end = words[first][0], words[last][1]
    return (start, end) if end - start >= _SHORTEST else None


@lru_cache(maxsize=8_192)
def _says(word: str) -> bool:
    """Whether ``word`` says something by itself."""
    if word in _HOLLOW or not any(map(str.isalpha, word)):
        return False
    return any(not tag.startswith(_GRAMMAR) or tag == "eng" for _, tag in rjieba.tag(word))
