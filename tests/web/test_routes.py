"""Every route as every role and as nobody.

The table says who may; it is written by hand and not derived from the guards. A route that is not in it fails, and so does a
line for a route that is no more. A new page adds its line to ``WHO``.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Final

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import User
from media_tracker.db.connection import Database
from media_tracker.web import live
from media_tracker.web.visitor import SESSION_COOKIE
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.web.admin_scene import add_user, browser_of, make_services, put_regions
from tests.web.browser import Browser
from tests.web.serving import application

Who = frozenset[Role] | None
"""Roles that may; None: everybody, a stranger too."""

ANYONE: Final[Who] = None
SIGNED_IN: Final[Who] = frozenset(Role)
EDITORS: Final[Who] = frozenset({Role.EDITOR})
DISPATCHERS: Final[Who] = frozenset({Role.EDITOR, Role.PUBLICITY})
LOOKERS_BACK: Final[Who] = frozenset({Role.INSPECTOR, Role.PUBLICITY})
PUBLICITY: Final[Who] = frozenset({Role.PUBLICITY})
HANDLERS: Final[Who] = frozenset({Role.EDITOR, Role.PUBLICITY, Role.OFFICIAL})
ADMINS: Final[Who] = frozenset({Role.ADMIN})
KEEPERS: Final[Who] = frozenset({Role.EDITOR, Role.ADMIN})
CAMERA_READERS: Final[Who] = frozenset({Role.INSPECTOR, Role.ADMIN})
OWNERS: Final[Who] = frozenset({Role.PUBLICITY, Role.ADMIN})

WHO: Final[dict[str, Who]] = {
    # operations
    "GET /healthz": ANYONE,
    "GET /readyz": ANYONE,
    "GET /metrics": ADMINS,
    "GET /events": SIGNED_IN,
    "GET /events/since": SIGNED_IN,
    "GET /notices/bell": SIGNED_IN,
    "GET /files/{file_id:str}": SIGNED_IN,
    "GET /{path:path}": ANYONE,
    "POST /{path:path}": ANYONE,
    "GET /static/{file_path:path}": ANYONE,
    "HEAD /static/{file_path:path}": ANYONE,
    # account
    "GET /login": ANYONE,
    "POST /login": ANYONE,
    "POST /logout": SIGNED_IN,
    "GET /account": SIGNED_IN,
    "POST /account/password": SIGNED_IN,
    "POST /account/sign-out-everywhere": SIGNED_IN,
    "POST /preferences": ANYONE,
    "POST /account/notices": SIGNED_IN,
    "GET /notices": SIGNED_IN,
    "POST /notices/read": SIGNED_IN,
    "POST /notices/{notice_id:str}/read": SIGNED_IN,
    "POST /notices/{notice_id:str}/open": SIGNED_IN,
    # public
    "GET /": ANYONE,
    "GET /releases/{number:str}": ANYONE,
    "GET /releases/{number:str}/{key:str}": ANYONE,
    # stories and the desk
    "GET /desk": EDITORS,
    "GET /desk/search": EDITORS,
    "GET /desk/quality": KEEPERS,
    "GET /desk/quality.csv": KEEPERS,
    "GET /desk/quality/looks": KEEPERS,
    "GET /desk/quality/suggestions": KEEPERS,
    "POST /desk/quality/share": ADMINS,
    "GET /desk/quality/disputes": EDITORS,
    "GET /desk/quality/disputes/{story_id:str}": EDITORS,
    "POST /desk/quality/disputes/{story_id:str}": EDITORS,
    "GET /desk/done": EDITORS,
    "POST /desk/undo/{row_id:str}": KEEPERS,
    "POST /desk/{story_id:str}/claim": EDITORS,
    "POST /desk/{story_id:str}/release": EDITORS,
    "POST /desk/{story_id:str}/break": KEEPERS,
    "POST /desk/{story_id:str}/snooze": EDITORS,
    "POST /desk/{story_id:str}/wake": EDITORS,
    "GET /desk/queues": EDITORS,
    "POST /desk/queues": EDITORS,
    "POST /desk/queues/{queue_id:str}/choose": EDITORS,
    "POST /desk/queues/{queue_id:str}/delete": EDITORS,
    "GET /desk/bulk": EDITORS,
    "POST /desk/bulk": EDITORS,
    "GET /desk/bulk/{run_id:str}": EDITORS,
    "POST /desk/bulk/{run_id:str}/keep": EDITORS,
    "POST /desk/bulk/{run_id:str}/undo": EDITORS,
    "POST /desk/{story_id:str}/decide": EDITORS,
    "POST /desk/{story_id:str}/reprints": EDITORS,
    "POST /desk/{story_id:str}/expose": EDITORS,
    "POST /desk/{story_id:str}/nowhere": EDITORS,
    "POST /desk/{story_id:str}/deed": EDITORS,
    "GET /stories": SIGNED_IN,
    "GET /stories/{story_id:str}": SIGNED_IN,
    "POST /stories/{story_id:str}/attach": EDITORS,
    "POST /stories/{story_id:str}/withdraw": EDITORS,
    "POST /stories/{story_id:str}/format": EDITORS,
    "GET /stories/new": EDITORS,
    "POST /stories/new": EDITORS,
    "GET /outlets/{outlet_id:str}/sheet": EDITORS,
    "POST /outlets/{outlet_id:str}/sheet": EDITORS,
    "POST /outlets/{outlet_id:str}/sheet/take": EDITORS,
    # the API; it asks for a token, or for figures a session, itself
    "POST /api/v1/stories": ANYONE,
    "GET /api/v1/figures": ANYONE,
    "GET /api/v1/figures/{key:str}": ANYONE,
    "GET /schema": ANYONE,
    "GET /schema/openapi.json": ANYONE,
    "GET /schema/{path:str}": ANYONE,
    "GET /admin/tokens": ADMINS,
    "POST /admin/tokens": ADMINS,
    "POST /admin/tokens/{token_id:str}/revoke": ADMINS,
    "GET /deeds": SIGNED_IN,
    "GET /deeds/{deed_id:str}": SIGNED_IN,
    "GET /deeds/{deed_id:str}/photos/{photo_id:str}": ANYONE,
    "GET /deeds/{deed_id:str}/edit": DISPATCHERS,
    "POST /deeds/{deed_id:str}/edit": EDITORS,
    "POST /deeds/{deed_id:str}/people": EDITORS,
    "POST /deeds/{deed_id:str}/people/{person_id:str}": DISPATCHERS,
    "POST /deeds/{deed_id:str}/photos": EDITORS,
    "POST /deeds/{deed_id:str}/photos/{photo_id:str}": EDITORS,
    "POST /deeds/{deed_id:str}/nominations": DISPATCHERS,
    "POST /deeds/{deed_id:str}/release": PUBLICITY,
    "GET /deeds/library": ANYONE,
    "GET /deeds/library/{deed_id:str}": ANYONE,
    "GET /deeds/nominations": DISPATCHERS,
    "POST /deeds/nominations": PUBLICITY,
    "GET /deeds/leads": DISPATCHERS,
    "POST /deeds/leads": DISPATCHERS,
    "GET /deeds/leads/new": DISPATCHERS,
    "GET /deeds/leads/{lead_id:str}": DISPATCHERS,
    "POST /deeds/leads/{lead_id:str}": DISPATCHERS,
    "POST /deeds/leads/{lead_id:str}/caller": DISPATCHERS,
    "POST /deeds/leads/{lead_id:str}/erase": DISPATCHERS,
    # problems; of the steps, the lifecycle says who may take which
    "GET /problems": SIGNED_IN,
    "GET /work": SIGNED_IN,
    "GET /areas": SIGNED_IN,
    "GET /problems/views": SIGNED_IN,
    "POST /problems/views": SIGNED_IN,
    "POST /problems/views/{view_id:str}/rename": SIGNED_IN,
    "POST /problems/views/{view_id:str}/delete": SIGNED_IN,
    "POST /problems/bulk": DISPATCHERS,
    "POST /problems/bulk/run": DISPATCHERS,
    "GET /problems/bulk/{run_id:str}": DISPATCHERS,
    "GET /problems/new": DISPATCHERS,
    "POST /problems/new": DISPATCHERS,
    "GET /problems/{number:str}": SIGNED_IN,
    "GET /problems/look-backs": LOOKERS_BACK,
    "GET /problems/{number:str}/follow-ups": DISPATCHERS,
    "GET /stories/revisits": DISPATCHERS,
    "GET /problems/{number:str}/reports": DISPATCHERS,
    "POST /problems/{number:str}/reports": DISPATCHERS,
    "GET /problems/{number:str}/merge": DISPATCHERS,
    "POST /problems/{number:str}/merge": DISPATCHERS,
    "POST /problems/{number:str}/merge/undo": DISPATCHERS,
    "GET /problems/{number:str}/split": DISPATCHERS,
    "POST /problems/{number:str}/split": DISPATCHERS,
    "GET /problems/{number:str}/correct": DISPATCHERS,
    "POST /problems/{number:str}/correct": DISPATCHERS,
    "GET /problems/{number:str}/steps/{step:str}": SIGNED_IN,
    "POST /problems/{number:str}/steps/{step:str}": SIGNED_IN,
    # a unit's own work; whose it is, the rules of drafts and errands say
    "GET /problems/{number:str}/answer": SIGNED_IN,
    "POST /problems/{number:str}/answer": SIGNED_IN,
    "GET /problems/{number:str}/errands": SIGNED_IN,
    "POST /problems/{number:str}/errands": SIGNED_IN,
    "POST /problems/{number:str}/errands/{errand_id:str}": SIGNED_IN,
    "GET /e/{secret:str}": ANYONE,
    "POST /e/{secret:str}": ANYONE,
    "GET /e/{secret:str}/photos/{place:str}": ANYONE,
    # objections
    "GET /objections": PUBLICITY,
    "GET /objections/new": ANYONE,
    "POST /objections/new": ANYONE,
    "POST /objections/{objection_id:str}/stand": PUBLICITY,
    "POST /objections/{objection_id:str}/answer": PUBLICITY,
    "POST /objections/{objection_id:str}/contact": PUBLICITY,
    "GET /problems/{number:str}/objections": PUBLICITY,
    "POST /problems/{number:str}/objections": PUBLICITY,
    "GET /problems/{number:str}/photos/{photo_id:str}": SIGNED_IN,
    "GET /problems/{number:str}/photos/{photo_id:str}/black-out": SIGNED_IN,
    "POST /problems/{number:str}/photos/{photo_id:str}/black-out": SIGNED_IN,
    "POST /problems/{number:str}/photos/{photo_id:str}/original": ADMINS,
    "POST /problems/{number:str}/photos/{photo_id:str}/take-back": ADMINS,
    "GET /problems/{number:str}/evidence": CAMERA_READERS,
    # papers; whose orders are whose, the service says
    "GET /orders/new": DISPATCHERS,
    "POST /orders": DISPATCHERS,
    "GET /orders/{order_id:str}": HANDLERS,
    "GET /orders/{order_id:str}/order.docx": HANDLERS,
    "GET /problems/{number:str}/order": HANDLERS,
    "POST /problems/{number:str}/order": HANDLERS,
    "GET /problems/{number:str}/order.docx": HANDLERS,
    "GET /problems/{number:str}/dossier": SIGNED_IN,
    "GET /problems/{number:str}/dossier.docx": SIGNED_IN,
    "GET /dossiers": SIGNED_IN,
    "GET /dossiers/dossier.docx": SIGNED_IN,
    "GET /admin/papers": ADMINS,
    "GET /admin/papers/{paper:str}/{language:str}/template.docx": ADMINS,
    "GET /admin/papers/{paper:str}/{language:str}/sample.docx": ADMINS,
    "POST /admin/papers/{paper:str}/{language:str}": ADMINS,
    # figures
    "GET /monitor": SIGNED_IN,
    "GET /monitor/charts": SIGNED_IN,
    "GET /monitor/charts/part": SIGNED_IN,
    "GET /monitor/charts/{file:str}": SIGNED_IN,
    "GET /monitor/wall": SIGNED_IN,
    "GET /monitor/milestones": SIGNED_IN,
    "POST /monitor/milestones": PUBLICITY,
    "POST /monitor/milestones/{milestone_id:str}/remove": PUBLICITY,
    "GET /monitor/{name:str}": SIGNED_IN,
    "GET /monitor/definitions": SIGNED_IN,
    "GET /monitor/legacy": SIGNED_IN,
    "POST /monitor/legacy": PUBLICITY,
    "GET /monitor/legacy/{figure_id:str}": PUBLICITY,
    "POST /monitor/legacy/{figure_id:str}": PUBLICITY,
    "POST /monitor/legacy/{figure_id:str}/remove": PUBLICITY,
    "GET /bulletins": SIGNED_IN,
    "GET /bulletins/new": PUBLICITY,
    "POST /bulletins": PUBLICITY,
    "GET /bulletins/{number:str}": SIGNED_IN,
    "GET /exports": SIGNED_IN,
    "GET /schedules": SIGNED_IN,
    "POST /schedules": SIGNED_IN,
    "POST /schedules/{schedule_id:str}/{act:str}": SIGNED_IN,
    "POST /exports": SIGNED_IN,
    "GET /exports/{name:str}": SIGNED_IN,
    "GET /exports/jobs/{job_id:str}": SIGNED_IN,
    "GET /exports/jobs/{job_id:str}/file": SIGNED_IN,
    "POST /exports/jobs/{job_id:str}/stop": SIGNED_IN,
    "GET /bulletins/{number:str}/bulletin.docx": SIGNED_IN,
    "POST /bulletins/{number:str}/errata": PUBLICITY,
    "POST /bulletins/drafts": PUBLICITY,
    "GET /bulletins/drafts/{draft_id:str}": PUBLICITY,
    "GET /bulletins/drafts/{draft_id:str}/bulletin.docx": PUBLICITY,
    "POST /bulletins/drafts/{draft_id:str}": PUBLICITY,
    "POST /bulletins/drafts/{draft_id:str}/discard": PUBLICITY,
    "POST /bulletins/drafts/{draft_id:str}/release": PUBLICITY,
    # outlets and projects
    "GET /outlets": SIGNED_IN,
    "POST /outlets": ADMINS,
    "POST /outlets/import": ADMINS,
    "GET /outlets/export.opml": ADMINS,
    "GET /outlets/{outlet_id:str}": SIGNED_IN,
    "POST /outlets/{outlet_id:str}/partner": ADMINS,
    "POST /outlets/{outlet_id:str}/contact": ADMINS,
    "POST /outlets/{outlet_id:str}/feeds": ADMINS,
    "GET /outlets/{outlet_id:str}/feeds/look": ADMINS,
    "POST /outlets/{outlet_id:str}/feeds/look": ADMINS,
    "GET /outlets/{outlet_id:str}/feeds/{feed_id:str}": SIGNED_IN,
    "POST /outlets/{outlet_id:str}/feeds/{feed_id:str}": ADMINS,
    "POST /outlets/{outlet_id:str}/feeds/{feed_id:str}/notice": KEEPERS,
    "POST /outlets/{outlet_id:str}/feeds/{feed_id:str}/read": KEEPERS,
    "POST /outlets/{outlet_id:str}/feeds/{feed_id:str}/active": ADMINS,
    "GET /projects": SIGNED_IN,
    "POST /projects": OWNERS,
    "GET /projects/{project_id:str}": SIGNED_IN,
    "GET /projects/{project_id:str}/edit": OWNERS,
    "POST /projects/{project_id:str}": OWNERS,
    "POST /projects/{project_id:str}/end": OWNERS,
    # administration
    "GET /admin": ADMINS,
    "GET /admin/users": ADMINS,
    "GET /admin/users/new": ADMINS,
    "POST /admin/users": ADMINS,
    "GET /admin/users/{user_id:str}": ADMINS,
    "POST /admin/users/{user_id:str}/duties": ADMINS,
    "POST /admin/users/{user_id:str}/active": ADMINS,
    "POST /admin/users/{user_id:str}/password": ADMINS,
    "POST /admin/users/{user_id:str}/sign-out": ADMINS,
    "GET /admin/units": ADMINS,
    "POST /admin/units": ADMINS,
    "POST /admin/units/{unit_id:str}/active": ADMINS,
    "POST /admin/units/{unit_id:str}/reviews": ADMINS,
    "GET /admin/regions": ADMINS,
    "POST /admin/regions/{code:str}": ADMINS,
    "GET /admin/audit": ADMINS,
    "GET /admin/categories": ADMINS,
    "GET /admin/categories/{code:str}": ADMINS,
    "POST /admin/categories/{code:str}": ADMINS,
    "GET /admin/clocks": ADMINS,
    "POST /admin/clocks": ADMINS,
    "GET /admin/clocks/new": ADMINS,
    "GET /admin/clocks/{line:str}": ADMINS,
    "POST /admin/clocks/try": ADMINS,
    "GET /admin/responsibilities": ADMINS,
    "POST /admin/responsibilities": ADMINS,
    "POST /admin/responsibilities/take": ADMINS,
    "GET /admin/responsibilities/rows/new": ADMINS,
    "POST /admin/responsibilities/rows/new": ADMINS,
    "GET /admin/responsibilities/rows/{row_id:str}": ADMINS,
    "POST /admin/responsibilities/rows/{row_id:str}/end": ADMINS,
    "POST /admin/responsibilities/rows/{row_id:str}/unit": ADMINS,
    "POST /admin/responsibilities/undo": ADMINS,
    "GET /admin/rules": KEEPERS,
    "GET /admin/rules/{table:str}": KEEPERS,
    "POST /admin/rules/{table:str}/try": KEEPERS,
    "POST /admin/rules/{table:str}": KEEPERS,
    "POST /admin/rules/editions/{number:str}/try": KEEPERS,
    "POST /admin/rules/editions/{number:str}": KEEPERS,
    "GET /admin/rules/editions/{number:str}": KEEPERS,
    "POST /admin/rules/editions/{number:str}/undo/try": KEEPERS,
    "POST /admin/rules/editions/{number:str}/undo": KEEPERS,
    "POST /admin/thresholds/try": KEEPERS,
    "POST /admin/thresholds": KEEPERS,
    "GET /admin/learning": KEEPERS,
    "POST /admin/learning/train": KEEPERS,
    "POST /admin/learning/use": ADMINS,
    "GET /websub/{token:str}": ANYONE,
    "POST /websub/{token:str}": ANYONE,
}

ENDS_THE_SESSION: Final = frozenset({"POST /logout", "POST /account/sign-out-everywhere"})
"""Asked last: they would make a stranger of the visitor."""
NO_FORMS: Final = frozenset({"POST /{path:path}", "POST /api/v1/stories", "POST /websub/{token:str}"})
DUMMY: Final = {"number": "1999-00001", "path": "no/such/page", "file_path": "no-such-file"}
NOBODYS_ID: Final = "64b7f0000000000000000001"
STAMP: Final = re.compile(r"\{(\w+):\w+\}")


def handlers(app: Litestar) -> Iterator[tuple[str, HTTPRouteHandler]]:
    """Every (``METHOD /path``, handler), without the OPTIONS that Litestar answers itself."""
    for route in app.routes:
        assert isinstance(route, HTTPRoute), f"{route.path}: this test knows no such kind of route"
        for handler in route.route_handlers:
            for method in handler.http_methods:
                if method != "OPTIONS":
                    yield f"{method} {route.path}", handler


@pytest.fixture
def services(database: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Services:
    monkeypatch.setattr(live, "LONGEST_SECONDS", 0.0)  # /events would go on for a quarter of an hour
    return make_services(database, clock, metrics_token="")


@pytest.fixture
def app(services: Services) -> Litestar:
    return application(services)


def dummy_path(stamp: str) -> str:
    return STAMP.sub(lambda found: DUMMY.get(found[1], NOBODYS_ID), stamp)


async def ask(browser: Browser, line: str, token: str) -> httpx.Response:
    """The route, with dummies for ids; a POST is an empty form with its CSRF token."""
    method, _, stamp = line.partition(" ")
    data = {"_csrf_token": token} if method == "POST" else None
    return await browser._http.request(method, dummy_path(stamp), data=data)


def is_sent_to_sign_in(answer: httpx.Response) -> bool:
    return answer.status_code == 303 and answer.headers["location"].startswith("/login?next=")


def in_order(lines: Sequence[str]) -> list[str]:
    return sorted(lines, key=lambda line: line in ENDS_THE_SESSION)


def test_every_route_is_in_the_table_and_every_line_of_the_table_is_a_route(app: Litestar) -> None:
    assert {line for line, _ in handlers(app)} == set(WHO)


def test_every_route_says_aloud_who_may_open_it(app: Litestar) -> None:
    unguarded = [line for line, handler in handlers(app) if not handler.resolve_guards()]
    assert unguarded == []


def test_nothing_that_changes_something_is_asked_by_get(app: Litestar) -> None:
    assert {line.partition(" ")[0] for line, _ in handlers(app)} <= {"GET", "HEAD", "POST"}


async def test_nobody_gets_in_where_an_account_is_needed(services: Services) -> None:
    wrong = {}
    async with await browser_of(services, None) as stranger:
        token = await stranger.token()
        for line, who in WHO.items():
            answer = await ask(stranger, line, token)
            refused = is_sent_to_sign_in(answer)
            if refused is (who is ANYONE) or (answer.status_code >= 500 and line != "GET /readyz"):
                wrong[line] = answer.status_code
    assert wrong == {}


async def test_a_program_without_an_account_is_told_so(services: Services) -> None:
    async with await browser_of(services, None) as stranger:
        for line, who in WHO.items():
            if who is not ANYONE and line.startswith("GET "):
                answer = await stranger.get(dummy_path(line[4:]), accept="application/json")
                assert answer.status_code == 401, line


@pytest.mark.parametrize("role", Role)
async def test_a_role_opens_what_is_its_own_and_nothing_else(services: Services, role: Role) -> None:
    await put_regions(services)
    user: User = await add_user(services, role)
    await add_user(services, Role.ADMIN, username="another_admin")
    wrong: dict[str, Any] = {}
    async with await browser_of(services, user) as browser:
        token = await browser.token()
        for line in in_order(list(WHO)):
            who = WHO[line]
            answer = await ask(browser, line, token)
            allowed = who is ANYONE or role in (who or ())
            opened = answer.status_code != 403 and not is_sent_to_sign_in(answer)
            if opened is not allowed or (answer.status_code >= 500 and line != "GET /readyz"):
                wrong[line] = answer.status_code
            if line in ENDS_THE_SESSION:
                session = await services.sessions.open(await services.accounts.get(str(user.id)))
                browser.cookies.set(SESSION_COOKIE, session, domain="testserver.local")
    assert wrong == {}


@pytest_asyncio.fixture
async def jack_of_all_trades(services: Services) -> AsyncIterator[Browser]:
    """Somebody with every role."""
    await put_regions(services)
    async with await browser_of(services, await add_user(services, *Role, username="everybody")) as browser:
        yield browser


async def test_every_form_answers_nonsense_with_a_sentence(jack_of_all_trades: Browser) -> None:
    browser = jack_of_all_trades
    nonsense = dict.fromkeys(
        ("name", "outlet", "version", "kind", "starts", "url", "backs", "body", "unit", "due", "reason"),
        "\u202e<script>alert(1)</script>",
    )
    wrong = {}
    for line in WHO:
        method, _, stamp = line.partition(" ")
        if method != "POST" or line in ENDS_THE_SESSION or line in NO_FORMS:
            continue
        answer = await browser.post(dummy_path(stamp), nonsense)
        if answer.status_code not in {303, 404, 409, 422} or "<script>alert" in answer.text:
            wrong[line] = answer.status_code
    assert wrong == {}
