"""Ingest over real HTTP on a real database: every story once, whatever a feed sends and whoever is faster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TypeVar

import pytest
import pytest_asyncio
from bson import ObjectId
from structlog.testing import capture_logs

from media_tracker.db.events import Origin as EventOrigin
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.desk.service import Decision
from media_tracker.errors import Conflict
from media_tracker.ingest import service
from media_tracker.ingest.claims import LEASE, Claims
from media_tracker.ingest.documents import DeskState, Kind
from media_tracker.ingest.handed import handed_entry
from media_tracker.ingest.reading import InThreads, Runner
from media_tracker.ingest.saving import MOST_REVISIONS
from media_tracker.ingest.schedule import LONGEST, SHORTEST, SOFT, UNKNOWN, History, next_check
from media_tracker.ingest.service import FeedResult, Ingest, Result, Summary
from media_tracker.net.fetch import Fetcher, FetchLimits
from media_tracker.outlets.documents import Platform
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.services.deaths import DyingTransactor, Killed, PausingTransactor, cut_off, refusing
from tests.services.origin import Answer, Item, Origin, rss
from tests.services.scene import Scene

T = TypeVar("T")
ANYWAY = timedelta(seconds=round(UNKNOWN.total_seconds() * 2**SOFT))
"""The wait after one refusal of a feed of which nothing is known."""
THREE = [Item(f"第{number}条", f"新华社区{number}号楼前有垃圾。", f"g{number}") for number in (1, 2, 3)]


def ingest_of(scene: Scene, transactor: Transactor, fetcher: Fetcher, runner: Runner | None = None) -> Ingest:
    """Another process that takes feeds in."""
    services = scene.services
    claims = Claims(services.database, scene.clock, "another", gap=0)
    zone = services.settings.zone
    return Ingest(services.database, transactor, fetcher, scene.clock, zone, claims, runner or InThreads(), lambda: 0.5)


@pytest_asyncio.fixture
async def fetcher(origin: Origin) -> AsyncIterator[Fetcher]:
    """Has no patience."""
    limits = FetchLimits(total_seconds=0.3)
    async with Fetcher(user_agent="t", limits=limits, allow={("127.0.0.1", origin.port)}, host_gap=0) as fetcher:
        yield fetcher


async def test_the_first_run_stores_every_story_and_tells_of_each(scene: Scene) -> None:
    scene.origin.publish("/feed", *THREE)
    await scene.feed()

    result = await scene.take_in()

    assert (result.result, result.new, result.changed, result.error) == (Result.READ, 3, 0, None)
    stories = await scene.stories()
    assert {story.title for story in stories} == {"第1条", "第2条", "第3条"}
    assert all(story.desk is DeskState.PENDING and story.version == 1 for story in stories)
    state = (await scene.feed_at("/feed")).state
    assert (state.failures, state.error, state.stories_last) == (0, None, 3)
    assert state.published == sorted({story.published_at for story in stories}, reverse=True)
    assert state.next_check_at == next_check(scene.clock.now, History(state.published), chance=0.5)


async def test_a_feed_that_says_that_nothing_has_changed_is_not_read_again(scene: Scene) -> None:
    scene.origin.publish("/feed", *THREE, validators=True)
    await scene.feed()
    await scene.take_in()

    again = await scene.take_in()

    assert scene.origin.sent == [("/feed", 200), ("/feed", 304)]
    assert (again.result, again.new, again.changed) == (Result.NOT_MODIFIED, 0, 0)
    assert len(await scene.stories()) == 3


async def test_the_same_bytes_without_validators_count_as_not_modified(scene: Scene) -> None:
    scene.origin.publish("/feed", *THREE)
    await scene.feed()
    await scene.take_in()

    again = await scene.take_in()

    assert again.result is Result.NOT_MODIFIED
    assert len(await scene.stories()) == 3


@pytest.mark.parametrize(
    ("items", "remark"),
    [
        (THREE, "another comment"),
        ([*reversed(THREE)], ""),
        ([Item(i.title, f" {i.text}\n\t", i.guid) for i in THREE], ""),
    ],
    ids=["comment", "order", "white space"],
)
async def test_other_bytes_that_say_the_same_add_and_change_nothing(
    scene: Scene, items: list[Item], remark: str
) -> None:
    scene.origin.publish("/feed", *THREE)
    await scene.feed()
    await scene.take_in()
    before = await scene.stories()
    scene.origin.publish("/feed", *items, remark=remark)

    again = await scene.take_in()

    assert (again.result, again.new, again.changed) == (Result.READ, 0, 0)
    assert await scene.stories() == before


async def test_of_a_known_feed_only_the_new_entry_is_added(scene: Scene) -> None:
    scene.origin.publish("/feed", *THREE)
    await scene.feed()
    await scene.take_in()
    scene.origin.publish("/feed", Item("第4条", "新的", "g4"), *THREE)

    again = await scene.take_in()

    assert (again.new, again.changed) == (1, 0)
    assert len(await scene.stories()) == 4


async def test_a_changed_story_keeps_its_earlier_text_and_what_an_editor_has_decided(scene: Scene) -> None:
    scene.origin.publish("/feed", *THREE)
    await scene.feed()
    await scene.take_in()
    first = (await scene.stories())[0]
    decided = await scene.decide(first, Kind.NOTICE)
    scene.clock.advance(hours=1)
    scene.origin.publish("/feed", Item(first.title, "更正后的正文", "g1"), *THREE[1:])

    again = await scene.take_in()

    assert (again.new, again.changed) == (0, 1)
    story = await scene.fresh(first)
    assert story.text == "更正后的正文"
    assert [revision.html for revision in story.revisions] == [first.html]
    assert story.revisions[0].until == scene.clock.now
    assert story.decision == decided.decision
    assert (story.changed_since_decision, story.desk) == (True, DeskState.DECIDED)
    assert story.version == 3


async def test_an_editor_who_has_not_seen_the_change_cannot_decide_over_it(scene: Scene) -> None:
    scene.origin.publish("/feed", THREE[0])
    await scene.feed()
    await scene.take_in()
    seen = (await scene.stories())[0]
    scene.origin.publish("/feed", Item("第1条", "另一说法", "g1"))
    await scene.take_in()

    with pytest.raises(Conflict, match="outlet has changed it"):
        await scene.services.desk.decide(
            str(seen.id), seen.version, Decision(Kind.OTHER), scene.editor, scene.who(scene.editor)
        )
    assert (await scene.fresh(seen)).decision is None


async def test_of_a_story_that_changes_all_the_time_only_the_last_revisions_are_kept(scene: Scene) -> None:
    await scene.feed()
    for number in range(MOST_REVISIONS + 3):
        scene.origin.publish("/feed", Item("滚动", f"第{number}稿", "g"))
        await scene.take_in()

    story = (await scene.stories())[0]

    assert [revision.html for revision in story.revisions] == [f"<p>第{n}稿</p>" for n in range(2, 12)]
    assert story.version == MOST_REVISIONS + 3


async def test_a_story_of_the_largest_size_that_changes_all_the_time_still_fits(scene: Scene) -> None:
    """A document may have 16 MB; half a million rare characters have two, and so has each earlier text."""
    await scene.feed()
    for number in range(8):
        scene.origin.publish("/feed", Item("长篇", f"第{number}稿" + "\U00020000" * 490_000, "g"))
        assert (await scene.take_in()).error is None

    story = (await scene.stories())[0]

    assert story.text.startswith("第7稿")
    assert [revision.html[3:6] for revision in story.revisions] == ["第5稿", "第6稿"]


BAD = {
    "status 500": Answer(status=500),
    "status 404": Answer(status=404),
    "huge": Answer(rss(THREE), endless=True),
    "a web page": Answer(b"<!doctype html><html><body><p>Welcome</p></body></html>"),
    "empty": Answer(b""),
    "json": Answer(b'{"error": "no such feed"}'),
    "breaks off in transit": Answer(rss(THREE)[:250], breaks_off=True),
    "cut before its first entry is whole": Answer(rss(THREE)[:150]),
    "a redirect for ever": Answer(status=302, headers={"Location": "/bad"}),
    "a redirect inside": Answer(status=302, headers={"Location": "http://127.0.0.1:1/"}),
}


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD.keys())
async def test_a_feed_that_fails_says_why_stores_nothing_and_waits_longer_each_time(
    scene: Scene, answer: Answer
) -> None:
    scene.origin.answers["/bad"] = answer
    scene.origin.publish("/good", *THREE)
    await scene.feed("/bad")
    await scene.feed("/good")

    bad, good = await scene.services.ingest.run([await scene.feed_at("/bad"), await scene.feed_at("/good")])

    assert bad.result is Result.FAILED
    assert bad.error is not None
    assert str(bad.error).endswith(".")
    assert "{" not in str(bad.error)
    assert (good.result, good.new) == (Result.READ, 3)
    assert Summary.of([bad, good]) == Summary(feeds=2, stories_new=3, stories_changed=0, not_modified=0, failed=1)
    assert {story.feed_id for story in await scene.stories()} == {good.feed_id}
    state = (await scene.feed_at("/bad")).state
    assert (state.error, state.failures, state.etag, state.body_hash) == (str(bad.error), 1, None, None)
    assert state.next_check_at is not None
    first_wait = state.next_check_at - scene.clock.now
    assert first_wait > UNKNOWN
    await scene.take_in("/bad")
    again = (await scene.feed_at("/bad")).state.next_check_at
    assert again is not None
    assert again - scene.clock.now > first_wait


async def test_a_feed_that_is_too_slow_fails(scene: Scene, transactor: Transactor, fetcher: Fetcher) -> None:
    scene.origin.answers["/feed"] = Answer(rss(THREE), silent=True)
    await scene.feed()

    result = await scene.take_in(ingest=ingest_of(scene, transactor, fetcher))

    assert result.result is Result.FAILED
    assert str(result.error) == "127.0.0.1 did not answer in full within 0.3 seconds."


async def test_after_a_failure_the_next_success_clears_it(scene: Scene) -> None:
    scene.origin.answers["/feed"] = Answer(status=500)
    await scene.feed()
    await scene.take_in()
    scene.origin.publish("/feed", *THREE)

    assert (await scene.take_in()).new == 3

    state = (await scene.feed_at("/feed")).state
    assert (state.failures, state.failure_weight, state.error) == (0, 0.0, None)
    assert state.next_check_at == next_check(scene.clock.now, History(state.published), chance=0.5)


async def test_a_feed_without_entries_is_read_and_brings_nothing(scene: Scene) -> None:
    scene.origin.publish("/feed")
    await scene.feed()

    result = await scene.take_in()

    assert (result.result, result.new) == (Result.READ, 0)


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        ("7200", timedelta(hours=2, minutes=6)),
        (format_datetime(FakeClock.START + timedelta(hours=3), usegmt=True), timedelta(hours=3, minutes=9)),
        ("60", ANYWAY),
        ("999999999", LONGEST),
        (format_datetime(FakeClock.START - timedelta(hours=3), usegmt=True), ANYWAY),
        ("later", ANYWAY),
        ("Mon, 02 Mar 2026 04:00:00 +99999999999999999999", ANYWAY),
        ("Mon, 31 Dec 9999 23:59:59 -1200", LONGEST),
        ("Mon, 01 Jan 0001 00:00:00 +1200", ANYWAY),
        ("\u0662\u0664", ANYWAY),
    ],
)
async def test_a_server_that_asks_to_be_left_alone_is_left_alone_but_no_longer_than_a_day(
    scene: Scene, asked: str, wait: timedelta
) -> None:
    """And a little longer than it asked for, as chance has it: all its feeds would come back at once."""
    scene.origin.answers["/feed"] = Answer(status=429, headers={"Retry-After": asked})
    await scene.feed()

    assert (await scene.take_in()).result is Result.FAILED

    assert (await scene.feed_at("/feed")).state.next_check_at == scene.clock.now + wait


async def test_what_a_feed_that_broke_off_did_not_say_is_taken_in_when_it_says_it(scene: Scene) -> None:
    """The half that came bears the validators of the whole: who kept them would be told 304 for ever."""
    whole = rss(THREE)
    half = whole[: whole.index("第3条".encode())]
    headers = {"ETag": '"whole"', "Last-Modified": "Mon, 02 Mar 2026 00:00:00 GMT"}
    scene.origin.answers["/feed"] = Answer(half, headers=headers)
    await scene.feed()

    assert (await scene.take_in()).new == 2
    state = (await scene.feed_at("/feed")).state
    assert (state.etag, state.last_modified, state.body_hash) == (None, None, None)
    scene.origin.answers["/feed"] = Answer(whole, headers=headers)

    assert (await scene.take_in()).new == 1
    assert (await scene.feed_at("/feed")).state.etag == '"whole"'


async def test_two_readers_of_one_feed_at_the_same_time_store_each_story_once(
    scene: Scene, other_process: Services
) -> None:
    scene.origin.publish("/feed", *THREE)
    await scene.feed()

    results = await asyncio.gather(*(scene.take_in(ingest=s.ingest) for s in [scene.services, other_process] * 4))

    assert sum(result.new for result in results) == 3
    assert all(result.error is None for result in results)
    assert len(await scene.stories()) == 3


async def test_two_readers_of_one_change_at_the_same_time_keep_one_revision(
    scene: Scene, other_process: Services
) -> None:
    scene.origin.publish("/feed", *THREE)
    await scene.feed()
    await scene.take_in()
    scene.origin.publish("/feed", *[Item(i.title, "改了", i.guid) for i in THREE])

    results = await asyncio.gather(*(scene.take_in(ingest=s.ingest) for s in [scene.services, other_process] * 4))

    assert sum(result.changed for result in results) == 3
    assert all(len(story.revisions) == 1 and story.version == 2 for story in await scene.stories())


async def test_an_editor_and_an_outlet_who_change_a_story_at_once_lose_nothing(scene: Scene) -> None:
    scene.origin.publish("/feed", *THREE)
    await scene.feed()
    await scene.take_in()
    stories = await scene.stories()
    scene.origin.publish("/feed", *[Item(i.title, "改了", i.guid) for i in THREE])

    async def decide(number: int) -> str:
        try:
            await scene.decide(stories[number], Kind.OTHER)
        except Conflict:
            return "conflict"
        return "decided"

    taken, *said = await asyncio.gather(scene.take_in(), decide(0), decide(1), decide(2))

    assert taken.changed == 3
    for story, outcome in zip(await scene.stories(), said, strict=True):
        assert story.text == "改了"
        assert (story.decision is not None) == (outcome == "decided")
        assert story.version == 2 + (outcome == "decided")


async def test_a_reader_killed_before_it_has_committed_leaves_nothing_and_the_next_one_takes_everything(
    scene: Scene, fetcher: Fetcher
) -> None:
    scene.origin.publish("/feed", *THREE, validators=True)
    before = await scene.feed()
    dying = ingest_of(scene, DyingTransactor(scene.services.database, scene.services.log), fetcher)

    with pytest.raises(Killed):
        await dying.take_in(before)

    assert await scene.stories() == []
    assert await scene.services.log.read(0) == []
    assert (await scene.feed_at("/feed")).state.etag is None
    assert (await scene.take_in()).new == 3


async def test_a_reader_that_is_cut_off_at_any_moment_loses_and_doubles_nothing(scene: Scene) -> None:
    await scene.feed()
    items: list[Item] = []
    for moment in range(14):
        items.append(Item(f"稿{moment}", "正文", f"m{moment}"))
        scene.origin.publish("/feed", *items, validators=True)
        await cut_off(scene.take_in(), moment * 0.003)

    await scene.take_in()

    assert sorted(story.title for story in await scene.stories()) == sorted(item.title for item in items)
    scene.clock.advance(minutes=5)
    assert len(await scene.services.log.read(0)) == len(items)


async def test_where_the_events_cannot_be_written_the_stories_are_not_either(scene: Scene) -> None:
    scene.origin.publish("/feed", *THREE, validators=True)
    await scene.feed()

    with capture_logs() as logged:
        async with refusing(scene.services.database, "events"):
            result = await scene.take_in()

    assert (result.result, result.new) == (Result.FAILED, 0)
    assert [entry["event"] for entry in logged] == ["feed_not_taken_in"]
    assert await scene.stories() == []
    assert (await scene.feed_at("/feed")).state.etag is None
    assert (await scene.take_in()).new == 3


async def test_a_feed_that_brings_the_reader_down_is_a_failure_of_its_own_and_stops_no_other(scene: Scene) -> None:
    """A story that the database cannot hold stands for whatever nobody has thought of."""
    scene.origin.publish("/good", *THREE)
    scene.origin.publish("/poison", THREE[0])
    good, poison = await scene.feed("/good"), await scene.feed("/poison")
    poison.column = "x" * 17 * 2**20

    with capture_logs() as logged:
        failed, read = await scene.services.ingest.run([poison, good])

    assert [(entry["event"], entry["url"]) for entry in logged] == [("feed_not_taken_in", poison.url)]
    assert (read.result, read.new) == (Result.READ, 3)
    assert failed.result is Result.FAILED
    assert str(failed.error) == "This feed could not be taken in. What stopped it is in the log."
    state = (await scene.feed_at("/poison")).state
    assert (state.failures, state.error) == (1, str(failed.error))


async def test_two_processes_never_claim_the_same_feed(scene: Scene, other_process: Services) -> None:
    for number in range(12):
        await scene.feed(f"/{number}")

    both = await asyncio.gather(
        *(services.ingest.claims.due(3) for services in [scene.services, other_process] for _ in range(3))
    )

    claimed = [feed.url for feeds in both for feed in feeds]
    assert len(claimed) == len(set(claimed)) == 12
    assert await scene.services.ingest.claims.due(5) == []


async def test_a_feed_whose_reader_died_is_read_by_another_when_its_time_comes(
    scene: Scene, other_process: Services
) -> None:
    """Its next check is moved away before it is read: what kills its reader is not the first to be read again."""
    await scene.feed()
    (claimed,) = await scene.services.ingest.claims.due(5)
    assert claimed.state.leased_until == scene.clock.now + LEASE
    assert claimed.state.next_check_at == scene.clock.now + LEASE + SHORTEST

    scene.clock.advance(minutes=6)
    assert await other_process.ingest.claims.due(5) == []
    scene.clock.advance(minutes=5)
    (again,) = await other_process.ingest.claims.due(5)

    assert again.id == claimed.id
    assert again.state.leased_by == other_process.owner


async def test_a_feed_that_has_been_read_is_free_again_and_due_after_its_interval(scene: Scene) -> None:
    scene.origin.publish("/feed", *THREE)
    await scene.feed()
    (claimed,) = await scene.services.ingest.claims.due(5)
    await scene.services.ingest.take_in(claimed)

    state = (await scene.feed_at("/feed")).state
    assert (state.leased_by, state.leased_until) == (None, None)
    assert await scene.services.ingest.claims.due(5) == []
    assert state.next_check_at is not None
    scene.clock.now = state.next_check_at
    assert len(await scene.services.ingest.claims.due(5)) == 1


async def test_who_has_waited_longest_is_claimed_first_and_who_rests_never(scene: Scene) -> None:
    for path in ("/late", "/early", "/resting"):
        scene.origin.publish(path)
        await scene.feed(path)
    await scene.services.outlets.set_feed_active(str((await scene.feed_at("/resting")).id), False)
    await scene.take_in("/early")
    scene.clock.advance(minutes=1)
    await scene.take_in("/late")
    scene.clock.advance(hours=25)

    claimed = [*await scene.services.ingest.claims.due(1), *await scene.services.ingest.claims.due(5)]

    assert [feed.title for feed in claimed] == ["/early", "/late"]


async def test_a_story_without_a_believable_date_was_out_by_the_time_it_was_read(scene: Scene) -> None:
    far = scene.clock.now + timedelta(days=3)
    scene.origin.publish("/feed", Item("没有日期"), Item("不是日期", date="某日"), Item("大后天", date=far))
    await scene.feed()

    result = await scene.take_in()

    assert {(s.published_at, s.precision) for s in await scene.stories()} == {(scene.clock.now, "day")}
    assert "2 dates were not used: unreadable, before 1990 or in the future." in result.warnings


async def test_a_date_once_given_stays_when_the_story_is_read_again_later(scene: Scene) -> None:
    scene.origin.publish("/feed", Item("没有日期", "一", "g"))
    await scene.feed()
    await scene.take_in()
    first = scene.clock.now
    scene.clock.advance(days=2)
    scene.origin.publish("/feed", Item("没有日期", "二", "g"))
    await scene.take_in()

    assert [story.published_at for story in await scene.stories()] == [first]


async def test_a_date_of_tomorrows_paper_is_taken_as_it_is(scene: Scene) -> None:
    tomorrow = datetime(2026, 3, 3, tzinfo=scene.services.settings.zone)
    scene.origin.publish("/feed", Item("明日见报", date="2026-03-03"))
    await scene.feed()
    await scene.take_in()

    (story,) = await scene.stories()
    assert (story.published_at, story.precision) == (tomorrow.astimezone(UTC), "day")


async def test_two_thousand_entries_under_one_guid_are_two_thousand_stories_and_stay_that_many(scene: Scene) -> None:
    items = [Item(f"标题{n}", "正文", guid="same") for n in range(2_050)]
    scene.origin.publish("/feed", *items)
    await scene.feed()

    first = await scene.take_in()
    scene.origin.publish("/feed", *items, remark="again")
    again = await scene.take_in()

    assert (first.new, again.new, again.changed) == (2_000, 0, 0)
    assert await scene.services.database["stories"].count_documents({}) == 2_000


ONE = Item("甲", "一号楼前有垃圾。", "g", "https://paper.example/1")
OTHER = Item("乙", "二号楼前有积水。", "g", "https://paper.example/2")


@pytest.mark.parametrize(
    ("first", "then"),
    [([ONE, OTHER], [OTHER]), ([ONE], [OTHER, ONE]), ([ONE, OTHER], [ONE, OTHER]), ([OTHER], [ONE, OTHER])],
    ids=["one leaves", "another comes", "both stay", "the other way round"],
)
async def test_a_guid_that_repeats_in_one_fetch_and_not_in_the_next_doubles_and_loses_nothing(
    scene: Scene, first: list[Item], then: list[Item]
) -> None:
    scene.origin.publish("/feed", *first)
    await scene.feed()
    await scene.take_in()

    scene.origin.publish("/feed", *then)
    await scene.take_in()

    titles = sorted(story.title for story in await scene.stories())
    assert titles == sorted({item.title for item in (*first, *then)})


def told(*items: Item) -> list[tuple[str, str]]:
    return sorted((item.title, item.text) for item in items)


async def read_in_turn(scene: Scene, *fetches: list[Item]) -> list[tuple[str, str]]:
    """What the stories say, once a feed has held one of ``fetches`` after the other."""
    await scene.feed()
    for number, items in enumerate(fetches):
        scene.origin.publish("/feed", *items, remark=str(number))
        assert (await scene.take_in()).error is None
    return sorted((story.title, story.text) for story in await scene.stories())


SHARED = "https://paper.example/today"
CROWD = {
    "no guid": [Item("甲", "一号楼前有垃圾。", "", SHARED), Item("乙", "二号楼前有积水。", "", SHARED)],
    "one guid": [Item("甲", "一号楼前有垃圾。", "g", SHARED), Item("乙", "二号楼前有积水。", "g", SHARED)],
    "one guid, no link": [Item("甲", "一号楼前有垃圾。", "g"), Item("乙", "二号楼前有积水。", "g")],
    "one guid, two links": [ONE, OTHER],
}


@pytest.mark.parametrize("crowd", CROWD.values(), ids=CROWD.keys())
@pytest.mark.parametrize("turned", [False, True], ids=["the first", "the second"])
async def test_a_neighbour_that_comes_or_goes_doubles_and_overwrites_no_story(
    scene: Scene, crowd: list[Item], turned: bool
) -> None:
    stays, leaves = crowd[::-1] if turned else crowd
    found = await read_in_turn(scene, [stays, leaves], [stays], [leaves, stays], [stays])
    assert found == told(stays, leaves)
    assert all(story.revisions == [] for story in await scene.stories())


@pytest.mark.parametrize("crowd", CROWD.values(), ids=CROWD.keys())
@pytest.mark.parametrize("turned", [False, True], ids=["before it", "behind it"])
async def test_a_neighbour_that_joins_a_story_stays_itself_when_it_is_left_alone(
    scene: Scene, crowd: list[Item], turned: bool
) -> None:
    """The first stands under the key that the second has once it is alone."""
    first, second = crowd
    both = [first, second] if turned else [second, first]
    assert await read_in_turn(scene, [first], both, [second], both) == told(first, second)
    assert all(story.revisions == [] for story in await scene.stories())


@pytest.mark.parametrize("guid", ["", "g"])
async def test_a_title_that_is_edited_under_its_own_link_or_guid_is_a_change(scene: Scene, guid: str) -> None:
    before, after = Item("甲", "文", guid, ONE.link), Item("甲（更正）", "文", guid, ONE.link)
    assert await read_in_turn(scene, [before], [after]) == told(after)


async def test_a_story_whose_guid_repeated_once_may_be_edited_when_it_no_longer_does(scene: Scene) -> None:
    edited = replace(ONE, title="甲（更正）", text="另一说法。")
    assert await read_in_turn(scene, [ONE, OTHER], [edited]) == told(edited, OTHER)


async def test_a_feed_that_begins_to_give_guids_doubles_nothing(scene: Scene) -> None:
    bare = [replace(ONE, guid=""), replace(OTHER, guid="")]
    given = [replace(ONE, guid="1"), replace(OTHER, guid="2")]
    assert await read_in_turn(scene, bare, given) == told(ONE, OTHER)


async def test_a_feed_of_far_too_many_broken_entries_is_cut_before_it_is_parsed(scene: Scene) -> None:
    whole = rss([Item(f"第{number}条", "文", f"g{number}") for number in range(3)])
    broken = whole.replace(b"</channel>", b"<item><title>x" * 200_000 + b"</channel>")
    scene.origin.answers["/feed"] = Answer(broken)
    await scene.feed()

    result = await asyncio.wait_for(scene.take_in(), 20)

    assert result.result is Result.FAILED or result.new <= 2_000


async def test_a_feed_that_drops_its_guids_doubles_nothing(scene: Scene) -> None:
    items = [Item(f"第{n}条", "新华社区门前有垃圾。", f"g{n}", f"https://paper.example/{n}") for n in range(3)]
    scene.origin.publish("/feed", *items)
    await scene.feed()
    assert (await scene.take_in()).new == 3
    bare = [Item(item.title, item.text, "", item.link) for item in items]
    scene.origin.publish("/feed", *bare, Item("第四条", "又有垃圾。", "", "https://paper.example/4"))

    assert (await scene.take_in()).new == 1
    scene.origin.publish("/feed", *[Item(item.title, "已清运。", "", item.link) for item in items])
    result = await scene.take_in()

    assert (result.new, result.changed) == (0, 3)


async def test_the_same_page_under_another_guid_is_another_story(scene: Scene) -> None:
    page = "https://paper.example/weather"
    scene.origin.publish("/feed", Item("今日天气", "晴。", "monday", page))
    await scene.feed()
    await scene.take_in()
    scene.origin.publish("/feed", Item("今日天气", "有雨。", "tuesday", page))

    assert (await scene.take_in()).new == 1


class CountingTransactor(Transactor):
    """Counts the transactions."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene.services.database, scene.services.log)
        self.count = 0

    async def run(self, work: Callable[[Transaction], Awaitable[T]], origin: EventOrigin) -> T:
        self.count += 1
        return await super().run(work, origin)


