"""What a learned head sees of a text: character n-grams and words, hashed once for all heads, each with where it stands.

Characters are taken through a table (full-width to plain, capitals to small, any digit to 0, any mark or emoji to one sign,
blanks to nothing), so that offsets stay those of the original text. n-grams are 64-bit rolling hashes, words are hashed from
running sums between the boundaries that rjieba gives: no string is built, which is what makes it quick.

*Blocks* are kinds of feature that are normalised apart, so that a long body does not drown its title. *Signals* are numbers
that somebody else has found out (sums of cues, whether a region is named); they are features by name.
"""

from __future__ import annotations

import hashlib
import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate

import numpy as np
import rjieba
from numpy.typing import NDArray

from media_tracker.tagging.evidence import StoryText

Keys = NDArray[np.uint64]
Places = NDArray[np.int32]
Floats = NDArray[np.float32]

LONGEST_BODY = 3_000
"""Characters of a body that are read: a news story says what it is early."""
LONGEST_TITLE = 300
_OPENING = 60
"""Characters of title and body together that are taken as the opening."""

SINGLE, DOUBLE, TRIPLE, WORDS, PAIRS, OPENING, COLUMN, SIGNALS = range(8)
"""The blocks: one, two, three characters, words, two words in a row; again, what stands in the opening; characters of the
column's name; signals."""
BLOCKS = 8

FIELDS = ("title", "body", "column")

_MARK = ord(",")
_DIGIT = ord("0")
_SEGMENTED = 0.2
"""From this share of blanks on, a text is taken as cut into words already (a Chinese text has hardly any)."""

_GRAM_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_MIX_FACTOR = np.uint64(0xD6E8FEB86659FD93)
_SHIFT = np.uint64(32)
_MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Grams:
    """Every occurrence of every feature of a text: its key, its block, and ``FIELDS[fields][starts:ends]`` where it stands.

    ``signals`` are key → value.
    """

    keys: Keys
    blocks: NDArray[np.uint8]
    fields: NDArray[np.uint8]
    starts: Places
    ends: Places
    signals: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Vector:
    """A text as a sparse vector: ascending ``rows`` of a vocabulary, and ``values``."""

    rows: NDArray[np.int64]
    values: Floats

    def value(self, row: int) -> float:
        """The value of one row."""
        at = int(np.searchsorted(self.rows, row))
        return float(self.values[at]) if at < len(self.rows) and self.rows[at] == row else 0.0


def grams(story: StoryText, signals: Mapping[str, float] | None = None) -> Grams:
    """The features of ``story``. Any text will do, an empty one has none."""
    parts: list[_Part] = []
    opening = _OPENING
    for number, text in enumerate((story.title[:LONGEST_TITLE], story.body[:LONGEST_BODY])):
        codes, places = _codes(text)
        if not len(codes):
            continue
        chars, words = _char_grams(codes, places), _word_grams(text, codes, places)
        parts.extend((SINGLE + at, number, *each) for at, each in enumerate(chars))
        parts.extend((WORDS + at, number, *each) for at, each in enumerate(words))
        if opening > 0:
            until = int(places[min(len(places), opening) - 1]) + 1
            parts.extend((OPENING, number, *_before(until, each)) for each in (*chars[1:], words[0]))
            opening -= len(places)
    column, places = _codes(story.column[:LONGEST_TITLE])
    if len(column):
        parts.extend((COLUMN, 2, *each) for each in _char_grams(column, places))
    return _together(parts, signals or {})


def _before(until: int, found: tuple[Keys, Places, Places]) -> tuple[Keys, Places, Places]:
    """Those that end no later than ``until``. Ends ascend."""
    keys, starts, ends = found
    count = int(np.searchsorted(ends, until, side="right"))
    return keys[:count], starts[:count], ends[:count]


_Part = tuple[int, int, Keys, Places, Places]


