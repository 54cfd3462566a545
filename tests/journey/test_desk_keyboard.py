"""A morning at the desk in a real browser: by keyboard alone, two editors at once, without JavaScript, on a phone, and by axe."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from beanie import init_beanie
from playwright.async_api import Browser, Page, Response, expect

from media_tracker.accounts.actor import Role
from media_tracker.accounts.duties import Duties
from media_tracker.db.clock import system_clock
from media_tracker.db.connection import Database, open_database
from media_tracker.ingest.documents import Kind
from media_tracker.settings import Settings
from media_tracker.wiring import DOCUMENTS, assemble, open_fetcher
from tests.journey.axe import assert_accessible, violations
from tests.journey.conftest import PASSWORD, City, a_city, person, sign_in
from tests.journey.desk_feed import DOCUMENT, STORIES

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SECOND = "second_editor"
KINDS = {each.title: each.kind for each in STORIES}
LETTERS = {Kind.EXPOSURE: "e", Kind.FOLLOW_UP: "f", Kind.GOOD_DEED: "g", Kind.NOTICE: "n", Kind.OTHER: "o"}
TITLE = "#desk-title .story-title"


@dataclass(frozen=True)
class Morning:
    """The city whose outlet has published thirty stories, and its database."""

    city: City
    database: Database


@pytest_asyncio.fixture(scope="module")
async def morning(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> AsyncIterator[Morning]:
    """One server for all tests of this file; they leave the stories as the next one wants them."""
    name = f"media_tracker_desk_{worker_id}_{os.getpid()}"
    folder: Path = tmp_path_factory.mktemp("desk")
    async with a_city(mongodb_uri, folder, name, DOCUMENT) as city, open_database(mongodb_uri, name) as database:
        await init_beanie(database=database, document_models=list(DOCUMENTS), skip_indexes=True)
        settings = Settings(mongodb_uri=mongodb_uri, database=name)
        async with open_fetcher(settings) as fetcher:
            services = assemble(settings, database, fetcher, system_clock)
            duties = Duties(frozenset({Role.EDITOR}))
            await services.accounts.add_user(SECOND, SECOND, duties, password=PASSWORD, must_change_password=False)
        yield Morning(city, database)


async def _open_at(page: Page) -> str:
    return await page.locator("#desk-story").get_attribute("data-story") or ""


async def _press(page: Page, *keys: str) -> None:
    for key in keys:
        await page.keyboard.press(key)


def _sent(response: Response) -> bool:
    """The answer to a form of the desk; not to the page's word that its story is still open."""
    return response.request.method == "POST" and not response.url.endswith("/claim")


async def _press_and_go_on(page: Page, key: str) -> None:
    """Press a key that sends a form, and wait for the page that follows; nothing is clicked."""
    async with page.expect_response(_sent) as answer:
        await page.keyboard.press(key)
    assert (await answer.value).status == 200, await (await answer.value).text()
    await expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)


async def _choose(page: Page, key: str, typed: str, value: str) -> None:
    """Jump into a field by its key, type, and take the first suggestion, which must be ``value``."""
    await page.keyboard.press(key)
    await page.keyboard.press("Control+A")
    await page.keyboard.type(typed)
    await expect(page.locator("[role=option][aria-selected=true]")).to_contain_text(value)
    await _press(page, "Enter", "Escape")


async def _tag(page: Page, kind: Kind) -> None:
    """What an editor types for one story of the feed."""
    await page.keyboard.press(LETTERS[kind])
    if kind is Kind.EXPOSURE:
        await _choose(page, "r", "zdq", "张店区")
        if not await page.locator("input#f-category").input_value():
            await _choose(page, "c", "lj", "垃圾")
        if not await page.locator("#f-place").input_value():
            await page.keyboard.press("p")
            await page.keyboard.type("柳荫里门前")
            await page.keyboard.press("Escape")
        await _press_and_go_on(page, "0")
    elif kind is Kind.FOLLOW_UP:
        await _press_and_go_on(page, "a")
        await _press_and_go_on(page, "x")  # praise of a fix that nobody had exposed
    elif kind is Kind.GOOD_DEED:
        await _press_and_go_on(page, "a")
        await expect(page.locator("#f-deed_title")).to_be_visible()
        await _press_and_go_on(page, "a")
    else:
        await _press_and_go_on(page, "Enter")


