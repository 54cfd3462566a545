"""Administration: accounts with their made-up passwords, units, regions, the audit trail."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from media_tracker.accounts.actor import Level, Role
from media_tracker.accounts.documents import AuditAction, User
from media_tracker.db.connection import Database
from media_tracker.outlets.documents import OutletKind
from media_tracker.outlets.feed_setup import FeedSetup
from media_tracker.outlets.opml import Subscription, write_opml
from media_tracker.problems.finding.facets import of_unit
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.web.admin_scene import PASSWORD, add_user, browser_as, browser_of, captured_log, make_services, put_regions
from tests.web.browser import Browser

UNKNOWN_ID = "6b0284a3beb002b575f8e1e1"
"""An id that nothing has; the same in every test process, or xdist would see different tests."""

PAGES = ("/admin", "/admin/users/new", "/admin/units", "/admin/regions", "/admin/regions?q=清泉", "/admin/audit")
NEW_USER = {"username": "wang.wu", "display_name": "王五", "roles": ["official", "viewer"], "level": "city"}


@pytest_asyncio.fixture
async def services(database: Database, clock: FakeClock) -> Services:
    made = make_services(database, clock)
    await put_regions(made)
    return made


@pytest_asyncio.fixture
async def admin(services: Services) -> AsyncIterator[Browser]:
    async with await browser_as(services, Role.ADMIN) as browser:
        yield browser


@pytest_asyncio.fixture
async def user(services: Services) -> User:
    return await add_user(services, Role.EDITOR)


def shown_password(text: str) -> str:
    found = re.search(r'<p class="secret"[^>]*><code>([^<]+)</code>', text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("path", PAGES)
async def test_pages_of_administration_are_for_admins(services: Services, admin: Browser, path: str) -> None:
    async with await browser_as(services) as stranger:
        assert (await stranger.get(path)).headers["location"].startswith("/login?next=%2Fadmin")
    async with await browser_as(services, *(role for role in Role if role is not Role.ADMIN)) as other:
        assert (await other.get(path)).status_code == 403
    assert (await admin.get(path)).status_code == 200


@pytest.mark.parametrize("path", PAGES)
async def test_pages_of_administration_speak_both_languages(admin: Browser, path: str) -> None:
    english = await admin.get(path)
    admin.cookies.set("language", "zh_CN", domain="testserver.local")
    chinese = await admin.get(path)
    assert '<html lang="en"' in english.text
    assert '<html lang="zh-CN"' in chinese.text
    assert (english.status_code, chinese.status_code) == (200, 200)


# -- users


async def test_a_new_user_gets_a_password_that_is_shown_once_and_must_be_changed(
    services: Services, database: Database
) -> None:
    unit = await services.places.add_unit("城管局")
    with captured_log() as log:
        async with await browser_as(services, Role.ADMIN) as admin:
            answer = await admin.post(
                "/admin/users", {**NEW_USER, "unit_ids": [str(unit)], "backs": "990101001\n西城区清泉社区"}
            )
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    password = shown_password(answer.text)
    added = await services.accounts.find_by_username("wang.wu")
    assert added is not None
    assert (added.display_name, set(added.roles)) == ("王五", {Role.OFFICIAL, Role.VIEWER})
    assert (added.unit_ids, added.backs, added.level) == ([unit], ["990101001", "990102001001"], Level.CITY)
    assert added.must_change_password

    assert password not in log.text
    rows = [repr(row) for name in await database.list_collection_names() async for row in database[name].find()]
    assert not [row for row in rows if password in row]
    (entry, *_) = await services.audit.latest()
    assert (entry.action, entry.subject) == (AuditAction.USER_ADDED, added.id)

    async with Browser(services) as browser:
        answer = await browser.sign_in("wang.wu", password)
        assert answer.headers["location"] == "/account"
        assert (await browser.get("/problems")).headers["location"] == "/account"
        assert "choose a password of your own" in (await browser.get("/account")).text


async def test_a_user_name_that_is_taken_is_told_beside_the_field_and_nothing_typed_is_lost(
    admin: Browser, user: User
) -> None:
    sent = {**NEW_USER, "username": "EDITOR", "roles": ["viewer"], "backs": "990101"}
    answer = await admin.post("/admin/users", sent)
    assert answer.status_code == 409
    assert "There is already a user named editor." in answer.text
    assert 'value="王五"' in answer.text
    assert re.search(r'value="viewer" checked', answer.text)
    assert ">\n990101</textarea>" in answer.text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"username": "-"}, "A user name has 2 to 64 letters"),
        ({"display_name": ""}, "A name to show has 1 to 64 characters."),
        ({"roles": []}, "Choose at least one role."),
        ({"roles": ["emperor"]}, "Please choose from the list."),
        ({"roles": ["official"]}, "An official works for a unit."),
        ({"level": "galaxy"}, "Please choose from the list."),
        ({"unit_ids": ["nonsense"]}, "Please choose from the list."),
        ({"answers_for": [UNKNOWN_ID]}, "Please choose from the list."),
        ({"backs": "没有此地"}, "No region of this name is known."),
        ({"backs": "清泉社区"}, "Several regions have this name."),
    ],
)
async def test_a_user_that_cannot_be_is_refused_beside_the_field(
    services: Services, admin: Browser, change: dict[str, object], sentence: str
) -> None:
    answer = await admin.post("/admin/users", {**NEW_USER, "roles": ["viewer"], **change})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'class="field-error"' in answer.text
    assert len(await services.accounts.list_users()) == 1


async def test_roles_and_duties_are_changed_and_the_person_is_signed_out(
    services: Services, admin: Browser, user: User
) -> None:
    unit, other = await services.places.add_unit("城管局"), await services.places.add_unit("环卫处")
    async with await browser_of(services, user) as browser:
        page = await admin.get(f"/admin/users/{user.id}")
        version = re.search(r'name="version" value="(\d+)"', page.text)
        assert version is not None
        sent = {
            "version": version[1],
            "roles": ["inspector", "official"],
            "unit_ids": [str(unit)],
            "answers_for": [str(other)],
            "backs": "990102 西城区\r\n\r\n990102",
            "level": "district",
        }
        answer = await admin.post(f"/admin/users/{user.id}/duties", sent)
        assert answer.headers["location"] == f"/admin/users/{user.id}"
        assert (await browser.get("/account")).status_code == 303

        changed = await services.accounts.get(str(user.id))
        assert (set(changed.roles), changed.unit_ids) == ({Role.INSPECTOR, Role.OFFICIAL}, [unit])
        assert (changed.answers_for, changed.backs, changed.level) == ([other], ["990102"], Level.DISTRICT)
        again = await admin.get(f"/admin/users/{user.id}")
        assert "sessions have ended" in again.text
        assert "990102 西城区" in again.text

        stale = await admin.post(f"/admin/users/{user.id}/duties", {**sent, "roles": ["viewer"], "unit_ids": []})
        assert stale.status_code == 409
        assert set((await services.accounts.get(str(user.id))).roles) == {Role.INSPECTOR, Role.OFFICIAL}


async def test_wrong_duties_are_shown_again_with_the_version_that_the_form_had(admin: Browser, user: User) -> None:
    answer = await admin.post(f"/admin/users/{user.id}/duties", {"version": "1", "level": "city", "backs": "没有此地"})
    assert answer.status_code == 422
    assert 'name="version" value="1"' in answer.text
    assert "没有此地" in answer.text


async def test_an_account_is_closed_and_opened_again(services: Services, admin: Browser, user: User) -> None:
    async with Browser(services) as browser:
        answer = await admin.post(f"/admin/users/{user.id}/active", {"version": "1"})
        assert answer.status_code == 303
        assert "This account is closed" in (await admin.get(f"/admin/users/{user.id}")).text
        refused = await browser.post("/login", {"username": "editor", "password": PASSWORD})
        assert refused.status_code == 422

        stale = await admin.post(f"/admin/users/{user.id}/active", {"version": "1", "active": "1"})
        assert stale.status_code == 409
        opened = await admin.post(f"/admin/users/{user.id}/active", {"version": "2", "active": "1"})
        assert opened.status_code == 303
        await browser.sign_in("editor", PASSWORD)


async def test_the_last_admin_cannot_close_their_own_account(services: Services, admin: Browser) -> None:
    (oneself,) = await services.accounts.list_users()
    answer = await admin.post(f"/admin/users/{oneself.id}/active", {"version": "1"})
    assert answer.status_code == 409
    assert "last active admin" in answer.text
    assert (await admin.get("/admin")).status_code == 200


async def test_a_password_is_reset_to_one_that_is_shown_once(services: Services, admin: Browser, user: User) -> None:
    async with await browser_of(services, user) as browser:
        answer = await admin.post(f"/admin/users/{user.id}/password")
        assert answer.status_code == 200
        password = shown_password(answer.text)
        assert (await browser.get("/account")).status_code == 303, "the old session is over"
        assert (await browser.post("/login", {"username": "editor", "password": PASSWORD})).status_code == 422
        signed_in = await browser.sign_in("editor", password)
        assert signed_in.headers["location"] == "/account"
    assert password not in (await admin.get(f"/admin/users/{user.id}")).text


async def test_an_admin_signs_somebody_out_everywhere(services: Services, admin: Browser, user: User) -> None:
    async with await browser_of(services, user) as browser:
        assert (await admin.post(f"/admin/users/{user.id}/sign-out")).status_code == 303
        assert (await browser.get("/account")).status_code == 303


@pytest.mark.parametrize("user_id", ["nonsense", UNKNOWN_ID])
@pytest.mark.parametrize("act", ["", "/duties", "/active", "/password", "/sign-out"])
async def test_a_user_that_is_none_is_not_found(admin: Browser, user_id: str, act: str) -> None:
    path = f"/admin/users/{user_id}{act}"
    answer = await (admin.post(path, {"level": "city", "roles": ["viewer"]}) if act else admin.get(path))
    assert answer.status_code == 404


# -- units


async def test_a_unit_is_added_below_another_and_dissolved(services: Services, admin: Browser) -> None:
    top = await services.places.add_unit("东城区政府")
    sent = {"name": "东城区城管局", "parent": str(top), "region": "东城区", "aliases": "城管；执法局"}
    assert (await admin.post("/admin/units", sent)).headers["location"] == "/admin/units"
    unit = next(each for each in await services.places.units() if each.parent == top)
    assert (unit.name, unit.region, unit.aliases) == ("东城区城管局", "990101", ("城管", "执法局"))
    page = (await admin.get("/admin/units")).text
    assert page.index("东城区政府") < page.index('class="depth-1">东城区城管局')

    await admin.post(f"/admin/units/{unit.id}/active")
    assert "dissolved" in (await admin.get("/admin/units")).text
    assert unit.id not in {each.id for each in (await services.places.units()).active()}
    await admin.post(f"/admin/units/{unit.id}/active", {"active": "1"})
    assert unit.id in {each.id for each in (await services.places.units()).active()}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": " "}, "Please give the unit a name."),
        ({"name": "城管局"}, "There is a unit of this name already."),
        ({"parent": "nonsense"}, "Please choose from the list."),
        ({"parent": UNKNOWN_ID}, "Please choose from the list."),
        ({"region": "没有此地"}, "No region of this name is known."),
    ],
)
async def test_a_unit_that_cannot_be_is_refused_and_nothing_typed_is_lost(
    services: Services, admin: Browser, change: dict[str, str], sentence: str
) -> None:
    await services.places.add_unit("城管局")
    answer = await admin.post("/admin/units", {"name": "新单位", "aliases": "别名甲", **change})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'value="别名甲"' in answer.text
    assert len(list(await services.places.units())) == 1


@pytest.mark.parametrize("unit_id", ["nonsense", UNKNOWN_ID])
async def test_a_unit_that_is_none_is_not_found(admin: Browser, unit_id: str) -> None:
    assert (await admin.post(f"/admin/units/{unit_id}/active")).status_code == 404


# -- regions


async def test_a_region_is_found_and_given_to_another_body_and_back(services: Services, admin: Browser) -> None:
    found = (await admin.get("/admin/regions?q=松林街办")).text
    assert "990102001" in found
    assert "990101001" not in found

    answer = await admin.post("/admin/regions/990102001", {"body": "9901GX"})
    assert answer.headers["location"] == "/admin/regions?q=990102001"
    tree = await services.places.regions()
    assert tree.district_for_counting("990102001001") == "9901GX"
    listed = (await admin.get("/admin/regions")).text
    assert "示例高新区松林街道" in listed

    await admin.post("/admin/regions/990102001", {"body": ""})
    assert (await services.places.regions()).district_for_counting("990102001001") == "990102"


@pytest.mark.parametrize(
    ("code", "body", "sentence"),
    [
        ("990102001", "990101001", "Only a district or a zone can administer a region."),
        ("990102", "9901GX", "Only a subdistrict or a community can be administered by another body."),
    ],
)
async def test_only_districts_administer_and_only_what_lies_below_them(
    services: Services, admin: Browser, code: str, body: str, sentence: str
) -> None:
    answer = await admin.post(f"/admin/regions/{code}", {"body": body})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert not [region for region in await services.places.regions() if region.administered_by]


@pytest.mark.parametrize(("code", "body"), [("nonsense", "9901GX"), ("990102001", "nonsense")])
async def test_a_region_that_is_none_is_not_found(admin: Browser, code: str, body: str) -> None:
    assert (await admin.post(f"/admin/regions/{code}", {"body": body})).status_code == 404


async def test_a_search_that_finds_nothing_says_so(admin: Browser) -> None:
    assert "No region has this name or code." in (await admin.get("/admin/regions?q=没有此地")).text


# -- audit


async def test_the_audit_trail_tells_who_did_what_to_whom_and_in_which_request(
    services: Services, admin: Browser, user: User
) -> None:
    answer = await admin.post(f"/admin/users/{user.id}/sign-out")
    async with Browser(services) as browser:
        await browser.post("/login", {"username": "typed-a-secret-here", "password": "x"})
    text = (await admin.get("/admin/audit")).text
    assert "ended all sessions" in text
    assert f'<a href="/admin/users/{user.id}">Editor</a>' in text
    assert answer.headers["x-request-id"] in text
    assert "failed to sign in" in text
    assert "typed-a-secret-here" not in text


async def test_changes_to_outlets_feeds_projects_units_and_regions_are_written_down_by_id(
    services: Services, admin: Browser
) -> None:
    await put_regions(services)
    outlet = (await admin.post("/outlets", {"name": "示例晨报", "kind": "newspaper"})).headers["location"]
    feed_data = {"url": "https://paper.example/rss", "platform": "web", "title": "晨报要闻"}
    await admin.post(f"{outlet}/feeds", feed_data)
    (feed,) = await services.outlets.feeds()
    noticed = services.clock()
    moved = {"state.notice": "moved", "state.notice_at": noticed}
    await services.database["feeds"].update_one({"_id": feed.id}, {"$set": moved})
    setup = {**feed_data, "column": "曝光台", "source": "feed", "seen": FeedSetup.of(feed).mark}
    document = write_opml("x", [Subscription("https://b.example/rss", "台", "示例台", OutletKind.PORTAL)])
    project = {"outlet": outlet.rpartition("/")[2], "name": "全城找问题", "columns": "曝光台"}
    dates = {"starts": "2026-01-01", "ends": "2026-12-31"}
    for path, data in (
        (f"{outlet}/partner", {"partner": "1"}),
        (f"{outlet}/partner", {}),
        (f"{outlet}/feeds/{feed.id}", setup),
        (f"{outlet}/feeds/{feed.id}/notice", {"seen": noticed.isoformat()}),
        (f"{outlet}/feeds/{feed.id}/active", {}),
        (f"{outlet}/feeds/{feed.id}/active", {"active": "1"}),
        ("/projects", project | dates),
        ("/admin/units", {"name": "环卫所"}),
        ("/admin/regions/990101001", {"body": "9901GX"}),
        ("/admin/regions/990101001", {}),
    ):
        assert (await admin.post(path, data)).status_code == 303, path
    (promised,) = await services.outlets.projects()
    anew, ended = (
        {"columns": "曝光台 = 10", "version": "1"},
        {"version": "2", "last_day": "2026-06-30", "note": "栏目停办"},
    )
    assert (await admin.post(f"/projects/{promised.id}", project | dates | anew)).status_code == 303
    assert (await admin.post(f"/projects/{promised.id}/end", ended)).status_code == 303
    (unit,) = await services.places.units()
    for data in ({}, {"active": "1"}):
        assert (await admin.post(f"/admin/units/{unit.id}/active", data)).status_code == 303
    for data in ({"reviews": "1"}, {}):
        assert (await admin.post(f"/admin/units/{unit.id}/reviews", data)).status_code == 303
    imported = await admin.post("/outlets/import", {}, [("opml", ("feeds.opml", document, "text/x-opml"))])
    assert imported.status_code == 303

    entries = {entry.action: entry for entry in await services.audit.latest()}
    made = {
        action
        for action in AuditAction
        if action.startswith(("outlet", "partner", "feed", "project", "unit", "region"))
    }
    assert len(made) == 19
    assert made <= set(entries)
    assert entries[AuditAction.FEED_ADDED].subject == feed.id
    assert entries[AuditAction.FEED_SET_UP].detail == {"changed": "column"}
    assert entries[AuditAction.UNIT_ADDED].subject == unit.id
    assert entries[AuditAction.REGION_GIVEN].detail == {"body": "9901GX"}
    assert all(entries[action].actor is not None and entries[action].request_id for action in made)
    written = repr([entries[action] for action in made])
    for name in ("示例晨报", "晨报要闻", "全城找问题", "环卫所", "paper.example"):
        assert name not in written, "ids only"

    shown = (await admin.get("/admin/audit")).text
    for words in ("made the outlet a partner", "示例晨报", "晨报要闻", "全城找问题", "环卫所", "东城区河畔街道"):
        assert words in shown


async def test_a_change_that_fails_is_not_written_down(services: Services, admin: Browser) -> None:
    assert (await admin.post("/outlets", {"name": "", "kind": "newspaper"})).status_code == 422
    assert (await admin.post(f"/admin/units/{UNKNOWN_ID}/active")).status_code == 404
    assert not [entry for entry in await services.audit.latest() if entry.action in {"outlet_added", "unit_dissolved"}]


async def test_the_audit_trail_speaks_in_words(services: Services, admin: Browser) -> None:
    await put_regions(services)
    await admin.post("/admin/regions/990101001", {"body": "9901GX"})
    detail = {"from": "2026-01-01", "to": "2026-03-01", "rows": 7, "filter_district": "990102", "stretch": "fix"}
    actor = (await services.accounts.list_users())[0].object_id
    await services.audit.write(AuditAction.EXPORTED, actor=actor, subject="monitor/resolved.xlsx", detail=detail)
    released = {"number": 3, "from": "2026-01-01", "to": "2026-03-01"}
    await services.audit.write(AuditAction.RELEASED, actor=actor, subject="release/3", detail=released)
    await services.audit.write(AuditAction.EXPORTED, actor=actor, subject="monitor/nonsense.exe", detail={"x": 1})
    english = (await admin.get("/admin/audit")).text
    admin.cookies.set("language", "zh_CN", domain="testserver.local")
    chinese = (await admin.get("/admin/audit")).text
    for words in (
        "Body: 示例高新区",
        "First day: 1 Jan 2026, Last day: 1 Mar 2026, Rows: 7, District: 西城区, Both ends known: Exposure to verified fix",
        '<a href="/bulletins/3">Release 3</a>',
        "Problems resolved via media (Excel)",
        "monitor/nonsense.exe",
    ):
        assert words in english, words
    for key in ("filter_district", "rows=", "body=", "stretch="):
        assert key not in english
    assert "行数：7" in chinese
    assert "第3次签发" in chinese


async def test_dissolving_a_unit_asks_first_and_says_how_much_it_has_to_do(services: Services, admin: Browser) -> None:
    busy, idle = await services.places.add_unit("环卫所"), await services.places.add_unit("路灯所")
    for state in ("assigned", "in_progress", "closed"):
        case = {"state": state, "unit_id": busy, "co_unit_ids": []}
        found_by = [of_unit(busy)]
        await services.database["problems"].insert_one({"number": state, "case": case, "search": found_by})
    text = (await admin.get("/admin/units")).text
    asked = {
        unit: re.search(rf'<details class="confirm"[^§]*?action="/admin/units/{unit}/active".*?</details>', text, re.S)
        for unit in (busy, idle)
    }
    question, nothing = asked[busy], asked[idle]
    assert question is not None
    assert nothing is not None
    assert "<p>It works on 2 open problems.</p>" in question[0]
    assert f'href="/problems?show=open&amp;unit={busy}"' in question[0]
    assert "It works on no open problem." in nothing[0].rpartition('<details class="confirm"')[2]
    assert 'aria-label="Dissolve 环卫所">Dissolve</summary>' in text
