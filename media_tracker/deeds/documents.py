"""Good deeds as they are stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from beanie import Document
from bson import ObjectId
from pydantic import BaseModel, ConfigDict, Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from media_tracker.deeds.deed import (
    ConsentWay,
    DeedPhoto,
    DeedRelease,
    DeedStory,
    Nomination,
    Person,
)
from media_tracker.deeds.showing import is_public, masked, may_name, may_show, under_18

__all__ = ["DeedStory", "DeedWords", "GoodDeed", "NewDeed"]

_NEWEST = [("first_published_at", DESCENDING), ("_id", DESCENDING)]


class GoodDeed(Document):
    """What somebody did (好人好事). People are named only with recorded consent, and never when under 18."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    title: str
    deed: str = ""
    kind: str | None = None
    """``bravery``, ``kindness``, ``honesty``, ``dedication`` or ``family``; None: nobody has said."""
    people: list[Person] = Field(default_factory=list)
    region: str | None = None
    district: str | None = None
    place: str = ""
    photos: list[DeedPhoto] = Field(default_factory=list)
    stories: list[DeedStory]
    first_published_at: datetime
    nominations: list[Nomination] = Field(default_factory=list)
    nominated: str | None = None
    """The level that the nomination has reached (``nominations.standing``), for lists."""
    release: DeedRelease | None = None
    public: bool = False
    """Whether it stands in the public library (``showing.is_public``), for lists."""
    by: ObjectId | None = None
    created_at: datetime
    version: int = 1
    demo: bool = False

    class Settings:
        name = "deeds"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel(_NEWEST, name="first_published"),
            IndexModel([("kind", ASCENDING), *_NEWEST], name="kind_published"),
            IndexModel([("district", ASCENDING), *_NEWEST], name="district_published"),
            IndexModel([("nominated", ASCENDING), *_NEWEST], name="nominated_published"),
            IndexModel(
                [("public", ASCENDING), *_NEWEST], name="public_published", partialFilterExpression={"public": True}
            ),
            IndexModel([("stories.story_id", ASCENDING)], name="story", unique=True),
            IndexModel([("photos.id", ASCENDING)], name="photo", sparse=True),
        ]

    @property
    def young(self) -> bool:
        """Whether words of the stories point to somebody under 18."""
        return any(story.young for story in self.stories)

    @property
    def person(self) -> str:
        """Every name, shown or not."""
        return "、".join(person.name for person in self.people if person.name.strip())

    @property
    def shown_person(self) -> str:
        """The names that may be shown."""
        return "、".join(person.name for person in self.people if may_name(person, self.young))

    def masked(self, text: str, instead: Callable[[Person], str]) -> str:
        """``text`` as it may be shown: with ``instead`` of a person in the place of a name that may not."""
        return masked(text, self.people, self.young, instead)

    def names(self, person: Person) -> bool:
        """Whether the person's name may be shown."""
        return may_name(person, self.young)

    def counts_as_young(self, person: Person) -> bool:
        """Whether the person counts as under 18."""
        return under_18(person, self.young)

    def shows(self, photo: DeedPhoto) -> bool:
        """Whether the picture may be shown."""
        return may_show(photo, self.people, self.young)

    @property
    def is_public(self) -> bool:
        """What ``public`` has to be."""
        return is_public(self.release is not None, self.people, self.stories, self.young)


class DeedWords(BaseModel):
    """What an editor says of a deed that is filed: all that can be changed later, given as a whole."""

    model_config = ConfigDict(frozen=True)

    title: str
    deed: str = ""
    kind: str | None = None
    region: str | None = None
    place: str = ""


class NewDeed(BaseModel):
    """What an editor files with a good-deed story. ``person``: one name, or several with enumeration commas between them."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    title: str
    deed: str = ""
    kind: str | None = None
    person: str = ""
    consent: ConsentWay | None = None
    minor: bool | None = None
    """None: words of the story decide."""
    region: str | None = None
    place: str = ""
    by: ObjectId | None = None
    demo: bool = Field(default=False)
