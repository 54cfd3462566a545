"""Live pages: what is told by whom, to whom, and what becomes of those who do not listen any more."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from bson import ObjectId
from litestar.types import ASGIApp, Message
from pymongo.errors import OperationFailure

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import User
from media_tracker.app import create_asgi
from media_tracker.db.connection import Database
from media_tracker.notices.documents import NOTICES
from media_tracker.web import live_hub
from media_tracker.web.live_hub import Listener, LiveHub, TooManyListen
from media_tracker.web.visitor import SESSION_COOKIE
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.web.admin_scene import add_user, browser_of, make_services

PATIENCE = 10.0


@pytest.fixture
def services(database: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Services:
    monkeypatch.setattr(live_hub, "PACE_SECONDS", 0.0)
    return make_services(database, clock)


@pytest_asyncio.fixture
async def hub(services: Services) -> AsyncIterator[LiveHub]:
    made = LiveHub(services.database, services.log, services.sessions)
    yield made
    await made.close()


@pytest_asyncio.fixture
async def viewer(services: Services) -> User:
    return await add_user(services, Role.VIEWER)


async def happen(services: Services, user: User, language: str = "en") -> None:
    """Something that is an event: one of the kind ``user/language_set``."""
    await services.accounts.set_language(user.actor(), language)


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not reached():  # noqa: ASYNC110 - the hub tells nobody when somebody has joined
            await asyncio.sleep(0.01)


async def told(listener: Listener) -> dict[str, Any]:
    """The data of the listener's next message."""
    chunk = await listener.next(PATIENCE)
    assert chunk, "nothing was told"
    line = next(line for line in chunk.decode().splitlines() if line.startswith("data: "))
    data: dict[str, Any] = json.loads(line.removeprefix("data: "))
    return data


@asynccontextmanager
async def stream(
    app: ASGIApp, token: str, names: list[list[bytes]] | None = None, **headers: str
) -> AsyncIterator[asyncio.Queue[bytes | int | None]]:
    """A browser's connection to ``/events``: first the status, then what comes, None at the end; it is closed at the end."""
    came: asyncio.Queue[bytes | int | None] = asyncio.Queue()
    closed = asyncio.Event()
    names = [] if names is None else names

    async def receive() -> dict[str, Any]:
        await closed.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            came.put_nowait(message["status"])
            names.append([name for name, _ in message["headers"]])
        elif message["type"] == "http.response.body":
            if message["body"]:
                came.put_nowait(message["body"])
            if not message["more_body"]:
                came.put_nowait(None)

    sent = {"host": "testserver", "cookie": f"{SESSION_COOKIE}={token}", **headers}
    scope: dict[str, Any] = {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": "/events", "raw_path": b"/events",
        "query_string": b"", "root_path": "", "server": ("testserver", 80), "client": ("203.0.113.9", 1),
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
    }  # fmt: skip
    task = asyncio.create_task(app(scope, receive, send))  # type: ignore[arg-type]
    yield came
    closed.set()
    await asyncio.wait_for(task, PATIENCE)


async def data_of(came: asyncio.Queue[bytes | int | None]) -> list[Mapping[str, Any]]:
    """The messages of the next chunk."""
    chunk = await asyncio.wait_for(came.get(), PATIENCE)
    assert isinstance(chunk, bytes)
    return [json.loads(line[6:]) for line in chunk.decode().splitlines() if line.startswith("data: ")]


async def test_what_happens_is_told_by_kind_and_without_content_and_nothing_is_missed_on_coming_back(
    services: Services, viewer: User
) -> None:
    app: Any = create_asgi(services=services)
    token = await services.sessions.open(viewer)
    async with stream(app, token) as came:
        assert await came.get() == 200
        (hello,) = await data_of(came)
        assert set(hello) == {"position"}
        await happen(services, viewer)
        (change,) = await data_of(came)
        assert change["changes"] == [{"entity": "user", "type": "language_set", "count": 1}]
        assert set(change) == {"position", "changes", "more"}
    await happen(services, viewer, "zh_CN")
    async with stream(app, token, **{"last-event-id": str(change["position"])}) as came:
        assert await came.get() == 200
        hello, missed = await data_of(came)
        assert missed["changes"] == [{"entity": "user", "type": "language_set", "count": 1}]
        assert hello["position"] == missed["position"] > change["position"]


