"""The monitor: every number opens its list, and the list is as long as the number."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pytest
import pytest_asyncio

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import AuditAction, User
from media_tracker.db.connection import Database
from media_tracker.monitor.definitions import Key
from media_tracker.web.monitor import pages
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.web.admin_scene import add_user, browser_of, make_services
from tests.web.browser import Browser
from tests.web.figures_reading import listed, read
from tests.web.figures_scene import END, FORMULA, START, Campaign, campaign

PERIOD = f"from={START}&to={END}"


async def rows_of_csv(browser: Browser, href: str) -> list[list[str]]:
    """The rows of the same list as a file, without its heading."""
    path, _, query = href.partition("?")
    response = await browser.get(f"{path}.csv?{query}")
    assert response.status_code == 200, response.text
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"), newline="")))[1:]


@pytest_asyncio.fixture(scope="module")
async def told(migrated_database: Database) -> AsyncIterator[Campaign]:
    """One campaign for the module: its tests only read."""
    clock = FakeClock()
    yield await campaign(make_services(migrated_database, clock), clock)
    names = await migrated_database.list_collection_names(filter={"name": {"$not": {"$regex": "^system\\."}}})
    for name in names:
        await migrated_database[name].delete_many({})


@pytest.fixture(scope="module")
def services(told: Campaign) -> Services:
    return told.scene.services


@pytest_asyncio.fixture(scope="module")
async def person(services: Services) -> User:
    return await add_user(services, Role.VIEWER)


@pytest_asyncio.fixture
async def viewer(services: Services, person: User) -> AsyncIterator[Browser]:
    async with await browser_of(services, person) as browser:
        yield browser


@pytest_asyncio.fixture
async def chinese(services: Services, person: User) -> AsyncIterator[Browser]:
    async with await browser_of(services, person) as browser:
        browser.cookies.set("language", "zh_CN", domain="testserver.local")
        yield browser


@pytest.mark.slow
@pytest.mark.parametrize(
    "narrowed", ["", "&district=990102", "&outlet={radio}", "&category=1", "&district=&category=101"]
)
async def test_every_number_of_the_monitor_is_as_long_as_its_list_and_its_file(
    viewer: Browser, told: Campaign, monkeypatch: pytest.MonkeyPatch, narrowed: str
) -> None:
    monkeypatch.setattr(pages, "PAGE_ROWS", 7)
    query = PERIOD + narrowed.format(radio=told.scene.outlets["radio"])
    page = await read(viewer, f"/monitor?{query}")
    assert page.unmarked == []
    assert {urlsplit(link.href).path for link in page.figures} == {f"/monitor/{key.value}" for key in Key}
    for link in sorted(set(page.figures), key=lambda link: link.href):
        assert await listed(viewer, link.href) == (link.value, link.value), link
        assert len(await rows_of_csv(viewer, link.href)) == link.value, link


async def test_the_campaign_has_something_of_every_figure(viewer: Browser) -> None:
    page = await read(viewer, f"/monitor?{PERIOD}")
    whole = {
        urlsplit(link.href).path.removeprefix("/monitor/"): link.value
        for link in page.figures
        if set(parse_qs(urlsplit(link.href).query)) == {"from", "to"}
        and parse_qs(urlsplit(link.href).query)["from"] == [START]
    }
    assert whole == {
        "stories": 25, "clusters": 24, "exposures": 17, "behaviour": 1, "problems": 13, "resolved": 3, "resolved_net": 2,
        "relapsed": 1, "before_print": 1, "also_reported": 1, "resolved_cohort": 3, "claimed": 1, "overdue": 4,
        "deferred": 1, "due": 12, "due_closed": 6, "due_on_time": 5, "good_deeds": 1,
        "checked": 8, "first_failed": 1,
    }  # fmt: skip


async def test_a_filter_fixes_a_dimension_and_its_breakdown_is_left_out(viewer: Browser) -> None:
    whole = (await viewer.get(f"/monitor?{PERIOD}")).text
    west = (await viewer.get(f"/monitor?{PERIOD}&district=990102")).text
    assert all(f">{head}</h2>" in whole for head in ("By outlet", "By district", "By category", "By month"))
    assert ">By district</h2>" not in west
    assert ">By outlet</h2>" in west
    assert '<option value="990102" selected>西城区</option>' in west


async def test_columns_that_do_not_add_up_say_so_beside_the_total(viewer: Browser) -> None:
    text = (await viewer.get(f"/monitor?{PERIOD}")).text
    tables = dict(re.findall(r'<h2 class="section-title">(By \w+)</h2>(.*?)</section>', text, re.S))
    assert "does not add up" in tables["By outlet"]
    assert "does not add up" not in tables["By district"]


async def test_rates_state_their_denominator_and_the_change_since_the_period_before(viewer: Browser) -> None:
    text = re.sub(r"<[^>]+>", "", (await viewer.get("/monitor?from=2026-02-01&to=2026-02-28")).text)
    assert re.search(r"Verified or closed, of those due\s+[\d.]+%\s+\d+ of \d+", text)
    resolved = re.search(r"Problems resolved via media\s+(\d+)\s+Period before (\d+) \((\S+)\)", text)
    assert resolved is not None
    assert resolved.groups() == ("2", "1", "+1")


async def test_without_days_it_is_the_year_so_far_and_quick_periods_are_a_click_away(viewer: Browser) -> None:
    page = await viewer.get("/monitor")
    assert f'name="from" type="date" value="{START}"' in page.text
    assert f'name="to" type="date" value="{END}"' in page.text
    assert "/monitor?from=2026-03-23&amp;to=2026-03-27" in page.text
    assert "/monitor?from=2026-02-26&amp;to=2026-03-27" in page.text


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("from=nonsense", "Please give a day as year-month-day."),
        ("from=2026-03-02&to=2026-03-01", "The period must not end before it begins."),
        ("from=2001-01-01&to=2026-03-01", "Please choose ten years at most."),
        ("from=0001-01-01", "Please give a day as year-month-day."),
    ],
)
async def test_wrong_days_come_back_with_what_is_wrong(viewer: Browser, query: str, sentence: str) -> None:
    page = await viewer.get(f"/monitor?{query}")
    assert (page.status_code, (await viewer.get(f"/monitor/resolved?{query}")).status_code) == (422, 422)
    assert sentence in page.text
    assert f'value="{parse_qs(query)["from"][0]}"' in page.text


async def test_a_list_shows_its_filters_as_chips_and_an_empty_one_differs_from_none(viewer: Browser) -> None:
    nowhere = await viewer.get(f"/monitor/problems?{PERIOD}&district=")
    everywhere = await viewer.get(f"/monitor/problems?{PERIOD}")
    empty = await viewer.get(f"/monitor/problems?{PERIOD}&month=2026-04")
    assert "District: District not known" in nowhere.text
    assert 'data-total="1"' in nowhere.text
    assert 'class="chip' not in everywhere.text
    assert 'data-total="13"' in everywhere.text
    assert "the figure is 0" in empty.text


@pytest.mark.parametrize(
    "path",
    [
        "/monitor/nonsense", "/monitor/resolved.pdf", "/monitor/resolved.", "/monitor/.csv", "/monitor/nonsense.csv",
        "/monitor/resolved?outlet=nonsense", "/monitor/problems?stretch=nonsense", "/monitor/resolved?stretch=fix",
    ],
)  # fmt: skip
async def test_what_is_no_figure_is_not_found(viewer: Browser, path: str) -> None:
    assert (await viewer.get(path)).status_code == 404


async def test_nobody_sees_the_monitor_without_an_account(services: Services) -> None:
    async with await browser_of(services, None) as stranger:
        for path in ("/monitor", "/monitor/resolved", "/monitor/resolved.csv"):
            response = await stranger.get(path)
            assert (response.status_code, response.headers["location"][:11]) == (303, "/login?next")


async def test_an_export_is_written_down_and_a_trap_in_it_is_text(services: Services, viewer: Browser) -> None:
    file = await viewer.get(f"/monitor/claimed.csv?{PERIOD}&district=990101")
    assert file.headers["content-disposition"] == f'attachment; filename="claimed_{START}_{END}.csv"'
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert file.headers["cache-control"] == "no-store"
    assert file.content.startswith(b"\xef\xbb\xbfNumber,Problem,Place,District,State,")
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert rows[1][1] == f"'{FORMULA}"
    entry = (await services.audit.latest(1))[0]
    assert (entry.action, entry.subject) == (AuditAction.EXPORTED, "monitor/claimed.csv")
    assert entry.detail == {"from": START, "to": END, "rows": 1, "filter_district": "990101"}
    assert entry.actor is not None


async def test_the_excel_file_has_the_rows_with_dates_and_says_what_it_is(chinese: Browser) -> None:
    file = await chinese.get(f"/monitor/resolved.xlsx?{PERIOD}")
    book = openpyxl.load_workbook(io.BytesIO(file.content))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert rows[0][:5] == ("编号", "问题", "地点", "区县", "状态")
    assert len(rows) == 1 + 3
    assert [f"{row[-2]:%m-%d %H:%M}" for row in rows[1:]] == ["02-07 10:00", "02-03 09:00", "01-16 10:00"]
    assert [row[0].value for row in book.worksheets[1].iter_rows()][:4] == ["数据", "口径", "时段", "行数"]


async def test_the_monitor_speaks_chinese(chinese: Browser) -> None:
    page, rows = await chinese.get(f"/monitor?{PERIOD}"), await chinese.get(f"/monitor/resolved?{PERIOD}")
    assert "媒体推动解决的问题" in page.text
    assert "不可加总" in page.text
    assert "2026年1月1日" in rows.text


async def test_htmx_gets_only_the_part_it_asks_for(viewer: Browser) -> None:
    for path in (f"/monitor?{PERIOD}", f"/monitor/resolved?{PERIOD}"):
        part = await viewer.get(path, **{"hx-request": "true"})
        assert part.status_code == 200
        assert "<html" not in part.text
        assert "data-" in part.text


async def test_deadlines_of_the_last_minute_do_not_read_one_day_too_long(services: Services) -> None:
    user = await add_user(services, Role.VIEWER, username="deadline_reader")
    async with await browser_of(services, user) as reader:
        shown = (await reader.get(f"/monitor/due?{PERIOD}")).text
        lines = await rows_of_csv(reader, f"/monitor/due?{PERIOD}")
        file = await reader.get(f"/monitor/due.xlsx?{PERIOD}")
    midnights = [value for line in lines for value in line if value.endswith(" 24:00")]
    assert midnights
    assert not [value for line in lines for value in line if value.endswith(" 00:00")]
    assert shown.count(", end of day") == len(midnights)
    assert ", 00:00" not in shown
    sheet = openpyxl.load_workbook(io.BytesIO(file.content)).worksheets[0]
    assert midnights[0] in [cell.value for row in sheet.iter_rows() for cell in row]
