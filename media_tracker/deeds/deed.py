"""What a good deed is made of: people and their consent, pictures, stories, nominations, release. Values; pure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from bson import ObjectId
from pydantic import BaseModel, ConfigDict


class ConsentWay(StrEnum):
    """How somebody agreed to be named and shown."""

    FORM = "form"
    PHONE = "phone"
    IN_PERSON = "in_person"
    EARLIER = "earlier"  # noted before ways were recorded


class Level(StrEnum):
    """How far a nomination (推荐) has come, in this order. What a level is called is a table that can be edited."""

    RECOMMENDED = "recommended"
    DISTRICT = "district"
    CITY = "city"
    PROVINCE = "province"
    NATIONAL = "national"


class Result(StrEnum):
    """What came of a nomination at a level."""

    REACHED = "reached"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Part(BaseModel):
    """A part of a deed: a value, never changed in place."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)


class Consent(Part):
    """That a person agreed to be named and shown; for who is under 18 their guardian did."""

    way: ConsentWay
    given_on: str
    """The local day, as ISO 8601 writes it."""
    guardian: bool = False
    by: ObjectId | None = None
    """Who recorded it."""
    recorded_at: datetime
    withdrawn_at: datetime | None = None
    withdrawn_by: ObjectId | None = None

    @property
    def stands(self) -> bool:
        """Whether it has not been taken back."""
        return self.withdrawn_at is None


class Person(Part):
    """Somebody who did it."""

    id: ObjectId
    name: str
    called: str = ""
    """What stands where the name may not: 一名初中生. Empty: a kind word of ours."""
    minor: bool | None = None
    """Under 18; None: nobody has said, and the words of the stories decide."""
    consent: Consent | None = None


class DeedStory(Part):
    """A story that tells of the deed."""

    story_id: ObjectId
    outlet_id: ObjectId
    published_at: datetime
    withdrawn_at: datetime | None = None
    young: bool = False
    """Its words point to somebody under 18 who did it."""


class DeedPhoto(Part):
    """A picture of the deed."""

    id: ObjectId
    caption: str = ""
    people: bool = True
    """Somebody can be recognised in it."""
    by: ObjectId | None = None
    at: datetime


class Nomination(Part):
    """One line of the deed's way up: at which level, what came of it, on which day."""

    level: Level
    result: Result
    on: str
    """The local day, as ISO 8601 writes it."""
    by: ObjectId | None = None
    at: datetime


class DeedRelease(Part):
    """That publicity staff put the deed into the public library (签发), as it was then."""

    by: ObjectId
    at: datetime
    stories: tuple[ObjectId, ...]
    """The stories that were there to be seen; later ones are shown once it is released again."""
