"""Serving pages as they are in an installation, and sixteen people who ask for them."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median, quantiles

from aiohttp import ClientError, ClientSession

from media_tracker.accounts.actor import Role
from media_tracker.web.visitor import SESSION_COOKIE

AT_ONCE = 16
REQUESTS = 160
"""Of each page."""
BAR = 0.300
WARMING = 8
"""Requests before, one after the other, so that every process has been asked."""
PROCESSES = 2
STARTS_WITHIN = 180.0
SECRET = "of the benchmark"  # noqa: S105 - protects nothing


@dataclass(frozen=True, slots=True)
class Page:
    """A page, who asks for it, and within how many seconds 95 of 100 are to have it."""

    name: str
    path: str
    who: Role = Role.EDITOR
    bar: float = BAR
    at_once: int = AT_ONCE


@asynccontextmanager
async def served(uri: str, database: str, processes: int = PROCESSES) -> AsyncIterator[str]:
    """The pages of ``database``, by processes of their own; the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory(prefix="media-tracker-bench-") as folder:
        environment = {
            **os.environ,
            "MONGODB_URI": uri,
            "MEDIA_TRACKER_DATABASE": database,
            "MEDIA_TRACKER_DATA_DIR": folder,
            "MEDIA_TRACKER_SECRET_KEY": SECRET,
            "MEDIA_TRACKER_SECURE_COOKIES": "false",
        }
        command = [sys.executable, "-m", "media_tracker.cli", "serve", "--port", str(port), "--workers", str(processes)]
        with Path(folder, "log").open("wb") as log:  # noqa: ASYNC230 - nothing else runs yet
            server = await asyncio.create_subprocess_exec(*command, env=environment, cwd=folder, stdout=log, stderr=log)
        try:
            await _until_it_answers(f"http://127.0.0.1:{port}/healthz", Path(folder, "log"))
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            await server.wait()


async def _until_it_answers(url: str, log: Path) -> None:
    async with ClientSession() as session:
        for _ in range(int(STARTS_WITHIN * 10)):
            try:
                async with session.get(url) as answer:
                    if answer.status == 200:
                        return
            except ClientError:
                pass
            await asyncio.sleep(0.1)
    raise RuntimeError(f"the pages were not served: {_end_of(log)}")


def _end_of(log: Path) -> str:
    return log.read_text("utf-8")[-2_000:]


async def measured(address: str, page: Page, token: str, requests: int = REQUESTS) -> list[str]:
    """A line of the table: median and 95th percentile, with a star where the bar is missed."""
    numbers = count()
    taken: list[float] = []

    async def client(session: ClientSession) -> None:
        while next(numbers) < requests:
            started = time.perf_counter()
            async with session.get(address + page.path) as answer:
                body = await answer.text()
            taken.append(time.perf_counter() - started)
            if answer.status != 200 or "<h1>" not in body:
                raise RuntimeError(f"{page.path} answered {answer.status}")

    cookies = {SESSION_COOKIE: token}
    async with ClientSession(cookies=cookies, headers={"accept": "text/html", "accept-language": "zh-CN"}) as session:
        for _ in range(WARMING):  # what a process reads once
            async with session.get(address + page.path) as first:
                await first.read()
        await asyncio.gather(*(client(session) for _ in range(page.at_once)))
    slow = quantiles(taken, n=20)[-1]
    return [page.name, f"{median(taken) * 1000:.0f} ms", f"{slow * 1000:.0f} ms", "" if slow <= page.bar else "*"]
