"""What stands around a blind second look: the queue goes on past it, problems do not tell of it, and what was done is undone."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest_asyncio

from media_tracker.accounts.actor import Actor, Role
from media_tracker.accounts.duties import Duties
from media_tracker.db.connection import Json
from media_tracker.desk.filters import QueueFilter, Which
from media_tracker.desk.queue import MOST_BATCHES
from media_tracker.desk.second_look import SETTINGS
from media_tracker.desk.second_look_rules import LookState
from media_tracker.ingest.documents import Kind, Story
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.services.invariants import assert_nothing_lost_or_doubled
from tests.web.browser import Browser
from tests.web.desk_scene import PASSWORD, Scene, key_of


@pytest_asyncio.fixture
async def scene(services: Services) -> Scene:
    """Every story is drawn, and there are three editors."""
    scene = await Scene.build(services)
    for name in ("second", "third"):
        await services.accounts.add_user(name, name, Duties(frozenset({Role.EDITOR})), password=PASSWORD)
    await services.database[SETTINGS].insert_one({"_id": "share", "share": 1.0})
    return scene


async def _editor(scene: Scene, name: str = "second") -> Actor:
    row = await scene.services.database["users"].find_one({"username": name})
    assert row is not None
    return Actor(row["_id"], frozenset({Role.EDITOR}))


async def _on_no_desk(scene: Scene) -> None:
    await scene.services.database["desk_claims"].delete_many({})


async def _copies(scene: Scene, count: int) -> list[Story]:
    """A story and its reprints, the newest first."""
    first = await scene.put_story(copied=True)
    await scene.services.database["stories"].update_one({"_id": first.id}, {"$set": {"cluster": first.id}})
    return [first, *[await scene.put_story(cluster=first.id, copied=True) for _ in range(count - 1)]]


async def _undo_last(browser: Browser) -> None:
    undo = re.search(r'action="(/desk/undo/\w+)"', (await browser.get("/desk")).text)
    assert undo is not None, "nothing can be undone"
    assert (await browser.post(undo[1])).status_code == 303


async def test_the_queue_goes_on_behind_many_stories_that_are_hidden(scene: Scene) -> None:
    hidden = await _copies(scene, 6)
    rest = [await scene.put_story(f"别的稿件{number}", f"别的内容{number}。") for number in range(3)]
    async with scene.browser() as first:
        for each in hidden:
            await scene.decide(first, each, Kind.EXPOSURE)  # each waits to be tied, in a row
    who, queue, ids = await _editor(scene), scene.services.queue, [each.id for each in rest]
    assert len(hidden) <= MOST_BATCHES * 2
    following = await queue.next(QueueFilter(), who, after=await scene.story(hidden[0]))
    assert following is not None
    assert following.id == rest[0].id
    shown, after = [], None
    for _ in range(10):
        page = await queue.page(QueueFilter(), who, after, size=1)
        shown += [line.story.id for line in page.lines]
        after = page.next
        if after is None:
            break
    assert shown == [hidden[0].id, *ids], "each once, none of the hidden reprints"
    assert (await queue.total(QueueFilter(), who)).count == len(shown)


async def test_who_has_a_story_open_is_not_overtaken_by_another_second_look(scene: Scene) -> None:
    story = await scene.put_story()
    async with scene.browser() as first, scene.browser("second") as second, scene.browser("third") as third:
        await scene.decide(first, story, Kind.NOTICE)
        await _on_no_desk(scene)
        await second.get(f"/desk?story={story.id}")
        form = {"version": str(story.version), "kind": "other"}
        assert (await third.post(f"/desk/{story.id}/decide", form)).status_code == 409
        await third.post(f"/desk/{story.id}/snooze", {"version": "1", "until": "tomorrow"})
        snoozed = await scene.services.queue.page(QueueFilter(which=Which.SNOOZED), await _editor(scene, "third"))
        assert snoozed.lines == []
        assert (await scene.services.second_looks.get(key_of(story))).state is LookState.WAITING
        await scene.decide(second, story, Kind.NOTICE)
    assert (await scene.services.second_looks.get(key_of(story))).state is LookState.AGREED
    assert await scene.services.database["desk_claims"].count_documents({"_id": story.id}) == 0, "it is let go of"


async def test_putting_off_what_is_hidden_is_undone_like_any_putting_off(scene: Scene, clock: FakeClock) -> None:
    story = await scene.put_story()
    async with scene.browser() as first, scene.browser("second") as second:
        await scene.decide(first, story, Kind.NOTICE)
        decided = await scene.story(story)
        await _on_no_desk(scene)
        for until in ("tomorrow", "monday"):
            answer = await second.post(f"/desk/{story.id}/snooze", {"version": "1", "until": until})
            assert answer.status_code == 303
            clock.advance(seconds=1)
        assert "Put off" in (await second.get("/desk/done")).text
        who, queue = await _editor(scene), scene.services.queue
        await _undo_last(second)
        page = await queue.page(QueueFilter(which=Which.SNOOZED), who)
        assert [line.story.id for line in page.lines] == [story.id], "until tomorrow, as it was before"
        assert page.lines[0].story.snooze is not None
        assert page.lines[0].story.snooze.until - clock.now < timedelta(days=1, hours=12)
        await _undo_last(second)
        assert [line.story.id for line in (await queue.page(QueueFilter(), who)).lines] == [story.id]
        assert 'action="/desk/undo/' not in (await second.get("/desk")).text
    assert await scene.story(story) == decided, "nothing of the story itself has changed"
    await assert_nothing_lost_or_doubled(scene.services)


async def test_what_was_put_off_again_since_is_not_undone_before_that(scene: Scene) -> None:
    story = await scene.put_story()
    async with scene.browser() as first, scene.browser("second") as second:
        await scene.decide(first, story, Kind.NOTICE)
        await _on_no_desk(scene)
        await second.post(f"/desk/{story.id}/snooze", {"version": "1", "until": "tomorrow"})
        undo = re.search(r'action="(/desk/undo/\w+)"', (await second.get("/desk")).text)
        assert undo is not None
        await second.post(f"/desk/{story.id}/snooze", {"version": "1", "until": "monday"})
        await second.post(undo[1])
    snoozed = await scene.services.queue.page(QueueFilter(which=Which.SNOOZED), await _editor(scene))
    assert [line.story.id for line in snoozed.lines] == [story.id]


async def test_a_reprint_that_was_decided_since_stays_as_its_editor_sees_it_when_the_second_look_is_undone(
    scene: Scene,
) -> None:
    story, reprint = await _copies(scene, 2)
    async with scene.browser() as first, scene.browser("second") as second:
        await scene.decide(first, story, Kind.NOTICE)
        await scene.decide(first, reprint, Kind.NOTICE)
        await scene.decide(second, story, Kind.NOTICE)
        row: Json | None = await scene.services.database["desk_done"].find_one({"what": "looked"})
        assert row is not None
        await scene.decide(second, reprint, Kind.OTHER)
        assert (await second.post(f"/desk/undo/{row['_id']}")).status_code == 303
        assert (await scene.story(story)).blind is not None
        assert (await scene.story(reprint)).blind is None, "its decision is the second editor's own"


async def test_problems_do_not_name_the_story_whose_decision_is_hidden(scene: Scene) -> None:
    problem = await scene.put_problem()
    story = await scene.put_story(published_at=scene.services.clock() + timedelta(hours=3))
    async with scene.browser() as first, scene.browser("second") as second, scene.browser("publicity") as publicity:
        decided = await scene.decide(first, story, Kind.FOLLOW_UP)
        waits = f"/problems/{problem.number}/follow-ups"
        assert str(story.id) in (await first.get(waits)).text
        assert str(story.id) not in (await second.get(waits)).text, "an exposure as far as this editor may know"
        form = {"version": str(decided.version), "number": problem.number}
        assert (await first.post(f"/stories/{story.id}/attach", form)).status_code == 303
        pages = (f"/problems/{problem.number}", f"/problems/{problem.number}/split")
        for path in pages:
            page = await second.get(path)
            assert page.status_code == 200
            assert str(story.id) not in page.text, path
            assert story.title not in page.text, path
            assert "示例晚报" in page.text, "that a report came is no secret"
            assert str(story.id) in (await first.get(path)).text, path
        assert story.title in (await publicity.get(pages[0])).text, "who is no editor is asked for no second look"
        await scene.decide(second, story, Kind.FOLLOW_UP)
        assert story.title in (await second.get(pages[0])).text


async def test_a_first_decision_that_a_third_editor_has_confirmed_is_not_undone(scene: Scene) -> None:
    story = await scene.put_story()
    async with scene.browser() as first, scene.browser("second") as second, scene.browser("third") as third:
        decided = await scene.decide(first, story, Kind.NOTICE)
        row: Json | None = await scene.services.database["desk_done"].find_one({"what": "decided"})
        assert row is not None
        await scene.decide(second, story, Kind.OTHER)
        look = await scene.services.second_looks.get(key_of(story))
        form = {"version": str(look.version), "takes": "first"}
        assert (await third.post(f"/desk/quality/disputes/{story.id}", form)).status_code == 303
        await first.post(f"/desk/undo/{row['_id']}")
    now = await scene.story(story)
    assert now.decision == decided.decision
    assert (await scene.services.second_looks.get(key_of(story))).state is LookState.SETTLED
