"""Legacy figures (历史口径数据): older figures, counted by looser rules than ours, kept in their own words.

They stand beside ours, each with its own definition, and are never added to them or compared as a change. Publicity staff enter
them from a document; every change is an event (entity ``legacy_figure``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.events import NewEvent, Origin
from media_tracker.db.ids import parse_id
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput, NotFound
from media_tracker.monitor.definitions import Key
from media_tracker.monitor.facts import Period
from media_tracker.monitor.periods import EARLIEST, LATEST, LONGEST

COLLECTION = "legacy_figures"
ENTITY = "legacy_figure"
INDEXES = [IndexModel([("start", ASCENDING), ("_id", ASCENDING)], name="start")]
LONGEST_TEXT = 2_000
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class LegacyText:
    """What a legacy figure says. ``beside``: which of our figures comes closest; None: none does."""

    name: str
    value: int
    start: date
    end: date
    definition: str
    """How it was counted, in the words of its time."""
    source: str
    """In which document it stands."""
    beside: Key | None = None

    @property
    def period(self) -> Period:
        return Period(self.start, self.end)


@dataclass(frozen=True, slots=True)
class LegacyFigure:
    """A legacy figure as it is kept. ``by`` and ``at``: who changed it last, and when; at version 1 who entered it."""

    id: ObjectId
    version: int
    text: LegacyText
    entered_by: ObjectId | None
    entered_at: datetime
    by: ObjectId | None
    at: datetime


class LegacyFigures:
    """Reads and keeps legacy figures; the only writer of their collection."""

    def __init__(self, database: Database, transactor: Transactor, clock: Clock) -> None:
        self._figures = database[COLLECTION]
        self._transactor = transactor
        self._clock = clock

    async def all(self) -> list[LegacyFigure]:
        """Every one that has not been removed, the latest period first."""
        rows = self._figures.find({"removed_at": None}).sort([("start", -1), ("_id", 1)])
        return [_figure(row) async for row in rows]

    async def get(self, figure_id: str) -> LegacyFigure:
        """The one with this id; ``NotFound`` without one, and for one that has been removed."""
        return _figure(await self._row(figure_id))

    async def add(self, text: LegacyText, actor: Actor | None, origin: Origin, *, demo: bool = False) -> LegacyFigure:
        """Enter one. ``actor`` is None for the program itself.

        Raises:
            Forbidden: not publicity staff. InvalidInput: something is missing; ``fields`` say what.
        """
        _check(actor)
        row = {
            "_id": ObjectId(),
            "version": 1,
            **_stored(checked(text)),
            "entered_by": actor.user_id if actor else None,
            "entered_at": self._clock(),
            "removed_at": None,
            "demo": demo,
        }
        row |= {"by": row["entered_by"], "at": row["entered_at"]}

        async def work(tx: Transaction) -> None:
            await self._figures.insert_one(row, session=tx.session)
            self._record(tx, row, "entered")

        await self._transactor.run(work, origin)
        return _figure(row)

    async def change(
        self, figure_id: str, version: int, text: LegacyText, actor: Actor, origin: Origin
    ) -> LegacyFigure:
        """Correct one that somebody saw at ``version``.

        Raises:
            Forbidden, InvalidInput: as for ``add``. NotFound: there is none. Conflict: somebody has changed it since.
        """
        return await self._write(figure_id, version, _stored(checked(text)), "corrected", actor, origin)

    async def remove(self, figure_id: str, version: int, actor: Actor, origin: Origin) -> None:
        """Show it no longer. What it was stays in the database.

        Raises:
            Forbidden: not publicity staff. NotFound: there is none. Conflict: somebody has changed it since.
        """
        await self._write(figure_id, version, {"removed_at": self._clock()}, "removed", actor, origin)

    async def _write(
        self, figure_id: str, version: int, changes: Json, what: str, actor: Actor, origin: Origin
    ) -> LegacyFigure:
        _check(actor)
        row = await self._row(figure_id)
        row |= {**changes, "version": version + 1, "by": actor.user_id, "at": self._clock()}

        async def work(tx: Transaction) -> None:
            query = {"_id": row["_id"], "version": version, "removed_at": None}
            result = await self._figures.replace_one(query, row, session=tx.session)
            if result.matched_count == 0:
                raise Conflict(N_("Somebody has changed this figure in the meantime. Look at it again."))
            self._record(tx, row, what)

        await self._transactor.run(work, origin)
        return _figure(row)

    async def _row(self, figure_id: str) -> dict[str, Any]:
        row = await self._figures.find_one({"_id": parse_id(figure_id), "removed_at": None})
        if row is None:
            raise NotFound(N_("There is no such figure."))
        return dict(row)

    def _record(self, tx: Transaction, row: Mapping[str, Any], what: str) -> None:
        """The event holds the facts; names and notes, which may speak of people, stay in the record."""
        facts = {name: row[name] for name in ("value", "start", "end", "beside")}
        tx.record(NewEvent(ENTITY, row["_id"], row["version"], what, row["at"], facts))


def checked(text: LegacyText) -> LegacyText:
    """``text`` with its blanks trimmed; ``InvalidInput`` where something is missing."""
    fields: dict[str, str] = {}
    trimmed = {name: getattr(text, name).strip() for name in ("name", "definition", "source")}
    if not trimmed["name"]:
        fields["name"] = N_("Please give the figure a name.")
    if not trimmed["definition"]:
        fields["definition"] = N_("Please say how it was counted: without that nobody can compare it.")
    if not trimmed["source"]:
        fields["source"] = N_("Please say in which document it stands.")
    if text.value < 0:
        fields["value"] = N_("Please give a whole number.")
    if text.end < text.start:
        fields["end"] = N_("The period must not end before it begins.")
    elif text.end - text.start > LONGEST:
        fields["start"] = N_("Please choose ten years at most.")
    for name in ("start", "end"):
        if not EARLIEST <= getattr(text, name) <= LATEST:
            fields[name] = N_("Please give a day as year-month-day.")
    for name, longest in (("name", LONGEST_NAME), ("definition", LONGEST_TEXT), ("source", LONGEST_TEXT)):
        if len(trimmed[name]) > longest:
            fields[name] = N_("This is too long.")
    if fields:
        raise InvalidInput(N_("Please look at the marked fields."), fields)
    return LegacyText(value=text.value, start=text.start, end=text.end, beside=text.beside, **trimmed)


def _check(actor: Actor | None) -> None:
    if actor is not None and not actor.has(Role.PUBLICITY):
        raise Forbidden(N_("Only publicity staff may enter older figures."))


def _stored(text: LegacyText) -> Json:
    """As the database holds it: days as text, for a day has no time zone."""
    beside = text.beside.value if text.beside else None
    return {**asdict(text), "start": text.start.isoformat(), "end": text.end.isoformat(), "beside": beside}


def _figure(row: Mapping[str, Any]) -> LegacyFigure:
    text = LegacyText(
        name=row["name"],
        value=row["value"],
        start=date.fromisoformat(row["start"]),
        end=date.fromisoformat(row["end"]),
        definition=row["definition"],
        source=row["source"],
        beside=Key(row["beside"]) if row["beside"] else None,
    )
    own = {name: row[name] for name in ("version", "entered_by", "entered_at", "by", "at")}
    return LegacyFigure(id=row["_id"], text=text, **own)
