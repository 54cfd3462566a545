"""Releasing figures (签发): a frozen set of numbers, each with the list that it counted.

Only what has been released is public. The public list has exactly as many rows as the number, and says no more than street,
category, unit, state and a link to the outlet's story.

The rows are written first, some at a time, under a number that nobody knows yet: a year of a large city has some hundred
thousand, too many to hold and too many for a transaction. What makes them a release is the one document that is written last.
Rows that never got theirs are taken away when figures are released the next time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.counters import COLLECTION as COUNTERS
from media_tracker.db.counters import draw
from media_tracker.db.events import NewEvent, Origin
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput, MediaTrackerError, NotFound
from media_tracker.ingest.documents import Story
from media_tracker.monitor.definitions import DEFINITIONS, Key
from media_tracker.monitor.documents import Release, ReleasedFigure, ReleaseRow
from media_tracker.monitor.facts import Period
from media_tracker.monitor.lines import Family
from media_tracker.monitor.reading import DayLists
from media_tracker.monitor.service import Monitor
from media_tracker.places.regions import RegionTree
from media_tracker.places.service import Places
from media_tracker.problems.case import Channel
from media_tracker.problems.documents import Problem

ENTITY = "release"
COUNTER = "release"
PUBLIC_KEYS = (Key.RESOLVED, Key.PROBLEMS, Key.EXPOSURES, Key.BEFORE_PRINT, Key.DUE, Key.DUE_CLOSED, Key.RELAPSED)
"""What is released, in the order in which it is shown. Stories and deeds are no figures about problems."""

MOST_ROWS = 1_000_000
"""Rows of all lists of one release; a year of a large city has a fifth of that."""
ROWS_AT_ONCE = 2_000
_NO_ID = ObjectId(b"\0" * 12)
CHANGED = N_("The figures have changed since you looked at them. Look at them again, then release them.")
_REPORT = ("id", "channel", "occurred_at", "story_id", "withdrawn_at")
_OF_A_CASE = {
    "demo": 1,
    **{f"case.{name}": 1 for name in ("region", "category", "unit_id", "state", "withheld")},
    **{f"case.reports.{name}": 1 for name in _REPORT},
}
"""What is frozen of a problem."""


@dataclass(frozen=True, slots=True)
class PublicRow:
    """One row of a public list. Empty, when the case is withheld: the list still has the right length."""

    region: str | None = None
    category: str | None = None
    unit_id: ObjectId | None = None
    state: str | None = None
    outlet_id: ObjectId | None = None
    url: str = ""
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody had before their eyes when they released: the figures, and which release was the latest (0: none)."""

    values: tuple[int, ...]
    """In the order of ``PUBLIC_KEYS``."""
    latest: int


@dataclass(frozen=True, slots=True)
class Preview:
    """The figures of a period as a release would freeze them now."""

    figures: Sequence[ReleasedFigure]
    seen: Seen


@dataclass(frozen=True, slots=True)
class Prepared:
    """A release whose rows are written, and which nobody can see yet."""

    release: Release
    seen: Seen | None


