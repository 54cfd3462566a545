"""The security floor: what a stranger, a neighbour on the network and a careless operator must not be able to do."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from litestar import Request, get

from media_tracker.accounts.actor import Role
from media_tracker.accounts.duties import Duties
from media_tracker.accounts.throttle import FREE_PER_CLIENT, FREE_PER_USER
from media_tracker.app import BODY_BYTES, create_app
from media_tracker.db.connection import Database
from media_tracker.web.edge import CONTENT_SECURITY_POLICY, Edge
from media_tracker.web.guards import anyone
from media_tracker.web.visitor import SESSION_COOKIE
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.web.admin_scene import METRICS_TOKEN, PASSWORD, add_user, browser_as, browser_of, captured_log, make_services
from tests.web.browser import Browser

CSRF_COOKIE = "csrftoken"
ELSEWHERE = ["//evil.example", "/\\evil.example", "https://evil.example", "\\\\evil.example", "/\t/evil.example"]


@pytest.fixture
def services(database: Database, clock: FakeClock) -> Services:
    return make_services(database, clock)


@pytest_asyncio.fixture
async def stranger(services: Services) -> AsyncIterator[Browser]:
    async with Browser(services) as browser:
        yield browser


async def is_signed_in(browser: Browser) -> bool:
    response = await browser.get("/account")
    assert response.status_code in {200, 303}
    return response.status_code == 200


async def try_to_sign_in(browser: Browser, username: str, password: str) -> httpx.Response:
    return await browser.post("/login", {"username": username, "password": password, "next": "/"})


def plant(browser: Browser, value: str) -> None:
    """Put a session cookie into the jar, as somebody on a neighbouring host might."""
    browser.cookies.set(SESSION_COOKIE, value, domain="testserver.local")


def set_cookies(response: httpx.Response) -> dict[str, str]:
    """Set-Cookie lines by the cookie's name, in lower case."""
    lines = response.headers.get_list("set-cookie")
    return {line.partition("=")[0]: line.lower() for line in lines}


# -- throttling


async def test_the_sixth_wrong_try_for_a_name_has_to_wait(services: Services, clock: FakeClock) -> None:
    await add_user(services, Role.EDITOR)
    async with Browser(services) as browser:
        for _ in range(FREE_PER_USER):
            assert (await try_to_sign_in(browser, "editor", "wrong password")).status_code == 422
        refused = await try_to_sign_in(browser, "editor", PASSWORD)
        assert refused.status_code == 429
        seconds = int(refused.headers["retry-after"])
        assert f"Wait {seconds} seconds" in refused.text

        clock.advance(seconds=seconds)
        assert (await try_to_sign_in(browser, "editor", PASSWORD)).status_code == 303


async def test_an_address_that_tries_many_names_has_to_wait_and_others_need_not(services: Services) -> None:
    await add_user(services, Role.EDITOR)
    async with Browser(services, client="198.51.100.7") as guesser, Browser(services, client="198.51.100.8") as other:
        for number in range(FREE_PER_CLIENT):
            assert (await try_to_sign_in(guesser, f"nobody{number}", "wrong password")).status_code == 422
        assert (await try_to_sign_in(guesser, "editor", PASSWORD)).status_code == 429
        assert (await try_to_sign_in(other, "editor", PASSWORD)).status_code == 303


async def test_a_name_that_nobody_has_is_answered_like_a_wrong_password(services: Services) -> None:
    await add_user(services, Role.EDITOR)
    async with Browser(services) as browser:
        wrong_name = await try_to_sign_in(browser, "nobody", PASSWORD)
        wrong_password = await try_to_sign_in(browser, "editor", "wrong password")
    sentence = "The user name or the password is not right. Check both and try again."
    assert sentence in wrong_name.text
    assert sentence in wrong_password.text


# -- sessions


