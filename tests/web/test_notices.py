"""The list of one's own notices, the bell, and by which way they come."""

from __future__ import annotations

import re

import pytest
import pytest_asyncio
from bson import ObjectId

from media_tracker.accounts.actor import Role
from media_tracker.db.connection import Database
from media_tracker.notices.kinds import Delivery, NoticeKind
from media_tracker.problems.steps import Step
from tests.fake_clock import FakeClock
from tests.notices.scene import Town, build_town
from tests.web.problem_scene import build_city

HOSTILE = "<script>alert('x')</script>\r\nnext"


@pytest_asyncio.fixture
async def town(database: Database, clock: FakeClock) -> Town:
    return await build_town(await build_city(database, clock))


async def copies(town: Town, number: int) -> None:
    """The only notice that there is, many times more, each a minute older than the one before."""
    notices = town.services.database["notices"]
    (row,) = await notices.find().to_list()
    await notices.insert_many([{**row, "_id": ObjectId(), "key": f"{each}"} for each in range(number)])


def ids(text: str) -> list[str]:
    return re.findall(r'action="/notices/([0-9a-f]{24})/read"', text)


async def test_the_bell_counts_what_is_new_and_a_stranger_has_none(town: Town) -> None:
    problem = await town.assigned()
    await town.turn()
    async with await town.city.browser(town.official) as browser:
        page = (await browser.get("/account")).text
        assert 'class="bell-count" aria-hidden="true">1<' in page
        await town.act(problem, Step.REMIND, town.editor)
        await town.turn()
        assert 'class="bell-count" aria-hidden="true">2<' in (await browser.get("/account")).text
    async with await town.city.browser(None) as stranger:
        assert "/notices" not in (await stranger.get("/login?next=/")).text


async def test_a_notice_leads_to_its_problem_and_is_read_then(town: Town) -> None:
    problem = await town.assigned("Rubbish here")
    await town.turn()
    async with await town.city.browser(town.official) as browser:
        page = (await browser.get("/notices")).text
        assert "Assigned to your unit" in page
        assert "Rubbish here" in page
        (notice,) = ids(page)
        answer = await browser.post(f"/notices/{notice}/open")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/problems/{problem.number}")
        page = (await browser.get("/notices")).text
        assert ids(page) == []
        assert "Rubbish here" in page
        assert "bell-count" not in page


async def test_a_notice_can_be_marked_as_read_twice(town: Town) -> None:
    await town.assigned()
    await town.turn()
    async with await town.city.browser(town.official) as browser:
        (notice,) = ids((await browser.get("/notices")).text)
        for _ in range(2):
            assert (await browser.post(f"/notices/{notice}/read")).status_code == 303
    assert await town.services.notices.unread(town.official.object_id) == 0


async def test_nobody_reaches_somebody_else_s_notice(town: Town) -> None:
    await town.assigned()
    await town.turn()
    (row,) = await town.services.database["notices"].find().to_list()
    async with await town.city.browser(town.publicity) as browser:
        assert "Rubbish" not in (await browser.get("/notices")).text
        for way in ("read", "open"):
            assert (await browser.post(f"/notices/{row['_id']}/{way}")).status_code == 404
        await browser.post("/notices/read")
    assert await town.services.notices.unread(town.official.object_id) == 1


@pytest.mark.parametrize("what", ["moved", "gone"])
async def test_what_the_reader_may_no_longer_see_says_nothing(town: Town, what: str) -> None:
    problem = await town.assigned("Rubbish here")
    await town.turn()
    if what == "moved":
        units = {"$set": {"unit_ids": [town.city.roads]}}
        await town.services.database["users"].update_one({"_id": town.official.id}, units)
    else:
        await town.services.database["problems"].delete_one({"_id": problem.case.id})
    async with await town.city.browser(town.official) as browser:
        page = (await browser.get("/notices")).text
        assert "no longer yours to see" in page
        assert "Rubbish here" not in page
        assert problem.number not in page
        (notice,) = ids(page)
        assert (await browser.post(f"/notices/{notice}/open")).headers["location"] == "/notices"


async def test_all_are_marked_as_read_but_those_that_have_come_since(town: Town) -> None:
    problem = await town.assigned()
    await town.turn()
    async with await town.city.browser(town.official) as browser:
        page = (await browser.get("/notices")).text
        seen = re.search(r'name="until" value="([^"]+)"', page)
        assert seen is not None
        town.city.clock.advance(minutes=1)
        await town.act(problem, Step.REMIND, town.editor)
        await town.turn()
        assert (await browser.post("/notices/read", {"until": seen[1]})).status_code == 303
        page = (await browser.get("/notices")).text
    assert len(ids(page)) == 1
    assert page.index("The office reminds you") < page.index("Assigned to your unit"), "what is new stands first"


