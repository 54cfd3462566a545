"""What looking at feeds left behind, written down: the state of each feed, its last 30 fetches, the totals.

Most looks find nothing new. Their lines are gathered for a moment and written together, so that a look costs next to nothing;
what a killed process had not written yet is a line of a log, and a feed that is looked at once more.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError, PyMongoError

from media_tracker.db.connection import Database, Json
from media_tracker.db.gathering import A_MOMENT, Gathering
from media_tracker.errors import N_, Conflict
from media_tracker.ingest.documents import FeedLog, FetchRecord
from media_tracker.ingest.outcome import RELEASED, Changes, FetchLine, noticed
from media_tracker.outlets.documents import Feed, Notice

FETCHES_KEPT = 30
NOTED_TOGETHER = 500
TOTALS = "fetch_totals"
_TOTAL_ID = "all"
_LINE = tuple(each.name for each in fields(FetchLine))


@dataclass(frozen=True, slots=True)
class Held:
    """What must still be so of a feed when something is written down about it: its address, and our lease on it.

    Who was too slow writes nothing: somebody else has looked in the meantime, or an editor has corrected the address.
    """

    feed_id: ObjectId
    url: str | None = None
    owner: str | None = None

    def query(self) -> Json:
        address = {} if self.url is None else {"url": self.url}
        return {"_id": self.feed_id, **address, **({} if self.owner is None else {"state.leased_by": self.owner})}

    def released(self, changes: Json) -> Json:
        """``changes``, which let go of the lease only if it is ours."""
        return changes if self.owner is not None else {name: v for name, v in changes.items() if name not in RELEASED}


@dataclass(frozen=True, slots=True)
class Note:
    """A look that has brought stories, as it is written down with them. ``digests`` of None: as they were."""

    held: Held
    changes: Changes
    digests: bytes | None = None


class Ledger:
    """The only writer of the state of feeds after a look, and of their logs."""

    def __init__(self, database: Database) -> None:
        self._feeds = database[Feed.Settings.name]
        self._logs = database[FeedLog.Settings.name]
        self._totals = database[TOTALS]
        self._noting = Gathering(self._note, most=NOTED_TOGETHER, at_once=2)
        self._remembering = Gathering(self._digests, most=NOTED_TOGETHER, at_once=2)
        self._counted: Counter[str] = Counter()
        self._totalling: asyncio.Task[None] | None = None

    async def note(self, held: Held, changes: Changes) -> None:
        """Write down a look that brought no story. Returns when it is written."""
        self._count(changes.line)
        await self._noting.ask((held, changes))

    async def finish(self, seconds: float) -> None:
        """Wait for what is being written, so long; see :meth:`Gathering.finish`."""
        await self._noting.finish(seconds)
        await self._remembering.finish(seconds)
        if self._totalling is not None:
            await asyncio.wait([self._totalling], timeout=seconds)

    async def note_within(self, session: AsyncClientSession, notes: Sequence[Note]) -> None:
        """Write down looks in the transaction that saves their stories.

        Raises:
            Conflict: one of the feeds is no longer held; then nothing of the transaction may stay.
        """
        held = [UpdateOne(note.held.query(), {"$set": note.held.released(note.changes.feed)}) for note in notes]
        written = await self._feeds.bulk_write(held, ordered=False, session=session)
        if written.matched_count != len(notes):
            raise Conflict(N_("Somebody else has read or changed this feed in the meantime."))
        lines = []
        for note in notes:
            update = _log_update(note.changes.line)
            if note.digests is not None:
                update["$set"] = {"digests": note.digests}
            lines.append(UpdateOne({"_id": note.held.feed_id}, update, upsert=True))
        await self._logs.bulk_write(lines, ordered=False, session=session)

    async def saved(self, lines: Sequence[FetchLine]) -> None:
        """Count looks whose transaction is through. The stories stand: a total that cannot be written now is written later."""
        for line in lines:
            self._count(line)
        if self._totalling is None:
            self._totalling = asyncio.create_task(self._total_soon())
        with contextlib.suppress(PyMongoError):
            await asyncio.shield(self._totalling)  # others wait for it, too

    async def digests(self, feed_id: ObjectId) -> bytes:
        """What the feed's entries were when it was read last."""
        return await self._remembering.ask(feed_id)

    async def fetches(self, feed_ids: Sequence[ObjectId]) -> dict[ObjectId, list[FetchRecord]]:
        """The last fetches of each feed, the latest first."""
        rows = self._logs.find({"_id": {"$in": list(feed_ids)}}, {"fetches": 1})
        return {
            row["_id"]: [FetchRecord.model_validate(each) for each in reversed(row.get("fetches", []))]
            async for row in rows
        }

    async def totals(self) -> Mapping[str, int]:
        """Since the database was made: looks by result, and what became of stories."""
        row = await self._totals.find_one({"_id": _TOTAL_ID}) or {}
        return {name: int(value) for name, value in row.items() if name != "_id"}

    async def move(self, feed_id: ObjectId, old: str, new: str, now: datetime) -> bool:
        """Poll a feed at its new address from now on.

        Where a feed of the same outlet is polled there already, this one rests. Where another outlet's is, or one that rests,
        nothing changes but that the editor is told: of two feeds that point at each other one must go on being asked.
        """
        try:
            moved = await self._feeds.update_one(
                {"_id": feed_id, "url": old}, {"$set": {"url": new, **noticed(Notice.MOVED, now, old)}}
            )
        except DuplicateKeyError:
            own = await self._feeds.find_one({"_id": feed_id}, {"outlet_id": 1})
            there = await self._feeds.find_one({"url": new}, {"outlet_id": 1, "active": 1})
            polled = own and there and there["active"] and there["outlet_id"] == own["outlet_id"]
            rests = noticed(Notice.MOVED_ONTO_ANOTHER, now, new) | ({"active": False} if polled else {})
            await self._feeds.update_one({"_id": feed_id, "url": old}, {"$set": rests})
            return False
        return moved.modified_count == 1

    async def dismiss_notice(self, feed_id: ObjectId, noticed_at: datetime | None) -> bool:
        """Somebody has seen the notice of that moment. False when it is gone already, or there is a newer one."""
        seen = {"_id": feed_id, "state.notice": {"$ne": None}, "state.notice_at": noticed_at}
        nothing = {"state.notice": None, "state.notice_at": None, "state.notice_from": ""}
        return (await self._feeds.update_one(seen, {"$set": nothing})).modified_count == 1

    def _count(self, line: FetchLine) -> None:
        self._counted[f"fetches_{line.result.value}"] += 1
        for name in ("new", "changed", "known"):
            self._counted[f"stories_{name}"] += getattr(line, name)

    async def _note(self, looks: Sequence[tuple[Held, Changes]]) -> list[None]:
        await asyncio.gather(
            self._feeds.bulk_write(
                [UpdateOne(held.query(), {"$set": held.released(each.feed)}) for held, each in looks], ordered=False
            ),
            self._logs.bulk_write(
                [UpdateOne({"_id": held.feed_id}, _log_update(each.line), upsert=True) for held, each in looks],
                ordered=False,
            ),
            self._write_totals(),
        )
        return [None] * len(looks)

    async def _digests(self, feed_ids: Sequence[ObjectId]) -> list[bytes]:
        rows = await self._logs.find({"_id": {"$in": list(feed_ids)}}, {"digests": 1}).to_list()
        stored = {row["_id"]: bytes(row.get("digests", b"")) for row in rows}
        return [stored.get(feed_id, b"") for feed_id in feed_ids]

    async def _total_soon(self) -> None:
        """Once for many looks: they would be in each other's way at one document."""
        await asyncio.sleep(A_MOMENT.total_seconds())
        self._totalling = None
        await self._write_totals()

    async def _write_totals(self) -> None:
        counted, self._counted = +self._counted, Counter()
        if not counted:
            return
        try:
            await self._totals.update_one({"_id": _TOTAL_ID}, {"$inc": dict(counted)}, upsert=True)
        except PyMongoError:
            self._counted += counted
            raise


def _log_update(line: FetchLine) -> Json:
    notes = [{"message": note.message, "params": note.params} for note in line.notes[:5]]
    row = {name: getattr(line, name) for name in _LINE} | {"result": line.result.value, "notes": notes}
    return {"$push": {"fetches": {"$each": [row], "$slice": -FETCHES_KEPT}}}
