"""Regions and units as they are stored: editable tables."""

from __future__ import annotations

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
    demo: bool = False
    version: int = 1

    class Settings:
        name = "units"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("name", ASCENDING)], name="name", unique=True),
            IndexModel([("parent", ASCENDING)], name="parent"),
        ]
