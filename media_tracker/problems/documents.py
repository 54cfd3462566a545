"""Problems as they are stored: the case, and beside it the words that people wrote."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from beanie import Document
from bson import ObjectId
from pydantic import BaseModel, ConfigDict, Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from media_tracker.problems.afterwards.service import INDEXES as AFTERWARDS
from media_tracker.problems.afterwards.service import Afterwards
from media_tracker.problems.case import Case
from media_tracker.problems.lists.row import ListRow

NEVER = datetime(2200, 1, 1, tzinfo=UTC)
"""When the clock of a problem ends that has none running; behind every deadline in a list that has the nearest first."""


class Words(BaseModel):
    """What somebody wrote with an event: a plan, a reason, a finding. Erasable; events only hold facts."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    seq: int
    """The event it belongs to."""
    text: str
    kind: str | None = None
    """That event's type; None: written before this was kept. Decides whether the text is searched."""


class Listed(BaseModel):
    """What a problem has to do with a list that it was imported from."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    source: str
    """Which list; "" unless it was given a name."""
    key: str
    """By what its row is known again there."""
    digest: str
    """What its row said when it was last imported."""
    row: ListRow
    report_id: ObjectId
    """The report with the list's own times."""
    import_id: ObjectId
    """The import that brought it."""


class Problem(Document):
    """The thing in the world: what, where, who must fix it (问题).

    ``case`` is always the fold of the problem's events. ``district``, ``region_path`` and ``first_exposed_at`` repeat what
    follows from it, for queries.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    number: str
    title: str
    place: str
    words: list[Words] = Field(default_factory=list)
    case: Case
    district: str | None = None
    region_path: list[str] = Field(default_factory=list)
    first_exposed_at: datetime | None = None
    clock_kind: str | None = None
    """Which clock ends first of those that run (``light.pressing``); None: none runs."""
    clock_warn_at: datetime | None = None
    """Yellow from then on."""
    clock_due_at: datetime | None = None
    """Red from then on."""
    turns_at: datetime = NEVER
    """``clock_due_at``, or ``NEVER``: so that lists can put the nearest first."""
    also_numbered: list[str] = Field(default_factory=list)
    """Numbers of the problems that were merged into it: it is found by them too."""
    search: list[str] = Field(default_factory=list)
    """All that it is found by: words, numbers, and what ``facets`` marks."""
    after: Afterwards = Field(default_factory=Afterwards)
    files: list[ObjectId] = Field(default_factory=list)
    """Its photos and documents: by them it is found when one is used again."""
    demo: bool = False
    listed: Listed | None = None

    class Settings:
        name = "problems"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("number", ASCENDING)], name="number", unique=True),
            IndexModel(
                [("case.state", ASCENDING), ("case.registered_at", DESCENDING), ("_id", DESCENDING)], name="state"
            ),
            IndexModel([("case.registered_at", DESCENDING), ("_id", DESCENDING)], name="registered"),
            IndexModel([("case.unit_id", ASCENDING), ("case.state", ASCENDING)], name="unit_state"),
            IndexModel([("case.co_unit_ids", ASCENDING), ("case.state", ASCENDING)], name="co_unit_state"),
            IndexModel([("case.state", ASCENDING), ("case.due_at", ASCENDING)], name="state_due"),
            IndexModel([("region_path", ASCENDING), ("case.category", ASCENDING)], name="region_category"),
            IndexModel([("case.reports.story_id", ASCENDING)], name="story"),
            IndexModel([("first_exposed_at", DESCENDING)], name="first_exposed"),
            IndexModel([("listed.import_id", ASCENDING)], name="brought", sparse=True),
            IndexModel(
                [
                    ("search", ASCENDING),
                    ("case.state", ASCENDING),
                    ("case.registered_at", DESCENDING),
                    ("_id", DESCENDING),
                ],
                name="found_newest",
            ),
            IndexModel(
                [
                    ("search", ASCENDING),
                    ("case.state", ASCENDING),
                    *(("turns_at", ASCENDING), ("_id", ASCENDING)),
                    *(("clock_warn_at", ASCENDING), ("case.due_at", ASCENDING)),
                ],
                name="found_due",
            ),
            IndexModel(
                [
                    ("case.state", ASCENDING),
                    *(("turns_at", ASCENDING), ("_id", ASCENDING)),
                    *(("clock_warn_at", ASCENDING), ("case.due_at", ASCENDING)),
                ],
                name="state_turns",
            ),
            *AFTERWARDS,
            IndexModel([("files", ASCENDING)], name="files"),
            IndexModel(
                [("listed.source", ASCENDING), ("listed.key", ASCENDING)],
                name="listed",
                unique=True,
                partialFilterExpression={"listed.key": {"$exists": True}},
            ),
        ]

    def words_of(self, seq: int) -> str:
        """What was written with event ``seq``."""
        return next((words.text for words in self.words if words.seq == seq), "")
