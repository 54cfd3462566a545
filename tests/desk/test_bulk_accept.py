"""Many suggestions are accepted at once: only what was looked at, each once, whatever is killed, and undone as one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from bson import ObjectId

from media_tracker.accounts.actor import Role
from media_tracker.desk.bulk_accept import Came, RunState, accepted
from media_tracker.desk.filters import Band, QueueFilter, Which
from media_tracker.errors import Conflict, InvalidInput, NotFound
from media_tracker.ingest.documents import Kind, Story
from media_tracker.wiring import Services
from tests.desk.test_undoing import snapshot
from tests.services.scene import RUBBISH, XINHUA, Scene, actor
from tests.web.desk_scene import suggestion

ALL = QueueFilter()


async def suggested(scene: Scene, kind: Kind, score: float, number: int = 1) -> list[ObjectId]:
    """Stories that the machine has looked at."""
    found = suggestion("题", "文", kind).model_copy(
        update={"kind_score": score, "region": XINHUA, "region_score": 0.9, "category": RUBBISH}
    )
    keys = []
    for _ in range(number):
        story = await scene.story()
        await scene.services.database["stories"].update_one(
            {"_id": story.id}, {"$set": {"suggestion": found.model_dump(), "cluster": story.id, "district": "370303"}}
        )
        keys.append(ObjectId(story.id))
    return keys


async def drawn_up(scene: Scene, floor: float = 0.9, wanted: QueueFilter = ALL) -> str:
    return str(await scene.services.bulk_accept.draw_up(wanted, floor, scene.editor))


async def states(scene: Scene) -> dict[ObjectId, str]:
    return {row["_id"]: row["desk"] async for row in scene.services.database["stories"].find()}


async def start(scene: Scene, run: str) -> None:
    await scene.services.bulk_accept.start(run, scene.editor, scene.who(scene.editor))
    await scene.services.bulk_accept.finish()


async def test_only_notices_and_other_stories_above_the_score_are_accepted_as_they_were_looked_at(scene: Scene) -> None:
    sure = [*await suggested(scene, Kind.NOTICE, 0.95, 2), *await suggested(scene, Kind.OTHER, 0.9)]
    await suggested(scene, Kind.NOTICE, 0.89)
    for kind in (Kind.EXPOSURE, Kind.FOLLOW_UP, Kind.GOOD_DEED):
        await suggested(scene, kind, 0.99)
    run = await drawn_up(scene)
    late = await suggested(scene, Kind.NOTICE, 0.99)
    changed = sure[0]
    await scene.services.database["stories"].update_one({"_id": changed}, {"$inc": {"version": 1}})

    seen = await scene.services.bulk_accept.run(run, scene.editor)
    assert (seen.state, seen.total, dict(seen.kinds)) == (RunState.DRAWN_UP, 3, {Kind.NOTICE: 2, Kind.OTHER: 1})
    assert not [key for key, desk in (await states(scene)).items() if desk != "pending"]
    await scene.services.database["stories"].update_one({"_id": changed}, {"$inc": {"version": -1}})
    await scene.decide(await scene.services.stories.get(changed), Kind.OTHER)
    await start(scene, run)

    done = await scene.services.bulk_accept.run(run, scene.editor)
    assert (done.state, dict(done.came)) == (RunState.DONE, {Came.DONE: 2, Came.FAILED: 1})
    accepted_now = {key for key, desk in (await states(scene)).items() if desk == "decided"}
    assert accepted_now == set(sure)
    assert late[0] not in accepted_now
    story = await scene.services.stories.get(sure[1])
    assert story.decision is not None
    assert (story.decision.kind, story.decision.region, story.decision.by) == (
        Kind.NOTICE,
        XINHUA,
        scene.editor.user_id,
    )
    await start(scene, run)
    assert (await scene.services.bulk_accept.run(run, scene.editor)).came == done.came


async def test_a_floor_below_the_queues_own_takes_nothing_that_the_queue_leaves_out(scene: Scene) -> None:
    await suggested(scene, Kind.NOTICE, 0.6)
    sure = await suggested(scene, Kind.NOTICE, 0.95)
    run = await drawn_up(scene, 0.5, QueueFilter(band=Band.HIGH))
    assert [item.story_id for item in await scene.services.bulk_accept.items(run, scene.editor, 0)] == sure


async def test_what_was_unticked_stays_and_the_whole_run_is_undone_within_ten_minutes(scene: Scene) -> None:
    first, second, third = await suggested(scene, Kind.NOTICE, 0.97, 3)
    before = await snapshot(scene)
    run, bulk = await drawn_up(scene), scene.services.bulk_accept
    await bulk.leave_out(run, [first, second], [first], scene.editor)
    await start(scene, run)
    assert (await states(scene)) == {first: "decided", second: "pending", third: "decided"}
    with pytest.raises(Conflict):
        await bulk.leave_out(run, [first], [], scene.editor)
    assert await scene.services.undoing.mine(scene.editor) == []
    assert [(str(each.id), each.came[Came.DONE]) for each in await bulk.runs(scene.editor)] == [(run, 2)]

    scene.clock.advance(minutes=9)
    await bulk.undo(run, scene.editor)
    await bulk.finish()

    assert await snapshot(scene) == before
    assert (await bulk.run(run, scene.editor)).state is RunState.UNDONE
    with pytest.raises(Conflict):
        await bulk.undo(run, scene.editor)


async def test_what_was_done_with_a_story_after_the_run_is_kept_when_the_run_is_undone(scene: Scene) -> None:
    first, second = await suggested(scene, Kind.OTHER, 0.97, 2)
    run = await drawn_up(scene)
    await start(scene, run)
    await scene.decide(await scene.services.stories.get(second), Kind.NOTICE)

    await scene.services.bulk_accept.undo(run, scene.editor)
    await scene.services.bulk_accept.finish()

    assert (await states(scene)) == {first: "pending", second: "decided"}
    items = await scene.services.bulk_accept.items(run, scene.editor, 0)
    assert {item.story_id: item.came for item in items} == {first: Came.UNDONE, second: Came.KEPT}
    assert "Undo that first" in next(item.message for item in items if item.came is Came.KEPT)


async def test_after_ten_minutes_a_run_stands_and_nobody_else_sees_it(scene: Scene) -> None:
    await suggested(scene, Kind.OTHER, 0.97)
    run = await drawn_up(scene)
    await start(scene, run)
    with pytest.raises(NotFound):
        await scene.services.bulk_accept.run(run, actor(Role.EDITOR))
    assert (await scene.services.bulk_accept.run(run, actor(Role.ADMIN))).total == 1
    scene.clock.advance(minutes=10, seconds=1)
    with pytest.raises(Conflict, match="ten minutes"):
        await scene.services.bulk_accept.undo(run, scene.editor)


class Killed(BaseException):
    """The end of a process: nothing in it catches it."""


@pytest.mark.parametrize("committed", [False, True], ids=["before the commit", "after it"])
async def test_a_run_that_was_killed_half_way_is_carried_on_and_decides_nothing_twice(
    scene: Scene, other_process: Services, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    keys = await suggested(scene, Kind.NOTICE, 0.95, 6)
    run, bulk = await drawn_up(scene), scene.services.bulk_accept
    decide, calls = scene.services.desk.decide, 0

    async def dying(*given: Any) -> Story:
        nonlocal calls
        calls += 1
        if calls < 4:
            return await decide(*given)
        if committed:
            await decide(*given)
        raise Killed

    monkeypatch.setattr(scene.services.desk, "decide", dying)
    database = scene.services.database
    await database["desk_runs"].update_one({"_id": ObjectId(run)}, {"$set": {"state": "running"}})
    with pytest.raises(Killed):
        await bulk.carry_on(ObjectId(run))
    half = await bulk.run(run, scene.editor)
    assert (half.state, half.settled, half.total) == (RunState.RUNNING, 3, 6)

    await database["leases"].delete_many({})  # a process that was killed gives nothing back; its time is over
    assert await other_process.bulk_accept.carry_on_all() == 1

    over = await bulk.run(run, scene.editor)
    assert (over.state, dict(over.came)) == (RunState.DONE, {Came.DONE: 6})
    events = [row["entity_id"] async for row in database["events"].find({"entity": "story", "type": "decided"})]
    assert sorted(events) == sorted(keys)
    await asyncio.gather(other_process.bulk_accept.undo(run, scene.editor), return_exceptions=True)
    await other_process.bulk_accept.finish()
    assert set((await states(scene)).values()) == {"pending"}


async def test_a_run_passes_over_what_somebody_has_open_and_a_floor_that_is_none_is_told(scene: Scene) -> None:
    first, second = await suggested(scene, Kind.OTHER, 0.97, 2)
    other = actor(Role.EDITOR)
    await scene.services.story_claims.take(second, other)
    run = await drawn_up(scene)
    await start(scene, run)
    assert (await states(scene)) == {first: "decided", second: "pending"}

    for floor, wanted in ((0.4, ALL), (1.2, ALL), (0.9, QueueFilter(kind=Kind.EXPOSURE))):
        with pytest.raises(InvalidInput):
            await scene.services.bulk_accept.draw_up(wanted, floor, scene.editor)


async def test_a_saved_queue_is_ones_own_and_may_be_the_one_that_the_desk_opens_with(scene: Scene) -> None:
    saved, wanted = scene.services.saved_queues, QueueFilter(kind=Kind.NOTICE, which=Which.SNOOZED)
    kept = await saved.save(scene.editor, "  通知  待办 ", wanted)
    assert (kept.name, kept.query, kept.default) == ("通知 待办", "queue=snoozed&kind=notice", False)
    await saved.save(scene.editor, "新", ALL, default=True)
    await saved.choose(scene.editor, str(kept.id))
    assert [(each.name, each.default) for each in await saved.of(scene.editor)] == [("新", False), ("通知 待办", True)]
    other = actor(Role.EDITOR)
    assert (await saved.of(other), await saved.default(other)) == ([], None)
    with pytest.raises(NotFound):
        await saved.choose(other, str(kept.id))
    await saved.delete(other, str(kept.id))
    assert await saved.default(scene.editor) is not None
    for number in range(18):
        await saved.save(scene.editor, f"队列{number}", ALL)
    for name in ("", "多" * 31, "第二十一个"):
        with pytest.raises(InvalidInput):
            await saved.save(scene.editor, name, ALL)


def test_accepting_takes_the_region_only_when_it_is_sure() -> None:
    found = suggestion("题", "文", Kind.NOTICE)
    assert accepted(found, prefill=0.8).region == found.region
    assert accepted(found, prefill=0.95).region is None
