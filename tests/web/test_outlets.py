"""Outlets, their feeds, OPML in and out; projects, and that their number is the length of their list."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest
import pytest_asyncio
from bson import ObjectId

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import AuditAction
from media_tracker.db.connection import Database
from media_tracker.outlets.documents import OutletKind, Platform
from media_tracker.outlets.opml import MOST_BYTES, Subscription, read_opml, write_opml
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.taken_in import take_in
from tests.web.admin_scene import browser_as, make_services
from tests.web.browser import Browser

UNKNOWN_ID = "6b0284a3beb002b575f8e1e1"
"""An id that nothing has; the same in every test process, or xdist would see different tests."""

PAPER, STATION = "齐川晨报", "齐声广播电视台"
FEED = "https://paper.example/rss.xml"


@pytest.fixture
def services(database: Database, clock: FakeClock) -> Services:
    return make_services(database, clock)


@pytest_asyncio.fixture
async def admin(services: Services) -> AsyncIterator[Browser]:
    async with await browser_as(services, Role.ADMIN) as browser:
        yield browser


@pytest_asyncio.fixture
async def viewer(services: Services) -> AsyncIterator[Browser]:
    async with await browser_as(services, Role.VIEWER) as browser:
        yield browser


@pytest_asyncio.fixture
async def paper(services: Services) -> ObjectId:
    """A partner newspaper with one feed."""
    outlet_id = await services.outlets.add_outlet(PAPER, OutletKind.NEWSPAPER, partner=True)
    await services.outlets.add_feed(outlet_id, FEED, "晨报电子版", Platform.PAPER, "曝光台")
    return outlet_id


async def put_story(
    services: Services,
    outlet_id: ObjectId,
    title: str,
    published: datetime,
    column: str = "",
    *,
    withdrawn: bool = False,
) -> None:
    """A story as ingest would have stored it."""
    (feed, *_) = await services.outlets.feeds(outlet_id)
    await take_in(
        services,
        {
            "_id": ObjectId(),
            "outlet_id": outlet_id,
            "feed_id": feed.id,
            "key": str(ObjectId()),
            "title": title,
            "column": column,
            "published_at": published,
            "fetched_at": published,
            "content_hash": title,
            "withdrawn_at": published if withdrawn else None,
            "desk": "pending",
        },
    )


def rows(text: str) -> list[str]:
    return re.findall(r'<tr role="row">(.*?)</tr>', text, re.S)[1:]


def opml(*subscriptions: Subscription) -> list[tuple[str, tuple[str, bytes, str]]]:
    return upload(write_opml("test", subscriptions))


def upload(content: bytes) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [("opml", ("feeds.opml", content, "text/x-opml"))]


async def stored(services: Services) -> tuple[int, int]:
    return len(await services.outlets.all()), len(await services.outlets.feeds())


# -- the list


async def test_the_list_shows_how_each_outlet_is_doing(
    services: Services, viewer: Browser, paper: ObjectId, clock: FakeClock
) -> None:
    await put_story(services, paper, "昨天的稿子", clock.now - timedelta(days=1))
    await put_story(services, paper, "六天前的稿子", clock.now - timedelta(days=6))
    await put_story(services, paper, "七天前的稿子", clock.now - timedelta(days=7))
    await put_story(services, paper, "撤回的稿子", clock.now, withdrawn=True)
    text = (await viewer.get("/outlets")).text
    (row,) = rows(text)
    assert f'<a href="/outlets/{paper}">{PAPER}</a>' in row
    assert "Newspaper" in row
    assert "Partner" in row
    assert "not read yet" in row
    assert "昨天的稿子" in row
    assert "撤回的稿子" not in row
    assert "Add an outlet" not in text


async def test_the_number_of_a_week_is_the_length_of_the_list_that_it_opens(
    services: Services, viewer: Browser, paper: ObjectId, clock: FakeClock
) -> None:
    other = await services.outlets.add_outlet(STATION, OutletKind.BROADCASTER, partner=False)
    await services.outlets.add_feed(other, "https://station.example/rss", "台", Platform.WEB)
    for days in range(10):
        await put_story(services, paper, f"稿{days}", clock.now - timedelta(days=days))
    await put_story(services, other, "别家的", clock.now)
    text = (await viewer.get("/outlets")).text
    numbers = re.findall(r'<a href="(/monitor/stories[^"]+)">(\d+)</a>', text)
    assert sorted(number for _, number in numbers) == ["1", "7"]
    for href, number in numbers:
        listed = await viewer.get(href.replace("&amp;", "&"))
        assert listed.status_code == 200
        assert len(rows(listed.text)) == int(number)


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"checked_at": datetime(2026, 3, 1, tzinfo=UTC)}, "in order"),
        (
            {
                "checked_at": datetime(2026, 3, 1, tzinfo=UTC),
                "error": "paper.example answered with HTTP status 404.",
                "error_message": "{host} answered with HTTP status {status}.",
                "error_params": {"host": "paper.example", "status": "404"},
            },
            "paper.example answered with HTTP status 404.",
        ),
        ({"error": "An old failure, kept {before} this release."}, "An old failure, kept {before} this release."),
    ],
)
async def test_the_state_of_a_feed_is_told_in_a_sentence(
    services: Services, viewer: Browser, paper: ObjectId, state: dict[str, object], sentence: str
) -> None:
    changes = {f"state.{name}": value for name, value in state.items()}
    await services.database["feeds"].update_one({}, {"$set": changes})
    for path in ("/outlets", f"/outlets/{paper}"):
        assert sentence in (await viewer.get(path)).text


async def test_a_failure_is_told_in_the_readers_language(services: Services, viewer: Browser, paper: ObjectId) -> None:
    await services.database["feeds"].update_one(
        {},
        {
            "$set": {
                "state.error": "paper.example answered with HTTP status 404.",
                "state.error_message": "{host} answered with HTTP status {status}.",
                "state.error_params": {"host": "paper.example", "status": "404"},
            }
        },
    )
    viewer.cookies.set("language", "zh_CN", domain="testserver.local")
    text = (await viewer.get("/outlets")).text
    assert "answered with" not in text
    assert "404" in text


async def test_a_feed_that_rests_is_not_blamed(services: Services, viewer: Browser, paper: ObjectId) -> None:
    changes = {"active": False, "state.error": "paper.example could not be reached."}
    await services.database["feeds"].update_one({}, {"$set": changes})
    text = (await viewer.get("/outlets")).text
    assert "resting" in text
    assert "could not be reached" not in text


async def test_pages_of_outlets_and_projects_are_for_people_with_an_account(
    services: Services, paper: ObjectId
) -> None:
    async with Browser(services) as stranger:
        for path in ("/outlets", f"/outlets/{paper}", "/projects"):
            assert (await stranger.get(path)).headers["location"].startswith("/login")


@pytest.mark.parametrize("path", ["/outlets", "/projects", "/outlets/nonsense", f"/projects/{UNKNOWN_ID}"])
async def test_pages_speak_chinese(viewer: Browser, path: str) -> None:
    viewer.cookies.set("language", "zh_CN", domain="testserver.local")
    answer = await viewer.get(path)
    assert answer.status_code == (200 if path.count("/") == 1 else 404)
    assert '<html lang="zh-CN"' in answer.text


# -- one outlet


async def test_an_outlets_page_shows_feeds_projects_and_latest_stories(
    services: Services, viewer: Browser, paper: ObjectId, clock: FakeClock
) -> None:
    await services.outlets.add_project(paper, "全城找问题", ["曝光台"], date(2026, 1, 1), date(2026, 12, 31), 120)
    await put_story(services, paper, "井盖又破了", clock.now, "曝光台")
    text = (await viewer.get(f"/outlets/{paper}")).text
    for shown in (PAPER, "晨报电子版", FEED, "全城找问题", "井盖又破了", f"/stories?outlet={paper}"):
        assert shown in text
    assert "<button" not in text.split('<main id="main"')[1].split("</main>")[0], "a viewer changes nothing"


async def test_a_home_page_that_is_no_web_address_never_becomes_a_link(services: Services, viewer: Browser) -> None:
    outlet_id = await services.outlets.add_outlet(
        "坏链接", OutletKind.PORTAL, partner=False, homepage="javascript:alert(1)"
    )
    assert "javascript:" not in (await viewer.get(f"/outlets/{outlet_id}")).text


async def test_an_outlet_is_added_and_gets_its_feed(services: Services, admin: Browser) -> None:
    answer = await admin.post("/outlets", {"name": f" {PAPER} ", "kind": "newspaper", "partner": "1"})
    assert answer.status_code == 303
    page = answer.headers["location"]
    assert "Now give it its feeds." in (await admin.get(page)).text
    sent = {"url": FEED, "title": "电子版", "platform": "paper", "column": "曝光台"}
    assert (await admin.post(f"{page}/feeds", sent)).status_code == 303
    (outlet,), (feed,) = await services.outlets.all(), await services.outlets.feeds()
    assert (outlet.name, outlet.kind, outlet.partner) == (PAPER, OutletKind.NEWSPAPER, True)
    assert (feed.url, feed.platform, feed.column, feed.active) == (FEED, Platform.PAPER, "曝光台", True)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": ""}, "Please give the outlet a name."),
        ({"name": PAPER}, "There is an outlet of this name already."),
        ({"kind": ""}, "Please choose from the list."),
        ({"kind": "oracle"}, "Please choose from the list."),
        ({"homepage": "javascript:alert(1)"}, "A web address begins with http:// or https://."),
        ({"name": "x" * 400}, "This is too long."),
    ],
)
async def test_an_outlet_that_cannot_be_is_refused_and_nothing_typed_is_lost(
    services: Services, admin: Browser, paper: ObjectId, change: dict[str, str], sentence: str
) -> None:
    sent = {"name": STATION, "kind": "broadcaster", "homepage": "https://station.example", "partner": "1", **change}
    answer = await admin.post("/outlets", sent)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{sent["homepage"]}"' in answer.text
    assert re.search(r'name="partner" value="1" checked', answer.text)
    assert await stored(services) == (1, 1)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"url": ""}, "Please give the feed&#39;s address."),
        ({"url": "ftp://paper.example/rss"}, "not an address of a feed that can be asked: ftp://paper.example/rss"),
        ({"url": "https://user:pw@paper.example/rss"}, "not an address of a feed"),
        ({"url": "https://paper.example:25/rss"}, "not an address of a feed"),
        ({"url": FEED}, "This feed is subscribed to already."),
        ({"platform": "telegraph"}, "Please choose from the list."),
    ],
)
async def test_a_feed_that_cannot_be_is_refused_and_nothing_typed_is_lost(
    services: Services, admin: Browser, paper: ObjectId, change: dict[str, str], sentence: str
) -> None:
    sent = {"url": "https://paper.example/other", "platform": "web", "title": "另一个", **change}
    answer = await admin.post(f"/outlets/{paper}/feeds", sent)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'value="另一个"' in answer.text
    assert await stored(services) == (1, 1)


async def test_a_feed_rests_and_is_read_again(services: Services, admin: Browser, paper: ObjectId) -> None:
    (feed,) = await services.outlets.feeds()
    path = f"/outlets/{paper}/feeds/{feed.id}/active"
    assert (await admin.post(path)).headers["location"] == f"/outlets/{paper}"
    assert not (await services.outlets.feeds())[0].active
    assert "The feed rests." in (await admin.get(f"/outlets/{paper}")).text
    await admin.post(path, {"active": "1"})
    assert (await services.outlets.feeds())[0].active


async def test_a_feed_of_another_outlet_is_not_touched(services: Services, admin: Browser, paper: ObjectId) -> None:
    other = await services.outlets.add_outlet(STATION, OutletKind.BROADCASTER, partner=False)
    (feed,) = await services.outlets.feeds()
    assert (await admin.post(f"/outlets/{other}/feeds/{feed.id}/active")).status_code == 404
    assert (await services.outlets.feeds())[0].active


async def test_an_outlet_becomes_a_partner_and_stops_being_one(
    services: Services, admin: Browser, paper: ObjectId
) -> None:
    await admin.post(f"/outlets/{paper}/partner")
    assert not (await services.outlets.get(str(paper))).partner
    await admin.post(f"/outlets/{paper}/partner", {"partner": "1"})
    assert (await services.outlets.get(str(paper))).partner


@pytest.mark.parametrize("outlet_id", ["nonsense", UNKNOWN_ID])
@pytest.mark.parametrize("act", ["", "/partner", "/feeds", f"/feeds/{UNKNOWN_ID}/active"])
async def test_an_outlet_that_is_none_is_not_found(admin: Browser, outlet_id: str, act: str) -> None:
    path = f"/outlets/{outlet_id}{act}"
    answer = await (admin.post(path, {"url": FEED, "platform": "web"}) if act else admin.get(path))
    assert answer.status_code == 404


async def test_only_admins_change_outlets(services: Services, paper: ObjectId) -> None:
    (feed,) = await services.outlets.feeds()
    async with await browser_as(services, *(role for role in Role if role is not Role.ADMIN)) as browser:
        for path in ("/outlets", "/outlets/import", f"/outlets/{paper}/partner", f"/outlets/{paper}/feeds"):
            assert (await browser.post(path, {"name": "x"})).status_code == 403, path
        assert (await browser.post(f"/outlets/{paper}/feeds/{feed.id}/active")).status_code == 403
        assert (await browser.get("/outlets/export.opml")).status_code == 403


# -- OPML


async def test_opml_goes_in_and_comes_out_the_same(services: Services, admin: Browser) -> None:
    given = [
        Subscription(
            FEED, "电子版", PAPER, OutletKind.NEWSPAPER, True, "https://paper.example", Platform.PAPER, "曝光台"
        ),
        Subscription("https://station.example/rss", "官网", STATION, OutletKind.BROADCASTER, False),
    ]
    answer = await admin.post("/outlets/import", None, opml(*given))
    assert answer.headers["location"] == "/outlets"
    told = (await admin.get("/outlets")).text
    assert "2 new outlets, 2 new feeds, 0 that were subscribed to already" in told

    exported = await admin.get("/outlets/export.opml")
    assert exported.headers["content-disposition"] == 'attachment; filename="media-tracker.opml"'
    assert sorted(read_opml(exported.content), key=lambda each: each.url) == sorted(given, key=lambda each: each.url)
    (entry, *_) = await services.audit.latest()
    assert (entry.action, entry.detail) == (AuditAction.EXPORTED, {"feeds": 2})

    await admin.post("/outlets/import", None, opml(*given))
    assert await stored(services) == (2, 2)
    assert "0 new outlets, 0 new feeds, 2 that were subscribed to already" in (await admin.get("/outlets")).text


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Please choose an OPML file."),
        (b"this is no XML", "This is not a well-formed OPML file."),
        (b"<rss/>", "This is not a well-formed OPML file."),
        (b"<opml><body/></opml>", "There is no feed in this OPML file"),
        (
            b'<!DOCTYPE opml [<!ENTITY e "x">]><opml><body><outline xmlUrl="https://a.example/">&e;</outline></body></opml>',
            "DOCTYPE or entities",
        ),
        (b"<opml><body>" + b" " * MOST_BYTES + b"</body></opml>", "larger than 5 MB"),
    ],
)
async def test_a_bad_opml_file_is_refused_in_one_sentence_and_changes_nothing(
    services: Services, admin: Browser, content: bytes, sentence: str
) -> None:
    answer = await admin.post("/outlets/import", None, upload(content))
    assert answer.status_code == 422
    assert answer.text.count(sentence) == 1
    assert await stored(services) == (0, 0)


async def test_one_bad_address_keeps_the_whole_file_out(services: Services, admin: Browser) -> None:
    good, bad = Subscription(FEED, "好", PAPER), Subscription("file:///etc/passwd", "坏", STATION)
    answer = await admin.post("/outlets/import", None, opml(good, bad))
    assert answer.status_code == 422
    assert "can be asked: file:///etc/passwd" in answer.text
    assert await stored(services) == (0, 0)


async def test_a_file_far_over_the_limit_is_not_even_read(services: Services, admin: Browser) -> None:
    answer = await admin.post("/outlets/import", None, upload(b" " * (MOST_BYTES + 200_000)))
    assert answer.status_code == 413
    assert await stored(services) == (0, 0)


async def test_an_import_without_a_file_field_says_what_is_missing(admin: Browser) -> None:
    assert "Please choose an OPML file." in (await admin.post("/outlets/import", {"opml": "text"})).text


# -- projects


async def test_the_number_of_a_project_is_the_length_of_its_list(
    services: Services, viewer: Browser, paper: ObjectId
) -> None:
    other = await services.outlets.add_outlet(STATION, OutletKind.BROADCASTER, partner=True)
    await services.outlets.add_feed(other, "https://station.example/rss", "台", Platform.WEB)
    await services.outlets.add_project(
        paper, "全城找问题", ["曝光台", "曝光台·回音"], date(2026, 2, 1), date(2026, 2, 28), 120
    )
    shanghai = services.settings.zone
    counted = [
        ("第一刻", datetime(2026, 2, 1, 0, 0, tzinfo=shanghai), "曝光台"),
        ("最后一刻", datetime(2026, 2, 28, 23, 59, tzinfo=shanghai), "曝光台·回音"),
        *((f"第{n}篇", datetime(2026, 2, 10, 8, 0, tzinfo=shanghai), "曝光台") for n in range(60)),
    ]
    for title, at, column in counted:
        await put_story(services, paper, title, at, column)
    february = datetime(2026, 2, 10, tzinfo=shanghai)
    await put_story(services, paper, "太早", datetime(2026, 1, 31, 23, 59, tzinfo=shanghai), "曝光台")
    await put_story(services, paper, "太晚", datetime(2026, 3, 1, 0, 0, tzinfo=shanghai), "曝光台")
    await put_story(services, paper, "别的栏目", february, "副刊")
    await put_story(services, other, "别家的", february, "曝光台")
    await put_story(services, paper, "撤回的", february, "曝光台", withdrawn=True)

    text = (await viewer.get("/projects")).text
    (project,) = await services.outlets.projects()
    assert f'project={project.id}" data-figure="{len(counted)}"' in text

    listed, page = [], f"/projects/{project.id}"
    while page:
        answer = (await viewer.get(page)).text
        assert f"{len(counted)} stories" in answer
        listed += re.findall(r'<li><span><a href="/stories/\w+">([^<]+)</a>', answer)
        older = re.search(r'rel="next" href="([^"]+)"', answer)
        page = older[1].replace("&amp;", "&") if older else ""
    assert sorted(listed) == sorted(title for title, _, _ in counted)


async def test_publicity_staff_add_a_project(services: Services, paper: ObjectId) -> None:
    sent = {
        "outlet": str(paper),
        "name": "暗访直击",
        "columns": "暗访直击\r\n\r\n 记者调查 ",
        "starts": "2026-01-01",
        "ends": "2026-12-31",
        "planned": "48",
    }
    async with await browser_as(services, Role.PUBLICITY) as browser:
        assert 'value="2026-01-01"' in (await browser.get("/projects")).text
        assert (await browser.post("/projects", sent)).headers["location"] == "/projects"
        (project,) = await services.outlets.projects()
        assert (project.name, project.columns, project.planned_stories) == ("暗访直击", ["暗访直击", "记者调查"], 48)
        assert (project.starts, project.ends) == (date(2026, 1, 1), date(2026, 12, 31))
        again = await browser.post("/projects", sent)
        assert again.status_code == 422
        assert "This outlet has a project of this name already." in again.text
    async with await browser_as(services, Role.EDITOR) as editor:
        assert "Add a project" not in (await editor.get("/projects")).text
        assert (await editor.post("/projects", sent)).status_code == 403


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": ""}, "Please give the project a name."),
        ({"outlet": ""}, "Please choose from the list."),
        ({"outlet": "nonsense"}, "Please choose from the list."),
        ({"outlet": UNKNOWN_ID}, "Please choose from the list."),
        ({"columns": " \n "}, "Please name at least one column."),
        ({"starts": "soon"}, "Please give a day as year-month-day."),
        ({"ends": "2025-12-31"}, "A project cannot end before it begins."),
        ({"planned": "many"}, "Please give a whole number."),
    ],
)
async def test_a_project_that_cannot_be_is_refused_and_nothing_typed_is_lost(
    services: Services, admin: Browser, paper: ObjectId, change: dict[str, str], sentence: str
) -> None:
    sent = {"outlet": str(paper), "name": "项目", "columns": "曝光台", "starts": "2026-01-01", "ends": "2026-12-31"}
    answer = await admin.post("/projects", {**sent, "planned": "77", **change})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{({"planned": "77"} | change)["planned"]}"' in answer.text
    assert await services.outlets.projects() == []


@pytest.mark.parametrize("project_id", ["nonsense", UNKNOWN_ID])
async def test_a_project_that_is_none_is_not_found(viewer: Browser, project_id: str) -> None:
    assert (await viewer.get(f"/projects/{project_id}")).status_code == 404
