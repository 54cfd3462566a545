"""What comes of a decided story: it is tied to a problem, brings a new one, leads to none, or is filed as a good deed."""

from __future__ import annotations

from dataclasses import replace

from bson import ObjectId

from media_tracker.accounts.actor import Actor
from media_tracker.db.clock import Clock
from media_tracker.db.events import Origin
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.deeds.documents import DeedStory, GoodDeed, NewDeed
from media_tracker.deeds.minor_cues import points_to_a_minor
from media_tracker.deeds.service import Deeds
from media_tracker.desk.decision import DISPOSITIONS, TIEABLE, channel_of, editors_only, has_come_back, id_of
from media_tracker.desk.done import Done, Group, What
from media_tracker.desk.offers import Offers
from media_tracker.desk.story_claims import StoryClaims
from media_tracker.errors import N_, Conflict, InvalidInput
from media_tracker.ingest.blind import is_hidden_from
from media_tracker.ingest.documents import Disposition, Kind, Story, TieRecord
from media_tracker.ingest.stories import Stories
from media_tracker.problems.case import Channel, Precision, Report
from media_tracker.problems.documents import Problem
from media_tracker.problems.linking.place_names import same_place
from media_tracker.problems.service import NewProblem, Problems
from media_tracker.tagging.service import Tagging


