"""Charts, their files and the wall in a browser: what is verified moves the wall by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from media_tracker.accounts.actor import Role
from media_tracker.db.connection import open_database
from media_tracker.settings import Settings
from media_tracker.wiring import assemble, open_fetcher
from tests.conftest import bind_documents
from tests.fake_clock import FakeClock
from tests.journey.axe import assert_accessible
from tests.journey.conftest import City, person
from tests.web.figures_scene import Scene

pytestmark = [pytest.mark.browser, pytest.mark.slow]

YEAR = "from=2026-01-01&to=2026-12-31"
RESOLVED = "[data-figure][href^='/monitor/resolved?']"


async def solve_a_problem(city: City) -> None:
    """A problem is exposed, fixed and verified, by another process than the server's."""
    settings = Settings(
        _env_file=None,
        mongodb_uri=city.environment["MONGODB_URI"],
        database=city.environment["MEDIA_TRACKER_DATABASE"],
        data_dir=Path(city.environment["MEDIA_TRACKER_DATA_DIR"]),
    )
    clock = FakeClock()
    async with open_database(str(settings.mongodb_uri), settings.database) as database, open_fetcher(settings) as out:
        await bind_documents(database)
        scene = Scene(assemble(settings, database, out, clock), clock)
        await scene.begin()
        problem = await scene.exposed("paper", "01-12 08:00", title="示例路口路面破损", region="370303")
        await scene.resolved(problem, "01-12 10:00", "01-15 16:00", "01-16 10:00")


def mistakes_of(page: Page) -> list[str]:
    """What goes wrong in the page's scripts from now on; also what its policy forbids."""
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    return wrong


async def test_what_is_verified_moves_the_wall_and_charts_are_drawn_read_by_keys_and_saved(
    chromium: Browser, city: City
) -> None:
    async with person(chromium, city, Role.PUBLICITY) as page:
        wrong = mistakes_of(page)
        await page.goto(f"{city.address}/monitor/wall?{YEAR}")
        await expect(page.locator(RESOLVED).first).to_have_text("0")
        await page.evaluate("window.untouched = true")
        await solve_a_problem(city)
        await expect(page.locator(RESOLVED).first).to_have_text("1")
        await expect(page.locator("#wall-solved")).to_contain_text("示例路口路面破损")
        assert await page.evaluate("window.untouched"), "the page was loaded again"
        await assert_accessible(page)

        await page.goto(f"{city.address}/monitor/charts?{YEAR}")
        await expect(page.locator("#chart-trend canvas")).to_be_visible()
        await expect(page.locator("#chart-map canvas")).to_be_visible()
        await page.focus("#chart-trend [data-chart]")
        await page.keyboard.press("ArrowRight")
        await expect(page.locator("#live")).to_contain_text("1")
        for kind in ("button", "a"):
            async with page.expect_download() as saved:
                await page.click(f"#chart-trend {kind}.chart-tool")
            name = (await saved.value).suggested_filename
            assert name.startswith("trend"), name
        await page.focus("#chart-trend [data-chart]")
        await page.keyboard.press("Home")
        await page.keyboard.press("Enter")
        await expect(page.locator("[data-total='1']")).to_be_visible()
        await page.emulate_media(reduced_motion="reduce")  # nothing fades while the charts are drawn in other colours
        await page.goto(f"{city.address}/monitor/charts?{YEAR}")
        await assert_accessible(page)
        assert wrong == []
