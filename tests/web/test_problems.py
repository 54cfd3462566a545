"""The pages of problems, as officials, dispatchers and inspectors use them."""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack
from datetime import date, timedelta

import httpx
import pytest
from bson import ObjectId

from media_tracker.accounts.actor import Level, Role
from media_tracker.accounts.documents import User
from media_tracker.db.events import SYSTEM
from media_tracker.places.responsibility import Backing, Relation
from media_tracker.places.responsibility_sheet import ResponsibilitySheet
from media_tracker.problems.case import Channel, Outcome, Precision, Severity, State
from media_tracker.problems.documents import Problem
from media_tracker.problems.steps import Command, Step
from tests.web.browser import Browser
from tests.web.problem_scene import CATEGORY, City, photo, photos

CLAIM = {"outcome": "resolved", "text": "Swept.", "fixed_at": "2026-03-02T10:30"}
VERIFY = {"verified_outcome": "resolved", "basis": "on_site", "text": "Clean."}
LOOKED = photos(("after", "check.jpg", photo("blue")))
"""What who checks has seen there."""
DESCRIPTION = {"title": "Broken lamp", "place": "River Street 3", "category": "103", "region": "东城区河畔街道"}


def version_of(html: str) -> str:
    match = re.search(r'name="version" value="(\d+)"', html)
    assert match is not None
    return match[1]


async def step(browser: Browser, problem: Problem, name: str, **fields: object) -> None:
    """Take a step as somebody who has just opened the page."""
    html = (await browser.get(f"/problems/{problem.number}")).text
    files = fields.pop("files", None)
    data = {"version": version_of(html), **fields}
    path = f"/problems/{problem.number}/steps/{name}"
    response = await browser.post(path, data, files)  # type: ignore[arg-type]  # popped from a mixed mapping
    assert response.status_code == 303, response.text
    assert response.headers["location"] == f"/problems/{problem.number}"


async def test_a_problem_goes_all_the_way_from_the_desk_to_its_closing(
    city: City, official: User, inspector: User, editor: User
) -> None:
    problem = await city.problem()
    async with AsyncExitStack() as stack:
        edith, olga, ines = [
            await stack.enter_async_context(await city.browser(user)) for user in (editor, official, inspector)
        ]
        await step(edith, problem, "assign", unit_id=str(city.cleaners), co_unit_ids=[str(city.roads)])
        await step(olga, problem, "acknowledge")
        await step(olga, problem, "start", text="Two people, one lorry.")
        city.clock.advance(hours=1.9)  # within the session
        pictures = photos(("before", "b.jpg", photo("red")), ("after", "a.png", photo("green", "PNG")))
        await step(olga, problem, "claim", files=pictures, **CLAIM)
        assert "Not counted yet" in (await olga.get(f"/problems/{problem.number}")).text
        await step(ines, problem, "verify", files=LOOKED, **VERIFY)
        await step(edith, problem, "close")
        html = (await olga.get(f"/problems/{problem.number}")).text
    case = (await city.services.problems.get(problem.number)).case
    assert case.state is State.CLOSED
    claim = case.rounds[0].claim
    assert claim is not None
    assert (claim.outcome, claim.unit_id, len(claim.before), len(claim.after)) == (
        Outcome.RESOLVED,
        city.cleaners,
        1,
        1,
    )
    for words in ("Two people, one lorry.", "Swept.", "Clean.", "Olga", "Ines", "Edith", "Road works", "Evening News"):
        assert words in html
    assert "Counted: exposed before the fix" in html


async def test_photos_are_shown_side_by_side_with_their_thumbnails(city: City, official: User) -> None:
    problem = await city.claimed(official)
    claim = problem.case.rounds[0].claim
    assert claim is not None
    kept = (await city.services.files.photos(claim.after))[claim.after[0]]
    async with await city.browser(official) as browser:
        html = (await browser.get(f"/problems/{problem.number}")).text
        assert f'href="/problems/{problem.number}/photos/{kept.id}"><img src="/files/{kept.thumbnail_id}"' in html
        assert "No photo from before" in html
        picture = await browser.get(f"/files/{kept.thumbnail_id}")
    assert picture.headers["content-type"] == "image/jpeg"


