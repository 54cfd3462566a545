"""Objections: they have a way in, mask their case in public while they stand, and are answered."""

from __future__ import annotations

import re
from contextlib import AsyncExitStack

import httpx
import pytest

from media_tracker.accounts.actor import Role
from media_tracker.db.connection import Database
from media_tracker.db.events import SYSTEM
from media_tracker.monitor.definitions import Key
from media_tracker.monitor.documents import Release
from media_tracker.problems.folding import fold
from media_tracker.problems.light import light
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.web.admin_scene import browser_as, make_services
from tests.web.browser import Browser
from tests.web.figures_reading import listed
from tests.web.figures_scene import OFFICE, QUARTER, Campaign

WORDS = {
    "text": "It was not <our> rubbish.",
    "name": "Wang's shop",
    "telephone": "0533-5550199",
    "address": "River Street 9",
}
MASKED = "This case is withheld"


@pytest.fixture
def services(database: Database, clock: FakeClock) -> Services:
    return make_services(database, clock)


async def row_link(browser: Browser, release: Release) -> str:
    """The way in beside the first row of the list of problems."""
    html = (await browser.get(f"/releases/{release.number}/{Key.PROBLEMS}")).text
    found = re.search(r'href="(/objections/new\?[^"]+)"', html)
    assert found is not None
    return found[1].replace("&amp;", "&")


async def object_to(browser: Browser, link: str, **differently: object) -> httpx.Response:
    """Open the form and send it."""
    html = (await browser.get(link)).text
    hidden = dict(re.findall(r'type="hidden" name="(form_key|release|key|row)" value="([^"]*)"', html))
    return await browser.post("/objections/new", {**hidden, **WORDS, **differently})


async def public_rows(browser: Browser, release: Release) -> tuple[int, int]:
    """Rows of the list of problems, and how many of them are masked."""
    link = f"/releases/{release.number}/{Key.PROBLEMS}"
    html = (await browser.get(link)).text
    value, rows = await listed(browser, link)
    assert value == rows
    return rows, html.count(MASKED)


async def answer(office: Browser, services: Services, **fields: object) -> httpx.Response:
    """Answer the one objection that waits."""
    [objection] = await services.objections.to_answer()
    return await office.post(f"/objections/{objection.id}/answer", {"version": objection.version, **fields})


async def test_an_exposed_merchant_objects_and_the_case_is_masked_until_it_is_answered(
    services: Services, release: Release, stranger: Browser, office: Browser
) -> None:
    rows, before = await public_rows(stranger, release)
    receipt = await object_to(stranger, await row_link(stranger, release))
    assert receipt.status_code == 201
    assert "SS2026-00001" in receipt.text
    assert "not named in public" in receipt.text
    assert await public_rows(stranger, release) == (rows, before + 1), "the list still has the right length"
    done = await answer(office, services, answer="rejected", text="The photo shows your door.")
    assert done.status_code == 303, done.text
    assert await public_rows(stranger, release) == (rows, before)


async def test_an_objection_that_is_upheld_may_keep_the_case_from_the_public_for_good(
    services: Services, release: Release, stranger: Browser, office: Browser
) -> None:
    rows, before = await public_rows(stranger, release)
    await object_to(stranger, await row_link(stranger, release))
    await answer(office, services, answer="upheld", text="It was the neighbour.", withhold="1")
    assert await public_rows(stranger, release) == (rows, before + 1)
    [objection] = await services.objections.answered()
    assert objection.problem_id is not None
    problem = await services.problems.by_id(objection.problem_id)
    assert (problem.case.withheld, problem.case.objections) == (True, ())
    types = [event.type for event in await services.problems.history(problem)]
    assert types[-3:] == ["objected", "objection_answered", "withheld"]


async def test_a_release_while_an_objection_stands_shows_the_case_once_it_is_answered(
    services: Services, release: Release, stranger: Browser, office: Browser
) -> None:
    await object_to(stranger, await row_link(stranger, release))
    later = await services.releases.release(QUARTER, OFFICE, SYSTEM)
    rows, masked = await public_rows(stranger, later)
    await answer(office, services, answer="withdrawn", text="They called.")
    assert await public_rows(stranger, later) == (rows, masked - 1)


