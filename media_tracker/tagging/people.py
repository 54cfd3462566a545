"""Full names of persons in a good deed's story: 校工*龚文岚*, 园丁*洪小川*跳进池塘. Pure.

A name is a surname (an editable table, ``data/surnames.csv``) and one or two characters more, where a name can stand: after
what somebody is (邻居, 快递员), after 叫 or 是, at the beginning of a clause, in a row of names; and before what a person
does. Each place where a string stands gives it points, so does standing there more than once. Reporters and editors, people
who are only called by surname (蒋女士, 老刘), and officials who only comment are no persons of the deed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from media_tracker.places.gazetteer import Mention
from media_tracker.places.regions import rows_of
from media_tracker.text.words import Word, is_common_word

ENOUGH = 2.65
_REPEAT, _MOST_FOR_REPEATS = 0.8, 2.0
_LEXED, _NOT_LEXED = 2.0, -1.5
"""Points for a name that LAC takes for one too, or does not."""

_GIVEN = re.compile(r"[\u4e00-\u9fff]+")
_NOT_GIVEN = frozenset(
    "的了在是我他她你们这那说着个就和与把被让给也都还又很没不有到从向为对于等及其以之或而但所则者吗呢吧啊哦么什怎哪谁此每各某里上下前后内外间旁边处"
    "时候日月年号点分秒岁元块角斤次回遍趟件条只头匹辆台套位名人口家户楼层栋区县市省镇乡村路街道桥站店厂局院校所二三四五六七八九十百千两几多少看听问"
    "想要能会可去走跑跳拿放打吃喝做买卖告诉"
)
_CALLED = re.compile(
    r"女士|先生|大[爷妈娘叔姐嫂伯哥]|阿姨|师傅|老师|老[太汉伴人板]|某|姓|医生|护士|队长|主任|书记|经理|奶奶|爷爷|小姐|同学|警官|教授|[家叔婶伯哥姐妈爸总]"
)
_NO_NAMES = frozenset(
    (
        "阿姨",
        "谢谢",
        "师傅",
        "雷锋",
        "高兴",
        "安全",
        "平安",
        "温暖",
        "和谐",
        "文明",
        "成功",
        "向上",
        "时间",
        "白天",
        "江河",
    )
)
_IS_SOMEBODY = re.compile(
    r"(?:[\u4e00-\u9fff][员工师长主者手医警民友匠官娃娘兵人客]|干部|学生|新生|老板娘?|司机|掌柜|教授|新[郎娘]|小伙|工头|[排连营团班组队]长|[男女]儿|兄[妹弟]|姐[妹弟]|夫妇|大名|本名|真名|医生|护士|保安|邻居|保洁|住户|阿姨|大[爷娘叔哥姐]|小伙子?|姑娘|[女男]孩|青年|[男女]子"
    r"|退休\S{0,2}|群众|同事|妻子|丈夫|儿子|女儿|[母父]亲|儿媳|孙[女子]|夫[妇妻]|老伴|书记|主任|教练|艺人|经理|同学|战士|少年|会计|商户|女士|先生"
    r"|[^\u4e00-\u9fff他她]叫|名叫|[他她]叫|叫做|名字叫|名为)$"
)
_LINKS = ("的", "和", "与", "叫", "是", "让", "给", "请", "看望", "感谢", "找到")
_BREAK_BEFORE = re.compile(r"(?:^|[,.!?;:。、“”( \n])$")
_BREAK_AFTER = re.compile(r"[,.!?;:。、“”() \n]|$")
_DOES = re.compile(
    r"[说把将在给被和与的是从用向对又也就才都已还一拿跑听看正骑捡没不抱冲扶翻走收喊扛抄趴脱]|今年|老人|同志|等|告诉|表示|发现|准时|放学|得知|立即|二话"
)
_DOES_TAGS = ("v", "d", "p", "t", "r", "c", "z", "m", "i", "l")
_NAME_TAGS = frozenset(("nr", "nrt", "nrfg", "PER"))
_BYLINE = re.compile(
    r"(?:记者|通讯员|编辑|责编|[美主]编|校对|审[核校]|摄影?|[文图]|播音|主持人|主播|作者|供稿|监制|编审|撰稿|值班主任)[ :/]*$"
)
_OF_A_PLACE = re.compile(
    r"家?[村镇庄乡县区市]|[大中东西南北]?[路街巷]|社区|街道|小区|大道|公园|广场|医院|[小中大]学|学校|大桥|水库|[河湖山]|公司|集团|有限|饭店|超市|酒店"
)
_OFFICIAL = re.compile(r"(?:书记|主任|[局科处校园院所会市区县镇部]长|经理|负责人|秘书长|发言人)$")
_COMMENTS = re.compile(r"表示|介绍|说|称|告诉")
_ROW_BEFORE = re.compile(r"(?:[\u4e00-\u9fff]{2,3}[、和与]|[:“])$")
_ROW_AFTER = re.compile(r"[、和与等,.。;]")

_SENTENCE_ENDS = ("。", "!", "?", "\n")
Lexer = Callable[[str], Iterable[Word]]


@dataclass(frozen=True, slots=True)
class Surnames:
    """``sure`` surnames, and those that are everyday words, too."""

    sure: frozenset[str]
    doubtful: frozenset[str]

    def at(self, text: str, start: int) -> int:
        """Length of the surname that ``text`` has at ``start``, 0 for none."""
        for length in (2, 1):
            if text[start : start + length] in self.sure or text[start : start + length] in self.doubtful:
                return length
        return 0


def read_surnames(directory: Path | None = None) -> Surnames:
    """Read ``surnames.csv`` (``surname,also_a_word``) from ``directory``, or the table that is shipped."""
    source: Traversable = directory if directory is not None else resources.files(__package__) / "data"
    return surnames(rows_of(source / "surnames.csv"))


def surnames(rows: Iterable[dict[str, str]]) -> Surnames:
    """Surnames from rows of the table."""
    sides: dict[bool, set[str]] = {True: set(), False: set()}
    for row in rows:
        sides[bool(row.get("also_a_word"))].add(row["surname"])
    return Surnames(frozenset(sides[False] - {""}), frozenset(sides[True] - {""}))


@cache
def shipped_surnames() -> Surnames:
    """The table that is shipped, read once."""
    return read_surnames()


def people_named(
    text: str,
    words: Sequence[Word],
    mentions: Sequence[Mention],
    table: Surnames,
    lexer: Lexer | None = None,
) -> list[tuple[int, int]]:
    """Spans of the first mention of each person in ``text`` (normalised), in order.

    ``words`` and ``mentions`` are of the same text; ``lexer`` gives the words of a sentence with LAC's tags; it is
    slow, so only sentences are given to it in which a name is possible.
    """
    reading = _Reading(text, words, mentions, table, None if lexer is None else _Persons(text, lexer))
    points: dict[str, list[float]] = defaultdict(list)
    first: dict[str, tuple[int, int]] = {}
    for start, end, given in reading.strings():
        name = text[start:end]
        if _BYLINE.search(text, max(0, start - 8), start):
            points[name].append(float("-inf"))
        elif not reading.is_of_a_place(start, end):
            points[name].append(reading.points(start, end, given))
            first.setdefault(name, (start, end))
    totals = {
        name: max(each) + min(_MOST_FOR_REPEATS, _REPEAT * (len(each) - 1) * (not is_common_word(name)))
        for name, each in points.items()
        if min(each) > float("-inf")
    }
    return sorted(first[name] for name in _apart(totals))


def _apart(totals: dict[str, float]) -> list[str]:
    """The strings with enough points that do not stand for part of a better one (or the same surname and name cut otherwise)."""
    chosen: list[str] = []
    for name in sorted(totals, key=lambda name: (-totals[name], -len(name), name)):
        if totals[name] >= ENOUGH and not any(name in other or other in name or name[:2] in other for other in chosen):
            chosen.append(name)
    return chosen


class _Reading:
    """A text with its words' limits."""

    def __init__(
        self,
        text: str,
        words: Sequence[Word],
        mentions: Sequence[Mention],
        table: Surnames,
        persons: _Persons | None,
    ) -> None:
        self._text = text
        self._words = {word.start: word for word in words}
        self._limits = {word.start for word in words} | {len(text)}
        self._places = {at for mention in mentions for at in range(mention.start, mention.end)}
        self._table = table
        self._persons = persons

    def _word_at(self, at: int) -> Word | None:
        """The word that holds the character ``at``, if it begins at most three before."""
        found = (self._words.get(start) for start in range(at, max(-1, at - 4), -1))
        return next((word for word in found if word is not None and word.end > at), None)

    def strings(self) -> Iterator[tuple[int, int, int]]:
        """(start, end, where the given name begins) of everything that has the form of a name."""
        text = self._text
        for start in range(len(text)):
            length = self._table.at(text, start)
            if not length or _CALLED.match(text, start + length):
                continue
            for end in range(start + length + 1, min(start + length + 2, len(text)) + 1):
                given = text[start + length : end]
                if not _GIVEN.fullmatch(given) or not _NOT_GIVEN.isdisjoint(given):
                    break
                if text[start:end] not in _NO_NAMES and text[start : start + 2] not in _NO_NAMES:
                    yield start, end, start + length

    def is_of_a_place(self, start: int, end: int) -> bool:
        """Whether the string belongs to the name of a place or firm. (A given name may be a city's: 耿*长春*.)"""
        return (
            _OF_A_PLACE.match(self._text, end) is not None
            or start in self._places
            or (end - 1 in self._places and end in self._places)
        )

    def points(self, start: int, end: int, given: int) -> float:
        """How much speaks for the string between ``start`` and ``end`` to be a person's name."""
        text = self._text
        before, as_words = self._before(start), self._as_words(start, end)
        points = before + self._after(end) + as_words - 0.5 * (end - start == 2)
        if text[start:given] in self._table.doubtful:
            points -= 0.3 if as_words >= 1.5 else 1.0
        begin = max(0, start - 8)
        if _OFFICIAL.search(text, begin, start) and _COMMENTS.match(text, end):
            points -= 2.0
        in_a_row = _ROW_BEFORE.search(text, begin, start) is not None and _ROW_AFTER.match(text, end) is not None
        points += 1.0 * in_a_row
        if self._persons is not None:
            possible = points >= ENOUGH - _LEXED
            points += (
                _LEXED if possible and self._persons.has(start, end) else _NOT_LEXED * (before < 2.0 and not in_a_row)
            )
        return points

    def _before(self, start: int) -> float:
        begin = max(0, start - 8)
        if _IS_SOMEBODY.search(self._text, begin, start):
            return 2.0
        if _BREAK_BEFORE.search(self._text, begin, start):
            return 1.0
        return 0.7 if self._text.endswith(_LINKS, begin, start) else -0.5

    def _after(self, end: int) -> float:
        if _BREAK_AFTER.match(self._text, end) or _DOES.match(self._text, end):
            return 1.0
        following = self._words.get(end)
        return 0.7 if following is not None and following.tag.startswith(_DOES_TAGS) else 0.0

    def _as_words(self, start: int, end: int) -> float:
        """Whether the string is a word, or words, and not cut out of some."""
        word = self._words.get(start)
        ends_a_word = end in self._limits
        points = 0.0 if ends_a_word or _BREAK_AFTER.match(self._text, end) else -0.3
        if word is not None and word.end == end:
            if word.tag in _NAME_TAGS:
                return points + (0.0 if end - start == 2 and is_common_word(word.text) else 1.5)
            return points - 2.5 if is_common_word(word.text) else points + 0.7
        if word is not None and end - word.end == 1 and word.tag not in _NAME_TAGS and is_common_word(word.text):
            return points - 1.5
        if self._cuts_a_word(start):
            return points - 1.5
        if ends_a_word:
            return points + (0.7 if word is not None else 0.2)
        return points if word is not None else points - 0.7

    def _cuts_a_word(self, start: int) -> bool:
        """Whether the string begins with the end of an everyday word (工*程*专业)."""
        before = self._word_at(start)
        return before is not None and before.start < start and is_common_word(before.text)


class _Persons:
    """What LAC takes for persons' names, sentence by sentence, when asked."""

    def __init__(self, text: str, lexer: Lexer) -> None:
        self._text = text
        self._lexer = lexer
        self._sentences: dict[int, frozenset[tuple[int, int]]] = {}

    def has(self, start: int, end: int) -> bool:
        """Whether LAC has a person's name from ``start`` to ``end``."""
        begin = max(self._text.rfind(mark, 0, start) for mark in _SENTENCE_ENDS) + 1
        if begin not in self._sentences:
            limits = [at for mark in _SENTENCE_ENDS if (at := self._text.find(mark, end)) >= 0]
            words = self._lexer(self._text[begin : min(limits, default=len(self._text))])
            self._sentences[begin] = frozenset(
                (begin + word.end - len(word.text.lstrip()), begin + word.end) for word in words if word.tag == "PER"
            )
        return (start, end) in self._sentences[begin]
