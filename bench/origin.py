"""The outlets of the benchmark: one loopback server with many feeds, in a process of its own.

``python -m bench.origin 100`` serves 100 feeds, and prints its port. Every contender is served by the same one.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.request import Request, urlopen

from aiohttp import web

ENTRIES = 50
CHARACTERS = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对"
    "成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经"
)
SENTENCE = 24
SENTENCES = 40


class Outlets:
    """``feeds`` feeds of ``ENTRIES`` entries, ``extra`` new ones on top; answers 304 unless told to have no validators."""

    def __init__(self, feeds: int) -> None:
        self.started = datetime.now(UTC)
        self.items = [[_item(feed, entry, self.started) for entry in range(ENTRIES)] for feed in range(feeds)]
        self.extra = 0
        self.validators = True
        self.first_request = 0.0

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/{number}.xml", self.feed)
        app.router.add_post("/set", self.set)
        return app

    async def set(self, request: web.Request) -> web.Response:
        """Change what the feeds hold. Answers when the first request for a feed came since the last change."""
        wanted = await request.json()
        first, self.first_request = self.first_request, 0.0
        self.extra, self.validators = wanted["extra"], wanted["validators"]
        for feed, items in enumerate(self.items):
            items.extend(_item(feed, entry, self.started) for entry in range(len(items), ENTRIES + self.extra))
        return web.json_response({"first_request": first})

    async def feed(self, request: web.Request) -> web.Response:
        self.first_request = self.first_request or time.monotonic()
        number = int(request.match_info["number"])
        etag = f'"{number}-{self.extra}"'
        headers = {"ETag": etag} if self.validators else {}
        if self.validators and request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers=headers)
        head = f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>{number}</title>'
        head += f"<link>https://o{number}.example/</link>"
        body = b"".join([head.encode(), *reversed(self.items[number]), b"</channel></rss>"])
        return web.Response(body=body, headers=headers, content_type="application/rss+xml")


def _item(feed: int, entry: int, started: datetime) -> bytes:
    moment = started - timedelta(hours=ENTRIES - min(entry, ENTRIES - 1))
    chance = random.Random(f"{feed}-{entry}")  # noqa: S311 - words, not secrets; no two stories are alike
    words = "".join(chance.choices(CHARACTERS, k=SENTENCE * SENTENCES))
    text = "。".join(words[start : start + SENTENCE] for start in range(0, len(words), SENTENCE))
    return (
        f"<item><title>{feed}号小区{entry}栋积水</title><guid>{feed}-{entry}</guid>"
        f"<link>https://o{feed}.example/{entry}</link><pubDate>{moment:%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
        f"<description>{text}</description></item>"
    ).encode()


@dataclass(slots=True)
class Origin:
    """The running server, as those who measure see it."""

    port: int
    feeds: int
    extra: int = 0
    validators: bool = True

    @property
    def urls(self) -> list[str]:
        return [f"http://127.0.0.1:{self.port}/{number}.xml" for number in range(self.feeds)]

    async def publish(self) -> None:
        """One new entry in every feed."""
        self.extra += 1
        await self.first_request()

    async def forget_validators(self) -> None:
        """From now on no answer has a validator, or heeds one."""
        self.validators = False
        await self.first_request()

    async def first_request(self) -> float:
        """When (``time.monotonic``) a feed was first asked for since the last call."""
        return await asyncio.to_thread(self._set)

    def _set(self) -> float:
        body = json.dumps({"extra": self.extra, "validators": self.validators}).encode()
        request = Request(f"http://127.0.0.1:{self.port}/set", body, {"Content-Type": "application/json"})
        with urlopen(request) as answer:  # noqa: S310 - our own server on loopback
            return float(json.load(answer)["first_request"])


@asynccontextmanager
async def origin(feeds: int) -> AsyncIterator[Origin]:
    """The server with ``feeds`` feeds, as long as it is needed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.origin", str(feeds), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Origin(int(await process.stdout.readline()), feeds)
    finally:
        process.stdin.close()  # it serves until then
        await process.wait()


async def _serve(feeds: int) -> None:
    runner = web.AppRunner(Outlets(feeds).application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
