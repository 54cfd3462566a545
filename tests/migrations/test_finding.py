"""Problems of before lists were found by one array are found after the migration, and nobody's words that must not be."""

from __future__ import annotations

from bson import ObjectId

from media_tracker.accounts.actor import Role
from media_tracker.db.connection import Database
from media_tracker.migrations import m0010_finding
from media_tracker.problems.case import State
from media_tracker.problems.finding.listing import Order, ProblemFilter
from media_tracker.problems.steps import Command, Step
from tests.fake_clock import FakeClock
from tests.web.problem_scene import build_city


async def test_problems_that_were_there_before_are_found_by_unit_words_and_plans(
    database: Database, clock: FakeClock
) -> None:
    city = await build_city(database, clock)
    official = await city.user("olga", Role.OFFICIAL, units=(city.cleaners,))
    problem = await city.assigned()
    problem = await city.act(problem, Command(Step.START, clock(), text="With tarpaulins."), official)
    described = await database["problems"].find_one({"_id": problem.case.id})
    await database["problems"].update_one(
        {"_id": problem.case.id},
        {"$set": {"search": ["old"], "words.$[].kind": None}, "$unset": {"turns_at": 1, "clock_due_at": 1}},
    )
    for _ in range(2):  # doing it again changes nothing
        await m0010_finding.up(database)
        assert await database["problems"].find_one({"_id": problem.case.id}) == described
    wanted = ProblemFilter(states=frozenset({State.IN_PROGRESS}), units=frozenset({city.cleaners}), words="tarpaulins")
    for order in Order:
        page = await city.services.problems.page(wanted, order=order)
        assert [each.number for each in page.problems] == [problem.number]


async def test_an_empty_database_has_nothing_to_describe(database: Database) -> None:
    await m0010_finding.up(database)
    assert await database["problems"].find_one({"_id": ObjectId()}) is None
