"""Bulletins (通报): counted, released (签发), and counted again. Drafts and corrections have their own modules beside this one.

Everything in a bulletin is counted as of one moment, which it keeps: asked as of that moment, the monitor gives the same figures
for ever. The record of a released bulletin is never written again; what was wrong in it is said beside it, as an erratum.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from media_tracker.accounts.actor import Actor
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database
from media_tracker.db.counters import COLLECTION as COUNTERS
from media_tracker.db.events import Origin
from media_tracker.db.ids import parse_id
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, Conflict, MediaTrackerError, NotFound
from media_tracker.files.store import FileStore
from media_tracker.monitor.bulletin_counts import Counted, count, frozen_figures
from media_tracker.monitor.bulletin_drafts import ENTITY, BulletinDrafts, bulletin_of, must_be_publicity
from media_tracker.monitor.bulletin_errata import BulletinErrata
from media_tracker.monitor.bulletin_lists import BulletinLists, Recount
from media_tracker.monitor.bulletin_rules import Texts
from media_tracker.monitor.definitions import Key
from media_tracker.monitor.documents import Bulletin, BulletinState, FrozenBulletin
from media_tracker.monitor.facts import Period
from media_tracker.monitor.releases import CHANGED, PUBLIC_KEYS, Prepared, Releases, Seen
from media_tracker.monitor.service import Monitor


@dataclass(frozen=True, slots=True)
class Issue:
    """What is signed: the number, all that is said, and the Word file."""

    year: int
    serial: int
    content: Mapping[str, Any]
    word: bytes
    filename: str


class Bulletins:
    """Counts bulletins and releases them; ``drafts`` and ``errata`` are what comes before and after."""

    def __init__(
        self,
        database: Database,
        transactor: Transactor,
        monitor: Monitor,
        releases: Releases,
        files: FileStore,
        clock: Clock,
        zone: ZoneInfo,
    ) -> None:
        self.drafts = BulletinDrafts(database, transactor, clock, zone)
        self.errata = BulletinErrata(database, transactor, clock)
        self._bulletins = database[Bulletin.Settings.name]
        self._lists = BulletinLists(database, monitor)
        self._counters = database[COUNTERS]
        self._transactor = transactor
        self._monitor = monitor
        self._releases = releases
        self._files = files

    async def next_serial(self, year: int) -> int:
        """The number that the next bulletin of ``year`` gets if nobody chooses another."""
        row = await self._counters.find_one({"_id": f"{ENTITY}:{year}"})
        return int(row["value"]) + 1 if row is not None else 1

    async def count(self, period: Period, as_of: datetime | None = None) -> Counted:
        """All figures of ``period``, as of a moment; None: as they are. Raises ``InvalidInput``: it ends in the future."""
        return await count(self._monitor, period, as_of=as_of)

    async def seen(self, counted: Counted) -> Seen:
        """What somebody who is shown ``counted`` has before their eyes."""
        latest = await self._releases.latest()
        return Seen(counted.values, latest.number if latest else 0)

    async def release(
        self, bulletin_id: str, version: int, counted: Counted, issue: Issue, seen: Seen, actor: Actor, origin: Origin
    ) -> Bulletin:
        """Sign and freeze a draft (签发), and make its public figures public, all at once or not at all.

        Raises:
            Forbidden: not publicity staff. InvalidInput: the lists are too long to be kept.
            Conflict: the figures, the draft or the number have changed since they were seen.
        """
        must_be_publicity(actor)
        if seen.values != counted.values:
            raise Conflict(CHANGED)
        public = Seen(tuple(counted.value(key) for key in PUBLIC_KEYS), seen.latest)
        prepared = await self._releases.prepare(counted.period, actor, counted.as_of, seen=public)
        try:
            return await self._freeze(bulletin_id, version, counted, issue, prepared, actor, origin)
        except (MediaTrackerError, DuplicateKeyError) as error:
            await self._releases.forget(prepared)
            await self._lists.forget(prepared.release.number)
            if isinstance(error, DuplicateKeyError):
                raise _number_taken() from error
            raise

    async def _freeze(
        self,
        bulletin_id: str,
        version: int,
        counted: Counted,
        issue: Issue,
        prepared: Prepared,
        actor: Actor,
        origin: Origin,
    ) -> Bulletin:
        number = prepared.release.number
        if await self._lists.write(number, counted.period, counted.as_of) != counted.figures:
            raise Conflict(CHANGED)
        prepared.release.bulletin = parse_id(bulletin_id)
        paper = await self._files.save_document(issue.word, issue.filename, actor.user_id, ENTITY)
        frozen = _frozen(number, counted, issue, paper.id, actor)
        change = {"state": BulletinState.RELEASED, "frozen": frozen.model_dump(), "demo": prepared.release.demo}
        facts = {name: getattr(frozen, name) for name in ("release", "year", "serial", "as_of", "digest")}
        facts["values"] = {figure.key.value: figure.value for figure in frozen.figures}

        async def work(tx: Transaction) -> Bulletin:
            await self._take_number(tx, frozen.year, frozen.serial)
            bulletin = await self.drafts.written(tx, bulletin_id, version, change, "released", facts)
            await self._releases.write(tx, prepared)
            await self._files.attach([frozen.file_id], tx.session)
            return bulletin

        return await self._transactor.run(work, origin)

    async def of_release(self, number: int) -> Bulletin | None:
        """The bulletin that a release belongs to; None: figures alone were released."""
        row = await self._bulletins.find_one({"frozen.release": number})
        return bulletin_of(row) if row is not None else None

    async def numbers(self, releases: Sequence[int]) -> dict[int, tuple[int, int]]:
        """Year and serial of the bulletins of these releases, by the number of the release."""
        wanted = {"frozen.release": {"$in": list(releases)}}
        shown = {"frozen.release": 1, "frozen.year": 1, "frozen.serial": 1}
        rows = [row["frozen"] async for row in self._bulletins.find(wanted, shown)]
        return {row["release"]: (row["year"], row["serial"]) for row in rows}

    async def counted_ids(self, number: int, key: Key) -> list[ObjectId]:
        """The ids that a figure of a released bulletin counted, in the order of its list."""
        return await self._lists.ids(number, key)

    async def recount(self, bulletin: Bulletin) -> list[Recount]:
        """Count again as of the moment of release, and compare with what was frozen."""
        if bulletin.frozen is None:
            raise NotFound(N_("There is no such bulletin."))
        return await self._lists.recount(bulletin.frozen, period_of(bulletin))

    async def _take_number(self, tx: Transaction, year: int, serial: int) -> None:
        """Have ``serial`` be the highest number of ``year``. Within the transaction: a register of papers has no gaps."""
        counter = {"_id": f"{ENTITY}:{year}", "value": {"$lt": serial}}
        await self._counters.update_one(counter, {"$set": {"value": serial}}, upsert=True, session=tx.session)


def period_of(bulletin: Bulletin) -> Period:
    """The days that a bulletin is about."""
    return Period(date.fromisoformat(bulletin.start), date.fromisoformat(bulletin.end))


def texts_of(bulletin: Bulletin) -> Texts:
    """What people have written in it."""
    return Texts(**bulletin.texts.model_dump())


def _frozen(number: int, counted: Counted, issue: Issue, file_id: ObjectId, actor: Actor) -> FrozenBulletin:
    return FrozenBulletin(
        release=number,
        year=issue.year,
        serial=issue.serial,
        as_of=counted.as_of,
        released_at=counted.as_of,
        released_by=actor.user_id,
        figures=frozen_figures(counted),
        content=dict(issue.content),
        file_id=file_id,
        digest=hashlib.sha256(issue.word).hexdigest(),
        size=len(issue.word),
    )


def _number_taken() -> Conflict:
    return Conflict(N_("A bulletin of this year has this number already, or a higher one. Choose another number."))
