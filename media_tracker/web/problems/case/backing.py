"""Who stands behind a problem's place, and behind what its units answer for (包挂), as its page shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request

from media_tracker.errors import N_
from media_tracker.places.responsibility import Backing, Relation
from media_tracker.problems.documents import Problem
from media_tracker.web.naming import Names, names_of
from media_tracker.web.visitor import services

LABELS: Mapping[Relation, str] = {
    Relation.LEADER: N_("Leader who backs {region}"),
    Relation.CIVILISED_UNIT: N_("Civilised unit that backs {region}"),
    Relation.INDICATOR: N_("Department that backs the indicator"),
}


@dataclass(frozen=True, slots=True)
class BackingLine:
    """One of them. ``label`` is in the reader's language."""

    label: str
    who: str


async def read_backing(
    request: Request[Any, Any, Any], problem: Problem, region_path: Sequence[str]
) -> list[BackingLine]:
    """Leaders and civilised units behind the regions of the path, then departments of the problem behind their indicators."""
    case, room = problem.case, services(request)
    units = {unit for unit in (case.unit_id, *case.co_unit_ids) if unit is not None}
    today = room.clock().astimezone(room.settings.zone).date()
    found = await room.places.responsibilities.standing_behind(region_path, units, today)
    names, order = await names_of(request), list(Relation)
    return [_line(each, names) for each in sorted(found, key=lambda each: order.index(each.relation))]


def _line(each: Backing, names: Names) -> BackingLine:
    label = names.pages.catalogue.translate(LABELS[each.relation], None, region=names.region(each.region))
    unit = names.unit(each.unit_id)
    return BackingLine(
        label, f"{unit} · {each.indicator}" if each.relation is Relation.INDICATOR else each.person or unit
    )
