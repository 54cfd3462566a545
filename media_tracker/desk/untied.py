"""Follow-up stories that may tell of a problem and are not tied yet: the desk's question, asked from the problem's side."""

from __future__ import annotations

from bson import ObjectId

from media_tracker.accounts.actor import Actor
from media_tracker.db.connection import Database, Json
from media_tracker.desk.service import Desk
from media_tracker.ingest.blind import all_as_seen_by
from media_tracker.ingest.documents import DeskState, Kind, Story
from media_tracker.ingest.stories import NEWEST_FIRST
from media_tracker.problems.case import EXITS
from media_tracker.problems.documents import Problem
from media_tracker.problems.linking.links import COLLECTION as LINKS
from media_tracker.problems.linking.links import known_of
from media_tracker.problems.linking.matching import Candidate, rank
from media_tracker.taxonomy.service import Taxonomy

LOOKED_AT = 300
"""So many of the newest stories that wait for an editor are asked for their kind; older ones the desk has long since shown."""
COMPARED = 30
MOST_OFFERED = 5


class Untied:
    """Looks for them. What it costs is bounded, however long the desk's queue and the archive are."""

    def __init__(self, database: Database, desk: Desk, taxonomy: Taxonomy) -> None:
        self._stories = database[Story.Settings.name]
        self._links = database[LINKS]
        self._desk = desk
        self._taxonomy = taxonomy

    async def stories_for(self, problem: Problem, who: Actor) -> list[tuple[Story, Candidate]]:
        """The likeliest first, as ``who`` may see them, with what speaks for each.

        None where a problem has ended without being one of its own.
        """
        row = await self._links.find_one({"_id": problem.case.id}, {"keys": 0})
        if row is None or problem.case.state in EXITS:
            return []
        known = known_of(row, (await self._taxonomy.table()).path(row["category"]))
        tied = {report.story_id for report in problem.case.reports if report.withdrawn_at is None}
        found: list[tuple[Story, Candidate]] = []
        for story in all_as_seen_by(await self._waiting(problem), who):
            said = story.decision or story.suggestion
            if said is None or said.kind is not Kind.FOLLOW_UP:
                continue  # only a decision that ``who`` must not know yet calls it one
            if story.id not in tied:
                found += [(story, each) for each in rank(await self._desk.wanted(story), [known])]
        return sorted(found, key=lambda each: -each[1].score)[:MOST_OFFERED]

    async def _waiting(self, problem: Problem) -> list[Story]:
        """Stories that wait, are follow-ups as far as anybody has said, and came after the problem was first told of."""
        fields = {"decision.kind": 1, "suggestion.kind": 1, "withdrawn_at": 1}
        newest = self._stories.find(waiting_since(problem), fields).sort(NEWEST_FIRST).limit(LOOKED_AT)
        ids: list[ObjectId] = []
        async for row in newest:
            said = row.get("decision") or row.get("suggestion") or {}
            if said.get("kind") == Kind.FOLLOW_UP.value and row.get("withdrawn_at") is None:
                ids.append(row["_id"])
        return [Story.model_validate(row) async for row in self._stories.find({"_id": {"$in": ids[:COMPARED]}})]


def waiting_since(problem: Problem) -> Json:
    """The database's words for stories that wait and came after ``problem`` was first told of."""
    start = problem.first_exposed_at or problem.case.registered_at
    return {"desk": DeskState.PENDING.value, "published_at": {"$gt": start}}
