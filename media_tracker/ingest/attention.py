"""How many feeds somebody should look at: failing or silent ones, and those that have moved or gone."""

from __future__ import annotations

from datetime import datetime

from media_tracker.db.connection import Database
from media_tracker.ingest.health import ALARMS, FAILURES_TOLD, SILENCE_AT_LEAST, STORIES_FOR_A_HABIT, diagnose
from media_tracker.outlets.documents import Feed


def wants_attention(feed: Feed, now: datetime) -> bool:
    """Whether there is an alarm about ``feed``, or a notice that nobody has dismissed. Pure."""
    return feed.state.notice is not None or diagnose(feed, now).health in ALARMS


async def count_feeds(database: Database, now: datetime) -> int:
    """How many feeds want attention. The database leaves out those that cannot; the rule itself decides on the rest."""
    may_want = [
        {"state.notice": {"$ne": None}},
        {"active": True, "state.failures": {"$gte": FAILURES_TOLD}},
        {
            "active": True,
            f"state.published.{STORIES_FOR_A_HABIT - 1}": {"$exists": True},
            "state.published.0": {"$lt": now - SILENCE_AT_LEAST},  # the newest first
        },
    ]
    rows = database[Feed.Settings.name].find({"$or": may_want})
    return sum([wants_attention(Feed.model_validate(row), now) async for row in rows])
