"""Which problems a list shows, and where its pages begin and end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId

from media_tracker.db.connection import Collection, Json
from media_tracker.db.cursors import read_cursor, write_cursor
from media_tracker.problems.arriving import without_arriving
from media_tracker.problems.case import State
from media_tracker.problems.documents import Problem
from media_tracker.problems.light import WAITING
from media_tracker.text.segment import search_tokens

PAGE = 50
ORDER = "case.registered_at"


@dataclass(frozen=True, slots=True)
class ProblemFilter:
    """Which problems are meant; None and "" mean all."""

    states: frozenset[State] | None = None
    overdue_at: datetime | None = None
    """Only those that were over their deadline at this moment, as ``light`` has it."""
    units: frozenset[ObjectId] | None = None
    """Only those that one of these units is in charge of, or works on beside it."""
    district: str | None = None
    categories: Sequence[str] | None = None
    words: str = ""
    """Words of title and place, the problem's number, or its number in another channel."""


@dataclass(frozen=True, slots=True)
class ProblemPage:
    """One page of problems, newest first, with the cursors of the pages beside it."""

    problems: Sequence[Problem]
    newer: str | None
    older: str | None


def query_of(wanted: ProblemFilter) -> Json:
    """The database's words for ``wanted``."""
    clauses: list[Json] = []
    if wanted.states is not None:
        clauses.append({"case.state": {"$in": sorted(wanted.states)}})
    if wanted.overdue_at is not None:
        clauses.append({"case.state": {"$in": sorted(WAITING)}, "case.due_at": {"$lt": wanted.overdue_at}})
    if wanted.units is not None:
        units = {"$in": sorted(wanted.units)}
        clauses.append({"$or": [{"case.unit_id": units}, {"case.co_unit_ids": units}]})
    if wanted.district is not None:
        clauses.append({"district": wanted.district})
    if wanted.categories is not None:
        clauses.append({"case.category": {"$in": list(wanted.categories)}})
    words = wanted.words.strip()
    if words:
        tokens = search_tokens(words)
        numbers: Json = {"search": words}
        clauses.append({"$or": [numbers, {"search": {"$all": tokens}}]} if tokens else numbers)
    return {"$and": clauses} if clauses else {}


async def read_page(
    problems: Collection, wanted: ProblemFilter, older_than: str | None, newer_than: str | None, size: int
) -> ProblemPage:
    """One page by cursor: what is older than one, or what is newer. Without a cursor, or with nonsense: the newest."""
    base = query_of(wanted)
    back = read_cursor(newer_than)
    on = read_cursor(older_than) if back is None else None
    sign, word = (1, "$gt") if back is not None else (-1, "$lt")
    edge = back or on
    clauses = [clause for clause in (base, await without_arriving(problems.database)) if clause]
    if edge is not None:
        moment, last = edge
        clauses.append({"$or": [{ORDER: {word: moment}}, {ORDER: moment, "_id": {word: last}}]})
    query = {"$and": clauses} if clauses else {}
    rows = await problems.find(query).sort([(ORDER, sign), ("_id", sign)]).limit(size + 1).to_list()
    more = len(rows) > size
    found = [Problem.model_validate(row) for row in rows[:size]]
    if back is not None:
        found.reverse()
    if not found:
        return ProblemPage((), None, None)
    has_newer, has_older = (more, True) if back is not None else (on is not None, more)
    return ProblemPage(found, _cursor(found[0]) if has_newer else None, _cursor(found[-1]) if has_older else None)


def _cursor(problem: Problem) -> str:
    return write_cursor(problem.case.registered_at, problem.case.id)
