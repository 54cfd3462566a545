"""What an editor does with a story, each use case in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.events import Origin
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.deeds.documents import DeedStory, GoodDeed, NewDeed
from media_tracker.deeds.minor_cues import points_to_a_minor
from media_tracker.deeds.service import Deeds
from media_tracker.desk.done import Done, Group, What
from media_tracker.desk.second_look import SecondLooks
from media_tracker.desk.story_claims import StoryClaims
from media_tracker.desk.wanted import linked_addresses, story_wanted
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput
from media_tracker.ingest.blind import is_hidden_from
from media_tracker.ingest.documents import DecisionRecord, DeskState, Disposition, Kind, Story, TieRecord
from media_tracker.ingest.stories import Stories
from media_tracker.outlets.documents import Outlet, OutletKind
from media_tracker.places.service import Places
from media_tracker.problems.case import Case, Channel, Precision, Report, State
from media_tracker.problems.closing import revocable, settled_at
from media_tracker.problems.documents import Problem
from media_tracker.problems.linking.matching import Candidate, Wanted
from media_tracker.problems.linking.place_names import same_place
from media_tracker.problems.linking.rarity import background_ready
from media_tracker.problems.service import NewProblem, Problems
from media_tracker.tagging.service import Tagging
from media_tracker.tagging.withdrawal import WithdrawalReason
from media_tracker.taxonomy.service import Taxonomy

TIEABLE = frozenset({Kind.EXPOSURE, Kind.FOLLOW_UP})
DISPOSITIONS: dict[Kind, tuple[Disposition, ...]] = {
    Kind.EXPOSURE: (Disposition.CRITICISM, Disposition.BEHAVIOUR, Disposition.OUT_OF_AREA),
    Kind.FOLLOW_UP: (Disposition.PROGRESS, Disposition.OUT_OF_AREA),
}
"""Why a story of this kind may lead to no problem."""
MOST_OFFERED = 5
CHANGED = "changed_since_decision"
"""The index that holds these alone; the database would rather read everything that is decided."""
MOST_LINKED = 20
OUTCOMES = ("resolved", "partly_resolved", "promised", "disputed", "nothing_found")
"""What a follow-up may report."""
DEEDS = ("bravery", "kindness", "honesty", "dedication", "family")
"""Of which kinds good deeds are."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Some stories that were changed after their decision, and how many there are."""

    stories: Sequence[Story]
    count: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What an editor says a story is."""

    kind: Kind
    category: str | None = None
    region: str | None = None
    place: str = ""
    outcome: str | None = None
    """What a follow-up reports; of no other kind."""
    deed: str | None = None
    """Of which kind a good deed is; of no other kind."""
    units: tuple[str, ...] = ()
    """As the story writes them; of exposures and follow-ups only."""
    people: tuple[str, ...] = ()
    """The same of a good deed only: nobody is kept by name for an exposure."""


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
        self._outlets = database[Outlet.Settings.name]
        self._rows = database[Story.Settings.name]
        self._transactor = transactor
        self._stories = stories
        self._tagging = tagging
        self._problems = problems
        self._deeds = deeds
        self._places = places
        self._taxonomy = taxonomy
        self._clock = clock

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
        _editors_only(actor)
        story = await self._stories.get(story_id)
        if story.withdrawn_at is not None:
            raise Conflict(N_("This story has been withdrawn; there is nothing left to decide."))
        await self.check(decision)
        if self._second_looks is not None and is_hidden_from(story, actor):
            return await self._second_looks.give(story, _record(decision, actor, self._clock()), origin)
        record, desk = await self.prepare(story, decision, actor)

        async def work(tx: Transaction) -> Story:
            await self._claims.check_in(tx, _id(story), actor)
            before = await self._done.before_in(tx, _id(story))
            changed = await self._tagging.decide_in(tx, _id(story), version, record, desk)
            await self._done.note_in(tx, What.DECIDED, before, changed, actor, group)
            if desk is DeskState.DECIDED:
                await self._claims.release_in(tx, _id(story), actor)
            return changed

        return await self._transactor.run(work, origin)

    async def prepare(self, story: Story, decision: Decision, actor: Actor) -> tuple[DecisionRecord, DeskState]:
        """What ``decision`` would be kept as, and whether the story still waits afterwards. ``Conflict`` as ``decide`` has it."""
        tied = await self._problems.tied_to(_id(story)) if story.decision and story.decision.disposition else []
        if tied and story.decision and decision.kind is not story.decision.kind:
            raise Conflict(N_("This story is tied to a problem already; its kind can no longer be changed."))
        filed = await self._deeds.of_story(_id(story)) is not None
        if filed and decision.kind is not Kind.GOOD_DEED:
            raise Conflict(N_("This story has been filed as a good deed already; its kind can no longer be changed."))
        record = _record(decision, actor, self._clock())
        if tied and story.decision:
            record = record.model_copy(update={"disposition": Disposition.TIED, "ties": story.decision.ties})
        waits = (decision.kind in TIEABLE and not tied) or (decision.kind is Kind.GOOD_DEED and not filed)
        return record, DeskState.PENDING if waits else DeskState.DECIDED

    async def candidates(self, story: Story) -> list[tuple[Problem, Candidate]]:
        """Problems that the story may belong to, best first: those of its reprints, then those alike in place and category.

        Without those that it is tied to already.
        """
        wanted = await self.wanted(story)
        tied = {problem.case.id for problem in await self._problems.tied_to(_id(story))}
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
        others = await self._stories.in_cluster(story.cluster, _id(story))
        open_to_all = [
            each for each in others if each.blind is None
        ]  # what waits for a blind second look offers nothing
        tied = [each for each in open_to_all if each.decision and each.decision.disposition is Disposition.TIED]
        found = [problem for each in tied[:MOST_OFFERED] for problem in await self._problems.tied_to(_id(each))]
        why = (N_("a reprint of this story is tied to it"),)
        return [
            (problem, Candidate(problem.case.id, 1.0, why))
            for problem in found
            if problem.case.state is not State.DUPLICATE
        ]

    async def relapses(self, story: Story, problems: Iterable[Problem]) -> frozenset[ObjectId]:
        """Ids of those ``problems`` that were closed so long before ``story`` that its exposure is a relapse, not a tie."""
        if await self._channel(story) is not Channel.EXPOSURE:
            return frozenset()
        return frozenset(each.case.id for each in problems if _has_come_back(each.case, story))

    async def attach(
        self, story_id: str, version: int, number: str, actor: Actor, origin: Origin, group: Group | None = None
    ) -> Problem:
        """Tie a decided story to a problem that is known."""
        _editors_only(actor)
        story = await self._ready(story_id, actor)
        problem = await self._problems.get(number)
        report = await self._report(story)
        tie = await self._tie(story, problem.case.id)

        async def work(tx: Transaction) -> Problem:
            await self._claims.check_in(tx, _id(story), actor)
            before = await self._done.before_in(tx, _id(story))
            tied = await self._tagging.dispose_in(tx, _id(story), version, Disposition.TIED, actor.user_id, tie)
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
        _editors_only(actor)
        story = await self._ready(story_id, actor)
        if story.decision is None or story.decision.kind is not Kind.EXPOSURE:
            raise Conflict(
                N_("Only an exposure can bring a new problem. Tie a follow-up to the problem that it follows up.")
            )
        for other in await self._problems.tied_to(_id(story)):
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
            comes_back = report.channel is Channel.EXPOSURE and _has_come_back(former.case, story)
            if not comes_back or former.case.relapsed_as is not None:
                raise Conflict(
                    N_("For {number} this is no relapse (any more). Look at it again, then tie the story."),
                    number=former.number,
                )
        numbered = replace(new, number=await self._problems.draw_number(), demo=story.demo)
        tie = await self._tie(story)

        async def work(tx: Transaction) -> Problem:
            await self._claims.check_in(tx, _id(story), actor)
            before = await self._done.before_in(tx, _id(story))
            problem = await self._problems.register_in(tx, numbered, [report])
            chosen = tie.model_copy(update={"chosen": problem.case.id})
            tied = await self._tagging.dispose_in(tx, _id(story), version, Disposition.TIED, actor.user_id, chosen)
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
        _editors_only(actor)
        story = await self._ready(story_id, actor)
        kind = story.decision.kind if story.decision else Kind.OTHER
        if why not in DISPOSITIONS.get(kind, ()):
            raise InvalidInput(N_("Please choose a reason from the list."), {"why": N_("Please choose from the list.")})
        if await self._problems.tied_to(_id(story)):
            raise Conflict(N_("This story is tied to a problem already."))

        async def work(tx: Transaction) -> Story:
            await self._claims.check_in(tx, _id(story), actor)
            before = await self._done.before_in(tx, _id(story))
            changed = await self._tagging.dispose_in(tx, _id(story), version, why, actor.user_id)
            await self._done.note_in(tx, What.NOWHERE, before, changed, actor, group)
            await self._claims.release_in(tx, _id(story), actor)
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
        _editors_only(actor)
        story = await self._ready(story_id, actor)
        kind, people = (story.decision.deed, story.decision.people) if story.decision else (None, [])
        told = DeedStory(
            story_id=_id(story),
            outlet_id=story.outlet_id,
            published_at=story.published_at,
            young=points_to_a_minor(story.title, story.text, [*people, *new.person.split("、")]),
        )
        new = new.model_copy(update={"by": actor.user_id, "demo": story.demo, "kind": new.kind or kind})

        async def work(tx: Transaction) -> GoodDeed:
            await self._claims.check_in(tx, _id(story), actor)
            before = await self._done.before_in(tx, _id(story))
            filed = await self._tagging.file_in(tx, _id(story), version)
            if deed_id is not None:
                deed = await self._deeds.add_story_in(tx, deed_id, told)
            else:
                deed = await self._deeds.file_in(tx, new, told)
            came = {"deed_id": deed.id, "deed_seq": deed.version}
            await self._done.note_in(tx, What.FILED, before, filed, actor, group, came)
            await self._claims.release_in(tx, _id(story), actor)
            return deed

        return await self._transactor.run(work, origin)

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
        _editors_only(actor)
        story = await self._stories.get(story_id)
        if story.blind is not None and is_hidden_from(story, actor) and version == story.blind.version:
            version = story.version  # what was decided meanwhile is not for this editor to know, and in nobody's way

        async def work(tx: Transaction) -> Story:
            changed = await self._tagging.withdraw_in(tx, _id(story), version, reason)
            await self._problems.withdraw_story_in(tx, _id(story))
            await self._deeds.withdraw_story_in(tx, _id(story))
            return changed

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
        offered = [candidate for _, candidate in await self.candidates(story)]
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
        row = await self._outlet(story)
        return Report(
            id=ObjectId(),
            channel=_channel_of(story, row),
            occurred_at=story.published_at,
            precision=Precision(story.precision),
            received_at=story.fetched_at,
            story_id=_id(story),
            outlet_id=story.outlet_id,
            partner=bool(row["partner"]),
            cluster=story.cluster,
        )

    async def _channel(self, story: Story) -> Channel:
        return _channel_of(story, await self._outlet(story))

    async def _outlet(self, story: Story) -> Json:
        row = await self._outlets.find_one({"_id": story.outlet_id})
        assert row is not None  # a story's outlet is never removed while the story stands
        return row

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


def _record(decision: Decision, actor: Actor, now: datetime) -> DecisionRecord:
    """``decision`` as it is kept of a story that nothing has come of yet."""
    return DecisionRecord(
        kind=decision.kind,
        category=decision.category,
        region=decision.region,
        place=decision.place.strip(),
        outcome=decision.outcome if decision.kind is Kind.FOLLOW_UP else None,
        deed=decision.deed if decision.kind is Kind.GOOD_DEED else None,
        units=list(decision.units) if decision.kind in TIEABLE else [],
        people=list(decision.people) if decision.kind is Kind.GOOD_DEED else [],
        by=actor.user_id,
        at=now,
    )


def _channel_of(story: Story, outlet: Json) -> Channel:
    """By which door a decided story tells of a problem. What self-media tells is 网络反映, not an exposure."""
    if story.decision is None or story.decision.kind is not Kind.EXPOSURE:
        return Channel.FOLLOW_UP
    return Channel.ONLINE if outlet["kind"] == OutletKind.SELF_MEDIA.value else Channel.EXPOSURE


def _has_come_back(case: Case, story: Story) -> bool:
    """True when ``case`` was settled before ``story``, and too long before for that to be taken back."""
    settled = settled_at(case)
    return settled is not None and settled < story.published_at and not revocable(case, story.published_at)


def _editors_only(actor: Actor) -> None:
    if not actor.has(Role.EDITOR):
        raise Forbidden(N_("Only editors can do this."))


def _id(story: Story) -> ObjectId:
    assert story.id is not None  # a stored story has one
    return ObjectId(story.id)
