"""Who is responsible for what, where and since when (责任分工表), whom that proposes, and where nobody stands. Pure.

Rows are dated and never deleted: a row whose last day has passed still answers for its own days. Days are local days of the
installation; the last day belongs to the period. A row without a category is for every category, one without a region for every
place. Codes of regions are looked for in *routing paths* (``routing_path``), which put the body that administers a place where
its own district stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import combinations

from bson import ObjectId

from media_tracker.places.regions import RegionTree


class Duty(StrEnum):
    """What a unit does with the problems of a row: it is in charge (主办), or it helps the one that is (协办)."""

    LEAD = "lead"
    CO = "co"


class Relation(StrEnum):
    """The three ways of standing behind something (包挂)."""

    LEADER = "leader"  # a leader of the district backs a subdistrict (区级领导包挂街道)
    CIVILISED_UNIT = "civilised_unit"  # a civilised unit backs a community (文明单位包挂社区)
    INDICATOR = "indicator"  # a department backs an indicator (部门包挂指标)


class Dated:
    """What rows of both tables share: the days they are valid on."""

    __slots__ = ()

    valid_from: date
    valid_to: date | None

    def valid(self, on: date) -> bool:
        """Whether the row was in force on the day ``on``."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)

    @property
    def struck(self) -> bool:
        """Whether the row was ended before its first day: it was never in force."""
        return self.valid_to is not None and self.valid_to < self.valid_from

    def meets(self, other: Dated) -> bool:
        """Whether there is a day on which both are in force."""
        if self.struck or other.struck:
            return False
        return (other.valid_to is None or self.valid_from <= other.valid_to) and (
            self.valid_to is None or other.valid_from <= self.valid_to
        )


@dataclass(frozen=True, slots=True)
class Responsibility(Dated):
    """One row of the responsibility table. ``id`` None: not stored yet."""

    unit_id: ObjectId
    duty: Duty
    category: str | None
    region: str | None
    valid_from: date
    valid_to: date | None = None
    id: ObjectId | None = None

    @property
    def cell(self) -> tuple[str | None, str | None]:
        """Category and region: the place in the table that only one unit at a time can lead."""
        return self.category, self.region

    @property
    def identity(self) -> tuple[object, ...]:
        """What the row says, apart from the days."""
        return self.unit_id, self.duty, self.category, self.region


@dataclass(frozen=True, slots=True)
class Backing(Dated):
    """Who stands behind a region or an indicator. ``user_id``: the account of ``person``, where there is one."""

    relation: Relation
    valid_from: date
    valid_to: date | None = None
    region: str | None = None
    unit_id: ObjectId | None = None
    person: str = ""
    user_id: ObjectId | None = None
    indicator: str = ""
    id: ObjectId | None = None

    @property
    def cell(self) -> tuple[object, ...]:
        """What the row is about; an account that is found for a leader later replaces the row without one."""
        return self.relation, self.region, self.unit_id, self.person, self.indicator

    @property
    def identity(self) -> tuple[object, ...]:
        """What the row says, apart from the days."""
        return *self.cell, self.user_id


@dataclass(frozen=True, slots=True)
class Backers:
    """Who stands behind a place: people by their accounts, and civilised units."""

    users: frozenset[ObjectId] = frozenset()
    units: frozenset[ObjectId] = frozenset()


NOBODY = Backers()


class Why(StrEnum):
    """What a reason of a proposal says of its row."""

    PROPOSED = "proposed"  # this row names the unit
    RETURNED = "returned"  # its unit has sent this problem back
    DISSOLVED = "dissolved"  # its unit is no more


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a unit is proposed, or why one that comes before it is not."""

    why: Why
    row: Responsibility


@dataclass(frozen=True, slots=True)
class Proposal:
    """Whom the table proposes. Without ``lead`` either ``clashes`` tells who is in each other's way, or there is a gap."""

    lead: ObjectId | None
    co_units: tuple[ObjectId, ...]
    reasons: tuple[Reason, ...]
    clashes: tuple[Responsibility, ...]

    @property
    def row(self) -> Responsibility | None:
        """The row that names the lead."""
        return next((reason.row for reason in self.reasons if reason.why is Why.PROPOSED), None)


