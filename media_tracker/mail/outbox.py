"""Letters that wait, and what became of them. Any number of workers empty it together.

A letter is put in under a key; the same key again is the same letter. Who takes one moves its next try into the future first, so
that a letter which brings its sender down does not come up at once again. It is marked as sent after the server has taken it: a
process killed between the two leaves a letter that is sent once more when the lease is over, with the same ``Message-ID``. So
every letter leaves at least once, and twice only then.

What was in a letter is forgotten when it has been sent or given up; its fate is kept for a month.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from bson import ObjectId
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.mail.carriers import Carrier, Line, LineDown, NotCarried, Refused
from media_tracker.mail.letters import Attachment, Letter, Sender, build
from media_tracker.mail.retry import next_try

COLLECTION = "outbox"
INDEXES = [
    IndexModel([("key", ASCENDING)], name="key", unique=True),
    IndexModel([("state", ASCENDING), ("next_at", ASCENDING)], name="state_next"),
    IndexModel([("expires_at", ASCENDING)], name="expires_ttl", expireAfterSeconds=0),
]
LEASE = timedelta(minutes=5)
"""Longer than any exchange with a server may take."""
FATE_KEPT = timedelta(days=30)
_FORGOTTEN = {"to": "", "subject": "", "text": "", "html": "", "person": "", "attachments": ""}

log = structlog.get_logger("outbox")

StillWanted = Callable[[ObjectId, str], Awaitable[bool]]
"""Whether letters to this person still go to this address: asked before every try."""


class LetterState(StrEnum):
    """What has become of a letter."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"
    DROPPED = "dropped"
    """Its reader has left, or has another address now."""


class Outbox:
    """Takes letters in, and sends those that are due."""

    def __init__(
        self, database: Database, clock: Clock, owner: str, carrier: Carrier, sender: Sender, still_wanted: StillWanted
    ) -> None:
        self._letters = database[COLLECTION]
        self._clock = clock
        self._owner = owner
        self._carrier = carrier
        self._sender = sender
        self._still_wanted = still_wanted

    @property
    def carrier(self) -> Carrier:
        """The way by which letters leave."""
        return self._carrier

    async def put(self, key: str, letter: Letter, person: ObjectId | None = None) -> bool:
        """Have ``letter`` sent; False when there is one of this key already. ``person``: the user whose address it goes to.

        Raises:
            InvalidInput: its address is none.
        """
        now = self._clock()
        build(letter, self._sender, key, now)  # what cannot be built is found out here and not when it is to be sent
        row: Json = {
            "state": LetterState.WAITING,
            "tries": 0,
            "next_at": now,
            "owner": None,
            "written_at": now,
            "error": None,
            "to": letter.to,
            "subject": letter.subject,
            "text": letter.text,
            "html": letter.html,
            "language": letter.language,
            "person": person,
            "attachments": [[each.filename, each.media_type, each.data] for each in letter.attachments],
        }
        try:
            result = await self._letters.update_one({"key": key}, {"$setOnInsert": row}, upsert=True)
        except DuplicateKeyError:
            return False
        return result.upserted_id is not None

    async def counts(self) -> Counter[str]:
        """How many letters are in each state."""
        groups = await self._letters.aggregate([{"$group": {"_id": "$state", "n": {"$sum": 1}}}])
        return Counter({row["_id"]: int(row["n"]) async for row in groups})

    async def send_due(self, most: int = 50) -> int:
        """Send what is due, over one line, until nothing is left, ``most`` have been tried, or the line is down.

        Returns how many letters have left.
        """
        line: Line | None = None
        sent = 0
        try:
            for _ in range(most):
                row = await self._take()
                if row is None:
                    break
                try:
                    if not await self._wanted(row):
                        await self._settle(row, LetterState.DROPPED)
                        continue
                    line = line or await self._carrier.open()
                    await line.send(build(_letter(row), self._sender, row["key"], row["written_at"]), row["to"])
                except LineDown as error:
                    await self._not_sent(row, error)
                    break
                except NotCarried as error:
                    await self._not_sent(row, error)
                else:
                    await self._settle(row, LetterState.SENT)
                    sent += 1
        finally:
            if line is not None:
                await line.close()
        return sent

    async def sweep(self) -> int:
        """Remove letters that were put into files more than a month ago; how many."""
        return await self._carrier.sweep(self._clock() - FATE_KEPT)

    async def _take(self) -> Json | None:
        """A letter that is due, ours for as long as the lease lasts."""
        now = self._clock()
        taken: Json | None = await self._letters.find_one_and_update(
            {"state": LetterState.WAITING, "next_at": {"$lte": now}},
            {"$set": {"next_at": now + LEASE, "owner": self._owner}, "$inc": {"tries": 1}},
            sort=[("next_at", ASCENDING)],
            return_document=ReturnDocument.AFTER,
        )
        return taken

    async def _wanted(self, row: Json) -> bool:
        return row["person"] is None or await self._still_wanted(row["person"], row["to"])

    async def _settle(self, row: Json, state: LetterState, error: str | None = None) -> None:
        """Write down the fate of a letter that is ours, and forget what it said."""
        now = self._clock()
        await self._letters.update_one(
            _ours(row),
            {
                "$set": {"state": state, "settled_at": now, "expires_at": now + FATE_KEPT, "error": error},
                "$unset": _FORGOTTEN,
            },
        )

    async def _not_sent(self, row: Json, error: NotCarried) -> None:
        again: datetime | None = None
        if not isinstance(error, Refused):
            again = next_try(row["tries"], row["written_at"], self._clock())
        log.warning("letter_not_sent", letter=str(row["_id"]), tries=row["tries"], error=str(error), again=again)
        if again is None:
            await self._settle(row, LetterState.GIVEN_UP, str(error))
        else:
            await self._letters.update_one(_ours(row), {"$set": {"next_at": again, "error": str(error)}})


def _ours(row: Json) -> Json:
    """The letter, unless somebody else has taken it since: the lease was over, and it is theirs to settle."""
    return {"_id": row["_id"], "state": LetterState.WAITING, "owner": row["owner"], "tries": row["tries"]}


def _letter(row: Json) -> Letter:
    attachments = tuple(Attachment(name, kind, bytes(data)) for name, kind, data in row.get("attachments", ()))
    return Letter(row["to"], row["subject"], row["text"], row["html"], row["language"], attachments)
