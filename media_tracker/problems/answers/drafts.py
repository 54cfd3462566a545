"""Drafts of answers, and a unit's own review of them. They are the unit's: no event tells of a draft until its answer goes out.

The only writer of ``answer_drafts``. A draft carries a version; who saves it over somebody else's words gets a ``Conflict``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from typing import TypeVar

from bson import ObjectId
from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from media_tracker.accounts.actor import Actor
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.events import SYSTEM, Origin
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput
from media_tracker.files.holding import Holding
from media_tracker.files.store import FileStore
from media_tracker.problems.answers.draft_rows import content_row, draft_of, draft_row
from media_tracker.problems.answers.draft_rules import (
    CHANGED,
    Content,
    Draft,
    Remark,
    Stage,
    blank_version,
    check_few_enough,
    check_writable,
    claim_of,
    may_see,
    why_not_release,
    why_not_write,
)
from media_tracker.problems.case import Case
from media_tracker.problems.documents import Problem
from media_tracker.problems.lifecycle import decide
from media_tracker.problems.service import Problems
from media_tracker.problems.steps import ROWS, Command, Step

COLLECTION = "answer_drafts"
INDEXES = [
    IndexModel(
        [("problem_id", ASCENDING), ("unit_id", ASCENDING)],
        name="open_of_unit",
        unique=True,
        partialFilterExpression={"open": True},
    ),
    IndexModel([("problem_id", ASCENDING), ("released_at", ASCENDING)], name="problem_released"),
    IndexModel([("open", ASCENDING), ("written_at", ASCENDING)], name="open_written"),
]

T = TypeVar("T")

LEFT_OVER_AFTER = timedelta(days=30)
"""A draft that can no longer go out is kept so long, so that its unit can copy from it."""


class Drafts:
    """Saves, hands in, sends back and releases answers."""

    def __init__(
        self,
        database: Database,
        transactor: Transactor,
        problems: Problems,
        files: FileStore,
        clock: Clock,
    ) -> None:
        self._drafts = database[COLLECTION]
        self._cases = database[Problem.Settings.name]
        self._transactor = transactor
        self._problems = problems
        self._casebook = problems.casebook
        self._files = files
        self._holding = Holding(database)
        self._clock = clock

    # Reading

    async def open_for(self, problem: Problem, actor: Actor) -> Draft | None:
        """The open draft of the problem that ``actor`` may see: of the unit in charge, else one left over of a unit of theirs."""
        rows = await self._drafts.find({"problem_id": problem.case.id, "open": True}).to_list()
        seen = [draft for draft in map(draft_of, rows) if may_see(draft.unit_id, actor)]
        return min(seen, key=lambda draft: draft.unit_id != problem.case.unit_id, default=None)

    async def released(self, problem: Problem, actor: Actor) -> list[Draft]:
        """Answers to the problem that went out after a review, oldest first; the record of units that ``actor`` belongs to."""
        query = {"problem_id": problem.case.id, "stage": Stage.RELEASED.value}
        rows = await self._drafts.find(query).sort("released_at", 1).to_list()
        return [draft for draft in map(draft_of, rows) if draft.handed_in_by and may_see(draft.unit_id, actor)]

    async def reviewed(self, problem: Problem) -> bool:
        """Whether the unit in charge has its answers released by a second person."""
        return (await self._problems.surroundings(problem)).answers_reviewed

    # Writing

    async def check(self, problem: Problem, version: int, actor: Actor) -> None:
        """Raise what ``save`` would, before anything is saved for it."""
        if (error := why_not_write(problem.case, actor)) is not None:
            raise error
        row = await self._drafts.find_one(_open(problem.case))
        check_writable(problem.case, draft_of(row) if row else None, version)

    async def save(
        self, problem: Problem, version: int, content: Content, actor: Actor, new: Sequence[ObjectId] = ()
    ) -> Draft:
        """Save what is written so far. ``new``: those of its photos that have just been sent; who left it is let go.

        Raises:
            Forbidden: not of the unit in charge. InvalidInput: more photos than a round takes.
            Conflict: somebody was faster, it is handed in, or the state takes no answer now.
        """
        check_few_enough(content)

        async def work(tx: Transaction) -> Draft:
            case = (await self._casebook.read(tx, problem.case.id)).case
            if (error := why_not_write(case, actor)) is not None:
                raise error
            return await self._write(tx, case, version, content, actor, new)

        return await self._run(work, SYSTEM)

    async def hand_in(
        self, problem: Problem, version: int, content: Content, actor: Actor, new: Sequence[ObjectId] = ()
    ) -> Draft:
        """Save an answer and hand it in for review. It has to be complete: what ``decide`` would miss is missed now.

        Raises: as ``save``; InvalidInput with what is missing.
        """
        check_few_enough(content)

        async def work(tx: Transaction) -> Draft:
            stored = await self._casebook.read(tx, problem.case.id)
            case = stored.case
            if (error := why_not_write(case, actor)) is not None:
                raise error
            around = replace(await self._problems.surroundings(stored), answers_reviewed=False)
            decide(case, claim_of(content, self._clock(), actor.user_id), actor, around)
            draft = await self._write(tx, case, version, content, actor, new)
            handed = {
                "stage": Stage.HANDED_IN.value,
                "handed_in_by": actor.user_id,
                "handed_in_at": self._clock(),
            }
            return await self._change(tx, draft, handed)

        return await self._run(work, SYSTEM)

    async def take_back(self, problem: Problem, version: int, actor: Actor) -> Draft:
        """Go on writing what had been handed in.

        Raises:
            Forbidden: not of the unit in charge. Conflict: somebody was faster.
        """

        async def work(tx: Transaction) -> Draft:
            draft, case = await self._read(tx, problem, version)
            if (error := why_not_write(case, actor)) is not None:
                raise error
            if draft.stage is not Stage.HANDED_IN:
                raise Conflict(CHANGED)
            return await self._change(tx, draft, {"stage": Stage.WRITING.value})

        return await self._run(work, SYSTEM)

    async def send_back(self, problem: Problem, version: int, remark: str, actor: Actor) -> Draft:
        """Send an answer back to who wrote it, with a remark.

        Raises:
            Forbidden: not for ``actor`` to review. InvalidInput: no remark. Conflict: somebody was faster.
        """
        if not remark.strip():
            sentence = N_("Please say so in a few words.")
            raise InvalidInput(sentence, {"remark": sentence})

        async def work(tx: Transaction) -> Draft:
            draft, case = await self._read(tx, problem, version)
            if (error := why_not_release(draft, case, actor)) is not None:
                raise error
            remarks = [*draft.remarks, Remark(actor.user_id, self._clock(), remark.strip())]
            changes = {"stage": Stage.WRITING.value, "remarks": [asdict(each) for each in remarks]}
            return await self._change(tx, draft, changes)

        return await self._run(work, SYSTEM)

    async def discard(self, problem: Problem, version: int, actor: Actor) -> None:
        """Throw a draft away, its photos with it. A draft that is left over may be thrown away by its unit too.

        Raises:
            Forbidden: not of the unit. Conflict: somebody was faster.
        """

        async def work(tx: Transaction) -> None:
            draft = await self._one(tx, problem, version, actor)
            await self._change(tx, draft, {"stage": Stage.DISCARDED.value, "open": False, "text": ""})
            await self._holding.let_go(draft.content.files, tx.session)

        await self._run(work, SYSTEM)

    # Going out

    async def send(
        self,
        problem: Problem,
        version: int,
        content: Content,
        actor: Actor,
        origin: Origin,
        new: Sequence[ObjectId] = (),
    ) -> Problem:
        """Save an answer and have it go out at once, where the unit demands no review.

        Raises: as ``save``; InvalidInput with what is missing; Conflict where the unit demands a review.
        """
        check_few_enough(content)

        async def work(tx: Transaction) -> Problem:
            stored = await self._casebook.read(tx, problem.case.id)
            if (error := why_not_write(stored.case, actor)) is not None:
                raise error
            around = await self._problems.surroundings(stored)
            decided = decide(stored.case, claim_of(content, self._clock(), actor.user_id), actor, around)
            draft = await self._write(tx, stored.case, version, content, actor, new)
            changed = await self._casebook.write(tx, stored, decided, content.text)
            await self._let_out(tx, draft, actor.user_id)
            return changed

        return await self._run(work, origin)

    async def release(self, problem: Problem, version: int, actor: Actor, origin: Origin) -> Problem:
        """Have an answer that was handed in go out: the claim is its writer's, with who released it.

        Raises:
            Forbidden: not for ``actor`` to release. InvalidInput: it is no longer complete.
            Conflict: somebody was faster, or the state takes no answer now.
        """

        async def work(tx: Transaction) -> Problem:
            draft, _ = await self._read(tx, problem, version)
            stored = await self._casebook.read(tx, problem.case.id)
            if (error := why_not_release(draft, stored.case, actor)) is not None:
                raise error
            command = claim_of(draft.content, self._clock(), draft.written_by, actor.user_id)
            around = replace(await self._problems.surroundings(stored), answers_reviewed=False)
            # A superior who answers for the unit acts for it here.
            acting = replace(actor, units=actor.units | {draft.unit_id})
            changed = await self._casebook.write(
                tx, stored, decide(stored.case, command, acting, around), draft.content.text
            )
            await self._let_out(tx, draft, actor.user_id)
            return changed

        return await self._run(work, origin)

    async def report(self, number: str, version: int, command: Command, actor: Actor, origin: Origin) -> Problem:
        """Report the result without a draft. One that the unit has begun is put aside: its answer has gone out.

        Raises: as ``Problems.act``.
        """

        async def put_aside(tx: Transaction, problem: Problem) -> None:
            row = await self._drafts.find_one(_open(problem.case), session=tx.session)
            if row is not None:
                draft = await self._change(tx, draft_of(row), {"stage": Stage.DISCARDED.value, "open": False})
                await self._holding.let_go(draft.content.files, tx.session)

        return await self._problems.act(number, version, command, actor, origin, also=put_aside)

    # Photos from elsewhere

    async def add_photos_in(
        self, tx: Transaction, case: Case, before: Sequence[ObjectId], after: Sequence[ObjectId], actor: Actor
    ) -> Draft:
        """Put photos that the unit holds already into its draft, within ``tx``; a draft is begun where there is none.

        Raises:
            Forbidden, Conflict: ``actor`` cannot write an answer now, or it is handed in. InvalidInput: too many photos.
        """
        if (error := why_not_write(case, actor)) is not None:
            raise error
        row = await self._drafts.find_one(_open(case), session=tx.session)
        draft = draft_of(row) if row else None
        content = draft.content if draft else Content()
        content = replace(
            content,
            before=tuple(dict.fromkeys([*content.before, *before])),
            after=tuple(dict.fromkeys([*content.after, *after])),
        )
        check_few_enough(content)
        return await self._write(tx, case, draft.version if draft else blank_version(case), content, actor, ())

    async def photos_in(self, tx: Transaction, problem_id: ObjectId) -> frozenset[ObjectId]:
        """Photos that an open draft for the problem needs."""
        rows = await self._drafts.find({"problem_id": problem_id, "open": True}, session=tx.session).to_list()
        return frozenset(photo for row in rows for photo in draft_of(row).content.photos)

    async def sweep(self) -> int:
        """Throw away drafts that can no longer go out and that nobody has touched for thirty days; returns how many."""
        swept = 0
        cursor = self._drafts.find({"open": True, "written_at": {"$lt": self._clock() - LEFT_OVER_AFTER}})
        async for row in cursor:
            swept += await self._sweep_one(draft_of(row))
        return swept

    # Inside

    async def _sweep_one(self, draft: Draft) -> bool:
        async def work(tx: Transaction) -> bool:
            found = await self._cases.find_one({"_id": draft.problem_id}, session=tx.session)
            case = Problem.model_validate(found).case if found else None
            if case is not None and case.unit_id == draft.unit_id and case.state in ROWS[Step.CLAIM].sources:
                return False
            await self._change(tx, draft, {"stage": Stage.DISCARDED.value, "open": False, "text": ""})
            await self._holding.let_go(draft.content.files, tx.session)
            return True

        try:
            return await self._transactor.run(work, SYSTEM)
        except Conflict:  # somebody has gone on with it at this very moment
            return False

    async def _run(self, work: Callable[[Transaction], Awaitable[T]], origin: Origin) -> T:
        """Run ``work``; two who begin a draft at once: the second one is told."""
        try:
            return await self._transactor.run(work, origin)
        except DuplicateKeyError:
            raise Conflict(CHANGED) from None

    async def _one(self, tx: Transaction, problem: Problem, version: int, actor: Actor) -> Draft:
        """The open draft at ``version`` that ``actor`` may see."""
        query = {"problem_id": problem.case.id, "open": True}
        rows = await self._drafts.find(query, session=tx.session).to_list()
        seen = [
            draft for draft in map(draft_of, rows) if draft.unit_id in actor.units and may_see(draft.unit_id, actor)
        ]
        if not seen:
            raise Forbidden(N_("Only the unit in charge of this problem can do this."))
        draft = min(seen, key=lambda each: each.unit_id != problem.case.unit_id)
        if draft.version != version:
            raise Conflict(CHANGED)
        return draft

    async def _read(self, tx: Transaction, problem: Problem, version: int) -> tuple[Draft, Case]:
        """The unit's open draft at ``version``, and the case, as ``tx`` sees them."""
        case = (await self._casebook.read(tx, problem.case.id)).case
        row = await self._drafts.find_one(_open(case), session=tx.session)
        if row is None:
            raise Conflict(N_("There is no draft of an answer any more. Somebody may have been faster."))
        draft = draft_of(row)
        if draft.version != version:
            raise Conflict(CHANGED)
        return draft, case

    async def _write(
        self, tx: Transaction, case: Case, version: int, content: Content, actor: Actor, new: Sequence[ObjectId]
    ) -> Draft:
        """Write ``content`` over the draft at ``version``, or begin one."""
        assert case.unit_id is not None  # or nobody may write
        row = await self._drafts.find_one(_open(case), session=tx.session)
        draft = draft_of(row) if row else None
        check_writable(case, draft, version)
        now = self._clock()
        if draft is None:
            version = blank_version(case) + 1
            draft = Draft(ObjectId(), case.id, case.unit_id, version, Stage.WRITING, content, actor.user_id, now)
            await self._drafts.insert_one(draft_row(draft), session=tx.session)
            known: frozenset[ObjectId] = frozenset()
        else:
            known = frozenset(draft.content.files)
            written = {
                **content_row(content),
                "written_by": actor.user_id,
                "written_at": now,
                "writers": sorted(draft.authors | {actor.user_id}),
            }
            draft = await self._change(tx, draft, written)
        await self._holding.hold(new, case.unit_id, tx.session)
        await self._holding.let_go(known.difference(content.files), tx.session)
        return draft

    async def _change(self, tx: Transaction, draft: Draft, changes: Json) -> Draft:
        query = {"_id": draft.id, "version": draft.version}
        update = {"$set": changes, "$inc": {"version": 1}}
        if (await self._drafts.update_one(query, update, session=tx.session)).matched_count == 0:
            raise Conflict(CHANGED)
        row = await self._drafts.find_one({"_id": draft.id}, session=tx.session)
        assert row is not None  # it was changed a moment ago
        return draft_of(row)

    async def _let_out(self, tx: Transaction, draft: Draft, by: ObjectId) -> None:
        """The answer has gone out: its photos are the case's from now on."""
        out = {"stage": Stage.RELEASED.value, "open": False, "released_by": by, "released_at": self._clock()}
        await self._change(tx, draft, out)
        await self._files.attach(draft.content.files, tx.session)
        await self._holding.let_go(draft.content.files, tx.session)


def _open(case: Case) -> Json:
    """The query for the open draft of the unit in charge."""
    return {"problem_id": case.id, "unit_id": case.unit_id, "open": True}
