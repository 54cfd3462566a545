"""My work, areas, saved views and steps for many, as officials, leaders and dispatchers use them."""

from __future__ import annotations

import asyncio
import html
import re
from urllib.parse import quote

import pytest
from bson import ObjectId

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import User
from media_tracker.accounts.duties import Duties
from media_tracker.problems.case import State
from media_tracker.problems.finding.bulk import MOST
from media_tracker.problems.finding.listing import Order
from media_tracker.problems.steps import Command, Step
from media_tracker.web.problems.finding.asked import Asked, Lit, Show
from media_tracker.web.problems.finding.views import read_query
from tests.web.browser import Browser
from tests.web.problem_scene import City
from tests.web.test_problems import numbers_in


def figures(page: str) -> dict[str, tuple[str, str]]:
    """Number and address of each figure of my work."""
    found = re.findall(r'figure-label">([^<]+)</dt>\s*<dd class="figure-value"><a href="([^"]+)">([^<]+)</a>', page)
    return {label: (number.strip(), html.unescape(href)) for label, href, number in found}


async def assert_numbers_are_lengths(browser: Browser, page: str) -> None:
    """Every figure leads to a list of that many."""
    assert figures(page)
    for label, (number, href) in figures(page).items():
        answer = await browser.get(href)
        assert answer.status_code == 200
        assert len(numbers_in(answer.text)) == int(number), label


async def test_my_work_counts_what_waits_for_my_unit_and_nothing_else(city: City, official: User) -> None:
    await city.problem()
    theirs = await city.assigned(to=city.roads)
    mine = await city.assigned()
    beside = await city.assigned(to=city.roads, co=(city.cleaners,))
    back = await city.assigned()
    await city.act(back, Command(Step.RETURN, city.clock(), text="Not ours."), official)
    async with await city.browser(official) as browser:
        fresh = (await browser.get("/work")).text
        await assert_numbers_are_lengths(browser, fresh)
        assert figures(fresh)["To acknowledge"][0] == "1"
        assert figures(fresh)["Sent back by us, not assigned yet"][0] == "1"
        assert figures(fresh)["All that is open"][0] == "2"
        assert {mine.number, beside.number} == set(numbers_in(fresh))
        assert theirs.number not in fresh
        city.clock.advance(days=30)
    async with await city.browser(official) as browser:
        late = (await browser.get("/work")).text
        await assert_numbers_are_lengths(browser, late)
    assert figures(late)["Red"][0] == "2"
    assert figures(late)["Yellow"][0] == "0"


async def test_an_inspector_is_only_offered_what_they_may_verify(city: City, official: User) -> None:
    free = await city.user("ines", Role.INSPECTOR, units=(city.patrol,))
    bound = await city.user("bella", Role.INSPECTOR, units=(city.bureau,))
    claimed = await city.claimed(official)
    for who, offered in ((free, [claimed.number]), (bound, [])):
        async with await city.browser(who) as browser:
            page = (await browser.get("/work")).text
            assert numbers_in(page) == offered
            await assert_numbers_are_lengths(browser, page)
            assert len(numbers_in((await browser.get("/problems?show=to_verify")).text)) == 1


async def test_who_verifies_nothing_is_shown_nothing_to_verify(city: City, official: User) -> None:
    await city.claimed(official)
    async with await city.browser(official) as browser:
        assert numbers_in((await browser.get("/problems?show=to_verify&check=mine")).text) == []


async def test_who_has_no_unit_is_told_so(city: City) -> None:
    viewer = await city.user("vera", Role.VIEWER)
    async with await city.browser(viewer) as browser:
        assert "no work waits for you here" in (await browser.get("/work")).text


async def test_officials_begin_with_their_work(city: City, official: User) -> None:
    async with await city.browser(official) as browser:
        assert 'href="/work"' in (await browser.get("/problems")).text
        assert (await browser.get("/login")).headers["location"] == "/work"


async def test_areas_count_all_below_them_and_every_number_is_a_list(city: City, editor: User) -> None:
    await city.assigned()
    await city.problem(region="990101002")
    await city.problem(region="990102")
    city.clock.advance(days=30)
    leader = await city.services.accounts.add_user(
        "leo", "Leo", Duties(frozenset({Role.VIEWER}), backs=("990101",)), must_change_password=False
    )
    async with await city.browser(leader.user) as browser:
        own = (await browser.get("/areas")).text
        whole = (await browser.get("/areas?region=9901")).text
        for page in (own, whole):
            cells = re.findall(r'class="numeric"><a href="([^"]+)">\s*(\d+)\s*</a>', page)
            assert len(cells) >= 10
            for href, number in cells:
                shown = (await browser.get(html.unescape(href))).text
                assert len(numbers_in(shown)) == int(number), href
        community = await browser.get("/areas?region=990101001001")
    rows = re.findall(r"role=rowheader[^>]*>(?:<a[^>]*>)?([^<]+)<", own)
    assert rows == ["东城区", "山前街道", "河畔街道"]
    assert [int(n) for _, n in re.findall(r'class="numeric"><a href="([^"]+)">\s*(\d+)\s*</a>', own)[:2]] == [2, 1]
    assert community.status_code == 200


