"""What waits at the desk: stories to decide, to tie and to file; those that were changed after all; reprints at one go."""

from __future__ import annotations

import asyncio
import re

import pytest
import pytest_asyncio

from media_tracker.accounts.actor import Role
from media_tracker.db.events import SYSTEM
from media_tracker.desk.reprints import Reprints
from media_tracker.errors import Conflict, Forbidden
from media_tracker.ingest.documents import Disposition, Kind, Story
from media_tracker.problems.case import Channel
from media_tracker.wiring import Services
from tests.web.browser import Browser
from tests.web.desk_scene import DECISION, Scene, key_of, pending

DEED = {"deed_title": "路人合力救起落水者", "deed": "三人先后下水。", "person": "", "region": "", "place": "河边"}


@pytest_asyncio.fixture
async def scene(services: Services) -> Scene:
    return await Scene.build(services)


async def queue_of(browser: Browser, path: str = "/desk") -> list[str]:
    """Ids of the stories in the queue, from top to bottom."""
    text = (await browser.get(path)).text
    queue = text[text.index('class="queue"') :] if 'class="queue"' in text else ""
    return re.findall(r"story=([0-9a-f]{24})\" hx-get", queue)


async def reprints_of(scene: Scene, story: Story, count: int) -> list[Story]:
    """Other outlets' copies, which nobody has looked at."""
    await scene.services.database["stories"].update_one(
        {"_id": story.id}, {"$set": {"cluster": story.id, "copied": True}}
    )
    return [
        await scene.put_story(cluster=story.id, copied=True, outlet=scene.blogger, suggested=False)
        for _ in range(count)
    ]


def alike_form(html: str) -> tuple[str, list[str]]:
    """Where the button for all reprints sends, and what it says it has seen."""
    form = re.search(r'<form method="post" action="(/desk/\w+/reprints)".*?</form>', html, re.S)
    assert form is not None
    return form[1], re.findall(r'name="seen" value="([^"]+)"', form[0])


# To be filed


async def test_an_accepted_deed_waits_until_it_is_filed(scene: Scene) -> None:
    story = await scene.put_story("路人救人", "三人先后下水。", kind=Kind.GOOD_DEED)
    other = await scene.put_story(kind=Kind.NOTICE)
    async with scene.browser() as editor:
        now = await scene.decide(editor, story, Kind.GOOD_DEED, category="")
        assert pending(now)
        assert await queue_of(editor) == [str(story.id), str(other.id)]
        assert "to be filed" in (await editor.get("/desk")).text
        assert "to be filed" in (await editor.get("/stories?desk=pending")).text
        data = {"version": str(now.version), **DEED}
        assert (await editor.post(f"/desk/{story.id}/deed", data)).status_code == 303
        assert await queue_of(editor) == [str(other.id)]
    now = await scene.story(story)
    assert not pending(now)
    assert now.decision is not None
    assert now.decision.kind is Kind.GOOD_DEED


async def test_a_filed_deed_that_is_decided_again_does_not_come_back(scene: Scene) -> None:
    story = await scene.put_story(kind=Kind.GOOD_DEED)
    async with scene.browser() as editor:
        now = await scene.decide(editor, story, Kind.GOOD_DEED)
        await editor.post(f"/desk/{story.id}/deed", {"version": str(now.version), **DEED})
        assert not pending(await scene.decide(editor, story, Kind.GOOD_DEED, place="桥下"))


async def test_letters_say_the_kind_digits_the_problem_and_no_key_means_two_things(scene: Scene) -> None:
    await scene.put_problem()
    story = await scene.put_story()
    async with scene.browser() as editor:
        asked = re.findall(r'data-key="([^"]+)"', (await editor.get("/desk")).text)
        await scene.decide(editor, story)
        tie = re.findall(r'data-key="([^"]+)"', (await editor.get(f"/desk?story={story.id}")).text)
    assert {"e", "f", "g", "n", "o", "a", "0", "1"} <= set(asked)
    once = [key for key in asked if key != "i"]  # what a follow-up reports, or the kind of a deed: one of them is shown
    assert len(once) == len(set(once)), asked
    assert {"1", "a", "d", "x"} <= set(tie)
    assert len(tie) == len(set(tie)), tie


# Changed after the decision


async def test_stories_that_were_changed_after_the_decision_have_a_queue_of_their_own(scene: Scene) -> None:
    first, second = await scene.put_story(), await scene.put_story()
    stories = scene.services.database["stories"]
    async with scene.browser() as editor:
        for story in (first, second):
            await scene.decide(editor, story, Kind.NOTICE)
        assert "Changed after the decision" not in (await editor.get("/desk")).text
        for story in (first, second):
            await stories.update_one(
                {"_id": story.id}, {"$set": {"changed_since_decision": True}, "$inc": {"version": 1}}
            )
        shown = (await editor.get("/desk")).text
        assert re.search(r'href="/desk\?queue=changed">Changed after the decision <span class="num">2</span>', shown)
        assert await queue_of(editor, "/desk?queue=changed") == [str(first.id), str(second.id)]
        shown = (await editor.get("/desk?queue=changed")).text
        assert "The outlet has changed this story since it was decided." in shown
        assert f'action="/desk/{first.id}/decide"' in shown
        now = await scene.story(first)
        data = {"version": str(now.version), "kind": "notice", **DECISION, "wanted": "queue=changed"}
        answer = await editor.post(f"/desk/{first.id}/decide", data)
        assert answer.headers["location"] == f"/desk?queue=changed&story={second.id}"
        assert await queue_of(editor, "/desk?queue=changed") == [str(second.id)]
        await scene.decide(editor, second, Kind.NOTICE)
        shown = (await editor.get("/desk?queue=changed")).text
    assert "No outlet has changed a story since it was decided." in shown


