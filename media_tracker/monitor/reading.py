"""Reads figures from the ledger: from tallies where nothing is filtered, line by line for everything else.

Both are the same lines added up, so both come to the same. Everything that one question asks is read in one snapshot.
"""

from __future__ import annotations

import asyncio
from calendar import monthrange
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar, overload
from zoneinfo import ZoneInfo

import numpy as np
from bson import ObjectId
from numpy.typing import NDArray
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import OperationFailure

from media_tracker.db.connection import Client
from media_tracker.errors import N_, NotReady
from media_tracker.monitor.definitions import Dimension, Key
from media_tracker.monitor.durations import Stretch
from media_tracker.monitor.facts import Row, Slice, Subject
from media_tracker.monitor.ledger import Ledger, LedgerState
from media_tracker.monitor.lines import FAMILY_OF, NO_HOURS, Family, Line, moment_of
from media_tracker.monitor.placing import FIELD_OF, SEPARATOR, Placing, columns_of, outlets_of, together
from media_tracker.monitor.sheets import Sheet, newest_first, stacked, stands, stood
from media_tracker.monitor.tallies import HOURS, Tally, coded, counted_by

SNAPSHOT_UNAVAILABLE = 246
"""MongoDB's answer while an index or collection has just been made; moments later it has a snapshot again."""
SNAPSHOT_TRIES = 10
NOT_YET = 0.1
"""Seconds until a snapshot is asked for again that does not have the ledger yet."""
PILES_KEPT = 6
"""Stacked sheets that a process keeps for the next question about the same days."""
_DAYS_AT_ONCE = 31

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """What figures are wanted of: the local days, narrowed by ``part`` already where that names a day or a month."""

    days: tuple[str, ...]
    part: Slice
    now: int
    past: bool = False
    """``now`` is a moment that is over: what was learnt after it is left out."""

    @classmethod
    def of(cls, days: Sequence[str], part: Slice, now: int, past: bool) -> Asked:
        """The same, with the days that ``part`` leaves."""
        kept = tuple(
            day
            for day in days
            if (part.month is None or day[:7] == part.month) and (part.day is None or day == part.day)
        )
        return cls(kept, part.only(Dimension.MONTH, None).only(Dimension.DAY, None), now, past)

    @property
    def plain(self) -> bool:
        """Whether tallies answer it."""
        return not self.past and not self.part.chosen


@dataclass(slots=True)
class Sums:
    """What lines of some days add up to. ``days``: how many each figure counts on each day, or in each month, as asked."""

    tally: Tally
    days: dict[str, Mapping[str, int]] = field(default_factory=dict)


class Listing(Sequence[Row]):
    """The rows of a list, newest first, each made when it is looked at."""

    def __init__(self, sheet: Sheet, places: NDArray[np.intp], placing: Placing) -> None:
        self._sheet = sheet
        self._places = places
        self._placing = placing

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Row]: ...
    def __getitem__(self, at: int | slice) -> Row | Sequence[Row]:
        if isinstance(at, slice):
            return list(Listing(self._sheet, self._places[at], self._placing))
        return next(iter(self[at : at + 1 or None]))

    def __iter__(self) -> Iterator[Row]:
        for span in self._sheet.spans(self._places.tolist()):
            yield row_of(span.line, self._placing)

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Sequence) else NotImplemented

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class DayLists:
    """What the lists of one day hold: ``places`` of their lines in its sheet, newest first, where there are any."""

    day: str
    sheet: Sheet
    places: Mapping[Key, NDArray[np.intp]]

    def column(self, name: str, key: Key) -> bytes:
        """The ids that stand in column ``name`` of a list's lines, twelve bytes each."""
        return self.sheet.columns[name][self.places[key]].tobytes()


class _MovedOn(NotReady):
    """What was to be read is no longer what stands: begin again. Who has begun too often is asked to come back."""

    def __init__(self) -> None:
        super().__init__(N_("What was under way at this moment is not all recorded yet. Please try again shortly."))


