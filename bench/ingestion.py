"""Feeds per second through the real path: HTTP, parsing, saving, suggesting."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

from aiohttp import web
from beanie import init_beanie

from bench.table import show
from media_tracker.db.clock import system_clock
from media_tracker.db.connection import open_database
from media_tracker.outlets.documents import OutletKind, Platform
from media_tracker.settings import Settings
from media_tracker.wiring import DOCUMENTS, Services, assemble, open_fetcher

DATABASE = "media_tracker_bench_ingest"
FEEDS = 100
ENTRIES = 50
CHARACTERS = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对"
    "成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经"
)
SENTENCE = 24


class Origin:
    """A loopback server with ``FEEDS`` feeds; ``extra`` new entries in each; answers 304 unless told not to."""

    def __init__(self) -> None:
        self.extra = 0
        self.validators = True
        self.started = system_clock()

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/{number}.xml", self.feed)
        return app

    async def feed(self, request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        etag = f'"{number}-{self.extra}"'
        headers = {"ETag": etag} if self.validators else {}
        if self.validators and request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers=headers)
        items = "".join(_item(number, entry, self.started) for entry in range(ENTRIES + self.extra))
        body = f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>{number}</title>{items}</channel></rss>'
        return web.Response(body=body.encode(), headers=headers, content_type="application/rss+xml")


def _item(feed: int, entry: int, started: datetime) -> str:
    moment = started - timedelta(hours=entry + 1)
    chance = random.Random(f"{feed}-{entry}")  # noqa: S311 - words, not secrets; no two stories are alike
    text = "。".join("".join(chance.choices(CHARACTERS, k=SENTENCE)) for _ in range(40))
    return (
        f"<item><title>{feed}号小区{entry}栋积水</title><guid>{feed}-{entry}</guid>"
        f"<link>https://o{feed}.example/{entry}</link><pubDate>{moment:%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
        f"<description>{text}</description></item>"
    )


async def run(uri: str) -> None:
    origin = Origin()
    runner = web.AppRunner(origin.application(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = int(runner.addresses[0][1])
    settings = Settings(fetch_allow=f"127.0.0.1:{port}", host_gap=0.0)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(uri, DATABASE))
        await database.client.drop_database(DATABASE)
        await init_beanie(database=database, document_models=list(DOCUMENTS), skip_indexes=True)
        fetcher = await stack.enter_async_context(open_fetcher(settings))
        services = assemble(settings, database, fetcher, system_clock)
        await services.migrator.migrate()
        outlet = await services.outlets.add_outlet("bench", OutletKind.PORTAL, partner=True)
        for number in range(FEEDS):
            await services.outlets.add_feed(outlet, f"http://127.0.0.1:{port}/{number}.xml", "", Platform.WEB)
        rows = [await _timed("first poll, stored", lambda: _poll(services))]
        rows.append(await _timed("first poll, suggested and grouped", lambda: services.pipeline.catch_up()))
        origin.extra = 1
        rows.append(await _timed("one new entry in each", lambda: _poll(services)))
        rows.append(await _timed("nothing new, 304", lambda: _poll(services)))
        origin.validators = False
        await _poll(services)
        rows.append(await _timed("nothing new, same bytes without validators", lambda: _poll(services)))
        show(f"Ingestion: {FEEDS} feeds × {ENTRIES} entries of ~1,000 characters", ["work", "seconds", "feeds/s"], rows)
        await database.client.drop_database(DATABASE)
    await runner.cleanup()


async def _poll(services: Services) -> object:
    return await services.ingest.run(await services.outlets.feeds())


async def _timed(name: str, work: Callable[[], Awaitable[object]]) -> list[object]:
    started = time.perf_counter()
    await work()
    seconds = time.perf_counter() - started
    return [name, f"{seconds:.2f}", f"{FEEDS / seconds:,.0f}"]
