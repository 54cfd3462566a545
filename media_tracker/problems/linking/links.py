"""What problems are found by: a small document beside each, written with it, and the search through their keys.

The search asks for each key's latest problems, a bounded number, so its cost does not grow with the archive; those that meet
the most and the rarest keys are then compared exactly (``matching``).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from bson import Binary, ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from media_tracker.db.connection import Database, Json
from media_tracker.ingest.documents import Story
from media_tracker.problems.case import Channel, Report, State
from media_tracker.problems.closing import settled_at
from media_tracker.problems.documents import Problem
from media_tracker.problems.linking.matching import (
    LONGEST_SKETCH,
    Candidate,
    Known,
    Sketch,
    Wanted,
    asking_keys,
    keys_of,
    rank,
    sketch,
)
from media_tracker.problems.linking.rarity import background_ready, background_weights
from media_tracker.taxonomy.service import Taxonomy

COLLECTION = "problem_links"
INDEXES = [IndexModel([("keys", ASCENDING), ("at", DESCENDING), ("_id", ASCENDING)], name="keys")]

_STORIES = 4
"""So many of a problem's stories go into its sketch, the first ones."""
_PER_KEY = 50
_COMPARED = 64
_LATELY_CLOSED = timedelta(days=365)
"""Until then what comes back is offered, as a relapse."""
_TITLE, _PLACE, _STORY_TITLE, _BODY = 0.5, 0.5, 0.6, 1.0


class Links:
    """Writes and searches them."""

    def __init__(self, database: Database, taxonomy: Taxonomy, zone: ZoneInfo) -> None:
        self._links = database[COLLECTION]
        self._stories = database[Story.Settings.name]
        self._taxonomy = taxonomy
        self._zone = zone

    async def put(self, problem: Problem, session: AsyncClientSession | None = None) -> None:
        """Write what ``problem`` is found by, from itself and the stories that it is tied to."""
        ids = [r.story_id for r in _standing(problem) if r.story_id is not None][:_STORIES]
        told: list[Json] = []
        if ids:
            fields = {"title": 1, "text": 1}
            told = await self._stories.find({"_id": {"$in": ids}}, fields, session=session).to_list()
        path = (await self._taxonomy.table()).path(problem.case.category)
        await background_ready()
        row = link_row(problem, path, [(story["title"], story.get("text", "")) for story in told], self._zone)
        await self._links.replace_one({"_id": problem.case.id}, row, upsert=True, session=session)

    async def nearest(self, wanted: Wanted, limit: int) -> list[Candidate]:
        """The likeliest ``limit`` of the open and lately closed problems, best first."""
        keys = asking_keys(wanted)
        ids = await self._meeting(keys) if keys else []
        ids = list(dict.fromkeys([*wanted.linked, *ids]))
        if not ids:
            return []
        rows = await self._links.find({"_id": {"$in": ids}}, {"keys": 0}).to_list()
        table = await self._taxonomy.table()
        earliest = wanted.at - _LATELY_CLOSED
        known = [
            known_of(row, table.path(row["category"]))
            for row in rows
            if not row["gone"] and (row["settled_at"] is None or row["settled_at"] >= earliest)
        ]
        return rank(wanted, known, limit)

    async def _meeting(self, keys: Sequence[int]) -> list[ObjectId]:
        """The problems that meet the most and the rarest of ``keys``."""
        first, *others = [_of_key(number, key) for number, key in enumerate(keys)]
        union: list[Json] = [{"$unionWith": {"coll": COLLECTION, "pipeline": each}} for each in others]
        pipeline = [*first, *union, {"$group": {"_id": "$k", "ids": {"$push": "$_id"}}}]
        weights: dict[ObjectId, float] = defaultdict(float)
        async for row in await self._links.aggregate(pipeline):
            rare = 1 + math.log((_PER_KEY + 1) / (len(row["ids"]) + 1))
            for problem_id in row["ids"]:
                weights[problem_id] += rare
        return sorted(weights, key=lambda each: -weights[each])[:_COMPARED]


def _of_key(number: int, key: int) -> list[Json]:
    return [
        {"$match": {"keys": key}},
        {"$sort": {"at": -1}},
        {"$limit": _PER_KEY},
        {"$project": {"_id": 1, "k": {"$literal": number}}},
    ]


def _standing(problem: Problem) -> list[Report]:
    return sorted((r for r in problem.case.reports if r.withdrawn_at is None), key=lambda r: (r.occurred_at, r.id))


def link_row(problem: Problem, category_path: Sequence[str], told: Sequence[tuple[str, str]], zone: ZoneInfo) -> Json:
    """What is written for ``problem``; ``told``: title and text of its stories. No word of them, only numbers."""
    parts = [(problem.title, _TITLE), (problem.place, _PLACE)]
    for title, text in told:
        parts += [(title, _STORY_TITLE / len(told)), (text, _BODY / len(told))]
    case, reports = problem.case, _standing(problem)
    known = Known(
        id=case.id,
        place=problem.place,
        category_path=category_path,
        region_path=problem.region_path,
        last_at=max((report.occurred_at for report in reports), default=case.registered_at),
        sketch=sketch(parts, background_weights(), LONGEST_SKETCH),
        days=[(r.outlet_id, r.occurred_at.astimezone(zone).date()) for r in reports if r.channel is Channel.EXPOSURE],
    )
    gone = case.state in (State.DUPLICATE, State.NOT_ACCEPTED)
    return {
        "_id": case.id,
        "keys": [] if gone else keys_of(known),
        "at": known.last_at,
        "gone": gone,
        "settled_at": settled_at(case),
        "place": known.place,
        "category": case.category,
        "region_path": list(known.region_path),
        "days": [[outlet, datetime.combine(day, time(), UTC)] for outlet, day in known.days],
        "grams": Binary(known.sketch.grams.astype("<i4").tobytes()),
        "weights": Binary(known.sketch.weights.astype("<f2").tobytes()),
        "demo": problem.demo,
    }


def known_of(row: dict[str, Any], category_path: Sequence[str]) -> Known:
    """What matching needs, from what ``link_row`` has written."""
    return Known(
        id=row["_id"],
        place=row["place"],
        category_path=category_path,
        region_path=row["region_path"],
        last_at=row["at"],
        sketch=Sketch(
            np.frombuffer(row["grams"], dtype="<i4").astype(np.int32),
            np.frombuffer(row["weights"], dtype="<f2").astype(np.float32),
        ),
        days=[(outlet, day.date()) for outlet, day in row["days"]],
    )
