"""What the page of a problem says of merging and splitting: what it is part of, what it has taken over, what was split off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request

from media_tracker.accounts.actor import Actor
from media_tracker.errors import Forbidden, MediaTrackerError
from media_tracker.problems.documents import Problem
from media_tracker.web.render import Pages
from media_tracker.web.visitor import services


@dataclass(frozen=True, slots=True)
class Linked:
    """Another problem that this one was merged with, or split from."""

    number: str
    title: str
    at: datetime | None = None
    rounds: int = 0


@dataclass(frozen=True, slots=True)
class RegroupedView:
    """What the page of a problem says of merging and splitting; ``templates/problems/case/regrouped.html``."""

    may: bool
    """Whether the visitor may merge and split at all."""
    final: Linked | None
    """The problem that it has ended up in."""
    merged_at: datetime | None
    may_undo: bool
    no_undo: str
    """Why it cannot be undone, for somebody who otherwise might."""
    taken: Sequence[Linked]
    split_from: Linked | None
    split_off: Sequence[Linked]


async def read_regrouped(request: Request[Any, Any, Any], problem: Problem, who: Actor, may: bool) -> RegroupedView:
    """What there is to say, for the visitor ``who``."""
    room, case = services(request), problem.case
    pages: Pages = request.app.state.pages
    ids = {*(each.problem_id for each in case.taken_over), *(each.problem_id for each in case.split_off)}
    ids |= {case.split_from} if case.split_from is not None else set()
    others = {each.case.id: each for each in [await room.problems.by_id(key) for key in ids]}
    final = await room.regrouping.final(problem) if case.duplicate_of is not None else None
    error: MediaTrackerError | None = None
    if case.merged is not None and may:
        error = room.regrouping.undo_obstacle(problem, await room.problems.by_id(case.merged.into), who)
    return RegroupedView(
        may=may,
        final=_linked(final) if final is not None else None,
        merged_at=case.merged.at if case.merged is not None else None,
        may_undo=case.merged is not None and may and error is None,
        no_undo=pages.catalogue.explain(error) if error is not None and not isinstance(error, Forbidden) else "",
        taken=[_linked(others[each.problem_id], each.at) for each in case.taken_over],
        split_from=_linked(others[case.split_from]) if case.split_from is not None else None,
        split_off=[_linked(others[each.problem_id], each.at) for each in case.split_off],
    )


def _linked(problem: Problem, at: datetime | None = None) -> Linked:
    return Linked(problem.number, problem.title, at, len(problem.case.rounds))