async def test_an_inspector_of_the_same_unit_is_told_why_they_may_not_check(city: City, official: User) -> None:
    colleague = await city.user("colin", Role.INSPECTOR, units=(city.cleaners,))
    above = await city.user("bella", Role.INSPECTOR, units=(city.bureau,))
    problem = await city.claimed(official)
    path = f"/problems/{problem.number}"
    for who, sentence in ((colleague, "Your unit worked on this problem."), (above, "Your unit is above the unit")):
        async with await city.browser(who) as browser:
            html = (await browser.get(path)).text
            assert sentence in html
            assert "/steps/verify" not in html
            refused = await browser.post(f"{path}/steps/verify", {"version": problem.case.version, **VERIFY})
            assert refused.status_code == 403
            assert sentence in refused.text
    assert await city.state(problem.number) is State.CLAIMED_FIXED


async def test_of_two_officials_with_the_same_page_one_wins_and_the_other_changes_nothing(
    city: City, official: User
) -> None:
    second = await city.user("oscar", Role.OFFICIAL, units=(city.cleaners,))
    problem = await city.assigned()
    city.clock.advance(hours=3)
    path = f"/problems/{problem.number}"
    async with await city.browser(official) as olga, await city.browser(second) as oscar:
        data = {"version": problem.case.version, **CLAIM}
        referer = f"http://testserver{path}"
        answers = await asyncio.gather(
            *(
                each.post(f"{path}/steps/claim", data, photos(("after", "a.jpg", photo())), referer=referer)
                for each in (olga, oscar)
            )
        )
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    lost = next(answer for answer in answers if answer.status_code == 409)
    assert f"Somebody has changed problem {problem.number} in the meantime" in lost.text
    assert "Result reported: Resolved" in lost.text
    assert re.search(r'id="f-kept" readonly[^>]*>\s+What came of it: Resolved', lost.text)
    after = await city.services.problems.get(problem.number)
    assert (after.case.state, after.case.version) == (State.CLAIMED_FIXED, problem.case.version + 2)
    assert await city.kept_files() == 2  # the winner's photo and its thumbnail


async def test_a_second_click_is_a_conflict_that_keeps_no_photo(city: City, official: User) -> None:
    problem = await city.assigned()
    city.clock.advance(hours=3)
    async with await city.browser(official) as browser:
        data = {"version": problem.case.version, **CLAIM}
        path = f"/problems/{problem.number}/steps/claim"
        assert (await browser.post(path, data, photos(("after", "a.jpg", photo())))).status_code == 303
        assert (await browser.post(path, data, photos(("after", "a.jpg", photo())))).status_code == 409
    assert await city.kept_files() == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"%PDF-1.7 no picture", "a.jpg: This file is not a photo. Send a JPEG, PNG or WebP picture."),
        (photo()[:200], "a.jpg: The photo is damaged or incomplete. Send it again."),
        (b"\xff\xd8" + bytes(10 * 2**20 - 1), "A photo may have at most 10 MB."),
    ],
    ids=["no image", "cut off", "one byte too large"],
)
async def test_a_photo_that_cannot_be_taken_is_named_and_what_was_typed_is_kept(
    city: City, official: User, content: bytes, sentence: str
) -> None:
    problem = await city.assigned()
    city.clock.advance(hours=3)
    async with await city.browser(official) as browser:
        files = photos(("before", "b.jpg", photo()), ("after", "a.jpg", content))
        data = {"version": problem.case.version, **CLAIM, "text": "Swept <twice>."}
        response = await browser.post(f"/problems/{problem.number}/steps/claim", data, files)
    assert response.status_code == 422
    assert sentence in response.text
    assert 'id="step-claim-after-error"' in response.text
    assert "Swept &lt;twice&gt;." in response.text
    assert 'value="2026-03-02T10:30"' in response.text
    assert await city.state(problem.number) is State.ASSIGNED
    assert await city.kept_files() == 0


async def test_everything_that_is_missing_is_told_at_once(city: City, official: User) -> None:
    problem = await city.assigned()
    async with await city.browser(official) as browser:
        data = {"version": problem.case.version, "outcome": "cured", "fixed_at": "2026-03-02T23:00", "text": " "}
        response = await browser.post(f"/problems/{problem.number}/steps/claim", data)
    assert response.status_code == 422
    for sentence in (
        "Please choose from the list.",
        "Please say so in a few words.",
        "it cannot lie in the future",
        "at least one photo taken after the fix",
    ):
        assert sentence in response.text
    assert response.text.count("<details") > 1
    assert len(re.findall(r'<details class="step"[^>]* open', response.text)) == 1


async def test_when_only_the_day_is_known_the_hour_is_not_made_up(city: City, official: User) -> None:
    problem = await city.assigned()
    city.clock.advance(hours=3)
    async with await city.browser(official) as browser:
        files = photos(("after", "a.jpg", photo()))
        await step(browser, problem, "claim", files=files, **{**CLAIM, "fixed_day": "1"})
        html = (await browser.get(f"/problems/{problem.number}")).text
    claim = (await city.services.problems.get(problem.number)).case.rounds[0].claim
    assert claim is not None
    assert claim.precision is Precision.DAY
    assert "(hour unknown)" in html


