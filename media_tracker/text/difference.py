"""What an outlet has changed in a text: pieces that stayed, went and came. Pure.

Compared sentence by sentence, and inside a sentence that was rewritten character by character, as Chinese has no spaces to
compare words by. Bounded: of texts longer than ``MOST_SENTENCES`` only whole sentences are compared, which takes no time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

MOST_SENTENCES = 2_000
LONGEST_REWRITTEN = 400
"""Characters of two sentences together, up to which they are compared character by character."""
ALIKE = 0.5
"""Sentences that share less are two sentences, and not one that was rewritten."""
_SENTENCE = re.compile(r"[^。！？!?\n]*[。！？!?\n]+|[^。！？!?\n]+")

Change = Literal["same", "gone", "new"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text, and what became of it."""

    change: Change
    text: str


def difference(before: str, after: str) -> list[Piece]:
    """The pieces of both texts in reading order: those not *new* make up ``before``, those not *gone* ``after``."""
    return _joined(_by_sentence(_SENTENCE.findall(before), _SENTENCE.findall(after)))


def _by_sentence(before: Sequence[str], after: Sequence[str]) -> Iterator[Piece]:
    if len(before) + len(after) > 2 * MOST_SENTENCES:
        yield Piece("gone", "".join(before))
        yield Piece("new", "".join(after))
        return
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for change, a, b, c, d in matcher.get_opcodes():
        old, new = "".join(before[a:b]), "".join(after[c:d])
        if change == "equal":
            yield Piece("same", old)
        elif old and new and len(old) + len(new) <= LONGEST_REWRITTEN:
            yield from _by_character(old, new)
        else:
            yield Piece("gone", old)
            yield Piece("new", new)


def _by_character(old: str, new: str) -> Iterator[Piece]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < ALIKE:
        yield Piece("gone", old)
        yield Piece("new", new)
        return
    for change, a, b, c, d in matcher.get_opcodes():
        if change == "equal":
            yield Piece("same", old[a:b])
        else:
            yield Piece("gone", old[a:b])
            yield Piece("new", new[c:d])


def _joined(pieces: Iterator[Piece]) -> list[Piece]:
    joined: list[Piece] = []
    for piece in pieces:
        if not piece.text:
            continue
        if joined and joined[-1].change == piece.change:
            joined[-1] = Piece(piece.change, joined[-1].text + piece.text)
        else:
            joined.append(piece)
    return joined
