"""Puts the samples in: units, accounts, stories by the ordinary path, and what people would have done with them since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from bson import ObjectId
from pymongo import UpdateOne

from media_tracker.accounts.actor import Role
from media_tracker.db.events import COLLECTION as EVENTS
from media_tracker.db.events import Origin
from media_tracker.deeds.deed import ConsentWay
from media_tracker.deeds.documents import NewDeed
from media_tracker.demo.course import DAY, HOUR, Course
from media_tracker.demo.deeds import kind_of, work_on_deeds
from media_tracker.demo.labels import Label, read_labels
from media_tracker.demo.legacy import add_legacy_figure
from media_tracker.demo.people import Cast, add_accounts, add_units
from media_tracker.demo.projects import add_projects
from media_tracker.demo.responsibility import add_responsibilities
from media_tracker.demo.timetable import Timetable
from media_tracker.desk.service import Decision
from media_tracker.errors import N_, MediaTrackerError, Unavailable
from media_tracker.ingest.documents import Disposition, Kind, Story
from media_tracker.ingest.service import Summary
from media_tracker.monitor.facts import Period
from media_tracker.outlets.opml import read_opml
from media_tracker.problems.case import Channel, Report, Severity
from media_tracker.problems.service import NewProblem
from media_tracker.wiring import Services

UNDECIDED_DAYS = 2
"""Stories of today and yesterday wait in the queue, so that the desk has work."""

BEHAVIOUR = frozenset({"305", "309", "405", "407"})
"""Categories of one-off behaviour: an exposure of these leads to no problem."""

TICKET_FIRST = "p104"
INQUIRY_FIRST = "p086"
TAKEN_BACK = "p077"
CAME_BACK = "p001"
"""Sample problems with a course of their own: an earlier ticket, an inquiry before print, a revoked closing, a relapse."""

Tell = Callable[[str], None]


@dataclass(slots=True)
class Seeder:
    """Fills an empty system. ``services`` run on the timetable's clock."""

    services: Services
    timetable: Timetable
    folder: Path
    today: date
    tell: Tell
    numbers: dict[str, str] = field(default_factory=dict)
    """Problem numbers by the label's name for the problem."""
    deeds: dict[str, ObjectId] = field(default_factory=dict)
    """Ids of good deeds that several stories tell of, by the label's name for the deed."""
    told: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    """For each problem the outcome and time of its first follow-up."""

    async def fill(self, opml: bytes) -> Cast:
        """Everything, in order. ``opml`` names the feeds as they are being served."""
        services = self.services
        units = await add_units(services)
        await add_responsibilities(services, units, self.today)
        cast = await add_accounts(services, units)
        imported = await services.outlets.import_subscriptions(read_opml(opml), demo=True)
        await add_projects(services, self.folder.parent, self.today)
        await add_legacy_figure(services, self.today)
        self.tell(f"subscribed to {imported.feeds_added} feeds of {imported.outlets_added} outlets")
        feeds = [feed for feed in await services.outlets.feeds() if feed.demo]
        summary = Summary.of(await services.ingest.run(feeds))
        await services.pipeline.catch_up()
        if summary.failed:
            raise Unavailable(N_("{count} of the sample feeds could not be read. Start again."), count=summary.failed)
        self.tell(f"read {summary.stories_new} stories")
        await self._backdate()
        course = Course(services, cast, units, self.timetable)
        await self._plan(course)
        await self.timetable.run()
        await work_on_deeds(services, cast, self.today)
        await services.notifier.follow()
        await services.notifier.remind()
        self.tell(f"dealt with {len(self.numbers)} problems")
        period = Period(self.today - timedelta(days=80), self.today)
        release = await services.releases.release(period, cast.actor(Role.PUBLICITY), Origin(), demo=True)
        self.tell(f"released figures no. {release.number}")
        return cast

    async def _backdate(self) -> None:
        """Let every story have been read soon after it came out, as if the system had been running."""
        stories = self.services.database[Story.Settings.name]
        events = self.services.database[EVENTS]
        story_writes, event_writes = [], []
        async for row in stories.find({"demo": True}, {"published_at": 1}):
            read_at = min(row["published_at"] + timedelta(minutes=12), self.timetable.now)
            story_writes.append(UpdateOne({"_id": row["_id"]}, {"$set": {"fetched_at": read_at}}))
            times = {"occurred_at": read_at, "recorded_at": read_at}
            event_writes.append(UpdateOne({"entity": "story", "entity_id": row["_id"]}, {"$set": times}))
        if story_writes:
            await stories.bulk_write(story_writes, ordered=False)
            await events.bulk_write(event_writes, ordered=False)

    async def _plan(self, course: Course) -> None:
        tree = await self.services.places.regions()
        zone = self.services.settings.zone
        labels = read_labels(self.folder, self.today, self.timetable.now, zone, tree)
        slugs = {f.id: f.url.rpartition("/")[2].partition(".")[0] for f in await self.services.outlets.feeds()}
        cursor = (
            self.services.database[Story.Settings.name].find({"demo": True}).sort([("published_at", 1), ("_id", 1)])
        )
        stories = [Story.model_validate(row) for row in await cursor.to_list()]
        labelled = [(s, labels[slugs[s.feed_id], s.key]) for s in stories]
        for story, label in labelled:
            if label.kind is Kind.FOLLOW_UP and label.problem and label.outcome:
                self.told.setdefault(label.problem, (label.outcome, story.published_at))
        for story, label in labelled:
            age = self.today - story.published_at.astimezone(zone).date()
            if age.days >= UNDECIDED_DAYS:
                self._plan_story(story, label, course)

    def _plan_story(self, story: Story, label: Label, course: Course) -> None:
        first = label.problem is not None and label.problem not in self.numbers and label.kind is Kind.EXPOSURE
        if first and label.problem in (TICKET_FIRST, INQUIRY_FIRST):
            self.numbers[label.problem] = ""  # taken; the number comes when it is registered
            # The ticket is still within its time when the story comes out, so that media has only also reported it.
            ahead = 12 * HOUR if label.problem == TICKET_FIRST else 2 * DAY
            self.timetable.at(story.published_at - ahead, lambda: self._reported_before(story, label, course))
        self.timetable.at(story.published_at + HOUR, lambda: self._decide(story, label, course))

    async def _decide(self, story: Story, label: Label, course: Course) -> None:
        desk, editor = self.services.desk, course.cast.actor(Role.EDITOR)
        said = (label.kind, label.category, label.region, label.place)
        decision = Decision(*said, outcome=label.outcome, units=label.units, people=label.people)
        origin = Origin(editor.user_id)
        decided = await desk.decide(str(story.id), story.version, decision, editor, origin)
        version, key = decided.version, str(story.id)
        if label.kind is Kind.GOOD_DEED:
            await self._file(story, version, label, course)
        elif label.kind is Kind.EXPOSURE and (why := _nowhere(label)) is not None:
            await desk.lead_nowhere(key, version, why, editor, origin)
        elif label.kind is Kind.EXPOSURE and not self.numbers.get(label.problem or ""):
            await self._expose(story, version, label, course)
        elif label.problem and self.numbers.get(label.problem):
            await self._attach(key, version, self.numbers[label.problem], course)
        elif label.kind is Kind.FOLLOW_UP:
            await desk.lead_nowhere(key, version, Disposition.PROGRESS, editor, origin)

    async def _file(self, story: Story, version: int, label: Label, course: Course) -> None:
        """File a good deed, or have the story tell of one that an earlier story has told."""
        editor = course.cast.actor(Role.EDITOR)
        person = label.people[0] if label.people else ""
        new = NewDeed(
            title=story.title,
            deed=_opening(story.text),
            kind=kind_of(story.title),
            person=person,
            consent=ConsentWay.FORM if len(person) % 2 == 1 else None,
            region=label.region,
            place=label.place,
        )
        known = self.deeds.get(label.deed or "")
        origin = Origin(editor.user_id)
        deed = await self.services.desk.file_deed(str(story.id), version, new, known, editor, origin)
        if label.deed:
            self.deeds[label.deed] = ObjectId(deed.id)

    async def _attach(self, key: str, version: int, number: str, course: Course) -> None:
        editor = course.cast.actor(Role.EDITOR)
        try:
            await self.services.desk.attach(key, version, number, editor, Origin(editor.user_id))
        except MediaTrackerError as error:
            self.tell(f"{number}: {error}")

    async def _expose(self, story: Story, version: int, label: Label, course: Course) -> None:
        editor = course.cast.actor(Role.EDITOR)
        origin = Origin(editor.user_id)
        problem = await self.services.desk.expose(str(story.id), version, _new(story, label), editor, origin)
        self._follow(label.problem or str(story.id), problem.number, story.published_at + HOUR, course)

    async def _reported_before(self, story: Story, label: Label, course: Course) -> None:
        """A problem that another channel, or the outlet's own inquiry, brought before the story came out."""
        now = self.timetable.clock()
        inquiry = label.problem == INQUIRY_FIRST
        report = Report(
            id=ObjectId(),
            channel=Channel.INQUIRY if inquiry else Channel.TICKET,
            occurred_at=now,
            received_at=now,
            outlet_id=story.outlet_id if inquiry else None,
            partner=inquiry,
            outside_number=None if inquiry else "DEMO-12345-0001",
            due_at=None if inquiry else now + 20 * DAY,
        )
        new = _new(story, label)
        new = NewProblem(
            await self.services.problems.draw_number(), new.title, new.place, new.category, new.region, demo=True
        )
        editor = course.cast.actor(Role.EDITOR)
        problem = await self.services.problems.register(new, [report], editor, Origin(editor.user_id))
        assert label.problem is not None  # only labelled problems are planned this way
        self.numbers[label.problem] = problem.number
        told = story.published_at - 12 * HOUR if inquiry else self.told[label.problem][1]
        course.resolved(problem.number, now, told)

    def _follow(self, name: str, number: str, start: datetime, course: Course) -> None:
        """Plan what becomes of a problem that has just been registered."""
        self.numbers[name] = number
        outcome, told = self.told.get(name, ("", start))
        if outcome == "resolved":
            course.resolved(number, start, told)
            if name == TAKEN_BACK:
                course.taken_back(number, told + 11 * DAY)
            if name == CAME_BACK:
                self.timetable.at(told + 36 * DAY, lambda: self._relapse(number, course))
        elif outcome == "partly_resolved":
            course.partly(number, start, told)
        elif outcome == "disputed":
            course.disputed(number, start, told)
        else:
            course.untold_story(number, start)

    async def _relapse(self, number: str, course: Course) -> None:
        """A patrol finds the same defect long after closing: a new, linked problem."""
        former = await self.services.problems.get(number)
        now = self.timetable.clock()
        report = Report(id=ObjectId(), channel=Channel.PATROL, occurred_at=now, received_at=now)
        new = NewProblem(
            await self.services.problems.draw_number(),
            former.title,
            former.place,
            former.case.category,
            former.case.region,
            relapse_of=former.case.id,
            demo=True,
        )
        editor = course.cast.actor(Role.EDITOR)
        problem = await self.services.problems.register(new, [report], editor, Origin(editor.user_id))
        course.untold_story(problem.number, now)


def _opening(text: str, longest: int = 120) -> str:
    """The first whole sentences of ``text``, as many as fit."""
    if len(text) <= longest:
        return text
    end = text.rfind("。", 0, longest)
    return text[: end + 1] if end > 0 else text[:longest]


def _nowhere(label: Label) -> Disposition | None:
    """Why an exposure leads to no problem, if it does not."""
    if label.region is None:
        return Disposition.OUT_OF_AREA
    if label.category in BEHAVIOUR:
        return Disposition.BEHAVIOUR
    if label.category is None or not label.place:
        return Disposition.CRITICISM
    return None


def _new(story: Story, label: Label) -> NewProblem:
    danger = label.category in {"102", "203", "303"}
    return NewProblem(
        number="",
        title=story.title,
        place=label.place,
        category=label.category or "",
        region=label.region,
        severity=Severity.URGENT if danger else Severity.NORMAL,
        demo=True,
    )