async def test_nothing_found_needs_no_photo_and_gets_its_own_check(city: City, official: User, inspector: User) -> None:
    problem = await city.assigned()
    city.clock.advance(hours=3)
    async with await city.browser(official) as olga, await city.browser(inspector) as ines:
        await step(olga, problem, "claim", **{**CLAIM, "outcome": "nothing_found"})
        html = (await ines.get(f"/problems/{problem.number}")).text
        assert "/steps/confirm_nothing" in html
        assert "/steps/verify" not in html
        await step(ines, problem, "confirm_nothing", basis="on_site", text="Nobody there knows of it.", files=LOOKED)
    assert await city.state(problem.number) is State.NOTHING_FOUND


async def test_a_failed_check_opens_a_new_round_with_a_new_deadline(
    city: City, official: User, inspector: User
) -> None:
    problem = await city.claimed(official)
    async with await city.browser(inspector) as ines, await city.browser(official) as olga:
        missing = await ines.post(
            f"/problems/{problem.number}/steps/fail", {"version": problem.case.version, "text": "Still there."}
        )
        assert missing.status_code == 422
        assert "only when somebody was there" in missing.text
        files = photos(("after", "c.jpg", photo("brown")))
        await step(ines, problem, "fail", basis="on_site", text="Still there.", files=files)
        html = (await olga.get(f"/problems/{problem.number}")).text
        await step(olga, problem, "start", text="Once more.")
    case = (await city.services.problems.get(problem.number)).case
    assert case.state is State.IN_PROGRESS
    assert len(case.rounds) == 2
    assert "Check failed: rework, due" in html
    assert "Still there." in html
    assert "Photo from the check" in html


async def test_a_districts_check_is_shown_as_such_and_stays_out_of_the_citys_figures(
    city: City, official: User
) -> None:
    local = await city.user("dora", Role.INSPECTOR, units=(city.patrol,), level=Level.DISTRICT)
    problem = await city.claimed(official)
    async with await city.browser(local) as browser:
        assert "Yours is a district check" in (await browser.get(f"/problems/{problem.number}")).text
        await step(browser, problem, "verify", files=LOOKED, **VERIFY)
        html = (await browser.get(f"/problems/{problem.number}")).text
        chinese = (await browser.get(f"/problems/{problem.number}", **{"accept-language": "zh-CN"})).text
    assert "District check passed: Resolved" in html
    assert "Not counted: the check was not independent at this level." in html
    assert "不计入" in chinese


async def test_a_step_that_does_not_exist_is_not_found(city: City, official: User) -> None:
    problem = await city.assigned()
    async with await city.browser(official) as browser:
        wrong = await browser.post(f"/problems/{problem.number}/steps/demolish", {"version": problem.case.version})
        assert wrong.status_code == 404
        assert (await browser.get("/problems/2026-99999")).status_code == 404
        assert (await browser.get("/problems/%F0%9F%A6%86")).status_code == 404
        assert (await browser.post("/problems/2026-99999/steps/start", {"version": 1, "text": "x"})).status_code == 404
        assert (await browser.get("/problems/2026-99999/steps/start")).status_code == 404
        back = await browser.get(f"/problems/{problem.number}/steps/start")
    assert back.headers["location"] == f"/problems/{problem.number}"


async def test_an_official_of_another_unit_can_look_but_not_act(city: City) -> None:
    other = await city.user("otto", Role.OFFICIAL, units=(city.roads,))
    problem = await city.assigned()
    async with await city.browser(other) as browser:
        page = await browser.get(f"/problems/{problem.number}")
        assert page.status_code == 200
        assert "What you can do now" not in page.text
        data = {"version": problem.case.version, "text": "Mine now."}
        refused = await browser.post(f"/problems/{problem.number}/steps/start", data)
    assert refused.status_code == 403
    assert "Only the unit in charge of this problem can do this." in refused.text
    assert (await city.services.problems.get(problem.number)).case.version == problem.case.version


async def test_a_step_out_of_turn_names_the_state_in_the_readers_language(city: City, editor: User) -> None:
    problem = await city.assigned()
    async with await city.browser(editor) as browser:
        data = {"version": problem.case.version, "unit_id": str(city.roads)}
        path = f"/problems/{problem.number}/steps/assign"
        english = await browser.post(path, data)
        chinese = await browser.post(path, data, **{"accept-language": "zh-CN"})
    assert english.status_code == chinese.status_code == 409
    assert "“Assigned”" in english.text
    assert "“已交办”" in chinese.text


