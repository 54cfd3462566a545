"""Which closings are re-checked: drawn with a salt that is in the database alone, and written into the event of the closing."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress

from bson import Binary
from pymongo.errors import DuplicateKeyError

from media_tracker.db.connection import Database
from media_tracker.problems.afterwards.look_backs import is_drawn
from media_tracker.problems.case import Case, EventType
from media_tracker.problems.lifecycle import Decided

COLLECTION = "look_back_draws"
_ID = "salt"
_SALT_BYTES = 32


class Draws:
    """Draws for what is closed. ``random`` gives so many random bytes; it is asked once for each installation."""

    def __init__(self, database: Database, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._salts = database[COLLECTION]
        self._random = random
        self._salt: bytes | None = None

    async def mark(self, case: Case, decided: Sequence[Decided]) -> list[Decided]:
        """``decided``, which are about to follow on ``case``, with the outcome of the draw in every closing."""
        if all(each.type is not EventType.CLOSED for each in decided):
            return list(decided)
        salt = await self._read()
        return [
            Decided(each.type, {**each.payload, "drawn": is_drawn(salt, case.id, seq)})
            if each.type is EventType.CLOSED
            else each
            for seq, each in enumerate(decided, start=case.version + 1)
        ]

    async def _read(self) -> bytes:
        """The salt; made the first time that anybody asks, and the same for everybody from then on."""
        if self._salt is None:
            row = await self._salts.find_one({"_id": _ID})
            if row is None:
                with suppress(DuplicateKeyError):  # another process was faster
                    await self._salts.insert_one({"_id": _ID, "salt": Binary(self._random(_SALT_BYTES))})
                row = await self._salts.find_one({"_id": _ID})
            assert row is not None  # it was put there a moment ago
            self._salt = bytes(row["salt"])
        return self._salt
