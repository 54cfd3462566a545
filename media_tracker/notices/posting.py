"""From notices to letters: what waits for one reader goes into one letter, at once or with the letter of the day.

Which notices go into a letter is written down (``batch``) before it is written. A process killed anywhere in between leaves a
batch that the next turn writes again, under the same key: the outbox then has it already.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from bson import ObjectId
from pymongo.errors import PyMongoError

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.leases import Leases
from media_tracker.mail.letters import Letter
from media_tracker.mail.outbox import Outbox
from media_tracker.notices.documents import DIGEST, NOTICES, NOW, Notice, notice_of

LEASE, LEASE_SECONDS = "notices: posting", 300.0
MOST_IN_A_LETTER = 50
"""So many are told one by one; of the others a letter says only how many there are."""

log = structlog.get_logger("notices")


@dataclass(frozen=True, slots=True)
class Bundle:
    """What goes into one letter: to a user, or to an outlet. ``notices`` are the earliest of ``total``."""

    user_id: ObjectId | None
    outlet_id: ObjectId | None
    notices: Sequence[Notice]
    total: int
    daily: bool


Compose = Callable[[Bundle], Awaitable[Letter | None]]
"""Writes the letter in its reader's language; None: there is nothing in it that may be told, or nobody to tell it to."""


class Posting:
    """Has letters written of the notices that wait for one, and puts them into the outbox."""

    def __init__(
        self, database: Database, outbox: Outbox, clock: Clock, owner: str, zone: ZoneInfo, digest_hour: int
    ) -> None:
        self._notices = database[NOTICES]
        self._outbox = outbox
        self._leases = Leases(database, clock)
        self._clock = clock
        self._owner = owner
        self._zone = zone
        self._digest_hour = digest_hour

    async def turn(self, compose: Compose) -> int:
        """Write what is to be written now. Returns how many letters were put in; 0 when another process does it."""
        if not await self._leases.acquire(LEASE, self._owner, LEASE_SECONDS):
            return 0
        try:
            await self._bundle({"mail": NOW})
            moment = last_digest(self._clock(), self._zone, self._digest_hour)
            await self._bundle({"mail": DIGEST, "created_at": {"$lt": moment}})
            batches = await self._notices.distinct("batch", {"batch": {"$exists": True}})
            return sum([await self._post(batch, compose) for batch in batches])
        finally:
            await self._leases.release(LEASE, self._owner)

    async def _bundle(self, waiting: Json) -> None:
        """Write down which of the notices that wait go together: all of one reader."""
        alone = {**waiting, "batch": {"$exists": False}}
        group = {"_id": {"user_id": "$user_id", "outlet_id": "$outlet_id"}}
        readers = await (await self._notices.aggregate([{"$match": alone}, {"$group": group}])).to_list()
        for reader in readers:
            await self._notices.update_many({**alone, **reader["_id"]}, {"$set": {"batch": ObjectId()}})

    async def _post(self, batch: ObjectId, compose: Compose) -> bool:
        rows = (
            await self._notices.find({"batch": batch}).sort([("at", 1), ("_id", 1)]).limit(MOST_IN_A_LETTER).to_list()
        )
        if not rows:
            return False
        total = await self._notices.count_documents({"batch": batch})
        reader = rows[0]
        bundle = Bundle(
            reader["user_id"], reader["outlet_id"], [notice_of(row) for row in rows], total, reader["mail"] == DIGEST
        )
        put = False
        try:
            letter = await compose(bundle)
            if letter is not None:
                put = await self._outbox.put(f"notices:{batch}", letter, bundle.user_id)
        except PyMongoError:
            raise
        except Exception:  # one letter that cannot be written must not stop the others; its notices stand in the app
            log.exception("letter_not_written", batch=str(batch))
        await self._notices.update_many({"batch": batch}, {"$unset": {"mail": "", "batch": ""}})
        return put


def last_digest(now: datetime, zone: ZoneInfo, hour: int) -> datetime:
    """The latest moment up to ``now`` at which the letter of the day was due: ``hour`` o'clock in ``zone``."""
    local = now.astimezone(zone).replace(hour=hour, minute=0, second=0, microsecond=0)
    return local if local <= now else local - timedelta(days=1)
