"""Problems: the list with its filters, and the page of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from bson import ObjectId
from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery, QueryParameter

from media_tracker.accounts.actor import Actor, Role
from media_tracker.monitor.counting import occasions
from media_tracker.problems.case import OPEN_STATES, State
from media_tracker.problems.documents import Problem
from media_tracker.problems.light import light
from media_tracker.problems.listing import ProblemFilter
from media_tracker.web.choices import Option, category_filter, district_options, option
from media_tracker.web.guards import signed_in
from media_tracker.web.naming import Names, names_of
from media_tracker.web.problems.dispatch import ROUTES as FORMS
from media_tracker.web.problems.steps import ROUTES as STEPS
from media_tracker.web.problems.steps import Sent, show_problem
from media_tracker.web.render import page
from media_tracker.web.visitor import actor, services

Choice = TypeVar("Choice", bound=StrEnum)


class Show(StrEnum):
    """The quick filters."""

    ALL = "all"
    OPEN = "open"
    MINE = "mine"
    TO_VERIFY = "to_verify"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters of the list's address, as far as they make sense."""

    show: Show
    state: State | None
    district: str
    category: str
    unit: ObjectId | None
    words: str

    def href(self, **changes: str | None) -> str:
        """The address of the list with these filters, ``changes`` made; a cursor is not kept."""
        values: dict[str, str | None] = {
            "show": self.show.value,
            "state": self.state,
            "district": self.district,
            "category": self.category,
            "unit": str(self.unit) if self.unit else None,
            "words": self.words,
            **changes,
        }
        return f"/problems?{urlencode({name: value for name, value in values.items() if value})}"


@dataclass(frozen=True, slots=True)
class QuickFilter:
    """A chip above the list. ``count`` is how many problems it leads to with nothing else chosen."""

    show: str
    href: str
    active: bool
    count: int | None


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """One line of the list."""

    number: str
    title: str
    place: str
    category: str
    unit: str
    state: str
    severity: str
    due_at: datetime | None
    review_at: datetime | None
    light: str
    exposures: int


@dataclass(frozen=True, slots=True)
class ListPage:
    """``templates/problems/list.html``"""

    rows: Sequence[ProblemRow]
    quick: Sequence[QuickFilter]
    asked: Asked
    states: Sequence[str]
    districts: Sequence[Option]
    categories: Sequence[Option]
    units: Sequence[Option]
    narrowed: bool
    newer: str
    older: str
    may_register: bool


@get("/problems", guards=[signed_in])
async def problem_list(
    request: Request[Any, Any, Any],
    show: FromQuery[str | None] = None,
    wanted_state: Annotated[str | None, QueryParameter(name="state")] = None,
    district: FromQuery[str | None] = None,
    category: FromQuery[str | None] = None,
    unit: FromQuery[str | None] = None,
    words: FromQuery[str | None] = None,
    older_than: FromQuery[str | None] = None,
    newer_than: FromQuery[str | None] = None,
) -> Response[str]:
    """The list. An official's first look is at the open problems of their own units."""
    room, who = services(request), actor(request)
    asked = Asked(
        _one_of(Show, show) or (Show.MINE if _is_official(who) and not request.url.query else Show.ALL),
        _one_of(State, wanted_state),
        district or "",
        category or "",
        ObjectId(unit) if unit and ObjectId.is_valid(unit) else None,
        (words or "").strip()[:100],
    )
    names = await names_of(request)
    found = await room.problems.page(_filter(asked, who, names, room.clock()), older_than, newer_than)
    context = ListPage(
        rows=[_row(problem, names, room.clock()) for problem in found.problems],
        quick=await _quick(request, asked, who),
        asked=asked,
        states=[state.value for state in State],
        districts=district_options(names),
        categories=category_filter(names),
        units=[option(each.id, each.name) for each in names.units],
        narrowed=bool(asked.state or asked.district or asked.category or asked.unit or asked.words),
        newer=asked.href(newer_than=found.newer) if found.newer else "",
        older=asked.href(older_than=found.older) if found.older else "",
        may_register=who.has(Role.EDITOR, Role.PUBLICITY),
    )
    return await page(request, "problems/list.html", context)


@get("/problems/{number:str}", guards=[signed_in])
async def problem_page(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[str]:
    """One problem, with all that the visitor can do about it."""
    return await show_problem(request, await services(request).problems.get(number), Sent())


def _one_of(kind: type[Choice], value: str | None) -> Choice | None:
    return next((each for each in kind if each.value == value), None)


def _is_official(who: Actor) -> bool:
    return who.has(Role.OFFICIAL) and bool(who.units) and not who.has(Role.EDITOR, Role.PUBLICITY)


def _filter(asked: Asked, who: Actor, names: Names, now: datetime) -> ProblemFilter:
    """What ``asked`` means to ``who``. A state that is chosen goes before the quick filter's own states."""
    states = {Show.OPEN: OPEN_STATES, Show.MINE: OPEN_STATES, Show.TO_VERIFY: frozenset({State.CLAIMED_FIXED})}
    units = frozenset({asked.unit}) if asked.unit is not None else None
    if asked.show is Show.MINE:
        units = who.units if units is None else who.units & units
    return ProblemFilter(
        states=frozenset({asked.state}) if asked.state is not None else states.get(asked.show),
        overdue_at=now if asked.show is Show.OVERDUE else None,
        units=units,
        district=asked.district or None,
        categories=names.categories.below(asked.category) if asked.category else None,
        words=asked.words,
    )


async def _quick(request: Request[Any, Any, Any], asked: Asked, who: Actor) -> list[QuickFilter]:
    room = services(request)
    wanted = {
        Show.MINE: ProblemFilter(states=OPEN_STATES, units=who.units),
        Show.TO_VERIFY: ProblemFilter(states=frozenset({State.CLAIMED_FIXED})),
        Show.OVERDUE: ProblemFilter(overdue_at=room.clock()),
    }
    order = (Show.MINE, Show.OPEN, Show.TO_VERIFY, Show.OVERDUE, Show.ALL)
    offered = [show for show in order if show is not Show.MINE or who.units]
    return [
        QuickFilter(
            show.value,
            f"/problems?show={show}",
            asked.show is show,
            await room.problems.count(wanted[show]) if show in wanted else None,
        )
        for show in offered
    ]


def _row(problem: Problem, names: Names, now: datetime) -> ProblemRow:
    case = problem.case
    deferred = case.state is State.DEFERRED
    return ProblemRow(
        number=problem.number,
        title=problem.title,
        place=problem.place,
        category=names.category(case.category),
        unit=names.unit(case.unit_id),
        state=case.state.value,
        severity=case.severity.value,
        due_at=None if deferred else case.due_at,
        review_at=case.review_at if deferred else None,
        light=light(case, now).value,
        exposures=len(occasions(case)),
    )


ROUTES = [problem_list, problem_page, *FORMS, *STEPS]
