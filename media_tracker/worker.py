"""The worker: reads the feeds that are due, runs the pipeline, sweeps up. Any number of them share the work by leases.

Some loops run beside each other: one hands feeds that are due to as many readers as may be under way, one lets follow what has
happened, one learns from the editors, one sweeps, two tell people and send mail. A failure never ends a loop: it is logged, and
after a rest the loop goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import structlog
from bson import ObjectId
from pymongo.errors import PyMongoError

from media_tracker.db.leases import Leases
from media_tracker.ingest.documents import Story
from media_tracker.ingest.service import FeedResult
from media_tracker.outlets.documents import Feed
from media_tracker.tagging.service import AGAIN_AT_ONCE
from media_tracker.web.exports.mailing import Mailing
from media_tracker.web.exports.making import ExportWork
from media_tracker.web.notices.letters import LetterWriter
from media_tracker.web.render import pages_in
from media_tracker.wiring import Services

log = structlog.get_logger("worker")

FEEDS_AT_ONCE = 24
PROCESSES = 2
"""That read documents."""
IDLE_SECONDS = 2.0
REST_AFTER_FAILURE = 5.0
SECONDS_TO_FINISH = 2.0
PAGES_AT_ONCE = 8
SUBSCRIPTIONS_AT_ONCE = 20
SUBSCRIBE_EVERY = 60.0
LEARN_EVERY = 15.0
LOOKING_AGAIN = "looking again"
NOTIFY_EVERY = 2.0
POST_EVERY = 5.0
ACCEPT_EVERY = 5.0
SWEEP_EVERY = 600.0
SWEEP_AFTER = timedelta(hours=24)
"""Photos that were uploaded and never attached to anything are removed after so long."""


class Worker:
    """Works on what is due, until it is asked to stop."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._leases = Leases(services.database, services.clock)
        self._reading: set[asyncio.Task[None]] = set()
        self._completing: set[asyncio.Task[None]] = set()
        self._sending: set[asyncio.Task[Any]] = set()
        pages = pages_in(services.settings.zone)
        self._letters = LetterWriter(services, pages)
        self._exports = ExportWork(services, pages)
        self._mailing = Mailing(services, pages)
        self._came = asyncio.Event()
        """Set when a feed has been read: something may follow."""

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop`` is set. What is under way gets a moment to finish; what it has not done is given back."""
        work = {
            "reading": self._read_due,
            "completing": self._complete,
            "subscribing": self._subscribe,
            "following": self._follow,
            "learning": self._learn,
            "counting": self._count,
            "sweeping": self._sweep,
            "notifying": self._notify,
            "posting": self._post,
            "exporting": self._export,
            "accepting": self._accept,
        }
        loops = [asyncio.create_task(self._forever(name, turn, stop)) for name, turn in work.items()]
        await stop.wait()
        for loop in loops:
            loop.cancel()
        await asyncio.wait(loops)
        under_way = self._reading | self._completing | self._sending
        if under_way:
            await asyncio.wait(under_way, timeout=SECONDS_TO_FINISH)
        for task in under_way:
            task.cancel()
        if under_way:
            await asyncio.wait(under_way)
        await self._services.ingest.finish()
        with contextlib.suppress(PyMongoError):  # without a database the leases run out by themselves
            await self._services.ingest.claims.give_back()
            await self._leases.give_back(self._services.owner)

    async def _forever(self, name: str, turn: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await turn()
            except Exception as error:
                log.error("turn_failed", loop=name, error=type(error).__name__, exc_info=error)
                await asyncio.sleep(REST_AFTER_FAILURE)

    async def _read_due(self) -> None:
        """Hand out what is due, as far as readers are free; rest when nothing is."""
        room = FEEDS_AT_ONCE - len(self._reading)
        for feed in await self._services.ingest.claims.due(room) if room else ():
            task = asyncio.create_task(self._read(feed))
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)
            room -= 1
        if room and not self._reading:
            await asyncio.sleep(IDLE_SECONDS)
        elif self._reading:
            await asyncio.wait(self._reading, timeout=IDLE_SECONDS, return_when=asyncio.FIRST_COMPLETED)

    async def _read(self, feed: Feed) -> None:
        ingest = self._services.ingest
        try:
            result = await ingest.take_in(feed)
            _tell(result)
            if result.new and feed.state.pushed_at is not None:
                await self._services.websub.note_missed(result.feed_id, result.new)
        except PyMongoError as error:
            log.error("feed_not_written_down", url=feed.url, error=type(error).__name__)
        finally:
            with contextlib.suppress(PyMongoError):
                await ingest.claims.release(feed)
            self._came.set()

    async def _complete(self) -> None:
        """Ask the pages of articles whose feeds give no more than a summary, some at once; rest when there are none."""
        room = PAGES_AT_ONCE - len(self._completing)
        for story in await self._services.articles.due(room) if room else ():
            task = asyncio.create_task(self._ask_page(story))
            self._completing.add(task)
            task.add_done_callback(self._completing.discard)
        if self._completing:
            await asyncio.wait(self._completing, timeout=IDLE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(IDLE_SECONDS)

    async def _ask_page(self, story: Story) -> None:
        try:
            await self._services.articles.complete(story)
        except Exception as error:
            log.error("page_not_written_down", url=story.url, error=type(error).__name__, exc_info=error)
        finally:
            self._came.set()

    async def _subscribe(self) -> None:
        """Have hubs push what feeds say they can push; renew what runs out, and let go of what nobody wants any more."""
        if self._services.settings.public_url:
            for feed in await self._services.outlets.feeds():
                if feed.active and feed.state.hub and feed.state.topic:
                    await self._services.websub.offer(ObjectId(feed.id), feed.state.hub, feed.state.topic)
                elif not feed.active or feed.state.checked_at is not None:
                    await self._services.websub.forget(ObjectId(feed.id))
            await self._services.websub.renew_due(SUBSCRIPTIONS_AT_ONCE)
        await asyncio.sleep(SUBSCRIBE_EVERY)

    async def _follow(self) -> None:
        """Let the pipeline run to the end of the log; then wait for the next feed, or a while."""
        self._came.clear()
        if not await self._services.pipeline.catch_up():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._came.wait(), IDLE_SECONDS)

    async def _learn(self) -> None:
        """Train a version when it is time; then have stories that wait looked at with what is in use by now."""
        await self._services.learner.turn()
        while await self._leases.acquire(LOOKING_AGAIN, self._services.owner, LEARN_EVERY):
            if await self._services.tagging.look_again() < AGAIN_AT_ONCE:
                break
        await asyncio.sleep(LEARN_EVERY)

    async def _count(self) -> None:
        """Have figures follow what has happened, and what time has brought; pages find little left to do."""
        await self._services.counting.catch_up()
        await asyncio.sleep(IDLE_SECONDS)

    async def _notify(self) -> None:
        """Tell people of what has happened to their problems, and of what has fallen due."""
        await self._services.notifier.follow()
        await self._services.notifier.remind()
        await asyncio.sleep(NOTIFY_EVERY)

    async def _post(self) -> None:
        """Write the letters that notices call for, and send what waits. A letter that is on its way is not broken off."""
        await self._services.posting.turn(self._letters.compose)
        sending = asyncio.create_task(self._services.outbox.send_due())
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)
        await asyncio.shield(sending)
        await asyncio.sleep(POST_EVERY)

    async def _accept(self) -> None:
        """Take snoozed stories back that are due, and carry on what editors have accepted in bulk and nobody is at."""
        await self._services.snoozing.wake_due()
        await self._services.bulk_accept.carry_on_all()
        await asyncio.sleep(ACCEPT_EVERY)

    async def _export(self) -> None:
        """Make the files that people wait for, and those that fall due, one after the other; rest when there are none."""
        if not await self._exports.turn() and not await self._mailing.turn():
            await asyncio.sleep(IDLE_SECONDS)

    async def _sweep(self) -> None:
        await self._services.export_jobs.sweep()
        await self._services.files.sweep(self._services.clock() - SWEEP_AFTER)
        await self._services.list_import.finish()
        await self._services.outbox.sweep()
        await self._services.drafts.sweep()
        await self._services.second_looks.sweep()
        await self._services.errands.sweep()
        await self._services.objections.erase_due()
        await self._services.leads.erase_due()
        await asyncio.sleep(SWEEP_EVERY)


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
        notes=list(result.warnings),
        error=str(result.error) if result.error else None,
    )
