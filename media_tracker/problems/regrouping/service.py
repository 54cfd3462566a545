"""Merging two problems, splitting one, and undoing either: each in one transaction that writes both of them.

Both documents are always written, on the condition that neither has changed: of two merges at once that touch one problem, the
second sees what the first has done, and rings cannot come about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bson import ObjectId

from media_tracker.accounts.actor import Actor
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database
from media_tracker.db.events import Origin
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, Conflict, MediaTrackerError, NotFound
from media_tracker.problems.arriving import without_arriving
from media_tracker.problems.case import Case, Severity
from media_tracker.problems.casebook import Casebook
from media_tracker.problems.documents import Problem
from media_tracker.problems.lifecycle import refusal
from media_tracker.problems.linking.place_names import same_place
from media_tracker.problems.regrouping.merging import may_undo, merge, step_of, undo
from media_tracker.problems.regrouping.splitting import Division, Share, may_split, split, split_off
from media_tracker.problems.tables import Tables

LONGEST_CHAIN = 100
"""So many merges are followed to the problem that stays; more there are not, since no ring can come about."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is to become a problem of its own. ``number`` is drawn beforehand; ``unit_id`` is only compared."""

    number: str
    title: str
    place: str
    category: str
    region: str | None
    severity: Severity
    shares: Mapping[ObjectId, Share]
    keeps_unit: bool
    other_unit: bool = False
    """Another unit than that of the first one is to have it."""


