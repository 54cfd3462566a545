"""The two documents of this room: users, and the audit trail of what was done with accounts and data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from beanie import Document, PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from media_tracker.accounts.actor import Actor, Level, Role

Language = Literal["zh_CN", "en"]
DetailValue = str | int | bool | PydanticObjectId
"""What an audit entry may carry: ids, codes and numbers; no names, no texts but the reason that somebody had to give."""


class User(Document):
    """A person who can sign in. ``version`` counts the changes; each has its event (entity ``user``)."""

    username: str
    """As typed at sign-in, case-folded; unique."""
    display_name: str
    roles: list[Role]
    unit_ids: list[PydanticObjectId] = Field(default_factory=list)
    """Units the person works in and files for."""
    answers_for: list[PydanticObjectId] = Field(default_factory=list)
    """Units the person answers for without working there (分管)."""
    backs: list[str] = Field(default_factory=list)
    """Codes of the regions the person stands behind (包挂)."""
    level: Level = Level.CITY
    password_hash: Annotated[str, Field(repr=False)]
    language: Language | None = None
    """The language chosen for the pages; None: the browser's."""
    mail: Annotated[str, Field(repr=False)] = ""
    """Where mail to the person goes; empty: nowhere."""
    active: bool = True
    must_change_password: bool = False
    session_epoch: int = 0
    """Sessions opened in an earlier epoch are over: raised by a new password, new roles and "sign out everywhere"."""
    created_at: datetime
    demo: bool = False
    """Made with the sample data, and removed with it."""
    version: int = 1
    vouched: int = 0
    """How often this admin was the proof that an admin is left (see ``Accounts``); the number itself means nothing."""

    class Settings:
        name = "users"
        indexes: ClassVar[Sequence[IndexModel]] = [
            IndexModel([("username", ASCENDING)], name="username", unique=True),
            IndexModel([("roles", ASCENDING), ("active", ASCENDING)], name="roles_active"),
        ]

    @property
    def object_id(self) -> ObjectId:
        """The id of a user who has been saved."""
        if self.id is None:
            raise ValueError("this user has not been saved")
        return self.id

    def actor(self) -> Actor:
        """What rules may know of this user."""
        return Actor(
            user_id=self.object_id,
            roles=frozenset(self.roles),
            units=frozenset(self.unit_ids),
            answers_for=frozenset(self.answers_for),
            backs=frozenset(self.backs),
            level=self.level,
        )


class AuditAction(StrEnum):
    """What is written down beside the event log: acts on accounts, data that leaves the house, and changes to the tables."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of an act
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the name of an act
    USER_ADDED = "user_added"
    ROLES_CHANGED = "roles_changed"
    USER_DEACTIVATED = "user_deactivated"
    USER_REACTIVATED = "user_reactivated"
    EXPORTED = "exported"
    RELEASED = "released"
    OUTLET_ADDED = "outlet_added"
    PARTNER_MADE = "partner_made"
    PARTNER_ENDED = "partner_ended"
    CONTACT_CHANGED = "contact_changed"
    FEED_ADDED = "feed_added"
    FEED_SET_UP = "feed_set_up"
    FEED_NOTICE_DISMISSED = "feed_notice_dismissed"
    FEED_RESTED = "feed_rested"
    FEED_RESUMED = "feed_resumed"
    FEEDS_IMPORTED = "feeds_imported"
    PROJECT_ADDED = "project_added"
    PROJECT_CHANGED = "project_changed"
    PROJECT_ENDED = "project_ended"
    UNIT_ADDED = "unit_added"
    UNIT_DISSOLVED = "unit_dissolved"
    UNIT_REVIVED = "unit_revived"
    UNIT_REVIEWS = "unit_reviews"
    UNIT_REVIEWS_NOT = "unit_reviews_not"
    CONTACT_READ = "contact_read"
    REGION_GIVEN = "region_given"
    REGION_TAKEN_BACK = "region_taken_back"
    RESPONSIBILITIES_CHANGED = "responsibilities_changed"
    CATEGORY_CHANGED = "category_changed"
    CLOCKS_CHANGED = "clocks_changed"
    EVIDENCE_READ = "evidence_read"
    ORIGINAL_OPENED = "original_opened"
    BLACK_OUT_TAKEN_BACK = "black_out_taken_back"
    RULES_CHANGED = "rules_changed"
    RULES_RESTORED = "rules_restored"
    MODEL_TRAINED = "model_trained"
    MODEL_SET_ASIDE = "model_set_aside"
    MODEL_ASKED = "model_asked"
    MODEL_CHOSEN = "model_chosen"
    PAPER_CHANGED = "paper_changed"
    SECOND_LOOKS_SET = "second_looks_set"
    CALLER_READ = "caller_read"
    CALLER_ERASED = "caller_erased"
    NOMINATION_WORDS_CHANGED = "nomination_words_changed"
    CLAIM_BROKEN = "claim_broken"


class AuditEvent(Document):
    """One entry of the audit trail. Append-only; ids only, so that a person can be forgotten."""

    at: datetime
    action: AuditAction
    actor: PydanticObjectId | None
    """Who did it; None: nobody signed in, or the system."""
    subject: PydanticObjectId | str | None
    """To what: the id of a user, outlet, feed, project or unit, the code of a region or category, the name of an export or
    release, an edition of the rules or a version of the model.

    None: a user name that nobody has, or nothing single.
    """
    detail: dict[str, DetailValue | list[DetailValue]] = Field(default_factory=dict)
    request_id: str | None = None

    class Settings:
        name = "audit"
        indexes: ClassVar[Sequence[IndexModel]] = [
            IndexModel([("at", DESCENDING)], name="at"),
            IndexModel([("subject", ASCENDING), ("at", DESCENDING)], name="subject_at"),
            IndexModel([("actor", ASCENDING), ("at", DESCENDING)], name="actor_at"),
        ]
