"""Counting over the database: by the tables as they are now, and all from one moment."""

from __future__ import annotations

from datetime import timedelta

from bson import ObjectId

from media_tracker.desk.service import Decision
from media_tracker.ingest.documents import Kind
from media_tracker.monitor.definitions import Dimension, Key
from media_tracker.monitor.facts import Period, Slice
from tests.services.scene import Scene

BODY = "3703GX"
STREET = "370303001"


async def test_a_body_that_takes_over_a_street_takes_its_figures_at_once(scene: Scene) -> None:
    services = scene.services
    story = await scene.exposure()
    problem = await scene.expose(story, region=STREET)
    today = scene.clock.now.astimezone(services.settings.zone).date()
    period = Period(today - timedelta(days=30), today)

    before = (await services.monitor.overview(period, [Key.PROBLEMS])).tables[Dimension.DISTRICT]
    await services.places.set_administered_by(STREET, BODY)
    after = (await services.monitor.overview(period, [Key.PROBLEMS])).tables[Dimension.DISTRICT]

    assert [column.value for column in before.columns] == ["370303"]
    assert [column.value for column in after.columns] == [BODY]
    listed = await services.monitor.figure(Key.PROBLEMS, period, Slice(district=BODY))
    assert [row.problem_id for row in listed.rows] == [problem.case.id]
    await services.places.set_administered_by(STREET, None)


async def test_a_suggestion_that_comes_late_leaves_an_editors_place_alone(scene: Scene) -> None:
    services = scene.services
    story = await scene.story("张店区和平街道垃圾满地")

    await scene.decide(story, Decision(Kind.OTHER, None, None, ""))
    assert story.id is not None
    await services.tagging.look_at([ObjectId(story.id)])
    assert (await scene.fresh(story)).district is None
