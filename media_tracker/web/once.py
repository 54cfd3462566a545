"""Forms that register something new, sent once: a double click or a reload must not make a second one.

The page carries a random key. The first time that a key comes in, a number is drawn for it and kept; every further time it gets
the same number. The collection of what is registered has a unique index on that number, so of two requests at once one is
written, and neither a crash nor a form that came back with a mistake leaves anything to clear up.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database

COLLECTION = "form_keys"
FIELD = "form_key"
"""The hidden field that carries the key."""
KEPT = timedelta(days=2)
"""Longer than any session, so that no page can still be open."""


def new_key() -> str:
    """A key for one showing of a form."""
    return str(ObjectId())


class OneTimeKeys:
    """Which number each key got."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._keys = database[COLLECTION]
        self._clock = clock

    async def number_for(self, key: str, user: ObjectId, draw: Callable[[], Awaitable[str]]) -> str:
        """The number that belongs to ``user``'s ``key``, drawn the first time; a key that is none gets a new one each time."""
        if not ObjectId.is_valid(key):
            return await draw()
        name = f"{user}:{key.lower()}"
        known = await self._keys.find_one({"_id": name})
        if known is None:
            now = self._clock()
            await self._keys.delete_many({"at": {"$lt": now - KEPT}})
            with suppress(DuplicateKeyError):  # somebody put it there at this very moment
                await self._keys.insert_one({"_id": name, "number": await draw(), "at": now})
            known = await self._keys.find_one({"_id": name})
        assert known is not None  # it was put there a moment ago
        return str(known["number"])
