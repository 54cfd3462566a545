"""Notices as they are stored: ids, kinds and moments, no text. What they say is looked up when they are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel

from media_tracker.db.connection import Json
from media_tracker.notices.kinds import NoticeKind

NOTICES = "notices"
"""One document for each thing that one person, or one outlet, is told."""
ALARMS = "notice_alarms"
"""What will be worth telling at some moment; ``fired`` when it has been told."""
PREFERENCES = "notice_preferences"
"""By the id of a user: how they want which kind delivered."""

KEPT = timedelta(days=180)
ALARMS_KEPT = timedelta(days=30)

NOW, DIGEST = "now", "digest"
"""Values of ``mail``: with the next letter, or with that of the day. Notices without it go into no letter, or are in one."""

INDEXES: Mapping[str, Sequence[IndexModel]] = {
    NOTICES: [
        IndexModel([("key", ASCENDING)], name="key", unique=True),
        IndexModel(
            [("user_id", ASCENDING), ("read", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)], name="user_read"
        ),
        IndexModel(
            [("mail", ASCENDING), ("created_at", ASCENDING)],
            name="mail",
            partialFilterExpression={"mail": {"$exists": True}},
        ),
        IndexModel([("batch", ASCENDING)], name="batch", partialFilterExpression={"batch": {"$exists": True}}),
        IndexModel([("expires_at", ASCENDING)], name="expires_ttl", expireAfterSeconds=0),
    ],
    ALARMS: [
        IndexModel(
            [("problem_id", ASCENDING), ("kind", ASCENDING), ("deadline", ASCENDING)], name="of_problem", unique=True
        ),
        IndexModel([("fired", ASCENDING), ("at", ASCENDING)], name="fired_at"),
        IndexModel([("expires_at", ASCENDING)], name="expires_ttl", expireAfterSeconds=0),
    ],
}


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that one person, or one outlet, is told."""

    id: ObjectId
    kind: NoticeKind
    problem_id: ObjectId | None
    """None: it is about many."""
    at: datetime
    """When it happened, or fell due."""
    deadline: datetime | None
    read: bool


def notice_of(row: Json) -> Notice:
    """The notice that is stored as ``row``."""
    return Notice(row["_id"], NoticeKind(row["kind"]), row["problem_id"], row["at"], row["deadline"], row["read"])
