"""With scripts a list is filtered where it stands, and going back goes back; a phone's filters are folded."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Page, expect

from media_tracker.accounts.actor import Role
from tests.journey.conftest import City, person

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROWS = "main tbody tr"
MARK = "window.stillHere = true"
MARKED = "window.stillHere === true"


def _complaints(page: Page) -> list[str]:
    """What the browser complains of from now on: scripts that fail, styles that the content security policy stops."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


async def test_a_list_is_filtered_without_loading_the_page_again(chromium: Browser, city: City) -> None:
    async with person(chromium, city, Role.EDITOR) as editor:
        said = _complaints(editor)
        await editor.goto(f"{city.address}/stories")
        await expect(editor.locator(ROWS)).to_have_count(1)
        await editor.evaluate(MARK)
        await editor.fill("input[name=q]", "没有这样的词")
        await editor.press("input[name=q]", "Enter")
        await expect(editor.locator(ROWS)).to_have_count(0)
        assert await editor.evaluate(MARKED), "the page was loaded again"
        assert "q=%E6%B2%A1" in editor.url
        assert await editor.locator("header.top").count() == 1, "the answer is a part of the page"
        await editor.go_back()
        await expect(editor.locator(ROWS)).to_have_count(1)
        assert editor.url == f"{city.address}/stories"
        await editor.goto(f"{city.address}/problems?show=all")
        await editor.evaluate(MARK)
        await editor.select_option("select[name=state]", "closed")
        await expect(editor).to_have_url(
            re.compile(r"/problems\?show=all&words=&state=closed&light=&region=&category=&")
        )
        assert await editor.evaluate(MARKED)
        assert said == []


async def test_the_queue_opens_a_story_in_place(chromium: Browser, city: City) -> None:
    async with person(chromium, city, Role.EDITOR) as editor:
        said = _complaints(editor)
        await editor.goto(f"{city.address}/desk")
        await editor.evaluate(MARK)
        await editor.click(".queue a")
        await expect(editor).to_have_url(f"{city.address}/desk?story={await _open_story(editor)}")
        assert await editor.evaluate(MARKED)
        await editor.keyboard.press("f")
        await expect(editor.locator("input[name=kind][value=follow_up]")).to_be_checked()
        assert said == []


async def test_filters_are_folded_on_a_phone_and_only_there(chromium: Browser, city: City) -> None:
    async with person(chromium, city, Role.VIEWER) as viewer:
        await viewer.goto(f"{city.address}/stories")
        await expect(viewer.locator("input[name=q]")).to_be_visible()
        await expect(viewer.locator(".fold-small > summary")).to_be_hidden()
        await viewer.set_viewport_size({"width": 390, "height": 844})
        await viewer.reload()
        await expect(viewer.locator("input[name=q]")).to_be_hidden()
        await viewer.click(".fold-small > summary")
        await expect(viewer.locator("input[name=q]")).to_be_visible()


async def _open_story(page: Page) -> str:
    action = await page.locator(".desk-form form").first.get_attribute("action") or ""
    return action.split("/")[2]
