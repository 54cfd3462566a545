"""Good deeds: what people read of them, and whose name stands there."""

from __future__ import annotations

import io
import re
from urllib.parse import urlencode

import httpx
import openpyxl
import pytest
import pytest_asyncio

from media_tracker.deeds.documents import GoodDeed
from media_tracker.deeds.lead_rules import Lead
from media_tracker.ingest.documents import Kind, Story
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.web.browser import Browser
from tests.web.desk_scene import Scene, key_of
from tests.web.problem_scene import photo


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
    ("fields", "named"),
    [({}, False), ({"consent": "form"}, True), ({"consent": "phone", "minor": "yes"}, False)],
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
    story, deed_id = await _file(scene, person="示例人", consent="form")
    async with scene.browser() as editor:
        assert (await editor.post(f"/stories/{story.id}/withdraw", {"version": str(story.version)})).status_code == 303
        shown = (await editor.get(f"/deeds/{deed_id}")).text
        assert "Every story that told of it has been withdrawn." in shown
        assert "路人合力救起落水者" in shown
    async with scene.browser("viewer") as viewer:
        assert "路人合力救起落水者" not in (await viewer.get("/deeds")).text
        masked = (await viewer.get(f"/deeds/{deed_id}")).text
        file = (await viewer.get("/exports/deeds.csv")).text
    for word in ("路人合力救起落水者", "三人先后下水", "示例人"):
        assert word not in masked
        assert word not in file


@pytest.mark.parametrize("deed_id", ["nonsense", "0123456789abcdef01234567"])
async def test_a_deed_that_is_not_there_is_not_found(scene: Scene, deed_id: str) -> None:
    async with scene.browser("viewer") as viewer:
        assert (await viewer.get(f"/deeds/{deed_id}")).status_code == 404
        assert (await viewer.get("/deeds?after=nonsense")).status_code == 200


async def test_a_list_of_the_past_masks_what_was_withdrawn_since_and_stands_what_was_taken_back(
    scene: Scene, clock: FakeClock
) -> None:
    story, _ = await _file(scene)
    paths = [
        f"{path}?{urlencode({'as_of': clock().isoformat()})}"
        for name in ("good_deeds", "stories")
        for path in (f"/monitor/{name}", f"/monitor/{name}.csv", f"/api/v1/figures/{name}")
    ]
    clock.advance(hours=0.2)
    async with scene.browser() as editor:
        assert (await editor.post(f"/stories/{story.id}/withdraw", {"version": str(story.version)})).status_code == 303
        for path in paths:
            assert "路人合力救起落水者" in (await editor.get(path)).text, path
    async with scene.browser("viewer") as viewer:
        for path in paths:
            shown = (await viewer.get(path)).text
            assert "Withdrawn by the outlet" in shown, path
            assert "路人合力救起落水者" not in shown, path
        await scene.services.database["deeds"].delete_many({})  # as when its filing is undone
        assert "Taken back since" in (await viewer.get(paths[0])).text


async def test_a_hidden_name_is_in_no_list_behind_a_figure_and_in_no_file(scene: Scene) -> None:
    _, deed_id = await _file(scene, title="示例人跳水救人", deed="示例人跳下水。", person="示例人")
    async with scene.browser("viewer") as viewer:
        listed = (await viewer.get("/monitor/good_deeds")).text
        csv = (await viewer.get("/monitor/good_deeds.csv")).text
        xlsx = (await viewer.get("/monitor/good_deeds.xlsx")).content
    assert f"/deeds/{deed_id}" in listed
    cells = [str(value) for row in openpyxl.load_workbook(io.BytesIO(xlsx)).worksheets[0].values for value in row]
    for content in (listed, csv, " ".join(cells)):
        assert "somebody with a kind heart跳水救人" in content
        assert "示例人" not in content


async def _deed(scene: Scene, deed_id: str) -> GoodDeed:
    return await scene.services.deeds.get(deed_id)


