"""My work (我的工作): what waits for the visitor's units, or for their check as an inspector. Every number leads to its list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get

from media_tracker.accounts.actor import Actor, Role
from media_tracker.errors import N_
from media_tracker.problems.case import State
from media_tracker.problems.finding.facets import Waiting
from media_tracker.problems.finding.listing import Order, counts, read_listing
from media_tracker.web.guards import signed_in
from media_tracker.web.naming import names_of
from media_tracker.web.problems.finding.asked import Asked, Days, Lit, Show
from media_tracker.web.problems.finding.listed import Counted, ProblemRow, counted, row_of, wanted_by
from media_tracker.web.render import page
from media_tracker.web.visitor import actor, services

SHOWN = 15
"""Lines under the numbers; the rest is a click away."""


@dataclass(frozen=True, slots=True)
class Group:
    """A number and the list that it counts. ``tone``: how pressing it is."""

    label: str
    href: str
    count: Counted
    tone: str


@dataclass(frozen=True, slots=True)
class Most:
    """The lines that come first, and the whole of their list."""

    title: str
    rows: Sequence[ProblemRow]
    href: str
    nothing: str


@dataclass(frozen=True, slots=True)
class WorkPage:
    """``templates/problems/finding/work.html``"""

    units: Sequence[str]
    groups: Sequence[Group]
    lists: Sequence[Most]
    may_look_back: bool
    answers_objections: bool
    dissolved: Sequence[str]
    """Units of the visitor that are no more."""


@get("/work", guards=[signed_in])
async def work(request: Request[Any, Any, Any]) -> Response[str]:
    """What waits for the visitor; nothing that is not theirs."""
    room, who, names = services(request), actor(request), await names_of(request)
    asked = _groups(request, who)
    problems = room.database["problems"]
    found = await counts(problems, [(await wanted_by(request, each))[0] for _, each, _ in asked])
    lists = []
    for title, each, nothing in _lists(who):
        wanted, _ = await wanted_by(request, each)
        listing = await read_listing(problems, wanted, order=each.order, size=SHOWN)
        shown = [row_of(line, names, room.clock()) for line in listing.lines]
        lists.append(Most(names.gettext(title), shown, each.href(), names.gettext(nothing)))
    context = WorkPage(
        units=sorted(names.unit(unit) for unit in who.units),
        groups=[
            Group(names.gettext(label), each.href(), counted(number), tone)
            for (label, each, tone), number in zip(asked, found, strict=True)
        ],
        lists=lists,
        may_look_back=who.has(Role.INSPECTOR, Role.PUBLICITY),
        answers_objections=who.has(Role.PUBLICITY),
        dissolved=sorted(unit.name for unit in names.units if unit.id in who.units and not unit.active),
    )
    return await page(request, "problems/finding/work.html", context)


def _is_official(who: Actor) -> bool:
    return who.has(Role.OFFICIAL) and bool(who.units)


def _groups(request: Request[Any, Any, Any], who: Actor) -> list[tuple[str, Asked, str]]:
    """Label, filters, tone."""
    room = services(request)
    today = room.clock().astimezone(room.settings.zone).date()
    mine = Show.MINE
    found: list[tuple[str, Asked, str]] = []
    if _is_official(who):
        found += [
            (N_("Ends today"), Asked(mine, due=Days(today, today)), "warn"),
            (N_("Yellow"), Asked(mine, light=Lit.YELLOW), "warn"),
            (N_("Red"), Asked(mine, light=Lit.RED), "bad"),
            (N_("To acknowledge"), Asked(mine, waiting=Waiting.SIGN), ""),
            (N_("Danger without protection"), Asked(mine, waiting=Waiting.PROTECT), "bad"),
            (N_("Rework"), Asked(mine, (State.REWORK,)), ""),
            (N_("Asked the office, no answer yet"), Asked(mine, waiting=Waiting.ASKED), ""),
            (N_("Sent back by us, not assigned yet"), Asked(mine, waiting=Waiting.RETURNED), ""),
            (N_("All that is open"), Asked(mine), ""),
        ]
    if who.has(Role.INSPECTOR):
        found.append((N_("To verify, by me"), _TO_CHECK, ""))
    if who.has(Role.EDITOR, Role.PUBLICITY):
        found += [
            (N_("To be assigned"), Asked(states=(State.REGISTERED, State.RETURNED)), ""),
            (N_("Asked by units, no answer yet"), Asked(waiting=Waiting.ASKED), ""),
            (N_("Red"), Asked(light=Lit.RED), "bad"),
        ]
    return found


_TO_CHECK = Asked(Show.TO_VERIFY, mine_to_check=True)


def _lists(who: Actor) -> list[tuple[str, Asked, str]]:
    """Title, filters, what is said when there is nothing."""
    found: list[tuple[str, Asked, str]] = []
    if _is_official(who):
        found.append((N_("What is due first"), Asked(Show.MINE, sort=Order.DUE), N_("Nothing is open for your unit.")))
    if who.has(Role.INSPECTOR):
        found.append((N_("Reported fixed, yours to verify"), _TO_CHECK, N_("Nothing waits for your check.")))
    return found


ROUTES = [work]