async def test_no_stream_gets_the_headers_of_another(services: Services, viewer: User) -> None:
    app: Any = create_asgi(services=services)
    token, names = await services.sessions.open(viewer), list[list[bytes]]()
    for _ in range(3):
        async with stream(app, token, names) as came:
            assert await came.get() == 200
    assert len(names) == 3
    assert all(len(each) == len(set(each)) for each in names)
    assert len({len(each) for each in names}) == 1


async def test_a_stream_ends_when_its_session_does(
    services: Services, viewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_hub, "SESSION_CHECK_SECONDS", 0.02)
    token = await services.sessions.open(viewer)
    async with stream(create_asgi(services=services), token) as came:  # type: ignore[arg-type]
        assert await came.get() == 200
        await data_of(came)
        await services.sessions.close(token)
        assert await asyncio.wait_for(came.get(), PATIENCE) is None


async def test_listening_does_not_keep_a_session_from_being_idle(
    services: Services, viewer: User, clock: FakeClock
) -> None:
    token = await services.sessions.open(viewer)
    clock.advance(minutes=30)
    async with stream(create_asgi(services=services), token) as came:  # type: ignore[arg-type]
        assert await came.get() == 200
    session = await services.sessions.find(token, touch=False)
    assert session is not None
    assert session[0].last_seen == session[0].created_at


async def test_five_hundred_listeners_hear_of_one_event_by_one_reader(
    services: Services, hub: LiveHub, viewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = 0
    read_settled = services.log.read_settled

    async def counted(after: int, limit: int = 500) -> Any:
        nonlocal reads
        reads += 1
        return await read_settled(after, limit)

    monkeypatch.setattr(services.log, "read_settled", counted)

    async def listen() -> dict[str, Any]:
        async with hub.listen(ObjectId(), "") as listener:
            return await told(listener)

    listening = [asyncio.create_task(listen()) for _ in range(500)]
    await until(lambda: len(hub) == 500)
    await happen(services, viewer)
    heard = await asyncio.gather(*listening)
    assert [each["changes"] for each in heard] == [[{"entity": "user", "type": "language_set", "count": 1}]] * 500
    assert reads < 20
    assert len(hub) == 0


async def test_who_does_not_take_what_is_sent_is_dropped_and_the_others_hear_on(hub: LiveHub) -> None:
    async with hub.listen(ObjectId(), "slow") as slow, hub.listen(ObjectId(), "quick") as quick:
        for number in range(live_hub.QUEUE + 1):
            hub._send(live_hub.message("change", {"n": number}))
            assert await told(quick) == {"n": number}
        assert len(hub) == 1
        assert await slow.next(PATIENCE) is None


async def test_one_user_and_one_process_have_so_many_listeners_and_no_more(
    hub: LiveHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_hub, "MOST_OF_ONE_USER", 1)
    monkeypatch.setattr(live_hub, "MOST_LISTENERS", 2)
    user = ObjectId()
    async with hub.listen(user, ""), hub.listen(ObjectId(), ""):
        with pytest.raises(TooManyListen):
            async with hub.listen(user, ""):
                pass
        with pytest.raises(TooManyListen):
            async with hub.listen(ObjectId(), ""):
                pass


async def test_without_a_change_stream_the_log_is_looked_at_and_the_same_is_told(
    services: Services, hub: LiveHub, viewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> Any:
        raise OperationFailure("change streams are switched off")

    monkeypatch.setattr(live_hub, "inserts", none)
    monkeypatch.setattr(live_hub, "LOOK_SECONDS", 0.02)
    async with hub.listen(viewer.object_id, "") as listener:
        await happen(services, viewer)
        assert (await told(listener))["changes"] == [{"entity": "user", "type": "language_set", "count": 1}]
        assert not hub.following


async def test_a_new_notice_is_told_to_its_reader_alone(services: Services, hub: LiveHub) -> None:
    reader, other = ObjectId(), ObjectId()
    async with hub.listen(reader, "") as one, hub.listen(other, "") as two:
        await until(lambda: hub.following)
        await services.database[NOTICES].insert_one({"key": "a", "user_id": reader, "read": False})
        assert await told(one) == {}
        assert two.waiting.empty()


async def test_who_cannot_listen_asks_what_has_happened_since(services: Services, viewer: User) -> None:
    async with await browser_of(services, viewer) as browser:
        start = (await browser.get("/events/since")).json()
        assert start["changes"] == []
        await happen(services, viewer)
        news = (await browser.get(f"/events/since?after={start['position']}")).json()
        assert {"entity": "user", "type": "language_set", "count": 1} in news["changes"]
        assert news["position"] > start["position"]
        bell = await browser.get("/notices/bell")
        assert 'href="/notices"' in bell.text
        assert "<html" not in bell.text
