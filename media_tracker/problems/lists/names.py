"""What names in a list of problems mean: categories, regions and units, and which names come near one that is unknown. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import TypeVar, TypeVarTuple, Unpack

from bson import ObjectId

from media_tracker.errors import N_, InvalidInput
from media_tracker.places.regions import Level, RegionTree
from media_tracker.places.responsibility_names import Known, Names, plain
from media_tracker.places.units import UnitTree
from media_tracker.taxonomy.categories import Category

Ts = TypeVarTuple("Ts")
T = TypeVar("T")

NEAREST = 3
MOST_OFFERS = 500
"""For so many unknown names the nearest are looked for; a list with more is of another city."""
LONGEST_NAME = 100
_OFFICE = re.compile(
    r"(?:人民政府|办事处|管理委员会|管委会|居民委员会|居委会|村民委员会|村委会|党群服务中心|党委|政府)$"
)
_SUFFIXES = {"district": ("区", "县", "市"), "subdistrict": ("街道", "镇", "乡"), "community": ("社区", "村", "居")}
_BETWEEN = re.compile(r"[、,，;；\n]+")


class Unknown(Exception):
    """A name that means nothing here, or more than one thing. ``sentence`` is a gettext id, ``nearest`` what may be meant."""

    def __init__(self, sentence: str, name: str, nearest: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.name = name[:LONGEST_NAME]
        self.nearest = tuple(nearest)
        self.params = {"name": self.name, "nearest": "、".join(nearest) or "—"}

    def again(self) -> Unknown:
        """The same, to be raised at another place."""
        return Unknown(self.sentence, self.name, self.nearest)


def _once(look_up: Callable[[Unpack[Ts]], T]) -> Callable[[Unpack[Ts]], T]:
    """``look_up``, asked once for each name: what it does not find is remembered, too."""
    known: dict[tuple[object, ...], T] = {}
    unknown: dict[tuple[object, ...], Unknown] = {}

    def found(*name: *Ts) -> T:
        if name in unknown:
            raise unknown[name].again()
        if name not in known:
            try:
                known[name] = look_up(*name)
            except Unknown as error:
                unknown[name] = error.again()
                raise
        return known[name]

    return found


class ListNames:
    """Looks names up, each once: a list of thousands of rows has few of them."""

    def __init__(self, categories: Sequence[Category], regions: RegionTree, units: UnitTree) -> None:
        self._names = Names(Known(categories, regions, units))
        self._categories = {category.code: category for category in categories}
        self._regions = regions
        self._units = units
        self._offers = MOST_OFFERS
        self.category = _once(self._category)
        self.region = _once(self._region)
        self.units = _once(self._all_units)

    def label(self, region: str) -> str:
        """The region as it is written in running text; "" for a city, which is no place to go and look at."""
        return "" if self._regions[region].level == "city" else self._regions.label(region)

    def _unknown(self, sentence: str, name: str, known: Sequence[str]) -> Unknown:
        """An unknown name with the nearest ones, as long as there are not too many of them to look for each one's."""
        self._offers -= 1
        return Unknown(sentence, name, nearest(name[:LONGEST_NAME], known) if self._offers >= 0 else ())

    def _category(self, text: str) -> str:
        """The code of the sub-class that ``text`` names. Raises ``Unknown``."""
        try:
            code = self._names.category(text)
        except InvalidInput:
            code = None
        found = self._categories.get(code) if code is not None else None
        if found is None:
            known = [each.name_zh for each in self._categories.values() if each.parent is not None and each.active]
            raise self._unknown(N_("“{name}” is no category that is known here. Nearest: {nearest}."), text, known)
        if found.parent is None:
            below = [each.name_zh for each in self._categories.values() if each.parent == found.code and each.active]
            raise Unknown(N_("“{name}” is a class: name one of its categories: {nearest}."), text, tuple(below))
        if not found.active:
            known = [each.name_zh for each in self._categories.values() if each.parent == found.parent and each.active]
            raise self._unknown(N_("The category “{name}” is no longer in use. Nearest: {nearest}."), text, known)
        return found.code

    def _region(self, text: str, level: Level | None, above: str | None) -> str | None:
        """The code of the region of ``level`` that ``text`` names, in ``above`` if that is given; None: all of the city.

        Raises ``Unknown``.
        """
        sentence = ""
        under = [above] if above is not None else []
        for written in _variants(text, level):
            try:
                return self._names.region(written, level, under)
            except InvalidInput as error:
                sentence = error.message
        if (
            any(plain(text) == plain(name) for each in self._regions for name in (each.name, *each.aliases))
            and not above
        ):
            raise Unknown(sentence, text)  # several have this name
        here = [
            each.name
            for each in self._regions
            if (level is None or each.level == level) and (above is None or self._regions.covers(above, each.code))
        ]
        raise self._unknown(N_("“{name}” is no region that is known here. Nearest: {nearest}."), text, here)

    def _all_units(self, text: str) -> tuple[ObjectId, ...]:
        """The units that ``text`` names: one as a whole, or else each of its parts. Raises ``Unknown``."""
        parts = [part for each in _BETWEEN.split(text) if (part := each.strip())]
        try:
            return (self._unit(text),)
        except Unknown:
            if len(parts) < 2:
                raise
        return tuple(dict.fromkeys(self._unit(part) for part in parts))

    def _unit(self, text: str) -> ObjectId:
        try:
            return self._names.unit(text)
        except InvalidInput as error:
            sentence = error.message
        standing = [name for unit in self._units.active() for name in (unit.name, *unit.aliases)]
        if any(plain(text) == plain(name) for unit in self._units for name in (unit.name, *unit.aliases)):
            raise Unknown(sentence, text)  # it is dissolved, or several have this name
        raise self._unknown(N_("“{name}” is no unit that is known here. Nearest: {nearest}."), text, standing)


def _variants(text: str, level: Level | None) -> Iterable[str]:
    """A name as written, without the office that it is said of, and with the word that it was written without."""
    yield text
    bare = _OFFICE.sub("", plain(text))
    if bare and bare != plain(text):
        yield bare
    for suffix in _SUFFIXES.get(level or "", ()):
        if bare and not bare.endswith(suffix):
            yield f"{bare}{suffix}"


def nearest(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Up to three of ``known`` that look most like ``name``: those that hold it or are held by it, then by shared characters."""
    letters = set(name)
    names = [each for each in dict.fromkeys(known) if not letters.isdisjoint(each)]
    holding = sorted((each for each in names if name in each or each in name), key=lambda each: (len(each), each))
    return tuple(dict.fromkeys([*holding[:NEAREST], *get_close_matches(name, names, NEAREST, 0.4)]))[:NEAREST]
