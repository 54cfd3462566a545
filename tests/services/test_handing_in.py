"""Stories that no feed brings: handed in by sheet, link or program, each is stored once, whichever way it came in first."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from bson import ObjectId

from media_tracker.db.transactions import Transactor
from media_tracker.errors import Conflict, NotFound
from media_tracker.ingest.documents import Kind, Story
from media_tracker.ingest.entries import ParsedEntry
from media_tracker.ingest.feed_dates import FeedDate
from media_tracker.ingest.handed import handed_entry
from media_tracker.ingest.handing_in import MOST_SCREENSHOTS, HandingIn, Status, Taken
from media_tracker.ingest.service import FeedResult
from media_tracker.ingest.sheets import SheetRow
from media_tracker.migrations import m0002_story_links
from media_tracker.outlets.documents import FeedSource, OutletKind, Platform
from tests.services.deaths import DyingTransactor, Killed, PausingTransactor
from tests.services.origin import Item
from tests.services.scene import Scene
from tests.services.test_ingest import ingest_of

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
    editor = scene.editor.user_id
    assert [(event.type, event.actor) for event in events] == [("ingested", editor), ("entered", editor)]
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
    assert await scene.stories() == []
    assert await scene.services.log.read(0) == []
    taken = await enter(scene, outlet_id, entry(link=LINK))
    await scene.services.database["stories"].update_one(
        {"_id": taken.story_id}, {"$set": {"attachments": [ObjectId() for _ in range(MOST_SCREENSHOTS)]}}
    )
    file_id = await scene.photo()
    with pytest.raises(Conflict):
        await enter(scene, outlet_id, entry(link=LINK), file_id)
    metadata, _ = await scene.services.files.open(file_id)
    assert not metadata.attached
    await scene.services.database["stories"].update_one({}, {"$set": {"attachments": []}})  # they were made up


@pytest.mark.parametrize("pasted_elsewhere", [False, True], ids=["one platform", "two platforms"])
async def test_of_editors_who_paste_one_link_at_once_one_enters_it_and_the_others_add_nothing(
    scene: Scene, pasted_elsewhere: bool
) -> None:
    outlet_id, handing_in, who = await outlet(scene), scene.services.handing_in, scene.who(scene.editor)
    platforms = [Platform.WECHAT, Platform.APP if pasted_elsewhere else Platform.WECHAT] * 3
    results = await asyncio.gather(
        *(
            handing_in.take_story(outlet_id, platform, entry(text=f"第{number}稿。", link=LINK), [], who)
            for number, platform in enumerate(platforms)
        )
    )
    (story,) = await scene.stories()
    assert sorted(statuses(results)) == [Status.KNOWN] * 5 + [Status.NEW]
    assert {taken.story_id for taken in results} == {story.id}
    (first,) = (number for number, taken in enumerate(results) if taken.status is Status.NEW)
    assert (story.text, story.version, story.revisions) == (f"第{first}稿。", 2, [])


async def test_a_link_that_the_outlets_program_has_sent_under_an_id_is_not_entered_again(scene: Scene) -> None:
    outlet_id = await outlet(scene)
    (sent,) = await scene.services.handing_in.take(outlet_id, Platform.WECHAT, [entry("own-1", link=LINK)])
    taken = await enter(scene, outlet_id, entry(title="别的标题", link=LINK))
    assert (taken.story_id, taken.status) == (sent.story_id, Status.KNOWN)


async def test_a_story_whose_entering_is_killed_is_entered_whole_the_next_time(scene: Scene) -> None:
    outlet_id, services, who = await outlet(scene), scene.services, scene.who(scene.editor)
    file_id, dying = await scene.photo(), DyingTransactor(scene.services.database, scene.services.log, times=1)
    ingest = ingest_of(scene, dying, services.fetcher)
    there = HandingIn(services.database, dying, services.by_hand, ingest, services.files, scene.clock)

    with pytest.raises(Killed):
        await there.take_story(outlet_id, Platform.WECHAT, entry(link=LINK), [file_id], who)

    assert await scene.stories() == []
    taken = await there.take_story(outlet_id, Platform.WECHAT, entry(link=LINK), [file_id], who)
    assert (taken.status, (await story_of(scene, taken)).attachments) == (Status.NEW, [file_id])
    assert [event.type for event in await services.log.of("story", taken.story_id)] == ["ingested", "entered"]


# -- first by hand, then by the outlet's feed


PAGE = "https://www.paper.example/1.html"
AS_FED = "http://paper.example/1.html?utm_source=rss"


async def fed(scene: Scene, *items: Item) -> FeedResult:
    """The outlet's feed holds ``items`` now, and is read."""
    scene.origin.publish("/feed", *items)
    feed = await scene.feed(outlet="示例晚报")
    return await scene.services.ingest.take_in(feed)


async def happened(scene: Scene, story: Story) -> list[str]:
    return [event.type for event in await scene.services.log.of("story", ObjectId(story.id))]


