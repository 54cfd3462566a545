"""Releasing figures: who may, what is shown before, and that what is released is what was seen."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import AuditAction
from media_tracker.db.connection import Database
from media_tracker.db.events import SYSTEM
from media_tracker.errors import Conflict
from media_tracker.monitor.definitions import Key
from media_tracker.monitor.facts import Period
from media_tracker.monitor.periods import read_period
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.web.admin_scene import add_user, browser_as, make_services
from tests.web.browser import Browser
from tests.web.figures_reading import listed, read
from tests.web.figures_scene import END, START, Campaign, campaign

PERIOD = f"from={START}&to={END}"


@pytest.fixture
def services(database: Database, clock: FakeClock) -> Services:
    return make_services(database, clock)


@pytest_asyncio.fixture
async def told(services: Services, clock: FakeClock) -> Campaign:
    return await campaign(services, clock)


@pytest_asyncio.fixture
async def publicity(services: Services) -> AsyncIterator[Browser]:
    async with await browser_as(services, Role.PUBLICITY) as browser:
        yield browser


def hidden_fields(text: str) -> dict[str, str]:
    """What the form of the preview carries."""
    form = re.search(r'<form method="post" action="/bulletins".*?</form>', text, re.S)
    assert form is not None
    return dict(re.findall(r'<input type="hidden" name="(from|to|seen)" value="([^"]*)">', form[0]))


def quarter(services: Services) -> Period:
    return read_period(START, END, services.clock().date())


async def test_a_preview_shows_the_numbers_with_their_lists_and_one_button_releases_them(
    services: Services, told: Campaign, publicity: Browser
) -> None:
    preview = await read(publicity, f"/bulletins/new?{PERIOD}")
    assert len(preview.figures) == 7
    for link in preview.figures:
        assert await listed(publicity, link.href) == (link.value, link.value)
    text = (await publicity.get(f"/bulletins/new?{PERIOD}")).text
    answer = await publicity.post("/bulletins", hidden_fields(text))
    assert (answer.status_code, answer.headers["location"]) == (303, "/bulletins/1")

    shown = await publicity.get("/bulletins/1")
    assert "Released. The figures are public now." in shown.text
    assert "by Publicity" in shown.text
    released = await read(publicity, "/bulletins/1")
    assert [link.value for link in released.figures] == [link.value for link in preview.figures]
    for link in released.figures:
        assert await listed(publicity, link.href) == (link.value, link.value)
    entry = (await services.audit.latest(1, subject="release/1"))[0]
    assert (entry.action, entry.detail) == (AuditAction.RELEASED, {"number": 1, "from": START, "to": END})


async def test_the_releases_are_listed_newest_first_with_their_headline(
    services: Services, told: Campaign, clock: FakeClock
) -> None:
    actor = (await add_user(services, Role.PUBLICITY)).actor()
    for _ in range(2):
        clock.advance(hours=1)
        await services.releases.release(quarter(services), actor, SYSTEM)
    async with await browser_as(services, Role.VIEWER) as viewer:
        page = await viewer.get("/bulletins")
        assert re.findall(r'href="/bulletins/(\d+)"', page.text) == ["2", "1"]
        assert "/bulletins/new" not in page.text
        found = await read(viewer, "/bulletins")
        assert [(link.value, link.href) for link in found.figures] == [
            (3, "/releases/2/resolved"), (3, "/releases/1/resolved"),
        ]  # fmt: skip
        assert (await viewer.get("/bulletins/2")).status_code == 200


async def test_only_publicity_staff_release(services: Services, told: Campaign) -> None:
    async with await browser_as(services, Role.EDITOR, Role.ADMIN) as editor:
        assert (await editor.get("/bulletins/new")).status_code == 403
        answer = await editor.post("/bulletins", {"from": START, "to": END, "seen": "0"})
        assert answer.status_code == 403
    async with await browser_as(services) as stranger:
        for path in ("/bulletins", "/bulletins/1", "/bulletins/new"):
            assert (await stranger.get(path)).headers["location"].startswith("/login")
    assert await services.releases.latest() is None


@pytest.mark.parametrize(
    ("start", "end", "sentence"),
    [
        ("2026-03-01", "2026-04-01", "The period must end today or before, and not before it begins."),
        ("2026-03-02", "2026-03-01", "The period must not end before it begins."),
        ("2026-03-01", "soon", "Please give a day as year-month-day."),
    ],
)
async def test_wrong_days_come_back_with_what_was_typed(
    services: Services, publicity: Browser, start: str, end: str, sentence: str
) -> None:
    shown = await publicity.get(f"/bulletins/new?from={start}&to={end}")
    sent = await publicity.post("/bulletins", {"from": start, "to": end, "seen": "0,1"})
    for answer in (shown, sent):
        assert answer.status_code == 422
        assert sentence in answer.text
        assert f'value="{end}"' in answer.text
        assert "data-figure" not in answer.text
    assert await services.releases.latest() is None


async def test_figures_that_have_changed_since_they_were_seen_are_not_released(
    services: Services, told: Campaign, publicity: Browser
) -> None:
    seen = hidden_fields((await publicity.get(f"/bulletins/new?{PERIOD}")).text)
    await told.scene.exposed("paper", "03-27 08:00")
    answer = await publicity.post("/bulletins", seen)
    assert answer.status_code == 409
    assert "The figures have changed since you looked at them." in answer.text
    assert hidden_fields(answer.text)["seen"] != seen["seen"], "the numbers as they are now, ready for another try"
    assert await services.releases.latest() is None


@pytest.mark.parametrize("seen", ["", "nonsense", "0", "0,1,2", "0,-3", "٣,1"])
async def test_a_form_that_has_shown_nothing_releases_nothing(
    services: Services, publicity: Browser, seen: str
) -> None:
    answer = await publicity.post("/bulletins", {"from": START, "to": "2026-03-01", "seen": seen})
    assert answer.status_code == 409
    assert await services.releases.latest() is None


async def test_a_form_sent_twice_releases_once(services: Services, told: Campaign, publicity: Browser) -> None:
    seen = hidden_fields((await publicity.get(f"/bulletins/new?{PERIOD}")).text)
    assert (await publicity.post("/bulletins", seen)).status_code == 303
    again = await publicity.post("/bulletins", seen)
    assert again.status_code == 409
    assert "Figures have been released since you looked." in again.text
    assert len(await services.releases.all()) == 1


async def test_of_two_releases_at_the_same_moment_one_stands(services: Services, told: Campaign) -> None:
    seen = (await services.releases.preview(quarter(services))).seen
    release = services.releases.release
    attempts = [release(quarter(services), told.scene.office, SYSTEM, seen=seen) for _ in range(3)]
    results = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum(isinstance(result, Conflict) for result in results) == 2
    assert len(await services.releases.all()) == 1
    assert await services.database["release_rows"].count_documents({"key": "resolved"}) == 3


@pytest.mark.parametrize("path", ["/bulletins/7", "/bulletins/nonsense", "/bulletins/-1"])
async def test_a_release_that_is_none_is_not_found(publicity: Browser, path: str) -> None:
    assert (await publicity.get(path)).status_code == 404


async def test_releasing_speaks_chinese(services: Services, publicity: Browser) -> None:
    publicity.cookies.set("language", "zh_CN", domain="testserver.local")
    empty = await publicity.get("/bulletins")
    page = await publicity.get("/bulletins/new?from=2026-01-01&to=2026-03-01")
    assert "还没有签发过数据" in empty.text
    assert "以下内容将公开：2026年1月1日至2026年3月1日" in page.text
    assert re.search(r'<summary class="button button-seal">\s*签发', page.text)


async def test_releasing_asks_first_and_says_what_becomes_public(publicity: Browser) -> None:
    text = (await publicity.get("/bulletins/new?from=2026-01-01&to=2026-03-01")).text
    asked = re.search(r'<details class="confirm".*?</details>', text, re.S)
    assert asked is not None
    assert "1 Jan 2026 to 1 Mar 2026, and the lists behind them, become public at once" in asked[0]
    assert 'action="/bulletins"' in asked[0]
    assert text.count('action="/bulletins"') == 1


async def test_a_bulletin_is_drafted_shown_signed_and_corrected(
    services: Services, told: Campaign, publicity: Browser
) -> None:
    begun = await publicity.post("/bulletins/drafts", {"from": START, "to": END})
    path = begun.headers["location"]
    deed = str((await services.database["deeds"].find_one({}) or {})["_id"])
    words = {"title": "Weekly", "serial": "12", "lead": "First line.\nSecond line.", "outlook": "Go on.", "remarks": ""}
    saved = await publicity.post(path, {**words, "deeds": deed, "version": "1"})
    assert saved.status_code == 303
    assert (await publicity.post(path, {**words, "version": "1"})).status_code == 409
    too_long = await publicity.post(path, {**words, "title": "x" * 81, "version": "2"})
    assert (too_long.status_code, "This is too long." in too_long.text) == (422, True)
    shown = (await publicity.get(path)).text
    assert re.search("Weekly.*No. 12 of 2026.*First line.*Second line.*Good deeds", shown, re.S)
    draft = await publicity.get(f"{path}/bulletin.docx")
    assert draft.content.startswith(b"PK")

    seen = re.search(r'name="seen" value="([^"]*)"', shown)
    assert seen is not None
    form = {"version": "2", "seen": seen[1]}
    assert (await publicity.post(f"{path}/release", {**form, "seen": "0,1"})).status_code == 409
    released = await publicity.post(f"{path}/release", form)
    assert (released.status_code, released.headers["location"]) == (303, "/bulletins/1")
    assert (await publicity.get(path)).headers["location"] == "/bulletins/1"
    page = await publicity.get("/bulletins/1?check=1")
    assert "The bulletin, No. 12 of 2026" in page.text
    assert page.text.count('data-label="The same records">yes') == len(Key)
    file = await publicity.get("/bulletins/1/bulletin.docx")
    assert hashlib.sha256(file.content).hexdigest() in page.text

    wrong = await publicity.post("/bulletins/1/errata", {"place": "Table 1", "wrong": "", "right": "2"})
    assert (wrong.status_code, "Please fill this in." in wrong.text) == (422, True)
    await publicity.post("/bulletins/1/errata", {"place": "Table 1", "wrong": "3", "right": "2"})
    async with await browser_as(services) as stranger:
        for address in ("/", "/releases/1"):
            public = (await stranger.get(address)).text
            assert "wrong: 3; right: 2" in public
            assert "No. 12 of 2026" in public
        assert (await stranger.get("/bulletins/1/bulletin.docx")).headers["location"].startswith("/login")
    assert "No. 12 of 2026" in (await publicity.get("/bulletins")).text
