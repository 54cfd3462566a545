"""Units that are no more and still have open problems: what dispatchers are to hand over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request

from media_tracker.problems.case import OPEN_STATES
from media_tracker.problems.finding.listing import ProblemFilter
from media_tracker.web.naming import Names
from media_tracker.web.visitor import services


@dataclass(frozen=True, slots=True)
class DissolvedRow:
    """A dissolved unit, and how many open problems it is in charge of or works on beside another."""

    unit: str
    count: int
    href: str
    """Of the list of just these problems."""


async def dissolved_rows(request: Request[Any, Any, Any], names: Names) -> Sequence[DissolvedRow]:
    """Those with open problems, by name."""
    rows = []
    for unit in names.units:
        if not unit.active:
            wanted = ProblemFilter(states=OPEN_STATES, units=frozenset({unit.id}))
            count = await services(request).problems.count(wanted)
            if count:
                rows.append(DissolvedRow(unit.name, count, f"/problems?show=open&unit={unit.id}"))
    return rows
