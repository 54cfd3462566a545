"""Released figures as they are stored: frozen when released, never computed again."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

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
    bulletin: ObjectId | None = None
    """The bulletin with which it was released; None: the figures were released alone."""

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


class BulletinState(StrEnum):
    """What has become of a bulletin."""

    DRAFT = "draft"
    RELEASED = "released"
    DISCARDED = "discarded"


class BulletinFigure(BaseModel):
    """A figure of a bulletin: its value, that of the period before, and the definition that both were counted by."""

    key: Key
    value: int
    before: int
    name: str
    definition: str


class BulletinTexts(BaseModel):
    """What people have written (``bulletin_rules.Texts``)."""

    title: str = ""
    lead: str = ""
    remarks: str = ""
    outlook: str = ""


class FrozenBulletin(BaseModel):
    """What a bulletin is from its release on, for ever."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    release: int
    """The number of the release that made its figures public."""
    year: int
    serial: int
    as_of: datetime
    """The moment as of which everything was counted."""
    released_at: datetime
    released_by: ObjectId
    figures: list[BulletinFigure]
    content: dict[str, Any]
    """All that it says, as it was shown: texts, names, lists."""
    file_id: ObjectId
    digest: str
    """SHA-256 of the Word file."""
    size: int


class Bulletin(Document):
    """A bulletin (通报): a draft, and once it is released a record that is never changed. The ids of what it counted stand in
    ``bulletin_lists``, corrections in ``bulletin_errata``."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    state: BulletinState = BulletinState.DRAFT
    start: str
    end: str
    language: str = "zh_CN"
    texts: BulletinTexts = Field(default_factory=BulletinTexts)
    deeds: list[ObjectId] = Field(default_factory=list)
    """Good deeds of the period that it tells of, chosen by hand."""
    serial: int | None = None
    """The number that it shall have; None: the next one."""
    created_by: ObjectId
    created_at: datetime
    changed_at: datetime
    version: int = 1
    frozen: FrozenBulletin | None = None
    demo: bool = False

    class Settings:
        name = "bulletins"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("state", ASCENDING), ("changed_at", DESCENDING)], name="state_changed"),
            IndexModel(
                [("frozen.release", DESCENDING)],
                name="release",
                unique=True,
                partialFilterExpression={"frozen.release": {"$exists": True}},
            ),
            IndexModel(
                [("frozen.year", DESCENDING), ("frozen.serial", DESCENDING)],
                name="number",
                unique=True,
                partialFilterExpression={"frozen.serial": {"$exists": True}},
            ),
        ]


class Erratum(BaseModel):
    """A correction of a released bulletin: what was wrong, what is right. It stands beside it, and changes nothing in it."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    release: int
    at: datetime
    by: ObjectId
    place: str
    """Where in the bulletin."""
    wrong: str
    right: str


LISTS, ERRATA = "bulletin_lists", "bulletin_errata"
BULLETIN_INDEXES = {
    LISTS: [
        IndexModel([("release", ASCENDING), ("key", ASCENDING), ("part", ASCENDING)], name="release_key", unique=True)
    ],
    ERRATA: [IndexModel([("release", ASCENDING), ("at", ASCENDING)], name="release_at")],
}
"""``bulletin_lists``: {release, key, part, ids}: the ids of what a figure counted, newest first, in parts that fit,
each as bytes one after the other, twelve to an id."""
