"""Blind second looks through the pages: nobody is told, nothing is shown, both decisions are kept, and disputes are settled."""

from __future__ import annotations

import re

import pytest
import pytest_asyncio

from media_tracker.accounts.actor import Actor, Role
from media_tracker.accounts.duties import Duties
from media_tracker.db.events import SYSTEM
from media_tracker.deeds.documents import NewDeed
from media_tracker.desk.bulk_accept import Came
from media_tracker.desk.filters import QueueFilter
from media_tracker.desk.second_look import SETTINGS
from media_tracker.desk.second_look_rules import Look, LookState
from media_tracker.errors import Conflict, Forbidden, InvalidInput
from media_tracker.ingest.documents import DeskState, Kind, Story
from media_tracker.web.desk import disputes
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.services.invariants import assert_nothing_lost_or_doubled
from tests.web.browser import Browser
from tests.web.desk_scene import COVER, PASSWORD, PAVING, Scene, key_of

DISTRICT = "370105"


@pytest_asyncio.fixture
async def scene(services: Services) -> Scene:
    """Every story is drawn, and there are three editors."""
    scene = await Scene.build(services)
    for name in ("second", "third"):
        duties = Duties(frozenset({Role.EDITOR}))
        await services.accounts.add_user(name, f"{name} person", duties, password=PASSWORD)
    await services.database[SETTINGS].insert_one({"_id": "share", "share": 1.0})
    return scene


async def _look(scene: Scene, story: Story) -> Look:
    return await scene.services.second_looks.get(key_of(story))


async def _give(scene: Scene, browser: Browser, story: Story, kind: Kind = Kind.EXPOSURE, **fields: str) -> Look:
    await scene.decide(browser, story, kind, **fields)
    return await _look(scene, story)


async def _first_decides(scene: Scene, story: Story, kind: Kind = Kind.NOTICE) -> Story:
    async with scene.browser() as first:
        return await scene.decide(first, story, kind)


LISTS = ("/stories", "/stories?desk=pending", "/stories?kind=exposure", f"/stories?kind=exposure&district={DISTRICT}")
FIGURES = ("/monitor/stories", "/monitor/stories.csv", "/exports/figure.csv?key=stories", "/api/v1/figures/stories")
NOT_IN = ("/stories?desk=decided", "/stories?kind=notice")


async def test_the_second_editor_finds_nothing_of_the_first_decision_anywhere(scene: Scene) -> None:
    story, plain = await scene.put_story(), await scene.put_story("别的稿件", "别的内容。")
    pages = [f"/desk?story={story.id}", f"/stories/{story.id}", "/desk", *LISTS, *FIGURES]
    async with scene.browser("second") as second:
        before = {path: _without_tokens((await second.get(path)).text) for path in pages}
        left_out = {path: (await second.get(path)).text for path in NOT_IN}
        await scene.services.database["desk_claims"].delete_many({})  # it is open on no desk any more
        await _first_decides(scene, story)
        after = {path: _without_tokens((await second.get(path)).text) for path in pages}
        still = {path: (await second.get(path)).text for path in NOT_IN}
    for path in pages:
        assert after[path] == before[path], path
    for path in NOT_IN:
        assert str(story.id) not in left_out[path]
        assert str(story.id) not in still[path], path
    async with scene.browser("publicity") as publicity:
        assert str(story.id) in (await publicity.get("/stories?kind=notice")).text, (
            "who is no editor sees what is decided"
        )
    async with scene.browser() as first:
        assert "/desk?story=" + str(story.id) not in (await first.get("/desk")).text, "never to the same person"
        assert str(plain.id) in (await first.get("/desk")).text
        assert "Decided" in (await first.get(f"/stories/{story.id}")).text


