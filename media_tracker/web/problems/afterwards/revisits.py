"""The list of problems that are worth another story (回访选题), for editors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get
from litestar.params import FromQuery

from media_tracker.errors import N_
from media_tracker.monitor.counting import occasions
from media_tracker.problems.afterwards.revisits import Why
from media_tracker.problems.afterwards.revisits_list import RevisitFilter
from media_tracker.problems.documents import Problem
from media_tracker.web.choices import Option, district_options
from media_tracker.web.guards import dispatchers
from media_tracker.web.naming import Names, names_of
from media_tracker.web.render import page
from media_tracker.web.visitor import services

PATH = "/stories/revisits"

REASONS: Mapping[Why, str] = {
    Why.CAME_BACK: N_("It has come back, and no story has told so."),
    Why.UNVERIFIED: N_("Called fixed for two weeks, and nobody has checked."),
    Why.UNTOLD: N_("Fixed for three weeks, and no follow-up has told so."),
}


@dataclass(frozen=True, slots=True)
class RevisitRow:
    """One line. ``reason`` is untranslated."""

    number: str
    title: str
    place: str
    state: str
    reason: str
    since: datetime
    outlets: str
    exposed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Chip:
    """A reason, where its list is, and how long; "" is all of them."""

    why: str
    href: str
    active: bool
    count: int


@dataclass(frozen=True, slots=True)
class RevisitsPage:
    """``templates/problems/afterwards/revisits.html``"""

    rows: Sequence[RevisitRow]
    chips: Sequence[Chip]
    why: str
    district: str
    districts: Sequence[Option]
    first: str
    older: str


@get(PATH, guards=[dispatchers])
async def revisits(
    request: Request[Any, Any, Any],
    why: FromQuery[str | None] = None,
    district: FromQuery[str | None] = None,
    after: FromQuery[str | None] = None,
) -> Response[Any]:
    """What is worth going back for, the newest first; a filter with nonsense in it is left out."""
    room, names = services(request), await names_of(request)
    chosen = Why(why) if why in set(Why) else None
    known = district if district in names.regions else None
    wanted = RevisitFilter(room.clock(), chosen, known)
    found = await room.revisits.page(wanted, after)
    context = RevisitsPage(
        rows=[_row(each, names) for each in found.problems],
        chips=[
            Chip(each or "", _href(each, known), each is chosen, await room.revisits.count(replace(wanted, why=each)))
            for each in (None, *Why)
        ],
        why=chosen or "",
        district=known or "",
        districts=district_options(names),
        first=_href(chosen, known) if after else "",
        older=_href(chosen, known, found.next) if found.next else "",
    )
    return await page(request, "problems/afterwards/revisits.html", context)


def _row(problem: Problem, names: Names) -> RevisitRow:
    case, after = problem.case, problem.after
    assert after.revisit_why is not None  # it was found by it
    assert after.revisit_from is not None
    return RevisitRow(
        number=problem.number,
        title=problem.title,
        place=problem.place,
        state=case.state.value,
        reason=REASONS[after.revisit_why],
        since=after.revisit_from,
        outlets=names.joined({each.outlet_id for each in occasions(case) if each.outlet_id is not None}),
        exposed_at=case.first_exposed_at,
    )


def _href(why: Why | None, district: str | None, after: str | None = None) -> str:
    values = {"why": why, "district": district, "after": after}
    query = urlencode({name: value for name, value in values.items() if value})
    return f"{PATH}?{query}" if query else PATH


ROUTES = [revisits]
