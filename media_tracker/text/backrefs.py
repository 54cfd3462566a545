"""Where a story refers to an earlier one (3月24日本报曝光的…, 本报6月3日刊发的…, 日前本报报道…), and to which days."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from media_tracker.text.dates import find_dates

_TOLD = r"(?:曝光|报道|刊发|刊登|播出|播发|推送|发布|披露|点名)"
_OWN = r"(?:本报|本网|本台|本刊|我报|我台|晨报|晚报|日报|大众网|栏目|记者|我们)"
_AFTER = re.compile(rf"^[,\s]{{0,2}}(?:[^\s,。;:]{{0,8}}?{_OWN})?[^\s。;]{{0,10}}?{_TOLD}")
_BEFORE = re.compile(rf"{_OWN}(?:曾|已|曾于|于|在|此前)?[,\s]?$")
_TOLD_SOON = re.compile(rf"^[^\n。;]{{0,12}}?{_TOLD}")
_VAGUE = re.compile(
    rf"(?P<when>日前|近日|此前|前不久|不久前|前段时间|早前|先前|曾经?)[,\s]?[^\s。;]{{0,6}}?{_OWN}?[^\s,。;]{{0,8}}?{_TOLD}"
)
_VAGUE_DAYS = {"日前": 15, "近日": 15}
_VAGUE_MOST = 90


@dataclass(frozen=True, slots=True)
class BackReference:
    """``text[start:end]`` says that something was told of between the days ``first`` and ``last``."""

    start: int
    end: int
    first: date
    last: date

    @property
    def exact(self) -> bool:
        """True where a single day is named."""
        return self.first == self.last


def find_back_references(text: str, published: date) -> list[BackReference]:
    """References to earlier stories in ``text`` (normalised), in order. What would lie after ``published`` is left out."""
    found = []
    for mention in find_dates(text, published):
        after, before = text[mention.end : mention.end + 30], text[max(0, mention.start - 10) : mention.start]
        told = _AFTER.match(after)
        if told is None and _BEFORE.search(before):
            told = _TOLD_SOON.match(after)
        if told is not None and mention.first <= published:
            found.append(BackReference(mention.start, mention.end + told.end(), mention.first, mention.last))
    taken = [(each.start, each.end) for each in found]
    for match in _VAGUE.finditer(text):
        if not any(start < match.end() and match.start() < end for start, end in taken):
            days = timedelta(days=_VAGUE_DAYS.get(match["when"], _VAGUE_MOST))
            found.append(BackReference(match.start(), match.end(), published - days, published))
    return sorted(found, key=lambda each: each.start)
