"""Follow-up stories as a problem's own page offers them: those that wait for an editor, and the way to tie each."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest_asyncio
from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.desk.untied import LOOKED_AT, waiting_since
from media_tracker.ingest.documents import Kind
from media_tracker.ingest.stories import NEWEST_FIRST
from media_tracker.problems.case import Channel
from media_tracker.wiring import Services
from tests.web.desk_scene import Scene

TITLE, TOLD = "回访：无影潭社区路面修好了", "无影潭社区三号楼前的破损路面已经修好，居民出行方便了。"
OFFICE = Actor(ObjectId(), frozenset({Role.PUBLICITY}))


@pytest_asyncio.fixture
async def scene(services: Services) -> Scene:
    return await Scene.build(services)


async def test_a_follow_up_that_waits_is_offered_and_tied_from_the_problem(scene: Scene) -> None:
    problem = await scene.put_problem()
    later = scene.services.clock() + timedelta(hours=3)
    story = await scene.put_story(TITLE, TOLD, kind=Kind.FOLLOW_UP, published_at=later)
    other = await scene.put_story("本市举办书法展", "展出作品百余件。", kind=Kind.OTHER, published_at=later)
    exposure = await scene.put_story(TITLE, TOLD, kind=Kind.EXPOSURE, published_at=later)
    before = await scene.put_story(TITLE, TOLD, kind=Kind.FOLLOW_UP, hours_ago=30)
    path = f"/problems/{problem.number}/follow-ups"
    async with scene.browser() as editor:
        html = (await editor.get(path)).text
        assert f"/desk?story={story.id}" in html
        for unlike in (other, exposure, before):
            assert str(unlike.id) not in html
        await scene.decide(editor, story, Kind.FOLLOW_UP)
        html = (await editor.get(path)).text
        form = re.search(rf'action="/stories/{story.id}/attach">.*?</form>', html, re.S)
        assert form is not None
        data = dict(re.findall(r'name="(version|number)" value="([^"]+)"', form[0]))
        assert (await editor.post(f"/stories/{story.id}/attach", data)).status_code == 303
        html = (await editor.get(path)).text
        assert str(story.id) not in html
        assert "No story that waits for an editor" in html
    case = (await scene.services.problems.get(problem.number)).case
    assert [(report.channel, str(report.story_id)) for report in case.reports] == [(Channel.FOLLOW_UP, str(story.id))]


async def test_publicity_staff_see_them_and_leave_the_tie_to_editors(scene: Scene) -> None:
    problem = await scene.put_problem()
    later = scene.services.clock() + timedelta(hours=3)
    story = await scene.put_story(TITLE, TOLD, kind=Kind.FOLLOW_UP, published_at=later)
    async with scene.browser("publicity") as staff:
        html = (await staff.get(f"/problems/{problem.number}/follow-ups")).text
    assert TITLE in html
    assert f"/desk?story={story.id}" not in html
    assert f"/stories/{story.id}/attach" not in html


async def test_what_it_costs_does_not_grow_with_the_queue(scene: Scene) -> None:
    problem = await scene.put_problem()
    await scene.services.migrator.migrate()
    later = scene.services.clock() + timedelta(hours=3)
    first = await scene.put_story(TITLE, TOLD, kind=Kind.FOLLOW_UP, published_at=later)
    row = await scene.services.database["stories"].find_one({"key": first.key})
    assert row is not None
    copies = [{**row, "_id": type(row["_id"])(), "key": f"copy {number}"} for number in range(900)]
    await scene.services.database["stories"].insert_many(copies)
    found = await scene.services.untied.stories_for(problem, OFFICE)
    assert len(found) == 5
    asked = scene.services.database["stories"].find(waiting_since(problem)).sort(NEWEST_FIRST).limit(LOOKED_AT)
    assert (await asked.explain())["executionStats"]["totalDocsExamined"] == LOOKED_AT