async def _post(scene: Scene, browser: Browser, deed_id: str, path: str, **fields: object) -> httpx.Response:
    """A form of the deed's page, made from the deed as it is now."""
    return await browser.post(f"/deeds/{deed_id}{path}", {"version": (await _deed(scene, deed_id)).version, **fields})


async def _agree(scene: Scene, editor: Browser, deed_id: str, **fields: object) -> None:
    first = (await _deed(scene, deed_id)).people[0].id
    data = {"do": "agree", "way": "phone", "given_on": "2026-03-01", **fields}
    assert (await _post(scene, editor, deed_id, f"/people/{first}", **data)).status_code == 303


async def test_a_deed_is_worked_on_released_and_leaves_the_public_at_once_when_consent_is_taken_back(
    scene: Scene,
) -> None:
    """One story in one test: words, consent, a picture, a nomination, the release, and the end of consent."""
    _, deed_id = await _file(scene, title="示例人跳水救人", deed="示例人跳下水。", person="示例人")
    async with scene.browser() as editor, scene.browser("publicity") as office, scene.browser(None) as stranger:
        picture = [("photos", ("a.jpg", photo(), "image/jpeg"))]
        version = (await _deed(scene, deed_id)).version
        data = {"version": str(version), "caption": "示例人在河边"}
        sent = await editor.post(f"/deeds/{deed_id}/photos", data, files=picture)
        assert sent.status_code == 303, sent.text
        one = await _deed(scene, deed_id)
        small = f"/deeds/{deed_id}/photos/{one.photos[0].id}?small=1"
        words = {"deed_title": "示例人跳水救人", "deed": "示例人跳下水。", "kind": "bravery", "region": "天桥区"}
        assert (await _post(scene, editor, deed_id, "/edit", **words)).status_code == 303
        level = {"level": "city", "result": "reached", "on": "2026-03-01"}
        assert (await _post(scene, office, deed_id, "/nominations", **level)).status_code == 303
        refused = await _post(scene, office, deed_id, "/release", do="release")
        assert refused.status_code == 409
        assert (await editor.get(small)).headers["content-type"] == "image/jpeg", "who works on it sees it"
        async with scene.browser("viewer") as viewer:
            assert (await viewer.get(small)).status_code == 404, "nobody has agreed yet"
        await _agree(scene, editor, deed_id)
        assert (await _post(scene, office, deed_id, "/release", do="release")).status_code == 303
        public = f"/deeds/library/{deed_id}"
        for path in ("/deeds/library", "/deeds/library?kind=bravery&month=2026-03", public):
            page = (await stranger.get(path)).text
            assert "示例人跳水救人" in page, path
            assert small.partition("?")[0] in page, path
        assert "City list of good people" in (await stranger.get(public)).text
        shown = await stranger.get(small)
        assert (shown.status_code, shown.headers["cache-control"]) == (200, "no-store")
        first = one.people[0].id
        assert (await _post(scene, office, deed_id, f"/people/{first}", do="take_back")).status_code == 303
        for path in (public, small, small.partition("?")[0]):
            assert (await stranger.get(path)).status_code == 404, path
        assert "示例人" not in (await stranger.get("/deeds/library")).text
        for who in (editor, office):
            assert (await who.get(small)).status_code == 404, "nobody looks at it any more"
            assert "示例人" not in _without_forms((await who.get(f"/deeds/{deed_id}")).text)
    kept = await scene.services.database["files.files"].find({"metadata.attached": True}).to_list()
    async with scene.browser() as editor:
        for row in kept:
            assert (await editor.get(f"/files/{row['_id']}")).status_code == 404, "there is no way around the deed"


def _without_forms(page: str) -> str:
    """The page without what stands in fields, and without the outlets' own headlines."""
    return re.sub(r"<form.*?</form>", "", page, flags=re.DOTALL)


