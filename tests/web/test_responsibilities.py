"""The responsibility table on its page, and what the pages of problems make of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest_asyncio
from bson import ObjectId

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import AuditAction
from media_tracker.problems.case import State
from media_tracker.problems.steps import Command, Step
from tests.web.browser import Browser
from tests.web.problem_scene import CATEGORY, City

PATH = "/admin/responsibilities"
SHEET = """责任分工表
问题类别,区县,责任单位,协办单位
201,东城区,Street cleaners,Road works
102,全市,Road works,
"""


@pytest_asyncio.fixture
async def admin(city: City) -> AsyncIterator[Browser]:
    async with await city.browser(await city.user("admin", Role.ADMIN)) as browser:
        yield browser


@pytest_asyncio.fixture
async def editor(city: City) -> AsyncIterator[Browser]:
    async with await city.browser(await city.user("editor", Role.EDITOR)) as browser:
        yield browser


async def look(admin: Browser, sheet: str = SHEET, since: str = "2022-03-01", **more: str) -> str:
    file = ("sheet", ("分工表.csv", sheet.encode(), "text/csv"))
    shown = await admin.post(PATH, {"since": since, **more}, files=[file])
    assert shown.status_code in (200, 422)
    return shown.text


def confirming(text: str) -> dict[str, str]:
    """The hidden fields of the form that takes the sheet in."""
    form = text.partition(f'action="{PATH}/take"')[2].partition("</form>")[0]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    fields.pop("_csrf_token", None)
    return fields


async def take(admin: Browser, sheet: str = SHEET, since: str = "2022-03-01", **more: str) -> None:
    taken = await admin.post(f"{PATH}/take", confirming(await look(admin, sheet, since, **more)))
    assert taken.status_code == 303, taken.text


def chosen(text: str, name: str) -> list[str]:
    """The values that a select or the boxes called ``name`` begin with."""
    select = re.search(rf'<select[^>]*name="{name}".*?</select>', text, re.DOTALL)
    if select:
        return re.findall(r'value="([^"]+)" selected', select[0])
    return re.findall(rf'name="{name}" value="([^"]+)" checked', text)


async def test_a_sheet_is_looked_at_before_anything_is_stored_and_taken_in_with_its_trail(
    city: City, admin: Browser
) -> None:
    text = await look(admin)
    assert "3 rows are new, 0 end, 0 stay as they are." in text
    assert "Nobody in charge on" in text
    assert await city.services.database["responsibilities"].count_documents({}) == 0
    taken = await admin.post(f"{PATH}/take", confirming(text))
    assert taken.headers["location"] == f"{PATH}?on=2022-03-01"
    table = (await admin.get(taken.headers["location"])).text
    assert "3 rows in force" in table
    assert "Street cleaners" in table
    (entry,) = [
        each for each in await city.services.audit.latest() if each.action is AuditAction.RESPONSIBILITIES_CHANGED
    ]
    assert entry.detail == {"added": 3, "ended": 0}
    assert "Rows added: 3" in (await admin.get("/admin/audit")).text


async def test_the_same_sheet_again_has_nothing_to_take(city: City, admin: Browser) -> None:
    await take(admin)
    text = await look(admin)
    assert "The table says all of this already." in text
    assert confirming(text) == {}


async def test_a_sheet_with_rows_that_cannot_be_read_is_not_taken(city: City, admin: Browser) -> None:
    text = await look(admin, SHEET + "999,东城区,Street cleaners,\n102,南城区,Road works,\n")
    assert "2 rows cannot be read." in text
    assert "“999” is no category" in text
    assert confirming(text) == {}
    draft = await city.services.database["sheet_drafts"].find_one({})
    assert draft is not None
    refused = await admin.post(f"{PATH}/take", {"draft": str(draft["_id"]), "since": "2022-03-01", "edition": "0"})
    assert refused.status_code == 422
    assert await city.services.database["responsibilities"].count_documents({}) == 0


async def test_what_a_new_sheet_takes_over_is_shown_and_the_old_table_is_kept_for_its_days(
    city: City, admin: Browser
) -> None:
    await take(admin)
    text = await look(admin, "问题类别,区县,责任单位\n102,全市,Bureau of hygiene\n", "2022-06-01")
    assert "instead of Road works" in text
    await take(admin, "问题类别,区县,责任单位\n102,全市,Bureau of hygiene\n", "2022-06-01")
    for day, unit, other in (("2022-05-31", "Road works", "Bureau"), ("2022-06-01", "Bureau of hygiene", "Road works")):
        rows = (
            (await admin.get(f"{PATH}?category=102&on={day}"))
            .text.partition("1 row in force")[2]
            .partition("</table>")[0]
        )
        assert unit in rows
        assert other not in rows
    whole = await look(admin, "问题类别,区县,责任单位\n102,全市,Bureau of hygiene\n", "2022-07-01", whole="1")
    assert "0 rows are new, 2 end, 1 stay as they are." in whole


async def test_who_was_faster_is_told_and_the_changes_are_shown_anew(city: City, admin: Browser) -> None:
    fields = confirming(await look(admin))
    await take(admin, "问题类别,区县,责任单位\n102,全市,Bureau of hygiene\n")
    fields["draft"] = confirming(await look(admin))["draft"]
    late = await admin.post(f"{PATH}/take", fields)
    assert late.status_code == 409
    assert "Somebody has changed the table in the meantime." in late.text
    assert confirming(late.text)["edition"] == "1"


async def test_nonsense_is_told_at_its_field(admin: Browser) -> None:
    assert "No row of headings was found." in await look(admin, "标题,链接\n新闻,https://example.org/\n")
    none = await admin.post(PATH, {"since": ""})
    assert none.status_code == 422
    assert "Please choose an Excel or CSV file." in none.text
    forgotten = await admin.post(f"{PATH}/take", {"draft": str(ObjectId()), "since": "2022-03-01"})
    assert "This sheet is no longer kept." in forgotten.text


async def test_leaders_without_an_account_are_named(city: City, admin: Browser) -> None:
    await city.user("li", Role.INSPECTOR)
    text = await look(admin, "街道,包挂领导\n河畔街道,li、Zhao\n")
    assert "Zhao" in text.partition("These leaders have no account")[2][:200]
    await take(admin, "街道,包挂领导\n河畔街道,li、Zhao\n")
    assert "no account" in (await admin.get(f"{PATH}?on=2022-03-01")).text


# Problems


async def test_the_form_for_a_dispatch_begins_with_the_unit_of_the_table_and_says_why(
    city: City, admin: Browser, editor: Browser
) -> None:
    await take(admin, since="2022-01-01")
    problem = await city.problem(category="201")
    text = (await editor.get(f"/problems/{problem.number}")).text
    assert chosen(text, "unit_id") == [str(city.cleaners)]
    assert chosen(text, "co_unit_ids") == [str(city.roads)]
    assert re.search(r"By the responsibility table: [^<]+, 东城区 belongs to Street cleaners since", text)
    nobody = (await editor.get(f"/problems/{(await city.problem(category='301')).number}")).text
    assert "The responsibility table names nobody for" in nobody
    assert chosen(nobody, "unit_id") == []


async def test_without_a_table_nothing_is_said(city: City, editor: Browser) -> None:
    text = (await editor.get(f"/problems/{(await city.problem()).number}")).text
    assert "responsibility table" not in text


async def test_who_sent_it_back_and_why_stands_beside_the_proposal_and_is_not_proposed_again(
    city: City, admin: Browser, editor: Browser
) -> None:
    await take(
        admin,
        f"问题类别,区县,责任单位\n{CATEGORY},东城区,Street cleaners\n全部,东城区,Road works\n",
        since="2022-01-01",
    )
    problem = await city.assigned()
    official = await city.user("official", Role.OFFICIAL, units=(city.cleaners,))
    back = Command(Step.RETURN, city.clock(), text="Not our street.")
    await city.act(problem, back, official)
    text = (await editor.get(f"/problems/{problem.number}")).text
    assert chosen(text, "unit_id") == [str(city.roads)]
    assert "Street cleaners comes before it in the table, but has sent this problem back." in text
    assert "Not our street." in text.partition("Sent back by")[2][:400]


async def test_a_correction_that_changes_the_unit_says_so_on_the_page(
    city: City, admin: Browser, editor: Browser
) -> None:
    await take(admin, since="2022-01-01")
    problem = await city.assigned()
    form = {
        "version": str(problem.case.version),
        "title": problem.title,
        "place": problem.place,
        "category": "102",
        "region": "990101001",
        "severity": "normal",
    }
    assert (await editor.post(f"/problems/{problem.number}/correct", form)).status_code == 303
    text = (await editor.get(f"/problems/{problem.number}")).text
    assert "By the responsibility table this belongs to Road works now: Street cleaners can send it back." in text


async def test_a_new_problem_can_be_registered_with_the_unit_of_the_table(
    city: City, admin: Browser, editor: Browser
) -> None:
    await take(admin, since="2022-01-01")
    form = {
        "title": "Rubbish",
        "place": "North gate",
        "category": "201",
        "region": "河畔街道",
        "severity": "normal",
        "channel": "patrol",
        "form_key": str(ObjectId()),
    }
    shown = await editor.post("/problems/new", {**form, "look": "1"})
    assert shown.status_code == 200
    assert chosen(shown.text, "unit_id") == [str(city.cleaners)]
    assert "belongs to Street cleaners since" in shown.text
    assert await city.services.database["problems"].count_documents({}) == 0
    sent = await editor.post("/problems/new", {**form, "unit_id": str(city.cleaners)})
    assert sent.status_code == 303
    problem = await city.services.problems.get(sent.headers["location"].rpartition("/")[2])
    assert problem.case.state is State.ASSIGNED
    assert (problem.case.unit_id, problem.case.co_unit_ids) == (city.cleaners, (city.roads,))


# Single rows


def edition_of(text: str) -> str:
    found = re.search(r'name="edition" value="(\d+)"', text)
    assert found is not None
    return found[1]


async def lead(city: City, category: str = "201") -> ObjectId | None:
    return (await city.services.problems.proposal_for(category, "990101001")).lead


async def test_a_row_is_added_given_to_another_unit_ended_and_undone(city: City, admin: Browser) -> None:
    await take(admin, since="2022-01-01")
    form = (await admin.get(f"{PATH}/rows/new")).text
    new = {"unit_id": str(city.roads), "duty": "lead", "category": "201", "region": "东城区", "first": "2026-03-02"}
    added = await admin.post(f"{PATH}/rows/new", {"edition": edition_of(form), **new})
    assert added.status_code == 303
    assert await lead(city) == city.roads
    stale = await admin.post(f"{PATH}/rows/new", {"edition": edition_of(form), **new, "category": "301"})
    assert stale.status_code == 409, "somebody has changed the table since that form was loaded"
    assert str(city.roads) in stale.text
    twice = await admin.post(f"{PATH}/rows/new", {"edition": edition_of(stale.text), **new})
    assert twice.status_code == 422
    assert "The table says this already." in twice.text

    undo = re.search(r'name="edit" value="(\w+)"', (await admin.get(PATH)).text)
    assert undo is not None
    assert (await admin.post(f"{PATH}/undo", {"edit": undo[1]})).status_code == 303
    assert await lead(city) == city.cleaners
    assert (await admin.post(f"{PATH}/undo", {"edit": undo[1]})).status_code == 409
    assert 'name="edit"' not in (await admin.get(PATH)).text

    row = next(each for each in await city.services.responsibilities.table.duties() if each.unit_id == city.cleaners)
    page = (await admin.get(f"{PATH}/rows/{row.id}")).text
    data = {"edition": edition_of(page), "unit_id": str(city.roads), "first": "2026-03-02"}
    assert (await admin.post(f"{PATH}/rows/{row.id}/unit", data)).status_code == 303
    assert await lead(city) == city.roads
    row = next(each for each in await city.services.responsibilities.table.duties() if each.category == "102")
    page = (await admin.get(f"{PATH}/rows/{row.id}")).text
    end = {"edition": edition_of(page), "last": "2026-03-01"}
    assert (await admin.post(f"{PATH}/rows/{row.id}/end", end)).status_code == 303
    assert await lead(city, "102") is None
    entries = await city.services.audit.latest(20)
    assert sum(entry.action is AuditAction.RESPONSIBILITIES_CHANGED for entry in entries) == 5


async def test_a_row_that_names_nothing_that_is_there_is_refused(city: City, admin: Browser) -> None:
    await city.services.places.set_unit_active(str(city.roads), False)
    good = {"unit_id": str(city.cleaners), "duty": "lead", "category": "201", "region": "", "first": "2026-03-02"}
    for wrong in (
        {"unit_id": str(city.roads)},
        {"unit_id": ""},
        {"category": "nonsense"},
        {"region": "nowhere"},
        {"first": "soon"},
        {"last": "2026-01-01"},
    ):
        answer = await admin.post(f"{PATH}/rows/new", {"edition": "0", **good, **wrong})
        assert answer.status_code == 422, wrong
        assert "field-error" in answer.text
    assert (await admin.get(f"{PATH}/rows/{ObjectId()}")).status_code == 404
    assert await city.services.responsibilities.table.duties() == []


async def test_open_problems_of_a_dissolved_unit_are_listed_for_handing_over(city: City, admin: Browser) -> None:
    problem = await city.assigned()
    assert "units that are dissolved" not in (await admin.get(PATH)).text
    await city.services.places.set_unit_active(str(city.cleaners), False)
    text = (await admin.get(PATH)).text
    link = re.search(r'href="(/problems\?show=open&amp;unit=\w+)">Street cleaners</a>: 1', text)
    assert link is not None
    assert problem.number in (await admin.get(link[1].replace("&amp;", "&"))).text
