"""Finding stories by words: at once, also when the words have been bound, and never by what a story said once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from bson import ObjectId

from media_tracker.db.cursors import write_cursor
from media_tracker.ingest import words
from media_tracker.ingest.stories import StoryFilter
from media_tracker.ingest.words import LEAVES, PAGES, VOLUMES, StoryWords
from media_tracker.text.segment import search_tokens
from media_tracker.wiring import Services
from tests.services.deaths import cut_off, refusing
from tests.services.origin import Item
from tests.services.scene import Scene


async def found(services: Services, text: str, **more: object) -> list[str]:
    """Titles of the stories that say ``text``, newest first, by pages of two; and as many are counted."""
    wanted = StoryFilter(words=text, **more)  # type: ignore[arg-type]
    titles: list[str] = []
    after = None
    while True:
        page = await services.stories.page(wanted, after, size=2)
        titles += [story.title for story in page.stories]
        after = page.next
        if after is None:
            assert await services.stories.count(wanted) == len(titles)
            newest = await services.stories.newest(wanted)
            assert [newest.title if newest else None] == [*titles, None][:1]
            return titles


def binding(services: Services) -> StoryWords:
    """One that binds whatever is there."""
    return StoryWords(services.database, leaves_to_bind=1)


async def test_a_story_is_found_by_words_of_one_two_and_more_characters(scene: Scene) -> None:
    await scene.story("垃圾桶满了", "路口的ＡＰＰ显示 3.5 米深的井，气味难闻。")
    for text in ("满", "垃圾", "垃圾桶", "app", "井 气味", "3.5", "难闻 垃圾"):
        assert await found(scene.services, text) == ["垃圾桶满了"], text
    for text in ("井盖", "垃圾 井盖", "圾"):
        assert await found(scene.services, text) == [], text


async def test_what_has_no_word_in_it_finds_nothing_rather_than_everything(scene: Scene) -> None:
    await scene.story("垃圾桶满了", "……")
    for text in ("。。。", "\0", "x" * 60):
        assert await found(scene.services, text) == [], text
    assert await found(scene.services, " ") == ["垃圾桶满了"]


async def test_nothing_is_found_where_there_is_nothing(scene: Scene) -> None:
    assert await found(scene.services, "垃圾") == []
    assert await binding(scene.services).bind() == 0


async def test_a_changed_story_is_found_by_what_it_says_now(scene: Scene) -> None:
    await scene.feed()
    scene.origin.publish("/feed", Item("井盖", "旧的说法", guid="1"), Item("路灯", "两者皆有", guid="2"))
    await scene.take_in()
    scene.origin.publish("/feed", Item("井盖", "新的消息", guid="1"), Item("路灯", "两者皆有", guid="2"))
    assert (await scene.take_in()).changed == 1
    for _ in range(2):
        assert await found(scene.services, "说法") == []
        assert await found(scene.services, "消息") == ["井盖"]
        assert await found(scene.services, "井盖") == ["井盖"]
        await binding(scene.services).bind()


async def test_stories_are_listed_newest_first_whether_their_words_are_bound_or_not(scene: Scene) -> None:
    now = scene.clock.now
    hours = (5, 1, 4, 2, 6, 3)
    for number, ago in enumerate(hours):
        await scene.story(f"{ago}小时前", "小区垃圾" + "成堆" * number, at=now - timedelta(hours=ago))
        if number in (1, 3):
            assert await binding(scene.services).bind() == 2
    assert await scene.services.database[VOLUMES].count_documents({}) == 2
    assert await found(scene.services, "小区 垃圾") == [f"{ago}小时前" for ago in sorted(hours)]
    assert await found(scene.services, "成堆", end=now - timedelta(hours=2)) == [f"{ago}小时前" for ago in (3, 4, 6)]


async def test_other_filters_go_with_the_words(scene: Scene) -> None:
    one = await scene.story("一", "井盖破损")
    await scene.story("二", "井盖破损", outlet="晚报")
    await binding(scene.services).bind()
    assert await found(scene.services, "井盖", outlet_id=one.outlet_id) == ["一"]
    assert await found(scene.services, "井盖", withdrawn=True) == []


async def test_more_stories_than_are_looked_at_together_are_all_found(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media_tracker.ingest.stories.LOOKED_AT_ONCE", 2)
    for number in range(5):
        await scene.story(f"第{number}篇", "路面破损")
    assert await found(scene.services, "路面") == [f"第{number}篇" for number in range(5)]


async def test_what_an_earlier_release_has_stored_is_found_beside_the_rest(scene: Scene) -> None:
    old, new = await scene.story("旧", "井盖破损"), await scene.story("新", "井盖破损")
    stories = scene.services.database["stories"]
    await scene.services.database[LEAVES].delete_many({"newest": int(old.published_at.timestamp() * 1000)})
    assert await found(scene.services, "井盖") == ["新"]
    await stories.update_one({"_id": old.id}, {"$set": {"search": search_tokens("旧 井盖破损")}})
    assert await found(scene.services, "井盖") == ["旧", "新"]
    cursor = write_cursor(old.published_at, old.id)  # type: ignore[arg-type]
    page = await scene.services.stories.page(StoryFilter(words="井盖"), cursor)
    assert [story.id for story in page.stories] == [new.id]


async def test_two_who_bind_at_the_same_time_lose_and_double_nothing(scene: Scene, other_process: Services) -> None:
    for number in range(4):
        await scene.story(f"第{number}篇", "路面破损")
    both = await asyncio.gather(*(binding(each).bind() for each in (scene.services, other_process)))
    assert sorted(both) == [0, 4]
    assert await scene.services.database[VOLUMES].count_documents({}) == 1
    assert await found(scene.services, "路面") == [f"第{number}篇" for number in range(4)]


async def test_who_is_killed_while_binding_leaves_everything_to_be_found(scene: Scene) -> None:
    for number in range(4):
        await scene.story(f"第{number}篇", "路面破损")
    for seconds in (0.0, 0.003, 0.006, 0.012, 0.02):
        await cut_off(binding(scene.services).bind(), seconds)
        assert await found(scene.services, "路面") == [f"第{number}篇" for number in range(4)]


async def test_a_volume_that_cannot_be_written_leaves_its_leaves(scene: Scene) -> None:
    await scene.story("一", "路面破损")
    await binding(scene.services).bind()
    await scene.story("二", "路面破损")
    async with refusing(scene.services.database, PAGES):
        with pytest.raises(Exception, match="validation"):
            await binding(scene.services).bind()
    assert await scene.services.database[LEAVES].count_documents({}) == 1
    assert await found(scene.services, "路面") == ["一", "二"]


async def test_words_are_bound_by_the_pipeline_when_they_have_piled_up(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await scene.services.pipeline.catch_up() == 0
    await scene.story("一", "路面破损")
    await scene.services.pipeline.catch_up()
    assert await scene.services.database[VOLUMES].count_documents({}) == 0
    for number in range(words.LEAVES_TO_BIND):
        await StoryWords(scene.services.database).write(None, [([_said(number, scene)], ())])
    await scene.story("二", "路面破损")
    await scene.services.pipeline.catch_up()
    assert await scene.services.database[VOLUMES].count_documents({}) == 1
    assert await found(scene.services, "路面") == ["一", "二"]


def _said(number: int, scene: Scene) -> words.Said:
    """Of a story that is gone."""
    return words.Said(ObjectId(), scene.clock.now, str(number), "路面")
