"""Objections: recorded, tied to a case, answered. The only writer of ``objections`` and ``objection_contacts``.

Who objects stands encrypted in a collection of its own: only the office opens it, every look is in the audit trail, and it is
erased on a date. Events of the case hold ids and what came of it.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from media_tracker.accounts.actor import Actor
from media_tracker.accounts.audit import Audit
from media_tracker.accounts.documents import AuditAction
from media_tracker.accounts.sealing import Seal
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.counters import draw
from media_tracker.db.events import SYSTEM, Origin
from media_tracker.db.ids import parse_id
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, Conflict, InvalidInput, NotFound
from media_tracker.problems.case import EventType
from media_tracker.problems.casebook import Casebook
from media_tracker.problems.documents import Problem
from media_tracker.problems.lifecycle import Decided
from media_tracker.problems.objections.rules import (
    CONTACTS_KEPT,
    Contact,
    Objection,
    ObjectionAnswer,
    ObjectionState,
    Way,
    due,
    mistakes,
    stands_at_once,
    why_not_handle,
    why_not_stand,
)

COLLECTION = "objections"
CONTACTS = "objection_contacts"
INDEXES = {
    COLLECTION: [
        IndexModel([("form_key", ASCENDING)], name="form_key", unique=True),
        IndexModel([("state", ASCENDING), ("due_at", ASCENDING), ("_id", ASCENDING)], name="state_due"),
        IndexModel([("answered_at", DESCENDING), ("_id", DESCENDING)], name="answered"),
        IndexModel([("problem_id", ASCENDING), ("state", ASCENDING)], name="problem_state"),
        IndexModel([("receipt", ASCENDING)], name="receipt", unique=True),
    ],
    CONTACTS: [IndexModel([("erase_at", ASCENDING)], name="erase_at")],
}
PAGE = 100


class Objections:
    """Takes in objections and answers them."""

    def __init__(
        self,
        database: Database,
        transactor: Transactor,
        casebook: Casebook,
        audit: Audit,
        seal: Seal,
        clock: Clock,
        zone: ZoneInfo,
    ) -> None:
        self._database = database
        self._seal = seal
        self._objections = database[COLLECTION]
        self._contacts = database[CONTACTS]
        self._cases = database[Problem.Settings.name]
        self._transactor = transactor
        self._casebook = casebook
        self._audit = audit
        self._clock = clock
        self._zone = zone

    # Reading

    async def to_answer(self, limit: int = PAGE) -> list[Objection]:
        """Those that are not answered yet, the soonest due first."""
        states = [ObjectionState.WAITING.value, ObjectionState.OPEN.value]
        cursor = self._objections.find({"state": {"$in": states}}).sort([("due_at", 1), ("_id", 1)]).limit(limit)
        return [_objection(row) async for row in cursor]

    async def answered(self, limit: int = PAGE) -> list[Objection]:
        """Those that are answered, the latest first."""
        query = {"state": ObjectionState.ANSWERED.value}
        cursor = self._objections.find(query).sort([("answered_at", -1), ("_id", -1)]).limit(limit)
        return [_objection(row) async for row in cursor]

    async def count_to_answer(self) -> int:
        """How many wait for an answer."""
        states = [ObjectionState.WAITING.value, ObjectionState.OPEN.value]
        return await self._objections.count_documents({"state": {"$in": states}})

    async def of(self, problem_id: ObjectId) -> list[Objection]:
        """Every objection to one problem, oldest first."""
        rows = await self._objections.find({"problem_id": problem_id}).sort("_id", 1).to_list()
        return [_objection(row) for row in rows]

    async def get(self, objection_id: str) -> Objection:
        """One objection; ``NotFound`` without one."""
        return _found(await self._objections.find_one({"_id": parse_id(objection_id)}))

    async def contact(self, objection_id: str, actor: Actor, request_id: str | None) -> Contact | None:
        """Who made an objection; None when it has been erased. The look is written into the audit trail first.

        Raises:
            Forbidden: not publicity staff. NotFound: there is no such objection.
            NotReady: it was sealed with another secret key.
        """
        _office(actor)
        objection = await self.get(objection_id)
        await self._audit.write(
            AuditAction.CONTACT_READ, actor=actor.user_id, subject=objection.receipt, request_id=request_id
        )
        row = await self._contacts.find_one({"_id": objection.id})
        return Contact(**self._seal.open(row["sealed"])) if row else None

    # Coming in

    async def receive(self, form_key: str, problem_id: ObjectId | None, text: str, contact: Contact) -> Objection:
        """Take in an objection from the public form. The same form sent twice is one objection.

        Raises:
            InvalidInput: something is missing.
        """
        return await self._put(form_key, problem_id, text, contact, Way.WEB, None)

    async def record(
        self,
        form_key: str,
        problem_id: ObjectId,
        text: str,
        contact: Contact,
        way: Way,
        actor: Actor,
        origin: Origin,
    ) -> Objection:
        """Record an objection that came by letter, by telephone or in person; it stands at once.

        Raises:
            Forbidden: not publicity staff. InvalidInput: something is missing. Conflict: the problem is a duplicate.
        """
        _office(actor)
        return await self._put(form_key, problem_id, text, contact, way, actor, origin)

    async def stand(
        self, objection_id: str, version: int, problem_id: ObjectId, actor: Actor, origin: Origin
    ) -> Objection:
        """Have an objection that waits stand: tie it to its case, which is masked from now on.

        Raises:
            Forbidden: not publicity staff. Conflict: somebody was faster, or the problem is a duplicate.
        """
        _office(actor)

        async def work(tx: Transaction) -> Objection:
            objection = await self._at(tx, objection_id, version)
            if objection.state is not ObjectionState.WAITING:
                raise Conflict(N_("Somebody has dealt with this objection in the meantime. Look at it as it is now."))
            changes = {"state": ObjectionState.OPEN.value, "problem_id": problem_id}
            changed = await self._change(tx, objection, changes)
            await self._objected(tx, problem_id, objection.id)
            return changed

        return await self._transactor.run(work, origin)

    # Answering

    async def answer(
        self,
        objection_id: str,
        version: int,
        answer: ObjectionAnswer | None,
        text: str,
        actor: Actor,
        origin: Origin,
        *,
        withhold: bool = False,
    ) -> Objection:
        """ObjectionAnswer an objection: its case is shown again, unless it is withheld or another objection stands.

        ``withhold``: keep the case from the public for good, in the same breath.

        Raises:
            Forbidden: not publicity staff. InvalidInput: no answer, or no words. Conflict: somebody was faster.
        """
        _office(actor)
        fields = {}
        if answer is None:
            fields["answer"] = N_("Please choose what came of it.")
        if not text.strip():
            fields["text"] = N_("Please say so in a few words.")
        if fields:
            raise InvalidInput(N_("Please fill in what is missing."), fields)
        assert answer is not None

        async def work(tx: Transaction) -> Objection:
            objection = await self._at(tx, objection_id, version)
            if objection.state is ObjectionState.ANSWERED:
                raise Conflict(N_("Somebody has dealt with this objection in the meantime. Look at it as it is now."))
            changes: Json = {
                "state": ObjectionState.ANSWERED.value,
                "answer": answer.value,
                "answer_text": text.strip(),
                "answered_at": self._clock(),
                "answered_by": actor.user_id,
            }
            changed = await self._change(tx, objection, changes)
            if objection.problem_id is not None:
                await self._answered(tx, objection, answer, withhold)
            return changed

        return await self._transactor.run(work, origin)

    async def erase_due(self) -> int:
        """Erase who objected, where the date has come; returns how many."""
        return (await self._contacts.delete_many({"erase_at": {"$lte": self._clock()}})).deleted_count

    # Inside

    async def _put(
        self,
        form_key: str,
        problem_id: ObjectId | None,
        text: str,
        contact: Contact,
        way: Way,
        actor: Actor | None,
        origin: Origin = SYSTEM,
    ) -> Objection:
        fields = mistakes(text, contact)
        if fields:
            raise InvalidInput(N_("Please fill in what is missing."), fields)
        if (known := await self._objections.find_one({"form_key": form_key})) is not None:
            return _objection(known)
        now = self._clock()
        objection_id, receipt = ObjectId(), await self._draw_receipt(now)

        async def work(tx: Transaction) -> Objection:
            stands = problem_id is not None and (actor is not None or await self._first(tx, problem_id))
            row: Json = {
                "_id": objection_id,
                "receipt": receipt,
                "form_key": form_key,
                "problem_id": problem_id,
                "state": (ObjectionState.OPEN if stands else ObjectionState.WAITING).value,
                "version": 1,
                "way": way.value,
                "received_at": now,
                "due_at": due(now, self._zone),
                "text": text.strip(),
                "recorded_by": actor.user_id if actor else None,
                "answer": None,
                "answer_text": "",
                "answered_at": None,
                "answered_by": None,
            }
            await self._objections.insert_one(row, session=tx.session)
            sealed = self._seal.close({name: words.strip() for name, words in asdict(contact).items()})
            kept = {"_id": objection_id, "sealed": sealed, "erase_at": now + CONTACTS_KEPT}
            await self._contacts.insert_one(kept, session=tx.session)
            if stands and problem_id is not None:
                await self._objected(tx, problem_id, objection_id)
            return _objection(row)

        try:
            return await self._transactor.run(work, origin)
        except DuplicateKeyError:  # the same form at the same moment
            return _found(await self._objections.find_one({"form_key": form_key}))

    async def _first(self, tx: Transaction, problem_id: ObjectId) -> bool:
        """Whether an objection from the public may stand at once."""
        earlier = await self._objections.count_documents({"problem_id": problem_id}, session=tx.session, limit=1)
        found = await self._cases.find_one({"_id": problem_id}, session=tx.session)
        open_case = found is not None and why_not_stand(Problem.model_validate(found).case) is None
        return open_case and stands_at_once(earlier)

    async def _draw_receipt(self, now: datetime) -> str:
        year = now.astimezone(self._zone).year
        return f"SS{year}-{(await draw(self._database, f'objection:{year}'))[0]:05d}"

    async def _objected(self, tx: Transaction, problem_id: ObjectId, objection_id: ObjectId) -> None:
        problem = await self._casebook.read(tx, problem_id)
        if (error := why_not_stand(problem.case)) is not None:
            raise error
        await self._casebook.write(tx, problem, [Decided(EventType.OBJECTED, {"objection_id": objection_id})])

    async def _answered(self, tx: Transaction, objection: Objection, answer: ObjectionAnswer, withhold: bool) -> None:
        assert objection.problem_id is not None
        problem = await self._casebook.read(tx, objection.problem_id)
        decided = []
        if objection.id in problem.case.objections:
            payload = {"objection_id": objection.id, "answer": answer.value}
            decided.append(Decided(EventType.OBJECTION_ANSWERED, payload))
        if withhold and not problem.case.withheld:
            decided.append(Decided(EventType.WITHHELD, {}))
        await self._casebook.write(tx, problem, decided)

    async def _at(self, tx: Transaction, objection_id: str, version: int) -> Objection:
        query = {"_id": parse_id(objection_id)}
        objection = _found(await self._objections.find_one(query, session=tx.session))
        if objection.version != version:
            raise Conflict(N_("Somebody has dealt with this objection in the meantime. Look at it as it is now."))
        return objection

    async def _change(self, tx: Transaction, objection: Objection, changes: Json) -> Objection:
        query = {"_id": objection.id, "version": objection.version}
        update = {"$set": changes, "$inc": {"version": 1}}
        await self._objections.update_one(query, update, session=tx.session)
        return _found(await self._objections.find_one({"_id": objection.id}, session=tx.session))


def _office(actor: Actor) -> None:
    if (error := why_not_handle(actor)) is not None:
        raise error


def _found(row: Json | None) -> Objection:
    if row is None:
        raise NotFound(N_("There is no such objection."))
    return _objection(row)


def _objection(row: Json) -> Objection:
    return Objection(
        id=row["_id"],
        receipt=row["receipt"],
        problem_id=row["problem_id"],
        state=ObjectionState(row["state"]),
        version=row["version"],
        way=Way(row["way"]),
        received_at=row["received_at"],
        due_at=row["due_at"],
        text=row["text"],
        recorded_by=row["recorded_by"],
        answer=ObjectionAnswer(row["answer"]) if row["answer"] else None,
        answer_text=row["answer_text"],
        answered_at=row["answered_at"],
        answered_by=row["answered_by"],
    )
