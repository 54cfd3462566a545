"""Which characters a text may hold that comes from outside. Pure."""

from __future__ import annotations

import re

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def strip_controls(text: str) -> str:
    """``text`` without NUL, control characters, lone surrogates and non-characters; tabs and line breaks stay."""
    return _CONTROLS.sub("", text) if _CONTROLS.search(text) else text
