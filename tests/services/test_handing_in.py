"""Stories that no feed brings: handed in by sheet, link or program, each is stored once, whichever way it came in first."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from bson import ObjectId

from media_tracker.errors import Conflict, NotFound
from media_tracker.ingest.documents import Story
from media_tracker.ingest.entries import ParsedEntry
from media_tracker.ingest.feed_dates import FeedDate
from media_tracker.ingest.handed import handed_entry
from media_tracker.ingest.handing_in import MOST_SCREENSHOTS, Status, Taken
from media_tracker.ingest.sheets import SheetRow
from media_tracker.migrations import m0002_story_links
from media_tracker.outlets.documents import FeedSource, OutletKind, Platform
from tests.services.origin import Item
from tests.services.scene import Scene

LINK = "https://mp.weixin.qq.com/s?__biz=Mz&mid=26&idx=1&sn=ab"


async def outlet(scene: Scene, *, demo: bool = False) -> ObjectId:
    return await scene.services.outlets.add_outlet("示例晚报", OutletKind.NEWSPAPER, partner=True, demo=demo)


def entry(
    guid: str | None = None, title: str = "井盖破损", text: str = "三号楼前。", link: str | None = None
) -> ParsedEntry:
    return handed_entry(guid=guid, link=link, title=title, text=text)


def statuses(taken: list[Taken]) -> list[Status]:
    return [each.status for each in taken]


# -- the feed that they stand under


async def test_an_outlet_has_one_feed_for_each_platform_however_many_ask_at_once(scene: Scene) -> None:
    outlet_id = await outlet(scene, demo=True)
    by_hand = scene.services.by_hand
    found = await asyncio.gather(*(by_hand.feed_for(outlet_id, Platform.WECHAT) for _ in range(8)))
    assert len({*found}) == 1
    assert await by_hand.feed_for(outlet_id, Platform.PAPER) not in found
    (paper, wechat) = sorted(await scene.services.outlets.feeds(outlet_id), key=lambda feed: feed.platform)
    assert (wechat.source, wechat.url, wechat.demo) == (FeedSource.HAND, f"hand:{outlet_id}:wechat", True)
    assert paper.platform is Platform.PAPER


async def test_such_a_feed_is_never_due_and_belongs_to_an_outlet(scene: Scene) -> None:
    await scene.services.by_hand.feed_for(await outlet(scene), Platform.WECHAT)
    scene.clock.advance(days=3)
    assert await scene.services.ingest.claims.due(10) == []
    assert await scene.services.outlets.subscriptions() == [], "an export lists what other readers could read"
    with pytest.raises(NotFound):
        await scene.services.by_hand.feed_for(ObjectId(), Platform.WEB)


# -- once


async def test_handing_in_again_adds_nothing_and_takes_over_what_has_changed(scene: Scene) -> None:
    outlet_id, handing_in = await outlet(scene), scene.services.handing_in
    first = await handing_in.take(outlet_id, Platform.APP, [entry("1"), entry("2", "垃圾堆放")])
    again = await handing_in.take(
        outlet_id, Platform.APP, [entry("2", "垃圾堆放"), entry("1", text="更正。"), entry("3")]
    )
    assert (statuses(first), statuses(again)) == (
        [Status.NEW, Status.NEW],
        [Status.UNCHANGED, Status.CHANGED, Status.NEW],
    )
    assert [each.story_id for each in again[:2]] == [each.story_id for each in first[::-1]]
    stories = await scene.stories()
    assert len(stories) == 3
    assert {story.platform for story in stories} == {Platform.APP}
    assert {story.text for story in stories} == {"更正。", "三号楼前。"}


async def test_of_two_who_hand_in_the_same_at_once_one_stores_it(scene: Scene) -> None:
    outlet_id, handing_in = await outlet(scene), scene.services.handing_in
    entries = [entry(str(number)) for number in range(20)]
    results = await asyncio.gather(*(handing_in.take(outlet_id, Platform.WEB, entries) for _ in range(4)))
    assert len(await scene.stories()) == 20
    assert (
        sorted(status for taken in results for status in statuses(taken)) == [Status.NEW] * 20 + [Status.UNCHANGED] * 60
    )
    assert len({tuple(each.story_id for each in taken) for taken in results}) == 1


async def test_what_a_feed_of_the_outlet_has_brought_is_not_stored_again(scene: Scene) -> None:
    scene.origin.publish("/feed", Item("井盖破损", "三号楼前。", "g1", "http://www.paper.example/1.html"))
    feed = await scene.feed()
    await scene.take_in()
    (story,) = await scene.stories()
    link = "https://paper.example/1.html?utm_source=app"
    (taken,) = await scene.services.handing_in.take(feed.outlet_id, Platform.APP, [entry("own-1", link=link)])
    assert (taken.story_id, taken.status) == (story.id, Status.KNOWN)
    other = await scene.services.outlets.add_outlet("别家", OutletKind.PORTAL, partner=False)
    (theirs,) = await scene.services.handing_in.take(other, Platform.APP, [entry("own-1", link=link)])
    assert theirs.status is Status.NEW, "another outlet's copy is a story of its own"


async def test_a_link_under_which_several_stories_stand_does_not_swallow_a_new_one(scene: Scene) -> None:
    outlet_id, handing_in = await outlet(scene), scene.services.handing_in
    shared = "https://paper.example/today"
    await handing_in.take(outlet_id, Platform.PAPER, [entry("1", link=shared), entry("2", link=shared)])
    (taken,) = await handing_in.take(outlet_id, Platform.WEB, [entry("3", "另一篇", link=shared)])
    assert taken.status is Status.NEW


async def test_a_sheet_is_taken_in_parts_and_a_second_time_adds_nothing(scene: Scene) -> None:
    outlet_id, now = await outlet(scene), scene.clock.now
    rows = [
        SheetRow(
            line=number + 2,
            title=f"稿{number}",
            link=f"https://a.example/{number}",
            platform=Platform.DOUYIN if number % 50 == 0 else None,
            published=FeedDate(now - timedelta(days=1), "day"),
        )
        for number in range(250)
    ]
    first = await scene.services.handing_in.take_sheet(outlet_id, rows, Platform.WECHAT)
    again = await scene.services.handing_in.take_sheet(outlet_id, rows[::-1], Platform.WECHAT)
    assert (first, again) == ({Status.NEW: 250}, {Status.UNCHANGED: 250})
    stories = await scene.stories()
    assert sum(story.platform is Platform.DOUYIN for story in stories) == 5
    assert {story.precision for story in stories} == {"day"}


async def test_stories_from_before_are_found_by_their_link_once_it_is_written(scene: Scene) -> None:
    outlet_id, handing_in = await outlet(scene), scene.services.handing_in
    await handing_in.take(outlet_id, Platform.WEB, [entry("1", link=LINK + "&scene=1"), entry("2")])
    stories = scene.services.database["stories"]
    await stories.update_many({}, {"$unset": {"link": ""}})
    await m0002_story_links.up(scene.services.database)
    await m0002_story_links.up(scene.services.database)
    (taken,) = await handing_in.take(outlet_id, Platform.WECHAT, [entry("3", link=LINK)])
    assert taken.status is Status.KNOWN
    assert await stories.count_documents({"link": {"$exists": False}}) == 1, "one without an address needs none"


# -- one story, by an editor


async def enter(scene: Scene, outlet_id: ObjectId, one: ParsedEntry, *files: ObjectId) -> Taken:
    who = scene.who(scene.editor)
    return await scene.services.handing_in.take_story(outlet_id, Platform.WECHAT, one, files, who)


async def story_of(scene: Scene, taken: Taken) -> Story:
    return await scene.services.stories.get(taken.story_id)


async def test_a_pasted_story_tells_who_entered_it(scene: Scene) -> None:
    taken = await enter(scene, await outlet(scene), entry(link=LINK))
    story = await story_of(scene, taken)
    events = await scene.services.log.of("story", taken.story_id)
    assert [(event.type, event.actor) for event in events] == [("ingested", None), ("entered", scene.editor.user_id)]
    assert (taken.status, story.version, story.platform) == (Status.NEW, 2, Platform.WECHAT)


async def test_pasting_a_link_that_is_here_leads_to_that_story_and_changes_nothing(scene: Scene) -> None:
    outlet_id = await outlet(scene)
    first = await enter(scene, outlet_id, entry(link=LINK))
    before = await story_of(scene, first)
    again = await enter(scene, outlet_id, entry(title="别的标题", link=LINK + "&scene=21#wechat_redirect"))
    assert (again.story_id, again.status) == (first.story_id, Status.KNOWN)
    assert await story_of(scene, first) == before
    other = await enter(scene, outlet_id, entry(link=LINK.replace("idx=1", "idx=2")))
    assert other.status is Status.NEW


async def test_screenshots_are_attached_to_a_new_story_and_to_one_that_was_here(scene: Scene) -> None:
    outlet_id = await outlet(scene)
    first, second = await scene.photo(), await scene.photo("L")
    taken = await enter(scene, outlet_id, entry(link=LINK), first)
    again = await enter(scene, outlet_id, entry(link=LINK), second)
    story = await story_of(scene, taken)
    assert (again.story_id, story.attachments, story.version) == (taken.story_id, [first, second], 3)
    for file_id in (first, second):
        metadata, _ = await scene.services.files.open(file_id)
        assert metadata.attached


async def test_a_screenshot_that_is_gone_or_one_too_many_is_refused_and_nothing_is_half_attached(scene: Scene) -> None:
    outlet_id = await outlet(scene)
    with pytest.raises(Conflict):
        await enter(scene, outlet_id, entry(link=LINK), ObjectId())
    (story,) = await scene.stories()
    assert (story.attachments, story.version) == ([], 1)
    await scene.services.database["stories"].update_one(
        {}, {"$set": {"attachments": [ObjectId() for _ in range(MOST_SCREENSHOTS)]}}
    )
    file_id = await scene.photo()
    with pytest.raises(Conflict):
        await enter(scene, outlet_id, entry(link=LINK), file_id)
    metadata, _ = await scene.services.files.open(file_id)
    assert not metadata.attached
    await scene.services.database["stories"].update_one({}, {"$set": {"attachments": []}})  # they were made up
