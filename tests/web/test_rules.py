"""The pages of the rules: a change is shown before it is saved, saved as it was shown, and brought back."""

from __future__ import annotations

import re

import pytest_asyncio

from media_tracker.accounts.documents import AuditAction
from media_tracker.ingest.documents import Kind
from media_tracker.tagging.rules import Table, shipped
from media_tracker.wiring import Services
from tests.web.desk_scene import Scene, key_of

KIND = "/admin/rules/kind"
LINES = "三号楼前,notice,10\n居民出行难,notice,10\n居民希望,notice,10"


@pytest_asyncio.fixture
async def scene(services: Services) -> Scene:
    return await Scene.build(services)


def _plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


async def test_the_overview_shows_every_table_and_edition(scene: Scene) -> None:
    async with scene.browser() as editor:
        shown = (await editor.get("/admin/rules")).text
    for table in Table:
        assert f'href="/admin/rules/{table.value}"' in shown
    assert "As it was shipped" in shown
    assert "/admin/users" not in shown, "an editor is shown no page that is closed to editors"


async def test_a_change_is_shown_first_and_saves_nothing(scene: Scene) -> None:
    story = await scene.put_story()
    async with scene.browser() as editor:
        answer = await editor.post(f"{KIND}/try", {"lines": LINES})
    assert answer.status_code == 200
    said = _plain(answer.text)
    assert "Of the latest 1 story" in said
    assert "1 story would be seen otherwise." in said
    assert f'href="/stories/{story.id}"' in answer.text
    assert await scene.services.rules.number() == 0


async def test_a_change_is_saved_as_it_was_shown_with_an_entry_in_the_audit_trail(scene: Scene) -> None:
    gone = "".join(",".join(shipped().tables[Table.KIND][0]).rstrip(","))
    async with scene.browser() as editor:
        answer = await editor.post(KIND, {"seen": "0", "lines": LINES, "out": gone})
        assert answer.status_code == 303
        shown = (await editor.get(f"{KIND}?q=三号楼前")).text
    rules = await scene.services.rules.current()
    assert ("三号楼前", "notice", "10", "") in rules.tables[Table.KIND]
    assert shipped().tables[Table.KIND][0] not in rules.tables[Table.KIND]
    assert "三号楼前" in shown
    (entry, *_) = await scene.services.audit.latest()
    assert (entry.action, entry.subject) == (AuditAction.RULES_CHANGED, "rules/1")
    assert (entry.detail["table"], entry.detail["rows"]) == ("kind", 4)


async def test_who_is_late_is_told_and_changes_nothing(scene: Scene) -> None:
    async with scene.browser() as editor:
        await editor.post(KIND, {"seen": "0", "lines": "三号楼前,notice,10"})
        late = await editor.post(KIND, {"seen": "0", "lines": "三号楼前,other,10"})
        late_back = await editor.post("/admin/rules/editions/0", {"seen": "0"})
    assert late.status_code == 409
    assert late_back.status_code in {409, 422}
    assert await scene.services.rules.number() == 1


async def test_a_row_that_cannot_stand_there_comes_back_with_what_was_typed(scene: Scene) -> None:
    async with scene.browser() as editor:
        typed = {"first": "没人来修", "second": "scandal", "weight": "2", "field": ""}
        answer = await editor.post(f"{KIND}/try", typed)
    assert answer.status_code == 422
    assert "cannot stand in this table" in answer.text
    assert 'value="没人来修"' in answer.text


async def test_fields_ticks_and_regions_by_name_make_rows(scene: Scene) -> None:
    async with scene.browser() as editor:
        place = await editor.post("/admin/rules/places/try", {"first": "柳荫里小区", "second": "无影潭社区"})
        assert "柳荫里小区,370105001008" in place.text
        row = ",".join(cell for cell in shipped().tables[Table.OUTCOME][0])
        out = await editor.post("/admin/rules/outcome/try", {"take_out": row})
        assert re.search(rf"<del[^>]*>{row}</del>", out.text)
        unknown = await editor.post("/admin/rules/places/try", {"first": "柳荫里小区", "second": "没有这个地方"})
        assert unknown.status_code == 422


async def test_a_former_edition_is_shown_and_brought_back(scene: Scene) -> None:
    async with scene.browser() as editor:
        await editor.post(KIND, {"seen": "0", "lines": LINES})
        shown = await editor.post("/admin/rules/editions/0/try")
        assert re.search(r"<del[^>]*>三号楼前,notice,10</del>", shown.text)
        assert (await editor.post("/admin/rules/editions/0", {"seen": "1"})).status_code == 303
    rules = await scene.services.rules.current()
    assert (rules.number, rules.tables) == (2, shipped().tables)


