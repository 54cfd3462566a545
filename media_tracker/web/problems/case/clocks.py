"""The clocks of one problem as its page shows them: those that run, what has become of the others, and what the unit asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from litestar import Request

from media_tracker.db.events import Event
from media_tracker.errors import N_
from media_tracker.problems.case import AskKind, Case, EventType, State
from media_tracker.problems.clocks.rules import ClockKind
from media_tracker.problems.documents import Problem
from media_tracker.problems.light import Light, running
from media_tracker.problems.steps import Step
from media_tracker.web.problems.words import CLOCK_NAMES
from media_tracker.web.render import Pages
from media_tracker.web.visitor import services

ASK_NAMES: Mapping[AskKind, str] = {
    AskKind.EXTENSION: N_("The unit asks for more time"),
    AskKind.DEFERRAL: N_("The unit asks to defer it"),
}
MORE_TIME = timedelta(days=7)
LOOKED_AT_AGAIN = timedelta(days=30)
_ASKED = frozenset({EventType.EXTENSION_ASKED.value, EventType.DEFERRAL_ASKED.value})


@dataclass(frozen=True, slots=True)
class RunningRow:
    """A clock that runs. ``name`` is untranslated."""

    kind: str
    name: str
    due_at: datetime
    light: str


@dataclass(frozen=True, slots=True)
class EndedRow:
    """A clock that has been met, or missed. ``name`` is untranslated."""

    name: str
    due_at: datetime
    ended_at: datetime
    late: bool


@dataclass(frozen=True, slots=True)
class AskView:
    """What the unit asks for; ``sentence`` is untranslated, ``text`` its reason."""

    sentence: str
    wished_at: datetime
    by_day: bool
    at: datetime
    who: str
    text: str


@dataclass(frozen=True, slots=True)
class ClocksView:
    """Everything that the page says of time."""

    running: Sequence[RunningRow]
    """The one that ends first foremost."""
    ended: Sequence[EndedRow]
    official: bool
    """False: a year on the way has no official calendar yet."""
    asked: AskView | None
    review_due: bool
    """Deferred, and its day has come."""
    unprotected: bool
    """A danger whose interim protection was due and is not on record."""
    wishes: Mapping[str, datetime]
    """By step: the day that its form begins with, the one that the unit has asked for or a usual one."""
    photos: Sequence[Mapping[str, Any]]
    """Of the interim protection, as ``ui.photo`` takes them."""


async def read_clocks(
    request: Request[Any, Any, Any], problem: Problem, events: Sequence[Event], fresh_due_at: datetime | None
) -> ClocksView:
    """Look up what the clocks of ``problem`` refer to, ready to show. ``fresh_due_at``: the limit by today's rules."""
    room, case = services(request), problem.case
    now = room.clock()
    clocks = running(case)
    review = next((each for each in clocks if each.kind is ClockKind.REVIEW), None)
    guard = next((each for each in clocks if each.kind is ClockKind.PROTECTION), None)
    return ClocksView(
        running=[
            RunningRow(each.kind.value, CLOCK_NAMES[each.kind], each.due_at, each.light(now).value)
            for each in clocks
            if each.kind is not ClockKind.REVIEW
        ],
        ended=_ended(case),
        official=case.state is State.DEFERRED or all(each.official for each in clocks),
        asked=await _asked(request, problem, events),
        review_due=review is not None and review.light(now) is not Light.OK,
        unprotected=guard is not None and guard.light(now) is Light.OVER,
        wishes=_wishes(case, fresh_due_at, now),
        photos=await _photos(request, case.protected.photos if case.protected else ()),
    )


def _wishes(case: Case, fresh_due_at: datetime | None, now: datetime) -> dict[str, datetime]:
    """What the forms that give or ask for time begin with: never a day that they would refuse.

    More time: the limit by today's rules, or a week where that is no more than there is. A deferral: a month.
    """
    present = max(case.due_at or now, now)
    longer = fresh_due_at if fresh_due_at is not None and fresh_due_at > present else present + MORE_TIME
    wishes = dict.fromkeys((Step.EXTEND.value, Step.ASK_EXTENSION.value), longer)
    wishes |= dict.fromkeys((Step.DEFER.value, Step.ASK_DEFERRAL.value), now + LOOKED_AT_AGAIN)
    if case.asked is not None:
        step = Step.EXTEND if case.asked.kind is AskKind.EXTENSION else Step.DEFER
        wishes[step.value] = case.asked.wished_at
    return wishes


def _ended(case: Case) -> list[EndedRow]:
    """The hand-over and the interim protection, when they have come about."""
    found: list[EndedRow] = []
    if case.hand_over is not None and case.assigned_at is not None:
        late = case.assigned_at > case.hand_over.due_at
        found.append(EndedRow(CLOCK_NAMES[ClockKind.HAND_OVER], case.hand_over.due_at, case.assigned_at, late))
    if case.protection is not None and case.protected is not None:
        late = case.protected.at > case.protection.due_at
        found.append(EndedRow(CLOCK_NAMES[ClockKind.PROTECTION], case.protection.due_at, case.protected.at, late))
    return found


async def _asked(request: Request[Any, Any, Any], problem: Problem, events: Sequence[Event]) -> AskView | None:
    asked = problem.case.asked
    if asked is None:
        return None
    seq = max((event.seq for event in events if event.type in _ASKED), default=0)
    people = await services(request).accounts.names({asked.by}) if asked.by is not None else {}
    return AskView(
        sentence=ASK_NAMES[asked.kind],
        wished_at=asked.wished_at,
        by_day=asked.kind is AskKind.DEFERRAL,
        at=asked.at,
        who=people.get(asked.by, "") if asked.by is not None else "",
        text=problem.words_of(seq),
    )


async def _photos(request: Request[Any, Any, Any], ids: Sequence[ObjectId]) -> list[Mapping[str, Any]]:
    found = await services(request).files.photos(ids) if ids else {}
    pages: Pages = request.app.state.pages
    words = pages.catalogue.gettext(N_("Photo of the interim protection"))
    return [
        {"src": f"/files/{each.thumbnail_id}", "href": f"/files/{each.id}", "alt": words}
        for each in (found[photo] for photo in ids if photo in found)
    ]
