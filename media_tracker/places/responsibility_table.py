"""The responsibility table in the database: what it said on a day."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from media_tracker.db.connection import Database, Json
from media_tracker.places.documents import BackingDocument, ResponsibilityDocument
from media_tracker.places.responsibility import (
    NOBODY,
    Backers,
    Backing,
    Duty,
    Proposal,
    Relation,
    Responsibility,
    propose,
)


class ResponsibilityTable:
    """Reads the table. Every question is about a day."""

    def __init__(self, database: Database) -> None:
        self._duties = database[ResponsibilityDocument.Settings.name]
        self._backings = database[BackingDocument.Settings.name]

    async def is_used(self) -> bool:
        """Whether anybody was ever made responsible for anything here."""
        return await self._duties.find_one({}, {"_id": 1}) is not None

    async def duties(self, on: date | None = None, session: AsyncClientSession | None = None) -> list[Responsibility]:
        """Rows in force on a day, or all that ever were; in the order they were written in."""
        rows = await self._duties.find(_on(on), session=session).sort("_id", 1).to_list()
        return [_duty(row) for row in rows]

    async def backings(self, on: date | None = None, session: AsyncClientSession | None = None) -> list[Backing]:
        """The same for who stands behind what."""
        rows = await self._backings.find(_on(on), session=session).sort("_id", 1).to_list()
        return [_backing(row) for row in rows]

    async def propose(
        self,
        category_path: Sequence[str],
        region_path: Sequence[str],
        on: date,
        *,
        returned: Collection[ObjectId] = (),
        dissolved: Collection[ObjectId] = (),
    ) -> Proposal:
        """Whom the table of the day ``on`` proposes; see ``responsibility.propose``."""
        fitting = {"category": {"$in": [*category_path, None]}, "region": {"$in": [*region_path, None]}}
        rows = await self._duties.find({**fitting, **_on(on)}).to_list()
        found = (_duty(row) for row in rows)
        return propose(found, category_path, region_path, on, returned=returned, dissolved=dissolved)

    async def backers(self, region_path: Sequence[str], on: date) -> Backers:
        """Who stood behind a place on the day ``on``: behind it, or behind what it lies in."""
        if not region_path:
            return NOBODY
        found = [
            _backing(row) for row in await self._backings.find({"region": {"$in": [*region_path]}, **_on(on)}).to_list()
        ]
        return Backers(
            frozenset(each.user_id for each in found if each.relation is Relation.LEADER and each.user_id is not None),
            frozenset(each.unit_id for each in found if each.unit_id is not None),
        )

    async def standing_behind(self, region_path: Sequence[str], units: Collection[ObjectId], on: date) -> list[Backing]:
        """Who stood behind a place on the day ``on``, and which of ``units`` behind an indicator."""
        either = [
            {"region": {"$in": [*region_path]}},
            {"relation": Relation.INDICATOR.value, "unit_id": {"$in": [*units]}},
        ]
        rows = await self._backings.find({"$and": [_on(on), {"$or": either}]}).sort("_id", 1).to_list()
        return [_backing(row) for row in rows]


def _on(day: date | None) -> Json:
    if day is None:
        return {}
    text = day.isoformat()
    return {"valid_from": {"$lte": text}, "$or": [{"valid_to": None}, {"valid_to": {"$gte": text}}]}


def _days(row: Json) -> tuple[date, date | None]:
    last = row["valid_to"]
    return date.fromisoformat(row["valid_from"]), date.fromisoformat(last) if last else None


def _duty(row: Json) -> Responsibility:
    first, last = _days(row)
    return Responsibility(row["unit_id"], Duty(row["duty"]), row["category"], row["region"], first, last, row["_id"])


def _backing(row: Json) -> Backing:
    first, last = _days(row)
    return Backing(
        Relation(row["relation"]),
        first,
        last,
        row["region"],
        row["unit_id"],
        row["person"],
        row["user_id"],
        row["indicator"],
        row["_id"],
    )
