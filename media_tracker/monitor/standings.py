"""Where projects stand, read from the monitor's own figures, so that each number opens its list."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bson import ObjectId

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.ingest.documents import Story
from media_tracker.ingest.story_format import StoryFormat
from media_tracker.monitor.definitions import Dimension, Key
from media_tracker.monitor.facts import EVERYTHING, Period, Slice, whole_days
from media_tracker.monitor.service import Monitor
from media_tracker.monitor.standing import LOOKED_AT, Progress, Rhythm, progress, rhythm
from media_tracker.outlets.commitments import planned_pieces
from media_tracker.outlets.documents import Platform, Project

SHOWN = (Key.STORIES, Key.EXPOSURES, Key.PROBLEMS, Key.RESOLVED)
"""What is counted of a project. Targets are on pieces alone, never on exposures."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a project stands, or one of its columns. ``counts`` are the monitor's, of ``period`` and ``part``."""

    period: Period
    part: Slice
    counts: Mapping[Key, int]
    planned: int | None
    progress: Progress
    rhythm: Rhythm


@dataclass(frozen=True, slots=True)
class FormCount:
    """How many pieces ran under a column in one form on one platform. ``format``: None where it is not recorded."""

    column: str
    format: StoryFormat | None
    platform: Platform
    pieces: int


class Standings:
    """Reads where projects stand."""

    def __init__(self, database: Database, monitor: Monitor, clock: Clock) -> None:
        self._stories = database[Story.Settings.name]
        self._monitor = monitor
        self._clock = clock

    async def all(self, projects: Sequence[Project]) -> dict[ObjectId, Standing]:
        """Each project by its id, all counted for the same days: from the first day of any of them until today."""
        if not projects:
            return {}
        today = self._today()
        period = Period(min(min(project.starts for project in projects), today), today)
        found = await self._monitor.overview(period, SHOWN, EVERYTHING, dimensions=(Dimension.PROJECT,))
        counts = {column.value: column.counts for column in found.tables[Dimension.PROJECT].columns}
        nothing = dict.fromkeys(SHOWN, 0)
        days = await asyncio.gather(*(self._days(period, _part(project)) for project in projects))
        return {
            _id(project): _standing(project, period, counts.get(str(project.id), nothing), told, today)
            for project, told in zip(projects, days, strict=True)
        }

    async def of(self, project: Project) -> Standing:
        """One project, from its first day until today."""
        today = self._today()
        period = Period(min(project.starts, today), today)
        part = _part(project)
        values = await asyncio.gather(*(self._monitor.page(key, period, part, 0, 1) for key in SHOWN))
        counts = {key: value for key, (value, _) in zip(SHOWN, values, strict=True)}
        return _standing(project, period, counts, await self._days(period, part), today)

    async def columns(self, project: Project) -> dict[str, Standing]:
        """Each column that a project names; pieces alone are counted of it."""
        today, planned = self._today(), {each.column: each.pieces for each in project.column_plans}
        period = Period(min(project.starts, today), today)
        found = {}
        for column in project.columns:
            part = replace(_part(project), column=column)
            value, rows = await self._monitor.page(Key.STORIES, period, part, 0, LOOKED_AT)
            days = [row.at.astimezone(self._monitor.zone).date() for row in rows]
            wanted = planned.get(column)
            found[column] = Standing(
                period,
                part,
                {Key.STORIES: value},
                wanted,
                progress(value, wanted, project.starts, project.ends, today),
                rhythm(days, project.starts, project.ends, today),
            )
        return found

    async def forms(self, project: Project) -> list[FormCount]:
        """The project's pieces by column, form and platform; withdrawn ones are left out."""
        start, end = whole_days(project.starts, project.ends, self._monitor.zone)
        match: Json = {
            "outlet_id": project.outlet_id,
            "published_at": {"$gte": start, "$lt": end},
            "withdrawn_at": None,
            **({"column": {"$in": list(project.columns)}} if project.columns else {}),
        }
        by = {name: f"${name}" for name in ("column", "format", "platform")}
        cursor = await self._stories.aggregate([{"$match": match}, {"$group": {"_id": by, "pieces": {"$sum": 1}}}])
        return [
            FormCount(
                row["_id"].get("column", ""),
                StoryFormat(told) if (told := row["_id"].get("format")) else None,
                Platform(row["_id"].get("platform") or Platform.WEB),
                row["pieces"],
            )
            async for row in cursor
        ]

    async def _days(self, period: Period, part: Slice) -> list[date]:
        """The local days of the latest stories."""
        _, rows = await self._monitor.page(Key.STORIES, period, part, 0, LOOKED_AT)
        return [row.at.astimezone(self._monitor.zone).date() for row in rows]

    def _today(self) -> date:
        return self._clock().astimezone(self._monitor.zone).date()


def running(project: Project, today: date) -> bool:
    """Whether it has begun and not ended; until a week before and after it stays among those that are looked at."""
    week = timedelta(days=7)
    return project.starts - week <= today <= project.ends + week


def _standing(
    project: Project, period: Period, counts: Mapping[Key, int], days: Sequence[date], today: date
) -> Standing:
    planned = planned_pieces(project)
    return Standing(
        period,
        _part(project),
        counts,
        planned,
        progress(counts[Key.STORIES], planned, project.starts, project.ends, today),
        rhythm(days, project.starts, project.ends, today),
    )


def _part(project: Project) -> Slice:
    return Slice(project=str(project.id))


def _id(project: Project) -> ObjectId:
    assert project.id is not None  # a stored project has one
    return ObjectId(project.id)
