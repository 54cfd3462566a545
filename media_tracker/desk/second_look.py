"""Blind second looks on the database: drawing stories, taking the second decision, and what became of each.

A story that is drawn keeps its first decision, and work goes on with it; a mark on the story hides that decision from every
other editor (``ingest.blind``) until one of them has decided too. The record of both decisions (``second_looks``, under the
story's id) has a version and events of its own: a second look changes nothing of the story but the mark.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel

from media_tracker.accounts.actor import Actor, Role
from media_tracker.accounts.documents import User
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.events import SYSTEM, NewEvent, Origin
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.desk.second_look_rules import (
    LARGEST_SHARE,
    SHARE,
    WAITS,
    Look,
    LookState,
    Said,
    Settled,
    Voice,
    differs_in,
    is_drawn,
    said_of,
)
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput, NotFound
from media_tracker.ingest.documents import BlindMark, DecisionRecord, DeskState, Story
from media_tracker.places.service import Places
from media_tracker.tagging.service import Tagging
from media_tracker.taxonomy.service import Taxonomy

COLLECTION = "second_looks"
SETTINGS = "second_look_settings"
ENTITY = "second_look"
INDEXES = [
    IndexModel([("state", ASCENDING), ("since", ASCENDING)], name="state_since"),
    IndexModel([("done_at", DESCENDING), ("_id", DESCENDING)], name="done"),
]
SWEPT_AT_ONCE = 200
Noted = Callable[[Transaction, Sequence[Json], int], Awaitable[None]]
"""Which stories were hidden before a second look, and how; the version of the look after it."""
_SHARE = "share"
_LATE = N_("Somebody has worked on this story in the meantime, or its outlet has changed it. Look again.")

_DISPUTES: list[Json] = [
    {"$match": {"state": LookState.DISPUTED.value}},
    {"$sort": {"since": ASCENDING, "_id": ASCENDING}},
    {
        "$lookup": {
            "from": Story.Settings.name,
            "localField": "_id",
            "foreignField": "_id",
            "pipeline": [{"$match": {"withdrawn_at": None}}, {"$project": {"_id": 1}}],
            "as": "standing",
        }
    },
    {"$match": {"standing": {"$ne": []}}},
]
"""Disputes that somebody can settle: of a story that was withdrawn nothing is left to decide."""


class SecondLooks:
    """Draws stories and takes second decisions. The only writer of ``second_looks`` but for what ``settling`` adds."""

    def __init__(
        self,
        database: Database,
        transactor: Transactor,
        tagging: Tagging,
        places: Places,
        taxonomy: Taxonomy,
        clock: Clock,
        secret: Callable[[], str],
    ) -> None:
        self._looks = database[COLLECTION]
        self._settings = database[SETTINGS]
        self._users = database[User.Settings.name]
        self._stories = database[Story.Settings.name]
        self._transactor = transactor
        self._tagging = tagging
        self._places = places
        self._taxonomy = taxonomy
        self._clock = clock
        self._secret = secret
        tagging.on_decision(self._first_in)

    # -- the share

    async def share(self) -> float:
        """The share of decided stories that are looked at twice, 0 to ``LARGEST_SHARE``."""
        row = await self._settings.find_one({"_id": _SHARE})
        return float(row["share"]) if row else SHARE

    async def set_share(self, share: float, by: Actor) -> None:
        """Have this share of stories looked at twice from now on; 0: none.

        Raises:
            Forbidden: only admins may. InvalidInput: no share, or more than ``LARGEST_SHARE``.
        """
        if not by.has(Role.ADMIN):
            raise Forbidden(N_("Only admins may change how many stories are looked at twice."))
        if not 0.0 <= share <= LARGEST_SHARE:
            raise InvalidInput(N_("Please give a share between 0 and 50 percent."))
        changes = {"share": share, "by": by.user_id, "at": self._clock()}
        await self._settings.update_one({"_id": _SHARE}, {"$set": changes}, upsert=True)

    # -- the first decision

    async def _first_in(self, tx: Transaction, story: Story, decision: DecisionRecord) -> Json:
        """What ``decision`` changes of the mark on ``story``, within the decision's transaction."""
        key = ObjectId(story.id)
        row = await self._looks.find_one({"_id": key}, session=tx.session)
        if row is None:
            if await self._is_drawn(tx, story):
                return await self._draw(tx, story, decision)
            leader = await self._leader(tx, story)
            return {} if leader is None else {"blind": _mark(story, decision, leader, queued=False)}
        if row["state"] != LookState.WAITING:
            return {"blind": None} if story.blind else {}
        if story.decision is None or row["first"]["by"] == decision.by:
            voice = await self._voice(decision)
            await self._change(tx, row, "drawn", first=voice, content_hash=story.content_hash)
            return {"blind": _mark(story, decision, key, queued=True)}
        await self._change(tx, row, "lapsed", state=LookState.LAPSED.value)
        await self._tagging.unblind_in(tx, key, story.cluster)  # its reprints would be hidden for good
        return {"blind": None}

    async def _is_drawn(self, tx: Transaction, story: Story) -> bool:
        key, share = ObjectId(story.id), await self.share()
        if not share or not is_drawn(self._key(), key, share):
            return False
        editors = {"roles": Role.EDITOR.value, "active": True}
        if await self._users.count_documents(editors, limit=2, session=tx.session) < 2:
            return False
        # Who has seen what a reprint is could not look at this one as if nobody had.
        alike = {"cluster": story.cluster, "_id": {"$ne": key}, "decision": {"$ne": None}}
        return story.cluster is None or await self._stories.find_one(alike, {"_id": 1}, session=tx.session) is None

    async def _draw(self, tx: Transaction, story: Story, decision: DecisionRecord) -> Json:
        key, now = ObjectId(story.id), self._clock()
        row: Json = {
            "_id": key,
            "state": LookState.WAITING.value,
            "first": await self._voice(decision),
            "second": None,
            "settled": None,
            "differs": [],
            "content_hash": story.content_hash,
            "since": now,
            "done_at": None,
            "version": 1,
            "demo": story.demo,
        }
        await self._looks.insert_one(row, session=tx.session)
        tx.record(NewEvent(ENTITY, key, 1, "drawn", now))
        return {"blind": _mark(story, decision, key, queued=True)}

    async def _leader(self, tx: Transaction, story: Story) -> ObjectId | None:
        """The story that ``story`` repeats and that waits for a second look."""
        if story.cluster is None:
            return None
        waiting = {"cluster": story.cluster, "blind.queued": True, "_id": {"$ne": ObjectId(story.id)}}
        row = await self._stories.find_one(waiting, {"_id": 1}, session=tx.session)
        return row["_id"] if row else None

    # -- the second decision

    async def give(self, story: Story, decision: DecisionRecord, origin: Origin, noted: Noted | None = None) -> Story:
        """Take the second decision on ``story``, from an editor whom the first one is hidden from.

        ``noted`` is told, in the same transaction, what undoing it goes by. Returns the story as that editor leaves it: done
        with, and nothing said of it. The first decision stands; where the two differ, the dispute waits to be settled.

        Raises:
            Conflict: somebody has looked meanwhile, or the outlet has changed the story.
        """
        key = ObjectId(story.id)

        async def work(tx: Transaction) -> None:
            row = await self._looks.find_one({"_id": key, "state": LookState.WAITING.value}, session=tx.session)
            if row is None or row["first"]["by"] == decision.by or row["content_hash"] != story.content_hash:
                raise Conflict(_LATE)
            voice = await self._voice(decision)
            differs = differs_in(Said.of(row["first"]), Said.of(voice))
            state = LookState.DISPUTED if differs else LookState.AGREED
            changes = {"state": state.value, "second": voice, "differs": list(differs), "done_at": self._clock()}
            await self._change(tx, row, state.value, **changes)
            hidden: list[Json] = [{"_id": key}]
            if story.cluster is not None:
                hidden.append({"cluster": story.cluster, "blind.of": key})
            marks = await self._stories.find({"$or": hidden}, {"blind": 1}, session=tx.session).to_list()
            await self._tagging.unblind_in(tx, key, story.cluster)
            if noted is not None:
                await noted(tx, [each for each in marks if each.get("blind")], row["version"] + 1)

        await self._transactor.run(work, origin)
        done: Story = story.model_copy(update={"blind": None, "decision": None, "desk": DeskState.DECIDED})
        return done

    async def take_back_in(self, tx: Transaction, story_id: ObjectId, version: int) -> None:
        """Have the second look at a story asked for again, within ``tx``. ``version``: of the look, after it was given.

        Who has given it may have seen the first decision since: whatever comes of it now is no second look that was blind, and
        figures of agreement leave it out. ``Conflict`` when somebody has settled it.
        """
        row = await self._looks.find_one({"_id": story_id, "version": version}, session=tx.session)
        if row is None:
            raise Conflict(_LATE)
        taken: Json = {"second": None, "differs": [], "done_at": None, "taken_back": True}
        await self._change(tx, row, "taken_back", state=LookState.WAITING.value, **taken)

    async def first_again_in(self, tx: Transaction, story_id: ObjectId, decision: DecisionRecord) -> None:
        """The first decision is ``decision`` again, because a later one of the same editor was undone, within ``tx``."""
        row = await self._looks.find_one({"_id": story_id, "state": LookState.WAITING.value}, session=tx.session)
        if row is not None and row["first"]["by"] == decision.by:
            await self._change(tx, row, "drawn", first=await self._voice(decision))

    async def is_settled_in(self, tx: Transaction, story_id: ObjectId, decided_at: datetime) -> bool:
        """Whether a dispute about the decision of that moment has been settled: what stands is no longer its editor's alone."""
        settled = {"_id": story_id, "state": LookState.SETTLED.value, "first.at": decided_at}
        return await self._looks.find_one(settled, {"_id": 1}, session=tx.session) is not None

    async def sweep(self) -> int:
        """Let go of what has waited too long, or can no longer be looked at as it was. Returns how many."""
        now, lapsed = self._clock(), 0
        waiting = {"state": LookState.WAITING.value}
        rows = await self._looks.find(waiting).sort("since", ASCENDING).limit(SWEPT_AT_ONCE).to_list()
        stories = {row["_id"]: row async for row in self._stories.find({"_id": {"$in": [row["_id"] for row in rows]}})}
        for row in rows:
            story = stories.get(row["_id"])
            if row["since"] + WAITS <= now or story is None or not _as_it_was(story, row):
                lapsed += await self._lapse(row, story)
        return lapsed

    async def _lapse(self, row: Json, story: Json | None) -> bool:
        async def work(tx: Transaction) -> None:
            await self._change(tx, row, "lapsed", state=LookState.LAPSED.value)
            await self._tagging.unblind_in(tx, row["_id"], story["cluster"] if story else None)

        try:
            await self._transactor.run(work, SYSTEM)
        except Conflict:
            return False  # somebody has looked at this moment
        return True

    # -- putting off

    async def put_off_in(self, tx: Transaction, story_id: ObjectId, actor: Actor, until: datetime) -> Json | None:
        """Leave a story out of ``actor``'s queue until a moment, within ``tx``. Nobody else is concerned.

        Returns the record as it was before; None: of this story no second look is asked.
        """
        query, changes = {"_id": story_id, "state": LookState.WAITING.value}, {put_off_by(actor.user_id): until}
        row: Json | None = await self._looks.find_one_and_update(query, {"$set": changes}, session=tx.session)
        return row

    async def wake(self, story_id: ObjectId, actor: Actor) -> None:
        """Have a story in ``actor``'s queue again."""
        await self._looks.update_one({"_id": story_id}, {"$unset": {put_off_by(actor.user_id): ""}})

    async def take_put_off_back_in(
        self, tx: Transaction, story_id: ObjectId, user: ObjectId, until: datetime, before: datetime | None
    ) -> bool:
        """The story that ``user`` has put off ``until`` a moment is put off as ``before``; False: it is so no longer."""
        field = put_off_by(user)
        changes: Json = {"$set": {field: before}} if before is not None else {"$unset": {field: ""}}
        query = {"_id": story_id, field: until}
        return (await self._looks.update_one(query, changes, session=tx.session)).matched_count == 1

    # -- reading

    async def get(self, story_id: ObjectId) -> Look:
        """What became of a story that was drawn; ``NotFound`` for one that was not."""
        row = await self._looks.find_one({"_id": story_id})
        if row is None:
            raise NotFound(N_("There is no second look at this story."))
        return look_of(row)

    async def disputes(self, limit: int, after: tuple[datetime, ObjectId] | None = None) -> list[Look]:
        """Where two editors differ and nobody has settled it, the oldest first. Withdrawn stories are left out.

        ``after``: since when the last one of the page before has waited, and its story.
        """
        further: list[Json] = []
        if after is not None:
            since, last = after
            further = [{"$match": {"$or": [{"since": {"$gt": since}}, {"since": since, "_id": {"$gt": last}}]}}]
        rows = await self._looks.aggregate([*further, *_DISPUTES, {"$limit": limit}])
        return [look_of(row) async for row in rows]

    async def count_disputes(self, most: int) -> int:
        """How many disputes wait, counted up to ``most``."""
        rows = await self._looks.aggregate([*_DISPUTES, {"$limit": most}, {"$count": "count"}])
        return sum([int(row["count"]) async for row in rows])

    async def done(self, since: datetime, until: datetime, limit: int) -> list[Look]:
        """Stories that a second editor has decided blindly in the period, the newest first."""
        period = {"done_at": {"$gte": since, "$lt": until}, "taken_back": None}
        rows = self._looks.find(period).sort([("done_at", -1), ("_id", -1)]).limit(limit)
        return [look_of(row) async for row in rows]

    # -- writing

    async def settle_in(self, tx: Transaction, look: Look, settled: Settled) -> None:
        """Write down how a dispute ended, within ``tx``. ``Conflict`` when somebody else has settled it."""
        row = {"_id": look.story_id, "version": look.version, "state": LookState.DISPUTED.value}
        told = {"by": settled.by, "at": settled.at, "takes": settled.takes, **settled.said.row()}
        # Persons that the second editor has named are needed no longer: those who stand are in the decision.
        await self._change(tx, row, "settled", state=LookState.SETTLED.value, settled=told, **{"second.people": []})

    async def _change(self, tx: Transaction, row: Json, what: str, **changes: object) -> None:
        query = {name: row[name] for name in ("_id", "version", "state")}
        version = row["version"] + 1
        result = await self._looks.update_one(query, {"$set": {**changes, "version": version}}, session=tx.session)
        if result.matched_count == 0:
            raise Conflict(_LATE)
        tx.record(NewEvent(ENTITY, row["_id"], version, what, self._clock()))

    async def said(self, decision: DecisionRecord) -> Said:
        """What ``decision`` says, as far as decisions are compared, by today's tables."""
        path, tree = (await self._taxonomy.table()).path(decision.category), await self._places.regions()
        region = decision.region
        district = tree.district_for_counting(region) if region is not None and region in tree else None
        return said_of(decision, path[-1] if path else None, district)

    async def _voice(self, decision: DecisionRecord) -> Json:
        told = {"units": list(decision.units), "people": list(decision.people)}
        return {"by": decision.by, "at": decision.at, **(await self.said(decision)).row(), **told}

    def _key(self) -> bytes:
        return hashlib.sha256(f"second looks {self._secret()}".encode()).digest()


