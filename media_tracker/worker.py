"""The worker: reads the feeds that are due, runs the pipeline, sweeps up. Any number of them share the work by leases."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from datetime import timedelta

import structlog
from pymongo.errors import PyMongoError

from media_tracker.ingest.service import FeedResult, Summary
from media_tracker.wiring import Services

log = structlog.get_logger("worker")

FEEDS_AT_ONCE = 8
IDLE_SECONDS = 5.0
SECONDS_TO_FINISH = 2.0
SWEEP_AFTER = timedelta(hours=24)
"""Photos that were uploaded and never attached to anything are removed after so long."""


async def turn(services: Services) -> Summary:
    """One turn: what is due now, then everything that follows from it."""
    results = await services.ingest.run(await services.ingest.claim_due(FEEDS_AT_ONCE), _tell)
    await services.pipeline.catch_up()
    await services.files.sweep(services.clock() - SWEEP_AFTER)
    return Summary.of(results)


async def work(services: Services, stop: asyncio.Event) -> None:
    """Take turns until ``stop`` is set. The turn under way gets a moment to finish; what it has not done is given back."""
    while not stop.is_set():
        under_way = asyncio.create_task(turn(services))
        asked = asyncio.create_task(stop.wait())
        await asyncio.wait({under_way, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if not under_way.done():
            await asyncio.wait({under_way}, timeout=SECONDS_TO_FINISH)
        if not under_way.done():
            under_way.cancel()
            await asyncio.wait({under_way})
            break
        if await _rests(under_way, services):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), IDLE_SECONDS)
    with contextlib.suppress(PyMongoError):  # without a database the leases run out by themselves
        await services.ingest.give_back()


async def _rests(turn_taken: asyncio.Task[Summary], services: Services) -> bool:
    """Whether to wait before the next turn: there was nothing to do, or the turn failed. A failure never ends the worker."""
    error = turn_taken.exception()
    if error is None:
        return turn_taken.result().feeds == 0
    log.error("turn_failed", error=type(error).__name__, exc_info=error)
    with contextlib.suppress(PyMongoError):
        await services.ingest.give_back()
    return True


def stop_on_signals() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    return stop


def _tell(result: FeedResult) -> None:
    log.info(
        "feed",
        url=result.url,
        result=result.result.value,
        new=result.new,
        changed=result.changed,
        error=str(result.error) if result.error else None,
    )
