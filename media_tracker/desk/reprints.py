"""Reprints of a story that an editor is done with: the same decision for all of them, and the same that came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bson import ObjectId

from media_tracker.accounts.actor import Actor
from media_tracker.db.events import Origin
from media_tracker.deeds.documents import GoodDeed, NewDeed
from media_tracker.deeds.service import Deeds
from media_tracker.desk.decision import TIEABLE, Decision
from media_tracker.desk.done import Group
from media_tracker.desk.service import Desk
from media_tracker.errors import N_, Conflict, InvalidInput
from media_tracker.ingest.blind import is_hidden_from
from media_tracker.ingest.documents import DecisionRecord, DeskState, Disposition, Kind, Story
from media_tracker.ingest.stories import Stories
from media_tracker.problems.case import State
from media_tracker.problems.documents import Problem
from media_tracker.problems.service import Problems


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many reprints were decided like the story; how many need a look of their own."""

    done: int
    left: int


@dataclass(frozen=True, slots=True)
class _Model:
    """What the reprints are to become."""

    decision: DecisionRecord
    problems: Sequence[Problem]
    deed: GoodDeed | None


def waiting(reprints: Sequence[Story]) -> list[Story]:
    """Those of ``reprints`` that nobody has decided, and that stand."""
    return [each for each in reprints if each.decision is None and each.withdrawn_at is None]


def is_settled(story: Story) -> bool:
    """Whether an editor is done with a story that stands, so that its reprints can follow it."""
    return story.decision is not None and story.desk is DeskState.DECIDED and story.withdrawn_at is None


class Reprints:
    """Deciding many stories with one text at once."""

    def __init__(self, desk: Desk, stories: Stories, problems: Problems, deeds: Deeds) -> None:
        self._desk = desk
        self._stories = stories
        self._problems = problems
        self._deeds = deeds

    async def decide_alike(self, story_id: str, seen: Mapping[str, int], actor: Actor, origin: Origin) -> Outcome:
        """Decide reprints of a story like it, and tie or file them like it; each with its own decision and transaction.

        ``seen`` are their versions by id, as the editor saw them. One that has changed since, has been decided, or cannot
        follow (its problem would be a relapse by now) stays in the queue for a look of its own.

        Raises:
            NotFound; Forbidden; Conflict: the editor is not done with the story itself.
        """
        story = await self._stories.get(story_id)
        if not is_settled(story) or story.decision is None or is_hidden_from(story, actor):
            raise Conflict(N_("Decide first what this story is, and what comes of it; its reprints can follow then."))
        key = ObjectId(story.id)
        model = _Model(story.decision, await self._standing(key), await self._deeds.of_story(key))
        reprints = {str(each.id): each for each in waiting(await self._stories.in_cluster(story.cluster, key))}
        done, group = 0, Group(ObjectId())
        for other, version in seen.items():
            done += other in reprints and await self._follow(other, version, model, actor, origin, group)
        return Outcome(done, len(seen) - done)

    async def _standing(self, story: ObjectId) -> list[Problem]:
        tied = await self._problems.tied_to(story)
        return [problem for problem in tied if problem.case.state is not State.DUPLICATE]

    async def _follow(
        self, story_id: str, version: int, model: _Model, actor: Actor, origin: Origin, group: Group
    ) -> bool:
        """Whether the reprint could be decided, and be led to where the story has led."""
        said = model.decision
        decision = Decision(
            kind=said.kind,
            category=said.category,
            region=said.region,
            place=said.place,
            outcome=said.outcome,
            deed=said.deed,
            units=tuple(said.units),
            people=tuple(said.people),
        )
        try:
            story = await self._desk.decide(story_id, version, decision, actor, origin, group)
            await self._settle(story, model, actor, origin, group)
        except (Conflict, InvalidInput):
            return False
        return (await self._stories.get(story_id)).desk is DeskState.DECIDED

    async def _settle(self, story: Story, model: _Model, actor: Actor, origin: Origin, group: Group) -> None:
        story_id, version, why = str(story.id), story.version, model.decision.disposition
        if story.decision is None:
            return
        if story.decision.kind is Kind.GOOD_DEED and model.deed is not None:
            known = NewDeed(title=model.deed.title)
            await self._desk.file_deed(story_id, version, known, ObjectId(model.deed.id), actor, origin, group)
        elif story.decision.kind in TIEABLE and why is Disposition.TIED:
            for after, problem in enumerate(model.problems):
                await self._desk.attach(story_id, version + after, problem.number, actor, origin, group)
        elif story.decision.kind in TIEABLE and why is not None:
            await self._desk.lead_nowhere(story_id, version, why, actor, origin, group)
