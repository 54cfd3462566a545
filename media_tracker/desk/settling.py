"""Settling what two editors see differently: a third one says how it is, or one of the two gives way."""

from __future__ import annotations

from bson import ObjectId

from media_tracker.accounts.actor import Actor
from media_tracker.db.clock import Clock
from media_tracker.db.events import Origin
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.desk.decision import Decision
from media_tracker.desk.second_look import SecondLooks
from media_tracker.desk.second_look_rules import Look, LookState, Said, Settled, Voice, differs_in, may_settle
from media_tracker.desk.service import Desk
from media_tracker.errors import N_, Conflict, Forbidden
from media_tracker.ingest.documents import Kind, Story
from media_tracker.ingest.stories import Stories
from media_tracker.tagging.service import Tagging


class Settling:
    """Ends disputes. What is settled stands: the story carries it, and learning takes it from there."""

    def __init__(
        self,
        transactor: Transactor,
        looks: SecondLooks,
        desk: Desk,
        tagging: Tagging,
        stories: Stories,
        clock: Clock,
    ) -> None:
        self._transactor = transactor
        self._looks = looks
        self._desk = desk
        self._tagging = tagging
        self._stories = stories
        self._clock = clock

    async def settle(
        self, story_id: ObjectId, version: int, takes: str, other: Decision | None, actor: Actor, origin: Origin
    ) -> Story:
        """End the dispute about a story. ``takes``: ``first``, ``second``, or ``other`` with the decision ``other``.

        The decision that stands is the settler's from then on; what had been suggested is kept with it. ``version`` is the
        dispute's, as the settler saw it.

        Raises:
            NotFound; Forbidden: one of the two can only give way. InvalidInput: a category or region that is none. Conflict:
            somebody has settled it or worked on the story, or the story is tied or filed and its kind can no longer change.
        """
        look = await self._looks.get(story_id)
        if look.state is not LookState.DISPUTED or look.second is None or look.version != version:
            raise Conflict(N_("Somebody has settled this in the meantime. Look at the list again."))
        if not may_settle(actor, look.first.by, look.second.by, takes):
            raise Forbidden(N_("You can take the other editor's decision, or leave it to a third one."))
        story = await self._stories.get(story_id)
        if story.withdrawn_at is not None:
            raise Conflict(N_("This story has been withdrawn; there is nothing left to decide."))
        decision = _chosen(look, takes, other)
        await self._desk.check(decision)
        record, desk = await self._desk.prepare(story, decision, actor)
        said = await self._looks.said(record)
        settled = Settled(actor.user_id, self._clock(), takes, said)
        stands = story.decision is not None and not differs_in(await self._looks.said(story.decision), said)

        async def work(tx: Transaction) -> Story:
            await self._looks.settle_in(tx, look, settled)
            if stands:
                return story
            before = story.decision.suggested if story.decision else None
            kept = record.model_copy(update={"suggested": before})
            return await self._tagging.decide_in(tx, story_id, story.version, kept, desk)

        return await self._transactor.run(work, origin)


def _chosen(look: Look, takes: str, other: Decision | None) -> Decision:
    """The decision that is taken."""
    if takes == "first":
        return decision_of(look.first)
    if takes == "second" and look.second is not None:
        return decision_of(look.second)
    if other is None:
        raise Conflict(N_("Please say what the story is."))
    return other


def decision_of(voice: Voice) -> Decision:
    """What an editor has decided, as a decision to take."""
    said: Said = voice.said
    return Decision(
        kind=Kind(said.kind),
        category=said.category,
        region=said.region,
        place=said.place,
        outcome=said.outcome,
        deed=said.deed,
        units=voice.units,
        people=voice.people,
    )
