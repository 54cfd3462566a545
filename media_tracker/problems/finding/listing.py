"""Which problems a list shows, in which order, and where its pages begin and end.

Every filter but dates is an entry of ``Problem.search`` (``facets``). Of what is asked for, the rarest entry leads: the index has
its problems by state in the order of the list. The rest is checked on what that brings. A page costs as much as it shows, and
not what the archive holds, as long as the leading entry is about as rare as the whole.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from bson import ObjectId
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from media_tracker.db.connection import Collection, Json
from media_tracker.db.cursors import read_cursor, write_cursor
from media_tracker.problems.arriving import ARRIVING, IMPORTS, without_arriving
from media_tracker.problems.case import Channel, Severity, State
from media_tracker.problems.documents import NEVER, Problem
from media_tracker.problems.finding import facets
from media_tracker.problems.finding.facets import Flag, Waiting
from media_tracker.problems.finding.lines import FIELDS, Line, line_of
from media_tracker.problems.light import WAITING, Light
from media_tracker.problems.stakes import Dependent
from media_tracker.text.segment import search_tokens

PAGE = 30
MOST_COUNTED = 1_000
"""Counts beside a list stop here: 1,000 means that many or more."""
_MOST_IDS = 20_000
"""So many problems of each of several entries are compared to see which of them have all."""
_DENSE = 8
"""Where one in so many of the leading entry's problems is meant, it is enough to look at these."""
_MOST_NUMBERS = 12
_LONGEST_NUMBER = 40
_NUMBER = re.compile(r"(?=.*\d)[0-9A-Za-z][0-9A-Za-z/_-]{2,}")
"""What may be the beginning of another office's number."""
_NOTHING: Json = {"_id": {"$in": []}}
_AS_IT_COMES: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
_ID = re.compile(rb"\x03\d+\x00\x16\x00\x00\x00\x07_id\x00(.{12})\x00", re.DOTALL)
"""A document of an array in BSON, which has an object id and nothing else."""


class Order(StrEnum):
    """How a list is sorted."""

    NEWEST = "newest"
    DUE = "due"  # whose clock ends first


@dataclass(frozen=True, slots=True)
class _Sorting:
    key: str
    sign: int
    index: str
    """For lists with a leading entry."""


_SORTING: Mapping[Order, _Sorting] = {
    Order.NEWEST: _Sorting("case.registered_at", -1, "found_newest"),
    Order.DUE: _Sorting("turns_at", 1, "found_due"),
}


@dataclass(frozen=True, slots=True)
class Span:
    """From ``start`` to just before ``end``; None: without a limit."""

    start: datetime | None = None
    end: datetime | None = None

    def clause(self, key: str) -> Json:
        bounds = {word: moment for word, moment in (("$gte", self.start), ("$lt", self.end)) if moment is not None}
        return {key: bounds} if bounds else {}


@dataclass(frozen=True, slots=True)
class ProblemFilter:
    """Which problems are meant; None and "" mean all."""

    states: frozenset[State] | None = None
    overdue_at: datetime | None = None
    """Only those that were over the deadline of the fix at this moment, as ``is_overdue`` has it."""
    light: Light | None = None
    """Only those of which a clock was yellow (``SOON``) or red (``OVER``) at ``now``."""
    now: datetime | None = None
    units: frozenset[ObjectId] | None = None
    """Only those that one of these units is in charge of, or works on beside it."""
    waiting: Waiting | None = None
    """Only those on which somebody is waited for; with ``units``: one of them."""
    area: str | None = None
    """A region of any level, or a body that administers one."""
    category: str | None = None
    """With all below it."""
    severity: Severity | None = None
    channel: Channel | None = None
    outlet: ObjectId | None = None
    flags: frozenset[Flag] = frozenset()
    registered: Span = Span()
    exposed: Span = Span()
    """By first exposure."""
    due: Span = Span()
    """By the end of the clock that ends first."""
    without: Dependent | None = None
    words: str = ""
    """Words of title, place and what was written; the problem's number, or the beginning of its number elsewhere."""


@dataclass(frozen=True, slots=True)
class ProblemPage:
    """One page of problems, with the cursors of the pages before and after it; ``newer`` is the one before."""

    problems: Sequence[Problem]
    newer: str | None
    older: str | None


