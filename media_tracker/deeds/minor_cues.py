"""Words that point to somebody under 18 in a good deed's story, with where they stand. Pure.

Two strengths. *Strong*: what only somebody of school age is called (小学生, 五年级学生), an age under 18 in the title, or a word
for a child right beside a person's name. These mask until an editor has said otherwise. *Weak*: a child is mentioned, which in
these stories mostly is the one who was helped; they are shown to the editor and mask nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from media_tracker.text.normalise import normalise

ADULT = 18
AROUND = 16
"""Characters on either side that are shown with a cue."""
MOST = 12

_DIGITS = "零一二三四五六七八九"
_AGE = re.compile(
    r"(?<![\d.])(\d{1,2}) ?周?岁(?!以)"
    r"|(?<![一二三四五六七八九十百])([一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九])周?岁(?!以)"
)
_GRADE = "(?:小学|初中)?[一二三四五六七八九1-9]年级的?"
_PUPIL = re.compile(
    rf"小学生|初中生|高中生|中学生|少先队员|未成年|{_GRADE}(?:小?学生|同学|[男女]生|小朋友|[男女]孩)"
    r"|[初高][一二三](?:年级)?的?(?:学生|同学|[男女]生)"
)
_CHILD = re.compile(
    rf"{_GRADE}|[初高][一二三]的?(?=[\u4e00-\u9fff])|[男女]孩|[男女]童|少年|少女|小朋友|孩子|小男生|小女生"
)
_LEADS_TO_A_NAME = re.compile(r"的?(?:小?学生|小?[男女]孩|同学|小朋友|少年|少女|[男女]生)?[“\"]?")
"""What may stand between a word for a child and the name that it is meant of."""
_SAID_OF_A_NAME = re.compile(r"[,(]?(?:今年|现年|年仅|刚满|才|是|是个|是一名|是名|当时|只有|还是)?[,]?")
"""The same where the name comes first."""
_NEVER_ALONE = "孩子"
"""Too often somebody else's to be meant of the name beside it."""


@dataclass(frozen=True, slots=True)
class Cue:
    """``text[start:end]`` of the title or the text points to somebody under 18."""

    field: str
    """``title`` or ``body``."""
    start: int
    end: int
    before: str
    words: str
    after: str
    strong: bool


def minor_cues(title: str, body: str, names: Sequence[str] = ()) -> list[Cue]:
    """Cues in a story, the title's first, strong ones first, at most ``MOST``. ``names``: who is said to have done it."""
    found = [cue for field, text in (("title", title), ("body", body)) for cue in _cues(field, text, names)]
    return sorted(found, key=lambda cue: not cue.strong)[:MOST]


def points_to_a_minor(title: str, body: str, names: Sequence[str] = ()) -> bool:
    """Whether a story's words mask until an editor has said how old the person is."""
    return any(cue.strong for cue in minor_cues(title, body, names))


def _cues(field: str, original: str, names: Sequence[str]) -> Iterator[Cue]:
    normal = normalise(original)
    text = normal.text
    taken: list[tuple[int, int]] = []
    for start, end, sort in sorted(_matches(text), key=lambda each: (each[0], -each[1])):
        if any(start < other_end and other_start < end for other_start, other_end in taken):
            continue
        taken.append((start, end))
        beside = text[start:end] != _NEVER_ALONE and _is_beside(text, start, end, names)
        strong = beside or sort == "pupil" or (sort == "age" and field == "title")
        first, last = normal.original_span(start, end)
        before, after = original[max(0, first - AROUND) : first], original[last : last + AROUND]
        yield Cue(field, first, last, before, original[first:last], after, strong)


def _matches(text: str) -> Iterator[tuple[int, int, str]]:
    for match in _PUPIL.finditer(text):
        yield match.start(), match.end(), "pupil"
    for match in _AGE.finditer(text):
        if _age(match) < ADULT:
            yield match.start(), match.end(), "age"
    for match in _CHILD.finditer(text):
        yield match.start(), match.end(), "child"


def _age(match: re.Match[str]) -> int:
    if match[1]:
        return int(match[1])
    tens, ten, ones = match[2].rpartition("十")
    return (_DIGITS.index(tens) if tens else 1) * 10 * bool(ten) + (_DIGITS.index(ones) if ones else 0)


def _is_beside(text: str, start: int, end: int, names: Sequence[str]) -> bool:
    """Whether a name stands right before or behind, so that the words between are meant of it."""
    for name in filter(None, names):
        behind = text.find(name, end, end + 8 + len(name))
        if behind >= 0 and _LEADS_TO_A_NAME.fullmatch(text, end, behind):
            return True
        before = text.rfind(name, max(0, start - 8 - len(name)), start)
        if before >= 0 and _SAID_OF_A_NAME.fullmatch(text, before + len(name), start):
            return True
    return False
