"""Import of lists of problems: all of a list or nothing, however long it is, and the same list again changes nothing.

A list of 50,000 problems does not fit one transaction. It is therefore *staged*: everything that will be written is prepared in a
collection of its own, which nobody reads. One conditional write then decides that it is to be. From there on it only goes
forward: what is staged moves to where it belongs in small transactions, problems and events together, and until the last of them
lists and figures leave out what has arrived (``arriving``). Who is killed before the decision leaves nothing; who is killed after
it leaves a list that the next import, or any worker, brings to its end. Decision 0012.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from bson import ObjectId

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.counters import draw
from media_tracker.db.events import NewEvent, Origin
from media_tracker.db.leases import Leases
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, Conflict
from media_tracker.files.rows import RowError
from media_tracker.places.service import Places
from media_tracker.problems.arriving import ARRIVING, DONE, IMPORTS, STAGED, STAGING
from media_tracker.problems.arriving import ENTITY as IMPORT
from media_tracker.problems.casebook import ENTITY, Casebook, follow, row_of
from media_tracker.problems.clocks.book import ClockBook
from media_tracker.problems.documents import Listed, Problem, Words
from media_tracker.problems.linking.links import COLLECTION as LINKS
from media_tracker.problems.linking.links import Links, link_row
from media_tracker.problems.lists.events import Moment, changes, first_events, words_with
from media_tracker.problems.lists.names import ListNames
from media_tracker.problems.lists.row import ListRow, digest_of, is_another
from media_tracker.problems.lists.sheet import ListSheet
from media_tracker.problems.lists.words import Column
from media_tracker.problems.tables import Tables
from media_tracker.taxonomy.service import Taxonomy

T = TypeVar("T")

LEASE = "problem_import"
LEASE_SECONDS = 30.0
LOOK_AGAIN_SECONDS = 1.0
ASKED_AT_ONCE = 1_000
STAGED_AT_ONCE = 500
MOVED_AT_ONCE = 250

Tell = Callable[[str, int, int], None]
"""Called with a step, how much of it is done, and how much there is."""


def _silent(step: str, done: int, total: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import of a sheet would do. ``added`` and ``changed`` are rows of it; ``errors`` are those of the sheet, too."""

    source: str
    added: Sequence[ListRow]
    changed: Sequence[tuple[ListRow, ObjectId]]
    unchanged: int
    errors: Sequence[RowError] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class _Known:
    """A problem that a row of the list has brought before."""

    id: ObjectId
    digest: str


