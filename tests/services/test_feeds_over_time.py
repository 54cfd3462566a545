"""Feeds move, go, lie about what has changed, go quiet: what the log says of it, and what becomes of their stories."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from media_tracker.ingest.documents import FetchRecord, Result
from media_tracker.ingest.health import Health, diagnose
from media_tracker.ingest.ledger import FETCHES_KEPT
from media_tracker.outlets.documents import Feed, Notice
from media_tracker.wiring import Services
from tests.services.origin import Answer, Item, rss
from tests.services.scene import Scene

THREE = [Item(f"第{number}条", f"新华社区{number}号楼前有垃圾。", f"g{number}") for number in (1, 2, 3)]


async def change_feed(scene: Scene, path: str = "/feed", **values: Any) -> Feed:
    """As an editor would set it."""
    feed = await scene.feed(path)
    await scene.services.database["feeds"].update_one({"_id": feed.id}, {"$set": values})
    return await scene.feed_at(path)


async def log_of(scene: Scene, feed: Feed) -> list[FetchRecord]:
    feed_id = ObjectId(feed.id)
    return (await scene.services.ingest.ledger.fetches([feed_id])).get(feed_id, [])


# Moving


@pytest.mark.parametrize("status", [301, 308])
async def test_a_feed_that_has_moved_for_good_is_polled_there_and_the_editor_is_told(scene: Scene, status: int) -> None:
    scene.origin.answers["/old"] = Answer(status=status, headers={"Location": "/new"})
    scene.origin.publish("/new", *THREE)
    old = await scene.feed("/old")

    assert (await scene.take_in("/old")).new == 3

    moved = await scene.feed_at("/new")
    assert moved.id == old.id
    assert (moved.state.notice, moved.state.notice_from) == (Notice.MOVED, old.url)
    assert (await scene.take_in("/new")).new == 0


@pytest.mark.parametrize("status", [302, 303, 307])
async def test_a_detour_moves_nothing(scene: Scene, status: int) -> None:
    scene.origin.answers["/old"] = Answer(status=status, headers={"Location": "/new"})
    scene.origin.publish("/new", *THREE)
    await scene.feed("/old")

    assert (await scene.take_in("/old")).new == 3

    assert (await scene.feed_at("/old")).state.notice is None


async def test_a_move_to_what_is_no_feed_moves_nothing(scene: Scene) -> None:
    scene.origin.answers["/old"] = Answer(status=301, headers={"Location": "/new"})
    scene.origin.answers["/new"] = Answer(b"<html><body>Welcome</body></html>", headers={"Content-Type": "text/html"})
    await scene.feed("/old")

    assert (await scene.take_in("/old")).result is Result.FAILED

    assert (await scene.feed_at("/old")).state.notice is None


async def test_a_feed_that_moves_onto_another_rests_and_its_stories_stay(scene: Scene) -> None:
    scene.origin.publish("/old", *THREE)
    scene.origin.publish("/new", *THREE)
    await scene.feed("/old")
    await scene.feed("/new")
    await scene.take_in("/old")
    scene.origin.answers["/old"] = Answer(status=301, headers={"Location": "/new"})

    await scene.take_in("/old")

    resting = await scene.feed_at("/old")
    assert not resting.active
    assert (resting.state.notice, resting.state.notice_from) == (Notice.MOVED_ONTO_ANOTHER, scene.origin.url("/new"))
    assert len([story for story in await scene.stories() if story.feed_id == resting.id]) == 3


async def test_a_feed_that_is_gone_rests_with_a_notice(scene: Scene) -> None:
    scene.origin.answers["/feed"] = Answer(status=410)
    await scene.feed()

    assert (await scene.take_in()).result is Result.FAILED

    gone = await scene.feed_at("/feed")
    assert (gone.active, gone.state.notice) == (False, Notice.GONE)
    assert await scene.services.ingest.claims.due(5) == []


async def test_one_that_is_not_found_is_asked_for_ever(scene: Scene) -> None:
    scene.origin.answers["/feed"] = Answer(status=404)
    await scene.feed()
    for _ in range(40):
        (feed,) = await scene.services.ingest.claims.due(5)
        await scene.services.ingest.take_in(feed)
        scene.clock.advance(hours=24)

    state = (await scene.feed_at("/feed")).state
    assert (state.failures, state.failure_weight) == (40, 20.0)
    assert diagnose(await scene.feed_at("/feed"), scene.clock.now).health is Health.FAILING


# What servers say of themselves


async def test_a_server_that_says_304_though_there_is_news_is_not_asked_conditionally_any_more(scene: Scene) -> None:
    scene.origin.answers["/feed"] = Answer(rss(THREE[:1]), headers={"ETag": '"always"'})
    await scene.feed()
    await scene.take_in()
    assert (await scene.feed_at("/feed")).state.etag == '"always"'
    await change_feed(scene, ignore_validators=True)
    scene.origin.publish("/feed", *THREE, validators=True)
    await scene.take_in()
    before = len(scene.origin.sent)

    assert (await scene.take_in()).result is Result.NOT_MODIFIED

    assert scene.origin.sent[before:] == [("/feed", 200)]


async def test_the_interval_that_a_server_asks_for_is_kept(scene: Scene) -> None:
    items = [Item(f"第{n}条", date=scene.clock.now - timedelta(minutes=10 * n)) for n in range(1, 9)]
    scene.origin.answers["/feed"] = Answer(rss(items), headers={"Cache-Control": "max-age=7200"})
    await scene.feed()
    await scene.take_in()

    state = (await scene.feed_at("/feed")).state
    assert (state.hint_seconds, state.next_check_at) == (7200, scene.clock.now + timedelta(hours=2))


async def test_a_forced_encoding_overrules_what_the_feed_declares(scene: Scene) -> None:
    body = rss([Item("张店区的垃圾桶", "满溢")]).replace(b"utf-8", b"iso-8859-1")
    scene.origin.answers["/feed"] = Answer(body.decode().encode("gb18030"))
    await scene.feed()
    await change_feed(scene, encoding="gb18030")

    await scene.take_in()

    assert [story.title for story in await scene.stories()] == ["张店区的垃圾桶"]


async def test_with_other_settings_the_same_bytes_are_read_anew(scene: Scene) -> None:
    """Else the server's 304 would keep what was read wrongly for ever."""
    body = rss([Item("张店区的垃圾桶", "满溢")]).replace(b"utf-8", b"iso-8859-1").decode().encode("gb18030")
    scene.origin.answers["/feed"] = Answer(body, validators=True)
    await scene.feed()
    await scene.take_in()
    await change_feed(scene, encoding="gb18030")

    assert (await scene.take_in()).result is Result.READ

    assert "张店区的垃圾桶" in {story.title for story in await scene.stories()}
    assert (await scene.take_in()).result is Result.NOT_MODIFIED


