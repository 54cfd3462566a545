"""Several workers on one database, killed at random: no story is lost, and none is there twice."""

from __future__ import annotations

import asyncio
import random
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from media_tracker.db.connection import Database
from media_tracker.outlets.documents import OutletKind, Platform
from media_tracker.outlets.opml import Subscription, write_opml
from tests.cli.processes import CommandLine, kill, until
from tests.services.origin import Item, Origin

FEEDS, STORIES, KILLS = 200, 5, 4


def _publish(origin: Origin, folder: Path) -> str:
    subscriptions = []
    for number in range(FEEDS):
        path = f"/{number}"
        items = [Item(f"第{number}源第{each}条", f"{number}号小区{each}单元门前有垃圾。") for each in range(STORIES)]
        origin.publish(path, *items, validators=bool(number % 2))
        subscriptions.append(
            Subscription(origin.url(path), path, f"样报{number % 7}", OutletKind.NEWSPAPER, True, platform=Platform.WEB)
        )
    file = folder / "many.opml"
    file.write_bytes(write_opml("ours", subscriptions))
    return str(file)


async def _let_leases_run_out(database: Database) -> None:
    """As if the minutes had passed after which others take over what a dead worker had claimed."""
    past = datetime.now(UTC) - timedelta(minutes=1)
    await database["feeds"].update_many(
        {"state.leased_by": {"$ne": None}}, {"$set": {"state.leased_until": past, "state.next_check_at": past}}
    )
    await database["leases"].update_many({}, {"$set": {"until": past}})


@asynccontextmanager
async def _two_workers(cli: CommandLine) -> AsyncIterator[list[Process]]:
    log = (cli.folder / "workers.log").open("wb")
    workers = [await cli.start("worker", err=log.fileno()) for _ in range(2)]
    try:
        yield workers
    finally:
        for worker in workers:
            await kill(worker)
        log.close()


@pytest.mark.slow
@pytest.mark.timeout(1200)
async def test_two_workers_that_are_killed_at_random_store_every_story_once(
    reading: CommandLine, own_database: Database, origin: Origin, tmp_path: Path
) -> None:
    await reading.done("feeds", "import", _publish(origin, tmp_path))
    chance = random.Random(20260322)
    stories = own_database["stories"]

    async def some_more(than: int) -> bool:
        return await stories.count_documents({}) > than or await _all_read(own_database)

    async with _two_workers(reading) as workers:
        log = (tmp_path / "more.log").open("wb")
        for turn in range(KILLS):
            before = await stories.count_documents({})
            await until(lambda before=before: some_more(before))  # type: ignore[misc]
            await asyncio.sleep(chance.random() * 0.3)
            victim = turn % 2
            readers = psutil.Process(workers[victim].pid).children(recursive=True)
            await kill(workers[victim])
            workers[victim] = await reading.start("worker", err=log.fileno())
            await until(lambda readers=readers: _gone(readers))  # type: ignore[misc]
            await _let_leases_run_out(own_database)
        await until(lambda: _all_read(own_database))
        await until(lambda: _all_suggested(own_database))
        log.close()

    titles = [row["title"] async for row in stories.find({}, {"title": 1})]
    assert len(titles) == len(set(titles)) == FEEDS * STORIES
    events = own_database["events"]
    assert await events.count_documents({"entity": "story", "type": "ingested"}) == FEEDS * STORIES
    assert len(await events.distinct("entity_id", {"entity": "story", "type": "ingested"})) == FEEDS * STORIES


async def _all_read(database: Database) -> bool:
    return await database["feeds"].count_documents({"state.checked_at": None}) == 0


async def _all_suggested(database: Database) -> bool:
    return await database["stories"].count_documents({"suggestion": None}) == 0


async def _gone(processes: list[psutil.Process]) -> bool:
    """Whether the readers of a worker have ended with it."""
    return not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes)