async def test_a_planted_session_id_is_never_taken_over(services: Services) -> None:
    await add_user(services, Role.EDITOR)
    planted = "p" * 43
    async with Browser(services) as victim, Browser(services) as attacker:
        plant(victim, planted)
        answer = await victim.sign_in("editor", PASSWORD)
        assert planted not in answer.headers["set-cookie"]
        plant(attacker, planted)
        assert not await is_signed_in(attacker)


async def test_signing_in_again_renews_the_session_and_ends_the_old_one(services: Services) -> None:
    user = await add_user(services, Role.EDITOR)
    old = await services.sessions.open(user)
    async with Browser(services) as browser, Browser(services) as thief:
        plant(thief, old)
        assert await is_signed_in(thief)
        plant(browser, old)
        await services.accounts.sign_out_everywhere(user.object_id, by=None)
        before = await services.sessions.open(await services.accounts.get(str(user.id)))
        plant(browser, before)
        plant(thief, before)

        # a signed-in browser is sent on from /login, so the form is posted with the token of another page
        answer = await browser.post("/login", {"username": "editor", "password": PASSWORD, "next": "/"})

        assert answer.status_code == 303
        renewed = re.search(rf"{SESSION_COOKIE}=([^;]+)", answer.headers["set-cookie"])
        assert renewed is not None
        assert renewed[1] != before
        assert await is_signed_in(browser)
        assert not await is_signed_in(thief)


async def test_a_session_ends_after_two_idle_hours(services: Services, clock: FakeClock) -> None:
    async with await browser_as(services, Role.VIEWER) as browser:
        clock.advance(minutes=119)
        assert await is_signed_in(browser)
        clock.advance(minutes=119)
        assert await is_signed_in(browser)
        clock.advance(minutes=121)
        assert not await is_signed_in(browser)


async def test_a_session_ends_after_twelve_hours_however_busy_it_is(services: Services, clock: FakeClock) -> None:
    async with await browser_as(services, Role.VIEWER) as browser:
        for _ in range(11):
            clock.advance(hours=1)
            assert await is_signed_in(browser)
        clock.advance(hours=1, seconds=1)
        assert not await is_signed_in(browser)


async def test_signing_out_ends_the_session_in_the_database_too(services: Services) -> None:
    user = await add_user(services, Role.VIEWER)
    token = await services.sessions.open(user)
    async with Browser(services) as browser, Browser(services) as thief:
        plant(browser, token)
        plant(thief, token)
        assert (await browser.post("/logout")).status_code == 303
        assert not await is_signed_in(browser)
        assert not await is_signed_in(thief)


async def test_signing_out_everywhere_ends_every_session(services: Services) -> None:
    user = await add_user(services, Role.VIEWER)
    async with await browser_of(services, user) as here, await browser_of(services, user) as there:
        assert (await here.post("/account/sign-out-everywhere")).headers["location"] == "/login"
        assert not await is_signed_in(here)
        assert not await is_signed_in(there)


async def test_new_roles_end_every_session(services: Services) -> None:
    user = await add_user(services, Role.VIEWER)
    async with await browser_of(services, user) as browser:
        assert await is_signed_in(browser)
        await services.accounts.set_roles(None, user.object_id, Duties(frozenset({Role.EDITOR})))
        assert not await is_signed_in(browser)


async def test_a_closed_account_is_signed_out_and_stays_out(services: Services) -> None:
    user = await add_user(services, Role.VIEWER)
    async with await browser_of(services, user) as browser:
        await services.accounts.deactivate(None, user.object_id)
        assert not await is_signed_in(browser)
        assert (await try_to_sign_in(browser, "viewer", PASSWORD)).status_code == 422


