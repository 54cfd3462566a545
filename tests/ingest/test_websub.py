"""Subscriptions against a hub on loopback and a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta

import pytest
import pytest_asyncio
from bson import ObjectId

from media_tracker.db.connection import Database
from media_tracker.errors import NotFound
from media_tracker.ingest.websub import GRACE, SubscriptionOver, WebSub
from media_tracker.ingest.websub_documents import COLLECTION, Subscription
from media_tracker.net.fetch import Fetcher
from tests.fake_clock import FakeClock

from .hub import Hub, running_hub

PUBLIC_URL = "https://office.example"
TOPIC = "http://outlet.example/feed"
FEED = ObjectId()
BODY = b"<rss/>"


@pytest_asyncio.fixture
async def hub() -> AsyncIterator[Hub]:
    async with running_hub(PUBLIC_URL) as hub:
        yield hub


@pytest_asyncio.fixture
async def websub(database: Database, hub: Hub, clock: FakeClock) -> AsyncIterator[WebSub]:
    async with Fetcher(user_agent="media-tracker/test", allow={("127.0.0.1", hub.port)}, host_gap=0) as fetcher:
        yield WebSub(database, fetcher, clock, PUBLIC_URL + "/")


@pytest_asyncio.fixture
async def other_worker(database: Database, hub: Hub, clock: FakeClock) -> AsyncIterator[WebSub]:
    async with Fetcher(user_agent="media-tracker/other", allow={("127.0.0.1", hub.port)}, host_gap=0) as fetcher:
        yield WebSub(database, fetcher, clock, PUBLIC_URL)


async def stored(websub: WebSub) -> Subscription:
    found = await websub.of_feed(FEED)
    assert found is not None
    return found


async def subscribed(websub: WebSub, hub: Hub) -> str:
    """A subscription that is confirmed; its token."""
    assert await websub.offer(FEED, hub.url, TOPIC)
    await websub.confirm(hub.token(), hub.challenge())
    return hub.token()


async def test_a_hub_that_is_offered_is_asked_and_confirmed(websub: WebSub, hub: Hub, clock: FakeClock) -> None:
    assert await websub.offer(FEED, hub.url, TOPIC)
    (request,) = hub.requests
    assert (request["hub.mode"], request["hub.topic"]) == ("subscribe", TOPIC)
    assert len(hub.token()) >= 43  # 256 bits
    assert len(request["hub.secret"]) >= 43
    assert not (await stored(websub)).active(clock())

    assert await websub.confirm(hub.token(), hub.challenge()) == hub.challenge()["hub.challenge"]
    subscription = await stored(websub)
    assert subscription.active(clock())
    assert subscription.lease_until == clock() + timedelta(days=10)
    assert subscription.ask_at == clock() + timedelta(days=7.5)


async def test_a_hub_may_verify_before_it_answers(websub: WebSub, hub: Hub, clock: FakeClock) -> None:
    async def verify(token: str, params: Mapping[str, str]) -> str:
        return await websub.confirm(token, params)

    hub.verify = verify
    assert await websub.offer(FEED, hub.url, TOPIC)
    assert hub.confirmed == [hub.token()]
    assert (await stored(websub)).active(clock())


async def test_the_token_is_not_in_the_database(websub: WebSub, hub: Hub, database: Database) -> None:
    token = await subscribed(websub, hub)
    assert token not in str(await database[COLLECTION].find_one({}))


async def test_the_same_offer_is_not_taken_twice(websub: WebSub, other_worker: WebSub, hub: Hub) -> None:
    taken = await asyncio.gather(*(each.offer(FEED, hub.url, TOPIC) for each in (websub, other_worker) * 5))
    assert sum(taken) == 1
    await websub.confirm(hub.token(), hub.challenge())
    assert not await websub.offer(FEED, hub.url, TOPIC)
    assert len(hub.requests) == 1


async def test_without_an_address_of_its_own_nothing_is_asked(database: Database, hub: Hub, clock: FakeClock) -> None:
    for address in (None, ""):
        websub = WebSub(database, Fetcher(user_agent="t"), clock, address)
        assert not await websub.offer(FEED, hub.url, TOPIC)
        assert await websub.renew_due(10) == 0
        assert await websub.of_feed(FEED) is None


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "ftp://hub.example/", "", "http://[", "http://x/" + "a" * 3_000]
)
async def test_what_is_no_address_is_not_asked(websub: WebSub, hub: Hub, address: str) -> None:
    assert not await websub.offer(FEED, address, TOPIC)
    assert not await websub.offer(FEED, hub.url, address)
    assert hub.requests == []


async def test_a_hub_on_an_address_that_is_not_public_is_not_asked(websub: WebSub) -> None:
    assert not await websub.offer(FEED, "http://127.0.0.1:9999/hub", TOPIC)
    assert "not a public address" in ((await stored(websub)).error or "")


@pytest.mark.parametrize(
    "changed",
    [
        {"topic": "http://outlet.example/other"},
        {"topic": None},
        {"mode": "unsubscribe"},
        {"mode": None},
        {"challenge": None},
        {"lease_seconds": "-1"},
    ],
)
async def test_what_was_not_asked_is_not_confirmed(
    websub: WebSub, hub: Hub, clock: FakeClock, changed: dict[str, str | None]
) -> None:
    await websub.offer(FEED, hub.url, TOPIC)
    with pytest.raises(NotFound, match="no such subscription"):
        await websub.confirm(hub.token(), hub.challenge(changed))
    assert not (await stored(websub)).active(clock())


@pytest.mark.parametrize("token", ["", "x", "\udcff", "a" * 5_000, "$ne"])
async def test_nobody_else_confirms_denies_or_pushes(websub: WebSub, hub: Hub, token: str) -> None:
    await subscribed(websub, hub)
    with pytest.raises(NotFound):
        await websub.confirm(token, hub.challenge())
    with pytest.raises(NotFound):
        await websub.denied(token, {"hub.topic": TOPIC})
    with pytest.raises(NotFound):
        await websub.expects(token)
    with pytest.raises(NotFound):
        await websub.receive(token, hub.signature(BODY), BODY)


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
async def test_a_signed_push_is_news_of_its_feed(websub: WebSub, hub: Hub, clock: FakeClock, method: str) -> None:
    token = await subscribed(websub, hub)
    assert await websub.expects(token) == FEED
    assert await websub.receive(token, hub.signature(BODY, method), BODY) == FEED
    subscription = await stored(websub)
    assert (subscription.pushes, subscription.pushed_at, subscription.forged) == (1, clock(), 0)


async def test_a_push_that_is_not_signed_is_noted_and_nothing_else(websub: WebSub, hub: Hub, clock: FakeClock) -> None:
    token = await subscribed(websub, hub)
    for header in (None, "sha256=00", hub.signature(b"other")):
        assert await websub.receive(token, header, BODY) is None
    subscription = await stored(websub)
    assert (subscription.pushes, subscription.forged, subscription.forged_at) == (0, 3, clock())


async def test_a_push_before_the_confirmation_is_not_taken(websub: WebSub, hub: Hub) -> None:
    await websub.offer(FEED, hub.url, TOPIC)
    with pytest.raises(SubscriptionOver):
        await websub.receive(hub.token(), hub.signature(BODY), BODY)


async def test_a_lease_is_renewed_before_it_ends_by_one_of_several_workers(
    websub: WebSub, other_worker: WebSub, hub: Hub, clock: FakeClock
) -> None:
    await subscribed(websub, hub)
    clock.advance(days=7)
    assert await websub.renew_due(10) == 0
    clock.advance(hours=13)
    taken = await asyncio.gather(*(each.renew_due(10) for each in (websub, other_worker) * 4))
    assert sum(taken) == 1
    assert len(hub.requests) == 2
    assert hub.requests[0]["hub.callback"] != hub.requests[1]["hub.callback"]
    assert hub.requests[0]["hub.secret"] != hub.requests[1]["hub.secret"]

    await websub.confirm(hub.token(), hub.challenge())
    assert (await stored(websub)).lease_until == clock() + timedelta(days=10)


async def test_no_push_is_lost_while_a_lease_is_renewed(websub: WebSub, hub: Hub, clock: FakeClock) -> None:
    old = await subscribed(websub, hub)
    clock.advance(days=8)
    await websub.renew_due(10)
    assert await websub.receive(old, hub.signature(BODY, number=0), BODY) == FEED
    await websub.confirm(hub.token(), hub.challenge())
    for number in (0, 1):
        assert await websub.receive(hub.token(number), hub.signature(BODY, number=number), BODY) == FEED

    clock.advance(seconds=GRACE.total_seconds())
    with pytest.raises(SubscriptionOver):
        await websub.receive(old, hub.signature(BODY, number=0), BODY)
    assert await websub.receive(hub.token(), hub.signature(BODY), BODY) == FEED


async def test_a_renewal_that_fails_is_tried_again_and_the_old_lease_holds(
    websub: WebSub, hub: Hub, clock: FakeClock
) -> None:
    token = await subscribed(websub, hub)
    hub.status = 503
    clock.advance(days=7.5)
    for minutes in (10, 20, 40, 80, 160, 320):
        assert await websub.renew_due(10) == 0
        assert "HTTP status 503" in ((await stored(websub)).error or "")
        assert (await stored(websub)).ask_at == clock() + timedelta(minutes=minutes)
        clock.advance(minutes=minutes)
    assert await websub.receive(token, hub.signature(BODY, number=0), BODY) == FEED

    hub.status = 202
    assert await websub.renew_due(10) == 1
    await websub.confirm(hub.token(), hub.challenge())
    subscription = await stored(websub)
    assert (subscription.failures, subscription.error) == (0, None)
    assert len(subscription.callbacks) <= 4


async def test_a_hub_that_answers_and_never_confirms_is_asked_ever_more_seldom(
    websub: WebSub, hub: Hub, clock: FakeClock
) -> None:
    await websub.offer(FEED, hub.url, TOPIC)
    for _ in range(14 * 24):
        clock.advance(hours=1)
        await websub.renew_due(10)
    assert 15 <= len(hub.requests) <= 25
    assert len((await stored(websub)).callbacks) == 2


async def test_a_slow_hub_may_confirm_the_request_before_the_last(websub: WebSub, hub: Hub, clock: FakeClock) -> None:
    await websub.offer(FEED, hub.url, TOPIC)
    clock.advance(minutes=11)
    assert await websub.renew_due(10) == 1
    await websub.confirm(hub.token(0), hub.challenge(number=0))
    assert (await stored(websub)).active(clock())
    await websub.confirm(hub.token(1), hub.challenge(number=1))
    assert await websub.expects(hub.token(1)) == FEED


async def test_a_lease_of_a_second_does_not_make_us_ask_all_the_time(
    websub: WebSub, hub: Hub, clock: FakeClock
) -> None:
    hub.lease_seconds = "1"
    await subscribed(websub, hub)
    clock.advance(minutes=4)
    assert await websub.renew_due(10) == 0


async def test_a_subscription_that_is_denied_is_over_and_asked_for_in_a_week(
    websub: WebSub, hub: Hub, clock: FakeClock
) -> None:
    token = await subscribed(websub, hub)
    with pytest.raises(NotFound):
        await websub.denied(token, {"hub.topic": "http://outlet.example/other"})
    await websub.denied(token, {"hub.topic": TOPIC, "hub.reason": "no" * 1_000})
    subscription = await stored(websub)
    assert (subscription.denied_at, subscription.denied_reason) == (clock(), "no" * 150)
    assert not subscription.active(clock())
    with pytest.raises(NotFound):
        await websub.receive(token, hub.signature(BODY), BODY)

    clock.advance(days=6)
    assert await websub.renew_due(10) == 0
    clock.advance(days=1)
    assert await websub.renew_due(10) == 1
    await websub.confirm(hub.token(), hub.challenge())
    assert (await stored(websub)).denied_at is None


async def test_another_hub_takes_the_place_of_the_first(websub: WebSub, hub: Hub, clock: FakeClock) -> None:
    old = await subscribed(websub, hub)
    moved = f"{hub.url}?moved"
    assert not await websub.offer(FEED, moved, TOPIC)  # not at once: a feed might name another each time
    clock.advance(minutes=10)
    assert await websub.offer(FEED, moved, TOPIC)
    with pytest.raises(NotFound):
        await websub.expects(old)
    await websub.confirm(hub.token(), hub.challenge())
    assert await websub.expects(hub.token()) == FEED


async def test_what_push_missed_is_counted_while_it_is_expected(websub: WebSub, hub: Hub, clock: FakeClock) -> None:
    await websub.offer(FEED, hub.url, TOPIC)
    await websub.note_missed(FEED, 5)
    await websub.confirm(hub.token(), hub.challenge())
    await websub.note_missed(FEED, 2)
    await websub.note_missed(FEED, 1)
    await websub.note_missed(FEED, 0)
    await websub.note_missed(ObjectId(), 7)
    assert (await stored(websub)).missed == 3
    clock.advance(days=11)
    await websub.note_missed(FEED, 4)
    assert (await stored(websub)).missed == 3


async def test_a_feed_that_is_forgotten_gets_no_pushes(websub: WebSub, hub: Hub) -> None:
    token = await subscribed(websub, hub)
    await websub.forget(FEED)
    assert await websub.of_feed(FEED) is None
    with pytest.raises(NotFound):
        await websub.expects(token)
