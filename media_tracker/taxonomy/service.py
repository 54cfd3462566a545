"""The table of categories in the database, kept in memory for a minute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Protocol

from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database
from media_tracker.errors import N_, Forbidden, InvalidInput, NotFound
from media_tracker.taxonomy.categories import Category, LimitUnit
from media_tracker.taxonomy.documents import CategoryDocument

REFRESH_AFTER = timedelta(minutes=1)


class Keeper(Protocol):
    """Who asks for a change, as far as this room needs to know; ``accounts.actor.Actor`` is one."""

    @property
    def keeps_tables(self) -> bool: ...


class CategoryTable:
    """Categories by code, parents before children."""

    def __init__(self, categories: Iterable[Category]) -> None:
        ordered = sorted(categories, key=lambda category: (category.parent or category.code, category.code))
        self.by_code: Mapping[str, Category] = {category.code: category for category in ordered}

    def __getitem__(self, code: str) -> Category:
        try:
            return self.by_code[code]
        except KeyError:
            raise NotFound(N_("There is no category with the code {code}."), code=code) from None

    def __contains__(self, code: object) -> bool:
        return code in self.by_code

    def path(self, code: str | None) -> tuple[str, ...]:
        """``code`` and the codes above it, the most special first; empty for None or an unknown code."""
        if code is None or code not in self.by_code:
            return ()
        parent = self.by_code[code].parent
        return (code,) if parent is None else (code, *self.path(parent))

    def below(self, code: str) -> list[str]:
        """``code`` and every code under it."""
        return [each for each in self.by_code if code in self.path(each)]

    def groups(self) -> list[tuple[Category, list[Category]]]:
        """Each top class with its sub-classes."""
        tops = [category for category in self.by_code.values() if category.parent is None]
        return [(top, [c for c in self.by_code.values() if c.parent == top.code]) for top in tops]


class Taxonomy:
    """Reads and writes the categories."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._categories = database[CategoryDocument.Settings.name]
        self._clock = clock
        self._table: CategoryTable | None = None
        self._read_at: datetime | None = None

    async def table(self) -> CategoryTable:
        """The present table, at most a minute old."""
        now = self._clock()
        if self._table is None or self._read_at is None or now - self._read_at > REFRESH_AFTER:
            rows = await self._categories.find().to_list()
            known = {field.name for field in fields(Category)}
            self._table = CategoryTable(
                Category(code=row["_id"], **{name: value for name, value in row.items() if name in known})
                for row in rows
            )
            self._read_at = now
        return self._table

    async def put(self, categories: Iterable[Category], session: AsyncClientSession | None = None) -> None:
        """Add or replace categories by code, within the transaction of ``session`` if there is one."""
        writes = [
            UpdateOne(
                {"_id": c.code},
                {
                    "$set": {
                        "parent": c.parent,
                        "name_zh": c.name_zh,
                        "name_en": c.name_en,
                        "usual_unit_zh": c.usual_unit_zh,
                        "limit": c.limit,
                        "limit_unit": c.limit_unit,
                        "danger": c.danger,
                        "active": c.active,
                    }
                },
                upsert=True,
            )
            for c in categories
        ]
        if writes:
            await self._categories.bulk_write(writes, ordered=False, session=session)
        self._table = None

    async def change(
        self,
        code: str,
        *,
        name_zh: str,
        name_en: str,
        usual_unit_zh: str,
        limit: int | None,
        limit_unit: LimitUnit | None,
        danger: bool,
        active: bool,
        by: Keeper | None = None,
    ) -> Category:
        """Change a category; its code and its class stay. What is in it keeps the deadlines that it has been given.

        Raises:
            Forbidden: ``by`` does not keep the tables. NotFound: there is no such category.
            InvalidInput: no name, a sub-class without a limit, or a class with one.
        """
        if by is not None and not by.keeps_tables:
            raise Forbidden(N_("Only an admin may change categories."))
        present = (await self.table())[code]
        wrong: dict[str, str] = {}
        if not name_zh.strip():
            wrong["name_zh"] = N_("Please give a name.")
        if present.parent is not None and (not limit or limit_unit is None):
            wrong["limit"] = N_("Please give a time limit of one day or hour at least.")
        if wrong:
            raise InvalidInput(N_("Please look at the marked fields."), wrong)
        limited = present.parent is not None
        changed = replace(
            present,
            name_zh=name_zh.strip(),
            name_en=name_en.strip(),
            usual_unit_zh=usual_unit_zh.strip(),
            limit=limit if limited else None,
            limit_unit=limit_unit if limited else None,
            danger=danger,
            active=active,
        )
        await self.put([changed])
        return changed
