"""Changing what has been written down of a project, and ending one before its time.

Figures count by projects as they are now: a story of a column that is added counts for the project from its first day on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from media_tracker.accounts.actor import Actor
from media_tracker.db.connection import Database, Json
from media_tracker.db.ids import parse_id
from media_tracker.errors import N_, Conflict, InvalidInput, NotFound
from media_tracker.outlets.documents import ColumnPlan, Project
from media_tracker.outlets.keeping import check_project_keeper

LONGEST = timedelta(days=3660)
LONGEST_NOTE = 300


@dataclass(frozen=True, slots=True)
class ProjectText:
    """What has been written down of a project, but for the outlet, which stays."""

    name: str
    columns: Sequence[str]
    column_plans: Sequence[ColumnPlan]
    starts: date
    ends: date
    planned_stories: int | None = None


class ProjectKeeping:
    """Changes projects; ``Outlets`` adds and reads them."""

    def __init__(self, database: Database) -> None:
        self._projects = database[Project.Settings.name]

    async def change(self, project_id: str, version: int, text: ProjectText, by: Actor) -> None:
        """Write a project anew that somebody saw at ``version``.

        Raises:
            Forbidden: ``by`` may not. NotFound: there is none. Conflict: somebody has changed it meanwhile.
            InvalidInput: something is missing, or the name is taken; ``fields`` say what.
        """
        check_project_keeper(by)
        fields: dict[str, str] = {}
        if not text.name.strip():
            fields["name"] = N_("Please give the project a name.")
        if text.ends < text.starts:
            fields["ends"] = N_("A project cannot end before it begins.")
        elif text.ends - text.starts > LONGEST:
            fields["ends"] = N_("Please choose ten years at most.")
        if fields:
            raise InvalidInput(N_("Please look at the marked fields."), fields)
        changes = {
            "name": text.name.strip(),
            "columns": list(text.columns),
            "column_plans": [each.model_dump() for each in text.column_plans],
            "starts": _midnight(text.starts),
            "ends": _midnight(text.ends),
            "planned_stories": text.planned_stories,
        }
        try:
            await self._write(project_id, version, changes)
        except DuplicateKeyError:
            sentence = N_("This outlet has a project of this name already.")
            raise InvalidInput(sentence, {"name": sentence}) from None

    async def end(self, project_id: str, version: int, last_day: date, note: str, by: Actor) -> None:
        """End a project before its time: ``last_day`` is the last day of which stories count for it. The agreed day is kept.

        Raises:
            Forbidden, NotFound, Conflict: as for ``change``. InvalidInput: no day within the project, or no reason.
        """
        check_project_keeper(by)
        row = await self._row(project_id)
        project: Project = Project.model_validate(row)
        fields: dict[str, str] = {}
        if not project.starts <= last_day < project.ends:
            fields["last_day"] = N_("Please give a day within the project, before its last one.")
        if not note.strip():
            fields["note"] = N_("Please say in a few words why.")
        if fields:
            raise InvalidInput(N_("Please look at the marked fields."), fields)
        changes = {
            "ends": _midnight(last_day),
            "agreed_end": _midnight(project.agreed_end or project.ends),
            "end_note": note.strip()[:LONGEST_NOTE],
        }
        await self._write(project_id, version, changes)

    async def _row(self, project_id: str) -> Json:
        row = await self._projects.find_one({"_id": parse_id(project_id)})
        if row is None:
            raise NotFound(N_("There is no such project."))
        return row

    async def _write(self, project_id: str, version: int, changes: dict[str, Any]) -> None:
        key = ObjectId((await self._row(project_id))["_id"])
        # Projects of earlier releases have no version yet; theirs is the first.
        seen: object = {"$in": [1, None]} if version == 1 else version
        update = {"$set": {**changes, "version": version + 1}}
        if (await self._projects.update_one({"_id": key, "version": seen}, update)).matched_count == 0:
            raise Conflict(N_("Somebody has changed this project in the meantime. Look at it again."))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo("UTC"))
