"""Figures for other programs: the monitor's own numbers, lists by cursor, for people and for tokens that may read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.connection import Database
from media_tracker.db.events import Origin
from media_tracker.monitor.definitions import Dimension, Key
from media_tracker.wiring import Services
from tests.web.admin_scene import add_user, browser_as, browser_of
from tests.web.browser import Browser
from tests.web.figures_reading import read
from tests.web.figures_scene import END, START, Campaign, standing_campaign

PERIOD = f"from={START}&to={END}"
ADMIN = Actor(ObjectId(), frozenset({Role.ADMIN}))


@pytest_asyncio.fixture(scope="module")
async def told(migrated_database: Database) -> AsyncIterator[Campaign]:
    """One campaign for the module: its tests only read."""
    async with standing_campaign(migrated_database) as standing:
        yield standing


@pytest.fixture(scope="module")
def services(told: Campaign) -> Services:
    return told.scene.services


@pytest_asyncio.fixture(scope="module")
async def token(services: Services) -> str:
    _, secret = await services.tokens.make(None, "", "数据看板", by=ADMIN, origin=Origin(ADMIN.user_id))
    return secret


@pytest_asyncio.fixture
async def program(services: Services) -> AsyncIterator[Browser]:
    async with await browser_of(services, None) as browser:
        yield browser


async def asked(program: Browser, path: str, token: str) -> Any:
    answer = await program.get(path, authorization=f"Bearer {token}", accept="application/json")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("narrowed", ["", "&district=990101", "&as_of=2026-02-24T00:00:00%2B08:00", "&source="])
async def test_the_api_says_what_the_monitor_says(
    services: Services, program: Browser, token: str, narrowed: str
) -> None:
    found = await asked(program, f"/api/v1/figures?{PERIOD}{narrowed}&by=outlet", token)
    assert [each["key"] for each in found["figures"]] == list(Key)
    values = {each["key"]: (each["value"], each["before"]) for each in found["figures"]}
    user = await services.accounts.find_by_username("viewer") or await add_user(services, Role.VIEWER)
    async with await browser_of(services, user) as viewer:
        page = await read(viewer, f"/monitor?{PERIOD}{narrowed}&by=outlet")
        shown = {link.href: link.value for link in page.figures}
        for each in found["figures"]:
            assert shown[each["rows"].replace("/api/v1/figures/", "/monitor/")] == each["value"], each
        assert (await viewer.get(f"/api/v1/figures?{PERIOD}")).status_code == 200, "a session reads too"
    assert all(values[rate["numerator"]][0] == rate["part"] <= rate["whole"] for rate in found["rates"])
    by = found["breakdown"]
    for key in set(Key) - set(by["not_additive"]):
        assert sum(line["counts"][key] for line in by["lines"]) == values[key][0], key


async def test_a_list_is_read_page_by_page_to_its_end(program: Browser, told: Campaign, token: str) -> None:
    figures = await asked(program, f"/api/v1/figures?{PERIOD}", token)
    for figure in figures["figures"]:
        path, rows, titles = f"{figure['rows']}&limit=7", [], set()
        while path:
            found = await asked(program, path, token)
            assert (found["total"], found["definition"]) == (figure["value"], figure["definition"])
            rows += [(row["at"], row["id"]) for row in found["rows"]]
            titles |= {row["title"] for row in found["rows"]}
            path = found["next"]
        assert len(set(rows)) == len(rows) == figure["value"], figure["key"]
        assert "" not in titles
    one = await asked(program, f"/api/v1/figures/resolved?{PERIOD}&project={told.project}", token)
    assert [(row["number"], row["community"]) for row in one["rows"]] == [(told.counted.number, "990101001001")]
    assert one["filters"] == {"project": str(told.project)}
    times = figures["durations"][0]
    measured = await asked(program, times["rows"], token)
    assert measured["total"] == times["count"] == len([row for row in measured["rows"] if row["hours"] is not None])


async def test_who_may_not_read_is_told_why(services: Services, told: Campaign, program: Browser, token: str) -> None:
    outlet = told.scene.outlets["paper"]
    _, handing_in = await services.tokens.make(outlet, "web", "采编系统", by=ADMIN, origin=Origin(ADMIN.user_id))
    for secret, status in (("", 401), ("mt_wrong", 401), (handing_in, 403)):
        answer = await program.get("/api/v1/figures", authorization=f"Bearer {secret}", accept="application/json")
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    sent = await program._http.post("/api/v1/stories", json={}, headers={"authorization": f"Bearer {token}"})
    assert sent.status_code == 403, "a token that reads hands nothing in"
    async with await browser_as(services, Role.ADMIN) as admin:
        made = await admin.post("/admin/tokens", {"outlet": "figures", "name": "大屏"})
        assert made.status_code == 201
        assert "No outlet: it reads the figures" in (await admin.get("/admin/tokens")).text
        assert (await admin.post("/admin/tokens", {"outlet": "figures", "name": ""})).status_code == 422


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/figures?by=nonsense", 422),
        ("/api/v1/figures?from=nonsense", 422),
        ("/api/v1/figures?as_of=2099-01-01T00:00Z", 422),
        ("/api/v1/figures?outlet=nonsense", 404),
        ("/api/v1/figures/nonsense", 404),
        ("/api/v1/figures/stories?after=nonsense", 422),
        ("/api/v1/figures/stories?limit=501", 400),
        ("/api/v1/figures/stories?limit=x", 400),
        ("/api/v1/figures/stories?stretch=fix", 404),
    ],
)
async def test_what_cannot_be_asked_is_a_problem_document(program: Browser, token: str, path: str, status: int) -> None:
    answer = await program.get(path, authorization=f"Bearer {token}", accept="application/json")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["detail"]


async def test_the_description_names_every_parameter_and_no_page(program: Browser) -> None:
    described = (await program.get("/schema/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    assert set(described["paths"]) == {"/api/v1/figures", "/api/v1/figures/{key}"}
    figures = {each["name"] for each in described["paths"]["/api/v1/figures"]["get"]["parameters"]}
    assert figures == {"from", "to", "as_of", "by", *(dimension.value for dimension in Dimension)}
