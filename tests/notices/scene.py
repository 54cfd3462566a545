"""A city in which people hear of things: everybody with an address, and one turn of what a worker does."""

from __future__ import annotations

from dataclasses import dataclass

from bson import ObjectId

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import User
from media_tracker.db.connection import Json
from media_tracker.db.events import Origin
from media_tracker.problems.documents import Problem
from media_tracker.problems.steps import Command, Step
from media_tracker.web.notices.letters import LetterWriter
from media_tracker.web.render import pages_in
from media_tracker.wiring import Services
from tests.web.problem_scene import City


@dataclass(slots=True)
class Town:
    """The city, its people, and what has become of notices and letters."""

    city: City
    official: User
    editor: User
    publicity: User
    inspector: User

    @property
    def services(self) -> Services:
        return self.city.services

    async def person(self, name: str, *roles: Role, units: tuple[ObjectId, ...] = (), mail: bool = True) -> User:
        user = await self.city.user(name, *roles, units=units)
        return await self.services.accounts.set_mail(user.actor(), f"{name}@example.org") if mail else user

    async def act(self, problem: Problem, step: Step, who: User, **given: object) -> Problem:
        """Take a step, as ``who``, now."""
        command = Command(step, self.city.clock(), **{"text": "because", **given})  # type: ignore[arg-type]
        now = await self.services.problems.get(problem.number)
        return await self.services.problems.act(
            problem.number, now.case.version, command, who.actor(), Origin(who.object_id)
        )

    async def assigned(self, title: str = "Rubbish behind the market") -> Problem:
        """A problem that the editor has given to the cleaners."""
        return await self.act(await self.city.problem(title), Step.ASSIGN, self.editor, unit_id=self.city.cleaners)

    async def turn(self) -> None:
        """What a worker does to notices, once."""
        await self.services.notifier.follow()
        await self.services.notifier.remind()

    async def post(self) -> int:
        """What a worker does to letters, once, but for sending them."""
        pages = pages_in(self.services.settings.zone)
        return await self.services.posting.turn(LetterWriter(self.services, pages).compose)

    async def told(self, who: User | None = None) -> list[str]:
        """Kinds of the notices that somebody has (for None: of outlets), in the order in which they were written."""
        query = {"user_id": who.object_id if who is not None else None}
        return [row["kind"] async for row in self.services.database["notices"].find(query).sort("_id", 1)]

    async def letters(self) -> list[Json]:
        """Letters that wait in the outbox, oldest first."""
        return await self.services.database["outbox"].find({"state": "waiting"}).sort("_id", 1).to_list()


async def build_town(city: City) -> Town:
    """The city's people: an official of the cleaners, an editor, publicity staff and an inspector."""
    town = Town(city, *[None] * 4)  # type: ignore[arg-type]  # they are made by its own means
    town.official = await town.person("olga", Role.OFFICIAL, units=(city.cleaners,))
    town.editor = await town.person("edith", Role.EDITOR)
    town.publicity = await town.person("paul", Role.PUBLICITY)
    town.inspector = await town.person("ines", Role.INSPECTOR)
    return town
