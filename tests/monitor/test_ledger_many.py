"""Whatever happens, every figure is what somebody counts who reads the events one by one: now, and as of any past moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from typing import Any

import pytest
import pytest_asyncio
from beanie import init_beanie
from bson import ObjectId
from hypothesis import given, settings
from hypothesis import strategies as st

from media_tracker.accounts.actor import Level
from media_tracker.db.connection import Database, open_database
from media_tracker.db.consumers import ConsumerRunner
from media_tracker.db.events import EventLog
from media_tracker.db.transactions import Transactor
from media_tracker.monitor.definitions import Dimension, Key
from media_tracker.monitor.durations import Stretch
from media_tracker.monitor.facts import EVERYTHING, Period, Slice
from media_tracker.monitor.following import Following
from media_tracker.monitor.ledger import ENTITIES, SHEETS, TALLIES, name_of, tallied
from media_tracker.monitor.lines import Family, Span
from media_tracker.monitor.placing import together
from media_tracker.monitor.recounting import unheard
from media_tracker.monitor.service import Monitor
from media_tracker.monitor.sheets import Sheet
from media_tracker.monitor.tallies import Tally
from media_tracker.outlets.documents import Project
from media_tracker.places.service import Places
from media_tracker.taxonomy.categories import read_categories
from media_tracker.taxonomy.service import Taxonomy
from media_tracker.wiring import INDEXES
from tests.conftest import build_indexes
from tests.fake_clock import FakeClock
from tests.monitor.campaigns import OUTLETS, moment
from tests.monitor.random_campaigns import (
    CLASSES,
    PLACES,
    PROJECT,
    PROJECT_COLUMN,
    PROJECT_DAYS,
    PROJECT_OUTLET,
    REGIONS,
    Campaign,
    Written,
    campaigns,
    recount,
    write,
)
from tests.problems.cases import SHANGHAI, oid
from tests.services.deaths import DyingTransactor, Killed

BY = tuple(each for each in Dimension if each is not Dimension.STAGE)
WRITTEN = ("events", "stories", "problems", "deeds")
LATER = 24 * 150
"""Hours: behind all that campaigns tell."""


class Office:
    """An installation whose log is written by hand."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = FakeClock()
        self.clock.set(moment(LATER))
        self.log = EventLog(database, self.clock)
        self.open(Transactor(database, self.log))

    def open(self, transactor: Transactor) -> None:
        """Begin a process."""
        runner = ConsumerRunner(self.database, self.log, self.clock, str(ObjectId()))
        places, taxonomy = Places(self.database, self.clock), Taxonomy(self.database, self.clock)
        about = (self.log, transactor, runner, places, taxonomy, self.clock, Level.CITY, SHANGHAI)
        self.following = Following(self.database, *about)
        self.monitor = Monitor(self.database, self.following, self.clock, Level.CITY, SHANGHAI)

    async def set_up(self) -> None:
        """The tables, which stay."""
        places, taxonomy = Places(self.database, self.clock), Taxonomy(self.database, self.clock)
        await places.put_regions(REGIONS)
        await taxonomy.put(read_categories())
        start, end = (day.astimezone(SHANGHAI).replace(tzinfo=None) for day in PROJECT_DAYS)
        project = {"outlet_id": oid(PROJECT_OUTLET), "name": "项目", "columns": [PROJECT_COLUMN]}
        await self.database["projects"].insert_one({"_id": PROJECT, **project, "starts": start, "ends": end})

    async def begin(self, written: Written) -> None:
        """Nothing has happened, but for what documents tell of it already."""
        for name in (*WRITTEN, SHEETS, TALLIES, ENTITIES, "counted_state", "consumers", "leases", "parked_events"):
            await self.database[name].delete_many({})
        for name in WRITTEN[1:]:
            if rows := getattr(written, name):
                await self.database[name].insert_many(rows)

    async def happen(self, events: list[dict[str, Any]]) -> None:
        """More events."""
        if events:
            await self.database["events"].insert_many(events)

    async def kept(self) -> tuple[dict[str, set[Span]], dict[str, Tally]]:
        """Every line with its times, and every tally that counts something, by family and day."""
        state = await self.following.ledger.state()
        assert state is not None
        lines: dict[str, set[Span]] = {}
        async for row in self.database[SHEETS].find():
            sheet = Sheet.decode(Family(row["family"]), row)
            spans = list(sheet.spans())
            assert len(spans) == len(set(spans)), "no line stands twice"
            if spans:
                lines[row["_id"].partition(":")[2]] = set(spans)
        tallies = {row["_id"].partition(":")[2]: Tally.decode(row) async for row in self.database[TALLIES].find()}
        return lines, {name: tally for name, tally in tallies.items() if tally.total}


