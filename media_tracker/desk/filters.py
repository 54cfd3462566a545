"""What an editor's queue shows, and in which order: read from an address, written into one, said to the database. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlencode

from bson import ObjectId

from media_tracker.db.connection import Json
from media_tracker.db.cursors import read_cursor, write_cursor
from media_tracker.ingest.documents import DeskState, Kind, Story

LONGEST = 100
"""Characters of one value of an address that are read."""
MOST_DAYS = 3_660


class Which(StrEnum):
    """Of which stories the queue is."""

    WAITING = "waiting"
    MINE = "mine"  # those that I have open, and those that I have decided and that still have to be tied or filed
    SNOOZED = "snoozed"
    CHANGED = "changed"  # by their outlet, since they were decided


class Order(StrEnum):
    """In which order."""

    NEWEST = "newest"
    OLDEST = "oldest"
    SUREST = "surest"
    LEAST_SURE = "least_sure"


class Band(StrEnum):
    """How sure the machine is of the kind; scores from 0 to 1."""

    HIGH = "high"
    MIDDLE = "middle"
    LOW = "low"


BANDS: Mapping[Band, tuple[float, float]] = {
    Band.HIGH: (0.8, 1.01),
    Band.MIDDLE: (0.5, 0.8),
    Band.LOW: (0.0, 0.5),
}
"""From (with it), and to (without it)."""

Choice = TypeVar("Choice", bound=StrEnum)
Place = tuple[datetime | float, ObjectId]
"""Where a story stands in a queue: by its time or its score, then its id."""


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Which stories of the desk are meant; None and "" mean all.

    ``kind`` is the suggested one. ``days``: published within so many days. ``copied``: only stories of which there are reprints.
    ``routed``: only what a rule sends to this editor, by the id as text.
    """

    which: Which = Which.WAITING
    order: Order = Order.NEWEST
    outlet_id: ObjectId | None = None
    column: str = ""
    kind: Kind | None = None
    band: Band | None = None
    district: str = ""
    days: int | None = None
    copied: bool = False
    routed: str = ""

    @property
    def narrow(self) -> bool:
        """Whether it leaves out any of the stories that wait."""
        return replace(self, order=Order.NEWEST) != QueueFilter()

    def pairs(self) -> list[tuple[str, str]]:
        """What of it is not usual, as an address has it: (name, value). ``read_filter`` reads it back."""
        values = {
            "queue": "" if self.which is Which.WAITING else self.which.value,
            "order": "" if self.order is Order.NEWEST else self.order.value,
            "outlet": str(self.outlet_id) if self.outlet_id is not None else "",
            "column": self.column,
            "kind": self.kind.value if self.kind else "",
            "band": self.band.value if self.band else "",
            "district": self.district,
            "days": str(self.days) if self.days is not None else "",
            "copied": "1" if self.copied else "",
            "routed": self.routed,
        }
        return [(name, value) for name, value in values.items() if value]

    def query_string(self) -> str:
        """The same as the part of an address behind the question mark; empty for the usual queue."""
        return urlencode(self.pairs())


NAMES = ("queue", "order", "outlet", "column", "kind", "band", "district", "days", "copied", "routed")
"""The parameters of an address that say which queue is meant."""


def read_filter(given: Mapping[str, str]) -> QueueFilter:
    """The filter that an address (or a saved query) stands for. What makes no sense is left out."""
    text = {name: given.get(name, "")[:LONGEST].strip() for name in NAMES}
    days = text["days"]
    return QueueFilter(
        which=_one(Which, text["queue"]) or Which.WAITING,
        order=_one(Order, text["order"]) or Order.NEWEST,
        outlet_id=ObjectId(text["outlet"]) if ObjectId.is_valid(text["outlet"]) else None,
        column=text["column"],
        kind=_one(Kind, text["kind"]),
        band=_one(Band, text["band"]),
        district=text["district"],
        days=min(int(days), MOST_DAYS) if days.isascii() and days.isdecimal() and len(days) < 6 and int(days) else None,
        copied=bool(text["copied"]),
        routed=text["routed"] if ObjectId.is_valid(text["routed"]) else "",
    )


def _one(kind: type[Choice], value: str) -> Choice | None:
    return next((each for each in kind if each.value == value), None)


