"""Counts what there is, so that figures are read from sheets and tallies from now on."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from media_tracker.accounts.actor import Level
from media_tracker.db.clock import system_clock
from media_tracker.db.connection import Database
from media_tracker.db.consumers import ConsumerRunner
from media_tracker.db.events import COLLECTION as EVENTS
from media_tracker.db.events import EventLog
from media_tracker.db.transactions import Transactor
from media_tracker.monitor.following import Following
from media_tracker.monitor.gathering import EVENT_INDEXES
from media_tracker.monitor.ledger import COLLECTIONS
from media_tracker.places.service import Places
from media_tracker.settings import Settings
from media_tracker.taxonomy.service import Taxonomy


async def up(database: Database) -> None:
    """Make the collections, and count. Doing it again counts again; killed, it begins again."""
    present = await database.list_collection_names()
    for name in COLLECTIONS:
        if name not in present:
            await database.create_collection(name)
    if EVENTS not in present:
        return
    await database[EVENTS].create_indexes(EVENT_INDEXES)
    settings = Settings()
    log, clock = EventLog(database, system_clock), system_clock
    following = Following(
        database,
        log,
        Transactor(database, log),
        ConsumerRunner(database, log, clock, "migration"),
        Places(database, clock),
        Taxonomy(database, clock),
        clock,
        Level(settings.level),
        ZoneInfo(settings.timezone),
    )
    await following.recount()
