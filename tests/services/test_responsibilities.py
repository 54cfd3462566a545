"""The responsibility table in a real database: taking in a sheet, asking a day, and what problems make of it."""

from __future__ import annotations

import asyncio
from datetime import date
from functools import partial

import pytest
from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.events import SYSTEM
from media_tracker.errors import Conflict, Forbidden
from media_tracker.places.responsibility import Backers, Backing, Duty, Relation, Responsibility, routing_path
from media_tracker.places.responsibility_import import Outlook
from media_tracker.places.responsibility_sheet import ResponsibilitySheet
from media_tracker.problems.case import Channel, Outcome, Report, Severity
from media_tracker.problems.documents import Problem
from media_tracker.problems.service import NewProblem
from media_tracker.problems.steps import Command, Step
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock

DISTRICT, SUBDISTRICT, COMMUNITY = "370303", "370303001", "370303001001"
COVER, RUBBISH = "102", "201"
ADMIN = Actor(ObjectId(), frozenset({Role.ADMIN}))
EDITOR = Actor(ObjectId(), frozenset({Role.EDITOR}))


def lead(unit: ObjectId, category: str | None, first: date, region: str | None = None) -> Responsibility:
    return Responsibility(unit, Duty.LEAD, category, region, first)


async def take(
    services: Services, *rows: Responsibility | Backing, since: date, whole: bool = False, edition: int | None = None
) -> Outlook:
    sheet = ResponsibilitySheet(
        tuple(row for row in rows if isinstance(row, Responsibility)),
        tuple(row for row in rows if isinstance(row, Backing)),
        (),
    )
    seen = await services.responsibilities.outlook(sheet, since, whole=whole)
    expected = seen.edition if edition is None else edition
    return await services.responsibilities.take(sheet, since, whole=whole, edition=expected, by=ADMIN, origin=SYSTEM)


async def proposed(services: Services, category: str, on: date) -> ObjectId | None:
    path = (await services.taxonomy.table()).path(category)
    region = routing_path(await services.places.regions(), COMMUNITY)
    return (await services.places.responsibilities.propose(path, region, on)).lead


async def register(services: Services, category: str = COVER, region: str | None = COMMUNITY) -> Problem:
    now = services.clock()
    report = Report(id=ObjectId(), channel=Channel.LIST, occurred_at=now, received_at=now)
    number = await services.problems.draw_number()
    new = NewProblem(number, "井盖缺失", "北门", category, region)
    return await services.problems.register(new, [report], EDITOR, SYSTEM)


async def correct(services: Services, problem: Problem, category: str) -> Problem:
    return await services.problems.correct(
        problem.number,
        problem.case.version,
        title=problem.title,
        place=problem.place,
        category=category,
        region=problem.case.region,
        severity=Severity.NORMAL,
        long_standing=False,
        actor=EDITOR,
        origin=SYSTEM,
    )


async def test_a_row_that_is_replaced_gets_a_last_day_and_still_answers_for_its_own_days(services: Services) -> None:
    old, new = await services.places.add_unit("旧单位"), await services.places.add_unit("新单位")
    await take(services, lead(old, COVER, date(2026, 1, 1)), since=date(2026, 1, 1))
    outlook = await take(services, lead(new, COVER, date(2026, 3, 1)), since=date(2026, 3, 1))
    assert (outlook.added, outlook.ended) == (1, 1)
    assert await services.database["responsibilities"].count_documents({}) == 2
    assert [
        await proposed(services, COVER, day) for day in (date(2025, 12, 31), date(2026, 2, 28), date(2026, 3, 1))
    ] == [
        None,
        old,
        new,
    ]
    assert (await take(services, lead(new, COVER, date(2026, 3, 1)), since=date(2026, 3, 1))).nothing


async def test_a_look_at_a_sheet_stores_nothing_and_names_clashes_and_gaps(services: Services) -> None:
    one, other = await services.places.add_unit("甲局"), await services.places.add_unit("乙局")
    since = date(2026, 3, 1)
    rows = (lead(one, "1", since, DISTRICT), lead(other, "1", since, DISTRICT))
    sheet = ResponsibilitySheet(rows, (), ())
    outlook = await services.responsibilities.outlook(sheet, since, whole=False)
    assert outlook.clashes == [rows]
    assert (outlook.added, outlook.ended) == (2, 0)
    assert any(gap.category == "2" for gap in outlook.gaps)
    assert not any(gap.category == "1" and gap.region == DISTRICT for gap in outlook.gaps)
    assert await services.database["responsibilities"].count_documents({}) == 0


async def test_only_who_keeps_the_tables_takes_a_sheet(services: Services) -> None:
    sheet = ResponsibilitySheet((), (), ())
    call = partial(services.responsibilities.take, sheet, date(2026, 3, 1))
    with pytest.raises(Forbidden):
        await call(whole=True, edition=0, by=EDITOR, origin=SYSTEM)


async def test_of_two_sheets_that_were_looked_at_together_one_is_taken(services: Services) -> None:
    one, other = await services.places.add_unit("甲局"), await services.places.add_unit("乙局")
    since = date(2026, 3, 1)
    both = await asyncio.gather(
        *(take(services, lead(unit, COVER, since), since=since, edition=0) for unit in (one, other)),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in both) == ["Conflict", "Outlook"]
    assert await services.database["responsibilities"].count_documents({}) == 1


