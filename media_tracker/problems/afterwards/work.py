"""Looking back: the lists of what is to be looked at again, and writing down what was found there.

What has come back within 30 days of its closing takes the closing back, as the lifecycle decides. What comes back later is a
relapse: a new problem, linked to the old one, registered in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bson import ObjectId

from media_tracker.accounts.actor import Actor
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.cursors import read_cursor, write_cursor
from media_tracker.db.events import Origin
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.files.store import FileStore
from media_tracker.problems.afterwards.facts import Found
from media_tracker.problems.afterwards.look_backs import LEAD
from media_tracker.problems.afterwards.service import EVER
from media_tracker.problems.arriving import without_arriving
from media_tracker.problems.case import Channel, EventType, Report
from media_tracker.problems.casebook import Casebook
from media_tracker.problems.documents import Problem
from media_tracker.problems.lifecycle import Decided, decide
from media_tracker.problems.service import NewProblem, Problems
from media_tracker.problems.steps import Command

PAGE = 50
_DUE, _DONE = "after.look_back_due_at", "after.looked_back_at"


class Show(StrEnum):
    """Which look-backs are meant."""

    DUE = "due"  # may be done now, and are not late
    OVERDUE = "overdue"
    DONE = "done"
    CAME_BACK = "came_back"  # those of the done ones whose last look-back found that the fix had not held


@dataclass(frozen=True, slots=True)
class LookBackFilter:
    """Which problems a list shows. ``own``: units whose problems are left out, since others go there."""

    show: Show
    now: datetime
    district: str | None = None
    own: frozenset[ObjectId] = frozenset()

    @property
    def order(self) -> tuple[str, int]:
        """By what the list is ordered: the longest due first, the last done first."""
        return (_DUE, 1) if self.show in (Show.DUE, Show.OVERDUE) else (_DONE, -1)


@dataclass(frozen=True, slots=True)
class LookBackPage:
    """One page of a list, and the cursor of the next one."""

    problems: Sequence[Problem]
    next: str | None


class LookBacks:
    """Reads the lists, and takes the step."""

    def __init__(
        self,
        database: Database,
        transactor: Transactor,
        problems: Problems,
        casebook: Casebook,
        files: FileStore,
        clock: Clock,
    ) -> None:
        self._database = database
        self._rows = database[Problem.Settings.name]
        self._transactor = transactor
        self._problems = problems
        self._casebook = casebook
        self._files = files
        self._clock = clock

    async def page(self, wanted: LookBackFilter, after: str | None = None, size: int = PAGE) -> LookBackPage:
        """One page. ``after`` is the cursor that the page before gave; nonsense starts at the top."""
        field, order = wanted.order
        clauses = [query_of(wanted), await without_arriving(self._database)]
        if (edge := read_cursor(after)) is not None:
            beyond = "$gt" if order > 0 else "$lt"
            clauses.append({"$or": [{field: {beyond: edge[0]}}, {field: edge[0], "_id": {beyond: edge[1]}}]})
        query: Json = {"$and": clauses}
        rows = await self._rows.find(query).sort([(field, order), ("_id", order)]).limit(size + 1).to_list()
        found = [Problem.model_validate(row) for row in rows[:size]]
        if len(rows) <= size:
            return LookBackPage(found, None)
        last = rows[size - 1]
        return LookBackPage(found, write_cursor(last["after"][field.removeprefix("after.")], last["_id"]))

    async def count(self, wanted: LookBackFilter) -> int:
        """How many problems the list has from its first page to its last."""
        clauses = [query_of(wanted), await without_arriving(self._database)]
        return await self._rows.count_documents({"$and": clauses})

    async def look_back(self, number: str, version: int, command: Command, actor: Actor, origin: Origin) -> Problem:
        """Write down a look-back, and what follows from it: nothing, the closing taken back, or a relapse.

        Raises:
            NotFound, Conflict, Forbidden, InvalidInput: as ``decide`` says.
        """
        came_back = command.found is Found.CAME_BACK
        drawn = await self._problems.draw_number() if came_back else ""  # outside any transaction; gaps are fine

        async def work(tx: Transaction) -> Problem:
            problem = await self._casebook.read_version(tx, number, version)
            decided = decide(problem.case, command, actor, await self._problems.surroundings(problem))
            changed = await self._casebook.write(tx, problem, decided, command.text, about=EventType.LOOKED_BACK)
            await self._files.attach(command.after, tx.session)
            if came_back and not _taken_back(decided):
                await self._problems.register_in(tx, relapse_of(changed, drawn), [self._finding()], command.text)
                changed = await self._casebook.read(tx, changed.case.id)
            return changed

        return await self._transactor.run(work, origin)

    def _finding(self) -> Report:
        """The relapse is known from our own looking: a patrol's finding, and received by us at this moment."""
        now = self._clock()
        return Report(id=ObjectId(), channel=Channel.PATROL, occurred_at=now, received_at=now)


def query_of(wanted: LookBackFilter) -> Json:
    """The database's words for ``wanted``."""
    soon = wanted.now + LEAD
    query: dict[Show, Json] = {
        Show.DUE: {_DUE: {"$gt": max(EVER, wanted.now), "$lte": soon}},
        Show.OVERDUE: {_DUE: {"$gt": EVER, "$lte": wanted.now}},
        Show.DONE: {_DONE: {"$gt": EVER}},
        Show.CAME_BACK: {_DONE: {"$gt": EVER}, "after.came_back": True},
    }
    clauses = dict(query[wanted.show])
    if wanted.district is not None:
        clauses["district"] = wanted.district
    if wanted.own and wanted.show in (Show.DUE, Show.OVERDUE):
        own = sorted(wanted.own)
        clauses |= {"case.unit_id": {"$nin": own}, "case.co_unit_ids": {"$nin": own}}
    return clauses


def relapse_of(former: Problem, number: str) -> NewProblem:
    """The new problem that a closed one has come back as: the same thing at the same place."""
    case = former.case
    return NewProblem(
        number,
        former.title,
        former.place,
        case.category,
        case.region,
        case.severity,
        case.long_standing,
        relapse_of=case.id,
        demo=former.demo,
    )


def _taken_back(decided: Sequence[Decided]) -> bool:
    return any(each.type is EventType.REVOKED for each in decided)
