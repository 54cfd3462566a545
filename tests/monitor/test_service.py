"""The monitor over a database: numbers and lists from one source, beside the period before; and which days may be asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.db.connection import Database
from media_tracker.errors import InvalidInput, NotFound
from media_tracker.monitor.counting import rows
from media_tracker.monitor.definitions import Dimension, Key
from media_tracker.monitor.facts import EVERYTHING, Period, Slice
from media_tracker.monitor.periods import Quick, before, months, quick, read_period
from media_tracker.monitor.releases import MOST_ROWS, PUBLIC_KEYS
from media_tracker.monitor.service import Monitor, Stretch
from tests.fake_clock import FakeClock
from tests.web.admin_scene import make_services
from tests.web.figures_scene import Campaign, campaign

FEBRUARY = Period(date(2026, 2, 1), date(2026, 2, 28))
MARCH = Period(date(2026, 3, 1), date(2026, 3, 27))
QUARTER = Period(date(2026, 1, 1), date(2026, 3, 27))


@pytest_asyncio.fixture(scope="module")
async def told(migrated_database: Database) -> AsyncIterator[Campaign]:
    """One campaign for the module: its tests only read."""
    clock = FakeClock()
    yield await campaign(make_services(migrated_database, clock), clock)
    names = await migrated_database.list_collection_names(filter={"name": {"$not": {"$regex": "^system\\."}}})
    for name in names:
        await migrated_database[name].delete_many({})


@pytest.fixture(scope="module")
def monitor(told: Campaign) -> Monitor:
    return told.scene.services.monitor


@pytest.mark.parametrize("period", [FEBRUARY, MARCH, QUARTER])
@pytest.mark.parametrize("part", [EVERYTHING, Slice(district="990102"), Slice(district=""), Slice(category="1")])
async def test_the_overview_and_each_list_of_its_own_count_the_same(
    monitor: Monitor, period: Period, part: Slice
) -> None:
    overview = await monitor.overview(period, (), part)
    for key in Key:
        alone = await monitor.figure(key, period, part)
        assert alone.value == len(list(alone.rows)) == overview.figures[key].value, key
        earlier = await monitor.figure(key, overview.earlier.period, part)
        assert earlier.value == overview.before[key].value, key


async def test_a_month_is_compared_with_the_month_before_it(monitor: Monitor) -> None:
    overview = await monitor.overview(FEBRUARY, ())
    assert overview.earlier.period == Period(date(2026, 1, 1), date(2026, 1, 31))
    assert (overview.figures[Key.RESOLVED].value, overview.before[Key.RESOLVED].value) == (2, 1)


async def test_a_number_counts_what_it_is_made_of_and_not_what_a_wider_period_holds(monitor: Monitor) -> None:
    facts = await monitor.facts(QUARTER)
    for key in Key:
        narrow = rows(key, await monitor.facts(MARCH, {key}), monitor.view(MARCH))
        assert rows(key, facts, monitor.view(MARCH)) == narrow, key
        assert narrow == list((await monitor.figure(key, MARCH, EVERYTHING)).rows), key
        assert (len(narrow), narrow[1:3]) == await monitor.page(key, MARCH, EVERYTHING, 1, 2), key
        assert narrow == [row async for row in monitor.each(key, MARCH, EVERYTHING)], key


async def test_durations_are_narrowed_like_everything_else_and_have_their_lists(monitor: Monitor) -> None:
    for part in (EVERYTHING, Slice(district="990102"), Slice(month="2026-02")):
        overview = await monitor.overview(QUARTER, (), part)
        for stretch in Stretch:
            figure = await monitor.figure(Key.PROBLEMS, QUARTER, part, stretch)
            duration = overview.durations[stretch]
            assert figure.value == duration.count
            hours = sorted(figure.hours[row.id] for row in figure.rows)
            assert (hours[0] if hours else None) <= (duration.median_hours or 0) <= hours[-1]
            everything = {row.id for row in (await monitor.figure(Key.PROBLEMS, QUARTER, part)).rows}
            assert {row.id for row in figure.rows} <= everything
    whole = await monitor.overview(QUARTER, ())
    west = await monitor.overview(QUARTER, (), Slice(district="990102"))
    assert west.durations[Stretch.FIX].count < whole.durations[Stretch.FIX].count


async def test_only_the_problems_exposed_have_durations(monitor: Monitor) -> None:
    with pytest.raises(NotFound):
        await monitor.figure(Key.RESOLVED, QUARTER, EVERYTHING, Stretch.FIX)


async def test_every_row_has_its_record(monitor: Monitor) -> None:
    for key in Key:
        rows_of_key = (await monitor.figure(key, QUARTER, EVERYTHING)).rows
        found = await monitor.subjects(rows_of_key)
        for row in rows_of_key:
            assert row.problem_id in {None, *found.problems}
            assert row.story_id in {None, *found.stories}
            if row.problem_id is None and row.story_id is None:
                assert row.id in found.deeds


async def test_a_preview_is_what_the_monitor_counts(told: Campaign, monitor: Monitor) -> None:
    preview = await told.scene.services.releases.preview(QUARTER)
    overview = await monitor.overview(QUARTER, ())
    assert [figure.key for figure in preview.figures] == list(PUBLIC_KEYS)
    assert preview.seen.values == tuple(overview.figures[key].value for key in PUBLIC_KEYS)
    assert preview.seen.latest == 0
    assert sum(preview.seen.values) < MOST_ROWS


async def test_an_outlet_that_shares_a_problem_makes_the_columns_not_add_up(told: Campaign, monitor: Monitor) -> None:
    overview = await monitor.overview(QUARTER, (Key.PROBLEMS, Key.EXPOSURES))
    assert overview.tables[Dimension.OUTLET].not_additive == {Key.PROBLEMS}
    assert not overview.tables[Dimension.DISTRICT].not_additive
    paper = await monitor.figure(Key.PROBLEMS, QUARTER, Slice(outlet=told.scene.outlets["paper"]))
    column = next(c for c in overview.tables[Dimension.OUTLET].columns if c.value == str(told.scene.outlets["paper"]))
    assert column.counts[Key.PROBLEMS] == paper.value > 0


# Which days


TODAY = date(2026, 3, 4)  # a Wednesday


@pytest.mark.parametrize(
    ("which", "start"),
    [
        (Quick.WEEK, date(2026, 3, 2)),
        (Quick.MONTH, date(2026, 3, 1)),
        (Quick.YEAR, date(2026, 1, 1)),
        (Quick.DAYS_30, date(2026, 2, 3)),
    ],
)
def test_a_quick_period_ends_today(which: Quick, start: date) -> None:
    assert quick(which, TODAY) == Period(start, TODAY)


@pytest.mark.parametrize(
    ("start", "end", "period"),
    [
        ("", "", Period(date(2026, 1, 1), TODAY)),
        ("2026-02-01", "", Period(date(2026, 2, 1), TODAY)),
        ("", "2024-05-06", Period(date(2024, 1, 1), date(2024, 5, 6))),
        (" 2026-03-04 ", "2026-03-04", Period(TODAY, TODAY)),
    ],
)
def test_a_missing_day_is_the_year_so_far(start: str, end: str, period: Period) -> None:
    assert read_period(start, end, TODAY) == period


@pytest.mark.parametrize(
    ("start", "end", "fields"),
    [
        ("x", "", {"from"}), ("x", "2026-02-30", {"from", "to"}), ("2026-03-05", "", {"to"}), ("1989-12-31", "", {"from"}),
        ("", "2201-01-01", {"to"}), ("2010-01-01", "2026-01-01", {"from"}), ("9999-12-31", "9999-12-31", {"from", "to"}),
    ],
)  # fmt: skip
def test_days_that_are_none_are_named(start: str, end: str, fields: set[str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_period(start, end, TODAY)
    assert set(refused.value.fields) == fields


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        ("2026-01-01", "2026-03-04", "2025-01-01", "2025-03-04"),  # this year so far
        ("2026-01-01", "2026-12-31", "2025-01-01", "2025-12-31"),
        ("2024-01-01", "2024-02-29", "2023-01-01", "2023-02-28"),
        ("2025-01-01", "2025-02-28", "2024-01-01", "2024-02-29"),
        ("2026-03-01", "2026-03-04", "2026-02-01", "2026-02-04"),  # this month so far
        ("2026-03-01", "2026-03-30", "2026-02-01", "2026-02-28"),
        ("2026-03-01", "2026-03-31", "2026-02-01", "2026-02-28"),
        ("2026-02-01", "2026-02-28", "2026-01-01", "2026-01-31"),
        ("2026-01-01", "2026-01-09", "2025-12-01", "2025-12-09"),  # in January the month, not the year
        ("2026-04-01", "2026-06-30", "2026-01-01", "2026-03-31"),  # a quarter
        ("2025-01-01", "2026-12-31", "2023-01-01", "2024-12-31"),
        ("2026-03-02", "2026-03-04", "2026-02-23", "2026-02-25"),  # this week so far
        ("2026-03-02", "2026-03-08", "2026-02-23", "2026-03-01"),
        ("2026-02-03", "2026-03-04", "2026-01-04", "2026-02-02"),  # the last thirty days
        ("2026-03-03", "2026-03-03", "2026-03-02", "2026-03-02"),
        ("2026-03-02", "2026-03-15", "2026-02-16", "2026-03-01"),
    ],
)
def test_a_period_is_compared_with_the_same_days_before(start: str, end: str, first: str, last: str) -> None:
    period = Period(date.fromisoformat(start), date.fromisoformat(end))
    assert before(period) == Period(date.fromisoformat(first), date.fromisoformat(last))


@given(st.dates(date(1991, 1, 1), date(2200, 1, 1)), st.integers(0, 1000))
def test_the_days_before_are_about_as_many_and_all_before(start: date, length: int) -> None:
    period = Period(start, start + timedelta(days=length))
    earlier = before(period)
    assert earlier.start <= earlier.end < period.start
    assert abs((earlier.end - earlier.start).days - length) <= 4


def test_the_months_of_a_period_have_no_gaps() -> None:
    assert months(Period(date(2025, 11, 30), date(2026, 2, 1))) == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert months(Period(TODAY, TODAY)) == ["2026-03"]
