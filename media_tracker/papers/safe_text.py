"""Text that people wrote, fit for a Word document. Pure.

XML cannot hold control characters, and some that it can hold turn the text around them: a title that shows itself backwards
is no title for a document that is signed.
"""

from __future__ import annotations

import re

from media_tracker.files.characters import strip_controls

LONGEST = 20_000
"""Characters of one text in a document; what is longer is cut, and says so."""
CUT = "…"

_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
"""Marks that change the direction of what follows (Unicode Standard Annex 9). Right-to-left letters need none of them."""
_ENDS = re.compile("\r\n?|[\u2028\u2029\u0085\x0b\x0c]")


def plain(text: str, longest: int = LONGEST) -> str:
    """``text`` without what a document cannot hold, lines ended by ``\\n``, tabs as spaces, at most ``longest`` characters."""
    clean = strip_controls(_ENDS.sub("\n", text).replace("\t", " "))
    clean = _TURNING.sub("", clean).strip()
    return clean if len(clean) <= longest else clean[: longest - 1].rstrip() + CUT


def one_line(text: str, longest: int = LONGEST) -> str:
    """The same on one line."""
    return plain(" ".join(plain(text).split()), longest)
