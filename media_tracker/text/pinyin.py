"""How Chinese characters are read: every reading of each, without tones, for finding names by what people type.

The readings are those of the package pypinyin. Only its table of characters is read, as a file: importing the package would load
its dictionary of phrases too, 50 MB in every process, which is no use here, where any reading of a character may be meant.
"""

from __future__ import annotations

import json
import unicodedata
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

_FIRST, _LAST = 0x4E00, 0x9FFF
"""CJK Unified Ideographs: what names of places, units and categories are written with."""


def readings(character: str) -> tuple[str, ...]:
    """Every reading of ``character`` in small letters, the usual one first; empty for what is no Chinese character.

    ``ü`` is typed as ``v`` or as ``u``: 绿 is read ``lv`` and ``lu``.
    """
    return _table().get(character, ())


@lru_cache(maxsize=1)
def _table() -> dict[str, tuple[str, ...]]:
    spec = find_spec("pypinyin")
    if spec is None or spec.origin is None:  # it is required: an installation without it is broken
        raise ModuleNotFoundError("pypinyin")
    source = Path(spec.origin).with_name("pinyin_dict.json")
    known: dict[str, str] = json.loads(source.read_text(encoding="utf-8"))
    return {chr(int(code)): _plain(said) for code, said in known.items() if _FIRST <= int(code) <= _LAST}


def _plain(said: str) -> tuple[str, ...]:
    """``lǜ,lù`` → ``lv, lu``."""
    found: dict[str, None] = {}
    for reading in said.split(","):
        spelt = unicodedata.normalize("NFD", reading).replace("u\u0308", "ü")
        letters = "".join(letter for letter in spelt if letter.isalpha())
        found.update(dict.fromkeys(letters.replace("ü", instead) for instead in "vu" if letters.isalpha()))
    return tuple(found)