class Releases:
    """Releases figures and reads what was released."""

    def __init__(
        self, database: Database, transactor: Transactor, monitor: Monitor, places: Places, clock: Clock
    ) -> None:
        self._database = database
        self._releases = database[Release.Settings.name]
        self._rows = database[ReleaseRow.Settings.name]
        self._problems = database[Problem.Settings.name]
        self._transactor = transactor
        self._monitor = monitor
        self._places = places
        self._clock = clock

    async def preview(self, period: Period) -> Preview:
        """What ``release`` would make public now.

        Raises:
            InvalidInput: the period ends in the future, or holds too much.
        """
        figures, latest = await self._count(period, None), await self.latest()
        return Preview(figures, Seen(_values(figures), latest.number if latest else 0))

    async def release(
        self, period: Period, actor: Actor, origin: Origin, *, seen: Seen | None = None, demo: bool = False
    ) -> Release:
        """Freeze the public figures of ``period`` as they are now, and make them public.

        With ``seen``, only if they still are what was seen, and nobody has released anything since: a form that is sent twice
        releases once. Figures that count sample data are sample data themselves, and go with it; ``demo`` makes them so anyway.

        Raises:
            Forbidden: not publicity staff. InvalidInput: the period ends in the future, or holds too much.
            Conflict: the figures are not those that were seen, or others were released while these were written.
        """
        prepared = await self.prepare(period, actor, self._clock(), seen=seen, demo=demo)
        try:
            return await self._transactor.run(lambda tx: self.write(tx, prepared), origin)
        except MediaTrackerError:
            await self.forget(prepared)
            raise

    async def prepare(
        self, period: Period, actor: Actor, now: datetime, *, seen: Seen | None = None, demo: bool = False
    ) -> Prepared:
        """Count what ``write`` makes public, as of ``now``, and write its rows. Raises as ``release`` does."""
        if not actor.has(Role.PUBLICITY):
            raise Forbidden(N_("Only publicity staff can release figures."))
        figures = await self._count(period, now)
        if seen is not None and seen.values != _values(figures):
            raise Conflict(CHANGED)
        await self._take_away_leftovers()
        release = Release(
            id=ObjectId(),
            number=(await draw(self._database, COUNTER))[0],
            start=period.start.isoformat(),
            end=period.end.isoformat(),
            released_at=now,
            released_by=actor.user_id,
            figures=figures,
            demo=demo,
        )
        prepared = Prepared(release, seen)
        try:
            await self._write_rows(release, period)
        except BaseException:  # cut off, too: nothing is in doubt before there is a transaction
            await asyncio.shield(self.forget(prepared))
            raise
        return prepared

    async def write(self, tx: Transaction, prepared: Prepared) -> Release:
        """Make a release of rows that are there, in a transaction.

        Raises:
            Conflict: somebody has released figures since they were seen, or since the rows were begun.
        """
        release = prepared.release
        await self._nobody_was_faster(tx, release, prepared.seen)
        row = release.model_dump(exclude={"id", "revision_id"})
        await self._releases.insert_one({"_id": release.id, **row}, session=tx.session)
        assert release.id is not None
        counted = {figure.key.value: figure.value for figure in release.figures}
        tx.record(NewEvent(ENTITY, ObjectId(release.id), 1, "released", release.released_at, counted))
        return release

    async def forget(self, prepared: Prepared) -> None:
        """Take away the rows of a release that has come to nothing for certain."""
        await self._rows.delete_many({"release": prepared.release.number})

    async def _count(self, period: Period, as_of: datetime | None) -> list[ReleasedFigure]:
        """The public figures, all as of one moment: nothing is seen half-way. None: as they are."""
        view = self._monitor.view(period)
        if period.end < period.start or period.end > view.day(view.now):
            sentence = N_("The period must end today or before, and not before it begins.")
            raise InvalidInput(sentence, {"to": sentence})
        overview = await self._monitor.overview(period, (), dimensions=(), as_of=as_of)
        figures = [_figure(key, overview.figures[key].value) for key in PUBLIC_KEYS]
        if sum(_values(figures)) > MOST_ROWS:
            sentence = N_("That is too much for one release. Choose a shorter period.")
            raise InvalidInput(sentence, {"from": sentence})
        return figures

    async def _write_rows(self, release: Release, period: Period) -> None:
        """The public lists, as long as their figures; ``release`` learns whether it counts sample data."""
        tree = await self._places.regions()
        lengths: dict[Key, int] = dict.fromkeys(PUBLIC_KEYS, 0)
        waiting: list[Json] = []
        async for found in self._monitor.each_day(period, [Family.CASE], as_of=release.released_at):
            for key in found.places.keys() & lengths.keys():
                rows = _begun_rows(release.number, key, lengths[key], found)
                lengths[key] += len(rows)
                waiting += rows
            if len(waiting) >= ROWS_AT_ONCE:
                await self._freeze(release, waiting, tree)
                waiting = []
        await self._freeze(release, waiting, tree)
        if lengths != {figure.key: figure.value for figure in release.figures}:
            raise Conflict(CHANGED)

    async def _freeze(self, release: Release, rows: Sequence[Json], tree: RegionTree) -> None:
        """Write ``rows`` with what their cases are."""
        if not rows:
            return
        cases = await self._cases(row["problem_id"] for row in rows)
        release.demo = release.demo or any(each.get("demo") for each in cases.values())
        for row in rows:
            problem = cases.get(row["problem_id"])
            case = problem["case"] if problem is not None else {}
            row["story_id"] = row["story_id"] or _first_exposure(case)
            row.update(_of_case(case, tree))
        await self._rows.insert_many(rows)

    async def _cases(self, ids: Iterable[ObjectId]) -> dict[ObjectId, Json]:
        """What is frozen of problems, as they are."""
        found = self._problems.find({"_id": {"$in": list(set(ids))}}, _OF_A_CASE)
        return {row["_id"]: row async for row in found}

    async def _take_away_leftovers(self) -> None:
        """Rows under numbers that never became releases, and cannot any more: a higher one has."""
        latest = await self.latest()
        if latest is None:
            return
        begun = {"release": {"$lt": latest.number}}
        written = set(await self._rows.distinct("release", begun))
        lost = written - set(await self._releases.distinct("number", {"number": {"$lt": latest.number}}))
        if lost:
            await self._rows.delete_many({"release": {"$in": sorted(lost)}})

    async def _nobody_was_faster(self, tx: Transaction, release: Release, seen: Seen | None) -> None:
        """Of two releases at once the second one waits here for the first, and then sees it."""
        await self._database[COUNTERS].update_one(
            {"_id": COUNTER}, {"$max": {"released": release.number}}, session=tx.session
        )
        newest = await self._releases.find_one({}, {"number": 1}, sort=[("number", -1)], session=tx.session)
        if newest is None:
            return
        if newest["number"] > release.number or (seen is not None and newest["number"] != seen.latest):
            raise Conflict(
                N_("Figures have been released since you looked. See them, then decide whether more are due.")
            )

    async def latest(self) -> Release | None:
        """What is public now."""
        row = await self._releases.find_one({}, sort=[("number", -1)])
        return Release.model_validate(row) if row else None

    async def get(self, number: int) -> Release:
        """A release by its number; ``NotFound`` without one."""
        row = await self._releases.find_one({"number": number})
        if row is None:
            raise NotFound(N_("There is no release with this number."))
        release: Release = Release.model_validate(row)
        return release

    async def all(self, limit: int = 1000) -> list[Release]:
        """Releases, newest first."""
        return [Release.model_validate(row) async for row in self._releases.find().sort("number", -1).limit(limit)]

    async def before(self, number: int, limit: int) -> list[Release]:
        """The last ``limit`` releases before this one, newest first."""
        found = self._releases.find({"number": {"$lt": number}}).sort("number", -1).limit(limit)
        return [Release.model_validate(row) async for row in found]

    async def rows(self, release: Release, key: Key, first: int = 0, size: int | None = None) -> list[PublicRow]:
        """The public list behind a released figure, always as long as the figure: ``size`` rows from place ``first`` on, or all.

        What was withdrawn or withheld since is masked, and what somebody objects to until that is answered; it keeps its row.
        """
        places: Json = {"$gte": first} if size is None else {"$gte": first, "$lt": first + size}
        wanted = {"release": release.number, "key": key.value, "place": places}
        frozen = await self._rows.find(wanted).sort("place", 1).to_list()
        problem_ids = [row["problem_id"] for row in frozen if row["problem_id"] is not None]
        story_ids = [row["story_id"] for row in frozen if row["story_id"] is not None]
        problems = self._database[Problem.Settings.name].find(
            {"_id": {"$in": problem_ids}, "$or": [{"case.withheld": True}, {"case.objections.0": {"$exists": True}}]},
            {"_id": 1},
        )
        withheld = {row["_id"] async for row in problems}
        stories = self._database[Story.Settings.name].find(
            {"_id": {"$in": story_ids}, "withdrawn_at": None}, {"url": 1, "outlet_id": 1}
        )
        links = {row["_id"]: row async for row in stories}
        return [_public(row, withheld, links) for row in frozen]

    async def problem_behind(self, number: int, key: str, place: int) -> ObjectId | None:
        """The problem that row ``place`` (from 0) of a public list counts; None for a row that there is not."""
        if await self._releases.find_one({"number": number}, {"_id": 1}) is None:
            return None
        row = await self._rows.find_one({"release": number, "key": key, "place": place}, {"problem_id": 1})
        found: ObjectId | None = row["problem_id"] if row is not None else None
        return found


