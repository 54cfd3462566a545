"""Released figures as they are stored: frozen when released, never computed again."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from beanie import Document
from bson import ObjectId
from pydantic import BaseModel, ConfigDict, Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from media_tracker.monitor.definitions import Key
from media_tracker.monitor.facts import Subject


class ReleasedFigure(BaseModel):
    """A figure as it was released: its value, and the definition that it was counted by."""

    key: Key
    value: int
    name: str
    definition: str


class Release(Document):
    """A set of figures that publicity staff have signed off (签发). Its rows stand in ``release_rows``."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    number: int
    start: str
    """First and last local day of the period, as ``2022-01-31``: a day has no time zone."""
    end: str
    released_at: datetime
    released_by: ObjectId
    figures: list[ReleasedFigure] = Field(default_factory=list)
    demo: bool = False

    class Settings:
        name = "releases"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("number", DESCENDING)], name="number", unique=True),
            IndexModel([("released_at", DESCENDING)], name="released"),
        ]


class ReleaseRow(Document):
    """One record that a released figure counts: what it was on the day of release, without anybody's name."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    release: int
    key: Key
    place: int
    """Its place in the list, from 0."""
    subject: Subject
    subject_id: ObjectId
    problem_id: ObjectId | None = None
    story_id: ObjectId | None = None
    region: str | None = None
    """The street (subdistrict), never the exact place."""
    category: str | None = None
    unit_id: ObjectId | None = None
    state: str | None = None
    withheld: bool = False

    class Settings:
        name = "release_rows"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel(
                [("release", ASCENDING), ("key", ASCENDING), ("place", ASCENDING)], name="release_key", unique=True
            )
        ]
