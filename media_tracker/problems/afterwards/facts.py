"""What a look-back (回头看) found, as a value of a case. Pure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from bson import ObjectId
from pydantic import BaseModel, ConfigDict

from media_tracker.accounts.actor import Level


class Occasion(StrEnum):
    """Why somebody goes back to a problem that was closed."""

    SAMPLE = "sample"  # the closing is of the random tenth that is re-checked
    DAYS_30 = "days_30"
    DAYS_90 = "days_90"


class Found(StrEnum):
    """What a look-back found."""

    HOLDS = "holds"
    CAME_BACK = "came_back"


class LookBack(BaseModel):
    """Somebody independent has gone back after the closing."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True, extra="forbid")

    at: datetime
    by: ObjectId | None
    level: Level
    independent: bool
    found: Found
    occasions: tuple[Occasion, ...] = ()
    """The look-backs that were due and are done with it; empty: somebody went of their own accord."""
    photos: tuple[ObjectId, ...] = ()

    @property
    def came_back(self) -> bool:
        """Whether the fix had not held."""
        return self.found is Found.CAME_BACK
