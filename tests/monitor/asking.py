"""Asking for figures in every way that there is, about random campaigns, and comparing each answer with the second opinion."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from bson import ObjectId
from hypothesis import strategies as st

from media_tracker.db.connection import Database, open_database
from media_tracker.monitor.definitions import Dimension, Key
from media_tracker.monitor.facts import EVERYTHING, Period, Slice
from media_tracker.wiring import Services
from tests.conftest import bind_documents
from tests.fake_clock import FakeClock
from tests.monitor.chance import Happening
from tests.monitor.happenings import City, live
from tests.monitor.second_opinion import Counted, Question, Tables, day_of, everything, rows
from tests.web.admin_scene import make_services

T = TypeVar("T")
LONGEST = timedelta(days=2000)


class Apart:
    """A database in an event loop of its own, in a thread of its own: the suite's loop is running while examples are tried."""

    def __init__(self, uri: str, name: str) -> None:
        self._pool = ThreadPoolExecutor(1)
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._database: Database
        self.run(self._open(uri, name))

    async def _open(self, uri: str, name: str) -> None:
        self._database = await self._stack.enter_async_context(open_database(uri, name, timeout_seconds=30))
        await bind_documents(self._database)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """``work``, done there."""
        return self._pool.submit(self._runner.run, work).result()

    def campaign(self, happenings: Sequence[Happening], work: Callable[[Campaign], Coroutine[Any, Any, None]]) -> None:
        """Have a campaign happen in an empty database, and ``work`` on it."""

        async def tried() -> None:
            await self.empty()
            clock = FakeClock()
            city = await live(make_services(self._database, clock), clock, happenings)
            await work(await Campaign.of(city))

        self.run(tried())

    async def empty(self) -> None:
        """Nothing has happened."""
        names = await self._database.list_collection_names(filter={"name": {"$not": {"$regex": "^system"}}})
        await asyncio.gather(*(self._database[name].delete_many({}) for name in names))

    def close(self) -> None:
        """Leave the database empty, and end."""
        self.run(self.empty())
        self.run(self._stack.aclose())
        self._pool.submit(self._runner.close).result()
        self._pool.shutdown()


@dataclass(slots=True)
class Campaign:
    """A campaign that has happened, and what is needed to count it."""

    city: City
    every: Mapping[tuple[Key, datetime], Sequence[Counted]]
    """What each figure counted of all time, whenever somebody looked."""
    days: list[date]
    """Those on which something counts, now or at some time before."""
    values: list[tuple[Dimension, str]]
    """By which something is found, and a few by which nothing is."""
    answered: int = 0
    """Numbers that were compared."""

    @property
    def services(self) -> Services:
        return self.city.services

    @staticmethod
    async def of(city: City) -> Campaign:
        """``city`` with the tables as they are now."""
        tables = await tables_of(city)
        every = {(key, seen.at): list(everything(key, seen, tables)) for seen in city.seen for key in Key}
        found = [each for counted in every.values() for each in counted]
        values = {(by, value) for each in found for by, own in each.found.items() for value in own}
        values |= {(Dimension.OUTLET, str(ObjectId())), (Dimension.CATEGORY, "3"), (Dimension.DISTRICT, "99GX")}
        days = {day_of(each.at) for each in found} | {day_of(city.clock())}
        return Campaign(city, every, sorted(days), sorted(values))

    @property
    def period(self) -> Period:
        """All of its days."""
        return Period(self.days[0], self.days[-1])

    def rows(self, key: Key, asked: Question) -> list[Counted]:
        """What ``key`` counts by the second opinion."""
        self.answered += 1
        seen = asked.seen or self.city.seen[-1]
        return rows(self.every[key, seen.at], asked)

    def asked_at(self, href: str) -> tuple[Key, Question]:
        """What the address of a list asks for."""
        path, query = urlsplit(href).path, dict(parse_qsl(urlsplit(href).query, keep_blank_values=True))
        key = Key(query.pop("key", "") or path.rsplit("/", 1)[-1].partition(".")[0])
        start, end = (date.fromisoformat(query.pop(name)) for name in ("from", "to"))
        moment, stretch = query.pop("as_of", ""), query.pop("stretch", "")
        seen = None
        if moment:
            seen = next(each for each in self.city.seen if each.at == datetime.fromisoformat(moment))
        for other in ("page", "limit", "after"):
            query.pop(other, None)
        return key, Question(
            start, end, tuple((Dimension(name), value) for name, value in query.items()), stretch, seen
        )


async def tables_of(city: City) -> Tables:
    """The tables of today, read without the monitor."""
    database = city.services.database
    regions = {row["_id"]: row async for row in database["regions"].find()}

    def of(code: str | None) -> tuple[str, str, str]:
        path: list[Mapping[str, Any]] = []
        while code is not None:
            path.append(regions[code])
            code = regions[code]["parent"]
        levels = {row["level"]: row["_id"] for row in path}
        bodies = [row["administered_by"] for row in path if row.get("administered_by")]
        district = bodies[0] if bodies else levels.get("district", "")
        return district, levels.get("subdistrict", ""), levels.get("community", "")

    projects = [
        (str(row["_id"]), row["outlet_id"], row["starts"].date(), row["ends"].date(), frozenset(row["columns"]))
        async for row in database["projects"].find()
    ]
    stories = {row["_id"]: (row["column"], day_of(row["published_at"])) async for row in database["stories"].find()}
    return Tables({code: of(code) for code in (None, *regions)}, projects, stories)


@dataclass(frozen=True, slots=True)
class Wish:
    """A question before there is a campaign: places in what there is to ask for."""

    first: int
    last: int
    filters: tuple[int, ...]
    moment: int | None
    by: int

    def about(self, campaign: Campaign) -> Question:
        """The question that it is."""
        days = sorted(campaign.days[place % len(campaign.days)] for place in (self.first, self.last))
        start = max(days[0], days[1] - LONGEST) if self is not WHOLE else days[0]
        chosen = dict(campaign.values[place % len(campaign.values)] for place in self.filters)
        seen = None if self.moment is None else campaign.city.seen[self.moment % len(campaign.city.seen)]
        return Question(start, days[1], tuple(chosen.items()), "", seen)


PLACES_IN = st.integers(0, 10**6)
WISHES = st.builds(
    Wish,
    PLACES_IN,
    PLACES_IN,
    st.lists(PLACES_IN, max_size=2).map(tuple),
    st.none() | PLACES_IN,
    PLACES_IN,
)
WHOLE = Wish(0, -1, (), None, 0)
"""All days of now, without filters."""


def period_of(asked: Question) -> Period:
    return Period(asked.start, asked.end)


def part_of(asked: Question) -> Slice:
    part = EVERYTHING
    for by, value in asked.chosen:
        part = part.only(by, value)
    return part


def as_of(asked: Question) -> datetime | None:
    return asked.seen.at if asked.seen else None


def query_of(asked: Question, **more: str) -> str:
    """``asked`` as an address spells it."""
    moment = {"as_of": asked.seen.at.astimezone(UTC).isoformat()} if asked.seen else {}
    chosen = {by.value: value for by, value in asked.chosen}
    return urlencode({"from": asked.start, "to": asked.end, **chosen, **moment, **more})
