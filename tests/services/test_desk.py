"""The editor's use cases: one transaction each, one winner of each race, and every tie as the story's outlet told it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

import pytest
from bson import ObjectId

from media_tracker.accounts.actor import Role
from media_tracker.deeds.documents import GoodDeed, NewDeed
from media_tracker.desk.service import DISPOSITIONS, Decision
from media_tracker.errors import Conflict, Forbidden, InvalidInput, MediaTrackerError, NotFound
from media_tracker.ingest.documents import DeskState, Disposition, Kind, Story
from media_tracker.outlets.documents import OutletKind, Platform
from media_tracker.problems.case import Channel, State
from media_tracker.problems.steps import Step
from tests.services.deaths import cut_off, refusing
from tests.services.scene import COVER, PARKING, RUBBISH, XINHUA, XIYUAN, Scene, actor

DEED = NewDeed(title="冰面救人", region=XINHUA, place="人民公园")


async def outcome(work: Awaitable[object]) -> str:
    """What came of one of several tries at once."""
    try:
        await work
    except MediaTrackerError as error:
        return type(error).__name__
    return "done"


async def file_deed(scene: Scene, story: Story, deed_id: ObjectId | None = None) -> GoodDeed:
    """File a story as it was when the page was loaded."""
    return await scene.services.desk.file_deed(
        str(story.id), story.version, DEED, deed_id, scene.editor, scene.who(scene.editor)
    )


async def lead_nowhere(scene: Scene, story: Story, why: Disposition) -> Story:
    story = await scene.fresh(story)
    return await scene.services.desk.lead_nowhere(
        str(story.id), story.version, why, scene.editor, scene.who(scene.editor)
    )


async def withdraw(scene: Scene, story: Story) -> Story:
    story = await scene.fresh(story)
    return await scene.services.desk.withdraw(str(story.id), story.version, scene.editor, scene.who(scene.editor))


# Deciding


@pytest.mark.parametrize("kind", list(Kind))
async def test_a_decided_story_leaves_the_queue_unless_it_still_has_to_be_tied_or_filed(
    scene: Scene, kind: Kind
) -> None:
    story = await scene.decide(await scene.story(), Decision(kind, RUBBISH, XINHUA, " 3号楼 "))

    waits = kind in (Kind.EXPOSURE, Kind.FOLLOW_UP, Kind.GOOD_DEED)
    assert story.desk is (DeskState.PENDING if waits else DeskState.DECIDED)
    assert story.decision is not None
    assert (story.decision.kind, story.decision.place, story.decision.by) == (kind, "3号楼", scene.editor.user_id)
    assert (story.district, story.version) == ("370303", 2)
    assert await scene.services.stories.count_pending() == waits
    assert await scene.fresh(story) == story


async def test_what_the_machine_had_suggested_is_kept_with_the_decision(scene: Scene) -> None:
    story = await scene.story("曝光：新华社区垃圾堆放", "新华社区3号楼前垃圾堆放，无人清运。")
    await scene.services.pipeline.catch_up()
    suggested = (await scene.fresh(story)).suggestion
    assert suggested is not None

    decided = await scene.decide(story, Kind.NOTICE)

    assert decided.decision is not None
    assert decided.decision.suggested == suggested
    events = await scene.services.log.of("story", ObjectId(story.id))
    assert events[-1].payload["suggested_kind"] == suggested.kind
    assert events[-1].actor == scene.editor.user_id


@pytest.mark.parametrize(
    ("decision", "field"),
    [
        (Decision(Kind.EXPOSURE, "999", XINHUA), "category"),
        (Decision(Kind.EXPOSURE, RUBBISH, "nowhere"), "region"),
    ],
)
async def test_a_category_or_region_that_is_none_is_refused(scene: Scene, decision: Decision, field: str) -> None:
    story = await scene.story()
    with pytest.raises(InvalidInput) as refused:
        await scene.decide(story, decision)
    assert list(refused.value.fields) == [field]
    assert await scene.fresh(story) == story


@pytest.mark.parametrize("story_id", ["nonsense", "6b0284a3beb002b575f8e1e1"])
async def test_a_story_that_is_none_is_not_found(scene: Scene, story_id: str) -> None:
    with pytest.raises(NotFound):
        await scene.services.desk.decide(story_id, 1, Decision(Kind.OTHER), scene.editor, scene.who(scene.editor))


async def test_only_editors_work_at_the_desk(scene: Scene) -> None:
    story = await scene.exposure()
    person = actor(*(role for role in Role if role is not Role.EDITOR))
    desk, who = scene.services.desk, scene.who(person)
    id_, version = str(story.id), story.version
    problem = await scene.exposed()
    for tried in (
        desk.decide(id_, version, Decision(Kind.OTHER), person, who),
        desk.attach(id_, version, problem.number, person, who),
        desk.expose(id_, version, scene.new_problem(), person, who),
        desk.lead_nowhere(id_, version, Disposition.BEHAVIOUR, person, who),
        desk.file_deed(id_, version, DEED, None, person, who),
        desk.withdraw(id_, version, person, who),
    ):
        with pytest.raises(Forbidden):
            await tried
    assert await scene.fresh(story) == story


async def test_an_old_version_is_a_conflict_and_changes_nothing(scene: Scene) -> None:
    seen = await scene.story()
    await scene.decide(seen, Kind.EXPOSURE)
    story = await scene.fresh(seen)
    problem = await scene.exposed()
    desk, who, id_ = scene.services.desk, scene.who(scene.editor), str(seen.id)
    for tried in (
        desk.decide(id_, seen.version, Decision(Kind.OTHER), scene.editor, who),
        desk.attach(id_, seen.version, problem.number, scene.editor, who),
        desk.expose(id_, seen.version, scene.new_problem(), scene.editor, who),
        desk.lead_nowhere(id_, seen.version, Disposition.BEHAVIOUR, scene.editor, who),
        desk.withdraw(id_, seen.version, scene.editor, who),
    ):
        with pytest.raises(Conflict):
            await tried
    assert await scene.fresh(story) == story
    assert await scene.services.problems.get(problem.number) == problem
    assert await scene.services.problems.tied_to(ObjectId(story.id)) == []


async def test_of_two_editors_who_decide_at_once_exactly_one_wins(scene: Scene) -> None:
    story = await scene.story()
    desk = scene.services.desk

    said = await asyncio.gather(
        *(
            outcome(desk.decide(str(story.id), story.version, Decision(kind), scene.editor, scene.who(scene.editor)))
            for kind in Kind
        )
    )

    assert sorted(said) == ["Conflict"] * (len(Kind) - 1) + ["done"]
    after = await scene.fresh(story)
    assert after.version == 2
    assert after.decision is not None
    assert after.decision.kind is list(Kind)[said.index("done")]


# Tying


async def test_one_story_exposes_five_problems(scene: Scene) -> None:
    story = await scene.exposure()
    places = [("新华社区3号楼", RUBBISH), ("新华社区3号楼", PARKING), ("西苑社区北门", RUBBISH)]
    places += [("新华社区7号楼", RUBBISH), ("西苑社区北门", COVER)]

    problems = [await scene.expose(story, place=place, category=category) for place, category in places]

    assert len({problem.number for problem in problems}) == 5
    assert [len(problem.case.exposures) for problem in problems] == [1] * 5
    assert {problem.case.exposures[0].story_id for problem in problems} == {story.id}
    assert await scene.services.problems.tied_to(ObjectId(story.id)) == problems
    after = await scene.fresh(story)
    assert after.decision is not None
    assert (after.decision.disposition, after.desk) == (Disposition.TIED, DeskState.DECIDED)
    assert await scene.services.database["stories"].count_documents({}) == 1


@pytest.mark.parametrize("place", ["新华社区3号楼", "新华社区 3号楼前", "3号楼"])
async def test_a_story_is_not_split_over_the_same_place_and_category(scene: Scene, place: str) -> None:
    story = await scene.exposure()
    first = await scene.expose(story)
    before = await scene.fresh(story)

    with pytest.raises(InvalidInput, match=first.number):
        await scene.expose(story, place=place)

    assert await scene.fresh(story) == before
    assert await scene.services.problems.tied_to(ObjectId(story.id)) == [first]


async def test_the_same_place_name_in_another_community_is_another_place(scene: Scene) -> None:
    story = await scene.exposure()
    await scene.expose(story, region=XINHUA, place="3号楼")
    await scene.expose(story, region=XIYUAN, place="3号楼")

    assert len(await scene.services.problems.tied_to(ObjectId(story.id))) == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"title": " "}, "title"), ({"place": ""}, "place"), ({"category": "2"}, "category"), ({"region": "x"}, "region")],
)
async def test_a_problem_that_is_not_described_is_refused_and_the_story_waits_on(
    scene: Scene, changes: dict[str, object], field: str
) -> None:
    story = await scene.exposure()
    with pytest.raises(InvalidInput) as refused:
        await scene.expose(story, **changes)
    assert field in refused.value.fields
    assert await scene.fresh(story) == story


async def test_of_two_editors_who_expose_one_story_at_once_exactly_one_registers_a_problem(scene: Scene) -> None:
    story = await scene.exposure()
    desk, who = scene.services.desk, scene.who(scene.editor)

    said = await asyncio.gather(
        *(outcome(desk.expose(str(story.id), story.version, scene.new_problem(), scene.editor, who)) for _ in range(4))
    )

    assert sorted(said) == ["Conflict"] * 3 + ["done"]
    assert len(await scene.services.problems.tied_to(ObjectId(story.id))) == 1


async def test_an_exposure_is_attached_to_a_problem_that_is_known_once(scene: Scene) -> None:
    problem = await scene.exposed()
    other = await scene.exposure(outlet="晚报")

    attached = await scene.attach(other, problem)

    assert [report.channel for report in attached.case.reports] == [Channel.EXPOSURE] * 2
    assert len({report.outlet_id for report in attached.case.exposures}) == 2
    with pytest.raises(Conflict, match=r"tied to problem .* already"):
        await scene.attach(other, problem)
    assert await scene.services.problems.get(problem.number) == attached


async def test_a_story_attached_to_two_problems_at_once_by_two_editors_is_tied_to_one(scene: Scene) -> None:
    one, two = await scene.exposed(), await scene.exposed()
    story = await scene.exposure(outlet="晚报")
    desk, who = scene.services.desk, scene.who(scene.editor)

    said = await asyncio.gather(
        *(outcome(desk.attach(str(story.id), story.version, p.number, scene.editor, who)) for p in (one, two))
    )

    assert sorted(said) == ["Conflict", "done"]
    assert len(await scene.services.problems.tied_to(ObjectId(story.id))) == 1


async def test_two_stories_attached_to_one_problem_at_once_are_both_tied(scene: Scene) -> None:
    problem = await scene.exposed()
    stories = [await scene.exposure(outlet=f"报{number}") for number in range(5)]

    await asyncio.gather(*(scene.attach(story, problem) for story in stories))

    after = await scene.services.problems.get(problem.number)
    assert {report.story_id for report in after.case.reports[1:]} == {story.id for story in stories}


async def test_a_follow_up_is_a_tie_of_its_own_kind_and_brings_no_problem(scene: Scene) -> None:
    problem = await scene.exposed()
    story = await scene.decide(await scene.story(), Kind.FOLLOW_UP)
    with pytest.raises(Conflict, match="Only an exposure can bring a new problem"):
        await scene.expose(story)

    attached = await scene.attach(story, problem)

    assert attached.case.reports[-1].channel is Channel.FOLLOW_UP
    assert len(attached.case.exposures) == 1


@pytest.mark.parametrize("kind", [Kind.GOOD_DEED, Kind.NOTICE, Kind.OTHER])
async def test_other_kinds_are_tied_to_no_problem(scene: Scene, kind: Kind) -> None:
    problem = await scene.exposed()
    story = await scene.decide(await scene.story(), kind)
    with pytest.raises(Conflict):
        await scene.attach(story, problem)
    with pytest.raises(Conflict):
        await scene.expose(story)
    assert await scene.fresh(story) == story


async def test_nothing_is_tied_before_it_is_decided(scene: Scene) -> None:
    problem = await scene.exposed()
    story = await scene.story()
    for tried in (
        scene.attach(story, problem),
        scene.expose(story),
        lead_nowhere(scene, story, Disposition.BEHAVIOUR),
        file_deed(scene, story),
    ):
        with pytest.raises(Conflict, match="Decide first"):
            await tried


async def test_self_media_tells_but_does_not_expose(scene: Scene) -> None:
    story = await scene.exposure(outlet="随手拍", kind=OutletKind.SELF_MEDIA, partner=False)

    problem = await scene.expose(story)

    assert [report.channel for report in problem.case.reports] == [Channel.ONLINE]
    assert (problem.case.exposures, problem.first_exposed_at) == ((), None)


async def test_a_tie_keeps_what_the_outlet_was_when_it_was_made(scene: Scene) -> None:
    problem = await scene.exposed(partner=True)
    (outlet,) = await scene.services.outlets.all()
    await scene.services.outlets.set_partner(str(outlet.id), False)

    assert (await scene.services.problems.get(problem.number)).case.exposures[0].partner
    assert not (await scene.exposed()).case.exposures[0].partner


async def test_a_tied_story_keeps_its_kind_and_may_be_corrected_otherwise(scene: Scene) -> None:
    story = await scene.exposure()
    await scene.expose(story)
    with pytest.raises(Conflict, match="kind can no longer be changed"):
        await scene.decide(story, Kind.OTHER)

    corrected = await scene.decide(story, Decision(Kind.EXPOSURE, PARKING, XIYUAN, "北门"))

    assert corrected.decision is not None
    assert (corrected.decision.disposition, corrected.desk) == (Disposition.TIED, DeskState.DECIDED)


@pytest.mark.parametrize("kind", [Kind.EXPOSURE, Kind.FOLLOW_UP])
@pytest.mark.parametrize("why", list(Disposition))
async def test_why_a_story_leads_to_no_problem_depends_on_its_kind(scene: Scene, kind: Kind, why: Disposition) -> None:
    story = await scene.decide(await scene.story(), kind)
    if why in DISPOSITIONS[kind]:
        story = await lead_nowhere(scene, story, why)
        assert story.decision is not None
        assert (story.decision.disposition, story.desk) == (why, DeskState.DECIDED)
    else:
        with pytest.raises(InvalidInput):
            await lead_nowhere(scene, story, why)
        assert await scene.fresh(story) == story


async def test_a_tied_story_does_not_lead_nowhere_and_one_that_led_nowhere_can_be_decided_again(scene: Scene) -> None:
    tied = await scene.exposure()
    await scene.expose(tied)
    with pytest.raises(Conflict):
        await lead_nowhere(scene, tied, Disposition.CRITICISM)
    story = await lead_nowhere(scene, await scene.exposure(), Disposition.OUT_OF_AREA)

    story = await scene.decide(story, Kind.EXPOSURE)

    assert story.decision is not None
    assert (story.decision.disposition, story.desk) == (None, DeskState.PENDING)
    assert (await scene.expose(story)).case.exposures


async def test_problems_of_the_same_place_and_category_are_offered_but_those_that_it_is_tied_to(scene: Scene) -> None:
    problem = await scene.exposed()
    await scene.expose(await scene.exposure(), region=XIYUAN, place="别处", category=PARKING)
    story = await scene.exposure(outlet="晚报")

    offered = await scene.services.desk.candidates(story)
    assert [found.number for found, _ in offered] == [problem.number]
    await scene.attach(story, problem)
    assert await scene.services.desk.candidates(await scene.fresh(story)) == []


# Withdrawing


async def test_the_ties_of_a_withdrawn_story_stop_counting_at_once(scene: Scene) -> None:
    story = await scene.exposure()
    both = [await scene.expose(story), await scene.expose(story, category=PARKING)]
    await scene.attach(await scene.exposure(outlet="晚报"), both[0])
    scene.clock.advance(hours=1)

    withdrawn = await withdraw(scene, story)

    assert (withdrawn.withdrawn_at, withdrawn.desk) == (scene.clock.now, DeskState.DECIDED)
    first, second = [await scene.services.problems.get(problem.number) for problem in both]
    assert [report.withdrawn_at is None for report in first.case.reports] == [False, True]
    assert first.first_exposed_at == first.case.reports[1].occurred_at
    assert (second.case.exposures, second.first_exposed_at) == ((), None)
    with pytest.raises(Conflict, match="withdrawn already"):
        await withdraw(scene, story)


async def test_nothing_more_is_tied_to_a_withdrawn_story(scene: Scene) -> None:
    problem = await scene.exposed()
    story = await withdraw(scene, await scene.exposure())
    for tried in (scene.attach(story, problem), scene.expose(story), file_deed(scene, story)):
        with pytest.raises(Conflict, match="withdrawn"):
            await tried
    with pytest.raises(Conflict, match="withdrawn"):
        await scene.decide(story, Kind.OTHER)


async def test_a_story_withdrawn_while_it_is_being_tied_is_either_not_tied_or_its_tie_does_not_count(
    scene: Scene,
) -> None:
    for _ in range(4):
        problem = await scene.exposed()
        story = await scene.exposure(outlet="晚报")
        await asyncio.gather(outcome(scene.attach(story, problem)), outcome(withdraw(scene, story)))
        if (await scene.fresh(story)).withdrawn_at is None:
            await withdraw(scene, story)

        (tie, *_) = (await scene.services.problems.get(problem.number)).case.exposures
        assert tie.story_id != story.id
        assert len((await scene.services.problems.get(problem.number)).case.exposures) == 1


async def test_the_story_of_a_deed_is_masked_when_it_is_withdrawn(scene: Scene) -> None:
    early = await scene.decide(await scene.story(at=scene.clock.now - timedelta(days=2)), Kind.GOOD_DEED)
    late = await scene.decide(await scene.story(outlet="晚报"), Kind.GOOD_DEED)
    deed = await file_deed(scene, early)
    await file_deed(scene, late, ObjectId(deed.id))

    await withdraw(scene, early)

    after = await scene.services.deeds.get(str(deed.id))
    assert [each.withdrawn_at is None for each in after.stories] == [False, True]
    assert after.first_published_at == late.published_at


# Good deeds


async def test_a_deed_is_filed_once_and_told_by_several_stories(scene: Scene) -> None:
    first = await scene.decide(await scene.story(), Kind.GOOD_DEED)
    second = await scene.decide(await scene.story(outlet="晚报"), Kind.GOOD_DEED)

    deed = await file_deed(scene, first)
    await file_deed(scene, second, ObjectId(deed.id))

    after = await scene.services.deeds.of_story(ObjectId(second.id))
    assert after is not None
    assert (after.id, len(after.stories), after.version) == (deed.id, 2, 2)
    assert (after.by, after.district) == (scene.editor.user_id, "370303")
    for story in (first, second):
        with pytest.raises(Conflict):
            await file_deed(scene, await scene.fresh(story))
        with pytest.raises(Conflict):
            await file_deed(scene, await scene.fresh(story), ObjectId(deed.id))


async def test_of_two_editors_who_file_one_story_at_once_exactly_one_does(scene: Scene) -> None:
    story = await scene.decide(await scene.story(), Kind.GOOD_DEED)

    said = await asyncio.gather(*(outcome(file_deed(scene, story)) for _ in range(4)))

    assert sorted(said) == ["Conflict"] * 3 + ["done"]
    assert await scene.services.database["deeds"].count_documents({}) == 1


async def test_a_filed_story_stays_a_good_deed(scene: Scene) -> None:
    story = await scene.decide(await scene.story(), Kind.GOOD_DEED)
    await file_deed(scene, story)
    with pytest.raises(Conflict, match="kind can no longer be changed"):
        await scene.decide(story, Kind.EXPOSURE)


async def test_a_story_is_not_filed_as_a_deed_while_it_is_called_something_else_or_withdrawn(scene: Scene) -> None:
    for _ in range(4):
        story = await scene.decide(await scene.story(), Kind.GOOD_DEED)
        other = scene.services.desk.decide(
            str(story.id), story.version, Decision(Kind.OTHER), scene.editor, scene.who(scene.editor)
        )
        assert sorted(await asyncio.gather(outcome(file_deed(scene, story)), outcome(other))) == ["Conflict", "done"]

        story = await scene.decide(await scene.story(), Kind.GOOD_DEED)
        gone = scene.services.desk.withdraw(str(story.id), story.version, scene.editor, scene.who(scene.editor))
        assert sorted(await asyncio.gather(outcome(file_deed(scene, story)), outcome(gone))) == ["Conflict", "done"]


async def test_a_deed_without_a_title_is_refused(scene: Scene) -> None:
    story = await scene.decide(await scene.story(), Kind.GOOD_DEED)
    with pytest.raises(InvalidInput):
        await scene.services.desk.file_deed(
            str(story.id), story.version, NewDeed(title=" "), None, scene.editor, scene.who(scene.editor)
        )
    assert await scene.fresh(story) == story


async def test_a_deed_that_is_none_is_not_found_and_the_story_stays_free(scene: Scene) -> None:
    story = await scene.decide(await scene.story(), Kind.GOOD_DEED)
    with pytest.raises(NotFound):
        await file_deed(scene, story, ObjectId())
    assert (await file_deed(scene, story)).stories[0].story_id == story.id


# Sample data, death


async def test_what_comes_of_a_sample_story_is_sample_data(scene: Scene) -> None:
    exposure = await scene.exposure(demo=True)
    good = await scene.decide(await scene.story(demo=True), Kind.GOOD_DEED)
    assert exposure.demo
    assert (await scene.expose(exposure)).demo
    assert (await file_deed(scene, good)).demo


async def test_where_the_events_cannot_be_written_nothing_is_tied(scene: Scene) -> None:
    problem = await scene.exposed()
    story = await scene.exposure(outlet="晚报")
    async with refusing(scene.services.database, "events"):
        for tried in (scene.attach(story, problem), scene.expose(story), withdraw(scene, story)):
            with pytest.raises(Exception, match="failed validation"):
                await tried

    assert await scene.fresh(story) == story
    assert await scene.services.problems.get(problem.number) == problem


async def test_an_editor_cut_off_at_any_moment_has_tied_the_story_or_not(scene: Scene) -> None:
    for moment in range(8):
        story = await scene.exposure()
        await cut_off(scene.expose(story), moment * 0.004)

        tied = await scene.services.problems.tied_to(ObjectId(story.id))
        after = await scene.fresh(story)
        assert after.decision is not None
        assert (after.decision.disposition is Disposition.TIED) == (len(tied) == 1)
        if not tied:
            await scene.expose(story)


async def test_a_story_attached_to_a_duplicate_is_sent_on_to_the_one_that_stays(scene: Scene) -> None:
    stays, goes = await scene.exposed(), await scene.exposed()
    await scene.act(goes, scene.step(Step.MARK_DUPLICATE, target=stays.case.id), scene.editor)
    story = await scene.exposure(outlet="晚报")

    with pytest.raises(Conflict, match="duplicate"):
        await scene.attach(story, goes)

    assert (await scene.services.problems.get(goes.number)).case.state is State.DUPLICATE
    assert await scene.fresh(story) == story


async def test_copies_on_an_outlets_platforms_are_one_occasion_and_a_later_report_is_another(scene: Scene) -> None:
    problem = await scene.exposed(platform=Platform.PAPER)
    for platform in (Platform.APP, Platform.WECHAT, Platform.DOUYIN):
        problem = await scene.attach(await scene.exposure(platform=platform), problem)
    scene.clock.advance(days=5)
    problem = await scene.attach(await scene.exposure(platform=Platform.PAPER), problem)
    problem = await scene.attach(await scene.exposure(outlet="晚报"), problem)

    assert [report.occasion for report in problem.case.reports] == [1, 1, 1, 1, 2, 1]