def narrowed(wanted: QueueFilter, now: datetime) -> Json:
    """What ``wanted`` says in the database's words, without which stories are of the queue at all."""
    query: Json = {}
    if wanted.outlet_id is not None:
        query["outlet_id"] = wanted.outlet_id
    if wanted.column:
        query["column"] = wanted.column
    if wanted.kind is not None:
        query["suggestion.kind"] = wanted.kind.value
    if wanted.band is not None:
        low, high = BANDS[wanted.band]
        query["suggestion.kind_score"] = {"$gte": low, "$lt": high}
    elif wanted.order in (Order.SUREST, Order.LEAST_SURE):
        query["suggestion.kind_score"] = {"$gte": 0}  # a story that nobody has looked at yet has none
    if wanted.district:
        query["district"] = wanted.district
    if wanted.days is not None:
        query["published_at"] = {"$gte": now - timedelta(days=wanted.days)}
    if wanted.copied:
        query["copied"] = True
    if wanted.routed:
        query["routed"] = wanted.routed
    return query


ASKED_OF: Json = dict.fromkeys(
    (
        *("published_at", "outlet_id", "column", "district", "copied", "routed", "cluster", "desk"),
        *("suggestion.kind", "suggestion.kind_score"),
    ),
    1,
)
"""The fields of a story that say where it stands, and whether a filter lets it through."""


def meets(narrow: Json, row: Json) -> bool:
    """Whether the database would find ``row``, of which ``ASKED_OF`` is known, by ``narrow``, which ``narrowed`` has made."""
    return all(_is(_value(row, name), wanted) for name, wanted in narrow.items())


def _is(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return value is not None and value >= wanted["$gte"] and ("$lt" not in wanted or value < wanted["$lt"])
    return wanted in value if isinstance(value, list) else bool(value == wanted)


def _value(row: Json, path: str) -> Any:
    value: Any = row
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


_FIELDS: Mapping[Order, tuple[str, int]] = {
    Order.NEWEST: ("published_at", -1),
    Order.OLDEST: ("published_at", 1),
    Order.SUREST: ("suggestion.kind_score", -1),
    Order.LEAST_SURE: ("suggestion.kind_score", 1),
}


def sorting(wanted: QueueFilter) -> list[tuple[str, int]]:
    """Its order in the database's words. What was snoozed comes back in the order of its times."""
    if wanted.which is Which.SNOOZED:
        return [("snooze.until", 1), ("_id", 1)]
    field, direction = _FIELDS[wanted.order]
    return [(field, direction), ("_id", direction)]


def behind(wanted: QueueFilter, place: Place | None) -> Json:
    """What comes behind ``place``, to be put beside other conditions with ``$and``; None: everything."""
    if place is None:
        return {}
    (field, direction), _ = sorting(wanted)
    after = "$lt" if direction < 0 else "$gt"
    key, last = place
    return {"$or": [{field: {after: key}}, {field: key, "_id": {after: last}}]}


def place_of(wanted: QueueFilter, row: Json) -> Place:
    """Where the stored story ``row`` stands."""
    (field, _), _ = sorting(wanted)
    value = _value(row, field)
    return (value if isinstance(value, datetime | float | int) else 0.0), row["_id"]


def place_of_story(wanted: QueueFilter, story: Story) -> Place:
    """Where ``story`` stands, or would stand."""
    key: datetime | float = story.published_at
    if wanted.which is Which.SNOOZED:
        key = story.snooze.until if story.snooze else story.published_at
    elif wanted.order in (Order.SUREST, Order.LEAST_SURE):
        key = story.suggestion.kind_score if story.suggestion else 0.0
    return key, ObjectId(story.id)


def sorted_before(wanted: QueueFilter, one: Place, other: Place) -> bool:
    """Whether ``one`` comes before ``other``."""
    _, direction = sorting(wanted)[0]
    return (one > other) if direction < 0 else (one < other)


def write_place(place: Place) -> str:
    """A place as pages hand it out."""
    key, last = place
    return write_cursor(key, last) if isinstance(key, datetime) else f"s{key!r}-{last}"


def read_place(wanted: QueueFilter, text: str | None) -> Place | None:
    """The place that ``text`` stands for; None for nothing, for nonsense, and for one of another order."""
    by_score = wanted.which is not Which.SNOOZED and wanted.order in (Order.SUREST, Order.LEAST_SURE)
    if not by_score:
        return read_cursor(text)
    score, _, last = (text or "")[1:60].rpartition("-")
    try:
        number = float(score) if (text or "").startswith("s") else -1.0
    except ValueError:
        return None
    return (number, ObjectId(last)) if 0 <= number <= 1 and ObjectId.is_valid(last) else None


WAITS: Json = {"desk": DeskState.PENDING.value}
"""Every story that waits for an editor. One that is withdrawn waits no longer, so that need not be asked."""
