"""What somebody counts by hand stands on every page, in every file and in every answer; and every number opens its list."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from urllib.parse import urlsplit

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_tracker.accounts.actor import Role
from media_tracker.monitor.definitions import DEFINITIONS, Dimension, Key
from media_tracker.web.monitor import pages
from tests.monitor.asking import WHOLE, WISHES, Apart, Campaign, Wish, query_of
from tests.monitor.chance import Happening, lives
from tests.monitor.second_opinion import Question, table
from tests.web.admin_scene import browser_as
from tests.web.browser import Browser
from tests.web.figures_reading import FigurePage, listed, read

BY = [each for each in Dimension if each is not Dimension.STAGE]
"""By what the monitor's table can be."""


@pytest.mark.slow
@pytest.mark.timeout(900)  # finding the shortest campaign that shows a fault takes minutes
@settings(max_examples=2)
@given(lives(120), st.lists(WISHES, min_size=1, max_size=1))
def test_pages_files_and_programs_say_what_somebody_counts_by_hand(
    apart: Apart, happenings: list[Happening], wishes: list[Wish]
) -> None:
    async def work(campaign: Campaign) -> None:
        async with await browser_as(campaign.services, Role.VIEWER) as browser:
            for wish in (WHOLE, *wishes):
                asked = wish.about(campaign)
                for by in BY:
                    await assert_printed(campaign, browser, asked, by)
                await assert_exported(campaign, browser, asked, list(Dimension)[wish.by % len(Dimension)])
                await assert_answered(campaign, browser, asked)

    apart.campaign(happenings, work)


async def assert_printed(campaign: Campaign, browser: Browser, asked: Question, by: Dimension) -> None:
    """The monitor's page: what is printed, that nothing is left out, and that each number is of what was asked."""
    page = await read(browser, f"/monitor?{query_of(asked, by=by.value)}")
    assert page.unmarked == []
    assert_numbers(campaign, page)
    assert {urlsplit(link.href).path for link in page.figures} == {f"/monitor/{key.value}" for key in Key}
    shown = [(*campaign.asked_at(link.href), link.value) for link in page.figures]
    kept = tuple(each for each in asked.chosen if each[0] not in (Dimension.MONTH, Dimension.DAY))
    assert all(set(kept) <= set(each.chosen) and each.seen is asked.seen for _, each, _ in shown)
    lines = {(key, dict(each.chosen).get(by), value) for key, each, value in shown if len(each.chosen) > len(kept)}
    for key in {key for key, value, _ in lines if value is not None}:
        whole = Question(asked.start, asked.end, kept, "", asked.seen)
        for value, count in table(campaign.rows(key, whole), by).items():
            if by not in dict(kept):
                assert (key, value, count) in lines, (key, by, value)


def assert_numbers(campaign: Campaign, page: FigurePage) -> None:
    """Every number that opens a list of the monitor is as many as somebody counts by hand."""
    for link in page.figures:
        if link.href.startswith("/monitor/"):
            key, asked = campaign.asked_at(link.href)
            assert link.value == len(campaign.rows(key, asked)), link
            assert link.printed.replace(",", "").split()[-1:] in ([], [str(link.value)]), link


async def assert_exported(campaign: Campaign, browser: Browser, asked: Question, by: Dimension) -> None:
    """Files: all figures, a table, and every list; of both kinds."""
    names = {DEFINITIONS[key].name: key for key in Key}
    for kind in ("csv", "xlsx"):
        _, *lines = await file(browser, f"/exports/figures.{kind}?{query_of(asked)}")
        told = {names[line[0]]: int(line[1]) for line in lines}
        assert told == {key: len(campaign.rows(key, asked)) for key in Key}, kind
        heads, *lines = await file(browser, f"/exports/breakdown.{kind}?{query_of(asked, by=by.value)}")
        counted = [table(campaign.rows(names[head], asked), by) for head in heads[1:]]
        values = {value for counts in counted for value in counts}
        by_hand = Counter(tuple(counts.get(value, 0) for counts in counted) for value in values)
        assert Counter(tuple(map(int, line[1:])) for line in lines) == by_hand, (kind, by)
    for place, key in enumerate(Key):
        kind = ("csv", "xlsx")[place % 2]
        for path in (
            f"/exports/figure.{kind}?{query_of(asked, key=key.value)}",
            f"/monitor/{key.value}.{kind}?{query_of(asked)}",
        ):
            assert len(await file(browser, path)) - 1 == len(campaign.rows(key, asked)), path


async def file(browser: Browser, path: str) -> Sequence[Sequence[str]]:
    """The rows of a file as their cells are read back, its heading first."""
    answer = await browser.get(path)
    assert answer.status_code == 200, (path, answer.text)
    if ".csv?" in path:
        return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content), read_only=True).worksheets[0]
    return [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]


async def assert_answered(campaign: Campaign, browser: Browser, asked: Question) -> None:
    """The API: figures by every dimension, and lists page by page."""
    for by in Dimension:
        answer = (await browser.get(f"/api/v1/figures?{query_of(asked, by=by.value)}")).json()
        told = {each["key"]: each["value"] for each in answer["figures"]}
        assert told == {key: len(campaign.rows(key, asked)) for key in Key}
        for key in Key:
            lines = {line["value"]: line["counts"][key] for line in answer["breakdown"]["lines"]}
            counts = {value: count for value, count in lines.items() if count}
            assert counts == table(campaign.rows(key, asked), by), (key, by)
    for each in answer["durations"]:
        count = sum(each["stretch"] in row.hours for row in campaign.rows(Key.PROBLEMS, asked))
        assert each["count"] == count
    for key in Key:
        path, ids = f"/api/v1/figures/{key.value}?{query_of(asked, limit='3')}", []
        while path:
            part = (await browser.get(path)).json()
            ids += [row["id"] for row in part["rows"]]
            path = part["next"]
        assert ids == [str(row.id) for row in campaign.rows(key, asked)], key


@pytest.mark.slow
@pytest.mark.timeout(900)  # finding the shortest campaign that shows a fault takes minutes
@settings(max_examples=2)
@given(lives(120), st.lists(WISHES, min_size=1, max_size=1))
def test_every_number_on_every_page_of_figures_opens_a_list_of_its_length(
    apart: Apart, happenings: list[Happening], wishes: list[Wish]
) -> None:
    async def work(campaign: Campaign) -> None:
        async with await browser_as(campaign.services, Role.VIEWER) as browser:
            lists: dict[str, int] = {}
            for path in [
                *pages_of_figures(campaign, WHOLE.about(campaign)),
                *pages_of_figures(campaign, wishes[0].about(campaign)),
            ]:
                page = await read(browser, path)
                assert page.unmarked == [], path
                assert_numbers(campaign, page)
                for link in page.figures:
                    assert lists.setdefault(link.href, link.value) == link.value, link
            for href, value in lists.items():
                assert await listed(browser, href.partition("#")[0]) == (value, value), href

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "PAGE_ROWS", 7)
        apart.campaign(happenings, work)


def pages_of_figures(campaign: Campaign, asked: Question) -> list[str]:
    """Where numbers stand that lead to lists."""
    query = query_of(asked)
    projects = [f"/projects/{project}" for project in campaign.city.projects]
    overviews = [f"/monitor?{query}&by={by.value}" for by in BY]
    charts = [
        f"/monitor/charts?{query}&figure={key}&grain={grain}"
        for key, grain in (("problems", "day"), ("stories", "month"))
    ]
    return [*overviews, *charts, f"/monitor/wall?{query}", "/monitor/legacy", "/projects", *projects]
