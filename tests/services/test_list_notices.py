"""A list that is imported is told once to those whose units it is about, however long it is."""

from __future__ import annotations

from media_tracker.accounts.actor import Role
from media_tracker.accounts.duties import Duties
from media_tracker.notices.kinds import NoticeKind
from tests.services.scene import Scene
from tests.services.test_list_import import numbered, take


async def test_a_list_is_one_notice_and_its_old_deadlines_are_no_news(scene: Scene) -> None:
    services = scene.services
    duties = Duties(frozenset({Role.OFFICIAL}), unit_ids=(scene.unit,))
    official = (await services.accounts.add_user("olga", "Olga", duties)).user
    await take(services, *numbered(30))
    assert await services.notifier.follow() >= 90
    await services.notifier.remind()

    rows = await services.database["notices"].find().to_list()
    assert [(row["user_id"], row["kind"], row["problem_id"]) for row in rows] == [
        (official.object_id, NoticeKind.LIST_ARRIVED, None)
    ]

    await take(services, *numbered(30))
    await services.notifier.follow()
    assert await services.database["notices"].count_documents({}) == 1
