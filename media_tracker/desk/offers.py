"""Which problems a story may belong to: what the desk offers before an editor ties it."""

from __future__ import annotations

from collections.abc import Iterable

from bson import ObjectId

from media_tracker.db.connection import Database, Json
from media_tracker.desk.decision import channel_of, has_come_back, id_of
from media_tracker.desk.wanted import linked_addresses, story_wanted
from media_tracker.errors import N_
from media_tracker.ingest.documents import Disposition, Story
from media_tracker.ingest.stories import Stories
from media_tracker.outlets.documents import Outlet
from media_tracker.places.service import Places
from media_tracker.problems.case import Channel, State
from media_tracker.problems.documents import Problem
from media_tracker.problems.linking.matching import Candidate, Wanted
from media_tracker.problems.linking.rarity import background_ready
from media_tracker.problems.service import Problems
from media_tracker.taxonomy.service import Taxonomy

MOST_OFFERED = 5
MOST_LINKED = 20


class Offers:
    """Looks for problems that stories may tell of. Changes nothing."""

    def __init__(
        self, database: Database, stories: Stories, problems: Problems, places: Places, taxonomy: Taxonomy
    ) -> None:
        self._outlets = database[Outlet.Settings.name]
        self._rows = database[Story.Settings.name]
        self._stories = stories
        self._problems = problems
        self._places = places
        self._taxonomy = taxonomy

    async def candidates(self, story: Story) -> list[tuple[Problem, Candidate]]:
        """Problems that the story may belong to, best first: those of its reprints, then those alike in place and category.

        Without those that it is tied to already.
        """
        wanted = await self.wanted(story)
        tied = {problem.case.id for problem in await self._problems.tied_to(id_of(story))}
        offered = {problem.case.id: (problem, candidate) for problem, candidate in await self._of_reprints(story)}
        for problem, candidate in await self._problems.candidates(wanted, limit=MOST_OFFERED + len(tied)):
            offered.setdefault(problem.case.id, (problem, candidate))
        return [offered[problem_id] for problem_id in offered if problem_id not in tied][:MOST_OFFERED]

    async def wanted(self, story: Story) -> Wanted:
        """What ``story`` asks for when its problem is looked for."""
        decision, suggestion = story.decision, story.suggestion
        category = decision.category if decision else suggestion.category if suggestion else None
        region = decision.region if decision else suggestion.region if suggestion else None
        place = (decision.place if decision else suggestion.place if suggestion else None) or ""
        tree = await self._places.regions()
        path = tree.path(region) if region is not None and region in tree else ()
        await background_ready()
        return story_wanted(
            story,
            (await self._taxonomy.table()).path(category),
            path,
            place,
            zone=self._problems.zone,
            linked=await self._linked(story),
        )

    async def relapses(self, story: Story, problems: Iterable[Problem]) -> frozenset[ObjectId]:
        """Ids of those ``problems`` that were closed so long before ``story`` that its exposure is a relapse, not a tie."""
        if channel_of(story, await self.outlet(story)) is not Channel.EXPOSURE:
            return frozenset()
        return frozenset(each.case.id for each in problems if has_come_back(each.case, story))

    async def outlet(self, story: Story) -> Json:
        """The stored outlet of ``story``."""
        row = await self._outlets.find_one({"_id": story.outlet_id})
        assert row is not None  # a story's outlet is never removed while the story stands
        return row

    async def _linked(self, story: Story) -> frozenset[ObjectId]:
        """Problems that the stories which this one links to are tied to."""
        links = linked_addresses(story.html, story.url)
        if not links:
            return frozenset()
        outlets = [row["_id"] async for row in self._outlets.find({}, {"_id": 1})]  # links are indexed by outlet
        query = {"outlet_id": {"$in": outlets}, "link": {"$in": links}}
        rows = await self._rows.find(query, {"_id": 1}).limit(MOST_LINKED).to_list()
        return await self._problems.tied_to_any(row["_id"] for row in rows)

    async def _of_reprints(self, story: Story) -> list[tuple[Problem, Candidate]]:
        """What stories with the same text have been tied to."""
        others = await self._stories.in_cluster(story.cluster, id_of(story))
        open_to_all = [
            each for each in others if each.blind is None
        ]  # what waits for a blind second look offers nothing
        tied = [each for each in open_to_all if each.decision and each.decision.disposition is Disposition.TIED]
        found = [problem for each in tied[:MOST_OFFERED] for problem in await self._problems.tied_to(id_of(each))]
        why = (N_("a reprint of this story is tied to it"),)
        return [
            (problem, Candidate(problem.case.id, 1.0, why))
            for problem in found
            if problem.case.state is not State.DUPLICATE
        ]
