"""Bulletins that are being written: begun, edited, given up. Whatever changes one goes through here, its release too."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.events import NewEvent, Origin
from media_tracker.db.ids import parse_id
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput, NotFound
from media_tracker.monitor.bulletin_rules import Texts, checked_serial, checked_texts
from media_tracker.monitor.documents import Bulletin, BulletinState, BulletinTexts
from media_tracker.monitor.facts import Period

ENTITY = "bulletin"
MOST_DEEDS = 30


class BulletinDrafts:
    """Keeps drafts."""

    def __init__(self, database: Database, transactor: Transactor, clock: Clock, zone: ZoneInfo) -> None:
        self._bulletins = database[Bulletin.Settings.name]
        self._transactor = transactor
        self._clock = clock
        self._zone = zone

    async def begin(self, period: Period, language: str, texts: Texts, actor: Actor, origin: Origin) -> Bulletin:
        """Begin a bulletin on ``period``.

        Raises:
            Forbidden: not publicity staff. InvalidInput: the period ends in the future.
        """
        must_be_publicity(actor)
        now = self._clock()
        if period.end < period.start or period.end > now.astimezone(self._zone).date():
            sentence = N_("The period must end today or before, and not before it begins.")
            raise InvalidInput(sentence, {"to": sentence})
        bulletin = Bulletin(
            id=ObjectId(),
            start=period.start.isoformat(),
            end=period.end.isoformat(),
            language=language,
            texts=BulletinTexts(**_texts(checked_texts(texts))),
            created_by=actor.user_id,
            created_at=now,
            changed_at=now,
        )

        async def work(tx: Transaction) -> Bulletin:
            row = bulletin.model_dump(exclude={"id", "revision_id"})
            await self._bulletins.insert_one({"_id": bulletin.id, **row}, session=tx.session)
            facts = {"from": bulletin.start, "to": bulletin.end}
            tx.record(NewEvent(ENTITY, ObjectId(bulletin.id), 1, "drafted", now, facts))
            return bulletin

        return await self._transactor.run(work, origin)

    async def get(self, bulletin_id: str) -> Bulletin:
        """A draft or bulletin by its id; ``NotFound`` without one."""
        row = await self._bulletins.find_one({"_id": parse_id(bulletin_id), "state": {"$ne": BulletinState.DISCARDED}})
        if row is None:
            raise NotFound(N_("There is no such bulletin."))
        return bulletin_of(row)

    async def all(self, limit: int = 50) -> list[Bulletin]:
        """Drafts, the last changed first."""
        wanted = {"state": BulletinState.DRAFT}
        return [bulletin_of(row) async for row in self._bulletins.find(wanted).sort("changed_at", -1).limit(limit)]

    async def edit(
        self,
        bulletin_id: str,
        version: int,
        texts: Texts,
        deeds: Sequence[ObjectId],
        serial: int | None,
        actor: Actor,
        origin: Origin,
    ) -> Bulletin:
        """Change what people have written in a draft, which good deeds it tells of, and its number.

        Raises:
            Forbidden: not publicity staff. InvalidInput: too long, too many, or no number.
            Conflict: somebody else has changed it, or it is no draft any more.
        """
        must_be_publicity(actor)
        if len(deeds) > MOST_DEEDS:
            sentence = N_("Choose {most} good deeds at most.")
            raise InvalidInput(sentence, {"deeds": sentence}, most=MOST_DEEDS)
        change = {
            "texts": _texts(checked_texts(texts)),
            "deeds": list(dict.fromkeys(deeds)),
            "serial": checked_serial(serial),
        }
        return await self._change(bulletin_id, version, change, "edited", {"deeds": list(deeds)}, origin)

    async def discard(self, bulletin_id: str, version: int, actor: Actor, origin: Origin) -> None:
        """Give up a draft. Raises as ``edit`` does."""
        must_be_publicity(actor)
        await self._change(bulletin_id, version, {"state": BulletinState.DISCARDED}, "discarded", {}, origin)

    async def _change(
        self, bulletin_id: str, version: int, change: Json, event: str, facts: Json, origin: Origin
    ) -> Bulletin:
        async def work(tx: Transaction) -> Bulletin:
            return await self.written(tx, bulletin_id, version, change, event, facts)

        return await self._transactor.run(work, origin)

    async def written(
        self, tx: Transaction, bulletin_id: str, version: int, change: Json, event: str, facts: Json
    ) -> Bulletin:
        """Change a draft in a transaction, if it still is the one that was seen.

        Raises:
            NotFound: there is none. Conflict: somebody else has changed it, or it is no draft any more.
        """
        now, key = self._clock(), parse_id(bulletin_id)
        unchanged = {"_id": key, "version": version, "state": BulletinState.DRAFT}
        update = {"$set": {**change, "changed_at": now}, "$inc": {"version": 1}}
        row = await self._bulletins.find_one_and_update(unchanged, update, session=tx.session, return_document=True)
        if row is None:
            if await self._bulletins.find_one({"_id": key}, {"_id": 1}, session=tx.session) is None:
                raise NotFound(N_("There is no such bulletin."))
            raise Conflict(N_("Somebody else was faster. Load the page again and repeat your change."))
        tx.record(NewEvent(ENTITY, key, version + 1, event, now, facts))
        return bulletin_of(row)


def must_be_publicity(actor: Actor) -> None:
    """Raises ``Forbidden`` for everybody else."""
    if not actor.has(Role.PUBLICITY):
        raise Forbidden(N_("Only publicity staff can write bulletins."))


def bulletin_of(row: Json) -> Bulletin:
    """A bulletin as it is stored."""
    found: Bulletin = Bulletin.model_validate(row)
    return found


def _texts(texts: Texts) -> dict[str, str]:
    return {"title": texts.title, "lead": texts.lead, "remarks": texts.remarks, "outlook": texts.outlook}