async def test_a_new_password_ends_the_other_sessions_and_renews_this_one(services: Services) -> None:
    user = await add_user(services, Role.VIEWER)
    async with await browser_of(services, user) as here, await browser_of(services, user) as there:
        before = here.cookies.get(SESSION_COOKIE)
        new = "a phrase that is new"
        answer = await here.post("/account/password", {"old": PASSWORD, "new": new, "again": new})
        assert answer.status_code == 303
        assert here.cookies.get(SESSION_COOKIE) != before
        assert await is_signed_in(here)
        assert not await is_signed_in(there)


async def test_neither_cookies_nor_passwords_are_in_the_database(services: Services, database: Database) -> None:
    await add_user(services, Role.EDITOR)
    async with Browser(services) as browser:
        await try_to_sign_in(browser, "editor", "a wrong marker 8141")
        await browser.sign_in("editor", PASSWORD)
        token = browser.cookies.get(SESSION_COOKIE)
        csrf = browser.cookies.get(CSRF_COOKIE)
    assert token
    assert csrf
    everything = [repr(row) for name in await database.list_collection_names() async for row in database[name].find()]
    assert any("session_epoch" in row for row in everything)
    for secret in (token, csrf, PASSWORD, "a wrong marker 8141"):
        assert not [row for row in everything if secret in row]


# -- forms


async def test_a_form_without_its_token_is_refused_and_the_cookie_is_reset(services: Services) -> None:
    async with await browser_as(services, Role.VIEWER) as browser:
        await browser.token()
        refused = await browser.post_raw("/account/sign-out-everywhere", {})
        assert refused.status_code == 403
        assert "reload the page" in refused.text
        assert "max-age=0" in set_cookies(refused)[CSRF_COOKIE]
        assert await is_signed_in(browser)


async def test_a_form_with_the_token_of_another_browser_is_refused(services: Services) -> None:
    async with await browser_as(services, Role.VIEWER) as browser, Browser(services) as other:
        await browser.token()
        refused = await browser.post_raw("/account/sign-out-everywhere", {"_csrf_token": await other.token()})
        assert refused.status_code == 403
        assert "max-age=0" in set_cookies(refused)[CSRF_COOKIE]
        assert await is_signed_in(browser)


async def test_a_form_sent_from_another_site_is_refused_even_with_a_good_token(services: Services) -> None:
    async with await browser_as(services, Role.VIEWER) as browser:
        refused = await browser.post("/account/sign-out-everywhere", {}, [], **{"sec-fetch-site": "cross-site"})
        assert refused.status_code == 403
        assert "another site" in refused.text
        assert refused.headers["x-request-id"]
        assert await is_signed_in(browser)
        for site in ("same-origin", "none"):
            kept = await browser.post("/preferences", {"theme": "dark", "next": "/"}, [], **{"sec-fetch-site": site})
            assert kept.status_code == 303


async def test_a_link_on_another_site_may_lead_here(stranger: Browser) -> None:
    assert (await stranger.get("/login", **{"sec-fetch-site": "cross-site"})).status_code == 200


@pytest.mark.parametrize("target", ELSEWHERE)
async def test_signing_in_never_leads_to_another_site(services: Services, target: str) -> None:
    await add_user(services, Role.VIEWER)
    async with Browser(services) as browser:
        shown = await browser.get(str(httpx.URL("/login", params={"next": target})))
        *_, of_the_form = re.findall(r'name="next" value="([^"]*)"', shown.text)
        assert of_the_form == "/"
        answer = await browser.post("/login", {"username": "viewer", "password": PASSWORD, "next": target})
        assert answer.headers["location"] == "/monitor", "where a viewer's work begins"
        changed = await browser.post("/preferences", {"theme": "dark", "next": target})
        assert changed.headers["location"] == "/"
        sent_on = await browser.get(str(httpx.URL("/login", params={"next": target})))
        assert sent_on.headers["location"] == "/monitor"


async def test_a_body_over_the_limit_is_refused(stranger: Browser) -> None:
    answer = await stranger.post("/login", {"username": "x" * (BODY_BYTES + 1), "password": "y"})
    assert answer.status_code == 413
    assert "more than can be taken at once" in answer.text


