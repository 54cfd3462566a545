"""The list of problems with its filters."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromQuery

from media_tracker.accounts.actor import Actor, Role
from media_tracker.problems.finding.listing import read_listing
from media_tracker.web.guards import signed_in
from media_tracker.web.naming import Names, names_of
from media_tracker.web.problems.finding.asked import Asked, Days, Show, read_asked
from media_tracker.web.problems.finding.choices import Choices, choices_of
from media_tracker.web.problems.finding.listed import Counted, ProblemRow, counted, row_of, wanted_by
from media_tracker.web.problems.finding.views import ViewChip, chips_of
from media_tracker.web.problems.finding.words import SHOW_NAMES
from media_tracker.web.render import page
from media_tracker.web.visitor import actor, services

NOT_COUNTED = frozenset({Show.OPEN, Show.ALL})


@dataclass(frozen=True, slots=True)
class QuickFilter:
    """A chip above the list. ``count`` is how many problems it leads to with nothing else chosen."""

    label: str
    href: str
    active: bool
    count: Counted | None


@dataclass(frozen=True, slots=True)
class ListPage:
    """``templates/problems/finding/list.html``"""

    rows: Sequence[ProblemRow]
    quick: Sequence[QuickFilter]
    views: Sequence[ViewChip]
    asked: Asked
    days: Sequence[tuple[str, Days]]
    """The ranges by the names of their fields."""
    choices: Choices
    total: Counted | None
    """How many there are, where something narrows the list."""
    region_error: str
    newer: str
    older: str
    more_states: str
    """Where the form offers several states."""
    may_register: bool
    may_assign: bool


@get("/problems", guards=[signed_in])
async def problem_list(
    request: Request[Any, Any, Any],
    older_than: FromQuery[str | None] = None,
    newer_than: FromQuery[str | None] = None,
) -> Response[str]:
    """The list. An official's first look is at the open problems of their own units."""
    room, who = services(request), actor(request)
    asked = read_asked(request.query_params)
    if _is_official(who) and not request.url.query:
        asked = replace(asked, show=Show.MINE)
    wanted, wrong = await wanted_by(request, asked)
    beside = [(await wanted_by(request, each))[0] for each in _quick(who)]
    listing, names, views = await asyncio.gather(
        read_listing(
            room.database["problems"],
            wanted,
            older_than,
            newer_than,
            asked.order,
            total=asked.narrowed,
            beside=beside,
        ),
        names_of(request),
        chips_of(request, asked),
    )
    context = ListPage(
        rows=[row_of(line, names, room.clock()) for line in listing.lines],
        quick=_chips(asked, who, names, dict(zip((each.show for each in _quick(who)), listing.beside, strict=True))),
        views=views,
        asked=asked,
        days=[("registered", asked.registered), ("exposed", asked.exposure), ("due", asked.due)],
        choices=choices_of(names),
        total=counted(listing.total) if listing.total is not None else None,
        region_error=names.gettext(wrong) if wrong else "",
        newer=asked.href(newer_than=listing.newer) if listing.newer else "",
        older=asked.href(older_than=listing.older) if listing.older else "",
        more_states=replace(asked, several=True).href(),
        may_register=who.has(Role.EDITOR, Role.PUBLICITY),
        may_assign=who.has(Role.EDITOR, Role.PUBLICITY),
    )
    return await page(request, "problems/finding/list.html", context)


def _is_official(who: Actor) -> bool:
    return who.has(Role.OFFICIAL) and bool(who.units) and not who.has(Role.EDITOR, Role.PUBLICITY)


def _quick(who: Actor) -> list[Asked]:
    """The quick filters that are counted for ``who``."""
    return [Asked(show=show) for show in SHOW_NAMES if show not in NOT_COUNTED and (show is not Show.MINE or who.units)]


def _chips(asked: Asked, who: Actor, names: Names, found: dict[Show, int]) -> list[QuickFilter]:
    return [
        QuickFilter(
            names.gettext(name),
            f"/problems?show={show}",
            asked.show is show,
            counted(found[show]) if show in found else None,
        )
        for show, name in SHOW_NAMES.items()
        if show is not Show.MINE or who.units
    ]


ROUTES = [problem_list]
