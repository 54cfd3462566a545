"""Keeps what problems are found by in step with the stories that told of them.

A problem's links are written with the problem; but a story that it is tied to may be changed by its outlet, or completed from
its page, without anything happening to the problem. Then its links are written once more, from the text as it is now.
"""

from __future__ import annotations

from collections.abc import Sequence

from bson import ObjectId

from media_tracker.db.connection import Database
from media_tracker.db.consumers import Consumer
from media_tracker.db.events import SYSTEM, Event
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.problems.documents import Problem
from media_tracker.problems.linking.links import Links

CONSUMER = "relinking"
STORY = "story"
CHANGES = frozenset({"changed", "completed"})


class Relinking:
    """Writes links anew. Doing it again changes nothing."""

    def __init__(self, database: Database, transactor: Transactor, links: Links) -> None:
        self._problems = database[Problem.Settings.name]
        self._transactor = transactor
        self._links = links

    def consumer(self) -> Consumer:
        """Follows stories whose text changes."""
        return Consumer(CONSUMER, self._handle)

    async def _handle(self, events: Sequence[Event]) -> None:
        ids = list({event.entity_id: None for event in events if event.entity == STORY and event.type in CHANGES})
        if not ids:
            return
        tied = {
            "case.reports.story_id": {"$in": ids}
        }  # those that are only arriving too: they stay when they have arrived
        for row in await self._problems.find(tied, {"_id": 1}).to_list():
            await self._put(row["_id"])

    async def _put(self, problem_id: ObjectId) -> None:
        """Within a transaction, so that of this and somebody's change of the problem neither is lost."""

        async def work(tx: Transaction) -> None:
            row = await self._problems.find_one({"_id": problem_id}, session=tx.session)
            if row is not None:
                await self._links.put(Problem.model_validate(row), tx.session)

        await self._transactor.run(work, SYSTEM)
