"""A city to try the services in: outlets with feeds on a real server, people of every role, a few units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Level, Role
from media_tracker.db.events import Origin as Who
from media_tracker.desk.service import Decision
from media_tracker.ingest.documents import Kind, Story
from media_tracker.ingest.service import FeedResult, Ingest
from media_tracker.outlets.documents import Feed, OutletKind, Platform
from media_tracker.problems.afterwards.facts import Found
from media_tracker.problems.afterwards.satisfaction import Answer
from media_tracker.problems.case import Basis, Channel, Outcome, Report
from media_tracker.problems.documents import Problem
from media_tracker.problems.service import NewProblem
from media_tracker.problems.steps import Command, Step
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.files.pictures import encoded, picture
from tests.services.origin import Item, Origin

XINHUA, XIYUAN = "370303001001", "370303002001"
"""Two communities of one district, in different streets."""
CHECKS = frozenset({Step.VERIFY, Step.FAIL, Step.CONFIRM_NOTHING, Step.LOOK_BACK})
RUBBISH, PARKING, COVER = "201", "301", "102"
"""One working day, three working days, and twenty-four hours of danger."""


def actor(*roles: Role, units: Sequence[ObjectId] = (), level: Level = Level.CITY) -> Actor:
    return Actor(ObjectId(), frozenset(roles), units=frozenset(units), level=level)


@dataclass(slots=True)
class Scene:
    """The services, the outlets' server and the people; every method does what a person or an outlet would do."""

    services: Services
    origin: Origin
    clock: FakeClock
    unit: ObjectId
    other_unit: ObjectId
    editor: Actor
    publicity: Actor
    inspector: Actor
    official: Actor
    _numbers: count[int]
    _items: dict[str, list[Item]]

    @staticmethod
    async def set_up(services: Services, origin: Origin, clock: FakeClock) -> Scene:
        unit = await services.places.add_unit("环卫中心")
        other = await services.places.add_unit("交警大队")
        return Scene(
            services=services,
            origin=origin,
            clock=clock,
            unit=unit,
            other_unit=other,
            editor=actor(Role.EDITOR),
            publicity=actor(Role.PUBLICITY),
            inspector=actor(Role.INSPECTOR),
            official=actor(Role.OFFICIAL, units=[unit]),
            _numbers=count(1),
            _items={},
        )

    # Outlets

    async def feed(
        self,
        path: str = "/feed",
        outlet: str = "晨报",
        kind: OutletKind = OutletKind.NEWSPAPER,
        *,
        partner: bool = True,
        platform: Platform = Platform.WEB,
        demo: bool = False,
    ) -> Feed:
        """The feed at ``path``, subscribed to if it was not."""
        known = [each for each in await self.services.outlets.all() if each.name == outlet]
        outlet_id = (
            ObjectId(known[0].id)
            if known
            else await self.services.outlets.add_outlet(outlet, kind, partner=partner, demo=demo)
        )
        await self.services.outlets.add_feed(outlet_id, self.origin.url(path), path, platform, demo=demo)
        return await self.feed_at(path)

    async def feed_at(self, path: str) -> Feed:
        """The feed as it is stored now."""
        url = self.origin.url(path)
        return next(each for each in await self.services.outlets.feeds() if each.url == url)

    async def take_in(self, path: str = "/feed", ingest: Ingest | None = None) -> FeedResult:
        """Look at the feed at ``path`` now."""
        return await (ingest or self.services.ingest).take_in(await self.feed_at(path))

    async def stories(self) -> list[Story]:
        """Every story, oldest first."""
        rows = self.services.database["stories"].find().sort([("published_at", 1), ("_id", 1)])
        return [Story.model_validate(row) async for row in rows]

    async def story(
        self,
        title: str = "",
        text: str = "",
        *,
        at: datetime | None = None,
        outlet: str = "晨报",
        kind: OutletKind = OutletKind.NEWSPAPER,
        partner: bool = True,
        platform: Platform = Platform.WEB,
        demo: bool = False,
    ) -> Story:
        """A story that ``outlet`` publishes and that comes in by the ordinary way. What is not said of it is made up."""
        number = next(self._numbers)
        path = f"/{platform}/{outlet.encode().hex()}"
        await self.feed(path, outlet, kind, partner=partner, platform=platform, demo=demo)
        title = title or f"第{number}号来稿"
        items = self._items.setdefault(path, [])
        items.append(Item(title, text, guid=f"no-{number}", date=at or self.clock.now - timedelta(minutes=number)))
        self.origin.publish(path, *items)
        result = await self.take_in(path)
        assert (result.new, result.error) == (1, None)
        row = await self.services.database["stories"].find_one({"title": title}, sort=[("_id", -1)])
        assert row is not None
        story: Story = Story.model_validate(row)
        return story

    # The desk

    async def fresh(self, story: Story) -> Story:
        """The story as it is stored now."""
        assert story.id is not None
        return await self.services.stories.get(ObjectId(story.id))

    async def decide(self, story: Story, decision: Decision | Kind) -> Story:
        """What an editor who has just loaded the page decides."""
        story = await self.fresh(story)
        chosen = decision if isinstance(decision, Decision) else Decision(decision, RUBBISH, XINHUA, "新华社区3号楼")
        return await self.services.desk.decide(str(story.id), story.version, chosen, self.editor, self.who(self.editor))

    async def exposure(self, title: str = "", text: str = "", **published: object) -> Story:
        """A story that an editor has called an exposure."""
        return await self.decide(await self.story(title, text, **published), Kind.EXPOSURE)  # type: ignore[arg-type]

    async def expose(self, story: Story, **differently: object) -> Problem:
        """Register the problem that a story exposes: the usual one, but for what is given."""
        story = await self.fresh(story)
        wanted = replace(self.new_problem(), **differently)  # type: ignore[arg-type]
        return await self.services.desk.expose(str(story.id), story.version, wanted, self.editor, self.who(self.editor))

    async def attach(self, story: Story, problem: Problem) -> Problem:
        """Tie a story to a problem that is known."""
        story = await self.fresh(story)
        return await self.services.desk.attach(
            str(story.id), story.version, problem.number, self.editor, self.who(self.editor)
        )

    def new_problem(self) -> NewProblem:
        return NewProblem("", "垃圾堆放无人清运", "新华社区3号楼", RUBBISH, XINHUA)

    async def exposed(self, **published: object) -> Problem:
        """A problem that a story has brought in just now."""
        return await self.expose(await self.exposure(**published))  # type: ignore[arg-type]

    def who(self, person: Actor) -> Who:
        return Who(actor=person.user_id)

    # The life of a problem

    async def act(self, problem: Problem, command: Command, person: Actor) -> Problem:
        """Take one step, by somebody who has just loaded the page; who looks takes a photo."""
        if command.step in CHECKS and command.basis is Basis.ON_SITE and not command.after:
            command = replace(command, after=(await self.photo(),))
        now = await self.services.problems.get(problem.number)
        services = self.services
        take = services.look_backs.look_back if command.step is Step.LOOK_BACK else services.problems.act
        return await take(problem.number, now.case.version, command, person, self.who(person))

    async def photo(self, colour: str = "RGB") -> ObjectId:
        """A photo that has been sent, and that nothing needs yet."""
        kept = await self.services.files.save_image(encoded(picture(mode=colour)), "a.jpg", None, "evidence")
        return kept.id

    def step(self, step: Step, **given: object) -> Command:
        """A step with everything that it needs, unless ``given`` differently."""
        now = self.clock.now
        usual: dict[Step, dict[str, object]] = {
            Step.ASSIGN: {"unit_id": self.unit},
            Step.CLAIM: {"outcome": Outcome.RESOLVED, "fixed_at": now, "text": "已清运"},
            Step.VERIFY: {"verified_outcome": Outcome.RESOLVED, "on_site": True, "text": "到场看过"},
            Step.FAIL: {"on_site": True, "text": "仍有垃圾"},
            Step.CONFIRM_NOTHING: {"on_site": True, "text": "没有"},
            Step.LOOK_BACK: {"found": Found.HOLDS, "on_site": True, "text": "回头看，保持良好"},
            Step.SATISFACTION: {"satisfaction": Answer.SATISFIED},
            Step.DEFER: {"text": "待改造", "review_at": now + timedelta(days=60)},
            Step.EXTEND: {"text": "雨天", "due_at": now + timedelta(days=20)},
        }
        return Command(step=step, at=now, **{"text": "事由", **usual.get(step, {}), **given})  # type: ignore[arg-type]

    async def assigned(self, problem: Problem) -> Problem:
        return await self.act(problem, self.step(Step.ASSIGN), self.editor)

    async def claimed(self, problem: Problem) -> Problem:
        """The unit in charge, put in charge if need be, says that it is done."""
        if problem.case.unit_id is None:
            problem = await self.assigned(problem)
        self.clock.advance(hours=1)
        return await self.act(problem, self.step(Step.CLAIM, after=(await self.photo(),)), self.official)

    async def verified(self, problem: Problem) -> Problem:
        problem = await self.claimed(problem)
        self.clock.advance(hours=1)
        return await self.act(problem, self.step(Step.VERIFY), self.inspector)

    async def closed(self, problem: Problem) -> Problem:
        problem = await self.verified(problem)
        self.clock.advance(hours=1)
        return await self.act(problem, self.step(Step.CLOSE), self.editor)

    def report(self, channel: Channel, **given: object) -> Report:
        """What another channel tells now."""
        now = self.clock.now
        values = {"id": ObjectId(), "channel": channel, "occurred_at": now, "received_at": now, **given}
        return Report.model_validate(values)
