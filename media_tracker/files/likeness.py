"""Whether two photos are one: what stays the same when a photo is written anew, made smaller or a little brighter. Pure.

A *likeness* is the signs of the lowest frequencies of a small grey copy (a discrete cosine transform, as in Zauner,
"Implementation and Benchmarking of Perceptual Image Hash Functions", 2010). Its coarse part, 64 bits, is what photos are found
by; the fine part, 256 bits, decides. ``docs/problems.md`` has what was measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SIDE = 64
_COARSE, _FINE = 8, 16
_BAND = 16
_BANDS = _COARSE * _COARSE // _BAND
FLAT = 3.0
"""A picture whose greys differ by less (standard deviation, of 255) shows nothing by which it could be known again."""
COARSE_APART = 7
"""Two bits in no band, or one in three: what ``near_keys`` cannot miss."""
FINE_APART = 40
"""Of 256 bits; of photos that have nothing to do with each other about half differ."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What a photo is known again by: 64 and 256 bits."""

    coarse: int
    fine: int

    def __str__(self) -> str:
        """80 hexadecimal digits."""
        return f"{self.coarse:016x}{self.fine:064x}"

    @classmethod
    def read(cls, text: str) -> Likeness:
        """The likeness that was written as ``text``."""
        return cls(int(text[:16], 16), int(text[16:], 16))

    def is_like(self, other: Likeness) -> bool:
        """Whether both are of one photo, as far as can be told from them."""
        return (self.coarse ^ other.coarse).bit_count() <= COARSE_APART and (
            self.fine ^ other.fine
        ).bit_count() <= FINE_APART


def likeness_of(picture: Image.Image) -> Likeness | None:
    """The likeness of ``picture``; None for one that shows nothing (a plain colour), which is like every other such."""
    grey = picture.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    values = np.asarray(grey, dtype=np.float64)
    if float(values.std()) < FLAT:
        return None
    waves = _cosines()
    frequencies = waves @ values @ waves.T
    return Likeness(_signs(frequencies, _COARSE), _signs(frequencies, _FINE))


def keys_of(likeness: Likeness) -> list[int]:
    """Under which numbers a photo is kept: its coarse bits, band by band."""
    return [_key(band, bits) for band, bits in _bands(likeness)]


def near_keys(likeness: Likeness) -> list[int]:
    """Under which numbers photos are kept that may be like it: each band as it is, and with any one bit another.

    Of at most ``COARSE_APART`` bits that differ, one of four bands has at most one. So no photo that is like it is missed.
    """
    flips = [0, *(1 << bit for bit in range(_BAND))]
    return [_key(band, bits ^ flip) for band, bits in _bands(likeness) for flip in flips]


def _bands(likeness: Likeness) -> Iterator[tuple[int, int]]:
    for band in range(_BANDS):
        yield band, (likeness.coarse >> (band * _BAND)) & ((1 << _BAND) - 1)


def _key(band: int, bits: int) -> int:
    return (band << _BAND) | bits


def _signs(frequencies: NDArray[np.float64], side: int) -> int:
    """Which of the lowest frequencies are above their median. The very lowest is the brightness, which says nothing."""
    lowest = frequencies[:side, :side].flatten()
    above = lowest > np.median(lowest[1:])
    above[0] = False
    return int.from_bytes(np.packbits(above).tobytes(), "big")


@cache
def _cosines() -> NDArray[np.float64]:
    """The first rows of the matrix of the discrete cosine transform (DCT-II) of ``_SIDE`` values."""
    wave, place = np.meshgrid(np.arange(_FINE), np.arange(_SIDE), indexing="ij")
    cosines: NDArray[np.float64] = np.cos(np.pi * wave * (2 * place + 1) / (2 * _SIDE))
    return cosines
