"""Orders (交办单): as a page to print and as a Word document; one order for several problems of a unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from media_tracker.accounts.actor import Role
from media_tracker.errors import N_, Conflict, InvalidInput, NotFound
from media_tracker.papers.documents import DispatchOrder
from media_tracker.papers.order_rules import MOST_PROBLEMS, order_number
from media_tracker.papers.shipped import Paper
from media_tracker.problems.case import State
from media_tracker.problems.documents import Problem
from media_tracker.problems.finding.listing import ProblemFilter
from media_tracker.web.choices import Option, option
from media_tracker.web.forms import read_form
from media_tracker.web.guards import dispatchers, only
from media_tracker.web.naming import Names, names_of
from media_tracker.web.papers.files import word_file
from media_tracker.web.papers.order_view import OrderView, read_order_view
from media_tracker.web.render import page, see_other
from media_tracker.web.visitor import actor, origin, services

have_orders = only(Role.EDITOR, Role.PUBLICITY, Role.OFFICIAL)


@dataclass(frozen=True, slots=True)
class OrderPage:
    """``templates/papers/order.html``. ``problems``: numbers of its problems, to go back to; ``collect``: where several problems
    of the unit go onto one order; ``late``: it no longer holds."""

    order: OrderView
    word: str
    own: str
    problems: Sequence[str]
    collect: str
    late: str
    breadcrumb: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class UnmadeOrderPage:
    """``templates/papers/unmade_order.html``"""

    number: str
    title: str
    unit: str
    breadcrumb: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Choice:
    """A problem that could stand on the order."""

    number: str
    title: str
    place: str
    deadline: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class NewOrderPage:
    """``templates/papers/new_order.html``"""

    unit: str
    unit_name: str
    units: Sequence[Option]
    choices: Sequence[Choice]
    most: int
    breadcrumb: Sequence[Mapping[str, str]]
    errors: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)


@get("/problems/{number:str}/order", guards=[have_orders])
async def order_of_problem(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[str]:
    """The order by which a problem is with its unit now, to be printed; before it is made, the button that makes it."""
    order = await services(request).orders.standing(number, actor(request))
    if order is None:
        return await _unmade(request, number)
    return await _show(request, order, f"/problems/{number}/order.docx")


@post("/problems/{number:str}/order", guards=[have_orders])
async def make_order_of_problem(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
    """Make it: it draws the next number. Who asks again gets the same order."""
    await services(request).orders.of_problem(number, actor(request), origin(request))
    return await see_other(request, f"/problems/{number}/order")


@get("/problems/{number:str}/order.docx", guards=[have_orders])
async def order_file_of_problem(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
    """The same as a Word document; before it is made, the way to where it is."""
    order = await services(request).orders.standing(number, actor(request))
    return await _file(request, order) if order is not None else await see_other(request, f"/problems/{number}/order")


@get("/orders/{order_id:str}", guards=[have_orders])
async def order_page(request: Request[Any, Any, Any], order_id: FromPath[str]) -> Response[str]:
    """Any order that was ever made, as it was made."""
    order = await services(request).orders.get(order_id, actor(request))
    return await _show(request, order, f"/orders/{order.id}/order.docx")


@get("/orders/{order_id:str}/order.docx", guards=[have_orders])
async def order_file(request: Request[Any, Any, Any], order_id: FromPath[str]) -> Response[bytes]:
    """The same as a Word document."""
    return await _file(request, await services(request).orders.get(order_id, actor(request)))


@get("/orders/new", guards=[dispatchers])
async def new_order(request: Request[Any, Any, Any], unit: FromQuery[str | None] = None) -> Response[str]:
    """Which of the problems that a unit has been given stand on one order."""
    return await _new(request, unit or "", frozenset())


@post("/orders", guards=[dispatchers])
async def make_order(request: Request[Any, Any, Any]) -> Response[Any]:
    """Make it; the same problems again lead to the same order."""
    form = await read_form(request)
    numbers = form.texts("numbers")
    try:
        order = await services(request).orders.of_several(numbers, actor(request), origin(request))
    except (InvalidInput, Conflict, NotFound) as error:
        return await _new(request, form.text("unit"), frozenset(numbers), error)
    return await see_other(request, f"/orders/{order.id}")


async def _unmade(request: Request[Any, Any, Any], number: str) -> Response[str]:
    problem, names = await services(request).problems.get(number), await names_of(request)
    context = UnmadeOrderPage(
        number=problem.number,
        title=problem.title,
        unit=names.unit(problem.case.unit_id),
        breadcrumb=[
            {"label": names.gettext(N_("Problems")), "href": "/problems"},
            {"label": problem.number, "href": f"/problems/{problem.number}"},
            {"label": names.gettext(N_("Dispatch order"))},
        ],
    )
    return await page(request, "papers/unmade_order.html", context)


async def _show(request: Request[Any, Any, Any], order: DispatchOrder, word: str) -> Response[str]:
    view = await read_order_view(request, order)
    names = await names_of(request)
    problems = [line.number for line in order.lines]
    context = OrderPage(
        order=view,
        word=word,
        own=f"/orders/{order.id}",
        problems=problems,
        collect=f"/orders/new?unit={order.unit_id}" if actor(request).has(Role.EDITOR, Role.PUBLICITY) else "",
        late=await _late(request, order, names),
        breadcrumb=[
            {"label": names.gettext(N_("Problems")), "href": "/problems"},
            *([{"label": problems[0], "href": f"/problems/{problems[0]}"}] if len(problems) == 1 else []),
            {"label": view.number},
        ],
    )
    return await page(request, "papers/order.html", context)


async def _late(request: Request[Any, Any, Any], order: DispatchOrder, names: Names) -> str:
    """That a problem of the order is with somebody else by now, or has another deadline; empty: all is as it says."""
    room, say = services(request), names.pages.catalogue.translate
    for line in order.lines:
        case = (await room.problems.by_id(line.problem_id)).case
        if case.unit_id != order.unit_id:
            return say(
                N_("Problem {number} is no longer with this unit: the order no longer holds."), None, number=line.number
            )
        if case.due_at is not None and case.due_at != line.due_at:
            due = names.pages.formats.deadline_text(case.due_at)
            return say(N_("Problem {number} has another deadline by now: {due}."), None, number=line.number, due=due)
    return ""


async def _file(request: Request[Any, Any, Any], order: DispatchOrder) -> Response[bytes]:
    view = await read_order_view(request, order, with_pictures=True)
    plain = order_number(order.year, order.serial, "en")
    name = (await names_of(request)).pages.catalogue.translate(N_("order {number}"), None, number=plain)
    return await word_file(
        request, Paper.ORDER, {"order": view}, subject=f"order/{plain}", name=name, rows=len(order.lines)
    )


async def _new(
    request: Request[Any, Any, Any],
    unit: str,
    chosen: frozenset[str],
    error: InvalidInput | Conflict | NotFound | None = None,
) -> Response[str]:
    room, names = services(request), await names_of(request)
    unit_id = ObjectId(unit) if ObjectId.is_valid(unit) else None
    found: Sequence[Problem] = ()
    if unit_id is not None:
        wanted = ProblemFilter(states=frozenset({State.ASSIGNED}), units=frozenset({unit_id}))
        found = (await room.problems.page(wanted, size=MOST_PROBLEMS)).problems
    mine = [each for each in found if each.case.unit_id == unit_id]
    context = NewOrderPage(
        unit=unit if unit_id is not None else "",
        unit_name=names.unit(unit_id),
        units=[option(each.id, each.name) for each in names.units],
        choices=[_choice(each, names, chosen) for each in mine],
        most=MOST_PROBLEMS,
        breadcrumb=[
            {"label": names.gettext(N_("Problems")), "href": "/problems"},
            {"label": names.gettext(N_("One order for several problems"))},
        ],
        errors={"numbers": error.message} if error else {},
        params=error.params if error else {},
    )
    status = 200 if error is None else 422 if isinstance(error, InvalidInput) else 409
    return await page(request, "papers/new_order.html", context, status=status)


def _choice(problem: Problem, names: Names, chosen: frozenset[str]) -> Choice:
    due = names.pages.formats.deadline_text(problem.case.due_at)
    ticked = not chosen or problem.number in chosen
    return Choice(problem.number, problem.title, problem.place, due, ticked)


ROUTES = [
    new_order,
    make_order,
    order_of_problem,
    make_order_of_problem,
    order_file_of_problem,
    order_page,
    order_file,
]