class Regrouping:
    """Merges, splits, and undoes."""

    def __init__(
        self, database: Database, transactor: Transactor, casebook: Casebook, tables: Tables, clock: Clock
    ) -> None:
        self._database = database
        self._problems = database[Problem.Settings.name]
        self._transactor = transactor
        self._casebook = casebook
        self._tables = tables
        self._clock = clock

    # Reading

    async def final(self, problem: Problem) -> Problem:
        """The problem that ``problem`` has ended up in; itself if it was not merged."""
        found = problem
        for _ in range(LONGEST_CHAIN):
            if found.case.duplicate_of is None:
                break
            row = await self._problems.find_one({"_id": found.case.duplicate_of})
            if row is None:
                break
            found = Problem.model_validate(row)
        return found

    async def obstacle(self, goes: Problem, stays: Problem, actor: Actor) -> MediaTrackerError | None:
        """Why ``goes`` cannot be merged into ``stays`` now; None when it can."""
        around = await self._tables.surroundings(stays.case)
        if (error := await self._refusal(goes.case, actor)) is not None:
            return error
        try:
            merge(goes.case, stays.case, around)
        except MediaTrackerError as error:
            return error
        return None

    def undo_obstacle(self, goes: Problem, stays: Problem, actor: Actor) -> MediaTrackerError | None:
        """Why the merge of ``goes`` into ``stays`` cannot be undone now; None when it can."""
        if (error := may_undo(goes.case, actor)) is not None:
            return error
        try:
            undo(goes.case, stays.case, self._clock())
        except MediaTrackerError as error:
            return error
        return None

    async def check_split(self, problem: Problem, part: Part, actor: Actor) -> None:
        """Raise what ``split`` would raise; changes nothing."""
        await self._tables.check_description(part.title, part.place, part.category, part.region)
        if (error := may_split(problem.case, actor)) is not None:
            raise error
        split(problem.case, _division(problem, part), {})

    # Changing

    async def merge(
        self,
        goes: tuple[str, int],
        stays: tuple[str, int],
        actor: Actor,
        origin: Origin,
        text: str = "",
    ) -> Problem:
        """Merge one problem into another, each given by number and the version that was looked at. Returns the one that stays.

        Raises:
            NotFound; Forbidden: the actor may not, or the one that goes has been worked on and the actor is not of the office.
            Conflict, InvalidInput: see ``merging.merge``; Conflict also when somebody was faster.
        """

        async def work(tx: Transaction) -> Problem:
            one = await self._casebook.read_version(tx, *goes)
            other = await self._casebook.read_version(tx, *stays)
            await self._check_there(one, other)
            if (error := await self._refusal(one.case, actor)) is not None:
                raise error
            await merge_in(tx, self._casebook, self._tables, one, other.case.id, text)
            return await self._casebook.read(tx, other.case.id)

        return await self._transactor.run(work, origin)

    async def undo(self, number: str, version: int, actor: Actor, origin: Origin, text: str = "") -> Problem:
        """Undo the merge of the problem with this number. Returns it as it is again.

        Raises:
            NotFound, Forbidden; Conflict: see ``merging.undo``, or somebody was faster.
        """

        async def work(tx: Transaction) -> Problem:
            goes = await self._casebook.read_version(tx, number, version)
            if goes.case.duplicate_of is None:
                raise Conflict(N_("This problem is not merged into another, or was before merges could be undone."))
            if (error := may_undo(goes.case, actor)) is not None:
                raise error
            stays = await self._casebook.read(tx, goes.case.duplicate_of)
            undone = undo(goes.case, stays.case, self._clock())
            gone = {goes.number, *goes.also_numbered}
            kept = [each for each in stays.also_numbered if each not in gone]
            stays = stays.model_copy(update={"also_numbered": kept})
            await self._casebook.write(tx, stays, undone.stays)
            return await self._casebook.write(tx, goes, undone.goes, text)

        return await self._transactor.run(work, origin)

    async def split(
        self, number: str, version: int, part: Part, actor: Actor, origin: Origin, text: str = ""
    ) -> Problem:
        """Make a part of a problem one of its own, linked both ways. Returns the new one.

        Raises:
            NotFound, Forbidden; InvalidInput, Conflict: see ``splitting.split``; Conflict also when somebody was faster.
        """
        await self._tables.check_description(part.title, part.place, part.category, part.region)

        async def work(tx: Transaction) -> Problem:
            problem = await self._casebook.read_version(tx, number, version)
            await self._check_there(problem)
            if (error := may_split(problem.case, actor)) is not None:
                raise error
            division = _division(problem, part)
            both = {each: ObjectId() for each, share in part.shares.items() if share is Share.BOTH}
            first = split(problem.case, division, both)
            new = await self._casebook.add(
                tx, first, number=part.number, title=part.title, place=part.place, text=text, demo=problem.demo
            )
            await self._casebook.write(tx, problem, [split_off(problem.case, new.case.id, division)])
            return new

        return await self._transactor.run(work, origin)

    async def _refusal(self, case: Case, actor: Actor) -> MediaTrackerError | None:
        return refusal(case, actor, step_of(case), await self._tables.surroundings(case))

    async def _check_there(self, *problems: Problem) -> None:
        """``NotFound`` for what an import still brings: it may come to nothing."""
        arriving = (await without_arriving(self._database)).get("listed.import_id", {}).get("$nin", ())
        for problem in problems:
            if problem.listed is not None and problem.listed.import_id in arriving:
                raise NotFound(N_("There is no problem numbered {number}."), number=problem.number)


async def merge_in(
    tx: Transaction, casebook: Casebook, tables: Tables, goes: Problem, target_id: ObjectId, text: str = ""
) -> Problem:
    """Merge ``goes`` into the problem ``target_id`` within ``tx``, and return it as it is then. Who may is for the caller.

    Raises:
        NotFound: there is no such other problem; Conflict, InvalidInput: see ``merging.merge``.
    """
    stays = await casebook.read(tx, target_id)
    merged = merge(goes.case, stays.case, await tables.surroundings(stays.case))
    numbers = sorted({*stays.also_numbered, goes.number, *goes.also_numbered})
    await casebook.write(tx, stays.model_copy(update={"also_numbered": numbers}), merged.stays)
    return await casebook.write(tx, goes, merged.goes, text)


def _division(problem: Problem, part: Part) -> Division:
    case = problem.case
    same = part.category == case.category and part.region == case.region and same_place(part.place, problem.place)
    shares = dict(part.shares)
    if problem.listed is not None and shares.get(problem.listed.report_id) is Share.GOES:
        shares[problem.listed.report_id] = Share.BOTH  # the list that it was imported from knows it by this report
    return Division(
        part.category,
        part.region,
        part.severity,
        shares,
        keeps_unit=part.keeps_unit,
        differs=not same or part.other_unit,
    )
