"""The documents of a chunk: stories, problems with what they are found by, good deeds, words, events. Pure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId

from media_tracker.db.connection import Json
from media_tracker.db.events import NewEvent, Origin, stored
from media_tracker.deeds.documents import DeedStory, GoodDeed
from media_tracker.demo.large import wording
from media_tracker.demo.large.course import About, Course, life
from media_tracker.demo.large.plan import SETTLED, ChunkPlan, ProblemPlan, Told, chance_of
from media_tracker.demo.large.scene import Scene, Source
from media_tracker.ingest.documents import Disposition, Kind
from media_tracker.ingest.identity import content_hash
from media_tracker.ingest.saving import ENTITY as STORY
from media_tracker.ingest.words import Said
from media_tracker.problems.case import Channel, Report
from media_tracker.problems.casebook import row_of
from media_tracker.problems.documents import Problem, Words
from media_tracker.problems.linking.links import link_row
from media_tracker.text.fingerprint import fingerprint
from media_tracker.text.segment import search_tokens

MODEL = "made-up"
"""What says that it has suggested the tags of stories that nobody needs to look at any longer."""

Describe = Callable[[Problem], Awaitable[None]]


@dataclass(slots=True)
class Made:
    """What a chunk writes. ``events`` in the order in which they get their positions, without them."""

    stories: list[Json] = field(default_factory=list)
    problems: list[Json] = field(default_factory=list)
    links: list[Json] = field(default_factory=list)
    deeds: list[Json] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    events: list[Json] = field(default_factory=list)
    waiting: list[ObjectId] = field(default_factory=list)
    """Stories that wait at the desk and have to be looked at."""


class Maker:
    """Makes one chunk."""

    def __init__(self, scene: Scene, plan: ChunkPlan, seed: int, now: datetime, zone: ZoneInfo) -> None:
        self._scene = scene
        self._plan = plan
        self._now = now
        self._zone = zone
        self._chance = chance_of(seed, plan.number, "make")
        self._made = Made()
        self._count = plan.number * 100_000

    async def make(self, describe: Describe, path: Callable[[str], Sequence[str]]) -> Made:
        """Everything. ``describe`` fills what problems are found by; ``path``: the classes of a category."""
        for place, problem in enumerate(self._plan.problems):
            await self._problem(place, problem, describe, path)
        for kind, at in self._plan.others:
            self._other(kind, at)
        self._made.events.sort(key=lambda row: (row["recorded_at"], row["seq"]))
        return self._made

    async def _problem(
        self, place: int, plan: ProblemPlan, describe: Describe, path: Callable[[str], Sequence[str]]
    ) -> None:
        chance, scene = self._chance, self._scene
        category, danger = chance.choice(scene.categories)
        region, district, _ = chance.choice(scene.regions)
        where = wording.place(chance)
        title = wording.trouble(chance, where)
        number = f"{plan.at.astimezone(self._zone).year}-D{self._plan.number:04d}{place:04d}"
        about = About(category, danger, region, district, number, title, where)
        problem_id = self._id()
        told = [self._told(plan, each, number_of, about, problem_id) for number_of, each in enumerate(plan.told)]
        course = life(chance, plan, about, [report for report, _ in told], scene, Course(problem_id, self._now))
        case = course.case
        assert case is not None  # a life has a beginning
        problem = Problem(id=problem_id, number=number, title=title, place=where, case=case, demo=True)
        problem.words = [Words(seq=2, text=f"{where}，请尽快处理。", kind="reported")]
        await describe(problem)
        made = self._made
        made.problems.append(row_of(problem))
        stories = [(story["title"], story["text"]) for _, story in told][:4]
        made.links.append(link_row(problem, path(category), stories, self._zone))
        for event, who in course.events:
            self._record(event, who, event.occurred_at)

    def _told(
        self, plan: ProblemPlan, told: Told, place: int, about: About, problem_id: ObjectId
    ) -> tuple[Report, Json]:
        """A story about a problem, and its tie."""
        chance, source = self._chance, self._scene.sources[told.outlet]
        after = timedelta(days=chance.uniform(5, 18)) if told.follow_up else timedelta(hours=7 * place)
        if plan.channel != "exposure":
            after += timedelta(hours=chance.uniform(12, 60))  # another door had it first
        at = min(plan.at + after, self._now - timedelta(hours=3))
        kind = Kind.FOLLOW_UP if told.follow_up else Kind.EXPOSURE
        write = wording.following if told.follow_up else wording.exposing
        feed = source.feeds[0]
        first = self._made.stories[-1] if told.reprint and self._made.stories else None
        text = first["text"] if first else write(chance, about.title, self._next())
        title = first["title"] if first else ("回访：" if told.follow_up else "") + about.title
        story = self._story(source, feed, at, kind, title, text, cluster=first["cluster"] if first else None)
        if first:
            first["copied"] = True
        tags = {"category": about.category, "region": about.region, "place": about.place}
        outcome = "resolved" if told.follow_up else None
        tie = {"chosen": problem_id, "new": place == 0, "offered": [], "scores": [], "at": story["fetched_at"]}
        self._decide(story, kind, {**tags, "outcome": outcome}, about.district, Disposition.TIED, tie)
        report = Report(
            id=self._id(),
            channel=Channel.FOLLOW_UP if told.follow_up else Channel.EXPOSURE,
            occurred_at=story["published_at"],
            received_at=story["fetched_at"],
            story_id=story["_id"],
            outlet_id=source.outlet_id,
            partner=source.partner,
            cluster=story["cluster"],
        )
        return report, story

    def _other(self, kind: str, at: datetime) -> None:
        """A story that leads to no problem."""
        chance, source = self._chance, self._chance.choice(self._scene.sources)
        region, district, name = chance.choice(self._scene.regions)
        tags: dict[str, Any] = {"region": region}
        disposition = None
        feed = source.feeds[-1]
        match kind:
            case "good_deed":
                deed, title = wording.deed(chance)
                where = wording.place(chance)
                said, text, tags = Kind.GOOD_DEED, wording.praising(chance, title, where, self._next()), tags
                tags |= {"deed": deed, "place": where}
                feed = source.feeds[1]
            case "behaviour" | "criticism" | "progress":
                said = Kind.FOLLOW_UP if kind == "progress" else Kind.EXPOSURE
                title = wording.trouble(chance, wording.place(chance))
                text, feed, disposition = (
                    wording.exposing(chance, title, self._next()),
                    source.feeds[0],
                    Disposition(kind),
                )
                tags |= {"category": chance.choice(self._scene.categories)[0]}
            case _:
                said = Kind(kind)
                title = wording.news(chance, name, ours=said is Kind.NOTICE)
                text = wording.telling(chance, title, self._next())
        story = self._story(source, feed, at, said, title, text)
        if self._now - at < SETTLED:
            self._made.waiting.append(story["_id"])
            return
        self._decide(story, said, tags, district, disposition)
        if said is Kind.GOOD_DEED:
            self._deed(story, title, tags, district)

    def _story(
        self,
        source: Source,
        feed: tuple[ObjectId, str],
        at: datetime,
        kind: Kind,
        title: str,
        text: str,
        cluster: ObjectId | None = None,
    ) -> Json:
        at = at.replace(microsecond=0)
        fetched = min(at + timedelta(minutes=self._chance.randrange(5, 60)), self._now)
        story_id, digest = self._id(), content_hash(title, text)
        url = f"https://outlet.example/{story_id}"
        story: Json = {
            "_id": story_id,
            "outlet_id": source.outlet_id,
            "feed_id": feed[0],
            "key": str(story_id),
            "url": url,
            "link": url[8:],
            "title": title,
            "html": f"<p>{text}</p>",
            "text": text,
            "author": "",
            "column": feed[1],
            "platform": "web",
            "published_at": at,
            "precision": "minute",
            "fetched_at": fetched,
            "updated_at": None,
            "changed_at": None,
            "content_hash": digest,
            "source_hash": None,
            "full_text": None,
            "image": None,
            "revisions": [],
            "version": 1,
            "withdrawn_at": None,
            "desk": "pending",
            "district": None,
            "suggestion": None,
            "decision": None,
            "changed_since_decision": False,
            "cluster": cluster or story_id,
            "copied": cluster is not None,
            "bands": list(fingerprint(text).keys),
            "demo": True,
        }
        self._made.stories.append(story)
        self._made.said.append(Said(story_id, at, digest, "\n".join(search_tokens(f"{title}\n{text}"))))
        payload = {name: story[name] for name in ("outlet_id", "feed_id", "published_at", "content_hash")}
        self._record(NewEvent(STORY, story_id, 1, "ingested", fetched, payload), None, fetched)
        return story

    def _decide(
        self,
        story: Json,
        kind: Kind,
        tags: dict[str, Any],
        district: str,
        disposition: Disposition | None,
        tie: Json | None = None,
    ) -> None:
        """What the machine suggested, what an editor said, and what came of it."""
        chance, editor = self._chance, self._chance.choice(self._scene.editors)
        at = min(story["fetched_at"] + timedelta(minutes=chance.randrange(10, 900)), self._now)
        wrong = chance.random() < 0.08
        suggested = {
            "model": MODEL,
            "content_hash": story["content_hash"],
            "kind": (chance.choice(list(Kind)) if wrong else kind).value,
            "kind_score": round(chance.uniform(0.5, 1), 3),
            "category": tags.get("category"),
            "category_score": 0.8 if tags.get("category") else 0.0,
            "region": tags.get("region"),
            "region_score": 0.9,
            "place": tags.get("place"),
            "out_of_area": False,
            "outcome": tags.get("outcome"),
            "outcome_score": 0.0,
            "deed": tags.get("deed"),
            "deed_score": 0.0,
            "units": [],
            "people": [],
            "evidence": [],
        }
        decision = {
            "kind": kind.value,
            "category": tags.get("category"),
            "region": tags.get("region"),
            "place": tags.get("place") or "",
            "outcome": tags.get("outcome"),
            "deed": tags.get("deed"),
            "units": [],
            "people": [],
            "disposition": disposition.value if disposition else None,
            "ties": [tie] if tie else [],
            "by": editor,
            "at": at,
            "suggested": suggested,
        }
        further = disposition is not None or kind is Kind.GOOD_DEED
        story |= {"suggestion": suggested, "decision": decision, "district": district, "desk": "decided"}
        story["version"] = 3 if further else 2
        said = {
            **{name: decision[name] for name in ("kind", "category", "region", "outcome", "deed")},
            "disposition": None,
            "model": MODEL,
            **{f"suggested_{name}": suggested[name] for name in ("kind", "category", "region", "outcome", "deed")},
        }
        self._record(NewEvent(STORY, story["_id"], 2, "decided", at, said), editor, at)
        if disposition is not None:
            led: Json = {"disposition": disposition.value}
            if tie is not None:
                led |= {"problem": tie["chosen"], "new": tie["new"], "offered": []}
            self._record(NewEvent(STORY, story["_id"], 3, "disposed", at, led), editor, at)
        elif kind is Kind.GOOD_DEED:
            self._record(NewEvent(STORY, story["_id"], 3, "filed", at, {}), editor, at)

    def _deed(self, story: Json, title: str, tags: dict[str, Any], district: str) -> None:
        told = DeedStory(story_id=story["_id"], outlet_id=story["outlet_id"], published_at=story["published_at"])
        at = story["decision"]["at"]
        deed = GoodDeed(
            id=self._id(),
            title=title,
            deed=story["text"][:60],
            kind=tags["deed"],
            region=tags["region"],
            district=district,
            place=tags["place"],
            stories=[told],
            first_published_at=story["published_at"],
            by=story["decision"]["by"],
            created_at=at,
            demo=True,
        )
        row = deed.model_dump(exclude={"id", "revision_id"})
        self._made.deeds.append({"_id": deed.id, **row})
        assert deed.id is not None
        event = NewEvent("deed", ObjectId(deed.id), 1, "filed", at, told.model_dump())
        self._record(event, story["decision"]["by"], at)

    def _record(self, event: NewEvent, who: ObjectId | None, at: datetime) -> None:
        row = stored(0, event, Origin(who), at)
        row["_id"] = self._id()
        self._made.events.append(row)

    def _id(self) -> ObjectId:
        return ObjectId(self._chance.randbytes(12))

    def _next(self) -> int:
        self._count += 1
        return self._count
