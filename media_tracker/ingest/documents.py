"""Stories as they are stored.

``ingest`` writes what was published; the sub-documents ``suggestion``, ``decision`` and ``cluster`` belong to ``tagging``.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal

from beanie import Document
from bson import ObjectId
from pydantic import BaseModel, ConfigDict, Field, field_validator
from pymongo import ASCENDING, DESCENDING, IndexModel

from media_tracker.ingest.story_format import StoryFormat
from media_tracker.outlets.documents import Platform


class Kind(StrEnum):
    """What a story is (类型). The editor decides, the machine suggests."""

    EXPOSURE = "exposure"
    FOLLOW_UP = "follow_up"
    GOOD_DEED = "good_deed"
    NOTICE = "notice"
    OTHER = "other"


class Disposition(StrEnum):
    """What came of an exposure or follow-up: tied to problems, or why it leads to none."""

    TIED = "tied"
    CRITICISM = "criticism"  # "dirty in many places", without places
    BEHAVIOUR = "behaviour"  # one-off behaviour: nothing to put right
    PROGRESS = "progress"  # praise of the fix of a problem that nobody exposed (成效报道)
    OUT_OF_AREA = "out_of_area"  # another city


class DeskState(StrEnum):
    """Whether an editor still has to look."""

    PENDING = "pending"
    DECIDED = "decided"
    SNOOZED = "snoozed"  # waits, but not before a time that an editor has chosen


class EvidenceSpan(BaseModel):
    """Characters ``start`` to ``end`` of ``field`` that speak for a suggestion."""

    field: Literal["title", "body"]
    start: int
    end: int
    label: str


class SuggestionRecord(BaseModel):
    """What the machine made of a story, and why. Scores are between 0 and 1."""

    model: str
    content_hash: str
    """Of the text that was looked at; a changed story is looked at again."""
    kind: Kind
    kind_score: float
    category: str | None = None
    category_score: float = 0.0
    region: str | None = None
    region_score: float = 0.0
    place: str | None = None
    out_of_area: bool = False
    outcome: str | None = None
    outcome_score: float = 0.0
    deed: str | None = None
    """For a good deed, of which kind: ``bravery``, ``kindness``, ``honesty``, ``dedication``, ``family``."""
    deed_score: float = 0.0
    units: list[str] = Field(default_factory=list)
    people: list[str] = Field(default_factory=list)
    """Units and people as the story writes them."""
    evidence: list[EvidenceSpan] = Field(default_factory=list)
    rules: list[str] = Field(default_factory=list)
    """What spoke for it: ``field/source/detail``; see ``tagging.office_rules``."""
    routed: list[str] = Field(default_factory=list)


class TieRecord(BaseModel):
    """Which problem an editor tied a story to, and what had been offered: an example for measuring the offers."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    chosen: ObjectId
    new: bool = False
    """The problem was registered with this tie."""
    offered: list[ObjectId] = Field(default_factory=list)
    """Problems that had been offered, the best first."""
    scores: list[float] = Field(default_factory=list)
    at: datetime


class DecisionRecord(BaseModel):
    """What an editor made of it. ``suggested`` keeps what stood on the screen, for measuring and for learning."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    kind: Kind
    category: str | None = None
    region: str | None = None
    place: str = ""
    outcome: str | None = None
    """What a follow-up reports."""
    deed: str | None = None
    """Of which kind a good deed is."""
    units: list[str] = Field(default_factory=list)
    people: list[str] = Field(default_factory=list)
    disposition: Disposition | None = None
    ties: list[TieRecord] = Field(default_factory=list)
    by: ObjectId
    at: datetime
    suggested: SuggestionRecord | None = None


class BlindMark(BaseModel):
    """The story waits for a second editor, who must not know what the first one has said; see ``ingest.blind``."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    first: ObjectId
    """Who has decided it."""
    of: ObjectId
    """The story that is looked at twice: this one, or the one that this one repeats."""
    queued: bool
    """Whether it is this one."""
    content_hash: str
    """Of the text that was decided on; a text that changes is not looked at twice."""
    district: str | None = None
    """Where the story counted before it was decided."""
    version: int = 0
    """Of the story before it was decided; a higher one would tell that somebody has."""
    since: datetime


