"""A small campaign of three months, told through the services: problems at every stage, several outlets, districts and months."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.connection import Database
from media_tracker.db.events import SYSTEM
from media_tracker.deeds.documents import NewDeed
from media_tracker.desk.service import Decision
from media_tracker.ingest.documents import Disposition, Kind, Story
from media_tracker.monitor.facts import Period
from media_tracker.outlets.documents import OutletKind
from media_tracker.problems.case import Channel, Outcome, Report
from media_tracker.problems.documents import Problem
from media_tracker.problems.service import NewProblem
from media_tracker.problems.steps import Command, Step
from media_tracker.taxonomy.categories import read_categories
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.files.pictures import camera_jpeg
from tests.taken_in import take_in
from tests.web.admin_scene import make_services, put_regions

SHANGHAI = ZoneInfo("Asia/Shanghai")
YEAR = 2026
START, END = "2026-01-01", "2026-03-27"
QUARTER = Period(date.fromisoformat(START), date.fromisoformat(END))
OFFICE = Actor(ObjectId(), frozenset({Role.PUBLICITY}))
"""Who releases the figures of ``QUARTER``."""
EAST, WEST = "990101001", "990102001"
ROAD, LAMP, COVER, RUBBISH = "101", "103", "102", "201"
FORMULA = '=HYPERLINK("https://example.org","路面")'
"""A title as somebody might set a trap with."""


def at(moment: str) -> datetime:
    """``01-12 09:00`` of the campaign's year on the clocks of Shanghai."""
    return datetime.fromisoformat(f"{YEAR}-{moment.replace(' ', 'T')}").replace(tzinfo=SHANGHAI)


@dataclass(slots=True)
class Scene:
    """The campaign under way. Times are local; each happening moves the clock to its own."""

    services: Services
    clock: FakeClock
    outlets: dict[str, ObjectId] = field(default_factory=dict)
    feeds: dict[str, ObjectId] = field(default_factory=dict)
    unit: ObjectId = field(default_factory=ObjectId)
    editor: Actor = field(default_factory=lambda: Actor(ObjectId(), frozenset({Role.EDITOR})))
    office: Actor = field(default_factory=lambda: Actor(ObjectId(), frozenset({Role.PUBLICITY})))
    inspector: Actor = field(default_factory=lambda: Actor(ObjectId(), frozenset({Role.INSPECTOR})))
    official: Actor = field(default_factory=lambda: Actor(ObjectId(), frozenset({Role.OFFICIAL})))
    told: int = 0

    async def begin(self) -> None:
        """The tables that everything refers to."""
        self.clock.set(at("01-01 08:00"))
        await put_regions(self.services)
        await self.services.taxonomy.put(read_categories())
        self.unit = await self.services.places.add_unit("示例环卫处")
        self.official = Actor(ObjectId(), frozenset({Role.OFFICIAL}), units=frozenset({self.unit}))
        kinds = {"paper": OutletKind.NEWSPAPER, "radio": OutletKind.BROADCASTER, "blog": OutletKind.SELF_MEDIA}
        for name, kind in kinds.items():
            self.outlets[name] = await self.services.outlets.add_outlet(f"示例{name}", kind, partner=name == "paper")
            self.feeds[name] = ObjectId()

    async def story(
        self,
        outlet: str,
        moment: str,
        kind: Kind | None = Kind.EXPOSURE,
        *,
        category: str = ROAD,
        region: str | None = EAST,
        title: str = "",
        cluster: ObjectId | None = None,
        column: str = "",
    ) -> Story:
        """A story as the ingest saves it, an hour after it came out; decided to be of ``kind`` unless that is None."""
        self.told += 1
        published = at(moment)
        self.clock.set(published + timedelta(hours=1))
        story_id = ObjectId()
        story = Story(
            id=story_id,
            outlet_id=self.outlets[outlet],
            feed_id=self.feeds[outlet],
            key=str(self.told),
            url=f"https://{outlet}.example/{self.told}",
            title=title or f"稿件{self.told}",
            published_at=published,
            fetched_at=self.clock(),
            content_hash=str(self.told),
            cluster=cluster or story_id,
            column=column,
        )
        row = story.model_dump(by_alias=True, exclude={"id", "revision_id"})
        await take_in(self.services, {**row, "_id": story_id})
        if kind is None:
            return story
        decision = Decision(kind, category, region, "某路口")
        return await self.services.desk.decide(str(story_id), 1, decision, self.editor, SYSTEM)

    async def exposed(
        self,
        outlet: str,
        moment: str,
        *,
        category: str = ROAD,
        region: str | None = EAST,
        title: str = "",
        relapse_of: ObjectId | None = None,
        column: str = "",
    ) -> Problem:
        """A problem that a story has brought."""
        story = await self.story(outlet, moment, category=category, region=region, column=column)
        name = title or f"问题{self.told}"
        new = NewProblem("", name, f"{name}的地点", category, region, relapse_of=relapse_of)
        return await self.services.desk.expose(str(story.id), story.version, new, self.editor, SYSTEM)

    async def tied(self, problem: Problem, outlet: str, moment: str, kind: Kind = Kind.EXPOSURE) -> Story:
        """Another story of the same problem."""
        story = await self.story(outlet, moment, kind, category=problem.case.category, region=problem.case.region)
        await self.services.desk.attach(str(story.id), story.version, problem.number, self.editor, SYSTEM)
        return await self.services.stories.get(str(story.id))

    async def reported(self, channel: Channel, moment: str, outlet: str | None = None) -> Problem:
        """A problem that came by another door than a story."""
        self.clock.set(at(moment))
        report = Report(
            id=ObjectId(),
            channel=channel,
            occurred_at=self.clock(),
            received_at=self.clock(),
            outlet_id=self.outlets[outlet] if outlet else None,
            outside_number="12345-7" if channel is Channel.TICKET else None,
        )
        problems = self.services.problems
        new = NewProblem(await problems.draw_number(), f"来自{channel.value}", "某巷", LAMP, WEST)
        return await problems.register(new, [report], self.editor, SYSTEM)

    async def step(self, problem: Problem, step: Step, actor: Actor, moment: str, **given: Any) -> Problem:
        """One step of the lifecycle; who looks takes a photo."""
        if step in (Step.VERIFY, Step.FAIL, Step.CONFIRM_NOTHING) and "after" not in given:
            photo = await self.services.files.save_image(camera_jpeg(), "check.jpg", actor.user_id, "check")
            given["after"] = (photo.id,)
        self.clock.set(at(moment))
        current = await self.services.problems.get(problem.number)
        command = Command(step, self.clock(), text="说明", **given)
        return await self.services.problems.act(problem.number, current.case.version, command, actor, SYSTEM)

    async def assigned(self, problem: Problem, moment: str) -> Problem:
        return await self.step(problem, Step.ASSIGN, self.editor, moment, unit_id=self.unit)

    async def claimed(
        self, problem: Problem, moment: str, *, fixed: str = "", outcome: Outcome = Outcome.RESOLVED
    ) -> Problem:
        """The unit says that it is done, with a photo."""
        photo = await self.services.files.save_image(camera_jpeg(), "after.jpg", self.official.user_id, "after")
        fixed_at = at(fixed or moment)
        given: dict[str, Any] = {"outcome": outcome, "fixed_at": fixed_at, "after": (photo.id,)}
        return await self.step(problem, Step.CLAIM, self.official, moment, **given)

    async def verified(self, problem: Problem, moment: str) -> Problem:
        return await self.step(
            problem, Step.VERIFY, self.inspector, moment, verified_outcome=Outcome.RESOLVED, on_site=True
        )

    async def resolved(self, problem: Problem, assigned: str, claimed: str, verified: str, **given: Any) -> Problem:
        """All the way to closed."""
        await self.assigned(problem, assigned)
        await self.claimed(problem, claimed, **given)
        await self.verified(problem, verified)
        return await self.step(problem, Step.CLOSE, self.editor, verified)


