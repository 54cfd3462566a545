"""What must hold of any database at any moment, whatever happened and whoever was killed when."""

from __future__ import annotations

from collections import Counter

from bson import ObjectId

from media_tracker.db.connection import Json
from media_tracker.files.office_files import ENDINGS
from media_tracker.ingest.documents import DeskState, Disposition, Kind
from media_tracker.problems.case import Case
from media_tracker.problems.documents import Problem
from media_tracker.problems.evidence.material import files_of
from media_tracker.problems.folding import fold
from media_tracker.wiring import Services


async def assert_nothing_lost_or_doubled(services: Services) -> None:
    """Documents and their events tell the same, and no story, tie, photo or number stands twice."""
    await _problems_follow_from_their_events(services)
    await _stories_and_deeds_count_their_events(services)
    await _nothing_stands_without_its_document(services)
    await _photos_are_attached_if_and_only_if_a_case_or_a_story_has_them(services)


async def _problems_follow_from_their_events(services: Services) -> None:
    tree = await services.places.regions()
    async for row in services.database["problems"].find():
        problem = Problem.model_validate(row)
        events = await services.problems.history(problem)
        assert problem.case == fold(events), f"{problem.number} is not what its events say"
        assert [event.seq for event in events] == list(range(1, problem.case.version + 1))
        assert row["_id"] == problem.case.id
        assert problem.first_exposed_at == problem.case.first_exposed_at
        if problem.case.region is not None:
            assert problem.district == tree.district_for_counting(problem.case.region)
        assert len({words.seq for words in problem.words}) == len(problem.words)
        ties = Counter(r.story_id for r in problem.case.reports if r.story_id and r.withdrawn_at is None)
        assert max(ties.values(), default=1) == 1, f"{problem.number} is tied to a story twice"


async def _stories_and_deeds_count_their_events(services: Services) -> None:
    happened = await _events(services, "story")
    filed = set(await services.database["deeds"].distinct("stories.story_id"))
    async for row in services.database["stories"].find():
        types = _types(happened, row)
        assert types.count("ingested") == 1
        assert types[0] == "ingested"
        decision = row["decision"] or {}
        if decision.get("disposition") == Disposition.TIED:
            assert await services.problems.tied_to(row["_id"]), (
                "a story says that it is tied, and no problem knows of it"
            )
        untied = decision.get("kind") in (Kind.EXPOSURE, Kind.FOLLOW_UP) and not decision.get("disposition")
        waits = untied or (decision.get("kind") == Kind.GOOD_DEED and row["_id"] not in filed)
        if row["decision"] is not None and row["withdrawn_at"] is None:
            waiting = DeskState.SNOOZED if row.get("snooze") else DeskState.PENDING
            assert row["desk"] == (waiting if waits else DeskState.DECIDED)
    told: Counter[ObjectId] = Counter()
    happened = await _events(services, "deed")
    async for row in services.database["deeds"].find():
        assert _types(happened, row)[0] == "filed"
        told.update(each["story_id"] for each in row["stories"])
    assert max(told.values(), default=1) == 1, "a story tells of two deeds"


async def _events(services: Services, entity: str) -> dict[ObjectId, list[tuple[int, str]]]:
    found: dict[ObjectId, list[tuple[int, str]]] = {}
    async for event in services.database["events"].find({"entity": entity}):
        found.setdefault(event["entity_id"], []).append((event["seq"], event["type"]))
    return found


def _types(happened: dict[ObjectId, list[tuple[int, str]]], row: Json) -> list[str]:
    """The types of a document's events, which must be as many as its version says."""
    events = sorted(happened[row["_id"]])
    assert [seq for seq, _ in events] == list(range(1, row["version"] + 1))
    return [kind for _, kind in events]


async def _nothing_stands_without_its_document(services: Services) -> None:
    homes = {"story": "stories", "problem": "problems", "deed": "deeds", "lead": "leads", "release": "releases"}
    for entity, home in homes.items():
        told = set(await services.database["events"].distinct("entity_id", {"entity": entity}))
        told -= set(await services.database["events"].distinct("entity_id", {"entity": entity, "type": "unfiled"}))
        there = set(await services.database[home].distinct("_id"))
        assert told == there, f"{entity}: events and documents are not of the same things"


async def _photos_are_attached_if_and_only_if_a_case_or_a_story_has_them(services: Services) -> None:
    used: set[ObjectId] = set()
    async for row in services.database["problems"].find({}, {"case": 1}):
        used.update(files_of(Case.model_validate(row["case"])))
    async for row in services.database["stories"].find({"attachments": {"$exists": True}}, {"attachments": 1}):
        used.update(row["attachments"])
    async for row in services.database["deeds"].find({}, {"photos": 1}):
        used.update(photo["id"] for photo in row["photos"])
    async for row in services.database["bulletins"].find({"frozen.file_id": {"$exists": True}}, {"frozen.file_id": 1}):
        used.add(row["frozen"]["file_id"])
    files = services.database["files.files"]
    whole = {"$or": [{"metadata.thumbnail_id": {"$ne": None}}, {"metadata.content_type": {"$in": list(ENDINGS)}}]}
    attached = set(await files.distinct("_id", {"metadata.attached": True, "metadata.stands_for": None, **whole}))
    assert attached == used, "files do not match cases and stories"
    async for row in files.find({"metadata.attached": True, "metadata.stands_for": {"$ne": None}}):
        assert row["metadata"]["stands_for"] in used, "a version of a photo that is not on record"
