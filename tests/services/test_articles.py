"""Full text: the pages of articles are asked for what their feeds leave out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import pytest
from bson import ObjectId

from media_tracker import worker
from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.connection import Json
from media_tracker.db.events import SYSTEM
from media_tracker.ingest import articles, claims
from media_tracker.ingest.articles import FIRST_RETRY
from media_tracker.ingest.claims import Claims
from media_tracker.ingest.documents import FullTextState, Story
from media_tracker.ingest.story_format import StoryFormat
from media_tracker.outlets.documents import Feed
from media_tracker.wiring import Services
from media_tracker.worker import Worker
from tests.cli.processes import until
from tests.services.origin import Answer, Item
from tests.services.scene import Scene


async def change_feed(scene: Scene, path: str = "/feed", **values: Any) -> Feed:
    """As an editor would set it."""
    feed = await scene.feed(path)
    await scene.services.database["feeds"].update_one({"_id": feed.id}, {"$set": values})
    return await scene.feed_at(path)


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


async def test_a_site_that_asks_for_a_longer_pause_gets_it(scene: Scene, polite: Services) -> None:
    await summary_of_an_article(scene)
    scene.origin.answers["/robots.txt"] = Answer(b"User-agent: *\nCrawl-delay: 60\n")
    (story,) = await polite.articles.due(8)
    await polite.articles.complete(story)
    await summaries(scene, "/more", [scene.origin.url("/more")])

    scene.clock.advance(seconds=59)
    assert await polite.articles.due(8) == []
    scene.clock.advance(seconds=1)
    assert [story.url for story in await polite.articles.due(8)] == [scene.origin.url("/more")]


def elsewhere(scene: Scene, path: str) -> str:
    """An address of the same server under another name."""
    return f"http://localhost:{scene.origin.port}{path}"


async def article_elsewhere(scene: Scene) -> None:
    await summary_of_an_article(scene)
    scene.origin.answers["/there"] = scene.origin.answers["/article"]
    moved = Answer(status=302, headers={"Location": elsewhere(scene, "/there")})
    scene.origin.answers["/article"] = moved


async def test_a_page_that_leads_to_another_host_takes_a_turn_there_too(scene: Scene, polite: Services) -> None:
    await article_elsewhere(scene)
    (story,) = await polite.articles.due(8)
    another = Claims(polite.database, scene.clock, "another", gap=5.0)
    assert await another.take_host(elsewhere(scene, "/"))
    completing = asyncio.create_task(polite.articles.complete(story))

    async def sent_on() -> bool:
        return ("/article", 302) in scene.origin.sent

    await until(sent_on)
    await asyncio.sleep(0.1)
    assert ("/there", 200) not in scene.origin.sent

    await another.give_back_host(elsewhere(scene, "/"))

    assert await completing is FullTextState.DONE
    assert not await another.take_host(elsewhere(scene, "/")), "it has been asked: the gap stays"
    scene.clock.advance(seconds=5)
    assert await another.take_host(elsewhere(scene, "/"))
    assert await another.take_host(scene.origin.url("/"))


async def test_a_page_that_leads_to_a_host_that_is_not_to_be_had_is_asked_later_and_that_was_no_try(
    scene: Scene, polite: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(articles, "SECONDS_FOR_A_TURN", 0.0)
    await article_elsewhere(scene)
    another = Claims(polite.database, scene.clock, "another", gap=5.0)
    for _ in range(articles.MOST_ATTEMPTS + 1):
        assert await another.take_host(elsewhere(scene, "/"))
        (story,) = await polite.articles.due(8)
        assert await polite.articles.complete(story) is FullTextState.WANTED
        await another.give_back_host(elsewhere(scene, "/"))
        scene.clock.advance(minutes=1)

    (story,) = await polite.articles.due(8)
    assert await polite.articles.complete(story) is FullTextState.DONE


async def test_a_page_is_not_read_where_the_site_that_it_leads_to_asks_not_to(scene: Scene) -> None:
    await article_elsewhere(scene)
    scene.origin.answers["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /there\n")

    story = await complete(scene)

    assert story["full_text"]["state"] == "kept"
    assert ("/there", 200) not in scene.origin.sent


@pytest.mark.parametrize("said", [None, StoryFormat.TEXT, StoryFormat.H5])
async def test_the_whole_article_tells_the_form_anew_unless_an_editor_has_said_it(
    scene: Scene, said: StoryFormat | None
) -> None:
    await summary_of_an_article(scene)
    (summary,) = await scene.stories()
    assert summary.format is StoryFormat.TEXT
    if said is not None:
        editor = Actor(ObjectId(), frozenset({Role.EDITOR}))
        await scene.services.story_formats.correct(str(summary.id), summary.version, said, editor, SYSTEM)

    story = await complete(scene)

    assert story["full_text"]["state"] == "done"
    assert story["format"] == (said or StoryFormat.PHOTO)
