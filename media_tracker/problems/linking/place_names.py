"""Names of places in a text, and when two of them mean one. Pure."""

from __future__ import annotations

import re

from media_tracker.text.normalise import normalise

_LEAD = 400
"""Where a report is from stands in its title or opening."""

_NAMED = re.compile(
    r"(?=([\u4e00-\u9fff]{2})(?:社区|小区|新村|家园|花园|新城|公寓|大厦|市场|学校|小学|中学|公园|[村苑里路街巷桥镇])"
    r"(?![面边灯口程由]))"
)
_NO_NAME = re.compile(r"[的了在是到个这那此该某本各我们你他一二三四五六七八九十条座处段与和及有住家往从向沿]")


def named_places(text: str) -> frozenset[str]:
    """The two characters before words for places (晴岚 of 晴岚社区), of those near the beginning of ``text``.

    Two characters, because where a name begins cannot be seen, and where it ends can.
    """
    plain = normalise(text[:_LEAD]).text
    return frozenset(stem for stem in _NAMED.findall(plain) if not _NO_NAME.search(stem))


def same_place(one: str, other: str) -> bool:
    """True when two place names are one, or one holds the other; blanks and punctuation do not matter.

    Numbers are whole: 3号楼 is no part of 13号楼.
    """
    a, b = sorted((_bare(one), _bare(other)), key=len)
    return bool(a) and re.search(rf"(?<!\d){re.escape(a)}" if a[0].isdecimal() else re.escape(a), b) is not None


def _bare(place: str) -> str:
    return re.sub(r"[\s、，,。·（）()“”\"']", "", place)