def propose(
    rows: Iterable[Responsibility],
    category_path: Sequence[str],
    region_path: Sequence[str],
    on: date,
    *,
    returned: Collection[ObjectId] = (),
    dissolved: Collection[ObjectId] = (),
) -> Proposal:
    """The unit that ``rows`` put in charge on the day ``on``, and those that help it.

    ``category_path`` is the category and what is above it, the most special first; ``region_path`` a routing path, from the
    city down. The most special row wins, by **category before region**: what has to be mended says whose trade it is (the
    lighting office mends lamps in every street), while a row for a place without a category says who looks after what is
    nobody's trade there. Among rows for the same category the nearest place wins. Several units in the same cell are a clash:
    nobody is proposed, because any choice would be a guess. Units that have sent this problem back (``returned``) and those
    that are no more (``dissolved``) are passed over, and the next row is asked; ``reasons`` says so.

    A co-handler belongs to the lead of its own cell; a cell with co-handlers alone adds them to whoever leads.
    """
    cells = _cells(rows, category_path, region_path, on)
    passed: list[Reason] = []
    for _, cell in sorted(cells.items()):
        leads = {row.unit_id: row for row in cell if row.duty is Duty.LEAD}
        for unit, why in ((unit, _why_not(unit, returned, dissolved)) for unit in sorted(leads)):
            if why is not None:
                if unit not in {reason.row.unit_id for reason in passed}:
                    passed.append(Reason(why, leads[unit]))
                del leads[unit]
        if len(leads) > 1:
            return Proposal(None, (), tuple(passed), tuple(leads[unit] for unit in sorted(leads)))
        for unit, row in leads.items():
            others = _co_units(cells.values(), cell, {unit, *returned, *dissolved})
            return Proposal(unit, others, (Reason(Why.PROPOSED, row), *passed), ())
    return Proposal(None, (), tuple(passed), ())


def _why_not(unit: ObjectId, returned: Collection[ObjectId], dissolved: Collection[ObjectId]) -> Why | None:
    if unit in dissolved:
        return Why.DISSOLVED
    return Why.RETURNED if unit in returned else None


def _cells(
    rows: Iterable[Responsibility], category_path: Sequence[str], region_path: Sequence[str], on: date
) -> dict[tuple[int, int], list[Responsibility]]:
    """Rows that fit, by how far their category and region are from the most special ones."""
    far: dict[str | None, int] = {code: at for at, code in enumerate(category_path)}
    away: dict[str | None, int] = {code: at for at, code in enumerate(reversed(region_path))}
    far[None], away[None] = len(category_path), len(region_path)
    cells: dict[tuple[int, int], list[Responsibility]] = defaultdict(list)
    for row in rows:
        if row.category in far and row.region in away and row.valid(on):
            cells[far[row.category], away[row.region]].append(row)
    return cells


def _co_units(
    cells: Iterable[Sequence[Responsibility]], leads: Sequence[Responsibility], without: AbstractSet[ObjectId]
) -> tuple[ObjectId, ...]:
    """Who helps: those of the lead's own cell, and those of cells in which nobody leads."""
    asked = [cell for cell in cells if cell is leads or all(row.duty is Duty.CO for row in cell)]
    found = {row.unit_id for cell in asked for row in cell if row.duty is Duty.CO}
    return tuple(sorted(found - without))


def routing_path(tree: RegionTree, code: str | None) -> tuple[str, ...]:
    """Codes from the city down to ``code``, with the body that administers the place instead of the district it lies in.

    Empty for None and for a code that is not in the table.
    """
    if code is None or code not in tree:
        return ()
    path = tree.path(code)
    body = tree.body_of(code)
    if body is None:
        return path
    given = next(at for at in reversed(range(len(path))) if tree[path[at]].administered_by is not None)
    return (*(step for step in tree.path(body)[:-1]), body, *path[given:])


def clashes(rows: Iterable[Responsibility], since: date) -> list[tuple[Responsibility, Responsibility]]:
    """Pairs of rows that put two units in charge of one cell, on the day ``since`` or on a later one."""
    cells: dict[tuple[str | None, str | None], list[Responsibility]] = defaultdict(list)
    for row in rows:
        if row.duty is Duty.LEAD and (row.valid_to is None or row.valid_to >= since):
            cells[row.cell].append(row)
    return [
        (one, other)
        for cell in cells.values()
        for one, other in combinations(cell, 2)
        if one.unit_id != other.unit_id and one.meets(other)
    ]


