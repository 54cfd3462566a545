"""Regions and units in the database, kept in memory for a minute."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.ids import parse_id
from media_tracker.errors import N_, InvalidInput, NotFound
from media_tracker.places.documents import RegionDocument, UnitDocument
from media_tracker.places.keeping import Keeper, check_keeper
from media_tracker.places.regions import Region, RegionTree
from media_tracker.places.responsibility_table import ResponsibilityTable
from media_tracker.places.units import Unit, UnitTree

REFRESH_AFTER = timedelta(minutes=1)


class Places:
    """Reads and writes regions and units."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._regions = database[RegionDocument.Settings.name]
        self._units = database[UnitDocument.Settings.name]
        self.responsibilities = ResponsibilityTable(database)
        self._clock = clock
        self._tree: RegionTree | None = None
        self._tree_read_at: datetime | None = None
        self._known_units: tuple[Sequence[Json], UnitTree] | None = None

    async def regions(self) -> RegionTree:
        """The present regions, at most a minute old."""
        now = self._clock()
        if self._tree is None or self._tree_read_at is None or now - self._tree_read_at > REFRESH_AFTER:
            rows = await self._regions.find().to_list()
            self._tree = RegionTree(
                Region(
                    code=row["_id"],
                    name=row["name"],
                    level=row["level"],
                    parent=row["parent"],
                    aliases=tuple(row["aliases"]),
                    administered_by=row["administered_by"],
                )
                for row in rows
            )
            self._tree_read_at = now
        return self._tree

    async def put_regions(self, regions: Iterable[Region], session: AsyncClientSession | None = None) -> None:
        """Add or replace regions by code, within the transaction of ``session`` if there is one."""
        writes = [
            UpdateOne(
                {"_id": r.code},
                {
                    "$set": {
                        "name": r.name,
                        "level": r.level,
                        "parent": r.parent,
                        "aliases": list(r.aliases),
                        "administered_by": r.administered_by,
                    }
                },
                upsert=True,
            )
            for r in regions
        ]
        if writes:
            await self._regions.bulk_write(writes, ordered=False, session=session)
        self._tree = None

    async def find_regions(self, words: str, limit: int = 50) -> list[Region]:
        """Regions whose code begins with ``words``, or whose name as written in running text, or alias, holds them.

        The shortest names come first: who asks for 张店 means the district before its subdistricts.
        """
        words = "".join(words.split())
        if not words:
            return []
        tree = await self.regions()
        found = []
        for region in tree:
            label = tree.label(region.code)
            if region.code.startswith(words) or words in label or any(words in alias for alias in region.aliases):
                found.append((len(label), region.code, region))
        return [region for _, _, region in sorted(found, key=lambda each: each[:2])[:limit]]

    async def units(self) -> UnitTree:
        """All units as they are now. They are few and change under people's hands, so they are read each time."""
        return self.units_of(await self._units.find().to_list())

    def units_of(self, rows: Sequence[Json]) -> UnitTree:
        """The same, of rows that have been read. As long as they say the same it is the same tree."""
        if self._known_units is not None and self._known_units[0] == rows:
            return self._known_units[1]
        tree = UnitTree(
            Unit(
                row["_id"],
                row["name"],
                row["parent"],
                row["region"],
                tuple(row["aliases"]),
                row["active"],
                row.get("reviews_answers", False),
            )
            for row in rows
        )
        self._known_units = rows, tree
        return tree

    async def add_unit(
        self,
        name: str,
        *,
        parent: ObjectId | None = None,
        region: str | None = None,
        aliases: Iterable[str] = (),
        demo: bool = False,
        by: Keeper | None = None,
    ) -> ObjectId:
        """Add a unit and return its id.

        Raises:
            Forbidden: ``by`` does not keep the tables.
            InvalidInput: no name, a name that another unit has, or an unknown parent or region.
        """
        check_keeper(by)
        name = name.strip()
        if not name:
            raise InvalidInput(N_("Please give the unit a name."), {"name": N_("Please give the unit a name.")})
        if parent is not None and await self._units.find_one({"_id": parent}, {"_id": 1}) is None:
            raise InvalidInput(N_("The unit above it does not exist."), {"parent": N_("Please choose from the list.")})
        if region is not None and region not in await self.regions():
            raise InvalidInput(N_("The region does not exist."), {"region": N_("Please choose from the list.")})
        document = {
            "name": name,
            "aliases": [alias.strip() for alias in aliases if alias.strip()],
            "parent": parent,
            "region": region,
            "active": True,
            "demo": demo,
            "version": 1,
        }
        try:
            return ObjectId((await self._units.insert_one(document)).inserted_id)
        except DuplicateKeyError:
            sentence = N_("There is a unit of this name already.")
            raise InvalidInput(sentence, {"name": sentence}) from None

    async def set_unit_active(self, unit_id: str, active: bool, *, by: Keeper | None = None) -> None:
        """Dissolve a unit or bring it back. A dissolved one keeps its problems and takes no new ones.

        Raises:
            Forbidden: ``by`` does not keep the tables.
            NotFound: there is no such unit.
        """
        check_keeper(by)
        changed = await self._units.update_one({"_id": parse_id(unit_id)}, {"$set": {"active": active}})
        if changed.matched_count == 0:
            raise NotFound(N_("There is no such unit."))

    async def set_unit_reviews(self, unit_id: str, reviews: bool, *, by: Keeper | None = None) -> None:
        """Have a unit's answers released by a second person from now on (单位内审), or no longer.

        Raises:
            Forbidden: ``by`` does not keep the tables.
            NotFound: there is no such unit.
        """
        check_keeper(by)
        changed = await self._units.update_one({"_id": parse_id(unit_id)}, {"$set": {"reviews_answers": reviews}})
        if changed.matched_count == 0:
            raise NotFound(N_("There is no such unit."))

    async def set_administered_by(self, code: str, body: str | None, *, by: Keeper | None = None) -> None:
        """Have the region ``code`` counted by the body ``body``, or by its own district again.

        Raises:
            Forbidden: ``by`` does not keep the tables.
            NotFound: one of the codes is unknown.
            InvalidInput: the one cannot be administered, or the other does not administer.
        """
        check_keeper(by)
        tree = await self.regions()
        if tree[code].level not in ("subdistrict", "community"):
            raise InvalidInput(N_("Only a subdistrict or a community can be administered by another body."))
        if body is not None and tree[body].level != "district":
            raise InvalidInput(N_("Only a district or a zone can administer a region."))
        await self._regions.update_one({"_id": code}, {"$set": {"administered_by": body}})
        self._tree = None
