"""A made-up campaign is what it says it is: so many stories, histories that hold together, the same one for the same seed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from media_tracker.db.connection import Json
from media_tracker.db.events import NewEvent
from media_tracker.demo.large.making import Made, Maker
from media_tracker.demo.large.plan import PROBLEMS_PER_STORY, STORIES_IN_CHUNK, chunks, plan_chunk
from media_tracker.demo.large.scene import Scene, set_scene
from media_tracker.ingest.documents import Story
from media_tracker.problems.folding import fold
from media_tracker.problems.linking.rarity import background_ready
from media_tracker.wiring import Services

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
SIZE = 400


@pytest.fixture
async def scene(services: Services) -> Scene:
    return (await set_scene(services, NOW.date()))[0]


async def made(services: Services, scene: Scene, seed: int) -> Made:
    await background_ready()
    plan = plan_chunk(seed, 0, SIZE, len(scene.sources), NOW)
    table = await services.taxonomy.table()
    return await Maker(scene, plan, seed, NOW, services.settings.zone).make(
        services.problems.tables.describe, table.path
    )


def events_of(rows: list[Json], entity: str) -> dict[object, list[Json]]:
    """Events by what they are about, each in its order."""
    found: dict[object, list[Json]] = {}
    for row in sorted((row for row in rows if row["entity"] == entity), key=lambda row: row["seq"]):
        found.setdefault(row["entity_id"], []).append(row)
    return found


@pytest.mark.parametrize("size", [1, 9, 10, 9_999, STORIES_IN_CHUNK, STORIES_IN_CHUNK + 7])
def test_there_are_so_many_stories_and_a_tenth_as_many_problems(size: int) -> None:
    plans = [plan_chunk(1, number, size, 12, NOW) for number in range(chunks(size))]
    assert sum(plan.stories for plan in plans) == size
    assert sum(len(plan.problems) for plan in plans) == size // PROBLEMS_PER_STORY


async def test_what_is_written_holds_together_and_lies_in_the_past(services: Services, scene: Scene) -> None:
    found = await made(services, scene, seed=1)
    assert (len(found.stories), len(found.problems)) == (SIZE, SIZE // 10)
    histories = events_of(found.events, "problem")
    for problem in found.problems:
        case = fold(
            NewEvent("problem", row["entity_id"], row["seq"], row["type"], row["occurred_at"], row["payload"])
            for row in histories[problem["_id"]]
        )
        assert case is not None
        assert case.model_dump() == problem["case"]
    told = events_of(found.events, "story")
    for row in found.stories:
        story = Story.model_validate(row)
        assert [event["seq"] for event in told[row["_id"]]] == list(range(1, story.version + 1))
        assert (story.decision is None) == (row["_id"] in found.waiting)
    assert all(row["recorded_at"] <= NOW for row in found.events)
    assert len({row["_id"] for row in found.events}) == len(found.events)


async def test_the_same_seed_makes_the_same_campaign_and_another_one_another(services: Services, scene: Scene) -> None:
    first, again, other = [await made(services, scene, seed) for seed in (1, 1, 2)]
    assert (first.stories, first.events, first.problems) == (again.stories, again.events, again.problems)
    assert [row["title"] for row in first.stories] != [row["title"] for row in other.stories]