@dataclass(frozen=True, slots=True)
class Gap:
    """A category and a region with nobody in charge. None: every category, every region.

    ``alone``: only problems of which no more than the region is known; the regions below it have lines of their own, or units.
    ``without``: regions below it in which somebody is in charge.
    """

    category: str | None
    region: str | None
    alone: bool = False
    without: tuple[str, ...] = ()


def gaps(
    rows: Iterable[Responsibility],
    categories: Mapping[str, Sequence[str]],
    regions: RegionTree,
    on: date,
    *,
    dissolved: Collection[ObjectId] = (),
    cities: Collection[str] | None = None,
) -> list[Gap]:
    """Where nobody is in charge on the day ``on``, down to subdistricts, summarised upwards.

    ``categories``: for each category that a problem can have its path, the most special first. ``cities``: the regions at the
    top that are looked at; None: all. A city, a district or a class in which nobody is in charge anywhere is one line.
    """
    leads = [row.cell for row in rows if row.duty is Duty.LEAD and row.unit_id not in dissolved and row.valid(on)]
    below = _below(regions, cities)
    bare: dict[_Stretch, set[str]] = defaultdict(set)
    for code, path in categories.items():
        steps = {*path, None}
        covered = {region for category, region in leads if category in steps}
        if None not in covered:
            for stretch in _bare(below, covered, regions):
                bare[stretch].add(code)
    order = {code: at for at, code in enumerate(below)}
    return [
        Gap(category, stretch.region, stretch.alone, stretch.without)
        for stretch, codes in sorted(
            bare.items(), key=lambda each: (order[each[0].region], each[0].alone, each[0].without)
        )
        for category in _summarised(codes, categories)
    ]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Where nobody is in charge of one category; see ``Gap``."""

    region: str | None
    alone: bool = False
    without: tuple[str, ...] = ()


Below = Mapping[str | None, Sequence[str]]
"""For each region that is looked at those under it that are; for None the cities. Parents come first."""


def _below(regions: RegionTree, cities: Collection[str] | None) -> Below:
    below: dict[str | None, list[str]] = {None: []}
    parts = (region for region in regions if region.level in ("city", "district", "subdistrict"))
    for path in sorted(routing_path(regions, region.code) for region in parts):
        if cities is None or path[0] in cities:
            below.setdefault(path[-1], [])
            below.setdefault(path[-2] if len(path) > 1 else None, []).append(path[-1])
    return below


def _bare(below: Below, covered: AbstractSet[str | None], regions: RegionTree) -> list[_Stretch]:
    """The regions without anybody, as few as say it."""
    if below[None] and not any(_covered_in(city, below, covered) for city in below[None]):
        return [_Stretch(None)]
    return [stretch for city in below[None] for stretch in _bare_in(city, below, covered, regions)]


def _bare_in(code: str, below: Below, covered: AbstractSet[str | None], regions: RegionTree) -> list[_Stretch]:
    """The same within ``code``: as a whole with exceptions, or part by part, whichever names fewer regions."""
    if code in covered:
        return []
    exceptions = _covered_in(code, below, covered)
    parts = [stretch for each in below[code] for stretch in _bare_in(each, below, covered, regions)]
    if regions[code].level != "city":
        parts.insert(0, _Stretch(code, alone=True))
    if not exceptions or 1 + len(exceptions) < sum(1 + len(part.without) for part in parts):
        return [_Stretch(code, without=tuple(exceptions))]
    return parts


def _covered_in(code: str, below: Below, covered: AbstractSet[str | None]) -> list[str]:
    """The highest regions of ``code`` that somebody is in charge of."""
    if code in covered:
        return [code]
    return [found for each in below[code] for found in _covered_in(each, below, covered)]


def _summarised(codes: AbstractSet[str], categories: Mapping[str, Sequence[str]]) -> list[str | None]:
    """``codes`` with whole classes as one; all of them as None."""
    if len(codes) == len(categories):
        return [None]
    classes: dict[str, set[str]] = defaultdict(set)
    for code, path in categories.items():
        classes[path[-1]].add(code)
    lines: list[str | None] = []
    for top, members in classes.items():
        lines += [top] if members <= codes else [code for code in categories if code in members & codes]
    return lines
