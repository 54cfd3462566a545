"""Putting a story off until a time: out of the queue until then, in a list of its own, and back by itself.

Nobody has to be there for it to come back: whoever looks at the queue wakes what is due first, and so does the worker.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.events import SYSTEM, Origin
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.desk.done import Done, Group, What
from media_tracker.desk.second_look import SecondLooks
from media_tracker.desk.story_claims import StoryClaims
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput
from media_tracker.ingest.blind import as_seen_by, is_hidden_from
from media_tracker.ingest.documents import DeskState, Story
from media_tracker.ingest.stories import Stories
from media_tracker.tagging.service import Tagging

LONGEST_NOTE = 200
FURTHEST = timedelta(days=366)
WOKEN_AT_ONCE = 100
AFTERNOON, MORNING = time(14, 0), time(8, 30)

NOT_WAITING = N_("Only a story that waits for an editor can be put off.")
IN_THE_FUTURE = N_("Please choose a time that is still to come, within a year.")


class Until(StrEnum):
    """Times that are one click away."""

    AFTERNOON = "afternoon"  # today at 14:00; later in the day: in three hours
    TOMORROW = "tomorrow"  # tomorrow morning at 8:30
    MONDAY = "monday"  # next Monday at 8:30
    CHOSEN = "chosen"  # a time that was typed


def moment_of(until: Until, now: datetime, zone: ZoneInfo) -> datetime:
    """When that is, in the installation's ``zone``; ``CHOSEN`` has no moment of its own and is taken for tomorrow."""
    local = now.astimezone(zone)
    if until is Until.AFTERNOON:
        at = datetime.combine(local.date(), AFTERNOON, zone)
        return at if at > now + timedelta(minutes=30) else now + timedelta(hours=3)
    days = (7 - local.weekday()) if until is Until.MONDAY else 1
    return datetime.combine(local.date() + timedelta(days=days), MORNING, zone)


class Snoozing:
    """Puts stories off and wakes them."""

    def __init__(
        self,
        database: Database,
        transactor: Transactor,
        stories: Stories,
        tagging: Tagging,
        claims: StoryClaims,
        done: Done,
        clock: Clock,
        second_looks: SecondLooks,
    ) -> None:
        self._second_looks = second_looks
        self._rows = database[Story.Settings.name]
        self._transactor = transactor
        self._stories = stories
        self._tagging = tagging
        self._claims = claims
        self._done = done
        self._clock = clock

    async def snooze(
        self,
        story_id: str,
        version: int,
        until: datetime,
        note: str,
        actor: Actor,
        origin: Origin,
        group: Group | None = None,
    ) -> Story:
        """Put a story off until a moment. ``note``: why, for whoever looks at the list; it is kept with the story only.

        Can be undone like a decision.

        Raises:
            Forbidden, NotFound; InvalidInput: a time that is over or more than a year away; Conflict: it does not wait,
            somebody else has it open, or it has changed since ``version``.
        """
        if not actor.has(Role.EDITOR):
            raise Forbidden(N_("Only editors can do this."))
        now = self._clock()
        if not now < until <= now + FURTHEST:
            raise InvalidInput(IN_THE_FUTURE, {"until": IN_THE_FUTURE})
        story = await self._stories.get(story_id)
        key = ObjectId(story.id)
        if is_hidden_from(story, actor):  # for this editor alone: whether it waits at all is not to be seen
            await self._transactor.run(lambda tx: self._put_off_in(tx, story, until, actor), origin)
            return as_seen_by(story, actor)
        record = {"until": until, "by": actor.user_id, "at": now, "note": " ".join(note.split())[:LONGEST_NOTE]}
        changes: Json = {"desk": DeskState.SNOOZED.value, "snooze": record}

        async def work(tx: Transaction) -> Story:
            await self._claims.check_in(tx, key, actor)
            before = await self._done.before_in(tx, key)
            if before.fields["desk"] == DeskState.DECIDED.value:
                raise Conflict(NOT_WAITING)
            changed = await self._tagging.change_in(tx, key, version, changes, "snoozed", {"until": until})
            await self._done.note_in(tx, What.SNOOZED, before, changed, actor, group)
            await self._claims.release_in(tx, key, actor)
            return changed

        return await self._transactor.run(work, origin)

    async def _put_off_in(self, tx: Transaction, story: Story, until: datetime, actor: Actor) -> None:
        key = ObjectId(story.id)
        await self._claims.check_in(tx, key, actor)
        look = await self._second_looks.put_off_in(tx, key, actor, until)
        if look is not None:
            before = look.get("put_off", {}).get(str(actor.user_id))
            await self._done.note_put_off_in(tx, story, until, before, actor)
        await self._claims.release_in(tx, key, actor)

    async def wake(self, story_id: str, version: int, actor: Actor, origin: Origin) -> Story:
        """Take a story back into the queue now.

        Raises:
            Forbidden, NotFound; Conflict: it is not put off, or has changed since ``version``.
        """
        if not actor.has(Role.EDITOR):
            raise Forbidden(N_("Only editors can do this."))
        story = await self._stories.get(story_id)
        if is_hidden_from(story, actor):
            await self._second_looks.wake(ObjectId(story.id), actor)
            return as_seen_by(story, actor)
        return await self._wake(ObjectId(story.id), version, origin)

    async def wake_due(self, limit: int = WOKEN_AT_ONCE) -> int:
        """Take back what is due by now, the earliest first; how many stories that were. Costs one look at an index."""
        query: Json = {"desk": DeskState.SNOOZED.value, "snooze.until": {"$lte": self._clock()}}
        rows = self._rows.find(query, {"version": 1}).sort([("snooze.until", 1), ("_id", 1)]).limit(limit)
        woken = 0
        for row in await rows.to_list():
            try:
                await self._wake(row["_id"], row["version"], SYSTEM)
            except Conflict:  # somebody was faster, or does something with it: then it is awake
                continue
            woken += 1
        return woken

    async def _wake(self, key: ObjectId, version: int, origin: Origin) -> Story:
        async def work(tx: Transaction) -> Story:
            before = await self._done.before_in(tx, key)
            if before.fields["desk"] != DeskState.SNOOZED.value:
                raise Conflict(N_("This story waits already."))
            changes: Json = {"desk": DeskState.PENDING.value, "snooze": None}
            return await self._tagging.change_in(tx, key, version, changes, "woken", {})

        return await self._transactor.run(work, origin)
