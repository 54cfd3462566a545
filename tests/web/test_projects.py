"""Projects: what was promised beside what has come, every number with its list; changed, ended, and by form and platform."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from bson import ObjectId

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import AuditAction
from media_tracker.db.connection import Database
from media_tracker.ingest.documents import Story
from media_tracker.ingest.story_format import StoryFormat
from media_tracker.outlets.documents import OutletKind, Platform
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.taken_in import take_in
from tests.web.admin_scene import add_user, browser_as, browser_of, make_services
from tests.web.browser import Browser
from tests.web.figures_reading import Link, read

NOW = datetime(2026, 3, 27, 18, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest_asyncio.fixture
async def services(database: Database, clock: FakeClock) -> Services:
    made = make_services(database, clock)
    clock.set(NOW)
    return made


@pytest_asyncio.fixture
async def keeper(services: Services) -> AsyncIterator[Browser]:
    async with await browser_as(services, Role.PUBLICITY) as browser:
        yield browser


async def put(
    services: Services,
    outlet: ObjectId,
    day: date,
    column: str,
    told: StoryFormat | None = StoryFormat.TEXT,
    platform: Platform = Platform.WEB,
    *,
    withdrawn: bool = False,
) -> ObjectId:
    """A story at eight in the morning, as the ingest stores it, with its event."""
    at = datetime(day.year, day.month, day.day, 8, tzinfo=services.settings.zone)
    story_id = ObjectId()
    story = Story(
        id=story_id,
        outlet_id=outlet,
        feed_id=outlet,
        key=str(story_id),
        title=f"{column}{day}",
        column=column,
        platform=platform,
        published_at=at,
        fetched_at=at,
        content_hash=str(story_id),
        cluster=story_id,
        withdrawn_at=at if withdrawn else None,
        format=told,
    )
    row = story.model_dump(by_alias=True, exclude={"id", "revision_id"})
    await take_in(services, {**row, "_id": story_id})
    return story_id


async def sent(keeper: Browser, outlet: ObjectId, **changes: str) -> dict[str, str]:
    return {
        "outlet": str(outlet),
        "name": "全城找问题",
        "columns": "曝光台 = 100\n曝光台·回音",
        "starts": "2026-01-01",
        "ends": "2026-12-31",
        "planned": "",
        **changes,
    }


async def every_number_is_its_list(browser: Browser, path: str) -> set[Link]:
    """Follow all numbers of a page that are not 0, and a few that are; all of them."""
    links = set((await read(browser, path)).figures)
    nothing = [link for link in links if not link.value]
    for link in [*(link for link in links if link.value), *nothing[:2]]:
        where = urlsplit(link.href)
        page = await read(browser, f"{where.path}?{where.query}")
        assert page.total == link.value, link
    return links


async def test_a_project_is_promised_followed_changed_and_ended(services: Services, keeper: Browser) -> None:
    outlet = await services.outlets.add_outlet("示例日报", OutletKind.NEWSPAPER, partner=True)
    other = await services.outlets.add_outlet("示例晚报", OutletKind.NEWSPAPER, partner=True)
    assert (await keeper.post("/projects", await sent(keeper, outlet))).status_code == 303
    (project,) = await services.outlets.projects()
    for day in range(1, 11):
        await put(services, outlet, date(2026, 2, day), "曝光台", StoryFormat.PHOTO)
    await put(services, outlet, date(2026, 2, 11), "曝光台", StoryFormat.VIDEO, Platform.DOUYIN)
    await put(services, outlet, date(2026, 3, 26), "曝光台·回音", None, Platform.PAPER)
    await put(services, outlet, date(2026, 2, 1), "曝光台", withdrawn=True)
    await put(services, outlet, date(2025, 12, 31), "曝光台")
    await put(services, outlet, date(2026, 2, 1), "副刊")
    await put(services, other, date(2026, 2, 1), "曝光台")

    path = f"/projects/{project.id}"
    links = await every_number_is_its_list(keeper, path) | await every_number_is_its_list(keeper, "/projects")
    stories = {link.value for link in links if link.href.startswith("/monitor/stories") and "column=" not in link.href}
    assert stories == {12}
    told = {re.sub(r".*\?|#.*", "", link.href): link.value for link in links if link.href.startswith(f"{path}?")}
    assert told["format=photo"] == 10
    assert told["format=unknown&platform=paper"] == 1
    assert told["format=video&platform=douyin"] == 1
    text = (await keeper.get(path)).text
    assert "of 100 planned" in text
    assert "usually daily" in text
    assert "quiet for 44 days" in text, "the column, though the project told of something yesterday"

    changed = await sent(keeper, outlet, columns="曝光台 = 10", planned="20", version="1")
    assert (await keeper.post(path, changed)).status_code == 303
    assert (await keeper.post(path, changed)).status_code == 409, "two people cannot both change it"
    assert "of 20 planned" in (await keeper.get(path)).text
    assert (
        await keeper.post(f"{path}/end", {"version": "2", "last_day": "2027-01-01", "note": "x"})
    ).status_code == 422
    assert (await keeper.post(f"{path}/end", {"version": "2", "last_day": "2026-02-05", "note": ""})).status_code == 422
    ended = await keeper.post(f"{path}/end", {"version": "2", "last_day": "2026-02-05", "note": "栏目停办"})
    assert ended.status_code == 303
    now = await services.outlets.project(str(project.id))
    assert (now.ends, now.agreed_end, now.version) == (date(2026, 2, 5), date(2026, 12, 31), 3)
    assert {link.value for link in await every_number_is_its_list(keeper, path) if "monitor/stories" in link.href} == {
        5
    }
    assert "栏目停办" in (await keeper.get(path)).text
    assert "全城找问题" not in (await keeper.get("/projects")).text
    assert "全城找问题" in (await keeper.get("/projects?show=others")).text
    written = [entry.action for entry in await services.audit.latest(3)]
    assert written == [AuditAction.PROJECT_ENDED, AuditAction.PROJECT_CHANGED, AuditAction.PROJECT_ADDED]


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ("\n".join(f"栏目{n}" for n in range(51)), "A project has at most 50 columns."),
        ("曝光台 = 100001", "曝光台 = 100001"),
    ],
)
async def test_columns_that_cannot_be_come_back_with_the_line(
    services: Services, keeper: Browser, columns: str, sentence: str
) -> None:
    outlet = await services.outlets.add_outlet("示例日报", OutletKind.NEWSPAPER, partner=True)
    answer = await keeper.post("/projects", await sent(keeper, outlet, columns=columns))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert await services.outlets.projects() == []


async def test_an_editor_says_in_which_form_a_story_is_told(services: Services) -> None:
    outlet = await services.outlets.add_outlet("示例日报", OutletKind.NEWSPAPER, partner=True)
    story = await put(services, outlet, date(2026, 2, 1), "曝光台", None)
    user = await add_user(services, Role.EDITOR)
    async with await browser_of(services, user) as editor:
        assert "Form not recorded" in (await editor.get(f"/stories/{story}")).text
        for status in (303, 409):
            said = await editor.post(f"/stories/{story}/format", {"version": "1", "format": "h5"})
            assert said.status_code == status
        assert "Its form was corrected" in (await editor.get(f"/stories/{story}")).text
    assert (await services.stories.get(story)).format is StoryFormat.H5
    events = await services.log.of("story", story)
    assert [(event.type, event.payload) for event in events[1:]] == [("format_said", {"format": "h5"})]


async def test_a_project_in_silence_from_the_start_is_quiet_after_two_weeks(
    services: Services, keeper: Browser, clock: FakeClock
) -> None:
    outlet = await services.outlets.add_outlet("示例日报", OutletKind.NEWSPAPER, partner=True)
    first = clock.now.astimezone(services.settings.zone).date()
    await services.outlets.add_project(outlet, "新栏目", [], first, first + timedelta(days=100), None)
    assert "is quiet" not in (await keeper.get("/projects")).text
    clock.advance(days=15)
    async with await browser_as(services, Role.VIEWER) as later:
        assert "1 is quiet" in (await later.get("/projects")).text
