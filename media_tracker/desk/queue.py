"""The queue of an editor: a page of it, the next story, how many wait. Every question walks an index, whatever the archive holds.

Reprints are folded: of the stories of one text that wait (and that the filter lets through) the first in the order of the list
stands for all. Which one that is is asked for the stories of one page, so nothing has to be loaded as a whole or kept in step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bson import ObjectId

from media_tracker.accounts.actor import Actor
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.desk.around import Around, read_around
from media_tracker.desk.filters import (
    ASKED_OF,
    WAITS,
    Order,
    Place,
    QueueFilter,
    Which,
    behind,
    meets,
    narrowed,
    place_of,
    place_of_story,
    read_place,
    sorted_before,
    sorting,
    write_place,
)
from media_tracker.desk.queue_counts import CHANGED, CHANGED_INDEX, MOST_COUNTED, SNOOZED, Total, count
from media_tracker.desk.snoozing import Snoozing
from media_tracker.desk.story_claims import Held, StoryClaims
from media_tracker.ingest.blind import as_seen_by
from media_tracker.ingest.documents import DeskState, Story

PAGE = 30
MOST_BATCHES = 8
"""So often further stories are read where reprints fill a page; then the page stays short, and says that it goes on."""

SHOWN: Json = {
    **dict.fromkeys(("html", "text", "revisions", "bands", "search", "attachments"), 0),
    **dict.fromkeys(("suggestion.evidence", "suggestion.rules", "decision.suggested", "decision.ties"), 0),
}
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
    """One page, and the place behind it, for ``after``; None: it is the last one.

    ``met``: so many stories were met for certain, reprints counted each: all of them where it is the first page and the last.
    """

    lines: Sequence[Line]
    next: str | None
    around: Around
    met: int


@dataclass(frozen=True, slots=True)
class _Read:
    """Lines with their reprints, the place behind them, whether more follow, and how many stories were met."""

    lines: list[tuple[Story, int]]
    place: Place | None
    more: bool
    met: int


class Queue:
    """Reads the queue."""

    def __init__(self, database: Database, claims: StoryClaims, snoozing: Snoozing, clock: Clock) -> None:
        self._snoozing = snoozing
        self._stories = database[Story.Settings.name]
        self._database = database
        self._claims = claims
        self._clock = clock

    async def page(self, wanted: QueueFilter, actor: Actor, after: str | None = None, size: int = PAGE) -> QueuePage:
        """One page as ``actor`` may see it. ``after`` is what the page before gave; nonsense starts at the top."""
        around = await self._around(actor, counted=True)
        if around.due and after is None:
            await self._snoozing.wake_due()
            around = await self._around(actor, counted=True)
        read = await self._lines(wanted, actor, around, read_place(wanted, after), size)
        lines = [Line(story, reprints, around.claims.get(_key(story))) for story, reprints in read.lines]
        following = write_place(read.place) if read.more and read.place is not None else None
        return QueuePage(lines, following, around, read.met)

    async def next(self, wanted: QueueFilter, actor: Actor, after: Story | None = None) -> Story | None:
        """The story to look at next: the first one behind ``after`` that nobody else has open; at the end, from the top.

        It is without its text; ``Stories.get`` has all of it. Nothing is claimed by asking.
        """
        around = await self._around(actor)
        skipped = {held.story_id for held in around.claims.values() if held.by != actor.user_id}
        starts: list[Place | None] = [None]
        size = PAGE if skipped else 2
        if after is not None:
            starts.insert(0, place_of_story(wanted, after))
            skipped.add(_key(after))
        for start in starts:
            place: Place | None = start
            for _ in range(MOST_BATCHES):
                read = await self._lines(wanted, actor, around, place, size)
                for story, _reprints in read.lines:
                    if _key(story) not in skipped:
                        return story
                place = read.place
                if not read.more:
                    break
        return None

    async def behind(self, wanted: QueueFilter, actor: Actor, story: Story, top: QueuePage | None) -> Story | None:
        """What ``next`` says, from the first page of the queue where that has been read and is enough."""
        if top is not None:
            others = [each.story for each in top.lines if each.held is None or each.held.by == actor.user_id]
            others = [each for each in others if each.id != story.id]
            here = place_of_story(wanted, story)
            later = [each for each in others if sorted_before(wanted, here, place_of_story(wanted, each))]
            if later or top.next is None:
                return next(iter(later or others), None)
        return await self.next(wanted, actor, after=story)

    async def total(self, wanted: QueueFilter, actor: Actor, top: QueuePage | None = None, known: int = 0) -> Total:
        """How many stories (reprints counted each) the queue holds, counted up to 1,000 and for at most 0.3 seconds.

        ``top``: its first page, where that has been read; if there is no other, nothing is counted. ``known``: so many are
        known of otherwise.
        """
        if top is not None and top.next is None:
            return Total.of(top.met)
        around = top.around if top else await self._around(actor)
        found = await count(
            self._stories, self._query(wanted, actor, around), hint_of(wanted), top.met if top else known
        )
        return found if found.more else Total.of(found.count + self._blind(wanted, actor, around))

    async def totals(
        self, wanted: QueueFilter, actor: Actor, page: QueuePage, top: QueuePage | None, opened: Story | None
    ) -> Mapping[Which, Total]:
        """How many stories each queue holds, without filters but for the one that is ``wanted``, of which ``page`` is one.

        ``top``: its first page, as for ``total``. ``opened``: the story that ``actor`` has open by now, as ``actor`` may see it.
        """
        totals = {}
        for which, number in page.around.counts.items():
            more = 0 if number > MOST_COUNTED else self._blind(QueueFilter(which=which), actor, page.around)
            if which is Which.MINE:  # what is open and not begun
                begun = opened is None or (opened.decision is not None and opened.decision.by == actor.user_id)
                more = int(opened is not None and opened.desk is DeskState.PENDING and not begun)
            totals[which] = Total.of(number + more)
        if self._narrow(wanted):
            totals[wanted.which] = await self.total(wanted, actor, top, page.met)
        return totals

    async def line(self, story_id: ObjectId) -> Story | None:
        """A story as lines have it, without its text."""
        row = await self._stories.find_one({"_id": story_id}, SHOWN)
        story: Story | None = Story.model_validate(row) if row else None
        return story

    async def asked(self, wanted: QueueFilter, actor: Actor, after: str | None = None) -> Json:
        """What the database is asked for a page: filter, sort and hint. For looking at how it would answer."""
        further = behind(wanted, read_place(wanted, after))
        query = {**self._query(wanted, actor, await self._around(actor)), **further}
        return {"filter": query, "sort": dict(sorting(wanted)), **hint_of(wanted)}

    async def _around(self, actor: Actor, *, counted: bool = False) -> Around:
        return await read_around(self._database, actor, self._clock(), counted=counted)

    async def _lines(self, wanted: QueueFilter, actor: Actor, around: Around, place: Place | None, size: int) -> _Read:
        """Up to ``size`` lines behind ``place``."""
        lines: list[tuple[Story, int]] = []
        met, more = 0, True
        for _ in range(MOST_BATCHES):
            rows, last = await self._rows(wanted, actor, around, place, size + 1)
            more = last is not None
            waiting, first = await self._copies(wanted, actor, around, rows)
            for row in rows:
                if len(lines) == size:
                    return _Read(lines, place, True, met)
                place, met = place_of(wanted, row), met + 1
                cluster = row.get("cluster")
                if cluster is not None and first.get(cluster, row["_id"]) != row["_id"]:
                    continue
                story: Story = Story.model_validate(row)
                further = max(waiting[cluster] - 1, 0) if cluster is not None else 0
                lines.append((as_seen_by(story, actor), further))
            if last is None:
                break
            place = last  # those at the end that are not for this reader to see are behind us as well
        return _Read(lines, place, more, met)

    async def _rows(
        self, wanted: QueueFilter, actor: Actor, around: Around, place: Place | None, most: int
    ) -> tuple[list[Json], Place | None]:
        """The next stories in the order of the list, those for a blind second look among them.

        And the place up to which all were asked for; None: there are no more.
        """
        query, further, order = self._query(wanted, actor, around), behind(wanted, place), sorting(wanted)
        cursor = self._stories.find({**query, **further}, SHOWN, **hint_of(wanted)).sort(order).limit(most)
        rows = await cursor.to_list()
        last = place_of(wanted, rows[-1]) if len(rows) == most else None
        rows = [row for row in rows if not around.unseen.holds(row["_id"])]
        shown = around.unseen.shown(wanted, self._narrow(wanted), around.of(actor))
        places = {row["_id"]: place_of(wanted, row) for row in shown}
        here = {
            key: each
            for key, each in places.items()
            if (place is None or sorted_before(wanted, place, each))
            and (last is None or not sorted_before(wanted, last, each))
        }
        if not here:
            return rows, last
        until = around.unseen.put_off
        async for row in self._stories.find({"_id": {"$in": list(here)}}, SHOWN):
            moment = until.get(row["_id"])
            own: Json = {"snooze": {"until": moment, "by": actor.user_id, "at": moment}} if moment else {}
            rows.append({**row, **own})
        rows.sort(key=lambda row: here.get(row["_id"]) or place_of(wanted, row), reverse=order[0][1] < 0)
        return rows, last

    async def _copies(
        self, wanted: QueueFilter, actor: Actor, around: Around, rows: Sequence[Json]
    ) -> tuple[Counter[ObjectId], dict[ObjectId, ObjectId]]:
        """For each text of ``rows``: how many stories with it wait, and the id of the one that stands for all."""
        clusters = {row["cluster"] for row in rows if row.get("cluster") is not None and row.get("copied")}
        if not clusters or wanted.which in (Which.SNOOZED, Which.CHANGED):
            return Counter(), {}
        narrow, opened = self._narrow(wanted), around.of(actor)
        asked = {**ASKED_OF, "decision.by": 1}
        found = await self._stories.find({**WAITS, "cluster": {"$in": list(clusters)}}, asked).to_list()
        usual = [row for row in found if not around.unseen.holds(row["_id"])]
        looks = [row for row in around.unseen.shown(QueueFilter(), {}, opened) if row.get("cluster") in clusters]
        mine = {row["_id"] for row in usual if row["_id"] in opened or _decided_by(row) == actor.user_id}
        leading = [row for row in usual if wanted.which is not Which.MINE or row["_id"] in mine]
        leading += [row for row in around.unseen.shown(wanted, {}, opened) if row.get("cluster") in clusters]
        leads: dict[ObjectId, tuple[Place, ObjectId]] = {}
        for row in leading:
            here = place_of(wanted, row)
            known = leads.get(row["cluster"])
            if meets(narrow, row) and (known is None or sorted_before(wanted, here, known[0])):
                leads[row["cluster"]] = here, row["_id"]
        waiting = Counter(row["cluster"] for row in (*usual, *looks))
        return waiting, {cluster: lead for cluster, (_, lead) in leads.items()}

    def _query(self, wanted: QueueFilter, actor: Actor, around: Around) -> Json:
        narrow = self._narrow(wanted)
        match wanted.which:
            case Which.SNOOZED:
                return {**SNOOZED, **narrow}
            case Which.CHANGED:
                return {**CHANGED, **narrow}
            case Which.MINE:
                open_now: Json = {"_id": {"$in": around.of(actor)}, **WAITS}
                begun: Json = {"decision.by": actor.user_id, **WAITS}
                return {"$and": [{"$or": [open_now, begun]}], **WAITS, **narrow}
            case _:
                return {**WAITS, **narrow}

    def _narrow(self, wanted: QueueFilter) -> Json:
        return narrowed(wanted, self._clock())

    def _blind(self, wanted: QueueFilter, actor: Actor, around: Around) -> int:
        """By how many more (or fewer) stories the queue holds for ``actor`` than the database counts."""
        narrow, opened = self._narrow(wanted), around.of(actor)
        return len(around.unseen.shown(wanted, narrow, opened)) - around.unseen.hidden(wanted, narrow, opened)


def hint_of(wanted: QueueFilter) -> Json:
    """Which index is walked: the one in the order of the list. The database would try others, and now and then take one."""
    if wanted.which is Which.CHANGED:
        return {"hint": CHANGED_INDEX}
    if wanted.which is not Which.WAITING:
        return {}
    if wanted.routed:
        return {"hint": "routed_desk"}
    if wanted.order in (Order.SUREST, Order.LEAST_SURE):
        return {"hint": "desk_surest"}
    return {"hint": "desk_copied" if wanted.copied else "desk_newest"}


def _decided_by(row: Json) -> ObjectId | None:
    decision = row.get("decision")
    return decision["by"] if decision else None


def _key(story: Story) -> ObjectId:
    return ObjectId(story.id)
