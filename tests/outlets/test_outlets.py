"""Outlets, feeds and projects on a real database: importing again adds nothing, and half an import is none."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import date

import pytest
from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.connection import Database
from media_tracker.errors import Forbidden, InvalidInput, NotFound
from media_tracker.outlets.documents import Feed, OutletKind, Platform
from media_tracker.outlets.opml import Subscription, read_opml, write_opml
from media_tracker.outlets.service import Imported, Outlets
from tests.fake_clock import FakeClock

THREE = [
    Subscription("http://a.example/paper", "纸媒", "晨报", OutletKind.NEWSPAPER, True, "", Platform.PAPER, "曝光台"),
    Subscription("http://a.example/app", "客户端", "晨报", OutletKind.NEWSPAPER, True, "", Platform.APP),
    Subscription("http://b.example/f", "门户", "门户网", OutletKind.PORTAL, False, "http://b.example/"),
]


@pytest.fixture
def outlets(database: Database, clock: FakeClock) -> Outlets:
    return Outlets(database, clock)


async def test_an_import_adds_outlets_and_feeds_and_again_adds_nothing(outlets: Outlets) -> None:
    assert await outlets.import_subscriptions(THREE) == Imported(2, 3, 0)
    assert await outlets.import_subscriptions(THREE) == Imported(0, 0, 3)

    assert [(o.name, o.kind, o.partner) for o in await outlets.all()] == [
        ("晨报", OutletKind.NEWSPAPER, True),
        ("门户网", OutletKind.PORTAL, False),
    ]
    (chenbao, _) = await outlets.all()
    feeds = await outlets.feeds(ObjectId(chenbao.id))
    assert {(feed.title, feed.platform, feed.column, feed.active) for feed in feeds} == {
        ("纸媒", Platform.PAPER, "曝光台", True),
        ("客户端", Platform.APP, "", True),
    }


@pytest.mark.parametrize("role", Role)
async def test_only_an_admin_changes_outlets_and_feeds_and_publicity_staff_add_projects(
    outlets: Outlets, role: Role
) -> None:
    await outlets.import_subscriptions(THREE)
    outlet, feed = (await outlets.all())[0], (await outlets.feeds())[0]
    assert outlet.id is not None
    who = Actor(ObjectId(), frozenset({role}))
    days = (date(2026, 1, 1), date(2026, 12, 31))
    tries: Mapping[str, Callable[[], Awaitable[object]]] = {
        "outlet": lambda: outlets.add_outlet("新媒体", OutletKind.PORTAL, partner=False, by=who),
        "partner": lambda: outlets.set_partner(str(outlet.id), False, by=who),
        "feed": lambda: outlets.add_feed(ObjectId(outlet.id), "http://c.example/f", "", Platform.WEB, by=who),
        "rest": lambda: outlets.set_feed_active(str(feed.id), False, by=who),
        "import": lambda: outlets.import_subscriptions(THREE, by=who),
        "project": lambda: outlets.add_project(ObjectId(outlet.id), "曝光", [], *days, None, by=who),
    }
    done = set()
    for name, attempt in tries.items():
        try:
            await attempt()
        except Forbidden:
            continue
        done.add(name)
    allowed = {Role.ADMIN: set(tries), Role.PUBLICITY: {"project"}}
    assert done == allowed.get(role, set())


async def test_imports_at_once_add_everything_once(outlets: Outlets) -> None:
    done = await asyncio.gather(*(outlets.import_subscriptions(THREE) for _ in range(8)))

    assert sum(each.outlets_added for each in done) == 2
    assert sum(each.feeds_added for each in done) == 3
    assert len(await outlets.feeds()) == 3


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/f",
        "javascript:alert(1)",
        "http://user:secret@a.example/",
        "http://",
        "x",
        "http://a.example:22/",
    ],
)
async def test_one_address_that_would_never_be_asked_stops_the_whole_import(outlets: Outlets, url: str) -> None:
    with pytest.raises(InvalidInput, match="not an address of a feed"):
        await outlets.import_subscriptions([*THREE, Subscription(url, "t", "o")])

    assert await outlets.all() == []
    assert await outlets.feeds() == []


async def test_an_import_leaves_what_people_have_changed(outlets: Outlets) -> None:
    await outlets.import_subscriptions(THREE)
    (chenbao, _) = await outlets.all()
    await outlets.set_partner(str(chenbao.id), False)
    (feed, *_) = await outlets.feeds(ObjectId(chenbao.id))
    await outlets.set_feed_active(str(feed.id), False)

    await outlets.import_subscriptions(THREE)

    assert not (await outlets.get(str(chenbao.id))).partner
    assert [each.active for each in await outlets.feeds() if each.id == feed.id] == [False]


async def test_what_is_exported_can_be_imported_elsewhere(
    outlets: Outlets, database: Database, clock: FakeClock
) -> None:
    await outlets.import_subscriptions(THREE)
    written = write_opml("订阅", await outlets.subscriptions())
    for name in ("outlets", "feeds"):
        await database[name].delete_many({})

    assert await outlets.import_subscriptions(read_opml(written)) == Imported(2, 3, 0)

    key = sorted(THREE, key=lambda each: each.url)
    assert sorted(await outlets.subscriptions(), key=lambda each: each.url) == key


async def test_an_outlet_needs_a_name_of_its_own(outlets: Outlets) -> None:
    await outlets.add_outlet("晨报", OutletKind.NEWSPAPER, partner=True)
    for name in ("", "  ", " 晨报 "):
        with pytest.raises(InvalidInput) as refused:
            await outlets.add_outlet(name, OutletKind.PORTAL, partner=False)
        assert list(refused.value.fields) == ["name"]
    assert len(await outlets.all()) == 1


async def test_a_feed_is_subscribed_to_once_however_its_address_is_spelt(outlets: Outlets) -> None:
    outlet = await outlets.add_outlet("晨报", OutletKind.NEWSPAPER, partner=True)

    added = [
        await outlets.add_feed(outlet, url, "", Platform.WEB)
        for url in ("http://A.example/f", " http://a.example/f ", "http://a.example:80/f", "http://a.example/f#top")
    ]

    (feed,) = await outlets.feeds()
    assert added == [feed.id, None, None, None]
    assert (feed.url, feed.title) == ("http://a.example/f", "http://a.example/f")
    assert feed.state == Feed.model_fields["state"].get_default(call_default_factory=True)


async def test_a_project_needs_a_name_and_an_end_after_its_beginning(outlets: Outlets) -> None:
    outlet = await outlets.add_outlet("晨报", OutletKind.NEWSPAPER, partner=True)
    with pytest.raises(InvalidInput) as refused:
        await outlets.add_project(outlet, " ", [], date(2026, 3, 1), date(2026, 2, 1), -1)
    assert set(refused.value.fields) == {"name", "ends", "planned_stories"}

    await outlets.add_project(outlet, "曝光台", ["曝光台", " "], date(2026, 1, 1), date(2026, 12, 31), 50)

    (project,) = await outlets.projects()
    assert (project.starts, project.ends, project.columns) == (date(2026, 1, 1), date(2026, 12, 31), ["曝光台"])
    with pytest.raises(InvalidInput):
        await outlets.add_project(outlet, "曝光台", [], date(2026, 1, 1), date(2026, 12, 31), None)


@pytest.mark.parametrize("nothing", ["nonsense", "6b0284a3beb002b575f8e1e1"])
async def test_an_id_that_is_none_is_not_found(outlets: Outlets, nothing: str) -> None:
    for tried in (outlets.get(nothing), outlets.set_partner(nothing, True), outlets.set_feed_active(nothing, True)):
        with pytest.raises(NotFound):
            await tried