@dataclass(slots=True)
class Question:
    """A filter in the database's words. ``lead``: the entry by which the index is entered; empty: none."""

    lead: Sequence[str] = ()
    clauses: list[Json] = field(default_factory=list)
    states: frozenset[State] | None = None
    number: int | None = None
    """How many there are, where finding the lead has told it."""

    def index(self, order: Order) -> str | None:
        """The index that has the list in its order; None: the planner finds it."""
        if self.lead:
            return _SORTING[order].index
        return "state_turns" if order is Order.DUE else None

    def query(self, order: Order, *more: Json) -> Json:
        """All of it, and ``more``."""
        parts: list[Json] = []
        if self.lead:
            parts.append({"search": self.lead[0] if len(self.lead) == 1 else {"$in": list(self.lead)}})
        if self.states is not None or self.index(order):  # a state at least: the index has the order below it
            parts.append({"case.state": {"$in": sorted(State if self.states is None else self.states)}})
        parts += [each for each in (*self.clauses, *more) if each]
        return {"$and": parts} if parts else {}


async def ask(problems: Collection, wanted: ProblemFilter) -> Question:
    """``wanted`` as a question: numbers and words looked up, and the rarest entry foremost."""
    groups = _groups(wanted)
    if (words := wanted.words.strip()) and not (found := await _said(problems, words)):
        return Question(clauses=[_NOTHING])
    if words:
        groups += found
    question = Question(states=wanted.states, clauses=_clauses(wanted))
    if wanted.overdue_at is not None:
        question.states = WAITING if wanted.states is None else WAITING & wanted.states
        question.clauses += [{"turns_at": {"$lt": wanted.overdue_at}, "case.due_at": {"$lt": wanted.overdue_at}}]
    if groups:
        question.lead = groups[0]
    if len(groups) > 1:
        await _narrow(problems, question, groups)
    return question


async def read_page(
    problems: Collection,
    wanted: ProblemFilter,
    older_than: str | None,
    newer_than: str | None,
    size: int,
    order: Order = Order.NEWEST,
) -> ProblemPage:
    """One page by cursor: what comes after one, or before. Without a cursor, or with nonsense: the first."""
    question, besides = await asyncio.gather(ask(problems, wanted), unarrived(problems))
    found = await _page(problems, question, besides, (older_than, newer_than), size, order, None)
    return ProblemPage([Problem.model_validate(row) for row in found.rows], found.newer, found.older)


@dataclass(frozen=True, slots=True)
class Listing:
    """A page as lines, with its cursors, and the numbers that stand on it."""

    lines: Sequence[Line]
    newer: str | None
    older: str | None
    total: int | None
    """Of the list, up to ``MOST_COUNTED``; None: it was not asked for."""
    beside: Sequence[int]
    """Of other lists, up to ``MOST_COUNTED``."""


async def read_listing(
    problems: Collection,
    wanted: ProblemFilter,
    older_than: str | None = None,
    newer_than: str | None = None,
    order: Order = Order.NEWEST,
    *,
    size: int = PAGE,
    total: bool = False,
    beside: Iterable[ProblemFilter] = (),
) -> Listing:
    """``read_page`` as lines, with what is counted around it; what both need is looked up once."""
    question, besides = await asyncio.gather(ask(problems, wanted), unarrived(problems))
    own = [_number(problems, question, MOST_COUNTED, besides)] if total else []
    found, numbers = await asyncio.gather(
        _page(problems, question, besides, (older_than, newer_than), size, order, FIELDS),
        asyncio.gather(*own, *(_count(problems, each, MOST_COUNTED, besides) for each in beside)),
    )
    lines = [line_of(row) for row in found.rows]
    return Listing(lines, found.newer, found.older, numbers[0] if total else None, numbers[len(own) :])


@dataclass(frozen=True, slots=True)
class _Page:
    """Rows as they are stored, and the cursors of the pages beside them."""

    rows: Sequence[Json]
    newer: str | None
    older: str | None