def put_off_by(user: ObjectId) -> str:
    """The field of a record that says until when ``user`` has put the story off."""
    return f"put_off.{user}"


def look_of(row: Json) -> Look:
    """A record as it is stored."""
    settled = row["settled"]
    return Look(
        story_id=row["_id"],
        state=LookState(row["state"]),
        first=_voice_of(row["first"]),
        second=_voice_of(row["second"]) if row["second"] else None,
        differs=tuple(row["differs"]),
        settled=Settled(settled["by"], settled["at"], settled["takes"], Said.of(settled)) if settled else None,
        since=row["since"],
        done_at=row["done_at"],
        version=row["version"],
    )


def _voice_of(row: Json) -> Voice:
    return Voice(row["by"], row["at"], Said.of(row), tuple(row["units"]), tuple(row["people"]))


def _mark(story: Story, decision: DecisionRecord, of: ObjectId, *, queued: bool) -> Json:
    """The mark that hides ``decision``. Where the story counted before it is known from the story, or from the former mark."""
    former = story.blind if story.decision else None
    mark = BlindMark(
        first=decision.by,
        of=of,
        queued=queued,
        content_hash=story.content_hash,
        district=former.district if former else story.district,
        version=former.version if former else story.version,
        since=decision.at,
    )
    return mark.model_dump()


def _as_it_was(story: Json, row: Json) -> bool:
    """Whether the story stands as it was decided first."""
    decided = story.get("decision") is not None and story.get("withdrawn_at") is None
    return decided and bool(story["content_hash"] == row["content_hash"])
