"""Names of what a problem refers to by id or code, in the reader's language; and the choices of its forms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from media_tracker.places.regions import RegionTree
from media_tracker.places.units import UnitTree
from media_tracker.taxonomy.categories import Category
from media_tracker.taxonomy.service import CategoryTable
from media_tracker.web.i18n import current_locale
from media_tracker.wiring import Services

Option = dict[str, Any]
"""``{value, label}``, or ``{group, options}``: what ``forms.select`` takes."""


@dataclass(frozen=True, slots=True)
class Names:
    """Units, regions, categories and outlets as they are now."""

    units: UnitTree
    regions: RegionTree
    categories: CategoryTable
    outlets: Mapping[ObjectId, str]

    def unit(self, unit_id: ObjectId | None) -> str:
        return self.units.name(unit_id)

    def units_of(self, ids: Iterable[ObjectId]) -> list[str]:
        return [name for unit_id in ids if (name := self.units.name(unit_id))]

    def region(self, code: str | None) -> str:
        return self.regions.label(code) if code is not None and code in self.regions else ""

    def category(self, code: str) -> str:
        known = self.categories.by_code.get(code)
        return category_name(known) if known else code

    def category_with_class(self, code: str) -> str:
        """The class above it first: 生活环境卫生 · 卫生死角."""
        return " · ".join(self.category(each) for each in reversed(self.categories.path(code))) or code

    def outlet(self, outlet_id: ObjectId | None) -> str:
        return self.outlets.get(outlet_id, "") if outlet_id is not None else ""

    def category_options(self) -> list[Option]:
        """Sub-classes under their classes: what a problem can be."""
        return [
            {"group": category_name(top), "options": [_option(each) for each in below]}
            for top, below in self.categories.groups()
        ]

    def category_filter(self) -> list[Option]:
        """Classes, each followed by its sub-classes: what a list can be narrowed to."""
        return [
            {"group": category_name(top), "options": [_option(each) for each in (top, *below)]}
            for top, below in self.categories.groups()
        ]

    def district_options(self) -> list[Option]:
        return [{"value": r.code, "label": r.name} for r in self.regions if r.level == "district"]

    def unit_options(self) -> list[Option]:
        """Units that can be put in charge."""
        return [{"value": str(unit.id), "label": unit.name} for unit in self.units.active()]

    def outlet_options(self) -> list[Option]:
        return [{"value": str(key), "label": name} for key, name in self.outlets.items()]


async def read_names(services: Services) -> Names:
    """Read all of them: they are small tables."""
    return Names(
        await services.places.units(),
        await services.places.regions(),
        await services.taxonomy.table(),
        await services.outlets.names(),
    )


def category_name(category: Category) -> str:
    """A category's name in the reader's language."""
    return category.name_en if current_locale() == "en" and category.name_en else category.name_zh


def _option(category: Category) -> Option:
    return {"value": category.code, "label": category_name(category)}