async def _page(
    problems: Collection,
    question: Question,
    besides: Json,
    cursors: tuple[str | None, str | None],
    size: int,
    order: Order,
    only: Mapping[str, int] | None,
) -> _Page:
    """``cursors``: older than, newer than. ``only``: the fields that are wanted; None: all."""
    older_than, newer_than = cursors
    question = replace(question, clauses=[*question.clauses, besides])
    back = read_cursor(newer_than)
    on = read_cursor(older_than) if back is None else None
    rows = await _rows(problems, question, order, (back or on, back is not None), size + 1, only)
    more = len(rows) > size
    found = rows[:size]
    if back is not None:
        found.reverse()
    if not found:
        return _Page((), None, None)
    has_newer, has_older = (more, True) if back is not None else (on is not None, more)
    return _Page(
        found, _cursor(found[0], order) if has_newer else None, _cursor(found[-1], order) if has_older else None
    )


async def count(problems: Collection, wanted: ProblemFilter, most: int | None = None) -> int:
    """How many problems a list would show; with ``most`` it is not counted further."""
    return await _count(problems, wanted, most, await unarrived(problems))


async def _count(problems: Collection, wanted: ProblemFilter, most: int | None, besides: Json) -> int:
    return await _number(problems, await ask(problems, wanted), most, besides)


async def _number(problems: Collection, question: Question, most: int | None, besides: Json) -> int:
    if question.number is not None and not besides:
        return question.number if most is None else min(question.number, most)
    query = question.query(Order.DUE, besides)
    options: Json = {"hint": question.index(Order.DUE)} | ({"limit": most} if most is not None else {})
    return await problems.count_documents(query, **options)


async def counts(problems: Collection, wanted: Iterable[ProblemFilter], besides: Json | None = None) -> list[int]:
    """How many each list would show, up to ``MOST_COUNTED``. ``besides``: what ``unarrived`` has said."""
    besides = await unarrived(problems) if besides is None else besides
    return list(await asyncio.gather(*(_count(problems, each, MOST_COUNTED, besides) for each in wanted)))


async def unarrived(problems: Collection) -> Json:
    """Leaves out what an import is bringing in. Its problems are all registered when it began: the index skips them."""
    clause = await without_arriving(problems.database)
    if not clause:
        return {}
    under_way = problems.database[IMPORTS].find({"state": ARRIVING}, {"started_at": 1})
    began = [row["started_at"] async for row in under_way]
    return {**clause, "case.registered_at": {"$nin": began}}


async def _rows(
    problems: Collection,
    question: Question,
    order: Order,
    way: tuple[tuple[datetime, ObjectId] | None, bool],
    most: int,
    only: Mapping[str, int] | None,
) -> list[Json]:
    """Up to ``most`` rows behind an edge, onwards or (True) back: first the rest of its moment, which thousands may share."""
    edge, back = way
    by = _SORTING[order]
    sign = -by.sign if back else by.sign
    word = "$gt" if sign > 0 else "$lt"
    parts: list[Json] = [{}]
    if edge is not None:
        moment, last = edge
        parts = [{by.key: moment, "_id": {word: last}}, {by.key: {word: moment}}]
    rows: list[Json] = []
    for part in parts:
        if len(rows) < most:
            cursor = problems.find(question.query(order, part), only).sort([(by.key, sign), ("_id", sign)])
            cursor = cursor.hint(question.index(order))
            rows += await cursor.limit(most - len(rows)).to_list()
    return rows


def _groups(wanted: ProblemFilter) -> list[Sequence[str]]:
    """Entries of which one of each group must be there."""
    units = sorted(wanted.units) if wanted.units is not None else None
    groups: list[Sequence[str]] = []
    if wanted.waiting is not None:
        groups.append([facets.of_waiting(wanted.waiting, unit) for unit in ([None] if units is None else units)])
    elif units is not None:
        groups.append([facets.of_unit(unit) for unit in units])
    single = (
        facets.of_area(wanted.area) if wanted.area is not None else "",
        facets.of_category(wanted.category) if wanted.category is not None else "",
        facets.of_severity(wanted.severity) if wanted.severity is not None else "",
        facets.of_channel(wanted.channel) if wanted.channel is not None else "",
        facets.of_outlet(wanted.outlet) if wanted.outlet is not None else "",
        *map(facets.of_flag, sorted(wanted.flags)),
    )
    return [*groups, *([entry] for entry in single if entry)]