async def test_an_exposure_that_is_tied_and_its_reprints_are_hidden_too(scene: Scene) -> None:
    story = await scene.put_story()
    await scene.services.database["stories"].update_one({"_id": story.id}, {"$set": {"cluster": story.id}})
    reprint = await scene.put_story(cluster=story.id)
    async with scene.browser() as first, scene.browser("second") as second:
        decided = await scene.decide(first, story)
        problem = await scene.put_problem()
        tied = await first.post(
            f"/stories/{story.id}/attach", {"version": str(decided.version), "number": problem.number}
        )
        assert tied.status_code == 303
        await scene.decide(first, reprint, Kind.EXPOSURE)
        for each in (story, reprint):
            page = (await second.get(f"/stories/{each.id}")).text
            assert problem.number not in page
            assert "Decided" not in page
        desk = (await second.get(f"/desk?story={story.id}")).text
        assert "Accept the same for" not in desk
        assert "has been decided" not in desk
        look = await _give(scene, second, story)
        assert look.state is LookState.AGREED
        assert problem.number in (await second.get(f"/stories/{story.id}")).text
        assert "Decided" in (await second.get(f"/stories/{reprint.id}")).text
    await assert_nothing_lost_or_doubled(scene.services)


async def test_two_who_agree_are_written_down_and_the_story_stays_as_it_was(scene: Scene) -> None:
    story = await scene.put_story()
    decided = await _first_decides(scene, story, Kind.EXPOSURE)
    async with scene.browser("second") as second:
        look = await _give(scene, second, story, place="3号楼前")
    now = await scene.story(story)
    assert (look.state, look.differs) == (LookState.AGREED, ())
    assert (now.version, now.decision, now.blind) == (decided.version, decided.decision, None)
    events = await scene.services.log.of("second_look", key_of(story))
    assert [each.type for each in events] == ["drawn", "agreed"]
    assert all(not each.payload for each in events), "events hold no decision"


async def test_a_dispute_is_settled_by_a_third_and_what_is_settled_stands_and_teaches(scene: Scene) -> None:
    story = await scene.put_story()
    await _first_decides(scene, story)
    async with scene.browser("second") as second, scene.browser("third") as third:
        look = await _give(scene, second, story, category=COVER)
        assert (look.state, set(look.differs)) == (LookState.DISPUTED, {"kind"})
        path, form = f"/desk/quality/disputes/{story.id}", {"version": str(look.version)}
        assert story.title in (await third.get("/desk/quality/disputes")).text
        own = await second.post(path, {**form, "takes": "second"})
        assert own.status_code == 403, "of the two, each can only give way"
        assert (await third.post(path, {**form, "takes": "second"})).status_code == 303
        assert (await third.post(path, {**form, "takes": "first"})).status_code == 409
    now, look = await scene.story(story), await _look(scene, story)
    assert now.decision is not None
    assert (now.decision.kind, now.decision.category) == (Kind.EXPOSURE, COVER)
    assert now.decision.suggested is not None
    assert look.state is LookState.SETTLED
    assert look.settled is not None
    assert look.settled.takes == "second"
    third_user = await scene.services.accounts.find_by_username("third")
    assert third_user is not None
    assert now.decision.by == third_user.id
    await assert_nothing_lost_or_doubled(scene.services)


async def test_one_of_the_two_gives_way_and_a_third_may_say_something_else(scene: Scene) -> None:
    one, other = await scene.put_story(), await scene.put_story()
    async with scene.browser() as first, scene.browser("second") as second, scene.browser("third") as third:
        for each in (one, other):
            await scene.decide(first, each, Kind.NOTICE)
            await scene.decide(second, each, Kind.OTHER)
        look = await _look(scene, one)
        gives_way = {"version": str(look.version), "takes": "first"}
        assert (await second.post(f"/desk/quality/disputes/{one.id}", gives_way)).status_code == 303
        look = await _look(scene, other)
        own = {"version": str(look.version), "takes": "other", "kind": "good_deed", "region": "无影潭社区"}
        assert (await third.post(f"/desk/quality/disputes/{other.id}", own)).status_code == 303
    kinds = [(await scene.story(each)).decision for each in (one, other)]
    assert [each.kind for each in kinds if each] == [Kind.NOTICE, Kind.GOOD_DEED]


