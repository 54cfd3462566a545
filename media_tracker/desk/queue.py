"""The queue of an editor: a page of it, the next story, how many wait. Every question walks an index, whatever the archive holds.

Reprints are folded: of the stories of one text that wait (and that the filter lets through) the first in the order of the list
stands for all. Which one that is is asked for the stories of one page, so nothing has to be loaded as a whole or kept in step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bson import ObjectId
from pymongo.errors import ExecutionTimeout

from media_tracker.accounts.actor import Actor
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.desk.filters import (
    WAITS,
    Order,
    Place,
    QueueFilter,
    Which,
    behind,
    narrowed,
    place_of,
    place_of_story,
    read_place,
    sorted_before,
    sorting,
    write_place,
)
from media_tracker.desk.snoozing import Snoozing
from media_tracker.desk.story_claims import Held, StoryClaims
from media_tracker.ingest.blind import INDEX as BLIND
from media_tracker.ingest.blind import as_seen_by, blind_to, is_hidden_from, queued_for
from media_tracker.ingest.documents import DeskState, Story

PAGE = 30
MOST_COUNTED = 1_000
"""More are "more than 1,000"."""
MOST_MILLISECONDS = 300
"""A total is not worth more; without one the page says "at least"."""
MOST_BATCHES = 8
"""So often further stories are read where reprints fill a page; then the page stays short, and says that it goes on."""
MOST_BLIND = 200

SHOWN: Json = {"html": 0, "text": 0, "revisions": 0, "bands": 0, "search": 0, "suggestion.evidence": 0}
"""A line does not need what is long."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the queue. ``story`` is without its text.

    ``reprints``: so many further stories with this text wait. ``held``: who has it open, if anybody.
    """

    story: Story
    reprints: int
    held: Held | None


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page, and the place behind it, for ``after``; None: it is the last one."""

    lines: Sequence[Line]
    next: str | None


@dataclass(frozen=True, slots=True)
class Total:
    """How many stories. ``more``: there are more than ``count``, which was not counted further."""

    count: int
    more: bool = False


