"""The life of a problem in a real browser: sent back, given more time, checked in vain, done again, closed, and come back."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from beanie import init_beanie
from PIL import Image
from playwright.async_api import Browser, FilePayload, Page, expect

from media_tracker.accounts.actor import Role
from media_tracker.accounts.duties import Duties
from media_tracker.db.clock import system_clock
from media_tracker.db.connection import open_database
from media_tracker.settings import Settings
from media_tracker.wiring import DOCUMENTS, assemble, open_fetcher
from tests.journey.conftest import PASSWORD, City, person, ready, sign_in
from tests.journey.later import AHEAD

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROADS, ROADS_OFFICIAL = "样区道路养护部门", "roads"
TITLE = "柳荫里小区北门垃圾桶满溢"
SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEKS_LATER = 40
"""Days: more than the thirty within which a closing is taken back."""


@pytest_asyncio.fixture
async def two_units(city: City) -> City:
    """The city, with a second unit that is given the problem first."""
    uri, name = city.environment["MONGODB_URI"], city.environment["MEDIA_TRACKER_DATABASE"]
    settings = Settings(mongodb_uri=uri, database=name)
    async with open_database(uri, name) as database:
        await init_beanie(database=database, document_models=list(DOCUMENTS), skip_indexes=True)
        async with open_fetcher(settings) as fetcher:
            services = assemble(settings, database, fetcher, system_clock)
            unit = await services.places.add_unit(ROADS, region="370303")
            duties = Duties(frozenset({Role.OFFICIAL}), unit_ids=(unit,))
            await services.accounts.add_user(
                ROADS_OFFICIAL, ROADS_OFFICIAL, duties, password=PASSWORD, must_change_password=False
            )
    return city


@asynccontextmanager
async def weeks_later(city: City) -> AsyncIterator[City]:
    """The same installation after ``WEEKS_LATER`` days: a second server, on a clock that is ahead."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "tests.journey.later", str(port)]
    environment = {**os.environ, **city.environment, AHEAD: str(WEEKS_LATER)}
    with (city.folder / "later.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=log, stderr=log)
        try:
            await ready(f"http://127.0.0.1:{port}", process)
            yield replace(city, address=f"http://127.0.0.1:{port}")
        finally:
            if process.returncode is None:
                process.terminate()
                await asyncio.wait_for(process.wait(), 15)


def _photo(colour: str) -> FilePayload:
    stream = BytesIO()
    Image.new("RGB", (640, 480), colour).save(stream, "JPEG")
    return FilePayload(name="photo.jpg", mimeType="image/jpeg", buffer=stream.getvalue())


async def _take(page: Page, step: str, text: str = "", *ticks: str, photo: str = "", **fields: str) -> None:
    """Take a step on a problem's page: its words, what is ticked (``name=value``), a photo of a colour, other fields."""
    form = f"details#step-{step}"
    if not await page.locator(form).evaluate("each => each.open"):
        await page.click(f"{form} > summary")
    if text:
        await page.fill(f"{form} textarea[name=text]", text)
    for tick in ticks:
        name, value = tick.split("=")
        await page.check(f"{form} input[name={name}][value={value}]")
    for name, value in fields.items():
        await page.fill(f"{form} input[name={name}]", value)
    if photo:
        await page.set_input_files(f"{form} input[name=after]", [_photo(photo)])
    async with page.expect_navigation():  # a form that the browser holds back is no step
        await page.click(f"{form} .form-actions button >> nth=0")
    await expect(page.locator("#flashes")).to_contain_text("It is in the history.")


async def _assign(page: Page, unit: str) -> None:
    await page.click("details#step-assign > summary")
    await page.select_option("#step-assign select[name=unit_id]", label=unit)
    await _take(page, "assign")


async def _is(page: Page, state: str) -> None:
    await expect(page.locator(f".problem-line .badge.state-{state}")).to_be_visible()


async def _expose(editor: Page, city: City) -> str:
    """The desk makes a problem of the story that has come in. Its address, without the host."""
    await editor.goto(f"{city.address}/desk")
    await editor.check("input[name=kind][value=exposure]")
    await editor.select_option("select[name=category]", "201", force=True)
    await editor.fill("input[name=region]", "张店区和平街道")
    await editor.fill("input[name=place]", "柳荫里小区北门")
    await editor.click("main button:has-text('Accept')")
    await editor.fill("input[name=title]", TITLE)
    await editor.click("main button:has-text('Register the problem')")
    await expect(editor.locator("main")).to_contain_text("Nothing waits")
    await editor.goto(f"{city.address}/problems")
    await editor.click(f"main a:has-text('{TITLE}')")
    await _is(editor, "registered")
    return editor.url.removeprefix(city.address)


async def _resolved(page: Page, city: City) -> int:
    """The monitor's number of problems resolved via media."""
    await page.goto(f"{city.address}/monitor")
    figure = page.locator("[data-figure][href*='/monitor/resolved?']").first
    return int(await figure.get_attribute("data-figure") or "")


async def _claim(page: Page, text: str, photo: str) -> None:
    fixed = (system_clock() - timedelta(minutes=1)).astimezone(SHANGHAI)
    await _take(page, "claim", text, "outcome=resolved", photo=photo, fixed_at=f"{fixed:%Y-%m-%dT%H:%M}")
    await _is(page, "claimed_fixed")


async def test_a_problem_is_sent_back_extended_checked_in_vain_done_again_closed_and_comes_back(
    chromium: Browser, two_units: City
) -> None:
    city = two_units
    async with (
        person(chromium, city, Role.EDITOR) as editor,
        person(chromium, city, Role.PUBLICITY) as office,
        person(chromium, city, Role.OFFICIAL) as cleaners,
        person(chromium, city, Role.INSPECTOR) as inspector,
        sign_in(chromium, city, ROADS_OFFICIAL) as roads,
    ):
        path = await _expose(editor, city)
        problem = f"{city.address}{path}"
        await _assign(editor, ROADS)

        await roads.goto(problem)
        await _take(roads, "return", "小区内垃圾桶不归道路养护。")
        await _is(roads, "returned")
        await office.goto(problem)
        await expect(office.locator("#history")).to_contain_text("小区内垃圾桶不归道路养护。")
        await _assign(office, city.unit)
        await _is(office, "assigned")

        await cleaners.goto(problem)
        await _take(cleaners, "start", "增派一辆清运车。")
        due = (system_clock() + timedelta(days=12)).astimezone(SHANGHAI)
        await _take(cleaners, "ask_extension", "清运车后天才到。", due_at=f"{due:%Y-%m-%dT18:00}")
        await office.reload()
        await expect(office.locator("#step-extend input[name=due_at]")).to_have_value(f"{due:%Y-%m-%dT18:00}")
        await _take(office, "extend", "同意，车辆到位后立即清运。")
        await expect(office.locator(".problem-line .deadline")).to_contain_text("originally")

        await cleaners.reload()
        await _claim(cleaners, "已清运。", "#6a8f6b")
        await inspector.goto(problem)
        await _take(inspector, "fail", "桶边仍有散落垃圾。", "basis=on_site", photo="#8f6a6b")
        await _is(inspector, "rework")
        await expect(inspector.locator("details#step-verify")).to_have_count(0)
        assert await _resolved(office, city) == 0

        await cleaners.reload()
        await _claim(cleaners, "桶边已清扫，每日两次清运。", "#6a6b8f")
        await inspector.reload()
        await _take(
            inspector, "verify", "到场核查，已清理。", "verified_outcome=resolved", "basis=on_site", photo="#6b8f8f"
        )
        await _is(inspector, "verified")
        await office.goto(problem)
        await _take(office, "close")
        await _is(office, "closed")
        for seen in ("桶边仍有散落垃圾。", "已清运。", "桶边已清扫，每日两次清运。"):
            await expect(office.locator("#rounds")).to_contain_text(seen)
        assert await _resolved(office, city) == 1

    async with weeks_later(city) as later, person(chromium, later, Role.INSPECTOR) as inspector:
        await inspector.goto(f"{later.address}/problems/look-backs?show=overdue")
        await inspector.click(f"main a:has-text('{TITLE}')")
        await _take(inspector, "look_back", "桶边又堆满了。", "found=came_back", "basis=on_site", photo="#8f8f6b")
        await _is(inspector, "closed")  # too late to take the closing back: what came back is a case of its own
        await inspector.click(".notice:has-text('came back') a")
        await _is(inspector, "registered")
        await expect(inspector.locator("#reports")).to_contain_text("patrol", ignore_case=True)
        await inspector.click(f"main .notice a[href='{path}']")
        await _is(inspector, "closed")