async def test_a_problem_is_not_given_to_a_unit_that_is_none(city: City, editor: User) -> None:
    problem = await city.problem()
    dissolved = await city.services.places.add_unit("Gone for good")
    await city.services.places.set_unit_active(str(dissolved), False)
    async with await city.browser(editor) as browser:
        for unit in (str(ObjectId()), str(dissolved), "no id"):
            data = {"version": problem.case.version, "unit_id": unit, "text": "Please look."}
            response = await browser.post(f"/problems/{problem.number}/steps/assign", data)
            assert response.status_code == 422
            assert "Please choose from the list." in response.text
            assert "Please look." in response.text
    assert await city.state(problem.number) is State.REGISTERED


async def test_a_problem_that_was_merged_leads_to_the_one_that_stays(city: City, editor: User) -> None:
    stays, goes = await city.problem("The one"), await city.problem("The same again", exposed=False, number="HZ-77")
    path = f"/problems/{goes.number}/merge"
    async with await city.browser(editor) as browser:
        assert (await browser.post(f"/problems/{goes.number}/steps/mark_duplicate", {"version": 2})).status_code == 404
        form = {"version": goes.case.version, "stays": stays.number, "stays_version": stays.case.version}
        assert (await browser.post(path, form)).status_code == 303
        html = (await browser.get(f"/problems/{goes.number}")).text
        assert f'<a href="/problems/{stays.number}">{stays.number}</a>' in html
        late = await browser.post(
            f"/problems/{goes.number}/reports",
            {"version": goes.case.version + 1, "channel": "patrol"},
        )
        assert late.status_code == 409
    assert "HZ-77" in [r.outside_number for r in (await city.services.problems.get(stays.number)).case.reports]


async def test_a_person_of_several_units_acts_for_the_one_in_charge(city: City) -> None:
    both = await city.user("omar", Role.OFFICIAL, units=(city.roads, city.cleaners))
    problem = await city.assigned()
    async with await city.browser(both) as browser:
        await step(browser, problem, "acknowledge")
    event = (await city.services.problems.history(problem))[-1]
    assert (event.actor, event.acting_unit) == (both.object_id, city.cleaners)


async def test_extending_and_deferring_keep_the_original_deadline_on_show(city: City) -> None:
    paula = await city.user("paula", Role.PUBLICITY, units=(city.patrol,))
    problem = await city.assigned()
    async with await city.browser(paula) as browser:
        path = f"/problems/{problem.number}/steps"
        early = {"version": problem.case.version, "text": "Rain.", "due_at": "2026-03-03T09:00"}
        assert (await browser.post(f"{path}/extend", early)).status_code == 422
        await step(browser, problem, "extend", text="Rain.", due_at="2026-03-20T18:00")
        html = (await browser.get(f"/problems/{problem.number}")).text
        assert "originally 5 Mar, end of day" in html
        assert "Deadline extended to 20 Mar 2026" in html
        await step(browser, problem, "defer", text="Winter.", review_at="2026-05-01")
        html = (await browser.get(f"/problems/{problem.number}")).text
    assert "to be looked at again on 1 May 2026" in html
    assert await city.state(problem.number) is State.DEFERRED


# The list


def numbers_in(html: str) -> list[str]:
    """Problem numbers of the list, from top to bottom."""
    return re.findall(r'role=rowheader[^>]*><a href="/problems/([\d-]+)"', html)


async def test_the_list_narrows_by_what_its_address_says(city: City, editor: User) -> None:
    lamp = await city.problem("Lamp out", category="103", region="990102", number="HZ-2026-5", exposed=False)
    city.clock.advance(minutes=1)
    rubbish = await city.problem()
    city.clock.advance(minutes=1)
    given = await city.assigned(to=city.roads, co=(city.cleaners,))
    async with await city.browser(editor) as browser:

        async def found(query: str) -> list[str]:
            response = await browser.get(f"/problems{query}")
            assert response.status_code == 200
            return numbers_in(response.text)

        assert await found("") == [given.number, rubbish.number, lamp.number]
        assert await found("?state=assigned") == [given.number]
        assert await found("?district=990102") == [lamp.number]
        assert await found("?category=1") == [lamp.number]
        assert await found(f"?category={CATEGORY}&state=registered") == [rubbish.number]
        assert await found(f"?unit={city.cleaners}") == [given.number]
        assert await found(f"?words={lamp.number}") == [lamp.number]
        assert await found("?words=HZ-2026-5") == [lamp.number]
        assert await found("?words=rubbish+market") == [given.number, rubbish.number]
        assert await found("?words=market+lamp") == []
        assert await found("?state=nonsense&unit=x&category=999&show=x&older_than=%00") == []
        assert "No problem fits these filters." in (await browser.get("/problems?words=unheard-of")).text