# The log


async def test_every_look_is_in_the_log_the_latest_first_and_the_last_thirty_stay(scene: Scene) -> None:
    scene.origin.publish("/feed", *THREE, validators=True)
    feed = await scene.feed()
    await scene.take_in()
    await scene.take_in()
    scene.origin.answers["/feed"] = Answer(status=500)
    await scene.take_in()

    lines = await log_of(scene, feed)
    assert [(line.result, line.new, line.known, line.code) for line in lines] == [
        (Result.FAILED, 0, 0, "http_500"),
        (Result.NOT_MODIFIED, 0, 3, ""),
        (Result.READ, 3, 0, ""),
    ]
    assert lines[2].size == len(rss(THREE))
    for _ in range(FETCHES_KEPT):
        await scene.take_in()
    assert [line.result for line in await log_of(scene, feed)] == [Result.FAILED] * FETCHES_KEPT


async def test_what_had_to_be_put_right_is_in_the_log(scene: Scene) -> None:
    scene.origin.answers["/feed"] = Answer(rss([Item("一条", link="javascript:alert(1)")]))
    feed = await scene.feed()
    await scene.take_in()

    (line,) = await log_of(scene, feed)
    assert [str(note) for note in line.notes] == ["1 links were not used: only http and https links are kept."]


async def test_the_totals_are_the_sum_of_all_looks(scene: Scene) -> None:
    scene.origin.publish("/feed", *THREE, validators=True)
    scene.origin.answers["/bad"] = Answer(status=500)
    await scene.feed()
    await scene.feed("/bad")
    feeds = await scene.services.outlets.feeds()
    await scene.services.ingest.run(feeds)
    await scene.services.ingest.run(await scene.services.outlets.feeds())

    assert await scene.services.ingest.ledger.totals() == {
        "fetches_read": 1,
        "fetches_not_modified": 1,
        "fetches_failed": 2,
        "stories_new": 3,
        "stories_known": 3,
    }


