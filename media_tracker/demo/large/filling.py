"""Writes a made-up campaign into an empty database: chunk by chunk, in as many processes as there are processors.

Stories, problems and what belongs to them are written as a chunk is made. Its events wait in a file until it is known how many
the chunks before it have, so that the log has the same order however fast each process is.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from bson import ObjectId, decode_file_iter, encode
from pymongo import IndexModel

from media_tracker.db.connection import Database, Json, open_database
from media_tracker.db.events import COLLECTION as EVENTS
from media_tracker.demo.large.making import Made, Maker
from media_tracker.demo.large.plan import chunks, plan_chunk
from media_tracker.demo.large.scene import Scene
from media_tracker.ingest.words import StoryWords, distinct, leaves_of
from media_tracker.notices.notifier import CONSUMER as NOTIFIER
from media_tracker.places.service import Places
from media_tracker.problems.linking.rarity import background_ready
from media_tracker.problems.tables import Tables
from media_tracker.settings import Settings
from media_tracker.taxonomy.service import Taxonomy
from media_tracker.wiring import INDEXES, Services, bind_documents

AT_ONCE = 1_000
IN_LEAF = 255
LOOKED_AT_ONCE = 200
FILLED = ("stories", "problems", "problem_links", "deeds", EVENTS)
"""The collections whose indexes are built once all is in: one pass over each costs far less than a place for each row."""

T = TypeVar("T")
Tell = Callable[[str, int, int], None]
"""Is told of the step, how much of it is done, and of how much."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a process has to know to make a chunk."""

    uri: str
    database: str
    scene: Scene
    seed: int
    number: int
    size: int
    now: datetime
    settings: Settings
    folder: str

    @property
    def events(self) -> Path:
        return Path(self.folder) / f"{self.number}.bson"


@dataclass(frozen=True, slots=True)
class Written:
    """What a chunk has written."""

    stories: int
    problems: int
    events: int
    waiting: Sequence[ObjectId]


async def fill(services: Services, uri: str, scene: Scene, seed: int, size: int, now: datetime, tell: Tell) -> None:
    """Write a campaign of ``size`` stories up to ``now``, and what the system makes of it."""
    await _without_indexes(services.database)
    waiting: list[ObjectId] = []
    with tempfile.TemporaryDirectory(prefix="media-tracker-demo-") as folder:
        about = (uri, services.database.name, scene, seed)
        tasks = [Task(*about, n, size, now, services.settings, folder) for n in range(chunks(size))]
        processes = min(os.cpu_count() or 1, len(tasks))
        with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
            loop = asyncio.get_running_loop()
            made = [loop.run_in_executor(pool, _make, task) for task in tasks]
            logged = []
            done = 0
            for task, future in zip(tasks, made, strict=True):
                written = await future
                waiting += written.waiting
                positions = await services.log.draw(written.events)
                logged.append(loop.run_in_executor(pool, _log, task, positions.start))
                done += written.stories
                tell("stories", done, size)
            for number, log in enumerate(logged, start=1):
                await log
                tell("events", number, len(logged))
    await _with_indexes(services.database, tell)
    await _follow(services, waiting, tell)


def _make(task: Task) -> Written:
    return asyncio.run(_write_chunk(task))


async def _write_chunk(task: Task) -> Written:
    plan = plan_chunk(
        task.seed, task.number, task.size, len(task.scene.sources), task.now.astimezone(task.settings.zone)
    )
    async with open_database(task.uri, task.database) as database:
        await bind_documents(database)
        clock = lambda: task.now  # noqa: E731 - the campaign's own time
        places, taxonomy = Places(database, clock), Taxonomy(database, clock)
        tables = Tables(places, taxonomy, clock, task.settings.zone)
        await background_ready()
        table = await taxonomy.table()
        maker = Maker(task.scene, plan, task.seed, task.now, task.settings.zone)
        made = await maker.make(tables.describe, table.path)
        await _insert(database, made)
    with task.events.open("wb") as file:
        file.writelines(encode(row) for row in made.events)
    return Written(len(made.stories), len(made.problems), len(made.events), made.waiting)


async def _insert(database: Database, made: Made) -> None:
    rows: dict[str, list[Json]] = {
        "stories": made.stories,
        "problems": made.problems,
        "problem_links": made.links,
        "deeds": made.deeds,
    }
    for name, found in rows.items():
        for part in _parts(found, AT_ONCE):
            await database[name].insert_many(part, ordered=False)
    words = StoryWords(database)
    for said in _parts(made.said, IN_LEAF):
        await words.write(None, [(said, leaves_of([distinct(each.words) for each in said]))])


def _log(task: Task, first: int) -> None:
    asyncio.run(_write_events(task, first))


async def _write_events(task: Task, first: int) -> None:
    """Give the chunk's events their positions, and write them."""
    async with open_database(task.uri, task.database) as database:
        with task.events.open("rb") as file:
            rows = [{**row, "position": first + place} for place, row in enumerate(decode_file_iter(file))]
        for part in _parts(rows, AT_ONCE):
            await database[EVENTS].insert_many(part, ordered=False)
    task.events.unlink()


async def _without_indexes(database: Database) -> None:
    """Drop the indexes of the empty collections that are about to be filled; ``_with_indexes`` builds them again."""
    for name in FILLED:
        await database[name].drop_indexes()


async def _with_indexes(database: Database, tell: Tell) -> None:
    declared: list[tuple[str, IndexModel]] = [(name, index) for name in FILLED for index in INDEXES[name]]
    for number, (name, index) in enumerate(declared, start=1):
        await database[name].create_indexes([index])
        tell("indexes", number, len(declared))


async def _follow(services: Services, waiting: Sequence[ObjectId], tell: Tell) -> None:
    """What would have happened by itself: consumers are at the end of the log, words are bound, what waits is looked at."""
    last = await services.log.last_position()
    for name in (*services.pipeline.names, NOTIFIER):
        await services.database["consumers"].update_one({"_id": name}, {"$set": {"position": last}}, upsert=True)
    words = StoryWords(services.database)
    while await words.bind():
        pass
    for done, part in enumerate(_parts(waiting, LOOKED_AT_ONCE), start=1):
        await services.tagging.look_at(part)
        tell("suggestions", min(done * LOOKED_AT_ONCE, len(waiting)), len(waiting))
    await services.counting.recount(tell)


def _parts(rows: Sequence[T], size: int) -> list[Sequence[T]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]
