"""Somebody else was faster: the form comes back with what was typed, on the thing as it is now, ready for another try."""

from __future__ import annotations

import re

import pytest_asyncio

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import User
from media_tracker.accounts.duties import Duties
from media_tracker.db.connection import Database
from media_tracker.ingest.documents import Kind
from media_tracker.problems.case import State
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.web.admin_scene import add_user, browser_as, make_services
from tests.web.desk_scene import DECISION, Scene, key_of
from tests.web.problem_scene import City

REASON = "The mayor <asked> for it."


@pytest_asyncio.fixture
async def scene(services: Services) -> Scene:
    return await Scene.build(services)


@pytest_asyncio.fixture
async def paula(city: City) -> User:
    return await city.user("paula", Role.PUBLICITY, units=(city.patrol,))


def form_to(html: str, path: str) -> str:
    """The form that is sent to ``path``."""
    found = re.search(rf'<form method="post" action="{re.escape(path)}".*?</form>', html, re.S)
    assert found is not None, path
    return found[0]


def version_in(form: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', form)
    assert found is not None
    return found[1]


def kept_in(html: str) -> str:
    """What the read-only box holds."""
    found = re.search(r'<textarea[^>]* id="f-kept" readonly[^>]*>\n(.*?)</textarea>', html, re.S)
    assert found is not None
    return found[1]


# Problems


async def test_a_stale_step_that_is_still_offered_keeps_its_text_and_can_be_sent_again(city: City, paula: User) -> None:
    problem = await city.assigned()
    path = f"/problems/{problem.number}/steps/supervise"
    async with await city.browser(paula) as browser:
        stale = {"version": problem.case.version, "text": REASON}
        reminder = {"version": problem.case.version}
        assert (await browser.post(f"/problems/{problem.number}/steps/remind", reminder)).status_code == 303
        late = await browser.post(path, stale)
        form = form_to(late.text, path)
        assert late.status_code == 409
        assert late.text.count("Somebody has changed problem") == 1
        assert "Reminder sent" in late.text, "the present state"
        assert "The mayor &lt;asked&gt; for it.</textarea>" in form
        assert re.search(r'id="step-supervise" open', late.text)
        assert 'id="f-kept"' not in late.text
        assert not (await city.services.problems.get(problem.number)).case.supervised
        again = await browser.post(path, {"version": version_in(form), "text": REASON})
    assert again.status_code == 303
    assert (await city.services.problems.get(problem.number)).case.supervised


async def test_a_stale_step_that_is_offered_no_longer_shows_what_had_been_written(city: City, paula: User) -> None:
    problem = await city.problem()
    path = f"/problems/{problem.number}/steps/assign"
    first = {"version": problem.case.version, "unit_id": str(city.roads)}
    second = {
        "version": problem.case.version,
        "unit_id": str(city.cleaners),
        "co_unit_ids": [str(city.roads)],
        "text": REASON,
    }
    async with await city.browser(paula) as browser:
        assert (await browser.post(path, first)).status_code == 303
        late = await browser.post(path, second)
    assert late.status_code == 409
    assert f'action="{path}"' not in late.text
    assert kept_in(late.text).splitlines() == [
        "Unit in charge: Street cleaners",
        "Units that work with it: Road works",
        "Text: The mayor &lt;asked&gt; for it.",
    ]
    case = (await city.services.problems.get(problem.number)).case
    assert (case.state, case.unit_id) == (State.ASSIGNED, city.roads)


async def test_a_stale_correction_comes_back_beside_what_the_problem_says_now(city: City, paula: User) -> None:
    problem = await city.problem()
    path = f"/problems/{problem.number}/correct"
    words = {"place": "River Street 3", "category": "103", "severity": "key", "region": "东城区河畔街道"}
    async with await city.browser(paula) as browser:
        first = {"version": problem.case.version, "title": "Two lamps out", **words}
        assert (await browser.post(path, first)).status_code == 303
        late = await browser.post(path, {**first, "title": "One lamp <out>"})
        form = form_to(late.text, path)
        assert late.status_code == 409
        assert 'value="One lamp &lt;out&gt;"' in form
        assert "<dd>Two lamps out</dd>" in form
        assert (await city.services.problems.get(problem.number)).title == "Two lamps out"
        again = await browser.post(path, {**first, "title": "One lamp out", "version": version_in(form)})
    assert again.status_code == 303
    assert (await city.services.problems.get(problem.number)).title == "One lamp out"


async def test_a_stale_report_is_kept_and_can_be_sent_again(city: City, paula: User) -> None:
    problem = await city.problem()
    path = f"/problems/{problem.number}/reports"
    async with await city.browser(paula) as browser:
        first = {"version": problem.case.version, "channel": "ticket", "outside_number": "HZ-1"}
        assert (await browser.post(path, first)).status_code == 303
        late = await browser.post(path, {**first, "outside_number": "HZ-2", "text": REASON})
        form = form_to(late.text, path)
        assert late.status_code == 409
        assert 'value="HZ-2"' in form
        assert "The mayor &lt;asked&gt; for it.</textarea>" in form
        again = {**first, "outside_number": "HZ-2", "version": version_in(form)}
        assert (await browser.post(path, again)).status_code == 303
    reports = (await city.services.problems.get(problem.number)).case.reports
    assert [report.outside_number for report in reports] == [None, "HZ-1", "HZ-2"]


# The desk


async def test_a_stale_decision_comes_back_beside_the_one_that_was_made(scene: Scene) -> None:
    story = await scene.put_story()
    path = f"/desk/{story.id}/decide"
    async with scene.browser() as editor:
        await scene.decide(editor, story, Kind.NOTICE)
        typed = {"version": "1", "kind": "exposure", **DECISION, "place": "三号楼<后>"}
        late = await editor.post(path, typed)
        form = form_to(late.text, path)
        assert late.status_code == 409
        assert "Somebody has worked on this story in the meantime" in late.text
        assert 'value="三号楼&lt;后&gt;"' in form
        assert re.search(r'value="exposure" checked', form)
        assert "Decided by now" in late.text
        assert (await editor.post(path, {**typed, "version": version_in(form)})).status_code == 303
    decision = (await scene.story(story)).decision
    assert decision is not None
    assert (decision.kind, decision.place) == (Kind.EXPOSURE, "三号楼<后>")


async def test_a_stale_new_problem_is_kept_in_its_form(scene: Scene) -> None:
    known = await scene.put_problem()
    story = await scene.put_story()
    path = f"/desk/{story.id}/expose"
    async with scene.browser() as editor:
        now = await scene.decide(editor, story)
        tied = {"version": str(now.version), "number": known.number}
        assert (await editor.post(f"/stories/{story.id}/attach", tied)).status_code == 303
        typed = {"version": str(now.version), "title": "井盖松动", "severity": "urgent", **DECISION, "category": "102"}
        late = await editor.post(path, typed)
        form = form_to(late.text, path)
        assert late.status_code == 409
        assert 'value="井盖松动"' in form
        assert re.search(r'value="urgent" checked', form)
        assert '<details class="fold" open>' in late.text, "the form is to be seen"
        assert (await editor.post(path, {**typed, "version": version_in(form)})).status_code == 303
    assert len(await scene.services.problems.tied_to(key_of(story))) == 2


async def test_a_stale_deed_of_a_story_that_is_none_any_more_is_shown_in_a_box(scene: Scene) -> None:
    story = await scene.put_story(kind=Kind.GOOD_DEED)
    typed = {"deed_title": "路人救人", "deed": "三人下水。", "person": "某某", "region": "", "place": "河边"}
    async with scene.browser() as editor:
        now = await scene.decide(editor, story, Kind.GOOD_DEED)
        await scene.decide(editor, story, Kind.NOTICE)
        late = await editor.post(f"/desk/{story.id}/deed", {"version": str(now.version), **typed})
    assert late.status_code == 409
    assert kept_in(late.text).splitlines() == [
        "Place: 河边",
        "Title: 路人救人",
        "What the person did: 三人下水。",
        "Person: 某某",
    ]
    assert 'value="河边"' not in late.text, "the form of the decision shows the decision"
    assert await scene.services.deeds.recent() == []


async def test_what_was_typed_for_a_withdrawn_story_is_shown_in_a_box(scene: Scene) -> None:
    story = await scene.put_story()
    async with scene.browser() as editor:
        now = await scene.decide(editor, story)
        await editor.post(f"/stories/{story.id}/withdraw", {"version": str(now.version)})
        late = await editor.post(
            f"/desk/{story.id}/expose", {"version": str(now.version), "title": "坑", "severity": "key", **DECISION}
        )
    assert late.status_code == 409
    assert "What is wrong: 坑" in kept_in(late.text)


# Administration


async def test_stale_duties_come_back_beside_those_that_are_kept(database: Database, clock: FakeClock) -> None:
    services = make_services(database, clock)
    user = await add_user(services, Role.EDITOR)
    unit = await services.places.add_unit("城管局")
    path = f"/admin/users/{user.id}/duties"
    async with await browser_as(services, Role.ADMIN) as admin:
        first = {"version": user.version, "roles": ["viewer"], "level": "city"}
        assert (await admin.post(path, first)).status_code == 303
        typed = {"version": user.version, "roles": ["official"], "unit_ids": [str(unit)], "level": "district"}
        late = await admin.post(path, typed)
        form = form_to(late.text, path)
        assert late.status_code == 409
        assert "Somebody else has changed this user in the meantime." in late.text
        assert re.search(r'value="official" checked', form)
        assert not re.search(r'value="viewer" checked', form)
        assert "<dd>Viewer</dd>" in late.text
        assert (await admin.post(path, {**typed, "version": version_in(form)})).status_code == 303
    assert set((await services.accounts.get(str(user.id))).roles) == {Role.OFFICIAL}


async def test_the_last_admin_is_told_so_and_keeps_what_was_chosen(database: Database, clock: FakeClock) -> None:
    services = make_services(database, clock)
    admin = await services.accounts.add_user(
        "root", "Root", Duties(frozenset({Role.ADMIN})), must_change_password=False
    )
    async with await browser_as(services) as browser:
        browser.cookies.set("session", await services.sessions.open(admin.user), domain="testserver.local")
        path = f"/admin/users/{admin.user.id}/duties"
        late = await browser.post(path, {"version": admin.user.version, "roles": ["viewer"], "level": "city"})
    assert late.status_code == 409
    assert "This is the last active admin." in late.text
    assert re.search(r'value="viewer" checked', form_to(late.text, path))
