"""Good deeds: what people read of them, and whose name stands there."""

from __future__ import annotations

import io

import openpyxl
import pytest
import pytest_asyncio

from media_tracker.ingest.documents import Kind, Story
from media_tracker.wiring import Services
from tests.web.desk_scene import Scene, key_of


@pytest_asyncio.fixture
async def scene(services: Services) -> Scene:
    return await Scene.build(services)


async def _file(scene: Scene, title: str = "路人合力救起落水者", **fields: str) -> tuple[Story, str]:
    """A story that tells of a good deed, and the id of the deed that it was filed as."""
    story = await scene.put_story(f"报道：{title}", "三人先后下水。", kind=Kind.GOOD_DEED)
    async with scene.browser() as editor:
        now = await scene.decide(editor, story, Kind.GOOD_DEED)
        data = {"version": str(now.version), "deed_title": title, "deed": "三人先后下水。", **fields}
        response = await editor.post(f"/desk/{story.id}/deed", data)
        assert response.status_code == 303, response.text
    deed = await scene.services.deeds.of_story(key_of(story))
    assert deed is not None
    return await scene.story(story), str(deed.id)


async def test_deeds_are_for_people_with_an_account(scene: Scene) -> None:
    _, deed_id = await _file(scene)
    async with scene.browser(None) as stranger:
        for path in ("/deeds", f"/deeds/{deed_id}"):
            assert (await stranger.get(path)).headers["location"].startswith("/login")


async def test_no_deed_yet_is_said(scene: Scene) -> None:
    async with scene.browser("viewer") as viewer:
        assert "No good deed has been filed yet." in (await viewer.get("/deeds")).text


async def test_a_deed_can_be_read_with_the_stories_that_tell_of_it(scene: Scene) -> None:
    story, deed_id = await _file(scene, place="河边", region="天桥区")
    async with scene.browser("viewer") as viewer:
        listed = (await viewer.get("/deeds")).text
        shown = (await viewer.get(f"/deeds/{deed_id}")).text
    for page in (listed, shown):
        assert "路人合力救起落水者" in page
        assert "三人先后下水。" in page
        assert "天桥区 河边" in page
        assert "示例晚报" in page
    assert f'href="/stories/{story.id}"' in shown
    async with scene.browser("viewer", chinese=True) as viewer:
        assert '<html lang="zh-CN"' in (await viewer.get(f"/deeds/{deed_id}")).text


@pytest.mark.parametrize(
    ("fields", "named"), [({}, False), ({"consent": "1"}, True), ({"consent": "1", "minor": "1"}, False)]
)
async def test_a_name_stands_there_only_with_consent_and_never_under_18(
    scene: Scene, fields: dict[str, str], named: bool
) -> None:
    told = {"title": "示例人救人", "deed": "示例人跳下水。", "person": "示例人"}
    story, deed_id = await _file(scene, **told, **fields)
    await scene.services.database["stories"].update_one({"_id": story.id}, {"$set": {"title": "报道", "text": "报道"}})
    for username in ("viewer", "editor"):
        async with scene.browser(username) as somebody:
            for path in ("/deeds", f"/deeds/{deed_id}", f"/stories/{story.id}"):
                assert ("示例人" in (await somebody.get(path)).text) is named


async def test_a_deed_whose_story_is_withdrawn_is_no_longer_told(scene: Scene) -> None:
    story, deed_id = await _file(scene, person="示例人", consent="1")
    async with scene.browser() as editor:
        assert (await editor.post(f"/stories/{story.id}/withdraw", {"version": str(story.version)})).status_code == 303
        shown = (await editor.get(f"/deeds/{deed_id}")).text
        assert "Every story that told of it has been withdrawn." in shown
        assert "路人合力救起落水者" in shown
    async with scene.browser("viewer") as viewer:
        assert "路人合力救起落水者" not in (await viewer.get("/deeds")).text
        masked = (await viewer.get(f"/deeds/{deed_id}")).text
    for word in ("路人合力救起落水者", "三人先后下水", "示例人"):
        assert word not in masked


@pytest.mark.parametrize("deed_id", ["nonsense", "0123456789abcdef01234567"])
async def test_a_deed_that_is_not_there_is_not_found(scene: Scene, deed_id: str) -> None:
    async with scene.browser("viewer") as viewer:
        assert (await viewer.get(f"/deeds/{deed_id}")).status_code == 404
        assert (await viewer.get("/deeds?after=nonsense")).status_code == 200


async def test_a_hidden_name_is_in_no_list_behind_a_figure_and_in_no_file(scene: Scene) -> None:
    _, deed_id = await _file(scene, title="示例人跳水救人", deed="示例人跳下水。", person="示例人")
    async with scene.browser("viewer") as viewer:
        listed = (await viewer.get("/monitor/good_deeds")).text
        csv = (await viewer.get("/monitor/good_deeds.csv")).text
        xlsx = (await viewer.get("/monitor/good_deeds.xlsx")).content
    assert f"/deeds/{deed_id}" in listed
    cells = [str(value) for row in openpyxl.load_workbook(io.BytesIO(xlsx)).worksheets[0].values for value in row]
    for content in (listed, csv, " ".join(cells)):
        assert "(unnamed)跳水救人" in content
        assert "示例人" not in content
