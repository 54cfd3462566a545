"""Charts and the wall: every number opens its list, picture and table say the same, and nothing withheld is named."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import User
from media_tracker.db.connection import Database
from media_tracker.monitor.definitions import Key
from media_tracker.web.monitor.chart_views import Chart
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.web.admin_scene import add_user, browser_of, make_services
from tests.web.browser import Browser
from tests.web.figures_reading import FigurePage, listed, read
from tests.web.figures_scene import END, START, campaign

PERIOD = f"from={START}&to={END}"
DATA = re.compile(r'<div id="chart-data-(\w+)"[^>]*><script type="application/json">(.*?)</script>', re.S)


@pytest_asyncio.fixture
async def services(database: Database, clock: FakeClock) -> Services:
    return (await campaign(make_services(database, clock), clock)).scene.services


@pytest_asyncio.fixture
async def publicity(services: Services) -> AsyncIterator[Browser]:
    user: User = await add_user(services, Role.PUBLICITY)
    async with await browser_of(services, user) as browser:
        yield browser


def drawn(text: str) -> dict[str, Any]:
    """What the browser draws, by the name of the chart."""
    return {name: json.loads(data) for name, data in DATA.findall(text)}


def tables(text: str) -> dict[str, FigurePage]:
    parts = re.findall(r'<figure class="chart chart-box" id="chart-(\w+)">(.*?)</figure>', text, re.S)
    return {name: FigurePage(part) for name, part in parts}


@pytest.mark.slow
@pytest.mark.parametrize("query", ["", "&district=990102&figure=exposures&grain=week"])
async def test_every_number_of_the_charts_is_as_long_as_its_list(publicity: Browser, query: str) -> None:
    answer = await publicity.get(f"/monitor/charts?{PERIOD}{query}")
    assert answer.status_code == 200
    found, pictures = tables(answer.text), drawn(answer.text)
    assert set(found) == {each.value for each in Chart}
    links = {link for page in found.values() for link in page.figures}
    assert {urlsplit(link.href).path for link in links} >= {
        "/monitor/exposures",
        "/monitor/problems",
        "/monitor/resolved",
    }
    for link in sorted(links, key=lambda link: link.href):
        assert await listed(publicity, link.href) == (link.value, link.value), link
    shown = {(int(said.rsplit(" ", 1)[1]), unescape(href)) for said, href, *_ in pictures["trend"]["points"]}
    assert shown == {(link.value, link.href) for link in found["trend"].figures}


async def test_the_flow_adds_up_to_the_problems_exposed(publicity: Browser, services: Services) -> None:
    text = (await publicity.get(f"/monitor/charts?{PERIOD}")).text
    flow = tables(text)["flow"].figures
    total = flow[0].value
    stages = {parse_qs(urlsplit(link.href).query).get("stage", [""])[0]: link for link in flow[1:]}
    problems = {stage: link.value for stage, link in stages.items() if urlsplit(link.href).path == "/monitor/problems"}
    first = ("waiting", "returned", "nothing_found", "handed_over")
    assert sum(problems.get(stage, 0) for stage in first) == total == 13
    assert sum(problems.get(stage, 0) for stage in ("verified", "closed", "relapsed")) == problems["confirmed"]
    assert len(drawn(text)["flow"]["edges"]) == len(flow) - 1


async def test_a_chart_as_a_file_has_the_numbers_of_its_table_and_leaves_a_trace(
    publicity: Browser, services: Services
) -> None:
    text = (await publicity.get(f"/monitor/charts?{PERIOD}")).text
    for name, page in tables(text).items():
        answer = await publicity.get(f"/monitor/charts/{name}.csv?{PERIOD}")
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        numbers = [int(cell) for row in rows[1:] for cell in row if cell.isdigit()]
        assert sorted(link.value for link in page.figures) == sorted(numbers)[-len(page.figures) :]
        subject = f"monitor/charts/{name}.csv"
        assert await services.database["audit"].count_documents({"subject": subject}) == 1
    assert (await publicity.get("/monitor/charts/nonsense.csv")).status_code == 404
    assert (await publicity.get("/monitor/charts?from=nonsense")).status_code == 422


async def test_units_are_ranked_by_nothing_that_counts_exposures_and_not_below_the_least_number(
    publicity: Browser,
) -> None:
    found = tables((await publicity.get(f"/monitor/charts?{PERIOD}")).text)
    keys = {
        urlsplit(link.href).path for name in ("on_time", "first_failed", "relapsed") for link in found[name].figures
    }
    assert keys == {
        f"/monitor/{key}" for key in (Key.DUE_ON_TIME, Key.DUE, Key.FIRST_FAILED, Key.CHECKED, Key.RESOLVED)
    }


async def test_publicity_marks_what_happened_and_the_trend_shows_it(publicity: Browser, services: Services) -> None:
    wrong = await publicity.post("/monitor/milestones", {"day": "2026-02-10", "words": " ", "kind": "action"})
    assert wrong.status_code == 422
    sent = {"day": "2026-02-10", "words": "农贸市场集中整治", "kind": "action"}
    assert (await publicity.post("/monitor/milestones", sent)).status_code == 303
    text = (await publicity.get(f"/monitor/charts?{PERIOD}&grain=month")).text
    assert drawn(text)["trend"]["option"]["series"][0]["markLine"]["data"] == [{"xAxis": 1, "name": "农贸市场集中整治"}]
    assert "农贸市场集中整治</li>" in text
    (mark,) = await services.milestones.within()
    path = f"/monitor/milestones/{mark.id}/remove"
    assert (await publicity.post(path, {"version": mark.version + 1})).status_code == 409
    assert (await publicity.post(path, {"version": mark.version})).status_code == 303
    assert await services.milestones.within() == []
    events = await services.log.of("milestone", mark.id) if mark.id else []
    assert [event.type for event in events] == ["added", "removed"]


async def test_the_wall_shows_figures_with_their_lists_and_names_nothing_that_is_withheld(
    publicity: Browser, services: Services
) -> None:
    page = await read(publicity, f"/monitor/wall?{PERIOD}")
    figures = {urlsplit(link.href).path: link for link in page.figures if "district" not in link.href}
    for key in (Key.RESOLVED, Key.OVERDUE, Key.GOOD_DEEDS):
        link = figures[f"/monitor/{key.value}"]
        assert await listed(publicity, link.href) == (link.value, link.value)
    whole = (await publicity.get(f"/monitor/wall?{PERIOD}")).text
    resolved = await services.database["problems"].find({"case.state": "closed"}).to_list()
    named = [row["title"] for row in resolved if f">{row['title']}<" in whole]
    assert named
    await services.database["problems"].update_many({}, {"$set": {"case.withheld": True}})
    withheld = (await publicity.get(f"/monitor/wall?{PERIOD}")).text
    assert not [title for title in named if f">{title}<" in withheld]
    part = await publicity.get(f"/monitor/wall?{PERIOD}", **{"hx-request": "true"})
    assert "<html" not in part.text
    assert 'id="wall-figures"' in part.text


async def test_the_monitor_brings_the_trend_and_the_flow_with_their_tables_once_they_are_looked_at(
    publicity: Browser,
) -> None:
    page = (await publicity.get(f"/monitor?{PERIOD}")).text
    address = re.search(r'data-later="([^"]+)"', page)
    assert address is not None
    assert "data-chart=" not in page  # nothing is drawn, and nothing for it is fetched, before
    assert 'echarts.min.js" defer' not in page
    part = await publicity.get(address[1].replace("&amp;", "&"))
    assert "<html" not in part.text
    assert set(drawn(part.text)) == {"trend", "flow"}
    assert part.text.count("data-figure=") > 10
    assert "/monitor/charts/trend.csv" in part.text