async def test_thresholds_are_tried_and_saved(scene: Scene) -> None:
    await scene.put_story()
    async with scene.browser() as editor:
        tried = await editor.post("/admin/thresholds/try", {"suggest": "0.3", "prefill": "0.88"})
        assert "1 story would be seen otherwise." in _plain(tried.text)
        assert "only suggested" in tried.text
        assert (
            await editor.post("/admin/thresholds", {"seen": "0", "suggest": "0.7", "prefill": "0.95"})
        ).status_code == 303
        desk = (await editor.get("/desk")).text
        bad = await editor.post("/admin/thresholds/try", {"suggest": "0.9", "prefill": "much"})
    assert 'value="exposure" checked' not in desk
    assert "Suggested:" in desk
    assert bad.status_code == 422
    assert "Please give a number between 0 and 1." in bad.text


async def test_a_table_that_is_none_is_not_found(scene: Scene) -> None:
    async with scene.browser() as editor:
        assert (await editor.get("/admin/rules/moods")).status_code == 404


async def test_a_default_by_column_is_tried_saved_and_followed_by_exactly_the_stories_that_were_named(
    scene: Scene,
) -> None:
    found = scene.services
    mine = [await scene.put_story(f"通知第{number}号", "全市召开会议。") for number in range(3)]
    await scene.put_story("通知第9号", "全市召开会议。", outlet=scene.blogger)
    await found.tagging.look_at([key_of(each) for each in mine])
    before = {each.id: (await scene.story(each)).suggestion for each in mine}
    form = {"cell_outlet": "示例晚报", "cell_column": "曝光台", "cell_kind": "exposure", "cell_score": "1"}
    async with scene.browser() as editor:
        tried = _plain((await editor.post("/admin/rules/defaults/try", form)).text)
        assert "3 stories would be seen otherwise." in tried
        assert "3 of them wait for an editor" in tried
        assert await found.rules.number() == 0
        saved = await editor.post("/admin/rules/defaults", {"seen": "0", "lines": "示例晚报,曝光台,,,exposure,,1"})
        assert saved.status_code == 303
    scene.services.clock.advance(minutes=1)  # type: ignore[attr-defined]
    assert await found.tagging.look_again() == 4
    now = {each.id: (await scene.story(each)).suggestion for each in mine}
    assert sum(said is not None and said.kind is Kind.EXPOSURE for said in now.values()) == 3
    assert all(before[key] != now[key] for key in now)
    one = now[mine[0].id]
    assert one is not None
    assert "kind/default/示例晚报,曝光台" in one.rules


async def test_a_route_marks_the_stories_and_undoing_it_takes_the_mark_away(scene: Scene) -> None:
    found = scene.services
    story = await scene.put_story()
    other = await scene.put_story("别的稿件", "别的内容。")
    user = await found.accounts.find_by_username("editor")
    assert user is not None
    line = f",,坑洼,,,{user.id}"
    async with scene.browser() as editor:
        tried = (await editor.post("/admin/rules/routes/try", {"lines": line})).text
        assert "1 story would be seen otherwise." in _plain(tried)
        assert "editor person" in tried
        assert (await editor.post("/admin/rules/routes", {"seen": "0", "lines": line})).status_code == 303
        await _seen_again(scene)
        assert [(await scene.story(each)).routed for each in (story, other)] == [[str(user.id)], []]
        queue = (await editor.get(f"/desk?routed={user.id}")).text
        assert str(story.id) in queue
        assert str(other.id) not in queue
        shown = _plain((await editor.get("/admin/rules/editions/1")).text)
        assert "put in" in shown
        assert "坑洼" in shown
        assert "1 story would be seen otherwise." in _plain(
            (await editor.post("/admin/rules/editions/1/undo/try", {})).text
        )
        assert (await editor.post("/admin/rules/editions/1/undo", {"seen": "1"})).status_code == 303
        assert (await editor.post("/admin/rules/editions/1/undo", {"seen": "1"})).status_code == 409
        assert (await editor.get("/admin/rules/editions/0")).status_code == 404
        assert "Undid edition 1" in _plain((await editor.get("/admin/rules/editions/2")).text)
    await _seen_again(scene)
    assert [(await scene.story(each)).routed for each in (story, other)] == [[], []]
    assert (await found.rules.current()).tables == shipped().tables
    (entry, *_) = await found.audit.latest()
    assert (entry.action, entry.detail["table"], entry.detail["number"]) == (AuditAction.RULES_CHANGED, "undone", 1)


async def _seen_again(scene: Scene) -> None:
    scene.services.clock.advance(minutes=1)  # type: ignore[attr-defined]
    await scene.services.tagging.look_again()
