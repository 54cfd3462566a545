"""Problems that a list has brought, on the pages: like all others, and claimed without a photo."""

from __future__ import annotations

from collections.abc import Mapping

import pytest_asyncio

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import User
from media_tracker.db.events import SYSTEM
from media_tracker.problems.case import State
from media_tracker.problems.finding.listing import ProblemFilter
from media_tracker.problems.lists.sheet import read_list
from tests.problems.lists import as_csv, table
from tests.web.problem_scene import City

HERE: Mapping[str, object] = {
    "区县": "东城区",
    "街道": "河畔街道",
    "类别": "卫生死角与杂物堆放",
    "问题": "北门垃圾桶满溢",
}
STATES = ("未整改", "整改中", "长期整改", "退单", "不予受理", "不属实", "已销号")


@pytest_asyncio.fixture
async def inspector(city: City) -> User:
    return await city.user("ines", Role.INSPECTOR, Role.PUBLICITY, units=(city.patrol,))


async def imported(city: City) -> None:
    """A list with a problem in every state."""
    services = city.services
    await services.places.add_unit("环卫中心")
    importing, zone = services.list_import, services.settings.zone
    rows = [{**HERE, "编号": f"A-{number}", "状态": state} for number, state in enumerate(STATES)]
    sheet = read_list(as_csv(table(*rows)), "清单.csv", await importing.names(), zone, services.clock())
    assert sheet.errors == ()
    async with importing.alone():
        await importing.carry_out(await importing.plan(sheet, ""), SYSTEM)


async def test_problems_of_a_list_stand_on_the_pages_like_all_others(city: City, inspector: User) -> None:
    await imported(city)
    page = await city.services.problems.page(ProblemFilter())
    assert len(page.problems) == len(STATES)

    async with await city.browser(inspector) as browser:
        listed = (await browser.get("/problems")).text
        for problem in page.problems:
            assert problem.number in listed
            shown = await browser.get(f"/problems/{problem.number}")
            assert shown.status_code == 200
            assert "北门垃圾桶满溢" in shown.text
        for path in ("/monitor", "/"):
            assert (await browser.get(path)).status_code == 200


async def test_what_a_list_calls_done_waits_for_an_inspector(city: City, inspector: User) -> None:
    await imported(city)
    page = await city.services.problems.page(ProblemFilter(states=frozenset({State.CLAIMED_FIXED})))

    assert len(page.problems) == 2
    async with await city.browser(inspector) as browser:
        shown = [(await browser.get(f"/problems/{problem.number}")).text for problem in page.problems]
    assert sum("/steps/verify" in html for html in shown) == 1
    assert sum("/steps/confirm_nothing" in html for html in shown) == 1
