"""Bulletins (通报): drafted, edited, counted, released (签发) and corrected. The only writer of their collections.

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

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.counters import COLLECTION as COUNTERS
from media_tracker.db.events import NewEvent, Origin
from media_tracker.db.ids import parse_id
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput, NotFound
from media_tracker.files.store import FileStore
from media_tracker.monitor.bulletin_rules import (
    BY,
    PLACES,
    TREND,
    Texts,
    checked_serial,
    checked_texts,
    stretch_counts,
    trend_periods,
)
from media_tracker.monitor.definitions import DEFINITIONS, Dimension, Key
from media_tracker.monitor.documents import (
    ERRATA,
    LISTS,
    Bulletin,
    BulletinFigure,
    BulletinState,
    BulletinTexts,
    Erratum,
    FrozenBulletin,
)
from media_tracker.monitor.durations import Duration
from media_tracker.monitor.facts import EVERYTHING, Period, Row
from media_tracker.monitor.releases import PUBLIC_KEYS, Releases, Seen
from media_tracker.monitor.service import Monitor, Stretch, Table

ENTITY = "bulletin"
IDS_IN_A_PART = 50_000
MOST_ROWS = 200_000
"""Rows of all lists of one bulletin: a year of a large city."""
MOST_DEEDS = 30
LONGEST_ERRATUM = 500


@dataclass(frozen=True, slots=True)
class Counted:
    """All that a bulletin counts, as of one moment."""

    period: Period
    earlier: Period
    as_of: datetime
    lists: Mapping[Key, Sequence[Row]]
    before: Mapping[Key, int]
    durations: Mapping[Stretch, Duration]
    tables: Mapping[Dimension, Table]
    trend: Sequence[tuple[Period, Mapping[Key, int]]]

    def value(self, key: Key) -> int:
        """A figure: the length of its list."""
        return len(self.lists[key])

    @property
    def values(self) -> tuple[int, ...]:
        """Every figure, in the order of ``Key``."""
        return tuple(len(self.lists[key]) for key in Key)


@dataclass(frozen=True, slots=True)
class Recount:
    """A figure as it was frozen, and as the events give it today for the same moment."""

    key: Key
    frozen: int
    now: int
    same: bool
    """The same ids, not only as many."""


@dataclass(frozen=True, slots=True)
class Issue:
    """What is signed: the number, all that is said, and the Word file."""

    year: int
    serial: int
    content: Mapping[str, Any]
    word: bytes
    filename: str


class Bulletins:
    """Keeps bulletins."""

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
        self._bulletins = database[Bulletin.Settings.name]
        self._lists = database[LISTS]
        self._errata = database[ERRATA]
        self._counters = database[COUNTERS]
        self._transactor = transactor
        self._monitor = monitor
        self._releases = releases
        self._files = files
        self._clock = clock
        self._zone = zone

    # Drafts

    async def draft(self, period: Period, language: str, texts: Texts, actor: Actor, origin: Origin) -> Bulletin:
        """Begin a bulletin on ``period``.

        Raises:
            Forbidden: not publicity staff. InvalidInput: the period ends in the future.
        """
        _must_be_publicity(actor)
        self._check_period(period)
        now = self._clock()
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
            tx.record(NewEvent(ENTITY, _id(bulletin), 1, "drafted", now, facts))
            return bulletin

        return await self._transactor.run(work, origin)

    async def get(self, bulletin_id: str) -> Bulletin:
        """A draft or bulletin by its id; ``NotFound`` without one."""
        row = await self._bulletins.find_one({"_id": parse_id(bulletin_id), "state": {"$ne": BulletinState.DISCARDED}})
        if row is None:
            raise NotFound(N_("There is no such bulletin."))
        return _bulletin(row)

    async def drafts(self, limit: int = 50) -> list[Bulletin]:
        """Drafts, the last changed first."""
        wanted = {"state": BulletinState.DRAFT}
        return [_bulletin(row) async for row in self._bulletins.find(wanted).sort("changed_at", -1).limit(limit)]

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
        _must_be_publicity(actor)
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
        _must_be_publicity(actor)
        await self._change(bulletin_id, version, {"state": BulletinState.DISCARDED}, "discarded", {}, origin)

    async def next_serial(self, year: int) -> int:
        """The number that the next bulletin of ``year`` gets if nobody chooses another."""
        row = await self._counters.find_one({"_id": f"{ENTITY}:{year}"})
        return int(row["value"]) + 1 if row is not None else 1

    # Counting and releasing

    async def count(self, period: Period, as_of: datetime | None = None) -> Counted:
        """All figures of ``period`` with their lists, as of a moment; None: as they are.

        Raises:
            InvalidInput: the period ends in the future, or holds too much.
        """
        self._check_period(period)
        moment = as_of or self._clock()
        overview = await self._monitor.overview(period, PLACES, dimensions=BY, as_of=as_of)
        lists: dict[Key, list[Row]] = {}
        left = MOST_ROWS
        for key in Key:
            lists[key] = []
            async for row in self._monitor.each(key, period, EVERYTHING, as_of=as_of):
                lists[key].append(row)
                left -= 1
                if left < 0:
                    sentence = N_("That is too much for one bulletin. Choose a shorter period.")
                    raise InvalidInput(sentence, {"from": sentence})
        stretches = trend_periods(period)
        span = Period(stretches[0].start, period.end)
        told = await self._monitor.overview(span, TREND, dimensions=(Dimension.DAY,), as_of=as_of)
        days = {column.value: column.counts for column in told.tables[Dimension.DAY].columns}
        return Counted(
            period=period,
            earlier=overview.earlier.period,
            as_of=moment,
            lists=lists,
            before={key: overview.before[key].value for key in Key},
            durations=overview.durations,
            tables=overview.tables,
            trend=list(zip(stretches, stretch_counts(days, stretches), strict=True)),
        )

    async def seen(self, counted: Counted) -> Seen:
        """What somebody who is shown ``counted`` has before their eyes."""
        latest = await self._releases.latest()
        return Seen(counted.values, latest.number if latest else 0)

    async def release(
        self, bulletin_id: str, version: int, counted: Counted, issue: Issue, seen: Seen, actor: Actor, origin: Origin
    ) -> Bulletin:
        """Sign and freeze a draft (签发), and make its public figures public, all at once or not at all.

        Raises:
            Forbidden: not publicity staff.
            Conflict: the figures, the draft or the number have changed since they were seen.
        """
        _must_be_publicity(actor)
        if seen.values != counted.values:
            raise Conflict(
                N_("The figures have changed since you looked at them. Look at them again, then release them.")
            )
        public = Seen(tuple(counted.value(key) for key in PUBLIC_KEYS), seen.latest)
        prepared = await self._releases.prepare(counted.period, actor, counted.as_of, seen=public)
        prepared.release.bulletin = parse_id(bulletin_id)
        paper = await self._files.save_document(issue.word, issue.filename, actor.user_id, ENTITY)
        frozen = FrozenBulletin(
            release=prepared.release.number,
            year=issue.year,
            serial=issue.serial,
            as_of=counted.as_of,
            released_at=counted.as_of,
            released_by=actor.user_id,
            figures=_figures(counted),
            content=dict(issue.content),
            file_id=paper.id,
            digest=hashlib.sha256(issue.word).hexdigest(),
            size=len(issue.word),
        )
        change = {"state": BulletinState.RELEASED, "frozen": frozen.model_dump(), "demo": prepared.release.demo}
        facts = {
            "release": frozen.release,
            "year": frozen.year,
            "serial": frozen.serial,
            "as_of": frozen.as_of,
            "digest": frozen.digest,
            "values": {figure.key.value: figure.value for figure in frozen.figures},
        }

        async def work(tx: Transaction) -> Bulletin:
            await self._take_number(tx, frozen.year, frozen.serial)
            row = await self._written(tx, bulletin_id, version, change, "released", facts)
            await self._releases.write(tx, prepared)
            await self._files.attach([frozen.file_id], tx.session)
            for part in _parts(frozen.release, counted.lists):
                await self._lists.insert_one(part, session=tx.session)
            return _bulletin(row)

        try:
            return await self._transactor.run(work, origin)
        except DuplicateKeyError as error:
            raise _number_taken() from error

    async def of_release(self, number: int) -> Bulletin | None:
        """The bulletin that a release belongs to; None: figures alone were released."""
        row = await self._bulletins.find_one({"frozen.release": number})
        return _bulletin(row) if row is not None else None

    async def numbers(self, releases: Sequence[int]) -> dict[int, tuple[int, int]]:
        """Year and serial of the bulletins of these releases, by the number of the release."""
        wanted = {"frozen.release": {"$in": list(releases)}}
        shown = {"frozen.release": 1, "frozen.year": 1, "frozen.serial": 1}
        rows = [row["frozen"] async for row in self._bulletins.find(wanted, shown)]
        return {row["release"]: (row["year"], row["serial"]) for row in rows}

    async def counted_ids(self, number: int, key: Key) -> list[ObjectId]:
        """The ids that a figure of a released bulletin counted, in the order of its list."""
        parts = self._lists.find({"release": number, "key": key.value}).sort("part", 1)
        return [each async for part in parts for each in part["ids"]]

    async def recount(self, bulletin: Bulletin) -> list[Recount]:
        """Count again as of the moment of release, and compare with what was frozen."""
        frozen = bulletin.frozen
        if frozen is None:
            raise NotFound(N_("There is no such bulletin."))
        period = period_of(bulletin)
        found = []
        for figure in frozen.figures:
            kept = await self.counted_ids(frozen.release, figure.key)
            again = [row.id async for row in self._monitor.each(figure.key, period, EVERYTHING, as_of=frozen.as_of)]
            found.append(Recount(figure.key, figure.value, len(again), sorted(kept) == sorted(again)))
        return found

    # Corrections

    async def correct(self, number: int, place: str, wrong: str, right: str, actor: Actor, origin: Origin) -> Erratum:
        """Say what was wrong in a released bulletin, and what is right. What was released stays as it is.

        Raises:
            Forbidden: not publicity staff. NotFound: no bulletin was released with this number.
            InvalidInput: nothing is said, or too much.
        """
        _must_be_publicity(actor)
        bulletin = await self.of_release(number)
        if bulletin is None:
            raise NotFound(N_("There is no such bulletin."))
        erratum = _checked_erratum(number, place, wrong, right, self._clock(), actor)

        async def work(tx: Transaction) -> Erratum:
            seq = await self._errata.count_documents({"release": number}, session=tx.session) + 1
            row = {"_id": ObjectId(), **erratum.model_dump()}
            await self._errata.insert_one(row, session=tx.session)
            facts = {"bulletin": bulletin.id, "release": number, "erratum": seq}
            tx.record(NewEvent("erratum", row["_id"], 1, "corrected", erratum.at, facts))
            return erratum

        return await self._transactor.run(work, origin)

    async def errata(self, number: int) -> list[Erratum]:
        """The corrections of a released bulletin, oldest first."""
        rows = self._errata.find({"release": number}).sort([("at", 1), ("_id", 1)])
        return [Erratum.model_validate(row) async for row in rows]

    # Writing

    async def _change(
        self, bulletin_id: str, version: int, change: Json, event: str, facts: Json, origin: Origin
    ) -> Bulletin:
        async def work(tx: Transaction) -> Bulletin:
            return _bulletin(await self._written(tx, bulletin_id, version, change, event, facts))

        return await self._transactor.run(work, origin)

    async def _written(
        self, tx: Transaction, bulletin_id: str, version: int, change: Json, event: str, facts: Json
    ) -> Json:
        """Change a draft, if it still is the one that was seen."""
        now, key = self._clock(), parse_id(bulletin_id)
        unchanged = {"_id": key, "version": version, "state": BulletinState.DRAFT}
        update = {"$set": {**change, "changed_at": now}, "$inc": {"version": 1}}
        row = await self._bulletins.find_one_and_update(unchanged, update, session=tx.session, return_document=True)
        if row is None:
            if await self._bulletins.find_one({"_id": key}, {"_id": 1}, session=tx.session) is None:
                raise NotFound(N_("There is no such bulletin."))
            raise Conflict(N_("Somebody else was faster. Load the page again and repeat your change."))
        tx.record(NewEvent(ENTITY, key, version + 1, event, now, facts))
        found: Json = row
        return found

    async def _take_number(self, tx: Transaction, year: int, serial: int) -> None:
        """Have ``serial`` be the highest number of ``year``. Within the transaction: a register of papers has no gaps."""
        counter = {"_id": f"{ENTITY}:{year}", "value": {"$lt": serial}}
        await self._counters.update_one(counter, {"$set": {"value": serial}}, upsert=True, session=tx.session)

    def _check_period(self, period: Period) -> None:
        today = self._clock().astimezone(self._zone).date()
        if period.end < period.start or period.end > today:
            sentence = N_("The period must end today or before, and not before it begins.")
            raise InvalidInput(sentence, {"to": sentence})


def period_of(bulletin: Bulletin) -> Period:
    """The days that a bulletin is about."""
    return Period(date.fromisoformat(bulletin.start), date.fromisoformat(bulletin.end))


def texts_of(bulletin: Bulletin) -> Texts:
    """What people have written in it."""
    return Texts(**bulletin.texts.model_dump())


def _texts(texts: Texts) -> dict[str, str]:
    return {"title": texts.title, "lead": texts.lead, "remarks": texts.remarks, "outlook": texts.outlook}


def _figures(counted: Counted) -> list[BulletinFigure]:
    return [
        BulletinFigure(
            key=key,
            value=counted.value(key),
            before=counted.before[key],
            name=DEFINITIONS[key].name,
            definition=DEFINITIONS[key].text,
        )
        for key in Key
    ]


def _parts(release: int, lists: Mapping[Key, Sequence[Row]]) -> list[Json]:
    parts: list[Json] = []
    for key, rows in lists.items():
        ids = [row.id for row in rows]
        for part, first in enumerate(range(0, len(ids), IDS_IN_A_PART)):
            chunk = ids[first : first + IDS_IN_A_PART]
            parts.append({"release": release, "key": key.value, "part": part, "ids": chunk})
    return parts


def _checked_erratum(number: int, place: str, wrong: str, right: str, now: datetime, actor: Actor) -> Erratum:
    said = {"place": place.strip(), "wrong": wrong.strip(), "right": right.strip()}
    fields = {name: N_("Please fill this in.") for name, text in said.items() if not text}
    fields |= {name: N_("This is too long.") for name, text in said.items() if len(text) > LONGEST_ERRATUM}
    if fields:
        raise InvalidInput(N_("Please look at the marked fields."), fields)
    return Erratum(release=number, at=now, by=actor.user_id, **said)


def _must_be_publicity(actor: Actor) -> None:
    if not actor.has(Role.PUBLICITY):
        raise Forbidden(N_("Only publicity staff can write bulletins."))


def _number_taken() -> Conflict:
    return Conflict(N_("A bulletin of this year has this number already, or a higher one. Choose another number."))


def _id(bulletin: Bulletin) -> ObjectId:
    return ObjectId(bulletin.id)


def _bulletin(row: Json) -> Bulletin:
    found: Bulletin = Bulletin.model_validate(row)
    return found
