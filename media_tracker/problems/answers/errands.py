"""Errands by one-time link: given, answered from a phone, taken over or opened again. The only writer of ``errands``.

The link's secret is 256 random bits, shown once; the database keeps its SHA-256, so who reads the database cannot use it. Giving
and handing in are events of the problem, with ids only.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bson import ObjectId
from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from media_tracker.accounts.actor import Actor
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.events import SYSTEM, Origin
from media_tracker.db.ids import parse_id
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput, NotFound
from media_tracker.files.holding import Holding
from media_tracker.places.service import Places
from media_tracker.problems.answers.draft_rules import may_see, why_not_write
from media_tracker.problems.answers.drafts import Drafts
from media_tracker.problems.answers.errand_rows import NewErrand, errand_of, new_row
from media_tracker.problems.answers.errand_rules import (
    LONGEST_LIFE,
    MOST_PHOTOS,
    Dead,
    Errand,
    ErrandState,
    Rejection,
    is_needed,
    mistakes,
    too_many,
    why_dead,
    why_not_give,
)
from media_tracker.problems.case import Case, EventType
from media_tracker.problems.casebook import Casebook
from media_tracker.problems.documents import Problem
from media_tracker.problems.lifecycle import Decided

COLLECTION = "errands"
INDEXES = [
    IndexModel([("digest", ASCENDING)], name="digest", unique=True),
    IndexModel([("form_key", ASCENDING)], name="form_key", unique=True),
    IndexModel([("problem_id", ASCENDING), ("given_at", ASCENDING)], name="problem_given"),
    IndexModel([("swept", ASCENDING), ("due_at", ASCENDING)], name="swept_due"),
]
TOKEN_BYTES = 32
_LONGEST_TOKEN = 100
KEPT = timedelta(days=90)
"""Photos that nobody took over go so long after the deadline, and the words with them."""

TOO_MANY = N_("At most 20 photos can be handed in. Remove some.")


@dataclass(frozen=True, slots=True)
class Opened:
    """An errand as its link opens it. ``dead``: why it can no longer be answered."""

    errand: Errand
    dead: Dead | None


class Errands:
    """Gives errands, and takes in what comes back."""

    def __init__(
        self,
        database: Database,
        transactor: Transactor,
        casebook: Casebook,
        drafts: Drafts,
        places: Places,
        clock: Clock,
    ) -> None:
        self._errands = database[COLLECTION]
        self._cases = database[Problem.Settings.name]
        self._transactor = transactor
        self._casebook = casebook
        self._drafts = drafts
        self._places = places
        self._holding = Holding(database)
        self._clock = clock

    # The unit's side

    async def of(self, problem: Problem, actor: Actor) -> list[Errand]:
        """Errands for the problem that ``actor`` may see: those that their own units gave. Oldest first."""
        rows = await self._errands.find({"problem_id": problem.case.id}).sort("given_at", 1).to_list()
        return [errand for errand in map(errand_of, rows) if may_see(errand.unit_id, actor)]

    async def dead(self, errand: Errand, case: Case) -> Dead | None:
        """Why the link of an errand can no longer be used."""
        return why_dead(errand, case, await self._active(errand.unit_id), self._clock())

    async def check(self, problem: Problem, actor: Actor) -> None:
        """Raise what ``give`` would for anybody but the form's own mistakes."""
        case = problem.case
        error = why_not_give(case, actor) or why_not_write(case, actor)
        if error is not None:
            raise error
        if case.unit_id is not None and not await self._active(case.unit_id):
            raise Conflict(N_("Your unit is dissolved: it can give nothing new."))

    async def give(self, problem: Problem, new: NewErrand, actor: Actor, origin: Origin) -> tuple[Errand, str]:
        """Give an errand; returns it with the secret of its link, which cannot be had again.

        Raises:
            Forbidden: not of the unit in charge. InvalidInput: something is missing or wrong.
            Conflict: the state takes no work, the unit is dissolved, or this very form has been sent before.
        """
        now = self._clock()
        fields = mistakes(new.text, new.due_at, new.photos_wanted, now)
        if too_many([*new.shown, *new.held]):
            fields["shown"] = N_("At most 20 photos at a time.")
        if fields:
            raise InvalidInput(N_("Please look at the marked fields."), fields)
        secret = secrets.token_urlsafe(TOKEN_BYTES)
        errand_id = ObjectId()

        async def work(tx: Transaction) -> Errand:
            stored = await self._casebook.read(tx, problem.case.id)
            await self.check(stored, actor)
            assert stored.case.unit_id is not None
            assert new.due_at is not None
            row = new_row(errand_id, stored.case, new, _digest(secret), actor.user_id, now)
            await self._errands.insert_one(row, session=tx.session)
            await self._holding.hold(new.held, stored.case.unit_id, tx.session)
            given = {"errand_id": errand_id, "unit_id": stored.case.unit_id, "due_at": new.due_at}
            await self._casebook.write(tx, stored, [Decided(EventType.ERRAND_GIVEN, given)])
            return errand_of(row)

        try:
            return await self._transactor.run(work, origin), secret
        except DuplicateKeyError:
            raise Conflict(
                N_("This form had been sent before, and its link was shown then. A new link can be made below.")
            ) from None

    async def renew(self, problem: Problem, errand_id: str, version: int, actor: Actor) -> tuple[Errand, str]:
        """Another link for an errand that is open; the former one is dead from now on.

        Raises: as ``take``; Conflict: it is not open any more.
        """
        secret = secrets.token_urlsafe(TOKEN_BYTES)

        async def work(tx: Transaction) -> Errand:
            errand, _ = await self._mine(tx, problem, errand_id, version, actor)
            _must_be(errand, ErrandState.OPEN)
            return await self._change(tx, errand, {"digest": _digest(secret)})

        return await self._transactor.run(work, SYSTEM), secret

    async def revoke(self, problem: Problem, errand_id: str, actor: Actor) -> Errand:
        """End an errand that is open: its link is dead, for good. Nobody has to be in time for that, so it asks for no version.

        Raises: as ``take``; Conflict: it is not open any more.
        """

        async def work(tx: Transaction) -> Errand:
            errand, _ = await self._mine(tx, problem, errand_id, None, actor)
            _must_be(errand, ErrandState.OPEN)
            return await self._change(tx, errand, {"state": ErrandState.REVOKED.value})

        return await self._transactor.run(work, SYSTEM)

    async def reopen(
        self, problem: Problem, errand_id: str, version: int, text: str, due_at: datetime | None, actor: Actor
    ) -> Errand:
        """Reject what was handed in, with a remark: the same link works again, until ``due_at``. An open one gets more time.

        Raises: as ``take``; InvalidInput: no remark, or a deadline that has passed.
        """
        now = self._clock()

        async def work(tx: Transaction) -> Errand:
            errand, case = await self._mine(tx, problem, errand_id, version, actor)
            _must_be(errand, ErrandState.OPEN, ErrandState.HANDED_IN)
            until = due_at or errand.due_at
            fields = {}
            if errand.state is ErrandState.HANDED_IN and not text.strip():
                fields["text"] = N_("Please say so in a few words.")
            if not now < until <= now + LONGEST_LIFE:
                fields["due_at"] = N_("Please give a time in the future until which the link can be used.")
            if fields:
                raise InvalidInput(N_("Please fill in what is missing."), fields)
            if not is_needed(errand, case, await self._active(errand.unit_id)):
                raise Conflict(N_("This errand is no longer needed: the problem is in other hands, or is settled."))
            changes: Json = {"state": ErrandState.OPEN.value, "due_at": until}
            if text.strip():
                rejections = [*errand.rejections, Rejection(actor.user_id, now, text.strip())]
                changes["rejections"] = [{"by": each.by, "at": each.at, "text": each.text} for each in rejections]
            return await self._change(tx, errand, changes)

        return await self._transactor.run(work, SYSTEM)

    async def take(
        self,
        problem: Problem,
        errand_id: str,
        version: int,
        actor: Actor,
        *,
        before: Sequence[ObjectId] = (),
        after: Sequence[ObjectId] = (),
    ) -> Errand:
        """Take over what was handed in: the chosen photos go into the unit's draft of its answer, and the errand is done.

        Raises:
            NotFound: there is no such errand of this problem.
            Forbidden: not of the unit that gave it.
            Conflict: somebody was faster, it is not handed in, or the unit can write no answer now.
            InvalidInput: more photos than an answer takes.
        """

        async def work(tx: Transaction) -> Errand:
            errand, case = await self._mine(tx, problem, errand_id, version, actor)
            _must_be(errand, ErrandState.HANDED_IN)
            known = frozenset(errand.photos)
            chosen_before = [each for each in before if each in known]
            chosen_after = [each for each in after if each in known and each not in chosen_before]
            if chosen_before or chosen_after:
                await self._drafts.add_photos_in(tx, case, chosen_before, chosen_after, actor)
            return await self._change(tx, errand, {"state": ErrandState.TAKEN.value})

        return await self._transactor.run(work, SYSTEM)

    # The side of who has the link

    async def open(self, secret: str) -> Opened | None:
        """The errand behind a link; None for a link that never was, or is replaced."""
        if not secret or len(secret) > _LONGEST_TOKEN:
            return None
        row = await self._errands.find_one({"digest": _digest(secret)})
        if row is None:
            return None
        errand = errand_of(row)
        found = await self._cases.find_one({"_id": errand.problem_id})
        case = Problem.model_validate(found).case if found else None
        return Opened(errand, why_dead(errand, case, await self._active(errand.unit_id), self._clock()))

    async def receive(
        self, secret: str, text: str, photos: Mapping[ObjectId, str], *, done: bool, remove: Sequence[ObjectId] = ()
    ) -> Opened | None:
        """Keep what somebody with the link sends: words, and photos just saved (id and SHA-256); with ``done`` hand it in.

        A photo that came in before is not kept twice. None for a link that never was; an ``Opened`` that is dead when
        nothing could be kept.

        Raises:
            InvalidInput: more than 20 photos; fewer than were asked for, when it is handed in; no words and no photo.
        """

        async def work(tx: Transaction) -> Opened | None:
            row = await self._errands.find_one({"digest": _digest(secret)}, session=tx.session)
            if row is None:
                return None
            errand = errand_of(row)
            found = await self._cases.find_one({"_id": errand.problem_id}, session=tx.session)
            stored = Problem.model_validate(found) if found else None
            dead = why_dead(errand, stored.case if stored else None, await self._active(errand.unit_id), self._clock())
            if dead is not None or stored is None:
                return Opened(errand, dead or Dead.MOVED)
            changes, kept = _taken_in(row, errand, text, photos, frozenset(remove))
            if done:
                _must_suffice(errand, changes)
                changes |= {"state": ErrandState.HANDED_IN.value, "handed_in_at": self._clock()}
                answered = {"errand_id": errand.id, "unit_id": errand.unit_id, "photo_count": len(changes["photos"])}
                await self._casebook.write(tx, stored, [Decided(EventType.ERRAND_ANSWERED, answered)])
            await self._holding.hold(kept, errand.unit_id, tx.session)
            await self._holding.let_go([each for each in errand.photos if each not in changes["photos"]], tx.session)
            changed = await self._change(tx, errand, changes)
            return Opened(changed, Dead.HANDED_IN if done else None)

        unit = await self._errands.find_one({"digest": _digest(secret)}, {"unit_id": 1})
        return await self._transactor.run(work, Origin(acting_unit=unit["unit_id"] if unit else None))

    async def sweep(self) -> int:
        """Let go of the photos, and forget the words, of errands that ended ninety days ago; returns how many."""
        swept = 0
        cursor = self._errands.find({"swept": False, "due_at": {"$lt": self._clock() - KEPT}})
        async for row in cursor:
            errand = errand_of(row)

            async def work(tx: Transaction, errand: Errand = errand, held: Sequence[ObjectId] = row["held"]) -> None:
                await self._change(tx, errand, {"swept": True, "text": "", "place": "", "answer": ""})
                needed = await self._drafts.photos_in(tx, errand.problem_id)
                await self._holding.let_go([each for each in (*errand.photos, *held) if each not in needed], tx.session)

            await self._transactor.run(work, SYSTEM)
            swept += 1
        return swept

    # Inside

    async def _active(self, unit_id: ObjectId) -> bool:
        unit = (await self._places.units()).by_id.get(unit_id)
        return unit is not None and unit.active

    async def _mine(
        self, tx: Transaction, problem: Problem, errand_id: str, version: int | None, actor: Actor
    ) -> tuple[Errand, Case]:
        """The errand at ``version`` (None: any), if ``actor`` works in the unit that gave it; and the case."""
        query = {"_id": parse_id(errand_id), "problem_id": problem.case.id}
        row = await self._errands.find_one(query, session=tx.session)
        errand = errand_of(row) if row else None
        if errand is None or not may_see(errand.unit_id, actor):
            raise NotFound(N_("There is no such errand."))
        if errand.unit_id not in actor.units:
            raise Forbidden(N_("Only the unit in charge of this problem can do this."))
        if version is not None and errand.version != version:
            raise Conflict(N_("This errand has changed in the meantime. Look at it as it is now."))
        return errand, (await self._casebook.read(tx, problem.case.id)).case

    async def _change(self, tx: Transaction, errand: Errand, changes: Json) -> Errand:
        query = {"_id": errand.id, "version": errand.version}
        update = {"$set": changes, "$inc": {"version": 1}}
        if (await self._errands.update_one(query, update, session=tx.session)).matched_count == 0:
            raise Conflict(N_("This errand has changed in the meantime. Look at it as it is now."))
        row = await self._errands.find_one({"_id": errand.id}, session=tx.session)
        assert row is not None  # it was changed a moment ago
        return errand_of(row)


