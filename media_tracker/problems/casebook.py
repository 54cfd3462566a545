"""How a problem is written down: document and events together, on the condition that nobody was faster.

Everything that happens to a problem goes through ``write``; so the stored case is always the fold of its events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Collection, Json
from media_tracker.db.events import NewEvent
from media_tracker.db.transactions import Transaction
from media_tracker.errors import N_, Conflict, NotFound
from media_tracker.problems.case import Case, EventType
from media_tracker.problems.documents import Problem, Words
from media_tracker.problems.folding import apply
from media_tracker.problems.lifecycle import Decided
from media_tracker.problems.linking.links import Links
from media_tracker.problems.tables import Tables

ENTITY = "problem"


class Casebook:
    """Reads problems within a transaction, adds them, and writes what happens to them."""

    def __init__(self, problems: Collection, links: Links, tables: Tables, clock: Clock) -> None:
        self._problems = problems
        self._links = links
        self._tables = tables
        self._clock = clock

    async def read(self, tx: Transaction, problem_id: ObjectId) -> Problem:
        """The problem with this id as ``tx`` sees it; ``NotFound`` without one."""
        return stored_problem(await self._problems.find_one({"_id": problem_id}, session=tx.session), str(problem_id))

    async def read_version(self, tx: Transaction, number: str, version: int) -> Problem:
        """The problem with this number as ``tx`` sees it; ``Conflict`` when it is no longer at ``version``."""
        return at_version(
            stored_problem(await self._problems.find_one({"number": number}, session=tx.session), number), version
        )

    async def add(
        self, tx: Transaction, decided: Sequence[Decided], *, number: str, title: str, place: str, text: str, demo: bool
    ) -> Problem:
        """Add a problem whose history begins with ``decided``; ``text`` was written with the first of its events."""
        problem_id = ObjectId()
        case, events = follow(None, problem_id, decided, self._clock())
        words = [Words(seq=1, text=text, kind=decided[0].type)] if text else []
        problem = Problem(
            id=problem_id, number=number, title=title.strip(), place=place.strip(), words=words, case=case, demo=demo
        )
        await self._tables.describe(problem)
        await self._problems.insert_one(row_of(problem), session=tx.session)
        await self._links.put(problem, tx.session)
        tx.record(*events)
        return problem

    async def write(
        self,
        tx: Transaction,
        problem: Problem,
        decided: Sequence[Decided],
        text: str = "",
        *,
        about: EventType | None = None,
    ) -> Problem:
        """Apply ``decided`` and write the outcome, if the stored version is still the one that was read.

        ``text`` was written with the event of type ``about``; None: with the last one.
        """
        if not decided:
            return problem
        before = problem.case.version
        case, events = follow(problem.case, problem.case.id, decided, self._clock())
        words = list(problem.words)
        if text.strip():
            at = next((place for place, each in enumerate(decided) if each.type is about), len(decided) - 1)
            words.append(Words(seq=before + 1 + at, text=text.strip(), kind=decided[at].type))
        changed: Problem = problem.model_copy(update={"case": case, "words": words})
        await self._tables.describe(changed)
        result = await self._problems.replace_one(
            {"_id": case.id, "case.version": before}, row_of(changed), session=tx.session
        )
        if result.matched_count == 0:
            raise _changed_since(problem)
        await self._links.put(changed, tx.session)
        tx.record(*events)
        return changed


def stored_problem(row: Json | None, name: str) -> Problem:
    """The problem in ``row``; ``NotFound`` without one, with the ``name`` that was asked for."""
    if row is None:
        raise NotFound(N_("There is no problem numbered {number}."), number=name)
    problem: Problem = Problem.model_validate(row)
    return problem


def at_version(problem: Problem, version: int) -> Problem:
    """``problem`` if it is at ``version``, else ``Conflict``."""
    if problem.case.version != version:
        raise _changed_since(problem)
    return problem


def _changed_since(problem: Problem) -> Conflict:
    return Conflict(
        N_("Somebody has changed problem {number} in the meantime. Look at its history, then decide again."),
        number=problem.number,
    )


def follow(
    case: Case | None, problem_id: ObjectId, decided: Sequence[Decided], now: datetime
) -> tuple[Case, list[NewEvent]]:
    """``case`` after ``decided``, and the events to record."""
    events: list[NewEvent] = []
    for each in decided:
        seq = case.version + 1 if case is not None else 1
        payload: Mapping[str, Any] = each.payload
        event = NewEvent(ENTITY, problem_id, seq, each.type.value, now, payload)
        case = apply(case, event)
        events.append(event)
    assert case is not None  # an empty list of decisions never gets here
    return case, events


def row_of(problem: Problem) -> Json:
    """The problem as it is stored."""
    row: Json = problem.model_dump(by_alias=True, exclude={"revision_id"})
    row["_id"] = problem.case.id
    row.pop("id", None)
    return row
