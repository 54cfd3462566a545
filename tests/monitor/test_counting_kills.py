"""Whoever counts may be killed before any write: nothing that is read is ever half of something, and nothing counts twice."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from media_tracker.db.connection import Database
from media_tracker.monitor.definitions import Key
from tests.fake_clock import FakeClock
from tests.monitor.asking import WHOLE, Campaign, part_of, period_of
from tests.monitor.chance import happening
from tests.monitor.dying_counter import FEW, read
from tests.monitor.happenings import City
from tests.web.admin_scene import make_services

ROOT = Path(__file__).parents[2]
LIFE = [each for each in (happening(6, place) for place in range(45)) if each.what != "looked"]


async def lives_of(uri: str, city: City, what: str) -> list[dict[str, Any]]:
    """Of each process that counted: the write that it died before, and what had been read when it began."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.monitor.dying_counter", uri, city.services.database.name),
        *(city.clock().isoformat(), what),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await child.communicate()
    *deaths, last = [json.loads(line) for line in told.splitlines()]
    assert last["code"] == 0, "the last of them got through"
    return deaths


@pytest.mark.slow
async def test_counting_is_killed_before_every_write_and_comes_to_what_somebody_counts_by_hand(
    database: Database, clock: FakeClock, mongodb_uri: str
) -> None:
    services = make_services(database, clock)
    city = City(services, clock)
    await city.begin()
    await services.counting.catch_up()
    await city.live(LIFE)
    assert await database["events"].count_documents({}) > 3 * FEW

    deaths = await lives_of(mongodb_uri, city, "follow")

    assert {"update", "commitTransaction"} <= {death["write"] for death in deaths}
    assert len(deaths) > 15, "there are many writes to die before"
    await assert_counted(city)
    followed = await read(services)
    found = await services.counting.recount()
    assert (found.compared, list(found.differences)) == (True, [])
    assert await read(services) == followed, "line by line, and no line twice"

    deaths = await lives_of(mongodb_uri, city, "recount")

    assert {"insert", "delete", "update", "commitTransaction"} <= {death["write"] for death in deaths}
    assert {death["read"] for death in deaths} == {followed}, "what is read stays what it was until the end"
    assert await read(services) == followed
    await assert_counted(city)
    names = [row["_id"] async for row in database["counted_sheets"].find({}, {"_id": 1})]
    await services.counting.recount()
    again = [row["_id"] async for row in database["counted_sheets"].find({}, {"_id": 1})]
    assert len(again) == len(names), "what those that died had begun is gone"


async def assert_counted(city: City) -> None:
    """Every figure is what somebody counts by hand."""
    campaign = await Campaign.of(city)
    whole = WHOLE.about(campaign)
    overview = await city.services.monitor.overview(period_of(whole), (), part_of(whole))
    assert {key: overview.figures[key].value for key in Key} == {key: len(campaign.rows(key, whole)) for key in Key}
    assert overview.figures[Key.PROBLEMS].value > 3
