"""People of every role, a few units and regions, and browsers that are signed in as somebody."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from typing import Any

from argon2 import PasswordHasher
from bson import ObjectId

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import User
from media_tracker.accounts.duties import Duties
from media_tracker.accounts.passwords import Passwords
from media_tracker.db.connection import Database
from media_tracker.logs import configure
from media_tracker.places.regions import Region
from media_tracker.settings import Settings
from media_tracker.web.visitor import SESSION_COOKIE
from media_tracker.wiring import Services, assemble, open_fetcher
from tests.fake_clock import FakeClock
from tests.web.browser import Browser

PASSWORD = "correct horse battery"
METRICS_TOKEN = "a-token-for-the-collector"
CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))

REGIONS = (
    Region("9901", "示例市", "city", None),
    Region("990101", "东城区", "district", "9901"),
    Region("990102", "西城区", "district", "9901"),
    Region("9901GX", "示例高新区", "district", "9901"),
    Region("990101001", "河畔街道", "subdistrict", "990101"),
    Region("990102001", "松林街道", "subdistrict", "990102", ("松林街办",)),
    Region("990101001001", "清泉社区", "community", "990101001"),
    Region("990102001001", "清泉社区", "community", "990102001"),
)


def make_services(database: Database, clock: FakeClock, **settings: object) -> Services:
    """Every service on ``database``, as the application wires them; only the hashing is cheap."""
    given: dict[str, Any] = {
        "secret_key": "a key for tests",
        "allowed_hosts": "testserver",
        "log_format": "json",
        "metrics_token": METRICS_TOKEN,
        **settings,
    }
    chosen = Settings(_env_file=None, **given)
    return assemble(chosen, database, open_fetcher(chosen), clock, CHEAP)


async def put_regions(services: Services) -> None:
    """A city of two districts and a zone."""
    await services.places.put_regions(REGIONS)


async def add_user(services: Services, *roles: Role, username: str = "", must_change: bool = False) -> User:
    """A user with ``roles``; an official works in a unit of their own."""
    name = username or "_".join(role.value for role in roles)
    units: tuple[ObjectId, ...] = ()
    if Role.OFFICIAL in roles:
        units = (await services.places.add_unit(f"unit of {name}"),)
    duties = Duties(frozenset(roles), unit_ids=units)
    added = await services.accounts.add_user(
        name, name.title(), duties, password=PASSWORD, must_change_password=must_change
    )
    return added.user


async def browser_of(services: Services, user: User | None, *, client: str = "203.0.113.9") -> Browser:
    """A browser in which ``user`` is signed in already; for None nobody is."""
    browser = Browser(services, client=client)
    if user is not None:
        token = await services.sessions.open(user)
        browser.cookies.set(SESSION_COOKIE, token, domain="testserver.local")
    return browser


async def browser_as(services: Services, *roles: Role) -> Browser:
    """A browser in which a new user with ``roles`` is signed in; without roles nobody is."""
    return await browser_of(services, await add_user(services, *roles) if roles else None)


@dataclass(slots=True)
class Log:
    """What a process wrote to its log."""

    stream: io.StringIO

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The entries, which are JSON."""
        return [json.loads(line) for line in self.text.splitlines()]


@contextmanager
def captured_log() -> Iterator[Log]:
    """The log of the applications that are made inside: logging goes to the standard error of the moment it is set up."""
    stream = io.StringIO()
    try:
        with redirect_stderr(stream):
            yield Log(stream)
    finally:
        configure("console")
