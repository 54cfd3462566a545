"""For which projects a story counts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bson import ObjectId

from media_tracker.outlets.documents import Project


class Commitments:
    """What outlets have committed to (融媒项目): a story counts for every project of its outlet that has its column and day."""

    def __init__(self, projects: Sequence[Project]) -> None:
        self._of_outlet: dict[ObjectId, list[tuple[ObjectId, Project]]] = {}
        for project in projects:
            assert project.id is not None  # a stored project has one
            self._of_outlet.setdefault(project.outlet_id, []).append((ObjectId(project.id), project))

    def of(self, outlet_id: ObjectId, column: str, day: date) -> frozenset[ObjectId]:
        """Ids of the projects that a story of ``column`` counts for when it is published on the local ``day``.

        A project that names no columns has them all.
        """
        return frozenset(
            project_id
            for project_id, project in self._of_outlet.get(outlet_id, ())
            if project.starts <= day <= project.ends and (not project.columns or column in project.columns)
        )
