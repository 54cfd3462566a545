"""Stories that were decided by one editor and wait for another's blind second look, as the queue of that other one has them.

They are few, and read as a whole. Those that the editor is asked about stand in the queue as any other, by what they were before
the first decision; what that made of them, whether they wait, in which district they count, is not to be seen there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bson import ObjectId

from media_tracker.db.connection import Json
from media_tracker.desk.filters import ASKED_OF, QueueFilter, Which, meets
from media_tracker.ingest.blind import blind_to
from media_tracker.ingest.documents import DeskState

MOST = 1_000
"""So many are known at once, the newest."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """Those that are ``blind_to`` one editor, as they are stored. ``blind.queued``: the editor is asked about it.

    ``put_off``: those that the editor has put off, with the time until when.
    """

    rows: Sequence[Json] = ()
    put_off: Mapping[ObjectId, datetime] = field(default_factory=dict)

    def holds(self, story_id: ObjectId) -> bool:
        """Whether it is one of them."""
        return any(row["_id"] == story_id for row in self.rows)

    def shown(self, wanted: QueueFilter, narrow: Json, opened: Collection[ObjectId]) -> list[Json]:
        """Those that belong into the queue ``wanted``, as they were.

        ``narrow``: what it says in the database's words; ``opened``: what the editor has open.
        """
        found = []
        for row in self.rows:
            match wanted.which:
                case Which.WAITING:
                    belongs = row["_id"] not in self.put_off
                case Which.MINE:
                    belongs = row["_id"] in opened
                case Which.SNOOZED:
                    belongs = row["_id"] in self.put_off
                case Which.CHANGED:
                    belongs = False
            if belongs and row["blind"]["queued"] and meets(narrow, before := self.before(row)):
                found.append(before)
        return found

    def hidden(self, wanted: QueueFilter, narrow: Json, opened: Collection[ObjectId]) -> int:
        """How many of them the database counts in the queue ``wanted``, because of what the first editor has made of them."""
        desk = {Which.WAITING: DeskState.PENDING, Which.MINE: DeskState.PENDING, Which.SNOOZED: DeskState.SNOOZED}
        return sum(
            row["desk"] == desk.get(wanted.which) and meets(narrow, row)
            for row in self.rows
            if wanted.which is not Which.MINE or row["_id"] in opened
        )

    def before(self, row: Json) -> Json:
        """A row as it was before the first decision, as far as a queue asks."""
        was = {**row, "district": row["blind"]["district"], "desk": DeskState.PENDING.value}
        return was | ({"snooze": {"until": self.put_off[row["_id"]]}} if row["_id"] in self.put_off else {})


def pipeline(user: ObjectId) -> list[Json]:
    """What the database is asked for ``Unseen.rows``; to be read with the hint ``ingest.blind.INDEX``."""
    return [
        {"$match": blind_to(user)},
        {"$sort": {"published_at": -1, "_id": -1}},
        {"$limit": MOST},
        {"$project": {**ASKED_OF, "blind.queued": 1, "blind.district": 1}},
    ]
