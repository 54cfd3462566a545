"""Reading and writing one good deed in a transaction: the only writes of ``deeds``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.events import NewEvent, Origin
from media_tracker.db.ids import parse_id
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.deeds.documents import GoodDeed
from media_tracker.deeds.nominations import standing
from media_tracker.errors import N_, Conflict, NotFound

ENTITY = "deed"

Change = Callable[[Transaction, GoodDeed], Awaitable[GoodDeed]]
"""What is done with a deed within a transaction; it gives the deed as it is then."""


class DeedBook:
    """Every change is one conditional write on the version that was read, and one event."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._deeds = database[GoodDeed.Settings.name]
        self._clock = clock

    async def read(self, deed_id: str | ObjectId, session: AsyncClientSession | None = None) -> GoodDeed:
        """The deed with this id; ``NotFound`` without one."""
        key = deed_id if isinstance(deed_id, ObjectId) else parse_id(deed_id)
        return deed_of(await self._deeds.find_one({"_id": key}, session=session))

    async def read_at(self, deed_id: str, version: int, session: AsyncClientSession) -> GoodDeed:
        """The same as somebody saw it at ``version``; ``Conflict`` when it has been changed since."""
        deed = await self.read(deed_id, session)
        if deed.version != version:
            raise changed_since()
        return deed

    async def change_at(
        self, transactor: Transactor, deed_id: str, version: int, change: Change, origin: Origin
    ) -> GoodDeed:
        """``change`` on the deed as somebody saw it at ``version``, in a transaction of its own.

        Raises:
            NotFound. Conflict: it has been changed since.
        """

        async def work(tx: Transaction) -> GoodDeed:
            return await change(tx, await self.read_at(deed_id, version, tx.session))

        return await transactor.run(work, origin)

    async def insert(self, tx: Transaction, deed: GoodDeed, payload: Json) -> None:
        """Write a new deed."""
        await self._deeds.insert_one(_dump(deed), session=tx.session)
        self._record(tx, deed, "filed", payload)

    async def change(self, tx: Transaction, deed: GoodDeed, what: str, payload: Json, /, **changes: Any) -> GoodDeed:
        """``deed`` with ``changes``, written over the version that ``deed`` is, with the event ``what``.

        What follows from the parts follows here: when it was first published, its nomination, whether it is public.

        Raises:
            Conflict: somebody has changed it meanwhile.
        """
        changed: GoodDeed = deed.model_copy(update={**changes, "version": deed.version + 1})
        told = [story.published_at for story in changed.stories if story.withdrawn_at is None]
        changed.first_published_at = min(told or [changed.first_published_at])
        reached = standing(changed.nominations)
        changed.nominated = reached.value if reached else None
        changed.public = changed.is_public
        query = {"_id": deed.id, "version": deed.version}
        result = await self._deeds.replace_one(query, _dump(changed), session=tx.session)
        if result.matched_count == 0:
            raise changed_since()
        taken_off = {"unreleased": True} if deed.release is not None and changed.release is None else {}
        self._record(tx, changed, what, {**payload, **taken_off})
        return changed

    def _record(self, tx: Transaction, deed: GoodDeed, what: str, payload: Json) -> None:
        assert deed.id is not None
        told = {**payload, "counted": _counted(deed)}
        tx.record(NewEvent(ENTITY, ObjectId(deed.id), deed.version, what, self._clock(), told))


def _counted(deed: GoodDeed) -> Json:
    """What counting asks of the deed as it stands now: every event tells it, so that figures can be had as of any of them."""
    standing = [story for story in deed.stories if story.withdrawn_at is None]
    told = [{name: getattr(story, name) for name in ("story_id", "outlet_id", "published_at")} for story in standing]
    return {"region": deed.region, "stories": told}


def deed_of(row: Json | None) -> GoodDeed:
    """The deed in ``row``; ``NotFound`` without one."""
    if row is None:
        raise NotFound(N_("There is no such good deed."))
    deed: GoodDeed = GoodDeed.model_validate(row)
    return deed


def changed_since() -> Conflict:
    """That somebody else was faster."""
    return Conflict(N_("Somebody has changed this good deed in the meantime. Look at it again."))


def _dump(deed: GoodDeed) -> Json:
    row: Json = deed.model_dump(exclude={"id", "revision_id"})
    row["_id"] = deed.id
    return row
