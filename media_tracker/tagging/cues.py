"""Cue words and their weights: editable tables, and a matcher that finds all of a table's cues in one pass.

A cue is a literal piece of text, or a *pattern* named in braces (``{complaint}``): patterns are regular expressions and
live here, so that a table's editor can weigh them but cannot write one that never ends. Further names in braces
(``{region}``, ``{long}``…) stand for facts that ``suggest`` finds out.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import get_args

from ahocorasick_rs import AhoCorasick, MatchKind

from media_tracker.errors import N_, InvalidInput
from media_tracker.tagging.evidence import Kind, Outcome

_WHO = r"(?:市民|居民|业主|村民|读者|网友|商户|群众|住户|家长|老人|先生|女士|大爷|大妈|阿姨|师傅)"
PATTERNS: Mapping[str, re.Pattern[str]] = {
    "{complaint}": re.compile(
        _WHO + r"[^。\n]{0,15}?(?:反映|投诉|求助|来电|吐槽|抱怨|拨打|打来电话|爆料|发帖|留言|诉苦)"
    ),
    "{reporter_saw}": re.compile(r"记者[^。\n]{0,12}?(?:看到|发现|注意到|走访|来到|数了|目测|实测|清点|体验)"),
    "{reporter_again}": re.compile(r"(?:记者|本报)[^。,\n]{0,8}?(?:再次|再度|重新|第二次|再到|再访|重返|回访|又来到)"),
    "{back_reference}": re.compile(
        r"(?:\d日|上周|上月|前|此前|日前|曾|本报|晚报|晨报|日报|本台)[^。\n]{0,14}?(?:曝光|报道|刊发|关注)(?:的|后|过|了|一事|之后)"
    ),
    "{nobody_cares}": re.compile(
        r"(?:没人|无人|没有人|谁来|谁也不|迟迟[没未不]|一直[没未无])[^。,\n]{0,4}?(?:管|清|修|理|收|问|处理|解决|动)"
    ),
    "{unit_replies}": re.compile(
        r"(?:街道|办事处|物业|局|中心|社区|公司|镇|大队|所)[^。\n]{0,14}?(?:表示|称|回应|答复|介绍|承认|坦言)[,:]"
    ),
    "{before_and_now}": re.compile(
        r"(?:原来|原先|曾经|以前|之前|过去|昔日|此前)[^。\n]{0,30}?(?:如今|现在|已经|已|不见|变成)"
    ),
    "{now_fixed}": re.compile(
        r"(?:已|已经|全部|全都|都已|重新|统一|连夜|当天)(?:被|由|将|把)?[^。,\n没未不将]{0,6}?"
        r"(?:清理|清运|清走|清除|清空|修复|修好|更换|换新|拆除|补齐|填平|铺设|疏通|整改|安装|恢复|腾退|发放|盖上|打捞|施划)"
    ),
    "{still_not}": re.compile(r"(?:仍|依然|依旧|还是|至今|一直|却)(?:未|没|无|不|然无|旧无)"),
    "{helped}": re.compile(
        r"(?:救|扶|背|抱|抬|送|捡|拾)(?:起|上|下|出|到|回|着|走)(?:了|来|去|一|老|孩|失|钱|手|车|岸|医|家)"
    ),
    "{years_of_service}": re.compile(
        r"(?:坚持|义务|免费|照顾|守|帮|服务|捐)[^。\n]{0,14}?(?:\d+|[一二三四五六七八九十]+)(?:多)?年"
    ),
    "{authority_acts}": re.compile(
        r"(?:[市区县委局会府办镇院]|街道|大队|分局|部门)[^。,\n]{0,10}?(?:召开|印发|出台|发布|启动|部署|联合|公布|组织|开展|推出|推行|实施|获悉)"
    ),
    "{from_a_date}": re.compile(r"(?:自|从|于)?\d{1,2}月(?:\d{1,2}日)?(?:起|前|底前|开始)"),
}
FACTS = frozenset({"{region}", "{community}", "{no_region}", "{elsewhere}", "{long}", "{problem_words}", "{question}"})

_FIELDS = ("", "title", "body", "column")
_HEAVIEST = 10.0


@dataclass(frozen=True, slots=True)
class Cue:
    """``text`` (a literal, or a name in braces) speaks for ``label`` with ``weight``; ``field`` empty: title and body."""

    text: str
    label: str
    weight: float
    field: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """``text[start:end]`` is one of a table's cues; ``votes`` are its (label, weight) pairs in that field."""

    start: int
    end: int
    cue: str
    votes: tuple[tuple[str, float], ...]