# -- headers and cookies


async def test_every_answer_carries_the_security_headers(services: Services) -> None:
    async with Browser(services) as browser:
        for path in ("/login", "/healthz", "/static/app.css", "/no/such/page", "/account"):
            headers = (await browser.get(path)).headers
            assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "DENY"
            assert headers["referrer-policy"] == "same-origin"
            assert headers["x-request-id"]


def test_the_content_security_policy_allows_nothing_inline() -> None:
    directives = dict(each.strip().partition(" ")[::2] for each in CONTENT_SECURITY_POLICY.split(";"))
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert directives["script-src"] == "'self'"
    assert directives["style-src"] == "'self'"
    assert directives["object-src"] == "'none'"
    assert directives["base-uri"] == "'none'"
    assert directives["frame-ancestors"] == "'none'"


async def test_pages_are_never_stored_by_caches(services: Services) -> None:
    async with await browser_as(services, Role.VIEWER) as browser:
        assert (await browser.get("/account")).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("secure", [True, False])
async def test_cookies_are_out_of_reach_for_scripts_and_other_sites(
    database: Database, clock: FakeClock, secure: bool
) -> None:
    services = make_services(database, clock, secure_cookies=secure)
    await add_user(services, Role.VIEWER)
    async with Browser(services) as browser:
        page = await browser.get("/login")
        browser.cookies.set(CSRF_COOKIE, _value(page, CSRF_COOKIE), domain="testserver.local")
        answer = await browser.sign_in("viewer", PASSWORD) if not secure else await _sign_in_over_https(browser)
        for line in (set_cookies(page)[CSRF_COOKIE], set_cookies(answer)[SESSION_COOKIE]):
            assert "httponly" in line
            assert re.search(r"samesite=(lax|strict)", line)
            assert ("secure" in line) is secure
        assert ("strict-transport-security" in page.headers) is secure


def _value(response: httpx.Response, name: str) -> str:
    found = re.search(rf"{name}=([^;]+)", "\n".join(response.headers.get_list("set-cookie")))
    assert found is not None
    return found[1]


async def _sign_in_over_https(browser: Browser) -> httpx.Response:
    """``Secure`` cookies do not travel over the test browser's plain HTTP, so the jar's copy is sent instead."""
    token = browser.cookies.get(CSRF_COOKIE)
    assert token is not None
    return await browser.post_raw(
        "/login", {"_csrf_token": token, "username": "viewer", "password": PASSWORD, "next": "/"}
    )


# -- who is asking, and for what


async def test_a_host_name_that_is_not_ours_is_refused(services: Services) -> None:
    async with Browser(services, host="evil.example") as browser:
        refused = await browser.get("/login")
        assert refused.status_code == 400
        assert "evil.example" not in refused.text
        assert (await browser.get("/healthz")).status_code == 200
    async with Browser(services, host="testserver:8443") as browser:
        assert (await browser.get("/login")).status_code == 200


async def test_a_forwarded_address_is_believed_from_a_trusted_proxy_only(database: Database, clock: FakeClock) -> None:
    services = make_services(database, clock, trusted_proxies="10.0.0.0/8")
    await add_user(services, Role.VIEWER)

    async def blocked(peer: str, *forwarded: str) -> bool:
        """Whether a visitor from ``peer`` with these X-Forwarded-For lines is the one who has tried too often."""
        async with Browser(services, client=peer) as browser:
            headers = [*((("x-forwarded-for", each)) for each in forwarded), ("accept", "text/html")]
            data = {"_csrf_token": await browser.token(), "username": "nobody", "password": "wrong password"}
            answer = await browser._http.post("/login", data=data, headers=headers)
            return answer.status_code == 429

    async with Browser(services, client="198.51.100.7") as guesser:
        for number in range(FREE_PER_CLIENT):
            await try_to_sign_in(guesser, f"nobody{number}", "wrong password")
    assert await blocked("198.51.100.7")
    assert await blocked("198.51.100.7", "192.0.2.1"), "a stranger's own header changes nothing"
    assert await blocked("10.0.0.1", "198.51.100.7"), "the proxy tells who it is"
    assert await blocked("10.0.0.1", "192.0.2.1, 198.51.100.7"), "what stands before the last hop is hearsay"
    assert await blocked("10.0.0.1", "192.0.2.1", "198.51.100.7"), "also in a line of its own"
    assert await blocked("10.0.0.1", "198.51.100.7, 10.0.0.2"), "our own proxies are passed over"
    assert not await blocked("192.0.2.9", "198.51.100.7"), "nobody can have another address blocked for themselves"


