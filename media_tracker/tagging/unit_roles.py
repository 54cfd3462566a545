"""Which of the units that a story names have to do with it: who answers, acts, is asked or is sent for. Pure.

A unit counts by points for where it stands in its sentence. Who *speaks* or *acts* at the beginning of a clause, and to whom
something is reported, handed or left, is responsible; who is a landmark, an owner of something, or spoken of in a quotation,
is not. News says the important things first, so units that come late count less. The points are judgement, checked on one half
of labelled news and measured on the other (docs/quality.md).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from media_tracker.tagging.unit_names import UnitName
from media_tracker.tagging.unit_words import UnitWords
from media_tracker.text.words import Word

ENOUGH = 2.4
_LATE = 330
"""Characters of the body after which a unit counts less."""

_STAFF = (
    r"(?:[\u4e00-\u9fff]{2,4}[队科室班组处部])?(?:的?(?:相关|有关|一名|一位|值班|现场|执法|办案|带班|分管|主要|具体|当班|客服|维修|技术|管理)*"
    r"(?:工作人员|负责人|负责同志|人员|干部|队员|科长|主任|所长|局长|队长|经理|师傅|同志|民警|客服|书记|主管|发言人|网格员)"
    r"(?:[\u4e00-\u9fff]某{0,2}|[\u4e00-\u9fff]{2,3})?)"
)
_SPEAKS = re.compile(
    _STAFF + r"?(?:则|也|均|都|已经?|随后|再次|曾|当场|昨日|今日|当天|次日|随即|方面|对此|[^,。;:!?“”\n]{0,6}?)"
    r"(?:回应|回复|答复|表示|称|说|介绍|解释|通报|认为|坦言|承认|承诺|透露|告知|证实|反馈|指出|强调|提醒|确认|直言|坚称|声称|否认|澄清)"
)
_ACTS = re.compile(
    _STAFF
    + r"?(?:则|也|均|都|已|随后|再次|曾|当场|[昨今]日|当天|次日|随即|方面|连夜|立即|迅速|第一时间|正在?|将|会|要|还|又"
    r"|先|并|趁|从|把|在|对|与|联合|组织|给|为|向|根据|按|自|未|没|不|安排|出动|派|调|清|拆|换|修|找|立|查|约|到|赶|上|翻|附|垫|扣|责令|启动|提前|选聘|取样|增|新|补"
    r"|加|开|装|建|投|制|登|受|牵|协|接|认|拿|多次|连续|先行|[一二三四五六七八九十0-9]+[天次月年日个])"
)
_VERBS = frozenset(("v", "d", "p", "vd", "zg", "ad", "c"))
_ASKED = re.compile(
    r"(?:由|请|经|[向到跟同]|给了?|联系[了上到]?|另?[一两多几]家|报|转[给交办]?|交[由给]|移交[给至]?|找[过到了]?|联合|会同|[与和及、]|约谈|等|让|归|属于?|通知|督促|责令|要求"
    r"|投诉|问过?|咨询了?|致电|拨打|协调|反馈至|交办[给至]?|随|划入)$"
)
_REPORTED_TO = re.compile(r"[^,。;]{0,6}?(?:反映|投诉|举报|求助|核实|求证|咨询|询问)")
_CLAUSE = re.compile(r"(?:^|[,;!?:。、—…“”\s()《》]|辖区|[属当]地|[随此]后|[昨今]日|[日目]前|近日|同时|下一步)$")
_OF_IT = re.compile(r"的(?!师傅|工作|负责|人[说称来]|队员|同志)")
_LANDMARK = re.compile(r"门口|附近|旁|对面|院内|大厅|[东南西北]侧|一名|一位|一家|居民|业主|村民|党员")
_ADMINISTERS = re.compile(
    r"还|已|将|先|又|正|也|连夜|立即|随[即后]|当[天场]|组织|出动|安排|派|承诺|对|把|在.{1,12}?[装设建划增补立]"
)
_ONLY_WORDS = frozenset(("社区", "街道", "平台", "企业", "公司", "单位"))
_NOBODY_IN_PARTICULAR = "部门"
_SOURCE = re.compile(r".{0,6}(?:获悉|了解)")
_INSPECTS = re.compile(r"[^,。;!?\n]{0,14}?(?:暗访|督查|抽查|巡查[发中时]|通报了|观察员|测评|考评)")
"""Who finds a problem on a round is not who has to fix it (市整治办…暗访时发现)."""
_QUOTATION = re.compile(r"“[^”\n]{0,200}”")


def responsible_units(
    text: str, names: Sequence[UnitName], words: Sequence[Word], body_at: int, table: UnitWords
) -> list[UnitName]:
    """Those of ``names`` in ``text`` that are responsible, each wording once: where it counts most, the earliest if equal.

    ``body_at`` is where the body begins in ``text`` (title before it). A general word that is part of a longer name in
    the story (街道, when 和平街道办事处 is there) is that unit once more, so it is left out.
    """
    tags = {word.start: word.tag for word in words}
    quoted = [found.span() for found in _QUOTATION.finditer(text)]
    best: dict[str, tuple[float, UnitName]] = {}
    for name in names:
        wording = text[name.start : name.end]
        if table.outlets.search(wording) or wording == _NOBODY_IN_PARTICULAR:
            continue
        points = _points(text, name, tags.get(name.end, ""), body_at, table)
        points -= 2 * any(start <= name.start < end for start, end in quoted)
        if points >= ENOUGH and (wording not in best or points > best[wording][0]):
            best[wording] = (points, name)
    chosen = [name for wording, (_, name) in best.items() if not _is_within_another(wording, best)]
    return sorted(chosen, key=lambda name: name.start)


def _is_within_another(wording: str, others: dict[str, tuple[float, UnitName]]) -> bool:
    return any(wording != other and wording in other for other in others)


def _points(text: str, name: UnitName, next_tag: str, body_at: int, table: UnitWords) -> float:
    after = text[name.end : name.end + 24]
    speaks = _SPEAKS.match(after) is not None
    begins_clause = _CLAUSE.search(text, max(0, name.start - 3), name.start) is not None
    points = 3.0 * speaks
    if begins_clause:
        acts = speaks or next_tag in _VERBS or _ACTS.match(after) is not None
        points += 2.5 if acts else (1.5 if name.sort == "full" else 0.5)
        points += 2.0 * after.startswith(":")
        points += 1.0 * (name.sort == "area" and not speaks and _ADMINISTERS.match(after) is not None)
    points += _asked(text, name, after)
    points -= 2.0 * (_OF_IT.match(after) is not None)
    points -= 2.0 * (not speaks and _LANDMARK.match(after) is not None)
    points -= 1.5 * (name.start - body_at > _LATE) + 1.0 * (name.start < body_at)
    points -= 3.0 * (_INSPECTS.match(after) is not None)
    points -= 2.0 * (table.organisers.search(text, name.start, name.end) is not None)
    points += {"full": 1.0, "general": 0.0, "area": -1.0}[name.sort]
    return points - 0.5 * (text[name.start : name.end] in _ONLY_WORDS)


def _asked(text: str, name: UnitName, after: str) -> float:
    """Points for what stands before the name: something is reported to it or wanted of it. (从…获悉: only a source.)"""
    before = max(0, name.start - 10)
    points = 2.5 * (_ASKED.search(text, before, name.start) is not None)
    points += 1.0 * (text.endswith("向", before, name.start) and _REPORTED_TO.match(after) is not None)
    return points - 2.0 * (text.endswith("从", before, name.start) and _SOURCE.match(after) is not None)
