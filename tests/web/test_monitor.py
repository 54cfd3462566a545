"""The monitor: every number opens its list, and the list is as long as the number."""

from __future__ import annotations

import csv
import io
import random
import re
from collections.abc import AsyncIterator
from datetime import datetime
from urllib.parse import parse_qs, urlencode, urlsplit

import openpyxl
import pytest
import pytest_asyncio

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import AuditAction, User
from media_tracker.db.connection import Database
from media_tracker.monitor.definitions import Dimension, Key
from media_tracker.web.monitor import pages
from media_tracker.wiring import Services
from tests.web.admin_scene import add_user, browser_of
from tests.web.browser import Browser
from tests.web.figures_reading import listed, read
from tests.web.figures_scene import END, FORMULA, START, Campaign, standing_campaign

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
    async with standing_campaign(migrated_database) as standing:
        yield standing


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


NOTHING_YET = "2025-12-31T00:00"
MOMENTS = ("", "2026-01-18T12:00", "2026-02-24T00:00", "2026-03-08T12:00", NOTHING_YET)


def some_addresses(told: Campaign, seed: int) -> list[str]:
    """Pages of the monitor as people come to ask for them: by everything, narrowed by a few values, some of the past."""
    chance = random.Random(seed)
    paper, radio = (str(told.scene.outlets[name]) for name in ("paper", "radio"))
    values: dict[Dimension, list[str]] = {
        Dimension.OUTLET: [paper, radio, ""],
        Dimension.COLUMN: ["曝光台", ""],
        Dimension.PROJECT: [str(told.project), ""],
        Dimension.DISTRICT: ["990101", "990102", ""],
        Dimension.STREET: ["990101001", ""],
        Dimension.COMMUNITY: ["990101001001", ""],
        Dimension.CATEGORY: ["1", "101", ""],
        Dimension.SUBCATEGORY: ["101", "103", ""],
        Dimension.UNIT: [str(told.scene.unit), ""],
        Dimension.SEVERITY: ["normal", "urgent", ""],
        Dimension.SOURCE: ["exposure", "inquiry", ""],
    }
    found = []
    for by in Dimension:
        narrowed = chance.sample(sorted(values), chance.choice((0, 0, 1, 2)))
        given = {each.value: chance.choice(values[each]) for each in narrowed if each is not by}
        moment = chance.choice(MOMENTS)
        found.append(urlencode({**given, "by": by.value, **({"as_of": moment} if moment else {})}))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("seed", [6])
