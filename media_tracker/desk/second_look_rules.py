"""Blind second looks: which stories are drawn, when two decisions say the same, and who may settle where they do not. Pure.

Of the stories that editors decide a share is drawn by a keyed hash of their ids: the same story is always or never drawn, and
who does not know the key cannot tell which. The share is the same for every kind, so that what is measured on the drawn
stories holds for all of them without weights.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role

SHARE = 0.05
"""Of the stories that are decided, as long as no admin says otherwise."""
LARGEST_SHARE = 0.5
WAITS = timedelta(days=7)
"""Then nobody is asked any more."""
_WITH_CATEGORY = frozenset({"exposure", "follow_up"})


class LookState(StrEnum):
    """How far a second look is."""

    WAITING = "waiting"
    AGREED = "agreed"
    DISPUTED = "disputed"
    SETTLED = "settled"
    LAPSED = "lapsed"  # nobody has looked in time, or the story has changed or was withdrawn meanwhile


FIELDS = ("kind", "category", "district", "outcome", "deed")
"""What two decisions are compared in."""


@dataclass(frozen=True, slots=True)
class Said:
    """What an editor says of a story, as far as two decisions are compared; ``district`` is "" where it names none of ours.

    Of a kind without a category, an outcome or a deed, that field is None.
    """

    kind: str
    category: str | None
    top: str | None
    """The class above the category."""
    region: str | None
    district: str
    outcome: str | None
    deed: str | None
    place: str = ""

    def row(self) -> dict[str, Any]:
        """As it is stored."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Said:
        """What ``row`` stored."""
        return cls(**{name: row[name] for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class Voice:
    """One editor's decision on a story that is looked at twice."""

    by: ObjectId
    at: datetime
    said: Said
    units: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """How a dispute ended: ``takes`` is ``first``, ``second`` or ``other``."""

    by: ObjectId
    at: datetime
    takes: str
    said: Said


@dataclass(frozen=True, slots=True)
class Look:
    """A story that two editors look at."""

    story_id: ObjectId
    state: LookState
    first: Voice
    second: Voice | None
    differs: tuple[str, ...]
    settled: Settled | None
    since: datetime
    done_at: datetime | None
    """When the second editor decided."""
    version: int


class Decided(Protocol):
    """What is asked of a decision; ``kind`` is written as its value."""

    @property
    def kind(self) -> str: ...
    @property
    def category(self) -> str | None: ...
    @property
    def region(self) -> str | None: ...
    @property
    def place(self) -> str: ...
    @property
    def outcome(self) -> str | None: ...
    @property
    def deed(self) -> str | None: ...


def said_of(decision: Decided, top: str | None, district: str | None) -> Said:
    """What ``decision`` says. ``top``: the class above its category; ``district``: where its region counts."""
    kind = str(decision.kind)
    problem = kind in _WITH_CATEGORY
    return Said(
        kind=kind,
        category=decision.category if problem else None,
        top=top if problem else None,
        region=decision.region,
        district=district or "",
        outcome=decision.outcome if kind == "follow_up" else None,
        deed=decision.deed if kind == "good_deed" else None,
        place=decision.place,
    )


def differs_in(first: Said, second: Said) -> tuple[str, ...]:
    """The fields of ``FIELDS`` in which they differ. Where the kinds do, nothing else is asked but the district."""
    fields = FIELDS if first.kind == second.kind else ("kind", "district")
    return tuple(name for name in fields if (getattr(first, name) or "") != (getattr(second, name) or ""))


def is_drawn(key: bytes, story: ObjectId, share: float) -> bool:
    """Whether ``story`` is among the ``share`` (0 to 1) of stories that are looked at twice."""
    digest = hmac.new(key, b"second look " + story.binary, hashlib.sha256).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


def may_settle(who: Actor, first: ObjectId, second: ObjectId, takes: str) -> bool:
    """Whether ``who`` may settle a dispute by taking the ``first`` decision, the ``second``, or something ``other``.

    A third editor may take either or something else. Each of the two may give way to the other one: then they agree.
    """
    if not who.has(Role.EDITOR):
        return False
    if who.user_id == first:
        return takes == "second"
    if who.user_id == second:
        return takes == "first"
    return takes in ("first", "second", "other")


def lapses_at(since: datetime) -> datetime:
    """When a story that has waited since then waits no longer."""
    return since + WAITS
