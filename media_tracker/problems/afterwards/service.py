"""What follows from a case once the work is done, kept beside it so that lists find it by an index."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import BaseModel
from pymongo import ASCENDING, DESCENDING, IndexModel

from media_tracker.problems.afterwards.look_backs import next_due_at
from media_tracker.problems.afterwards.revisits import Why, revisit
from media_tracker.problems.case import Case

EVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Before any of these moments. Queries say so, too: only then does the database see that a partial index has all they ask for."""


class Afterwards(BaseModel):
    """When somebody has to go back, when somebody went last, and from when on it is worth another story."""

    look_back_due_at: datetime | None = None
    looked_back_at: datetime | None = None
    came_back: bool = False
    """That the last look-back found that the fix had not held."""
    revisit_from: datetime | None = None
    revisit_why: Why | None = None


def afterwards(case: Case) -> Afterwards:
    """What follows from ``case``."""
    again = revisit(case)
    last = case.look_backs[-1] if case.look_backs else None
    return Afterwards(
        look_back_due_at=next_due_at(case),
        looked_back_at=last.at if last else None,
        came_back=last is not None and last.came_back,
        revisit_from=again.since if again else None,
        revisit_why=again.why if again else None,
    )


def _by(moment: str, order: int, *first: str) -> IndexModel:
    """An index of the problems that have this moment, and of no others."""
    field = f"after.{moment}"
    keys = [*((each, ASCENDING) for each in first), (field, order), ("_id", order)]
    name = "_".join([*(each.removeprefix("after.") for each in first), moment])
    return IndexModel(keys, name=name, partialFilterExpression={field: {"$gt": EVER}})


INDEXES = (
    _by("look_back_due_at", ASCENDING),
    _by("look_back_due_at", ASCENDING, "district"),
    _by("looked_back_at", DESCENDING),
    _by("looked_back_at", DESCENDING, "district"),
    _by("revisit_from", DESCENDING),
    _by("revisit_from", DESCENDING, "after.revisit_why"),
)
