"""How many stories a queue holds: never counted further, nor for longer, than it is worth to be shown."""

from __future__ import annotations

from dataclasses import dataclass

from pymongo.errors import ExecutionTimeout

from media_tracker.db.connection import Collection as Rows
from media_tracker.db.connection import Json
from media_tracker.ingest.documents import DeskState

MOST_COUNTED = 1_000
"""More are "more than 1,000"."""
MOST_MILLISECONDS = 300
"""A total is not worth more; without one the page says "more than" what it knows of."""
CHANGED: Json = {"desk": DeskState.DECIDED.value, "withdrawn_at": None, "changed_since_decision": True}
CHANGED_INDEX = "changed_since_decision"
"""The index that holds these alone; the database would rather read everything that is decided."""
SNOOZED: Json = {"desk": DeskState.SNOOZED.value}


@dataclass(frozen=True, slots=True)
class Total:
    """How many stories. ``more``: there are more than ``count``, which was not counted further."""

    count: int
    more: bool = False

    @classmethod
    def of(cls, count: int) -> Total:
        return cls(min(max(count, 0), MOST_COUNTED), count > MOST_COUNTED)


async def count(stories: Rows, query: Json, hint: Json, known: int = 0) -> Total:
    """How many stories meet ``query``, up to 1,000 and for at most 0.3 seconds; then "more than" the ``known`` ones."""
    try:
        return Total.of(
            await stories.count_documents(query, limit=MOST_COUNTED + 1, maxTimeMS=MOST_MILLISECONDS, **hint)
        )
    except ExecutionTimeout:
        return Total(min(known, MOST_COUNTED), more=True)
