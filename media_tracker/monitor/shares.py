"""Parts of a recount: some problems, stories or good deeds are counted by one process, and others by another at the same time."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from bson import ObjectId

from media_tracker.accounts.actor import Level
from media_tracker.db.connection import open_database
from media_tracker.db.embedded import EmbeddedServer
from media_tracker.monitor.gathering import Gathering
from media_tracker.monitor.lines import Family, Span, day_of
from media_tracker.monitor.sheets import Sheet, Writer

log = structlog.get_logger("counting")

AT_ONCE: Mapping[Family, int] = {Family.STORY: 5000, Family.CASE: 500, Family.DEED: 2000}
"""Entities that are read together."""
IN_SHARE: Mapping[Family, int] = {Family.STORY: 40_000, Family.CASE: 4_000, Family.DEED: 40_000}
"""Entities that one process counts before it hands over what it has. So few in all are counted without other processes."""


@dataclass(frozen=True, slots=True)
class Share:
    """What is to be counted. ``upto``: the position of the last event that counts."""

    family: Family
    ids: Sequence[ObjectId]
    upto: int


@dataclass(frozen=True, slots=True)
class Part:
    """What came of a share: its lines by local day, and on which days each problem or good deed has some."""

    family: Family
    counted: int
    lines: int
    sheets: Mapping[str, Sheet]
    homes: Mapping[ObjectId, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Reach:
    """Where another process finds the database: at ``uri``, or else the embedded server in ``data_dir``."""

    uri: str | None
    data_dir: Path


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What another process has to know: the database, and by what to count."""

    reach: Reach
    database: str
    level: Level
    zone: str


async def each_part(
    gathering: Gathering, zone: ZoneInfo, shares: Sequence[Share], elsewhere: Elsewhere | None
) -> AsyncGenerator[Part]:
    """Count ``shares``, in their order: here, or, where there is ``elsewhere`` and enough to do, in as many processes as there
    are processors.

    When one of them dies, as one does where memory is short, what is left is counted here.
    """
    processes = min(os.cpu_count() or 1, len(shares))
    if elsewhere is None or processes < 2 or all(len(each.ids) < IN_SHARE[each.family] for each in shares):
        for share in shares:
            yield await count(gathering, zone, share)
        return
    done = 0
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=spawn, initializer=_end_with_parent) as pool:
        loop = asyncio.get_running_loop()
        waiting = [loop.run_in_executor(pool, _count_elsewhere, elsewhere, share) for share in shares]
        try:
            for future in waiting:
                part = await future
                done += 1
                yield part
        except BrokenProcessPool:
            log.warning("process_died", counted=done, shares=len(shares))
        finally:
            for future in waiting:
                future.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
    for share in shares[done:]:
        yield await count(gathering, zone, share)


def _end_with_parent() -> None:
    """A process that counts must not wait for ever for the next share of one that was killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None  # this runs in processes that were started for counting alone

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def shares_of(family: Family, ids: Sequence[ObjectId], upto: int) -> list[Share]:
    """``ids``, in parts of which each is worth a process's while."""
    size = IN_SHARE[family]
    return [Share(family, ids[at : at + size], upto) for at in range(0, len(ids), size)]


async def count(gathering: Gathering, zone: ZoneInfo, share: Share) -> Part:
    """Count one share. Stories of one text are counted with the first of them, in whose share that is."""
    writers: dict[str, Writer] = {}
    homes: dict[ObjectId, Sequence[str]] = {}
    lines = 0
    for at in range(0, len(share.ids), AT_ONCE[share.family]):
        found = await _spans(gathering, share, share.ids[at : at + AT_ONCE[share.family]])
        lines += await asyncio.to_thread(_write_down, share.family, found, zone, writers, homes)
    sheets = {day: writer.sheet() for day, writer in writers.items()}
    return Part(share.family, len(share.ids), lines, sheets, homes)


async def _spans(gathering: Gathering, share: Share, ids: Collection[ObjectId]) -> Mapping[ObjectId, Sequence[Span]]:
    match share.family:
        case Family.CASE:
            return await gathering.cases(ids, share.upto)
        case Family.DEED:
            return await gathering.deeds(ids, share.upto)
        case Family.STORY:
            found, _ = await gathering.stories(ids, share.upto, first_among=frozenset(ids))
            return found


def _write_down(
    family: Family,
    found: Mapping[ObjectId, Sequence[Span]],
    zone: ZoneInfo,
    writers: dict[str, Writer],
    homes: dict[ObjectId, Sequence[str]],
) -> int:
    count = 0
    for entity, spans in found.items():
        days = [day_of(span.line.at, zone) for span in spans]
        for day, span in zip(days, spans, strict=True):
            writer = writers.get(day)
            if writer is None:
                writer = writers[day] = Writer(family)
            writer.add(span)
        count += len(days)
        if days and family is not Family.STORY:
            homes[entity] = sorted(set(days))
    return count


def _count_elsewhere(elsewhere: Elsewhere, share: Share) -> Part:
    return asyncio.run(_counted_elsewhere(elsewhere, share))


async def _counted_elsewhere(elsewhere: Elsewhere, share: Share) -> Part:
    async with AsyncExitStack() as stack:
        uri = elsewhere.reach.uri
        if uri is None:
            uri = (await stack.enter_async_context(EmbeddedServer(elsewhere.reach.data_dir))).uri
        database = await stack.enter_async_context(open_database(uri, elsewhere.database))
        zone = ZoneInfo(elsewhere.zone)
        return await count(Gathering(database, elsewhere.level, zone), zone, share)
