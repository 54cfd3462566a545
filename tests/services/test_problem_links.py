"""What problems are found by, as it is stored, and what the desk offers."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from bson import ObjectId

from media_tracker.db.events import SYSTEM, NewEvent
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.ingest.documents import Kind, Story
from media_tracker.migrations import m0005_problem_links
from media_tracker.problems.linking import rarity, relinking
from media_tracker.problems.linking.links import COLLECTION
from media_tracker.problems.linking.rarity import Rarity
from media_tracker.text.grams import SIZE
from tests.services.scene import Scene

BINS = "晴岚社区北门的三个垃圾桶满了一周没人清运,居民绕着走,摊主们自己动手往里推,街道表示会核对清运路线。"
LAMPS = "长柳路中段十几盏路灯入冬后陆续不亮,下夜班的工人打着手电走,路灯管理部门说配件在路上。"
FIXED = "本报曝光的晴岚社区北门垃圾桶满溢一事有了结果,三个桶已经清空,清运路线重新编过。"


async def test_every_problem_is_written_down_with_what_it_is_found_by(scene: Scene) -> None:
    problem = await scene.expose(await scene.exposure("垃圾桶满了", BINS))
    row = await scene.services.database[COLLECTION].find_one({"_id": problem.case.id})
    assert row is not None
    assert len(row["keys"]) > 5
    assert row["category"] == problem.case.category


async def test_another_story_of_a_problem_changes_what_it_is_found_by(scene: Scene) -> None:
    problem = await scene.expose(await scene.exposure("垃圾桶满了", BINS))
    links = scene.services.database[COLLECTION]
    before = await links.find_one({"_id": problem.case.id})
    await scene.attach(await scene.exposure("路灯也不亮", LAMPS, outlet="晚报"), problem)
    after = await links.find_one({"_id": problem.case.id})
    assert before is not None
    assert after is not None
    assert before["grams"] != after["grams"]
    assert len(after["days"]) == 2


async def test_the_migration_writes_what_is_missing_and_then_finds_nothing_to_do(scene: Scene) -> None:
    problem = await scene.expose(await scene.exposure("垃圾桶满了", BINS))
    links = scene.services.database[COLLECTION]
    written = await links.find_one({"_id": problem.case.id})
    await links.delete_many({})

    await m0005_problem_links.up(scene.services.database)

    assert await links.find_one({"_id": problem.case.id}) == written
    await m0005_problem_links.up(scene.services.database)
    assert await links.count_documents({}) == 1


async def test_a_story_is_offered_the_problem_that_its_words_are_about(scene: Scene) -> None:
    bins = await scene.expose(await scene.exposure("垃圾桶满了", BINS))
    await scene.expose(await scene.exposure("路灯不亮", LAMPS), place="长柳路")
    scene.clock.advance(hours=30)
    story = await scene.decide(await scene.story("垃圾桶清空了", FIXED), Kind.FOLLOW_UP)

    offered = await scene.services.desk.candidates(story)

    assert offered[0][0].number == bins.number
    assert "similar words" in offered[0][1].reasons


async def test_a_duplicate_is_no_longer_found(scene: Scene) -> None:
    problem = await scene.expose(await scene.exposure("垃圾桶满了", BINS))
    links = scene.services.database[COLLECTION]
    await links.update_one({"_id": problem.case.id}, {"$set": {"gone": True}})
    story = await scene.decide(await scene.story("垃圾桶清空了", FIXED), Kind.FOLLOW_UP)
    assert await scene.services.desk.candidates(story) == []


async def test_what_was_closed_long_ago_is_not_offered(scene: Scene) -> None:
    problem = await scene.expose(await scene.exposure("垃圾桶满了", BINS))
    links = scene.services.database[COLLECTION]
    story = await scene.decide(await scene.story("垃圾桶清空了", FIXED), Kind.FOLLOW_UP)
    for days, count in ((400, 0), (40, 1)):
        settled = story.published_at - timedelta(days=days)
        await links.update_one({"_id": problem.case.id}, {"$set": {"settled_at": settled}})
        assert len(await scene.services.desk.candidates(story)) == count


async def test_a_story_is_offered_what_the_story_it_links_to_is_tied_to_while_that_stands(scene: Scene) -> None:
    exposure = await scene.exposure("垃圾桶满了", BINS)
    problem = await scene.expose(exposure)
    stories = scene.services.database["stories"]
    address = "//news.example/1"
    await stories.update_one({"title": "垃圾桶满了"}, {"$set": {"link": address}})
    story = await scene.decide(await scene.story("有了下文", "前文说的事,现在有了下文。"), Kind.FOLLOW_UP)
    story = story.model_copy(update={"html": f'<a href="https:{address}">前文</a>'})

    ((offered, candidate), *_) = await scene.services.desk.candidates(story)
    assert offered.number == problem.number
    assert "the story links to a story that exposed it" in candidate.reasons

    exposure = await scene.fresh(exposure)
    await scene.services.desk.withdraw(str(exposure.id), exposure.version, scene.editor, scene.who(scene.editor))
    reasons = {why for _, each in await scene.services.desk.candidates(story) for why in each.reasons}
    assert "the story links to a story that exposed it" not in reasons


async def test_what_a_problem_is_corrected_to_is_what_it_is_found_by(scene: Scene) -> None:
    problem = await scene.expose(await scene.exposure("垃圾桶满了", BINS))
    await scene.services.problems.correct(
        problem.number,
        problem.case.version,
        title="路灯不亮",
        place="长柳路",
        category=problem.case.category,
        region=None,
        severity=problem.case.severity,
        long_standing=False,
        actor=scene.editor,
        origin=scene.who(scene.editor),
    )
    row = await scene.services.database[COLLECTION].find_one({"_id": problem.case.id})
    assert row is not None
    assert (row["place"], row["region_path"]) == ("长柳路", [])


async def test_when_an_outlet_changes_a_tied_story_its_problem_is_found_by_what_it_says_now(scene: Scene) -> None:
    story = await scene.exposure("垃圾桶满了", BINS)
    problem = await scene.expose(story)
    apart = await scene.expose(await scene.exposure("路灯不亮", LAMPS, outlet="晚报"), place="长柳路")
    links = scene.services.database[COLLECTION]
    before = await links.find_one({"_id": problem.case.id})
    left = await links.find_one({"_id": apart.case.id})
    await scene.services.pipeline.catch_up()
    assert await links.find_one({"_id": problem.case.id}) == before

    await _change(scene, story, LAMPS)
    await scene.services.pipeline.catch_up()

    after = await links.find_one({"_id": problem.case.id})
    assert after is not None
    assert before is not None
    assert after["grams"] != before["grams"]
    assert {**after, "grams": 0, "weights": 0, "keys": 0} == {**before, "grams": 0, "weights": 0, "keys": 0}
    assert await links.find_one({"_id": apart.case.id}) == left


async def test_following_changed_stories_a_second_time_changes_nothing(scene: Scene) -> None:
    story = await scene.exposure("垃圾桶满了", BINS)
    await scene.expose(story)
    await _change(scene, story, LAMPS)
    await scene.services.pipeline.catch_up()
    database = scene.services.database
    once = await database[COLLECTION].find().to_list()

    await database["consumers"].delete_one({"_id": relinking.CONSUMER})
    await scene.services.pipeline.catch_up()

    assert await database[COLLECTION].find().to_list() == once
    assert await database["parked_events"].count_documents({}) == 0


async def _change(scene: Scene, story: Story, text: str) -> None:
    """What an outlet's correction leaves behind: another text, and an event that says so."""
    now = await scene.fresh(story)

    async def work(tx: Transaction) -> None:
        changes = {"$set": {"text": text}, "$inc": {"version": 1}}
        await scene.services.database["stories"].update_one({"_id": now.id}, changes, session=tx.session)
        tx.record(NewEvent("story", ObjectId(now.id), now.version + 1, "changed", scene.clock.now))

    transactor = Transactor(scene.services.database, scene.services.log)
    await transactor.run(work, SYSTEM)


async def test_how_rare_grams_are_is_counted_in_a_thread_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []

    def counted() -> Rarity:
        threads.append(threading.get_ident())
        return Rarity.of(["垃圾桶满了"])

    monkeypatch.setattr(rarity, "background", counted)
    rarity.background_weights.cache_clear()
    try:
        for _ in range(2):
            await rarity.background_ready()
            assert len(rarity.background_weights()) == SIZE
        assert len(threads) == 1
        assert threads[0] != threading.get_ident()
    finally:
        rarity.background_weights.cache_clear()
