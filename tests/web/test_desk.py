"""The desk: the queue, deciding, tying, filing; who may, what comes back, and what the next page is."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import pytest_asyncio

from media_tracker.accounts.actor import Role
from media_tracker.accounts.duties import Duties
from media_tracker.ingest.documents import Disposition, EvidenceSpan, Kind
from media_tracker.problems.case import Channel
from media_tracker.web.stories.highlights import highlights
from media_tracker.wiring import Services
from tests.web.desk_scene import COVER, DECISION, PASSWORD, PAVING, Scene, key_of, pending


@pytest_asyncio.fixture
async def scene(services: Services) -> Scene:
    return await Scene.build(services)


def _spans(*spans: tuple[int, int, str]) -> list[EvidenceSpan]:
    return [EvidenceSpan(field="body", start=start, end=end, label=label) for start, end, label in spans]


def test_overlapping_evidence_is_marked_piece_by_piece_and_none_is_lost() -> None:
    found = highlights(_spans((0, 10, "category:101"), (3, 5, "region:1"), (4, 8, "place")), "body", 20, str.upper)
    assert [(each.start, each.end, each.type) for each in found] == [
        (0, 3, "category"),
        (3, 4, "place"),
        (4, 5, "place"),
        (5, 8, "place"),
        (8, 10, "category"),
    ]
    assert found[2].why == "REGION:1 · PLACE · CATEGORY:101"


def test_evidence_beside_the_text_or_of_an_unknown_label_is_left_out() -> None:
    spans = _spans(
        (18, 25, "place"), (-1, 3, "place"), (4, 4, "place"), (5, 7, "mood"), (8, 9, "place"), (9, 10, "place")
    )
    assert [(each.start, each.end) for each in highlights(spans, "body", 20, str)] == [(8, 10)]


async def test_the_desk_is_for_editors(scene: Scene) -> None:
    story = await scene.put_story()
    async with scene.browser(None) as stranger:
        assert (await stranger.get("/desk")).headers["location"].startswith("/login")
    async with scene.browser("publicity") as staff:
        assert (await staff.get("/desk")).status_code == 403
        for path in (f"/desk/{story.id}/decide", f"/stories/{story.id}/attach", f"/desk/{story.id}/deed"):
            assert (await staff.post(path, {"version": "1", "kind": "other"})).status_code == 403
    assert (await scene.story(story)).decision is None


async def test_the_newest_story_is_open_with_its_suggestion_filled_in(scene: Scene) -> None:
    await scene.put_story("较早的一篇", hours_ago=9)
    await scene.put_story(hours_ago=1)
    async with scene.browser() as editor:
        shown = (await editor.get("/desk")).text
    assert "2 stories wait" in shown
    assert re.search(r'value="exposure" checked required data-key="e"', shown)
    assert f'<option value="{PAVING}" selected>' in shown
    assert (
        'name="region" value="天桥区无影山街道无影潭社区" autocomplete="off" maxlength="300" data-search="region"'
        in shown
    )
    assert 'name="place" type="text" value="三号楼前"' in shown
    said = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown))
    assert "Filled in from the suggestion: likely , because of 坑洼" in said
    assert '<mark class="ev ev-place" title="天桥区无影山街道无影潭社区">无影潭社区</mark>' in shown
    assert 'href="https://news.example/2" target="_blank" rel="noopener noreferrer"' in shown
    assert shown.count("<option value=") < 400  # thousands of communities are not sent along


async def test_the_page_speaks_both_languages(scene: Scene) -> None:
    await scene.put_story()
    async with scene.browser() as editor:
        assert "Damaged road surface" in (await editor.get("/desk")).text
    async with scene.browser(chinese=True) as editor:
        shown = (await editor.get("/desk")).text
    assert "道路破损坑洼" in shown
    assert "Damaged road surface" not in shown
    assert '<html lang="zh-CN"' in shown


async def test_an_empty_desk_says_so(scene: Scene) -> None:
    async with scene.browser() as editor:
        shown = await editor.get("/desk")
    assert shown.status_code == 200
    assert "Nothing waits" in shown.text


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://news.example/1", "//[", ""])
async def test_an_address_that_is_not_of_the_web_is_no_link(scene: Scene, url: str) -> None:
    await scene.put_story(url=url)
    async with scene.browser() as editor:
        shown = (await editor.get("/desk")).text
    assert 'target="_blank"' not in shown


@pytest.mark.parametrize("path", ["/desk?story=nonsense", "/desk?story=0123456789abcdef01234567"])
async def test_a_story_that_is_not_there_is_not_found(scene: Scene, path: str) -> None:
    async with scene.browser() as editor:
        assert (await editor.get(path)).status_code == 404


async def test_what_waits_longer_comes_next_and_then_the_newest_again(scene: Scene) -> None:
    newest, middle, oldest = [await scene.put_story(f"第{n}篇") for n in range(3)]
    async with scene.browser() as editor:
        for story, following in ((middle, oldest), (oldest, newest)):
            response = await editor.post(f"/desk/{story.id}/decide", {"version": "1", "kind": "notice"})
            assert response.headers["location"] == f"/desk?story={following.id}"
        response = await editor.post(f"/desk/{newest.id}/decide", {"version": "1", "kind": "other"})
        assert response.headers["location"] == "/desk"
        assert "Nothing waits" in (await editor.get("/desk")).text


async def test_a_decided_exposure_stays_until_it_is_tied(scene: Scene) -> None:
    story = await scene.put_story()
    async with scene.browser() as editor:
        response = await editor.post(f"/desk/{story.id}/decide", {"version": "1", "kind": "exposure", **DECISION})
        assert response.headers["location"] == f"/desk?story={story.id}"
        shown = (await editor.get(response.headers["location"])).text
    now = await scene.story(story)
    assert pending(now)
    assert now.decision is not None
    assert now.decision.region == "370105001008"
    assert "A new problem" in shown
    assert "General criticism without a place" in shown
    assert "Praise of a fix" not in shown


async def test_wrong_values_come_back_with_what_was_typed(scene: Scene) -> None:
    story = await scene.put_story()
    async with scene.browser() as editor:
        typed = {"version": "1", "kind": "", "category": "nonsense", "region": "没有这个地方", "place": "桥下<b>"}
        response = await editor.post(f"/desk/{story.id}/decide", typed)
    assert response.status_code == 422
    assert "Please say what kind of story this is." in response.text
    assert "No region of this name is known" in response.text
    assert 'value="没有这个地方"' in response.text
    assert 'value="桥下&lt;b&gt;"' in response.text
    assert (await scene.story(story)).decision is None


async def test_a_name_that_several_regions_bear_is_asked_back(scene: Scene) -> None:
    story = await scene.put_story()
    tree = await scene.services.places.regions()
    names = [region.name for region in tree if region.level == "community"]
    shared = next(name for name in names if names.count(name) > 1)
    async with scene.browser() as editor:
        response = await editor.post(f"/desk/{story.id}/decide", {"version": "1", "kind": "exposure", "region": shared})
    assert response.status_code == 422
    assert "Several regions have this name" in response.text


async def test_who_comes_too_late_is_told(scene: Scene) -> None:
    story = await scene.put_story()
    async with scene.browser() as editor:
        await scene.decide(editor, story)
        response = await editor.post(f"/desk/{story.id}/decide", {"version": "1", "kind": "other"})
        assert response.status_code == 409
        response = await editor.post(f"/desk/{story.id}/nowhere", {"version": "1", "why": "criticism"})
        assert response.status_code == 409
    assert pending(await scene.story(story))


async def test_a_stale_form_that_comes_back_with_a_mistake_stays_stale(scene: Scene) -> None:
    story = await scene.put_story()
    async with scene.browser() as editor:
        await scene.decide(editor, story)
        response = await editor.post(f"/desk/{story.id}/decide", {"version": "1", "kind": ""})
    assert response.status_code == 422
    assert 'name="version" value="1"' in response.text


async def test_a_reprint_takes_over_what_was_said_of_the_first(scene: Scene) -> None:
    first = await scene.put_story()
    cluster = first.id
    await scene.services.database["stories"].update_one(
        {"_id": first.id}, {"$set": {"cluster": cluster, "copied": True}}
    )
    copy = await scene.put_story(cluster=cluster, copied=True, suggested=False, outlet=scene.blogger)
    async with scene.browser() as editor:
        story = await scene.decide(editor, first, Kind.EXPOSURE, category=COVER)
        problem = await scene.put_problem("井盖缺失", "五号楼后")
        data = {"version": str(story.version), "number": problem.number}
        assert (await editor.post(f"/stories/{first.id}/attach", data)).status_code == 303
        shown = (await editor.get(f"/desk?story={copy.id}")).text
        assert "what was said of it is filled in here" in shown
        assert f'<option value="{COVER}" selected>' in shown
        assert "1 story with the same text" in shown
        await scene.decide(editor, copy, category=COVER)
        shown = (await editor.get(f"/desk?story={copy.id}")).text
    assert "a reprint of this story is tied to it" in shown
    assert problem.number in shown


async def test_a_story_is_tied_to_a_problem_that_is_offered(scene: Scene) -> None:
    problem = await scene.put_problem()
    story = await scene.put_story()
    async with scene.browser() as editor:
        now = await scene.decide(editor, story)
        shown = (await editor.get(f"/desk?story={story.id}")).text
        assert "same place" in shown
        assert "same category" in shown
        data = {"version": str(now.version), "number": problem.number}
        response = await editor.post(f"/stories/{story.id}/attach", {**data, "stay": "1"})
        assert response.headers["location"] == f"/desk?story={story.id}"
        shown = (await editor.get(f"/desk?story={story.id}")).text
        assert f"Tied to problem {problem.number}." in shown
        assert "Done, next story" in shown
        assert "Another problem of this story" in shown
        again = {"version": str(now.version + 1), "number": problem.number}
        assert (await editor.post(f"/stories/{story.id}/attach", again)).status_code == 409
    now = await scene.story(story)
    assert not pending(now)
    report = (await scene.services.problems.get(problem.number)).case.reports[0]
    assert (report.story_id, report.channel) == (story.id, Channel.EXPOSURE)


@pytest.mark.parametrize("number", ["", "2026-99999"])
async def test_a_number_that_no_problem_has_comes_back(scene: Scene, number: str) -> None:
    story = await scene.put_story()
    async with scene.browser() as editor:
        now = await scene.decide(editor, story)
        response = await editor.post(f"/stories/{story.id}/attach", {"version": str(now.version), "number": number})
    assert response.status_code == 422
    assert f'name="number" value="{number}"' in response.text
    assert 'id="f-number-error"' in response.text
    assert 'value="无影潭社区路面坑洼 居民出行难"' in response.text  # the other form keeps what it had


NEW = {"title": "路面坑洼", "severity": "key", "long_standing": "1", **DECISION}


async def test_the_form_for_a_new_problem_says_whom_the_responsibility_table_names(scene: Scene) -> None:
    story = await scene.put_story()
    roads, covers = [await scene.services.places.add_unit(name) for name in ("市政养护处", "供水公司")]
    rows = [
        {
            "unit_id": unit,
            "duty": "lead",
            "category": category,
            "region": None,
            "valid_from": "2020-01-01",
            "valid_to": None,
        }
        for unit, category in ((roads, PAVING), (covers, COVER))
    ]
    await scene.services.database["responsibilities"].insert_many(rows)
    async with scene.browser() as editor:
        now = await scene.decide(editor, story)
        shown = (await editor.get(f"/desk?story={story.id}")).text
        assert "belongs to 市政养护处 since" in shown
        look = {"version": str(now.version), **NEW, "category": COVER, "look": "1"}
        answer = await editor.post(f"/desk/{story.id}/expose", look)
        assert answer.status_code == 200
        assert "belongs to 供水公司 since" in answer.text
    assert await scene.services.database["problems"].count_documents({}) == 0


async def test_an_exposure_brings_a_new_problem_and_then_another(scene: Scene) -> None:
    story = await scene.put_story()
    async with scene.browser() as editor:
        now = await scene.decide(editor, story)
        response = await editor.post(f"/desk/{story.id}/expose", {"version": str(now.version), **NEW, "stay": "1"})
        assert response.headers["location"] == f"/desk?story={story.id}"
        same = await editor.post(f"/desk/{story.id}/expose", {"version": str(now.version + 1), **NEW})
        assert same.status_code == 422
        assert "This story exposes that as 2026-00001 already" in same.text
        assert "{number}" not in same.text
        other = {"version": str(now.version + 1), **NEW, "category": COVER}
        assert (await editor.post(f"/desk/{story.id}/expose", other)).status_code == 303
    problems = await scene.services.problems.tied_to(key_of(story))
    assert [each.case.category for each in problems] == [PAVING, COVER]
    assert problems[0].case.severity == "key"
    assert problems[0].case.long_standing


async def test_a_problem_without_a_place_comes_back_with_what_was_typed(scene: Scene) -> None:
    story = await scene.put_story()
    async with scene.browser(chinese=True) as editor:
        now = await scene.decide(editor, story)
        data = {"version": str(now.version), **NEW, "place": " ", "category": ""}
        response = await editor.post(f"/desk/{story.id}/expose", data)
    assert response.status_code == 422
    assert "请写明地点。没有地点，谁也无法到现场查看。" in response.text
    assert 'value="路面坑洼"' in response.text
    assert 'value="key" checked' in response.text
    assert await scene.services.problems.tied_to(key_of(story)) == []


async def test_what_was_closed_long_ago_comes_back_as_a_relapse(scene: Scene) -> None:
    former = await scene.put_problem()
    story = await scene.put_story()
    await scene.close_problem(former, story.published_at - timedelta(days=40))
    async with scene.browser() as editor:
        now = await scene.decide(editor, story)
        shown = (await editor.get(f"/desk?story={story.id}")).text
        assert "Register the relapse" in shown
        assert "It belongs to this" not in shown
        data = {"version": str(now.version), **NEW, "relapse_of": former.number}
        assert (await editor.post(f"/desk/{story.id}/expose", data)).status_code == 303
        second = await scene.put_story()
        await scene.decide(editor, second)
        shown = (await editor.get(f"/desk?story={second.id}")).text
        assert "It has come back as" in shown
        data = {"version": "2", **NEW, "relapse_of": former.number}
        assert (await editor.post(f"/desk/{second.id}/expose", data)).status_code == 409
    [relapse] = await scene.services.problems.tied_to(key_of(story))
    assert relapse.case.relapse_of == former.case.id
    assert (await scene.services.problems.get(former.number)).case.relapsed_as == relapse.case.id


async def test_what_a_blogger_tells_is_no_relapse(scene: Scene) -> None:
    former = await scene.put_problem()
    story = await scene.put_story(outlet=scene.blogger)
    await scene.close_problem(former, story.published_at - timedelta(days=40))
    async with scene.browser() as editor:
        now = await scene.decide(editor, story)
        shown = (await editor.get(f"/desk?story={story.id}")).text
        assert "It belongs to this" in shown
        data = {"version": str(now.version), **NEW, "relapse_of": former.number}
        assert (await editor.post(f"/desk/{story.id}/expose", data)).status_code == 409


async def test_an_open_problem_cannot_be_registered_as_a_relapse(scene: Scene) -> None:
    former = await scene.put_problem()
    story = await scene.put_story()
    async with scene.browser() as editor:
        now = await scene.decide(editor, story)
        data = {"version": str(now.version), **NEW, "relapse_of": former.number}
        assert (await editor.post(f"/desk/{story.id}/expose", data)).status_code == 409
    assert await scene.services.problems.tied_to(key_of(story)) == []


async def test_a_story_may_lead_to_no_problem(scene: Scene) -> None:
    story = await scene.put_story()
    async with scene.browser() as editor:
        now = await scene.decide(editor, story)
        wrong = await editor.post(f"/desk/{story.id}/nowhere", {"version": str(now.version), "why": "progress"})
        assert wrong.status_code == 422
        response = await editor.post(f"/desk/{story.id}/nowhere", {"version": str(now.version), "why": "behaviour"})
        assert response.headers["location"] == "/desk"
    now = await scene.story(story)
    assert not pending(now)
    assert now.decision is not None
    assert now.decision.disposition is Disposition.BEHAVIOUR


async def test_a_follow_up_brings_no_new_problem(scene: Scene) -> None:
    story = await scene.put_story(kind=Kind.FOLLOW_UP)
    async with scene.browser() as editor:
        now = await scene.decide(editor, story, Kind.FOLLOW_UP)
        shown = (await editor.get(f"/desk?story={story.id}")).text
        assert "A new problem" not in shown
        assert "Praise of a fix that nobody had exposed" in shown
        response = await editor.post(f"/desk/{story.id}/expose", {"version": str(now.version), **NEW})
        assert response.status_code == 409


async def test_a_decision_can_be_made_again_until_the_story_is_tied(scene: Scene) -> None:
    problem = await scene.put_problem()
    story = await scene.put_story()
    async with scene.browser() as editor:
        await scene.decide(editor, story, Kind.NOTICE)
        assert "What is it?" in (await editor.get(f"/desk?story={story.id}")).text
        now = await scene.decide(editor, story)
        shown = (await editor.get(f"/desk?story={story.id}&again=1")).text
        assert f'action="/desk/{story.id}/decide"' in shown
        await editor.post(f"/stories/{story.id}/attach", {"version": str(now.version), "number": problem.number})
        version = (await scene.story(story)).version
        response = await editor.post(f"/desk/{story.id}/decide", {"version": str(version), "kind": "notice"})
    assert response.status_code == 409


DEED = {"deed_title": "路人合力救起落水者", "deed": "三人先后下水。", "person": "某某", "place": "河边"}


async def test_a_good_deed_is_filed(scene: Scene) -> None:
    story = await scene.put_story("路人救人", "三人先后下水。", kind=Kind.GOOD_DEED)
    async with scene.browser() as editor:
        now = await scene.decide(editor, story, Kind.GOOD_DEED, category="")
        shown = (await editor.get(f"/desk?story={story.id}")).text
        assert "The good deed" in shown
        empty = await editor.post(f"/desk/{story.id}/deed", {"version": str(now.version), **DEED, "deed_title": ""})
        assert empty.status_code == 422
        assert "Please say in a few words what the good deed is." in empty.text
        assert "三人先后下水。</textarea>" in empty.text
        data = {"version": str(now.version), **DEED, "consent": "form"}
        response = await editor.post(f"/desk/{story.id}/deed", data)
        assert response.headers["location"] == "/desk"
        again = await editor.post(f"/desk/{story.id}/decide", {"version": str(now.version), "kind": "notice"})
        assert again.status_code == 409
    deed = await scene.services.deeds.of_story(key_of(story))
    assert deed is not None
    assert (deed.title, deed.shown_person, deed.place) == ("路人合力救起落水者", "某某", "河边")


async def test_another_story_is_added_to_a_deed_that_is_known(scene: Scene) -> None:
    first = await scene.put_story("路人救人", "下水。", kind=Kind.GOOD_DEED)
    second = await scene.put_story("又报路人救人", "下水。", kind=Kind.GOOD_DEED)
    async with scene.browser() as editor:
        now = await scene.decide(editor, first, Kind.GOOD_DEED)
        await editor.post(f"/desk/{first.id}/deed", {"version": str(now.version), **DEED})
        now = await scene.decide(editor, second, Kind.GOOD_DEED)
        nothing = {"version": str(now.version), "known": "1", "deed_id": ""}
        assert (await editor.post(f"/desk/{second.id}/deed", nothing)).status_code == 422
        [deed] = await scene.services.deeds.recent()
        data = {"version": str(now.version), "known": "1", "deed_id": str(deed.id)}
        assert (await editor.post(f"/desk/{second.id}/deed", data)).status_code == 303
    [deed] = await scene.services.deeds.recent()
    assert [each.story_id for each in deed.stories] == [second.id, first.id]


async def test_nothing_is_decided_of_a_withdrawn_story(scene: Scene) -> None:
    story = await scene.put_story()
    async with scene.browser() as editor:
        await editor.post(f"/stories/{story.id}/withdraw", {"version": "1"})
        shown = await editor.get(f"/desk?story={story.id}")
        assert "there is nothing left to decide" in shown.text
        response = await editor.post(f"/desk/{story.id}/decide", {"version": "2", "kind": "exposure"})
        assert response.status_code == 409


async def test_a_story_without_a_suggestion_can_be_decided(scene: Scene) -> None:
    story = await scene.put_story(suggested=False)
    async with scene.browser() as editor:
        shown = (await editor.get("/desk")).text
        assert "Nothing is suggested yet." in shown
        now = await scene.decide(editor, story, Kind.EXPOSURE, region="", category="", place="")
        assert now.decision is not None
        assert (await editor.get(f"/desk?story={story.id}")).status_code == 200


async def test_deeds_that_are_offered_have_a_story_that_stands(scene: Scene) -> None:
    story = await scene.put_story(kind=Kind.GOOD_DEED)
    async with scene.browser() as editor:
        now = await scene.decide(editor, story, Kind.GOOD_DEED)
        await editor.post(f"/desk/{story.id}/deed", {"version": str(now.version), **DEED})
        now = await scene.story(story)
        await editor.post(f"/stories/{story.id}/withdraw", {"version": str(now.version)})
    assert await scene.services.deeds.recent() == []


async def test_what_is_not_sure_enough_is_suggested_and_filled_in_when_asked(scene: Scene) -> None:
    story = await scene.put_story()
    changes = {"suggestion.category_score": 0.45, "suggestion.region_score": 0.2}
    await scene.services.database["stories"].update_one({"_id": story.id}, {"$set": changes})
    async with scene.browser() as editor:
        shown = (await editor.get("/desk")).text
        taken = (await editor.get(f"/desk?story={story.id}&take=1")).text
    assert f'<option value="{PAVING}" selected>' not in shown
    said = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown))
    assert re.search(r"Suggested: [^.]+ unsure , because of 路面坑洼", said)
    assert re.search(r'name="region"[^>]* value=""', shown), "a suggestion under the first threshold is not shown"
    assert f'<option value="{PAVING}" selected>' in taken
    assert "Fill in all that is suggested" in shown
    assert "Fill in all that is suggested" not in taken


async def test_what_kind_of_outcome_and_deed_it_is_goes_with_its_kind_only(scene: Scene) -> None:
    follow_up, deed = await scene.put_story(kind=Kind.FOLLOW_UP), await scene.put_story(kind=Kind.GOOD_DEED)
    typed = {"outcome": "promised", "deed_kind": "kindness", "units": "某物业；某街道", "people": "甲；乙、甲"}
    async with scene.browser() as editor:
        told = (await scene.decide(editor, follow_up, Kind.FOLLOW_UP, **typed)).decision
        done = (await scene.decide(editor, deed, Kind.GOOD_DEED, **typed)).decision
        shown = (await editor.get(f"/desk?story={deed.id}")).text
    assert told is not None
    assert done is not None
    assert (told.outcome, told.deed, told.units, told.people) == ("promised", None, ["某物业", "某街道"], [])
    assert (done.outcome, done.deed, done.units, done.people) == (None, "kindness", [], ["甲", "乙"])
    assert 'value="甲、乙"' in shown, "the people of the decision stand in the deed's form"


async def test_an_outcome_that_is_none_comes_back_with_a_sentence(scene: Scene) -> None:
    story = await scene.put_story(kind=Kind.FOLLOW_UP)
    async with scene.browser() as editor:
        data = {"version": "1", "kind": "follow_up", **DECISION, "outcome": "wonderful"}
        answer = await editor.post(f"/desk/{story.id}/decide", data)
    assert answer.status_code == 422
    assert "Please choose from the list." in answer.text


async def test_a_tie_keeps_what_had_been_offered(scene: Scene) -> None:
    offered = await scene.put_problem()
    story, other = await scene.put_story(), await scene.put_story()
    async with scene.browser() as editor:
        decided = await scene.decide(editor, story)
        data = {"version": str(decided.version), "number": offered.number}
        await editor.post(f"/stories/{story.id}/attach", data)
        decided = await scene.decide(editor, other)
        new = {
            "version": str(decided.version),
            "title": "另一处",
            "severity": "normal",
            **DECISION,
            "place": "八号楼后",
        }
        assert (await editor.post(f"/desk/{other.id}/expose", new)).status_code == 303
    tied = (await scene.story(story)).decision
    registered = (await scene.story(other)).decision
    assert tied is not None
    assert registered is not None
    assert [(tie.chosen, tie.new, tie.offered) for tie in tied.ties] == [
        (offered.case.id, False, [offered.case.id]),
    ]
    assert [tie.new for tie in registered.ties] == [True]
    assert registered.ties[0].offered == [offered.case.id]
    assert registered.ties[0].chosen != offered.case.id


async def test_the_first_publisher_of_a_text_is_credited(scene: Scene) -> None:
    first = await scene.put_story(hours_ago=5)
    await scene.services.database["stories"].update_one(
        {"_id": first.id}, {"$set": {"cluster": first.id, "copied": True}}
    )
    again = await scene.put_story(hours_ago=1, outlet=scene.blogger, cluster=first.id, copied=True)
    async with scene.browser() as editor:
        shown = (await editor.get(f"/desk?story={again.id}")).text
        own = (await editor.get(f"/desk?story={first.id}")).text
    assert re.search(rf'Published first by: <a href="/desk\?story={first.id}">示例晚报</a>', shown)
    assert "This one was published first." in own


async def test_problems_that_it_may_belong_to_are_shown_before_it_is_decided(scene: Scene) -> None:
    problem = await scene.put_problem()
    await scene.put_story()
    async with scene.browser() as editor:
        shown = (await editor.get("/desk")).text
    assert "It may belong to" in shown
    assert f"/problems/{problem.number}" in shown


async def test_words_that_only_the_model_goes_by_are_marked_where_nothing_else_is(scene: Scene) -> None:
    found = highlights(_spans((0, 6, "feature:kind:exposure"), (2, 4, "kind:exposure")), "body", 20, str.upper)
    assert [(each.start, each.end, each.type) for each in found] == [
        (0, 2, "feature"),
        (2, 4, "kind"),
        (4, 6, "feature"),
    ]


# One key, one step


async def test_a_story_is_accepted_and_tied_in_one_step_and_the_next_one_follows(scene: Scene) -> None:
    problem = await scene.put_problem()
    story, behind = await scene.put_story(), await scene.put_story("下一篇", hours_ago=9)
    async with scene.browser() as editor:
        shown = (await editor.get("/desk")).text
        assert re.search(rf'name="then" value="{problem.number}" data-key="1"', shown)
        data = {"version": "1", "kind": "exposure", **DECISION, "then": problem.number}
        response = await editor.post(f"/desk/{story.id}/decide", data)
        assert response.headers["location"] == f"/desk?story={behind.id}"
        shown = (await editor.get(f"/desk?story={behind.id}")).text
    assert f"Decided: Exposure. Tied to problem {problem.number}." in shown
    assert not pending(await scene.story(story))
    assert [each.number for each in await scene.services.problems.tied_to(key_of(story))] == [problem.number]
    undo = re.search(r'action="(/desk/undo/\w+)"', shown)
    assert undo is not None
    async with scene.browser() as editor:
        assert (await editor.post(undo[1])).status_code == 303
    assert (await scene.story(story)).decision is None, "what one key has done, one key takes back"
    assert await scene.services.problems.tied_to(key_of(story)) == []


async def test_a_story_is_accepted_as_a_new_problem_in_one_step(scene: Scene) -> None:
    story = await scene.put_story()
    async with scene.browser() as editor:
        data = {"version": "1", "kind": "exposure", **DECISION, "then": "new"}
        lacking = {**data, "place": ""}
        response = await editor.post(f"/desk/{story.id}/decide", lacking)
        assert response.status_code == 422, "a new problem needs a place; the decision stands"
        assert "A new problem needs a category and a place." in response.text
        assert pending(await scene.story(story))
        assert await scene.services.problems.tied_to(key_of(story)) == []
        now = await scene.story(story)
        again = {**data, "version": str(now.version)}
        assert (await editor.post(f"/desk/{story.id}/decide", again)).status_code == 303
    (problem,) = await scene.services.problems.tied_to(key_of(story))
    assert (problem.title, problem.place, problem.case.category) == (story.title, "三号楼前", PAVING)
    assert not pending(await scene.story(story))


IN_PLACE = {"hx-request": "true"}


async def test_a_story_that_was_loaded_ahead_is_not_sent_again_and_one_that_has_changed_is(scene: Scene) -> None:
    first, second = await scene.put_story("第一篇"), await scene.put_story("第二篇")
    path = f"/desk?story={second.id}"
    async with scene.browser() as editor:
        await editor.get("/desk")
        alone = await editor.get(path, **IN_PLACE, **{"x-desk-ahead": "look"})
        tag = alone.headers["x-desk-tag"]
        assert f'action="/desk/{second.id}/decide"' in alone.text
        assert "desk-queue" not in alone.text
        decided = await editor.post(
            f"/desk/{first.id}/decide", {"version": "1", "kind": "notice"}, **IN_PLACE, **{"x-desk-ahead": tag}
        )
        assert decided.status_code == 200
        assert decided.headers["hx-push-url"] == path
        assert "<!--ahead-->" in decided.text
        assert f'action="/desk/{second.id}/decide"' not in decided.text
        assert "Decided: Notice. Next: 第二篇" in decided.text
        await scene.services.database["stories"].update_one({"_id": second.id}, {"$inc": {"version": 1}})
        fresh = await editor.get(path, **IN_PLACE, **{"x-desk-ahead": tag})
        assert "<!--ahead-->" not in fresh.text
        assert 'name="version" value="2"' in fresh.text
        tag = (await editor.get(path, **IN_PLACE, **{"x-desk-ahead": "look"})).headers["x-desk-tag"]
        await scene.put_problem()
        assert "It may belong to" in (await editor.get(path, **IN_PLACE, **{"x-desk-ahead": tag})).text


async def test_looking_ahead_claims_nothing_and_a_story_that_is_open_elsewhere_has_no_form(scene: Scene) -> None:
    story = await scene.put_story()
    duties = Duties(frozenset({Role.EDITOR}))
    await scene.services.accounts.add_user("second", "second person", duties, password=PASSWORD)
    path = f"/desk?story={story.id}"
    async with scene.browser() as editor, scene.browser("second") as other:
        await other.get(path, **IN_PLACE, **{"x-desk-ahead": "look"})
        assert f'action="/desk/{story.id}/decide"' in (await editor.get(path)).text
        shown = (await other.get(path)).text
        assert "editor person has this story open" in shown
        assert f'action="/desk/{story.id}/decide"' not in shown
        late = await other.post(f"/desk/{story.id}/decide", {"version": "1", "kind": "other"})
        assert late.status_code == 409
    assert (await scene.story(story)).decision is None