class Ties:
    """Ties and files stories that are decided, each use case in one transaction."""

    def __init__(
        self,
        transactor: Transactor,
        stories: Stories,
        tagging: Tagging,
        problems: Problems,
        deeds: Deeds,
        offers: Offers,
        clock: Clock,
        *,
        claims: StoryClaims,
        done: Done,
    ) -> None:
        self._transactor = transactor
        self._stories = stories
        self._tagging = tagging
        self._problems = problems
        self._deeds = deeds
        self._offers = offers
        self._clock = clock
        self._claims = claims
        self._done = done

    async def attach(
        self, story_id: str, version: int, number: str, actor: Actor, origin: Origin, group: Group | None = None
    ) -> Problem:
        """Tie a decided story to a problem that is known."""
        editors_only(actor)
        story = await self._ready(story_id, actor)
        problem = await self._problems.get(number)
        report = await self._report(story)
        tie = await self._tie(story, problem.case.id)

        async def work(tx: Transaction) -> Problem:
            await self._claims.check_in(tx, id_of(story), actor)
            before = await self._done.before_in(tx, id_of(story))
            tied = await self._tagging.dispose_in(tx, id_of(story), version, Disposition.TIED, actor.user_id, tie)
            was = await self._problems.casebook.read(tx, problem.case.id)
            changed = await self._problems.report_in(tx, problem.case.id, report)
            versions = {"problem_from": was.case.version, "problem_seq": changed.case.version}
            came = {"problem_id": was.case.id, "number": changed.number, "report_id": report.id, **versions}
            await self._done.note_in(tx, What.TIED, before, tied, actor, group, came)
            return changed

        return await self._transactor.run(work, origin)

    async def expose(
        self, story_id: str, version: int, new: NewProblem, actor: Actor, origin: Origin, group: Group | None = None
    ) -> Problem:
        """Register a problem that a decided story exposes. ``new.number`` is ignored: one is drawn here.

        Raises:
            InvalidInput: the story exposes one at this place, of this category, already; split only where they differ.
        """
        editors_only(actor)
        story = await self._ready(story_id, actor)
        if story.decision is None or story.decision.kind is not Kind.EXPOSURE:
            raise Conflict(
                N_("Only an exposure can bring a new problem. Tie a follow-up to the problem that it follows up.")
            )
        for other in await self._problems.tied_to(id_of(story)):
            same_kind = other.case.category == new.category
            if same_kind and (other.case.region == new.region) and same_place(other.place, new.place):
                raise InvalidInput(
                    N_(
                        "This story exposes that as {number} already. Split only where place, category or unit differs."
                    ),
                    {"place": N_("Split only where place, category or unit differs.")},
                    number=other.number,
                )
        report = await self._report(story)
        if new.relapse_of is not None:
            former = await self._problems.by_id(new.relapse_of)
            comes_back = report.channel is Channel.EXPOSURE and has_come_back(former.case, story)
            if not comes_back or former.case.relapsed_as is not None:
                raise Conflict(
                    N_("For {number} this is no relapse (any more). Look at it again, then tie the story."),
                    number=former.number,
                )
        numbered = replace(new, number=await self._problems.draw_number(), demo=story.demo)
        tie = await self._tie(story)

        async def work(tx: Transaction) -> Problem:
            await self._claims.check_in(tx, id_of(story), actor)
            before = await self._done.before_in(tx, id_of(story))
            problem = await self._problems.register_in(tx, numbered, [report])
            chosen = tie.model_copy(update={"chosen": problem.case.id})
            tied = await self._tagging.dispose_in(tx, id_of(story), version, Disposition.TIED, actor.user_id, chosen)
            came = {"problem_id": problem.case.id, "number": problem.number, "problem_seq": problem.case.version}
            came |= {"report_id": report.id, "relapse_of": new.relapse_of}
            await self._done.note_in(tx, What.EXPOSED, before, tied, actor, group, came)
            return problem

        return await self._transactor.run(work, origin)

    async def lead_nowhere(
        self,
        story_id: str,
        version: int,
        why: Disposition,
        actor: Actor,
        origin: Origin,
        group: Group | None = None,
    ) -> Story:
        """Say why a decided exposure or follow-up leads to no problem."""
        editors_only(actor)
        story = await self._ready(story_id, actor)
        kind = story.decision.kind if story.decision else Kind.OTHER
        if why not in DISPOSITIONS.get(kind, ()):
            raise InvalidInput(N_("Please choose a reason from the list."), {"why": N_("Please choose from the list.")})
        if await self._problems.tied_to(id_of(story)):
            raise Conflict(N_("This story is tied to a problem already."))

        async def work(tx: Transaction) -> Story:
            await self._claims.check_in(tx, id_of(story), actor)
            before = await self._done.before_in(tx, id_of(story))
            changed = await self._tagging.dispose_in(tx, id_of(story), version, why, actor.user_id)
            await self._done.note_in(tx, What.NOWHERE, before, changed, actor, group)
            await self._claims.release_in(tx, id_of(story), actor)
            return changed

        return await self._transactor.run(work, origin)

    async def file_deed(
        self,
        story_id: str,
        version: int,
        new: NewDeed,
        deed_id: ObjectId | None,
        actor: Actor,
        origin: Origin,
        group: Group | None = None,
    ) -> GoodDeed:
        """File what a good-deed story tells: as a new deed, or as another story of the deed ``deed_id``."""
        editors_only(actor)
        story = await self._ready(story_id, actor)
        kind, people = (story.decision.deed, story.decision.people) if story.decision else (None, [])
        told = DeedStory(
            story_id=id_of(story),
            outlet_id=story.outlet_id,
            published_at=story.published_at,
            young=points_to_a_minor(story.title, story.text, [*people, *new.person.split("、")]),
        )
        new = new.model_copy(update={"by": actor.user_id, "demo": story.demo, "kind": new.kind or kind})

        async def work(tx: Transaction) -> GoodDeed:
            await self._claims.check_in(tx, id_of(story), actor)
            before = await self._done.before_in(tx, id_of(story))
            filed = await self._tagging.file_in(tx, id_of(story), version)
            if deed_id is not None:
                deed = await self._deeds.add_story_in(tx, deed_id, told)
            else:
                deed = await self._deeds.file_in(tx, new, told)
            came = {"deed_id": deed.id, "deed_seq": deed.version}
            await self._done.note_in(tx, What.FILED, before, filed, actor, group, came)
            await self._claims.release_in(tx, id_of(story), actor)
            return deed

        return await self._transactor.run(work, origin)

    async def _ready(self, story_id: str, actor: Actor) -> Story:
        """A decided story; for who must not know its decision yet it is one that nobody has decided."""
        story = await self._stories.get(story_id)
        if story.withdrawn_at is not None:
            raise Conflict(N_("This story has been withdrawn; nothing can be tied to it."))
        if story.decision is None or is_hidden_from(story, actor):
            raise Conflict(N_("Decide first what kind of story this is."))
        return story

    async def _tie(self, story: Story, chosen: ObjectId | None = None) -> TieRecord:
        """What is written down of a choice: the problem (none: a new one, to be filled in), and those that were offered."""
        offered = [candidate for _, candidate in await self._offers.candidates(story)]
        return TieRecord(
            chosen=chosen or ObjectId(),
            new=chosen is None,
            offered=[each.problem_id for each in offered],
            scores=[round(each.score, 4) for each in offered],
            at=self._clock(),
        )

    async def _report(self, story: Story) -> Report:
        """The tie that a story makes."""
        if story.decision is None or story.decision.kind not in TIEABLE:
            raise Conflict(N_("Only exposures and follow-ups can be tied to a problem."))
        row = await self._offers.outlet(story)
        return Report(
            id=ObjectId(),
            channel=channel_of(story, row),
            occurred_at=story.published_at,
            precision=Precision(story.precision),
            received_at=story.fetched_at,
            story_id=id_of(story),
            outlet_id=story.outlet_id,
            partner=bool(row["partner"]),
            cluster=story.cluster,
        )
