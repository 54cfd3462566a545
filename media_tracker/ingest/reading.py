"""Turning documents into stories ready to be saved, off the event loop: in threads, or in processes that can be stopped.

Servers and workers use processes: parsing holds the interpreter's lock, and a document that was made to take for ever is stopped
when its time is over, with the process that reads it. Commands, which read what their user names, use threads.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from pebble import ProcessExpired, ProcessPool

from media_tracker.errors import N_, Sentence
from media_tracker.ingest.entries import NotAFeed, ParsedFeed
from media_tracker.ingest.list_page import PageRules
from media_tracker.ingest.parse import parse_text
from media_tracker.ingest.prepare import Prepared, prepare
from media_tracker.ingest.pruning import News, pack, read_news, recall
from media_tracker.ingest.read import read_document
from media_tracker.ingest.words import Leaf, distinct, leaves_of
from media_tracker.outlets.documents import Selectors

SECONDS_TO_READ = 30.0
"""For one document. The largest honest ones take about two."""

TASKS_OF_A_READER = 5_000
"""Then it makes room for a new one: what libraries leave behind in memory does not add up."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Job:
    """A document, where it came from, and what is known of its feed."""

    body: bytes
    content_type: str | None
    url: str
    zone: ZoneInfo
    now: datetime
    column: str = ""
    encoding: str | None = None
    rules: PageRules | None = None
    digests: bytes = b""


@dataclass(frozen=True, slots=True)
class Reading:
    """A document as it was read. ``prepared``: its entries, but for those that are byte for byte what they were."""

    title: str
    link: str | None
    entries: int
    prepared: tuple[Prepared, ...]
    notes: tuple[Sentence, ...]
    whole: bool
    ttl: timedelta | None
    hub: str | None
    topic: str | None
    digests: bytes
    """What the entries are now, for the next time; see ``pruning.pack``."""
    leaves: tuple[Leaf, ...] = ()
    """The words of ``prepared``, ready to be written should all of them be new."""


def read_job(job: Job) -> Reading:
    """Read one document, but for the entries that are byte for byte what they were. Pure. Raises :class:`NotAFeed`."""
    memory, news = recall(job.digests), list[News[ParsedFeed]]()
    context = repr((job.url, job.column, job.encoding, job.zone.key))

    def parse_news(text: str, warnings: Sequence[Sentence], *, url: str, zone: ZoneInfo, now: datetime) -> ParsedFeed:
        def whole(text: str) -> ParsedFeed:
            return parse_text(text, list(warnings), url=url, zone=zone, now=now)

        news.append(read_news(text, memory, whole, context))
        return news[0].feed

    parsed = read_document(
        job.body,
        content_type=job.content_type,
        url=job.url,
        zone=job.zone,
        now=job.now,
        encoding=job.encoding,
        rules=job.rules,
        parse=parse_news,
    )
    prepared = tuple(prepare(parsed.entries, job.column, job.now))
    return Reading(
        title=parsed.title,
        link=parsed.link,
        entries=len(parsed.entries) + sum(each.known for each in news),
        prepared=prepared,
        notes=parsed.warnings,
        whole=parsed.whole,
        ttl=parsed.ttl,
        hub=parsed.hub,
        topic=parsed.topic,
        digests=pack(news[0].memory) if news and parsed.whole else b"",
        leaves=leaves_of([distinct(each.words) for each in prepared]),
    )


class _Broken(RuntimeError):
    """The pool is of no use any more; a new one is."""


class Runner(Protocol):
    """Runs a pure function away from the event loop."""

    async def run(self, function: Callable[..., T], *args: object) -> T:
        """``function(*args)``. Raises what it raises, and :class:`NotAFeed` when it takes too long."""
        ...


class InThreads:
    """In a thread of this process."""

    async def run(self, function: Callable[..., T], *args: object) -> T:
        return await asyncio.to_thread(function, *args)


class InProcesses:
    """In processes of their own, started when they are first needed. Close it at the end."""

    def __init__(self, processes: int = 2, seconds: float = SECONDS_TO_READ) -> None:
        self._processes = processes
        self._seconds = seconds
        self._pool: ProcessPool | None = None

    async def run(self, function: Callable[..., T], *args: object) -> T:
        try:
            return await self._run(function, *args)
        except (
            _Broken
        ):  # a reader died while it had nothing to do, and took the pool with it: not this document's fault
            return await self._run(function, *args)

    async def _run(self, function: Callable[..., T], *args: object) -> T:
        pool = self._started()
        try:
            future: Future[T] = pool.schedule(function, args=args, timeout=self._seconds)
            return await asyncio.wrap_future(future)
        except TimeoutError:
            sentence = N_("Reading what this address sent took longer than {seconds} seconds and was stopped.")
            raise NotAFeed(sentence, seconds=f"{self._seconds:g}") from None
        except ProcessExpired:
            raise NotAFeed(N_("What this address sent brought its reader down; nothing of it was taken in.")) from None
        except (RuntimeError, BrokenProcessPool) as error:
            if pool.active:
                raise  # the function's own
            raise _Broken from error

    def _started(self) -> ProcessPool:
        if self._pool is not None and not self._pool.active:
            pool, self._pool = self._pool, None
            threading.Thread(target=_close, args=(pool,), daemon=True).start()
        if self._pool is None:
            self._pool = ProcessPool(
                max_workers=self._processes,
                max_tasks=TASKS_OF_A_READER,
                context=multiprocessing.get_context("forkserver"),  # our own process has threads and an event loop
                initializer=_prepare_process,
            )
        return self._pool

    async def close(self) -> None:
        """End the processes; what they were at is given up."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await asyncio.to_thread(_close, pool)


def _close(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def _prepare_process() -> None:
    """A reader does not decide when to end: Ctrl-C is for the process that it works for."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


def rules_of(selectors: Selectors | None) -> PageRules | None:
    """The selectors of a feed's page, as the reader takes them."""
    return None if selectors is None else PageRules(**selectors.model_dump())
