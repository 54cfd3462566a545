"""Everything that a dossier tells of a problem, looked up: history, stories, files and their digests, orders, people and roles.

Reads only. What callers and citizens wrote is not among it: see ``TOLD``.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bson import ObjectId

from media_tracker.db.connection import Database
from media_tracker.db.events import Event
from media_tracker.errors import N_, InvalidInput, NotFound
from media_tracker.files.store import FileStore
from media_tracker.ingest.documents import Story
from media_tracker.ingest.stories import Stories
from media_tracker.papers.chain import Link, chain
from media_tracker.papers.documents import DispatchOrder
from media_tracker.papers.orders import Orders
from media_tracker.papers.pictures import shrunk
from media_tracker.papers.word import Picture
from media_tracker.problems.arriving import without_arriving
from media_tracker.problems.case import EventType
from media_tracker.problems.documents import Problem
from media_tracker.problems.service import Problems

MOST_PROBLEMS = 200
"""Of one dossier."""

TOLD = frozenset(
    {
        EventType.ASSIGNED,
        EventType.REASSIGNED,
        EventType.RETURNED,
        EventType.STARTED,
        EventType.CLAIMED,
        EventType.EVIDENCE_ADDED,
        EventType.PROTECTED,
        EventType.VERIFIED,
        EventType.FAILED,
        EventType.NOTHING_FOUND,
        EventType.CLOSED,
        EventType.DEFERRED,
        EventType.RESUMED,
        EventType.EXTENDED,
        EventType.EXTENSION_ASKED,
        EventType.DEFERRAL_ASKED,
        EventType.ASK_REFUSED,
        EventType.REMINDED,
        EventType.SUPERVISED,
        EventType.SUPERVISION_ENDED,
        EventType.INSTRUCTED,
        EventType.NOT_ACCEPTED,
        EventType.DUPLICATE,
        EventType.REVOKED,
        EventType.CONTINUED,
        EventType.LOOKED_BACK,
        EventType.WITHHELD,
    }
)
"""Events whose words a dossier shows: offices' and units' own. Whatever else may hold what a caller, a citizen or an exposed
merchant wrote of themselves (a report, an objection, a call back) stays out, new kinds of events included."""

_FILES = ("before", "after", "photos", "documents")
"""Under which names events hold files."""


@dataclass(frozen=True, slots=True)
class FileFact:
    """A photo or document as whoever checks the dossier finds it: where parts were blacked out, the version that is shown."""

    id: ObjectId
    name: str
    content_type: str
    size: int
    """Bytes."""
    sha256: str
    """Of the bytes that ``/files/{id}`` gives."""
    sha256_sent: str
    """Of the bytes that were sent, before photos were written anew without what the camera had added."""
    photo: bool
    blacked_out: bool
    shown_as: ObjectId
    """Under which id it is opened."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who did something: name and roles as they are today."""

    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Casefile:
    """One problem with all that belongs to it."""

    problem: Problem
    events: Sequence[Event]
    links: Sequence[Link]
    orders: Sequence[DispatchOrder]

    def words_of(self, event: Event) -> str:
        """What was written with ``event``, as far as a dossier tells it."""
        return self.problem.words_of(event.seq) if event.type in TOLD else ""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Problems of one dossier, in the order they were asked for, and what they refer to."""

    cases: Sequence[Casefile]
    stories: Mapping[ObjectId, Story]
    files: Mapping[ObjectId, FileFact]
    people: Mapping[ObjectId, Person]
    numbers: Mapping[ObjectId, str]
    """Numbers of other problems that these are tied to."""

    @property
    def photos(self) -> int:
        """How many photos there are."""
        return sum(each.photo for each in self.files.values())


class Casefiles:
    """Reads what dossiers are made of."""

    def __init__(
        self, database: Database, problems: Problems, stories: Stories, files: FileStore, orders: Orders
    ) -> None:
        self._database = database
        self._problems = problems
        self._stories = stories
        self._files = files
        self._orders = orders

    async def read(self, numbers: Sequence[str]) -> Bundle:
        """The problems with these numbers.

        Raises:
            InvalidInput: none, or more than a dossier holds.
            NotFound: one of them is not there.
        """
        problems = await self._found(numbers)
        ids = [each.case.id for each in problems]
        orders = await self._orders.all_of(ids)
        cases = []
        for problem in problems:
            events = await self._problems.history(problem)
            own = [each for each in orders if any(line.problem_id == problem.case.id for line in each.lines)]
            cases.append(Casefile(problem, events, chain(events), own))
        events = [event for case in cases for event in case.events]
        stories = await self._stories.many({story for each in problems for story in _stories_of(each)})
        shown = [photo for story in stories.values() if story.withdrawn_at is None for photo in story.attachments]
        return Bundle(
            cases=cases,
            stories=stories,
            files=await self._file_facts([*files_in(events), *shown]),
            people=await self._people(_people_in(events)),
            numbers=await self._problems.numbers({*_tied(problems), *_named(events)}),
        )

    async def pictures(
        self, files: Iterable[FileFact], side: int, most_wide: float, most_high: float
    ) -> dict[ObjectId, Picture]:
        """The photos among ``files``, by id, ready for a document; one at a time, since a large one takes 100 MB to shrink."""
        found: dict[ObjectId, Picture] = {}
        for each in files:
            if each.photo:
                _, chunks = await self._files.open(each.id)
                data = b"".join([chunk async for chunk in chunks])
                try:
                    found[each.id] = await asyncio.to_thread(shrunk, data, side, most_wide, most_high)
                except OSError:  # a photo that cannot be drawn is still listed, with its digest
                    continue
        return found

    async def photo_facts(self, ids: Sequence[ObjectId]) -> dict[ObjectId, FileFact]:
        """Photos by id, as ``Bundle.files`` has them."""
        return await self._file_facts(ids)

    async def _found(self, numbers: Sequence[str]) -> list[Problem]:
        wanted = list(dict.fromkeys(number.strip() for number in numbers if number.strip()))
        if not 0 < len(wanted) <= MOST_PROBLEMS:
            sentence = N_("A dossier is of 1 to {most} problems: choose fewer, or use the filters.")
            raise InvalidInput(sentence, {"numbers": sentence}, most=MOST_PROBLEMS)
        here = await without_arriving(self._database)
        rows = await self._database[Problem.Settings.name].find({"number": {"$in": wanted}, **here}).to_list()
        known = {row["number"]: Problem.model_validate(row) for row in rows}
        missing = next((number for number in wanted if number not in known), None)
        if missing is not None:
            raise NotFound(N_("There is no problem numbered {number}."), number=missing)
        return [known[number] for number in wanted]

    async def _file_facts(self, ids: Sequence[ObjectId]) -> dict[ObjectId, FileFact]:
        """What is known of each file; a digest that was never written down is made of its bytes now."""
        photos, papers = await self._files.photos(ids), await self._files.papers(ids)
        facts: dict[ObjectId, FileFact] = {}
        for key, photo in photos.items():
            metadata, chunks = await self._files.open(key)
            kept = photo.sha256_kept
            if not kept:
                digest = hashlib.sha256()
                async for chunk in chunks:
                    digest.update(chunk)
                kept = digest.hexdigest()
            facts[key] = FileFact(
                key,
                metadata.filename,
                metadata.content_type,
                metadata.size,
                kept,
                photo.sha256,
                True,
                photo.blacked_out,
                photo.id,
            )
        for key, paper in papers.items():
            kind, size = paper.content_type, paper.size
            facts[key] = FileFact(key, paper.filename, kind, size, paper.sha256, paper.sha256, False, False, key)
        return {key: facts[key] for key in ids if key in facts}

    async def _people(self, ids: Iterable[ObjectId]) -> dict[ObjectId, Person]:
        rows = self._database["users"].find({"_id": {"$in": list(set(ids))}}, {"display_name": 1, "roles": 1})
        return {row["_id"]: Person(row["display_name"], tuple(row["roles"])) async for row in rows}


def _stories_of(problem: Problem) -> set[ObjectId]:
    return {report.story_id for report in problem.case.reports if report.story_id is not None}


def files_in(events: Iterable[Event]) -> list[ObjectId]:
    """Every file that ``events`` hold, in order, once."""
    found = (
        each
        for event in events
        for name in _FILES
        for each in event.payload.get(name) or ()
        if isinstance(each, ObjectId)
    )
    return list(dict.fromkeys(found))


def _people_in(events: Iterable[Event]) -> Iterator[ObjectId]:
    """Everybody who did something, and everybody whom an event names for it."""
    for event in events:
        yield from (each for each in (event.actor, event.payload.get("by")) if isinstance(each, ObjectId))


def _tied(problems: Iterable[Problem]) -> set[ObjectId]:
    ties = ((each.case.duplicate_of, each.case.relapse_of, each.case.relapsed_as) for each in problems)
    return {each for tie in ties for each in tie if each is not None}


def _named(events: Iterable[Event]) -> set[ObjectId]:
    named = (event.payload.get("problem") for event in events)
    return {each for each in named if isinstance(each, ObjectId)}