class ListImport:
    """Reads what is known of a list, and brings in the rest."""

    def __init__(
        self,
        database: Database,
        transactor: Transactor,
        places: Places,
        taxonomy: Taxonomy,
        clock: Clock,
        zone: ZoneInfo,
        owner: str,
    ) -> None:
        self._database = database
        self._problems = database[Problem.Settings.name]
        self._imports = database[IMPORTS]
        self._staged = database[STAGED]
        self._transactor = transactor
        self._places = places
        self._taxonomy = taxonomy
        self._tables = Tables(places, taxonomy, clock, zone, ClockBook(database, clock))
        links = Links(database, taxonomy, zone)
        self._casebook = Casebook(self._problems, links, self._tables, clock)
        self._clock = clock
        self._zone = zone
        self._leases = Leases(database, clock)
        self._owner = owner

    async def names(self) -> ListNames:
        """What names in a list can mean, as the tables are now."""
        categories = (await self._taxonomy.table()).by_code.values()
        return ListNames(list(categories), await self._places.regions(), await self._places.units())

    @asynccontextmanager
    async def alone(self, patience: float = LEASE_SECONDS + 5) -> AsyncIterator[None]:
        """Hold the right to import: one import at a time. What earlier ones have left is finished or swept first.

        Raises:
            Conflict: another import is still under way after ``patience`` seconds.
        """
        owner = f"{self._owner}:{ObjectId()}"
        while not await self._leases.acquire(LEASE, owner, LEASE_SECONDS):
            if patience <= 0:
                raise Conflict(N_("Another import is under way. Try again when it has ended."))
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            patience -= LOOK_AGAIN_SECONDS
        keeper = asyncio.create_task(self._keep(owner))
        try:
            await self._finish_others()
            yield
        finally:
            keeper.cancel()
            await self._leases.release(LEASE, owner)

    async def finish(self) -> bool:
        """Bring to its end what a killed import has left; False when one is under way. For workers."""
        if await self._imports.find_one({"state": {"$in": [STAGING, ARRIVING]}}, {"_id": 1}) is None:
            return True
        try:
            async with self.alone(patience=0):
                return True
        except Conflict:
            return False

    async def plan(self, sheet: ListSheet, source: str) -> Plan:
        """What importing ``sheet`` as the list ``source`` would do now. Changes nothing."""
        added: list[ListRow] = []
        changed: list[tuple[ListRow, ObjectId]] = []
        errors: list[RowError] = list(sheet.errors)
        unchanged = 0
        numbered = list(zip(sheet.lines, sheet.rows, strict=True))
        for part in _parts(numbered, ASKED_AT_ONCE):
            known = await self._known(source, [row.key for _, row in part])
            differing = [
                known[row.key].id for _, row in part if row.key in known and known[row.key].digest != digest_of(row)
            ]
            problems = await self._by_ids(differing)
            for line, row in part:
                if row.key not in known:
                    added.append(row)
                elif (problem := problems.get(known[row.key].id)) is None:
                    unchanged += 1
                else:
                    wrong, differs = await self._judge(problem, row, line, sheet)
                    errors += wrong
                    if differs and not wrong:
                        changed.append((row, problem.case.id))
                    unchanged += not differs and not wrong
        return Plan(source, added, changed, unchanged, sorted(errors, key=lambda error: error.line))

    async def carry_out(self, plan: Plan, origin: Origin, tell: Tell = _silent) -> ObjectId:
        """Bring in what is planned, all of it or nothing; the import's id. Only within ``alone``.

        Raises:
            Conflict: this process was held up for so long that another import has begun. Nothing was changed.
        """
        import_id, now = ObjectId(), await self._moment_of_its_own()
        await self._imports.insert_one(
            {
                "_id": import_id,
                "state": STAGING,
                "source": plan.source,
                "actor": origin.actor,
                "started_at": now,
                "added": len(plan.added),
                "changed": len(plan.changed),
                "unchanged": plan.unchanged,
            }
        )
        try:
            await self._stage(import_id, plan, now, tell)
            decided = await self._imports.update_one(
                {"_id": import_id, "state": STAGING}, {"$set": {"state": ARRIVING, "decided_at": self._clock()}}
            )
        except BaseException:
            await self._sweep(import_id)
            raise
        if decided.matched_count == 0:
            await self._staged.delete_many({"import_id": import_id})
            raise Conflict(N_("The import was held up for too long. Nothing was changed; start it again."))
        await self._move(import_id, origin, tell)
        return import_id

    # Reading

    async def _moment_of_its_own(self) -> datetime:
        """When an import begins: no other problem is registered at this moment, so that lists can skip what it brings by it."""
        moment = self._clock()
        while await self._problems.find_one({"case.registered_at": moment}, {"_id": 1}):
            moment += timedelta(milliseconds=1)
        return moment

    async def _known(self, source: str, keys: Sequence[str]) -> dict[str, _Known]:
        query = {"listed.source": source, "listed.key": {"$in": list(keys)}}
        cursor = self._problems.find(query, {"listed.key": 1, "listed.digest": 1})
        return {row["listed"]["key"]: _Known(row["_id"], row["listed"]["digest"]) async for row in cursor}

    async def _by_ids(self, ids: Sequence[ObjectId]) -> dict[ObjectId, Problem]:
        if not ids:
            return {}
        cursor = self._problems.find({"_id": {"$in": list(ids)}})
        return {row["_id"]: Problem.model_validate(row) async for row in cursor}

    async def _judge(self, problem: Problem, row: ListRow, line: int, sheet: ListSheet) -> tuple[list[RowError], bool]:
        """What stands against taking a row that says something else now, and whether anything follows from it."""
        listed = problem.listed
        assert listed is not None  # it was found by it
        if row.number and is_another(row, listed.row.title, listed.row.place):
            sentence = N_(
                "The number {number} is known, and was another problem. If this is another list, name it with --list."
            )
            return [RowError(line, sheet.shown(Column.NUMBER), sentence, {"number": row.number})], False
        moment = await self._moment(row, self._clock())
        course = changes(problem.case, listed.row, row, listed.report_id, moment)
        params = {"number": problem.number, "state": problem.case.state.value}
        errors = [RowError(line, sheet.shown(each.column), each.sentence, params) for each in course.refused]
        return errors, bool(course.decided)

    async def _moment(self, row: ListRow, now: datetime) -> Moment:
        return Moment(now, self._zone, await self._tables.fresh_due_at(row.category, now, row.severity))

    # Staging

    async def _stage(self, import_id: ObjectId, plan: Plan, now: datetime, tell: Tell) -> None:
        """Write down everything that will be written, where nobody reads it."""
        year = now.astimezone(self._zone).year
        total = len(plan.added) + len(plan.changed)
        done = 0
        for part in _parts(plan.added, STAGED_AT_ONCE):
            drawn = await draw(self._database, f"problem:{year}", len(part))
            made = [
                await self._new(import_id, plan.source, row, f"{year}-{number:05d}", now)
                for row, number in zip(part, drawn, strict=True)
            ]
            await self._staged.insert_many(
                [{"import_id": import_id, "order": done + at, **each} for at, each in enumerate(made)]
            )
            done += len(part)
            tell("prepared", done, total)
        for changed in _parts(plan.changed, STAGED_AT_ONCE):
            await self._staged.insert_many(
                [
                    {"import_id": import_id, "order": done + at, "changed": problem_id, "row": row.model_dump()}
                    for at, (row, problem_id) in enumerate(changed)
                ]
            )
            done += len(changed)
            tell("prepared", done, total)

    async def _new(self, import_id: ObjectId, source: str, row: ListRow, number: str, now: datetime) -> Json:
        """A new problem as it will be stored, with its events and what it is found by."""
        problem_id, report_id = ObjectId(), ObjectId()
        decided = first_events(row, report_id, await self._moment(row, now))
        case, events = follow(None, problem_id, decided, now)
        problem = Problem(
            id=problem_id,
            number=number,
            title=row.title,
            place=row.place,
            words=[Words(seq=seq, text=text) for seq, text in words_with(decided, row).items()],
            case=case,
            listed=Listed(
                source=source,
                key=row.key,
                digest=digest_of(row),
                row=row,
                report_id=report_id,
                import_id=import_id,
            ),
        )
        await self._tables.describe(problem)
        path = (await self._taxonomy.table()).path(case.category)
        return {
            "problem": row_of(problem),
            "link": link_row(problem, path, (), self._zone),
            "events": [{"type": event.type, "payload": dict(event.payload)} for event in events],
            "at": now,
        }

    # Moving

    async def _move(self, import_id: ObjectId, origin: Origin, tell: Tell) -> None:
        """Bring what is staged to where it belongs, part by part; at the end all of it is there at once."""
        origin = Origin(origin.actor, origin.acting_unit, f"import:{import_id}")
        total = await self._staged.count_documents({"import_id": import_id})
        left = total
        while left:
            moved = await self._transactor.run(lambda tx: self._move_part(tx, import_id), origin)
            left = left - moved if moved else 0
            tell("added", total - left, total)
        await self._transactor.run(lambda tx: self._arrive(tx, import_id), origin)

    async def _arrive(self, tx: Transaction, import_id: ObjectId) -> None:
        """Say within ``tx`` that all of it is there: from now on it counts."""
        now = self._clock()
        query = {"_id": import_id, "state": ARRIVING}
        done = await self._imports.update_one(query, {"$set": {"state": DONE, "finished_at": now}}, session=tx.session)
        if done.matched_count:
            tx.record(NewEvent(IMPORT, import_id, 1, "arrived", now))

    async def _move_part(self, tx: Transaction, import_id: ObjectId) -> int:
        """Move the next rows within ``tx``: here and there at once, so that a row is moved exactly once."""
        cursor = self._staged.find({"import_id": import_id}, session=tx.session).sort("order", 1).limit(MOVED_AT_ONCE)
        rows = await cursor.to_list()
        new = [row for row in rows if "problem" in row]
        if new:
            await self._problems.insert_many([row["problem"] for row in new], session=tx.session)
            await self._database[LINKS].insert_many([row["link"] for row in new], session=tx.session)
            for row in new:
                tx.record(*_events(row))
        for row in rows:
            if "changed" in row:
                await self._change(tx, row["changed"], ListRow.model_validate(row["row"]))
        await self._staged.delete_many({"_id": {"$in": [row["_id"] for row in rows]}}, session=tx.session)
        return len(rows)

    async def _change(self, tx: Transaction, problem_id: ObjectId, row: ListRow) -> None:
        """What a changed row adds to a problem as it is now: somebody may have been faster, and goes first."""
        problem = await self._casebook.read(tx, problem_id)
        listed = problem.listed
        assert listed is not None  # it was planned by it
        before = listed.row
        course = changes(problem.case, before, row, listed.report_id, await self._moment(row, self._clock()))
        told = {name: getattr(row, name) for name in ("title", "place") if getattr(row, name) != getattr(before, name)}
        report_id = course.report_id or listed.report_id
        now = listed.model_copy(update={"row": row, "digest": digest_of(row), "report_id": report_id})
        changed: Problem = problem.model_copy(update={**told, "listed": now})
        await self._casebook.write(tx, changed, course.decided, "\n".join(filter(None, course.words)))

    # Sweeping

    async def _finish_others(self) -> None:
        """Finish what was decided, sweep what was not: the lease is ours, so whoever began it is gone."""
        async for row in self._imports.find({"state": {"$in": [STAGING, ARRIVING]}}):
            if row["state"] == STAGING:
                await self._sweep(row["_id"])
            else:
                await self._move(row["_id"], Origin(row["actor"]), _silent)
        await self._staged.delete_many({})  # of a sweep that was itself cut off

    async def _sweep(self, import_id: ObjectId) -> None:
        """Forget an import that was not decided."""
        gone = await self._imports.delete_one({"_id": import_id, "state": STAGING})
        if gone.deleted_count:
            await self._staged.delete_many({"import_id": import_id})

    async def _keep(self, owner: str) -> None:
        """Prolong the lease while a long import runs."""
        while True:
            await asyncio.sleep(LEASE_SECONDS / 4)
            await self._leases.acquire(LEASE, owner, LEASE_SECONDS)


def _events(row: Json) -> Iterator[NewEvent]:
    problem_id: ObjectId = row["problem"]["_id"]
    for seq, event in enumerate(row["events"], start=1):
        yield NewEvent(ENTITY, problem_id, seq, event["type"], row["at"], event["payload"])


def _parts(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """``values`` in parts of at most ``size``."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
