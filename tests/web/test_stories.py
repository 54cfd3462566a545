"""Stories: the list and its filters, one story with what came of it, and what stays of a withdrawn one."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
import pytest_asyncio

from media_tracker.ingest.documents import Kind
from media_tracker.ingest.stories import PAGE
from media_tracker.wiring import Services
from tests.web.desk_scene import TEXT, TITLE, Scene


@pytest_asyncio.fixture
async def scene(services: Services) -> Scene:
    return await Scene.build(services)


def _titles(page: str) -> list[str]:
    return re.findall(r'<a href="/stories/[0-9a-f]{24}"[^>]*>([^<]+)</a>', page)


async def test_stories_are_for_people_with_an_account(scene: Scene) -> None:
    story = await scene.put_story()
    async with scene.browser(None) as stranger:
        for path in ("/stories", f"/stories/{story.id}"):
            assert (await stranger.get(path)).headers["location"].startswith("/login")
    async with scene.browser("viewer") as viewer:
        assert _titles((await viewer.get("/stories")).text) == [TITLE]
        shown = (await viewer.get(f"/stories/{story.id}")).text
    assert "Suggested by the machine" in shown
    assert "Withdraw" not in shown
    assert "/desk" not in shown


async def test_filters_narrow_the_list_and_stay_in_the_address(scene: Scene) -> None:
    await scene.put_story("井盖丢失", "天桥下井盖丢失。", kind=Kind.EXPOSURE, district="370105")
    await scene.put_story("志愿者清扫街道", "大家一起动手。", kind=Kind.NOTICE, outlet=scene.blogger)
    for query, expected in (
        ("q=井盖", ["井盖丢失"]),
        ("kind=notice", ["志愿者清扫街道"]),
        (f"outlet={scene.paper}", ["井盖丢失"]),
        ("district=370105", ["井盖丢失"]),
        ("desk=decided", []),
        ("desk=pending&kind=exposure", ["井盖丢失"]),
        ("withdrawn=yes", []),
        ("kind=nonsense&outlet=nonsense&district=nonsense&desk=x&withdrawn=x", ["井盖丢失", "志愿者清扫街道"]),
    ):
        async with scene.browser() as editor:
            response = await editor.get(f"/stories?{query}")
        assert response.status_code == 200
        assert _titles(response.text) == expected, query
    async with scene.browser() as editor:
        shown = (await editor.get("/stories?q=井盖&kind=exposure")).text
    assert 'type="search" value="井盖"' in shown
    assert '<option value="exposure" selected>' in shown


async def test_no_story_matches_and_no_story_at_all_are_said_differently(scene: Scene) -> None:
    async with scene.browser("viewer") as viewer:
        assert "No story has come in yet." in (await viewer.get("/stories")).text
        assert "No story matches these filters." in (await viewer.get("/stories?q=井盖")).text


async def test_the_pages_of_the_list_hold_every_story_once(scene: Scene) -> None:
    for number in range(PAGE + 3):
        await scene.put_story(f"第{number}篇", "正文", published_at=datetime(2026, 3, 1, number // 20, tzinfo=UTC))
    async with scene.browser() as editor:
        first = (await editor.get("/stories?kind=exposure")).text
        older = re.search(r'rel="next" href="([^"]+)"', first)
        assert older is not None
        address = older[1].replace("&amp;", "&")
        assert "kind=exposure" in address
        second = (await editor.get(address)).text
        assert (await editor.get("/stories?after=nonsense")).status_code == 200
    assert 'rel="next"' not in second
    assert 'rel="prev" href="/stories?kind=exposure"' in second
    assert len(_titles(first)) == PAGE
    assert len({*_titles(first), *_titles(second)}) == PAGE + 3


@pytest.mark.parametrize("story_id", ["nonsense", "0123456789abcdef01234567"])
async def test_a_story_that_is_not_there_is_not_found(scene: Scene, story_id: str) -> None:
    async with scene.browser() as editor:
        assert (await editor.get(f"/stories/{story_id}")).status_code == 404
        assert (await editor.post(f"/stories/{story_id}/withdraw", {"version": "1"})).status_code == 404


async def test_a_story_shows_what_came_of_it_and_who_did_it(scene: Scene) -> None:
    story, problem = await scene.put_story(), await scene.put_problem()
    async with scene.browser() as editor:
        now = await scene.decide(editor, story)
        data = {"version": str(now.version), "number": problem.number}
        await editor.post(f"/stories/{story.id}/attach", data)
        shown = (await editor.get(f"/stories/{story.id}")).text
    assert f'href="/problems/{problem.number}"' in shown
    assert "Tied to a problem" in shown
    assert "editor person" in shown
    assert "Exposure · Damaged road surface · 天桥区无影山街道无影潭社区" in shown
    assert "Decide again" in shown
    async with scene.browser(chinese=True) as editor:
        shown = (await editor.get(f"/stories/{story.id}")).text
    assert "曝光 · 道路破损坑洼 · 天桥区无影山街道无影潭社区" in shown


async def test_a_story_keeps_what_it_said_before(scene: Scene) -> None:
    earlier = {
        "title": "旧标题",
        "html": "<p>旧正文<img src=x></p>",
        "content_hash": "h0",
        "until": scene.services.clock(),
    }
    story = await scene.put_story(revisions=[earlier])
    async with scene.browser("viewer") as viewer:
        shown = (await viewer.get(f"/stories/{story.id}")).text
    assert "旧标题" in shown
    assert "旧正文" in "".join(re.findall(r"<del>(.*?)</del>", shown, re.DOTALL))
    assert "<ins>" in shown
    assert "<img src=x" not in shown


async def test_evidence_for_another_text_is_not_marked(scene: Scene) -> None:
    story = await scene.put_story()
    await scene.services.database["stories"].update_one({"_id": story.id}, {"$set": {"content_hash": "h2"}})
    async with scene.browser() as editor:
        assert "<mark" not in (await editor.get(f"/stories/{story.id}")).text


async def test_a_withdrawn_story_is_masked_at_once_and_its_ties_stop_counting(scene: Scene) -> None:
    story, problem = await scene.put_story(), await scene.put_problem()
    async with scene.browser() as editor:
        now = await scene.decide(editor, story)
        data = {"version": str(now.version), "number": problem.number}
        await editor.post(f"/stories/{story.id}/attach", data)
        stale = await editor.post(f"/stories/{story.id}/withdraw", data)
        assert stale.status_code == 409
        version = {"version": str(now.version + 1)}
        assert (await editor.post(f"/stories/{story.id}/withdraw", version)).status_code == 303
        assert TITLE in (await editor.get("/stories")).text
        shown = (await editor.get(f"/stories/{story.id}")).text
        assert "Only editors and publicity staff still see the text" in shown
        assert "/withdraw" not in shown
        assert "/attach" not in shown
        twice = await editor.post(f"/stories/{story.id}/withdraw", {"version": str(now.version + 2)})
        assert twice.status_code == 409
    [report] = (await scene.services.problems.get(problem.number)).case.reports
    assert report.withdrawn_at is not None
    async with scene.browser("publicity") as staff:
        assert TITLE in (await staff.get(f"/stories/{story.id}")).text


async def test_nothing_of_a_withdrawn_story_reaches_other_people(scene: Scene) -> None:
    story = await scene.put_story()
    other = await scene.put_story("另一篇", "正文", suggested=False)
    await scene.services.database["stories"].update_many({}, {"$set": {"cluster": other.id}})
    async with scene.browser() as editor:
        await editor.post(f"/stories/{story.id}/withdraw", {"version": "1"})
    async with scene.browser("viewer") as viewer:
        masked = (await viewer.get(f"/stories/{story.id}")).text
        listed = (await viewer.get("/stories")).text
        beside = (await viewer.get(f"/stories/{other.id}")).text
        found = (await viewer.get(f"/stories?q={quote('坑洼')}")).text
        asked = (await viewer.get(f"/stories?q={quote('坑洼')}&withdrawn=yes")).text
    assert "The outlet has withdrawn or corrected this story." in masked
    assert _titles(listed) == ["Withdrawn by the outlet", "另一篇"]
    for page in (masked, listed, beside):
        assert TITLE not in page
        assert TEXT[:12] not in page
        assert "三号楼前" not in page
        assert "https://news.example/1" not in page
    for page in (found, asked):
        assert "No story matches these filters." in page


async def test_of_a_decided_and_tied_story_that_is_withdrawn_others_learn_only_that(scene: Scene) -> None:
    story, problem = await scene.put_story(district="370105"), await scene.put_problem()
    beside = await scene.put_story("另一篇", "正文", suggested=False)
    await scene.services.database["stories"].update_many({}, {"$set": {"cluster": beside.id}})
    address = f"/stories/{story.id}"
    async with scene.browser() as editor:
        now = await scene.decide(editor, story)
        await editor.post(f"{address}/attach", {"version": str(now.version), "number": problem.number})
        told = (await editor.get(address)).text
        secrets = [
            problem.title,
            problem.number,
            "三号楼前",
            "无影潭社区",
            "道路",
            "曝光台",
            "Decided",
            "editor person",
        ]
        secrets = [words for words in secrets if words in told]
        assert len(secrets) > 5, "the editor reads them, so their absence below means something"
        await editor.post(f"{address}/withdraw", {"version": str(now.version + 1)})
    async with scene.browser("viewer") as viewer:
        masked = (await viewer.get(address)).text
        listed = (await viewer.get("/stories?withdrawn=yes")).text
        found = [(await viewer.get(f"/stories?{query}")).text for query in ("kind=exposure", "desk=decided")]
    main = masked.partition("<main")[2]
    assert "示例晚报" in main
    assert "Withdrawn by the outlet" in main
    for words in secrets:
        assert words not in main, words
        assert words not in listed.partition("<tbody")[2], words
    assert f"/stories/{beside.id}" not in main
    for text in found:
        assert address not in text


async def test_only_editors_withdraw(scene: Scene) -> None:
    story = await scene.put_story()
    for username in ("publicity", "viewer"):
        async with scene.browser(username) as somebody:
            assert (await somebody.post(f"/stories/{story.id}/withdraw", {"version": "1"})).status_code == 403
    assert (await scene.story(story)).withdrawn_at is None


async def test_a_story_without_a_district_shows_a_dash(scene: Scene) -> None:
    await scene.put_story(suggested=False)
    async with scene.browser() as editor:
        shown = (await editor.get("/stories")).text
    assert re.search(r'data-label="District" class="nowrap">—<', shown)


async def test_a_filtered_list_is_a_part_of_the_page_for_htmx(scene: Scene) -> None:
    await scene.put_story()
    async with scene.browser() as editor:
        whole = (await editor.get("/stories?q=路面")).text
        part = (await editor.get("/stories?q=路面", **{"hx-request": "true"})).text
    assert 'hx-get="/stories"' in whole
    assert "<html" not in part
    assert "data-fold-small" in part
    assert 'id="flashes" hx-swap-oob="true"' in part, "messages stand above the part that is swapped"
