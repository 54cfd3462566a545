"""What happens by itself to a story: it gets a suggestion, and finds its reprints; once, however often it is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from bson import ObjectId

from media_tracker.db.consumers import LEASE_SECONDS, Consumer, ConsumerRunner
from media_tracker.db.events import Event
from media_tracker.ingest.documents import Kind
from media_tracker.pipeline import Pipeline
from media_tracker.wiring import Services
from tests.services.deaths import Killed, cut_off
from tests.services.origin import Item
from tests.services.scene import XINHUA, Scene

TITLE = "曝光：新华社区3号楼前垃圾堆放多日无人清运"
TEXT = (
    "本报讯 记者近日在张店区车站街道新华社区走访时看到，3号楼前的空地上堆放着大量生活垃圾和废旧家具，"
    "气味难闻，蚊蝇成群。居民李女士告诉记者，这些垃圾已经堆放了一个多星期，多次反映后仍然无人清运。"
    "附近商户也说，每到刮风天，塑料袋就被吹得到处都是，希望有关部门尽快处理，还居民一个干净的环境。"
)
OTHER = (
    "本报讯 昨天下午，一场以书香为主题的读书活动在市图书馆举行，来自各区县的八十多名小学生参加了朗诵比赛。"
    "孩子们声情并茂地朗诵了自己喜爱的诗歌和散文，现场掌声不断。主办方表示，今后每个月都会举办类似的活动。"
)


async def look(services: Services) -> int:
    return await services.pipeline.catch_up()


async def test_a_new_story_gets_a_suggestion_with_its_evidence_and_a_cluster(scene: Scene) -> None:
    story = await scene.story(TITLE, TEXT)
    assert (story.suggestion, story.cluster) == (None, None)

    assert await look(scene.services) == 4, "one event and what it was taken for, which two consumers have seen"

    story = await scene.fresh(story)
    assert story.suggestion is not None
    assert story.suggestion.kind is Kind.EXPOSURE
    assert story.suggestion.category == "201"
    assert story.suggestion.region == XINHUA
    assert story.suggestion.content_hash == story.content_hash
    shown = {(story.title if e.field == "title" else story.text)[e.start : e.end] for e in story.suggestion.evidence}
    assert "新华社区" in shown
    assert story.district == "370303"
    assert story.cluster == story.id
    assert story.version == 1


async def test_looking_again_changes_nothing(scene: Scene) -> None:
    await scene.story(TITLE, TEXT)
    await scene.story("读书", OTHER)
    await look(scene.services)
    before = await scene.stories()

    assert await look(scene.services) == 0
    await scene.services.tagging.look_at([ObjectId(story.id) for story in before])

    assert await scene.stories() == before


async def test_a_process_killed_before_its_position_is_saved_does_the_work_again_with_the_same_result(
    scene: Scene,
) -> None:
    await scene.story(TITLE, TEXT)
    await scene.story(TITLE, TEXT, outlet="晚报")
    consumer = scene.services.tagging.consumer()

    async def dies(events: Sequence[Event]) -> None:
        await consumer.handle(events)
        raise Killed

    runner = ConsumerRunner(scene.services.database, scene.services.log, scene.clock, "dead")
    with pytest.raises(Killed):
        await runner.catch_up(Consumer(consumer.name, dies))
    before = await scene.stories()
    assert all(story.cluster is not None for story in before)

    assert await look(scene.services) == 6, (
        "two events and what is new about one of them, which two consumers have seen"
    )
    assert await scene.stories() == before


async def test_a_process_cut_off_at_any_moment_leaves_no_story_without_suggestion(scene: Scene) -> None:
    for moment in range(8):
        await scene.story(f"{TITLE}之{moment}", TEXT if moment % 2 else OTHER)
        await cut_off(look(scene.services), moment * 0.004)

    scene.clock.advance(seconds=LEASE_SECONDS + 60)
    await look(scene.services)

    stories = await scene.stories()
    assert len(stories) == 8
    assert all(story.suggestion is not None for story in stories)
    assert len({story.cluster for story in stories}) == 2


async def test_two_processes_that_look_at_the_same_stories_agree(scene: Scene, other_process: Services) -> None:
    for number in range(6):
        await scene.story(f"{TITLE}{number}", TEXT, outlet=f"报{number}")
    ids = [ObjectId(story.id) for story in await scene.stories()]

    await asyncio.gather(scene.services.tagging.look_at(ids), other_process.tagging.look_at(ids))

    assert {story.cluster for story in await scene.stories()} == {ids[0]}


async def test_two_pipelines_at_once_handle_every_story(scene: Scene, other_process: Services) -> None:
    for number in range(4):
        await scene.story(f"{TITLE}{number}", TEXT)

    handled = await asyncio.gather(look(scene.services), look(other_process), look(scene.services))

    assert sum(handled) >= 4
    assert all(story.suggestion is not None for story in await scene.stories())


async def test_a_changed_story_is_looked_at_again(scene: Scene) -> None:
    await scene.feed()
    scene.origin.publish("/feed", Item("标题", TEXT, "g"))
    await scene.take_in()
    await look(scene.services)
    (before,) = await scene.stories()
    scene.origin.publish("/feed", Item("标题", OTHER, "g"))
    await scene.take_in()

    await look(scene.services)

    (after,) = await scene.stories()
    assert before.suggestion is not None
    assert after.suggestion is not None
    assert before.suggestion.kind is Kind.EXPOSURE
    assert after.suggestion.kind is not Kind.EXPOSURE
    assert after.suggestion.content_hash == after.content_hash
    assert after.bands != before.bands


async def test_a_suggestion_for_a_text_that_has_changed_meanwhile_is_not_kept(scene: Scene) -> None:
    """Ingest and tagging run side by side; the text that was looked at must be the text that is there."""
    await scene.feed()
    scene.origin.publish("/feed", Item("标题", TEXT, "g"))
    await scene.take_in()
    (before,) = await scene.stories()
    looking = asyncio.create_task(scene.services.tagging.look_at([ObjectId(before.id)]))
    scene.origin.publish("/feed", Item("标题", OTHER, "g"))
    await scene.take_in()
    await looking

    (between,) = await scene.stories()
    assert between.suggestion is None or between.suggestion.content_hash == between.content_hash
    await look(scene.services)
    (after,) = await scene.stories()
    assert after.suggestion is not None
    assert after.suggestion.content_hash == after.content_hash


async def test_a_decision_is_not_touched_when_the_story_is_looked_at_again(scene: Scene) -> None:
    story = await scene.decide(await scene.story(TITLE, TEXT), Kind.NOTICE)

    await look(scene.services)

    after = await scene.fresh(story)
    assert (after.decision, after.district, after.version) == (story.decision, story.district, story.version)
    assert after.suggestion is not None


async def test_reprints_in_other_outlets_share_a_cluster_and_the_first_one_is_first(scene: Scene) -> None:
    now = scene.clock.now
    first = await scene.story(TITLE, TEXT, at=now - timedelta(hours=5))
    await look(scene.services)
    reprint = await scene.story("转载：" + TITLE, TEXT, outlet="晚报", at=now - timedelta(hours=3))
    cut = await scene.story(TITLE, TEXT[: len(TEXT) * 3 // 4], outlet="网", at=now - timedelta(hours=1))
    other = await scene.story("读书", OTHER, outlet="网")
    await look(scene.services)

    assert {(await scene.fresh(story)).cluster for story in (first, reprint, cut)} == {first.id}
    assert (await scene.fresh(other)).cluster == other.id
    told = await scene.services.stories.in_cluster(ObjectId(first.id), ObjectId(cut.id))
    assert [story.id for story in told] == [first.id, reprint.id]


async def test_an_earlier_copy_that_comes_in_later_joins_the_cluster_and_stands_before(scene: Scene) -> None:
    late = await scene.story(TITLE, TEXT, at=scene.clock.now - timedelta(hours=1))
    await look(scene.services)
    early = await scene.story(TITLE, TEXT, outlet="晚报", at=scene.clock.now - timedelta(hours=9))
    await look(scene.services)

    assert (await scene.fresh(early)).cluster == late.id
    (found,) = await scene.services.stories.in_cluster(ObjectId(late.id), ObjectId(late.id))
    assert found.id == early.id


async def test_copies_in_one_batch_share_a_cluster(scene: Scene) -> None:
    items = [Item(f"{TITLE}{number}", TEXT, f"g{number}") for number in range(5)]
    scene.origin.publish("/feed", *items)
    await scene.feed()
    await scene.take_in()

    await look(scene.services)

    assert len({story.cluster for story in await scene.stories()}) == 1


async def test_the_same_words_a_month_later_are_a_new_story(scene: Scene) -> None:
    old = await scene.story(TITLE, TEXT, at=scene.clock.now - timedelta(days=30))
    new = await scene.story(TITLE, TEXT, outlet="晚报")
    await look(scene.services)

    assert (await scene.fresh(old)).cluster != (await scene.fresh(new)).cluster


async def test_texts_that_are_too_short_to_compare_stay_alone(scene: Scene) -> None:
    one, two = await scene.story("图片新闻", "图"), await scene.story("图片新闻", "图", outlet="晚报")
    await look(scene.services)

    assert (await scene.fresh(one)).cluster == one.id
    assert (await scene.fresh(two)).cluster == two.id


async def test_the_pipeline_adds_up_what_its_consumers_have_handled(scene: Scene) -> None:
    await scene.story(TITLE, TEXT)
    seen: list[int] = []

    async def note(events: Sequence[Event]) -> None:
        seen.extend(event.position for event in events)

    runner = ConsumerRunner(scene.services.database, scene.services.log, scene.clock, "a")
    pipeline = Pipeline(runner, [scene.services.tagging.consumer(), Consumer("notes", note)])

    assert await pipeline.catch_up() == 4, "with the event that tells what the story was taken for"
    assert len(seen) == 2