def _taken_in(
    row: Json, errand: Errand, text: str, photos: Mapping[ObjectId, str], remove: frozenset[ObjectId]
) -> tuple[Json, list[ObjectId]]:
    """What the errand says with what has just come, and which of the photos are new to it."""
    pairs = [
        (photo, digest) for photo, digest in zip(row["photos"], row["digests"], strict=True) if photo not in remove
    ]
    known = {digest for _, digest in pairs}
    kept: list[ObjectId] = []
    for photo, digest in photos.items():
        if digest not in known:
            known.add(digest)
            pairs.append((photo, digest))
            kept.append(photo)
    if len(pairs) > MOST_PHOTOS:
        raise InvalidInput(TOO_MANY, {"photos": TOO_MANY})
    changes: Json = {
        "photos": [photo for photo, _ in pairs],
        "digests": [digest for _, digest in pairs],
        "answer": text.strip() or errand.answer,
    }
    return changes, kept


def _must_suffice(errand: Errand, changes: Json) -> None:
    if len(changes["photos"]) < errand.photos_wanted:
        sentence = N_("Fewer photos than were asked for. Add the rest, then hand it in.")
        raise InvalidInput(sentence, {"photos": sentence})
    if not changes["photos"] and not changes["answer"]:
        sentence = N_("Please add a photo, or say in a few words what was done.")
        raise InvalidInput(sentence, {"text": sentence})


def _must_be(errand: Errand, *states: ErrandState) -> None:
    if errand.state not in states:
        raise Conflict(N_("This errand has changed in the meantime. Look at it as it is now."))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