# Reprints


async def test_reprints_follow_a_tied_story_with_one_button(scene: Scene) -> None:
    problem = await scene.put_problem()
    story = await scene.put_story()
    copies = await reprints_of(scene, story, 2)
    async with scene.browser() as editor:
        now = await scene.decide(editor, story)
        assert "/reprints" not in (await editor.get(f"/desk?story={story.id}")).text, "it has led nowhere yet"
        await editor.post(f"/stories/{story.id}/attach", {"version": str(now.version), "number": problem.number})
        shown = (await editor.get(f"/desk?story={copies[0].id}")).text
        assert "Accept the same for all 2 reprints" in shown
        path, seen = alike_form(shown)
        answer = await editor.post(path, {"seen": seen})
        assert answer.headers["location"] == "/desk"
        assert "2 stories with the same text are decided alike." in (await editor.get("/desk")).text
    for copy in copies:
        now = await scene.story(copy)
        assert not pending(now)
        assert now.decision is not None
        assert (now.decision.kind, now.decision.category, now.decision.place, now.decision.disposition) == (
            Kind.EXPOSURE,
            DECISION["category"],
            DECISION["place"],
            Disposition.TIED,
        )
    reports = (await scene.services.problems.get(problem.number)).case.reports
    assert [(report.story_id, report.channel) for report in reports] == [
        (story.id, Channel.EXPOSURE),
        *((copy.id, Channel.ONLINE) for copy in copies),
    ]


async def test_reprints_follow_a_story_that_leads_nowhere_and_one_that_is_filed(scene: Scene) -> None:
    criticism, deed = await scene.put_story(), await scene.put_story(kind=Kind.GOOD_DEED)
    [bad_copy], [good_copy] = await reprints_of(scene, criticism, 1), await reprints_of(scene, deed, 1)
    async with scene.browser() as editor:
        now = await scene.decide(editor, criticism)
        await editor.post(f"/desk/{criticism.id}/nowhere", {"version": str(now.version), "why": "criticism"})
        now = await scene.decide(editor, deed, Kind.GOOD_DEED)
        await editor.post(f"/desk/{deed.id}/deed", {"version": str(now.version), **DEED})
        for copy in (bad_copy, good_copy):
            path, seen = alike_form((await editor.get(f"/desk?story={copy.id}")).text)
            assert (await editor.post(path, {"seen": seen})).status_code == 303
    led = (await scene.story(bad_copy)).decision
    assert led is not None
    assert led.disposition is Disposition.CRITICISM
    filed = await scene.services.deeds.of_story(key_of(good_copy))
    assert filed is not None
    assert {each.story_id for each in filed.stories} == {deed.id, good_copy.id}
    assert await scene.services.stories.count_pending() == 0


async def test_a_reprint_that_was_not_seen_as_it_is_now_is_left_for_a_look_of_its_own(scene: Scene) -> None:
    story = await scene.put_story()
    seen, changed, unseen = await reprints_of(scene, story, 3)
    stranger = await scene.put_story()
    async with scene.browser() as editor:
        await scene.decide(editor, story, Kind.NOTICE)
        await scene.services.database["stories"].update_one({"_id": changed.id}, {"$inc": {"version": 1}})
        sent = [f"{each.id}-1" for each in (seen, changed, stranger)]
        answer = await editor.post(f"/desk/{story.id}/reprints", {"seen": [*sent, "nonsense"]})
        shown = (await editor.get(answer.headers["location"])).text
    assert "1 stories with the same text are decided alike; 2 need a look of their own." in shown
    assert not pending(await scene.story(seen))
    for other in (changed, unseen, stranger):
        assert (await scene.story(other)).decision is None


async def test_two_editors_who_accept_the_same_reprints_decide_each_once(scene: Scene) -> None:
    story = await scene.put_story()
    copies = await reprints_of(scene, story, 3)
    async with scene.browser() as editor:
        await scene.decide(editor, story, Kind.NOTICE)
        path, seen = alike_form((await editor.get(f"/desk?story={copies[0].id}")).text)
        answers = await asyncio.gather(*(editor.post(path, {"seen": seen}) for _ in range(2)))
    assert {answer.status_code for answer in answers} == {303}
    for copy in copies:
        events = await scene.services.log.of("story", key_of(copy))
        assert [event.type for event in events] == ["ingested", "decided"]


async def test_reprints_wait_for_the_story_and_for_an_editor(scene: Scene) -> None:
    found = scene.services
    reprints = Reprints(found.desk, found.stories, found.problems, found.deeds)
    story = await scene.put_story()
    [copy] = await reprints_of(scene, story, 1)
    editor, viewer = [await found.accounts.find_by_username(role.value) for role in (Role.EDITOR, Role.VIEWER)]
    assert editor is not None
    assert viewer is not None
    with pytest.raises(Conflict):
        await reprints.decide_alike(str(story.id), {str(copy.id): 1}, editor.actor(), SYSTEM)
    async with scene.browser() as browser:
        await scene.decide(browser, story, Kind.NOTICE)
    with pytest.raises(Forbidden):
        await reprints.decide_alike(str(story.id), {str(copy.id): 1}, viewer.actor(), SYSTEM)
    assert (await scene.story(copy)).decision is None