class CueTable:
    """The cues of one question (which kind? which category?), ready to be found in text."""

    def __init__(self, cues: Iterable[Cue]) -> None:
        self._votes: dict[str, dict[str, dict[str, float]]] = {field: {} for field in _FIELDS}
        for cue in cues:
            fields = ("title", "body") if not cue.field else (cue.field,)
            for field in fields:
                votes = self._votes[field].setdefault(cue.text, {})
                votes[cue.label] = max(cue.weight, votes.get(cue.label, 0.0))
        self._matchers = {field: _Matcher(votes) for field, votes in self._votes.items() if votes}

    def find(self, text: str, field: str) -> list[Hit]:
        """Hits in ``text`` (normalised), the longest literal at each place, then the first match of each pattern."""
        matcher = self._matchers.get(field)
        return matcher.find(text) if matcher is not None else []

    def labels(self) -> frozenset[str]:
        """All that the table's cues speak for."""
        return frozenset(label for cues in self._votes.values() for votes in cues.values() for label in votes)

    def of(self, name: str) -> Mapping[str, float]:
        """Label → weight of a fact such as ``{region}``."""
        return self._votes["body"].get(name, {})


class _Matcher:
    def __init__(self, votes: Mapping[str, Mapping[str, float]]) -> None:
        self._literals = [(text, tuple(labels.items())) for text, labels in votes.items() if not _is_name(text)]
        self._patterns = [
            (text, PATTERNS[text], tuple(labels.items())) for text, labels in votes.items() if text in PATTERNS
        ]
        self._automaton = AhoCorasick([text for text, _ in self._literals], matchkind=MatchKind.LeftmostLongest)

    def find(self, text: str) -> list[Hit]:
        hits = [
            Hit(start, end, *self._literals[index])
            for index, start, end in self._automaton.find_matches_as_indexes(text)
        ]
        for name, pattern, votes in self._patterns:
            match = pattern.search(text)
            if match is not None:
                hits.append(Hit(match.start(), match.end(), name, votes))
        return hits


@dataclass(frozen=True, slots=True)
class Cues:
    """The three tables; ``version`` is a short hash of their contents."""

    kind: CueTable
    category: CueTable
    outcome: CueTable
    version: str


LABELS: Mapping[str, tuple[str, ...]] = {"kind": get_args(Kind), "category": (), "outcome": get_args(Outcome)}
"""The tables, and what their cues may speak for; of categories the taxonomy knows."""


def read_cues(directory: Path | None = None) -> Cues:
    """Read ``kind_cues.csv``, ``category_cues.csv`` and ``outcome_cues.csv`` from ``directory``, or those that are shipped.

    Raises ``InvalidInput`` with file and line for an empty cue, an unknown kind, pattern or field, or a weight that is none.
    """
    source: Traversable = directory if directory is not None else resources.files(__package__) / "data"
    return cues_of({name: list(_rows(source / f"{name}_cues.csv", name)) for name in LABELS})


def cues_of(tables: Mapping[str, Sequence[Cue]]) -> Cues:
    """The tables ``kind``, ``category`` and ``outcome``, ready to be found in text; the version is that of their contents."""
    ordered = {name: list(tables[name]) for name in LABELS}
    digest = hashlib.sha256(repr(ordered).encode()).hexdigest()[:8]
    found = {name: CueTable(cues) for name, cues in ordered.items()}
    return Cues(found["kind"], found["category"], found["outcome"], version=f"cues-{digest}")


def check_cue(cue: Cue, name: str) -> bool:
    """Whether ``cue`` can stand in the table ``name``: a text or a known name in braces, a known label, field and weight."""
    labels = LABELS[name]
    known = not _is_name(cue.text) or cue.text in PATTERNS or cue.text in FACTS
    labelled = cue.label in labels if labels else bool(cue.label)
    return bool(cue.text) and known and labelled and cue.field in _FIELDS and 0.0 < cue.weight <= _HEAVIEST


def _rows(table: Traversable, name: str) -> Iterator[Cue]:
    reader = csv.DictReader(io.StringIO(table.read_text(encoding="utf-8-sig"), newline=""), restval="")
    for row in reader:
        cue = cue_of(row, name)
        if not check_cue(cue, name):
            raise _bad_line(table.name, reader.line_num)
        yield cue


def cue_of(row: Mapping[str, str], name: str) -> Cue:
    """A line of the table ``name``; a weight that is no number becomes 0, which ``check_cue`` refuses."""
    try:
        weight = float(row.get("weight", ""))
    except ValueError:
        weight = 0.0
    return Cue(row.get("cue", "").strip(), row.get(name, "").strip(), weight, row.get("field", "").strip())


def _is_name(text: str) -> bool:
    return text.startswith("{") and text.endswith("}")


def _bad_line(file: str, line: int) -> InvalidInput:
    return InvalidInput(N_("Line {line} of {file} is not a cue."), line=line, file=file)
