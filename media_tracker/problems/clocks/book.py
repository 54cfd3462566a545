"""The editions of the clock rules in the database. Every save is a new one; deadlines that were given stay as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo import DESCENDING
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database
from media_tracker.errors import N_, Conflict
from media_tracker.problems.clocks.rules import ClockRule
from media_tracker.problems.clocks.table import in_order, row_of, rule_of, shipped_rules

COLLECTION = "clock_editions"
REFRESH_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ClockRules:
    """An edition: its number (0: what is shipped, in no database) and its rules."""

    number: int
    rules: tuple[ClockRule, ...]


class ClockBook:
    """Reads and saves editions."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._editions = database[COLLECTION]
        self._clock = clock
        self._known: ClockRules | None = None
        self._read_at: datetime | None = None

    async def rules(self) -> tuple[ClockRule, ...]:
        """The rules that hold, at most a minute old."""
        now = self._clock()
        if self._known is None or self._read_at is None or now - self._read_at > REFRESH_AFTER:
            self._known, self._read_at = await self.current(), now
        return self._known.rules

    async def current(self) -> ClockRules:
        """The present edition, as it is stored now."""
        row = await self._editions.find_one({}, sort=[("_id", DESCENDING)])
        if row is None:
            return ClockRules(0, shipped_rules())
        return ClockRules(int(row["_id"]), in_order([rule_of(each) for each in row["rules"]]))

    async def save(
        self, rules: Sequence[ClockRule], seen: int, session: AsyncClientSession | None = None
    ) -> ClockRules:
        """Make ``rules`` the edition after ``seen``, within the transaction of ``session`` if there is one.

        Who may do so is for the caller to know. Raises ``Conflict`` when somebody has saved an edition since ``seen``.
        """
        present = await self._editions.find_one({}, {"_id": 1}, sort=[("_id", DESCENDING)], session=session)
        if (int(present["_id"]) if present else 0) != seen:
            raise _too_late()
        ordered = in_order(rules)
        row = {"_id": seen + 1, "at": self._clock(), "rules": [row_of(rule) for rule in ordered]}
        try:
            await self._editions.insert_one(row, session=session)
        except DuplicateKeyError:
            raise _too_late() from None
        self._read_at = None
        return ClockRules(seen + 1, ordered)


def _too_late() -> Conflict:
    return Conflict(N_("Somebody has changed the clock rules in the meantime. Look at them again."))