def _values(figures: Sequence[ReleasedFigure]) -> tuple[int, ...]:
    return tuple(figure.value for figure in figures)


def _figure(key: Key, value: int) -> ReleasedFigure:
    definition = DEFINITIONS[key]
    return ReleasedFigure(key=key, value=value, name=definition.name, definition=definition.text)


def _begun_rows(number: int, key: Key, first: int, found: DayLists) -> list[Json]:
    """A list's rows of one day, from place ``first`` on, as ``ReleaseRow`` is stored; what their cases are comes later."""
    ids, entities, stories = (_ids(found.column(name, key)) for name in ("id", "entity", "story"))
    subjects = found.sheet.names["subject"]
    codes = found.sheet.columns["subject"][found.places[key]].tolist()
    return [
        {
            "_id": ObjectId(),
            "release": number,
            "key": key.value,
            "place": place,
            "subject": subjects[code],
            "subject_id": subject_id,
            "problem_id": problem_id,
            "story_id": story_id if story_id != _NO_ID else None,
        }
        for place, (code, subject_id, problem_id, story_id) in enumerate(
            zip(codes, ids, entities, stories, strict=True), first
        )
    ]


def _of_case(case: Json, tree: RegionTree) -> Json:
    return {
        "region": _street(case.get("region"), tree),
        "category": case.get("category"),
        "unit_id": case.get("unit_id"),
        "state": case.get("state"),
        "withheld": bool(case.get("withheld")),
    }


