"""What goes into a suggestion and what comes out, with the words that say so. Offsets count characters of the *original* text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["exposure", "follow_up", "good_deed", "notice", "other"]
Field = Literal["title", "body"]
Outcome = Literal["resolved", "partly_resolved", "promised", "disputed", "nothing_found"]
Deed = Literal["bravery", "kindness", "honesty", "dedication", "family"]
"""见义勇为, 助人为乐, 诚实守信, 敬业奉献, 孝老爱亲: the five classes of 道德模范 and 身边好人."""


@dataclass(frozen=True, slots=True)
class StoryText:
    """What a suggester sees of a story. ``body`` is plain text; ``column`` is empty where the feed names none."""

    title: str
    body: str
    outlet_name: str = ""
    column: str = ""
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """``field[start:end]`` speaks for ``label``: ``kind:exposure``, ``category:201``, ``region:370303004``,
    ``outcome:resolved``, ``deed:honesty``, ``out_of_area``, ``place``, ``unit`` or ``person``; and ``feature:kind:exposure``
    or ``feature:category:201`` for a passage that the learned model takes as a sign of it.
    """

    field: Field
    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a story seems to be; nothing here is decided. Scores are 0.0 to 1.0.

    ``category`` is a sub-class code, ``outcome`` what a follow-up reports and ``deed`` the class of a good deed; each is None
    where the kind has none. ``region`` is a code; ``place``, ``units`` and ``people`` are words of the story. ``model`` names
    the suggester and its tables' version.
    """

    kind: Kind
    kind_score: float
    category: str | None
    category_score: float
    region: str | None
    region_score: float
    place: str | None
    out_of_area: bool
    outcome: Outcome | None
    evidence: tuple[Evidence, ...]
    model: str
    outcome_score: float = 0.0
    deed: Deed | None = None
    deed_score: float = 0.0
    units: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    """What it rests on, as ``field/source/detail``; see ``office_rules.grounds``."""
    routed: tuple[str, ...] = ()
    """Ids of the users into whose queues the office's routes send the story; none: into everybody's."""


def in_order(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Without repeats, title first, then by position, longer spans first."""
    return tuple(sorted(set(evidence), key=lambda item: (item.field != "title", item.start, -item.end, item.label)))
