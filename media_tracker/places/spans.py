"""The words that say where, after a region's name: 桃园社区*北门外*, 般阳路桥下. Found by the words that places end in.

Words of an organisation's name are no place: neither 张店区市场 in 张店区*市场*监督管理局, nor what its people do after it. But
its door is one (张店区交警大队*门口*), and what is named after a place leaves the place standing (*晴岚小区*物业公司).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from media_tracker.places.gazetteer import Mention
from media_tracker.places.organisations import is_one_name, organisation

_LONGEST = 28
_PLACE_END = re.compile(
    r"(?:小区|社区|[大小]?路(?![灯人过障])|大街|街道|[老后前]?街|胡同|巷子?|路?口|市场|早市|夜市|公园|广场|绿地|花园|学校|小学|中学|大学|幼儿园|医院|车站|火车站|站台|公交站"
    r"|[大小]?桥[上下底头]?|天桥|大院|院[内里]|院子|大厦|大楼|写字楼|[东西南北正侧后前]门|\d+号楼?|\d+单元|\d+栋|楼[道顶下上]|公厕|厕所|停车场|车库|车棚|工地|厂房|厂区|村口|村[东西南北]头?|村"
    r"|河[道边]?|[东西南北]侧|[东西南北]段|一段|附近|门口|门前|店|超市|商场|酒店|酒楼|饭店|苑|花?园|湾塘|山坡|大集|服务区|大厅|银行|营业厅)"
)
_STOP = re.compile(
    r"[日号]?讯|[，。；：！？、,.;:!?\n()“”\"'‘’《》]|的(?=[^小一那路])|有[人一]|发生|出现|看到|发现|反映|介绍|表示|工作人员|居委会|办事处"
)
_GLUE = re.compile(r"[、, ]?")
"""What may stand between two regions of one address (张店区、和平街道)."""

_WIDE = re.compile(r".{,2}|.*(?:市|县|(?<!社)区)")
"""Names that are too wide to be a place: cities, districts, and what is as short as their short names."""


_STANDS_ALONE = re.compile(r"小区|社区|村|苑|[大小]?路口|.*(?:[号单].*|[门院侧段内里下道近])")
"""Ends of places that no organisation's own name is made of; with a name before them they are places whatever follows."""

_AT_AN_ORGANISATION = re.compile(r"大?门[口前]|[东西南北正侧后前]门|院[内里]|大院|大楼|附近|[东西南北]侧|停车场|大厅")


@dataclass(frozen=True, slots=True)
class _Address:
    """Names in a row. Its place ends before ``following``, where the next names begin."""

    start: int
    end: int
    following: int
    wide: bool
    """Not below the district."""
    organisation: bool
    """What comes next belongs to an organisation: the names say whose it is rather than where."""


def place_span(text: str, mentions: Sequence[Mention]) -> tuple[int, int] | None:
    """Span in ``text`` of the most telling place phrase after one of ``mentions`` (in order, of the region guessed).

    Several names in a row are one address (张店区和平街道桃园社区北门): the span starts at its first name. The phrase with
    the most characters after the names wins, the earlier one if equal. Without any such phrase it is the first address
    that goes below the district, if possible one that does not stand in an organisation's name; None if there is none.
    """
    best: tuple[int, int] | None = None
    most = 0
    spare: _Address | None = None
    for address in _addresses(text, mentions):
        end = _phrase_end(text, address)
        if end - address.end > most:
            best, most = (address.start, end), end - address.end
        elif not address.wide and (spare is None or (spare.organisation and not address.organisation)):
            spare = address
    return best or ((spare.start, spare.end) if spare else None)


def _addresses(text: str, mentions: Sequence[Mention]) -> Iterator[_Address]:
    """Runs of names that follow one another."""
    run: list[Mention] = []
    for mention in mentions:
        if run and not _GLUE.fullmatch(text, run[-1].end, mention.start):
            yield from _address(text, run, mention.start)
            run = []
        run.append(mention)
    if run:
        yield from _address(text, run, len(text))


def _address(text: str, run: Sequence[Mention], following: int) -> Iterator[_Address]:
    """The address that ``run`` is. A unit at its end is part of it only when a place at the unit's is meant."""
    places = list(takewhile(lambda mention: not mention.organisation, run))
    if len(places) < len(run) and _AT_AN_ORGANISATION.match(text, run[-1].end):
        yield _Address(run[0].start, run[-1].end, following, wide=False, organisation=False)
    elif places:
        last = places[-1]
        cut = run[len(places)].start if len(places) < len(run) else following
        named = cut < following or _names_an_organisation(text, last.end, _limit(text, last.end, cut))
        yield _Address(places[0].start, last.end, cut, _WIDE.fullmatch(last.text) is not None, named)


def _names_an_organisation(text: str, start: int, end: int) -> bool:
    found = organisation(text, start, end)
    return found is not None and is_one_name(text, start, found[0])


def _limit(text: str, start: int, following: int) -> int:
    """Where a phrase that begins at ``start`` ends at the latest."""
    limit = min(start + _LONGEST, following)
    stop = _STOP.search(text, start, limit)
    return stop.start() if stop else limit


def _phrase_end(text: str, address: _Address) -> int:
    limit = _limit(text, address.end, address.following)
    named = organisation(text, address.end, limit)
    while named is not None and _AT_AN_ORGANISATION.match(text, named[1]):
        named = organisation(text, named[1], limit)
    found = _PLACE_END.finditer(text, address.end, named[0] if named else limit)
    return max((match.end() for match in found if _is_place(text, address, match, named)), default=address.end)


def _is_place(text: str, address: _Address, end: re.Match[str], named: tuple[int, int] | None) -> bool:
    """Whether ``end`` ends a place, and not a word within the name of the organisation that comes after it."""
    if named is None or not is_one_name(text, end.end(), named[0]):
        return True
    return end.start() > address.end and _STANDS_ALONE.fullmatch(end.group()) is not None
