"""A sheet: all lines of one local day, what they were in the past included, column by column. Pure.

A day of a large city has some thousand lines; as arrays they are read, filtered and counted in a moment. What repeats (a
region, a column) stands in the sheet once, and lines refer to it by number.
"""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from bson import ObjectId
from numpy.typing import NDArray

from media_tracker.monitor.facts import Subject
from media_tracker.monitor.lines import OPEN, Family, Line, Span, Told

Json = Mapping[str, Any]

CODED = ("subject", "keys", "region", "category", "told", "unit", "severity", "source", "stage")
_TIMES = ("at", "since", "until", "live")
_HOURS = ("hours_0", "hours_1", "hours_2")
_CODED_OF: Mapping[Family, tuple[str, ...]] = {
    Family.STORY: ("keys", "region", "category", "told"),
    Family.CASE: CODED,
    Family.DEED: ("keys", "region", "told"),
}
_IDS_OF: Mapping[Family, tuple[str, ...]] = {
    Family.STORY: ("id",),
    Family.CASE: ("id", "entity", "story"),
    Family.DEED: ("id",),
}
_SUBJECT: Mapping[Family, Subject] = {Family.STORY: Subject.STORY, Family.DEED: Subject.DEED}
_NONE = b"\0" * 12
_QUICKLY = 1
"""How hard zlib tries."""

Column = NDArray[Any]


class Sheet:
    """The lines of ``family`` on one day. ``names``: what the numbers of a coded column stand for."""

    __slots__ = ("columns", "family", "names")

    def __init__(self, family: Family, names: dict[str, list[str]], columns: dict[str, Column]) -> None:
        self.family = family
        self.names = names
        self.columns = columns

    def __len__(self) -> int:
        return len(self.columns["at"])

    @classmethod
    def empty(cls, family: Family) -> Sheet:
        """A sheet without lines."""
        return Writer(family).sheet()

    @classmethod
    def decode(cls, family: Family, row: Json) -> Sheet:
        """The sheet in a document, see ``encode``."""
        data, count = zlib.decompress(row["data"]), row["lines"]
        columns: dict[str, Column] = {}
        place = 0
        for name, kind in _layout(family):
            columns[name] = np.frombuffer(data, kind, count, place)
            place += kind.itemsize * count
        return cls(family, json.loads(zlib.decompress(row["names"])), columns)

    def encode(self) -> dict[str, Any]:
        """The sheet as it is stored."""
        data = b"".join(self.columns[name].tobytes() for name, _ in _layout(self.family))
        names = json.dumps(self.names, ensure_ascii=False, separators=(",", ":")).encode()
        return {
            "lines": len(self),
            "data": zlib.compress(data, _QUICKLY),
            "names": zlib.compress(names, _QUICKLY),
        }

    def entities(self) -> Column:
        """Whose each line is, as twelve bytes."""
        return self.columns["entity" if self.family is Family.CASE else "id"]

    def replaced(self, entities: Collection[ObjectId], spans: Iterable[Span]) -> Sheet:
        """The sheet with these ``spans`` in the place of all lines of ``entities``."""
        gone = {each.binary for each in entities}
        stays = np.array([each not in gone for each in self.entities().tolist()], dtype=bool)
        writer = Writer(self.family, self.names)
        for span in spans:
            writer.add(span)
        new = writer.sheet()
        columns = {name: np.concatenate((self.columns[name][stays], new.columns[name])) for name in self.columns}
        return Sheet(self.family, new.names, columns).tidied()

    def tidied(self) -> Sheet:
        """The same without names that nothing refers to any more, where they have become too many."""
        if all(len(names) <= 2 * len(self) + 64 for names in self.names.values()):
            return self
        writer = Writer(self.family)
        for span in self.spans():
            writer.add(span)
        return writer.sheet()

    def spans(self, places: Iterable[int] | None = None) -> Iterator[Span]:
        """The lines with the times between which they stood: all, or those at ``places``."""
        told = [told_of(each) for each in self.names["told"]]
        for place in range(len(self)) if places is None else places:
            yield self._span(int(place), told)

    def _span(self, place: int, told: list[tuple[Told, ...]]) -> Span:
        columns = self.columns
        entity = ObjectId(bytes(self.entities()[place]))
        line = Line(
            int(columns["at"][place]),
            _SUBJECT.get(self.family) or Subject(self._name("subject", place)),
            ObjectId(bytes(columns["id"][place])),
            entity,
            self._story(place, entity),
            tuple(self._name("keys", place).split(",")),
            int(columns["live"][place]),
            self._name("region", place),
            self._name("category", place),
            told[int(columns["told"][place])],
            self._name("unit", place),
            self._name("severity", place),
            self._name("source", place),
            self._name("stage", place),
        )
        if self.family is Family.CASE:
            hours = [float(columns[name][place]) for name in _HOURS]
            line = line._replace(hours=(hours[0], hours[1], hours[2]))
        return Span(line, int(columns["since"][place]), int(columns["until"][place]))

    def _name(self, field: str, place: int) -> str:
        return self.names[field][int(self.columns[field][place])] if field in self.columns else ""

    def _story(self, place: int, entity: ObjectId) -> ObjectId | None:
        if self.family is Family.STORY:
            return entity
        story = bytes(self.columns["story"][place]) if self.family is Family.CASE else _NONE
        return None if story == _NONE else ObjectId(story)


