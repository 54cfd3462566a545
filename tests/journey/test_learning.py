"""An editor corrects ten suggestions, has a version trained, and finds the eleventh story seen as the ten were decided.

Everything is real: the feed, the model, the worker that trains it, the browser.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from media_tracker.accounts.actor import Role
from tests.journey.conftest import City, a_city, person
from tests.journey.diaries import DIARIES

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

ITEM = (
    "<item><title>{title}</title><guid>diary-{number}</guid><link>https://paper.example/diary/{number}</link>"
    "<category>红袖标日记</category><pubDate>{{published}}</pubDate><description>{body}</description></item>"
)
PUBLISHED = (
    '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>样报</title>'
    + "".join(
        ITEM.format(title=escape(title), body=escape(body), number=number)
        for number, (title, body) in enumerate(DIARIES)
    )
    + "</channel></rss>"
)
PATIENCE = 180_000
"""Milliseconds for a worker to train a version on a busy machine."""


@pytest_asyncio.fixture
async def newsroom(mongodb_uri: str, tmp_path: Path, worker_id: str) -> AsyncIterator[City]:
    """A city whose outlet publishes the diaries."""
    async with a_city(mongodb_uri, tmp_path, f"media_tracker_learning_{worker_id}_{os.getpid()}", PUBLISHED) as made:
        yield made


@asynccontextmanager
async def worker(city: City) -> AsyncIterator[None]:
    """A worker of the installation, until the block ends."""
    command = [sys.executable, "-m", "media_tracker.cli", "worker"]
    with (city.folder / "worker.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command, env={**os.environ, **city.environment}, stdout=log, stderr=log
        )
        try:
            yield
        finally:
            if process.returncode is None:
                process.terminate()
                await asyncio.wait_for(process.wait(), 30)


async def test_ten_corrections_make_the_eleventh_suggestion_better(chromium: Browser, newsroom: City) -> None:
    async with worker(newsroom), person(chromium, newsroom, Role.EDITOR) as editor:
        await _wait_for(editor, newsroom, "Version 0 is in use")
        addresses = await _addresses(editor, newsroom)
        eleventh = addresses.pop(DIARIES[10][0])
        await editor.goto(eleventh)
        before = await _suggested(editor)
        meant, key = ("notice", "n") if before != "notice" else ("other", "o")
        for address in addresses.values():
            await editor.goto(address)
            await editor.keyboard.press(key)
            async with editor.expect_response(lambda answer: answer.request.method == "POST"):
                await editor.keyboard.press("a")  # that the one before was decided stands on the page already
            await expect(editor.locator("main")).to_contain_text("Decided:")
        await editor.goto(f"{newsroom.address}/admin/learning")
        await expect(editor.locator("#now")).to_contain_text("10 new decisions")
        await editor.click("button:has-text('Train a version now')")
        await _wait_for(editor, newsroom, "Version 1 is in use")
        await _until_suggested(editor, eleventh, meant)
        await expect(editor.locator(f"input[name=kind][value={meant}]")).to_be_checked()
        hint = editor.locator("#f-kind-hint")
        await expect(hint).to_contain_text("Filled in from the suggestion:")
        assert await hint.locator("mark").count() > 0, "it is said because of which words"
        assert before != meant


async def _wait_for(page: Page, city: City, sentence: str) -> None:
    """Load the page of what has been learnt again and again, until it says ``sentence``."""
    async with asyncio.timeout(PATIENCE / 1000):
        while True:
            await page.goto(f"{city.address}/admin/learning")
            if sentence in await page.inner_text("main"):
                return
            await asyncio.sleep(0.5)


async def _until_suggested(page: Page, address: str, kind: str) -> None:
    """Stories that wait are looked at again by the worker, shortly after a version has come into use."""
    async with asyncio.timeout(PATIENCE / 1000):
        while True:
            await page.goto(address)
            if await _suggested(page) == kind:
                return
            await asyncio.sleep(0.5)


async def _addresses(page: Page, city: City) -> dict[str, str]:
    """Title → address on the desk of every story that waits."""
    await page.goto(f"{city.address}/desk")
    links = await page.locator(".queue a").all()
    found = {
        (await link.locator(".queue-title").inner_text()).strip(): city.address
        + (await link.get_attribute("href") or "")
        for link in links
    }
    assert set(found) == {title for title, _ in DIARIES}
    return found


async def _suggested(page: Page) -> str:
    """The kind that stands in the form, or that is suggested beside it."""
    checked = page.locator("input[name=kind]:checked")
    if await checked.count():
        return await checked.get_attribute("value") or ""
    kinds = {"Exposure": "exposure", "Follow-up": "follow_up", "Good deed": "good_deed", "Notice": "notice"}
    said = page.locator("#f-kind-hint strong")
    return kinds.get(await said.inner_text(), "other") if await said.count() else ""
