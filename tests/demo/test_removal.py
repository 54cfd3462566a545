"""What stands beside sample problems and sample users goes with them; what is the office's own stays."""

from __future__ import annotations

from bson import ObjectId

from media_tracker.accounts.actor import Role
from media_tracker.accounts.duties import Duties
from media_tracker.demo.removal import remove
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