async def test_words_of_a_story_that_point_to_a_child_mask_and_are_shown_with_where_they_stand(scene: Scene) -> None:
    story = await scene.put_story("雨中等失主", "五年级学生示例人捡到一沓钱，等到天黑。", kind=Kind.GOOD_DEED)
    async with scene.browser() as editor, scene.browser("publicity") as office:
        now = await scene.decide(editor, story, Kind.GOOD_DEED)
        desk = (await editor.get(f"/desk?story={story.id}")).text
        assert re.search(r"<mark[^>]*>五年级学生</mark>示例人捡到一沓钱", desk)
        data = {"version": str(now.version), "deed_title": "示例人等失主", "person": "示例人", "consent": "form"}
        assert (await editor.post(f"/desk/{story.id}/deed", data)).status_code == 303
        deed = await scene.services.deeds.of_story(key_of(story))
        assert deed is not None
        deed_id, first = str(deed.id), deed.people[0].id
        assert "<mark" in (await editor.get(f"/deeds/{deed_id}/edit")).text
        assert "a young person等失主" in (await editor.get("/deeds")).text
        assert (await _post(scene, office, deed_id, "/release", do="release")).status_code == 409
        said = {"do": "save", "name": "示例人", "called": "一名小学生", "age": "yes"}
        assert (await _post(scene, editor, deed_id, f"/people/{first}", **said)).status_code == 303
        await _agree(scene, editor, deed_id, guardian="1")
        assert (await _post(scene, office, deed_id, "/release", do="release")).status_code == 303
    async with scene.browser(None) as stranger:
        for path in ("/deeds/library", f"/deeds/library/{deed_id}"):
            page = (await stranger.get(path)).text
            assert "一名小学生等失主" in page
            assert "示例人" not in page


async def test_mistakes_and_late_forms_come_back_as_they_were(scene: Scene) -> None:
    _, deed_id = await _file(scene, person="示例人")
    first = (await _deed(scene, deed_id)).people[0].id
    async with scene.browser() as editor:
        late = await editor.post(f"/deeds/{deed_id}/edit", {"version": "99", "deed_title": "我的题目"})
        assert late.status_code == 409
        assert "我的题目" in late.text
        for path, fields, shown in [
            ("/edit", {"deed_title": "", "deed": "我写的"}, "我写的"),
            ("/edit", {"deed_title": "题", "region": "没有的地方"}, "没有的地方"),
            ("/people", {"name": "", "called": "一名骑手"}, "一名骑手"),
            (f"/people/{first}", {"do": "agree", "way": "", "given_on": "2026-03-01"}, "how the person agreed"),
            (f"/people/{first}", {"do": "agree", "way": "form", "given_on": "2036-03-01"}, "still to come"),
            ("/photos", {}, "Please choose a picture."),
            ("/nominations", {"level": "", "result": "reached", "on": "2026-03-01"}, "choose from the list"),
        ]:
            answer = await _post(scene, editor, deed_id, path, **fields)
            assert answer.status_code == 422, path
            assert shown in answer.text, path
        bad = [("photos", ("a.jpg", b"no picture", "image/jpeg"))]
        version = (await _deed(scene, deed_id)).version
        assert (await editor.post(f"/deeds/{deed_id}/photos", {"version": str(version)}, files=bad)).status_code == 422
    assert (await _deed(scene, deed_id)).version == 1


async def test_an_office_calls_the_levels_as_it_likes(scene: Scene) -> None:
    async with scene.browser("publicity") as office, scene.browser() as editor:
        page = (await office.get("/deeds/nominations")).text
        words = dict(re.findall(r'name="(\w+_(?:zh|en))" type="text" value="([^"]+)"', page))
        assert words["national_zh"] == "中国好人榜"
        data = {"version": "1", **words, "district_en": "Stars of the district"}
        assert (await office.post("/deeds/nominations", data)).status_code == 303
        assert (await office.post("/deeds/nominations", data)).status_code == 409
        assert (await office.post("/deeds/nominations", {**data, "version": "2", "city_zh": ""})).status_code == 422
        assert "Stars of the district" in (await editor.get("/deeds?nominated=district")).text
        assert (await editor.post("/deeds/nominations", data)).status_code == 403


