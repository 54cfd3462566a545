"""Counting everything again from the command line: what is right stays, what was wrong is told and put right."""

from __future__ import annotations

from media_tracker.db.clock import system_clock
from media_tracker.db.connection import Database
from media_tracker.monitor.definitions import Key
from tests.cli.processes import CommandLine
from tests.fake_clock import FakeClock
from tests.monitor.asking import WHOLE, Campaign
from tests.monitor.chance import Choosing, happening
from tests.monitor.happenings import City, live
from tests.web.admin_scene import make_services

LIFE = [happening(5, place) for place in range(50)]


async def assert_counted(city: City) -> None:
    """Every figure is what somebody counts by hand who looks now."""
    city.clock.set(system_clock())  # by which commands go
    await city._looked(0, Choosing(0))
    campaign = await Campaign.of(city)
    overview = await city.services.monitor.overview(campaign.period, ())
    counted = {key: len(campaign.rows(key, WHOLE.about(campaign))) for key in Key}
    assert {key: overview.figures[key].value for key in Key} == counted
    assert counted[Key.PROBLEMS] > 0


async def test_a_recount_finds_nothing_and_what_somebody_has_broken_it_tells_and_mends(
    cli: CommandLine, own_database: Database, clock: FakeClock
) -> None:
    city = await live(make_services(own_database, clock), clock, LIFE)

    first = await cli.done("db", "recount", "--json")

    assert first.json()["differences"] == []
    assert first.json()["lines"]["case"] > 0
    await assert_counted(city)
    sheet = await own_database["counted_sheets"].find_one({"family": "story"}, sort=[("day", 1)])
    assert sheet is not None
    await own_database["counted_sheets"].delete_one({"_id": sheet["_id"]})

    broken = await cli("db", "recount")

    assert broken.code == 1
    assert f"{sheet['day']} stories: 0 -> " in broken.out
    assert " 0 differences" not in broken.out
    assert "days" in broken.err, "how far it is"
    again = await cli.done("db", "recount")
    assert again.out.startswith("counted: ")
    assert again.out.endswith("lines; 0 differences\n")
    await assert_counted(city)


async def test_an_empty_database_has_nothing_to_count(cli: CommandLine) -> None:
    found = (await cli.done("db", "recount", "--json")).json()
    assert (found["lines"], found["differences"]) == ({"story": 0, "case": 0, "deed": 0}, [])
