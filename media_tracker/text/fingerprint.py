"""Near-duplicates in Chinese: the same text with an edited title, a cut body, an added source line.

A text is the set of its character 3-grams: word rules would see a Chinese title as one word. Two MinHash sketches, one of
the whole text and one of its opening (an editor who cuts, cuts the end), are folded into *keys*: two texts that share a key
are candidates, found through an index on the array of keys, so the cost does not grow with the archive. ``is_reprint`` then
compares exactly.

Chance that one of the keys meets, for a Jaccard similarity s of the 3-gram sets: 1 − (1 − s³)²⁴ for the whole text and
1 − (1 − s³)⁸ for the opening; for the whole 0.96 at s = 0.5, and 0.0006 at s = 0.03 (two unrelated stories).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from media_tracker.text.boilerplate import blank_source_lines
from media_tracker.text.normalise import plain_text
from media_tracker.text.particulars import of_one_mould
from media_tracker.text.traditional import simplified

_ROWS = 3
_WHOLE_BANDS = 24
_HEAD_BANDS = 8
_HEAD_CHARS = 140
_LONGEST_TEXT = 20_000
_FEWEST_GRAMS = 12
"""Texts with fewer 3-grams have no keys: they would meet by chance."""

REPRINT_CONTAINMENT = 0.7
"""Share of the shorter text's 3-grams that the longer one must have. Follow-ups that quote their exposure stay under 0.4;
daily series in one mould and pages with a long common frame reach 0.68; those above it are told apart by ``particulars``."""

_REPRINT_SIZE = 30
_SMALL_SHARE = 0.3
"""A story that makes up less of the other one than this is cut from it only if that one begins like it; else it is one of
several in a digest."""
_SAME_WORDS = 0.995

_DATELINE = re.compile(r"^[^\n。,]{0,30}?(?:讯|消息|报道|电)[ :\n]")
_UNMEANT = re.compile(r"[^0-9A-Za-z\u3400-\u9fff\U00020000-\U0003ffff]+")

_MASK = (1 << 64) - 1


def _mix_constants(count: int, seed: int) -> NDArray[np.uint64]:
    """``count`` odd 64-bit numbers from splitmix64, the same on every machine and in every version of NumPy."""
    numbers = []
    for _ in range(count):
        seed = (seed + 0x9E3779B97F4A7C15) & _MASK
        mixed = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        numbers.append((mixed ^ (mixed >> 31)) | 1)
    return np.array(numbers, dtype=np.uint64)


_PERMUTATIONS = (_WHOLE_BANDS + _HEAD_BANDS) * _ROWS
_FACTORS = _mix_constants(_PERMUTATIONS, seed=2022)[:, None]
_OFFSETS = _mix_constants(_PERMUTATIONS, seed=215)[:, None]
_BAND_FACTORS = _mix_constants(_ROWS + 1, seed=3703)
_GRAM_FACTORS = _mix_constants(3, seed=113)
_WHOLE = slice(0, _WHOLE_BANDS * _ROWS)
_HEAD = slice(_WHOLE_BANDS * _ROWS, _PERMUTATIONS)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """``keys``: signed 64-bit numbers for an indexed array, of the whole text first, then of its opening."""

    keys: tuple[int, ...]


_NOTHING = Fingerprint(())


def story_text(text: str) -> str:
    """What is left of a body for comparing: no source lines, bylines, dateline, blanks or punctuation.

    Traditional characters become simplified ones.
    """
    plain = blank_source_lines(simplified(plain_text(text[:_LONGEST_TEXT])))
    return _UNMEANT.sub("", _DATELINE.sub("", plain.lstrip(), count=1))


def fingerprint(text: str) -> Fingerprint:
    """Fingerprint of a story's body. A text that is too short to compare has no keys."""
    grams = _all_grams(story_text(text))  # not sorted: repeats do not change what is least
    if len(np.unique(grams[:_HEAD_CHARS])) < _FEWEST_GRAMS and len(np.unique(grams)) < _FEWEST_GRAMS:
        return _NOTHING
    sketch = np.concatenate(
        [_minima(grams, _WHOLE), _minima(grams[: _HEAD_CHARS - 2], _HEAD)],
        dtype=np.uint32,
        casting="unsafe",
    )
    return Fingerprint(_keys(sketch))


@dataclass(frozen=True, slots=True)
class Compared:
    """A body made ready to be compared with many others: what is told, and its distinct 3-grams, sorted."""

    told: str
    grams: NDArray[np.uint64]


def compared(text: str) -> Compared:
    """A story's body, ready for ``likeness``."""
    told = story_text(text)
    return Compared(told, np.unique(_all_grams(told)))


def is_reprint(one: str, other: str) -> bool:
    """Whether two bodies are one text: the shorter is, almost, a part of the longer."""
    return likeness(compared(one), compared(other)) > 0.0


def likeness(one: Compared, other: Compared) -> float:
    """0.0 for two stories; for one story told twice the Jaccard similarity of the 3-gram sets, above 0.0."""
    shorter, longer = sorted((one, other), key=lambda each: len(each.grams))
    if len(shorter.grams) < _REPRINT_SIZE:
        return 1.0 if len(shorter.grams) and np.array_equal(shorter.grams, longer.grams) else 0.0
    contained = _contained(shorter.grams, longer.grams)
    if contained < REPRINT_CONTAINMENT:
        return 0.0
    if len(shorter.grams) < _SMALL_SHARE * len(longer.grams) and not _begins_alike(shorter.told, longer.told):
        return 0.0
    if contained < _SAME_WORDS and of_one_mould(shorter.told, longer.told):
        return 0.0
    shared = contained * len(shorter.grams)
    return float(shared / (len(shorter.grams) + len(longer.grams) - shared))


def _begins_alike(shorter: str, longer: str) -> bool:
    """Whether most of the longer one's opening is somewhere in the shorter one."""
    opening = np.unique(_all_grams(longer[:_HEAD_CHARS]))
    return len(np.intersect1d(opening, _all_grams(shorter))) >= len(opening) / 2


def _contained(first: NDArray[np.uint64], second: NDArray[np.uint64]) -> float:
    """Share of the first one's that the second has; both sorted and without repeats, the first not empty."""
    return len(np.intersect1d(first, second, assume_unique=True)) / len(first)


def _all_grams(story: str) -> NDArray[np.uint64]:
    """Hashes of the character 3-grams, in order."""
    codes = np.frombuffer(story.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    if len(codes) < 3:
        return np.empty(0, dtype=np.uint64)
    hashes = codes[:-2] * _GRAM_FACTORS[0] ^ codes[1:-1] * _GRAM_FACTORS[1] + codes[2:] * _GRAM_FACTORS[2]
    mixed: NDArray[np.uint64] = hashes ^ (hashes >> np.uint64(29))
    return mixed


def _minima(grams: NDArray[np.uint64], part: slice) -> NDArray[np.uint64]:
    permuted = grams[None, :] * _FACTORS[part] + _OFFSETS[part]
    minima: NDArray[np.uint64] = permuted.min(axis=1) >> np.uint64(32)
    return minima


def _keys(sketch: NDArray[np.uint32]) -> tuple[int, ...]:
    """One number per band; the band's index goes in, so that equal minima in different bands do not meet."""
    rows = sketch.astype(np.uint64).reshape(-1, _ROWS)
    keys = np.arange(len(rows), dtype=np.uint64) * _BAND_FACTORS[_ROWS]
    for column in range(_ROWS):
        keys = (keys ^ rows[:, column]) * _BAND_FACTORS[column]
        keys ^= keys >> np.uint64(31)
    return tuple(int(key) for key in keys.view(np.int64))
