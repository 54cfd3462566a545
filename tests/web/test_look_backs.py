"""After the work, on pages: looking back, what citizens say, a fix in part, and problems worth another story."""

from __future__ import annotations

import re

from bson import ObjectId

from media_tracker.accounts.actor import Level, Role
from media_tracker.accounts.documents import User
from media_tracker.db.events import SYSTEM
from media_tracker.problems.case import Channel, EventType, Report, State
from media_tracker.problems.documents import Problem
from media_tracker.problems.lifecycle import Decided
from tests.web.browser import Browser
from tests.web.problem_scene import City, photo, photos

LOOKED = photos(("after", "look.jpg", photo("blue")))
LOOK = {"basis": "on_site", "text": "Went there."}
CHECK = {"verified_outcome": "resolved", "basis": "on_site", "text": "Clean."}


async def closed(city: City, official: User, inspector: User, *, drawn: bool = False) -> Problem:
    """A problem that was closed a moment ago, drawn for a re-check or not."""
    problem = await city.verified(official, inspector)
    casebook = city.services.problems.casebook

    async def close(tx: object) -> Problem:
        read = await casebook.read(tx, problem.case.id)  # type: ignore[arg-type]  # a transaction, as the casebook has it
        closing = [Decided(EventType.CLOSED, {"drawn": drawn})]
        return await casebook.write(tx, read, closing)  # type: ignore[arg-type]

    return await city.services.problems._transactor.run(close, SYSTEM)


def form_of(html: str, step: str) -> str:
    found = re.search(rf'<details class="step"[^>]*id="step-{step}".*?</details>', html, re.S)
    assert found is not None, f"{step} is not offered"
    return found[0]


async def send(
    browser: Browser, problem: Problem, step: str, files: object = None, **fields: object
) -> tuple[int, str]:
    version = (await problem_now(browser, problem))[0]
    data = {"version": version, **fields}
    answer = await browser.post(f"/problems/{problem.number}/steps/{step}", data, files)  # type: ignore[arg-type]
    return answer.status_code, answer.text


async def problem_now(browser: Browser, problem: Problem) -> tuple[str, str]:
    html = (await browser.get(f"/problems/{problem.number}")).text
    version = re.search(r'name="version" value="(\d+)"', html)
    return (version[1] if version else "0"), html


def chips(html: str) -> dict[str, int]:
    """How long each list says that it is, by its name."""
    found = re.findall(r'href="/problems/look-backs\?show=(\w+)[^"]*"[^>]*>[^<]*<span class="num">(\d+)', html)
    return {name: int(count) for name, count in found}


def rows(html: str) -> int:
    return html.count('<tr role="row">') - 1 if "<tbody" in html else 0


# Checks with a photo


async def test_a_check_without_a_photo_is_sent_back_with_what_was_typed(
    city: City, official: User, inspector: User
) -> None:
    problem = await city.claimed(official)
    async with await city.browser(inspector) as ines:
        for step, fields in (("verify", CHECK), ("fail", LOOK)):
            status, html = await send(ines, problem, step, **fields)
            assert status == 422
            assert "at least one photo of what you found there" in form_of(html, step)
            assert f'id="step-{step}-after-error"' in html
            assert str(fields["text"]) in html
        assert (await send(ines, problem, "verify", LOOKED, **CHECK))[0] == 303
    assert await city.state(problem.number) is State.VERIFIED


# Looking back


async def test_an_inspector_finds_what_is_due_and_writes_down_that_it_has_held(
    city: City, official: User, inspector: User
) -> None:
    problem = await closed(city, official, inspector)
    city.clock.advance(days=25)
    async with await city.browser(inspector) as ines:
        html = (await ines.get("/problems/look-backs")).text
        assert chips(html) == {"due": 1, "overdue": 0, "done": 0, "came_back": 0}
        assert rows(html) == 1
        assert "Look-back after 30 days" in html
        page = (await problem_now(ines, problem))[1]
        assert "Look-back after 90 days" in page
        status, refused = await send(ines, problem, "look_back", **LOOK)
        assert status == 422
        for sentence in ("Please say whether the fix has held.", "at least one photo of what you found there"):
            assert sentence in refused
        assert (await send(ines, problem, "look_back", LOOKED, found="holds", **LOOK))[0] == 303
        page = (await problem_now(ines, problem))[1]
        html = (await ines.get("/problems/look-backs?show=done")).text
    for words in ("Looked back: the fix has held", "Went there.", f"/problems/{problem.number}/photos/"):
        assert words in page
    assert chips(html) == {"due": 0, "overdue": 0, "done": 1, "came_back": 0}
    assert rows(html) == 1


async def test_what_came_back_late_leads_to_the_new_problem(city: City, official: User, inspector: User) -> None:
    problem = await closed(city, official, inspector)
    city.clock.advance(days=45)
    async with await city.browser(inspector) as ines:
        assert chips((await ines.get("/problems/look-backs?show=overdue")).text)["overdue"] == 1
        assert (await send(ines, problem, "look_back", LOOKED, found="came_back", **LOOK))[0] == 303
        page = (await problem_now(ines, problem))[1]
        listed = (await ines.get("/problems/look-backs?show=came_back")).text
    former = await city.services.problems.get(problem.number)
    assert former.case.relapsed_as is not None
    relapse = await city.services.problems.by_id(former.case.relapsed_as)
    assert f'href="/problems/{relapse.number}"' in page
    assert relapse.number in listed
    assert relapse.title == problem.title


