"""What outlets have committed to (融媒项目): how it is written down, and for which projects a story counts. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from bson import ObjectId

from media_tracker.errors import N_, InvalidInput
from media_tracker.outlets.documents import ColumnPlan, Project

MOST_COLUMNS = 50
LONGEST_COLUMN = 200
MOST_PIECES = 100_000
_PLAN = re.compile(r"^(?P<column>.+?)\s*[=＝]\s*(?P<pieces>\d{1,6})$")


class Commitments:
    """All projects: a story counts for every project of its outlet that has its column and day."""

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


def read_columns(text: str) -> tuple[list[str], list[ColumnPlan]]:
    """The columns of a project, one a line, each with how many pieces are planned behind ``=``, or without: ``曝光台 = 24``.

    Raises:
        InvalidInput: too many, a name that is too long, or a number that nobody can mean; ``fields["columns"]`` says which.
    """
    plans: dict[str, int | None] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        found = _PLAN.match(line)
        column, pieces = (found["column"], int(found["pieces"])) if found else (line, None)
        if len(column) > LONGEST_COLUMN or (pieces is not None and pieces > MOST_PIECES):
            raise _mistake(N_("This line is too long, or its number too large: {line}"), line=line[:40])
        plans[column] = pieces
    if len(plans) > MOST_COLUMNS:
        raise _mistake(N_("A project has at most {most} columns."), most=MOST_COLUMNS)
    return list(plans), [ColumnPlan(column=column, pieces=n) for column, n in plans.items() if n is not None]


def written_columns(project: Project) -> str:
    """The columns of ``project`` as ``read_columns`` reads them."""
    planned = {each.column: each.pieces for each in project.column_plans}
    return "\n".join(f"{column} = {planned[column]}" if column in planned else column for column in project.columns)


def planned_pieces(project: Project) -> int | None:
    """How many pieces were promised in all: the number for the whole, or else those of the columns together; None: none was."""
    if project.planned_stories is not None:
        return project.planned_stories
    return sum(each.pieces for each in project.column_plans) or None


def _mistake(sentence: str, **params: str | int) -> InvalidInput:
    return InvalidInput(sentence, {"columns": sentence}, **params)