async def test_clocks_and_counts_go_on(
    services: Services, release: Release, stranger: Browser, clock: FakeClock
) -> None:
    before = [(figure.key, figure.value) for figure in (await services.releases.preview(QUARTER)).figures]
    await object_to(stranger, await row_link(stranger, release))
    after = [(figure.key, figure.value) for figure in (await services.releases.preview(QUARTER)).figures]
    assert before == after
    [objection] = await services.objections.to_answer()
    assert objection.problem_id is not None
    problem = await services.problems.by_id(objection.problem_id)
    events = await services.problems.history(problem)
    assert problem.case == fold(events)
    former = fold(events[:-1])
    assert former is not None
    assert (problem.case.state, problem.case.due_at) == (former.state, former.due_at)
    assert light(problem.case, clock()) == light(former, clock())


async def test_the_same_form_sent_twice_is_one_objection(
    services: Services, release: Release, stranger: Browser
) -> None:
    html = (await stranger.get(await row_link(stranger, release))).text
    hidden = dict(re.findall(r'type="hidden" name="(form_key|release|key|row)" value="([^"]*)"', html))
    answers = [await stranger.post("/objections/new", {**hidden, **WORDS}) for _ in range(2)]
    assert [each.text.count("SS2026-00001") for each in answers] == [1, 1]
    assert await services.objections.count_to_answer() == 1


async def test_nobody_keeps_a_case_masked_by_objecting_again(
    services: Services, release: Release, stranger: Browser, office: Browser
) -> None:
    link = await row_link(stranger, release)
    rows, before = await public_rows(stranger, release)
    await object_to(stranger, link)
    await answer(office, services, answer="rejected", text="No.")
    second = await object_to(stranger, link)
    assert (second.status_code, "The office looks at it first." in second.text) == (201, True)
    assert await public_rows(stranger, release) == (rows, before)
    [waiting] = await services.objections.to_answer()
    assert waiting.problem_id is not None
    number = (await services.problems.by_id(waiting.problem_id)).number
    stands = await office.post(f"/objections/{waiting.id}/stand", {"version": waiting.version, "number": number})
    assert stands.status_code == 303, stands.text
    assert await public_rows(stranger, release) == (rows, before + 1)


async def test_an_objection_that_names_no_row_waits_for_the_office(
    services: Services, told: Campaign, stranger: Browser, office: Browser
) -> None:
    receipt = await object_to(stranger, "/objections/new")
    assert "The office looks at it first." in receipt.text
    assert "no case yet" in (await office.get("/objections")).text
    [waiting] = await services.objections.to_answer()
    nonsense = await office.post(f"/objections/{waiting.id}/stand", {"version": "1", "number": "1999-00001"})
    assert (nonsense.status_code, "There is no problem with this number." in nonsense.text) == (422, True)
    done = await answer(office, services, answer="rejected", text="We know of no such report.")
    assert done.status_code == 303


@pytest.mark.parametrize(
    "query",
    [
        "release=1&key=problems&row=9999",
        "release=x&key=y&row=z",
        "release=1&key=problems&row=-1",
        "release=99&key=due&row=0",
    ],
)
async def test_a_made_up_row_is_no_row(services: Services, release: Release, stranger: Browser, query: str) -> None:
    receipt = await object_to(stranger, f"/objections/new?{query}")
    assert receipt.status_code == 201
    [waiting] = await services.objections.to_answer()
    assert waiting.problem_id is None


async def test_the_form_says_of_every_row_what_the_public_list_says_of_it(
    services: Services, release: Release, stranger: Browser
) -> None:
    rows, outlets = await services.releases.rows(release, Key.EXPOSURES), await services.outlets.names()
    named = [outlets[row.outlet_id] if row.outlet_id and not row.withheld else None for row in rows]
    assert len(set(named)) > 1
    for place, name in enumerate([*named, None]):
        link = f"/objections/new?release={release.number}&key={Key.EXPOSURES}&row={place}"
        about = (await stranger.get(link)).text.partition("It is about this row:")[2]
        assert (name in about.partition("</form>")[0]) if name else not about, place