async def together(scene: Scene, fetcher: Fetcher, *paths: str) -> tuple[list[FeedResult], int]:
    """Take in the feeds at ``paths`` at once, their documents read in one moment. Returns how many transactions it took, too."""
    counting = CountingTransactor(scene)
    feeds = [await scene.feed_at(path) for path in paths]
    results = await asyncio.gather(*map(ingest_of(scene, counting, fetcher).take_in, feeds))
    return list(results), counting.count


async def test_feeds_that_come_in_together_share_a_transaction_and_each_has_its_own_stories(scene: Scene) -> None:
    paths = [f"/{number}" for number in range(12)]
    for number, path in enumerate(paths):
        scene.origin.publish(path, *(Item(f"{number}之{each}", "正文", f"g{each}") for each in range(number % 3 + 1)))
        await scene.feed(path)
    async with patient(scene) as fetcher:
        results, transactions = await together(scene, fetcher, *paths)
        assert [result.new for result in results] == [number % 3 + 1 for number in range(12)]
        assert transactions < 12
        scene.origin.publish("/5", Item("又一篇", "正文", "again"))
        again, _ = await together(scene, fetcher, *paths)
    assert [result.new for result in again] == [int(path == "/5") for path in paths]
    stories = await scene.stories()
    for number, path in enumerate(paths):
        own = {story.title for story in stories if story.feed_id == (await scene.feed_at(path)).id}
        assert own - {"又一篇"} == {f"{number}之{each}" for each in range(number % 3 + 1)}
    events = await scene.services.log.read(0)
    assert sorted(event.entity_id for event in events) == sorted(ObjectId(story.id) for story in stories)