async def test_overdue_in_the_list_is_overdue_in_the_counts(city: City, editor: User) -> None:
    late = await city.assigned()
    city.clock.advance(days=30)
    fresh = await city.assigned()
    async with await city.browser(editor) as browser:
        response = await browser.get("/problems?show=overdue")
    assert numbers_in(response.text) == [late.number]
    assert "Overdue" in response.text
    assert fresh.number not in response.text


async def test_pages_of_the_list_lead_on_and_back(city: City, editor: User) -> None:
    problems = []
    for at in range(53):
        problems.append((await city.problem(f"Problem {at}")).number)
        city.clock.advance(seconds=at % 2)  # some were registered in the same moment
    newest = list(reversed(problems))
    async with await city.browser(editor) as browser:
        first = (await browser.get("/problems?state=registered")).text
        older = re.search(r'rel="next" href="([^"]+)"', first)
        assert older is not None
        second = (await browser.get(older[1].replace("&amp;", "&"))).text
        newer = re.search(r'rel="prev" href="([^"]+)"', second)
        assert newer is not None
        assert "state=registered" in newer[1]
        again = (await browser.get(newer[1].replace("&amp;", "&"))).text
    assert [*numbers_in(first), *numbers_in(second)] == newest
    assert numbers_in(again) == numbers_in(first)
    assert 'rel="prev"' not in again
    assert 'rel="next"' not in second


async def test_an_official_first_sees_what_is_open_for_their_units(city: City, official: User) -> None:
    await city.problem()
    mine = await city.assigned()
    beside = await city.assigned(to=city.roads, co=(city.cleaners,))
    async with await city.browser(official) as browser:
        landed = (await browser.get("/problems")).text
        everything = (await browser.get("/problems?show=all")).text
    assert set(numbers_in(landed)) == {mine.number, beside.number}
    assert re.search(r'aria-current="true">My unit, open <span class="num">2<', landed)
    assert len(numbers_in(everything)) == 3


async def test_the_light_turns_yellow_and_then_red(city: City, editor: User) -> None:
    await city.assigned()  # due at the end of Thursday, 5 March
    lights = []
    for days in (0, 3, 1):
        city.clock.advance(days=days)
        async with await city.browser(editor) as browser:
            lights.append(re.findall(r'class="deadline deadline-(\w+)"', (await browser.get("/problems")).text))
    assert lights == [["ok"], ["soon"], ["over"]]


# Registering, reports, corrections


async def test_a_ticket_is_registered_with_its_number_and_deadline(city: City, editor: User) -> None:
    async with await city.browser(editor) as browser:
        assert (await browser.get("/problems/new")).status_code == 200
        data = {
            **DESCRIPTION,
            "severity": "urgent",
            "long_standing": "1",
            "channel": "ticket",
            "outside_number": "HZ-1",
            "occurred_at": "2026-02-20T08:00",
            "due_at": "2026-02-27T18:00",
            "closed_elsewhere_at": "2026-02-26T18:00",
            "text": "Called twice.",
        }
        response = await browser.post("/problems/new", data)
        assert response.status_code == 303
        html = (await browser.get(response.headers["location"])).text
    number = response.headers["location"].rpartition("/")[2]
    problem = await city.services.problems.get(number)
    report = problem.case.reports[0]
    assert (report.channel, report.outside_number, report.received_at) == (Channel.TICKET, "HZ-1", city.clock.now)
    assert report.due_at is not None
    assert (problem.case.region, problem.case.severity, problem.district) == ("990101001", Severity.URGENT, "990101")
    for words in (
        "Broken lamp",
        "HZ-1",
        "Called twice.",
        "Street light out",
        "东城区河畔街道",
        f"Registered as {number}.",
    ):
        assert words in html


async def test_an_inquiry_names_the_outlet_that_asks(city: City, editor: User) -> None:
    async with await city.browser(editor) as browser:
        data = {**DESCRIPTION, "channel": "inquiry"}
        missing = await browser.post("/problems/new", data)
        assert missing.status_code == 422
        assert "Please choose the outlet that asks." in missing.text
        response = await browser.post("/problems/new", {**data, "outlet_id": str(city.outlet)})
    number = response.headers["location"].rpartition("/")[2]
    report = (await city.services.problems.get(number)).case.reports[0]
    assert (report.channel, report.outlet_id, report.partner) == (Channel.INQUIRY, city.outlet, True)
    assert report.occurred_at == report.received_at == city.clock.now


