"""Changing single rows of the responsibility table, each change with what undoes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bson import ObjectId
from pymongo import DESCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.events import Origin
from media_tracker.db.ids import parse_id
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, Conflict, InvalidInput, NotFound
from media_tracker.places.documents import ResponsibilityDocument
from media_tracker.places.keeping import Keeper, check_keeper
from media_tracker.places.responsibility import Responsibility
from media_tracker.places.responsibility_changes import Changes
from media_tracker.places.responsibility_edits import adding, ending, handing_on
from media_tracker.places.responsibility_import import Responsibilities
from media_tracker.places.service import Places
from media_tracker.taxonomy.service import Taxonomy

COLLECTION = "responsibility_edits"
INDEXES = [IndexModel([("edition", DESCENDING)], name="edition", unique=True)]
"""By the edition that a change has made; one that a later change of the table has overtaken cannot be undone."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of single rows. ``subject``: the unit that it was about."""

    id: ObjectId
    at: datetime
    by: ObjectId | None
    subject: ObjectId
    added: int
    ended: int


Note = Callable[[AsyncClientSession, int, int], Awaitable[None]]
"""Writes down, within the transaction, how many rows were added and ended."""
Deciding = Callable[[list[Responsibility]], Changes[Responsibility]]


class ResponsibilityRows:
    """Adds rows, ends them, hands them on to another unit, and undoes the last of these."""

    def __init__(
        self,
        database: Database,
        transactor: Transactor,
        whole: Responsibilities,
        places: Places,
        taxonomy: Taxonomy,
        clock: Clock,
    ) -> None:
        self._rows = database[ResponsibilityDocument.Settings.name]
        self._edits = database[COLLECTION]
        self._transactor = transactor
        self._whole = whole
        self._places = places
        self._taxonomy = taxonomy
        self._clock = clock

    async def get(self, row_id: str) -> Responsibility:
        """The row with this id; ``NotFound`` without one."""
        wanted = parse_id(row_id)
        found = next((row for row in await self._whole.table.duties() if row.id == wanted), None)
        if found is None:
            raise NotFound(N_("There is no such row."))
        return found

    async def undoable(self) -> Edit | None:
        """The last change, if nothing has changed the table since and it was not undone."""
        row = await self._edits.find_one({"edition": await self._whole.edition(), "undone_at": None})
        return _edit(row) if row is not None else None

    async def add(self, new: Responsibility, edition: int, by: Keeper | None, origin: Origin, note: Note) -> Edit:
        """Write a row more; see ``responsibility_edits.adding``.

        Raises:
            Forbidden; InvalidInput: an unknown or dissolved unit, an unknown category or region, or what ``adding`` raises.
            Conflict: somebody has changed the table since ``edition``.
        """
        await self._check(new)
        return await self._change(new.unit_id, lambda present: adding(present, new), edition, by, origin, note)

    async def end(
        self, row: Responsibility, last_day: date, edition: int, by: Keeper | None, origin: Origin, note: Note
    ) -> Edit:
        """Give a row its last day. Raises as ``add`` does."""
        return await self._change(
            row.unit_id, lambda present: ending(_again(present, row), last_day), edition, by, origin, note
        )

    async def hand_on(
        self,
        row: Responsibility,
        unit_id: ObjectId,
        first: date,
        edition: int,
        by: Keeper | None,
        origin: Origin,
        note: Note,
    ) -> Edit:
        """Give what a row says to another unit from a day on. Raises as ``add`` does."""
        await self._check(Responsibility(unit_id, row.duty, None, None, first))

        def decide(present: list[Responsibility]) -> Changes[Responsibility]:
            return handing_on(present, _again(present, row), unit_id, first)

        return await self._change(unit_id, decide, edition, by, origin, note)

    async def undo(self, edit_id: str, by: Keeper | None, origin: Origin, note: Note) -> Edit:
        """Take the last change back: rows that it added were never in force, rows that it ended are what they were.

        Raises:
            Forbidden, NotFound; Conflict: the table has been changed since, or it was undone already.
        """
        check_keeper(by)
        wanted = parse_id(edit_id)

        async def work(tx: Transaction) -> Edit:
            row = await self._edits.find_one({"_id": wanted}, session=tx.session)
            if row is None:
                raise NotFound(N_("There is nothing at this address."))
            if row["undone_at"] is not None:
                raise Conflict(N_("This was undone already."))
            await self._whole.draw_edition(row["edition"], tx.session)
            await self._take_back(row, tx.session)
            await note(tx.session, len(row["ended"]), len(row["added"]))
            return _edit(row)

        return await self._transactor.run(work, origin)

    async def _change(
        self, subject: ObjectId, decide: Deciding, edition: int, by: Keeper | None, origin: Origin, note: Note
    ) -> Edit:
        check_keeper(by)

        async def work(tx: Transaction) -> Edit:
            await self._whole.draw_edition(edition, tx.session)
            changes = decide(await self._whole.table.duties(None, tx.session))
            added = await self._whole.write_duties(changes, tx.session)
            ended = [{"id": each.row.id, "valid_to": _text(each.row.valid_to)} for each in changes.ended]
            row: Json = {
                "_id": ObjectId(),
                "edition": edition + 1,
                "at": self._clock(),
                "by": origin.actor,
                "subject": subject,
                "added": added,
                "ended": ended,
                "undone_at": None,
            }
            await self._edits.insert_one(row, session=tx.session)
            await note(tx.session, len(added), len(ended))
            return _edit(row)

        return await self._transactor.run(work, origin)

    async def _take_back(self, edit: Json, session: AsyncClientSession) -> None:
        now = self._clock()
        for row_id in edit["added"]:
            row = await self._rows.find_one({"_id": row_id}, session=session)
            assert row is not None  # rows are never deleted
            before = date.fromisoformat(row["valid_from"]) - timedelta(days=1)
            struck = {"valid_to": before.isoformat(), "ended_at": now}
            await self._rows.update_one({"_id": row_id}, {"$set": struck}, session=session)
        for each in edit["ended"]:
            was = {"valid_to": each["valid_to"], "ended_at": None if each["valid_to"] is None else now}
            await self._rows.update_one({"_id": each["id"]}, {"$set": was}, session=session)
        await self._edits.update_one({"_id": edit["_id"]}, {"$set": {"undone_at": now}}, session=session)

    async def _check(self, new: Responsibility) -> None:
        fields: dict[str, str] = {}
        if new.unit_id not in {unit.id for unit in (await self._places.units()).active()}:
            fields["unit_id"] = N_("Please choose from the list.")
        if new.category is not None and new.category not in await self._taxonomy.table():
            fields["category"] = N_("Please choose a category from the list.")
        if new.region is not None and new.region not in await self._places.regions():
            fields["region"] = N_("Please choose a region from the list.")
        if fields:
            raise InvalidInput(N_("Please look at the marked fields."), fields)


def _again(present: list[Responsibility], row: Responsibility) -> Responsibility:
    """The row as it is now."""
    return next(each for each in present if each.id == row.id)


def _text(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def _edit(row: Json) -> Edit:
    return Edit(row["_id"], row["at"], row["by"], row["subject"], len(row["added"]), len(row["ended"]))
