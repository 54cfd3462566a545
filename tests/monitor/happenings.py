"""Random campaigns as people make them: everything goes through the services, and somebody looks at the records now and then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Level, Role
from media_tracker.db.events import SYSTEM
from media_tracker.deeds.documents import DeedWords, NewDeed
from media_tracker.desk.service import Decision
from media_tracker.errors import MediaTrackerError
from media_tracker.ingest.documents import Disposition, Kind, Story
from media_tracker.outlets.documents import OutletKind, Platform
from media_tracker.problems.afterwards.facts import Found
from media_tracker.problems.afterwards.satisfaction import Answer
from media_tracker.problems.case import Case, Channel, Outcome, Precision, Report, Severity
from media_tracker.problems.documents import Problem
from media_tracker.problems.regrouping.service import Part
from media_tracker.problems.regrouping.splitting import Share
from media_tracker.problems.service import NewProblem
from media_tracker.problems.steps import TABLE, Command, Step
from media_tracker.taxonomy.categories import read_categories
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.monitor.campaigns import START
from tests.monitor.chance import (
    CATEGORIES,
    COLUMNS,
    LATE,
    LEFT_OUT,
    MIDNIGHT,
    ONWARD,
    PICTURE,
    PLACES,
    REGIONS,
    TEXTS,
    Choosing,
    Happening,
    Seen,
)
from tests.problems.cases import SHANGHAI
from tests.taken_in import take_in
from tests.web.admin_scene import add_user


@dataclass(slots=True)
class City:
    """The office at work."""

    services: Services
    clock: FakeClock
    outlets: list[ObjectId] = field(default_factory=list)
    units: list[ObjectId] = field(default_factory=list)
    editors: list[Actor] = field(default_factory=list)
    projects: list[ObjectId] = field(default_factory=list)
    stories: list[ObjectId] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    happened: int = 0
    office: Actor = field(default_factory=lambda: Actor(ObjectId(), frozenset({Role.PUBLICITY, Role.ADMIN})))
    inspectors: tuple[Actor, ...] = field(
        default_factory=lambda: tuple(
            Actor(ObjectId(), frozenset({Role.INSPECTOR}), level=level) for level in (Level.CITY, Level.DISTRICT)
        )
    )

    async def begin(self) -> None:
        """The tables, and who works here."""
        use = self.services
        self.clock.set(START)
        await use.places.put_regions(REGIONS)
        await use.taxonomy.put(read_categories())
        kinds = (OutletKind.NEWSPAPER, OutletKind.BROADCASTER, OutletKind.SELF_MEDIA)
        for number, kind in enumerate(kinds):
            self.outlets.append(await use.outlets.add_outlet(f"示例媒体{number}", kind, partner=number == 0))
        self.units = [await use.places.add_unit(name) for name in ("环卫中心", "市政处")]
        self.editors = [(await add_user(use, Role.EDITOR, username=f"editor{n}")).actor() for n in range(3)]
        days = [(START + timedelta(days=day)).date() for day in (5, 60)]
        self.projects.append(await use.outlets.add_project(self.outlets[0], "找问题", ["曝光台"], days[0], days[1], 50))
        await use.second_looks.set_share(0.5, self.office)

    async def live(self, happenings: Sequence[Happening]) -> None:
        """Have all of it happen, and look at the end."""
        for each in happenings:
            await self._wait(each.wait)
            try:
                await getattr(self, f"_{each.what}")(each.of, Choosing(each.how))
            except MediaTrackerError:
                continue  # a rule forbids it, or there is nothing of the kind
            self.happened += each.what not in ("nothing", "looked")
        self.clock.advance(hours=1)
        await self._looked(0, Choosing(0))

    async def _wait(self, wait: float | str) -> None:
        if isinstance(wait, str):
            local = self.clock().astimezone(SHANGHAI)
            midnight = datetime.combine(local.date() + timedelta(days=1), time(), SHANGHAI)
            self.clock.set(midnight if wait == MIDNIGHT else midnight - timedelta(milliseconds=1))
            if self.clock() <= local:
                self.clock.advance(seconds=0.001)
        else:
            self.clock.advance(hours=wait)

    # Looking

    async def _nothing(self, of: int, how: Choosing) -> None:
        """Time goes by."""

    async def _looked(self, of: int, how: Choosing) -> None:
        """Somebody looks at every record; sometimes at the figures too, which are then counted up to here."""
        self.clock.advance(seconds=0.001)
        use = self.services.database
        stories = tuple([row async for row in use["stories"].find()])
        problems = tuple([Case.model_validate(row["case"]) async for row in use["problems"].find()])
        deeds = tuple([row async for row in use["deeds"].find()])
        self.seen.append(Seen(self.clock(), stories, problems, deeds))
        if how.one((False, True)):
            await self.services.counting.catch_up()
        self.clock.advance(seconds=0.001)

    # Stories

    def _editor(self, how: Choosing) -> Actor:
        return how.one(self.editors)

    async def _published(self, of: int, how: Choosing) -> ObjectId:
        """A story comes in, and is looked at by the machine, or is not yet."""
        outlet = self.outlets[of % len(self.outlets)]
        column, text, looked_at = how.one(COLUMNS), how.one(TEXTS), how.one((True, True, False))
        published = self.clock() - timedelta(hours=how.one(LATE))
        published = published.replace(microsecond=published.microsecond // 1000 * 1000)
        number, story_id = len(self.stories), ObjectId()
        story = Story(
            id=story_id,
            outlet_id=outlet,
            feed_id=outlet,
            key=str(number),
            url=f"https://outlet.example/{number}",
            title=f"稿件{number}",
            text=text,
            published_at=published,
            fetched_at=self.clock(),
            content_hash=str(number),
            column=column,
            platform=how.one((Platform.WEB, Platform.WECHAT)),
        )
        await take_in(
            self.services, {**story.model_dump(by_alias=True, exclude={"id", "revision_id"}), "_id": story_id}
        )
        self.stories.append(story_id)
        if looked_at:
            await self.services.tagging.look_at([story_id])
        return story_id

    async def _story(self, story: ObjectId) -> Story:
        return await self.services.stories.get(story)

    async def _decide(self, story: ObjectId, kind: Kind, how: Choosing) -> Story:
        who = self._editor(how)
        decision = Decision(kind, how.one((*CATEGORIES, None)), how.one(PLACES), "某路口")
        if kind in (Kind.EXPOSURE, Kind.FOLLOW_UP):
            decision = replace(decision, category=decision.category or CATEGORIES[0])
        now = await self._story(story)
        await self.services.desk.decide(str(story), now.version, decision, who, SYSTEM)
        return await self._story(story)

    async def _decided(self, of: int, how: Choosing) -> None:
        """An editor says what a story is, for the first time, again, or blindly as the second of two."""
        if self.stories:
            await self._decide(self.stories[-1 - of % len(self.stories)], how.one(list(Kind)), how)

    async def _looked_at_again(self, of: int, how: Choosing) -> None:
        """The machine looks at a story: by now it may be a reprint."""
        if self.stories:
            await self.services.tagging.look_at([self.stories[-1 - of % len(self.stories)]])

    async def _settled(self, of: int, how: Choosing) -> None:
        """A dispute between two editors is ended."""
        for look in await self.services.second_looks.disputes(1):
            who, takes = self._editor(how), how.one(("second", "first"))
            await self.services.settling.settle(look.story_id, look.version, takes, None, who, SYSTEM)

    async def _withdrawn(self, of: int, how: Choosing) -> None:
        if self.stories:
            story = await self._story(self.stories[-1 - of % len(self.stories)])
            await self.services.desk.withdraw(str(story.id), story.version, self._editor(how), SYSTEM)

    async def _undone(self, of: int, how: Choosing) -> None:
        """The last thing that an editor has done is undone, if it is not longer ago than ten minutes."""
        who = self._editor(how)
        entry = await self.services.undoing.latest(who)
        if entry is not None:
            await self.services.undoing.undo(str(entry.row.id), who, SYSTEM)

    async def _behaved(self, of: int, how: Choosing) -> None:
        """Somebody's behaviour is exposed."""
        story = await self._decide(await self._published(of, how), Kind.EXPOSURE, how)
        why = how.one((Disposition.BEHAVIOUR, Disposition.BEHAVIOUR, Disposition.OUT_OF_AREA))
        assert story.decision is not None
        who = next(each for each in self.editors if each.user_id == story.decision.by)
        await self.services.desk.lead_nowhere(str(story.id), story.version, why, who, SYSTEM)

    async def _did_good(self, of: int, how: Choosing) -> None:
        """A good deed is told, or told again."""
        story = await self._decide(await self._published(of, how), Kind.GOOD_DEED, how)
        known = await self.services.deeds.recent()
        again = how.one((False, False, True)) and known
        new = NewDeed(title=f"好事{len(known)}", region=how.one(PLACES), place="公交站")
        deed = ObjectId(known[of % len(known)].id) if again else None
        assert story.decision is not None
        who = next(each for each in self.editors if each.user_id == story.decision.by)
        await self.services.desk.file_deed(str(story.id), story.version, new, deed, who, SYSTEM)

    async def _deed_moved(self, of: int, how: Choosing) -> None:
        """It happened somewhere else."""
        for deed in (await self.services.deeds.recent())[:1]:
            words = DeedWords(title=deed.title, region=how.one(PLACES[::-1]), place=deed.place)
            await self.services.deed_work.edit(str(deed.id), deed.version, words, self._editor(how), SYSTEM)

    # Problems

    async def _exposed(self, of: int, how: Choosing) -> None:
        """A story brings a problem, about which something is done soon, or nothing."""
        story = await self._decide(await self._published(of, how), Kind.EXPOSURE, how)
        assert story.decision is not None
        who = next(each for each in self.editors if each.user_id == story.decision.by)
        category = story.decision.category or CATEGORIES[0]
        new = NewProblem("", "问题", f"某处{len(self.problems)}", category, story.decision.region)
        new = replace(new, severity=how.one(list(Severity)[::-1]))
        problem = await self.services.desk.expose(str(story.id), story.version, new, who, SYSTEM)
        self.problems.append(problem.number)
        for _ in range(how.one((0, 1, 2, 3, 4, 4))):
            self.clock.advance(hours=how.one((0.5, 5, 30)))
            await self._forward(0, how)

    async def _tied(self, of: int, how: Choosing) -> None:
        """Another story of a problem; of one that was closed long ago it brings a new one, which is its relapse."""
        problem = await self._problem(of)
        kind = how.one((Kind.EXPOSURE, Kind.EXPOSURE, Kind.FOLLOW_UP))
        story_id = await self._published(how.one((0, 1, 2)), how)
        story = await self._decide(story_id, kind, how)
        assert story.decision is not None
        who = next(each for each in self.editors if each.user_id == story.decision.by)
        if await self.services.desk.relapses(story, [problem]):
            new = NewProblem("", "又来了", "某处", CATEGORIES[0], story.decision.region, relapse_of=problem.case.id)
            back = await self.services.desk.expose(str(story.id), story.version, new, who, SYSTEM)
            self.problems.append(back.number)
        else:
            await self.services.desk.attach(str(story.id), story.version, problem.number, who, SYSTEM)

    def _report(self, how: Choosing) -> Report:
        channel = how.one((Channel.TICKET, Channel.INQUIRY, Channel.PATROL, Channel.SNAPSHOT, Channel.LIST))
        now, before = self.clock(), timedelta(hours=how.one((1, 0, 50)))
        return Report(
            id=ObjectId(),
            channel=channel,
            occurred_at=now - before,
            received_at=now,
            precision=how.one((Precision.MINUTE, Precision.DAY)),
            outlet_id=self.outlets[how.one((0, 1))] if channel is Channel.INQUIRY else None,
            outside_number=how.one(("12345-7", None)) if channel is Channel.TICKET else None,
            due_at=how.one((None, now + timedelta(days=2))),
            closed_elsewhere_at=how.one((None, now + timedelta(hours=9))),
        )

    async def _reported(self, of: int, how: Choosing) -> None:
        """Another channel than a story brings a problem, or tells of one that is known."""
        problems = self.services.problems
        if how.one((True, False)) or not self.problems:
            number = await problems.draw_number()
            new = NewProblem(number, "来自别处", "某巷", how.one(CATEGORIES), how.one(PLACES))
            self.problems.append((await problems.register(new, [self._report(how)], self.editors[0], SYSTEM)).number)
        else:
            problem = await self._problem(of)
            await problems.report(problem.number, problem.case.version, self._report(how), self.editors[0], SYSTEM)

    async def _problem(self, of: int) -> Problem:
        return await self.services.problems.get(
            self.problems[-1 - of % len(self.problems)] if self.problems else "none"
        )

    async def _corrected(self, of: int, how: Choosing) -> None:
        problem = await self._problem(of)
        await self.services.problems.correct(
            problem.number,
            problem.case.version,
            title=problem.title,
            place=problem.place,
            category=how.one(CATEGORIES[::-1]),
            region=how.one(PLACES),
            severity=how.one(list(Severity)),
            long_standing=False,
            actor=self.editors[0],
            origin=SYSTEM,
        )

    async def _merged(self, of: int, how: Choosing) -> None:
        goes, stays = await self._problem(of), await self._problem(of + 1 + how.one((0, 1, 2)))
        await self.services.regrouping.merge(
            (goes.number, goes.case.version), (stays.number, stays.case.version), self.office, SYSTEM
        )

    async def _parted(self, of: int, how: Choosing) -> None:
        """The last merge is undone, or else a problem is split."""
        for number in self.problems[::-1]:
            problem = await self.services.problems.get(number)
            if problem.case.duplicate_of is not None:
                await self.services.regrouping.undo(number, problem.case.version, self.office, SYSTEM)
                return
        problem = await self._problem(of)
        shares = {each.id: how.one((Share.GOES, Share.BOTH, Share.STAYS)) for each in problem.case.reports[::-1]}
        number = await self.services.problems.draw_number()
        place, category, region = f"分开{number}", how.one(CATEGORIES), how.one(PLACES)
        part = Part(number, "分出", place, category, region, Severity.KEY, shares, how.one((True, False)))
        made = await self.services.regrouping.split(problem.number, problem.case.version, part, self.office, SYSTEM)
        self.problems.append(made.number)

    async def _forward(self, of: int, how: Choosing) -> None:
        """The next step of a problem on its ordinary way."""
        problem = await self._problem(of)
        steps = [row.step for row in TABLE if problem.case.state in row.sources and row.step in ONWARD]
        await self._step(problem, steps, how)

    async def _stepped(self, of: int, how: Choosing) -> None:
        """Any step that the table knows for the state of a problem."""
        problem = await self._problem(of)
        steps = [row.step for row in TABLE if problem.case.state in row.sources and row.step not in LEFT_OUT]
        await self._step(problem, steps, how)

    async def _step(self, problem: Problem, steps: Sequence[Step], how: Choosing) -> None:
        if steps:
            step = how.one(list(dict.fromkeys(steps)))
            command = Command(step, self.clock(), **{"text": "事由", **await self._given(step, how)})
            who = self._who(step, problem.case, how)
            look_back = self.services.look_backs.look_back
            take = look_back if step is Step.LOOK_BACK else self.services.problems.act
            await take(problem.number, problem.case.version, command, who, SYSTEM)

    async def _given(self, step: Step, how: Choosing) -> dict[str, Any]:
        now, ways = self.clock(), (Outcome.RESOLVED, Outcome.RESOLVED, Outcome.PARTLY_RESOLVED, Outcome.NOTHING_FOUND)
        earlier = now - timedelta(hours=how.one((0, 0.5, 9, 33)))
        photo = {}
        if step in (Step.CLAIM, Step.VERIFY, Step.FAIL, Step.CONFIRM_NOTHING, Step.LOOK_BACK):
            kept = await self.services.files.save_image(PICTURE, "a.jpg", None, "evidence")
            photo = {"after": (kept.id,)}
        precision = how.one((Precision.MINUTE, Precision.DAY))
        given: dict[Step, dict[str, Any]] = {
            Step.ASSIGN: {"unit_id": how.one(self.units)},
            Step.REASSIGN: {"unit_id": how.one(self.units)},
            Step.CLAIM: {"outcome": how.one(ways), "fixed_at": earlier, "precision": precision, "unprotected": True},
            Step.VERIFY: {"verified_outcome": how.one(ways[:3]), "on_site": True},
            Step.FAIL: {"on_site": True},
            Step.CONFIRM_NOTHING: {"on_site": True},
            Step.LOOK_BACK: {"found": how.one(list(Found)), "on_site": True},
            Step.SATISFACTION: {"satisfaction": Answer.SATISFIED},
            Step.DEFER: {"review_at": now + timedelta(days=60)},
            Step.ASK_DEFERRAL: {"review_at": now + timedelta(days=60)},
            Step.EXTEND: {"due_at": now + timedelta(days=20)},
            Step.ASK_EXTENSION: {"due_at": now + timedelta(days=20)},
        }
        return {**given.get(step, {}), **photo}

    def _who(self, step: Step, case: Case, how: Choosing) -> Actor:
        handler = Actor(ObjectId(), frozenset({Role.OFFICIAL}), units=frozenset([case.unit_id] if case.unit_id else []))
        who = next(row.who.value for row in TABLE if row.step is step)
        at_work = {"handler": handler, "verifier": how.one((self.inspectors[0], *self.inspectors))}
        return at_work.get(who, self.office)

    # Tables

    async def _administered(self, of: int, how: Choosing) -> None:
        """A street goes over to another body."""
        await self.services.places.set_administered_by("990201", how.one(("99GX", None, "9901")))

    async def _promised(self, of: int, how: Choosing) -> None:
        """An outlet begins another project."""
        start = self.clock().astimezone(SHANGHAI).date() - timedelta(days=how.one((3, 40)))
        columns: list[str] = how.one(([], ["民生"]))
        outlet, name = self.outlets[of % len(self.outlets)], f"项目{len(self.projects)}"
        end = start + timedelta(days=20)
        self.projects.append(await self.services.outlets.add_project(outlet, name, columns, start, end, None))


async def live(services: Services, clock: FakeClock, happenings: Sequence[Happening]) -> City:
    """A campaign, lived."""
    city = City(services, clock)
    await city.begin()
    await city.live(happenings)
    return city