class Reading:
    """Reads."""

    def __init__(self, client: Client, ledger: Ledger, zone: ZoneInfo) -> None:
        self._client = client
        self._ledger = ledger
        self._zone = zone
        self._piles: OrderedDict[tuple[object, ...], asyncio.Task[tuple[Sheet, Sequence[tuple[str, int]]]]] = (
            OrderedDict()
        )

    async def in_snapshot(self, work: Callable[[AsyncClientSession, LedgerState], Awaitable[T]]) -> T:
        """``work`` on the ledger as it is at one moment."""
        for again in range(SNAPSHOT_TRIES, 0, -1):
            try:
                async with self._client.start_session(snapshot=True) as session:
                    return await work(session, await self._state(session))
            except _MovedOn:
                if again == 1:
                    raise
            except OperationFailure as error:
                if error.code != SNAPSHOT_UNAVAILABLE or again == 1:
                    raise
                await asyncio.sleep(0.2)
        raise AssertionError("unreachable: the last try returns or raises")

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[tuple[AsyncClientSession, LedgerState]]:
        """The same for what is read bit by bit: that there is a snapshot is tried out before."""
        async with AsyncExitStack() as stack:
            for again in range(SNAPSHOT_TRIES, 0, -1):
                session = await stack.enter_async_context(self._client.start_session(snapshot=True))
                try:
                    state = await self._state(session)
                    await self._ledger.touch(session)
                    break
                except _MovedOn:
                    if again == 1:
                        raise
                except OperationFailure as error:
                    if error.code != SNAPSHOT_UNAVAILABLE or again == 1:
                        raise
                    await asyncio.sleep(0.2)
            yield session, state

    async def _state(self, session: AsyncClientSession) -> LedgerState:
        state = await self._ledger.state(session)
        if state is None:  # it has been caught up, but the server's snapshot is of a moment before that
            await asyncio.sleep(NOT_YET)
            raise _MovedOn
        return state

    async def sums(
        self,
        session: AsyncClientSession,
        state: LedgerState,
        family: Family,
        asked: Asked,
        placing: Placing,
        dimensions: Collection[Dimension],
    ) -> Sums:
        """What ``family`` counts, with what tables of ``dimensions`` are made of."""
        fields = sorted({FIELD_OF[each] for each in dimensions if each in FIELD_OF})
        old_projects = "projects" in fields and state.projects != placing.digest
        if asked.plain and not old_projects:
            by_day = Dimension.DAY in dimensions
            spans = list(asked.days) if by_day else months_and_days(asked.days)
            hours = family is Family.CASE
            found = await self._ledger.tallies(state.generation, family, spans, session, fields=fields, hours=hours)
            return Sums(Tally.together(found.values()), {span: tally.total for span, tally in found.items()})
        sheet, starts = await self._pile(state, family, asked.days, ids=False)
        return await asyncio.to_thread(_sums_of_lines, sheet, starts, asked, placing, fields, dimensions)

    async def listing(
        self,
        session: AsyncClientSession,
        state: LedgerState,
        key: Key,
        asked: Asked,
        placing: Placing,
        stretch: Stretch | None = None,
    ) -> tuple[Listing, Mapping[ObjectId, float]]:
        """The list behind a figure, and with ``stretch`` (of problems) how long that took."""
        sheet, _ = await self._pile(state, FAMILY_OF[key], asked.days, ids=True)

        def work() -> tuple[Listing, Mapping[ObjectId, float]]:
            chosen = _meant(sheet, asked, placing) & counted_by(sheet, key)
            if stretch is None:
                return Listing(sheet, newest_first(sheet, np.flatnonzero(chosen)), placing), {}
            hours = sheet.columns[HOURS[list(Stretch).index(stretch)]]
            places = newest_first(sheet, np.flatnonzero(chosen & (hours > NO_HOURS)))
            ids = [ObjectId(bytes(each)) for each in sheet.columns["id"][places].tolist()]
            return Listing(sheet, places, placing), dict(zip(ids, hours[places].tolist(), strict=True))

        return await asyncio.to_thread(work)

    async def plain_page(
        self,
        session: AsyncClientSession,
        state: LedgerState,
        key: Key,
        asked: Asked,
        placing: Placing,
        first: int,
        size: int,
    ) -> tuple[int, Sequence[Row]]:
        """Part of a list where tallies tell which days it is on: no more sheets are read than it needs."""
        family, spans = FAMILY_OF[key], months_and_days(asked.days)
        sums = await self._ledger.tallies(state.generation, family, spans, session)
        counts = {span: tally.total.get(key.value, 0) for span, tally in sums.items()}
        rows: list[Row] = []
        passed = 0
        for span in reversed(spans):
            if len(rows) == size or not counts.get(span):
                continue
            if passed + counts[span] <= first:
                passed += counts[span]
                continue
            days = [span] if len(span) == len("2022-03-31") else [day for day in asked.days if day[:7] == span]
            there = await self._ledger.tallies(state.generation, family, days, session)
            for day in sorted(there, reverse=True):
                count = there[day].total.get(key.value, 0)
                if len(rows) < size and count and passed + count > first:
                    async for _, sheet in self._ledger.sheets(state.generation, family, [day], session):
                        places = np.flatnonzero(stands(sheet, asked.now) & counted_by(sheet, key))
                        start = max(0, first - passed)
                        left = newest_first(sheet, places)[start : start + size - len(rows)]
                        rows += Listing(sheet, left, placing)
                passed += count
        return sum(counts.values()), rows

    async def each(
        self, session: AsyncClientSession, state: LedgerState, key: Key, asked: Asked, placing: Placing
    ) -> AsyncIterator[Row]:
        """Every row of a list, some days in memory at a time."""
        family = FAMILY_OF[key]
        for end in range(len(asked.days), 0, -_DAYS_AT_ONCE):
            days = asked.days[max(0, end - _DAYS_AT_ONCE) : end]
            found = self._ledger.sheets(state.generation, family, days, session)
            for sheet in [sheet async for _, sheet in found][::-1]:
                chosen = _meant(sheet, asked, placing) & counted_by(sheet, key)
                for row in Listing(sheet, newest_first(sheet, np.flatnonzero(chosen)), placing):
                    yield row

    async def each_day(
        self, session: AsyncClientSession, state: LedgerState, family: Family, asked: Asked, placing: Placing
    ) -> AsyncIterator[DayLists]:
        """Every list of ``family`` at once, the newest day first, each sheet read once and no row made."""
        keys = [key for key in Key if FAMILY_OF[key] is family]
        for end in range(len(asked.days), 0, -_DAYS_AT_ONCE):
            days = asked.days[max(0, end - _DAYS_AT_ONCE) : end]
            found = self._ledger.sheets(state.generation, family, days, session)
            for day, sheet in [each async for each in found][::-1]:
                chosen = _meant(sheet, asked, placing)
                places = {key: newest_first(sheet, np.flatnonzero(chosen & counted_by(sheet, key))) for key in keys}
                yield DayLists(day, sheet, {key: at for key, at in places.items() if len(at)})

    async def _pile(
        self, state: LedgerState, family: Family, days: Sequence[str], *, ids: bool
    ) -> tuple[Sheet, Sequence[tuple[str, int]]]:
        """The sheets of ``days`` as one, and with which line each day begins. Questions at the same time share the work.

        Raises:
            _MovedOn: something has been counted since ``state`` was read.
        """
        name = (state.version, family, days[:1], days[-1:], len(days), ids)
        task = self._piles.get(name)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = self._piles[name] = asyncio.create_task(self._make_pile(state, family, days, ids=ids))
        self._piles.move_to_end(name)
        while len(self._piles) > PILES_KEPT:
            self._piles.popitem(last=False)
        return await asyncio.shield(task)

    async def _make_pile(
        self, wanted: LedgerState, family: Family, days: Sequence[str], *, ids: bool
    ) -> tuple[Sheet, Sequence[tuple[str, int]]]:
        async with self._client.start_session(snapshot=True) as session:
            state = await self._ledger.state(session)
            if state is None or state.version != wanted.version:
                raise _MovedOn
            found = [each async for each in self._ledger.sheets(state.generation, family, days, session)]
        sheet = await asyncio.to_thread(stacked, [sheet for _, sheet in found], family, ids=ids)
        starts, place = [], 0
        for day, each in found:
            starts.append((day, place))
            place += len(each)
        return sheet, starts


