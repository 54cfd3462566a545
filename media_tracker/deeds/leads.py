"""Leads: taken in, worked on, settled. The only writer of ``leads`` and ``lead_callers``.

Who called stands encrypted in a collection of its own: only editors and publicity staff open it, every look is in the audit trail
first, and it is erased on a date. Events hold ids and states.
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
from media_tracker.db.events import SYSTEM, NewEvent, Origin
from media_tracker.db.ids import parse_id
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.deeds.finding_leads import LeadFilter, LeadPage, lead_of, page_of
from media_tracker.deeds.lead_rules import (
    LEADS_ON,
    SETTLED,
    STEPS,
    Caller,
    Channel,
    Lead,
    State,
    Step,
    check_staff,
    erase_at,
    mistakes,
    says_too_much,
)
from media_tracker.errors import N_, Conflict, InvalidInput, NotFound, NotReady

ENTITY = "lead"
COLLECTION = "leads"
CALLERS = "lead_callers"
INDEXES = {
    COLLECTION: [
        IndexModel([("form_key", ASCENDING)], name="form_key", unique=True),
        IndexModel([("number", ASCENDING)], name="number", unique=True),
        IndexModel([("received_at", DESCENDING), ("_id", DESCENDING)], name="received"),
        IndexModel([("state", ASCENDING), ("received_at", DESCENDING), ("_id", DESCENDING)], name="state_received"),
        IndexModel([("worked_on_by", ASCENDING), ("received_at", DESCENDING), ("_id", DESCENDING)], name="worker"),
        IndexModel([("deed_id", ASCENDING), ("received_at", DESCENDING), ("_id", DESCENDING)], name="deed_received"),
        IndexModel([("story_id", ASCENDING), ("received_at", DESCENDING), ("_id", DESCENDING)], name="story_received"),
        IndexModel([("next_story", ASCENDING)], name="next_story", sparse=True),
        IndexModel([("next_deed", ASCENDING)], name="next_deed", sparse=True),
    ],
    CALLERS: [IndexModel([("erase_at", ASCENDING)], name="erase_at")],
}
MOST_COUNTED = 1_000
ERASED_AT_ONCE = 200


class Leads:
    """Takes leads in and follows them. ``days``: how long after settling a caller is kept."""

    def __init__(
        self,
        database: Database,
        transactor: Transactor,
        audit: Audit,
        seal: Seal,
        clock: Clock,
        zone: ZoneInfo,
        days: int,
    ) -> None:
        self._database = database
        self._leads = database[COLLECTION]
        self._callers = database[CALLERS]
        self._transactor = transactor
        self._audit = audit
        self._seal = seal
        self._clock = clock
        self._zone = zone
        self.days = days

    # Reading

    async def get(self, lead_id: str) -> Lead:
        """One lead; ``NotFound`` without one."""
        return _found(await self._leads.find_one({"_id": parse_id(lead_id)}))

    async def page(self, wanted: LeadFilter, after: str | None = None) -> LeadPage:
        """One page of the leads that ``wanted`` lets through, newest first."""
        return await page_of(self._leads, wanted, after)

    async def count(self, wanted: LeadFilter) -> int:
        """How many there are; from ``MOST_COUNTED`` + 1 on it is not looked further."""
        return await self._leads.count_documents(wanted.query(), limit=MOST_COUNTED + 1)

    async def caller(self, lead_id: str, actor: Actor, request_id: str | None) -> Caller | None:
        """Who called; None when nothing is known, or it has been erased. The look is written into the audit trail first.

        Raises:
            Forbidden: neither editor nor publicity staff. NotFound: there is no such lead.
            NotReady: it was sealed with another secret key.
        """
        check_staff(actor)
        lead = await self.get(lead_id)
        await self._audit.write(
            AuditAction.CALLER_READ, actor=actor.user_id, subject=f"lead/{lead.number}", request_id=request_id
        )
        return await self._open(lead)

    # Coming in

    async def take_in(
        self,
        form_key: str,
        deed_id: ObjectId | None,
        story_id: ObjectId | None,
        channel: Channel,
        received_at: datetime | None,
        about: str,
        caller: Caller,
        actor: Actor,
        origin: Origin,
        *,
        demo: bool = False,
    ) -> Lead:
        """Take in what a published story brought. The same form sent twice is one lead.

        Raises:
            Forbidden: neither editor nor publicity staff. InvalidInput: see ``lead_rules.mistakes``.
        """
        check_staff(actor)
        now = self._clock()
        fields = mistakes(about, caller, received_at, now)
        if deed_id is None and story_id is None:
            fields["about"] = N_("Open the deed or the story that brought the lead, and record it there.")
        if fields:
            raise InvalidInput(N_("Please look at the marked fields."), fields)
        assert received_at is not None  # mistakes() says so
        if (known := await self._leads.find_one({"form_key": form_key})) is not None:
            return lead_of(known)
        year = now.astimezone(self._zone).year
        row: Json = {
            "_id": ObjectId(),
            "number": f"XS{year}-{(await draw(self._database, f'lead:{year}'))[0]:05d}",
            "form_key": form_key,
            "version": 1,
            "deed_id": deed_id,
            "story_id": story_id,
            "channel": channel.value,
            "received_at": received_at,
            "about": about.strip(),
            "state": State.NEW.value,
            "worked_on_by": None,
            "notes": [],
            "settled_at": None,
            "has_caller": caller.known,
            "erase_at": erase_at(received_at, None, self.days) if caller.known else None,
            "created_by": actor.user_id,
            "created_at": now,
            "demo": demo,
        }
        sealed = self._seal.close({name: words.strip() for name, words in asdict(caller).items()})

        async def work(tx: Transaction) -> Lead:
            await self._leads.insert_one(row, session=tx.session)
            if caller.known:
                kept = {"_id": row["_id"], "sealed": sealed, "erase_at": row["erase_at"]}
                await self._callers.insert_one(kept, session=tx.session)
            payload = {"deed_id": deed_id, "story_id": story_id, "channel": channel.value, "caller": caller.known}
            tx.record(NewEvent(ENTITY, row["_id"], 1, "came_in", received_at, payload))
            return lead_of(row)

        try:
            return await self._transactor.run(work, origin)
        except DuplicateKeyError:  # the same form at the same moment
            return _found(await self._leads.find_one({"form_key": form_key}))

    # Working on it

    async def take(self, lead_id: str, version: int, actor: Actor, origin: Origin) -> Lead:
        """Have ``actor`` work on a lead.

        Raises:
            Forbidden, NotFound. Conflict: it is settled, or somebody was faster.
        """
        check_staff(actor)
        return await self._step(lead_id, version, Step.TAKE, {"worked_on_by": actor.user_id}, "taken", {}, origin)

    async def follow_up(self, lead_id: str, version: int, text: str, actor: Actor, origin: Origin) -> Lead:
        """Write down what was found out. Who does it works on the lead from now on.

        Raises:
            Forbidden, NotFound. InvalidInput: nothing said, or too much. Conflict: it is settled, or somebody was faster.
        """
        check_staff(actor)
        note = await self._note(lead_id, text, actor, required=True)
        changes: Json = {"state": State.FOLLOWED_UP.value, "worked_on_by": actor.user_id}
        return await self._step(lead_id, version, Step.FOLLOW_UP, changes, "followed_up", {}, origin, note)

    async def settle(
        self,
        lead_id: str,
        version: int,
        state: State | None,
        next_id: ObjectId | None,
        text: str,
        actor: Actor,
        origin: Origin,
    ) -> Lead:
        """Say what has become of a lead. ``next_id``: the story, deed or problem, which the caller has seen to be there.

        Raises:
            Forbidden, NotFound. InvalidInput: no outcome, or not of what. Conflict: it is settled, or somebody was faster.
        """
        check_staff(actor)
        if state is None or state not in SETTLED:
            raise _mistake("outcome", N_("Please choose what has become of it."))
        if state in LEADS_ON and next_id is None:
            raise _mistake("next", N_("Please say which one."))
        note = await self._note(lead_id, text, actor, required=state is State.NOTHING)
        now = self._clock()
        changes: Json = {"state": state.value, "settled_at": now}
        if state in LEADS_ON:
            changes[f"next_{state.value}"] = next_id
        payload = {"state": state.value, "next": next_id}
        return await self._step(lead_id, version, Step.SETTLE, changes, "settled", payload, origin, note)

    async def reopen(self, lead_id: str, version: int, actor: Actor, origin: Origin) -> Lead:
        """Take back what was said of a lead's outcome; its caller, where still known, is kept as of one that is not settled.

        Raises:
            Forbidden, NotFound. Conflict: it is not settled, or somebody was faster.
        """
        check_staff(actor)
        changes: Json = {"state": State.FOLLOWED_UP.value, "settled_at": None, "worked_on_by": actor.user_id}
        return await self._step(lead_id, version, Step.REOPEN, changes, "reopened", {}, origin)

    # Erasing

    async def erase(self, lead_id: str, version: int, actor: Actor, origin: Origin) -> Lead:
        """Erase who called, now. What was sealed is gone for good.

        Raises:
            Forbidden, NotFound. Conflict: there is nothing (any more), or somebody was faster.
        """
        check_staff(actor)

        async def work(tx: Transaction) -> Lead:
            lead = await self._at(tx, lead_id, version)
            if not lead.has_caller:
                raise Conflict(N_("Who called is erased already, or was never known."))
            await self._audit.write(
                AuditAction.CALLER_ERASED,
                actor=actor.user_id,
                subject=f"lead/{lead.number}",
                request_id=origin.request_id,
                session=tx.session,
            )
            return await self._erase_in(tx, lead)

        return await self._transactor.run(work, origin)

    async def erase_due(self) -> int:
        """Erase callers whose date has come; returns how many. Asked again, it goes on where it was broken off."""
        due = self._callers.find({"erase_at": {"$lte": self._clock()}}, {"_id": 1}).sort("erase_at", 1)
        ids = [row["_id"] for row in await due.limit(ERASED_AT_ONCE).to_list()]
        for lead_id in ids:

            async def work(tx: Transaction, key: ObjectId = lead_id) -> None:
                row = await self._leads.find_one({"_id": key}, session=tx.session)
                still = {"_id": key, "erase_at": {"$lte": self._clock()}}
                if await self._callers.find_one(still, {"_id": 1}, session=tx.session) is None:
                    return  # reopened, or erased, a moment ago
                if row is None:
                    await self._callers.delete_one({"_id": key}, session=tx.session)
                else:
                    await self._erase_in(tx, lead_of(row))

            await self._transactor.run(work, SYSTEM)
        return len(ids)

    # Inside

    async def _erase_in(self, tx: Transaction, lead: Lead) -> Lead:
        await self._callers.delete_one({"_id": lead.id}, session=tx.session)
        return await self._write(tx, lead, {"has_caller": False, "erase_at": None}, "caller_erased", {})

    async def _step(
        self,
        lead_id: str,
        version: int,
        step: Step,
        changes: Json,
        what: str,
        payload: Json,
        origin: Origin,
        note: Json | None = None,
    ) -> Lead:
        async def work(tx: Transaction) -> Lead:
            lead = await self._at(tx, lead_id, version)
            if lead.state not in STEPS[step]:
                raise _changed_since()
            cleared = dict.fromkeys(("next_story", "next_deed", "next_problem")) if step is Step.REOPEN else {}
            dated: Json = {}
            if lead.has_caller and step in (Step.SETTLE, Step.REOPEN):
                dated = {"erase_at": erase_at(lead.received_at, changes["settled_at"], self.days)}
                await self._callers.update_one({"_id": lead.id}, {"$set": dated}, session=tx.session)
            return await self._write(tx, lead, {**changes, **dated}, what, payload, note, list(cleared))

        return await self._transactor.run(work, origin)

    async def _write(
        self,
        tx: Transaction,
        lead: Lead,
        changes: Json,
        what: str,
        payload: Json,
        note: Json | None = None,
        cleared: list[str] | None = None,
    ) -> Lead:
        update: Json = {"$set": changes, "$inc": {"version": 1}}
        if note is not None:
            update["$push"] = {"notes": note}
        if cleared:
            update["$unset"] = dict.fromkeys(cleared, "")
        done = await self._leads.update_one({"_id": lead.id, "version": lead.version}, update, session=tx.session)
        if done.matched_count == 0:
            raise _changed_since()
        tx.record(NewEvent(ENTITY, lead.id, lead.version + 1, what, self._clock(), payload))
        return _found(await self._leads.find_one({"_id": lead.id}, session=tx.session))

    async def _at(self, tx: Transaction, lead_id: str, version: int) -> Lead:
        lead = _found(await self._leads.find_one({"_id": parse_id(lead_id)}, session=tx.session))
        if lead.version != version:
            raise _changed_since()
        return lead

    async def _note(self, lead_id: str, text: str, actor: Actor, *, required: bool) -> Json | None:
        if not text.strip():
            if required:
                raise _mistake("text", N_("Please say so in a few words."))
            return None
        try:
            caller = await self._open(await self.get(lead_id))
        except NotReady:  # nobody can read it here: what it says cannot be looked for
            caller = None
        if says_too_much(text, caller):
            raise _mistake(
                "text",
                N_("Leave out names of callers, telephone numbers and addresses: they have fields of their own."),
            )
        return {"at": self._clock(), "by": actor.user_id, "text": text.strip()}

    async def _open(self, lead: Lead) -> Caller | None:
        row = await self._callers.find_one({"_id": lead.id}) if lead.has_caller else None
        return Caller(**self._seal.open(row["sealed"])) if row else None


def _found(row: Json | None) -> Lead:
    if row is None:
        raise NotFound(N_("There is no such lead."))
    return lead_of(row)


def _changed_since() -> Conflict:
    return Conflict(N_("Somebody has worked on this lead in the meantime. Look at it again."))


def _mistake(field: str, sentence: str) -> InvalidInput:
    return InvalidInput(sentence, {field: sentence})