async def test_what_cannot_be_written_down_is_not_taken(services: Services) -> None:
    unit, since = await services.places.add_unit("甲局"), date(2026, 3, 1)

    async def note(session: AsyncClientSession, outlook: Outlook) -> None:
        raise Conflict("no room in the trail")

    sheet = ResponsibilitySheet((lead(unit, COVER, since),), (), ())
    with pytest.raises(Conflict):
        await services.responsibilities.take(sheet, since, whole=False, edition=0, by=ADMIN, origin=SYSTEM, note=note)
    assert await services.database["responsibilities"].count_documents({}) == 0
    assert (await take(services, lead(unit, COVER, since), since=since)).added == 1


async def test_who_stands_behind_a_place_is_asked_of_a_day(services: Services) -> None:
    unit, leader = await services.places.add_unit("文明单位"), ObjectId()
    first = date(2026, 3, 1)
    await take(
        services,
        Backing(Relation.LEADER, first, date(2026, 6, 30), SUBDISTRICT, person="李区长", user_id=leader),
        Backing(Relation.LEADER, first, None, SUBDISTRICT, person="赵区长"),
        Backing(Relation.CIVILISED_UNIT, first, None, COMMUNITY, unit),
        Backing(Relation.INDICATOR, first, None, unit_id=ObjectId(), indicator="公共厕所"),
        since=first,
    )
    ask = services.places.responsibilities.backers
    path = (await services.places.regions()).path(COMMUNITY)
    assert await ask(path, first) == Backers(frozenset({leader}), frozenset({unit}))
    assert await ask(path, date(2026, 7, 1)) == Backers(frozenset(), frozenset({unit}))
    assert await ask(path[:3], first) == Backers(frozenset({leader}), frozenset())


# Problems


async def test_a_problem_is_proposed_to_the_unit_of_the_day_and_never_to_one_that_sent_it_back(
    services: Services, clock: FakeClock
) -> None:
    first, second = await services.places.add_unit("甲局"), await services.places.add_unit("乙局")
    since = clock.now.date()
    await take(services, lead(first, COVER, since), lead(second, "1", since), since=since)
    problem = await register(services)
    assert (await services.problems.proposal(problem)).lead == first
    number = problem.number
    assign = Command(Step.ASSIGN, clock(), unit_id=first)
    problem = await services.problems.act(number, problem.case.version, assign, EDITOR, SYSTEM)
    official = Actor(ObjectId(), frozenset({Role.OFFICIAL}), units=frozenset({first}))
    back = Command(Step.RETURN, clock(), text="不属本单位职责")
    problem = await services.problems.act(number, problem.case.version, back, official, SYSTEM)
    proposal = await services.problems.proposal(problem)
    assert proposal.lead == second
    assert [reason.row.unit_id for reason in proposal.reasons] == [second, first]


async def test_a_correction_that_changes_whom_it_belongs_to_is_told_by_the_table_of_the_assignment(
    services: Services, clock: FakeClock
) -> None:
    covers, rubbish, later = [await services.places.add_unit(name) for name in ("市政处", "环卫中心", "后来者")]
    since = clock.now.date()
    await take(services, lead(covers, COVER, since), lead(rubbish, RUBBISH, since), since=since)
    problem = await register(services)
    assign = Command(Step.ASSIGN, clock(), unit_id=covers)
    problem = await services.problems.act(problem.number, problem.case.version, assign, EDITOR, SYSTEM)
    assert await services.problems.rerouting(problem, await services.problems.history(problem)) is None
    clock.advance(days=10)
    await take(services, lead(later, RUBBISH, clock.now.date()), since=clock.now.date())
    problem = await correct(services, problem, RUBBISH)
    changed = await services.problems.rerouting(problem, await services.problems.history(problem))
    assert changed is not None
    assert (changed.before.lead, changed.after.lead) == (covers, rubbish)
    problem = await correct(services, problem, COVER)
    assert await services.problems.rerouting(problem, await services.problems.history(problem)) is None


async def test_who_stands_behind_the_place_by_the_table_cannot_verify(services: Services, clock: FakeClock) -> None:
    civilised, unit = await services.places.add_unit("文明单位"), await services.places.add_unit("甲局")
    leader = Actor(ObjectId(), frozenset({Role.INSPECTOR}))
    member = Actor(ObjectId(), frozenset({Role.INSPECTOR}), units=frozenset({civilised}))
    stranger = Actor(ObjectId(), frozenset({Role.INSPECTOR}))
    since = clock.now.date()
    await take(
        services,
        Backing(Relation.LEADER, since, None, SUBDISTRICT, person="李区长", user_id=leader.user_id),
        Backing(Relation.CIVILISED_UNIT, since, None, COMMUNITY, civilised),
        since=since,
    )
    problem = await register(services)
    assign = Command(Step.ASSIGN, clock(), unit_id=unit)
    problem = await services.problems.act(problem.number, problem.case.version, assign, EDITOR, SYSTEM)
    official = Actor(ObjectId(), frozenset({Role.OFFICIAL}), units=frozenset({unit}))
    claim = Command(Step.CLAIM, clock(), text="未发现", outcome=Outcome.NOTHING_FOUND, fixed_at=clock())
    problem = await services.problems.act(problem.number, problem.case.version, claim, official, SYSTEM)
    for who, allowed in ((leader, False), (member, False), (stranger, True)):
        steps = await services.problems.steps(problem, who)
        assert (Step.CONFIRM_NOTHING in steps) is allowed