async def test_every_number_by_every_dimension_now_and_in_the_past_is_as_long_as_its_list(
    viewer: Browser, told: Campaign, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(pages, "PAGE_ROWS", 12)
    chance, followed = random.Random(seed), set[str]()
    for query in some_addresses(told, seed):
        page = await read(viewer, f"/monitor?{PERIOD}&{query}")
        assert page.unmarked == []
        assert {urlsplit(link.href).path for link in page.figures} == {f"/monitor/{key.value}" for key in Key}
        asked = parse_qs(query, keep_blank_values=True)
        for link in page.figures:
            given = parse_qs(urlsplit(link.href).query, keep_blank_values=True)
            assert ("as_of" in given) is ("as_of" in asked), "a figure of the past opens a list of the past"
            assert all(given.get(name) == value for name, value in asked.items() if name not in ("by", "as_of"))
        new = sorted({link for link in page.figures if link.href not in followed}, key=lambda link: link.href)
        counted = [link for link in new if link.value]
        for link in [*chance.sample(counted, min(12, len(counted))), *chance.sample(new, min(3, len(new)))]:
            followed.add(link.href)
            assert await listed(viewer, link.href) == (link.value, link.value), link


@pytest.mark.slow
@pytest.mark.parametrize("narrowed", ["", "&outlet={radio}", "&district=&category=101", "&as_of=2026-02-24T00:00"])
async def test_every_file_is_as_long_as_its_number(viewer: Browser, told: Campaign, narrowed: str) -> None:
    page = await read(viewer, f"/monitor?{PERIOD}{narrowed.format(radio=told.scene.outlets['radio'])}")
    wanted = {urlsplit(link.href).path: link for link in reversed(page.figures)}
    for link in wanted.values():
        assert len(await rows_of_csv(viewer, link.href)) == link.value, link


async def test_the_past_is_what_was_known_then_and_says_so(viewer: Browser) -> None:
    now, text = [(await viewer.get(f"/monitor?{PERIOD}{more}")).text for more in ("", "&as_of=2026-02-24T00:00")]
    assert "This is the past" not in now
    assert "This is the past: as of 24 Feb 2026, 00:00." in text
    assert f'href="/monitor?{PERIOD.replace("&", "&amp;")}&amp;by=district"' in text, "the way back to the present"
    early = await read(viewer, f"/monitor/resolved?{PERIOD}&as_of=2026-02-24T00:00")
    assert early.total == 4, "one of them was closed too early, which nobody knew yet"
    assert (await read(viewer, f"/monitor/resolved?{PERIOD}")).total == 3
    assert (await read(viewer, f"/monitor/stories?{PERIOD}&as_of={NOTHING_YET}")).total == 0


async def test_what_is_typed_becomes_an_address(viewer: Browser, told: Campaign) -> None:
    async def leads_to(**typed: str) -> str:
        fields = {"from": START, "to": END, "find_place": "", "find_unit": "", "find_column": "", **typed}
        answer = await viewer.get(f"/monitor?{urlencode(fields)}")
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    assert await leads_to(outlet="all", by="") == f"/monitor?{PERIOD}"
    assert await leads_to(find_place="松林街办", district="990101") == f"/monitor?{PERIOD}&street=990102001"
    assert await leads_to(find_place="河畔街道清泉社区") == f"/monitor?{PERIOD}&community=990101001001"
    assert await leads_to(find_place="西城区") == f"/monitor?{PERIOD}&district=990102"
    assert await leads_to(find_unit=" 示例 环卫处") == f"/monitor?{PERIOD}&unit={told.scene.unit}"
    assert parse_qs(urlsplit(await leads_to(find_column="曝光台", by="column")).query)["column"] == ["曝光台"]
    wrong = await viewer.get(f"/monitor?{PERIOD}&find_place=无此街道&find_unit=无此单位&find_column=")
    assert wrong.status_code == 422
    for kept in ("无此街道", "无此单位", "No region of this name is known.", "No unit of this name is known."):
        assert kept in wrong.text
    narrowed = (await viewer.get(f"/monitor?{PERIOD}&community=990101001001&unit={told.scene.unit}")).text
    assert re.search(r'name="find_place"[^>]*value="[^"]*清泉社区"', narrowed)
    assert re.search(r'name="find_unit"[^>]*value="示例环卫处"', narrowed)


async def test_a_line_leads_to_what_lies_below_it(viewer: Browser) -> None:
    text = (await viewer.get(f"/monitor?{PERIOD}&by=district")).text
    assert f'href="/monitor?{PERIOD.replace("&", "&amp;")}&amp;district=990101&amp;by=street#by"' in text
    below = (await viewer.get(f"/monitor?{PERIOD}&district=990101&by=street")).text
    assert "河畔街道" in below
    assert 'by=district#by"' not in below, "what a filter has fixed is no table any more"
    month = (await viewer.get(f"/monitor?{PERIOD}&by=month")).text
    assert 'href="/monitor?from=2026-03-01&amp;to=2026-03-27"' in month


async def test_units_stand_by_name_with_the_time_that_they_kept(viewer: Browser) -> None:
    text = (await viewer.get(f"/monitor?{PERIOD}&by=unit")).text
    table = text[text.index('id="by"') :]
    assert "Exposures" not in re.findall(r"<thead>.*?</thead>", table, re.S)[0]
    assert re.search(r"示例环卫处</a>.*?%</span>.*? of ", table, re.S)


async def test_definitions_stand_on_one_page(chinese: Browser) -> None:
    text = (await chinese.get("/monitor/definitions")).text
    assert text.count("<dt>") >= len(Key)
    assert "媒体推动解决的问题" in text


async def test_an_older_figure_stands_beside_ours_and_is_corrected_by_publicity_staff_alone(
    services: Services, viewer: Browser
) -> None:
    sent = {
        "name": "媒体推动解决的问题", "value": "215", "start": START, "end": END,
        "definition": "各栏目自报件数相加", "source": "2025年工作总结", "beside": "resolved",
    }  # fmt: skip
    assert (await viewer.post("/monitor/legacy", sent)).status_code == 403
    user = await add_user(services, Role.PUBLICITY, username="keeper_of_old_figures")
    async with await browser_of(services, user) as keeper:
        missing = await keeper.post("/monitor/legacy", {**sent, "definition": " ", "end": "2025-01-01"})
        assert missing.status_code == 422
        assert "without that nobody can compare it" in missing.text
        assert (await keeper.post("/monitor/legacy", sent)).status_code == 303
        (figure,) = await services.legacy_figures.all()
        for page in ("/monitor", "/monitor/legacy"):
            text = (await viewer.get(page)).text
            assert "各栏目自报件数相加" in text
            assert f'href="/monitor/resolved?{PERIOD.replace("&", "&amp;")}" data-figure="3"' in text
            assert "verified by somebody independent" in text
        path, change = f"/monitor/legacy/{figure.id}", {**sent, "value": "216", "version": "1"}
        assert 'name="value" type="text" value="215"' in (await keeper.get(path)).text
        assert [(await keeper.post(path, change)).status_code for _ in range(2)] == [303, 409]
        assert "corrected by" in (await viewer.get("/monitor/legacy")).text
        assert (await keeper.post(f"{path}/remove", {"version": "1"})).status_code == 409
        assert (await keeper.post(f"{path}/remove", {"version": "2"})).status_code == 303
        assert (await keeper.get(path)).status_code == 404
    assert await services.legacy_figures.all() == []
    events = await services.log.of("legacy_figure", figure.id)
    assert [(event.type, event.payload["value"]) for event in events] == [
        ("entered", 215),
        ("corrected", 216),
        ("removed", 216),
    ]


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
    assert ">By district</h2>" in whole
    assert "by=district#by" not in west
    assert ">By outlet</h2>" in west
    assert '<option value="990102" selected>西城区</option>' in west


async def test_columns_that_do_not_add_up_say_so_beside_the_total(viewer: Browser) -> None:
    outlets, districts = [(await viewer.get(f"/monitor?{PERIOD}&by={by}")).text for by in ("outlet", "district")]
    assert "does not add up" in outlets
    assert "does not add up" not in districts


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
        ("from=2026-01-01&as_of=never", "Please give a moment as year-month-day and hour:minute."),
        ("from=2026-01-01&as_of=2026-03-27T18:01", "Only a moment that has passed can be asked for."),
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
    assert "按区县" in page.text
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
    moments = [each for row in sheet.iter_rows(values_only=True) for each in row if isinstance(each, datetime)]
    last_minutes = [f"{each:%Y-%m-%d}" for each in moments if f"{each:%H:%M}" == "23:59"]
    assert sorted(last_minutes) == sorted(value.removesuffix(" 24:00") for value in midnights), (
        "dates, for who sorts by them"
    )