async def test_of_two_feeds_that_bring_what_was_handed_in_at_the_same_moment_one_takes_it_over(scene: Scene) -> None:
    link = "https://paper.example/7"
    for path in ("/a", "/b"):
        scene.origin.publish(path, Item("井盖破损", "三号楼前井盖破损。", f"{path}7", link))
        feed = await scene.feed(path)
    handed = handed_entry(guid=None, link=link, title="井盖破损", text="三号楼前井盖破损。")
    await scene.services.handing_in.take(feed.outlet_id, Platform.WECHAT, [handed])
    async with patient(scene) as fetcher:
        results, _ = await together(scene, fetcher, "/a", "/b")
    assert sum(result.new for result in results) == 1
    assert sorted(event.type for event in await scene.services.log.read(0)) == ["adopted", "ingested", "ingested"]


async def test_one_feed_that_cannot_be_stored_takes_no_other_with_it(scene: Scene) -> None:
    paths = ["/good", "/poison", "/better"]
    for path in paths:
        scene.origin.publish(path, Item(path, "正文", path))
        await scene.feed(path)
    feeds = [await scene.feed_at(path) for path in paths]
    feeds[1].column = "x" * 17 * 2**20
    async with patient(scene) as fetcher:
        ingest = ingest_of(scene, CountingTransactor(scene), fetcher)
        with capture_logs() as logged:
            results = await asyncio.gather(*map(ingest.take_in, feeds))
    assert [result.new for result in results] == [1, 0, 1]
    assert [entry["url"] for entry in logged if entry["event"] == "feed_not_taken_in"] == [feeds[1].url]
    assert {story.title for story in await scene.stories()} == {"/good", "/better"}