async def test_a_story_that_is_tied_keeps_its_kind_whatever_the_third_says(scene: Scene) -> None:
    story = await scene.put_story()
    async with scene.browser() as first, scene.browser("second") as second, scene.browser("third") as third:
        decided, problem = await scene.decide(first, story), await scene.put_problem()
        await first.post(f"/stories/{story.id}/attach", {"version": str(decided.version), "number": problem.number})
        look = await _give(scene, second, story, Kind.NOTICE)
        refused = await third.post(
            f"/desk/quality/disputes/{story.id}", {"version": str(look.version), "takes": "second"}
        )
    assert refused.status_code == 409
    assert "tied to a problem already" in refused.text
    assert (await _look(scene, story)).state is LookState.DISPUTED, "nothing is half settled"


async def test_nobody_is_asked_any_more_of_what_has_waited_too_long_changed_or_gone(
    scene: Scene, clock: FakeClock
) -> None:
    old, changed, fresh = [await scene.put_story() for _ in range(3)]
    await _first_decides(scene, old)
    clock.advance(days=7)
    for each in (changed, fresh):
        await _first_decides(scene, each)
    await scene.services.database["stories"].update_one({"_id": changed.id}, {"$set": {"content_hash": "h2"}})
    assert await scene.services.second_looks.sweep() == 2
    states = [(await _look(scene, each)).state for each in (old, changed, fresh)]
    assert states == [LookState.LAPSED, LookState.LAPSED, LookState.WAITING]
    async with scene.browser("second") as second:
        assert str(old.id) not in (await second.get("/desk")).text


async def test_the_first_editor_may_decide_again_and_of_two_seconds_one_wins(scene: Scene) -> None:
    story = await scene.put_story()
    await _first_decides(scene, story)
    await _first_decides(scene, story, Kind.OTHER)
    async with scene.browser("second") as second, scene.browser("third") as third:
        shown = await scene.story(story)
        form = {"version": str(shown.version), "kind": "other", "region": "无影潭社区"}
        assert (await second.post(f"/desk/{story.id}/decide", form)).status_code == 303
        assert (await third.post(f"/desk/{story.id}/decide", form)).status_code in {303, 409}
    look = await _look(scene, story)
    assert (look.first.said.kind, look.state) == ("other", LookState.AGREED)
    events = await scene.services.log.of("second_look", key_of(story))
    assert [each.seq for each in events] == [1, 2, 3]


async def test_an_office_with_one_editor_and_one_that_wants_none_draw_nothing(scene: Scene) -> None:
    accounts, looks = scene.services.accounts, scene.services.second_looks
    admin = Actor(key_of(await scene.put_story()), frozenset({Role.ADMIN}))
    await looks.set_share(0.0, admin)
    none = await scene.put_story()
    await _first_decides(scene, none)
    await scene.services.database[SETTINGS].update_one({"_id": "share"}, {"$set": {"share": 1.0}})
    for name in ("second", "third"):
        user = await accounts.find_by_username(name)
        assert user is not None
        await scene.services.database["users"].update_one({"_id": user.id}, {"$set": {"active": False}})
    alone = await scene.put_story()
    await _first_decides(scene, alone)
    assert [(await scene.story(each)).blind for each in (none, alone)] == [None, None]
    with pytest.raises(InvalidInput):
        await looks.set_share(0.9, admin)
    with pytest.raises(Forbidden):
        await looks.set_share(0.1, Actor(admin.user_id, frozenset({Role.EDITOR})))


async def test_a_second_look_that_comes_twice_is_taken_once(scene: Scene) -> None:
    story = await scene.put_story()
    await _first_decides(scene, story)
    seen = await scene.story(story)
    second = await scene.services.accounts.find_by_username("second")
    assert second is not None
    assert seen.decision is not None
    record, looks = seen.decision.model_copy(update={"by": second.id}), scene.services.second_looks
    await looks.give(seen, record, SYSTEM)
    with pytest.raises(Conflict):
        await looks.give(seen, record, SYSTEM)


