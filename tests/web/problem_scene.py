"""A small city with problems in it: units above and beside each other, people of every role, an outlet, real photos."""

from __future__ import annotations

import io
from dataclasses import dataclass

from argon2 import PasswordHasher
from bson import ObjectId
from PIL import Image

from media_tracker.accounts.actor import Level, Role
from media_tracker.accounts.documents import User
from media_tracker.accounts.duties import Duties
from media_tracker.accounts.passwords import Passwords
from media_tracker.db.connection import Database
from media_tracker.db.events import SYSTEM
from media_tracker.outlets.documents import OutletKind
from media_tracker.places.regions import Region
from media_tracker.problems.case import Basis, Channel, Outcome, Report, Severity, State
from media_tracker.problems.documents import Problem
from media_tracker.problems.service import NewProblem
from media_tracker.problems.steps import Command, Step
from media_tracker.settings import Settings
from media_tracker.taxonomy.categories import read_categories
from media_tracker.web.visitor import SESSION_COOKIE
from media_tracker.wiring import Services, assemble, open_fetcher
from tests.fake_clock import FakeClock
from tests.web.browser import Browser, Files

REGIONS = (
    Region("9901", "示例市", "city", None),
    Region("990101", "东城区", "district", "9901", ("东城",)),
    Region("990102", "西城区", "district", "9901"),
    Region("990101001", "河畔街道", "subdistrict", "990101", ("河畔",)),
    Region("990101002", "山前街道", "subdistrict", "990101"),
    Region("990101001001", "清泉社区", "community", "990101001"),
    Region("990101002001", "清泉社区", "community", "990101002"),
)
CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
CATEGORY = "202"
"""卫生死角: three working days."""


def photo(colour: str = "green", kind: str = "JPEG") -> bytes:
    """A real picture."""
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, kind)
    return out.getvalue()


def photos(*named: tuple[str, str, bytes]) -> Files:
    """Files of a form: (field, file name, content)."""
    return [(name, (filename, content, "image/jpeg")) for name, filename, content in named]


@dataclass(slots=True)
class City:
    """Everybody and everything, and the services that they use."""

    services: Services
    clock: FakeClock
    cleaners: ObjectId
    bureau: ObjectId
    """Above the cleaners."""
    roads: ObjectId
    patrol: ObjectId
    outlet: ObjectId

    async def user(self, name: str, *roles: Role, units: tuple[ObjectId, ...] = (), level: Level = Level.CITY) -> User:
        """A person; their display name is ``name`` with a capital."""
        duties = Duties(frozenset(roles), unit_ids=units, level=level)
        return (await self.services.accounts.add_user(name, name.capitalize(), duties, must_change_password=False)).user

    async def browser(self, user: User | None) -> Browser:
        """A browser in which ``user`` is signed in; for None nobody is."""
        browser = Browser(self.services)
        if user is not None:
            token = await self.services.sessions.open(user)
            browser.cookies.set(SESSION_COOKIE, token, domain="testserver.local")
        return browser

    async def problem(
        self,
        title: str = "Rubbish behind the market",
        *,
        category: str = CATEGORY,
        region: str | None = "990101001",
        severity: Severity = Severity.NORMAL,
        exposed: bool = True,
        number: str | None = None,
    ) -> Problem:
        """A registered problem, exposed by the outlet a moment ago."""
        problems = self.services.problems
        now = self.clock()
        channel = Channel.EXPOSURE if exposed else Channel.TICKET
        report = Report(
            id=ObjectId(),
            channel=channel,
            occurred_at=now,
            received_at=now,
            outlet_id=self.outlet if exposed else None,
            partner=exposed,
            outside_number=number,
        )
        new = NewProblem(await problems.draw_number(), title, "North gate, River Street", category, region, severity)
        dispatcher = await self._somebody("dispatcher", Role.EDITOR)
        return await problems.register(new, [report], dispatcher.actor(), SYSTEM)

    async def act(self, problem: Problem, command: Command, who: User) -> Problem:
        """Take a step past the pages."""
        number, version = problem.number, problem.case.version
        return await self.services.problems.act(number, version, command, who.actor(), SYSTEM)

    async def assigned(self, *, to: ObjectId | None = None, co: tuple[ObjectId, ...] = ()) -> Problem:
        """A problem that the cleaners, or ``to``, are in charge of."""
        editor = await self._somebody("dispatcher", Role.EDITOR)
        command = Command(Step.ASSIGN, self.clock(), unit_id=to or self.cleaners, co_unit_ids=co)
        return await self.act(await self.problem(), command, editor)

    async def claimed(self, by: User) -> Problem:
        """A problem that ``by`` has reported fixed, an hour after it was exposed."""
        problem = await self.assigned()
        self.clock.advance(hours=2)
        saved = await self.services.files.save_image(photo(), "after.jpg", by.object_id, "problem")
        command = Command(
            Step.CLAIM,
            self.clock(),
            text="Swept and fenced.",
            outcome=Outcome.RESOLVED,
            fixed_at=self.clock.now,
            after=(saved.id,),
        )
        return await self.act(problem, command, by)

    async def verified(self, by: User, inspector: User) -> Problem:
        """A problem whose fix ``inspector`` has verified."""
        claimed = await self.claimed(by)
        saved = await self.services.files.save_image(photo("blue"), "check.jpg", inspector.object_id, "problem")
        command = Command(
            Step.VERIFY,
            self.clock(),
            text="Clean.",
            verified_outcome=Outcome.RESOLVED,
            on_site=True,
            basis=Basis.ON_SITE,
            after=(saved.id,),
        )
        return await self.act(claimed, command, inspector)

    async def state(self, number: str) -> State:
        return (await self.services.problems.get(number)).case.state

    async def kept_files(self) -> int:
        """How many files there are, thumbnails counted."""
        return await self.services.database["files.files"].count_documents({})

    async def _somebody(self, name: str, *roles: Role) -> User:
        return await self.services.accounts.find_by_username(name) or await self.user(name, *roles)


async def build_city(database: Database, clock: FakeClock) -> City:
    """The city, before anything has happened in it."""
    settings = Settings(  # type: ignore[call-arg]  # pydantic-settings' own argument
        _env_file=None, secret_key="a key for tests", allowed_hosts="testserver", log_format="json"
    )
    services = assemble(settings, database, open_fetcher(settings), clock, CHEAP)
    await services.places.put_regions(REGIONS)
    await services.taxonomy.put(read_categories())
    bureau = await services.places.add_unit("Bureau of hygiene")
    cleaners = await services.places.add_unit("Street cleaners", parent=bureau)
    roads = await services.places.add_unit("Road works")
    patrol = await services.places.add_unit("Citizens' patrol")
    outlet = await services.outlets.add_outlet("Evening News", OutletKind.NEWSPAPER, partner=True)
    return City(services, clock, cleaners, bureau, roads, patrol, outlet)
