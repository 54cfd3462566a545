"""Finds the names of regions, and of places outside, in text.

A name counts by how sure it is to be one:

- *full*: with its suffix (和平街道, 桃园社区);
- *bare*: without it (萌水 for 萌水镇): sure for districts, for the rest only with support from elsewhere in the text;
- *everyday*: bare, and also an ordinary word (天桥, 公园, 大街): only right after the place it lies in (济南天桥, 张店公园).

Names followed by a road's suffix (博山路) are roads, not regions; names in an outlet's (淄博晚报) count for little.
Text is expected as ``text.normalise`` gives it: half-width, no lone surrogates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from importlib import resources
from importlib.resources.abc import Traversable

from ahocorasick_rs import AhoCorasick, MatchKind

from media_tracker.places.regions import LEVELS, Region, RegionTree, rows_of

_SUFFIXES = ("市", "区", "县", "街道", "镇", "乡", "社区", "村")
_PUBLIC = ("路", "街", "巷", "站", "厂", "桥", "大学", "学院", "医院", "公园", "广场", "市场")
_ROAD_AFTER_FULL = re.compile(r"[路街巷](?![道口面边灯上中旁两段侧头东西南北])")
_ROAD_AFTER_BARE = re.compile(r"大道|[大东西南北中一二三四五]?(?:路|巷|街(?![头上边道区]))")
_OUTLET_AFTER = re.compile(
    r"[市区县]?(?:日报|晚报|晨报|商报|时报|报业|融媒|新闻网|新闻中心|广播|电视|网|发布|(?:记者)?站)"
)
_OUTLET_BEFORE = re.compile(r"(?:掌中|活力|大众网|大众日报|商报|新闻网|爱)$")
_DATELINE_AFTER = re.compile(r"(?:\d{1,2}月)?\d{1,2}日(?:讯|电|消息)|讯|消息|报道")
_NEAR = 1
"""Characters that may stand between an everyday name and the place it lies in."""


class Strength(Enum):
    """How sure a name is to be the place's, as a factor of its weight."""

    FULL = 1.0
    BARE = 0.7
    EVERYDAY = 0.5
    OUTLET = 0.2


@dataclass(frozen=True, slots=True)
class Mention:
    """``text[start:end]`` names one of ``codes``; without codes, a place outside (``within``: in that city of ours)."""

    start: int
    end: int
    text: str
    codes: tuple[str, ...]
    strength: Strength = Strength.FULL
    within: str | None = None
    organisation: bool = False
    """It names a unit, which is there but is no place."""

    @property
    def outside(self) -> bool:
        return not self.codes


@dataclass(frozen=True, slots=True)
class _Name:
    codes: tuple[str, ...]
    strength: Strength
    within: str | None = None
    organisation: bool = False


class Gazetteer:
    """Names of ``tree``, of extra ``places`` and ``units`` (name → region code), and of cities and provinces outside."""

    def __init__(
        self,
        tree: RegionTree,
        places: Mapping[str, str] | None = None,
        units: Mapping[str, str] | None = None,
        data: Traversable | None = None,
    ) -> None:
        source = data if data is not None else resources.files(__package__) / "data"
        everyday = frozenset(row["name"] for row in rows_of(source / "everyday.csv"))
        self.tree = tree
        names = _outside_names(rows_of(source / "elsewhere.csv"))
        names.update(_region_names(tree, everyday))
        for extra, are_units in ((places or {}, False), (units or {}, True)):
            for name, code in extra.items():
                if name:
                    names[name] = _Name((tree[code].code,), Strength.FULL, organisation=are_units)
        self._names = list(names.values())
        self._automaton = AhoCorasick(list(names), matchkind=MatchKind.LeftmostLongest)

    def find(self, text: str) -> list[Mention]:
        """Mentions in ``text`` in order, not overlapping, the longest name at each place."""
        found: list[Mention] = []
        for index, start, end in self._automaton.find_matches_as_indexes(text):
            mention = self._in_context(text, start, end, self._names[index], found)
            if mention is not None:
                found.append(mention)
        return found

    def _in_context(self, text: str, start: int, end: int, name: _Name, before: Sequence[Mention]) -> Mention | None:
        codes, strength = name.codes, name.strength
        if _OUTLET_AFTER.match(text, end) or _OUTLET_BEFORE.search(text, max(0, start - 4), start):
            strength = Strength.OUTLET
        elif strength is Strength.EVERYDAY:
            codes = self._beside(start, codes, before)
            if not codes and _DATELINE_AFTER.match(text, end) and self._is_district(name.codes):
                codes = name.codes
        if not codes and name.codes:
            return None
        road = _ROAD_AFTER_FULL if text[start:end].endswith(_SUFFIXES) else _ROAD_AFTER_BARE
        if road.match(text, end):
            return None
        return Mention(start, end, text[start:end], codes, strength, name.within, name.organisation)

    def _beside(self, start: int, codes: tuple[str, ...], before: Sequence[Mention]) -> tuple[str, ...]:
        """Those of ``codes`` that lie in a region named just before ``start``."""
        if not before or start - before[-1].end > _NEAR:
            return ()
        return tuple(
            code for code in codes if any(above != code and self.tree.covers(above, code) for above in before[-1].codes)
        )

    def _is_district(self, codes: tuple[str, ...]) -> bool:
        return all(self.tree[code].level == "district" for code in codes)


def _outside_names(rows: Iterable[dict[str, str]]) -> dict[str, _Name]:
    outside = {}
    for row in rows:
        for name in (row["name"], row["short"]):
            if name:
                outside[name] = _Name((), Strength.FULL, row["within"] or None)
    return outside


def _region_names(tree: RegionTree, everyday: frozenset[str]) -> dict[str, _Name]:
    """Name → regions. A name that regions of several levels bear is the highest one's (博山 is the district)."""
    bearers: dict[str, list[Region]] = {}
    for region in sorted(tree, key=lambda region: LEVELS.index(region.level)):
        for name in (region.name, *region.aliases):
            others = bearers.setdefault(name, [])
            if region not in others and (not others or others[0].level == region.level):
                others.append(region)
    names = {}
    for name, regions in bearers.items():
        strength = _strength(name, regions[0], everyday)
        if strength is not None:
            names[name] = _Name(tuple(region.code for region in regions), strength)
    return names


def _strength(name: str, region: Region, everyday: frozenset[str]) -> Strength | None:
    """None: not to be found at all, being too short, or a road's or station's name that a community took."""
    if len(name) < 2:
        return None
    if name.endswith(_SUFFIXES) and len(name) > 2 and name not in everyday:
        return Strength.FULL
    if region.level == "community" and ((len(name) == 2 and not name.endswith("村")) or name.endswith(_PUBLIC)):
        return None
    if name in everyday or (region.level == "community" and len(name) == 2):
        return Strength.EVERYDAY
    return Strength.FULL if region.level in ("city", "district") else Strength.BARE
