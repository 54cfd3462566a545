"""One step for many problems: what would come of it, and taking it, each problem in a transaction of its own.

Nothing is half done: of a run that is cut short some problems have been given away and the others have not, and the run says
which. Who was faster is told; a run that is sent twice is the same run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from media_tracker.accounts.actor import Actor
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.events import Origin
from media_tracker.db.ids import parse_id
from media_tracker.errors import N_, InvalidInput, MediaTrackerError, NotFound
from media_tracker.places.responsibility import Proposal
from media_tracker.problems.documents import Problem
from media_tracker.problems.finding.listing import Order, ProblemFilter
from media_tracker.problems.lifecycle import decide
from media_tracker.problems.service import Problems
from media_tracker.problems.steps import Command, Step

COLLECTION = "problem_runs"
INDEXES = [IndexModel([("at", ASCENDING)], name="at", expireAfterSeconds=90 * 86_400)]
MOST = 500
STEPS = (Step.ASSIGN, Step.REMIND)
_AT_ONCE = 10

TOO_MANY = N_("These are more than 500 problems. Narrow the list first.")
NONE_CHOSEN = N_("Tick at least one problem, or take all of the list.")
SENT_BACK = N_("This unit has sent it back before.")
NOBODY = N_("The responsibility table names nobody for it. Choose the unit.")
SEVERAL = N_("The responsibility table names several for it. Choose the unit.")


class Came(StrEnum):
    """What came of one problem of a run."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Planned:
    """What the step would do with one problem; ``error``: why it cannot be taken."""

    problem: Problem
    unit_id: ObjectId | None = None
    proposal: Proposal | None = None
    due_at: datetime | None = None
    error: MediaTrackerError | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One problem of a run. ``message`` and ``params``: why it failed."""

    number: str
    version: int
    unit_id: ObjectId | None = None
    came: Came = Came.WAITING
    message: str = ""
    params: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A step that was taken for many."""

    id: ObjectId
    step: Step
    at: datetime
    items: Sequence[Item]


class BulkSteps:
    """Plans and takes steps for many problems."""

    def __init__(self, database: Database, problems: Problems, clock: Clock) -> None:
        self._runs = database[COLLECTION]
        self._documents = database[Problem.Settings.name]
        self._problems = problems
        self._clock = clock

    async def chosen(self, numbers: Sequence[str], wanted: ProblemFilter | None) -> list[Problem]:
        """The problems that were ticked, or all that ``wanted`` lists.

        Raises:
            InvalidInput: none, or more than 500.
        """
        if wanted is not None:
            found = list((await self._problems.page(wanted, size=MOST + 1, order=Order.NEWEST)).problems)
            if len(found) > MOST:
                raise InvalidInput(TOO_MANY)
        else:
            if len(numbers) > MOST:
                raise InvalidInput(TOO_MANY)
            cursor = self._documents.find({"number": {"$in": list(numbers)}}).sort("_id", -1)
            found = [Problem.model_validate(row) async for row in cursor]
        if not found:
            raise InvalidInput(NONE_CHOSEN)
        return found

    async def plan(
        self, problems: Sequence[Problem], step: Step, unit_id: ObjectId | None, actor: Actor
    ) -> list[Planned]:
        """What taking ``step`` now would do. ``unit_id`` of None: the unit that the responsibility table proposes."""
        planned: list[Planned] = []
        for start in range(0, len(problems), _AT_ONCE):
            part = problems[start : start + _AT_ONCE]
            planned += await asyncio.gather(*(self._planned(each, step, unit_id, actor) for each in part))
        return planned

    async def take(
        self, run_id: str, step: Step, items: Sequence[Item], actor: Actor, origin: Origin
    ) -> tuple[ObjectId, bool]:
        """Take ``step`` for each of ``items``; the run's id, and whether it was taken now or had been taken before.

        Raises:
            InvalidInput: none, more than 500, or a step that is not for many.
        """
        if not items:
            raise InvalidInput(NONE_CHOSEN)
        if len(items) > MOST or step not in STEPS:
            raise InvalidInput(TOO_MANY)
        key = parse_id(run_id)
        row = {
            "_id": key,
            "owner": actor.user_id,
            "step": step.value,
            "at": self._clock(),
            "items": [
                {"number": each.number, "version": each.version, "unit_id": each.unit_id, "came": Came.WAITING.value}
                for each in items
            ],
        }
        try:
            await self._runs.insert_one(row)
        except DuplicateKeyError:
            return key, False
        for at, item in enumerate(items):
            came = await self._take_one(step, item, actor, origin)
            await self._runs.update_one({"_id": key}, {"$set": {f"items.{at}.{name}": came[name] for name in came}})
        return key, True

    async def run(self, run_id: str, actor: Actor) -> Run:
        """A run of ``actor``'s own; ``NotFound`` without one."""
        row = await self._runs.find_one({"_id": parse_id(run_id), "owner": actor.user_id})
        if row is None:
            raise NotFound(N_("There is nothing at this address."))
        items = [
            Item(
                each["number"],
                each["version"],
                each["unit_id"],
                Came(each["came"]),
                each.get("message", ""),
                each.get("params"),
            )
            for each in row["items"]
        ]
        return Run(row["_id"], Step(row["step"]), row["at"], items)

    async def _planned(self, problem: Problem, step: Step, unit_id: ObjectId | None, actor: Actor) -> Planned:
        if step is not Step.ASSIGN:
            return await self._decided(problem, Command(step, self._clock()), actor, None)
        proposal = None
        if unit_id is None:
            proposal = await self._problems.proposal(problem)
            if proposal.lead is None:
                # Where the state forbids it anyway, that is what is told.
                unit, sentence = ObjectId(), SEVERAL if proposal.clashes else NOBODY
                found = await self._decided(problem, Command(step, self._clock(), unit_id=unit), actor, proposal)
                return found if found.error else Planned(problem, None, proposal, None, InvalidInput(sentence))
            unit_id = proposal.lead
        elif unit_id in problem.case.former_unit_ids:
            return Planned(problem, unit_id, None, None, InvalidInput(SENT_BACK))
        return await self._decided(problem, Command(step, self._clock(), unit_id=unit_id), actor, proposal)

    async def _decided(self, problem: Problem, command: Command, actor: Actor, proposal: Proposal | None) -> Planned:
        try:
            decided = decide(problem.case, command, actor, await self._problems.surroundings(problem))
        except MediaTrackerError as error:
            return Planned(problem, command.unit_id, proposal, None, error)
        return Planned(problem, command.unit_id, proposal, decided[-1].payload.get("due_at"))

    async def _take_one(self, step: Step, item: Item, actor: Actor, origin: Origin) -> Json:
        try:
            co_units: tuple[ObjectId, ...] = ()
            if step is Step.ASSIGN:
                proposal = await self._problems.proposal(await self._problems.get(item.number))
                co_units = proposal.co_units if proposal.lead == item.unit_id else ()
            command = Command(step, self._clock(), unit_id=item.unit_id, co_unit_ids=co_units)
            await self._problems.act(item.number, item.version, command, actor, origin)
        except MediaTrackerError as error:
            fields = error.fields.values() if isinstance(error, InvalidInput) else ()
            params = {name: str(value) for name, value in error.params.items()}
            return {"came": Came.FAILED.value, "message": next(iter(fields), error.message), "params": params}
        return {"came": Came.DONE.value}
