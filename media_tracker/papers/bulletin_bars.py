"""Bars for the tables of a bulletin: one small picture, stretched to the length that each value has. Pure.

A chart as a picture would need Chinese fonts on the server, and could not be edited; a bar in a cell needs none, and the numbers
beside it stay text (decision 0029).
"""

from __future__ import annotations

import struct
import zlib

from media_tracker.papers.bulletin_content import BulletinContent
from media_tracker.papers.word import Picture, as_values

MOST_WIDE, HIGH = 40.0, 3.4
"""Millimetres."""
SHORTEST = 0.6
COLOURS = ((0xB2, 0x3A, 0x2E), (0x2F, 0x6B, 0x5A))
"""Of the first and the second bar; light enough apart to be told from each other in grey."""
_FINE = 100
"""Units to a millimetre in which a bar's shape is given."""


def with_bars(content: BulletinContent) -> dict[str, object]:
    """``content`` as values for the template, with ``bars`` in each line of the trend: a picture, or "" for nothing."""
    values = as_values(content)
    assert isinstance(values, dict)
    for line, told in zip(values["trend"], content.trend, strict=True):
        line["bars"] = [_bar(share, colour) for share, colour in zip(told.shares, COLOURS, strict=True)]
    return values


def _bar(share: float, colour: tuple[int, int, int]) -> Picture | str:
    if share <= 0:
        return ""
    wide = max(MOST_WIDE * min(share, 1.0), SHORTEST)
    return Picture(_pixel(colour), round(wide * _FINE), round(HIGH * _FINE), wide, HIGH)


def _pixel(colour: tuple[int, int, int]) -> bytes:
    """A PNG of one pixel (ISO/IEC 15948)."""
    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(b"\x00" + bytes(colour))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
