"""The pages of clocks: admins try and save rules, and a problem's page says what runs, what is asked for and what is owed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import AuditAction, User
from media_tracker.problems.clocks.table import shipped_rules
from media_tracker.problems.documents import Problem
from media_tracker.problems.steps import Command, Step
from tests.web.problem_scene import City, photo, photos

COVER = "102"
NEW = {
    "edition": "0",
    "line": "",
    "clock": "feedback",
    "category": "202",
    "source": "media",
    "limit": "1",
    "unit": "workday",
}


@pytest_asyncio.fixture
async def admin(city: City) -> User:
    return await city.user("ada", Role.ADMIN)


@pytest_asyncio.fixture
async def publicity(city: City) -> User:
    return await city.user("paul", Role.PUBLICITY)


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


async def danger(city: City) -> Problem:
    """An open cover that the cleaners have just been put in charge of."""
    editor = await city.user("dana", Role.EDITOR)
    problem = await city.problem("Open cover", category=COVER)
    return await city.act(problem, Command(Step.ASSIGN, city.clock(), unit_id=city.cleaners), editor)


# The rules


async def test_a_change_is_tried_on_open_problems_and_then_saved_with_an_entry_in_the_audit_trail(
    city: City, admin: User
) -> None:
    before = await city.assigned()
    async with await city.browser(admin) as browser:
        assert "every danger" in (await browser.get("/admin/clocks")).text
        trial = await browser.post("/admin/clocks/try", NEW)
        assert "1 open problem would have got another limit (of 1)" in plain(trial.text)
        assert (await city.services.clock_keeping.current()).number == 0, "nothing is saved yet"
        saved = await browser.post("/admin/clocks", NEW)
        assert saved.status_code == 303
        audit = plain((await browser.get("/admin/audit")).text)
    assert "changed the clock rules" in audit
    (entry, *_) = await city.services.audit.latest()
    assert (entry.action, entry.subject) == (AuditAction.CLOCKS_CHANGED, "clocks/1")
    assert (await city.services.problems.get(before.number)).case.due_at == before.case.due_at


async def test_a_rule_is_changed_and_taken_out_by_its_line(city: City, admin: User) -> None:
    rules = shipped_rules()
    async with await city.browser(admin) as browser:
        form = (await browser.get("/admin/clocks/1")).text
        assert 'name="line" value="1"' in form
        out = {"edition": "0", "line": "1", "remove": "1"}
        assert "<del>" in (await browser.post("/admin/clocks/try", out)).text
        assert (await browser.post("/admin/clocks", out)).status_code == 303
        assert (await browser.post("/admin/clocks", out)).status_code == 409, "the rules are others by now"
        for nowhere in ("0", "99", "x"):
            assert (await browser.get(f"/admin/clocks/{nowhere}")).status_code == 404
    assert (await city.services.clock_keeping.current()).rules == rules[1:]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"limit": ""}, "time limit of one day or hour"),
        ({"limit": "0"}, "between one hour or day and a year"),
        ({"limit": "many"}, "whole number"),
        ({"unit": ""}, "choose from the list"),
        ({"clock": "review"}, "choose from the list"),
        ({"category": "x"}, "choose a category from the list"),
        ({"warning_hours": "99"}, "within the limit"),
        ({"category": "", "limit": "7"}, "There is a rule for just these problems already"),
        ({"clock": "protection", "category": "danger", "source": "other"}, "counted in hours"),
    ],
)
async def test_a_rule_that_cannot_stand_comes_back_with_what_was_typed(
    city: City, admin: User, wrong: dict[str, str], said: str
) -> None:
    async with await city.browser(admin) as browser:
        for path in ("/admin/clocks/try", "/admin/clocks"):
            answer = await browser.post(path, {**NEW, **wrong})
            assert answer.status_code == 422
            assert said in answer.text
    assert (await city.services.clock_keeping.current()).number == 0


async def test_what_applies_is_told_for_any_kind_of_problem(city: City, admin: User) -> None:
    async with await city.browser(admin) as browser:
        page = plain((await browser.get("/admin/clocks?category=102&severity=urgent&source=media")).text)
        nonsense = await browser.get("/admin/clocks?category=9&severity=loud&source=moon")
    applies = page[page.index("What applies to…") :]
    assert "Interim protection 2 hours by the rule for every danger" in applies
    assert "Feedback 24 hours" in applies
    assert "Also fits, and ends later: exposed by media ( 7 working days )" in applies.replace("(7", "( 7").replace(
        "s)", "s )"
    )
    assert nonsense.status_code == 200


# A problem's page


async def test_both_clocks_and_interim_protection_stand_on_the_page(city: City, official: User) -> None:
    problem = await danger(city)
    path = f"/problems/{problem.number}"
    async with await city.browser(official) as browser:
        first = plain((await browser.get(path)).text)
        assert "Interim protection: due" in first
        assert "Feedback: due" in first
        assert "Hand-over until" in first
        assert "A danger, and no interim protection is on record" not in first
    city.clock.advance(hours=2.1)
    async with await city.browser(official) as browser:
        assert "A danger, and no interim protection is on record" in (await browser.get(path)).text
        sent = {"version": problem.case.version, "text": "A fence and a guard."}
        files = photos(("after", "a.jpg", photo()))
        assert (await browser.post(f"{path}/steps/protect", sent, files)).status_code == 303
        after = (await browser.get(path)).text
    assert "A danger, and no interim protection is on record" not in after
    assert "A fence and a guard." in after
    assert "Interim protection is in place" in after
    assert "Photo of the interim protection" in after
    assert "late:" in plain(after)


async def test_who_reports_a_danger_fixed_without_protection_ticks_that_there_was_none(
    city: City, official: User
) -> None:
    problem = await danger(city)
    city.clock.advance(hours=2.5)
    path = f"/problems/{problem.number}"
    fixed = f"{city.clock() + timedelta(hours=7, minutes=50):%Y-%m-%dT%H:%M}"  # the local hour, ten minutes ago
    sent = {"version": problem.case.version, "outcome": "resolved", "fixed_at": fixed, "text": "New cover."}
    files = photos(("after", "a.jpg", photo()))
    async with await city.browser(official) as browser:
        refused = await browser.post(f"{path}/steps/claim", sent, files)
        assert refused.status_code == 422
        assert "Interim protection was due first" in refused.text
        assert 'name="unprotected"' in refused.text
        done = await browser.post(f"{path}/steps/claim", {**sent, "unprotected": "1"}, files)
        assert done.status_code == 303


async def test_a_unit_asks_for_more_time_and_the_office_finds_it_filled_in(
    city: City, official: User, publicity: User
) -> None:
    problem = await city.assigned()
    path = f"/problems/{problem.number}"
    async with await city.browser(official) as olga, await city.browser(publicity) as paul:
        sent = {"version": problem.case.version, "due_at": "2026-03-20T18:00", "text": "The lorry is broken."}
        assert (await olga.post(f"{path}/steps/ask_extension", sent)).status_code == 303
        mine = (await olga.get(path)).text
        assert "The unit asks for more time" in mine
        assert "/steps/ask_extension" not in mine
        theirs = (await paul.get(path)).text
        assert "The lorry is broken." in theirs
        assert 'value="2026-03-20T18:00"' in theirs
        version = problem.case.version + 1
        refused = await paul.post(f"{path}/steps/refuse_ask", {"version": version, "text": "Borrow one."})
        assert refused.status_code == 303
        answered = (await olga.get(path)).text
        assert "What the unit asked for was refused" in answered
        assert "/steps/ask_extension" in answered
        again = {"version": version + 1, "review_at": "2026-05-01", "text": "The road is dug up."}
        assert (await olga.post(f"{path}/steps/ask_deferral", again)).status_code == 303
        assert 'value="2026-05-01"' in (await paul.get(path)).text
    case = (await city.services.problems.get(problem.number)).case
    assert case.due_at == case.original_due_at == problem.case.due_at


async def test_a_deferred_problem_whose_day_has_come_says_so(city: City, publicity: User) -> None:
    problem = await city.assigned()
    day = city.clock() + timedelta(days=20)
    command = Command(Step.DEFER, city.clock(), text="dug up", review_at=day)
    await city.act(problem, command, publicity)
    sentence = "The day on which to look at it again has come"
    async with await city.browser(publicity) as paul:
        assert sentence not in (await paul.get(f"/problems/{problem.number}")).text
    city.clock.set(day + timedelta(hours=1))
    async with await city.browser(publicity) as paul:
        page = (await paul.get(f"/problems/{problem.number}")).text
    assert sentence in page
    assert "/steps/resume" in page


async def test_a_year_without_a_calendar_is_told(city: City, official: User) -> None:
    city.clock.set(datetime(2098, 3, 7, 1, tzinfo=UTC))
    problem = await city.assigned()
    async with await city.browser(official) as browser:
        page = (await browser.get(f"/problems/{problem.number}")).text
    assert "The official calendar of holidays is not known yet" in page
