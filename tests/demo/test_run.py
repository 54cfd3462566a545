"""``media-tracker demo`` from end to end: the samples go in by the ordinary path, once, and all come out again.

The samples are served on the port that ``feeds/partners.opml`` names, so nothing else may listen there meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from media_tracker.accounts.actor import Role
from media_tracker.accounts.passwords import Passwords
from media_tracker.db.connection import Database, Json, open_database
from media_tracker.demo.removal import MARKED
from tests.cli.processes import CommandLine, Ended

pytestmark = pytest.mark.slow

PATIENCE = 240.0
OUTLETS = 9
UNVARYING = ("regions", "categories", "migrations")
"""Collections that preparing the database fills, and that are no samples."""


@pytest_asyncio.fixture
async def beside(mongodb_uri: str) -> AsyncIterator[Database]:
    async with open_database(mongodb_uri, f"media_tracker_demo_{uuid4().hex[:12]}", timeout_seconds=30) as database:
        yield database
        await database.client.drop_database(database.name)


@pytest.fixture
def cli(mongodb_uri: str, beside: Database, tmp_path: Path) -> CommandLine:
    own = {"MONGODB_URI": mongodb_uri, "MEDIA_TRACKER_DATABASE": beside.name}
    return CommandLine(tmp_path, {**own, "MEDIA_TRACKER_DATA_DIR": str(tmp_path / "data")})


async def _done(cli: CommandLine, *arguments: str) -> Ended:
    ended = await cli(*arguments, patience=PATIENCE)
    assert ended.code == 0, ended
    return ended


async def _sizes(database: Database) -> Mapping[str, int]:
    return {name: await database[name].count_documents({}) for name in await database.list_collection_names()}


async def _stories(database: Database) -> list[Json]:
    return await database["stories"].find().sort("_id", 1).to_list()


async def test_the_samples_go_in_once_and_come_out_without_a_trace(cli: CommandLine, beside: Database) -> None:
    """One story in one test, because filling takes its time: in, again, beside a stranger's, and out."""
    filled = await _done(cli, "demo", "--no-serve")
    await _check_samples(beside)
    await _check_accounts(filled.out, beside)

    sizes, stories = await _sizes(beside), await _stories(beside)
    again = await _done(cli, "demo", "--no-serve")
    assert "samples are in already" in again.out
    assert await _sizes(beside) == sizes
    assert await _stories(beside) == stories

    own = await _a_strangers_outlet(beside)
    removed = await _done(cli, "demo", "--remove")
    assert re.search(r"removed [1-9]\d* sample records", removed.out)
    await _check_removed(beside, own, sizes)


async def _check_samples(database: Database) -> None:
    with_stories = await database["stories"].distinct("outlet_id")
    assert set(with_stories) == set(await database["outlets"].distinct("_id"))
    assert len(with_stories) == OUTLETS
    assert await database["stories"].count_documents({}) >= 150
    assert len(await database["problems"].distinct("case.state")) >= 8
    assert await database["releases"].count_documents({}) == 1
    assert await database["bulletins"].count_documents({}) == 0  # there is one once somebody has tried to sign one
    for name in set(MARKED) - {"bulletins"}:
        total = await database[name].count_documents({})
        assert total > 0, f"there are no sample {name}"
        assert await database[name].count_documents({"demo": True}) == total


async def _check_accounts(told: str, database: Database) -> None:
    """Each role has an account, and what was printed is its password."""
    printed = dict(re.findall(r"^  (\w+) +(\S+)$", told, re.MULTILINE))
    assert set(printed) == {role.value for role in Role}
    assert len(set(printed.values())) == len(printed) == 6
    passwords = Passwords()
    users = await database["users"].find().to_list()
    assert {user["username"]: user["roles"] for user in users} == {role.value: [role.value] for role in Role}
    for user in users:
        assert await passwords.verify(user["password_hash"], printed[user["username"]])


async def _a_strangers_outlet(database: Database) -> Json:
    """An outlet of somebody's own, with a feed and a story, among the samples."""
    outlet = await database["outlets"].find_one({}, {"_id": 0})
    feed = await database["feeds"].find_one({}, {"_id": 0})
    story = await database["stories"].find_one({}, {"_id": 0})
    assert outlet
    assert feed
    assert story
    own = {"demo": False}
    added = await database["outlets"].insert_one({**outlet, **own, "name": "自家媒体"})
    of_it = {**own, "outlet_id": added.inserted_id}
    read = await database["feeds"].insert_one({**feed, **of_it, "url": "https://own.example/rss"})
    told = await database["stories"].insert_one({**story, **of_it, "feed_id": read.inserted_id, "key": "own-1"})
    return {"outlets": added.inserted_id, "feeds": read.inserted_id, "stories": told.inserted_id}


async def _check_removed(database: Database, own: Json, sizes: Mapping[str, int]) -> None:
    for name in MARKED:
        left = await database[name].distinct("_id")
        assert left == ([own[name]] if name in own else []), name
    assert await database["users"].count_documents({}) == 0
    assert await database["release_rows"].count_documents({}) == 0
    assert await database["status"].count_documents({"_id": "samples"}) == 0
    for name, size in (await _sizes(database)).items():
        if name.endswith((".files", ".chunks")):
            assert size == 0, f"{name} still holds {size} sample photos"
        elif name in UNVARYING:
            assert size == sizes[name], name
    await _check_events(database, sizes["events"])


async def _check_events(database: Database, before: int) -> None:
    """Every position is still there, without what it told of; only the accounts' removal was added."""
    added = await database["events"].count_documents({"entity": "user", "type": "removed"})
    assert added == 6
    assert await database["events"].count_documents({}) == before + added
    positions = await database["events"].distinct("position")
    assert positions == list(range(1, before + added + 1))
    assert not {"story", "problem", "deed", "release"} & set(await database["events"].distinct("entity"))
