"""The whole path in a real browser: a story becomes a problem, is fixed, is verified by somebody else, and is counted."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from PIL import Image
from playwright.async_api import Browser, Page, expect

from media_tracker.accounts.actor import Role
from media_tracker.db.clock import system_clock
from tests.journey.conftest import City, person

pytestmark = [pytest.mark.browser, pytest.mark.slow]

RESOLVED = "[data-figure][href*='/monitor/resolved?']"


def _photo() -> bytes:
    stream = BytesIO()
    Image.new("RGB", (640, 480), "#6a8f6b").save(stream, "JPEG")
    return stream.getvalue()


async def _resolved(page: Page, city: City) -> int:
    """The monitor's number of problems resolved via media."""
    await page.goto(f"{city.address}/monitor")
    return int(await page.locator(RESOLVED).first.get_attribute("data-figure") or "")


async def _step(page: Page, name: str) -> None:
    """Open the form of a step on a problem's page."""
    if not await page.locator(f"details#step-{name}").get_attribute("open"):
        await page.click(f"details#step-{name} > summary")


async def _send(page: Page, name: str) -> None:
    await page.click(f"details#step-{name} .form-actions button")


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
async def test_a_story_becomes_a_solved_problem_that_is_counted_once(
    chromium: Browser, city: City, scripts: bool
) -> None:
    async with person(chromium, city, Role.PUBLICITY, scripts=scripts) as publicity:
        assert await _resolved(publicity, city) == 0

        async with person(chromium, city, Role.EDITOR, scripts=scripts) as editor:
            await editor.goto(f"{city.address}/desk")
            await expect(editor.locator("mark.ev").first).to_be_visible()
            await editor.check("input[name=kind][value=exposure]")
            await editor.select_option("select[name=category]", "201", force=True)
            await editor.fill("input[name=region]", "张店区和平街道")
            await editor.fill("input[name=place]", "柳荫里小区北门")
            await editor.click("main button:has-text('Accept')")
            await editor.fill("input[name=title]", "柳荫里小区北门垃圾桶满溢")
            await editor.click("main button:has-text('Register the problem')")
            await expect(editor.locator("main")).to_contain_text("Nothing waits")
            await editor.goto(f"{city.address}/problems")
            await editor.click("main a:has-text('柳荫里小区北门垃圾桶满溢')")
            problem = editor.url
            await _step(editor, "assign")
            await editor.select_option("#step-assign select[name=unit_id]", label=city.unit)
            await _send(editor, "assign")
            await expect(editor.locator("main")).to_contain_text(city.unit)

        async with person(chromium, city, Role.OFFICIAL, scripts=scripts) as official:
            await official.goto(problem)
            await _step(official, "claim")
            await official.check("#step-claim input[name=outcome][value=resolved]")
            await official.fill("#step-claim textarea[name=text]", "已清运，地面已冲洗，增加一次清运。")
            fixed = (system_clock() - timedelta(hours=1)).astimezone(ZoneInfo("Asia/Shanghai"))
            await official.fill("#step-claim input[name=fixed_at]", f"{fixed:%Y-%m-%dT%H:%M}")
            photo = {"name": "after.jpg", "mimeType": "image/jpeg", "buffer": _photo()}
            await official.set_input_files("#step-claim input[name=after]", [photo])
            await _send(official, "claim")
            await expect(official.locator("details#step-verify")).to_have_count(0)
            photo_address = await official.locator("main img[src^='/files/']").first.get_attribute("src")
            assert (await official.request.get(f"{city.address}{photo_address}")).ok
        assert await _resolved(publicity, city) == 0  # claimed is not solved

        async with person(chromium, city, Role.INSPECTOR, scripts=scripts) as inspector:
            await inspector.goto(problem)
            await _step(inspector, "verify")
            await inspector.check("#step-verify input[name=verified_outcome][value=resolved]")
            await inspector.check("#step-verify input[name=basis][value=on_site]")
            await inspector.fill("#step-verify textarea[name=text]", "到场核查，已清理。")
            await inspector.set_input_files("#step-verify input[name=after]", [photo])
            await _send(inspector, "verify")
            await expect(inspector.locator("details#step-verify")).to_have_count(0)

        assert await _resolved(publicity, city) == 1
        await publicity.click(RESOLVED)
        await expect(publicity.locator("main")).to_contain_text("柳荫里小区北门垃圾桶满溢")

        await publicity.goto(problem)
        await _step(publicity, "close")
        await _send(publicity, "close")
        assert await _resolved(publicity, city) == 1


async def test_strangers_see_a_figure_only_once_it_is_released(chromium: Browser, city: City) -> None:
    context = await chromium.new_context(locale="zh-CN")
    stranger = await context.new_page()
    await stranger.goto(city.address)
    assert await stranger.locator("[data-figure]").count() == 0
    async with person(chromium, city, Role.PUBLICITY) as publicity:
        await publicity.goto(f"{city.address}/bulletins/new")
        await publicity.click("main details.confirm > summary")
        await publicity.click("main form[method=post] button")
    await stranger.reload()
    figures = stranger.locator("[data-figure]")
    assert await figures.count() > 0
    for index in range(await figures.count()):
        figure = figures.nth(index)
        count = int(await figure.get_attribute("data-figure") or "")
        other = await context.new_page()
        await other.goto(f"{city.address}{await figure.get_attribute('href')}")
        assert await other.locator("main tbody tr").count() == count
        await other.close()
    await context.close()
