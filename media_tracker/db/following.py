"""Following what is inserted, by one change stream: to be told at once that there is something to read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from media_tracker.db.connection import Database, Json


@dataclass(frozen=True, slots=True)
class Inserted:
    """A document that a majority of the servers holds now: its collection, and the fields that were asked for."""

    collection: str
    fields: Json


@asynccontextmanager
async def inserts(database: Database, wanted: Mapping[str, Sequence[str]]) -> AsyncIterator[AsyncIterator[Inserted]]:
    """What is inserted from now on into the collections of ``wanted``, with the fields that it names of each.

    The stream is open when the context is entered. It promises no order across transactions, and what is told while it is being
    opened again is lost: a reader takes it as a reason to look, never as the news itself.

    Raises:
        PyMongoError: the server has no change streams, or cannot be reached; also while the stream is read.
    """
    shown = dict.fromkeys((f"fullDocument.{name}" for names in wanted.values() for name in names), 1)
    pipeline: list[Json] = [
        {"$match": {"operationType": "insert", "ns.coll": {"$in": list(wanted)}}},
        {"$project": {"ns": 1, **shown}},
    ]
    async with await database.watch(pipeline) as stream:

        async def told() -> AsyncIterator[Inserted]:
            async for change in stream:
                yield Inserted(change["ns"]["coll"], dict(change.get("fullDocument") or {}))

        yield told()
