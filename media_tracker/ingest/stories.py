"""Reading stories: one, a page of many, and what belongs together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.connection import Database, Json
from media_tracker.db.cursors import read_cursor, write_cursor
from media_tracker.db.ids import parse_id
from media_tracker.errors import N_, NotFound
from media_tracker.ingest import blind
from media_tracker.ingest.documents import DeskState, Kind, Story
from media_tracker.ingest.story_format import StoryFormat
from media_tracker.ingest.words import Hit, StoryWords
from media_tracker.outlets.documents import Platform
from media_tracker.text.segment import search_tokens

PAGE = 50
NEWEST_FIRST = [("published_at", -1), ("_id", -1)]
LOOKED_AT_ONCE = 100
"""Of the stories that say what is searched for so many are read together."""

Cursor = tuple[datetime, ObjectId]


@dataclass(frozen=True, slots=True)
class StoryFilter:
    """Which stories are meant; None and "" mean all."""

    desk: DeskState | None = None
    outlet_id: ObjectId | None = None
    feed_id: ObjectId | None = None
    kind: Kind | None = None
    """The decided kind, or, where nobody has decided, the suggested one."""
    district: str | None = None
    words: str = ""
    withdrawn: bool | None = None
    columns: Sequence[str] | None = None
    """The columns that it ran under, one of these."""
    platform: Platform | None = None
    format: StoryFormat | Literal["unknown"] | None = None
    """``unknown``: those of which no form is recorded."""
    start: datetime | None = None
    """Published at this moment or later."""
    end: datetime | None = None
    """Published before this moment."""
    viewer: Actor | None = None
    """Who asks. For an editor a story that waits for a blind second look is one that nobody has decided, in every filter."""


@dataclass(frozen=True, slots=True)
class StoryPage:
    """One page of stories, newest first, and the cursor of the next one."""

    stories: Sequence[Story]
    next: str | None


_LISTED = dict.fromkeys(
    (
        *("html", "text", "revisions", "search", "bands", "author", "full_text"),
        *("suggestion.evidence", "suggestion.rules", "suggestion.units", "suggestion.people", "suggestion.routed"),
        *("decision.suggested", "decision.ties", "decision.units", "decision.people"),
    ),
    0,
)
"""What no list shows, and what takes most of the time to read and check."""


class Stories:
    """The read side of the stories."""

    def __init__(self, database: Database) -> None:
        self._stories = database[Story.Settings.name]
        self._words = StoryWords(database)

    async def get(self, story_id: str | ObjectId) -> Story:
        """The story with this id; ``NotFound`` without one."""
        key = story_id if isinstance(story_id, ObjectId) else parse_id(story_id)
        row = await self._stories.find_one({"_id": key})
        if row is None:
            raise NotFound(N_("There is no such story."))
        return _story(row)

    async def many(self, ids: Iterable[ObjectId]) -> dict[ObjectId, Story]:
        """Stories by id; unknown ids are left out."""
        cursor = self._stories.find({"_id": {"$in": list(ids)}})
        return {row["_id"]: _story(row) async for row in cursor}

    async def page(self, wanted: StoryFilter, after: str | None = None, size: int = PAGE) -> StoryPage:
        """One page, newest first. ``after`` is the cursor that the page before gave; nonsense starts at the top.

        The stories are as lists show them: without their texts, and without what speaks for a suggestion.
        """
        cursor = read_cursor(after)
        rows = await self._rows(wanted, cursor, size + 1, _LISTED)
        stories = [_story(row) for row in rows[:size]]
        more = len(rows) > size
        return StoryPage(stories, write_cursor(stories[-1].published_at, rows[size - 1]["_id"]) if more else None)

    async def count(self, wanted: StoryFilter) -> int:
        """How many stories ``page`` would list from the first page to the last."""
        return sum([await self._count(query, _words(wanted)) for query in _queries(wanted)])

    async def _count(self, query: Json, words: list[str] | None) -> int:
        if words is None:
            return await self._stories.count_documents(query)
        if not words:
            return 0
        found = {row["_id"] async for row in self._saying(words, query, None, ["content_hash"])}
        found.update([row["_id"] async for row in self._stories.find(query | _carrying(words), ["_id"])])
        return len(found)

    async def newest(self, wanted: StoryFilter) -> Story | None:
        """The story at the top of that list."""
        rows = await self._rows(wanted, None, 1)
        return _story(rows[0]) if rows else None

    async def next_pending(self, behind: Story | None = None, who: Actor | None = None) -> Story | None:
        """The story that an editor should look at next: the one behind ``behind`` in the queue, at its end the newest one.

        ``who``: the editor, whose queue also has what waits for a second look of theirs.
        """
        query: Json = {"desk": DeskState.PENDING.value, "withdrawn_at": None}
        row = None
        if behind is not None:
            row = await self._newest_of(query, who, _behind(behind.published_at, behind.id))
        besides: Json = {} if behind is None else {"_id": {"$ne": behind.id}}
        row = row or await self._newest_of(query, who, besides)
        return _story(row) if row else None

    async def _newest_of(self, query: Json, who: Actor | None, more: Json) -> Json | None:
        """The newest story that ``query`` lets through, or that waits for a second look of ``who``."""
        hidden = blind.queued_for(who.user_id) if who is not None else None
        first = await self._stories.find_one({**query, **more} | _not(blind.blind_to, who), sort=NEWEST_FIRST)
        if hidden is None:
            return first
        other = await self._stories.find_one({**hidden, **more}, sort=NEWEST_FIRST, hint=blind.INDEX)
        found = [row for row in (first, other) if row is not None]
        return max(found, key=lambda row: (row["published_at"], row["_id"]), default=None)

    async def count_pending(self, who: Actor | None = None) -> int:
        """How many stories wait for an editor; with ``who`` in the queue of that one."""
        if who is None:  # what is withdrawn waits no longer, and need not be asked: an index alone answers
            return await self._stories.count_documents({"desk": DeskState.PENDING.value})
        query: Json = {"desk": DeskState.PENDING.value, "withdrawn_at": None} | _not(blind.blind_to, who)
        count = await self._stories.count_documents(query)
        return count + await self._stories.count_documents(blind.queued_for(who.user_id), hint=blind.INDEX)

    async def in_cluster(self, cluster: ObjectId | None, besides: ObjectId) -> list[Story]:
        """The other stories with the same text, earliest first."""
        if cluster is None:
            return []
        rows = self._stories.find({"cluster": cluster, "_id": {"$ne": besides}}).sort("published_at", 1).limit(100)
        return [_story(row) async for row in rows]

    async def _rows(
        self, wanted: StoryFilter, cursor: Cursor | None, most: int, fields: Mapping[str, int] | None = None
    ) -> list[Json]:
        """Up to ``most`` stories behind ``cursor``, newest first."""
        queries = _queries(wanted)
        if len(queries) == 1:
            return await self._rows_of(queries[0], wanted, cursor, most, fields)
        rows = [row for query in queries for row in await self._rows_of(query, wanted, cursor, most, fields)]
        return sorted(rows, key=lambda row: (row["published_at"], row["_id"]), reverse=True)[:most]

    async def _rows_of(
        self, query: Json, wanted: StoryFilter, cursor: Cursor | None, most: int, fields: Mapping[str, int] | None
    ) -> list[Json]:
        query = query | ({} if cursor is None else _behind(*cursor))
        words = _words(wanted)
        if words is None:
            return await self._stories.find(query, fields).sort(NEWEST_FIRST).limit(most).to_list()
        if not words:
            return []
        rows: dict[ObjectId, Json] = {}
        async for row in self._saying(words, query, cursor):
            rows[row["_id"]] = row
            if len(rows) == most:
                break
        async for row in self._stories.find(query | _carrying(words)).sort(NEWEST_FIRST).limit(most):
            rows[row["_id"]] = row
        return sorted(rows.values(), key=lambda row: (row["published_at"], row["_id"]), reverse=True)[:most]

    async def _saying(
        self, words: Sequence[str], query: Json, cursor: Cursor | None, fields: Sequence[str] | None = None
    ) -> AsyncIterator[Json]:
        """The stories that ``query`` lets through and that say all of ``words``, behind ``cursor``, newest first."""
        async with aclosing(self._words.find(words)) as hits:
            some: list[Hit] = []
            async for hit in hits:
                if cursor is None or (hit.published_at, hit.story_id) < cursor:
                    some.append(hit)
                if len(some) == LOOKED_AT_ONCE:
                    for row in await self._of_hits(some, query, fields):
                        yield row
                    some.clear()
            for row in await self._of_hits(some, query, fields):
                yield row

    async def _of_hits(self, hits: Sequence[Hit], query: Json, fields: Sequence[str] | None) -> list[Json]:
        """The stories of ``hits`` that still say it, in that order."""
        if not hits:
            return []
        chosen = {**query, "_id": {"$in": list({hit.story_id for hit in hits})}}
        rows = {row["_id"]: row async for row in self._stories.find(chosen, fields)}
        there = [(hit, rows[hit.story_id]) for hit in hits if hit.story_id in rows]
        return [row for hit, row in there if hit.is_of(row["content_hash"])]


def _story(row: Json) -> Story:
    story: Story = Story.model_validate(row)
    return story


def _queries(wanted: StoryFilter) -> list[Json]:
    """Disjoint queries that make up the list: what stands there, and what ``viewer`` sees as if it were undecided."""
    who = wanted.viewer
    tells = wanted.desk is not None or wanted.kind is not None or wanted.district is not None
    if who is None or not who.has(Role.EDITOR) or not tells:
        return [_query(wanted)]
    hidden = blind.blind_to(who.user_id)
    plain = {"$and": [_query(wanted), {"$nor": [hidden]}]}
    if wanted.desk is DeskState.DECIDED or wanted.withdrawn is True:
        return [plain]
    masked = _query(replace(wanted, desk=None, kind=None, district=None, withdrawn=None))
    if wanted.kind is not None:
        masked["suggestion.kind"] = wanted.kind.value
    if wanted.district is not None:
        masked["blind.district"] = wanted.district
    return [plain, {"$and": [masked, hidden]}]


def _not(hidden: Callable[[ObjectId], Json], who: Actor | None) -> Json:
    """What keeps the stories out that ``who`` must not know to be decided."""
    return {} if who is None else {"$nor": [hidden(who.user_id)]}


def _query(wanted: StoryFilter) -> Json:
    query: Json = {}
    if wanted.desk is not None:
        query["desk"] = wanted.desk.value
    if wanted.outlet_id is not None:
        query["outlet_id"] = wanted.outlet_id
    if wanted.feed_id is not None:
        query["feed_id"] = wanted.feed_id
    if wanted.district is not None:
        query["district"] = wanted.district
    if wanted.withdrawn is not None:
        query["withdrawn_at"] = {"$ne": None} if wanted.withdrawn else None
    if wanted.columns is not None:
        query["column"] = {"$in": list(wanted.columns)}
    if wanted.platform is not None:
        query["platform"] = wanted.platform.value
    if wanted.format is not None:
        query["format"] = None if wanted.format == "unknown" else wanted.format.value
    between = {"$gte": wanted.start, "$lt": wanted.end}
    if wanted.start is not None or wanted.end is not None:
        query["published_at"] = {operator: moment for operator, moment in between.items() if moment is not None}
    clauses: list[Json] = []
    if wanted.kind is not None:
        kind = wanted.kind.value
        clauses.append({"$or": [{"decision.kind": kind}, {"decision": None, "suggestion.kind": kind}]})
    if clauses:
        query["$and"] = clauses
    return query


def _words(wanted: StoryFilter) -> list[str] | None:
    """What is searched for; None: nothing. Without a word in it (marks, a string that is too long for one): nothing is found."""
    return search_tokens(wanted.words) if wanted.words.strip() else None


def _carrying(words: Sequence[str]) -> Json:
    """Stories that carry ``words`` themselves: an earlier release has stored them."""
    return {"search": {"$all": list(words)}}


def _behind(moment: datetime, last: ObjectId | None) -> Json:
    """What comes after a story in a list that has the newest first."""
    return {"$or": [{"published_at": {"$lt": moment}}, {"published_at": moment, "_id": {"$lt": last}}]}
