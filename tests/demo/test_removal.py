"""What stands beside sample problems and sample users goes with them; what is the office's own stays."""

from __future__ import annotations

from bson import ObjectId

from media_tracker.accounts.actor import Role
from media_tracker.accounts.duties import Duties
from media_tracker.db.events import SYSTEM
from media_tracker.demo.people import add_units
from media_tracker.demo.removal import remove
from media_tracker.demo.responsibility import add_responsibilities
from media_tracker.places.responsibility import Backing, Duty, Relation, Responsibility
from media_tracker.places.responsibility_sheet import ResponsibilitySheet
from media_tracker.wiring import Services
from tests.problems.cases import fixed_problem


async def test_orders_of_samples_and_the_choices_of_sample_users_go_and_those_of_others_stay(
    services: Services,
) -> None:
    database = services.database
    sample, own = ObjectId(), ObjectId()
    case = fixed_problem().case.model_copy(update={"id": sample}).model_dump()
    await database["problems"].insert_one({"_id": sample, "number": "2026-00001", "demo": True, "case": case})
    orders = {"samples": [sample], "both": [sample, own], "own": [own]}
    for key, problems in orders.items():
        lines = [{"problem_id": each} for each in problems]
        await database["dispatch_orders"].insert_one({"key": key, "year": 2026, "serial": len(key), "lines": lines})
    duties = Duties(frozenset({Role.EDITOR}))
    for name in ("sample", "own"):
        user = (await services.accounts.add_user(name, name, duties, demo=name == "sample")).user
        await database["problem_views"].insert_one({"owner": user.object_id, "name": name, "query": "", "role": None})
        await database["notice_preferences"].insert_one({"_id": user.object_id, "name": name})

    await remove(services)

    assert await database["dispatch_orders"].distinct("key") == ["both", "own"]
    assert await database["problem_views"].distinct("name") == ["own"]
    assert await database["notice_preferences"].distinct("name") == ["own"]


async def test_a_responsibility_table_of_the_offices_own_is_no_sample_and_stays(services: Services) -> None:
    table, today = services.responsibilities, services.clock().date()
    unit, units = await services.places.add_unit("城管局"), await add_units(services)
    region = min(district for district, _ in units.by_district)
    own = ResponsibilitySheet(
        (Responsibility(unit, Duty.LEAD, "1", region, today),),
        (Backing(Relation.LEADER, today, region=region, person="某人"),),
        (),
    )
    await table.take(own, today, whole=False, edition=await table.edition(), by=None, origin=SYSTEM)

    await add_responsibilities(services, units, today)
    await remove(services)

    [duty], [backing] = await table.table.duties(), await table.table.backings()
    assert (duty.unit_id, duty.valid_to) == (unit, None)
    assert (backing.person, backing.valid_to) == ("某人", None)


async def test_a_sample_responsibility_table_goes_with_the_samples(services: Services) -> None:
    units = await add_units(services)
    await add_responsibilities(services, units, services.clock().date())
    assert await services.responsibilities.table.duties()
    assert await services.responsibilities.table.backings()
    await remove(services)
    assert not await services.responsibilities.table.duties()
    assert not await services.responsibilities.table.backings()


async def test_bulletins_that_count_samples_go_with_all_that_belongs_to_them_and_others_stay(
    services: Services,
) -> None:
    database = services.database
    for number, demo in ((1, True), (2, False)):
        frozen = {"release": number, "year": 2026, "serial": number, "file_id": ObjectId()}
        await database["bulletins"].insert_one({"state": "released", "demo": demo, "frozen": frozen})
        await database["bulletin_lists"].insert_one({"release": number, "key": "problems", "part": 0, "ids": b""})
        await database["bulletin_errata"].insert_one({"release": number})

    assert await remove(services) == 1

    assert await database["bulletins"].distinct("frozen.release") == [2]
    assert await database["bulletin_lists"].distinct("release") == [2]
    assert await database["bulletin_errata"].distinct("release") == [2]
