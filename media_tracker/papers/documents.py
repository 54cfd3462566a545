"""Orders that hand problems to units (交办单), as they are stored: written once, never changed."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from beanie import Document
from bson import ObjectId
from pydantic import BaseModel, ConfigDict, Field
from pymongo import ASCENDING, DESCENDING, IndexModel


class _Part(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)


class Basis(_Part):
    """The row of the responsibility table that proposed the unit."""

    row_id: ObjectId | None
    category: str | None
    region: str | None
    valid_from: str
    """The row's first day, ``2026-03-01``."""


class Exposed(_Part):
    """An exposure that stood when the order was made. ``photos``: what an editor had added to its story."""

    story_id: ObjectId | None
    outlet_id: ObjectId | None
    occurred_at: datetime
    photos: list[ObjectId] = Field(default_factory=list)


class OrderLine(_Part):
    """One problem of an order, as it was assigned. ``title`` and ``place`` are people's words, and can be erased."""

    problem_id: ObjectId
    number: str
    seq: int
    """The event that assigned it: another assignment is another order."""
    assigned_at: datetime
    assigned_by: ObjectId | None
    category: str
    region: str | None
    severity: str
    due_at: datetime | None
    basis: Basis | None
    """None: the table named somebody else, or nobody; the office has decided."""
    exposures: list[Exposed] = Field(default_factory=list)
    title: str
    place: str


class DispatchOrder(Document):
    """One order: its number, to whom it went, and what it said."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    year: int
    serial: int
    """Its number within the local year, from 1, without gaps."""
    key: str
    """Which assignments it is for: the same ones never get a second order."""
    unit_id: ObjectId
    co_unit_ids: list[ObjectId] = Field(default_factory=list)
    lines: list[OrderLine]
    issued_at: datetime
    issued_by: ObjectId | None
    version: int = 1

    class Settings:
        name = "dispatch_orders"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("key", ASCENDING)], name="key", unique=True),
            IndexModel([("year", DESCENDING), ("serial", DESCENDING)], name="number", unique=True),
            IndexModel([("lines.problem_id", ASCENDING)], name="problem"),
        ]
