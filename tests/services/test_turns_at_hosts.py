"""Turns at hosts: one request at a time to each, whoever asks, and a gap before the next."""

from __future__ import annotations

import asyncio

import pytest

from media_tracker.ingest import claims
from media_tracker.ingest.claims import HOSTS, LEASE, WAIT_SECONDS, Claims
from media_tracker.wiring import Services
from tests.services.origin import Item
from tests.services.scene import Scene


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


async def test_reading_once_waits_for_its_turn_like_everybody(scene: Scene, polite: Services) -> None:
    scene.origin.publish("/one", Item("第一条", "新华社区门前有垃圾。", "g1"))
    feed = await scene.feed("/one")
    another = Claims(polite.database, scene.clock, "another", gap=5.0)
    assert await another.take_host(feed.url)
    reading = asyncio.create_task(polite.ingest.run([feed]))
    done, _ = await asyncio.wait([reading], timeout=2 * WAIT_SECONDS)
    assert not done
    assert scene.origin.sent == []

    await another.give_back_host(feed.url)

    assert [result.new for result in await reading] == [1]
    assert not await another.take_host(feed.url), "it has been asked: the gap stays"
