"""Stories that an outlet's own system posts, and the tokens that let it."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import httpx
import pytest
import pytest_asyncio
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.accounts import tokens
from media_tracker.accounts.actor import Actor, Role
from media_tracker.accounts.tokens import CALLS_A_MINUTE, Token
from media_tracker.db.connection import Database
from media_tracker.db.events import Origin
from media_tracker.errors import Forbidden, NotFound
from media_tracker.ingest.documents import Story
from media_tracker.outlets.documents import OutletKind, Platform
from media_tracker.web.api.posted import BadStories, read_posted
from media_tracker.web.api.stories import BODY_BYTES
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.web.admin_scene import browser_as, make_services
from tests.web.serving import serving

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ADMIN = Actor(ObjectId(), frozenset({Role.ADMIN}))
STORY = {
    "id": "n-1",
    "title": "井盖破损无人管",
    "url": "https://app.example/n/1",
    "html": "<p>三号楼前。</p><script>alert(1)</script><p><img src='/a.jpg'></p>",
    "published_at": "2026-03-01T08:30:00+08:00",
    "column": "曝光台",
    "author": "记者",
}


@pytest.fixture
def services(database: Database, clock: FakeClock) -> Services:
    return make_services(database, clock)


@pytest_asyncio.fixture
async def outlet(services: Services) -> ObjectId:
    return await services.outlets.add_outlet("齐川晨报", OutletKind.NEWSPAPER, partner=True)


async def make(services: Services, outlet: ObjectId) -> tuple[Token, str]:
    return await services.tokens.make(outlet, "app", "采编系统", by=ADMIN, origin=Origin(ADMIN.user_id))


class Client:
    """An outlet's system: no cookies, no forms."""

    def __init__(self, services: Services, secret: str) -> None:
        transport = httpx.ASGITransport(app=serving(services), raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://testserver")
        self.headers = {
            "authorization": f"Bearer {secret}",
            "content-type": "application/json",
            "accept-language": "en",
        }

    async def post(self, body: object, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.http.post("/api/v1/stories", content=content, headers=self.headers | headers)


@pytest_asyncio.fixture
async def client(services: Services, outlet: ObjectId) -> AsyncIterator[Client]:
    _, secret = await make(services, outlet)
    client = Client(services, secret)
    async with client.http:
        yield client


async def stories(services: Services) -> list[Story]:
    rows = services.database["stories"].find().sort("_id", 1)
    return [Story.model_validate(row) async for row in rows]


def pointers(answer: httpx.Response) -> set[str]:
    assert answer.headers["content-type"].startswith("application/problem+json")
    return {each["pointer"] for each in answer.json().get("errors", [])}


# -- what is stored


async def test_a_story_is_stored_once_and_what_changed_is_taken_over(services: Services, client: Client) -> None:
    first = await client.post(STORY)
    assert (first.status_code, first.json()["status"], first.json()["id"]) == (201, "new", "n-1")
    same = await client.post(STORY)
    assert (same.status_code, same.json()) == (200, {**first.json(), "status": "unchanged"})
    assert (await stories(services))[0].updated_at is None
    changed = await client.post({**STORY, "title": "井盖已修好", "updated_at": "2026-03-01T12:00:00+08:00"})
    assert (changed.status_code, changed.json()) == (200, {**first.json(), "status": "changed"})
    (story,) = await stories(services)
    assert (str(story.id), story.title, story.platform) == (first.json()["story"], "井盖已修好", Platform.APP)
    assert (story.published_at, story.column, story.author) == (
        datetime(2026, 3, 1, 0, 30, tzinfo=UTC),
        "曝光台",
        "记者",
    )
    assert story.updated_at == datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
    assert "script" not in story.html
    assert "https://app.example/a.jpg" in story.html
    assert [revision.title for revision in story.revisions] == ["井盖破损无人管"]


async def test_a_list_is_answered_in_its_order_each_under_its_own_platform(
    services: Services, client: Client, outlet: ObjectId
) -> None:
    await client.post({"id": 2, "title": "乙"})
    posted = [
        {"id": "1", "title": "甲", "text": "一 < 二\n三", "platform": "wechat"},
        {"id": 2, "title": "乙"},
        {"id": "3", "title": "丙", "platform": "wechat"},
    ]
    answer = await client.post({"stories": posted})
    assert answer.status_code == 201
    assert [(each["id"], each["status"]) for each in answer.json()["stories"]] == [
        ("1", "new"),
        ("2", "unchanged"),
        ("3", "new"),
    ]
    found = {story.title: story for story in await stories(services)}
    assert {title: story.platform for title, story in found.items()} == {
        "甲": Platform.WECHAT,
        "乙": Platform.APP,
        "丙": Platform.WECHAT,
    }
    assert found["甲"].text == "一 < 二\n三"
    assert {story.outlet_id for story in found.values()} == {outlet}
    assert [str(found[title].id) for title in "甲乙丙"] == [each["story"] for each in answer.json()["stories"]]


# -- who may


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer mt_unknown", "Basic bXQ6", "Bearer " + "x" * 5_000])
async def test_without_a_token_nothing_is_read(services: Services, client: Client, authorization: str) -> None:
    answer = await client.post(b"x" * 100, authorization=authorization)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["status"] == 401
    assert await stories(services) == []


async def test_a_revoked_token_opens_nothing_more(services: Services, outlet: ObjectId) -> None:
    token, secret = await make(services, outlet)
    client = Client(services, secret)
    async with client.http:
        assert (await client.post(STORY)).status_code == 201
        await services.tokens.revoke(str(token.id), by=ADMIN, origin=Origin(ADMIN.user_id))
        await services.tokens.revoke(str(token.id), by=ADMIN, origin=Origin(ADMIN.user_id))
        answer = await client.post({**STORY, "id": "n-2"})
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
    assert len(await stories(services)) == 1
    events = await services.log.of("token", token.id)
    assert [(event.type, event.actor) for event in events] == [("made", ADMIN.user_id), ("revoked", ADMIN.user_id)]


async def test_a_session_is_no_token_and_a_token_is_no_session(services: Services, client: Client) -> None:
    async with await browser_as(services, Role.ADMIN) as admin:
        assert (await admin.post("/api/v1/stories", {"id": "1"})).status_code == 401
    answer = await client.http.get("/stories", headers=client.headers | {"accept": "application/json"})
    assert answer.status_code == 401


async def test_a_token_that_is_used_too_often_waits_until_the_minute_is_over(
    services: Services, client: Client, clock: FakeClock
) -> None:
    clock.advance(seconds=20)
    for _ in range(CALLS_A_MINUTE):
        assert (await client.post({})).status_code == 422
    answer = await client.post(STORY)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "40")
    clock.advance(seconds=40)
    assert (await client.post(STORY)).status_code == 201


async def test_the_secret_is_not_stored_and_its_use_is_noted(
    services: Services, outlet: ObjectId, clock: FakeClock
) -> None:
    token, secret = await make(services, outlet)
    assert secret not in str(await services.database[tokens.COLLECTION].find_one({"_id": token.id}))
    assert (await services.tokens.use(f"bearer  {secret}")).id == token.id
    first = clock.now
    clock.advance(seconds=30)
    await services.tokens.use(f"Bearer {secret}")
    assert [each.last_used_at for each in await services.tokens.all()] == [first]
    clock.advance(seconds=30)
    await services.tokens.use(f"Bearer {secret}")
    assert [each.last_used_at for each in await services.tokens.all()] == [clock.now]


async def test_only_an_admin_makes_and_revokes_tokens(services: Services, outlet: ObjectId) -> None:
    editor = Actor(ObjectId(), frozenset({Role.EDITOR}))
    with pytest.raises(Forbidden):
        await services.tokens.make(outlet, "app", "x", by=editor, origin=Origin(editor.user_id))
    with pytest.raises(Forbidden):
        await services.tokens.revoke(str(ObjectId()), by=editor, origin=Origin(editor.user_id))
    with pytest.raises(NotFound):
        await services.tokens.revoke(str(ObjectId()), by=ADMIN, origin=Origin(ADMIN.user_id))


# -- what is refused


async def test_a_body_of_more_than_five_megabytes_is_refused(services: Services, client: Client) -> None:
    answer = await client.post({**STORY, "text": "x" * BODY_BYTES})
    assert answer.status_code == 413
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert await stories(services) == []


async def test_every_mistake_is_named_by_its_field_and_nothing_is_stored(services: Services, client: Client) -> None:
    bad = {
        "title": "",
        "url": "javascript:alert(1)",
        "published_at": "gestern",
        "updated_at": "2999-01-01",
        "column": 7,
        "author": "x" * 201,
        "platform": "fax",
        "publised_at": "2026-03-01",
    }
    answer = await client.post({"stories": [STORY, bad, 7, {**STORY, "title": "again"}]}, accept="text/html")
    assert answer.status_code == 422
    assert pointers(answer) == {
        *(f"#/stories/1/{name}" for name in ("id", *bad)),
        "#/stories/2",
        "#/stories",
    }
    assert await stories(services) == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"", "#"),
        (b"\xff\xfe\x00", "#"),
        (b"[" * 100_000, "#"),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "#"),
        (b'{"id": NaN, "title": "x"}', "#"),
        (b'{"id": ' + b"9" * 10_000 + b', "title": "x"}', "#"),
        (b'{"id": ' + b"9" * 40 + b', "title": "x"}', "#/id"),
        (b'{"id": 1e999, "title": "x"}', "#/id"),
        (b'{"id": true, "title": "x"}', "#/id"),
        (b'{"id": "1", "title": "\\u0000\\ud800"}', "#/title"),
        (b'{"id": "\\u0000", "title": "x"}', "#/id"),
        (b'{"id": "1", "title": "' + b"x" * 1_000_000 + b'"}', "#/title"),
        (b'{"id": "1", "title": "<script>x</script>"}', "#/title"),
        (b'{"id": "1", "title": "x", "html": "a", "text": "b"}', "#/text"),
        (b'{"stories": []}', "#/stories"),
        (b'{"stories": {}}', "#/stories"),
        (b'{"stories": ' + json.dumps([STORY] * 101).encode() + b"}", "#/stories"),
        (b'{"stories": [], "a/~b": 1}', "#/a~1~0b"),
        (b"7", "#"),
        (b"null", "#"),
    ],
)
async def test_hostile_bodies_are_told_what_is_wrong(client: Client, body: bytes, pointer: str) -> None:
    answer = await client.post(body)
    assert answer.status_code == 422
    assert pointer in pointers(answer)
    assert all(each["detail"] for each in answer.json()["errors"])


