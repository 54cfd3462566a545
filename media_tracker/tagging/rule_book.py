"""The editions of the rules in the database. Every save keeps the former one; to undo is to save that again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId
from pymongo import DESCENDING
from pymongo.errors import DuplicateKeyError

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput, NotFound
from media_tracker.tagging.rules import Rules, Table, Thresholds, shipped, undone

COLLECTION = "rule_editions"
LATEST = 20
"""Editions that are listed."""


@dataclass(frozen=True, slots=True)
class Edition:
    """One save: which, when, by whom, what it was about (a table's name, ``thresholds``), and what it brought back."""

    number: int
    at: datetime
    by: ObjectId | None
    about: str
    rows: int
    """That were taken out or put in."""
    restored: int | None
    """The edition that it brought back."""
    undid: int | None = None
    """The edition whose changes it took back."""


class RuleBook:
    """Reads and saves editions. Edition 0 is what is shipped, and is in no database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._editions = database[COLLECTION]
        self._clock = clock

    async def number(self) -> int:
        """The number of the present edition."""
        row = await self._editions.find_one({}, {"_id": 1}, sort=[("_id", DESCENDING)])
        return int(row["_id"]) if row else 0

    async def current(self) -> Rules:
        """The present edition."""
        row = await self._editions.find_one({}, sort=[("_id", DESCENDING)])
        return _rules(row) if row else shipped()

    async def thresholds(self) -> Thresholds:
        """Those of the present edition."""
        row = await self._editions.find_one({}, {"suggest": 1, "prefill": 1}, sort=[("_id", DESCENDING)])
        return Thresholds(row["suggest"], row["prefill"]) if row else shipped().thresholds

    async def edition(self, number: int) -> Rules:
        """The edition ``number``; ``NotFound`` without one."""
        if number == 0:
            return shipped()
        row = await self._editions.find_one({"_id": number})
        if row is None:
            raise NotFound(N_("There is no such edition of the rules."))
        return _rules(row)

    async def latest(self, limit: int = LATEST, before: int | None = None) -> list[Edition]:
        """The newest editions first; with ``before`` only those with smaller numbers."""
        query = {} if before is None else {"_id": {"$lt": before}}
        rows = self._editions.find(query, {"tables": 0}).sort("_id", DESCENDING).limit(limit)
        return [_edition(row) async for row in rows]

    async def told(self, number: int) -> Edition:
        """Who saved the edition ``number``, when, and what it was about; ``NotFound`` without one, and for what is shipped."""
        row = await self._editions.find_one({"_id": number}, {"tables": 0})
        if row is None:
            raise NotFound(N_("There is no such edition of the rules."))
        return _edition(row)

    async def save(
        self,
        rules: Rules,
        by: Actor | None,
        about: str,
        rows: int = 0,
        *,
        restored: int | None = None,
        undid: int | None = None,
    ) -> Rules:
        """Make ``rules``, which were made from the edition ``rules.number``, the next edition. Returns it with its number.

        Raises:
            Forbidden: ``by`` may not change rules. Conflict: somebody has saved an edition since.
        """
        check_rule_keeper(by)
        present = await self.number()
        if rules.number != present:
            raise _too_late()
        document = {
            "_id": present + 1,
            "at": self._clock(),
            "by": by.user_id if by else None,
            "about": about,
            "rows": rows,
            "restored": restored,
            "undid": undid,
            "tables": {table.value: [list(row) for row in held] for table, held in rules.tables.items()},
            "suggest": rules.thresholds.suggest,
            "prefill": rules.thresholds.prefill,
        }
        try:
            await self._editions.insert_one(document)
        except DuplicateKeyError:
            raise _too_late() from None
        return _rules(document)

    async def restore(self, number: int, seen: int, by: Actor | None) -> Rules:
        """Bring the edition ``number`` back, as a new one. ``seen`` is the present one as the person saw it.

        Raises:
            Forbidden; NotFound: there is no such edition. InvalidInput: it is the present one. Conflict: somebody has saved one
            since.
        """
        if number == seen:
            raise InvalidInput(N_("This changes nothing."))
        former = await self.edition(number)
        return await self.save(Rules(seen, former.tables, former.thresholds), by, "restored", restored=number)

    async def without(self, number: int, seen: int) -> Rules:
        """The edition ``seen``, which must be the present one, without what the edition ``number`` had changed.

        Raises:
            NotFound: there is no such edition. InvalidInput: it has been changed again since, or nothing is left to undo.
            Conflict: somebody has saved an edition since.
        """
        present = await self.current()
        if present.number != seen:
            raise _too_late()
        if number == 0:
            raise NotFound(N_("There is no such edition of the rules."))
        return undone(present, await self.edition(number - 1), await self.edition(number))

    async def undo(self, number: int, seen: int, by: Actor | None) -> Rules:
        """Take back what the edition ``number`` had changed, as a new edition; what was changed later elsewhere stays.

        Raises:
            As ``without`` does; Forbidden.
        """
        rules = await self.without(number, seen)
        return await self.save(rules, by, "undone", undid=number)


def check_rule_keeper(by: Actor | None) -> None:
    """Accept editors, who see what suggestions are worth, and admins; None is the program itself. Else ``Forbidden``."""
    if by is not None and not by.has(Role.EDITOR, Role.ADMIN):
        raise Forbidden(N_("Only editors and admins may change the rules and have the machine learn."))


def _edition(row: Json) -> Edition:
    told = {name: row[name] for name in ("at", "by", "about", "rows", "restored")}
    return Edition(number=row["_id"], undid=row.get("undid"), **told)


def _rules(row: Json) -> Rules:
    tables = {table: tuple(tuple(cells) for cells in row["tables"].get(table.value, ())) for table in Table}
    return Rules(int(row["_id"]), tables, Thresholds(row["suggest"], row["prefill"]))


def _too_late() -> Conflict:
    return Conflict(N_("Somebody has changed the rules in the meantime. Look at them again."))