def _together(parts: Sequence[_Part], signals: Mapping[str, float]) -> Grams:
    named = {signal_key(name): value for name, value in signals.items() if value and math.isfinite(value)}
    if not parts:
        nothing = np.empty(0, dtype=np.uint8)
        none = np.empty(0, dtype=np.int32)
        return Grams(np.empty(0, dtype=np.uint64), nothing, nothing, none, none, named)
    sizes = [len(part[2]) for part in parts]
    return Grams(
        np.concatenate([part[2] ^ _salt(part[0]) for part in parts]),
        np.repeat(np.array([part[0] for part in parts], dtype=np.uint8), sizes),
        np.repeat(np.array([part[1] for part in parts], dtype=np.uint8), sizes),
        np.concatenate([part[3] for part in parts]),
        np.concatenate([part[4] for part in parts]),
        named,
    )


@cache
def signal_key(name: str) -> int:
    """The key of the signal ``name``."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


@cache
def _salt(block: int) -> np.uint64:
    return np.uint64(block * 0xA0761D6478BD642F & _MASK)


@cache
def _table() -> NDArray[np.uint32]:
    """Character → what counts of it, 0 for nothing. The last entry stands for all beyond the basic plane."""
    table = np.zeros(0x10001, dtype=np.uint32)
    for code in range(0x10000):
        table[code] = _plain_code(chr(code))
    table[0x10000] = _MARK
    return table


def _plain_code(char: str) -> int:
    if "\u4e00" <= char <= "\u9fff":
        return ord(char)
    plain = unicodedata.normalize("NFKC", char)[:1].lower()[:1]
    if not plain or plain.isspace() or unicodedata.category(plain) in ("Cc", "Cf", "Cs", "Co", "Cn", "Mn"):
        return 0
    if plain.isdigit():
        return _DIGIT
    return ord(plain) if plain.isalpha() else _MARK


def _codes(text: str) -> tuple[Keys, Places]:
    """What counts of each character, and where it stands."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    codes = _table()[np.minimum(points, 0x10000)]
    places = np.flatnonzero(codes).astype(np.int32)
    return codes[places].astype(np.uint64), places


def _mixed(hashes: Keys) -> Keys:
    mixed: Keys = (hashes ^ (hashes >> _SHIFT)) * _MIX_FACTOR
    return mixed ^ (mixed >> _SHIFT)


def _char_grams(codes: Keys, places: Places) -> list[tuple[Keys, Places, Places]]:
    """Sequences of one, two and three characters."""
    found = []
    rolling = codes * _GRAM_FACTOR
    for length in range(1, min(3, len(codes)) + 1):
        if length > 1:
            rolling = (rolling[:-1] + codes[length - 1 :]) * _GRAM_FACTOR
        found.append((_mixed(rolling), places[: len(rolling)], places[length - 1 :] + 1))
    return found


def _word_grams(text: str, codes: Keys, places: Places) -> list[tuple[Keys, Places, Places]]:
    """Words, and pairs of words in a row, without marks."""
    segmented = text.count(" ") >= _SEGMENTED * len(text)
    words: Iterable[str] = text.split(" ") if segmented else rjieba.cut(_encodable(text))
    gap = 1 if segmented else 0
    ends = np.fromiter(accumulate(len(word) + gap for word in words), dtype=np.int64)
    bounds = np.unique(np.searchsorted(places, np.concatenate([[0], ends])))
    sums = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(codes * _powers(len(codes)), dtype=np.uint64)])
    lengths = np.diff(bounds)
    marks = (lengths == 1) & (codes[bounds[:-1]] == _MARK)
    first, last = bounds[:-1][~marks], bounds[1:][~marks]
    single = _spans(sums, first, last)
    pairs = _mixed(single[:-1] * _GRAM_FACTOR + single[1:])
    starts, ends_at = places[first], places[last - 1] + np.int32(1)
    return [(_mixed(single), starts, ends_at), (pairs, starts[:-1], ends_at[1:])]


def _spans(sums: Keys, first: NDArray[np.int64], last: NDArray[np.int64]) -> Keys:
    """A hash of each ``codes[first:last]`` that does not depend on where it stands: (S(last) − S(first)) · p^−first."""
    hashes: Keys = (sums[last] - sums[first]) * _inverse_powers(len(sums))[first]
    return hashes