async def test_a_wrong_registration_keeps_what_was_typed(city: City, editor: User) -> None:
    async with await city.browser(editor) as browser:
        data = {
            **DESCRIPTION,
            "title": "",
            "category": "1",
            "region": "清泉社区",
            "channel": "exposure",
            "occurred_at": "2026-03-05T08:00",
            "relapse_of": "2026-99999",
        }
        response = await browser.post("/problems/new", data)
    assert response.status_code == 422
    for sentence in (
        "Please say in a few words what the problem is.",
        "Please choose a category from the list.",
        "Several regions have this name.",
        "Please choose from the list.",
        "This lies in the future.",
        "There is no problem with this number.",
    ):
        assert sentence in response.text
    assert 'value="River Street 3"' in response.text
    assert 'value="清泉社区"' in response.text
    assert await city.services.database["problems"].count_documents({}) == 0


async def test_only_a_problem_closed_long_ago_can_have_a_relapse(
    city: City, editor: User, official: User, inspector: User
) -> None:
    former = await city.verified(official, inspector)
    data = {**DESCRIPTION, "channel": "patrol", "relapse_of": former.number}

    async def register() -> httpx.Response:
        async with await city.browser(editor) as browser:
            return await browser.post("/problems/new", data)

    assert "A relapse needs a problem that was closed" in (await register()).text
    await city.act(former, Command(Step.CLOSE, city.clock()), editor)
    assert (await register()).status_code == 422
    city.clock.advance(days=31)
    response = await register()
    assert response.status_code == 303
    new = response.headers["location"].rpartition("/")[2]
    async with await city.browser(editor) as browser:
        assert f'href="/problems/{former.number}"' in (await browser.get(f"/problems/{new}")).text
        assert f"Came back, registered as {new}" in (await browser.get(f"/problems/{former.number}")).text
    assert "has not come back since" in (await register()).text


async def test_a_report_that_states_an_old_date_is_received_now(city: City, editor: User) -> None:
    problem = await city.problem()
    path = f"/problems/{problem.number}/reports"
    async with await city.browser(editor) as browser:
        assert (await browser.get(path)).status_code == 200
        data = {
            "version": problem.case.version,
            "channel": "snapshot",
            "occurred_at": "2026-01-05T08:00",
            "by_day": "1",
        }
        assert (await browser.post(path, data)).status_code == 303
        assert (await browser.post(path, data)).status_code == 409  # a second click
        nameless = await browser.post(path, {"version": problem.case.version + 1, "text": "Who said so?"})
    assert nameless.status_code == 422
    assert "Please choose how it came in." in nameless.text
    assert "Who said so?" in nameless.text
    report = (await city.services.problems.get(problem.number)).case.reports[-1]
    assert (report.precision, report.received_at) == (Precision.DAY, city.clock.now)
    assert report.received_at - report.occurred_at > timedelta(days=50)


async def test_a_correction_changes_the_description_and_nothing_else(city: City, editor: User) -> None:
    problem = await city.assigned()
    path = f"/problems/{problem.number}/correct"
    async with await city.browser(editor) as browser:
        html = (await browser.get(path)).text
        assert 'value="东城区河畔街道"' in html
        data = {"version": version_of(html), **DESCRIPTION, "region": "西城区", "severity": "key"}
        wrong = await browser.post(path, {**data, "place": " "})
        assert wrong.status_code == 422
        assert "Without a place nobody can go and look." in wrong.text
        assert 'value="Broken lamp"' in wrong.text
        assert (await browser.post(path, data)).status_code == 303
        assert (await browser.post(path, data)).status_code == 409
    after = await city.services.problems.get(problem.number)
    assert (after.title, after.district, after.case.severity) == ("Broken lamp", "990102", Severity.KEY)
    assert (after.case.state, after.case.unit_id) == (problem.case.state, problem.case.unit_id)


# Who may look


