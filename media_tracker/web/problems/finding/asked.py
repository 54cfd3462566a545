"""The filters of the list of problems as its address spells them: read, written again, and put into the terms of the search.

A saved view is such an address, so it is read by the same rules. What makes no sense in it is left out; a region or category that
nobody knows finds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Protocol, TypeVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.problems.case import OPEN_STATES, Channel, Severity, State
from media_tracker.problems.finding.facets import Flag, Waiting
from media_tracker.problems.finding.listing import Order, ProblemFilter, Span
from media_tracker.problems.light import Light
from media_tracker.problems.stakes import Dependent

Choice = TypeVar("Choice", bound=StrEnum)

LONGEST_WORDS = 100
LONGEST_CODE = 60


class Show(StrEnum):
    """The quick filters."""

    ALL = "all"
    OPEN = "open"
    MINE = "mine"
    TO_VERIFY = "to_verify"
    OVERDUE = "overdue"


class Lit(StrEnum):
    """A light to narrow by."""

    YELLOW = "yellow"
    RED = "red"


class Told(StrEnum):
    """Whether a medium has told of it."""

    YES = "yes"
    NO = "no"


LIGHTS: Mapping[Lit, Light] = {Lit.YELLOW: Light.SOON, Lit.RED: Light.OVER}
NOBODY = ObjectId("0" * 24)
"""The unit of those who are in none."""


class Query(Protocol):
    """The parameters of an address; each may come several times."""

    def get(self, key: str, /) -> str | None: ...
    def getall(self, key: str, default: list[str], /) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Days:
    """Days of a range, both of them in it; None: without a limit."""

    first: date | None = None
    last: date | None = None

    def span(self, zone: ZoneInfo) -> Span:
        """The same as moments."""
        start = datetime.combine(self.first, time(), zone) if self.first else None
        end = datetime.combine(self.last + timedelta(days=1), time(), zone) if self.last else None
        return Span(start, end)


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters of the list's address, as far as they make sense. Empty and None: not narrowed by it."""

    show: Show = Show.ALL
    states: tuple[State, ...] = ()
    light: Lit | None = None
    waiting: Waiting | None = None
    severity: Severity | None = None
    category: str = ""
    region: str = ""
    """As it was typed, or a code."""
    unit: ObjectId | None = None
    channel: Channel | None = None
    outlet: ObjectId | None = None
    exposed: Told | None = None
    flag: Flag | None = None
    registered: Days = field(default=Days())
    exposure: Days = field(default=Days())
    due: Days = field(default=Days())
    mine_to_check: bool = False
    """Only what the reader may verify: independent of them."""
    words: str = ""
    sort: Order | None = None
    several: bool = False
    """The form offers to tick several states."""

    def href(self, path: str = "/problems", /, **more: str) -> str:
        """The address of the list with these filters, and ``more``; a cursor is not kept."""
        return f"{path}?{urlencode([*self.pairs(), *((name, value) for name, value in more.items() if value)])}"

    @property
    def order(self) -> Order:
        """How the list is sorted: what has a light in it by that light, unless somebody wants it otherwise."""
        by_light = self.light is not None or self.show is Show.OVERDUE or self.due != Days()
        return self.sort or (Order.DUE if by_light else Order.NEWEST)

    @property
    def narrowed(self) -> bool:
        """Whether anything but the quick filter and the order narrows it."""
        return any(name not in ("show", "sort", "several") for name, _ in self.pairs())

    @property
    def narrowed_further(self) -> bool:
        """Whether one of the filters that are folded away does."""
        plain = {"show", "state", "region", "category", "unit", "light", "words", "sort"}
        return self.several or len(self.states) > 1 or any(name not in plain for name, _ in self.pairs())

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Names and values, in the order of the form."""
        yield "show", self.show.value
        yield from (("state", state.value) for state in self.states)
        single = {
            "words": self.words,
            "light": self.light,
            "waiting": self.waiting,
            "region": self.region,
            "category": self.category,
            "unit": self.unit,
            "severity": self.severity,
            "channel": self.channel,
            "outlet": self.outlet,
            "exposed": self.exposed,
            "flag": self.flag,
            "check": "mine" if self.mine_to_check else "",
        }
        yield from ((name, str(value)) for name, value in single.items() if value)
        for name, days in (("registered", self.registered), ("exposed", self.exposure), ("due", self.due)):
            yield from ((f"{name}_{end}", day.isoformat()) for end, day in _ends(days))
        if self.sort is not None:
            yield "sort", self.sort.value
        if self.several:
            yield "several", "1"


def read_asked(query: Query) -> Asked:
    """What an address asks for; nonsense is left out."""
    states = [state for value in query.getall("state", []) if (state := _one_of(State, value)) is not None]
    return Asked(
        show=_one_of(Show, query.get("show")) or Show.ALL,
        states=tuple(dict.fromkeys(states)),
        light=_one_of(Lit, query.get("light")),
        waiting=_one_of(Waiting, query.get("waiting")),
        severity=_one_of(Severity, query.get("severity")),
        category=_text(query, "category", LONGEST_CODE),
        region=_text(query, "region", LONGEST_CODE) or _text(query, "district", LONGEST_CODE),
        unit=_id(query.get("unit")),
        channel=_one_of(Channel, query.get("channel")),
        outlet=_id(query.get("outlet")),
        exposed=_one_of(Told, query.get("exposed")),
        flag=_one_of(Flag, query.get("flag")),
        registered=_days(query, "registered"),
        exposure=_days(query, "exposed"),
        due=_days(query, "due"),
        mine_to_check=query.get("check") == "mine",
        words=_text(query, "words", LONGEST_WORDS),
        sort=_one_of(Order, query.get("sort")),
        several=query.get("several") == "1",
    )


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom, when and where an address is read."""

    actor: Actor
    now: datetime
    zone: ZoneInfo
    dependent: Dependent
    """In what they have a stake."""


