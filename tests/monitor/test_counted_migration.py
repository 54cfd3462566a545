"""Figures of an installation that had been counting before there were sheets and tallies, after the migration."""

from __future__ import annotations

from media_tracker.db.clock import system_clock
from media_tracker.db.connection import Database
from media_tracker.migrations import m0015_counted
from media_tracker.monitor.definitions import Dimension, Key
from media_tracker.monitor.ledger import COLLECTIONS
from tests.fake_clock import FakeClock
from tests.monitor.asking import WHOLE, Campaign
from tests.monitor.chance import Choosing, happening
from tests.monitor.happenings import City
from tests.monitor.second_opinion import table
from tests.web.admin_scene import make_services

OLD = [each for each in (happening(3, place) for place in range(70)) if each.what not in ("undone", "looked")]
"""Nothing could be undone then."""
NEW = [happening(4, place) for place in range(20)]


async def as_an_earlier_release_left_it(database: Database) -> None:
    """Events say nothing of what counts, nor of suggestions; and nothing has been counted."""
    await database["events"].update_many({"payload.counted": {"$exists": True}}, {"$unset": {"payload.counted": 1}})
    await database["events"].update_many({"entity": "tagging"}, {"$set": {"entity": "earlier", "payload": {}}})
    for name in COLLECTIONS:
        await database[name].delete_many({})
    await database["consumers"].delete_many({"_id": "counting"})


async def assert_counted(city: City) -> None:
    """Every figure and its breakdowns are what somebody counts by hand who looks now."""
    city.clock.advance(minutes=1)
    await city._looked(0, Choosing(0))
    campaign = await Campaign.of(city)
    whole = WHOLE.about(campaign)
    overview = await city.services.monitor.overview(campaign.period, tuple(Key))
    for key in Key:
        counted = campaign.rows(key, whole)
        assert overview.figures[key].value == len(counted), key
        for by in Dimension:
            columns = {each.value: each.counts[key] for each in overview.tables[by].columns if each.counts[key]}
            assert columns == table(counted, by), (key, by)


async def test_old_data_is_counted_as_somebody_counts_it_and_goes_on(database: Database, clock: FakeClock) -> None:
    services = make_services(database, clock)
    city = City(services, clock)
    await city.begin()
    await city.live(OLD)
    await as_an_earlier_release_left_it(database)
    clock.set(system_clock())  # by which migrations go
    before = await database["events"].count_documents({})
    for _ in range(2):  # doing it again changes nothing
        await m0015_counted.up(database)
        state = await services.counting.ledger.state()
        assert state is not None
        assert state.position == before
    await assert_counted(city)

    await city.live(NEW)

    await assert_counted(city)
    found = await services.counting.recount()
    assert (found.compared, list(found.differences)) == (True, [])
