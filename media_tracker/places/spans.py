"""The words that say where, after a region's name: 桃园社区*北门外*, 般阳路桥下. Found by the words that places end in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from media_tracker.places.gazetteer import Mention

_LONGEST = 28
_PLACE_END = re.compile(
    r"(?:小区|社区|[大小]?路|大街|街道|[老后前]?街|胡同|巷子?|路?口|市场|早市|夜市|公园|广场|绿地|花园|学校|小学|中学|大学|幼儿园|医院|车站|火车站|站台|公交站"
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


def place_span(text: str, mentions: Sequence[Mention]) -> tuple[int, int] | None:
    """Span in ``text`` of the most telling place phrase after one of ``mentions`` (in order, of the region guessed).

    Several names in a row are one address (张店区和平街道桃园社区北门): the span starts at its first name. The phrase with
    the most characters after the names wins, the earlier one if equal. Without any such phrase it is the first address
    that goes below the district; None if there is none either.
    """
    best: tuple[int, int] | None = None
    most = 0
    for address, following in _addresses(text, mentions):
        start, after = address[0].start, address[-1].end
        end = _phrase_end(text, after, following)
        if end - after > most or (best is None and not _WIDE.fullmatch(address[-1].text)):
            best, most = (start, end), end - after
    return best


def _addresses(text: str, mentions: Sequence[Mention]) -> Iterator[tuple[list[Mention], int]]:
    """Runs of names that follow one another, each with where the next run starts."""
    address: list[Mention] = []
    for mention in mentions:
        if address and not _GLUE.fullmatch(text, address[-1].end, mention.start):
            yield address, mention.start
            address = []
        address.append(mention)
    if address:
        yield address, len(text)


def _phrase_end(text: str, start: int, following: int) -> int:
    limit = min(start + _LONGEST, following)
    stop = _STOP.search(text, start, limit)
    limit = stop.start() if stop else limit
    return max((match.end() for match in _PLACE_END.finditer(text, start, limit)), default=start)
