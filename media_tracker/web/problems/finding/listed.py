"""One line of a list of problems, and the reader of lists: what the list, somebody's work and the areas have in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request

from media_tracker.accounts.actor import Role
from media_tracker.errors import InvalidInput
from media_tracker.problems.case import State
from media_tracker.problems.clocks.rules import ClockKind
from media_tracker.problems.finding.lines import Line
from media_tracker.problems.finding.listing import MOST_COUNTED, ProblemFilter
from media_tracker.problems.light import Light
from media_tracker.problems.stakes import Dependent, dependent
from media_tracker.web.naming import Names
from media_tracker.web.problems.finding.asked import Asked, Reader, filter_of
from media_tracker.web.problems.words import CLOCK_NAMES
from media_tracker.web.region_input import resolve_region
from media_tracker.web.visitor import actor, services


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """One line of the list. ``clock`` (untranslated): which clock the light is of; empty for the fix, or when none runs."""

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
    clock: str
    exposures: int


@dataclass(frozen=True, slots=True)
class Counted:
    """A number beside a list's address; ``number`` of None: more than are counted."""

    number: int | None
    most: int = MOST_COUNTED - 1


def counted(number: int) -> Counted:
    """``number`` as it is shown: up to 999, then "more than"."""
    return Counted(number if number < MOST_COUNTED else None)


def row_of(line: Line, names: Names, now: datetime) -> ProblemRow:
    """A line, with the light of the clock that ends first."""
    clock = line.clock
    review = clock is not None and clock.kind is ClockKind.REVIEW
    resting = line.state is State.DEFERRED
    light = clock.light(now) if clock is not None else Light.DONE
    return ProblemRow(
        number=line.number,
        title=line.title,
        place=line.place,
        category=names.category(line.category),
        unit=names.unit(line.unit_id),
        state=line.state.value,
        severity=line.severity.value,
        due_at=None if resting else clock.due_at if clock is not None else line.due_at,
        review_at=line.review_at if resting else None,
        light=light.value,
        clock=CLOCK_NAMES[clock.kind] if clock and not review and clock.kind is not ClockKind.FEEDBACK else "",
        exposures=line.exposures,
    )


async def reader_of(request: Request[Any, Any, Any], *, stakes: bool) -> Reader:
    """Who reads the list, and, with ``stakes``, what they may not verify."""
    room, who = services(request), actor(request)
    of = Dependent(who.user_id)
    if stakes and who.has(Role.INSPECTOR):
        units = await room.places.units()
        today = room.clock().astimezone(room.settings.zone).date()
        of = dependent(who, units.ancestors, await room.places.responsibilities.backings(today))
    return Reader(who, room.clock(), room.settings.zone, of)


async def wanted_by(request: Request[Any, Any, Any], asked: Asked) -> tuple[ProblemFilter, str]:
    """What ``asked`` means to the visitor; and, untranslated, what is wrong with its region."""
    area, wrong = None, ""
    if asked.region:
        try:
            area = await resolve_region(services(request).places, asked.region)
        except InvalidInput as error:
            area, wrong = asked.region, error.message
    return filter_of(asked, area, await reader_of(request, stakes=asked.mine_to_check)), wrong