class SnoozeRecord(BaseModel):
    """Until when a story has been put off, and by whom."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    until: datetime
    by: ObjectId
    at: datetime
    note: str = ""


class Revision(BaseModel):
    """What a story said before its outlet changed it."""

    title: str
    html: str
    content_hash: str
    until: datetime


class FullTextState(StrEnum):
    """Whether the article's page has been asked for the whole text."""

    WANTED = "wanted"
    DONE = "done"
    KEPT = "kept"  # the page says no more than the feed, or must not be asked
    GIVEN_UP = "given_up"  # after many tries; what the feed said stays


class FullText(BaseModel):
    """What became of fetching the article's page. ``note``: why the feed's own text stays, in a sentence."""

    state: FullTextState = FullTextState.WANTED
    attempts: int = 0
    next_at: datetime | None = None
    note: str = ""


QUEUE_FILTERS = tuple(
    (name, ASCENDING) for name in ("suggestion.kind", "suggestion.kind_score", "outlet_id", "district", "column")
)
"""What the desk's queue is filtered by stands in its indexes, so that no story is read that is not shown."""


class Story(Document):
    """One published item of one outlet (稿件)."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    outlet_id: ObjectId
    feed_id: ObjectId
    key: str
    """Identity within the feed; see ``ingest.identity``."""
    url: str = ""
    link: str = ""
    """``url`` as ``ingest.identity.normalise_url`` has it, to find a story by; empty without one."""
    title: str
    html: str = ""
    """Cleaned by nh3: safe to show."""
    text: str = ""
    author: str = ""
    column: str = ""
    platform: Platform = Platform.WEB
    published_at: datetime
    precision: Literal["minute", "day"] = "minute"
    fetched_at: datetime
    updated_at: datetime | None = None
    """When the outlet says that it changed it to what stands here."""
    changed_at: datetime | None = None
    """When we took over a change of it."""
    content_hash: str
    """Of the title and text that stand here."""
    source_hash: str | None = None
    """Of what the feed said, where the text is the article page's: whether the feed has changed is asked of this."""
    full_text: FullText | None = None
    image: str | None = None
    """An address, not a copy."""
    format: StoryFormat | None = None
    """In which form it is told; None for stories that an earlier release has stored."""
    revisions: list[Revision] = Field(default_factory=list)
    """Earlier texts, the oldest first: the last ten, or as many of them as a document can hold."""
    version: int = 1
    withdrawn_at: datetime | None = None
    desk: DeskState = DeskState.PENDING
    district: str | None = None
    """Where it counts, by the decision or else the suggestion; "" when it names no place of ours."""
    suggestion: SuggestionRecord | None = None
    decision: DecisionRecord | None = None
    changed_since_decision: bool = False
    blind: BlindMark | None = None
    """As long as it waits for a blind second look."""
    routed: list[str] = Field(default_factory=list)
    """Into whose queues the routing rules send it: ids of users as text; empty: into everybody's."""
    cluster: ObjectId | None = None
    copied: bool = False
    """Other stories have the same text: its cluster has several members, or had."""
    snooze: SnoozeRecord | None = None
    """Written by ``desk.snoozing``, while ``desk`` says that it is snoozed."""
    bands: list[int] = Field(default_factory=list)
    search: list[str] = Field(default_factory=list)
    """The words of a story that an earlier release has stored; those of others stand in ``ingest.words``."""
    attachments: list[ObjectId] = Field(default_factory=list)
    """Screenshots that an editor has added; files of ``files.store``."""
    demo: bool = False

    class Settings:
        name = "stories"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("feed_id", ASCENDING), ("key", ASCENDING)], name="feed_key", unique=True),
            IndexModel(
                [("desk", ASCENDING), ("published_at", DESCENDING), ("_id", DESCENDING), *QUEUE_FILTERS],
                name="desk_newest",
            ),
            IndexModel(
                [("suggestion.kind_score", DESCENDING), ("_id", DESCENDING), *QUEUE_FILTERS[:1], *QUEUE_FILTERS[2:]],
                name="desk_surest",
                partialFilterExpression={"desk": DeskState.PENDING.value},
            ),
            IndexModel(
                [("published_at", DESCENDING), ("_id", DESCENDING)],
                name="desk_copied",
                partialFilterExpression={"desk": DeskState.PENDING.value, "copied": True},
            ),
            IndexModel(
                [("decision.by", ASCENDING), ("published_at", DESCENDING), ("_id", DESCENDING)],
                name="desk_begun",
                partialFilterExpression={"desk": DeskState.PENDING.value, "decision.by": {"$exists": True}},
            ),
            IndexModel(
                [("snooze.until", ASCENDING), ("_id", ASCENDING)],
                name="desk_snoozed",
                partialFilterExpression={"desk": DeskState.SNOOZED.value},
            ),
            IndexModel([("published_at", DESCENDING), ("_id", DESCENDING)], name="published"),
            IndexModel(
                [("outlet_id", ASCENDING), ("published_at", DESCENDING), ("_id", DESCENDING)], name="outlet_published"
            ),
            IndexModel([("outlet_id", ASCENDING), ("link", ASCENDING)], name="outlet_link"),
            IndexModel(
                [
                    (each, ASCENDING)
                    for each in ("outlet_id", "column", "published_at", "format", "platform", "withdrawn_at")
                ],
                name="outlet_column",
            ),
            IndexModel([("cluster", ASCENDING)], name="cluster"),
            IndexModel([("bands", ASCENDING)], name="bands"),
            IndexModel([("search", ASCENDING)], name="search"),
            IndexModel(
                [("published_at", DESCENDING), ("_id", DESCENDING)],
                name="changed_since_decision",
                partialFilterExpression={"changed_since_decision": True},
            ),
            IndexModel(
                [("decision.at", ASCENDING)],
                name="decided_at",
                partialFilterExpression={"decision.at": {"$exists": True}},
            ),
            IndexModel(
                [("published_at", DESCENDING), ("_id", DESCENDING)],
                name="blind",
                partialFilterExpression={"blind.first": {"$exists": True}},
            ),
            IndexModel(
                [("routed", ASCENDING), ("desk", ASCENDING), ("published_at", DESCENDING), ("_id", DESCENDING)],
                name="routed_desk",
                partialFilterExpression={"routed": {"$exists": True}},
            ),
            IndexModel(
                [("full_text.next_at", ASCENDING)],
                name="full_text_due",
                partialFilterExpression={"full_text.state": FullTextState.WANTED.value},
            ),
        ]