def filter_of(asked: Asked, area: str | None, reader: Reader) -> ProblemFilter:
    """What ``asked`` means to ``reader``. ``area``: the code of its region. A chosen state goes before the quick filter's own."""
    quick = {Show.OPEN: OPEN_STATES, Show.MINE: OPEN_STATES, Show.TO_VERIFY: frozenset({State.CLAIMED_FIXED})}
    flags = {Told.YES: Flag.EXPOSED, Told.NO: Flag.UNEXPOSED}
    wanted = ProblemFilter(
        states=frozenset(asked.states) or quick.get(asked.show),
        overdue_at=reader.now if asked.show is Show.OVERDUE else None,
        light=LIGHTS[asked.light] if asked.light is not None else None,
        now=reader.now,
        units=_units(asked, reader.actor),
        waiting=asked.waiting,
        area=area,
        category=asked.category or None,
        severity=asked.severity,
        channel=asked.channel,
        outlet=asked.outlet,
        flags=frozenset(flag for flag in (asked.flag, flags[asked.exposed] if asked.exposed else None) if flag),
        registered=asked.registered.span(reader.zone),
        exposed=asked.exposure.span(reader.zone),
        due=asked.due.span(reader.zone),
        words=asked.words,
    )
    if not asked.mine_to_check:
        return wanted
    if not reader.actor.has(Role.INSPECTOR):
        return replace(wanted, units=frozenset({NOBODY}))
    return replace(wanted, without=reader.dependent)


def _units(asked: Asked, who: Actor) -> frozenset[ObjectId] | None:
    """The units that are asked for; those of the reader among them where only theirs are."""
    chosen = frozenset({asked.unit}) if asked.unit is not None else None
    if asked.show is not Show.MINE:
        return chosen
    return (who.units if chosen is None else who.units & chosen) or frozenset({NOBODY})


def _ends(days: Days) -> Iterator[tuple[str, date]]:
    if days.first is not None:
        yield "from", days.first
    if days.last is not None:
        yield "to", days.last


def _days(query: Query, name: str) -> Days:
    return Days(_day(query.get(f"{name}_from")), _day(query.get(f"{name}_to")))


def _day(value: str | None) -> date | None:
    try:
        day = date.fromisoformat(value or "")
    except ValueError:
        return None
    return day if 1990 <= day.year <= 2190 else None


def _one_of(kind: type[Choice], value: str | None) -> Choice | None:
    return next((each for each in kind if each.value == value), None)


def _id(value: str | None) -> ObjectId | None:
    return ObjectId(value) if value and ObjectId.is_valid(value) else None


def _text(query: Query, name: str, longest: int) -> str:
    return (query.get(name) or "").strip()[:longest]
