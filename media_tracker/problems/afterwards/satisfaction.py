"""What the citizen who told of a problem says of its fix (满意度回访). It is satisfaction, never verification. Pure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from bson import ObjectId
from pydantic import BaseModel, ConfigDict


class Answer(StrEnum):
    """What somebody who was called back said."""

    SATISFIED = "satisfied"
    DISSATISFIED = "dissatisfied"
    NOT_REACHED = "not_reached"


class Satisfaction(BaseModel):
    """One call back. Who was called stands nowhere in a case."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True, extra="forbid")

    at: datetime
    by: ObjectId | None
    reply: Answer