async def _lead(scene: Scene, browser: Browser, deed_id: str) -> Lead:
    """A lead that somebody called with."""
    page = (await browser.get(f"/deeds/leads/new?deed={deed_id}")).text
    key = re.search(r'name="form_key" value="(\w+)"', page)
    assert key is not None
    caller = {"name": "庚辛壬", "phone": "0533-5550199", "note": "晚上打"}
    data = {"form_key": key[1], "deed": deed_id, "about": "还有一位老人", "channel": "hotline", **caller}
    data["received_at"] = "2026-03-01T09:00"
    answer = await browser.post("/deeds/leads", data)
    assert answer.status_code == 303, answer.text
    return await scene.services.leads.get(answer.headers["location"].rpartition("/")[2])


async def test_a_lead_leads_from_a_published_story_to_the_next_one(scene: Scene) -> None:
    story, deed_id = await _file(scene)
    later = await scene.put_story("老人义务打扫楼道", "二十年如一日。", kind=Kind.GOOD_DEED)
    async with scene.browser() as editor, scene.browser("viewer") as viewer:
        assert f"/deeds/leads/new?story={story.id}" in (await editor.get(f"/stories/{story.id}")).text
        lead = await _lead(scene, editor, deed_id)
        path = f"/deeds/leads/{lead.id}"
        assert (await editor.post(path, {"version": "1", "do": "take"})).status_code == 303
        bad = await editor.post(path, {"version": "2", "do": "follow_up", "text": "庚辛壬说的"})
        assert bad.status_code == 422
        wrong = await editor.post(path, {"version": "2", "do": "settle", "outcome": "story", "next": "/stories/none"})
        assert wrong.status_code == 422
        settled = {"version": "2", "do": "settle", "outcome": "story", "next": f"/desk?story={later.id}"}
        assert (await editor.post(path, settled)).status_code == 303
        assert (await editor.post(path, settled)).status_code == 409
        listed = (await editor.get("/deeds/leads")).text
        figures = re.findall(r'href="(/deeds/leads\?[^"]+)" data-figure="(\d+)"', listed)
        assert len(figures) == 3
        for href, value in figures:
            page = (await editor.get(href.replace("&amp;", "&"))).text
            assert page.count('role="rowheader"') + page.count("role=rowheader") == int(value), href
        for who in (editor, viewer):
            page = (await who.get(f"/deeds/{deed_id}")).text
            assert "老人义务打扫楼道" in page
            assert f"/stories/{later.id}" in page


async def test_who_called_is_on_no_page_until_somebody_asks_and_then_on_that_one_alone(scene: Scene) -> None:
    _, deed_id = await _file(scene)
    secrets = ("庚辛壬", "5550199", "晚上打")
    async with scene.browser() as editor, scene.browser("publicity") as office, scene.browser("viewer") as viewer:
        lead = await _lead(scene, editor, deed_id)
        path = f"/deeds/leads/{lead.id}"
        pages = [
            await editor.get(each) for each in (path, "/deeds/leads", f"/deeds/{deed_id}", f"/deeds/{deed_id}/edit")
        ]
        pages += [await viewer.get(f"/deeds/{deed_id}"), await viewer.get("/monitor/good_deeds.csv")]
        assert not any(word in page.text for page in pages for word in secrets)
        assert lead.about not in pages[4].text, "nothing of it has been published yet"
        shown = await office.post(f"{path}/caller")
        assert all(word in shown.text for word in secrets)
        assert shown.headers["cache-control"] == "no-store"
        for answer in (await viewer.get(path), await viewer.post(f"{path}/caller"), await viewer.get("/deeds/leads")):
            assert answer.status_code == 403
        assert (await editor.post(f"{path}/erase", {"version": str(lead.version)})).status_code == 303
        gone = await office.post(f"{path}/caller")
        assert not any(word in gone.text for word in secrets)
    trail = await scene.services.audit.latest(subject=f"lead/{lead.number}")
    assert sorted(entry.action for entry in trail) == ["caller_erased", "caller_read", "caller_read"]
