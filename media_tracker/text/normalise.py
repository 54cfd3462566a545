"""One form of a text for matching, with a way back to the characters it came from.

Full-width letters, digits and punctuation become plain (NFKC), all blanks become one space, line ends stay, and what has no
width or no meaning (zero-width marks, control characters, lone surrogates) goes. Evidence is shown in the *original* text,
so every span found in the normalised one can be mapped back.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_DROPPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_BLANK_RUN = re.compile(r"[ \n]{2,}")
_NOT_PLAIN_FOR_SURE = re.compile(r"[^ \n!-~\u4e00-\u9ffc]")
"""Everything but ASCII and the Chinese characters of its own block, which are their own plain forms."""
_PLAIN_RUN = re.compile(r"[!-~\u4e00-\u9ffc]+")
"""The same without blanks, which may belong to a run of them."""


@dataclass(frozen=True, slots=True)
class Normalised:
    """``text`` is the normalised form of ``original``; ``starts`` and ``ends`` are None where offsets are the same."""

    text: str
    original: str
    starts: tuple[int, ...] | None = None
    ends: tuple[int, ...] | None = None

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Span in ``original`` of ``text[start:end]``, for 0 ≤ start ≤ end ≤ len(text)."""
        if self.starts is None or self.ends is None:
            return start, end
        if start == end:
            at = self.starts[start] if start < len(self.starts) else len(self.original)
            return at, at
        return self.starts[start], self.ends[end - 1]


class _Plain(dict[int, str]):
    """Code point → plain form, filled as characters are met. ``irregular`` are those that are not one character for one."""

    def __init__(self) -> None:
        super().__init__()
        self.irregular: set[str] = set()

    def __missing__(self, code: int) -> str:
        plain = self[code] = _plain(chr(code))
        if len(plain) != 1 or unicodedata.combining(chr(code)):
            self.irregular.add(chr(code))
        return plain


def _plain(cluster: str) -> str:
    """Plain form of a character and the marks that combine with it."""
    kept = []
    for char in unicodedata.normalize("NFKC", cluster):
        if char == "\n":
            kept.append(char)
        elif char.isspace():
            kept.append(" ")
        elif unicodedata.category(char) not in _DROPPED_CATEGORIES:
            kept.append(char)
    return "".join(kept)


_PLAIN = _Plain()


def normalise(text: str) -> Normalised:
    """Normalise ``text``. Runs of blanks shrink to one space, or to one line end if there is one among them."""
    plain = text
    for char in set(_NOT_PLAIN_FOR_SURE.findall(text)):
        changed = _PLAIN[ord(char)]
        if char in _PLAIN.irregular:
            return _normalise_with_offsets(text)
        if changed != char:  # plain forms have themselves as plain forms, so the order does not matter
            plain = plain.replace(char, changed)
    return _normalise_with_offsets(text) if _BLANK_RUN.search(plain) else Normalised(plain, text)


def plain_text(text: str) -> str:
    """The normalised text alone, for those who need no way back: the same, and quicker where much is changed."""
    plain = text
    for char in set(_NOT_PLAIN_FOR_SURE.findall(text)):
        if unicodedata.combining(char):
            return _normalise_slowly(text).text
        if (changed := _PLAIN[ord(char)]) != char:
            plain = plain.replace(char, changed)
    return _BLANK_RUN.sub(lambda run: "\n" if "\n" in run[0] else " ", plain)


def _normalise_with_offsets(text: str) -> Normalised:
    """The same as :func:`_normalise_slowly`, in a third of the time: only what is not plain is looked at one by one."""
    if any(map(unicodedata.combining, set(_NOT_PLAIN_FOR_SURE.findall(text)))):
        return _normalise_slowly(text)
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def other(start: int, end: int) -> None:
        chars: list[str] = []
        for position in range(start, end):
            for char in _PLAIN[ord(text[position])]:
                if char in " \n" and chars and chars[-1] in " \n":
                    chars[-1] = "\n" if "\n" in (char, chars[-1]) else " "
                    ends[-1] = position + 1
                    continue
                chars.append(char)
                starts.append(position)
                ends.append(position + 1)
        parts.extend(chars)

    position = 0
    for run in _PLAIN_RUN.finditer(text):
        other(position, run.start())
        position = run.end()
        parts.append(run[0])
        starts.extend(range(run.start(), position))
        ends.extend(range(run.start() + 1, position + 1))
    other(position, len(text))
    return Normalised("".join(parts), text, tuple(starts), tuple(ends))


def _normalise_slowly(text: str) -> Normalised:
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    position = 0
    while position < len(text):
        after = position + 1
        while after < len(text) and unicodedata.combining(text[after]):
            after += 1
        for char in _plain(text[position:after]):
            if char in " \n" and chars and chars[-1] in " \n":
                chars[-1] = "\n" if "\n" in (char, chars[-1]) else " "
                ends[-1] = after
                continue
            chars.append(char)
            starts.append(position)
            ends.append(after)
        position = after
    return Normalised("".join(chars), text, tuple(starts), tuple(ends))
