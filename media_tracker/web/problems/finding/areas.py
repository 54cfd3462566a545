"""Areas, for those who lead one: what is open, late, to be checked, deferred and back again, from districts down to communities.

They stand by name and never by how often they were exposed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromQuery

from media_tracker.accounts.actor import Actor
from media_tracker.errors import N_
from media_tracker.places.regions import LEVELS, Region, RegionTree
from media_tracker.problems.case import State
from media_tracker.problems.finding.areas import AreaNumbers, count_areas
from media_tracker.problems.finding.facets import Flag
from media_tracker.web.choices import Option, option
from media_tracker.web.guards import signed_in
from media_tracker.web.naming import names_of
from media_tracker.web.problems.finding.asked import Asked, Show
from media_tracker.web.problems.finding.listed import Counted, counted
from media_tracker.web.render import page
from media_tracker.web.visitor import actor, services

COLUMNS: Sequence[tuple[str, Asked, Callable[[AreaNumbers], int]]] = (
    (N_("Open"), Asked(Show.OPEN), lambda found: found.open),
    (N_("Overdue"), Asked(Show.OVERDUE), lambda found: found.overdue),
    (N_("To verify"), Asked(Show.TO_VERIFY), lambda found: found.to_verify),
    (N_("Deferred"), Asked(states=(State.DEFERRED,)), lambda found: found.deferred),
    (N_("Relapses, open"), Asked(Show.OPEN, flag=Flag.RELAPSE), lambda found: found.relapses),
)
"""Label, the list that is counted, and its number."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and the list that it counts."""

    label: str
    count: Counted
    href: str


@dataclass(frozen=True, slots=True)
class AreaRow:
    """One area. ``href``: what lies below it; empty: nothing does."""

    name: str
    href: str
    figures: Sequence[Figure]


@dataclass(frozen=True, slots=True)
class AreasPage:
    """``templates/problems/finding/areas.html``"""

    name: str
    columns: Sequence[str]
    rows: Sequence[AreaRow]
    """The area itself, then what lies directly below it."""
    backed: Sequence[Option]
    """The areas that the visitor stands behind."""
    breadcrumb: Sequence[dict[str, str]]


@get("/areas", guards=[signed_in])
async def areas(request: Request[Any, Any, Any], region: FromQuery[str | None] = None) -> Response[str]:
    """An area and those directly below it: the one that is asked for, the one the visitor stands behind, or the whole city."""
    names = await names_of(request)
    tree = names.regions
    who = actor(request)
    code = region if region and region in tree else _own(who, tree)
    shown = [*([tree[code]] if code else []), *below(tree, code)]
    room = services(request)
    found = await count_areas(room.database["problems"], [each.code for each in shown], room.clock())
    context = AreasPage(
        name=tree.label(code) if code else names.gettext(N_("All areas")),
        columns=[names.gettext(label) for label, _, _ in COLUMNS],
        rows=[
            AreaRow(
                name=names.region(each.code) if each.code == code else each.name,
                href=f"/areas?region={each.code}" if each.code != code and below(tree, each.code) else "",
                figures=[
                    Figure(names.gettext(label), counted(number(numbers)), _href(asked, each))
                    for label, asked, number in COLUMNS
                ],
            )
            for each, numbers in zip(shown, found, strict=True)
        ],
        backed=[option(each, tree.label(each)) for each in sorted(who.backs) if each in tree],
        breadcrumb=_trail(tree, code),
    )
    return await page(request, "problems/finding/areas.html", context)


def below(tree: RegionTree, code: str | None) -> list[Region]:
    """The areas directly below ``code``, by name: what a body administers is below it, and not below where its code lies."""
    if code is None:
        return sorted(tree.children(None), key=_by_name)
    level = LEVELS.index(tree[code].level)
    if level + 1 == len(LEVELS):
        return []
    if tree[code].level != "district":
        return sorted(tree.children(code), key=_by_name)
    found = (each for each in tree if each.level == LEVELS[level + 1])
    return sorted((each for each in found if tree.district_for_counting(each.code) == code), key=_by_name)


def _by_name(region: Region) -> tuple[str, str]:
    return region.name, region.code


def _own(who: Actor, tree: RegionTree) -> str | None:
    """The area to begin with: the one that the visitor stands behind, else the top of all if there is one."""
    backed = sorted(code for code in who.backs if code in tree)
    if backed:
        return backed[0]
    tops = tree.children(None)
    cities = [each for each in tops if each.level == "city"]
    return cities[0].code if len(cities) == 1 else None


def _trail(tree: RegionTree, code: str | None) -> list[dict[str, str]]:
    """The areas above, as they count."""
    if code is None:
        return []
    district = tree.district_for_counting(code)
    path = [tree[step] for step in tree.path(code)]
    above = [tree[district] if each.level == "district" and district else each for each in path[:-1]]
    return [{"label": each.name, "href": f"/areas?region={each.code}"} for each in above] + [
        {"label": tree[code].name, "href": ""}
    ]


def _href(asked: Asked, region: Region) -> str:
    return asked.href(region=region.code)


ROUTES = [areas]
