"""Feeds move, go, lie about what has changed, go quiet: what the log says of it, and what becomes of their stories."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from bson import ObjectId

from media_tracker import worker
from media_tracker.db.connection import Json
from media_tracker.ingest import claims
from media_tracker.ingest.articles import FIRST_RETRY
from media_tracker.ingest.claims import HOSTS, LEASE, Claims
from media_tracker.ingest.documents import FetchRecord, FullTextState, Result, Story
from media_tracker.ingest.health import Health, diagnose
from media_tracker.ingest.ledger import FETCHES_KEPT
from media_tracker.net.fetch import Fetcher
from media_tracker.outlets.documents import Feed, Notice
from media_tracker.wiring import Services, assemble
from media_tracker.worker import Worker
from tests.cli.processes import until
from tests.services.origin import Answer, Item, Origin, rss
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
    assert line.notes == ["1 links were not used: only http and https links are kept."]


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


# Turns at hosts


@pytest_asyncio.fixture
async def polite(services: Services, origin: Origin, scene: Scene) -> AsyncIterator[Services]:
    """The installation with a gap of five seconds."""
    settings = services.settings.model_copy(update={"host_gap": 5.0})
    allow = {("127.0.0.1", origin.port)}
    async with Fetcher(user_agent="media-tracker/polite", allow=allow, host_gap=0) as fetcher:
        yield assemble(settings, services.database, fetcher, scene.clock)


async def test_of_one_host_one_feed_is_read_at_a_time_whoever_reads(scene: Scene, polite: Services) -> None:
    for path in ("/one", "/two"):
        scene.origin.publish(path)
        await scene.feed(path)
    another = Claims(polite.database, scene.clock, "another", gap=5.0)

    (first,) = await polite.ingest.claims.due(5)
    assert await another.due(5) == []
    await polite.ingest.take_in(first)
    await polite.ingest.claims.release(first)
    scene.clock.advance(seconds=4)
    assert await another.due(5) == []
    scene.clock.advance(seconds=1)
    (second,) = await another.due(5)

    assert {first.title, second.title} == {"/one", "/two"}


async def test_what_is_given_back_may_be_read_by_others_at_once(scene: Scene, polite: Services) -> None:
    await scene.feed("/one")
    another = Claims(polite.database, scene.clock, "another", gap=5.0)
    (claimed,) = await polite.ingest.claims.due(5)

    await polite.ingest.claims.give_back()

    (again,) = await another.due(5)
    assert again.id == claimed.id


async def test_the_turn_of_a_worker_that_died_ends_with_its_lease(scene: Scene, polite: Services) -> None:
    for path in ("/one", "/two"):
        await scene.feed(path)
    await polite.ingest.claims.due(5)
    another = Claims(polite.database, scene.clock, "another", gap=5.0)

    scene.clock.advance(seconds=LEASE.total_seconds() - 1)
    assert await another.due(5) == []
    scene.clock.advance(seconds=1)
    assert len(await another.due(5)) == 1


async def test_a_host_that_was_taken_for_nothing_is_given_back_too(scene: Scene, polite: Services) -> None:
    """Whoever is stopped between taking a host and claiming what is there holds a host, and no feed."""
    address, asked = scene.origin.url("/one"), "https://asked.example/feed"
    another = Claims(polite.database, scene.clock, "another", gap=5.0)
    assert await polite.ingest.claims.take_host(address)
    assert await polite.ingest.claims.take_host(asked)
    await polite.ingest.claims.free_host(asked)
    assert not await another.take_host(address)

    await polite.ingest.claims.give_back()

    assert await another.take_host(address)
    assert not await another.take_host(asked)  # it has been asked: the gap stays


async def test_without_a_gap_a_host_needs_no_turn(scene: Scene) -> None:
    address = scene.origin.url("/one")
    for _ in range(2):
        assert await scene.services.ingest.claims.take_host(address)
    assert await scene.services.database[HOSTS].count_documents({}) == 0


async def test_the_many_feeds_of_a_busy_host_hide_no_other(
    scene: Scene, polite: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(claims, "MOST_STEPS", 2)
    for number in range(8):
        await scene.feed(f"/{number}")
    elsewhere = await scene.feed("/elsewhere")
    address = f"http://LOCALHOST:{scene.origin.port}/elsewhere"
    await polite.database["feeds"].update_one({"_id": elsewhere.id}, {"$set": {"url": address}})

    claimed = [*await polite.ingest.claims.due(1), *await polite.ingest.claims.due(1)]

    assert [feed.title for feed in claimed] == ["/0", "/elsewhere"]


# Full text

BODY = "张店区新华社区北门的三个垃圾桶满溢已有一周，居民多次反映无人清运。记者在现场看到，污水流到了人行道上，" * 6
PAGE = f"""<html><head><title>垃圾桶满溢一周</title></head><body><nav><a href="/">首页</a></nav>
<article><h1>垃圾桶满溢一周</h1><p>{BODY[:150]}</p><p>{BODY[150:]}</p><img src="/a.jpg"></article></body></html>"""
HTML = {"Content-Type": "text/html; charset=utf-8"}


async def summary_of_an_article(scene: Scene, page: Answer | None = None) -> None:
    scene.origin.answers["/robots.txt"] = Answer(status=404)
    scene.origin.answers["/article"] = page or Answer(PAGE.encode(), headers=HTML)
    scene.origin.publish("/feed", Item("垃圾桶满溢一周", BODY[:40], link=scene.origin.url("/article")))
    await scene.feed()
    await change_feed(scene, full_text=True)
    assert (await scene.take_in()).new == 1


async def complete(scene: Scene) -> Json:
    (story,) = await scene.services.articles.due(1)
    await scene.services.articles.complete(story)
    return (await scene.stories())[0].model_dump()


async def test_the_whole_article_takes_the_place_of_its_summary(scene: Scene) -> None:
    await summary_of_an_article(scene)

    story = await complete(scene)

    assert BODY[:100] in story["text"]
    assert story["full_text"]["state"] == "done"
    assert story["image"] == scene.origin.url("/a.jpg")
    assert story["version"] == 2
    assert await scene.services.articles.due(1) == []
    await scene.services.pipeline.catch_up()
    assert (await scene.stories())[0].suggestion is not None


async def test_the_same_feed_again_is_no_change_of_a_completed_story(scene: Scene) -> None:
    await summary_of_an_article(scene)
    before = await complete(scene)
    scene.origin.publish(
        "/feed", Item("垃圾桶满溢一周", BODY[:40], link=scene.origin.url("/article")), remark="other bytes"
    )

    assert (await scene.take_in()).changed == 0

    assert (await scene.stories())[0].text == before["text"]


async def test_a_story_that_its_outlet_rewrites_is_completed_anew(scene: Scene) -> None:
    await summary_of_an_article(scene)
    await complete(scene)
    link, title = scene.origin.url("/article"), "垃圾桶满溢一周"
    scene.origin.publish("/feed", Item(title, BODY[:40] + "（更新）", link=link))

    assert (await scene.take_in()).changed == 1

    (story,) = await scene.stories()
    assert story.full_text is not None
    assert (story.full_text.state, story.source_hash) == ("wanted", None)
    assert BODY[:100] in story.revisions[-1].html


@pytest.mark.parametrize(
    "page",
    [
        Answer(status=500),
        Answer(b"<html><body>404 Not Found</body></html>", headers=HTML),
        Answer(b"\x00\xff" * 500, headers={"Content-Type": "application/octet-stream"}),
    ],
    ids=["broken server", "no article", "no page"],
)
async def test_whatever_fails_the_summary_stays_and_the_page_is_asked_again_later(scene: Scene, page: Answer) -> None:
    await summary_of_an_article(scene, page)

    story = await complete(scene)

    assert (story["text"], story["full_text"]["state"]) == (BODY[:40], "wanted")
    assert story["full_text"]["note"]
    assert await scene.services.articles.due(1) == []
    scene.clock.advance(minutes=15)
    assert len(await scene.services.articles.due(1)) == 1


async def test_after_six_tries_the_summary_is_what_there_is(scene: Scene) -> None:
    await summary_of_an_article(scene, Answer(status=500))
    for _ in range(6):
        story = await complete(scene)
        scene.clock.advance(days=4)

    assert story["full_text"]["state"] == "given_up"
    assert await scene.services.articles.due(1) == []


async def test_a_site_that_asks_not_to_be_read_is_not_read(scene: Scene) -> None:
    await summary_of_an_article(scene)
    scene.origin.answers["/robots.txt"] = Answer(
        b"User-agent: *\nDisallow: /article", headers={"Content-Type": "text/plain"}
    )

    story = await complete(scene)

    assert (story["text"], story["full_text"]["state"]) == (BODY[:40], "kept")
    assert ("/article", 200) not in scene.origin.sent


async def test_without_the_wish_no_page_is_asked(scene: Scene) -> None:
    scene.origin.publish("/feed", Item("一条", link=scene.origin.url("/article")))
    await scene.feed()
    await scene.take_in()

    assert await scene.services.articles.due(1) == []


async def summaries(scene: Scene, path: str, links: Sequence[str]) -> None:
    """A feed at ``path`` with a summary of each of ``links``."""
    await change_feed(scene, path, full_text=True)
    items = [Item(f"{path}第{number}条", BODY[:40], f"{path}{number}", link) for number, link in enumerate(links)]
    scene.origin.publish(path, *items)
    assert (await scene.take_in(path)).new == len(links)


async def test_a_host_with_many_stories_holds_up_no_other(
    scene: Scene, polite: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "ROWS_AT_ONCE", 3)
    await summaries(scene, "/slow", [f"https://slow.example/{number}" for number in range(20)])
    scene.clock.advance(minutes=1)
    await summaries(scene, "/other", ["https://Other.example:8443?id=1", "https://other.example:8443/2"])
    scene.clock.advance(minutes=1)
    await summaries(scene, "/third", ["https://slow.example.org/1"])

    first = await polite.articles.due(8)

    assert [urlsplit(story.url).hostname for story in first] == ["slow.example", "other.example", "slow.example.org"]
    assert await polite.articles.due(8) == []


async def test_a_walk_past_stories_of_hosts_that_are_taken_ends_somewhere(
    scene: Scene, polite: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "ROWS_AT_ONCE", 1)
    monkeypatch.setattr(claims, "MOST_STEPS", 2)
    await summaries(scene, "/feed", [f"https://{host}.example/" for host in "abcde"])
    walked = await polite.articles.due(8)
    assert len(walked) == 2
    rest = [*await polite.articles.due(8), *await polite.articles.due(8)]
    assert len({story.url for story in [*walked, *rest]}) == 5


async def test_without_a_gap_many_stories_of_one_host_are_under_way(scene: Scene) -> None:
    await summaries(scene, "/feed", [scene.origin.url(f"/{number}") for number in range(3)])

    assert [len(await scene.services.articles.due(2)) for _ in range(3)] == [2, 1, 0]


@pytest.mark.parametrize("status", [200, 500])
async def test_pages_and_feeds_of_one_host_take_turns_whoever_asks(scene: Scene, polite: Services, status: int) -> None:
    await summary_of_an_article(scene, Answer(PAGE.encode(), status, HTML))
    (feed,) = await polite.outlets.feeds()
    another = Claims(polite.database, scene.clock, "another", gap=5.0)
    (story,) = await polite.articles.due(8)
    assert await another.take(ObjectId(feed.id)) is None

    await polite.articles.complete(story)

    scene.clock.advance(seconds=4)
    assert await another.take(ObjectId(feed.id)) is None
    scene.clock.advance(seconds=1)
    assert await another.take(ObjectId(feed.id)) is not None
    scene.clock.advance(minutes=2)
    await summaries(scene, "/more", [scene.origin.url("/more")])
    assert await polite.articles.due(8) == []


async def test_who_is_stopped_has_not_tried(scene: Scene, polite: Services) -> None:
    await summary_of_an_article(scene, Answer(silent=True))
    (story,) = await polite.articles.due(8)
    asking = asyncio.create_task(polite.articles.complete(story))
    await until(lambda: asyncio.sleep(0, ("/article", 200) in scene.origin.sent))

    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    full_text = (await scene.stories())[0].full_text
    assert full_text is not None
    assert (full_text.state, full_text.attempts, full_text.next_at) == ("wanted", 0, scene.clock.now)
    scene.clock.advance(seconds=5)
    assert len(await polite.articles.due(8)) == 1


async def test_who_is_stopped_while_claiming_has_claimed_nothing(scene: Scene, polite: Services) -> None:
    """Wherever it is stopped: after each turn of the event loop once."""
    await summaries(scene, "/feed", [f"https://{host}.example/" for host in "abc"])
    another = Claims(polite.database, scene.clock, "another", gap=5.0)
    for turns in range(0, 60, 3):
        claiming = asyncio.create_task(polite.articles.due(3))
        for _ in range(turns):
            await asyncio.sleep(0.0003)
        claiming.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            for story in await claiming:  # it was faster
                await scene.services.database["stories"].update_one(
                    {"_id": story.id}, {"$set": {"full_text.attempts": 0, "full_text.next_at": scene.clock.now}}
                )
        await polite.ingest.claims.give_back()
        stored = [story.full_text for story in await scene.stories()]
        assert [(each.attempts, each.next_at) for each in stored if each] == [(0, scene.clock.now)] * 3
    assert all([await another.take_host(f"https://{host}.example/") for host in "abc"])


@pytest.mark.parametrize("status", [429, 503])
async def test_a_server_that_asks_for_time_gets_it(scene: Scene, polite: Services, status: int) -> None:
    await summary_of_an_article(scene, Answer(status=status, headers={"Retry-After": "3600"}))
    (story,) = await polite.articles.due(8)
    await polite.articles.complete(story)
    scene.clock.advance(minutes=1)
    await summaries(scene, "/more", [scene.origin.url("/more")])

    scene.clock.advance(minutes=58)
    assert await polite.articles.due(8) == []
    assert not await polite.ingest.claims.take_host(scene.origin.url("/feed"))
    scene.clock.advance(minutes=1)
    assert [story.url for story in await polite.articles.due(8)] == [scene.origin.url("/more")]
    full_text = (await scene.fresh(story)).full_text
    assert full_text is not None
    assert full_text.next_at == scene.clock.now


async def test_a_server_that_asks_for_less_than_usual_is_asked_as_usual(scene: Scene, polite: Services) -> None:
    await summary_of_an_article(scene, Answer(status=503, headers={"Retry-After": "1"}))
    (story,) = await polite.articles.due(8)
    await polite.articles.complete(story)

    full_text = (await scene.fresh(story)).full_text
    assert full_text is not None
    assert full_text.next_at == scene.clock.now + FIRST_RETRY
    scene.clock.advance(seconds=4)
    assert not await polite.ingest.claims.take_host(story.url)


@pytest.mark.parametrize("tries", [1, 6])
@pytest.mark.parametrize("page", [Answer(status=500), Answer(PAGE.replace(BODY[40:], "").encode(), headers=HTML)])
async def test_what_comes_of_an_earlier_text_says_nothing_of_the_new_one(
    scene: Scene, page: Answer, tries: int
) -> None:
    await summary_of_an_article(scene, page)
    for _ in range(tries):
        (story,) = await scene.services.articles.due(1)
        if story.full_text and story.full_text.attempts < tries:
            await scene.services.database["stories"].update_one(
                {"_id": story.id}, {"$set": {"full_text.next_at": scene.clock.now}}
            )
    scene.origin.publish("/feed", Item("垃圾桶满溢一周", BODY[:60], link=scene.origin.url("/article")))
    assert (await scene.take_in()).changed == 1

    assert await scene.services.articles.complete(story) == "wanted"

    full_text = (await scene.fresh(story)).full_text
    assert full_text is not None
    assert (full_text.state, full_text.attempts, full_text.next_at) == ("wanted", 0, scene.clock.now)


async def test_one_slow_page_holds_up_no_other_and_is_asked_again_after_a_stop(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "SECONDS_TO_FINISH", 0.2)
    monkeypatch.setattr(worker, "IDLE_SECONDS", 60.0)  # what goes on goes on because something is done
    scene.origin.answers["/robots.txt"] = Answer(status=404)
    scene.origin.answers["/page/0"] = Answer(silent=True)
    quick = range(1, 2 * worker.PAGES_AT_ONCE + 1)
    for number in quick:
        scene.origin.answers[f"/page/{number}"] = Answer(PAGE.encode(), headers=HTML)
    await summaries(scene, "/feed", [scene.origin.url(f"/page/{number}") for number in [0, *quick]])
    stop = asyncio.Event()
    working = asyncio.create_task(Worker(scene.services).run(stop))
    done = {"full_text.state": "done"}

    async def all_quick_ones_are_done() -> bool:
        return await scene.services.database["stories"].count_documents(done) == len(quick)

    await until(all_quick_ones_are_done, 8)  # the slow page would take longer

    stop.set()
    await working

    (slow,) = [story for story in await scene.stories() if story.url == scene.origin.url("/page/0")]
    assert slow.full_text is not None
    assert (slow.full_text.state, slow.full_text.attempts, slow.full_text.next_at) == ("wanted", 0, scene.clock.now)


async def test_at_a_stop_pages_that_are_under_way_get_a_moment(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    await summary_of_an_article(scene)
    stop, asked = asyncio.Event(), scene.services.articles.complete

    async def complete_after_the_stop(story: Story) -> FullTextState:
        stop.set()
        await asyncio.sleep(0.1)
        return await asked(story)

    monkeypatch.setattr(scene.services.articles, "complete", complete_after_the_stop)
    async with asyncio.timeout(10):
        await Worker(scene.services).run(stop)

    assert BODY[:100] in (await scene.stories())[0].text


# What a review found


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