def _ids(data: bytes) -> list[ObjectId]:
    return [ObjectId(data[at : at + 12]) for at in range(0, len(data), 12)]


def _first_exposure(case: Json) -> ObjectId | None:
    """The story of the first exposure that stands (``Case.exposures``), of a case as it is stored."""
    standing = [
        (each["occurred_at"], each["id"], each.get("story_id"))
        for each in case.get("reports", ())
        if each["channel"] == Channel.EXPOSURE and each.get("withdrawn_at") is None
    ]
    return min(standing)[2] if standing else None


def _street(region: str | None, tree: RegionTree) -> str | None:
    """The subdistrict of a region, or what stands above when the region is wider; never the community."""
    if region is None or region not in tree:
        return None
    streets = [code for code in tree.path(region) if tree[code].level != "community"]
    return streets[-1] if streets else None


def _public(row: Json, withheld: set[ObjectId], links: dict[ObjectId, Json]) -> PublicRow:
    if row["withheld"] or row["problem_id"] in withheld:
        return PublicRow(withheld=True)
    link = links.get(row["story_id"]) if row["story_id"] is not None else None
    return PublicRow(
        region=row["region"],
        category=row["category"],
        unit_id=row["unit_id"],
        state=row["state"],
        outlet_id=link["outlet_id"] if link else None,
        url=link["url"] if link else "",
    )
