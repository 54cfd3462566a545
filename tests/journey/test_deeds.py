"""A good deed in a real browser, without JavaScript: consent, a picture, a lead, the release. Then axe looks at its pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO

import pytest
from beanie import init_beanie
from bson import ObjectId
from PIL import Image
from playwright.async_api import Browser, Page, expect

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.clock import system_clock
from media_tracker.db.connection import open_database
from media_tracker.db.events import SYSTEM
from media_tracker.deeds.documents import NewDeed
from media_tracker.desk.service import Decision
from media_tracker.ingest.documents import Kind
from media_tracker.ingest.stories import StoryFilter
from media_tracker.settings import Settings
from media_tracker.wiring import DOCUMENTS, Services, assemble, open_fetcher
from tests.journey.axe import assert_accessible
from tests.journey.conftest import City, person

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAME = "甲小乙"


@asynccontextmanager
async def services_of(city: City) -> AsyncIterator[Services]:
    uri, name = city.environment["MONGODB_URI"], city.environment["MEDIA_TRACKER_DATABASE"]
    async with open_database(uri, name) as database:
        await init_beanie(database=database, document_models=list(DOCUMENTS), skip_indexes=True)
        settings = Settings(mongodb_uri=uri, database=name)
        async with open_fetcher(settings) as fetcher:
            yield assemble(settings, database, fetcher, system_clock)


async def filed(city: City) -> str:
    """The city's one story, filed as a good deed; the address of the deed's page."""
    desk = Actor(ObjectId(), frozenset({Role.EDITOR}))
    async with services_of(city) as services:
        [story] = (await services.stories.page(StoryFilter())).stories
        decided = await services.desk.decide(str(story.id), story.version, Decision(Kind.GOOD_DEED), desk, SYSTEM)
        new = NewDeed(title=f"{NAME}清理楼道", deed=f"{NAME}每天清理楼道。", kind="kindness", person=NAME, minor=False)
        deed = await services.desk.file_deed(str(story.id), decided.version, new, None, desk, SYSTEM)
    return f"{city.address}/deeds/{deed.id}"


def picture() -> dict[str, object]:
    stream = BytesIO()
    Image.new("RGB", (640, 480), "olive").save(stream, "JPEG")
    return {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": stream.getvalue()}


async def work_on_it(page: Page, deed: str) -> None:
    """Consent and a picture, recorded by an editor."""
    await page.goto(f"{deed}/edit")
    await page.click("summary:has-text('Record consent')")
    await page.select_option("select[name=way]", "phone")
    await page.click("form:has(select[name=way]) button")
    await expect(page.locator("#people")).to_contain_text("By telephone")
    await page.set_input_files("input[name=photos]", picture())  # type: ignore[arg-type]
    await page.click("form:has(input[name=photos]) button")
    await expect(page.locator(".deed-photo-row img")).to_have_count(1)


async def record_a_lead(page: Page, deed: str) -> str:
    """What a reader called in with; the address of the lead."""
    await page.goto(deed)
    await page.click("text=Record a lead")
    await page.fill("[name=about]", "隔壁楼也有人坚持了十年")
    await page.select_option("select[name=channel]", "hotline")
    await page.fill("[name=phone]", "0533-5550199")
    await page.click("button:has-text('Save the lead')")
    await expect(page.locator("main")).to_contain_text("Encrypted.")
    assert "5550199" not in await page.content()
    await page.click("button:has-text('Show who called')")
    await expect(page.locator("#caller")).to_contain_text("0533-5550199")
    return page.url.removesuffix("/caller")


async def test_a_deed_is_worked_on_and_released_without_javascript_and_everybody_can_read_its_pages(
    chromium: Browser, city: City
) -> None:
    deed = await filed(city)
    async with person(chromium, city, Role.EDITOR, scripts=False) as page:
        await work_on_it(page, deed)
        lead = await record_a_lead(page, deed)
    async with person(chromium, city, Role.PUBLICITY, scripts=False) as page:
        await page.goto(deed)
        await page.click("button:has-text('Release it')")
        await page.click("text=As everybody sees it")
        await expect(page.locator("h1")).to_have_text(f"{NAME}清理楼道")
        public = page.url
    stranger = await chromium.new_context(viewport={"width": 390, "height": 844})
    page = await stranger.new_page()
    await page.goto(public)
    assert await page.evaluate("document.querySelector('.deed-pictures img').naturalWidth") == 640
    assert await page.evaluate("document.documentElement.scrollWidth <= 390"), "nothing sticks out on a phone"
    for address in (public, f"{city.address}/deeds/library"):
        await page.goto(address)
        await assert_accessible(page, languages=("zh_CN",))
    await stranger.close()
    async with person(chromium, city, Role.EDITOR) as page:
        for address in (deed, f"{deed}/edit", lead):
            await page.goto(address)
            await assert_accessible(page, languages=("en",))