@pytest.mark.parametrize(
    ("query", "canonical"),
    [
        ("show=mine&light=red", "show=mine&light=red"),
        ("state=assigned&state=rework&state=assigned", "show=all&state=assigned&state=rework"),
        ("show=x&state=y&unit=z&light=blue&due_from=yesterday&sort=up", "show=all"),
        ("district=990101&words=%20lamp%20", "show=all&words=lamp&region=990101"),
        ("due_from=2026-03-01&due_to=2026-03-02", "show=all&due_from=2026-03-01&due_to=2026-03-02"),
        ("exposed=no&check=mine&flag=relapse", "show=all&exposed=no&flag=relapse&check=mine"),
    ],
)
def test_an_address_is_read_as_it_is_written_and_nonsense_is_left_out(query: str, canonical: str) -> None:
    asked = read_query(query)
    assert asked.href() == f"/problems?{canonical}"
    assert read_query(canonical) == asked


def test_what_is_narrowed_by_its_light_stands_by_its_limit() -> None:
    assert Asked(light=Lit.RED).order is Asked(Show.OVERDUE).order is Order.DUE
    assert Asked().order is Asked(Show.MINE).order is Order.NEWEST
    assert Asked(light=Lit.RED, sort=Order.NEWEST).order is Order.NEWEST


async def test_a_region_of_any_level_narrows_the_list_and_an_unknown_one_is_named(city: City, editor: User) -> None:
    low = await city.problem(region="990101001001")
    other = await city.problem(region="990102")
    async with await city.browser(editor) as browser:
        for words in ("990101001001", "990101001", "河畔街道", "东城区", "东城"):
            assert numbers_in((await browser.get(f"/problems?region={quote(words)}")).text) == [low.number], words
        assert len(numbers_in((await browser.get(f"/problems?region={quote('示例市')}")).text)) == 2
        unknown = (await browser.get(f"/problems?region={quote('无此区')}")).text
    assert numbers_in(unknown) == []
    assert "No region of this name is known." in unknown
    assert other.number not in unknown


async def test_numbers_of_other_offices_are_found_by_their_beginning(city: City, editor: User) -> None:
    problem = await city.problem(exposed=False, number="HZ-2026-0417")
    async with await city.browser(editor) as browser:
        for words in ("HZ-2026-0417", "hz-2026-0417", "HZ-2026"):
            assert numbers_in((await browser.get(f"/problems?words={words}")).text) == [problem.number]
        assert numbers_in((await browser.get("/problems?words=HZ-2027")).text) == []


async def test_words_of_plans_are_searched_and_words_of_callers_are_not(
    city: City, official: User, editor: User
) -> None:
    problem = await city.assigned()
    problem = await city.act(problem, Command(Step.START, city.clock(), text="Two lorries with tarpaulins."), official)
    async with await city.browser(editor) as browser:
        new = {"title": "Broken lamp", "place": "River Street 3", "category": "103", "region": "", "channel": "ticket"}
        await browser.post("/problems/new", {**new, "text": "Mrs Whitlock called.", "severity": "normal"})
        assert numbers_in((await browser.get("/problems?words=tarpaulins")).text) == [problem.number]
        assert numbers_in((await browser.get("/problems?words=Whitlock")).text) == []


async def test_a_view_is_kept_shared_renamed_and_deleted(city: City, official: User, editor: User) -> None:
    colleague = await city.user("otto", Role.OFFICIAL, units=(city.roads,))
    query = "show=mine&light=red&nonsense=1"
    async with await city.browser(official) as olga, await city.browser(colleague) as otto:
        form = (await olga.get(f"/problems/views?{query}")).text
        assert 'value="show=mine&amp;light=red"' in form
        for _ in range(2):  # sent twice it is kept once
            kept = await olga.post("/problems/views", {"query": query, "name": " Late  ones ", "role": "official"})
            assert kept.headers["location"] == "/problems?show=mine&light=red"
        assert "Late ones" in (await otto.get("/problems")).text
        assert "Late ones" in (await olga.get("/problems?show=mine&light=red")).text
        (view,) = await city.services.saved_views.seen_by(official.actor())
        path = f"/problems/views/{view.id}"
        assert (await otto.post(f"{path}/rename", {"name": "Mine now"})).status_code == 404
        assert (await otto.post(f"{path}/delete")).status_code == 404
        assert (await olga.post(f"{path}/rename", {"name": ""})).status_code == 422
        assert (await olga.post(f"{path}/rename", {"name": "Red"})).status_code == 303
        assert "Red" in (await olga.get("/problems/views")).text
        assert (await olga.post(f"{path}/delete")).status_code == 303
        assert (await olga.post(f"{path}/delete")).status_code == 303
        assert (await olga.post(f"{path[:-1]}x/delete")).status_code == 404
    async with await city.browser(editor) as edith:
        assert "Late ones" not in (await edith.get("/problems")).text
        foreign = await edith.post("/problems/views", {"query": "show=open", "name": "x", "role": "admin"})
        assert foreign.status_code == 422
        assert "only with a role of your own" in foreign.text
        assert (await edith.post("/problems/views", {"query": "", "name": "  "})).status_code == 422


