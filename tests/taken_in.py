"""Stories put into the database as the ingest saves them: with the event that says so, from which figures are counted."""

from __future__ import annotations

from media_tracker.db.connection import Json
from media_tracker.db.events import SYSTEM, EventLog, NewEvent
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.ingest.saving import ENTITY
from media_tracker.wiring import Services


async def take_in(services: Services, row: Json) -> None:
    """Insert the story ``row``, which is new; one that is withdrawn has been so since."""
    transactor = Transactor(services.database, EventLog(services.database, services.clock))
    payload = {name: row[name] for name in ("outlet_id", "feed_id", "published_at", "content_hash")}

    async def work(tx: Transaction) -> None:
        await services.database["stories"].insert_one(row, session=tx.session)
        tx.record(NewEvent(ENTITY, row["_id"], 1, "ingested", services.clock(), payload))
        if row["withdrawn_at"] is not None:
            tx.record(NewEvent(ENTITY, row["_id"], 2, "withdrawn", services.clock()))

    await transactor.run(work, SYSTEM)
