"""The address of a figure: which days, which filters. A number's page and the list behind it read the same address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from media_tracker.db.ids import parse_id
from media_tracker.errors import N_, NotFound
from media_tracker.monitor.definitions import Dimension, Key
from media_tracker.monitor.facts import EVERYTHING, Period, Slice
from media_tracker.monitor.periods import read_period
from media_tracker.monitor.service import Stretch

ALL = "all"
"""What a filter form sends for "no filter"; an empty value means those that have none."""
LONGEST_VALUE = 40


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks to see counted."""

    period: Period
    part: Slice = EVERYTHING
    stretch: Stretch | None = None

    def list_of(self, key: Key, *, suffix: str = "", page: int = 1) -> str:
        """The address of the list behind ``key``; ``suffix`` of the same list as a file."""
        query = urlencode([*self._query(), *([("page", str(page))] if page > 1 else [])])
        return f"/monitor/{key.value}{suffix}?{query}"

    def overview(self) -> str:
        """The address of the monitor with the same days and filters."""
        query = [(name, value) for name, value in self._query() if name not in ("month", "day", "stretch")]
        return f"/monitor?{urlencode(query)}"

    def within(self, dimension: Dimension, value: str) -> Asked:
        """Only what falls to one value of ``dimension``."""
        return replace(self, part=self.part.only(dimension, value))

    def without(self, dimension: Dimension) -> Asked:
        """The same without the filter by ``dimension``."""
        return replace(self, part=self.part.only(dimension, None))

    def during(self, period: Period) -> Asked:
        """The same for other days."""
        return replace(self, period=period)

    @property
    def filters(self) -> Mapping[Dimension, str]:
        """The filters that are set, as an address spells them."""
        return self.part.chosen

    def _query(self) -> Iterator[tuple[str, str]]:
        yield "from", self.period.start.isoformat()
        yield "to", self.period.end.isoformat()
        for dimension, value in self.filters.items():
            yield dimension.value, value
        if self.stretch is not None:
            yield "stretch", self.stretch.value


def read_asked(query: Mapping[str, str], today: date) -> Asked:
    """What an address asks for.

    Raises:
        InvalidInput: days that are none; ``fields`` are ``from`` and ``to``.
        NotFound: an outlet or a stretch that is none.
    """
    return replace(read_filters(query, today), period=read_period(query.get("from", ""), query.get("to", ""), today))


def read_filters(query: Mapping[str, str], today: date) -> Asked:
    """The filters alone, for the year so far."""
    values: dict[str, Any] = {dimension.value: _value(query, dimension) for dimension in Dimension}
    outlet = values[Dimension.OUTLET.value]
    part = Slice(**{**values, "outlet": parse_id(outlet) if outlet else outlet})
    return Asked(read_period("", "", today), part, _stretch(query))


def _value(query: Mapping[str, str], dimension: Dimension) -> str | None:
    value = query.get(dimension.value)
    return None if value is None or value == ALL else value[:LONGEST_VALUE]


def _stretch(query: Mapping[str, str]) -> Stretch | None:
    value = query.get("stretch")
    if not value:
        return None
    try:
        return Stretch(value)
    except ValueError:
        raise NotFound(N_("There is nothing at this address.")) from None


def read_page(query: Mapping[str, str]) -> int:
    """Which page of a list, from 1; nonsense is the first."""
    value = query.get("page", "")
    return max(1, int(value)) if value.isascii() and value.isdigit() and len(value) < 7 else 1
