"""What an editor does with a story, each use case in one transaction: say what it is, have it withdrawn.

What comes of it (``ties``) and which problems it may belong to (``offers``) are asked of the same ``Desk``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from media_tracker.accounts.actor import Actor
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.events import Origin
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.deeds.service import Deeds
from media_tracker.desk.decision import DEEDS, DISPOSITIONS, OUTCOMES, TIEABLE, Decision, editors_only, id_of, record_of
from media_tracker.desk.done import Done, Group, What
from media_tracker.desk.offers import Offers
from media_tracker.desk.second_look import SecondLooks
from media_tracker.desk.story_claims import StoryClaims
from media_tracker.desk.ties import Ties
from media_tracker.errors import N_, Conflict, InvalidInput
from media_tracker.ingest.blind import is_hidden_from
from media_tracker.ingest.documents import DecisionRecord, DeskState, Disposition, Kind, Story
from media_tracker.ingest.stories import Stories
from media_tracker.places.service import Places
from media_tracker.problems.service import Problems
from media_tracker.tagging.service import Tagging
from media_tracker.tagging.withdrawal import WithdrawalReason
from media_tracker.taxonomy.service import Taxonomy

__all__ = ["DISPOSITIONS", "Decision", "Desk"]

CHANGED = "changed_since_decision"
"""The index that holds these alone; the database would rather read everything that is decided."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Some stories that were changed after their decision, and how many there are."""

    stories: Sequence[Story]
    count: int


class Desk:
    """The editor's use cases."""

    def __init__(
        self,
        database: Database,
        transactor: Transactor,
        stories: Stories,
        tagging: Tagging,
        problems: Problems,
        deeds: Deeds,
        places: Places,
        taxonomy: Taxonomy,
        clock: Clock,
        second_looks: SecondLooks | None = None,
        *,
        claims: StoryClaims,
        done: Done,
    ) -> None:
        self._claims = claims
        self._done = done
        self._second_looks = second_looks
        self._rows = database[Story.Settings.name]
        self._transactor = transactor
        self._stories = stories
        self._tagging = tagging
        self._problems = problems
        self._deeds = deeds
        self._places = places
        self._taxonomy = taxonomy
        self._clock = clock
        offers = Offers(database, stories, problems, places, taxonomy)
        self.candidates, self.wanted, self.relapses = offers.candidates, offers.wanted, offers.relapses
        ties = Ties(transactor, stories, tagging, problems, deeds, offers, clock, claims=claims, done=done)
        self.attach, self.expose = ties.attach, ties.expose
        self.lead_nowhere, self.file_deed = ties.lead_nowhere, ties.file_deed

    async def decide(
        self,
        story_id: str,
        version: int,
        decision: Decision,
        actor: Actor,
        origin: Origin,
        group: Group | None = None,
    ) -> Story:
        """Say what a story is. ``group``: what is done together, and undone together.

        An exposure or follow-up stays in the queue until it is tied, or said to lead to nothing; a good deed until it is filed.

        Raises:
            Forbidden, NotFound, Conflict; InvalidInput: a category or region that is none; Conflict also when the story is
            withdrawn, or is tied or filed and would no longer be of the kind that can be.
        """
        editors_only(actor)
        story = await self._stories.get(story_id)
        if story.withdrawn_at is not None:
            raise Conflict(N_("This story has been withdrawn; there is nothing left to decide."))
        await self.check(decision)
        if self._second_looks is not None and is_hidden_from(story, actor):
            record = record_of(decision, actor, self._clock())

            async def noted(tx: Transaction, marks: Sequence[Json], look_seq: int) -> None:
                await self._claims.check_in(tx, id_of(story), actor)
                await self._done.note_look_in(tx, story, decision.kind, marks, look_seq, actor, group)
                await self._claims.release_in(tx, id_of(story), actor)

            return await self._second_looks.give(story, record, origin, noted)
        record, desk = await self.prepare(story, decision, actor)

        async def work(tx: Transaction) -> Story:
            await self._claims.check_in(tx, id_of(story), actor)
            before = await self._done.before_in(tx, id_of(story))
            changed = await self._tagging.decide_in(tx, id_of(story), version, record, desk)
            await self._done.note_in(tx, What.DECIDED, before, changed, actor, group)
            if desk is DeskState.DECIDED:
                await self._claims.release_in(tx, id_of(story), actor)
            return changed

        return await self._transactor.run(work, origin)

    async def prepare(self, story: Story, decision: Decision, actor: Actor) -> tuple[DecisionRecord, DeskState]:
        """What ``decision`` would be kept as, and whether the story still waits afterwards. ``Conflict`` as ``decide`` has it."""
        tied = await self._problems.tied_to(id_of(story)) if story.decision and story.decision.disposition else []
        if tied and story.decision and decision.kind is not story.decision.kind:
            raise Conflict(N_("This story is tied to a problem already; its kind can no longer be changed."))
        filed = await self._deeds.of_story(id_of(story)) is not None
        if filed and decision.kind is not Kind.GOOD_DEED:
            raise Conflict(N_("This story has been filed as a good deed already; its kind can no longer be changed."))
        record = record_of(decision, actor, self._clock())
        if tied and story.decision:
            record = record.model_copy(update={"disposition": Disposition.TIED, "ties": story.decision.ties})
        waits = (decision.kind in TIEABLE and not tied) or (decision.kind is Kind.GOOD_DEED and not filed)
        return record, DeskState.PENDING if waits else DeskState.DECIDED

    async def check(self, decision: Decision) -> None:
        """``InvalidInput`` for a category, a region, an outcome or a kind of deed that is none."""
        fields: dict[str, str] = {}
        if decision.category is not None and decision.category not in await self._taxonomy.table():
            fields["category"] = N_("Please choose a category from the list.")
        if decision.region is not None and decision.region not in await self._places.regions():
            fields["region"] = N_("Please choose a region from the list.")
        if decision.outcome is not None and decision.outcome not in OUTCOMES:
            fields["outcome"] = N_("Please choose from the list.")
        if decision.deed is not None and decision.deed not in DEEDS:
            fields["deed_kind"] = N_("Please choose from the list.")
        if fields:
            raise InvalidInput(N_("Please fill in what is missing."), fields)

    async def changed(self, limit: int) -> Changed:
        """Stories that their outlet has changed since an editor was done with them, newest first."""
        query = {
            "desk": DeskState.DECIDED.value,
            "changed_since_decision": True,
            "withdrawn_at": None,
        }
        newest = [("published_at", -1), ("_id", -1)]
        rows = await self._rows.find(query).hint(CHANGED).sort(newest).limit(limit).to_list()
        count = len(rows) if len(rows) < limit else await self._rows.count_documents(query, hint=CHANGED)
        return Changed([Story.model_validate(row) for row in rows], count)

    async def withdraw(
        self, story_id: str, version: int, actor: Actor, origin: Origin, reason: WithdrawalReason | None = None
    ) -> Story:
        """Mask a story that its outlet has withdrawn or corrected, and have its ties stop counting, at once.

        ``reason`` is kept in its history; None where nobody has said.
        """
        editors_only(actor)
        story = await self._stories.get(story_id)
        if story.blind is not None and is_hidden_from(story, actor) and version == story.blind.version:
            version = story.version  # what was decided meanwhile is not for this editor to know, and in nobody's way

        async def work(tx: Transaction) -> Story:
            changed = await self._tagging.withdraw_in(tx, id_of(story), version, reason)
            await self._problems.withdraw_story_in(tx, id_of(story))
            await self._deeds.withdraw_story_in(tx, id_of(story))
            return changed

        return await self._transactor.run(work, origin)