async def test_what_is_missing_is_told_and_what_was_typed_is_kept(stranger: Browser, services: Services) -> None:
    answer = await object_to(stranger, "/objections/new", name="", telephone="", address="")
    assert answer.status_code == 422
    assert "It was not &lt;our&gt; rubbish.</textarea>" in answer.text
    assert answer.text.count('class="field-error"') == 2
    long = await object_to(stranger, "/objections/new", text="x" * 10_000)
    assert (long.status_code, "This is too long." in long.text) == (422, True)
    assert await services.objections.count_to_answer() == 0


async def test_one_address_sends_five_a_day(services: Services, stranger: Browser, clock: FakeClock) -> None:
    codes = [(await object_to(stranger, "/objections/new")).status_code for _ in range(6)]
    assert codes == [201] * 5 + [429]
    clock.advance(days=1)
    assert (await object_to(stranger, "/objections/new")).status_code == 201


async def test_who_objects_is_seen_by_the_office_alone_every_look_is_logged_and_it_is_erased(
    services: Services, release: Release, stranger: Browser, office: Browser, clock: FakeClock
) -> None:
    await object_to(stranger, await row_link(stranger, release))
    [objection] = await services.objections.to_answer()
    assert objection.problem_id is not None
    number = (await services.problems.by_id(objection.problem_id)).number
    listed_page = (await office.get("/objections")).text
    assert WORDS["telephone"] not in listed_page
    shown = await office.post(f"/objections/{objection.id}/contact")
    assert WORDS["telephone"] in shown.text
    entries = await services.audit.latest(5)
    assert [entry.subject for entry in entries if entry.action == "contact_read"] == [objection.receipt]
    assert WORDS["telephone"] not in str(entries)
    async with AsyncExitStack() as stack:
        for role in (Role.EDITOR, Role.OFFICIAL, Role.INSPECTOR, Role.ADMIN, Role.VIEWER):
            other = await stack.enter_async_context(await browser_as(services, role))
            assert (await other.get("/objections")).status_code == 403
            assert (await other.post(f"/objections/{objection.id}/contact")).status_code == 403
            page = (await other.get(f"/problems/{number}")).text
            assert "our&gt; rubbish" not in page
            assert WORDS["telephone"] not in page
    for name in await services.database.list_collection_names():
        async for row in services.database[name].find():
            assert WORDS["telephone"] not in str(row), name
    clock.advance(days=179)
    assert await services.objections.erase_due() == 0
    clock.advance(days=1)
    assert await services.objections.erase_due() == 1
    async with await browser_as(services, Role.PUBLICITY, Role.EDITOR) as later:
        gone = await later.post(f"/objections/{objection.id}/contact")
    assert "has been erased" in gone.text


async def test_the_office_records_one_that_came_by_telephone(
    services: Services, told: Campaign, office: Browser
) -> None:
    row = await services.database["problems"].find_one({})
    assert row is not None
    path = f"/problems/{row['number']}/objections"
    assert (await office.post(path, WORDS)).status_code == 422
    done = await office.post(path, {**WORDS, "way": "telephone"})
    assert (done.status_code, done.headers["location"]) == (303, f"/problems/{row['number']}")
    page = (await office.get(f"/problems/{row['number']}")).text
    assert "It was not &lt;our&gt; rubbish." in page
    assert "masked in public until that is answered" in page
    problem = await services.problems.get(row["number"])
    assert problem.case.masked


async def test_two_of_the_office_at_once_answer_it_once(
    services: Services, release: Release, stranger: Browser, office: Browser
) -> None:
    await object_to(stranger, await row_link(stranger, release))
    [objection] = await services.objections.to_answer()
    fields = {"version": objection.version, "answer": "rejected", "text": "No, it <is> yours."}
    path = f"/objections/{objection.id}/answer"
    first, second = await office.post(path, fields), await office.post(path, fields)
    assert (first.status_code, second.status_code) == (303, 409)
    assert "Somebody has dealt with this objection" in second.text
    empty = await office.post(path, {"version": objection.version})
    assert empty.status_code == 422