@pytest_asyncio.fixture(scope="module")
async def prepared(mongodb_uri: str, database_name: str) -> AsyncIterator[tuple[str, str]]:
    """A database of its own with the tables; examples are tried in another event loop."""
    name = f"{database_name}_ledger"
    async with open_database(mongodb_uri, name, timeout_seconds=30) as database:
        wanted = ("events", TALLIES)
        await build_indexes(database, {each: INDEXES[each] for each in wanted if each in INDEXES})
        await init_beanie(database=database, document_models=[Project], skip_indexes=True)
        await Office(database).set_up()
        yield mongodb_uri, name
        await database.client.drop_database(name)


async def tried(prepared: tuple[str, str], work: Any) -> None:
    async with open_database(*prepared, timeout_seconds=30) as database:
        await work(Office(database))


def in_a_thread(coroutine: Any) -> None:
    """The suite's own loop is running: another one, in another thread."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, coroutine).result()


PERIODS = st.tuples(st.integers(-3, 60), st.integers(0, 90)).map(
    lambda drawn: Period(day_of(24 * drawn[0]), day_of(24 * (drawn[0] + drawn[1])))
)
PARTS = st.sampled_from(
    [
        EVERYTHING,
        *(Slice(district=district) for district in {each[0] for each in PLACES.values()}),
        *(Slice(outlet=oid(outlet)) for outlet in OUTLETS),
        *(Slice(category=top) for top, _ in CLASSES.values()),
        Slice(column="曝光台", district="9901"),
        Slice(project=str(PROJECT)),
        Slice(project=""),
        Slice(street="990101", subcategory="201"),
        Slice(source="exposure", severity="normal"),
        Slice(month="2022-03"),
        Slice(day="2022-03-01", community=""),
    ]
)
MOMENTS = st.none() | st.integers(0, 24 * 100)


def day_of(hour: int) -> date:
    return moment(hour).astimezone(SHANGHAI).date()


@settings(max_examples=60)
@given(campaigns(), st.lists(st.tuples(PERIODS, PARTS, MOMENTS), min_size=2, max_size=4), st.integers(1, 5))
def test_every_figure_is_what_somebody_counts_by_hand(
    prepared: tuple[str, str], campaign: Campaign, asked: list[tuple[Period, Slice, int | None]], parts: int
) -> None:
    written = write(campaign)

    async def work(office: Office) -> None:
        await office.begin(written)
        await follow(office, written, parts)
        for period, part, hour in asked:
            await assert_counted(office, campaign, written, period, part, None if hour is None else moment(hour))
        await assert_recounted(office)

    in_a_thread(tried(prepared, work))


async def follow(office: Office, written: Written, parts: int) -> None:
    """Let it happen in so many parts, with a look at the figures after each, as time goes by."""
    size = -(-len(written.events) // parts) or 1
    for at in range(0, len(written.events), size):
        some = written.events[at : at + size]
        office.clock.set(some[-1]["recorded_at"])
        await office.happen(some)
        await office.following.catch_up()
    office.clock.set(moment(LATER))


async def assert_counted(
    office: Office, campaign: Campaign, written: Written, period: Period, part: Slice, as_of: datetime | None
) -> None:
    overview = await office.monitor.overview(period, tuple(Key), part, dimensions=BY, as_of=as_of)
    then = as_of or office.clock()
    for key in Key:
        by_hand = [
            each
            for each in recount(campaign, written, key, then)
            if each.at.astimezone(SHANGHAI).date() in period and _is_of(part, each.at, each.values)
        ]
        by_hand.sort(key=lambda each: (each.at, each.id), reverse=True)
        figure = await office.monitor.figure(key, period, part, as_of=as_of)
        assert [row.id for row in figure.rows] == [each.id for each in by_hand], (key, as_of)
        assert overview.figures[key].value == figure.value == len(by_hand)
        page = await office.monitor.page(key, period, part, 1, 2, as_of=as_of)
        assert page == (figure.value, figure.rows[1:3])
        assert [row async for row in office.monitor.each(key, period, part, as_of=as_of)] == list(figure.rows)
        for by in BY:
            counts: dict[str, int] = {}
            for each in by_hand:
                for value in _values(by, each.at, each.values):
                    counts[value] = counts.get(value, 0) + 1
            columns = {column.value: column.counts[key] for column in overview.tables[by].columns if column.counts[key]}
            assert columns == counts, (key, by)
    for stretch in Stretch:
        found = await office.monitor.figure(Key.PROBLEMS, period, part, stretch, as_of=as_of)
        assert found.value == overview.durations[stretch].count
        hours = sorted(found.hours[row.id] for row in found.rows)
        middle = (hours[(len(hours) - 1) // 2] + hours[len(hours) // 2]) / 2 if hours else None
        assert overview.durations[stretch].median_hours == (None if middle is None else pytest.approx(middle))


def _values(by: Dimension, at: datetime, values: Any) -> frozenset[str]:
    if by is Dimension.MONTH:
        return frozenset({f"{at.astimezone(SHANGHAI):%Y-%m}"})
    if by is Dimension.DAY:
        return frozenset({at.astimezone(SHANGHAI).date().isoformat()})
    found: frozenset[str] = values[by]
    return found


def _is_of(part: Slice, at: datetime, values: Any) -> bool:
    return all(value in _values(by, at, values) for by, value in part.chosen.items())


async def assert_recounted(office: Office) -> None:
    """What was kept event by event is what a recount comes to, and every tally is the sum of the lines behind it."""
    lines, tallies = await office.kept()
    found = await office.following.recount(unheard)
    assert (found.compared, list(found.differences)) == (True, [])
    again, tallied_again = await office.kept()
    assert again == lines
    assert tallied_again == tallies
    placing = await office.following.placing()
    async for row in office.database[SHEETS].find():
        family = Family(row["family"])
        tally, _ = tallied(
            family,
            row["day"],
            Sheet.decode(family, row),
            office.clock(),
            lambda told: together(placing.projects_of(told)),
        )
        assert not tally.total or tally == tallied_again[f"{family}:{row['day']}"]


@settings(max_examples=20)
@given(campaigns(), st.integers(0, 4))
def test_killed_before_any_write_it_counts_the_same_afterwards(
    prepared: tuple[str, str], campaign: Campaign, spared: int
) -> None:
    written = write(campaign)

    async def work(office: Office) -> None:
        await office.begin(written)
        await office.following.catch_up()
        for at in range(0, len(written.events), 7):
            await office.happen(written.events[at : at + 7])
            office.open(DyingTransactor(office.database, office.log, after=spared % 3))
            try:
                await office.following.catch_up()
            except Killed:
                await office.database["leases"].delete_many({})  # runs out
            office.open(Transactor(office.database, office.log))
            await office.following.catch_up()
        await assert_recounted(office)

    in_a_thread(tried(prepared, work))


def test_a_generation_has_its_own_names() -> None:
    assert name_of(2, Family.CASE, "2022-03") == "2:case:2022-03"