@dataclass(frozen=True, slots=True)
class Campaign:
    """What later tests act on."""

    scene: Scene
    counted: Problem
    """Resolved via media, and still so."""
    told_by: Story
    """The story that exposed it."""
    withheld: Problem
    trap: Problem
    """Its title begins like a formula."""
    project: ObjectId
    """Of the paper's, for its column 曝光台."""


async def campaign(services: Services, clock: FakeClock) -> Campaign:
    """Three months with something of everything; it ends on 27 March at 18:00."""
    scene = Scene(services, clock)
    await scene.begin()
    days = date(YEAR, 1, 1), date(YEAR, 12, 31)
    project = await services.outlets.add_project(scene.outlets["paper"], "全城找问题", ["曝光台"], *days, 50)
    counted = await scene.exposed("paper", "01-12 08:00", column="曝光台", region=f"{EAST}001")
    await scene.resolved(counted, "01-12 10:00", "01-15 16:00", "01-16 10:00")
    both = await scene.exposed("paper", "01-20 08:00", category=RUBBISH)
    await scene.tied(both, "radio", "01-20 12:00")
    await scene.resolved(both, "01-20 15:00", "02-02 09:00", "02-03 09:00")
    hidden = await scene.exposed("radio", "02-05 08:00", category=LAMP, region=WEST)
    await scene.resolved(hidden, "02-05 10:00", "02-06 10:00", "02-07 10:00")
    await scene.step(hidden, Step.WITHHOLD, scene.office, "02-08 09:00")
    await _other_credit(scene)
    trap = await _under_way(scene)
    await _exits(scene)
    await _stories(scene)
    back = await scene.exposed("radio", "03-10 08:00", category=RUBBISH, relapse_of=both.case.id)
    await scene.assigned(back, "03-10 10:00")
    clock.set(at("03-27 18:00"))
    story_id = counted.case.exposures[0].story_id
    assert story_id is not None
    return Campaign(scene, counted, await services.stories.get(story_id), hidden, trap, project)


