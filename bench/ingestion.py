"""Feeds per second through the real path (HTTP, parsing, saving, suggesting), beside what one would use instead.

Everybody polls the same origin in turn, so that all meet the same moods of the machine. With very many feeds everything is done
once, and those who store nothing are asked only how fast reading can be.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from statistics import median

from beanie import init_beanie

from bench.origin import ENTRIES, Origin, origin
from bench.peers import PROCESSES, Contender, peers
from bench.table import rate, show
from media_tracker.db.clock import system_clock
from media_tracker.db.connection import open_database
from media_tracker.ingest.prepare import prepare
from media_tracker.ingest.reading import InProcesses
from media_tracker.outlets.documents import OutletKind, Platform
from media_tracker.settings import Settings
from media_tracker.wiring import DOCUMENTS, Services, assemble, open_fetcher

DATABASE = "media_tracker_bench_ingest"
OURS = "media-tracker"
PEER = "reader"
CEILING = "feedparser, bare"
ROUNDS = 3
VERY_MANY = 500

FIRST, SAVED, ONE_NEW, NOT_MODIFIED, SAME_BYTES = (
    "first poll, stored and tagged",
    "— of it, stored",
    "one new entry in each",
    "nothing new, 304",
    "nothing new, same bytes, no validators",
)


@dataclass(slots=True)
class _MediaTracker:
    """We ourselves: one worker."""

    services: Services
    saved: float = 0.0
    """Seconds of the last poll until all was stored."""

    async def poll(self) -> float:
        feeds = await self.services.outlets.feeds()
        started = time.perf_counter()

        async def store() -> None:
            await self.services.ingest.run(feeds)
            self.saved = time.perf_counter() - started

        await self.services.pipeline.beside(store())  # as ``ingest --once`` does, and the worker
        return time.perf_counter() - started

    async def entries(self) -> int | None:
        collection = self.services.database["stories"]
        return await collection.count_documents({"suggestion": {"$ne": None}})


@asynccontextmanager
async def _media_tracker(uri: str, outlets: Origin) -> AsyncIterator[_MediaTracker]:
    settings = Settings(fetch_allow=f"127.0.0.1:{outlets.port}", host_gap=0.0)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(uri, DATABASE))
        await database.client.drop_database(DATABASE)
        await init_beanie(database=database, document_models=list(DOCUMENTS), skip_indexes=True)
        fetcher = await stack.enter_async_context(open_fetcher(settings))
        runner = InProcesses(PROCESSES)  # as the worker does it
        stack.push_async_callback(runner.close)
        services = assemble(settings, database, fetcher, system_clock, runner=runner)
        await services.migrator.migrate()
        outlet = await services.outlets.add_outlet("bench", OutletKind.PORTAL, partner=True)
        for url in outlets.urls:
            await services.outlets.add_feed(outlet, url, "", Platform.WEB)
        # Processes that read, and the suggester's tables, are there before the first request; so it is with the peers.
        await asyncio.gather(*(runner.run(time.sleep, 0.2) for _ in range(PROCESSES)))
        await asyncio.gather(*(runner.run(prepare, (), "", system_clock()) for _ in range(PROCESSES)))
        await services.tagging.look_at([])
        yield _MediaTracker(services)
        await database.client.drop_database(DATABASE)


@dataclass(slots=True)
class _Race:
    """All contenders, and what each has needed for what, in seconds."""

    outlets: Origin
    contenders: dict[str, Contender]
    rounds: int
    seconds: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    async def measure(self, work: str, before: Callable[[], Awaitable[None]] | None = None) -> None:
        for _ in range(1 if work == FIRST else self.rounds):
            if before is not None:
                await before()
            for name, contender in self.contenders.items():
                if name == CEILING and self.rounds == 1 and work != FIRST:
                    continue
                self.seconds.setdefault((work, name), []).append(await contender.poll())
                if work == FIRST and isinstance(contender, _MediaTracker):
                    self.seconds[SAVED, name] = [contender.saved]
        await self._check()

    async def _check(self) -> None:
        """Who is fast because something was left out has not won."""
        expected = self.outlets.feeds * (ENTRIES + self.outlets.extra)
        for name, contender in self.contenders.items():
            stored = await contender.entries()
            if stored not in (None, expected):
                raise AssertionError(f"{name} has {stored} entries, not {expected}")

    def rates(self, work: str, name: str) -> list[float]:
        return [self.outlets.feeds / seconds for seconds in self.seconds.get((work, name), [])]

    def rows(self) -> list[list[str]]:
        return [self._row(work) for work in (FIRST, SAVED, ONE_NEW, NOT_MODIFIED, SAME_BYTES)]

    def _row(self, work: str) -> list[str]:
        rates = {name: self.rates(work, name) for name in self.contenders}
        shown = [rate(each) if len(each) > 1 else f"{each[0]:,.0f}" if each else "" for each in rates.values()]
        against = self.rates(FIRST if work == ONE_NEW else work, PEER)
        ratio = f"{median(rates[OURS]) / median(against):.1f}×" if against else ""
        ceiling = self.rates(work, CEILING)
        share = f"{median(rates[OURS]) / median(ceiling):.0%}" if work == FIRST and ceiling else ""
        return [work, *shown, ratio, share]


async def run(uri: str, feeds: int) -> None:
    """Measure with ``feeds`` feeds and print the table."""
    async with AsyncExitStack() as stack:
        outlets = await stack.enter_async_context(origin(feeds))
        started = time.perf_counter()
        contenders: dict[str, Contender] = {OURS: await stack.enter_async_context(_media_tracker(uri, outlets))}
        starts = {OURS: time.perf_counter() - started}
        for name, peer in peers().items():
            if name == "feedparser" and feeds > VERY_MANY:
                continue
            started = time.perf_counter()
            contenders[name] = await stack.enter_async_context(peer(outlets))
            starts[name] = time.perf_counter() - started
        race = _Race(outlets, contenders, rounds=1 if feeds > VERY_MANY else ROUNDS)
        await race.measure(FIRST)
        await race.measure(ONE_NEW, outlets.publish)
        await race.measure(NOT_MODIFIED)
        await outlets.forget_validators()
        await race.measure(SAME_BYTES)
        columns = ["feeds/s, median (least–most)", *contenders, f"÷ {PEER}", f"of {CEILING}"]
        start_row = ["seconds before the first request", *(f"{seconds:.1f}" for seconds in starts.values()), "", ""]
        show(f"Ingestion: {feeds} feeds × {ENTRIES} entries of ~1,000 characters", columns, [*race.rows(), start_row])
        print(f"\n“{ONE_NEW}” is compared with {PEER}'s first poll: what a reader that parses everything would need.")
