"""A real origin on loopback, and one that speaks raw bytes for what a proper server would not do."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import brotli  # type: ignore[import-untyped]  # it ships no types
import pytest_asyncio
from aiohttp import web
from backports.zstd import ZstdCompressor

from media_tracker.net.fetch import Fetcher, FetchLimits

FEED = b"<?xml version='1.0'?><rss version='2.0'><channel><title>t</title></channel></rss>"
MODIFIED = "Wed, 24 Mar 2021 00:30:00 GMT"
SMALL = FetchLimits(total_seconds=5, bytes_decompressed=2**20)


@dataclass
class Origin:
    """A running origin: its port, and the requests that reached it."""

    port: int = 0
    seen: list[web.Request] = field(default_factory=list)

    def url(self, path: str = "/feed", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


BLOCK = bytes(2**20)
BOMB_BLOCKS = 200
CODINGS = ("gzip", "deflate", "br", "zstd")


def coded(coding: str, blocks: Iterable[bytes]) -> Iterator[bytes]:
    """``blocks`` as one stream of a content coding, piece by piece."""
    if coding == "br":
        brotli_packer = brotli.Compressor(quality=5)
        yield from (brotli_packer.process(block) for block in blocks)
        yield brotli_packer.finish()
    elif coding == "zstd":
        zstd_packer = ZstdCompressor()
        yield from (zstd_packer.compress(block) for block in blocks)
        yield zstd_packer.flush()
    else:
        window = {"gzip": 31, "deflate": 15}[coding]
        packer = zlib.compressobj(6, zlib.DEFLATED, window)
        yield from (packer.compress(block) for block in blocks)
        yield packer.flush()


def bomb(coding: str) -> bytes:
    """200 MB of zeros, packed without ever being held: about 200 kB, in br and zstd much less."""
    return b"".join(coded(coding, (BLOCK for _ in range(BOMB_BLOCKS))))


def _routes(origin: Origin) -> web.Application:
    async def feed(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == '"one"':
            return web.Response(status=304, headers={"ETag": '"two"', "Cache-Control": "max-age=60"})
        if request.headers.get("If-Modified-Since") == MODIFIED:
            return web.Response(status=304)
        return web.Response(
            body=FEED,
            content_type="application/rss+xml",
            headers={
                "ETag": '"one"',
                "Last-Modified": MODIFIED,
                "Set-Cookie": "id=1",
                "X-Odd": "1",
                "Expires": "0",
            },
        )

    async def hop(request: web.Request) -> web.Response:
        """/hop/301-302-308/rest: answer with the first status, go on to the others."""
        first, _, rest = request.match_info["codes"].partition("-")
        target = f"/hop/{rest}" if rest else "/feed"
        return web.Response(status=int(first), headers={"Location": target})

    async def to(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": request.query["url"]})

    async def status(request: web.Request) -> web.Response:
        return web.Response(status=int(request.match_info["code"]), headers={"Retry-After": "120"})

    async def once(request: web.Request) -> web.Response:
        return web.Response(body=FEED, headers={"Connection": "close"})

    async def huge(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(bytes(2**16))

    async def packed(request: web.Request) -> web.Response:
        coding = request.match_info["coding"]
        return web.Response(body=b"".join(coded(coding, [FEED])), headers={"Content-Encoding": coding})

    async def exploding(request: web.Request) -> web.Response:
        coding = request.match_info["coding"]
        return web.Response(body=bomb(coding), headers={"Content-Encoding": coding})

    async def echo(request: web.Request) -> web.Response:
        """What was sent, with its type in front; ``status`` says with which status."""
        body = await request.read()
        status = int(request.query.get("status", "202"))
        return web.Response(status=status, body=request.headers["Content-Type"].encode() + b"\n" + body)

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.02)

    @web.middleware
    async def note(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        origin.seen.append(request)
        return await handler(request)

    application = web.Application(middlewares=[note])
    application.add_routes(
        [
            web.get("/feed", feed),
            web.get("/hop/{codes}", hop),
            web.get("/to", to),
            web.get("/status/{code}", status),
            web.get("/once", once),
            web.get("/huge", huge),
            web.get("/packed/{coding}", packed),
            web.get("/bomb/{coding}", exploding),
            web.post("/echo", echo),
            web.post("/hop/{codes}", hop),
            web.post("/huge", huge),
            web.post("/drip", drip),
            web.get("/drip", drip),
        ]
    )
    return application


@pytest_asyncio.fixture(scope="session")
async def _running_origin() -> AsyncIterator[Origin]:
    origin = Origin()
    runner = web.AppRunner(_routes(origin), shutdown_timeout=0.1)
    await runner.setup()
    # All of 127/8, so that a name may move from an address that is excepted to one that is not.
    site = web.TCPSite(runner, "0.0.0.0", 0)  # noqa: S104
    await site.start()
    origin.port = runner.addresses[0][1]
    yield origin
    await runner.cleanup()


@pytest_asyncio.fixture
async def origin(_running_origin: Origin) -> Origin:
    _running_origin.seen.clear()
    return _running_origin


@pytest_asyncio.fixture
async def fetcher(origin: Origin) -> AsyncIterator[Fetcher]:
    async with Fetcher(
        user_agent="media-tracker/test", limits=SMALL, allow={("127.0.0.1", origin.port)}, host_gap=0
    ) as fetcher:
        yield fetcher


@asynccontextmanager
async def raw_origin(answer: bytes, *, reset: bool = False) -> AsyncIterator[int]:
    """A server that sends ``answer`` to whoever connects and hangs up, politely or with a reset; gives its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer)
        if reset:
            writer.transport.abort()
            return
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
