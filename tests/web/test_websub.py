"""The address that hubs call, with a hub on loopback: subscribed, verified, pushed and stored, over HTTP at each step."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import pytest_asyncio
from bson import ObjectId

from media_tracker.ingest.websub import WebSub
from media_tracker.outlets.documents import Feed
from media_tracker.settings import Settings
from media_tracker.web.outlets.websub import PUSH_BYTES
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.ingest.hub import Hub, running_hub
from tests.services.origin import Item, rss
from tests.web.serving import serving

HOST = "office.example"
PUBLIC_URL = f"https://{HOST}"
TOPIC = "http://outlet.example/feed"
PUSHED = rss(
    [Item("小区消防通道被堵", "近日，有市民反映，消防通道长期被占用。", date="Mon, 02 Mar 2026 08:30:00 +0800")]
)
RSS = {"content-type": "application/rss+xml"}


@pytest_asyncio.fixture
async def hub() -> AsyncIterator[Hub]:
    async with running_hub(PUBLIC_URL) as hub:
        yield hub


@pytest.fixture
def fetch_allow(hub: Hub) -> frozenset[tuple[str, int]]:
    return frozenset({("127.0.0.1", hub.port)})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None, data_dir=tmp_path, public_url=PUBLIC_URL, allowed_hosts=HOST, host_gap=0, secret_key="for tests"
    )


@pytest.fixture
def websub(services: Services) -> WebSub:
    return services.websub


@pytest_asyncio.fixture
async def outside(services: Services, hub: Hub) -> AsyncIterator[httpx.AsyncClient]:
    """How the hub, or a stranger, reaches the program; the hub verifies by it before it answers a request."""
    transport = httpx.ASGITransport(cast(Any, serving(services)))  # one protocol, spelt in two ways
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:

        async def verify(token: str, params: Mapping[str, str]) -> str | None:
            answer = await client.get(f"/websub/{token}", params=dict(params))
            return answer.text if answer.status_code == 200 else None

        hub.verify = verify
        yield client


@pytest_asyncio.fixture
async def feed_id(services: Services) -> ObjectId:
    feed = Feed(outlet_id=ObjectId(), url=TOPIC, title="报")
    await feed.insert()
    assert feed.id is not None
    return ObjectId(feed.id)


async def stories(services: Services) -> int:
    return await services.database["stories"].count_documents({})


async def test_a_feed_is_subscribed_verified_pushed_and_stored(
    services: Services, websub: WebSub, hub: Hub, outside: httpx.AsyncClient, feed_id: ObjectId
) -> None:
    assert await websub.offer(feed_id, hub.url, TOPIC)
    assert hub.confirmed == [hub.token()]

    for _ in range(2):  # hubs send again what they are not sure of
        signed = RSS | {"x-hub-signature": hub.signature(PUSHED)}
        answer = await outside.post(f"/websub/{hub.token()}", content=PUSHED, headers=signed)
        assert (answer.status_code, answer.content) == (202, b"")
    assert await stories(services) == 1


async def test_the_challenge_is_plain_text_and_sets_no_cookie(
    websub: WebSub, hub: Hub, outside: httpx.AsyncClient, feed_id: ObjectId
) -> None:
    await websub.offer(feed_id, hub.url, TOPIC)
    evil = "<script>alert(1)</script>"
    answer = await outside.get(f"/websub/{hub.token()}", params=hub.challenge({"challenge": evil}))
    assert (answer.status_code, answer.text) == (200, evil)
    assert answer.headers["content-type"].startswith("text/plain")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("signature", [None, "sha256=00", "sha256"])
async def test_a_push_with_a_wrong_signature_is_answered_like_a_good_one_and_thrown_away(
    services: Services,
    websub: WebSub,
    hub: Hub,
    outside: httpx.AsyncClient,
    feed_id: ObjectId,
    signature: str | None,
) -> None:
    await websub.offer(feed_id, hub.url, TOPIC)
    headers = RSS | ({"x-hub-signature": signature} if signature else {})
    answer = await outside.post(f"/websub/{hub.token()}", content=PUSHED, headers=headers)
    assert (answer.status_code, answer.content) == (202, b"")
    assert await stories(services) == 0


@pytest.mark.parametrize(
    "content_type", ["application/rss+xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
async def test_a_stranger_is_told_that_there_is_nothing(outside: httpx.AsyncClient, content_type: str) -> None:
    answer = await outside.post("/websub/unknown", content=PUSHED, headers={"content-type": content_type})
    assert answer.status_code == 404
    assert (await outside.get("/websub/unknown", params={"hub.mode": "subscribe"})).status_code == 404
    assert (await outside.get("/websub/unknown", params={"hub.mode": "denied"})).status_code == 404


async def test_the_body_of_a_stranger_is_not_read(outside: httpx.AsyncClient) -> None:
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(100):
            read += 1
            yield bytes(2**20)

    assert (await outside.post("/websub/unknown", content=body())).status_code == 404
    assert read <= 1


async def test_a_push_of_more_than_15_mebibytes_is_refused(
    websub: WebSub, hub: Hub, outside: httpx.AsyncClient, feed_id: ObjectId
) -> None:
    await websub.offer(feed_id, hub.url, TOPIC)
    answer = await outside.post(f"/websub/{hub.token()}", content=bytes(PUSH_BYTES + 1))
    assert answer.status_code == 413


async def test_a_push_that_is_no_feed_is_not_asked_for_again(
    services: Services, websub: WebSub, hub: Hub, outside: httpx.AsyncClient, feed_id: ObjectId
) -> None:
    await websub.offer(feed_id, hub.url, TOPIC)
    body = b"<html><body>404</body></html>"
    signed = {"content-type": "text/html", "x-hub-signature": hub.signature(body)}
    assert (await outside.post(f"/websub/{hub.token()}", content=body, headers=signed)).status_code == 202
    assert await stories(services) == 0


async def test_a_hub_may_forget_a_subscription_that_is_over(
    websub: WebSub, hub: Hub, outside: httpx.AsyncClient, feed_id: ObjectId, clock: FakeClock
) -> None:
    await websub.offer(feed_id, hub.url, TOPIC)
    clock.advance(days=11)
    signed = RSS | {"x-hub-signature": hub.signature(PUSHED)}
    answer = await outside.post(f"/websub/{hub.token()}", content=PUSHED, headers=signed)
    assert answer.status_code == 410


async def test_a_denial_is_noted(websub: WebSub, hub: Hub, outside: httpx.AsyncClient, feed_id: ObjectId) -> None:
    await websub.offer(feed_id, hub.url, TOPIC)
    params = {"hub.mode": "denied", "hub.topic": TOPIC, "hub.reason": "closed"}
    assert (await outside.get(f"/websub/{hub.token()}", params=params)).status_code == 200
    subscription = await websub.of_feed(feed_id)
    assert subscription is not None
    assert subscription.denied_reason == "closed"
