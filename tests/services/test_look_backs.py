"""Look-backs, satisfaction and stories worth another visit, on a real database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from media_tracker.accounts.actor import Level, Role
from media_tracker.db.connection import Json
from media_tracker.errors import Conflict, Forbidden, InvalidInput
from media_tracker.ingest.documents import Kind
from media_tracker.migrations import m0008_afterwards
from media_tracker.monitor.definitions import Key
from media_tracker.monitor.facts import Period
from media_tracker.problems import arriving
from media_tracker.problems.afterwards import draws as lookbacks_draws
from media_tracker.problems.afterwards.draws import Draws
from media_tracker.problems.afterwards.facts import Found, Occasion
from media_tracker.problems.afterwards.look_backs import is_drawn
from media_tracker.problems.afterwards.revisits import Why
from media_tracker.problems.afterwards.revisits_list import RevisitFilter
from media_tracker.problems.afterwards.revisits_list import query_of as revisits_query
from media_tracker.problems.afterwards.satisfaction import Answer
from media_tracker.problems.afterwards.work import LookBackFilter, LookBacks, Show
from media_tracker.problems.afterwards.work import query_of as look_backs_query
from media_tracker.problems.arriving import ARRIVING, IMPORTS
from media_tracker.problems.case import Basis, Case, Channel, EventType, Outcome, State
from media_tracker.problems.documents import Problem
from media_tracker.problems.lifecycle import Decided
from media_tracker.problems.steps import Step
from media_tracker.wiring import Services
from tests.services.deaths import DyingTransactor, Killed
from tests.services.scene import XIYUAN, Scene, actor

DAY = timedelta(days=1)


async def fresh(scene: Scene, problem: Problem) -> Problem:
    return await scene.services.problems.get(problem.number)


async def came_back(scene: Scene, problem: Problem) -> Problem:
    command = scene.step(Step.LOOK_BACK, found=Found.CAME_BACK, text="又堆了一片")
    return await scene.act(problem, command, scene.inspector)


async def figures(scene: Scene) -> dict[Key, int]:
    today = scene.clock.now.astimezone(scene.services.settings.zone).date()
    overview = await scene.services.monitor.overview(Period(today - 300 * DAY, today), ())
    return {key: figure.value for key, figure in overview.figures.items()}


async def listed(scene: Scene, show: Show, **narrower: Any) -> list[str]:
    """Numbers on the list, from its first page to its last; its length is what it says."""
    wanted = LookBackFilter(show, scene.clock.now, **narrower)
    numbers: list[str] = []
    after: str | None = None
    while True:
        page = await scene.services.look_backs.page(wanted, after, size=2)
        numbers += [each.number for each in page.problems]
        if page.next is None:
            break
        after = page.next
    assert len(numbers) == await scene.services.look_backs.count(wanted)
    return numbers


async def undrawn(scene: Scene) -> None:
    """Let the draw fall on nobody, whatever the salt is."""
    scene.services.problems._draws = Draws(scene.services.database)

    async def nobody(case: Case, decided: list[Decided]) -> list[Decided]:
        return list(decided)

    scene.services.problems._draws.mark = nobody  # type: ignore[assignment,method-assign]  # the draw's outcome is what is set


# The draw


async def test_whether_a_closing_is_drawn_stands_in_its_event_and_follows_from_the_salt(
    scene: Scene, other_process: Services
) -> None:
    problems = [await scene.closed(await scene.exposed()) for _ in range(3)]
    verified = await scene.verified(await scene.exposed())
    command = scene.step(Step.CLOSE)
    who = scene.who(scene.editor)
    elsewhere = await other_process.problems.act(verified.number, verified.case.version, command, scene.editor, who)
    salts = await scene.services.database[lookbacks_draws.COLLECTION].find().to_list()
    assert len(salts) == 1, "one for all processes"
    assert len(salts[0]["salt"]) == 32
    for problem in [*problems, elsewhere]:
        (closing,) = [e for e in await scene.services.problems.history(problem) if e.type == EventType.CLOSED]
        assert closing.payload["drawn"] is problem.case.drawn
        assert problem.case.drawn is is_drawn(salts[0]["salt"], problem.case.id, closing.seq)


async def test_two_processes_that_draw_for_the_first_time_at_once_have_one_salt(scene: Scene) -> None:
    problem = await scene.verified(await scene.exposed())
    closing = [Decided(EventType.CLOSED, {})]
    draws = [Draws(scene.services.database) for _ in range(8)]
    marked = await asyncio.gather(*(each.mark(problem.case, closing) for each in draws))
    assert len({each[0].payload["drawn"] for each in marked}) == 1
    assert await scene.services.database[lookbacks_draws.COLLECTION].count_documents({}) == 1


# Going back


async def test_what_has_held_is_off_the_list_until_the_next_time(scene: Scene) -> None:
    await undrawn(scene)
    problem = await scene.closed(await scene.exposed())
    assert await listed(scene, Show.DUE) == []
    scene.clock.advance(days=24)
    assert await listed(scene, Show.DUE) == [problem.number]
    scene.clock.advance(days=10)
    assert (await listed(scene, Show.DUE), await listed(scene, Show.OVERDUE)) == ([], [problem.number])

    problem = await scene.act(problem, scene.step(Step.LOOK_BACK), scene.inspector)

    assert problem.case.state is State.CLOSED
    assert [each.occasions for each in problem.case.look_backs] == [(Occasion.DAYS_30,)]
    assert problem.words_of(problem.case.version) == "回头看，保持良好"
    assert await listed(scene, Show.OVERDUE) == []
    assert await listed(scene, Show.DONE) == [problem.number]
    assert await listed(scene, Show.CAME_BACK) == []
    scene.clock.advance(days=50)
    assert await listed(scene, Show.DUE) == [problem.number]


async def test_a_drawn_closing_is_due_at_once(scene: Scene) -> None:
    problem = await scene.verified(await scene.exposed())
    around = await scene.services.problems.surroundings(problem)
    assert around.now == scene.clock.now

    async def drawn(tx: Any) -> Problem:
        read = await scene.services.problems.casebook.read(tx, problem.case.id)
        return await scene.services.problems.casebook.write(tx, read, [Decided(EventType.CLOSED, {"drawn": True})])

    await scene.services.problems._transactor.run(drawn, scene.who(scene.editor))
    assert await listed(scene, Show.DUE) == [problem.number]
    assert await listed(scene, Show.DUE, own=frozenset({scene.unit})) == [], (
        "its own people do not go, and do not learn"
    )
    assert await listed(scene, Show.DUE, district="370303") == [problem.number]
    assert await listed(scene, Show.DUE, district="370304") == []
    scene.clock.advance(days=7, seconds=1)
    assert await listed(scene, Show.OVERDUE) == [problem.number]


async def test_a_list_that_is_still_arriving_is_left_out(scene: Scene) -> None:
    problem = await scene.closed(await scene.exposed())
    scene.clock.advance(days=31)
    assert await listed(scene, Show.OVERDUE) == [problem.number]
    assert arriving.IMPORTS == IMPORTS
    database, import_id = scene.services.database, ObjectId()
    await database[IMPORTS].insert_one({"_id": import_id, "state": ARRIVING})
    query = {"number": problem.number}
    await database["problems"].update_one(query, {"$set": {"listed": {"import_id": import_id}}})
    assert await scene.services.look_backs.count(LookBackFilter(Show.OVERDUE, scene.clock.now)) == 0
    await database["problems"].update_one(query, {"$set": {"listed": None}})
    await database[IMPORTS].delete_one({"_id": import_id})


async def test_what_has_come_back_within_30_days_takes_the_closing_back_and_uncounts_it(scene: Scene) -> None:
    problem = await scene.closed(await scene.exposed())
    assert (await figures(scene))[Key.RESOLVED] == 1
    scene.clock.advance(days=25)

    problem = await came_back(scene, problem)

    assert (problem.case.state, problem.case.outcome) == (State.REWORK, None)
    assert problem.case.due_at is not None
    assert problem.case.due_at > scene.clock.now
    events = [event.type for event in await scene.services.problems.history(problem)]
    assert events[-2:] == ["looked_back", "revoked"]
    assert problem.words_of(problem.case.version - 1) == "又堆了一片"
    assert (await figures(scene))[Key.RESOLVED] == 0
    assert await listed(scene, Show.CAME_BACK) == [problem.number]
    assert await scene.services.database["problems"].count_documents({}) == 1

    again = await scene.closed(problem)
    assert (again.case.state, len(again.case.rounds)) == (State.CLOSED, 2)
    assert (await figures(scene))[Key.RESOLVED] == 1


async def test_what_comes_back_later_is_a_linked_problem_in_the_same_transaction(scene: Scene) -> None:
    former = await scene.closed(await scene.exposed())
    scene.clock.advance(days=40)

    former = await came_back(scene, former)

    assert (former.case.state, former.case.relapsed_at) == (State.CLOSED, scene.clock.now)
    assert former.case.relapsed_as is not None
    relapse = await scene.services.problems.by_id(former.case.relapsed_as)
    same = ("category", "region", "severity", "long_standing")
    assert [getattr(relapse.case, name) for name in same] == [getattr(former.case, name) for name in same]
    assert (relapse.title, relapse.place, relapse.case.relapse_of) == (former.title, former.place, former.case.id)
    assert relapse.case.state is State.REGISTERED
    assert [report.channel for report in relapse.case.reports] == [Channel.PATROL]
    assert relapse.words_of(1) == "又堆了一片"
    now = await figures(scene)
    assert (now[Key.RESOLVED], now[Key.RESOLVED_NET], now[Key.RELAPSED]) == (1, 0, 1)
    for show in (Show.DUE, Show.OVERDUE):
        assert await listed(scene, show) == []
    with pytest.raises(Conflict):
        await came_back(scene, former)


async def test_of_two_who_find_it_back_at_once_one_registers_the_relapse(scene: Scene, other_process: Services) -> None:
    former = await scene.closed(await scene.exposed())
    scene.clock.advance(days=40)
    version = former.case.version

    async def tell(services: Services) -> str:
        command = scene.step(Step.LOOK_BACK, found=Found.CAME_BACK, after=(await scene.photo(),))
        who = scene.inspector
        try:
            await services.look_backs.look_back(former.number, version, command, who, scene.who(who))
        except Conflict:
            return "late"
        return "done"

    said = await asyncio.gather(*(tell(services) for services in [scene.services, other_process] * 3))
    assert sorted(said) == ["done", *["late"] * 5]
    assert await scene.services.database["problems"].count_documents({}) == 2


async def test_who_is_killed_while_writing_a_relapse_down_leaves_nothing(scene: Scene) -> None:
    services = scene.services
    former = await scene.closed(await scene.exposed())
    scene.clock.advance(days=40)
    dying = LookBacks(
        services.database,
        DyingTransactor(services.database, services.log),
        services.problems,
        services.problems.casebook,
        services.files,
        scene.clock,
    )
    command = scene.step(Step.LOOK_BACK, found=Found.CAME_BACK, after=(await scene.photo(),))
    given = (former.number, former.case.version, command, scene.inspector, scene.who(scene.inspector))
    with pytest.raises(Killed):
        await dying.look_back(*given)
    assert await fresh(scene, former) == former
    assert await services.database["problems"].count_documents({}) == 1

    await dying.look_back(*given)
    assert (await fresh(scene, former)).case.relapsed_as is not None


async def test_neither_the_units_own_people_nor_a_double_click_write_a_look_back(scene: Scene) -> None:
    problem = await scene.closed(await scene.exposed())
    scene.clock.advance(days=30)
    theirs = actor(Role.INSPECTOR, units=[scene.unit])
    with pytest.raises(Forbidden):
        await scene.act(problem, scene.step(Step.LOOK_BACK), theirs)
    with pytest.raises(Forbidden):
        await scene.act(problem, scene.step(Step.LOOK_BACK), scene.official)
    done = await scene.act(problem, scene.step(Step.LOOK_BACK), scene.inspector)
    command = scene.step(Step.LOOK_BACK, after=(await scene.photo(),))
    with pytest.raises(Conflict):
        await scene.services.look_backs.look_back(
            problem.number, problem.case.version, command, scene.inspector, scene.who(scene.inspector)
        )
    assert await fresh(scene, done) == done


# DESIGN §2, row by row, from the outlet's feed to the figure


async def test_exposed_again_in_time_it_is_uncounted_and_later_it_is_a_relapse_with_the_net_beside(
    scene: Scene,
) -> None:
    in_time = await scene.closed(await scene.exposed(outlet="晨报"))
    late = await scene.closed(await scene.exposed(outlet="晚报"))
    assert (await figures(scene))[Key.RESOLVED] == 2
    scene.clock.advance(days=20)
    in_time = await scene.attach(await scene.exposure(outlet="网"), in_time)
    assert (in_time.case.state, (await figures(scene))[Key.RESOLVED]) == (State.REWORK, 1)
    scene.clock.advance(days=20)
    story = await scene.exposure(outlet="网")
    with pytest.raises(Conflict):
        await scene.attach(story, late)
    relapse = await scene.expose(story, relapse_of=late.case.id)
    now = await figures(scene)
    assert (now[Key.RESOLVED], now[Key.RESOLVED_NET], now[Key.RELAPSED]) == (1, 0, 1)
    assert relapse.case.relapse_of == late.case.id


async def test_the_office_takes_a_closing_back_for_30_days_and_no_longer(scene: Scene) -> None:
    first, second = [await scene.closed(await scene.exposed()) for _ in range(2)]
    scene.clock.advance(days=29)
    taken_back = await scene.act(first, scene.step(Step.REVOKE), scene.publicity)
    assert (taken_back.case.state, (await figures(scene))[Key.RESOLVED]) == (State.REWORK, 1)
    scene.clock.advance(days=2)
    with pytest.raises(Conflict, match="relapse"):
        await scene.act(second, scene.step(Step.REVOKE), scene.publicity)
    assert (await figures(scene))[Key.RESOLVED] == 1


async def test_a_follow_up_counts_as_a_check_only_tied_and_only_with_the_reporter_there(scene: Scene) -> None:
    problem = await scene.claimed(await scene.exposed())
    story = await scene.decide(await scene.story(), Kind.FOLLOW_UP)
    by_story = {"basis": Basis.FOLLOW_UP, "on_site": False, "story_id": story.id, "reporter_on_site": True}
    by_story["units_own_copy"] = False
    for wrong in ({}, {"reporter_on_site": False}, {"units_own_copy": True}):
        if wrong:
            problem = await fresh(scene, problem)
        with pytest.raises(InvalidInput):
            await scene.act(problem, scene.step(Step.VERIFY, **{**by_story, **wrong}), scene.inspector)
        if not wrong:
            problem = await scene.attach(story, problem)
    problem = await scene.act(problem, scene.step(Step.VERIFY, **by_story), scene.inspector)
    assert (problem.case.state, (await figures(scene))[Key.RESOLVED]) == (State.VERIFIED, 1)


async def test_a_districts_own_check_is_no_city_figure_until_the_city_looks(scene: Scene) -> None:
    district = replace(scene.inspector, user_id=ObjectId(), level=Level.DISTRICT)
    problem = await scene.claimed(await scene.exposed())
    problem = await scene.act(problem, scene.step(Step.VERIFY), district)
    problem = await scene.act(problem, scene.step(Step.CLOSE), scene.editor)
    assert (await figures(scene))[Key.RESOLVED] == 0
    problem = await scene.act(problem, scene.step(Step.VERIFY), scene.inspector)
    assert (await figures(scene))[Key.RESOLVED] == 1
    (only,) = problem.case.rounds
    assert [each.level for each in only.earlier_checks] == [Level.DISTRICT], "what the district found stays on record"
    assert only.verification is not None
    assert only.verification.level is Level.CITY


async def test_a_fix_in_part_is_never_counted_and_its_rest_is_when_it_is_done(scene: Scene) -> None:
    problem = await scene.claimed(await scene.exposed())
    partly = scene.step(Step.VERIFY, verified_outcome=Outcome.PARTLY_RESOLVED)
    problem = await scene.act(problem, partly, scene.inspector)
    assert (await figures(scene))[Key.RESOLVED] == 0
    problem = await scene.act(problem, scene.step(Step.CONTINUE), scene.editor)
    assert (problem.case.state, problem.case.reworks) == (State.REWORK, 0)
    await scene.closed(problem)
    assert (await figures(scene))[Key.RESOLVED] == 1


# Satisfaction


@pytest.mark.parametrize("reply", Answer)
async def test_what_a_citizen_says_is_on_show_and_in_no_figure(scene: Scene, reply: Answer) -> None:
    problem = await scene.claimed(await scene.exposed())
    ticket = scene.report(Channel.TICKET, outside_number="12345-7")
    who = scene.who(scene.editor)
    problem = await scene.services.problems.report(problem.number, problem.case.version, ticket, scene.editor, who)
    before = await figures(scene)

    problem = await scene.act(problem, scene.step(Step.SATISFACTION, satisfaction=reply), scene.editor)

    assert [each.reply for each in problem.case.satisfactions] == [reply]
    assert problem.case.state is State.CLAIMED_FIXED
    assert await figures(scene) == before
    assert before[Key.RESOLVED] == 0
    for person in (scene.official, actor(Role.VIEWER)):
        with pytest.raises(Forbidden):
            await scene.act(problem, scene.step(Step.SATISFACTION), person)


# Worth another story


async def test_a_fix_that_nobody_tells_of_is_offered_to_editors_until_a_story_is_tied(scene: Scene) -> None:
    revisits = scene.services.revisits
    problem = await scene.closed(await scene.exposed())
    assert await revisits.count(RevisitFilter(scene.clock.now)) == 0
    scene.clock.advance(days=22)
    (offered,) = (await revisits.page(RevisitFilter(scene.clock.now, Why.UNTOLD))).problems
    assert (offered.number, await revisits.count(RevisitFilter(scene.clock.now))) == (problem.number, 1)
    assert await revisits.count(RevisitFilter(scene.clock.now, district="370304")) == 0
    assert await revisits.count(RevisitFilter(scene.clock.now, Why.UNVERIFIED)) == 0

    await scene.attach(await scene.decide(await scene.story(), Kind.FOLLOW_UP), problem)
    assert await revisits.count(RevisitFilter(scene.clock.now)) == 0


async def test_what_has_come_back_is_the_first_that_editors_are_offered(scene: Scene) -> None:
    untold = await scene.closed(await scene.exposed())
    back = await scene.closed(await scene.expose(await scene.exposure(), region=XIYUAN))
    scene.clock.advance(days=24)
    back = await came_back(scene, back)
    wanted = RevisitFilter(scene.clock.now)
    first = await scene.services.revisits.page(wanted, size=1)
    assert [each.number for each in first.problems] == [back.number]
    second = await scene.services.revisits.page(wanted, first.next, size=1)
    assert ([each.number for each in second.problems], second.next) == ([untold.number], None)


# By an index


async def test_the_lists_read_little_more_than_they_show(scene: Scene) -> None:
    database = scene.services.database
    await scene.services.migrator.migrate()
    problem = await scene.closed(await scene.exposed())
    row = await database["problems"].find_one({"number": problem.number})
    assert row is not None
    now = scene.clock.now
    made = [_copy(row, number, now) for number in range(600)]
    await database["problems"].insert_many(made)
    queries = [look_backs_query(LookBackFilter(show, now)) for show in (Show.DUE, Show.OVERDUE, Show.DONE)]
    queries += [look_backs_query(LookBackFilter(show, now, "370303")) for show in (Show.DUE, Show.OVERDUE, Show.DONE)]
    queries += [revisits_query(RevisitFilter(now)), *(revisits_query(RevisitFilter(now, why)) for why in Why)]
    orders = [("after.look_back_due_at", 1)] * 2 + [("after.looked_back_at", -1)]
    for query, (field, order) in zip(queries, [*orders, *orders, *[("after.revisit_from", -1)] * 4], strict=True):
        found = database["problems"].find(query).sort([(field, order), ("_id", order)]).limit(51)
        stats = (await found.explain())["executionStats"]
        returned = stats["nReturned"]
        assert stats["totalDocsExamined"] <= max(10 * returned, 1), (query, stats["totalDocsExamined"], returned)
        assert "SORT" not in str(stats["executionStages"].get("stage")), query
    await database["problems"].delete_many({"_id": {"$in": [each["_id"] for each in made]}})


def _copy(row: Json, number: int, now: Any) -> Json:
    """A problem of which lists see something else: a fifth each due, overdue, looked at, worth a story, and none of it."""
    after = dict.fromkeys(("look_back_due_at", "looked_back_at", "revisit_from", "revisit_why"))
    match number % 5:
        case 0:
            after["look_back_due_at"] = now + timedelta(hours=number % 100 + 1)
        case 1:
            after["look_back_due_at"] = now - timedelta(hours=number)
        case 2:
            after["looked_back_at"] = now - timedelta(hours=number)
        case 3:
            after |= {"revisit_from": now - timedelta(hours=number), "revisit_why": list(Why)[number % 3].value}
    return {**row, "_id": ObjectId(), "number": f"2026-9{number:04d}", "after": {**after, "came_back": False}}


async def test_problems_from_before_get_what_the_lists_read(scene: Scene) -> None:
    database = scene.services.database
    problem = await scene.closed(await scene.exposed())
    await database["problems"].update_one({"number": problem.number}, {"$unset": {"after": 1}})
    for _ in range(2):
        await m0008_afterwards.up(database)
        assert await fresh(scene, problem) == problem