async def test_strangers_are_sent_to_sign_in_and_viewers_only_look(city: City) -> None:
    problem = await city.assigned()
    viewer = await city.user("vera", Role.VIEWER)
    dispatching = ("/problems/new", f"/problems/{problem.number}/reports", f"/problems/{problem.number}/correct")
    async with await city.browser(None) as stranger, await city.browser(viewer) as vera:
        for path in ("/problems", f"/problems/{problem.number}", *dispatching):
            answer = await stranger.get(path)
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/login?next=")
        assert (await vera.get("/problems")).status_code == 200
        page = (await vera.get(f"/problems/{problem.number}")).text
        assert "What you can do now" not in page
        assert "/correct" not in page
        for path in dispatching:
            assert (await vera.get(path)).status_code == 403
            assert (await vera.post(path, {"version": problem.case.version, **DESCRIPTION})).status_code == 403
        act = await vera.post(f"/problems/{problem.number}/steps/remind", {"version": problem.case.version})
    assert act.status_code == 403


async def test_the_pages_speak_chinese(city: City, editor: User, official: User) -> None:
    problem = await city.claimed(official)
    async with await city.browser(editor) as browser:
        for path in (
            "/problems",
            f"/problems/{problem.number}",
            "/problems/new",
            f"/problems/{problem.number}/correct",
        ):
            response = await browser.get(path, **{"accept-language": "zh-CN"})
            assert response.status_code == 200
            assert '<html lang="zh-CN"' in response.text
    assert "卫生死角与杂物堆放" in (response.text)


async def test_what_a_caller_said_is_for_those_who_work_on_reports(
    city: City, editor: User, official: User, inspector: User
) -> None:
    async with await city.browser(editor) as browser:
        new = {**DESCRIPTION, "channel": "ticket", "text": "Caller words one."}
        address = (await browser.post("/problems/new", new)).headers["location"]
        more = {"version": "2", "channel": "snapshot", "text": "Caller words two."}
        assert (await browser.post(f"{address}/reports", more)).status_code == 303
        assign = {"version": "3", "unit_id": str(city.cleaners), "text": "Words for the unit."}
        assert (await browser.post(f"{address}/steps/assign", assign)).status_code == 303
    staff, viewer = await city.user("pia", Role.PUBLICITY), await city.user("vera", Role.VIEWER)
    readers = [(editor, True), (inspector, True), (staff, True), (official, False), (viewer, False)]
    for reader, may_read in readers:
        async with await city.browser(reader) as browser:
            html = (await browser.get(address)).text
        assert "Words for the unit." in html
        for words in ("Caller words one.", "Caller words two."):
            assert (words in html) is may_read, reader.username


@pytest.mark.parametrize(
    ("number", "taken"),
    [
        ("HZ-1", True),
        ("2026/03_热线 #12.a", True),
        ("字" * 64, True),
        ("a" * 65, False),
        ("call Mr. Sample, 555", False),
        ("12345 <b>", False),
        ("12\t34", False),
        ("12@34", False),
    ],
)
async def test_a_number_elsewhere_is_a_number_and_no_note(city: City, editor: User, number: str, taken: bool) -> None:
    async with await city.browser(editor) as browser:
        data = {**DESCRIPTION, "channel": "ticket", "outside_number": number}
        response = await browser.post("/problems/new", data)
    assert response.status_code == (303 if taken else 422)
    assert ("Please give only the number" in response.text) is not taken


# The step's form


async def test_units_of_the_problems_district_come_first(city: City, editor: User) -> None:
    places = city.services.places
    far = await places.add_unit("A unit of the west", region="990102")
    near = await places.add_unit("Zealous unit of the east", region="990101001")
    problem = await city.problem()
    async with await city.browser(editor) as browser:
        html = (await browser.get(f"/problems/{problem.number}")).text
    select = re.search(r'<select[^>]*id="step-assign-unit_id".*?</select>', html, re.S)
    assert select is not None
    groups = re.findall(r'<optgroup label="([^"]+)">(.*?)</optgroup>', select[0], re.S)
    assert [name for name, _ in groups] == ["东城区", "Of the whole city", "西城区"]
    assert re.findall(r'value="(\w+)"', groups[0][1]) == [str(near)]
    assert str(city.roads) in groups[1][1]
    assert re.findall(r'value="(\w+)"', groups[2][1]) == [str(far)]
    assert re.findall(r'<details class="more"( open)?><summary>(.*?)</summary>', html)[1:] == [
        (" open", "东城区"),
        ("", "Of the whole city"),
        ("", "西城区"),
    ]
    beside = re.findall(r'name="co_unit_ids" value="(\w+)"', html)
    assert beside[0] == str(near)
    assert len(beside) == 6


