"""The suggester in use: the learned model and the rules of the database, put together with its tables.

Every process keeps its own and asks twice a minute whether another version or edition is in use by now. As long as there is no
model (a fresh installation, whose first one is still being trained), cue words alone suggest.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from media_tracker.db.clock import Clock
from media_tracker.errors import InvalidInput, NotFound
from media_tracker.places.gazetteer import Gazetteer
from media_tracker.places.regions import RegionTree
from media_tracker.places.service import Places
from media_tracker.places.units import Unit
from media_tracker.tagging.model import load
from media_tracker.tagging.office_rules import OfficeSuggester
from media_tracker.tagging.reading import Reader
from media_tracker.tagging.rule_book import RuleBook
from media_tracker.tagging.rules import Rules
from media_tracker.tagging.suggest import CueSuggester, LearnedSuggester, Suggester
from media_tracker.tagging.versions import Versions
from media_tracker.taxonomy.categories import Category
from media_tracker.taxonomy.service import Taxonomy

ASK_AFTER = timedelta(seconds=30)
"""How long another version or edition may take to be noticed."""
READ_AFTER = timedelta(minutes=1)
"""How long a change of regions, units or categories may take to reach the suggestions. As long as two workers see different
tables, each looks again at what the other has looked at."""

log = structlog.get_logger("tagging")


@dataclass(frozen=True, slots=True)
class Tables:
    """What the places and the taxonomy give to the suggester."""

    tree: RegionTree
    units: tuple[Unit, ...]
    categories: tuple[Category, ...]

    @property
    def digest(self) -> str:
        """Changes with the tables."""
        regions = sorted((each.code, each.name, each.aliases) for each in self.tree)
        units = sorted((each.name, each.region or "", each.aliases) for each in self.units)
        codes = sorted(each.code for each in self.categories)
        return hashlib.sha256(repr((regions, units, codes)).encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class InForce:
    """The rules and tables that suggestions rest on now: what a model is trained and judged with, too."""

    rules: Rules
    tables: Tables

    @property
    def digest(self) -> str:
        """Changes with anything in them that a reader of stories looks at."""
        rules = sorted((table.value, sorted(rows)) for table, rows in self.rules.tables.items())
        return hashlib.sha256(repr((rules, self.tables.digest)).encode()).hexdigest()[:12]

    def reader(self) -> Reader:
        """Reads stories as the suggester does."""
        return Reader(self.rules.cues, gazetteer(self.tables, self.rules))


@dataclass(frozen=True, slots=True)
class _Built:
    suggester: Suggester
    version: int | None
    edition: int
    digest: str


class SuggesterSource:
    """Hands out the suggester; builds it when first asked, and again when what it rests on has changed."""

    def __init__(self, places: Places, taxonomy: Taxonomy, rules: RuleBook, versions: Versions, clock: Clock) -> None:
        self._places = places
        self._taxonomy = taxonomy
        self._rules = rules
        self._versions = versions
        self._clock = clock
        self._built: _Built | None = None
        self._model: tuple[int, bytes] | None = None
        self._asked_at: datetime | None = None
        self._tables: tuple[datetime, Tables, str] | None = None
        self._building = asyncio.Lock()

    async def get(self) -> Suggester:
        """The present suggester, at most half a minute behind the rules and the model, and a minute behind the tables."""
        async with self._building:
            now = self._clock()
            fresh = self._asked_at is not None and timedelta() <= now - self._asked_at <= ASK_AFTER
            if self._built is None or not fresh:
                self._built = await self._present(self._built)
                self._asked_at = now
            return self._built.suggester

    async def with_rules(self, rules: Rules) -> Suggester:
        """What the suggester would be with other rules."""
        present = await self._versions.in_use()
        tables, digest = await self._read_tables()
        data = await self._data(present.number) if present else None
        return await asyncio.to_thread(build, tables, rules, data, digest)

    async def in_force(self) -> InForce:
        """The present edition of the rules, with the tables as they are or were a minute ago."""
        tables, _ = await self._read_tables()
        return InForce(await self._rules.current(), tables)

    async def _read_tables(self) -> tuple[Tables, str]:
        now = self._clock()
        if self._tables is None or not timedelta() <= now - self._tables[0] <= READ_AFTER:
            units = tuple(await self._places.units())
            categories = tuple(each for each in (await self._taxonomy.table()).by_code.values() if each.active)
            tables = Tables(await self._places.regions(), units, categories)
            self._tables = now, tables, tables.digest
        return self._tables[1:]

    async def _present(self, before: _Built | None) -> _Built:
        in_use, edition = await self._versions.in_use(), await self._rules.number()
        version = in_use.number if in_use else None
        tables, digest = await self._read_tables()
        if before is not None and (before.version, before.edition, before.digest) == (version, edition, digest):
            return before
        rules = await self._rules.current()
        data = await self._data(version) if version is not None else None
        suggester = await asyncio.to_thread(build, tables, rules, data, digest)
        return _Built(suggester, version, rules.number, digest)

    async def _data(self, version: int) -> bytes | None:
        """The bytes of a version, read once; None where they are gone, so that cue words suggest alone."""
        if self._model is None or self._model[0] != version:
            try:
                self._model = version, await self._versions.data(version)
            except NotFound:
                log.error("model_gone", version=version)
                return None
        return self._model[1]


def build(tables: Tables, rules: Rules, data: bytes | None, digest: str = "") -> Suggester:
    """Put a suggester together. ``data``: a model's bytes; one of another release is left aside, and cue words suggest alone.

    Its version names all that its answers rest on.
    """
    found, model = gazetteer(tables, rules), None
    if data is not None:
        try:
            model = load(data)
        except InvalidInput as error:
            log.error("model_not_read", reason=error.message)
    suggester = (
        CueSuggester(rules.cues, found, tables.categories)
        if model is None
        else LearnedSuggester(model, rules.cues, found, tables.categories)
    )
    suggester.version = f"{suggester.version}.{rules.number}.{digest}"
    return OfficeSuggester(suggester, rules, tables.tree)


def gazetteer(tables: Tables, rules: Rules) -> Gazetteer:
    """The names by which ``tables`` and ``rules`` know where something is."""
    tree = tables.tree
    named = {name: unit.region for unit in tables.units for name in (unit.name, *unit.aliases)}
    named |= {alias: named.get(unit) for alias, unit in rules.unit_aliases.items()}
    units = {name: region for name, region in named.items() if region is not None and region in tree}
    places = {name: code for name, code in rules.places.items() if code in tree}
    return Gazetteer(tree, places, units)