async def test_a_forwarded_protocol_is_believed_from_a_trusted_proxy_only(database: Database, clock: FakeClock) -> None:
    """The way back to the page that sent a form shows whether it was taken for a page of ours."""
    services = make_services(database, clock, trusted_proxies="10.0.0.0/8")
    headers = {"referer": "https://testserver/outlets", "x-forwarded-proto": "https"}
    for peer, known in (("10.0.0.1", True), ("198.51.100.7", False)):
        async with Browser(services, client=peer) as browser:
            answer = await browser.post("/no/such/page", {}, [], **headers)
            assert ('href="/outlets"' in answer.text) is known


async def test_metrics_are_for_the_collector_and_for_admins(services: Services) -> None:
    async with await browser_as(services) as stranger, await browser_as(services, Role.EDITOR) as editor:
        assert (await stranger.get("/metrics")).status_code == 303
        assert (await stranger.get("/metrics", accept="*/*")).status_code == 401
        assert (await stranger.get("/metrics", authorization="Bearer wrong")).status_code == 303
        assert (await stranger.get("/metrics", authorization="Bearer ")).status_code == 303
        assert (await editor.get("/metrics")).status_code == 403
        answer = await stranger.get("/metrics", authorization=f"Bearer {METRICS_TOKEN}")
        assert answer.status_code == 200
        assert "media_tracker_stories_pending" in answer.text


async def test_without_a_metrics_token_no_token_is_right(database: Database, clock: FakeClock) -> None:
    services = make_services(database, clock, metrics_token="")
    async with Browser(services) as stranger, await browser_as(services, Role.ADMIN) as admin:
        for given in ("Bearer ", "Bearer None", ""):
            assert (await stranger.get("/metrics", authorization=given)).status_code == 303
        assert (await admin.get("/metrics")).status_code == 200


async def test_live_events_and_photos_are_closed_to_strangers(stranger: Browser) -> None:
    assert (await stranger.get("/events", accept="text/event-stream")).status_code == 401
    assert (await stranger.get("/files/64b7f0000000000000000001", accept="image/*")).status_code == 401


async def test_a_strangers_visit_writes_nothing(services: Services, database: Database) -> None:
    async def counts() -> dict[str, int]:
        names = await database.list_collection_names()
        return {name: await database[name].count_documents({}) for name in names}

    await add_user(services, Role.VIEWER)
    before = await counts()
    async with Browser(services) as browser:
        plant(browser, "s" * 43)
        for path in ("/", "/login", "/problems", "/readyz", "/healthz", "/no/such/page", "/static/app.css"):
            await browser.get(path)
        await browser.post("/preferences", {"language": "en", "next": "/"})
        await browser.post_raw("/login", {"username": "viewer"})
    assert await counts() == before


# -- one request, one id