async def test_a_pasted_story_that_the_feed_brings_later_is_the_same_story_changed(scene: Scene) -> None:
    taken = await enter(scene, await outlet(scene), entry(link=PAGE), await scene.photo())
    before = await scene.decide(await story_of(scene, taken), Kind.EXPOSURE)
    scene.clock.advance(minutes=30)

    result = await fed(scene, Item("井盖破损多日", "三号楼前井盖破损。", "g1", AS_FED), Item("别的", "四号楼。", "g2"))

    assert (result.error, result.new, result.changed) == (None, 1, 1)
    story = await story_of(scene, taken)
    assert (story.feed_id, story.platform) == (result.feed_id, Platform.WECHAT)
    assert (story.title, story.text) == ("井盖破损多日", "三号楼前井盖破损。")
    assert [revision.title for revision in story.revisions] == ["井盖破损"]
    assert (story.decision, story.changed_since_decision) == (before.decision, True)
    assert (story.published_at, story.attachments) == (before.published_at, before.attachments)
    assert await happened(scene, story) == ["ingested", "entered", "decided", "adopted", "changed"]
    again = await fed(scene, Item("井盖破损多日", "三号楼前井盖破损。已更换。", "g1", AS_FED))
    assert (again.new, again.changed, len(await scene.stories())) == (0, 1, 2)


async def test_a_story_that_a_program_has_sent_and_the_feed_brings_in_the_same_words_stays_as_it_is(
    scene: Scene,
) -> None:
    outlet_id, handing_in = await outlet(scene), scene.services.handing_in
    sent = entry("own-1", link=PAGE)
    await handing_in.take(outlet_id, Platform.WEB, [sent])
    result = await fed(scene, Item("井盖破损", "三号楼前。", "g1", AS_FED))
    (again,) = await handing_in.take(outlet_id, Platform.WEB, [sent])
    (story,) = await scene.stories()
    assert (result.new, result.changed, again.status) == (0, 0, Status.KNOWN)
    assert (story.revisions, story.changed_since_decision, story.version) == ([], False, 2)
    assert await happened(scene, story) == ["ingested", "adopted"]


@pytest.mark.parametrize("said", ["", "三号楼前，井盖破损多日……"], ids=["a title", "a summary"])
async def test_a_feed_that_says_less_than_was_pasted_takes_nothing_away_until_it_says_something_else(
    scene: Scene, said: str
) -> None:
    whole = "三号楼前，井盖破损多日，居民绕行。记者联系了责任单位。"
    taken = await enter(scene, await outlet(scene), entry(text=whole, link=PAGE))
    item = Item("井盖破损", said, "g1", AS_FED)
    result = await fed(scene, item)
    again = await fed(scene, item, Item("别的", "四号楼。", "g2"))
    assert (result.changed, again.changed) == (0, 0)
    assert (await story_of(scene, taken)).text == whole
    later = await fed(scene, replace(item, text="井盖已更换。"))
    assert (later.changed, (await story_of(scene, taken)).text) == (1, "井盖已更换。")


async def test_under_a_link_that_several_share_each_story_is_adopted_once_and_by_its_title(scene: Scene) -> None:
    outlet_id = await outlet(scene)
    sent = [entry("1", "甲", link=PAGE), entry("2", "乙", link=PAGE)]
    one, other = await scene.services.handing_in.take(outlet_id, Platform.WEB, sent)
    items = [
        Item(title, "三号楼前。", guid, PAGE) for title, guid in (("丙", "a"), ("乙", "b"), ("乙", "c"), ("甲", "d"))
    ]
    result = await fed(scene, *items)
    assert (result.new, result.changed) == (2, 0)
    feeds = {ObjectId(story.id): story.feed_id for story in await scene.stories()}
    assert len(feeds) == 4
    assert feeds[one.story_id] == feeds[other.story_id] == result.feed_id


async def test_a_feed_adopts_nothing_of_another_outlet_and_nothing_by_a_front_page(scene: Scene) -> None:
    other = await scene.services.outlets.add_outlet("别家", OutletKind.PORTAL, partner=False)
    await enter(scene, other, entry(link=PAGE))
    await enter(scene, await outlet(scene), entry("1", link="https://www.paper.example/"))
    front = Item("井盖破损", "三号楼前。", "g2", "http://paper.example")
    result = await fed(scene, Item("井盖破损", "三号楼前。", "g1", PAGE), front)
    assert (result.new, len(await scene.stories())) == (2, 4)


@pytest.mark.parametrize("first", ["feed", "editor"])
async def test_an_editor_and_a_feed_that_bring_one_story_at_the_same_moment_store_it_once(
    scene: Scene, transactor: Transactor, first: str
) -> None:
    """Who comes first has saved and not committed yet: the other cannot see it, and must not store it either."""
    services, outlet_id, who = scene.services, await outlet(scene), scene.who(scene.editor)
    scene.origin.publish("/feed", Item("井盖破损", "三号楼前。", "g1", AS_FED))
    feed = await scene.feed(outlet="示例晚报")
    pausing = PausingTransactor(services.database, services.log)
    slow = ingest_of(scene, pausing, services.fetcher)
    by_feed, by_editor = (slow, services.ingest) if first == "feed" else (services.ingest, slow)
    handing_in = HandingIn(services.database, transactor, services.by_hand, by_editor, services.files, scene.clock)
    brings = by_feed.take_in(feed)
    enters = handing_in.take_story(outlet_id, Platform.WECHAT, entry(link=PAGE), [], who)

    early = asyncio.create_task(brings if first == "feed" else enters)
    await pausing.saved.wait()
    late = asyncio.create_task(enters if first == "feed" else brings)
    done, _ = await asyncio.wait([late], timeout=0.3)
    pausing.go_on.set()
    results = await asyncio.gather(early, late)

    assert not done, "the second has to wait for the first"
    (story,) = await scene.stories()
    (taken,) = (result for result in results if isinstance(result, Taken))
    assert (taken.story_id, story.feed_id) == (story.id, feed.id)
    assert taken.status is (Status.KNOWN if first == "feed" else Status.NEW)
