"""A story that an editor enters: from a pasted link whose page is fetched, or typed; with screenshots; each story once."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio
from bson import ObjectId

from media_tracker.accounts.actor import Role
from media_tracker.db.connection import Database
from media_tracker.ingest.documents import Story
from media_tracker.net.fetch import Fetcher, FetchLimits
from media_tracker.outlets.documents import OutletKind, Platform
from media_tracker.wiring import Services, assemble
from tests.fake_clock import FakeClock
from tests.ingest.article_pages import PARAGRAPHS, TITLE, page
from tests.services.origin import Answer, Origin, running_origin
from tests.web.admin_scene import CHEAP, browser_as, make_services
from tests.web.browser import Browser
from tests.web.problem_scene import photo, photos

HTML = {"Content-Type": "text/html; charset=utf-8"}


@pytest_asyncio.fixture
async def origin() -> AsyncIterator[Origin]:
    async with running_origin() as origin:
        yield origin


@pytest_asyncio.fixture
async def services(database: Database, clock: FakeClock, origin: Origin) -> AsyncIterator[Services]:
    settings = make_services(database, clock).settings
    allow = {("127.0.0.1", origin.port)}
    async with Fetcher(user_agent="t", limits=FetchLimits(total_seconds=5), allow=allow, host_gap=0) as fetcher:
        yield assemble(settings, database, fetcher, clock, CHEAP)


@pytest_asyncio.fixture
async def editor(services: Services) -> AsyncIterator[Browser]:
    async with await browser_as(services, Role.EDITOR) as browser:
        yield browser


@pytest_asyncio.fixture
async def outlet(services: Services) -> ObjectId:
    return await services.outlets.add_outlet("齐川晨报", OutletKind.NEWSPAPER, partner=True)


async def stories(services: Services) -> list[Story]:
    return [Story.model_validate(row) async for row in services.database["stories"].find().sort("_id", 1)]


def fields(answer: httpx.Response) -> dict[str, str]:
    """What the fields of the form hold."""
    text = answer.text
    found = dict(re.findall(r'<input class="input" [^>]*?name="(\w+)" type="[\w-]+" value="([^"]*)"', text))
    found |= dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text))
    found |= dict(re.findall(r'<textarea [^>]*name="(\w+)"[^>]*>\n(.*?)</textarea>', text, re.DOTALL))
    return found


def form(outlet: ObjectId, **given: object) -> Mapping[str, object]:
    return {"outlet": str(outlet), "platform": "wechat", "do": "save", **given}


async def test_with_only_a_link_the_page_is_read_shown_corrected_and_saved(
    services: Services, editor: Browser, outlet: ObjectId, origin: Origin
) -> None:
    origin.answers["/a"] = Answer(page().encode(), headers=HTML)
    link = origin.url("/a")
    shown = await editor.post("/stories/new", form(outlet, url=f"【齐川】{link} 点击查看"))
    assert shown.status_code == 200
    assert await stories(services) == []
    found = fields(shown)
    assert (found["title"], found["url"], found["published_at"]) == (TITLE, link, "2026-02-27T08:30")
    assert PARAGRAPHS[1][:30] in found["text"]
    assert found["image"] == origin.url("/uploads/2026/a.jpg")

    sent = {name: found[name] for name in ("url", "text", "author", "published_at", "image")}
    saved = await editor.post("/stories/new", form(outlet, title="更正过的标题", **sent))
    (story,) = await stories(services)
    assert (saved.status_code, saved.headers["location"]) == (303, f"/stories/{story.id}")
    assert (story.title, story.url, story.platform) == ("更正过的标题", link, Platform.WECHAT)
    assert (story.published_at, story.precision) == (datetime(2026, 2, 27, 0, 30, tzinfo=UTC), "minute")
    assert f'<img src="{origin.url("/uploads/2026/a.jpg")}">' in story.html
    assert story.image == origin.url("/uploads/2026/a.jpg")
    assert PARAGRAPHS[1][:30] in story.text
    assert (await editor.get(saved.headers["location"])).status_code == 200


async def test_what_was_typed_goes_before_what_the_page_says(editor: Browser, outlet: ObjectId, origin: Origin) -> None:
    origin.answers["/a"] = Answer(page().encode(), headers=HTML)
    shown = await editor.post("/stories/new", form(outlet, url=origin.url("/a"), title="我的标题", do="fetch"))
    assert fields(shown)["title"] == "我的标题"
    assert PARAGRAPHS[1][:30] in fields(shown)["text"]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Answer(status=404), "answered with HTTP status 404."),
        (Answer(page(paragraphs=("太短",)).encode(), headers=HTML), "No story was found on this page."),
        (Answer(b"\x89PNG\r\n", headers={"Content-Type": "image/png"}), "No story was found on this page."),
    ],
)
async def test_a_page_that_cannot_be_read_leaves_the_form_to_be_filled_in_by_hand(
    editor: Browser, outlet: ObjectId, origin: Origin, answer: Answer, sentence: str
) -> None:
    origin.answers["/a"] = answer
    shown = await editor.post("/stories/new", form(outlet, url=origin.url("/a"), column="曝光台"))
    assert shown.status_code == 200
    assert sentence in shown.text
    assert "filled in by hand" in shown.text
    assert (fields(shown)["url"], fields(shown)["column"]) == (origin.url("/a"), "曝光台")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://169.254.169.254/latest/", "http://[::1]:27017/x"])
async def test_a_link_into_the_house_is_not_asked(editor: Browser, outlet: ObjectId, url: str) -> None:
    shown = await editor.post("/stories/new", form(outlet, url=url))
    assert "which is not a public address" in shown.text or "belongs to another service" in shown.text


async def test_a_link_that_is_here_already_leads_to_its_story_before_any_page_is_asked(
    services: Services, editor: Browser, outlet: ObjectId, origin: Origin
) -> None:
    link = "https://mp.weixin.qq.com/s?__biz=Mz&mid=26&idx=1&sn=ab"
    await editor.post("/stories/new", form(outlet, url=link, title="井盖破损", text="三号楼前。"))
    (story,) = await stories(services)
    for do in ("fetch", "save"):
        again = await editor.post("/stories/new", form(outlet, url=f"{link}&scene=21#rd", title="别的", do=do))
        assert again.headers["location"] == f"/stories/{story.id}"
        assert "This story is here already" in (await editor.get(again.headers["location"])).text
    assert await stories(services) == [story]
    assert origin.sent == []


async def test_a_redirect_to_a_story_that_is_here_leads_there_too(
    services: Services, editor: Browser, outlet: ObjectId, origin: Origin
) -> None:
    origin.answers["/a"] = Answer(page().encode(), headers=HTML)
    origin.answers["/short"] = Answer(status=302, headers={"Location": "/a?from=timeline"})
    await editor.post("/stories/new", form(outlet, url=origin.url("/a"), title="井盖"))
    (story,) = await stories(services)
    again = await editor.post("/stories/new", form(outlet, url=origin.url("/short")))
    assert again.headers["location"] == f"/stories/{story.id}"


async def test_a_story_of_the_paper_has_no_link_and_is_known_by_title_and_day(
    services: Services, editor: Browser, outlet: ObjectId
) -> None:
    typed = form(
        outlet, platform="paper", title="井盖 破损", text="一。\n二 <b>。", published_at="2026-03-01T08:30", by_day="1"
    )
    first = await editor.post("/stories/new", typed)
    again = await editor.post("/stories/new", {**typed, "title": "井盖破损", "published_at": "2026-03-01T10:00"})
    (story,) = await stories(services)
    assert first.headers["location"] == again.headers["location"] == f"/stories/{story.id}"
    assert (story.published_at, story.precision) == (datetime(2026, 2, 28, 16, tzinfo=UTC), "day")
    assert (story.text, story.url) == ("一。\n二 <b>。", "")
    next_day = await editor.post("/stories/new", {**typed, "published_at": "2026-02-28T08:30"})
    assert next_day.headers["location"] != first.headers["location"]


async def test_a_form_comes_back_with_what_is_wrong_and_what_was_typed(
    services: Services, editor: Browser, outlet: ObjectId, clock: FakeClock
) -> None:
    ahead = f"{clock.now + timedelta(days=1):%Y-%m-%dT%H:%M}"
    for given, sentence in (
        ({"title": ""}, "Please give the story its title."),
        ({"published_at": ""}, "Without a link of its own"),
        ({"published_at": ahead}, "This lies in the future."),
        ({"url": "javascript:alert(1)"}, "This is no link that begins with"),
        ({"outlet": str(ObjectId())}, "Please choose from the list."),
        ({"platform": "fax"}, "Please choose from the list."),
        ({"title": "长" * 501}, "This is too long."),
        ({"do": "fetch"}, "Please paste the link of the story."),
    ):
        typed = {"title": "井盖", "text": "三号楼前", "published_at": "2026-03-01T08:30", **given}
        answer = await editor.post("/stories/new", {**form(outlet), **typed})
        assert answer.status_code == 422, given
        assert sentence in answer.text
        assert fields(answer)["text"] == "三号楼前"
    assert await stories(services) == []


async def test_screenshots_are_kept_with_the_story_and_what_is_no_picture_is_refused(
    services: Services, editor: Browser, outlet: ObjectId
) -> None:
    typed = form(outlet, title="井盖", published_at="2026-03-01T08:30")
    bad = photos(("screenshot", "a.jpg", photo()), ("screenshot", "b.jpg", b"<script>"))
    refused = await editor.post("/stories/new", typed, bad)
    assert refused.status_code == 422
    assert "This file is not a photo." in refused.text
    assert await stories(services) == []
    assert await services.database["files.files"].count_documents({}) == 0

    saved = await editor.post("/stories/new", typed, photos(("screenshot", "屏幕.jpg", photo())))
    (story,) = await stories(services)
    assert saved.headers["location"] == f"/stories/{story.id}"
    (file_id,) = story.attachments
    metadata, _ = await services.files.open(file_id)
    assert (metadata.attached, metadata.purpose, metadata.filename) == (True, "screenshot", "屏幕.jpg")
    assert (await editor.get(f"/files/{file_id}")).headers["content-type"] == "image/jpeg"

    more = await editor.post("/stories/new", typed, photos(("screenshot", "c.jpg", photo("red"))))
    assert more.headers["location"] == saved.headers["location"]
    assert "the screenshots are added" in (await editor.get(more.headers["location"])).text
    assert len((await stories(services))[0].attachments) == 2
    shown = (await editor.get(more.headers["location"])).text
    assert shown.count('alt="Screenshot of the story"') == 2
    for happened in ("Entered by hand", "Screenshots added"):
        assert happened in shown


async def test_script_in_every_field_is_shown_as_text_and_stored_clean(
    services: Services, editor: Browser, outlet: ObjectId
) -> None:
    evil = "<script>alert(1)</script>\u202e\x00"
    typed = dict.fromkeys(("title", "author", "column", "text"), f"真{evil}")
    answer = await editor.post("/stories/new", form(outlet, **typed, published_at="", image=f"javascript:{evil}"))
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text
    saved = await editor.post("/stories/new", form(outlet, **typed, url="https://a.example/1", image="javascript:x"))
    (story,) = await stories(services)
    assert "<script" not in story.html + story.title + story.author + story.column
    assert "<img" not in story.html
    assert "<script>alert" not in (await editor.get(saved.headers["location"])).text


async def test_the_form_knows_the_outlet_that_it_was_opened_for(editor: Browser, outlet: ObjectId) -> None:
    shown = await editor.get(f"/stories/new?outlet={outlet}")
    assert f'<option value="{outlet}" selected>' in shown.text
    assert 'href="/stories/new"' in (await editor.get("/stories")).text
    editor.cookies.set("language", "zh_CN", domain="testserver.local")
    assert "录入稿件" in (await editor.get("/stories/new")).text
