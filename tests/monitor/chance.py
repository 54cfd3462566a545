"""What may happen in a random campaign, drawn by chance; ``happenings`` has it happen.

A campaign is a list of happenings, each of which says how long it waits, what happens and, as two numbers, to what and how.
What cannot happen at that moment, because a rule forbids it or there is nothing to do it to, does not; so any list is a campaign,
and a list that shows a fault can be made shorter and still be one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import TypeVar

from hypothesis import strategies as st

from media_tracker.db.connection import Json
from media_tracker.places.regions import Region
from media_tracker.problems.case import Case
from media_tracker.problems.steps import Step
from tests.files.pictures import encoded, picture

T = TypeVar("T")

REGIONS = (
    Region("99", "示例市", "city", None),
    Region("9901", "东区", "district", "99"),
    Region("9902", "西区", "district", "99"),
    Region("99GX", "示例高新区", "district", "99"),
    Region("990101", "东街道", "subdistrict", "9901"),
    Region("990201", "西街道", "subdistrict", "9902", administered_by="9901"),
    Region("990101001", "东社区", "community", "990101"),
)
PLACES = (None, "990101001", "990201", "9902")
CATEGORIES = ("101", "201", "102")
"""One of danger among them, whose clock runs in hours."""
COLUMNS = ("曝光台", "", "民生")
TEXTS = (
    "",
    "东街道一处井盖缺失多日无人修补，居民出行担心，记者到现场看到坑洞很深，周围没有任何围挡。" * 3,
    "市民拾金不昧" * 30,
)
"""Stories with the same words are reprints of one another; those without any are of nothing."""
PICTURE = encoded(picture())
MIDNIGHT, BEFORE_MIDNIGHT = "midnight", "before midnight"
WAITS: tuple[float | str, ...] = (1, 0.01, 8, MIDNIGHT, 0.02, 26, BEFORE_MIDNIGHT, 24 * 4, 24 * 33)
"""Hours, or until the last millisecond of a local day, or until the first of the next."""
LATE = (0.2, 8, 30, 24 * 40)
"""Hours that a story has been out when it comes in."""
ONWARD = (Step.ASSIGN, Step.CLAIM, Step.VERIFY, Step.CLOSE)
"""What brings a problem forward, which most steps do."""
LEFT_OUT = frozenset({Step.MARK_DUPLICATE, Step.MERGE, Step.ADD_EVIDENCE})
"""The first two have a happening of their own; the last one changes no figure and needs files."""


@dataclass(frozen=True, slots=True)
class Happening:
    """After ``wait``, ``what`` is done to the ``of``-th thing that there is, in the way that ``how`` says."""

    what: str
    wait: float | str
    of: int
    how: int


class Choosing:
    """Takes one choice after another, all of them said by one number; 0 says the first each time."""

    def __init__(self, how: int) -> None:
        self._chance = Random(how) if how else None

    def one(self, among: Sequence[T]) -> T:
        """One of them."""
        return among[0] if self._chance is None else self._chance.choice(among)


@dataclass(frozen=True, slots=True)
class Seen:
    """The records of one moment, as whoever looked then found them."""

    at: datetime
    stories: tuple[Json, ...]
    problems: tuple[Case, ...]
    deeds: tuple[Json, ...]


COMMON = ("exposed", "tied", "forward", "forward", "stepped")
SOMETIMES = (
    "published", "decided", "looked_at_again", "settled", "withdrawn", "undone", "behaved", "did_good", "deed_moved",
    "reported", "corrected", "merged", "parted", "administered", "promised", "looked", "looked",
)  # fmt: skip
ALL = (*COMMON * 4, *SOMETIMES)


def happening(life: int, place: int) -> Happening:
    """What happens at one place of a life."""
    chance = Random(f"{life} {place}")
    return Happening(chance.choice(ALL), chance.choice(WAITS), chance.randrange(6), chance.randrange(10**6))


def lives(most: int) -> st.SearchStrategy[list[Happening]]:
    """What happens in a campaign, in order: about half of what might. What shows a fault comes down to few happenings."""
    takes_place = st.lists(st.booleans(), min_size=most, max_size=most)
    return st.builds(
        lambda life, taken: [happening(life, place) for place, there in enumerate(taken) if there],
        st.integers(0, 10**6),
        takes_place.filter(any),
    )