async def test_thirty_stories_are_tagged_by_keyboard_alone_and_the_last_one_is_taken_back(
    chromium: Browser, morning: Morning
) -> None:
    stories = morning.database["stories"]
    async with person(chromium, morning.city, Role.EDITOR) as editor:
        await editor.context.add_cookies([{"name": "language", "value": "zh_CN", "url": morning.city.address}])
        await editor.goto(f"{morning.city.address}/desk")
        await editor.evaluate("window.stillHere = true")
        done: list[str] = []
        while await editor.locator("#desk-story").count():
            done.append(await editor.locator(TITLE).inner_text())
            assert len(done) <= len(STORIES), f"the desk shows {done[-1]} again"
            await _tag(editor, KINDS[done[-1]])
        assert sorted(done) == sorted(KINDS)
        assert await editor.evaluate("window.stillHere === true"), "the page was loaded again"
        told = {row["title"]: row["decision"]["kind"] async for row in stories.find()}
        assert told == {title: kind.value for title, kind in KINDS.items()}
        assert await stories.count_documents({"desk": {"$ne": "decided"}}) == 0
        assert await morning.database["problems"].count_documents({}) == 6
        assert await morning.database["deeds"].count_documents({}) == 6
        regions = [row["decision"]["region"] async for row in stories.find({"decision.kind": "exposure"})]
        assert regions == ["370303"] * 6

        await _press_and_go_on(editor, "u")
        await expect(editor.locator(TITLE)).to_have_text(done[-1])
        assert [row["title"] async for row in stories.find({"desk": "pending"})] == [done[-1]]


async def test_the_second_editor_sees_who_has_a_story_and_cannot_decide_it(chromium: Browser, morning: Morning) -> None:
    await _wait_again(morning)
    async with person(chromium, morning.city, Role.EDITOR) as first, sign_in(chromium, morning.city, SECOND) as second:
        await first.goto(f"{morning.city.address}/desk")
        story = await _open_at(first)
        await second.goto(f"{morning.city.address}/desk?story={story}")
        await expect(second.locator("#desk-form")).to_contain_text("editor has this story open")
        await expect(second.locator(".decide-form")).to_have_count(0)
        await second.goto(f"{morning.city.address}/desk")
        assert await _open_at(second) != story
        await expect(second.locator(f".queue li:has(a[href$='{story}'])")).to_contain_text("editor")


async def test_the_next_story_is_there_before_it_is_needed(chromium: Browser, morning: Morning) -> None:
    await _wait_again(morning)
    async with person(chromium, morning.city, Role.EDITOR) as editor:
        await editor.goto("about:blank")  # signing in has opened the desk, which looks ahead too
        looks: list[str] = []
        editor.on(
            "request",
            lambda request: looks.append(request.url) if request.headers.get("x-desk-ahead") == "look" else None,
        )
        async with editor.expect_response(lambda response: "x-desk-tag" in response.headers) as look:
            await editor.goto(f"{morning.city.address}/desk")
        await (await look.value).finished()
        here, behind = await _open_at(editor), await editor.locator("[data-next]").get_attribute("href") or ""
        assert set(looks) == {f"{morning.city.address}{behind}"}
        await editor.wait_for_timeout(1000)  # the script puts away what has come
        async with editor.expect_response(_sent) as answer:
            await _press(editor, "n", "a")
        assert "<!--ahead-->" in await (await answer.value).text()
        await expect(editor.locator("#desk-story")).not_to_have_attribute("data-story", here)
        assert editor.url == f"{morning.city.address}{behind}"
        await expect(editor.locator("#desk-story")).to_be_focused()
        title = await editor.locator(TITLE).inner_text()
        await expect(editor.locator("#live")).to_have_text(f"Decided: Notice. Next: {title}")


async def test_a_list_of_suggestions_is_walked_by_arrows_and_left_by_escape(
    chromium: Browser, morning: Morning
) -> None:
    await _wait_again(morning)
    async with person(chromium, morning.city, Role.EDITOR) as editor:
        await editor.goto(f"{morning.city.address}/desk")
        await editor.keyboard.press("r")
        region = editor.locator("#f-region")
        await region.fill("")
        await editor.keyboard.type("hpjd")
        await expect(editor.locator("[role=option]").first).to_contain_text("和平街道")
        await expect(region).to_have_attribute("aria-expanded", "true")
        assert await violations(editor) == [], "with the list open"
        await _press(editor, "ArrowDown", "ArrowUp", "Enter")
        await expect(region).to_have_value("张店区和平街道")
        await expect(region).to_have_attribute("aria-expanded", "false")
        await editor.keyboard.type("x")
        await _press(editor, "Escape", "Escape")
        assert await editor.evaluate("document.activeElement.id") == "desk-story"
        await editor.keyboard.press("?")
        await expect(editor.locator("#keys")).to_contain_text("Accept")


