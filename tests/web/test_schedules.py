"""What is on screen is what is sent: filters go from a list's page into a schedule; and what a form may ask of one."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from media_tracker.accounts.actor import Role
from media_tracker.db.connection import Database
from media_tracker.monitor.export_jobs import LEASE, Wanted
from media_tracker.monitor.exports import FileFormat
from media_tracker.web.exports.filters import kept, page_of
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.web.admin_scene import browser_as, make_services

FORM = {"kind": "xlsx", "rhythm": "weekly", "days": "last_week", "hour": "8", "weekday": "4", "day": "1"}


@pytest.fixture
def services(database: Database, clock: FakeClock) -> Services:
    return make_services(database, clock)


@pytest.mark.parametrize(
    ("path", "what", "query"),
    [
        ("/problems?show=open&severity=urgent&after=x", "problems", "show=open&severity=urgent"),
        ("/stories?kind=exposure", "stories", "kind=exposure"),
        ("/monitor?from=2026-01-01&to=2026-02-01&severity=urgent", "figures", "severity=urgent"),
        ("/monitor/resolved?from=2026-01-01&to=2026-02-01&severity=urgent", "figure", "key=resolved&severity=urgent"),
        ("/deeds", "deeds", ""),
        ("/outlets", "outlets", ""),
    ],
)
async def test_a_lists_page_leads_to_a_schedule_with_its_filters(
    services: Services, path: str, what: str, query: str
) -> None:
    async with await browser_as(services, Role.PUBLICITY) as browser:
        user = (await services.accounts.list_users())[0]
        await services.accounts.set_mail(user.actor(), "p@example.org")
        text = (await browser.get(path)).text
        links = [unescape(each) for each in re.findall(r'href="(/schedules\?[^"]*)"', text)]
        link = next(each for each in links if f"what={what}&" in each)
        shown = await browser.get(link)
        assert shown.status_code == 200
        asked = parse_qs(urlsplit(link).query)
        form = {**FORM, "what": what, "filters": asked.get("filters", [""])[0], "readers": str(user.object_id)}
        if query:
            assert f'name="what" value="{what}"' in shown.text, "this list and no other"
        answer = await browser.post("/schedules", form)
        assert answer.status_code == 303
        [schedule] = await services.schedules.of(user.actor())
        assert (schedule.sending.name, schedule.sending.query) == (what, query)
        page = (await browser.get("/schedules")).text
        assert unescape(page).count(page_of(what, query)) >= 1
        if "severity" in query:
            assert "Severity: Urgent" in page


async def test_filters_that_make_no_list_are_refused_when_it_is_ordered(services: Services) -> None:
    async with await browser_as(services, Role.PUBLICITY) as browser:
        user = (await services.accounts.list_users())[0]
        await services.accounts.set_mail(user.actor(), "p@example.org")
        wrong = {**FORM, "what": "figure", "filters": "key=nonsense", "readers": str(user.object_id)}
        assert (await browser.post("/schedules", wrong)).status_code == 404
        assert await services.schedules.of(user.actor()) == []


@pytest.mark.parametrize("act", ["nonsense", "go-on", "Resume"])
async def test_what_nobody_knows_changes_nothing(services: Services, act: str) -> None:
    async with await browser_as(services, Role.PUBLICITY) as browser:
        user = (await services.accounts.list_users())[0]
        await services.accounts.set_mail(user.actor(), "p@example.org")
        await browser.post("/schedules", {**FORM, "what": "outlets", "readers": str(user.object_id)})
        [schedule] = await services.schedules.of(user.actor())
        await browser.post(f"/schedules/{schedule.id}/pause", {"version": "1"})
        assert (await browser.post(f"/schedules/{schedule.id}/{act}", {"version": "2"})).status_code == 404
        [known] = await services.schedules.of(user.actor())
        assert (known.paused, known.version) == (True, 2)


async def test_a_file_that_was_cut_short_says_that_it_is_begun_anew_and_a_stopped_one_can_be_made_again(
    services: Services, clock: FakeClock
) -> None:
    async with await browser_as(services, Role.EDITOR) as browser:
        user = (await services.accounts.list_users())[0]
        wanted = Wanted("outlets", "", FileFormat.CSV, "en")
        job_id = await services.export_jobs.ask(user.object_id, wanted, 10)
        for _ in range(2):
            job = await services.export_jobs.take()
            assert job is not None
            await services.export_jobs.tell(job, 7, 10)
            clock.advance(seconds=LEASE.total_seconds() + 1)
        assert await services.export_jobs.take() is not None
        page = (await browser.get(f"/exports/jobs/{job_id}")).text
        assert "has begun anew: attempt 3 of 3" in page
        assert "0 of 10 rows" in page, "what the lost attempts had done does not count"
        await browser.post(f"/exports/jobs/{job_id}/stop", {})
        stopped = (await browser.get(f"/exports/jobs/{job_id}")).text
        assert "Make it again, from the beginning" in stopped
        again = await browser.post("/exports", {"name": "outlets", "query": "", "kind": "csv"})
        assert again.status_code == 303
        assert str(job_id) not in again.headers["location"]


def test_days_of_a_period_and_places_in_a_list_are_no_filters() -> None:
    query = "from=2026-01-01&to=2026-02-01&as_of=2026-02-01T09:00&district=370303&page=2&by=outlet"
    assert kept(query, dated=True) == "district=370303&by=outlet"
    assert kept("?registered_from=2026-01-01&state=closed&state=verified", dated=False) == (
        "registered_from=2026-01-01&state=closed&state=verified"
    )
    assert page_of("figure", "key=resolved&district=370303") == "/monitor/resolved?district=370303"