async def test_the_page_says_who_stands_behind_the_place_and_what_its_department_stands_behind(
    city: City, editor: User
) -> None:
    day, table = date(2026, 1, 1), city.services.responsibilities
    backings = (
        Backing(Relation.INDICATOR, day, unit_id=city.cleaners, indicator="街面保洁"),
        Backing(Relation.INDICATOR, day, unit_id=city.roads, indicator="道路完好"),
        Backing(Relation.CIVILISED_UNIT, day, region="990101001", unit_id=city.roads),
        Backing(Relation.LEADER, day, region="990101001", person="某领导"),
        Backing(Relation.LEADER, day, region="990101002", person="另一领导"),
        Backing(Relation.LEADER, day, day, region="990101", person="前任领导"),
    )
    sheet = ResponsibilitySheet((), backings, ())
    await table.take(sheet, day, whole=False, edition=await table.edition(), by=None, origin=SYSTEM)
    problem = await city.assigned()
    async with await city.browser(editor) as browser:
        html = (await browser.get(f"/problems/{problem.number}")).text
    facts = re.sub(r"<[^>]+>|\s+", " ", html[html.index('id="facts"') :][:3000])
    assert re.search(r"Leader who backs \S*河畔街道\s+某领导", facts)
    assert re.search(r"Civilised unit that backs \S*河畔街道\s+Road works", facts)
    assert re.search(r"Department that backs the indicator\s+Street cleaners · 街面保洁", facts)
    assert not any(said in html for said in ("另一领导", "前任领导", "道路完好"))


async def test_the_forms_that_give_time_begin_with_a_day_that_they_take(city: City, official: User) -> None:
    problem = await city.assigned()
    due_at = problem.case.due_at
    assert due_at is not None
    path = f"/problems/{problem.number}"
    async with (
        await city.browser(official) as olga,
        await city.browser(await city.user("paula", Role.PUBLICITY)) as paula,
    ):
        for browser, step, name in (
            (paula, "extend", "due_at"),
            (paula, "defer", "review_at"),
            (olga, "ask_deferral", "review_at"),
            (olga, "ask_extension", "due_at"),
        ):
            proposed = re.search(rf'id="step-{step}-{name}"[^>]*value="([^"]+)"', (await browser.get(path)).text)
            assert proposed is not None, step
        data = {"version": problem.case.version, "text": "Rain.", "due_at": proposed[1]}
        assert (await olga.post(f"{path}/steps/ask_extension", data)).status_code == 303
    asked = (await city.services.problems.get(problem.number)).case.asked
    assert asked is not None
    assert asked.wished_at > due_at


async def test_photos_that_are_too_much_together_are_refused_by_a_limit_that_the_form_states(
    city: City, official: User
) -> None:
    problem = await city.assigned()
    city.clock.advance(hours=3)
    heavy = b"\xff\xd8" + bytes(10 * 2**20 - 2)
    async with await city.browser(official) as browser:
        assert "Up to 10 MB each and 50 MB together" in (await browser.get(f"/problems/{problem.number}")).text
        files = photos(*(("after", f"{n}.jpg", heavy) for n in range(5)), ("before", "b.jpg", photo()))
        data = {"version": problem.case.version, **CLAIM}
        response = await browser.post(f"/problems/{problem.number}/steps/claim", data, files)
        assert response.status_code == 422
        assert "All files of a form together may have at most 50 MB." in response.text
        assert "Swept." in response.text
        files = photos(*(("after", f"{n}.jpg", heavy) for n in range(6)))
        response = await browser.post(f"/problems/{problem.number}/steps/claim", data, files)
        assert response.status_code == 413
        assert "the photos of a form together at most 50 MB" in response.text
    assert await city.kept_files() == 0


async def test_the_lists_filters_and_pages_are_a_part_of_the_page_for_htmx(city: City, editor: User) -> None:
    await city.problem()
    async with await city.browser(editor) as browser:
        whole = (await browser.get("/problems?show=open")).text
        part = await browser.get("/problems?show=open", **{"hx-request": "true"})
        back = await browser.get("/problems?show=open", **{"hx-request": "true", "hx-history-restore-request": "true"})
    assert 'hx-get="/problems" hx-target="#content" hx-push-url="true"' in whole
    assert "<html" not in part.text
    assert part.text.strip().split('<div id="flashes"')[0].strip() in whole, "the same block, nothing else"
    assert part.headers["vary"] == "HX-Request"
    assert back.text.startswith("<!doctype html>"), "a step back in the history needs the whole page"


async def test_filters_are_folded_where_a_phone_has_no_room(city: City, editor: User) -> None:
    async with await city.browser(editor) as browser:
        idle = (await browser.get("/problems?show=open")).text
        used = (await browser.get("/problems?show=open&district=990101")).text
    assert re.search(r'<details class="fold-small" data-fold-small open>\s*<summary>', idle), "open without a script"
    assert "in use" not in idle
    assert "in use" in used