async def test_a_unit_does_not_learn_that_its_closing_was_drawn(city: City, official: User, inspector: User) -> None:
    problem = await closed(city, official, inspector, drawn=True)
    both = await city.user("both", Role.OFFICIAL, Role.INSPECTOR, units=(city.cleaners,))
    async with (
        await city.browser(official) as olga,
        await city.browser(both) as own,
        await city.browser(inspector) as ines,
    ):
        assert (await olga.get("/problems/look-backs")).status_code == 403
        for browser in (olga, own):
            page = (await problem_now(browser, problem))[1]
            assert "Random re-check" not in page
        assert chips((await own.get("/problems/look-backs")).text)["due"] == 0
        assert "Random re-check" in (await problem_now(ines, problem))[1]
        assert "Random re-check" in (await ines.get("/problems/look-backs")).text
        assert (await send(ines, problem, "look_back", LOOKED, found="holds", **LOOK))[0] == 303
        assert "Random re-check" not in (await problem_now(olga, problem))[1]


async def test_the_list_is_narrowed_by_district_and_nonsense_is_left_out(
    city: City, official: User, inspector: User
) -> None:
    await closed(city, official, inspector)
    city.clock.advance(days=31)
    async with await city.browser(inspector) as ines:
        for address, expected in (
            ("/problems/look-backs?show=overdue&district=990101", 1),
            ("/problems/look-backs?show=overdue&district=990102", 0),
            ("/problems/look-backs?show=overdue&district=%00&after=nonsense", 1),
            ("/problems/look-backs?show=nonsense", 0),
        ):
            html = (await ines.get(address)).text
            assert rows(html) == expected, address
        chinese = (await ines.get("/problems/look-backs?show=overdue", **{"accept-language": "zh-CN"})).text
    assert "回头看" in chinese


# A fix in part


async def test_a_fix_in_part_is_closed_with_a_reason_or_its_rest_is_asked_for(
    city: City, official: User, inspector: User, editor: User
) -> None:
    problem = await city.claimed(official)
    async with await city.browser(inspector) as ines, await city.browser(editor) as edith:
        partly = {**CHECK, "verified_outcome": "partly_resolved"}
        assert (await send(ines, problem, "verify", LOOKED, **partly))[0] == 303
        status, html = await send(edith, problem, "close")
        assert status == 422
        assert "It was fixed in part." in form_of(html, "close")
        assert (await send(edith, problem, "continue", text="The other side of the street."))[0] == 303
        page = (await problem_now(edith, problem))[1]
    assert "The rest is to be done too: due" in page
    assert "The other side of the street." in page
    assert await city.state(problem.number) is State.REWORK


async def test_what_a_district_found_stays_on_the_page_when_the_city_has_looked(
    city: City, official: User, inspector: User
) -> None:
    local = await city.user("dora", Role.INSPECTOR, level=Level.DISTRICT)
    problem = await city.claimed(official)
    async with await city.browser(local) as dora, await city.browser(inspector) as ines:
        assert (await send(dora, problem, "verify", LOOKED, **{**CHECK, "text": "Clean, says the district."}))[0] == 303
        assert (await send(ines, problem, "verify", LOOKED, **{**CHECK, "text": "Clean, says the city."}))[0] == 303
        page = (await problem_now(ines, problem))[1]
    rounds = page[page.index('id="rounds"') : page.index('id="reports"')]
    assert rounds.index("Clean, says the district.") < rounds.index("Clean, says the city.")
    assert "District check:" in rounds


# What citizens say


async def test_a_citizens_reply_is_shown_and_its_words_only_to_who_works_on_reports(
    city: City, official: User, editor: User
) -> None:
    problem = await city.claimed(official)
    ticket = Report(
        id=ObjectId(), channel=Channel.TICKET, occurred_at=city.clock(), received_at=city.clock(), outside_number="7"
    )
    problem = await city.services.problems.report(problem.number, problem.case.version, ticket, editor.actor(), SYSTEM)
    async with await city.browser(editor) as edith, await city.browser(official) as olga:
        assert (await send(edith, problem, "satisfaction"))[0] == 422
        assert (await send(edith, problem, "satisfaction", satisfaction="dissatisfied", text="Call again."))[0] == 303
        to_editor, to_unit = [(await problem_now(each, problem))[1] for each in (edith, olga)]
    for page in (to_editor, to_unit):
        assert "The citizen was called back: dissatisfied" in page
        assert "figures do not count it" in page
    assert "Call again." in to_editor
    assert "Call again." not in to_unit


# Worth another story


async def test_editors_see_what_is_worth_another_story_and_why(
    city: City, official: User, inspector: User, editor: User
) -> None:
    problem = await closed(city, official, inspector)
    city.clock.advance(days=22)
    async with await city.browser(editor) as edith, await city.browser(inspector) as ines:
        html = (await edith.get("/stories/revisits")).text
        narrowed = (await edith.get("/stories/revisits?why=unverified")).text
        chinese = (await edith.get("/stories/revisits", **{"accept-language": "zh-CN"})).text
        assert (await ines.get("/stories/revisits")).status_code == 403
    assert problem.number in html
    assert "Fixed for three weeks, and no follow-up has told so." in html
    assert "Evening News" in html
    assert (rows(html), rows(narrowed)) == (1, 0)
    assert "回访选题" in chinese


async def test_an_answer_that_is_none_is_a_sentence(city: City, official: User, inspector: User) -> None:
    problem = await closed(city, official, inspector)
    async with await city.browser(inspector) as ines:
        status, html = await send(ines, problem, "look_back", LOOKED, found="exploded", **LOOK)
    assert status == 422
    assert "Please choose from the list." in html