def months_and_days(days: Sequence[str]) -> list[str]:
    """``days`` in order, whole months among them in one."""
    by_month: dict[str, list[str]] = {}
    for day in days:
        by_month.setdefault(day[:7], []).append(day)
    found: list[str] = []
    for month, each in by_month.items():
        length = monthrange(int(month[:4]), int(month[5:]))[1]
        found += [month] if len(each) == length else each
    return found


def _meant(sheet: Sheet, asked: Asked, placing: Placing) -> NDArray[np.bool_]:
    """Which lines count at the moment that is asked for, and are of the part that is."""
    chosen = stood(sheet, asked.now) if asked.past else stands(sheet, asked.now)
    for by, value in asked.part.chosen.items():
        codes, names = coded(sheet, FIELD_OF[by], lambda told: together(placing.projects_of(told)))
        table = np.array([value in placing.meant(by, name) for name in names], dtype=bool)
        chosen &= table[codes]
    return chosen


def _sums_of_lines(
    sheet: Sheet,
    starts: Sequence[tuple[str, int]],
    asked: Asked,
    placing: Placing,
    fields: Sequence[str],
    dimensions: Collection[Dimension],
) -> Sums:
    chosen = _meant(sheet, asked, placing)
    tally = Tally.of(sheet, chosen, lambda told: together(placing.projects_of(told)), fields)
    if not {Dimension.DAY, Dimension.MONTH} & set(dimensions):
        return Sums(tally)
    by_day: dict[str, Mapping[str, int]] = {}
    ends = [*(start for _, start in starts[1:]), len(sheet)] if starts else []
    counted = {key.value: np.concatenate(([0], np.cumsum(chosen & counted_by(sheet, key)))) for key in Key}
    for (name, start), end in zip(starts, ends, strict=True):
        by_day[name] = {key: int(sums[end] - sums[start]) for key, sums in counted.items() if sums[end] > sums[start]}
    return Sums(tally, by_day)


def row_of(line: Line, placing: Placing) -> Row:
    """A line as a list shows it, by the tables as they are now."""
    district, street, community = placing.of(line.region)
    case = line.subject in (Subject.PROBLEM, Subject.EXPOSURE)
    stage = placing.meant(Dimension.STAGE, line.stage)
    return Row(
        line.subject,
        line.id,
        moment_of(line.at),
        line.entity if case else None,
        line.story,
        frozenset(map(ObjectId, filter(None, outlets_of(line.told).split(SEPARATOR)))),
        district,
        tuple(placing.categories.path(line.category)),
        street,
        community,
        columns=frozenset(filter(None, columns_of(line.told).split(SEPARATOR))),
        projects=placing.projects_of(line.told),
        unit_id=ObjectId(line.unit) if line.unit else None,
        severity=line.severity or None,
        source=line.source or None,
        stages=stage if line.stage else (),
    )