async def _other_credit(scene: Scene) -> None:
    """Fixed before print, had by another channel first, told by self-media only, and closed too early."""
    asked = await scene.reported(Channel.INQUIRY, "02-09 09:00", "paper")
    await scene.assigned(asked, "02-09 10:00")
    await scene.tied(asked, "paper", "02-12 08:00")
    await scene.claimed(asked, "02-12 10:00", fixed="02-11 10:00")
    await scene.verified(asked, "02-13 10:00")
    ticket = await scene.reported(Channel.TICKET, "02-10 09:00")
    await scene.assigned(ticket, "02-10 10:00")
    await scene.tied(ticket, "radio", "02-10 12:00")
    await scene.claimed(ticket, "02-11 10:00")
    await scene.verified(ticket, "02-14 10:00")
    await scene.exposed("blog", "02-15 08:00")
    early = await scene.exposed("paper", "02-16 08:00", region=WEST)
    await scene.resolved(early, "02-16 10:00", "02-17 10:00", "02-18 10:00")
    await scene.tied(early, "radio", "02-25 08:00")


async def _under_way(scene: Scene) -> Problem:
    """Problems that wait: claimed, overdue, deferred, in rework, just registered."""
    trap = await scene.exposed("paper", "03-02 08:00", title=FORMULA)
    await scene.assigned(trap, "03-02 10:00")
    await scene.claimed(trap, "03-03 10:00")
    late = await scene.exposed("radio", "03-03 12:00", category=COVER, region=WEST)
    await scene.tied(late, "paper", "03-03 15:00")
    await scene.assigned(late, "03-03 17:00")
    copy = await scene.exposed("radio", "03-04 08:00", category=COVER, region=WEST)
    await scene.step(copy, Step.MARK_DUPLICATE, scene.editor, "03-04 10:00", target=late.case.id)
    resting = await scene.exposed("paper", "03-05 08:00", category=RUBBISH)
    await scene.assigned(resting, "03-05 10:00")
    await scene.step(resting, Step.DEFER, scene.office, "03-06 10:00", review_at=at("06-01 00:00"))
    again = await scene.exposed("paper", "03-06 12:00", category=LAMP)
    await scene.assigned(again, "03-06 15:00")
    await scene.claimed(again, "03-07 10:00")
    await scene.step(again, Step.FAIL, scene.inspector, "03-08 10:00", on_site=True)
    await scene.exposed("radio", "03-09 08:00", region=None)
    return trap


async def _exits(scene: Scene) -> None:
    """Not accepted; nothing found; and one whose only story is withdrawn."""
    refused = await scene.exposed("paper", "03-11 08:00", region=WEST)
    await scene.step(refused, Step.REFUSE, scene.office, "03-11 10:00")
    empty = await scene.exposed("radio", "03-12 08:00", category=LAMP)
    await scene.assigned(empty, "03-12 10:00")
    await scene.claimed(empty, "03-13 10:00", outcome=Outcome.NOTHING_FOUND)
    await scene.step(empty, Step.CONFIRM_NOTHING, scene.inspector, "03-14 10:00", on_site=True)
    gone = await scene.exposed("paper", "03-15 08:00")
    story_id = gone.case.exposures[0].story_id
    assert story_id is not None
    story = await scene.services.stories.get(story_id)
    await scene.services.desk.withdraw(str(story.id), story.version, scene.editor, SYSTEM)


async def _stories(scene: Scene) -> None:
    """What is no problem: behaviour, a reprint, a good deed told twice, notices, and one nobody has looked at."""
    crossing = await scene.story("paper", "03-16 08:00")
    await scene.services.desk.lead_nowhere(
        str(crossing.id), crossing.version, Disposition.BEHAVIOUR, scene.editor, SYSTEM
    )
    first = await scene.story("paper", "03-17 08:00", Kind.NOTICE)
    await scene.story("radio", "03-17 12:00", Kind.NOTICE, cluster=first.cluster)
    told = await scene.story("radio", "03-18 08:00", Kind.GOOD_DEED, title="拾金不昧")
    new = NewDeed(title="拾金不昧", region=WEST, place="公交站")
    deed = await scene.services.desk.file_deed(str(told.id), told.version, new, None, scene.editor, SYSTEM)
    more = await scene.story("paper", "03-19 08:00", Kind.GOOD_DEED)
    await scene.services.desk.file_deed(str(more.id), more.version, new, deed.id, scene.editor, SYSTEM)
    await scene.story("blog", "03-20 08:00", None)


@asynccontextmanager
async def standing_campaign(database: Database) -> AsyncIterator[Campaign]:
    """One campaign for a module whose tests only read; gone afterwards."""
    clock = FakeClock()
    yield await campaign(make_services(database, clock), clock)
    names = await database.list_collection_names(filter={"name": {"$not": {"$regex": "^system\\."}}})
    for name in names:
        await database[name].delete_many({})
