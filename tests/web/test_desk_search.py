"""What a field of the desk offers while somebody types."""

from __future__ import annotations

import pytest
import pytest_asyncio

from media_tracker.wiring import Services
from tests.web.browser import Browser
from tests.web.desk_scene import PAVING, Scene


@pytest_asyncio.fixture
async def scene(services: Services) -> Scene:
    return await Scene.build(services)


async def offered(browser: Browser, what: str, asked: str) -> list[tuple[str, str]]:
    """Value and label of each answer."""
    answer = await browser.get(f"/desk/search?what={what}&q={asked}")
    assert answer.status_code == 200, answer.text
    return [(each["value"], each["label"]) for each in answer.json()["options"]]


async def test_regions_categories_units_and_problems_are_found_by_pinyin_words_and_codes(scene: Scene) -> None:
    problem = await scene.put_problem()
    await scene.services.places.add_unit("市政养护处")
    async with scene.browser() as editor:
        assert (await offered(editor, "region", "zdq"))[0] == ("张店区", "张店区")
        assert (await offered(editor, "region", "wytsq"))[0] == ("天桥区无影山街道无影潭社区", "无影潭社区")
        assert (await offered(editor, "category", PAVING))[0] == (PAVING, "Damaged road surface")
        assert (await offered(editor, "category", "damaged road"))[0][0] == PAVING
        assert await offered(editor, "unit", "szyh") == [("市政养护处", "市政养护处")]
        for asked in (problem.number, "路面破损", "wytsqlmps"):
            assert await offered(editor, "problem", asked) == [(problem.number, problem.title)]
        assert await offered(editor, "problem", "") == []
    async with scene.browser(chinese=True) as editor:
        assert (await offered(editor, "category", PAVING))[0] == (PAVING, "道路破损坑洼")


async def test_a_table_that_changes_is_found_as_it_is_now(scene: Scene) -> None:
    async with scene.browser() as editor:
        assert await offered(editor, "unit", "gsgs") == []
        unit = await scene.services.places.add_unit("供水公司")
        assert await offered(editor, "unit", "gsgs") == [("供水公司", "供水公司")]
        await scene.services.places.set_unit_active(str(unit), False)
        assert await offered(editor, "unit", "gsgs") == []


@pytest.mark.parametrize("what", ["", "user", "region'"])
async def test_nothing_else_can_be_searched(scene: Scene, what: str) -> None:
    async with scene.browser() as editor:
        assert (await editor.get(f"/desk/search?what={what}&q=a")).status_code == 422


async def test_the_search_is_for_editors(scene: Scene) -> None:
    async with scene.browser("viewer") as viewer:
        assert (await viewer.get("/desk/search?what=unit&q=a")).status_code == 403
