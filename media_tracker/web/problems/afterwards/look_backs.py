"""The list of look-backs (回头看): what may be done now, what is late, what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get
from litestar.params import FromQuery

from media_tracker.accounts.actor import Actor, Role
from media_tracker.problems.afterwards.work import LookBackFilter, Show
from media_tracker.problems.documents import Problem
from media_tracker.web.choices import Option, district_options
from media_tracker.web.guards import only
from media_tracker.web.naming import Names, names_of
from media_tracker.web.problems.case.aftercare import tasks_of
from media_tracker.web.problems.words import FOUND_NAMES
from media_tracker.web.render import page
from media_tracker.web.visitor import actor, services

PATH = "/problems/look-backs"
lookers_back = only(Role.INSPECTOR, Role.PUBLICITY)


@dataclass(frozen=True, slots=True)
class LookBackRow:
    """One line. ``occasions`` and ``found`` are untranslated."""

    number: str
    title: str
    place: str
    unit: str
    occasions: Sequence[str]
    due_at: datetime | None
    closed_at: datetime | None
    looked_back_at: datetime | None
    found: str
    came_back: bool
    relapsed_as: str


@dataclass(frozen=True, slots=True)
class Chip:
    """A list, where it is, and how long."""

    show: str
    href: str
    active: bool
    count: int


@dataclass(frozen=True, slots=True)
class LookBacksPage:
    """``templates/problems/afterwards/look_backs.html``"""

    rows: Sequence[LookBackRow]
    chips: Sequence[Chip]
    show: str
    to_do: bool
    """The list is of what is to be done, not of what was."""
    district: str
    districts: Sequence[Option]
    first: str
    older: str


@get(PATH, guards=[lookers_back])
async def look_backs(
    request: Request[Any, Any, Any],
    show: FromQuery[str | None] = None,
    district: FromQuery[str | None] = None,
    after: FromQuery[str | None] = None,
) -> Response[Any]:
    """One of the lists; without nonsense in the address."""
    room, who, names = services(request), actor(request), await names_of(request)
    chosen = Show(show) if show in set(Show) else Show.DUE
    known = district if district in names.regions else None
    wanted = LookBackFilter(chosen, room.clock(), known, who.units | who.answers_for)
    found = await room.look_backs.page(wanted, after)
    relapses = await room.problems.numbers(each.case.relapsed_as for each in found.problems if each.case.relapsed_as)
    context = LookBacksPage(
        rows=[_row(each, names, who, wanted.now, relapses) for each in found.problems],
        chips=[
            Chip(each, _href(each, known), each is chosen, await room.look_backs.count(replace(wanted, show=each)))
            for each in Show
        ],
        show=chosen,
        to_do=chosen in (Show.DUE, Show.OVERDUE),
        district=known or "",
        districts=district_options(names),
        first=_href(chosen, known) if after else "",
        older=_href(chosen, known, found.next) if found.next else "",
    )
    return await page(request, "problems/afterwards/look_backs.html", context)


def _row(problem: Problem, names: Names, who: Actor, now: datetime, relapses: dict[Any, str]) -> LookBackRow:
    case = problem.case
    tasks = [each for each in tasks_of(case, who, now) if each.opens_at <= now]
    last = case.look_backs[-1] if case.look_backs else None
    return LookBackRow(
        number=problem.number,
        title=problem.title,
        place=problem.place,
        unit=names.unit(case.unit_id),
        occasions=[each.occasion for each in tasks],
        due_at=problem.after.look_back_due_at,
        closed_at=case.closed_at,
        looked_back_at=last.at if last else None,
        found=FOUND_NAMES[last.found] if last else "",
        came_back=last is not None and last.came_back,
        relapsed_as=relapses.get(case.relapsed_as, ""),
    )


def _href(show: Show, district: str | None, after: str | None = None) -> str:
    values = {"show": show.value, "district": district, "after": after}
    return f"{PATH}?{urlencode({name: value for name, value in values.items() if value})}"


ROUTES = [look_backs]
