"""For probes and monitors: alive, ready, metrics; addresses at which there is nothing."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from bson import ObjectId
from litestar import Request
from pymongo import AsyncMongoClient
from pymongo.errors import AutoReconnect, DuplicateKeyError

from media_tracker.accounts.actor import Role
from media_tracker.db.connection import Database
from media_tracker.db.events import SYSTEM
from media_tracker.db.transactions import Transactor
from media_tracker.web.errors import on_database_error
from media_tracker.web.visitor import SESSION_COOKIE
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.web.admin_scene import METRICS_TOKEN, add_user, browser_as, browser_of, make_services
from tests.web.browser import Browser
from tests.web.problem_scene import photo
from tests.web.serving import application


@pytest.fixture
def services(database: Database, clock: FakeClock) -> Services:
    return make_services(database, clock)


async def test_a_living_process_says_so_under_any_name(services: Services) -> None:
    async with Browser(services, host="10.1.2.3:8000") as probe:
        answer = await probe.get("/healthz")
        assert (answer.status_code, answer.text) == (200, "ok\n")


async def test_readiness_is_red_until_the_database_is_migrated_and_names_what_is_missing(services: Services) -> None:
    async with Browser(services) as probe:
        answer = await probe.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["ready"] is False
        assert answer.json()["migrations"]

        await services.migrator.migrate()
        answer = await probe.get("/readyz")
        assert (answer.status_code, answer.json()) == (200, {"ready": True, "migrations": [], "indexes": []})


async def test_readiness_is_red_while_samples_are_being_put_in(services: Services) -> None:
    await services.migrator.migrate()
    status = services.database["status"]
    await status.insert_one({"_id": "samples", "loading": True})
    async with Browser(services) as probe:
        assert (await probe.get("/readyz")).status_code == 503
        await status.update_one({"_id": "samples"}, {"$set": {"loading": False}})
        assert (await probe.get("/readyz")).status_code == 200


async def test_metrics_count_requests_and_what_waits(services: Services) -> None:
    story: dict[str, Any] = {"desk": "pending", "withdrawn_at": None}
    await services.database["stories"].insert_many([{**story, "feed_id": ObjectId(), "key": str(n)} for n in range(3)])
    async with Browser(services) as collector:
        await collector.get("/no/such/page")
        text = (await collector.get("/metrics", authorization=f"Bearer {METRICS_TOKEN}")).text
    assert "media_tracker_stories_pending 3.0" in text
    assert 'media_tracker_http_requests_total{method="GET",status="404"}' in text
    assert "media_tracker_http_request_seconds_bucket" in text
    assert "no/such/page" not in text, "an address in a label would let strangers fill the collector's memory"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_address_at_which_there_is_nothing_says_so_to_whoever_asks(services: Services, method: str) -> None:
    async with await browser_as(services, Role.VIEWER) as browser:
        answer = await (browser.get("/no/such/page") if method == "GET" else browser.post("/no/such/page"))
        assert answer.status_code == 404
        assert "There is nothing at this address." in answer.text
        assert "Viewer" in answer.text, "the page knows its visitor"


async def test_a_method_that_a_page_does_not_know_is_refused(services: Services) -> None:
    async with Browser(services) as browser:
        answer: httpx.Response = await browser._http.request("DELETE", "/login")
        assert answer.status_code in {403, 405}


async def test_a_photo_that_is_none_is_not_found(services: Services) -> None:
    async with await browser_as(services, Role.VIEWER) as browser:
        for file_id in ("nonsense", str(ObjectId())):
            assert (await browser.get(f"/files/{file_id}")).status_code == 404


async def test_a_photo_that_belongs_to_nothing_yet_is_its_uploaders_alone(services: Services) -> None:
    uploader, other = await add_user(services, Role.EDITOR), await add_user(services, Role.ADMIN)
    saved = await services.files.save_image(photo(), "street.jpg", uploader.object_id, "problem")
    async with await browser_of(services, uploader) as own, await browser_of(services, other) as others:
        for file_id in (saved.id, saved.thumbnail_id):
            assert (await own.get(f"/files/{file_id}")).status_code == 200
            assert (await others.get(f"/files/{file_id}")).status_code == 404
        await Transactor(services.database, services.log).run(
            lambda tx: services.files.attach([saved.id], tx.session), SYSTEM
        )
        for file_id in (saved.id, saved.thumbnail_id):
            assert (await others.get(f"/files/{file_id}")).status_code == 200


async def test_methods_that_a_client_invents_are_counted_as_one(services: Services) -> None:
    async with Browser(services) as browser:
        for method in ("BREW", "X" * 60):
            await browser._http.request(method, "/login")
        text = (await browser.get("/metrics", authorization=f"Bearer {METRICS_TOKEN}")).text
    assert 'media_tracker_http_requests_total{method="OTHER"' in text
    assert "BREW" not in text
    assert "XXX" not in text


@pytest.mark.parametrize("cookie", ["", f"{SESSION_COOKIE}=anything"])
async def test_a_lost_database_is_told_in_one_sentence_and_asks_to_come_back(clock: FakeClock, cookie: str) -> None:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        "mongodb://%2Fnowhere%2Fmongodb.sock", serverSelectionTimeoutMS=50
    )
    try:
        async with Browser(make_services(client["lost"], clock)) as browser:
            shown = await browser.get("/", cookie=cookie)
            told = await browser.get("/", cookie=cookie, accept="application/json")
    finally:
        await client.close()
    for response in (shown, told):
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) > 0
    assert "The database cannot be reached at the moment." in shown.text
    assert told.headers["content-type"] == "application/problem+json"
    assert told.json()["detail"].startswith("The database cannot be reached at the moment.")


async def test_a_refusal_of_the_database_is_a_mistake_of_ours(services: Services) -> None:
    scope: Any = {
        "type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"", "root_path": "",
        "scheme": "http", "server": ("testserver", 80), "headers": [], "state": {},
        "litestar_app": application(services),
    }  # fmt: skip
    request: Request[Any, Any, Any] = Request(scope)
    assert on_database_error(request, DuplicateKeyError("twice")).status_code == 500
    assert on_database_error(request, AutoReconnect("gone")).status_code == 503


async def test_static_files_may_be_kept_by_browsers_but_their_names_lead_nowhere_else(services: Services) -> None:
    async with Browser(services) as browser:
        assert (await browser.get("/static/app.css")).headers["content-type"].startswith("text/css")
        for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py"):
            assert (await browser.get(path)).status_code == 404
