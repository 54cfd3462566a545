"""WebSub subscriptions as they are stored: one document per feed. Written by ``ingest.websub`` alone, with plain PyMongo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from media_tracker.db.connection import Json

COLLECTION = "websub"

INDEXES: Sequence[IndexModel] = (
    IndexModel([("feed_id", ASCENDING)], name="feed", unique=True),
    IndexModel([("callbacks.token_hash", ASCENDING)], name="token"),
    IndexModel([("ask_at", ASCENDING)], name="due"),
)


@dataclass(frozen=True, slots=True)
class Callback:
    """One address that a hub was given. Each request for a subscription, and each for its renewal, has its own."""

    token_hash: str
    """SHA-256 of the last part of the address: who reads the database cannot push."""
    secret: str
    """The key of the signatures; it has to be known here, to check them."""
    asked_at: datetime
    confirmed_at: datetime | None = None
    until: datetime | None = None
    """Until when pushes are taken: some time beyond the lease's end; None before the hub has confirmed."""

    def open(self, now: datetime) -> bool:
        """Whether pushes to this address are taken."""
        return self.until is not None and now < self.until


@dataclass(frozen=True, slots=True)
class Subscription:
    """What was agreed with a hub about one feed, and what came of it."""

    id: ObjectId
    feed_id: ObjectId
    hub: str
    topic: str
    version: int
    """Of all below but the counts; every change is conditional on it."""
    callbacks: tuple[Callback, ...]
    """The oldest first."""
    ask_at: datetime
    """When the hub is asked next: for the first time, again, or for a renewal."""
    failures: int = 0
    """Requests since the last confirmation."""
    error: str | None = None
    """Why the last request failed, in one English sentence."""
    lease_until: datetime | None = None
    denied_at: datetime | None = None
    denied_reason: str = ""
    pushes: int = 0
    pushed_at: datetime | None = None
    forged: int = 0
    """Pushes that bore no signature, or a wrong one."""
    forged_at: datetime | None = None
    missed: int = 0
    """Stories that polling found and push had not brought."""

    def active(self, now: datetime) -> bool:
        """Whether the hub is to push at the moment."""
        return any(callback.open(now) for callback in self.callbacks)

    @staticmethod
    def of(row: Json) -> Subscription:
        known = {name: row[name] for name in _NAMES if name in row}
        return Subscription(
            id=row["_id"], **{**known, "callbacks": tuple(Callback(**each) for each in row["callbacks"])}
        )


_NAMES = frozenset(field.name for field in fields(Subscription)) - {"id"}


def as_rows(callbacks: Sequence[Callback]) -> list[Mapping[str, Any]]:
    """Callbacks as they are stored."""
    return [asdict(callback) for callback in callbacks]
