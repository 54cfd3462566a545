"""Every phrase of a text that says where, wherever in the world: *福建泉州城区以北*, *一家旅馆*, 送往*医院*. Pure.

For places that no table of regions holds. A phrase begins at a geographic name, at a word that is a place by itself (现场),
or after a preposition or verb that a place follows (在, 送往), and ends at the last word that a place can end in. A name is no
place where it only says whose or whence: 四川省*政府*, *北京*时间, 从*昆明*开来的客车.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from media_tracker.places.regions import rows_of
from media_tracker.text.words import Word

_LONGEST = 14
"""Words of a phrase."""

_PLACE_END = re.compile(
    r"(?:省|市|区|县|州|旗|盟|镇|乡|村|屯|庄|寨|街道|社区|小区|新村|[大老]?街|[大公铁马道弯环支]?路|高速|[国省县匝车]道|巷|弄|胡同|[路口]口|口处|路?段|线|桥|隧道|涵洞|桥洞"
    r"|医院|卫生院|诊所|急救中心|学校|[小中大]学|学院|高中|初中|幼儿园|附中|校园|校区|车站|站|机场|港|码头|广场|公园|花园|酒店|饭店|酒楼|宾馆|旅馆|旅店|招待所|餐[厅馆]|商场|超市|市场"
    r"|购物中心|服装城|商城|大厦|大?楼|楼[层道]|宿舍|教室|寝室|卧室|房间|客厅|厨房|阳台|食堂|房[内屋]?|屋|院子?|大院|店[铺面]?|铺|网吧|[仓车]库|库房|车间|作坊|工?厂|厂[房区]|矿井?|煤矿"
    r"|井下|工地|开发区|工业区|园区|工业园|度假村|景区|[林农]场|监狱|看守所|收费站|服务区|加油站|检查站|海域|近海|海峡|湾|水库|[水池鱼]塘|河|江|湖|溪|渠|沟|山[体坡]?|峡谷|群?岛|半岛|沙滩"
    r"|水?田|地区|[灾震市城郊山]区|县城|首都|首府|境内|边境|交[界汇]处?|交叉口|路面|街头|火[场点]|现场|驾驶室|车[厢内上]|[校大]门|门口|地[上面]|空地|空旷地带|地[带段]|处|方向)$"
)
_LOCATED = re.compile(
    r"(?:[上下内外里]|附近|周[围边]|沿[线岸]|旁边?|边|一带|境内|之间|中[间央]|底|[东南西北]+[部侧面方边]?|内部|[外里上下]面|深处|方向|处|门[口前]|对面|路段|[地区]域?|近海|交[界汇]处?)$"
)
_AMID = ("中", "当中")
"""Where something is for a noun of place (河中), but not for one of doing (调查中)."""
_HOUSE = re.compile(
    r"(?:医院|卫生院|学校|[小中大]学|学院|村委会|附中|饭店|酒店|机场|车站|广场|大厦|中心|商场|超市|村|厂|公司|监狱|服装城|矿|市场|幼儿园|[站院馆])$"
)
_WHOSE = re.compile(
    r"人|记者|网友|政府|[市县省区镇]委|党|书记|[市县省]长|主席|总[统理]|部[长门队]|外长|警|公安|消防|民警|媒体|籍|官|居民|市民|村民|民众|群众|队|局|台网|日报|晚报|通讯社|电视台|网"
    r"|司令|大使|使馆|军|当局|时间|领导|公司|车|游客|平民|旅客|专家|报|法院|检察院|农民|客|[男女]子|学生"
)
_GOING = re.compile(r"开|驶|方向|到|至|返")
_DATELINE = re.compile(r"\d{0,2}月?\d{0,2}日?[讯电]|[一二三四五六七八九十]+月")
_JOINED = re.compile(r"[^,。、;,;]{1,14}?(?:交汇|交叉|交界|路口|之间|两地|相交|交会)")
_NUMBERED = re.compile(r"[号层楼组]$")
_NAMES = frozenset(("LOC", "ns"))
_ORGANISATIONS = frozenset(("ORG", "nt"))
_NOUNS = frozenset("n nz s f m mq q b ng l j a an vn nw nr nrt nrfg PER LOC ns ORG nt".split(" "))  # noqa: SIM905 - one line
_OWNED = frozenset(("n", "nz", "vn", "nr", "nt", "PER", "ORG"))
_AGENCIES = frozenset(("中国", "社", "网", "本报", "新华社", "新华网", "中新社", "中新网"))
_OF_PLACE = frozenset(("n", "nz", "s", "f", "m", "nr", "PER", "vn", "q", "l", "j", "ng"))


@dataclass(frozen=True, slots=True)
class PlaceWords:
    """Words that are a place by themselves (现场), and words that lead to one (送往医院)."""

    by_itself: frozenset[str]
    leads_to: frozenset[str]


def read_place_words(directory: Path | None = None) -> PlaceWords:
    """Read ``place_words.csv`` (``word,use``; use ``by_itself`` or ``leads_to``) from ``directory``, or the shipped one."""
    source: Traversable = directory if directory is not None else resources.files("media_tracker.places") / "data"
    rows = list(rows_of(source / "place_words.csv"))
    by_use = {use: frozenset(row["word"] for row in rows if row["use"] == use) for use in ("by_itself", "leads_to")}
    return PlaceWords(by_use["by_itself"], by_use["leads_to"])


@cache
def shipped_place_words() -> PlaceWords:
    """The table that is shipped, read once."""
    return read_place_words()


def place_phrases(words: Sequence[Word], table: PlaceWords | None = None) -> list[tuple[int, int]]:
    """Spans of the places in a text of which ``words`` are all the words, in order, not overlapping.

    Either tagger of ``text.words`` will do; LAC knows more names (docs/quality.md).
    """
    phrases = _Phrases(words, table or shipped_place_words())
    spans = []
    at = 0
    while at < len(words):
        last = phrases.last(at) if phrases.begins(at) else None
        if last is None:
            at += 1
            continue
        if not phrases.is_whose(at, last):
            spans.append((words[at].start, words[last].end))
        at = last + 1
    return spans


class _Phrases:
    """The words of a text, asked where places begin and end."""

    def __init__(self, words: Sequence[Word], table: PlaceWords) -> None:
        self._words = words
        self._table = table

    def begins(self, at: int) -> bool:
        """Whether a place can begin with the word ``at``."""
        word = self._words[at]
        if word.tag in _NAMES or word.text in self._table.by_itself:
            return True
        if word.tag in _ORGANISATIONS:
            return _HOUSE.search(word.text) is not None
        return word.tag in _NOUNS and at > 0 and self._words[at - 1].text in self._table.leads_to

    def last(self, first: int) -> int | None:
        """Index of the last word of the place that begins at ``first``; None if there is none."""
        last = None
        for at in range(first, min(first + _LONGEST, len(self._words))):
            word = self._words[at]
            if word.tag not in _NOUNS and not self._goes_on(at) and not (at > first and _is_a_place(word)):
                break
            if self._ends(first, at):
                last = at
        return last

    def is_whose(self, first: int, last: int) -> bool:
        """Whether the words from ``first`` to ``last`` say whose or whence something is, rather than where."""
        following = "".join(word.text for word in self._words[last + 1 : last + 4])
        if _WHOSE.match(following):
            return True
        if first != last or self._words[first].tag not in _NAMES:
            return False
        before = self._words[first - 1].text if first else ""
        if last + 1 < len(self._words) and self._words[last + 1].tag in _OWNED:
            return True
        if before == "开往" or (before in ("从", "由", "驻", "往") and _GOING.match(following)):
            return True
        return before in _AGENCIES or _DATELINE.match(following) is not None

    def _goes_on(self, at: int) -> bool:
        """A road *and* another, where they meet."""
        if self._words[at].text in ("交叉", "交汇", "相交", "交界"):
            return True
        if self._words[at].text not in ("与", "和", "同"):
            return False
        return _JOINED.match("".join(word.text for word in self._words[at + 1 : at + 7])) is not None

    def _ends(self, first: int, at: int) -> bool:
        word = self._words[at]
        if word.tag in _NAMES or word.text in self._table.by_itself:
            return True
        if word.tag in _ORGANISATIONS:
            return _HOUSE.search(word.text) is not None
        if word.tag not in _OF_PLACE:
            return at > first and _is_a_place(word)
        if at == first:
            return len(word.text) > 1 and word.tag in ("n", "s", "nz") and _PLACE_END.search(word.text) is not None
        if word.text in _AMID:
            return _PLACE_END.search(self._words[at - 1].text) is not None
        if word.tag == "m":
            return _NUMBERED.search(word.text) is not None
        return _PLACE_END.search(word.text) is not None or _LOCATED.search(word.text) is not None


def _is_a_place(word: Word) -> bool:
    """Whether the whole word is one for a place, whatever the tagger takes it for (超市 for a verb)."""
    return len(word.text) > 1 and _PLACE_END.fullmatch(word.text) is not None
