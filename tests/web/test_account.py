"""Signing in and out, a password of one's own, language and theme."""

from __future__ import annotations

import pytest

from media_tracker.accounts.actor import Role
from media_tracker.db.connection import Database
from media_tracker.web.visitor import SESSION_COOKIE
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.web.admin_scene import PASSWORD, add_user, browser_as, browser_of, make_services
from tests.web.browser import Browser

NEW = "a phrase that is new"


@pytest.fixture
def services(database: Database, clock: FakeClock) -> Services:
    return make_services(database, clock)


async def test_a_stranger_is_sent_to_sign_in_and_back_to_where_they_wanted_to_go(services: Services) -> None:
    await add_user(services, Role.VIEWER)
    async with Browser(services) as browser:
        sent = await browser.get("/account?from=mail")
        assert sent.status_code == 303
        assert sent.headers["location"] == "/login?next=%2Faccount%3Ffrom%3Dmail"
        form = await browser.get(sent.headers["location"])
        assert 'name="next" value="/account?from=mail"' in form.text
        answer = await browser.post(
            "/login", {"username": " Viewer ", "password": PASSWORD, "next": "/account?from=mail"}
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/account?from=mail")
        assert (await browser.get("/account")).status_code == 200


async def test_htmx_is_sent_to_sign_in_as_a_whole_page(services: Services) -> None:
    async with Browser(services) as browser:
        answer = await browser.get("/account", **{"hx-request": "true"})
        assert (answer.status_code, answer.headers["hx-redirect"]) == (200, "/login?next=%2Faccount")


async def test_wrong_words_leave_the_name_in_the_field_and_not_the_password(services: Services) -> None:
    await add_user(services, Role.VIEWER)
    async with Browser(services) as browser:
        answer = await browser.post("/login", {"username": "viewer", "password": "a-wrong-one", "next": "/problems"})
        assert answer.status_code == 422
        assert 'value="viewer"' in answer.text
        assert "a-wrong-one" not in answer.text
        assert 'name="next" value="/problems"' in answer.text
        assert SESSION_COOKIE not in browser.cookies


async def test_who_is_signed_in_is_sent_on_from_the_form(services: Services) -> None:
    async with await browser_as(services, Role.VIEWER) as browser:
        assert (await browser.get("/login?next=/problems")).headers["location"] == "/problems"


@pytest.mark.parametrize(
    ("roles", "start"),
    [
        ({Role.EDITOR, Role.PUBLICITY, Role.ADMIN}, "/desk"),
        ({Role.OFFICIAL}, "/work"),
        ({Role.INSPECTOR, Role.PUBLICITY}, "/work"),
        ({Role.PUBLICITY, Role.ADMIN}, "/monitor"),
        ({Role.ADMIN}, "/admin/users"),
        ({Role.ADMIN, Role.VIEWER}, "/monitor"),
        ({Role.VIEWER}, "/monitor"),
    ],
    ids=lambda value: value if isinstance(value, str) else "+".join(sorted(value)),
)
async def test_who_wished_for_no_page_begins_where_their_work_is(
    services: Services, roles: set[Role], start: str
) -> None:
    await add_user(services, *roles, username="somebody")
    async with Browser(services) as browser:
        answer = await browser.post("/login", {"username": "somebody", "password": PASSWORD})
        assert answer.headers["location"] == start
        assert (await browser.get(start)).status_code == 200
        assert (await browser.get("/login")).headers["location"] == start


async def test_signing_out_forgets_the_cookie(services: Services) -> None:
    async with await browser_as(services, Role.VIEWER) as browser:
        answer = await browser.post("/logout")
        assert answer.headers["location"] == "/"
        assert (await browser.get("/account")).status_code == 303


async def test_a_password_is_changed_and_the_next_page_says_so(services: Services) -> None:
    async with await browser_as(services, Role.VIEWER) as browser:
        answer = await browser.post("/account/password", {"old": PASSWORD, "new": NEW, "again": NEW})
        assert (answer.status_code, answer.headers["location"]) == (303, "/account")
        assert "Your password is changed." in (await browser.get("/account")).text
    async with Browser(services) as browser:
        await browser.sign_in("viewer", NEW)


@pytest.mark.parametrize(
    ("old", "new", "again", "field", "sentence"),
    [
        ("wrong", NEW, NEW, "old", "The old password is not right."),
        (PASSWORD, "short", "short", "new", "The password is too short. Use 10 characters or more."),
        (PASSWORD, PASSWORD, PASSWORD, "new", "The new password is the old one."),
        (PASSWORD, NEW, "another one here", "again", "The two new passwords are not the same."),
        (PASSWORD, "", "", "new", "The password is too short. Use 10 characters or more."),
    ],
)
async def test_a_password_that_cannot_be_taken_is_told_beside_its_field(
    services: Services, old: str, new: str, again: str, field: str, sentence: str
) -> None:
    async with await browser_as(services, Role.VIEWER) as browser:
        answer = await browser.post("/account/password", {"old": old, "new": new, "again": again})
        assert answer.status_code == 422
        assert f'id="f-{field}-error"' in answer.text
        assert answer.text.count(sentence) >= 1
        assert "{minimum}" not in answer.text
        for secret in filter(None, {old, new, again}):
            assert f'value="{secret}"' not in answer.text
        assert (await browser.get("/account")).status_code == 200


async def test_wrong_old_passwords_are_throttled_like_signing_in(services: Services) -> None:
    async with await browser_as(services, Role.VIEWER) as browser:
        for _ in range(5):
            assert (await browser.post("/account/password", {"old": "x", "new": NEW, "again": NEW})).status_code == 422
        refused = await browser.post("/account/password", {"old": PASSWORD, "new": NEW, "again": NEW})
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0


async def test_somebody_with_a_password_made_up_by_an_admin_first_chooses_their_own(services: Services) -> None:
    user = await add_user(services, Role.ADMIN, must_change=True)
    async with Browser(services) as browser:
        answer = await browser.post("/login", {"username": "admin", "password": PASSWORD, "next": "/problems"})
        assert answer.headers["location"] == "/account"
        for path in ("/admin", "/outlets", "/projects", "/metrics", "/events"):
            assert (await browser.get(path)).headers["location"] == "/account", path
        refused = await browser.get("/outlets", accept="application/json")
        assert refused.status_code == 403
        assert (await browser.post("/outlets", {"name": "x"})).headers["location"] == "/account"
        assert (await browser.get("/outlets", **{"hx-request": "true"})).headers["hx-redirect"] == "/account"
        assert "choose a password of your own" in (await browser.get("/account")).text

        await browser.post("/account/password", {"old": PASSWORD, "new": NEW, "again": NEW})
        assert (await browser.get("/outlets")).status_code == 200
        assert not (await services.accounts.get(str(user.id))).must_change_password


async def test_somebody_with_a_made_up_password_may_sign_out_and_choose_a_language(services: Services) -> None:
    user = await add_user(services, Role.VIEWER, must_change=True)
    async with await browser_of(services, user) as browser:
        assert (await browser.post("/preferences", {"language": "zh_CN", "next": "/account"})).status_code == 303
        assert '<html lang="zh-CN"' in (await browser.get("/account")).text
        assert (await browser.post("/logout")).headers["location"] == "/"


async def test_language_is_kept_in_a_cookie_and_with_the_account(services: Services) -> None:
    user = await add_user(services, Role.VIEWER)
    async with await browser_of(services, user) as browser:
        answer = await browser.post("/preferences", {"language": "zh_CN", "next": "/account"})
        assert answer.headers["location"] == "/account"
        assert (await services.accounts.get(str(user.id))).language == "zh_CN"
        assert '<html lang="zh-CN"' in (await browser.get("/account")).text
    async with Browser(services) as elsewhere:
        await elsewhere.sign_in("viewer", PASSWORD)
        assert '<html lang="zh-CN"' in (await elsewhere.get("/account")).text


@pytest.mark.parametrize("sent", [{"language": "tlh"}, {"theme": "plaid"}, {}])
async def test_a_preference_that_is_none_changes_nothing(services: Services, sent: dict[str, str]) -> None:
    user = await add_user(services, Role.VIEWER)
    async with await browser_of(services, user) as browser:
        answer = await browser.post("/preferences", {**sent, "next": "/account"})
        assert answer.status_code == 303
        assert "set-cookie" not in answer.headers
        assert (await services.accounts.get(str(user.id))).version == user.version