# Looking again


async def test_an_entry_without_a_date_is_published_once_however_often_it_is_read(scene: Scene) -> None:
    """Else a page with a counter on it would be asked every five minutes for ever, and never be silent."""
    for remark in ("a", "b", "c"):
        scene.origin.publish("/feed", *THREE, remark=remark)
        await scene.feed()
        await scene.take_in()
        scene.clock.advance(hours=1)

    assert len((await scene.feed_at("/feed")).state.published) == 1


async def test_of_two_feeds_that_point_at_each_other_one_goes_on_being_asked(scene: Scene) -> None:
    for path in ("/a", "/b"):
        scene.origin.publish(path, *THREE)
        await scene.feed(path)
    scene.origin.answers["/a"] = Answer(status=301, headers={"Location": "/b"})
    await scene.take_in("/a")
    scene.origin.publish("/a", *THREE)
    scene.origin.answers["/b"] = Answer(status=301, headers={"Location": "/a"})

    await scene.take_in("/b")

    assert [(await scene.feed_at(path)).active for path in ("/a", "/b")] == [False, True]
    assert (await scene.feed_at("/b")).state.notice is Notice.MOVED_ONTO_ANOTHER


async def test_who_was_too_slow_and_lost_the_lease_writes_nothing(scene: Scene, other_process: Services) -> None:
    scene.origin.publish("/feed", *THREE)
    await scene.feed()
    (slow,) = await scene.services.ingest.claims.due(5)
    scene.clock.advance(hours=1)
    (claimed,) = await other_process.ingest.claims.due(5)

    assert (await scene.services.ingest.take_in(slow)).result is Result.FAILED

    assert await scene.stories() == []
    assert (await scene.feed_at("/feed")).state.leased_by == other_process.owner
    assert (await other_process.ingest.take_in(claimed)).new == 3


async def test_an_old_address_that_is_gone_does_not_rest_the_corrected_feed(scene: Scene) -> None:
    scene.origin.answers["/old"] = Answer(status=410)
    seen = await scene.feed("/old")
    await scene.services.database["feeds"].update_one({"_id": seen.id}, {"$set": {"url": scene.origin.url("/new")}})

    await scene.services.ingest.take_in(seen)

    assert (await scene.feed_at("/new")).active


async def test_reading_once_beside_a_worker_leaves_the_workers_lease_alone(scene: Scene) -> None:
    scene.origin.publish("/feed", *THREE)
    unclaimed = await scene.feed()
    await scene.services.ingest.claims.due(5)

    await scene.services.ingest.take_in(unclaimed)

    assert (await scene.feed_at("/feed")).state.leased_by == scene.services.owner


async def test_a_push_that_brings_an_older_text_does_not_have_the_last_word(scene: Scene) -> None:
    old, new = [Item("一条", text, "g1") for text in ("旧的说法。", "新的说法。")]
    scene.origin.publish("/feed", new, validators=True)
    feed = await scene.feed()
    await scene.take_in()

    await scene.services.ingest.take_pushed(ObjectId(feed.id), rss([old]), "application/rss+xml")
    assert [story.text for story in await scene.stories()] == ["旧的说法。"]
    assert (await scene.feed_at("/feed")).state.next_check_at == scene.clock.now
    await scene.take_in()

    assert [story.text for story in await scene.stories()] == ["新的说法。"]


async def test_the_interval_of_the_feed_itself_holds_when_nothing_has_changed(scene: Scene) -> None:
    body = rss(THREE).replace(b"<channel>", b"<channel><ttl>360</ttl>")
    scene.origin.answers["/feed"] = Answer(body, headers={"Cache-Control": "max-age=300"}, validators=True)
    await scene.feed()
    await scene.take_in()
    assert (await scene.take_in()).result is Result.NOT_MODIFIED

    assert (await scene.feed_at("/feed")).state.next_check_at == scene.clock.now + timedelta(hours=6)


async def test_a_hub_is_found_in_the_headers_too(scene: Scene) -> None:
    hub = '<https://hub.example/>; rel="hub", <https://paper.example/rss>; rel="self"'
    scene.origin.answers["/feed"] = Answer(rss(THREE), headers={"Link": hub})
    await scene.feed()
    await scene.take_in()

    state = (await scene.feed_at("/feed")).state
    assert (state.hub, state.topic) == ("https://hub.example/", "https://paper.example/rss")