def _clauses(wanted: ProblemFilter) -> list[Json]:
    """What no entry says."""
    clauses = [
        wanted.registered.clause("case.registered_at"),
        wanted.exposed.clause("first_exposed_at"),
        wanted.due.clause("turns_at"),
    ]
    if wanted.due != Span():
        clauses.append({"turns_at": {"$lt": NEVER}})
    if wanted.light is Light.OVER:
        clauses.append({"turns_at": {"$lt": wanted.now}})
    if wanted.light is Light.SOON:
        clauses.append({"turns_at": {"$gte": wanted.now, "$lt": NEVER}, "clock_warn_at": {"$lte": wanted.now}})
    if (of := wanted.without) is not None:
        stakes = [facets.of_claimant(of.user_id), *map(facets.of_party, sorted(of.units))]
        places = sorted(of.places)
        clauses += [_among(stakes, no=True), {"region_path": {"$nin": places}, "district": {"$nin": places}}]
    return [clause for clause in clauses if clause]


def _among(group: Sequence[str], *, no: bool = False) -> Json:
    """One of ``group`` is there, or none; said so that no index is entered by it."""
    if len(group) == 1:
        there: Json = {"$in": [group[0], "$search"]}
        return {"$expr": {"$not": [there]} if no else there}
    shared = {"$size": {"$setIntersection": ["$search", list(group)]}}
    return {"$expr": {"$eq" if no else "$gt": [shared, 0]}}


async def _said(problems: Collection, words: str) -> list[Sequence[str]]:
    """What ``words`` ask for: a number, the beginning of one, or words that are all there. Empty: nothing has them."""
    if await problems.find_one({"search": words}, {"_id": 1}) is not None:
        return [[words]]
    if _NUMBER.fullmatch(words) and len(words) <= _LONGEST_NUMBER:
        entries = await _numbers(problems, words)
        if entries:
            return [entries]
    return [[token] for token in search_tokens(words)]


async def _numbers(problems: Collection, start: str) -> list[str]:
    """The latest numbers elsewhere that begin with ``start``, at most ``_MOST_NUMBERS``."""
    pattern = facets.numbers_beginning(start)
    begins = facets.of_number(start)
    cursor = problems.find({"search": {"$regex": pattern}}, {"search": 1}).sort("_id", -1).limit(4 * _MOST_NUMBERS)
    found = [entry async for row in cursor for entry in row["search"] if entry.startswith(begins)]
    return list(dict.fromkeys(found))[:_MOST_NUMBERS]


async def _narrow(problems: Collection, question: Question, groups: Sequence[Sequence[str]]) -> None:
    """Let the rarest of ``groups`` lead. Where few of its problems have the others too, the index alone tells which."""
    found = await asyncio.gather(*(_ids(problems, group, question.states) for group in groups))
    first = min(range(len(groups)), key=lambda at: (len(found[at]), at))
    question.lead = groups[first]
    others = bool(question.clauses)
    left = [at for at in range(len(groups)) if at != first]
    whole = [at for at in left if len(found[at]) < _MOST_IDS]
    both = found[first].intersection(*(found[at] for at in whole))
    if len(found[first]) < _MOST_IDS and len(both) * _DENSE < len(found[first]):
        question.clauses.append({"_id": {"$in": [ObjectId(each) for each in sorted(both)]}})
        left = [at for at in left if at not in whole]
    question.clauses += [_among(groups[at]) for at in left]
    # With dates and lights the database counts.
    exact = len(found[first]) < _MOST_IDS and len(whole) == len(groups) - 1
    question.number = len(both) if exact and not others else None


async def _ids(problems: Collection, group: Sequence[str], states: frozenset[State] | None) -> set[bytes]:
    """The problems that have one of ``group``, at most ``_MOST_IDS``; no document is read for it.

    The answer stays as it came and is not taken apart into thousands of documents of one id each.
    """
    query = {"search": {"$in": list(group)}, "case.state": {"$in": sorted(State if states is None else states)}}
    answer = await problems.database.command(
        "find",
        problems.name,
        filter=query,
        projection={"_id": 1},
        hint="found_newest",
        limit=_MOST_IDS,
        batchSize=_MOST_IDS,
        singleBatch=True,
        codec_options=_AS_IT_COMES,
    )
    return set(_ID.findall(answer.raw))


def _cursor(row: Json, order: Order) -> str:
    moment = row["case"]["registered_at"] if order is Order.NEWEST else row["turns_at"]
    return write_cursor(moment, row["_id"])
