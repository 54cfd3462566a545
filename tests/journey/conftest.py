"""A real server with a small city in it, and a real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest_asyncio
from aiohttp import ClientError, ClientSession, web
from beanie import init_beanie
from playwright.async_api import Browser, Page, async_playwright

from media_tracker.accounts.actor import Role
from media_tracker.accounts.duties import Duties
from media_tracker.db.clock import system_clock
from media_tracker.db.connection import open_database
from media_tracker.outlets.documents import OutletKind, Platform
from media_tracker.settings import Settings
from media_tracker.wiring import DOCUMENTS, Services, assemble, open_fetcher

PASSWORD = "a-password-for-the-journey"
FEED = """<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>样报</title><item>
<title>和平街道一小区北门垃圾桶满溢一周</title><guid>journey-1</guid><link>https://paper.example/1</link>
<category>曝光台</category><pubDate>{published}</pubDate>
<description>张店区和平街道柳荫里小区北门三个垃圾桶满溢一周，无人清运，居民拨打热线投诉，记者现场曝光。</description>
</item></channel></rss>"""


@dataclass(frozen=True)
class City:
    """Where the server answers, and what is in it."""

    address: str
    unit: str
    folder: Path
    environment: Mapping[str, str]
    """For another process of the same installation."""


@pytest_asyncio.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """A headless Chromium. Without one the run fails: a journey that nobody made proves nothing."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "There is no Chromium on PATH: apt-get install chromium fonts-noto-cjk"
    flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    flags += ["--disable-component-update", "--disable-sync"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        await browser.close()


@pytest_asyncio.fixture
async def city(mongodb_uri: str, tmp_path: Path, worker_id: str) -> AsyncIterator[City]:
    """A database with one outlet, one story read from its feed, two units and an account per role, behind a real server."""
    async with a_city(mongodb_uri, tmp_path, f"media_tracker_journey_{worker_id}_{os.getpid()}") as made:
        yield made


@asynccontextmanager
async def a_city(mongodb_uri: str, tmp_path: Path, name: str, document: str = FEED) -> AsyncIterator[City]:
    """The same in the database ``name``, its outlet publishing ``document``."""
    async with _feed(document) as feed_port, open_database(mongodb_uri, name) as database:
        await init_beanie(database=database, document_models=list(DOCUMENTS), skip_indexes=True)
        settings = Settings(mongodb_uri=mongodb_uri, database=name, fetch_allow=f"127.0.0.1:{feed_port}", host_gap=0)
        async with open_fetcher(settings) as fetcher:
            unit = await _fill(assemble(settings, database, fetcher, system_clock), feed_port)
        async with _server(mongodb_uri, name, tmp_path) as address:
            yield City(address, unit, tmp_path, environment(mongodb_uri, name, tmp_path))
        await database.client.drop_database(name)


@asynccontextmanager
async def _feed(document: str = FEED) -> AsyncIterator[int]:
    published = system_clock() - timedelta(days=2)
    body = document.format(published=f"{published:%a, %d %b %Y %H:%M:%S} +0000").encode()

    async def serve(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/rss+xml")

    app = web.Application()
    app.router.add_get("/rss", serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield int(runner.addresses[0][1])
    await runner.cleanup()


async def _fill(services: Services, feed_port: int) -> str:
    await services.migrator.migrate()
    await services.database["second_look_settings"].insert_one(
        {"_id": "share", "share": 0.0}
    )  # nothing is left to chance
    outlet = await services.outlets.add_outlet("样报", OutletKind.NEWSPAPER, partner=True)
    await services.outlets.add_feed(outlet, f"http://127.0.0.1:{feed_port}/rss", "样报", Platform.PAPER)
    await services.ingest.run(await services.outlets.feeds())
    await services.pipeline.catch_up()
    unit = await services.places.add_unit("样区环境卫生部门", region="370303")
    patrol = await services.places.add_unit("市民巡访团")
    own = {Role.OFFICIAL: (unit,), Role.INSPECTOR: (patrol,)}
    for role in Role:
        duties = Duties(frozenset({role}), unit_ids=own.get(role, ()))
        await services.accounts.add_user(role.value, role.value, duties, password=PASSWORD, must_change_password=False)
    return "样区环境卫生部门"


def environment(uri: str, database: str, folder: Path) -> dict[str, str]:
    """What a process of the installation is told of its database and its data folder."""
    return {"MONGODB_URI": uri, "MEDIA_TRACKER_DATABASE": database, "MEDIA_TRACKER_DATA_DIR": str(folder / "data")}


@asynccontextmanager
async def _server(uri: str, database: str, folder: Path) -> AsyncIterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    own = environment(uri, database, folder)
    command = [sys.executable, "-m", "media_tracker.cli", "serve", "--port", str(port), "--workers", "1"]
    with (folder / "server.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **own}, stdout=log, stderr=log)
        try:
            await ready(f"http://127.0.0.1:{port}", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            if process.returncode is None:
                process.terminate()
                await asyncio.wait_for(process.wait(), 15)


async def ready(address: str, process: asyncio.subprocess.Process) -> None:
    """Wait until a server that has been started answers."""
    async with ClientSession() as session:
        for _ in range(1200):
            assert process.returncode is None, "the server ended before it answered"
            try:
                async with session.get(f"{address}/readyz") as response:
                    if response.status == 200:
                        return
            except ClientError:
                pass
            await asyncio.sleep(0.1)
    raise AssertionError("the server did not become ready in two minutes")


@asynccontextmanager
async def person(browser: Browser, city: City, role: Role, *, scripts: bool = True) -> AsyncIterator[Page]:
    """Somebody of a role at a browser of their own, signed in, in English."""
    async with sign_in(browser, city, role.value, scripts=scripts) as page:
        yield page


@asynccontextmanager
async def sign_in(browser: Browser, city: City, name: str, *, scripts: bool = True) -> AsyncIterator[Page]:
    """The same for somebody by the name of the account."""
    context = await browser.new_context(
        locale="en-US",
        timezone_id="Asia/Shanghai",
        viewport={"width": 1366, "height": 768},
        java_script_enabled=scripts,
    )
    page = await context.new_page()
    page.set_default_timeout(15_000)
    await page.goto(f"{city.address}/login")
    await page.fill("input[name=username]", name)
    await page.fill("input[name=password]", PASSWORD)
    await page.click("main button:has-text('Sign in')")
    yield page
    await context.close()
