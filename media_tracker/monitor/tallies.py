"""How many lines each figure counts, in all and by each field: what figures are added up from. Values only.

Tallies of days add up to that of a month, those of months to a year: a line counts on one day only. They are kept by the fields
that lines hold; what tables make of those (a district of a region, a class of a category) is found when they are read.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from media_tracker.monitor.definitions import Key
from media_tracker.monitor.lines import Told
from media_tracker.monitor.placing import columns_of, outlets_of
from media_tracker.monitor.sheets import Column, Sheet, told_of

FIELDS = ("region", "category", "outlets", "columns", "projects", "unit", "severity", "source", "stage")
_VOICED = frozenset({"outlets", "columns", "projects"})
HOURS = ("hours_0", "hours_1", "hours_2")
_NO_HOURS: Sequence[NDArray[np.float64]] = (np.zeros(0), np.zeros(0), np.zeros(0))

Counts = dict[tuple[str, str], int]
ProjectsOf = Callable[[Iterable[Told]], str]


class Tally:
    """``total``: by key; ``fields``: by field, then key and value; ``hours``: sorted, of the problems exposed, by stretch."""

    __slots__ = ("fields", "hours", "total")

    def __init__(
        self,
        total: dict[str, int] | None = None,
        fields: dict[str, Counts] | None = None,
        hours: Sequence[NDArray[np.float64]] = _NO_HOURS,
    ) -> None:
        self.total = total if total is not None else {}
        self.fields = fields if fields is not None else {}
        self.hours = hours

    @classmethod
    def of(cls, sheet: Sheet, meant: NDArray[np.bool_], projects: ProjectsOf, fields: Sequence[str] = FIELDS) -> Tally:
        """Of those lines of ``sheet`` that are ``meant``."""
        coded = {field: _coded(sheet, field, projects) for field in fields}
        tally = cls({}, {field: {} for field in fields})
        for key in Key:
            places = np.flatnonzero(meant & counted_by(sheet, key))
            if not len(places):
                continue
            tally.total[key.value] = len(places)
            for field, (codes, names) in coded.items():
                counts = np.bincount(codes[places], minlength=len(names)) if codes is not None else [len(places)]
                found = tally.fields[field]
                for code in np.flatnonzero(counts):
                    each = (key.value, names[code])
                    found[each] = found.get(each, 0) + int(counts[code])
        if HOURS[0] in sheet.columns:
            exposed = meant & counted_by(sheet, Key.PROBLEMS)
            tally.hours = [_hours(sheet.columns[name][exposed]) for name in HOURS]
        return tally

    @classmethod
    def together(cls, tallies: Iterable[Tally]) -> Tally:
        """All of them added up."""
        every = list(tallies)
        added = cls()
        for each in every:
            _add(added.total, each.total, 1)
            for field, counts in each.fields.items():
                _add(added.fields.setdefault(field, {}), counts, 1)
        added.hours = [np.sort(np.concatenate([each.hours[at] for each in every] or [np.zeros(0)])) for at in range(3)]
        return added

    def changed(self, before: Tally, after: Tally) -> Tally:
        """This one after a part of it that was ``before`` has become ``after``."""
        total, fields = dict(self.total), {field: dict(counts) for field, counts in self.fields.items()}
        for tally, sign in ((before, -1), (after, 1)):
            _add(total, tally.total, sign)
            for field, counts in tally.fields.items():
                _add(fields.setdefault(field, {}), counts, sign)
        hours = [_exchanged(self.hours[at], before.hours[at], after.hours[at]) for at in range(3)]
        return Tally(total, fields, hours)

    def encode(self) -> dict[str, Any]:
        """As it is stored: each field by itself, so that a page reads what it shows."""
        return {
            "n": self.total,
            "f": {field: _packed(counts) for field, counts in self.fields.items() if counts},
            "h": [zlib.compress(hours.tobytes(), 1) for hours in self.hours] if any(map(len, self.hours)) else None,
        }

    @classmethod
    def decode(cls, row: Mapping[str, Any]) -> Tally:
        """What ``encode`` has stored, or those parts of it that were read."""
        fields = {field: _unpacked(packed) for field, packed in row.get("f", {}).items()}
        hours = [np.frombuffer(zlib.decompress(each), "<f8") for each in row.get("h") or ()]
        return cls(dict(row.get("n", {})), fields, hours or _NO_HOURS)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tally):
            return NotImplemented
        mine, theirs = ({f: counts for f, counts in each.fields.items() if counts} for each in (self, other))
        same = self.total == other.total and mine == theirs
        return same and all(np.array_equal(a, b) for a, b in zip(self.hours, other.hours, strict=True))

    __hash__ = None  # type: ignore[assignment]


def counted_by(sheet: Sheet, key: Key) -> NDArray[np.bool_]:
    """Which lines the figure ``key`` counts while they stand."""
    table = np.array([key.value in names.split(",") for names in sheet.names["keys"]] or [False], dtype=bool)
    found: NDArray[np.bool_] = table[sheet.columns["keys"]]
    return found


def coded(sheet: Sheet, field: str, projects: ProjectsOf) -> tuple[Column, list[str]]:
    """The numbers of a field by line, and what they stand for."""
    codes, names = _coded(sheet, field, projects)
    return (np.zeros(len(sheet), "<i4") if codes is None else codes), names


def _coded(sheet: Sheet, field: str, projects: ProjectsOf) -> tuple[Column | None, list[str]]:
    """The same; None: the lines have no such field, and all stand for the one name."""
    if field not in _VOICED:
        return (sheet.columns[field], sheet.names[field]) if field in sheet.columns else (None, [""])
    derive = {"outlets": _outlets, "columns": _columns}.get(field)
    names: dict[str, int] = {}
    own = []
    for text in sheet.names["told"]:
        name = derive(text) if derive is not None else projects(_told(text))
        own.append(names.setdefault(name, len(names)))
    if not own:
        return None, [""]
    return np.array(own, dtype="<i4")[sheet.columns["told"]], list(names)


@lru_cache(maxsize=100_000)
def _told(text: str) -> tuple[Told, ...]:
    return told_of(text)


@lru_cache(maxsize=100_000)
def _outlets(text: str) -> str:
    return outlets_of(_told(text))


@lru_cache(maxsize=100_000)
def _columns(text: str) -> str:
    return columns_of(_told(text))


def _hours(column: Column) -> NDArray[np.float64]:
    return np.sort(column[column >= 0])


def _exchanged(hours: NDArray[np.float64], gone: NDArray[np.float64], come: NDArray[np.float64]) -> NDArray[np.float64]:
    """``hours`` without those that have gone and with those that have come; all of them sorted."""
    if np.array_equal(gone, come):
        return hours
    values, repeats = np.unique(gone, return_counts=True)
    first = np.searchsorted(hours, values)
    leave = np.ones(len(hours), dtype=bool)
    for at, count in zip(first.tolist(), repeats.tolist(), strict=True):
        leave[at : at + count] = False
    return np.sort(np.concatenate((hours[leave], come)))


def _add(counts: dict[Any, int], more: Mapping[Any, int], sign: int) -> None:
    for name, count in more.items():
        now = counts.get(name, 0) + sign * count
        if now:
            counts[name] = now
        else:
            counts.pop(name, None)


def _packed(counts: Counts) -> bytes:
    by_key: dict[str, dict[str, int]] = {}
    for (key, value), count in sorted(counts.items()):
        by_key.setdefault(key, {})[value] = count
    return zlib.compress(json.dumps(by_key, ensure_ascii=False, separators=(",", ":")).encode(), 1)


def _unpacked(packed: bytes) -> Counts:
    by_key: dict[str, dict[str, int]] = json.loads(zlib.decompress(packed))
    return {(key, value): count for key, counts in by_key.items() for value, count in counts.items()}
