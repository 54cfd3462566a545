"""Two units in a real browser: the one writes and reviews its answer, the other sees none of it. And a phone with a link."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from beanie import init_beanie
from bson import ObjectId
from PIL import Image
from playwright.async_api import Browser, Page, expect

from media_tracker.accounts.actor import Actor, Role
from media_tracker.accounts.duties import Duties
from media_tracker.db.clock import system_clock
from media_tracker.db.connection import open_database
from media_tracker.db.events import SYSTEM
from media_tracker.problems.case import Channel, Report
from media_tracker.problems.service import NewProblem
from media_tracker.problems.steps import Command, Step
from media_tracker.settings import Settings
from media_tracker.wiring import DOCUMENTS, Services, assemble, open_fetcher
from tests.journey.conftest import PASSWORD, City

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WRITER, REVIEWER, OTHER = "writer", "reviewer", "other_unit"


@dataclass(frozen=True)
class Apart:
    """The city with a problem of one unit, two officials of that unit and one of another."""

    city: City
    number: str


@pytest_asyncio.fixture
async def apart(city: City) -> Apart:
    uri, name = city.environment["MONGODB_URI"], city.environment["MEDIA_TRACKER_DATABASE"]
    async with open_database(uri, name) as database:
        await init_beanie(database=database, document_models=list(DOCUMENTS), skip_indexes=True)
        settings = Settings(mongodb_uri=uri, database=name)
        async with open_fetcher(settings) as fetcher:
            number = await _fill(assemble(settings, database, fetcher, system_clock), city.unit)
    return Apart(city, number)


async def _fill(services: Services, unit_name: str) -> str:
    unit = next(unit.id for unit in await services.places.units() if unit.name == unit_name)
    other = await services.places.add_unit("样区道路养护部门", region="370303")
    for name, units in ((WRITER, (unit,)), (REVIEWER, (unit,)), (OTHER, (other,))):
        duties = Duties(frozenset({Role.OFFICIAL}), unit_ids=units)
        await services.accounts.add_user(name, name, duties, password=PASSWORD, must_change_password=False)
    await services.places.set_unit_reviews(str(unit), True)
    desk = Actor(ObjectId(), frozenset({Role.EDITOR}))
    now = system_clock()
    report = Report(id=ObjectId(), channel=Channel.TICKET, occurred_at=now, received_at=now, outside_number="HZ-1")
    new = NewProblem(await services.problems.draw_number(), "墙角垃圾未清", "样区北路 3 号", "202", "370303")
    problem = await services.problems.register(new, [report], desk, SYSTEM)
    command = Command(Step.ASSIGN, now, unit_id=unit)
    return (await services.problems.act(problem.number, problem.case.version, command, desk, SYSTEM)).number


@asynccontextmanager
async def somebody(browser: Browser, apart: Apart, name: str) -> AsyncIterator[Page]:
    """Somebody signed in by name, in English."""
    context = await browser.new_context(locale="en-US", viewport={"width": 1366, "height": 768})
    page = await context.new_page()
    page.set_default_timeout(20_000)
    await page.goto(f"{apart.city.address}/login")
    await page.fill("input[name=username]", name)
    await page.fill("input[name=password]", PASSWORD)
    await page.click("main button:has-text('Sign in')")
    yield page
    await context.close()


def picture(colour: str) -> dict[str, object]:
    stream = BytesIO()
    Image.new("RGB", (640, 480), colour).save(stream, "JPEG")
    return {"name": f"{colour}.jpg", "mimeType": "image/jpeg", "buffer": stream.getvalue()}


async def test_an_official_of_another_unit_sees_no_draft_and_cannot_act_for_or_verify_as_the_unit(
    chromium: Browser, apart: Apart
) -> None:
    address = f"{apart.city.address}/problems/{apart.number}"
    async with somebody(chromium, apart, WRITER) as writer, somebody(chromium, apart, OTHER) as other:
        await writer.goto(address)
        await writer.click("#unit-work a:has-text('Write the answer')")
        await writer.fill("textarea[name=text]", "已清运一半。")
        await writer.set_input_files("input[name=after]", [picture("green")])  # type: ignore[list-item]
        await writer.click("button:has-text('Save the draft')")
        await expect(writer.locator("textarea[name=text]")).to_have_value("已清运一半。")
        photo = await writer.locator("main .photo img").first.get_attribute("src")

        assert (await other.request.get(f"{address}/answer")).status == 403
        assert (await other.request.get(f"{apart.city.address}{photo}")).status == 404
        await other.goto(address)
        await expect(other.locator("main")).not_to_contain_text("已清运一半。")
        for step in ("acknowledge", "start", "claim", "return", "verify", "fail", "close"):
            await expect(other.locator(f"#step-{step}")).to_have_count(0)
        token = await other.locator("input[name=_csrf_token]").first.get_attribute("value") or ""
        for step in ("acknowledge", "start", "claim", "verify", "fail"):
            form = {"_csrf_token": token, "version": "2", "text": "x", "outcome": "nothing_found", "basis": "on_site"}
            answer = await other.request.post(f"{address}/steps/{step}", form=form, max_redirects=0)
            assert answer.status in (403, 409, 422), step
        now = system_clock().astimezone(ZoneInfo("Asia/Shanghai"))
        await writer.check("input[name=outcome][value=resolved]")
        await writer.fill("input[name=fixed_at]", f"{now - timedelta(minutes=5):%Y-%m-%dT%H:%M}")
        await writer.fill("textarea[name=text]", "已全部清运。")
        await writer.click("button:has-text('Hand in for review')")
        await expect(writer.locator("#unit-work")).to_contain_text("handed in for review")
        await other.goto(address)
        await expect(other.locator("main")).not_to_contain_text("已全部清运。")
    async with somebody(chromium, apart, REVIEWER) as reviewer:
        await reviewer.goto(address)
        await reviewer.click("#unit-work a:has-text('Review the answer')")
        await reviewer.click("button:has-text('Release the answer')")
        await expect(reviewer.locator("#rounds")).to_contain_text("已全部清运。")
    async with somebody(chromium, apart, OTHER) as other:  # what has gone out they may read, and not check
        await other.goto(address)
        await expect(other.locator("#rounds")).to_contain_text("已全部清运。")
        await expect(other.locator("#steps")).to_have_count(0)
        token = await other.locator("input[name=_csrf_token]").first.get_attribute("value") or ""
        form = {"_csrf_token": token, "text": "x", "verified_outcome": "resolved", "basis": "on_site"}
        for step in ("verify", "fail"):
            address_of_step = f"{address}/steps/{step}"
            tries = [{**form, "version": str(version)} for version in range(1, 9)]
            met = [(await other.request.post(address_of_step, form=each, max_redirects=0)).status for each in tries]
            assert sorted(met) == [403] + [409] * 7, step  # one of these is the present version, the others are stale


async def test_a_phone_without_scripts_hands_photos_in_by_a_link_and_the_unit_takes_them_over(
    chromium: Browser, apart: Apart
) -> None:
    address = f"{apart.city.address}/problems/{apart.number}"
    async with somebody(chromium, apart, WRITER) as writer:
        await writer.goto(f"{address}/errands")
        await writer.fill("textarea[name=text]", "请清理北墙角并拍照。")
        due = system_clock().astimezone(ZoneInfo("Asia/Shanghai")) + timedelta(days=1)
        await writer.fill("input[name=due_at]", f"{due:%Y-%m-%dT%H:%M}")
        await writer.click("button:has-text('Make the link')")
        link = re.sub(r"\s", "", await writer.locator(".secret code").inner_text())
        context = await chromium.new_context(
            locale="zh-CN", viewport={"width": 390, "height": 844}, java_script_enabled=False
        )
        phone = await context.new_page()
        await phone.goto(link)
        await expect(phone.locator("main")).to_contain_text("请清理北墙角并拍照。")
        assert apart.number not in await phone.content()
        assert await phone.evaluate("document.documentElement.scrollWidth") <= 390
        await phone.set_input_files("input[name=photos]", [picture("red"), picture("blue")])  # type: ignore[list-item]
        await phone.fill("textarea[name=text]", "已清理。")
        await phone.click("button[value=done]")
        await expect(phone.locator("main")).to_contain_text("链接已失效")
        await context.close()
        await writer.goto(address)
        await expect(writer.locator("#unit-work")).to_contain_text("已清理。")
        await writer.click("#unit-work button:has-text('Take it over')")
        await writer.click("#unit-work a:has-text('Go on with the answer')")
        await expect(writer.locator("main .photo img")).to_have_count(2)
