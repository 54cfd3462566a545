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
    r"(?:小区|社区|[快慢辅]车?道|人行道|盲道|下水道|通道|大道|马路|路边|[大小]?路(?![灯人过障边])|大街|街道|[老后前]?街|胡同|巷子?|路?口|市场|早市|夜市|公园|广场|绿地|花园|学校|小学|中学|大学|幼儿园|医院|车站|火车站|站台|公交站"
    r"|[大小]?桥[上下底头]?|天桥|大院|院[内里]|院子|大厦|大楼|写字楼|[东西南北正侧后前]门|\d+号楼?|\d+单元|\d+栋|楼[道顶下上]|公厕|厕所|停车场|车库|车棚|工地|厂房|厂区|村口|村[东西南北]头?|村"
    r"|河[道边滩]?|[东西南北](?:侧出入口|[侧段头端口首])|中段|这?一[段带]|拐角|转角|绿化带|出入口|出站口|斑马线|空地|围挡外|顶[层楼]|号院|宿舍|附近|门口|门前|店|超市|商场|酒店|酒楼|饭店|苑|花?园|湾塘|山坡|大集|服务区|大厅|银行|营业厅)"
)
_THING_THERE = re.compile(
    r"的(?:那|一)?[^的了着过被把是有没不在和与到,。;:!?“” \n]{0,6}?(?:公厕|厕所|人行道|[盲车]道|马路|路边|下水道|断头路"
    r"|小路|胡同|空地|广场|停车场|车[棚库]|楼道|电线杆|斑马线|湾塘|河道|水沟"
    r"|山坡|绿化带|大集|市场|小屋|[店馆]|工地|厂房|仓库|大厅|车队)[上下里内外边旁]?"
)
"""What stands at a place and is the place meant: 桃园社区南侧*的人行道*."""
_STOP = re.compile(
    r"[日号]?讯|[一二三四五六七八九十百千两\d]+[多余]?[户名位]|居民|业主|市民|商户|学生|保安|被|[，。；：！？、,.;:!?\n()“”\"'‘’《》]|的(?=[^小一那路])|有[人一]|发生|出现|看到|发现|反映|介绍|表示|工作人员|居委会|办事处"
)
_GLUE = re.compile(r"[、, ]?")
"""What may stand between two regions of one address (张店区、和平街道)."""

_WIDE = re.compile(r".{,2}|.*(?:市|县|(?<!社)区)")
"""Names that are too wide to be a place: cities, districts, and what is as short as their short names."""


_ROAD = r"(?![在到从至沿的])[\u4e00-\u9fff]{1,4}(?:大道|[路街巷])"
_ON_A_ROAD = re.compile(
    r"(?:^|(?<=[,。;:!?“\s在到至沿讯的]))(?:"
    + _ROAD
    + r"[与和]?"
    + _ROAD
    + r"(?:交叉|交[会汇])?[路口]口?(?:[东西南北]+[侧角])?|"
    + _ROAD
    + r"(?:[东西南北中]段|辅道|\d+号(?:院|门[前口])?))"
)
"""A place that says where without any region's name: where two roads meet, a part of a road, a number on it."""

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
    the most characters after the names wins, the earlier one if equal. Without any such phrase it is a place on a road without
    a name before it; without that, the first address that goes below the district, if possible one that does not stand in an
    organisation's name. None without ``mentions``, or if there is none of all that.
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
    if best is None and mentions and (on_a_road := _ON_A_ROAD.search(text)) is not None:
        return on_a_road.span()
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
    end = max((match.end() for match in found if _is_place(text, address, match, named)), default=address.end)
    thing = _THING_THERE.match(text, end, address.following)
    return end if thing is None or address.organisation else thing.end()


def _is_place(text: str, address: _Address, end: re.Match[str], named: tuple[int, int] | None) -> bool:
    """Whether ``end`` ends a place, and not a word within the name of the organisation that comes after it."""
    if named is None or not is_one_name(text, end.end(), named[0]):
        return True
    return end.start() > address.end and _STANDS_ALONE.fullmatch(end.group()) is not None