class InStep(InThreads):
    """Lets nobody go on before ``parties`` have been read."""

    def __init__(self, parties: int) -> None:
        self._all_read = asyncio.Barrier(parties)

    async def run(self, function: Callable[..., T], *args: object) -> T:
        result = await super().run(function, *args)
        await self._all_read.wait()
        return result


async def test_a_poll_and_a_push_of_one_feed_at_the_same_moment_store_a_story_once(scene: Scene) -> None:
    """Alone an entry has another key than beside one with its guid: the second look has to find it under the first one's."""
    page = "https://paper.example/7"
    one, two = Item("井盖破损", "正文", "g", page), Item("路灯不亮", "正文", "g", "https://paper.example/8")
    scene.origin.publish("/feed", one, two)
    feed = await scene.feed()
    async with patient(scene) as fetcher:
        ingest = ingest_of(scene, CountingTransactor(scene), fetcher, InStep(2))
        polled, pushed = await asyncio.gather(
            ingest.take_in(feed), ingest.take_pushed(ObjectId(feed.id), rss([one]), "application/rss+xml")
        )
    assert (polled.error, polled.new + pushed.new) == (None, 2)
    assert sorted(story.title for story in await scene.stories()) == ["井盖破损", "路灯不亮"]


async def test_looks_with_very_long_stories_do_not_share_a_transaction(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "CHARS_OF_A_STORY", 10)
    paths = ["/a", "/b", "/c"]
    for path in paths:
        scene.origin.publish(path, Item(path, "积水" * 2_500, path))
        await scene.feed(path)
    feeds = [await scene.feed_at(path) for path in paths]
    async with patient(scene) as fetcher:
        counting = CountingTransactor(scene)
        results = await asyncio.gather(*map(ingest_of(scene, counting, fetcher, InStep(3)).take_in, feeds))
    assert [result.new for result in results] == [1, 1, 1]
    assert counting.count == 3