async def test_one_id_leads_from_the_answer_to_the_event_the_audit_trail_and_the_log(services: Services) -> None:
    with captured_log() as log:
        async with await browser_as(services, Role.VIEWER) as browser:
            answer = await browser.post("/preferences", {"language": "zh_CN", "next": "/"})
            ended = await browser.post("/account/sign-out-everywhere")
    number = answer.headers["x-request-id"]
    assert number != ended.headers["x-request-id"]
    event = await services.database["events"].find_one({"entity": "user", "type": "language_set"})
    assert event is not None
    assert event["request_id"] == number
    (entry, *_) = await services.audit.latest()
    assert entry.request_id == ended.headers["x-request-id"]
    (line,) = [line for line in log.lines if line.get("request_id") == number]
    assert (line["method"], line["path"], line["status"]) == ("POST", "/preferences", 303)


async def test_an_error_page_shows_the_id_of_its_request(stranger: Browser) -> None:
    answer = await stranger.get("/no/such/page")
    assert answer.status_code == 404
    assert answer.headers["x-request-id"] in answer.text
    problem = await stranger.get("/no/such/page", accept="application/json")
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["instance"] == f"urn:request:{problem.headers['x-request-id']}"


@get("/boom", guards=[anyone])
async def boom(request: Request[Any, Any, Any]) -> None:
    """A page with a bug, near a secret."""
    local_secret = "the-local-" + request.headers["x-marker"]
    raise RuntimeError(f"it broke ({len(local_secret)})")


@pytest.mark.parametrize("log_format", ["json", "console"])
async def test_a_bug_shows_no_trace_to_the_visitor_and_no_secrets_to_the_log(
    database: Database, clock: FakeClock, log_format: str
) -> None:
    services = make_services(database, clock, log_format=log_format)
    with captured_log() as log:
        app = create_app(services=services)
        app.register(boom)
        edge = Edge(app, hosts=["testserver"], proxies=[], secure=False)
        transport = httpx.ASGITransport(app=edge, raise_app_exceptions=False)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
            headers = {"accept": "text/html", "accept-language": "en", "x-marker": "marker-5561"}
            answer = await http.get("/boom", headers={**headers, "cookie": f"{SESSION_COOKIE}=cookie-marker-7712"})
    assert answer.status_code == 500
    assert "It has been logged" in answer.text
    assert answer.headers["x-request-id"] in answer.text
    for inner in ("RuntimeError", "it broke", "Traceback", "test_security", "marker"):
        assert inner not in answer.text
    assert "RuntimeError: it broke" in log.text
    assert answer.headers["x-request-id"] in log.text
    for secret in ("marker-5561", "cookie-marker-7712"):
        assert secret not in log.text


@pytest.mark.parametrize("log_format", ["json", "console"])
async def test_the_log_never_holds_a_password_a_name_or_a_cookie(
    database: Database, clock: FakeClock, log_format: str
) -> None:
    services = make_services(database, clock, log_format=log_format)
    await add_user(services, Role.EDITOR)
    new = "another marker 2299"
    with captured_log() as log:
        async with Browser(services) as browser:
            await try_to_sign_in(browser, "editor", "a wrong marker 8141")
            await try_to_sign_in(browser, "secret-typed-as-name", "x")
            await browser.sign_in("editor", PASSWORD)
            await browser.post("/account/password", {"old": PASSWORD, "new": new, "again": new})
            await browser.get("/account?next=query-marker-3310")
            token, csrf = browser.cookies.get(SESSION_COOKIE), browser.cookies.get(CSRF_COOKIE)
    assert "/login" in log.text
    assert token
    assert csrf
    for secret in (PASSWORD, new, "marker 8141", "secret-typed-as-name", token, csrf, "query-marker-3310"):
        assert secret not in log.text


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example"])
async def test_an_error_pages_way_back_never_leads_to_another_site(stranger: Browser, target: str) -> None:
    refused = await stranger.post("/no/such/page", {}, referer=f"http://testserver{target}")
    assert refused.status_code == 404
    assert "evil.example" not in refused.text.partition("<main")[2]
    kept = await stranger.post("/no/such/page", {}, referer="http://testserver/login")
    assert 'href="/login"' in kept.text.partition("<main")[2]
