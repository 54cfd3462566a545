"""The only writer of problems.

Each use case reads the case, decides purely, applies the events, and writes document and events in one transaction, on the
condition that nobody has changed the case since it was read. Who loses the race gets a ``Conflict`` and nothing is half done.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bson import ObjectId

from media_tracker.accounts.actor import Actor
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database
from media_tracker.db.counters import draw
from media_tracker.db.events import Event, EventLog, Origin
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, Conflict
from media_tracker.files.store import FileStore
from media_tracker.places.responsibility import Proposal
from media_tracker.places.service import Places
from media_tracker.problems.afterwards.draws import Draws
from media_tracker.problems.arriving import without_arriving
from media_tracker.problems.case import Case, Channel, EventType, Report, Severity, State
from media_tracker.problems.casebook import ENTITY, Casebook, at_version, stored_problem
from media_tracker.problems.clocks.book import ClockBook
from media_tracker.problems.clocks.rules import Source
from media_tracker.problems.closing import revocable, settled_at
from media_tracker.problems.documents import Problem
from media_tracker.problems.entries import check_dispatcher, check_reports
from media_tracker.problems.finding.listing import PAGE, Order, ProblemFilter, ProblemPage, count, read_page
from media_tracker.problems.lifecycle import Decided, Surroundings, available, danger_anew, decide, given_anew
from media_tracker.problems.linking.links import Links
from media_tracker.problems.linking.matching import Candidate, Wanted
from media_tracker.problems.occasions import occasion_for
from media_tracker.problems.regrouping.service import merge_in
from media_tracker.problems.routing import Rerouting, last_assignment
from media_tracker.problems.steps import Command, Step
from media_tracker.problems.tables import Tables
from media_tracker.taxonomy.service import Taxonomy


@dataclass(frozen=True, slots=True)
class NewProblem:
    """A problem that somebody registers: what, where, of which category. ``number`` is drawn beforehand."""

    number: str
    title: str
    place: str
    category: str
    region: str | None
    severity: Severity = Severity.NORMAL
    long_standing: bool = False
    relapse_of: ObjectId | None = None
    demo: bool = False


class Problems:
    """Reads and changes problems."""

    def __init__(
        self,
        database: Database,
        log: EventLog,
        transactor: Transactor,
        places: Places,
        taxonomy: Taxonomy,
        files: FileStore,
        clock: Clock,
        zone: ZoneInfo,
    ) -> None:
        self._database = database
        self._problems = database[Problem.Settings.name]
        self._log = log
        self._transactor = transactor
        self._tables = Tables(places, taxonomy, clock, zone, ClockBook(database, clock))
        self._links = Links(database, taxonomy, zone)
        self._casebook = Casebook(self._problems, self._links, self._tables, clock)
        self._draws = Draws(database)
        self._files = files
        self._clock = clock
        self._zone = zone

    # Reading

    async def get(self, number: str) -> Problem:
        """The problem with this number.

        Raises:
            NotFound: there is none.
        """
        return stored_problem(await self._problems.find_one({"number": number}), number)

    async def by_id(self, problem_id: ObjectId) -> Problem:
        """The problem with this id; ``NotFound`` without one."""
        return stored_problem(await self._problems.find_one({"_id": problem_id}), str(problem_id))

    async def page(
        self,
        wanted: ProblemFilter,
        older_than: str | None = None,
        newer_than: str | None = None,
        size: int = PAGE,
        order: Order = Order.NEWEST,
    ) -> ProblemPage:
        """One page of a list; the cursors are those that another page gave."""
        return await read_page(self._problems, wanted, older_than, newer_than, size, order)

    async def count(self, wanted: ProblemFilter, most: int | None = None) -> int:
        """How many problems ``page`` would list; with ``most`` it is not counted further."""
        return await count(self._problems, wanted, most)

    async def numbers(self, ids: Iterable[ObjectId]) -> dict[ObjectId, str]:
        """Numbers of problems by id; unknown ids are left out."""
        cursor = self._problems.find({"_id": {"$in": list(ids)}}, {"number": 1})
        return {row["_id"]: row["number"] async for row in cursor}

    async def history(self, problem: Problem) -> list[Event]:
        """Every event of the problem, oldest first."""
        return await self._log.of(ENTITY, problem.case.id)

    async def tied_to(self, story_id: ObjectId) -> list[Problem]:
        """Problems that a story is tied to, oldest first."""
        cursor = self._problems.find({"case.reports.story_id": story_id}).sort("_id", 1)
        return [Problem.model_validate(row) async for row in cursor]

    async def candidates(self, wanted: Wanted, limit: int = 5) -> list[tuple[Problem, Candidate]]:
        """Open and lately closed problems that a story may be about, the likeliest first, with what speaks for each."""
        ranked = await self._links.nearest(wanted, limit)
        here = await without_arriving(self._database)
        cursor = self._problems.find({"_id": {"$in": [candidate.problem_id for candidate in ranked]}, **here})
        found = {row["_id"]: Problem.model_validate(row) async for row in cursor}
        return [(found[each.problem_id], each) for each in ranked if each.problem_id in found]

    async def tied_to_any(self, story_ids: Iterable[ObjectId]) -> frozenset[ObjectId]:
        """Ids of the problems that one of these stories is tied to; a tie that was withdrawn is none."""
        ids = list(story_ids)
        standing = {"story_id": {"$in": ids}, "withdrawn_at": None}
        query = {"case.reports.story_id": {"$in": ids}, "case.reports": {"$elemMatch": standing}}
        return frozenset([row["_id"] async for row in self._problems.find(query, {"_id": 1})])

    async def steps(self, problem: Problem, actor: Actor) -> tuple[Step, ...]:
        """What ``actor`` can do with ``problem`` now."""
        return available(problem.case, actor, await self.surroundings(problem))

    async def surroundings(self, problem: Problem) -> Surroundings:
        """What the rules need to know besides the case."""
        return await self._tables.surroundings(problem.case)

    async def proposal(self, problem: Problem) -> Proposal:
        """Whom the responsibility table of today proposes for the problem; never a unit that has sent it back."""
        case = problem.case
        return await self._tables.proposal(case.category, case.region, returned=case.former_unit_ids)

    async def proposal_for(self, category: str | None, region: str | None) -> Proposal:
        """Whom it proposes for a problem that is not registered yet."""
        return await self._tables.proposal(category, region)

    async def rerouting(self, problem: Problem, events: Sequence[Event]) -> Rerouting | None:
        """What a correction has changed about whom a problem belongs to, by the table of the day it was assigned on.

        None: nothing, or the unit that works on it is the right one now, or nobody has it.
        """
        case, assigned = problem.case, last_assignment(events)
        if case.unit_id is None or assigned is None:
            return None
        if (assigned.category, assigned.region) == (case.category, case.region):
            return None
        returned = case.former_unit_ids
        before = await self._tables.proposal(assigned.category, assigned.region, assigned.at, returned)
        after = await self._tables.proposal(case.category, case.region, assigned.at, returned)
        same = after.lead is None or after.lead in (before.lead, case.unit_id)
        return None if same else Rerouting(before, after)

    # Changing

    @property
    def casebook(self) -> Casebook:
        """How problems are written down, for use cases of their own."""
        return self._casebook

    @property
    def tables(self) -> Tables:
        """What the tables say, for use cases of their own."""
        return self._tables

    @property
    def zone(self) -> ZoneInfo:
        """Where the days that texts name are counted."""
        return self._zone

    async def draw_number(self) -> str:
        """A number for a new problem: local year and counter (``2022-00215``). Drawn outside any transaction; gaps are fine."""
        year = self._clock().astimezone(self._zone).year
        return f"{year}-{(await draw(self._database, f'problem:{year}'))[0]:05d}"

    async def register(
        self, new: NewProblem, reports: Sequence[Report], actor: Actor, origin: Origin, text: str = ""
    ) -> Problem:
        """Register a problem with its first reports, in a transaction of its own.

        Raises:
            Forbidden: the actor's role does not allow it; else what ``register_in`` raises.
        """
        check_dispatcher(actor)

        async def work(tx: Transaction) -> Problem:
            return await self.register_in(tx, new, reports, text)

        return await self._transactor.run(work, origin)

    async def register_in(self, tx: Transaction, new: NewProblem, reports: Sequence[Report], text: str = "") -> Problem:
        """Register a problem within ``tx``; a relapse is also written into the history of the problem that came back.

        Who may do so is for the caller to know.

        Raises:
            InvalidInput: no title or place, an unknown category or region, an outside number that is none.
            Conflict: the problem that this is to be a relapse of has come back already, or was closed only lately.
        """
        check_reports(reports)
        await self._tables.check_description(new.title, new.place, new.category, new.region)
        exposed = [report.received_at for report in reports if report.channel is Channel.EXPOSURE]
        source = Source.MEDIA if exposed else Source.OTHER
        start = min([self._clock(), *exposed])
        hand_over = await self._tables.hand_over(new.category, new.severity, source, start)
        first = {
            "category": new.category,
            "region": new.region,
            "severity": new.severity,
            "long_standing": new.long_standing,
            "relapse_of": new.relapse_of,
            "hand_over": hand_over.model_dump() if hand_over else None,
        }
        decided = [Decided(EventType.REGISTERED, first)]
        decided += [Decided(EventType.REPORTED, report.model_dump()) for report in reports]
        problem = await self._casebook.add(
            tx, decided, number=new.number, title=new.title, place=new.place, text=text, demo=new.demo
        )
        if new.relapse_of is not None:
            former = await self._casebook.read(tx, new.relapse_of)
            if former.case.relapsed_as is not None:
                raise Conflict(N_("The relapse of this problem is registered already. Tie the story to that one."))
            if settled_at(former.case) is None or revocable(former.case, self._clock()):
                raise Conflict(
                    N_(
                        "A relapse follows a closing of more than 30 days ago. Before that, take the closing back instead."
                    )
                )
            await self._casebook.write(tx, former, [Decided(EventType.RELAPSED, {"relapsed_as": problem.case.id})])
        return problem

    async def report_in(self, tx: Transaction, problem_id: ObjectId, report: Report) -> Problem:
        """Tie another report to a problem within ``tx``. An exposure soon after closing takes the closing back.

        Raises:
            Conflict: the problem is a duplicate of another, is tied to this story already, or was closed so long ago that
                this is a relapse.
        """
        problem = await self._casebook.read(tx, problem_id)
        case = problem.case
        if case.state is State.DUPLICATE:
            raise Conflict(N_("This problem is a duplicate. Tie the story to the problem that it is a duplicate of."))
        if report.story_id is not None and report.story_id in _standing_stories(case):
            raise Conflict(N_("This story is tied to problem {number} already."), number=problem.number)
        if report.channel is Channel.EXPOSURE and report.outlet_id is not None:
            occasion = occasion_for(case, report.outlet_id, report.cluster, report.occurred_at)
            report = report.model_copy(update={"occasion": occasion})
        decided = [Decided(EventType.REPORTED, report.model_dump())]
        settled = settled_at(case)
        if report.channel is Channel.EXPOSURE and settled is not None and report.occurred_at > settled:
            if not revocable(case, report.occurred_at):
                raise Conflict(
                    N_("This was closed more than 30 days before. Register a relapse: a new, linked problem.")
                )
            around = await self._tables.surroundings(case)
            decided.append(Decided(EventType.REVOKED, {**given_anew(case, around), **danger_anew(around)}))
        return await self._casebook.write(tx, problem, decided)

    async def withdraw_story_in(self, tx: Transaction, story_id: ObjectId) -> None:
        """Have every tie of a story stop counting from now, within ``tx``."""
        cursor = self._problems.find({"case.reports.story_id": story_id}, session=tx.session)
        for row in await cursor.to_list():
            problem = Problem.model_validate(row)
            standing = [r for r in problem.case.reports if r.story_id == story_id and r.withdrawn_at is None]
            await self._casebook.write(
                tx, problem, [Decided(EventType.REPORT_WITHDRAWN, {"report_id": r.id}) for r in standing]
            )

    async def report(
        self, number: str, version: int, report: Report, actor: Actor, origin: Origin, text: str = ""
    ) -> Problem:
        """Tie a report from another channel (inquiry, ticket, patrol, list, snapshot) to a problem.

        Raises:
            Forbidden: the actor's role does not allow it.
            InvalidInput: an outside number that is none.
            Conflict: somebody was faster, or the problem is a duplicate.
        """
        check_dispatcher(actor)
        check_reports([report])

        async def work(tx: Transaction) -> Problem:
            problem = await self._casebook.read_version(tx, number, version)
            if problem.case.state is State.DUPLICATE:
                raise Conflict(N_("This problem is a duplicate. Add the report to the problem that stays."))
            return await self._casebook.write(tx, problem, [Decided(EventType.REPORTED, report.model_dump())], text)

        return await self._transactor.run(work, origin)

    async def check(self, number: str, version: int, command: Command, actor: Actor) -> Problem:
        """The problem, if ``act`` would take this step on it now. Changes nothing; raises what ``act`` raises.

        For what has to be done before the transaction, such as saving photos.
        """
        problem = at_version(await self.get(number), version)
        decide(problem.case, command, actor, await self._tables.surroundings(problem.case))
        await self._tables.check_units(command)
        return problem

    async def act(
        self,
        number: str,
        version: int,
        command: Command,
        actor: Actor,
        origin: Origin,
        *,
        also: Callable[[Transaction, Problem], Awaitable[None]] | None = None,
    ) -> Problem:
        """Take one step of the lifecycle. ``also``: what else is written with it, in the same transaction.

        Raises:
            NotFound, Conflict (somebody was faster, or the state forbids it), Forbidden, InvalidInput: see ``decide``.
        """
        await self._tables.check_units(command)

        async def work(tx: Transaction) -> Problem:
            problem = await self._casebook.read_version(tx, number, version)
            around = await self._tables.surroundings(problem.case)
            decided = await self._draws.mark(problem.case, decide(problem.case, command, actor, around))
            if command.step in (Step.MARK_DUPLICATE, Step.MERGE) and command.target is not None:
                return await merge_in(tx, self._casebook, self._tables, problem, command.target, command.text)
            changed = await self._casebook.write(tx, problem, decided, command.text)
            await self._files.attach([*command.before, *command.after, *command.documents], tx.session)
            if also is not None:
                await also(tx, changed)
            return changed

        return await self._transactor.run(work, origin)

    async def correct(
        self,
        number: str,
        version: int,
        *,
        title: str,
        place: str,
        category: str,
        region: str | None,
        severity: Severity,
        long_standing: bool,
        actor: Actor,
        origin: Origin,
    ) -> Problem:
        """Correct what a problem is, or where. Its history and its unit stay.

        Raises:
            Forbidden: the actor's role does not allow it.
            InvalidInput: no title or place, an unknown category or region.
            Conflict: somebody was faster.
        """
        check_dispatcher(actor)
        await self._tables.check_description(title, place, category, region)

        async def work(tx: Transaction) -> Problem:
            problem = await self._casebook.read_version(tx, number, version)
            problem = problem.model_copy(update={"title": title.strip(), "place": place.strip()})
            payload = {"category": category, "region": region, "severity": severity, "long_standing": long_standing}
            return await self._casebook.write(tx, problem, [Decided(EventType.CORRECTED, payload)])

        return await self._transactor.run(work, origin)


def _standing_stories(case: Case) -> set[ObjectId]:
    """The stories that the problem is tied to."""
    return {report.story_id for report in case.reports if report.story_id is not None and report.withdrawn_at is None}