async def rows_of(browser: Browser, **fields: object) -> tuple[str, dict[str, object]]:
    """The preview of a step for many, and its form."""
    page = (await browser.post("/problems/bulk", fields)).text
    key = re.search(r'name="form_key" value="([0-9a-f]{24})"', page)
    assert key is not None
    rows = re.findall(r'name="row" value="([^"]+)"', page)
    return page, {"step": fields.get("step", "assign"), "form_key": key[1], "row": rows}


async def test_many_are_assigned_after_a_look_and_what_cannot_be_says_why(
    city: City, official: User, editor: User
) -> None:
    first, second, third = [await city.problem(f"Rubbish {n}") for n in range(3)]
    gone = await city.assigned()
    back = await city.assigned()
    await city.act(back, Command(Step.RETURN, city.clock(), text="Not ours."), official)
    numbers = [each.number for each in (first, second, third, gone, back)]
    async with await city.browser(editor) as browser:
        unknown, _ = await rows_of(browser, step="assign", number=numbers)
        assert "The responsibility table names nobody for it." in unknown
        page, form = await rows_of(browser, step="assign", number=numbers, unit_id=str(city.cleaners))
        assert "Do it for 3 problems" in page
        assert "This unit has sent it back before." in page
        assert "“Assigned”" in page
        await city.act(second, Command(Step.REFUSE, city.clock(), text="No."), await city.user("pia", Role.PUBLICITY))
        done, again = await asyncio.gather(*(browser.post("/problems/bulk/run", form) for _ in range(2)))
        assert done.status_code == again.status_code == 303
        assert done.headers["location"] == again.headers["location"]
        result = (await browser.get(done.headers["location"])).text
    assert "Somebody has changed problem" in result
    states = {number: await city.state(number) for number in numbers}
    assert [states[each] for each in numbers] == [
        State.ASSIGNED,
        State.NOT_ACCEPTED,
        State.ASSIGNED,
        State.ASSIGNED,
        State.RETURNED,
    ]
    events = await city.services.problems.history(await city.services.problems.get(first.number))
    assert [event.type for event in events].count("assigned") == 1
    other = await city.user("eva", Role.EDITOR)
    async with await city.browser(other) as browser:
        assert (await browser.get(done.headers["location"])).status_code == 404


async def test_all_that_a_list_shows_can_be_taken_at_once(city: City, editor: User) -> None:
    for n in range(3):
        await city.problem(f"Lamp {n}", category="103")
    await city.problem()
    async with await city.browser(editor) as browser:
        query = "show=all&category=103"
        page, form = await rows_of(browser, step="assign", query=query, all="1", unit_id=str(city.roads))
        assert "Do it for 3 problems" in page
        await browser.post("/problems/bulk/run", form)
        assert len(numbers_in((await browser.get(f"/problems?unit={city.roads}")).text)) == 3
        _, remind = await rows_of(browser, step="remind", query=query, all="1")
        assert (await browser.post("/problems/bulk/run", remind)).status_code == 303
        reminded = await city.services.database["problems"].count_documents({"case.reminders": 1})
        assert reminded == 3


@pytest.mark.parametrize(
    "fields",
    [
        {"step": "assign"},
        {"step": "assign", "number": ["2026-99999"]},
        {"step": "assign", "number": [str(n) for n in range(MOST + 1)]},
        {"step": "assign", "number": ["x"], "unit_id": str(ObjectId())},
    ],
    ids=["nothing ticked", "unknown", "too many", "no unit"],
)
async def test_a_choice_that_makes_no_sense_is_a_sentence(city: City, editor: User, fields: dict[str, object]) -> None:
    async with await city.browser(editor) as browser:
        answer = await browser.post("/problems/bulk", fields)
    assert answer.status_code == 422
    assert 'class="notice notice-bad"' in answer.text


async def test_a_run_that_was_tampered_with_does_nothing(city: City, editor: User) -> None:
    problem = await city.problem()
    async with await city.browser(editor) as browser:
        for row in (f"{problem.number}:x:{city.roads}", f"{problem.number}:1:nobody", problem.number):
            form = {"step": "assign", "form_key": str(ObjectId()), "row": [row]}
            assert (await browser.post("/problems/bulk/run", form)).status_code == 422
        wrong = {"step": "close", "form_key": str(ObjectId()), "row": [f"{problem.number}:2:{ObjectId()}"]}
        location = (await browser.post("/problems/bulk/run", wrong)).headers["location"]
        assert "Please choose from the list." in (await browser.get(location)).text
    assert await city.state(problem.number) is State.REGISTERED