async def test_what_follows_a_decision_is_refused_to_who_must_not_know_it(scene: Scene) -> None:
    story, problem = await scene.put_story(), await scene.put_problem()
    await scene.services.database["stories"].update_one({"_id": story.id}, {"$set": {"cluster": story.id}})
    reprint = await scene.put_story(cluster=story.id)
    decided = await _first_decides(scene, story, Kind.EXPOSURE)
    version = {"version": str(decided.version)}
    exposed = {"title": "路面坑洼", "place": "3号楼前", "category": PAVING, "severity": "normal"}
    steps = {
        f"/stories/{story.id}/attach": {"number": problem.number},
        f"/desk/{story.id}/expose": exposed,
        f"/desk/{story.id}/nowhere": {"why": "criticism"},
        f"/desk/{story.id}/deed": {"deed_title": "好事"},
    }
    async with scene.browser("second") as second:
        await scene.services.database["desk_claims"].delete_many({})
        for path, form in steps.items():
            answer = await second.post(path, {**version, **form})
            assert answer.status_code == 409, path
            assert "Decide first" in answer.text
    await scene.services.database["desk_claims"].delete_many({})
    async with scene.browser() as first:
        await first.post(f"/desk/{story.id}/nowhere", {**version, "why": "criticism"})
    assert (await scene.story(story)).desk is DeskState.DECIDED
    async with scene.browser("second") as second:
        alike = await second.post(f"/desk/{story.id}/reprints", {"seen": f"{reprint.id}-{reprint.version}"})
        assert alike.status_code == 409
    assert (await scene.story(reprint)).decision is None, "or its decision would tell"


async def test_a_story_whose_decision_is_hidden_can_be_withdrawn_and_its_dispute_waits_for_nobody(scene: Scene) -> None:
    waits, disputed = await scene.put_story(), await scene.put_story()
    await _first_decides(scene, waits)
    await _first_decides(scene, disputed)
    async with scene.browser("second") as second:
        assert (await _give(scene, second, disputed, Kind.OTHER)).state is LookState.DISPUTED
        assert await scene.services.second_looks.count_disputes(10) == 1
        for each, version in ((waits, waits.version), (disputed, (await scene.story(disputed)).version)):
            answer = await second.post(f"/stories/{each.id}/withdraw", {"version": str(version)})
            assert answer.status_code == 303
            assert (await scene.story(each)).withdrawn_at is not None
    looks = scene.services.second_looks
    assert (await looks.count_disputes(10), await looks.disputes(10)) == (0, [])


async def test_reprints_are_hidden_no_longer_when_somebody_else_decides_the_changed_story(scene: Scene) -> None:
    story = await scene.put_story()
    stories = scene.services.database["stories"]
    await stories.update_one({"_id": story.id}, {"$set": {"cluster": story.id}})
    reprint = await scene.put_story(cluster=story.id)
    await _first_decides(scene, story)
    await _first_decides(scene, reprint)
    assert (await scene.story(reprint)).blind is not None
    await stories.update_one({"_id": story.id}, {"$set": {"content_hash": "h2"}})
    async with scene.browser("second") as second:
        await scene.decide(second, story, Kind.OTHER)
    assert (await _look(scene, story)).state is LookState.LAPSED
    assert [(await scene.story(each)).blind for each in (story, reprint)] == [None, None]


async def test_a_run_of_bulk_acceptance_gives_no_second_look(scene: Scene) -> None:
    story = await scene.put_story(kind=Kind.NOTICE)
    second = await scene.services.accounts.find_by_username("second")
    assert second is not None
    who, bulk = Actor(second.object_id, frozenset({Role.EDITOR})), scene.services.bulk_accept
    run = str(await bulk.draw_up(QueueFilter(), 0.5, who))
    await _first_decides(scene, story, Kind.OTHER)
    await bulk.start(run, who, SYSTEM)
    await bulk.finish()
    assert (await bulk.run(run, who)).came == {Came.FAILED: 1}
    assert (await _look(scene, story)).state is LookState.WAITING


