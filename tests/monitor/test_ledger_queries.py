"""What figures and their lists cost the database: no collection is read from end to end, and little is read for nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from media_tracker.db.connection import Database, Json
from media_tracker.monitor.definitions import Dimension, Key
from media_tracker.monitor.facts import EVERYTHING, Slice
from tests.fake_clock import FakeClock
from tests.monitor.asking import WHOLE, Campaign, period_of
from tests.monitor.chance import happening
from tests.monitor.happenings import live
from tests.web.admin_scene import make_services

SMALL = frozenset({"projects", "regions", "categories", "outlets", "units"})
"""Tables of an installation, which are read whole."""
MOST_FOR_ONE = 10
"""DESIGN §7: documents examined for one that is returned."""


@asynccontextmanager
async def watched(database: Database) -> AsyncIterator[list[Json]]:
    """What the server says of every reading meanwhile: its plan, and how many documents it looked at."""
    seen: list[Json] = []
    await database.create_collection("system.profile", capped=True, size=2**26)
    await database.command("profile", 2)
    try:
        yield seen
    finally:
        await database.command("profile", 0)
        seen += await database["system.profile"].find({"op": {"$in": ["query", "getmore", "command"]}}).to_list()
        await database["system.profile"].drop()


def readings(seen: list[Json]) -> list[Json]:
    """Those that could read much: not of small tables, nor of any one document."""
    planned = [each for each in seen if each.get("planSummary") and each["ns"].partition(".")[2] not in SMALL]
    return [each for each in planned if each["command"].get("filter") or each["command"].get("limit") != 1]


@pytest.mark.slow
async def test_figures_and_their_lists_walk_indexes_and_read_what_they_show(
    database: Database, clock: FakeClock
) -> None:
    services = make_services(database, clock)
    campaign = await Campaign.of(await live(services, clock, [happening(11, place) for place in range(80)]))
    monitor, period = services.monitor, period_of(WHOLE.about(campaign))
    await monitor.overview(period, ())
    past, narrow = campaign.city.seen[0].at, Slice(district="9901")
    async with watched(database) as seen:
        for part, moment in ((EVERYTHING, None), (narrow, None), (EVERYTHING, past)):
            await monitor.overview(period, tuple(Key), part, dimensions=tuple(Dimension), as_of=moment)
            for key in Key:
                _, rows = await monitor.page(key, period, part, 0, 5, as_of=moment)
                await monitor.subjects(rows)
                listed = [row async for row in monitor.each(key, period, part, as_of=moment)]
                assert listed[:5] == list(rows)
                await monitor.figure(key, period, part, as_of=moment)
    asked = readings(seen)
    read = {each["ns"].partition(".")[2] for each in asked}
    assert {"counted_sheets", "counted_tallies", "counted_state", "stories", "problems", "events"} <= read
    assert [each["command"] for each in asked if "COLLSCAN" in each["planSummary"]] == []
    for each in asked:
        assert each["docsExamined"] <= MOST_FOR_ONE * max(1, each["nreturned"]), each["command"]
    sheets = [each for each in asked if each["ns"].endswith("counted_sheets")]
    assert sum(each["docsExamined"] for each in sheets) == sum(each["nreturned"] for each in sheets)


@pytest.mark.slow
async def test_counting_what_has_happened_reads_events_of_what_it_is_about_alone(
    database: Database, clock: FakeClock
) -> None:
    services = make_services(database, clock)
    city = await live(services, clock, [happening(11, place) for place in range(60)])
    await services.counting.catch_up()
    await city.live([happening(12, place) for place in range(10)])
    async with watched(database) as seen:
        await services.counting.catch_up()
    asked = readings(seen)
    assert {"counted_sheets", "counted_tallies", "events"} <= {each["ns"].partition(".")[2] for each in asked}
    assert [each["command"] for each in asked if "COLLSCAN" in each["planSummary"]] == []
    for each in asked:
        assert each["docsExamined"] <= MOST_FOR_ONE * max(1, each.get("nreturned", 1)), each["command"]
