"""From a database with nothing in it to one that the program can work with."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from media_tracker.db.clock import system_clock
from media_tracker.db.connection import Database
from media_tracker.db.migrations import Migrator
from media_tracker.migrations import MIGRATIONS, m0001_starting_tables
from media_tracker.places.regions import Region, read_regions
from media_tracker.places.service import Places
from media_tracker.taxonomy.categories import read_categories
from media_tracker.taxonomy.service import Taxonomy
from media_tracker.wiring import INDEXES
from tests.fake_clock import FakeClock
from tests.services.deaths import cut_off, refusing


@pytest_asyncio.fixture
async def bare(migrated_database: Database) -> AsyncIterator[Database]:
    """A database of its own with nothing in it."""
    bare = migrated_database.client.get_database(f"{migrated_database.name}_fresh")
    yield bare
    await bare.client.drop_database(bare.name)


@pytest.fixture
def migrator(bare: Database, clock: FakeClock) -> Migrator:
    return Migrator(bare, clock, MIGRATIONS, INDEXES, "a")


async def test_a_fresh_database_needs_everything_and_then_nothing(bare: Database, migrator: Migrator) -> None:
    before = await migrator.status()
    assert not before.current
    assert before.pending == tuple(f"{each.number:04} {each.name}" for each in MIGRATIONS)
    assert {"stories.feed_key", "problems.number", "events.position"} <= set(before.missing_indexes)
    said: list[str] = []

    after = await migrator.migrate(said.append)

    assert after.current
    assert (after.pending, after.missing_indexes, after.unknown) == ((), (), ())
    assert said[0] == "0001 starting tables"
    assert await bare["regions"].count_documents({}) == len(read_regions())
    assert await bare["categories"].count_documents({}) == len(read_categories())


async def test_migrating_again_is_fine_and_does_nothing(bare: Database, migrator: Migrator) -> None:
    await migrator.migrate()
    before = await bare["regions"].find().to_list()
    said: list[str] = []

    assert (await migrator.migrate(said.append)).current

    assert said == []
    assert await bare["regions"].find().to_list() == before


async def test_what_is_put_is_what_was_shipped(bare: Database, migrator: Migrator, clock: FakeClock) -> None:
    await migrator.migrate()

    shipped = read_regions()
    stored = await Places(bare, clock).regions()
    assert {region.code: region for region in stored} == {region.code: region for region in shipped}
    table = await Taxonomy(bare, clock).table()
    assert sorted(table.by_code.values(), key=lambda c: c.code) == sorted(read_categories(), key=lambda c: c.code)


async def test_tables_that_people_have_made_are_left_alone(bare: Database, clock: FakeClock) -> None:
    own = [Region("9901", "示例市", "city", None), Region("990101", "东城区", "district", "9901")]
    await Places(bare, clock).put_regions(own)
    await m0001_starting_tables.up(bare)

    assert {region.code for region in await Places(bare, clock).regions()} == {"9901", "990101"}
    assert await bare["categories"].count_documents({}) == len(read_categories())


async def test_what_people_have_edited_stays_edited(bare: Database, migrator: Migrator, clock: FakeClock) -> None:
    await migrator.migrate()
    await Places(bare, clock).set_administered_by("370303001", "3703GX")
    await bare["categories"].update_one({"_id": "201"}, {"$set": {"limit": 9}})

    await m0001_starting_tables.up(bare)

    assert (await Places(bare, clock).regions())["370303001"].administered_by == "3703GX"
    assert (await Taxonomy(bare, clock).table())["201"].limit == 9


async def test_a_migration_that_died_halfway_is_made_whole_by_the_next_one(bare: Database, migrator: Migrator) -> None:
    """Half a table of regions would pass for one that somebody has made, and stay half for ever."""
    for moment in range(6):
        await cut_off(m0001_starting_tables.up(bare), 0.02 + moment * 0.04)
        assert await bare["regions"].count_documents({}) in (0, len(read_regions()))

    assert (await migrator.migrate()).current
    assert await bare["regions"].count_documents({}) == len(read_regions())


async def test_where_one_table_cannot_be_written_neither_is(bare: Database) -> None:
    await bare.create_collection("regions")
    async with refusing(bare, "regions"):
        with pytest.raises(Exception, match="failed validation"):
            await m0001_starting_tables.up(bare)

    assert await bare["categories"].count_documents({}) == 0
    await m0001_starting_tables.up(bare)
    assert len(await Places(bare, system_clock).regions()) == len(read_regions())
