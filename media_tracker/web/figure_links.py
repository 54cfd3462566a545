"""The address of a figure: which days, which filters, which moment. A number's page and its list read the same address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

from media_tracker.db.ids import parse_id
from media_tracker.errors import N_, InvalidInput, NotFound
from media_tracker.monitor.definitions import Dimension, Key
from media_tracker.monitor.facts import EVERYTHING, Period, Slice
from media_tracker.monitor.periods import EARLIEST, read_period
from media_tracker.monitor.service import Stretch
from media_tracker.web.visitor import Connection, services

ALL = "all"
"""What a filter form sends for "no filter"; an empty value means those that have none."""
LONGEST_VALUE = 200
"""A column's name is the longest that there is."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks to see counted. ``as_of``: as it stood at that moment, which has passed; None: as it stands now."""

    period: Period
    part: Slice = EVERYTHING
    stretch: Stretch | None = None
    as_of: datetime | None = None

    def list_of(self, key: Key, *, suffix: str = "", page: int = 1) -> str:
        """The address of the list behind ``key``; ``suffix`` of the same list as a file."""
        query = urlencode([*self.query(), *([("page", str(page))] if page > 1 else [])])
        return f"/monitor/{key.value}{suffix}?{query}"

    def overview(self, by: Dimension | None = None) -> str:
        """The address of the monitor with the same days and filters, broken down ``by`` something."""
        query = [(name, value) for name, value in self.query() if name not in ("month", "day", "stretch")]
        return f"/monitor?{urlencode([*query, *([('by', by.value)] if by else [])])}"

    def within(self, dimension: Dimension, value: str) -> Asked:
        """Only what falls to one value of ``dimension``."""
        return replace(self, part=self.part.only(dimension, value))

    def without(self, dimension: Dimension) -> Asked:
        """The same without the filter by ``dimension``."""
        return replace(self, part=self.part.only(dimension, None))

    def during(self, period: Period) -> Asked:
        """The same for other days."""
        return replace(self, period=period)

    def now(self) -> Asked:
        """The same as it stands now."""
        return replace(self, as_of=None)

    @property
    def filters(self) -> Mapping[Dimension, str]:
        """The filters that are set, as an address spells them."""
        return self.part.chosen

    def query(self) -> Iterator[tuple[str, str]]:
        """Name and value of everything that is asked, as an address spells them."""
        yield "from", self.period.start.isoformat()
        yield "to", self.period.end.isoformat()
        for dimension, value in self.filters.items():
            yield dimension.value, value
        if self.stretch is not None:
            yield "stretch", self.stretch.value
        if self.as_of is not None:
            yield "as_of", self.as_of.isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Count:
    """A number and the address of exactly the list that it counts."""

    value: int
    href: str
    adds_up: bool = True


def asked_of(connection: Connection) -> Asked:
    """What the address of a request asks for; see ``read_asked``."""
    return read_asked(dict(connection.query_params.items()), local_now(connection))


def local_now(connection: Connection) -> datetime:
    """This moment on the clocks of the installation."""
    use = services(connection)
    return use.clock().astimezone(use.settings.zone)


def read_asked(query: Mapping[str, str], now: datetime) -> Asked:
    """What an address asks for. ``now``: this moment on the clocks of the installation, by which moments are read.

    Raises:
        InvalidInput: days or a moment that are none; ``fields`` are ``from``, ``to`` and ``as_of``.
        NotFound: an outlet or a stretch that is none.
    """
    fields: dict[str, str] = {}
    as_of = read_moment(query.get("as_of", ""), now, fields)
    today = as_of.astimezone(now.tzinfo).date() if as_of else now.date()
    try:
        period = read_period(query.get("from", ""), query.get("to", ""), today)
    except InvalidInput as error:
        fields |= error.fields
    if fields:
        raise InvalidInput(next(iter(fields.values())), fields)
    return replace(read_filters(query, today), period=period, as_of=as_of)


def read_filters(query: Mapping[str, str], today: date) -> Asked:
    """The filters alone, for the year so far."""
    values: dict[str, Any] = {dimension.value: _value(query, dimension) for dimension in Dimension}
    outlet = values[Dimension.OUTLET.value]
    part = Slice(**{**values, "outlet": parse_id(outlet) if outlet else outlet})
    return Asked(read_period("", "", today), part, _stretch(query))


def read_moment(text: str, now: datetime, fields: dict[str, str]) -> datetime | None:
    """A moment that has passed, as ``2026-03-01T18:00`` on the clocks of ``now`` or with an offset; None for an empty text.

    What is wrong goes to ``fields["as_of"]``. It is cut to milliseconds, as stored moments are.
    """
    text = text.strip()
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment = (moment.replace(tzinfo=now.tzinfo) if moment.tzinfo is None else moment).astimezone(UTC)
    except (ValueError, OverflowError):
        fields["as_of"] = N_("Please give a moment as year-month-day and hour:minute.")
        return None
    if not moment.date() >= EARLIEST or moment > now:
        fields["as_of"] = N_("Only a moment that has passed can be asked for.")
        return None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


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
