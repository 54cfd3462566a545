"""A walk along the links of the whole site, filled with the sample data: no link is dead, and no page has anything inline."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
import pytest_asyncio
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from media_tracker.accounts.actor import Role
from media_tracker.app import create_app
from media_tracker.db.connection import Database
from media_tracker.demo.captures import HOST, CaptureServer
from media_tracker.demo.seed import Seeder
from media_tracker.demo.timetable import Timetable
from media_tracker.locate import feeds_dir
from media_tracker.net.fetch import Fetcher
from media_tracker.settings import Settings
from media_tracker.wiring import Services, assemble
from tests.fake_clock import FakeClock
from tests.web.admin_scene import CHEAP, browser_of, make_services
from tests.web.browser import Browser

pytestmark = pytest.mark.slow

PER_ROUTE = 6
"""Pages of one route that are looked at; they differ in their data only."""
NO_PAGE = frozenset(
    {
        "/events",
        "/desk/search",
        "/desk/bulk/{run_id:str}",
        "/desk/quality/disputes/{story_id:str}",
        "/admin/rules/editions/{number:str}",
        "/events/since",
        "/monitor/charts/part",
        "/notices/bell",
        "/healthz",
        "/api/v1/figures",
        "/api/v1/figures/{key:str}",
        "/schema",
        "/schema/openapi.json",
        "/schema/{path:str}",
        "/websub/{token:str}",
        "/readyz",
        "/metrics",
        "/login",
        "/{path:path}",
        "/static/{file_path:path}",
        "/problems/{number:str}/steps/{step:str}",
        "/dossiers/dossier.docx",
        "/exports/jobs/{job_id:str}",
        "/exports/jobs/{job_id:str}/file",
        "/bulletins/drafts/{draft_id:str}",
        "/bulletins/drafts/{draft_id:str}/bulletin.docx",
        "/bulletins/{number:str}/bulletin.docx",
        "/e/{secret:str}",
        "/problems/{number:str}/answer",
        "/problems/{number:str}/errands",
        "/problems/bulk/{run_id:str}",
        "/deeds/leads/new",
        "/deeds/{deed_id:str}/photos/{photo_id:str}",
        "/admin/responsibilities/rows/{row_id:str}",
        "/files/{file_id:str}",
        "/e/{secret:str}/photos/{place:str}",
    }
)
"""Routes that answer with something else, or that no link of a signed-in person leads to."""
PARTS_OF_ADDRESSES = re.compile(r"\{\w+:(\w+)\}")


@dataclass(slots=True)
class Faults(HTMLParser):
    """What a page must not have, and the links that it has."""

    found: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    headings: int = 0
    _form: bool | None = None
    """Whether the POST form that is open has shown its token yet; None outside of one."""

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.found += [f"<{tag} {name}>" for name in values if name == "style" or name.startswith(("on", "hx-on"))]
        self.found += [f"<{tag} {name}={value}>" for name, value in values.items() if "javascript:" in value.lower()]
        is_data = values.get("type") == "application/json"  # which nothing runs
        if tag == "style" or (tag == "script" and not is_data and not values.get("src", "").startswith("/static/")):
            self.found.append(f"<{tag}> inline or from elsewhere")
        if tag in {"img", "link", "iframe", "object", "embed"}:
            source = values.get("src") or values.get("href") or values.get("data", "")
            if not source.startswith(("/", "data:")) or source.startswith("//"):
                self.found.append(f"<{tag}> from elsewhere: {source}")
        if tag == "form" and values.get("method", "").lower() == "post":
            self._form = False
        if tag == "input" and values.get("name") == "_csrf_token" and values.get("value"):
            self._form = self._form is not None or None
        if tag == "a" and values.get("href", "").startswith("/"):
            self.links.append(values["href"].partition("#")[0])
        self.headings += tag == "h1"

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            if self._form is False:
                self.found.append("a POST form without a token")
            self._form = None


@pytest_asyncio.fixture
async def filled(database: Database, clock: FakeClock) -> Services:
    """The sample data, put in by the program's own means."""
    services = make_services(database, clock, host_gap=0)  # the clock stands still while a host would be waited for
    await services.migrator.migrate()
    today = clock.now.astimezone(services.settings.zone).date()
    folder = feeds_dir() / "captures"
    async with CaptureServer(folder, today, services.settings.zone, port=0) as captures:
        allow = frozenset({(HOST, captures.port)})
        async with Fetcher(user_agent="media-tracker/test", allow=allow, host_gap=0) as fetcher:
            timetable = Timetable(clock.now)
            simulated = assemble(services.settings, database, fetcher, timetable.clock, CHEAP)
            seeder = Seeder(simulated, timetable, folder, today, lambda _: None)
            await seeder.fill(captures.rebase((feeds_dir() / "partners.opml").read_bytes()))
    return services


@pytest_asyncio.fixture
async def everybody(filled: Services) -> AsyncIterator[Browser]:
    """The sample official, with every other role as well, signed in."""
    official = await filled.accounts.find_by_username("official")
    assert official is not None
    everything = {"$set": {"roles": sorted(Role)}}
    await filled.database["users"].update_one({"_id": official.id}, everything)
    async with await browser_of(filled, official) as browser:
        yield browser


def page_routes() -> dict[str, re.Pattern[str]]:
    """Every GET route that is a page, with the addresses that it answers."""
    app = create_app(Settings(_env_file=None, secret_key="none"))
    found = {}
    for route in app.routes:
        assert isinstance(route, HTTPRoute)
        if route.path not in NO_PAGE and any(_gets(handler) for handler in route.route_handlers):
            found[route.path] = re.compile(PARTS_OF_ADDRESSES.sub("[^/]+", route.path.replace(".", r"\.")))
    return found


def _gets(handler: HTTPRouteHandler) -> bool:
    return "GET" in handler.http_methods


async def test_no_link_is_dead_and_no_page_has_anything_inline(everybody: Browser) -> None:
    routes = page_routes()
    waiting = ["/", *(path for path in routes if "{" not in path)]
    seen, visits, wrong = set(waiting), Counter[str](), {}
    while waiting:
        address = waiting.pop(0)
        path = address.partition("?")[0]
        # the most special route first: /problems/new before /problems/{number}
        route = next(
            (each for each in sorted(routes, key=lambda r: r.count("{")) if routes[each].fullmatch(path)), path
        )
        if visits[route] >= PER_ROUTE:
            continue
        visits[route] += 1
        answer = await everybody.get(address)
        page = Faults()
        if answer.headers.get("content-type", "").startswith("text/html"):
            page.feed(answer.text)
            if page.headings != 1:
                page.found.append(f"{page.headings} main headings")
        if answer.status_code != 200 or page.found:
            wrong[address] = [answer.status_code, *page.found]
        new = [link.replace("&amp;", "&") for link in page.links]
        waiting += [link for link in dict.fromkeys(new) if link not in seen]
        seen.update(new)
    assert wrong == {}
    assert {route for route in routes if not visits[route]} == set(), "pages that no link leads to"
