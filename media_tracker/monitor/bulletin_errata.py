"""Corrections (更正) of released bulletins: rows of their own, beside what was signed. The only writer of their collection."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bson import ObjectId

from media_tracker.accounts.actor import Actor
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database
from media_tracker.db.events import NewEvent, Origin
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, InvalidInput, NotFound
from media_tracker.monitor.bulletin_drafts import must_be_publicity
from media_tracker.monitor.documents import ERRATA, Bulletin, Erratum

LONGEST_ERRATUM = 500


class BulletinErrata:
    """Keeps corrections."""

    def __init__(self, database: Database, transactor: Transactor, clock: Clock) -> None:
        self._bulletins = database[Bulletin.Settings.name]
        self._errata = database[ERRATA]
        self._transactor = transactor
        self._clock = clock

    async def add(self, number: int, place: str, wrong: str, right: str, actor: Actor, origin: Origin) -> Erratum:
        """Say what was wrong in the bulletin of a release, and what is right. What was released stays as it is.

        Raises:
            Forbidden: not publicity staff. NotFound: no bulletin was released with this number.
            InvalidInput: nothing is said, or too much.
        """
        must_be_publicity(actor)
        bulletin = await self._bulletins.find_one({"frozen.release": number}, {"_id": 1})
        if bulletin is None:
            raise NotFound(N_("There is no such bulletin."))
        erratum = _checked(number, place, wrong, right, self._clock(), actor)

        async def work(tx: Transaction) -> Erratum:
            seq = await self._errata.count_documents({"release": number}, session=tx.session) + 1
            row = {"_id": ObjectId(), **erratum.model_dump()}
            await self._errata.insert_one(row, session=tx.session)
            facts = {"bulletin": bulletin["_id"], "release": number, "erratum": seq}
            tx.record(NewEvent("erratum", row["_id"], 1, "corrected", erratum.at, facts))
            return erratum

        return await self._transactor.run(work, origin)

    async def corrected(self, numbers: Sequence[int]) -> set[int]:
        """Which of these releases have a bulletin that was corrected."""
        return set(await self._errata.distinct("release", {"release": {"$in": list(numbers)}}))

    async def of(self, number: int) -> list[Erratum]:
        """The corrections of the bulletin of a release, oldest first."""
        rows = self._errata.find({"release": number}).sort([("at", 1), ("_id", 1)])
        return [Erratum.model_validate(row) async for row in rows]


def _checked(number: int, place: str, wrong: str, right: str, now: datetime, actor: Actor) -> Erratum:
    said = {"place": place.strip(), "wrong": wrong.strip(), "right": right.strip()}
    fields = {name: N_("Please fill this in.") for name, text in said.items() if not text}
    fields |= {name: N_("This is too long.") for name, text in said.items() if len(text) > LONGEST_ERRATUM}
    if fields:
        raise InvalidInput(N_("Please look at the marked fields."), fields)
    return Erratum(release=number, at=now, by=actor.user_id, **said)