async def test_a_story_that_waits_to_be_tied_and_to_be_looked_at_again_is_counted_once(scene: Scene) -> None:
    story = await scene.put_story()
    await _first_decides(scene, story, Kind.EXPOSURE)
    second = await scene.services.accounts.find_by_username("second")
    assert second is not None
    who, queue = Actor(second.object_id, frozenset({Role.EDITOR})), scene.services.queue
    lines = (await queue.page(QueueFilter(), who)).lines
    assert (len(lines), (await queue.total(QueueFilter(), who)).count) == (1, 1)


async def _editor(scene: Scene, name: str = "second") -> Actor:
    user = await scene.services.accounts.find_by_username(name)
    assert user is not None
    return Actor(user.object_id, frozenset({Role.EDITOR}))


async def test_a_queue_of_one_district_does_not_tell_where_the_first_editor_put_the_story(scene: Scene) -> None:
    story = await scene.put_story()
    before = (await scene.story(story)).district or ""
    async with scene.browser() as first:
        await scene.decide(first, story, Kind.EXPOSURE, region="")
    assert (await scene.story(story)).district != before
    who, queue = await _editor(scene), scene.services.queue
    for district, count in ((before, 1), ((await scene.story(story)).district or "none", 0)):
        wanted = QueueFilter(district=district)
        assert len((await queue.page(wanted, who)).lines) == count, district
        assert (await queue.total(wanted, who)).count == count, district


async def test_a_reprint_that_is_hidden_is_no_line_and_counts_as_none(scene: Scene) -> None:
    story = await scene.put_story()
    copied = {"$set": {"cluster": story.id, "copied": True}}
    await scene.services.database["stories"].update_one({"_id": story.id}, copied)
    reprint = await scene.put_story(cluster=story.id, copied=True)
    async with scene.browser() as first:
        await scene.decide(first, story, Kind.NOTICE)
        await scene.decide(first, reprint, Kind.EXPOSURE)
    who, queue = await _editor(scene), scene.services.queue
    page = await queue.page(QueueFilter(), who)
    assert [(line.story.id, line.reprints) for line in page.lines] == [(story.id, 0)]
    assert (await queue.total(QueueFilter(), who)).count == 1
    assert (await queue.total(QueueFilter(), who, page)).count == 1


async def test_putting_off_a_story_tells_nothing_and_concerns_nobody_else(scene: Scene) -> None:
    story = await scene.put_story()
    decided = await _first_decides(scene, story)
    async with scene.browser("second") as second, scene.browser("third") as third:
        form = {"version": str(story.version), "until": "tomorrow"}
        answer = await second.post(f"/desk/{story.id}/snooze", form)
        assert answer.status_code == 303
        assert "Put off until" in (await second.get("/desk")).text
        assert str(story.id) not in (await second.get("/desk?queue=waiting")).text
        assert str(story.id) in (await second.get("/desk?queue=snoozed")).text
        await scene.services.database["desk_claims"].delete_many({})  # it is open on no desk any more
        assert str(story.id) in (await third.get("/desk")).text
        assert await scene.story(story) == decided, "nothing of the story itself has changed"
        await scene.services.database["desk_claims"].delete_many({})
        await second.post(f"/desk/{story.id}/wake", {"version": str(story.version)})
        assert str(story.id) in (await second.get("/desk?queue=waiting")).text


async def test_a_second_look_is_undone_within_ten_minutes_and_is_no_blind_one_any_more(
    scene: Scene, clock: FakeClock
) -> None:
    story = await scene.put_story()
    await _first_decides(scene, story)
    since = clock.now
    async with scene.browser("second") as second:
        assert (await _give(scene, second, story)).state is LookState.DISPUTED
        page = (await second.get("/desk")).text
        undo = re.search(r'action="(/desk/undo/\w+)"', page)
        assert undo is not None
        assert (await second.post(undo[1])).status_code == 303
        assert (await second.post(undo[1])).status_code == 303, "a second time: the page says that it has been undone"
        look, now = await _look(scene, story), await scene.story(story)
        assert (look.state, look.second, look.differs) == (LookState.WAITING, None, ())
        assert now.blind is not None
        assert "Decided" not in (await second.get(f"/stories/{story.id}")).text
        assert (await _give(scene, second, story, Kind.NOTICE)).state is LookState.AGREED
        clock.advance(minutes=11)
        late = re.search(r'action="(/desk/undo/\w+)"', (await second.get("/desk")).text)
        assert late is None
    assert await scene.services.second_looks.done(since, clock.now, 10) == []
    await assert_nothing_lost_or_doubled(scene.services)


