"""``check`` against a real origin on loopback; no database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from aiohttp import web

from media_tracker.ingest.check import Checked, check
from media_tracker.ingest.list_page import PageRules
from media_tracker.ingest.read import WebPage
from media_tracker.ingest.reading import InProcesses, Runner
from media_tracker.net.fetch import Fetcher

GOLDEN = Path(__file__).parent / "golden"
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2022, 12, 31, 4, tzinfo=UTC)
PAGES = {
    "/feed.xml": (GOLDEN / "rss20.xml").read_bytes(),
    "/feed.json": (GOLDEN / "jsonfeed10.json").read_bytes(),
    "/list": (GOLDEN / "list_page.html").read_bytes(),
    "/": "<!doctype html><link rel=alternate type=application/rss+xml title=报 href=feed.xml><a href=/feed>x</a>".encode(),
    "/big5": "<rss version='2.0'><channel><title>環衛</title></channel></rss>".encode("big5"),
}


@asynccontextmanager
async def origin() -> AsyncIterator[int]:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=PAGES[request.path], content_type="text/html")

    app = web.Application()
    for path in PAGES:
        app.router.add_get(path, answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@pytest_asyncio.fixture
async def port() -> AsyncIterator[int]:
    async with origin() as port:
        yield port


async def checked(
    port: int, path: str, *, encoding: str | None = None, rules: PageRules | None = None, runner: Runner | None = None
) -> Checked:
    url = f"http://127.0.0.1:{port}{path}"
    async with Fetcher(user_agent="test", allow=[("127.0.0.1", port)], host_gap=0) as fetcher:
        return await check(fetcher, url, ZONE, NOW, encoding=encoding, rules=rules, runner=runner)


@pytest.mark.parametrize(
    ("path", "title", "entries"), [("/feed.xml", "示例晨报 & 民生", 3), ("/feed.json", "示例客户端", 2)]
)
async def test_a_feed_is_shown_as_it_would_be_taken_in(port: int, path: str, title: str, entries: int) -> None:
    found = await checked(port, path)

    assert (found.title, len(found.entries), found.feeds) == (title, entries, ())
    assert found.summary()["feeds"] == []


async def test_the_feeds_of_a_web_page_are_reported(port: int) -> None:
    found = await checked(port, "/")

    assert found.entries == ()
    assert found.summary()["feeds"] == [
        {"url": f"http://127.0.0.1:{port}/feed.xml", "title": "报", "type": "application/rss+xml"},
        {"url": f"http://127.0.0.1:{port}/feed", "title": "x", "type": ""},
    ]
    assert found.warnings == (
        "This is a web page, not a feed.",
        f"It offers this feed: http://127.0.0.1:{port}/feed.xml (报)",
        f"It offers this feed: http://127.0.0.1:{port}/feed (x)",
    )


async def test_what_is_read_in_another_process_is_the_same(port: int) -> None:
    running = InProcesses(processes=1)
    try:
        for path in ("/feed.xml", "/"):
            assert await checked(port, path, runner=running) == await checked(port, path)
        with pytest.raises(WebPage, match="it names none"):
            await checked(port, "/list", runner=running)
    finally:
        await running.close()


async def test_a_web_page_without_feeds_is_refused_and_read_by_rules(port: int) -> None:
    with pytest.raises(WebPage, match="it names none"):
        await checked(port, "/list")

    found = await checked(port, "/list", rules=PageRules("ul.news > li", date=".date"))

    assert [entry.title for entry in found.entries][:2] == [
        "示例小区地下车库积水，物业连夜抽排",
        "文明实践走进 <示例社区>",
    ]


async def test_an_encoding_may_be_tried_out(port: int) -> None:
    assert (await checked(port, "/big5", encoding="big5")).title == "環衛"