def test_one_field_that_is_null_is_one_that_is_not_there() -> None:
    posted = read_posted(json.dumps({"id": 7, "title": "x", "url": None, "text": None}).encode(), SHANGHAI, NOW)
    (story,) = posted.stories
    assert (posted.alone, story.id, story.platform, story.entry.link, story.entry.html) == (True, "7", None, None, "")
    assert (story.entry.published, story.entry.precision) == (None, "day")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*STORY, "stories", "x"]), inner),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_stories_or_mistakes_with_places(document: object) -> None:
    try:
        posted = read_posted(json.dumps(document).encode(), SHANGHAI, NOW)
    except BadStories as error:
        places = [mistake.pointer for mistake in error.mistakes]
    else:
        assert all(story.id and story.entry.title for story in posted.stories)
        return
    assert places
    assert all(place.startswith("#") for place in places)


# -- the page of tokens


async def test_an_admin_makes_a_token_sees_it_once_and_revokes_it(services: Services, outlet: ObjectId) -> None:
    fields: Mapping[str, object] = {"outlet": str(outlet), "platform": "app", "name": "采编系统 <b>"}
    async with await browser_as(services, Role.ADMIN) as admin:
        made = await admin.post("/admin/tokens", fields)
        assert made.status_code == 201
        (secret,) = re.findall(r"<code>(mt_[\w-]+)</code>", made.text)
        listed = (await admin.get("/admin/tokens")).text
        assert secret not in listed
        assert "采编系统 &lt;b&gt;" in listed
        client = Client(services, secret)
        async with client.http:
            assert (await client.post(STORY)).status_code == 201
            (token,) = await services.tokens.all()
            answer = await admin.post(f"/admin/tokens/{token.id}/revoke")
            assert (answer.status_code, answer.headers["location"]) == (303, "/admin/tokens")
            assert (await client.post(STORY)).status_code == 403
        listed = (await admin.get("/admin/tokens")).text
        assert f"/admin/tokens/{token.id}/revoke" not in listed
        assert "revoked" in listed


async def test_a_form_for_a_token_comes_back_with_what_is_wrong(services: Services, outlet: ObjectId) -> None:
    async with await browser_as(services, Role.ADMIN) as admin:
        answer = await admin.post("/admin/tokens", {"outlet": str(ObjectId()), "platform": "fax", "name": ""})
    assert answer.status_code == 422
    assert answer.text.count("Please choose from the list.") == 2
    assert "Please say which system the token is for." in answer.text
    assert await services.tokens.all() == []
