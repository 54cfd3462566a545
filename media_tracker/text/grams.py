"""Character grams of a text as numbers. Word rules would take a place name apart differently each time; characters do not."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from media_tracker.text.boilerplate import blank_source_lines
from media_tracker.text.normalise import normalise
from media_tracker.text.traditional import simplified

SIZE = 1 << 20
"""Grams are numbers below this. Some share one: of the grams of a thousand stories about one in fifteen."""

LONGEST_TEXT = 6_000
"""Characters of a text that are read."""

_LONGEST_GRAM = 3
_UNMEANT = re.compile(r"[^0-9A-Za-z\u3400-\u9fff\U00020000-\U0003ffff]+")
_SPACE = ord(" ")
_FACTOR = np.uint64(1_000_003)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(64 - 20)


def grams(text: str, shortest: int = 1) -> NDArray[np.int64]:
    """Numbers of the grams of ``shortest`` to 3 characters of ``text``, shorter ones first, repeats included.

    Source lines are left out, no gram runs over punctuation, and traditional characters count as simplified ones.
    """
    read = simplified(normalise(text[:LONGEST_TEXT]).text)
    plain = _UNMEANT.sub(" ", blank_source_lines(read)).lower()
    codes = np.frombuffer(plain.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    blank = codes == _SPACE
    hashed = np.zeros(len(codes), dtype=np.uint64)
    broken = np.zeros(len(codes), dtype=np.bool_)
    found = []
    for length in range(1, _LONGEST_GRAM + 1):
        count = len(codes) - length + 1
        if count <= 0:
            break
        hashed = (hashed[:count] * _FACTOR) ^ codes[length - 1 : length - 1 + count]
        broken = broken[:count] | blank[length - 1 : length - 1 + count]
        if length >= shortest:
            mixed = (hashed[~broken] + np.uint64(length)) * _MIX
            found.append((mixed >> _SHIFT).astype(np.int64))
    return np.concatenate(found) if found else np.empty(0, dtype=np.int64)
