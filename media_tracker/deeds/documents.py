"""Good deeds as they are stored."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from beanie import Document
from bson import ObjectId
from pydantic import BaseModel, ConfigDict, Field
from pymongo import ASCENDING, DESCENDING, IndexModel


class DeedStory(BaseModel):
    """A story that tells of the deed."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    story_id: ObjectId
    outlet_id: ObjectId
    published_at: datetime
    withdrawn_at: datetime | None = None


class GoodDeed(Document):
    """What somebody did (好人好事). The person is named only with recorded consent, and never when under 18."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    title: str
    deed: str = ""
    person: str = ""
    consent: bool = False
    minor: bool = False
    region: str | None = None
    district: str | None = None
    place: str = ""
    stories: list[DeedStory]
    first_published_at: datetime
    by: ObjectId | None = None
    created_at: datetime
    version: int = 1
    demo: bool = False

    class Settings:
        name = "deeds"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("first_published_at", DESCENDING), ("_id", DESCENDING)], name="first_published"),
            IndexModel([("stories.story_id", ASCENDING)], name="story", unique=True),
        ]

    @property
    def shown_person(self) -> str:
        """The name, if it may be shown."""
        return self.person if self.consent and not self.minor else ""

    def without_name(self, text: str, instead: str) -> str:
        """``text`` as it may be shown: with ``instead`` in the place of a name that may not."""
        return text if self.shown_person or not self.person.strip() else text.replace(self.person.strip(), instead)


class DeedWords(BaseModel):
    """What an editor says of a deed that is filed: all that can be changed later, given as a whole."""

    model_config = ConfigDict(frozen=True)

    title: str
    deed: str = ""
    person: str = ""
    consent: bool = False
    minor: bool = False


class NewDeed(BaseModel):
    """What an editor files with a good-deed story."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    title: str
    deed: str = ""
    person: str = ""
    consent: bool = False
    minor: bool = False
    region: str | None = None
    place: str = ""
    by: ObjectId | None = None
    demo: bool = Field(default=False)