async def test_where_one_feed_cannot_follow_its_move_the_others_are_taken_in(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = ["/moved", "/stays"]
    for path in paths:
        scene.origin.publish(path, Item(path, "正文", path))
        await scene.feed(path)
    scene.origin.publish("/there", Item("/moved", "正文", "/moved"))
    scene.origin.answers["/moved"] = Answer(status=301, headers={"Location": scene.origin.url("/there")})
    feeds = [await scene.feed_at(path) for path in paths]
    async with patient(scene) as fetcher:
        ingest = ingest_of(scene, CountingTransactor(scene), fetcher, InStep(2))

        async def fails(*_: object) -> bool:
            raise RuntimeError("no")

        monkeypatch.setattr(ingest.ledger, "move", fails)
        results = await asyncio.gather(*map(ingest.take_in, feeds))
    assert results[1].error is None
    assert {story.title for story in await scene.stories()} == set(paths)


async def test_who_is_stopped_while_its_look_is_being_stored_leaves_it_stored_or_not_and_no_gap_in_the_log(
    scene: Scene,
) -> None:
    scene.origin.publish("/feed", *THREE)
    feed = await scene.feed()
    async with patient(scene) as fetcher:
        pausing = PausingTransactor(scene.services.database, scene.services.log)
        ingest = ingest_of(scene, pausing, fetcher)
        reading = asyncio.create_task(ingest.take_in(feed))
        await pausing.saved.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        ending = asyncio.create_task(ingest.finish())
        pausing.go_on.set()
        await ending
    assert len(await scene.stories()) == len(await scene.services.log.read(0)) == 3


@asynccontextmanager
async def patient(scene: Scene) -> AsyncIterator[Fetcher]:
    allowed = {("127.0.0.1", scene.origin.port)}
    async with Fetcher(user_agent="t", limits=FetchLimits(total_seconds=20), allow=allowed, host_gap=0) as fetcher:
        yield fetcher
