"""How areas stand: the numbers of many areas at once, each as its list counts it, up to ``MOST_COUNTED``.

For an area with few open problems four of the five numbers come out of one walk through its part of an index, without reading a
document; where there are more than are counted, each is counted by itself, so far. Relapses are few, and read once for all areas.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from media_tracker.db.connection import Collection, Json
from media_tracker.problems.case import OPEN_STATES, State
from media_tracker.problems.finding.facets import Flag, of_area, of_flag
from media_tracker.problems.finding.listing import MOST_COUNTED, ProblemFilter, counts, unarrived
from media_tracker.problems.light import WAITING


@dataclass(frozen=True, slots=True)
class AreaNumbers:
    """Problems in one area. ``overdue``: over the deadline of the fix; ``relapses``: open ones."""

    open: int = 0
    overdue: int = 0
    to_verify: int = 0
    deferred: int = 0
    relapses: int = 0


async def count_areas(problems: Collection, areas: Sequence[str], now: datetime) -> list[AreaNumbers]:
    """The numbers of each of ``areas``: regions of any level, or bodies."""
    besides = await unarrived(problems)
    relapses, by_state = await asyncio.gather(
        _relapses(problems, areas, besides),
        asyncio.gather(*(_by_state(problems, each, now, besides) for each in areas)),
    )
    return [replace(found, relapses=relapses.get(area, 0)) for area, found in zip(areas, by_state, strict=True)]


async def _by_state(problems: Collection, area: str, now: datetime, besides: Json) -> AreaNumbers:
    """All but relapses; everything that is asked stands in the index."""
    over = {"$and": [{"$lt": ["$turns_at", now]}, {"$lt": ["$case.due_at", now]}, {"$gt": ["$case.due_at", None]}]}
    pipeline: list[Json] = [
        {"$match": {"$and": [{"search": of_area(area)}, {"case.state": {"$in": sorted(_STATES)}}, besides]}},
        {"$limit": MOST_COUNTED},
        {"$group": {"_id": "$case.state", "number": {"$sum": 1}, "over": {"$sum": {"$cond": [over, 1, 0]}}}},
    ]
    rows = await (await problems.aggregate(pipeline, hint="found_due")).to_list()
    if sum(row["number"] for row in rows) == MOST_COUNTED:
        others = await counts(problems, [replace(each, area=area) for each in _but_open(now)], besides)
        return AreaNumbers(MOST_COUNTED, *others)
    number = {State(row["_id"]): row["number"] for row in rows}
    return AreaNumbers(
        open=sum(number.get(state, 0) for state in OPEN_STATES),
        overdue=sum(row["over"] for row in rows if row["_id"] in WAITING),
        to_verify=number.get(State.CLAIMED_FIXED, 0),
        deferred=number.get(State.DEFERRED, 0),
    )


_STATES = OPEN_STATES | WAITING | {State.CLAIMED_FIXED, State.DEFERRED}


def _but_open(now: datetime) -> Sequence[ProblemFilter]:
    """The lists of the numbers, in their order, from the second on."""
    return (
        ProblemFilter(overdue_at=now),
        ProblemFilter(states=frozenset({State.CLAIMED_FIXED})),
        ProblemFilter(states=frozenset({State.DEFERRED})),
    )


async def _relapses(problems: Collection, areas: Sequence[str], besides: Json) -> dict[str, int]:
    """Open relapses of each area."""
    entries = {of_area(area): area for area in areas}
    relapse = {"search": of_flag(Flag.RELAPSE)}
    pipeline: list[Json] = [
        {"$match": {"$and": [relapse, {"case.state": {"$in": sorted(OPEN_STATES)}}, besides]}},
        {"$project": {"areas": {"$setIntersection": ["$search", list(entries)]}}},
        {"$unwind": "$areas"},
        {"$group": {"_id": "$areas", "number": {"$sum": 1}}},
    ]
    rows = await (await problems.aggregate(pipeline, hint="found_newest")).to_list()
    return {entries[row["_id"]]: row["number"] for row in rows}
