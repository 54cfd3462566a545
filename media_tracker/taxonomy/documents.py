"""Categories as they are stored: an editable table, begun from ``data/categories.csv``."""

from __future__ import annotations

from typing import ClassVar, Literal

from beanie import Document
from pymongo import IndexModel


class CategoryDocument(Document):
    """A category of problems; see ``categories.Category`` for the fields."""

    id: str  # type: ignore[assignment]  # Beanie's own way to key a document by something else
    parent: str | None = None
    name_zh: str
    name_en: str
    usual_unit_zh: str = ""
    limit: int | None = None
    limit_unit: Literal["workday", "hour"] | None = None
    danger: bool = False
    active: bool = True

    class Settings:
        name = "categories"
        indexes: ClassVar[list[IndexModel]] = []
