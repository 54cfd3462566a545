"""What the public sees: only what was released, and it stays as it was."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import urlsplit

import pytest

from media_tracker.accounts.actor import Role
from media_tracker.db.connection import Database
from media_tracker.db.events import SYSTEM
from media_tracker.monitor.documents import Release
from media_tracker.monitor.facts import Period
from media_tracker.monitor.releases import PUBLIC_KEYS
from media_tracker.problems.case import Outcome
from media_tracker.problems.steps import Step
from media_tracker.web.public import pages
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.web.admin_scene import browser_as, make_services
from tests.web.browser import Browser
from tests.web.figures_reading import listed, read
from tests.web.figures_scene import OFFICE, QUARTER, Campaign


@pytest.fixture
def services(database: Database, clock: FakeClock) -> Services:
    return make_services(database, clock)


async def public_numbers(browser: Browser) -> dict[str, int]:
    """The numbers of the start page by the address of their list, each compared with that list."""
    page = await read(browser, "/")
    assert page.unmarked == []
    for link in set(page.figures):
        assert await listed(browser, link.href) == (link.value, link.value), link
    return {link.href: link.value for link in page.figures}


async def test_before_anything_is_released_there_is_a_kind_sentence(services: Services, stranger: Browser) -> None:
    page = await stranger.get("/")
    assert page.status_code == 200
    assert "No figures have been released yet." in page.text
    assert "data-figure" not in page.text


async def test_every_public_number_is_as_long_as_its_list(
    stranger: Browser, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE_ROWS", 4)
    numbers = await public_numbers(stranger)
    assert numbers == {f"/releases/1/{figure.key.value}": figure.value for figure in release.figures}
    assert {urlsplit(href).path.rpartition("/")[2] for href in numbers} == {key.value for key in PUBLIC_KEYS}
    assert max(numbers.values()) > 4 * 4


async def test_a_release_stays_as_it_was_whatever_happens_afterwards(
    services: Services, stranger: Browser, told: Campaign, release: Release
) -> None:
    before = await public_numbers(stranger)
    link = f'href="{told.told_by.url}"'
    assert link in (await stranger.get("/releases/1/resolved")).text
    scene, editor = told.scene, told.scene.editor
    await services.desk.withdraw(str(told.told_by.id), told.told_by.version, editor, SYSTEM)
    await scene.step(
        told.trap, Step.VERIFY, scene.inspector, "03-28 09:00", verified_outcome=Outcome.RESOLVED, on_site=True
    )
    newly = await scene.exposed("paper", "03-28 10:00")
    await scene.step(newly, Step.REFUSE, scene.office, "03-28 12:00")

    now = await services.monitor.overview(QUARTER, ())
    assert now.figures[release.figures[0].key].value != release.figures[0].value, "the living figure has moved on"
    assert await public_numbers(stranger) == before
    assert link not in (await stranger.get("/releases/1/resolved")).text


async def test_a_revoked_closing_and_a_withheld_case_keep_their_rows(
    services: Services, stranger: Browser, told: Campaign
) -> None:
    scene = told.scene
    late = await scene.exposed("paper", "03-27 19:00")
    await scene.resolved(late, "03-27 21:00", "03-28 09:00", "03-28 10:00")
    await services.releases.release(Period(date(2026, 1, 1), date(2026, 3, 28)), OFFICE, SYSTEM)
    before = await public_numbers(stranger)
    text = (await stranger.get("/releases/1/resolved")).text
    assert (text.count("This case is withheld"), text.count("西城区松林街道")) == (1, 0)

    await scene.step(late, Step.REVOKE, scene.office, "03-29 10:00")
    await scene.step(told.counted, Step.WITHHOLD, scene.office, "03-29 11:00")
    assert await public_numbers(stranger) == before
    assert (await stranger.get("/releases/1/resolved")).text.count("This case is withheld") == 2


async def test_a_public_list_says_street_category_unit_state_and_outlet_and_no_more(
    stranger: Browser, told: Campaign, release: Release
) -> None:
    text = (await stranger.get("/releases/1/problems")).text
    for shown in ("东城区河畔街道", "Damaged road surface", "示例环卫处", "Closed", "示例paper"):
        assert shown in text
    for hidden in (
        told.counted.number,
        told.counted.title,
        told.counted.place,
        "/problems/",
        str(told.counted.case.id),
    ):
        assert hidden not in text


async def test_an_earlier_release_can_still_be_read(
    services: Services, clock: FakeClock, stranger: Browser, release: Release
) -> None:
    clock.advance(days=1)
    await services.releases.release(Period(date(2026, 3, 1), date(2026, 3, 28)), OFFICE, SYSTEM)
    latest, earlier = (await stranger.get("/")).text, (await stranger.get("/releases/1")).text
    assert "No. 2, released on 28 Mar 2026" in latest
    assert "No. 1, released on 27 Mar 2026" in earlier
    assert ("an earlier release" in latest, "an earlier release" in earlier) == (False, True)


@pytest.mark.parametrize(
    "path",
    [
        "/releases/2", "/releases/2/resolved", "/releases/nonsense", "/releases/-1/resolved", "/releases/٣/resolved",
        "/releases/1/stories", "/releases/1/nonsense", "/releases/99999999999999999999/resolved",
    ],
)  # fmt: skip
async def test_what_was_not_released_is_not_found(services: Services, stranger: Browser, path: str) -> None:
    await services.releases.release(Period(date(2026, 1, 1), date(2026, 1, 31)), OFFICE, SYSTEM)
    assert (await stranger.get("/releases/1/resolved")).status_code == 200
    assert (await stranger.get(path)).status_code == 404


@pytest.mark.parametrize(("role", "work"), [(Role.EDITOR, "/desk"), (Role.OFFICIAL, "/problems")])
async def test_who_is_signed_in_sees_the_same_and_the_way_to_their_work(
    services: Services, release: Release, role: Role, work: str
) -> None:
    async with await browser_as(services, role) as browser:
        page = await browser.get("/")
    assert f'<a class="button button-primary" href="{work}">' in page.text
    assert 'data-figure="3"' in page.text


async def test_the_public_page_speaks_chinese_and_is_not_kept_by_caches(stranger: Browser, release: Release) -> None:
    stranger.cookies.set("language", "zh_CN", domain="testserver.local")
    page, rows = await stranger.get("/"), await stranger.get("/releases/1/resolved")
    assert '<strong class="seal">签发</strong>' in page.text
    assert "第1号，2026年3月27日签发" in page.text
    assert "此件不予公开" in rows.text
    assert page.headers["cache-control"] == "no-store"


async def test_what_was_corrected_in_an_earlier_release_can_be_found_from_the_start_page(
    services: Services, stranger: Browser, release: Release, clock: FakeClock
) -> None:
    assert "Earlier releases" not in (await stranger.get("/")).text
    row = {"release": release.number, "at": clock.now, "by": OFFICE.user_id, "place": "1", "wrong": "3", "right": "2"}
    await services.database["bulletin_errata"].insert_one(row)
    clock.advance(hours=1)
    await services.releases.release(QUARTER, OFFICE, SYSTEM)
    page = (await stranger.get("/")).text
    assert re.search(
        rf'href="/releases/{release.number}">No. 1: 1 Jan 2026 to 27 Mar 2026</a> <span[^>]*>with corrections', page
    )
    assert "Earlier releases" not in (await stranger.get(f"/releases/{release.number}")).text
