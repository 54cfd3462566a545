"""The desk's other pages: filters and saved queues, putting off, undoing, claims, accepting in bulk; all without JavaScript."""

from __future__ import annotations

import re

import pytest
import pytest_asyncio
from bson import ObjectId

from media_tracker.accounts.actor import Role
from media_tracker.accounts.duties import Duties
from media_tracker.ingest.documents import DeskState, Kind
from media_tracker.wiring import Services
from tests.web.desk_scene import PASSWORD, Scene, key_of, pending


@pytest_asyncio.fixture
async def scene(services: Services) -> Scene:
    return await Scene.build(services)


async def test_a_filter_stands_in_the_address_and_can_be_kept_and_opened_with(scene: Scene) -> None:
    await scene.put_story("通知一则", kind=Kind.NOTICE)
    await scene.put_story("曝光一则", kind=Kind.EXPOSURE)
    async with scene.browser() as browser:
        page = (await browser.get("/desk?kind=notice&band=high&nonsense=1")).text
        side = page[page.index('id="desk-queue"') :]
        assert "通知一则" in side
        assert "曝光一则" not in side
        keep = re.search(r'href="(/desk/queues\?[^"]+)"', page)
        assert keep is not None
        form = (await browser.get(keep.group(1).replace("&amp;", "&"))).text
        assert 'value="kind=notice&amp;band=high"' in form
        wrong = await browser.post("/desk/queues", {"wanted": "kind=notice", "name": " "})
        assert (wrong.status_code, "Please give the queue a name." in wrong.text) == (422, True)
        kept = await browser.post(
            "/desk/queues", {"wanted": "kind=notice&order=oldest", "name": "通知", "default": "1"}
        )
        assert (kept.status_code, kept.headers["location"]) == (303, "/desk?order=oldest&kind=notice")
        opened = await browser.get("/desk")
        assert (opened.status_code, opened.headers["location"]) == (303, "/desk?order=oldest&kind=notice")
        assert "曝光一则" in (await browser.get("/desk?queue=waiting")).text
        user = await scene.services.accounts.find_by_username("editor")
        assert user is not None
        saved = await scene.services.saved_queues.of(user.actor())
        assert (await browser.post(f"/desk/queues/{saved[0].id}/delete", {})).status_code == 303
        assert (await browser.get("/desk")).status_code == 200


async def test_a_story_is_put_off_from_the_desk_listed_with_the_others_and_taken_back(scene: Scene) -> None:
    first, second = await scene.put_story("甲"), await scene.put_story("乙")
    async with scene.browser() as browser:
        away = await browser.post(f"/desk/{first.id}/snooze", {"version": "1", "until": "tomorrow", "wanted": ""})
        assert (away.status_code, away.headers["location"]) == (303, f"/desk?story={second.id}")
        page = (await browser.get(f"/desk?story={second.id}")).text
        assert "Put off until" in page
        assert "甲" not in page[page.index('id="desk-queue"') :]
        off = await browser.get("/desk?queue=snoozed")
        assert f"/desk/{first.id}/wake" in off.text
        for wrong in ({"until": "chosen"}, {"until": "chosen", "at": "2020-01-01T10:00"}):
            await browser.post(f"/desk/{second.id}/snooze", {"version": "1", "wanted": "", **wrong})
            assert pending(await scene.story(second))
        await browser.post(f"/desk/{first.id}/wake", {"version": "2", "wanted": "queue=snoozed"})
        assert pending(await scene.story(first))


async def test_what_was_done_is_listed_and_undone_with_a_button(scene: Scene) -> None:
    story = await scene.put_story("甲")
    async with scene.browser() as browser:
        assert "nothing at the desk" in (await browser.get("/desk/done")).text
        await scene.decide(browser, story, Kind.NOTICE)
        row = re.search(r'action="(/desk/undo/\w+)"', (await browser.get("/desk/done")).text)
        assert row is not None
        undone = await browser.post(row.group(1), {"wanted": ""})
        assert (undone.status_code, undone.headers["location"]) == (303, f"/desk?story={story.id}")
        assert (await scene.story(story)).decision is None
        again = await browser.post(row.group(1), {"listed": "1"})
        assert again.headers["location"] == "/desk/done"
        assert "undone already" in (await browser.get("/desk/done")).text


async def test_who_comes_second_sees_who_has_the_story_and_an_admin_takes_it_away(scene: Scene) -> None:
    story = await scene.put_story("甲")
    both = Duties(frozenset({Role.EDITOR, Role.ADMIN}))
    await scene.services.accounts.add_user("anna", "Anna Berg", both, password=PASSWORD)
    async with scene.browser() as first, scene.browser("anna") as second:
        assert (await first.get(f"/desk?story={story.id}")).status_code == 200
        seen = (await second.get(f"/desk?story={story.id}")).text
        assert "editor person has this story open" in seen
        assert f"/desk/{story.id}/decide" not in seen
        assert (await second.post(f"/desk/{story.id}/claim", {})).status_code == 409
        late = await second.post(f"/desk/{story.id}/decide", {"version": "1", "kind": "notice"})
        assert (late.status_code, "editor person" in late.text) == (409, True)
        assert (await first.post(f"/desk/{story.id}/break", {})).status_code == 403

        taken = await second.post(f"/desk/{story.id}/break", {"wanted": ""})
        assert taken.status_code == 303
        assert (await second.post(f"/desk/{story.id}/claim", {})).status_code == 204
        assert (await first.post(f"/desk/{story.id}/claim", {})).status_code == 409
        assert (await second.post(f"/desk/{story.id}/release", {})).status_code == 204
        assert await scene.services.story_claims.held([key_of(story)]) == {}


@pytest.mark.parametrize("chinese", [False, True])
async def test_the_surest_are_looked_at_accepted_and_undone_in_bulk(scene: Scene, chinese: bool) -> None:
    stories = [await scene.put_story(f"通知{at}", kind=Kind.NOTICE) for at in range(3)]
    await scene.put_story("曝光一则", kind=Kind.EXPOSURE)
    async with scene.browser(chinese=chinese) as browser:
        assert (await browser.get("/desk/bulk")).status_code == 200
        assert (await browser.post("/desk/bulk", {"wanted": "", "floor": "20"})).status_code == 422
        drawn = await browser.post("/desk/bulk", {"wanted": "kind=notice", "floor": "80"})
        path = drawn.headers["location"]
        page = (await browser.get(path)).text
        assert page.count('name="kept"') == 3
        assert "曝光一则" not in page
        shown = [str(story.id) for story in stories]
        turned = await browser.post(f"{path}/keep", {"shown": shown, "kept": shown[1:], "go": "1"})
        assert turned.headers["location"] == f"{path}?at=1"
        assert len(re.findall(r'name="kept"[^>]* checked>', (await browser.get(path)).text)) == 2
        started = await browser.post(f"{path}/keep", {"shown": shown, "kept": shown[1:], "start": "1"})
        assert started.headers["location"] == path
        await scene.services.bulk_accept.finish()
        states = [(await scene.story(story)).desk for story in stories]
        assert states == [DeskState.PENDING, DeskState.DECIDED, DeskState.DECIDED]
        assert path in (await browser.get("/desk/done")).text
        assert f'action="{path}/undo"' in (await browser.get(path)).text

        await browser.post(f"{path}/undo", {})
        await scene.services.bulk_accept.finish()
        assert all([pending(await scene.story(story)) for story in stories])
        assert (await browser.get(path)).status_code == 200
        assert (await browser.get(f"/desk/bulk/{ObjectId()}")).status_code == 404
