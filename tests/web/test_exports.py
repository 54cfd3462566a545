"""Files on demand: every list as CSV and Excel, long ones as jobs, for nobody else; what is ordered by mail."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
import pytest_asyncio
from openpyxl import load_workbook

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import AuditAction
from media_tracker.db.connection import Database
from media_tracker.web.exports import pages as export_pages
from media_tracker.web.exports.making import ExportWork
from media_tracker.web.render import pages_in
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.web.admin_scene import browser_as, make_services
from tests.web.figures_scene import END, START, Campaign, campaign

PERIOD = f"from={START}&to={END}"
LISTS = (
    f"figures.csv?{PERIOD}",
    f"breakdown.csv?{PERIOD}&by=outlet",
    f"figure.csv?{PERIOD}&key=resolved",
    "problems.csv?show=open",
    "stories.csv?kind=exposure",
    "deeds.csv",
    "outlets.csv",
    "look-backs.csv?show=due",
    "audit.csv",
)


@pytest.fixture
def services(database: Database, clock: FakeClock) -> Services:
    return make_services(database, clock)


@pytest_asyncio.fixture
async def told(services: Services, clock: FakeClock) -> Campaign:
    return await campaign(services, clock)


def read_csv(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


async def test_every_list_is_a_file_with_as_many_rows_as_its_figure(services: Services, told: Campaign) -> None:
    async with await browser_as(services, *Role) as browser:
        found = {}
        for path in LISTS:
            answer = await browser.get(f"/exports/{path}")
            assert answer.status_code == 200, path
            found[path.partition(".")[0]] = read_csv(answer.content)
        rows = {row[0]: row for row in found["figures"][1:]}
        assert int(rows["Problems resolved via media"][1]) == len(found["figure"]) - 1 == 3
        assert len(found["problems"]) > 1
        assert {row[7] for row in found["problems"][1:]}, "states by their names"
        assert all(len(row) == len(found["stories"][0]) for row in found["stories"])

        now = f"{services.clock():%Y-%m-%dT%H:%M:%SZ}"
        sheet = await browser.get(f"/exports/figure.xlsx?{PERIOD}&key=resolved&as_of={now}")
        book = load_workbook(io.BytesIO(sheet.content))
        page, about = book.worksheets
        assert (page.freeze_panes, page.max_row) == ("A2", 4)
        labels = [row[0].value for row in about.rows]
        assert labels[:4] == ["Figure", "Definition", "Period", "As of"]
        assert page.cell(2, page.max_column).data_type == "d", "a moment is a date"
    entry = (await services.audit.latest(1, subject="figure.xlsx"))[0]
    assert (entry.action, entry.detail["rows"]) == (AuditAction.EXPORTED, 3)


async def test_lists_are_for_those_who_may_see_them(services: Services) -> None:
    async with await browser_as(services, Role.VIEWER) as viewer:
        assert (await viewer.get("/exports/audit.csv")).status_code == 403
        assert (await viewer.get("/exports/look-backs.csv")).status_code == 403
        for path in ("nothing.csv", "problems.pdf", "figure.csv?key=none", "breakdown.csv?by=none"):
            assert (await viewer.get(f"/exports/{path}")).status_code == 404, path
        answer = await viewer.post("/exports", {"name": "audit", "query": "", "kind": "csv"})
        assert answer.status_code == 403


async def test_a_long_list_is_made_in_the_background_and_its_page_says_how_far_it_is(
    services: Services, told: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_pages, "AT_ONCE", 2)
    async with await browser_as(services, Role.EDITOR) as editor:
        offered = await editor.get("/exports/problems.xlsx?show=all")
        assert "Make the file (Excel)" in offered.text
        query = re.search(r'name="query" value="([^"]*)"', offered.text)
        assert query is not None
        sent = await editor.post("/exports", {"name": "problems", "query": query[1], "kind": "xlsx"})
        path = sent.headers["location"]
        waiting = await editor.get(path)
        assert (waiting.headers["refresh"], "<progress" in waiting.text) == ("2", True)
        assert (await editor.get(f"{path}/file")).status_code == 409
        assert await ExportWork(services, pages_in(services.settings.zone)).turn()
        done = await editor.get(path)
        assert "refresh" not in done.headers
        file = await editor.get(f"{path}/file")
        assert load_workbook(io.BytesIO(file.content)).worksheets[0].max_row > 3
        async with await browser_as(services, Role.ADMIN) as other:
            assert (await other.get(path)).status_code == 404
            assert (await other.get(f"{path}/file")).status_code == 404
        assert path in (await editor.get("/exports")).text
        await editor.post(f"{path}/stop", {})
        assert (await editor.get(f"{path}/file")).status_code == 409


async def test_somebody_orders_a_list_by_mail_rests_it_and_ends_it(services: Services, clock: FakeClock) -> None:
    async with await browser_as(services, Role.PUBLICITY) as browser:
        user = (await services.accounts.list_users())[0]
        assert "no mail address" in (await browser.get("/schedules")).text
        await services.accounts.set_mail(user.actor(), "p@example.org")
        form = {"what": "figure:overdue", "kind": "xlsx", "rhythm": "weekly", "days": "last_week", "hour": "8"}
        wrong = await browser.post("/schedules", {**form, "what": "audit", "weekday": "4", "day": "1"})
        assert wrong.status_code == 422
        answer = await browser.post("/schedules", {**form, "weekday": "4", "day": "1", "readers": str(user.object_id)})
        assert answer.status_code == 303
        [schedule] = await services.schedules.of(user.actor())
        assert (schedule.sending.name, schedule.sending.query) == ("figure", "key=overdue")
        assert schedule.next_at - clock.now < timedelta(days=7)
        page = await browser.get("/schedules")
        assert "Overdue (Excel) · the last week, Friday to Thursday" in page.text
        own = f"/schedules/{schedule.id}"
        assert (await browser.post(f"{own}/pause", {"version": "1"})).status_code == 303
        assert (await browser.post(f"{own}/pause", {"version": "1"})).status_code == 409
        assert (await browser.post(f"{own}/delete", {"version": "2"})).status_code == 303
        assert await services.schedules.of(user.actor()) == []