_POWER = 0x2545F4914F6CDD1D
_INVERSE = pow(_POWER, -1, 1 << 64)


@cache
def _longest_powers(base: int) -> Keys:
    powers = np.full(LONGEST_BODY + LONGEST_TITLE + 2, np.uint64(base), dtype=np.uint64)
    powers[0] = 1
    return np.cumprod(powers, dtype=np.uint64)


def _powers(count: int) -> Keys:
    return _longest_powers(_POWER)[:count]


def _inverse_powers(count: int) -> Keys:
    return _longest_powers(_INVERSE)[:count]


def _encodable(text: str) -> str:
    """``text`` with a mark for each half of a broken pair, which cannot be handed on."""
    return text if text.isascii() or text.isprintable() else text.encode("utf-8", "replace").decode("utf-8")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The features that a model knows: ascending ``keys``, their ``blocks`` and inverse document frequencies ``idf``."""

    keys: Keys
    blocks: NDArray[np.uint8]
    idf: Floats

    def vector(self, text: Grams) -> Vector:
        """``text`` as a vector: (1 + ln count) · idf, each block scaled to the length 1; signals as they are."""
        keys, counts = np.unique(text.keys, return_counts=True)  # in order, which the search below is quicker for
        at, known = self.find(keys)
        rows, counts = at[known], counts[known]
        blocks = self.blocks[rows]
        values = (1.0 + np.log(counts)) * self.idf[rows]
        squares = np.bincount(blocks, values * values, minlength=BLOCKS)
        scaled: Floats = (values / np.sqrt(np.maximum(squares, 1e-12))[blocks]).astype(np.float32)
        if not text.signals:
            return Vector(rows, scaled)
        names = np.fromiter(text.signals, dtype=np.uint64)
        at, known = self.find(names)
        strengths = np.fromiter(text.signals.values(), dtype=np.float32)
        rows = np.concatenate([rows, at[known]])
        order = np.argsort(rows)
        return Vector(rows[order], np.concatenate([scaled, strengths[known]])[order])

    def row(self, key: int) -> int | None:
        """Row of one key."""
        at, known = self.find(np.array([key], dtype=np.uint64))
        return int(at[0]) if known[0] else None

    def find(self, keys: Keys) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Row of each key, and whether there is one."""
        if not len(self.keys):
            return np.zeros(len(keys), dtype=np.int64), np.zeros(len(keys), dtype=np.bool_)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return at, self.keys[at] == keys


def learn_vocabulary(texts: Iterable[Grams], fewest: int = 2, most: int = 400_000) -> Vocabulary:
    """The features that stand in at least ``fewest`` of ``texts``, at most the ``most`` commonest; and every signal."""
    distinct: list[tuple[Keys, NDArray[np.uint8]]] = []
    signals: set[int] = set()
    count = 0
    for text in texts:
        count += 1
        keys, first = np.unique(text.keys, return_index=True)
        distinct.append((keys, text.blocks[first]))
        signals.update(text.signals)
    if not distinct:
        return Vocabulary(np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.uint8), np.empty(0, dtype=np.float32))
    keys, first, frequency = np.unique(
        np.concatenate([keys for keys, _ in distinct]), return_index=True, return_counts=True
    )
    blocks = np.concatenate([blocks for _, blocks in distinct])[first]
    kept = frequency >= min(fewest, count)
    if kept.sum() > most:
        kept &= frequency > np.sort(frequency)[-most]
    keys, blocks, frequency = keys[kept], blocks[kept], frequency[kept]
    idf = np.log((1 + count) / (1 + frequency)) + 1.0
    named = np.array(sorted(signals - set(keys.tolist())), dtype=np.uint64)
    order = np.argsort(np.concatenate([keys, named]))
    return Vocabulary(
        np.concatenate([keys, named])[order],
        np.concatenate([blocks, np.full(len(named), SIGNALS, dtype=np.uint8)])[order],
        np.concatenate([idf, np.ones(len(named))])[order].astype(np.float32),
    )