async def test_without_scripts_a_story_is_decided_tied_and_filed(chromium: Browser, morning: Morning) -> None:
    await _wait_again(morning)
    stories = morning.database["stories"]
    exposure, deed = [await stories.find_one({"title": _first(kind)}) for kind in (Kind.EXPOSURE, Kind.GOOD_DEED)]
    assert exposure is not None
    assert deed is not None
    async with person(chromium, morning.city, Role.EDITOR, scripts=False) as editor:
        await editor.goto(f"{morning.city.address}/desk?story={exposure['_id']}")
        await editor.check("input[name=kind][value=exposure]")
        await editor.select_option("select[name=category]", "201")
        await editor.fill("input[name=region]", "张店区")
        await editor.fill("input[name=place]", "东门")
        await editor.click("#desk-form button:has-text('Accept') >> visible=true >> nth=0")
        await editor.fill("input[name=title]", "东门垃圾")
        await editor.click("#desk-form button:has-text('Register the problem')")
        await expect(editor.locator("main")).to_contain_text("Registered as problem")
        await editor.goto(f"{morning.city.address}/desk?story={deed['_id']}")
        await editor.check("input[name=kind][value=good_deed]")
        await editor.click("#desk-form .button-primary")
        await editor.fill("input[name=deed_title]", "一件好事")
        await editor.click("#desk-form button:has-text('File the deed')")
        await expect(editor.locator("main")).to_contain_text("The good deed has been filed.")
    assert await stories.count_documents({"_id": {"$in": [exposure["_id"], deed["_id"]]}, "desk": "decided"}) == 2
    assert await morning.database["deeds"].count_documents({"title": "一件好事"}) == 1


async def test_on_a_phone_nothing_is_wider_than_the_screen_and_accept_is_within_reach(
    chromium: Browser, morning: Morning
) -> None:
    await _wait_again(morning)
    async with person(chromium, morning.city, Role.EDITOR) as editor:
        await editor.set_viewport_size({"width": 390, "height": 844})
        await editor.goto(f"{morning.city.address}/desk")
        assert await editor.evaluate("document.documentElement.scrollWidth") <= 390
        accept = editor.locator("#desk-form .button-primary")
        await expect(accept).to_be_in_viewport(ratio=1)
        box = await accept.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        story = await _open_at(editor)
        await editor.check("input[name=kind][value=other]")
        await accept.click()
        await expect(editor.locator("#desk-story")).not_to_have_attribute("data-story", story)


async def test_the_desk_is_accessible_in_both_languages_light_and_dark(chromium: Browser, morning: Morning) -> None:
    await _wait_again(morning)
    exposure = await morning.database["stories"].find_one({"title": _first(Kind.EXPOSURE)})
    assert exposure is not None
    async with person(chromium, morning.city, Role.EDITOR) as editor:
        await editor.goto(f"{morning.city.address}/desk?story={exposure['_id']}")
        await assert_accessible(editor)
        await editor.set_viewport_size({"width": 390, "height": 844})
        await assert_accessible(editor, languages=("zh_CN",), themes=("light",))
        await editor.set_viewport_size({"width": 1366, "height": 768})
        assert re.search("柳荫里", await editor.locator(TITLE).inner_text())
        await editor.keyboard.press("e")
        await _press_and_go_on(editor, "a")
        await assert_accessible(editor, languages=("en",))


def _first(kind: Kind) -> str:
    return next(title for title, each in KINDS.items() if each is kind)


async def _wait_again(morning: Morning) -> None:
    """Every story waits again, nobody has one open, and nothing has come of any."""
    await morning.database["stories"].update_many(
        {}, {"$set": {"desk": "pending", "decision": None}, "$inc": {"version": 1}}
    )
    for name in ("desk_claims", "desk_done", "problems", "deeds"):
        await morning.database[name].delete_many({})
