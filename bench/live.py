"""How many pages can listen to one process: until all have heard of an event, and what they cost in memory.

Each listener is a connection of its own to ``/events``, ten for each of fifty people. An event is recorded beside the server, as
another process does it; the time runs from its transaction's end until a listener has read its message.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import psutil
from aiohttp import ClientSession, ClientTimeout, TCPConnector

from bench.asking import SECRET, served
from bench.table import show
from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import User
from media_tracker.accounts.duties import Duties
from media_tracker.db.clock import system_clock
from media_tracker.db.connection import open_database
from media_tracker.settings import Settings
from media_tracker.wiring import Services, assemble, bind_documents, open_fetcher

DATABASE = "media_tracker_bench_live"
PEOPLE, EACH = 50, 10
EVENTS = 20


async def run(uri: str) -> None:
    """Serve an empty installation, let everybody listen, record events, and print the table."""
    async with open_database(uri, DATABASE) as database:
        await database.client.drop_database(DATABASE)
        await bind_documents(database)
        settings = Settings(_env_file=None, mongodb_uri=uri, database=DATABASE, secret_key=SECRET)
        async with open_fetcher(settings) as out:
            services = assemble(settings, database, out, system_clock)
            await services.migrator.migrate()
            people = [await _person(services, n) for n in range(PEOPLE)]
            async with served(uri, DATABASE, 1) as address:
                await _measure(services, people, address)
        await database.client.drop_database(DATABASE)


async def _person(services: Services, number: int) -> User:
    duties = Duties(frozenset({Role.VIEWER}))
    name = f"listener{number}"
    password = "a-password-to-listen-with"  # noqa: S105 - of a person who lives for a minute
    made = await services.accounts.add_user(name, name, duties, password=password, must_change_password=False)
    return made.user


async def _measure(services: Services, people: list[User], address: str) -> None:
    heard: asyncio.Queue[float] = asyncio.Queue()
    tokens = [await services.sessions.open(user) for user in people]
    before = _memory()
    listening = asyncio.Event()
    greeted = 0

    async def listen(http: ClientSession, token: str) -> None:
        nonlocal greeted
        async with http.get(f"{address}/events", headers={"cookie": f"session={token}"}) as answer:
            answer.raise_for_status()
            async for line in answer.content:
                if line.startswith(b"event: hello"):
                    greeted += 1
                    if greeted == PEOPLE * EACH:
                        listening.set()
                elif line.startswith(b"event: change"):
                    heard.put_nowait(time.perf_counter())

    async with ClientSession(connector=TCPConnector(limit=0), timeout=ClientTimeout(total=None)) as http:
        tasks = [asyncio.create_task(listen(http, token)) for token in tokens for _ in range(EACH)]
        greeting = asyncio.create_task(listening.wait())
        done, _ = await asyncio.wait([greeting, *tasks], timeout=120, return_when=asyncio.FIRST_COMPLETED)
        if greeting not in done:
            ended = next((each.exception() for each in done), None)
            raise RuntimeError(f"{greeted} of {len(tasks)} listen; one ended with {ended}")
        after = _memory()
        first, last = [], []
        for n in range(EVENTS):
            await services.accounts.set_language(people[0].actor(), ("en", "zh_CN")[n % 2])
            told = time.perf_counter()
            moments = [await asyncio.wait_for(heard.get(), 60) for _ in tasks]
            first.append(1000 * (moments[0] - told))
            last.append(1000 * (moments[-1] - told))
            await asyncio.sleep(0.3)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    first.sort()
    last.sort()
    middle, late = EVENTS // 2, int(EVENTS * 0.95) - 1
    rows = [
        ["the first has heard", f"{first[middle]:.0f} ms", f"{first[late]:.0f} ms"],
        ["all have heard", f"{last[middle]:.0f} ms", f"{last[late]:.0f} ms"],
    ]
    title = f"{len(tasks)} pages listen to one process; {(after - before) / len(tasks) / 1024:.0f} KiB of memory each"
    show(title, ["", "median", "p95"], rows)


def _memory() -> int:
    """Bytes that our own children hold: the server, without the database."""
    found = 0
    for child in psutil.Process().children(recursive=True):
        if "mongod" not in Path(child.name()).name:
            found += child.memory_info().rss
    return found