class Queue:
    """Reads the queue."""

    def __init__(self, database: Database, claims: StoryClaims, snoozing: Snoozing, clock: Clock) -> None:
        self._snoozing = snoozing
        self._stories = database[Story.Settings.name]
        self._claims = claims
        self._clock = clock

    async def page(self, wanted: QueueFilter, actor: Actor, after: str | None = None, size: int = PAGE) -> QueuePage:
        """One page as ``actor`` may see it. ``after`` is what the page before gave; nonsense starts at the top."""
        if after is None:
            await self._snoozing.wake_due()
        lines, place, more = await self._lines(wanted, actor, read_place(wanted, after), size)
        held = await self._claims.held([_key(story) for story, _ in lines])
        shown = [Line(story, reprints, held.get(_key(story))) for story, reprints in lines]
        return QueuePage(shown, write_place(place) if more and place is not None else None)

    async def next(self, wanted: QueueFilter, actor: Actor, after: Story | None = None) -> Story | None:
        """The story to look at next: the first one behind ``after`` that nobody else has open; at the end, from the top.

        It is without its text; ``Stories.get`` has all of it. Nothing is claimed by asking.
        """
        others = set(await self._claims.of_others(actor))
        skipped = {_key(after)} if after is not None else set()
        starts: list[Place | None] = [None]
        if after is not None:
            starts.insert(0, place_of_story(wanted, after))
        for start in starts:
            place: Place | None = start
            for _ in range(MOST_BATCHES):
                lines, place, more = await self._lines(wanted, actor, place, PAGE if others else 2)
                for story, _reprints in lines:
                    if _key(story) not in others and _key(story) not in skipped:
                        return story
                if not more:
                    break
        return None

    async def previous(self, wanted: QueueFilter, actor: Actor, before: Story) -> Story | None:
        """The line before ``before``, on the page of the first lines; further down there is only forward."""
        lines, _, _ = await self._lines(wanted, actor, None, PAGE)
        here = place_of_story(wanted, before)
        ahead = [story for story, _ in lines if sorted_before(wanted, place_of_story(wanted, story), here)]
        return ahead[-1] if ahead else None

    async def total(self, wanted: QueueFilter, actor: Actor) -> Total:
        """How many stories (reprints counted each) the queue holds, counted up to 1,000 and for at most 0.3 seconds."""
        query = await self._query(wanted, actor)
        try:
            count = await self._stories.count_documents(
                query, limit=MOST_COUNTED + 1, maxTimeMS=MOST_MILLISECONDS, **self._hint(wanted)
            )
        except ExecutionTimeout:  # a filter that few stories meet: say what the first page holds
            least = await self._stories.count_documents(query, limit=PAGE + 1, **self._hint(wanted))
            return Total(min(least, PAGE), least > PAGE)
        if wanted.which is Which.WAITING and count <= MOST_COUNTED:
            # Those that the first editor has still to tie wait anyway, and are counted.
            looks = {**self._looks(wanted, actor), "desk": {"$ne": DeskState.PENDING.value}}
            count += await self._stories.count_documents(looks, limit=MOST_BLIND, hint=BLIND)
        return Total(min(count, MOST_COUNTED), count > MOST_COUNTED)

    async def asked(self, wanted: QueueFilter, actor: Actor, after: str | None = None) -> Json:
        """What the database is asked for a page: filter, sort and hint. For looking at how it would answer."""
        further = behind(wanted, read_place(wanted, after))
        query = {**await self._query(wanted, actor), **further}
        return {"filter": query, "sort": dict(sorting(wanted)), **self._hint(wanted)}

    async def _lines(
        self, wanted: QueueFilter, actor: Actor, place: Place | None, size: int
    ) -> tuple[list[tuple[Story, int]], Place | None, bool]:
        """Up to ``size`` lines behind ``place`` with their reprints, the place behind the last one, and whether more follow."""
        lines: list[tuple[Story, int]] = []
        more = True
        for _ in range(MOST_BATCHES):
            rows = await self._rows(wanted, actor, place, size + 1)
            waiting, first = await self._copies(wanted, actor, rows)
            for at, row in enumerate(rows):
                if len(lines) == size:
                    return lines, place, True
                place, more = place_of(wanted, row), at + 1 < len(rows)
                story: Story = Story.model_validate(row)
                blind = is_hidden_from(story, actor)
                if blind and row["desk"] == DeskState.PENDING.value and not _queued(row):
                    continue  # decided by the first editor, not for this one to know
                cluster = row.get("cluster")
                if cluster is not None and first.get(cluster, row["_id"]) != row["_id"]:
                    continue
                lines.append((as_seen_by(story, actor), max(waiting[cluster] - 1, 0) if cluster is not None else 0))
            more = len(rows) == size + 1
            if not more:
                break
        return lines, place, more

    async def _rows(self, wanted: QueueFilter, actor: Actor, place: Place | None, most: int) -> list[Json]:
        """The next stories in the order of the list, those for a blind second look among them."""
        query, further, order = await self._query(wanted, actor), behind(wanted, place), sorting(wanted)
        cursor = self._stories.find({**query, **further}, SHOWN, **self._hint(wanted)).sort(order).limit(most)
        rows: list[Json] = await cursor.to_list()
        if wanted.which is not Which.WAITING:
            return rows
        looks = self._looks(wanted, actor)
        cursor = self._stories.find({**looks, **further}, SHOWN).hint(BLIND).sort(order).limit(most)
        known = {row["_id"] for row in rows}
        blind = [row for row in await cursor.to_list() if row["_id"] not in known]
        if not blind:
            return rows
        return sorted([*rows, *blind], key=lambda row: place_of(wanted, row), reverse=order[0][1] < 0)[:most]

    async def _copies(
        self, wanted: QueueFilter, actor: Actor, rows: Sequence[Json]
    ) -> tuple[Counter[ObjectId], dict[ObjectId, ObjectId]]:
        """For each text of ``rows``: how many stories with it wait, and the id of the one that stands for all."""
        clusters = [row["cluster"] for row in rows if row.get("cluster") is not None]
        if not clusters or wanted.which in (Which.SNOOZED, Which.CHANGED):
            return Counter(), {}
        (field, _), _ = sorting(wanted)
        fields = {"cluster": 1, field: 1}
        of_these: Json = {"cluster": {"$in": list(set(clusters))}}
        waiting: Counter[ObjectId] = Counter()
        leads: dict[ObjectId, tuple[Place, ObjectId]] = {}
        async for row in self._stories.find({**WAITS, **of_these}, {"cluster": 1}):
            waiting[row["cluster"]] += 1
        unseen = {**blind_to(actor.user_id), "blind.queued": False}  # it is shown to nobody, and stands for nothing
        leading = {**await self._query(wanted, actor), **of_these, "$nor": [unseen]}
        async for row in self._stories.find(leading, fields):
            here = place_of(wanted, row)
            known = leads.get(row["cluster"])
            if known is None or sorted_before(wanted, here, known[0]):
                leads[row["cluster"]] = here, row["_id"]
        return waiting, {cluster: lead for cluster, (_, lead) in leads.items()}

    async def _query(self, wanted: QueueFilter, actor: Actor) -> Json:
        narrow = narrowed(wanted, self._clock())
        match wanted.which:
            case Which.SNOOZED:
                return {"desk": DeskState.SNOOZED.value, **narrow}
            case Which.CHANGED:
                decided = {"desk": DeskState.DECIDED.value, "withdrawn_at": None}
                return {**decided, "changed_since_decision": True, **narrow}
            case Which.MINE:
                open_now: Json = {"_id": {"$in": await self._claims.of(actor)}, **WAITS}
                begun: Json = {"decision.by": actor.user_id, **WAITS}
                return {"$and": [{"$or": [open_now, begun]}], **WAITS, **narrow}
            case _:
                return {**WAITS, **narrow}

    def _looks(self, wanted: QueueFilter, actor: Actor) -> Json:
        """The stories of which a blind second look is asked; where they count is not what the first editor has said."""
        narrow = narrowed(wanted, self._clock())
        if "district" in narrow:
            narrow["blind.district"] = narrow.pop("district")
        return {**queued_for(actor.user_id), **narrow}

    def _hint(self, wanted: QueueFilter) -> Json:
        """Which index is walked: the one in the order of the list. The database would try others, and now and then take one."""
        if wanted.which is Which.CHANGED:
            return {"hint": "changed_since_decision"}
        if wanted.which is not Which.WAITING:
            return {}
        if wanted.routed:
            return {"hint": "routed_desk"}
        if wanted.order in (Order.SUREST, Order.LEAST_SURE):
            return {"hint": "desk_surest"}
        return {"hint": "desk_copied" if wanted.copied else "desk_newest"}


def _queued(row: Json) -> bool:
    mark = row.get("blind")
    return bool(mark and mark["queued"])


def _key(story: Story) -> ObjectId:
    return ObjectId(story.id)
