"""What one would use instead, each in a process of its own: lemon24/reader, feedparser alone, newsboat.

``python -m bench.peers reader`` reads addresses, one a line, up to an empty line; then it polls them once for each further line,
and prints the seconds that took and how many entries it has. So rates count from the first request, not from process start.
"""

from __future__ import annotations

import asyncio
import io
import multiprocessing
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol
from urllib.request import urlopen

from bench.origin import Origin

PROCESSES = 2


class Contender(Protocol):
    """Somebody who polls all feeds of the origin when asked to."""

    async def poll(self) -> float:
        """The seconds that it took, from the first request on."""
        ...

    async def entries(self) -> int | None:
        """How many entries it has stored; None if it stores none."""
        ...


def peers() -> dict[str, Callable[[Origin], AbstractAsyncContextManager[Contender]]]:
    """Those that are here, by name. The two feedparsers store nothing: parsing cannot be faster than that."""
    found: dict[str, Callable[[Origin], AbstractAsyncContextManager[Contender]]] = {
        name: partial(_child, name) for name in _POLLS
    }
    return found | ({"newsboat": _newsboat} if shutil.which("newsboat") else {})


@dataclass(slots=True)
class _Child:
    """A peer that :func:`_main` runs in another process."""

    process: asyncio.subprocess.Process
    stored: int = -1

    async def poll(self) -> float:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"poll\n")
        seconds, stored = (await self.process.stdout.readline()).split()
        self.stored = int(stored)
        return float(seconds)

    async def entries(self) -> int | None:
        return self.stored if self.stored >= 0 else None


@asynccontextmanager
async def _child(name: str, origin: Origin) -> AsyncIterator[_Child]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.peers", name, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write("".join(f"{url}\n" for url in [*origin.urls, ""]).encode())
        await process.stdout.readline()
        yield _Child(process)
    finally:
        process.stdin.close()
        await process.wait()


@dataclass(slots=True)
class _Newsboat:
    """``newsboat -x reload``: a process for each poll, timed from the first request that the origin sees."""

    origin: Origin
    folder: Path

    async def poll(self) -> float:
        await self.origin.first_request()
        paths = {"-u": "urls", "-c": "cache.db", "-C": "config"}
        options = [part for option, name in paths.items() for part in (option, str(self.folder / name))]
        process = await asyncio.create_subprocess_exec("newsboat", *options, "-x", "reload")
        await process.wait()
        ended = time.monotonic()
        return ended - await self.origin.first_request()

    async def entries(self) -> int | None:
        with sqlite3.connect(self.folder / "cache.db") as database:
            return int(database.execute("SELECT count(*) FROM rss_item").fetchone()[0])


@asynccontextmanager
async def _newsboat(origin: Origin) -> AsyncIterator[_Newsboat]:
    with tempfile.TemporaryDirectory(prefix="media-tracker-bench-") as folder:
        (Path(folder) / "urls").write_text("".join(f"{url}\n" for url in origin.urls))
        (Path(folder) / "config").touch()
        yield _Newsboat(origin, Path(folder))


# In the child


Poll = Callable[[], int]
"""Polls all feeds once; returns how many entries are stored, −1 if none ever are."""


def _reader(urls: Sequence[str], folder: Path) -> Poll:
    from reader import make_reader

    reader = make_reader(str(folder / "reader.sqlite"))
    for url in urls:
        reader.add_feed(url)

    def poll() -> int:
        reader.update_feeds(scheduled=False)
        return reader.get_entry_counts().total or 0

    return poll


def _feedparser(urls: Sequence[str], _: Path, *, sanitize: bool) -> Poll:
    pool = multiprocessing.get_context("forkserver").Pool(PROCESSES)
    pool.map(_parse_nothing, range(PROCESSES))  # they have started, and have imported what they need

    def poll() -> int:
        pool.map(partial(_parse, sanitize=sanitize), urls, chunksize=1)
        return -1

    return poll


def _parse(url: str, *, sanitize: bool) -> int:
    import feedparser

    with urlopen(url) as answer:  # noqa: S310 - our own server on loopback
        body = io.BytesIO(answer.read())
    return len(feedparser.parse(body, sanitize_html=sanitize, resolve_relative_uris=sanitize).entries)


def _parse_nothing(_: int) -> None:
    import feedparser

    feedparser.parse(io.BytesIO(b"<rss/>"))
    time.sleep(0.2)  # so that the other process gets the other one


_POLLS: dict[str, Callable[[Sequence[str], Path], Poll]] = {
    "reader": _reader,
    "feedparser": partial(_feedparser, sanitize=True),
    "feedparser, bare": partial(_feedparser, sanitize=False),
}


def _main(name: str) -> None:
    urls = list(iter(lambda: sys.stdin.readline().strip(), ""))
    with tempfile.TemporaryDirectory(prefix="media-tracker-bench-") as folder:
        poll = _POLLS[name](urls, Path(folder))
        print("ready", flush=True)
        while sys.stdin.readline():
            started = time.perf_counter()
            stored = poll()
            print(time.perf_counter() - started, stored, flush=True)


if __name__ == "__main__":
    _main(sys.argv[1])
