"""Typed search: what a field of the desk offers while somebody writes into it, by characters, codes and pinyin.

Regions, categories and units are looked up in memory; a table that has changed is spelt anew, at most a minute after the change.
Problems are asked of the database by number and by words, and by pinyin among the newest that are open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from litestar import Request, get
from litestar.params import FromQuery

from media_tracker.errors import N_, InvalidInput
from media_tracker.places.regions import LEVELS, Region, RegionTree
from media_tracker.problems.case import OPEN_STATES
from media_tracker.problems.documents import Problem
from media_tracker.problems.finding.lines import Line
from media_tracker.problems.finding.listing import ProblemFilter, read_listing
from media_tracker.text.pinyin_index import LONGEST, Entry, PinyinIndex
from media_tracker.web.guards import editors
from media_tracker.web.i18n import current_locale
from media_tracker.web.naming import Names, names_of
from media_tracker.web.visitor import Connection, services
from media_tracker.wiring import Services

OFFERED = 12
NEWEST_PROBLEMS = 1000
"""Open problems that pinyin finds; words and numbers find all."""
PROBLEMS_STAY_FOR = timedelta(seconds=30)


class What(StrEnum):
    """What is looked for."""

    REGION = "region"
    CATEGORY = "category"
    UNIT = "unit"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Spelt:
    """An index, and what it was made of."""

    of: Hashable
    index: PinyinIndex


class TypedSearch:
    """The indexes of one process."""

    def __init__(self, use: Services) -> None:
        self._use = use
        self._spelt: dict[str, Spelt] = {}
        self._lock = asyncio.Lock()
        self._problems_read_at: datetime | None = None
        self._problems: tuple[Line, ...] = ()

    async def find(self, what: What, question: str, names: Names) -> list[Entry]:
        """The best answers to ``question``, best first."""
        question = question.strip()[:LONGEST]
        if what is What.PROBLEM:
            return await self._find_problems(question)
        return (await self._index(what, names)).find(question, OFFERED)

    async def _index(self, what: What, names: Names) -> PinyinIndex:
        if what is What.REGION:
            regions = names.regions
            return await self._kept("region", tuple(regions), lambda: region_entries(regions))
        if what is What.UNIT:
            units = tuple((unit.name, unit.aliases) for unit in names.units.active())
            return await self._kept("unit", units, lambda: _unit_entries(units))
        lines = tuple(_category_lines(names))
        return await self._kept(f"category {current_locale()}", lines, lambda: _category_entries(lines))

    async def _kept(self, name: str, made_of: Hashable, entries: Callable[[], Iterable[Entry]]) -> PinyinIndex:
        """The index ``name``, spelt anew only where it was made of something else."""
        kept = self._spelt.get(name)
        if kept is None or kept.of != made_of:
            async with self._lock:
                kept = self._spelt.get(name)
                if kept is None or kept.of != made_of:
                    index = await asyncio.to_thread(lambda: PinyinIndex(entries()))
                    kept = self._spelt[name] = Spelt(made_of, index)
        return kept.index

    async def _find_problems(self, question: str) -> list[Entry]:
        """By number or words; what is neither is taken for pinyin."""
        if not question:
            return []
        wanted = ProblemFilter(words=question)
        problems = self._use.database[Problem.Settings.name]
        found = [_problem_entry(line) for line in (await read_listing(problems, wanted, size=OFFERED)).lines]
        known = {entry.value for entry in found}
        index = await self._kept("problem", await self._newest_open(), self._problem_entries)
        return [*found, *(each for each in index.find(question, OFFERED) if each.value not in known)][:OFFERED]

    async def _newest_open(self) -> Hashable:
        now = self._use.clock()
        if self._problems_read_at is None or now - self._problems_read_at >= PROBLEMS_STAY_FOR:
            problems = self._use.database[Problem.Settings.name]
            listing = await read_listing(problems, ProblemFilter(states=OPEN_STATES), size=NEWEST_PROBLEMS)
            self._problems, self._problems_read_at = tuple(listing.lines), now
        return tuple((line.number, line.title, line.place) for line in self._problems)

    def _problem_entries(self) -> Iterable[Entry]:
        return [_problem_entry(line) for line in self._problems]


def region_entries(tree: RegionTree) -> Iterator[Entry]:
    """Every region by its names, alone and behind those above it, in full or as people shorten them (张店和平街道)."""
    for region in tree:
        above = [tree[code] for code in _path(tree, region.code)][1:-1]
        shortened = [_short(each) for each in above]
        paths = {
            "".join(names[start:]) + region.name
            for names in ([each.name for each in above], shortened)
            for start in range(len(above))
        }
        label = tree.label(region.code)
        beside = label.removesuffix(region.name)
        yield Entry(
            label, region.name, beside, (region.name, *region.aliases), (label, *paths), (region.code,), _rank(region)
        )


def _path(tree: RegionTree, code: str) -> list[str]:
    """From the city down, with the body that counts a region in place of the district that its code lies in."""
    body = tree.body_of(code)
    return [body if body and tree[step].level == "district" else step for step in tree.path(code)]


def _short(region: Region) -> str:
    return min((region.name, *filter(None, region.aliases)), key=len)


def _rank(region: Region) -> int:
    return LEVELS.index(region.level)


def _unit_entries(units: Iterable[tuple[str, tuple[str, ...]]]) -> Iterator[Entry]:
    for name, aliases in units:
        yield Entry(name, name, names=(name, *aliases))


_CategoryLine = tuple[str, str, str, tuple[str, ...]]
"""Code, name, name of its class, and what else it is called."""


def _category_lines(names: Names) -> Iterator[_CategoryLine]:
    for top, below in names.categories.groups():
        for each in below:
            if each.active:
                called = tuple(name for name in (each.name_zh, each.name_en) if name)
                yield each.code, names.category(each.code), names.category(top.code), called


def _category_entries(lines: Sequence[_CategoryLine]) -> Iterator[Entry]:
    for code, label, beside, called in lines:
        yield Entry(code, label, beside, called, codes=(code,))


def _problem_entry(line: Line) -> Entry:
    return Entry(line.number, line.title, line.number, (line.title, line.place), codes=(line.number,))


def typed_search(connection: Connection) -> TypedSearch:
    """The search of the application that serves this request."""
    state = connection.app.state
    if "typed_search" not in state:
        state.typed_search = TypedSearch(services(connection))
    found: TypedSearch = state.typed_search
    return found


@get("/desk/search", guards=[editors])
async def search(
    request: Request[Any, Any, Any], what: FromQuery[str] = "", q: FromQuery[str] = ""
) -> dict[str, list[dict[str, str]]]:
    """``{options: [{value, label, beside}]}`` for what somebody types into a field of the desk, best first."""
    if what not in set(What):
        raise InvalidInput(N_("Please choose from the list."))
    found = await typed_search(request).find(What(what), q, await names_of(request))
    return {"options": [{"value": each.value, "label": each.label, "beside": each.beside} for each in found]}


ROUTES = [search]