async def test_a_second_look_that_was_settled_is_not_undone(scene: Scene) -> None:
    story = await scene.put_story()
    await _first_decides(scene, story)
    async with scene.browser("second") as second, scene.browser() as first:
        look = await _give(scene, second, story)
        row = await scene.services.database["desk_done"].find_one({"what": "looked"})
        assert row is not None
        assert row["before"] == {}, "nothing of the first decision is kept with it"
        gives_way = {"version": str(look.version), "takes": "second"}
        assert (await first.post(f"/desk/quality/disputes/{story.id}", gives_way)).status_code == 303
        await second.post(f"/desk/undo/{row['_id']}")
    assert (await _look(scene, story)).state is LookState.SETTLED


async def test_a_later_first_decision_that_is_undone_is_not_compared(scene: Scene) -> None:
    story = await scene.put_story()
    await _first_decides(scene, story)
    async with scene.browser() as first:
        again = await scene.decide(first, story, Kind.OTHER)
        assert (await _look(scene, story)).first.said.kind == "other"
        undo = re.search(r'action="(/desk/undo/\w+)"', (await first.get("/desk")).text)
        assert undo is not None
        await first.post(undo[1])
    now = await scene.story(story)
    assert now.decision is not None
    assert (now.decision.kind, again.version < now.version) == (Kind.NOTICE, True)
    assert (await _look(scene, story)).first.said.kind == "notice"


async def test_disputes_come_page_by_page(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disputes, "MOST", 2)
    stories = [await scene.put_story(f"第{at}篇") for at in range(3)]
    async with scene.browser("second") as second:
        for story in stories:
            await _first_decides(scene, story)
            await _give(scene, second, story)
        page = (await second.get("/desk/quality/disputes")).text
        assert ["第0篇" in page, "第1篇" in page, "第2篇" in page] == [True, True, False]
        further = re.search(r'href="(/desk/quality/disputes\?after=[^"]+)"', page)
        assert further is not None
        last = (await second.get(further[1])).text
        assert ["第0篇" in last, "第2篇" in last, 'rel="next"' in last] == [False, True, False]


async def test_who_is_forgotten_on_a_deed_is_forgotten_by_both_decisions(scene: Scene) -> None:
    story = await scene.put_story()
    fields = {"deed_kind": "kindness", "people": "王小明；李雷"}
    who = await _editor(scene, "editor")
    async with scene.browser() as first, scene.browser("second") as second:
        decided = await scene.decide(first, story, Kind.GOOD_DEED, **fields)
        new = NewDeed(title="一件好事", person="王小明")
        deed = await scene.services.desk.file_deed(str(story.id), decided.version, new, None, who, SYSTEM)
        await _give(scene, second, story, Kind.GOOD_DEED, **fields)
    work, person = scene.services.deed_work, next(each for each in deed.people if each.name == "王小明")
    await work.forget_person(str(deed.id), str(person.id), deed.version, "一位好心人", who, SYSTEM)
    for name in ("stories", "second_looks", "desk_done"):
        kept = str(await scene.services.database[name].find({}, {"title": 0, "text": 0, "html": 0}).to_list())
        assert ("王小明" in kept, "李雷" in kept) == (False, True), name


def _without_tokens(html: str) -> str:
    return re.sub(r'(name="_csrf_token" value=|csrf[^"]*" content=|name="request_id" value=)"[^"]*"', "", html)
