"""What came after the work on a problem, as its page shows it: look-backs, what citizens said, and when somebody goes back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request

from media_tracker.accounts.actor import Actor, Level, Role
from media_tracker.db.events import Event
from media_tracker.problems.afterwards.facts import LookBack, Occasion
from media_tracker.problems.afterwards.look_backs import Task, schedule
from media_tracker.problems.afterwards.satisfaction import Satisfaction
from media_tracker.problems.case import Case, EventType
from media_tracker.problems.documents import Problem
from media_tracker.problems.evidence.material import Part
from media_tracker.web.problems.case.history import may_read_callers
from media_tracker.web.problems.evidence.shown import Shown, shown
from media_tracker.web.problems.words import FOUND_NAMES, OCCASION_NAMES, REPLY_NAMES
from media_tracker.web.render import Pages
from media_tracker.web.visitor import actor, services


@dataclass(frozen=True, slots=True)
class LookBackView:
    """One visit after the closing. Words are untranslated."""

    at: datetime
    by: str
    found: str
    came_back: bool
    district: bool
    occasions: Sequence[str]
    text: str
    photos: Sequence[Shown]


@dataclass(frozen=True, slots=True)
class TaskView:
    """A visit that is to come."""

    occasion: str
    opens_at: datetime
    due_at: datetime
    late: bool


@dataclass(frozen=True, slots=True)
class ReplyView:
    """What a citizen who was called back said."""

    at: datetime
    by: str
    reply: str
    text: str


@dataclass(frozen=True, slots=True)
class Aftercare:
    """``problems/case/aftercare.html``"""

    look_backs: Sequence[LookBackView]
    tasks: Sequence[TaskView]
    replies: Sequence[ReplyView]
    reworks: int


def may_see_tasks(who: Actor) -> bool:
    """Whether ``who`` may know which look-backs are to come: a unit must not learn that its closing was drawn."""
    return who.has(Role.INSPECTOR, Role.PUBLICITY)


async def read_aftercare(request: Request[Any, Any, Any], problem: Problem, events: Sequence[Event]) -> Aftercare:
    """Everything that has come after the work, and for those who go back what is still to come."""
    room, who, case = services(request), actor(request), problem.case
    by = (*(each.by for each in case.look_backs), *(each.by for each in case.satisfactions))
    ids = {each for each in by if each is not None}
    people = await room.accounts.names(ids) if ids else {}
    photos = await room.evidence.photos(problem) if case.look_backs else {}
    pages: Pages = request.app.state.pages
    looked, called = (_words(problem, events, kind) for kind in (EventType.LOOKED_BACK, EventType.SATISFACTION))
    callers = may_read_callers(who)
    return Aftercare(
        look_backs=[
            _look_back(
                each,
                people.get(each.by, "") if each.by else "",
                text,
                shown(problem.number, each.photos, Part.LOOK_BACK, photos, pages),
            )
            for each, text in zip(case.look_backs, looked, strict=True)
        ],
        tasks=tasks_of(case, who, room.clock()),
        replies=[
            _reply(each, people.get(each.by, "") if each.by else "", text if callers else "")
            for each, text in zip(case.satisfactions, called, strict=True)
        ],
        reworks=case.reworks,
    )


def tasks_of(case: Case, who: Actor, now: datetime) -> list[TaskView]:
    """The look-backs to come, as far as ``who`` may know of them."""
    if not may_see_tasks(who):
        return []
    return [_task(task, now) for task in schedule(case) if task.done_at is None and _may_know(task, case, who)]


def _may_know(task: Task, case: Case, who: Actor) -> bool:
    """The draw is a secret to the unit's own people, whatever other role they have."""
    own = who.units | who.answers_for
    return task.occasion is not Occasion.SAMPLE or own.isdisjoint({case.unit_id, *case.co_unit_ids})


def _task(task: Task, now: datetime) -> TaskView:
    return TaskView(OCCASION_NAMES[task.occasion], task.opens_at, task.due_at, task.due_at <= now)


def _look_back(each: LookBack, by: str, text: str, photos: Sequence[Shown]) -> LookBackView:
    return LookBackView(
        at=each.at,
        by=by,
        found=FOUND_NAMES[each.found],
        came_back=each.came_back,
        district=each.level is Level.DISTRICT,
        occasions=[OCCASION_NAMES[occasion] for occasion in each.occasions if occasion is not Occasion.SAMPLE],
        text=text,
        photos=photos,
    )


def _reply(each: Satisfaction, by: str, text: str) -> ReplyView:
    return ReplyView(each.at, by, REPLY_NAMES[each.reply], text)


def earlier_findings(problem: Problem, events: Sequence[Event]) -> dict[int, list[str]]:
    """What was written with each check of a round, by the round's number, the first one first."""
    number, found = 0, defaultdict[int, list[str]](list)
    for event in events:
        number += event.type == EventType.STARTED
        if event.type in (EventType.VERIFIED, EventType.FAILED, EventType.NOTHING_FOUND):
            found[number].append(problem.words_of(event.seq))
    return found


def _words(problem: Problem, events: Sequence[Event], kind: EventType) -> list[str]:
    return [problem.words_of(event.seq) for event in events if event.type == kind]
