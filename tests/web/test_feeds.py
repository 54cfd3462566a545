"""One feed and adding one: what is said of it, its settings, reading it at once; looking first, which stores nothing."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.accounts.documents import AuditAction
from media_tracker.errors import Conflict, Forbidden, InvalidInput
from media_tracker.ingest import websub_documents
from media_tracker.ingest.claims import Claims
from media_tracker.ingest.websub_documents import Subscription
from media_tracker.outlets.documents import Feed, FeedSource, FeedState, Notice, OutletKind, Platform, Selectors
from media_tracker.outlets.feed_setup import FeedSetup
from media_tracker.settings import Settings
from media_tracker.web.i18n import Catalogue, use_locale
from media_tracker.web.outlets.feed_words import State, Words, needs_attention, state_of_feeds
from media_tracker.web.outlets.view import stored_id
from media_tracker.web.render import Pages
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.services.origin import Answer, Item, Origin, rss, running_origin
from tests.web.admin_scene import browser_as
from tests.web.browser import Browser

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
PAGES = Pages(Catalogue.load(), ZoneInfo("Asia/Shanghai"))
WORDS = Words(PAGES)
TWO = (
    Item("井盖又破了", "近日，有市民反映，张店区某小区门口的井盖破损。", date="Mon, 02 Mar 2026 08:30:00 +0800"),
    Item("路灯亮了", "昨晚，东城区的路灯修好了。", date="Sun, 01 Mar 2026 08:30:00 +0800"),
)
LIST = (
    "<!doctype html><html><head><title>曝光台</title></head><body><ul class=news>"
    "<li><a href=/a1.html>垃圾堆成了山</a><time>2026-03-01</time></li>"
    "<li><a href=/a2.html>消防通道被堵</a><time>2026-02-28</time></li>"
    "</ul></body></html>"
).encode()
HTML = {"Content-Type": "text/html; charset=utf-8"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def _origin() -> AsyncIterator[Origin]:
    async with running_origin() as origin:
        yield origin


@pytest.fixture
def origin(_origin: Origin) -> Origin:
    _origin.answers.clear()
    _origin.sent.clear()
    return _origin


@pytest.fixture
def fetch_allow(origin: Origin) -> frozenset[tuple[str, int]]:
    return frozenset({("127.0.0.1", origin.port)})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None, data_dir=tmp_path, allowed_hosts="testserver", secret_key="for tests", log_format="json"
    )


@pytest_asyncio.fixture
async def admin(services: Services) -> AsyncIterator[Browser]:
    async with await browser_as(services, Role.ADMIN) as browser:
        yield browser


@pytest_asyncio.fixture
async def editor(services: Services) -> AsyncIterator[Browser]:
    async with await browser_as(services, Role.EDITOR) as browser:
        yield browser


@pytest_asyncio.fixture
async def outlet(services: Services) -> ObjectId:
    return await services.outlets.add_outlet("齐川晨报", OutletKind.NEWSPAPER, partner=True)


@pytest_asyncio.fixture
async def feed(services: Services, origin: Origin, outlet: ObjectId) -> Feed:
    origin.publish("/rss", *TWO, validators=True)
    await services.outlets.add_feed(outlet, origin.url("/rss"), "晨报电子版", Platform.PAPER, "曝光台")
    return await the_feed(services)


async def the_feed(services: Services) -> Feed:
    (feed,) = await services.outlets.feeds()
    return feed


async def put_subscription(services: Services, feed: Feed, **more: object) -> None:
    row = {"feed_id": feed.id, "hub": HUB, "topic": TOPIC, "version": 1, "callbacks": [], "ask_at": NOW, **more}
    await services.database[websub_documents.COLLECTION].insert_one(row)


async def put_state(services: Services, feed: Feed, **state: object) -> None:
    changes = {f"state.{name}": value for name, value in state.items()}
    await services.database["feeds"].update_one({"_id": feed.id}, {"$set": changes})


async def stored(services: Services) -> tuple[int, int]:
    stories = await services.database["stories"].count_documents({})
    return len(await services.outlets.feeds()), stories


def path_of(feed: Feed) -> str:
    return f"/outlets/{feed.outlet_id}/feeds/{feed.id}"


def main(text: str) -> str:
    """The page itself, as it is read."""
    return html.unescape(text.split('<main id="main"')[1].split("</main>")[0])


def form_to(text: str, path: str) -> dict[str, str]:
    """The hidden and typed values of the form that is sent to ``path``."""
    found = re.search(rf'<form method="post" action="{re.escape(path)}".*?</form>', text, re.S)
    assert found is not None, path
    typed = re.sub(r'<input type="(?:checkbox|radio)"[^>]*>', "", found[0])
    fields = re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', typed)
    return {name: html.unescape(value) for name, value in fields if name != "_csrf_token"}


def settings_of(feed: Feed, **changes: str) -> dict[str, str]:
    """The settings form of ``feed`` as a browser sends it, with ``changes``; "" unticks a box."""
    setup = FeedSetup.of(feed)
    sent = {"seen": setup.mark, "url": setup.url, "title": setup.title, "platform": setup.platform.value}
    sent |= {"column": setup.column, "source": setup.source.value, "encoding": "", **changes}
    return sent


# -- what is said of a feed; without a database


def a_feed(**state: object) -> Feed:
    active = bool(state.pop("active", True))
    source = FeedSource(str(state.pop("source", "feed")))
    feed: Feed = Feed.model_construct(
        id=ObjectId(),
        outlet_id=ObjectId(),
        url="https://paper.example/rss",
        title="报",
        active=active,
        source=source,
        state=FeedState.model_validate(state),
    )
    return feed


def days_ago(*days: float) -> list[datetime]:
    return [NOW - timedelta(days=each) for each in days]


def said(state: State | None) -> str:
    with use_locale("en"):
        return "" if state is None else PAGES.catalogue.translate(state.message, None, **state.params)


BROKEN = {"error": "x", "error_message": "{host} answered with HTTP status {status}.", "checked_at": NOW}
BROKEN |= {"error_params": {"host": "paper.example", "status": "404"}}


@pytest.mark.parametrize(
    ("state", "tone", "sentence"),
    [
        ({}, "quiet", "It has not been read yet."),
        ({"checked_at": NOW}, "ok", "It is in order."),
        ({"active": False}, "quiet", "It rests: nothing asks it."),
        ({"source": "hand"}, "quiet", "Its stories are entered by hand, by sheets or by the outlet's own system."),
        (
            BROKEN | {"failures": 2},
            "warn",
            "The look on 2 Mar 2026, 12:00 failed; it is tried again by itself. "
            "paper.example answered with HTTP status 404.",
        ),
        (
            BROKEN | {"failures": 7},
            "bad",
            "The last 7 looks have failed, the latest on 2 Mar 2026, 12:00. paper.example answered with HTTP status 404.",
        ),
        (
            {"checked_at": NOW, "published": days_ago(9, 10, 11, 12, 13.5)},
            "warn",
            "No story since 21 Feb 2026, 12:00; its longest pause before was 1.5 days.",
        ),
    ],
)
def test_health_is_a_sentence(state: Mapping[str, object], tone: str, sentence: str) -> None:
    with use_locale("en"):
        found = WORDS.health(a_feed(**state), NOW)
    assert (found.tone, said(found)) == (tone, sentence)


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({}, ""),
        ({"checked_at": NOW}, "Its rhythm is not known yet: a look every 30 minutes."),
        (
            {"checked_at": NOW, "failures": 1},
            "After failures it waits longer each time, at most a day, and never gives up.",
        ),
        (
            {"checked_at": NOW, "published": days_ago(0, 1, 2)},
            "It brings a story every 24 hours on average: a look every 12 hours.",
        ),
        ({"checked_at": NOW, "published": days_ago(5)}, "It has been quiet for 5 days: a look every 12 hours."),
        (
            {"checked_at": NOW, "published": days_ago(0, 0.1), "hint_seconds": 21_600},
            "Its server asks for 6 hours from one look to the next.",
        ),
        (
            {"checked_at": NOW, "published": days_ago(0, 0.01), "hint_seconds": 60, "pushed_at": NOW},
            "A hub brings its stories; a look every 60 minutes makes sure.",
        ),
        ({"checked_at": NOW, "active": False}, ""),
    ],
)
def test_why_a_feed_is_looked_at_next_is_a_sentence(state: Mapping[str, object], sentence: str) -> None:
    with use_locale("en"):
        found = WORDS.why_then(a_feed(**state))
    assert said(found) == sentence


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"next_check_at": NOW + timedelta(hours=1)}, "2 Mar 2026, 13:00"),
        ({"next_check_at": NOW}, "due now"),
        ({}, "due now"),
        ({"leased_until": NOW + timedelta(minutes=1)}, "It is being read at this moment."),
        ({"active": False, "next_check_at": NOW}, "none"),
    ],
)
def test_when_a_feed_is_looked_at_next(state: Mapping[str, object], sentence: str) -> None:
    with use_locale("en"):
        found = WORDS.next_look(a_feed(**state), NOW)
    assert said(found) == sentence


HUB = "https://hub.example/"
TOPIC = "https://paper.example/rss"
SUBSCRIPTION = Subscription(ObjectId(), ObjectId(), HUB, TOPIC, 1, (), NOW + timedelta(hours=2))
OPEN = websub_documents.Callback("hash", "secret", NOW, NOW, NOW + timedelta(days=9))


@pytest.mark.parametrize(
    ("state", "subscription", "public_url", "sentence"),
    [
        ({}, None, "https://x", "The feed names no hub, so it is polled only."),
        ({"hub": HUB}, None, "", f"It names the hub {HUB}, but hubs cannot reach this program"),
        ({"hub": HUB}, None, "https://x", f"It names the hub {HUB}, which is asked soon."),
        ({"hub": HUB}, SUBSCRIPTION, "https://x", f"The hub {HUB} has been asked and has not confirmed yet."),
        (
            {"hub": HUB},
            replace(SUBSCRIPTION, callbacks=(OPEN,), lease_until=NOW + timedelta(days=9)),
            "https://x",
            f"The hub {HUB} pushes new stories, confirmed until 11 Mar 2026, 12:00.",
        ),
        (
            {"hub": HUB},
            replace(SUBSCRIPTION, denied_at=NOW, denied_reason="closed"),
            "https://x",
            f"The hub {HUB} declined (closed). It is asked again on 2 Mar 2026, 14:00.",
        ),
        (
            {"hub": HUB},
            replace(SUBSCRIPTION, error="hub.example could not be reached."),
            "https://x",
            f"The hub {HUB} could not be asked: hub.example could not be reached. It is asked again on",
        ),
    ],
)
def test_push_is_a_sentence(
    state: Mapping[str, object], subscription: Subscription | None, public_url: str, sentence: str
) -> None:
    with use_locale("en"):
        found = WORDS.push(a_feed(**state), subscription, NOW, public_url)
    assert said(found).startswith(sentence)


def test_what_needs_attention_is_told_and_nothing_else() -> None:
    quiet = [a_feed(checked_at=NOW), a_feed(**BROKEN, failures=1), a_feed(active=False), a_feed(source="hand")]
    assert [needs_attention(feed, WORDS, NOW) for feed in quiet] == [[], [], [], []]
    both = needs_attention(a_feed(**BROKEN, failures=3, notice="moved", notice_at=NOW), WORDS, NOW)
    assert [state.tone for state in both] == ["bad", "news"]
    assert [state.tone for state in needs_attention(a_feed(active=False, notice="gone"), WORDS, NOW)] == ["news"]


def test_of_several_feeds_the_worst_is_told() -> None:
    well, silent = a_feed(checked_at=NOW), a_feed(checked_at=NOW, published=days_ago(9, 10, 11, 12, 13))
    failing, by_hand = a_feed(**BROKEN, failures=1), a_feed(source="hand", checked_at=NOW)
    table: Sequence[tuple[list[Feed], str]] = [
        ([well, silent, failing], "bad"),
        ([well, silent], "warn"),
        ([well, by_hand], "ok"),
        ([by_hand], "quiet"),
        ([], "quiet"),
    ]
    assert [state_of_feeds(feeds, WORDS, NOW).tone for feeds, _ in table] == [tone for _, tone in table]


# -- what needs attention


async def test_feeds_that_fail_fall_silent_or_move_stand_on_top_for_editors_too(
    services: Services, editor: Browser, outlet: ObjectId, clock: FakeClock
) -> None:
    feeds = {}
    for name in ("坏的", "静的", "搬的", "没的", "好的"):
        feed_id = await services.outlets.add_feed(outlet, f"https://paper.example/{name}", name, Platform.WEB)
        feeds[name] = await services.outlets.feed(str(feed_id), outlet)
    moment = clock.now - timedelta(hours=3)
    await put_state(services, feeds["坏的"], **{**BROKEN, "failures": 4, "checked_at": moment})
    silence = [clock.now - timedelta(days=days) for days in (9, 10, 11, 12, 13)]
    await put_state(services, feeds["静的"], checked_at=moment, published=silence)
    moved = {"notice": "moved", "notice_at": moment, "notice_from": "https://paper.example/old"}
    await put_state(services, feeds["搬的"], checked_at=moment, **moved)
    await services.database["feeds"].update_one({"_id": feeds["没的"].id}, {"$set": {"active": False}})
    await put_state(services, feeds["没的"], notice="gone", notice_at=moment)
    await put_state(services, feeds["好的"], checked_at=moment)

    assert "4 feeds need attention" in (await editor.get("/desk")).text
    text = (await editor.get("/outlets")).text
    card = text.split('id="attention"')[1].split("</section>")[0]
    assert re.findall(r'<a href="([^"]+)">([^<]+)</a>', card) == [
        (path_of(feeds[name]), name) for name in ("坏的", "静的", "搬的", "没的")
    ]
    for sentence in (
        "The last 4 looks have failed",
        "its longest pause before was 24 hours",
        "from https://paper.example/old to https://paper.example/",
        "it is gone for good (410)",
    ):
        assert sentence in html.unescape(card)


async def test_where_nothing_needs_attention_nothing_is_said(services: Services, editor: Browser, feed: Feed) -> None:
    assert "Needs attention" not in (await editor.get("/outlets")).text
    assert "attention" not in (await editor.get("/desk")).text


# -- the page of a feed


async def test_a_feeds_page_shows_how_it_does_its_looks_and_its_stories(
    services: Services, editor: Browser, origin: Origin, feed: Feed
) -> None:
    await editor.post(f"{path_of(feed)}/read")
    origin.answers["/rss"] = Answer(status=500)
    await editor.post(f"{path_of(feed)}/read")
    async with await browser_as(services, Role.VIEWER) as viewer:
        text = main((await viewer.get(path_of(feed))).text)
    for shown in (
        "晨报电子版",
        origin.url("/rss"),
        "it is tried again by itself. 127.0.0.1 answered with HTTP status 500.",
        "After failures it waits longer each time",
        "The feed names no hub",
        "2 looks: 2 new stories, 1 looks failed",
        "HTTP 200",
        "HTTP 500",
        "井盖又破了",
        "路灯亮了",
    ):
        assert shown in text, shown
    assert "<button" not in text, "a viewer changes nothing"
    assert "<form" not in text


async def test_only_the_first_ten_looks_are_shown_at_once(services: Services, editor: Browser, feed: Feed) -> None:
    record = {"at": NOW, "result": "read", "seconds": 0.1, "new": 1}
    await services.database["feed_logs"].insert_one({"_id": feed.id, "fetches": [record] * 30})
    text = (await editor.get(path_of(feed))).text
    assert text.count('<th scope="row" class="nowrap">') == 30
    assert "20 looks before" in text
    assert text.count('class="bar-fill"') == 30


async def test_what_hubs_have_brought_is_told(services: Services, editor: Browser, feed: Feed) -> None:
    await put_state(services, feed, hub=HUB)
    await put_subscription(services, feed, pushes=3, pushed_at=NOW, missed=2, forged=1)
    text = main((await editor.get(path_of(feed))).text)
    for shown in ("3 pushes", "2 stories were found by polling only", "1 push had no valid signature"):
        assert shown in text


async def test_what_is_entered_by_hand_has_a_page_and_no_settings(
    services: Services, admin: Browser, outlet: ObjectId
) -> None:
    feed_id = await services.by_hand.feed_for(outlet, Platform.WECHAT)
    feed = await services.outlets.feed(str(feed_id), outlet)
    text = main((await admin.get(path_of(feed))).text)
    assert "Its stories are entered by hand" in text
    assert "<form" not in text
    assert "hand:" not in (await admin.get(f"/outlets/{outlet}")).text
    answer = await admin.post(path_of(feed), settings_of(feed, url="https://x.example/rss", source="feed"))
    assert answer.status_code == 422
    assert (await the_feed(services)).url == feed.url


@pytest.mark.parametrize("act", ["", "/read", "/notice", "/active"])
async def test_a_feed_of_another_outlet_is_not_found(services: Services, admin: Browser, feed: Feed, act: str) -> None:
    other = await services.outlets.add_outlet("别家", OutletKind.PORTAL, partner=False)
    path = f"/outlets/{other}/feeds/{feed.id}{act}"
    assert (await admin.post(path, settings_of(feed, title="x"))).status_code == 404
    assert (await admin.get(f"/outlets/{other}/feeds/{feed.id}")).status_code == 404
    assert await the_feed(services) == feed


async def test_the_pages_speak_chinese(admin: Browser, feed: Feed) -> None:
    admin.cookies.set("language", "zh_CN", domain="testserver.local")
    for path in (path_of(feed), f"/outlets/{feed.outlet_id}/feeds/look"):
        text = (await admin.get(path)).text
        assert '<html lang="zh-CN"' in text
        assert not re.search(r">[A-Z][a-z]+ [a-z]+ [a-z]+", text.split("<main")[1].split("</main>")[0])


# -- settings


async def test_every_setting_is_kept_and_nothing_else_changes(
    services: Services, admin: Browser, origin: Origin, feed: Feed
) -> None:
    await admin.post(f"{path_of(feed)}/read")
    before = await the_feed(services)
    sent = settings_of(
        feed,
        url=f" {origin.url('/list')} ",
        title="曝光台",
        platform="web",
        column="问政",
        source="page",
        sel_item="ul.news > li",
        sel_date="time",
        encoding="gb18030",
        full_text="1",
        ignore_validators="1",
    )
    answer = await admin.post(path_of(feed), sent)
    assert (answer.status_code, answer.headers["location"]) == (303, path_of(feed))
    after = await the_feed(services)
    assert FeedSetup.of(after) == FeedSetup(
        url=origin.url("/list"),
        title="曝光台",
        platform=Platform.WEB,
        column="问政",
        source=FeedSource.PAGE,
        selectors=Selectors(item="ul.news > li", date="time"),
        encoding="gb18030",
        ignore_validators=True,
        full_text=True,
    )
    assert after.state == before.state
    (entry, *_) = await services.audit.latest()
    assert (entry.action, entry.subject) == (AuditAction.FEED_SET_UP, feed.id)
    assert set(str(entry.detail["changed"]).split()) == {
        *("url", "title", "platform", "column", "source", "selectors", "encoding", "full_text", "ignore_validators")
    }
    text = (await admin.get(path_of(feed))).text
    assert 'value="ul.news &gt; li"' in text
    assert re.search(r'name="full_text" value="1" checked', text)

    back = settings_of(after, source="feed")
    await admin.post(path_of(feed), back)
    assert FeedSetup.of(await the_feed(services)) == replace(
        FeedSetup.of(after),
        source=FeedSource.FEED,
        selectors=None,
        encoding=None,
        full_text=False,
        ignore_validators=False,
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"url": ""}, "Please give the feed's address."),
        ({"url": "ftp://paper.example/rss"}, "not an address of a feed that can be asked: ftp://paper.example/rss"),
        ({"url": "https://other.example/rss"}, "This feed is subscribed to already."),
        ({"platform": "telegraph"}, "Please choose from the list."),
        ({"source": "hand"}, "A feed is polled; what is entered by hand has a place of its own."),
        ({"source": "page"}, "Say which elements of the page are its stories."),
        ({"source": "page", "sel_item": "li", "sel_date": "[["}, "This is not a CSS selector that can be used here."),
        ({"encoding": "ebcdic"}, "Please choose from the list."),
    ],
)
async def test_settings_that_cannot_be_are_refused_and_nothing_typed_is_lost(
    services: Services, admin: Browser, outlet: ObjectId, feed: Feed, change: dict[str, str], sentence: str
) -> None:
    await services.outlets.add_feed(outlet, "https://other.example/rss", "别的", Platform.WEB)
    answer = await admin.post(path_of(feed), settings_of(feed, **{"column": "新栏目", **change}))
    assert answer.status_code == 422
    assert sentence in main(answer.text)
    assert 'value="新栏目"' in answer.text
    assert await services.outlets.feed(str(feed.id), outlet) == feed


async def test_two_admins_at_once_and_nothing_is_lost(services: Services, admin: Browser, feed: Feed) -> None:
    assert (await admin.post(path_of(feed), settings_of(feed, column="先来的"))).status_code == 303
    late = await admin.post(path_of(feed), settings_of(feed, column="后来的", title="新名"))
    assert late.status_code == 409
    text = main(late.text)
    assert "have been changed in the meantime" in text
    assert "<dd>先来的</dd>" in text
    assert (await the_feed(services)).column == "先来的"
    again = form_to(late.text, path_of(feed))
    assert (again["column"], again["title"]) == ("后来的", "新名")
    assert (await admin.post(path_of(feed), settings_of(feed, **again))).status_code == 303
    after = await the_feed(services)
    assert (after.column, after.title) == ("后来的", "新名")


async def test_an_address_that_has_moved_meanwhile_is_not_set_back(
    services: Services, admin: Browser, feed: Feed
) -> None:
    new = "https://paper.example/moved"
    assert await services.ingest.ledger.move(stored_id(feed.id), feed.url, new, NOW)
    late = await admin.post(path_of(feed), settings_of(feed, column="新栏目"))
    assert late.status_code == 409
    assert f"<dd>{new}</dd>" in late.text
    assert (await the_feed(services)).url == new


async def test_of_changes_at_the_same_moment_one_wins(services: Services, feed: Feed) -> None:
    setup = FeedSetup.of(feed)
    tries = [
        services.outlets.set_up_feed(
            str(feed.id), replace(setup, column=f"{number}"), seen=setup.mark, outlet_id=feed.outlet_id
        )
        for number in range(8)
    ]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["Conflict"] * 7 + ["list"]
    winner = next(number for number, each in enumerate(done) if not isinstance(each, Conflict))
    assert (await the_feed(services)).column == str(winner)


async def test_the_service_itself_refuses_strangers_and_selectors_without_a_page(
    services: Services, feed: Feed
) -> None:
    setup = FeedSetup.of(feed)
    clerk = Actor(ObjectId(), frozenset(Role) - {Role.ADMIN})
    with pytest.raises(Forbidden):
        await services.outlets.set_up_feed(str(feed.id), setup, seen=setup.mark, outlet_id=feed.outlet_id, by=clerk)
    for wrong in (replace(setup, selectors=Selectors(item="li")), replace(setup, source=FeedSource.PAGE)):
        with pytest.raises(InvalidInput):
            await services.outlets.set_up_feed(str(feed.id), wrong, seen=setup.mark, outlet_id=feed.outlet_id)
    assert await services.outlets.set_up_feed(str(feed.id), setup, seen=setup.mark, outlet_id=feed.outlet_id) == []


# -- the notice


async def test_an_editor_dismisses_a_notice_and_a_newer_one_stays(
    services: Services, editor: Browser, feed: Feed
) -> None:
    moved = {"notice": "moved", "notice_from": "https://paper.example/old"}
    await put_state(services, feed, notice_at=NOW, **moved)
    seen = form_to((await editor.get(path_of(feed))).text, f"{path_of(feed)}/notice")
    await put_state(services, feed, notice_at=NOW + timedelta(hours=1), **moved)
    await editor.post(f"{path_of(feed)}/notice", seen)
    assert (await the_feed(services)).state.notice is Notice.MOVED
    seen = form_to((await editor.get(path_of(feed))).text, f"{path_of(feed)}/notice")
    await editor.post(f"{path_of(feed)}/notice", seen)
    after = await the_feed(services)
    assert (after.state.notice, after.state.notice_from) == (None, "")
    (entry, *_) = await services.audit.latest()
    assert entry.action is AuditAction.FEED_NOTICE_DISMISSED
    assert "Its address moved for good" not in (await editor.get(path_of(feed))).text


# -- reading at once


async def test_a_feed_is_read_at_once_and_its_stories_are_looked_at(
    services: Services, editor: Browser, origin: Origin, feed: Feed
) -> None:
    answer = await editor.post(f"{path_of(feed)}/read")
    assert answer.headers["location"] == path_of(feed)
    assert "The feed has been read: 2 new stories, 0 changed." in (await editor.get(path_of(feed))).text
    suggested = await services.database["stories"].count_documents({"suggestion": {"$ne": None}})
    assert suggested == 2
    await editor.post(f"{path_of(feed)}/read")
    assert "The feed has been read: nothing new." in (await editor.get(path_of(feed))).text
    origin.publish("/rss", *TWO, Item("第三篇", "内容"))
    await editor.post(f"{path_of(feed)}/read")
    assert "1 new stories" in (await editor.get(path_of(feed))).text
    assert (await the_feed(services)).state.leased_by is None


async def test_what_stops_a_feed_from_being_read_is_told_in_the_readers_language(
    editor: Browser, origin: Origin, feed: Feed
) -> None:
    origin.answers["/rss"] = Answer(status=503)
    await editor.post(f"{path_of(feed)}/read")
    text = (await editor.get(path_of(feed))).text
    assert "notice-bad" in text
    assert "127.0.0.1 answered with HTTP status 503." in text


async def test_a_feed_that_somebody_reads_or_that_rests_is_left_alone(
    services: Services, editor: Browser, origin: Origin, feed: Feed, clock: FakeClock
) -> None:
    await put_state(services, feed, leased_by="another", leased_until=clock.now + timedelta(minutes=1))
    await editor.post(f"{path_of(feed)}/read")
    assert "is being read at this moment" in (await editor.get(path_of(feed))).text
    clock.advance(minutes=2)
    await services.outlets.set_feed_active(str(feed.id), False)
    await editor.post(f"{path_of(feed)}/read")
    assert "The feed rests, or" in (await editor.get(path_of(feed))).text
    assert origin.sent == []


async def test_a_host_that_has_just_been_asked_is_left_in_peace(
    services: Services, feed: Feed, clock: FakeClock
) -> None:
    claims = Claims(services.database, clock, services.owner, 5.0)
    taken = await claims.take(stored_id(feed.id))
    assert taken is not None
    assert await claims.take(stored_id(feed.id)) is None
    await services.ingest.take_in(taken)
    await claims.release(taken)
    assert await claims.take(stored_id(feed.id)) is None
    clock.advance(seconds=6)
    assert await claims.take(stored_id(feed.id)) is not None


async def test_a_feed_that_is_gone_rests_and_its_subscription_is_forgotten(
    services: Services, editor: Browser, origin: Origin, feed: Feed
) -> None:
    await put_subscription(services, feed)
    origin.answers["/rss"] = Answer(status=410)
    await editor.post(f"{path_of(feed)}/read")
    after = await the_feed(services)
    assert (after.active, after.state.notice) == (False, Notice.GONE)
    assert await services.websub.of_feed(stored_id(feed.id)) is None
    assert "it is gone for good (410)" in (await editor.get(path_of(feed))).text


async def test_resting_ends_the_subscription_and_reading_again_answers_the_notice(
    services: Services, admin: Browser, feed: Feed
) -> None:
    await put_subscription(services, feed)
    answer = await admin.post(f"{path_of(feed)}/active", {"stay": "1"})
    assert answer.headers["location"] == path_of(feed)
    assert await services.websub.of_feed(stored_id(feed.id)) is None
    await put_state(services, feed, notice="gone", notice_at=NOW)
    await admin.post(f"{path_of(feed)}/active", {"stay": "1", "active": "1"})
    after = await the_feed(services)
    assert (after.active, after.state.notice) == (True, None)


# -- looking first


async def look(admin: Browser, outlet: ObjectId, url: str, **more: str) -> tuple[int, str]:
    answer = await admin.post(f"/outlets/{outlet}/feeds/look", {"url": url, **more})
    return answer.status_code, answer.text


async def test_a_feed_is_shown_first_and_subscribed_to_with_one_button(
    services: Services, admin: Browser, origin: Origin, outlet: ObjectId
) -> None:
    many = [Item(f"第{number}篇", "内容", date="Mon, 02 Mar 2026 08:30:00 +0800") for number in range(12)]
    origin.answers["/rss"] = Answer(rss(many).replace(b"<channel>", b"<channel><title>x</title>", 1))
    status, text = await look(admin, outlet, origin.url("/rss"), platform="paper")
    assert status == 200
    assert "This is a feed with 12 entries." in text
    assert [f"第{number}篇" in text for number in (0, 9, 10)] == [True, True, False]
    assert "2 Mar 2026, 08:30" in text
    assert origin.sent == [("/rss", 200)], "one fetch"
    assert await stored(services) == (0, 0)

    sent = form_to(text, f"/outlets/{outlet}/feeds")
    answer = await admin.post(f"/outlets/{outlet}/feeds", {**sent, "platform": "paper"})
    added = await the_feed(services)
    assert answer.headers["location"] == path_of(added)
    assert (added.url, added.source, added.selectors) == (origin.url("/rss"), FeedSource.FEED, None)
    assert origin.sent == [("/rss", 200)]

    _, text = await look(admin, outlet, origin.url("/rss"))
    assert "This feed is subscribed to already." in text
    assert f'href="{path_of(added)}"' in text


async def test_what_has_moved_is_subscribed_to_at_its_new_address(
    admin: Browser, origin: Origin, outlet: ObjectId
) -> None:
    origin.publish("/new", *TWO)
    origin.answers["/old"] = Answer(status=301, headers={"Location": "/new"})
    _, text = await look(admin, outlet, origin.url("/old"))
    assert "It has moved for good" in text
    assert form_to(text, f"/outlets/{outlet}/feeds")["url"] == origin.url("/new")


async def test_hub_and_warnings_are_told_before(admin: Browser, origin: Origin, outlet: ObjectId) -> None:
    hub = b"<channel><atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='hub' href='https://hub.example/'/>"
    body = rss([Item("没有日期的", "内容", date="32 Foo 2026")]).replace(b"<channel>", hub)
    origin.answers["/rss"] = Answer(body)
    _, text = await look(admin, outlet, origin.url("/rss"))
    assert "https://hub.example/" in text
    assert "1 dates were not used" in text


async def test_a_web_page_shows_the_feeds_that_it_names(
    services: Services, admin: Browser, origin: Origin, outlet: ObjectId
) -> None:
    page = "<!doctype html><link rel=alternate type=application/rss+xml title=要闻 href=/rss><a href=/feed.xml>订阅</a>"
    origin.answers["/"] = Answer(page.encode(), headers=HTML)
    origin.publish("/rss", *TWO)
    status, text = await look(admin, outlet, origin.url("/"))
    assert status == 200
    assert "It names 2 feeds, the likeliest first:" in text
    found = re.findall(r'name="url" value="([^"]+)"', text)
    assert found[0] == origin.url("/") or origin.url("/rss") in found
    assert {origin.url("/rss"), origin.url("/feed.xml")} <= set(found)
    assert "Read the page by CSS selectors" in text
    _, text = await look(admin, outlet, origin.url("/rss"), title="要闻")
    assert "This is a feed with 2 entries." in text
    assert form_to(text, f"/outlets/{outlet}/feeds")["title"] == "要闻"
    assert await stored(services) == (0, 0)


async def test_a_page_without_a_feed_is_read_by_selectors(
    services: Services, admin: Browser, origin: Origin, outlet: ObjectId
) -> None:
    origin.answers["/list"] = Answer(LIST, headers=HTML)
    url = origin.url("/list")
    status, text = await look(admin, outlet, url)
    assert status == 200
    assert "It names no feed." in text
    status, text = await look(admin, outlet, url, by_page="1", sel_item="ul.news > li", title="曝光台")
    assert status == 200
    assert "The selectors find 2 stories." in text
    assert "垃圾堆成了山" in text
    assert "1 Mar 2026" in text
    sent = form_to(text, f"/outlets/{outlet}/feeds")
    assert (await admin.post(f"/outlets/{outlet}/feeds", {**sent, "platform": "web"})).status_code == 303
    feed = await the_feed(services)
    assert (feed.source, feed.selectors) == (FeedSource.PAGE, Selectors(item="ul.news > li"))
    await admin.post(f"{path_of(feed)}/read")
    titles = await services.database["stories"].distinct("title")
    assert sorted(titles) == sorted(["垃圾堆成了山", "消防通道被堵"])


async def test_the_selectors_of_a_feed_are_tried_from_its_settings_and_nothing_is_changed(
    services: Services, admin: Browser, origin: Origin, feed: Feed
) -> None:
    origin.answers["/list"] = Answer(LIST, headers=HTML)
    page = main((await admin.get(path_of(feed))).text)
    assert f'formaction="/outlets/{feed.outlet_id}/feeds/look" formtarget="_blank" name="by_page" value="1"' in page
    typed = settings_of(feed, url=origin.url("/list"), source="page", sel_item="ul.news > li", by_page="1")
    answer = await admin.post(f"/outlets/{feed.outlet_id}/feeds/look", typed)
    assert "The selectors find 2 stories." in answer.text
    assert await the_feed(services) == feed


@pytest.mark.parametrize(
    ("selectors", "sentence"),
    [
        ({}, "Say which elements of the page are its stories."),
        ({"sel_item": "li["}, "This is not a CSS selector that can be used here."),
        ({"sel_item": "div.nothing"}, "The selector div.nothing matches nothing on this page."),
    ],
)
async def test_selectors_that_find_nothing_come_back(
    services: Services, admin: Browser, origin: Origin, outlet: ObjectId, selectors: dict[str, str], sentence: str
) -> None:
    origin.answers["/list"] = Answer(LIST, headers=HTML)
    status, text = await look(admin, outlet, origin.url("/list"), by_page="1", sel_date="time", **selectors)
    assert status == 422
    assert sentence in text
    assert 'value="time"' in text
    assert await stored(services) == (0, 0)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "Please give the feed's address."),
        ("paper.example/rss", "does not begin with http:// or https://"),
        ("javascript:alert(1)", "does not begin with http:// or https://"),
        ("https://user:pw@paper.example/", "carries a user name or password"),
        ("http://10.0.0.1/rss", "10.0.0.1 leads to 10.0.0.1, which is not a public address, so it was not asked."),
        ("http://169.254.169.254/latest/meta-data", "which is not a public address"),
        ("http://[::1]:8080/", "which is not a public address"),
        ("http://[::ffff:127.0.0.1]:8080/", "which is not a public address"),
        ("http://localhost:8080/", "which is not a public address"),
    ],
)
async def test_an_address_that_is_not_asked_says_so_here_already(
    services: Services, admin: Browser, outlet: ObjectId, url: str, sentence: str
) -> None:
    status, text = await look(admin, outlet, url)
    assert status == 422
    assert sentence in main(text)
    assert "javascript:" not in re.findall(r'href="([^"]*)"', text)
    assert await stored(services) == (0, 0)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Answer(status=404), "answered with HTTP status 404."),
        (Answer(b""), "The answer is empty"),
        (Answer(b"just words"), ""),
        (Answer(b'{"a": 1}'), ""),
    ],
)
async def test_what_is_no_feed_is_told_in_a_sentence(
    services: Services, admin: Browser, origin: Origin, outlet: ObjectId, answer: Answer, sentence: str
) -> None:
    origin.answers["/x"] = answer
    status, text = await look(admin, outlet, origin.url("/x"))
    assert status == 422
    assert sentence in text
    assert "field-error" in text
    assert await stored(services) == (0, 0)


async def test_script_in_a_feed_stays_text(admin: Browser, origin: Origin, outlet: ObjectId) -> None:
    origin.publish("/rss", Item("<script>alert(1)</script>x", "y", link="javascript:alert(1)"))
    _, text = await look(admin, outlet, origin.url("/rss"))
    assert "<script>alert" not in text
    assert 'href="javascript' not in text


async def test_only_admins_look_and_the_form_is_there_for_them(services: Services, admin: Browser, feed: Feed) -> None:
    path = f"/outlets/{feed.outlet_id}/feeds/look"
    assert f'href="{path}"' in (await admin.get(f"/outlets/{feed.outlet_id}")).text
    assert "Subscribe without looking" in (await admin.get(path)).text
    async with await browser_as(services, *(role for role in Role if role is not Role.ADMIN)) as others:
        assert (await others.get(path)).status_code == 403
        assert (await others.post(path, {"url": feed.url})).status_code == 403
        assert (await others.post(path_of(feed), settings_of(feed, title="x"))).status_code == 403
        assert path not in (await others.get(f"/outlets/{feed.outlet_id}")).text
