"""Merging and splitting on a real database: ties, searches, figures and histories, two officials at once, and the way back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

import pytest
from bson import ObjectId

from media_tracker.accounts.actor import Actor
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import Conflict, Forbidden, InvalidInput, MediaTrackerError, NotFound
from media_tracker.monitor.definitions import Key
from media_tracker.monitor.facts import Period, Slice
from media_tracker.problems.arriving import ARRIVING, IMPORTS
from media_tracker.problems.case import Case, Channel, EventType, Report, Severity, State
from media_tracker.problems.documents import Problem
from media_tracker.problems.finding.listing import ProblemFilter
from media_tracker.problems.folding import fold
from media_tracker.problems.lifecycle import Decided
from media_tracker.problems.lists.row import ListRow
from media_tracker.problems.regrouping.service import Part
from media_tracker.problems.regrouping.splitting import Share
from media_tracker.problems.steps import Step
from tests.services.scene import PARKING, RUBBISH, XINHUA, XIYUAN, Scene


async def fresh(scene: Scene, problem: Problem) -> Problem:
    return await scene.services.problems.get(problem.number)


async def merge(scene: Scene, goes: Problem, stays: Problem, who: Actor | None = None) -> Problem:
    """By somebody who has just looked at both."""
    who = who or scene.publicity
    one, other = await fresh(scene, goes), await fresh(scene, stays)
    return await scene.services.regrouping.merge(
        (one.number, one.case.version), (other.number, other.case.version), who, scene.who(who)
    )


async def undo(scene: Scene, problem: Problem, who: Actor | None = None) -> Problem:
    who = who or scene.publicity
    now = await fresh(scene, problem)
    return await scene.services.regrouping.undo(now.number, now.case.version, who, scene.who(who))


async def split(scene: Scene, problem: Problem, shares: dict[ObjectId, Share], **more: object) -> Problem:
    """The usual part, but for what is given."""
    now = await fresh(scene, problem)
    number = await scene.services.problems.draw_number()
    values: dict[str, object] = {
        "place": "西苑社区南门",
        "category": PARKING,
        "region": XIYUAN,
        "keeps_unit": False,
        **more,
    }
    part = Part(number=number, title="车辆乱停", severity=Severity.NORMAL, shares=shares, **values)  # type: ignore[arg-type]
    return await scene.services.regrouping.split(
        now.number, now.case.version, part, scene.publicity, scene.who(scene.publicity)
    )


async def figure(scene: Scene, key: Key) -> int:
    day = scene.clock.now.date()
    period = Period(day - timedelta(days=60), day + timedelta(days=1))
    return (await scene.services.monitor.figure(key, period, Slice())).value


def plain(case: Case) -> Case:
    return case.model_copy(update={"version": 0})


async def outcome(doing: Awaitable[object]) -> str:
    try:
        await doing
    except MediaTrackerError as error:
        return type(error).__name__
    return "done"


# Merging


async def test_a_merge_moves_ties_numbers_and_searches_to_the_one_that_stays(scene: Scene) -> None:
    stays = await scene.exposed()
    story = await scene.exposure(outlet="晚报")
    goes = await scene.expose(story, place="新华社区三号楼北")
    ticket = scene.report(Channel.TICKET, outside_number="12345-7")
    goes = await fresh(scene, goes)
    await scene.services.problems.report(goes.number, goes.case.version, ticket, scene.editor, scene.who(scene.editor))
    problems = scene.services.problems
    assert [await figure(scene, key) for key in (Key.EXPOSURES, Key.PROBLEMS)] == [2, 2]

    await merge(scene, goes, stays, scene.editor)

    assert [await figure(scene, key) for key in (Key.EXPOSURES, Key.PROBLEMS)] == [2, 1]
    assert [each.number for each in await problems.tied_to(ObjectId(story.id))] == [stays.number]
    found = await problems.page(ProblemFilter(words=goes.number))
    assert {each.number for each in found.problems} == {goes.number, stays.number}
    assert [each.number for each in (await problems.page(ProblemFilter(words="12345-7"))).problems] == [stays.number]
    links = {row["_id"]: row async for row in scene.services.database["problem_links"].find()}
    assert links[goes.case.id]["gone"]
    assert len(links[stays.case.id]["days"]) == 2
    assert (await scene.services.regrouping.final(await fresh(scene, goes))).number == stays.number


async def test_undoing_a_merge_restores_both_exactly(scene: Scene) -> None:
    stays, goes = await scene.assigned(await scene.exposed()), await scene.exposed(outlet="晚报")
    before = [(await fresh(scene, each)) for each in (goes, stays)]
    await merge(scene, goes, stays, scene.editor)
    came = await scene.exposure(outlet="网")
    await scene.attach(came, stays)
    during = [(await fresh(scene, each)).case for each in (goes, stays)]
    moment = scene.clock.now
    scene.clock.advance(days=3)

    await undo(scene, goes, scene.editor)

    one, other = await fresh(scene, goes), await fresh(scene, stays)
    assert plain(one.case) == plain(before[0].case)
    assert one.search == before[0].search
    assert plain(other.case.model_copy(update={"reports": before[1].case.reports})) == plain(before[1].case)
    assert [report.story_id for report in other.case.reports[1:]] == [ObjectId(came.id)], "it came in here"
    assert other.also_numbered == []
    log = scene.services.log
    for problem, then in zip((one, other), during, strict=True):
        assert fold(await log.of("problem", problem.case.id, as_of=moment)) == then


async def test_a_story_withdrawn_while_merged_comes_back_withdrawn(scene: Scene) -> None:
    stays, story = await scene.exposed(), await scene.exposure(outlet="晚报")
    goes = await scene.expose(story)
    await merge(scene, goes, stays)
    story = await scene.fresh(story)
    await scene.services.desk.withdraw(str(story.id), story.version, scene.editor, scene.who(scene.editor))
    goes = await undo(scene, goes)
    assert goes.case.exposures == ()
    assert await figure(scene, Key.EXPOSURES) == 1


async def test_a_verified_fix_is_not_lost_in_a_merge(scene: Scene) -> None:
    fixed, other = await scene.verified(await scene.exposed()), await scene.exposed(outlet="晚报", at=None)
    assert await figure(scene, Key.RESOLVED) == 1
    with pytest.raises(Conflict, match="the other one into this one"):
        await merge(scene, fixed, other)
    assert (await fresh(scene, other)).case.version == other.case.version


async def test_an_exposure_after_the_fix_takes_the_closing_back_until_the_merge_is_undone(scene: Scene) -> None:
    fixed = await scene.closed(await scene.exposed())
    scene.clock.advance(days=2)
    goes = await scene.exposed(outlet="晚报")
    before = await fresh(scene, fixed)
    await merge(scene, goes, fixed)
    assert (await fresh(scene, fixed)).case.state is State.REWORK
    assert await figure(scene, Key.RESOLVED) == 0
    await undo(scene, goes)
    assert plain((await fresh(scene, fixed)).case) == plain(before.case)
    assert await figure(scene, Key.RESOLVED) == 1


async def test_only_the_office_merges_what_was_worked_on(scene: Scene) -> None:
    stays = await scene.claimed(await scene.exposed())
    goes = await scene.claimed(await scene.exposed(outlet="晚报"))
    with pytest.raises(Forbidden):
        await merge(scene, goes, stays, scene.editor)
    await merge(scene, goes, stays)
    with pytest.raises(Forbidden):
        await undo(scene, goes, scene.editor)
    with pytest.raises(Forbidden):
        await merge(scene, await scene.exposed(), stays, scene.official)
    goes = await undo(scene, goes)
    assert goes.case.state is State.CLAIMED_FIXED


async def test_rings_and_self_merges_and_merges_of_what_has_gone_are_refused(scene: Scene) -> None:
    first, second, third = [await scene.exposed(outlet=f"报{n}") for n in range(3)]
    with pytest.raises(InvalidInput, match="itself"):
        await merge(scene, first, first)
    await merge(scene, first, second)
    await merge(scene, second, third)
    with pytest.raises(InvalidInput, match="duplicate itself"):
        await merge(scene, third, first)
    with pytest.raises(Conflict):
        await merge(scene, first, third)
    assert (await scene.services.regrouping.final(await fresh(scene, first))).number == third.number
    assert (await fresh(scene, third)).also_numbered == sorted([first.number, second.number])
    with pytest.raises(Conflict, match="Undo that first"):
        await undo(scene, first)
    await undo(scene, second)
    await undo(scene, first)
    assert [len((await fresh(scene, each)).case.exposures) for each in (first, second, third)] == [1, 1, 1]


async def test_of_officials_who_merge_at_once_one_wins_and_nothing_is_lost(scene: Scene) -> None:
    for number in range(3):
        one, two, three = [await scene.exposed(outlet=f"报{number}-{n}") for n in range(3)]
        said = await asyncio.gather(
            outcome(merge(scene, one, two)),
            outcome(merge(scene, two, one)),
            outcome(merge(scene, two, three)),
            outcome(merge(scene, three, one)),
        )
        assert "done" in said
        cases = [(await fresh(scene, each)).case for each in (one, two, three)]
        assert sum(case.state is State.DUPLICATE for case in cases) == said.count("done")
        assert sum(len(case.exposures) for case in cases) == 3


async def test_a_stale_form_merges_nothing(scene: Scene) -> None:
    stays, goes = await scene.exposed(), await scene.exposed(outlet="晚报")
    await scene.assigned(stays)
    with pytest.raises(Conflict, match="in the meantime"):
        await scene.services.regrouping.merge(
            (goes.number, goes.case.version), (stays.number, stays.case.version), scene.editor, scene.who(scene.editor)
        )
    assert (await fresh(scene, goes)).case.state is State.REGISTERED


async def test_what_an_import_still_brings_is_not_merged(scene: Scene) -> None:
    stays, goes = await scene.exposed(), await scene.exposed(outlet="晚报")
    under_way = ObjectId()
    row = ListRow(title="垃圾", place="门口", category=RUBBISH).model_dump()
    listed = {"source": "", "key": "1", "digest": "", "row": row, "report_id": ObjectId(), "import_id": under_way}
    database = scene.services.database
    await database["problems"].update_one({"_id": goes.case.id}, {"$set": {"listed": listed}})
    await database[IMPORTS].insert_one({"_id": under_way, "state": ARRIVING})
    with pytest.raises(NotFound):
        await merge(scene, goes, stays)
    await database["problems"].update_one({"_id": goes.case.id}, {"$set": {"listed": None}})
    await database[IMPORTS].delete_one({"_id": under_way})


async def test_a_thousand_reports_are_merged_and_parted(scene: Scene) -> None:
    stays, goes = await scene.exposed(), await scene.exposed(outlet="晚报")
    start = scene.clock.now
    reports = [
        scene.report(Channel.LIST, outside_number=f"N-{n}", received_at=start + timedelta(milliseconds=n))
        for n in range(1_000)
    ]
    await told(scene, goes, reports)
    await merge(scene, goes, stays)
    assert len((await fresh(scene, stays)).case.reports) == 1_002
    goes = await undo(scene, goes)
    assert len(goes.case.reports) == 1_001
    assert len((await fresh(scene, stays)).case.reports) == 1


async def told(scene: Scene, problem: Problem, reports: list[Report]) -> None:
    """Have all of them tell of ``problem``, in one transaction."""
    casebook = scene.services.problems.casebook

    async def work(tx: Transaction) -> Problem:
        now = await casebook.read(tx, problem.case.id)
        return await casebook.write(tx, now, [Decided(EventType.REPORTED, report.model_dump()) for report in reports])

    await Transactor(scene.services.database, scene.services.log).run(work, scene.who(scene.editor))


# Splitting


async def test_a_part_becomes_a_problem_of_its_own_linked_both_ways(scene: Scene) -> None:
    whole = await scene.exposed()
    story = await scene.exposure(outlet="晚报")
    await scene.attach(story, whole)
    whole = await fresh(scene, whole)
    goes = whole.case.reports[1].id

    new = await split(scene, whole, {goes: Share.GOES})

    left = await fresh(scene, whole)
    assert [report.id for report in new.case.reports] == [goes]
    assert len(left.case.reports) == 1
    assert new.case.split_from == left.case.id
    assert [each.problem_id for each in left.case.split_off] == [new.case.id]
    assert [each.number for each in await scene.services.problems.tied_to(ObjectId(story.id))] == [new.number]
    assert [await figure(scene, key) for key in (Key.EXPOSURES, Key.PROBLEMS)] == [2, 2]

    await merge(scene, new, left)

    assert [await figure(scene, key) for key in (Key.EXPOSURES, Key.PROBLEMS)] == [2, 1]
    back = await fresh(scene, whole)
    update = {"split_off": (), "taken_over": (), "reports": whole.case.reports}
    assert set(back.case.reports) == set(whole.case.reports)
    assert plain(back.case.model_copy(update=update)) == plain(whole.case)


async def test_the_same_unit_has_the_part_by_the_deadline_that_it_was_given(scene: Scene) -> None:
    whole = await scene.assigned(await scene.exposed())
    scene.clock.advance(days=1)
    only = whole.case.reports[0].id
    new = await split(scene, whole, {only: Share.BOTH}, keeps_unit=True)
    assert (new.case.state, new.case.unit_id) == (State.ASSIGNED, scene.unit)
    assert (new.case.due_at, new.case.original_due_at) == (whole.case.due_at, whole.case.original_due_at)
    assert await figure(scene, Key.EXPOSURES) == 2, "one story, two problems: an exposure of each"


async def test_a_split_needs_reports_and_a_difference(scene: Scene) -> None:
    whole = await scene.exposed()
    only = whole.case.reports[0].id
    for shares, more, field in (
        ({}, {}, "reports"),
        ({only: Share.GOES}, {}, "reports"),
        ({only: Share.BOTH}, {"category": RUBBISH, "region": XINHUA, "place": "新华社区3号楼"}, "place"),
        ({only: Share.BOTH}, {"category": "nonsense"}, "category"),
    ):
        with pytest.raises(InvalidInput) as error:
            await split(scene, whole, shares, **more)
        assert field in error.value.fields
    assert await scene.services.database["problems"].count_documents({}) == 1


async def test_two_who_split_at_once_do_not_both_take_the_same_report(scene: Scene) -> None:
    whole = await scene.exposed()
    await scene.attach(await scene.exposure(outlet="晚报"), whole)
    whole = await fresh(scene, whole)
    goes = {whole.case.reports[1].id: Share.GOES}
    said = await asyncio.gather(outcome(split(scene, whole, goes)), outcome(split(scene, whole, goes)))
    assert sorted(said) in (["Conflict", "done"], ["InvalidInput", "done"])
    assert await figure(scene, Key.EXPOSURES) == 2


# Handing over


async def test_a_problem_is_handed_over_without_having_been_returned(scene: Scene) -> None:
    problem = await scene.assigned(await scene.exposed())
    due = problem.case.due_at
    assert due is not None
    problem = await scene.act(problem, scene.step(Step.START), scene.official)
    scene.clock.advance(hours=3)
    problem = await scene.act(problem, scene.step(Step.REASSIGN, unit_id=scene.other_unit), scene.editor)
    case = problem.case
    assert (case.state, case.unit_id, case.returns, case.former_unit_ids) == (State.ASSIGNED, scene.other_unit, 0, ())
    assert case.handed_on_from == (scene.unit,)
    assert case.original_due_at == due
    assert case.due_at is not None
    assert case.due_at >= due
    with pytest.raises(InvalidInput):
        await scene.act(problem, scene.step(Step.REASSIGN, unit_id=scene.other_unit), scene.editor)
    with pytest.raises(Forbidden):
        await scene.act(problem, scene.step(Step.ACKNOWLEDGE), scene.official)


async def test_nothing_is_handed_to_a_unit_that_is_no_more(scene: Scene) -> None:
    problem = await scene.assigned(await scene.exposed())
    await scene.services.places.set_unit_active(str(scene.other_unit), False)
    with pytest.raises(InvalidInput):
        await scene.act(problem, scene.step(Step.REASSIGN, unit_id=scene.other_unit), scene.editor)
    assert (await fresh(scene, problem)).case.unit_id == scene.unit
