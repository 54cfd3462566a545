"""Regions, units and who is responsible for what, as they are stored: editable tables."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from beanie import Document
from bson import ObjectId
from pydantic import ConfigDict, Field
from pymongo import ASCENDING, IndexModel


class RegionDocument(Document):
    """A region, keyed by its official code; see ``regions.Region`` for the fields."""

    id: str  # type: ignore[assignment]  # Beanie's own way to key a document by something else
    name: str
    level: Literal["city", "district", "subdistrict", "community"]
    parent: str | None = None
    aliases: list[str] = Field(default_factory=list)
    administered_by: str | None = None

    class Settings:
        name = "regions"
        indexes: ClassVar[list[IndexModel]] = [IndexModel([("parent", ASCENDING)], name="parent")]


class UnitDocument(Document):
    """A responsible unit (责任单位). ``parent`` is the unit that it answers to; a dissolved one keeps its row."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    name: str
    aliases: list[str] = Field(default_factory=list)
    parent: ObjectId | None = None
    region: str | None = None
    active: bool = True
    reviews_answers: bool = False
    demo: bool = False
    version: int = 1

    class Settings:
        name = "units"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("name", ASCENDING)], name="name", unique=True),
            IndexModel([("parent", ASCENDING)], name="parent"),
        ]


class ResponsibilityDocument(Document):
    """A row of the responsibility table (责任分工表); see ``responsibility.Responsibility`` for the fields.

    Days are written as ``2026-03-01``, which sorts and compares as they do. A row is never deleted: it gets a last day.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    unit_id: ObjectId
    duty: Literal["lead", "co"]
    category: str | None = None
    region: str | None = None
    valid_from: str
    valid_to: str | None = None
    added_at: datetime
    ended_at: datetime | None = None
    """When somebody gave it the last day that it has."""

    class Settings:
        name = "responsibilities"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("category", ASCENDING), ("region", ASCENDING), ("valid_from", ASCENDING)], name="cell"),
        ]


class BackingDocument(Document):
    """Who stands behind a region or an indicator (包挂); see ``responsibility.Backing`` for the fields."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    relation: Literal["leader", "civilised_unit", "indicator"]
    region: str | None = None
    unit_id: ObjectId | None = None
    person: str = ""
    user_id: ObjectId | None = None
    indicator: str = ""
    valid_from: str
    valid_to: str | None = None
    added_at: datetime
    ended_at: datetime | None = None

    class Settings:
        name = "backings"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("region", ASCENDING), ("valid_from", ASCENDING)], name="region"),
        ]