async def test_a_thousand_notices_are_paged_through_each_once_new_ones_first(town: Town) -> None:
    await town.assigned()
    await town.turn()
    await copies(town, 999)
    notices = town.services.database["notices"]
    read = [row["_id"] async for row in notices.find().sort("_id", 1).limit(480)]
    await notices.update_many({"_id": {"$in": read}}, {"$set": {"read": True}})
    found: list[tuple[ObjectId, bool]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await town.services.notices.page(town.official.object_id, cursor)
        found += [(each.id, each.read) for each in page.notices]
        cursor = page.older
    assert len({each for each, _ in found}) == len(found) == 1000
    assert [each for _, each in found] == [False] * 520 + [True] * 480

    async with await town.city.browser(town.official) as browser:
        first = (await browser.get("/notices")).text
        assert 'aria-hidden="true">99+<' in first
        older = re.search(r'rel="next" href="([^"]+)"', first)
        assert older is not None
        second = (await browser.get(older[1])).text
        assert set(ids(second)).isdisjoint(ids(first))
        assert (await browser.get("/notices?older_than=nonsense")).status_code == 200


async def test_a_list_of_notices_is_read_by_its_index(town: Town) -> None:
    await town.assigned()
    await town.turn()
    await copies(town, 300)
    other = await town.person("otto", Role.OFFICIAL, units=(town.city.roads,))
    database = town.services.database
    query = {"user_id": other.object_id, "read": False}
    plan = await database.command(
        {"explain": {"count": "notices", "query": query, "limit": 100}, "verbosity": "executionStats"}
    )
    assert plan["executionStats"]["totalDocsExamined"] == 0
    assert plan["executionStats"]["totalKeysExamined"] <= 1


async def test_a_hostile_title_is_text(town: Town) -> None:
    problem = await town.assigned()
    await town.services.database["problems"].update_one({"_id": problem.case.id}, {"$set": {"title": HOSTILE}})
    await town.turn()
    async with await town.city.browser(town.official) as browser:
        page = (await browser.get("/notices")).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


async def test_nothing_to_tell_is_a_sentence(town: Town) -> None:
    async with await town.city.browser(town.official) as browser:
        assert "Nothing has been told to you yet" in (await browser.get("/notices")).text


async def test_one_chooses_address_and_ways(town: Town) -> None:
    async with await town.city.browser(town.official) as browser:
        page = (await browser.get("/account")).text
        assert 'value="olga@example.org"' in page
        assert 'name="assigned"' in page
        assert 'name="returned"' not in page, "an official is not told of returns"
        sent = {"mail": "new@example.org", "assigned": "daily", "overdue": "app"}
        answer = await browser.post("/account/notices", sent)
        assert (answer.status_code, answer.headers["location"]) == (303, "/account#notices")
        assert 'value="new@example.org"' in (await browser.get("/account")).text
    chosen = await town.services.notices.preferences(town.official.object_id)
    assert (chosen[NoticeKind.ASSIGNED], chosen[NoticeKind.OVERDUE]) == (Delivery.DAILY, Delivery.APP)
    assert chosen[NoticeKind.REMINDED] is Delivery.AT_ONCE


@pytest.mark.parametrize("sent", [{"mail": "no address"}, {"mail": "a@b", "assigned": "by pigeon"}])
async def test_what_cannot_be_chosen_is_a_sentence_and_changes_nothing(town: Town, sent: dict[str, str]) -> None:
    async with await town.city.browser(town.official) as browser:
        answer = await browser.post("/account/notices", {"overdue": "app", **sent})
        assert answer.status_code == 422
        assert f'value="{sent["mail"]}"' in answer.text
    user = await town.services.accounts.get(str(town.official.id))
    assert user.mail == "olga@example.org"
    chosen = await town.services.notices.preferences(town.official.object_id)
    assert chosen[NoticeKind.OVERDUE] is Delivery.AT_ONCE


async def test_the_address_stands_in_no_event(town: Town) -> None:
    events = await town.services.log.of("user", town.official.object_id)
    assert [event.type for event in events] == ["added", "mail_set"]
    assert "example.org" not in str(events)


async def test_an_admin_says_where_an_outlet_is_told(town: Town) -> None:
    admin = await town.person("ada", Role.ADMIN)
    path = f"/outlets/{town.city.outlet}"
    async with await town.city.browser(admin) as browser:
        assert (await browser.post(f"{path}/contact", {"contact": "desk@news.example.org"})).status_code == 303
        assert 'value="desk@news.example.org"' in (await browser.get(path)).text
        answer = await browser.post(f"{path}/contact", {"contact": "a@b\nBcc: c@d"})
        assert answer.status_code == 422
    assert (await town.services.outlets.get(str(town.city.outlet))).contact == "desk@news.example.org"
    async with await town.city.browser(town.editor) as browser:
        assert "desk@news.example.org" not in (await browser.get(path)).text
