"""A sheet of stories: looked at first, then taken; the same sheet again adds nothing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from bson import ObjectId

from media_tracker.accounts.actor import Role
from media_tracker.db.connection import Database
from media_tracker.ingest.documents import Story
from media_tracker.ingest.sheet_drafts import KEPT
from media_tracker.outlets.documents import OutletKind, Platform
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.ingest.test_sheets import csv, xlsx
from tests.web.admin_scene import browser_as, make_services
from tests.web.browser import Browser, Files

HEAD = ["标题", "链接", "日期", "平台"]
ROWS = (
    ["井盖破损", "https://mp.weixin.qq.com/s/a", "2026-03-01", ""],
    ["垃圾堆放<script>alert(1)</script>", "", "2026-03-01 08:30", "抖音"],
    ["", "https://mp.weixin.qq.com/s/c", "2026-03-01", ""],
)


@pytest.fixture
def services(database: Database, clock: FakeClock) -> Services:
    return make_services(database, clock)


@pytest_asyncio.fixture
async def editor(services: Services) -> AsyncIterator[Browser]:
    async with await browser_as(services, Role.EDITOR) as browser:
        yield browser


@pytest_asyncio.fixture
async def outlet(services: Services) -> ObjectId:
    return await services.outlets.add_outlet("齐川晨报", OutletKind.NEWSPAPER, partner=True)


def file(data: bytes, name: str = "三月.xlsx") -> Files:
    return [("sheet", (name, data, "application/octet-stream"))]


async def upload(browser: Browser, outlet: ObjectId, data: bytes) -> httpx.Response:
    return await browser.post(f"/outlets/{outlet}/sheet", {"platform": "wechat"}, file(data))


def draft(answer: httpx.Response) -> str:
    (found,) = re.findall(r'name="draft" value="(\w+)"', answer.text)
    return str(found)


async def take(browser: Browser, outlet: ObjectId, draft_id: str) -> httpx.Response:
    return await browser.post(f"/outlets/{outlet}/sheet/take", {"platform": "wechat", "draft": draft_id})


async def stories(services: Services) -> list[Story]:
    return [Story.model_validate(row) async for row in services.database["stories"].find().sort("_id", 1)]


@pytest.mark.parametrize("data", [xlsx(HEAD, *ROWS), csv(HEAD, *ROWS, encoding="gb18030")], ids=["xlsx", "csv"])
async def test_a_sheet_is_shown_then_taken_and_a_second_time_adds_nothing(
    services: Services, editor: Browser, outlet: ObjectId, data: bytes
) -> None:
    shown = await upload(editor, outlet, data)
    assert shown.status_code == 200
    assert "2 stories in 三月.xlsx" in shown.text
    assert "1 row cannot be taken" in shown.text
    assert "This row has no title." in shown.text
    assert "<script>alert" not in shown.text
    assert await stories(services) == []

    taken = await take(editor, outlet, draft(shown))
    assert (taken.status_code, taken.headers["location"]) == (303, f"/stories?outlet={outlet}")
    assert "2 new stories, 0 changed, 0 that were here already" in (await editor.get(taken.headers["location"])).text
    assert {story.platform for story in await stories(services)} == {Platform.WECHAT, Platform.DOUYIN}
    assert {story.outlet_id for story in await stories(services)} == {outlet}

    again = await take(editor, outlet, draft(await upload(editor, outlet, data)))
    assert "0 new stories, 0 changed, 2 that were here already" in (await editor.get(again.headers["location"])).text
    assert len(await stories(services)) == 2


async def test_a_draft_is_for_who_sent_it_for_an_hour_and_for_its_outlet(
    services: Services, editor: Browser, outlet: ObjectId, clock: FakeClock
) -> None:
    kept = draft(await upload(editor, outlet, xlsx(HEAD, *ROWS)))
    other = await services.outlets.add_outlet("别家", OutletKind.PORTAL, partner=False)
    async with await browser_as(services, Role.EDITOR, Role.PUBLICITY) as colleague:
        for browser, where in ((colleague, outlet), (editor, other)):
            answer = await take(browser, where, kept)
            assert answer.status_code == 422
            assert "This sheet is no longer kept." in answer.text
    clock.advance(seconds=KEPT.total_seconds())
    assert (await take(editor, outlet, kept)).status_code == 422
    assert (await take(editor, outlet, "nonsense")).status_code == 422
    assert await stories(services) == []


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "Please choose an Excel or CSV file."),
        (b"\x89PNG\r\n\x1a\n\xff\xff", "This cannot be read as a sheet."),
        (csv(["名称"], ["甲"]), "三月.xlsx has no column that is called “标题”."),
        (b"x" * (5 * 2**20 + 1), "The file is larger than 5 MB."),
    ],
    ids=["none", "picture", "no title", "large"],
)
async def test_what_is_no_sheet_comes_back_with_a_sentence(
    services: Services, editor: Browser, outlet: ObjectId, data: bytes, sentence: str
) -> None:
    answer = await upload(editor, outlet, data)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert await services.database["sheet_drafts"].count_documents({}) == 0


async def test_a_sheet_without_a_single_good_row_offers_nothing_to_take(editor: Browser, outlet: ObjectId) -> None:
    shown = await upload(editor, outlet, xlsx(HEAD, ROWS[2]))
    assert shown.status_code == 200
    assert "There is no story in this sheet that could be taken." in shown.text
    assert "/sheet/take" not in shown.text


async def test_the_page_speaks_chinese_and_knows_no_unknown_outlet(editor: Browser, outlet: ObjectId) -> None:
    editor.cookies.set("language", "zh_CN", domain="testserver.local")
    assert "表格录入" in (await editor.get(f"/outlets/{outlet}/sheet")).text
    shown = await upload(editor, outlet, xlsx(["编号", *HEAD], [1, *ROWS[0]], [2, *ROWS[2]]))
    assert "视为行序号" in shown.text
    assert "1行无法录入" in shown.text
    assert (await editor.get(f"/outlets/{ObjectId()}/sheet")).status_code == 404
