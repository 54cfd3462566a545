"""Whatever was done at the desk can be taken back for ten minutes, and the database is as it was."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.deeds.documents import NewDeed
from media_tracker.desk.done import What
from media_tracker.desk.reprints import Reprints
from media_tracker.desk.service import Decision
from media_tracker.errors import Conflict, Forbidden
from media_tracker.ingest.documents import DeskState, Disposition, Kind, Story
from media_tracker.problems.case import EventType, State
from media_tracker.tagging.learner import Learner
from tests.services.scene import PARKING, XINHUA, XIYUAN, Scene, actor

Act = Callable[[Scene, Story], Awaitable[object]]


async def undo_last(scene: Scene, who: Actor | None = None) -> None:
    """What the key does."""
    entry = await scene.services.undoing.latest(who or scene.editor)
    assert entry is not None
    await scene.services.undoing.undo(str(entry.row.id), who or scene.editor, scene.who(who or scene.editor))


async def snapshot(scene: Scene) -> dict[str, Any]:
    """What pages and figures are made from, without what only ever grows (versions, and what is kept for undoing)."""
    rows: dict[str, Any] = {}
    async for row in scene.services.database["stories"].find():
        rows[f"story {row['_id']}"] = {name: value for name, value in row.items() if value and name != "version"}
    async for row in scene.services.database["problems"].find():
        case = {name: value for name, value in row["case"].items() if name != "version"}
        rows[f"problem {row['_id']}"] = {**row, "case": case, "words": []}
    async for row in scene.services.database["deeds"].find():
        rows[f"deed {row['_id']}"] = {name: value for name, value in row.items() if name != "version"}
    async for row in scene.services.database["problem_links"].find():
        rows[f"link {row['_id']}"] = {name: value for name, value in row.items() if name != "version"}
    return rows


async def nowhere(scene: Scene, story: Story) -> None:
    story = await scene.fresh(story)
    why = Disposition.CRITICISM
    await scene.services.desk.lead_nowhere(str(story.id), story.version, why, scene.editor, scene.who(scene.editor))


async def file_deed(scene: Scene, story: Story, deed: ObjectId | None = None) -> None:
    story = await scene.fresh(story)
    new = NewDeed(title="冰面救人", region=XINHUA, place="人民公园")
    who = scene.who(scene.editor)
    await scene.services.desk.file_deed(str(story.id), story.version, new, deed, scene.editor, who)


async def snooze(scene: Scene, story: Story) -> Story:
    story = await scene.fresh(story)
    until = scene.clock.now + timedelta(hours=3)
    who = scene.who(scene.editor)
    return await scene.services.snoozing.snooze(str(story.id), story.version, until, "等来电", scene.editor, who)


@pytest.mark.parametrize("kind", list(Kind))
async def test_a_decision_is_undone_as_if_it_had_never_been(scene: Scene, kind: Kind) -> None:
    story = await scene.story("曝光：新华社区垃圾堆放", "新华社区3号楼前垃圾堆放，无人清运。")
    await scene.services.pipeline.catch_up()
    before = await snapshot(scene)

    await scene.decide(story, kind)
    assert await snapshot(scene) != before
    await undo_last(scene)
    await scene.services.pipeline.catch_up()

    assert await snapshot(scene) == before
    assert await scene.services.undoing.latest(scene.editor) is None
    event = (await scene.services.log.of("story", ObjectId(story.id)))[-1]
    assert (event.type, event.payload["undoes"], event.payload["kind"]) == ("undone", What.DECIDED, None)


@pytest.mark.parametrize("earlier", [Kind.NOTICE, Kind.EXPOSURE])
async def test_undoing_a_second_decision_brings_the_first_one_back(scene: Scene, earlier: Kind) -> None:
    story = await scene.decide(await scene.story(), earlier)
    before = await snapshot(scene)

    await scene.decide(story, Decision(Kind.FOLLOW_UP, PARKING, XIYUAN, "南门", "resolved"))
    await undo_last(scene)

    assert await snapshot(scene) == before
    assert (await scene.fresh(story)).decision == story.decision


@pytest.mark.parametrize("act", [nowhere, snooze], ids=["nowhere", "snooze"])
async def test_what_came_of_an_exposure_is_undone_and_its_decision_stays(scene: Scene, act: Act) -> None:
    story = await scene.exposure()
    before = await snapshot(scene)

    await act(scene, story)
    assert (await scene.fresh(story)).desk is not DeskState.PENDING
    await undo_last(scene)

    assert await snapshot(scene) == before


async def test_a_tie_is_undone_and_the_story_can_be_tied_to_it_again(scene: Scene) -> None:
    problem = await scene.exposed()
    story = await scene.exposure(outlet="晚报")
    before = await snapshot(scene)

    await scene.attach(story, problem)
    await undo_last(scene)

    assert await snapshot(scene) == before
    assert await scene.services.problems.tied_to(ObjectId(story.id)) == []
    again = await scene.attach(story, problem)
    assert len(again.case.exposures) == 2


async def test_a_tie_that_took_a_closing_back_is_undone_and_the_problem_is_closed_again(scene: Scene) -> None:
    closed = await scene.closed(await scene.exposed())
    scene.clock.advance(days=3)
    story = await scene.exposure(outlet="晚报", at=scene.clock.now)
    before = await snapshot(scene)

    revoked = await scene.attach(story, closed)
    assert revoked.case.state is State.REWORK
    await undo_last(scene)

    assert await snapshot(scene) == before
    assert (await scene.services.problems.get(closed.number)).case.state is State.CLOSED


async def test_a_problem_that_was_registered_by_mistake_is_not_accepted_and_never_counts(scene: Scene) -> None:
    story = await scene.exposure()
    before = await snapshot(scene)

    problem = await scene.expose(story)
    await undo_last(scene)

    gone = await scene.services.problems.get(problem.number)
    assert (gone.case.state, gone.case.reports, gone.first_exposed_at) == (State.NOT_ACCEPTED, (), None)
    kinds = [event.type for event in await scene.services.problems.history(gone)]
    assert kinds == [EventType.REGISTERED, EventType.REPORTED, EventType.UNTIED, EventType.NOT_ACCEPTED]
    after = await snapshot(scene)
    assert {name: row for name, row in after.items() if str(problem.case.id) not in name} == before
    assert (await scene.expose(story)).case.state is State.REGISTERED


async def test_a_relapse_that_was_registered_by_mistake_is_taken_off_the_problem_that_came_back(scene: Scene) -> None:
    closed = await scene.closed(await scene.exposed())
    scene.clock.advance(days=60)
    story = await scene.exposure(outlet="晚报", at=scene.clock.now)
    before = await snapshot(scene)

    await scene.expose(story, relapse_of=closed.case.id)
    await undo_last(scene)

    after = await snapshot(scene)
    assert {name: after[name] for name in before} == before


async def test_the_filing_of_a_deed_is_undone_with_the_name_in_it(scene: Scene) -> None:
    first, second = await scene.decide(await scene.story(), Kind.GOOD_DEED), await scene.story()
    await scene.decide(second, Kind.GOOD_DEED)
    nothing = await snapshot(scene)
    await file_deed(scene, first)
    deed = await scene.services.deeds.of_story(ObjectId(first.id))
    assert deed is not None
    one = await snapshot(scene)

    await file_deed(scene, second, ObjectId(deed.id))
    await undo_last(scene)
    assert await snapshot(scene) == one

    scene.clock.advance(minutes=9)
    await undo_last(scene)  # of the two decisions and the filing that is left, the filing is the last
    assert await snapshot(scene) == nothing


async def test_reprints_that_were_decided_together_are_undone_together(scene: Scene) -> None:
    text = "新华社区3号楼前垃圾堆放多日，居民反映强烈，记者多次走访后仍然无人清运，周边商户叫苦不迭。" * 3
    stories = [await scene.story(f"曝光：垃圾{at}", text, outlet=f"{at}报") for at in range(3)]
    await scene.services.pipeline.catch_up()
    problem = await scene.expose(await scene.decide(stories[0], Kind.EXPOSURE))
    before = await snapshot(scene)

    services = scene.services
    reprints = Reprints(services.desk, services.stories, services.problems, services.deeds)
    seen = {str(each.id): (await scene.fresh(each)).version for each in stories[1:]}
    outcome = await reprints.decide_alike(str(stories[0].id), seen, scene.editor, scene.who(scene.editor))
    assert (outcome.done, len((await services.problems.get(problem.number)).case.exposures)) == (2, 3)
    entry = await services.undoing.latest(scene.editor)
    assert entry is not None
    undone = await services.undoing.undo(str(entry.row.id), scene.editor, scene.who(scene.editor))

    assert undone.count == 2
    assert await snapshot(scene) == before


async def test_only_who_did_it_or_an_admin_undoes_it_once_and_for_ten_minutes(scene: Scene) -> None:
    other, admin = actor(Role.EDITOR), actor(Role.ADMIN)
    stories = [await scene.decide(await scene.story(), Kind.NOTICE) for _ in range(2)]
    entry = (await scene.services.undoing.mine(scene.editor))[0]
    undoing, row = scene.services.undoing, str(entry.row.id)

    with pytest.raises(Forbidden):
        await undoing.undo(row, other, scene.who(other))
    await undoing.undo(row, admin, scene.who(admin))
    with pytest.raises(Conflict, match="undone already"):
        await undoing.undo(row, scene.editor, scene.who(scene.editor))
    scene.clock.advance(minutes=10, seconds=1)
    late = (await undoing.mine(scene.editor))[0]
    assert (late.until, late.row.story_id) == (None, stories[0].id)
    with pytest.raises(Conflict, match="ten minutes"):
        await undoing.undo(str(late.row.id), scene.editor, scene.who(scene.editor))


async def test_what_has_been_built_upon_is_not_pulled_away_and_the_sentence_says_what(scene: Scene) -> None:
    story = await scene.exposure()
    problem = await scene.expose(story)
    mine = await scene.services.undoing.mine(scene.editor)
    exposed, decided = (str(entry.row.id) for entry in mine)

    async def refused(row: str) -> str:
        before = await snapshot(scene)
        with pytest.raises(Conflict) as caught:
            await scene.services.undoing.undo(row, scene.editor, scene.who(scene.editor))
        assert await snapshot(scene) == before
        return str(caught.value)

    assert "Undo that first" in await refused(decided)
    second = await scene.exposure(outlet="晚报")
    await scene.attach(second, problem)
    assert "Another story has been tied" in await refused(exposed)
    await undo_last(scene)
    assigned = await scene.assigned(problem)
    assert "worked on since" in await refused(exposed)
    assert (await scene.services.problems.get(problem.number)).case == assigned.case


async def test_of_several_steps_the_last_is_undone_first_and_then_the_one_before_it(scene: Scene) -> None:
    story, other = await scene.story(), await scene.story()
    await scene.services.pipeline.catch_up()
    before = await snapshot(scene)
    problem = await scene.expose(await scene.decide(story, Kind.EXPOSURE))
    await scene.attach(await scene.decide(other, Kind.EXPOSURE), problem)

    for _ in range(4):
        await undo_last(scene)

    after = await snapshot(scene)
    assert {name: after[name] for name in before} == before
    assert (await scene.services.problems.get(problem.number)).case.state is State.NOT_ACCEPTED


async def test_a_decision_is_undone_though_the_outlet_has_changed_the_text_meanwhile(scene: Scene) -> None:
    story = await scene.decide(await scene.story(), Kind.NOTICE)
    item = next(iter(scene._items.values()))[0]
    path = next(iter(scene._items))
    scene.origin.publish(path, replace(item, text="改过的正文，比原来长一些。"))
    assert (await scene.take_in(path)).changed == 1
    assert (await scene.fresh(story)).changed_since_decision

    await undo_last(scene)

    now = await scene.fresh(story)
    assert (now.decision, now.desk, now.changed_since_decision) == (None, DeskState.PENDING, False)


async def test_learning_reads_no_decision_that_was_undone(scene: Scene) -> None:
    story = await scene.decide(await scene.story(), Kind.NOTICE)
    await undo_last(scene)

    assert isinstance(scene.services.learner, Learner)
    assert await scene.services.database["stories"].count_documents({"decision.at": {"$exists": True}}) == 0
    assert (await scene.fresh(story)).decision is None