class Writer:
    """Gathers lines for a sheet. ``names``: numbers that are given already."""

    def __init__(self, family: Family, names: Mapping[str, list[str]] | None = None) -> None:
        self._family = family
        self._names = {field: list((names or {}).get(field, ())) for field in _CODED_OF[family]}
        self._codes = {field: {name: at for at, name in enumerate(known)} for field, known in self._names.items()}
        self._ids = {name: bytearray() for name in _IDS_OF[family]}
        self._times = {name: array("q") for name in _TIMES}
        self._coded = {field: array("i") for field in _CODED_OF[family]}
        self._hours = {name: array("d") for name in _HOURS} if family is Family.CASE else {}

    def add(self, span: Span) -> None:
        """Write a line down."""
        line = span.line
        for name, ids in self._ids.items():
            known: ObjectId | None = getattr(line, name)
            ids += known.binary if known is not None else _NONE
        for name, moment in zip(_TIMES, (line.at, span.since, span.until, line.live), strict=True):
            self._times[name].append(moment)
        for field, codes in self._coded.items():
            name = _text(field, line)
            numbers = self._codes[field]
            code = numbers.get(name)
            if code is None:
                code = numbers[name] = len(numbers)
                self._names[field].append(name)
            codes.append(code)
        for each, hours in zip(self._hours.values(), line.hours, strict=False):
            each.append(hours)

    def sheet(self) -> Sheet:
        """What has been gathered."""
        gathered: dict[str, Any] = {**self._ids, **self._times, **self._coded, **self._hours}
        columns = {name: np.frombuffer(bytes(gathered[name]), kind) for name, kind in _layout(self._family)}
        return Sheet(self._family, self._names, columns)


def told_of(text: str) -> tuple[Told, ...]:
    """The voices that a sheet's name of them stands for."""
    return tuple(Told(*each) for each in json.loads(text))


def stacked(sheets: Sequence[Sheet], family: Family, *, ids: bool) -> Sheet:
    """Several sheets as one, in their order; ``ids``: whether their lines have to be told apart, which costs most of the room."""
    left_out = frozenset() if ids else frozenset(_IDS_OF[family])
    names: dict[str, list[str]] = {}
    columns: dict[str, Column] = {}
    for field in _CODED_OF[family]:
        numbers: dict[str, int] = {}
        codes = []
        for sheet in sheets:
            own = [numbers.setdefault(name, len(numbers)) for name in sheet.names[field]]
            codes.append(np.array(own, dtype="<i4")[sheet.columns[field]] if len(sheet) else sheet.columns[field])
        names[field] = list(numbers)
        columns[field] = np.concatenate(codes) if codes else np.zeros(0, "<i4")
    for name, kind in _layout(family):
        if name not in columns and name not in left_out:
            parts = [sheet.columns[name] for sheet in sheets]
            columns[name] = np.concatenate(parts) if parts else np.zeros(0, kind)
    return Sheet(family, names, columns)


def newest_first(sheet: Sheet, places: NDArray[np.intp]) -> NDArray[np.intp]:
    """``places`` of lines in the order of a list: by their moment, then by id, the latest first."""
    ids = np.ascontiguousarray(sheet.columns["id"][places]).view(">u4").reshape(-1, 3)
    order = np.lexsort((ids[:, 2], ids[:, 1], ids[:, 0], sheet.columns["at"][places]))
    return places[order[::-1]]


def stands(sheet: Sheet, now: int) -> NDArray[np.bool_]:
    """Which lines stand, and are true ``now``."""
    found: NDArray[np.bool_] = (sheet.columns["until"] == OPEN) & (sheet.columns["live"] <= now)
    return found


def stood(sheet: Sheet, moment: int) -> NDArray[np.bool_]:
    """Which lines stood, and were true, at a past ``moment``, as far as the system had learnt of it by then."""
    columns = sheet.columns
    found: NDArray[np.bool_] = (columns["since"] <= moment) & (columns["until"] > moment) & (columns["live"] <= moment)
    return found


def next_to_come(sheet: Sheet, moment: int) -> int | None:
    """When the next line that stands becomes true by itself; None: none does."""
    columns = sheet.columns
    waiting = columns["live"][(columns["until"] == OPEN) & (columns["live"] > moment)]
    return int(waiting.min()) if len(waiting) else None


def _text(field: str, line: Line) -> str:
    match field:
        case "keys":
            return _keys_text(line.keys)
        case "told":
            return _told_text(line.told)
        case "subject":
            return line.subject.value
    text: str = getattr(line, field)
    return text


@lru_cache(maxsize=65_536)
def _told_text(told: tuple[Told, ...]) -> str:
    """Thousands of lines have the same voices."""
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=4_096)
def _keys_text(keys: tuple[str, ...]) -> str:
    return ",".join(keys)


def _layout(family: Family) -> list[tuple[str, np.dtype[Any]]]:
    return _LAYOUTS[family]


_LAYOUTS: Mapping[Family, list[tuple[str, np.dtype[Any]]]] = {
    family: [
        *((name, np.dtype("V12")) for name in _IDS_OF[family]),
        *((name, np.dtype("<i8")) for name in _TIMES),
        *((name, np.dtype("<i4")) for name in _CODED_OF[family]),
        *((name, np.dtype("<f8")) for name in _HOURS if family is Family.CASE),
    ]
    for family in Family
}
