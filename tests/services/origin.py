"""An outlet's web server on loopback: real HTTP, and whatever an outlet may do wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from hashlib import sha256
from html import escape

from aiohttp import web

CHUNK = 2**16


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a feed. Without ``date`` the feed gives none; with ``guid`` "" neither."""

    title: str
    text: str = ""
    guid: str | None = None
    link: str | None = None
    date: datetime | str | None = None


def rss(items: Sequence[Item], *, remark: str = "") -> bytes:
    """An RSS 2.0 document; ``remark`` is a comment, which changes its bytes and nothing else."""
    entries = "".join(f"<item>{_entry(item)}</item>\n" for item in items)
    head = f"<?xml version='1.0' encoding='utf-8'?><!--{remark}--><rss version='2.0'><channel><title>报</title>"
    return f"{head}{entries}</channel></rss>".encode()


def _entry(item: Item) -> str:
    guid = item.guid if item.guid is not None else item.title
    date = format_datetime(item.date) if isinstance(item.date, datetime) else item.date
    parts = {
        "title": item.title,
        "description": item.text and f"<p>{item.text}</p>",
        "guid": guid,
        "link": item.link,
        "pubDate": date,
    }
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in parts.items() if value)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says at one address."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    validators: bool = False
    """Answer with an ETag, and with 304 to who has it already."""
    breaks_off: bool = False
    """Promise more bytes than are sent."""
    endless: bool = False
    silent: bool = False


@dataclass(slots=True)
class Origin:
    """A running server: what it says, by path, and which statuses it has sent, by path."""

    port: int = 0
    answers: dict[str, Answer] = field(default_factory=dict)
    sent: list[tuple[str, int]] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def publish(self, path: str, *items: Item, remark: str = "", validators: bool = False) -> None:
        """Serve a feed of ``items`` at ``path``."""
        self.answers[path] = Answer(rss(items, remark=remark), validators=validators)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        answer = self.answers.get(request.path, Answer(status=404))
        etag = f'"{sha256(answer.body).hexdigest()[:16]}"'
        headers = {"Content-Type": "application/rss+xml", **answer.headers}
        if answer.validators:
            headers["ETag"] = etag
            if request.headers.get("If-None-Match") == etag:
                self.sent.append((request.path, 304))
                return web.Response(status=304, headers={"ETag": etag})
        self.sent.append((request.path, answer.status))
        if answer.silent:
            await asyncio.sleep(30)
        if not (answer.endless or answer.breaks_off):
            return web.Response(status=answer.status, body=answer.body, headers=headers)
        response = web.StreamResponse(status=answer.status, headers=headers)
        if answer.breaks_off:
            response.content_length = len(answer.body) + CHUNK
        await response.prepare(request)
        await response.write(answer.body)
        while answer.endless:
            await response.write(b" " * CHUNK)
        if request.transport is not None:
            request.transport.close()
        return response


@asynccontextmanager
async def running_origin() -> AsyncIterator[Origin]:
    """A server on a free port of 127.0.0.1."""
    origin = Origin()
    application = web.Application()
    application.router.add_get("/{path:.*}", origin.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    origin.port = runner.addresses[0][1]
    try:
        yield origin
    finally:
        await runner.cleanup()
