"""What stands in lists that tell what was decided, and in those of the past that hold what was withdrawn since."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from media_tracker.accounts.actor import Role
from media_tracker.accounts.duties import Duties
from media_tracker.desk.second_look import SETTINGS
from media_tracker.ingest.documents import Story
from media_tracker.problems.documents import Problem
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.web.desk_scene import PASSWORD, Scene

DISTRICT = "370105"
WAITS = "A story that waits for your second look"
EXPOSURES = ("/monitor/exposures", "/monitor/exposures.csv", "/exports/figure.csv?key=exposures")


@pytest_asyncio.fixture
async def scene(services: Services) -> Scene:
    """Every story is drawn, and there are two editors."""
    scene = await Scene.build(services)
    await services.accounts.add_user("second", "second person", Duties(frozenset({Role.EDITOR})), password=PASSWORD)
    await services.database[SETTINGS].insert_one({"_id": "share", "share": 1.0})
    return scene


@pytest_asyncio.fixture
async def tied(scene: Scene) -> AsyncIterator[tuple[Story, Problem]]:
    """A story that the first editor has called an exposure of a problem, and that waits for the second."""
    story, problem = await scene.put_story(), await scene.put_problem()
    async with scene.browser() as first:
        decided = await scene.decide(first, story)
        form = {"version": str(decided.version), "number": problem.number}
        assert (await first.post(f"/stories/{story.id}/attach", form)).status_code == 303
    yield story, problem


@pytest.mark.parametrize("path", EXPOSURES)
async def test_an_exposure_that_waits_is_a_line_without_a_word(
    scene: Scene, tied: tuple[Story, Problem], path: str
) -> None:
    story, problem = tied
    telling = (story.title, str(story.id), problem.number, problem.title, problem.place, "示例晚报", story.url)
    async with scene.browser("second") as second:
        there = (await second.get(path)).text
    assert WAITS in there
    assert [word for word in telling if word in there] == []
    async with scene.browser("publicity") as publicity:
        there = (await publicity.get(path)).text
    assert WAITS not in there
    assert {problem.number, problem.title, story.title} <= {word for word in telling if word in there}


async def test_a_story_that_was_withdrawn_since_is_masked_in_lists_of_the_past(scene: Scene, clock: FakeClock) -> None:
    story = await scene.put_story()
    async with scene.browser() as editor:
        await scene.decide(editor, story)
    then = clock.now
    clock.set(then + timedelta(minutes=5))
    await scene.services.database["stories"].update_one({"_id": story.id}, {"$set": {"withdrawn_at": clock.now}})
    query = f"as_of={(then + timedelta(seconds=1)).isoformat().replace('+00:00', 'Z')}"
    for path in (f"/monitor/stories?{query}", f"/monitor/stories?district={DISTRICT}&{query}"):
        async with scene.browser("viewer") as viewer:
            page = (await viewer.get(path)).text
            file = (await viewer.get(path.replace("?", ".csv?"))).text
            (row,) = (await viewer.get(path.replace("/monitor/", "/api/v1/figures/"))).json()["rows"]
        assert 'data-total="1"' in page, path
        assert story.title not in page + file + row["title"], path
        assert story.url not in file
        assert "Paving" not in file
        assert (row["district"], row["categories"], row["columns"]) == (None, [], [])
        assert row["story"] == str(story.id)