class Result(StrEnum):
    """What came of looking at one feed."""

    READ = "read"
    NOT_MODIFIED = "not_modified"
    FAILED = "failed"


class Note(BaseModel):
    """What was done about an oddity of a feed: a sentence that can be translated; see ``errors.Sentence``."""

    message: str
    params: dict[str, str] = Field(default_factory=dict)

    def __str__(self) -> str:
        return self.message.format(**self.params) if self.params else self.message


class FetchRecord(BaseModel):
    """One line of a feed's log; see ``ingest.outcome.FetchLine``."""

    model_config = ConfigDict(extra="ignore")

    at: datetime
    result: Result
    seconds: float
    size: int = 0
    new: int = 0
    changed: int = 0
    known: int = 0
    code: str = ""
    notes: list[Note] = Field(default_factory=list)
    pushed: bool = False

    @field_validator("notes", mode="before")
    @classmethod
    def _plain_ones_too(cls, notes: object) -> object:
        """Earlier releases wrote plain English sentences."""
        if not isinstance(notes, list):
            return notes
        return [{"message": note} if isinstance(note, str) else note for note in notes]


class FeedLog(Document):
    """Beside each feed, under the same id: its last fetches, and what its entries were (``ingest.pruning``)."""

    fetches: list[FetchRecord] = Field(default_factory=list)
    digests: bytes = b""

    class Settings:
        name = "feed_logs"
        indexes: ClassVar[list[IndexModel]] = []
