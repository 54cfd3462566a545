"""Where, as what and for whom things count, by the tables as they are now. Pure.

A body that takes over a street takes its figures, those of the past as well: periods stay comparable.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property

from bson import ObjectId

from media_tracker.monitor.definitions import Dimension
from media_tracker.monitor.lines import Told
from media_tracker.monitor.stages import PATHS, Stage
from media_tracker.outlets.commitments import Commitments
from media_tracker.outlets.documents import Project
from media_tracker.places.regions import RegionTree
from media_tracker.taxonomy.service import CategoryTable

SEPARATOR = "\x1f"
"""Between several values of one line, in one text."""

FIELD_OF: Mapping[Dimension, str] = {
    Dimension.OUTLET: "outlets",
    Dimension.COLUMN: "columns",
    Dimension.PROJECT: "projects",
    Dimension.DISTRICT: "region",
    Dimension.STREET: "region",
    Dimension.COMMUNITY: "region",
    Dimension.CATEGORY: "category",
    Dimension.SUBCATEGORY: "category",
    Dimension.UNIT: "unit",
    Dimension.SEVERITY: "severity",
    Dimension.SOURCE: "source",
    Dimension.STAGE: "stage",
}
"""By which field of a line each dimension is found; months and days are found by the sheet that a line stands in."""


class Placing:
    """The tables, with what has been asked of them."""

    def __init__(self, tree: RegionTree, categories: CategoryTable, projects: Iterable[Project]) -> None:
        self.tree = tree
        self.categories = categories
        self._projects = list(projects)
        self.commitments = Commitments(self._projects)
        self._values: dict[tuple[Dimension, str], tuple[str, ...]] = {}
        self._meant: dict[tuple[Dimension, str], tuple[str, ...]] = {}

    @cached_property
    def digest(self) -> str:
        """Changes when some project counts other stories."""
        told = sorted(
            repr((str(each.id), str(each.outlet_id), each.starts, each.ends, sorted(each.columns)))
            for each in self._projects
        )
        return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]

    @property
    def tables(self) -> tuple[object, ...]:
        """Equal as long as the tables are the same."""
        return self.tree, self.categories, self.digest

    def of(self, region: str | None) -> tuple[str | None, str | None, str | None]:
        """The district, street and community that count ``region``."""
        if not region or region not in self.tree:
            return None, None, None
        below = {self.tree[code].level: code for code in self.tree.path(region)}
        return self.tree.district_for_counting(region), below.get("subdistrict"), below.get("community")

    def projects_of(self, told: Iterable[Told]) -> frozenset[ObjectId]:
        """The projects that stories of these voices count for."""
        return frozenset(
            project
            for each in told
            if each.day and each.outlet
            for project in self.commitments.of(ObjectId(each.outlet), each.column, date.fromisoformat(each.day))
        )

    def values(self, by: Dimension, value: str) -> tuple[str, ...]:
        """To which values of ``by`` a line falls whose field (``FIELD_OF``) holds ``value``; ``("",)``: to none."""
        found = self._values.get((by, value))
        if found is None:
            found = self._values[by, value] = self._look_up(by, value)
        return found

    def meant(self, by: Dimension, value: str) -> tuple[str, ...]:
        """By which filters of ``by`` such a line is found: classes find what is under them, stages what comes after them."""
        found = self._meant.get((by, value))
        if found is None:
            if by is Dimension.CATEGORY:
                found = tuple(self.categories.path(value)) or ("",)
            elif by is Dimension.STAGE:
                found = PATHS[Stage(value)] if value else ("",)
            else:
                found = self.values(by, value)
            self._meant[by, value] = found
        return found

    def _look_up(self, by: Dimension, value: str) -> tuple[str, ...]:
        match by:
            case Dimension.OUTLET | Dimension.COLUMN | Dimension.PROJECT:
                return tuple(value.split(SEPARATOR))
            case Dimension.DISTRICT:
                return (self.of(value)[0] or "",)
            case Dimension.STREET:
                return (self.of(value)[1] or "",)
            case Dimension.COMMUNITY:
                return (self.of(value)[2] or "",)
            case Dimension.CATEGORY:
                return tuple(self.categories.path(value)[-1:]) or ("",)
            case Dimension.SUBCATEGORY:
                return tuple(self.categories.path(value)[:1]) or ("",)
        return (value,)


def outlets_of(told: Iterable[Told]) -> str:
    """The outlets of these voices, as a field holds them."""
    return SEPARATOR.join(sorted({each.outlet for each in told} - {""}))


def columns_of(told: Iterable[Told]) -> str:
    """Their columns."""
    return SEPARATOR.join(sorted({each.column for each in told} - {""}))


def together(ids: Iterable[ObjectId]) -> str:
    """Ids, as a field holds them."""
    return SEPARATOR.join(sorted(map(str, ids)))
