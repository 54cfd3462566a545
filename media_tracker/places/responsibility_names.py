"""What the names in a responsibility sheet mean: categories, regions and units, by code, name or alias. Pure."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from bson import ObjectId

from media_tracker.errors import N_, InvalidInput
from media_tracker.places.regions import LEVELS, Level, Region, RegionTree
from media_tracker.places.units import UnitTree
from media_tracker.taxonomy.categories import Category

EVERYTHING = frozenset({"全部", "所有", "全类别", "各类", "不限", "全市", "全域", "全区域", "各区县", "all"})
"""How sheets write that a row is for every category, or for every region."""


@dataclass(frozen=True, slots=True)
class Known:
    """What names may mean. ``people``: accounts by user name and by name (``plain``), without names that two share."""

    categories: Sequence[Category]
    regions: RegionTree
    units: UnitTree
    people: Mapping[str, ObjectId] = field(default_factory=dict)
    since: date = date.min
    """The first day of rows that give none."""


def plain(name: str) -> str:
    """A name without what people write differently: width, case and spaces."""
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()


class Names:
    """Looks names up. What cannot be told is an ``InvalidInput`` with a sentence for the row."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._categories: dict[str, set[str]] = defaultdict(set)
        for category in known.categories:
            names = (category.code, category.name_zh, category.name_en, f"{category.code}{category.name_zh}")
            for name in filter(None, names):
                self._categories[plain(name)].add(category.code)
        self._units: dict[str, set[ObjectId]] = defaultdict(set)
        for unit in known.units:
            for name in (unit.name, *unit.aliases):
                self._units[plain(name)].add(unit.id)
        self._regions: dict[str, list[Region]] = defaultdict(list)
        for region in known.regions:
            for name in {plain(each) for each in _names_of(known.regions, region)}:
                self._regions[name].append(region)

    def category(self, text: str) -> str | None:
        """The code that ``text`` names; None where it says that all are meant."""
        name = plain(text)
        if name in EVERYTHING:
            return None
        codes = (
            {name} if any(name == each.code for each in self._known.categories) else self._categories.get(name, set())
        )
        if not codes:
            raise InvalidInput(N_("“{name}” is no category that is known here, by code or by name."), name=text)
        if len(codes) > 1:
            raise InvalidInput(N_("Several categories are called “{name}”: write the code."), name=text)
        return next(iter(codes))

    def region(self, text: str, level: Level | None = None, under: Sequence[str] = ()) -> str | None:
        """The code of the region that ``text`` names; None where it says that all are meant.

        ``level``: what the column holds; None: the highest with this name. ``under``: names of regions that it lies in, or
        is administered by.
        """
        name = plain(text)
        if name in EVERYTHING:
            return None
        if name.upper() in self._known.regions:
            return name.upper()
        found = [each for each in self._regions.get(name, []) if level is None or each.level == level]
        for above in under:
            codes = self._codes(above)
            if not codes:
                raise InvalidInput(N_("“{name}” is no region that is known here, by code or by name."), name=above)
            found = [each for each in found if any(self._known.regions.covers(code, each.code) for code in codes)]
        if not found:
            raise InvalidInput(N_("“{name}” is no region that is known here, by code or by name."), name=text)
        highest = min(LEVELS.index(each.level) for each in found)
        best = [each for each in found if LEVELS.index(each.level) == highest]
        if len(best) > 1:
            raise InvalidInput(
                N_("Several regions are called “{name}”: write the code, or what lies above it."), name=text
            )
        return best[0].code

    def unit(self, text: str) -> ObjectId:
        """The unit that ``text`` names, which is not dissolved."""
        units = self._units.get(plain(text), set())
        standing = {unit for unit in units if self._known.units.by_id[unit].active}
        if units and not standing:
            raise InvalidInput(N_("The unit “{name}” is dissolved."), name=text)
        if not standing:
            raise InvalidInput(
                N_("“{name}” is no unit that is known here. Add it under Units, or as another name."), name=text
            )
        if len(standing) > 1:
            raise InvalidInput(N_("Several units are called “{name}”: write the full name."), name=text)
        return next(iter(standing))

    def _codes(self, text: str) -> list[str]:
        """What the name of a region above may mean; all regions at the top where it says "all"."""
        name = plain(text)
        if name in EVERYTHING:
            return [region.code for region in self._known.regions.children(None)]
        if name.upper() in self._known.regions:
            return [name.upper()]
        return [region.code for region in self._regions.get(name, [])]


def _names_of(tree: RegionTree, region: Region) -> Iterable[str]:
    """Name and aliases, alone and after what lies above: 马尚街道, 张店区马尚街道, 淄博市张店区马尚街道."""
    label = tree.label(region.code)
    city, *below = (tree[code].name for code in tree.path(region.code))
    yield from (region.name, *region.aliases, label, "".join(below))
    if below:
        yield from (f"{city}{label}", "".join((city, *below)))
