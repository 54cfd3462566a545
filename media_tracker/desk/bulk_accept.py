"""Accepting many suggestions at once: those above a score that an editor chooses, looked at first, run in batches, undone as one.

A run is drawn up from a queue: its stories stand in it with the version that was looked at, and nothing that comes in later does.
Each story is decided by itself, as if an editor had pressed the key. Of a run that is cut short some are decided and the others
are not; whoever carries it on (the worker does, when nobody else holds its lease) takes up what is left, and meets nothing twice.

Only notices and other stories: an exposure, a follow-up or a good deed asks for a further step, and so for a look.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.events import Origin
from media_tracker.db.ids import parse_id
from media_tracker.db.leases import Leases
from media_tracker.desk.decision import Decision
from media_tracker.desk.done import Done, Group
from media_tracker.desk.filters import QueueFilter, Which, narrowed
from media_tracker.desk.service import Desk
from media_tracker.desk.undoing import TOO_LATE, UNDO_WITHIN, Undoing
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput, MediaTrackerError, NotFound
from media_tracker.ingest.blind import is_hidden_from
from media_tracker.ingest.documents import DeskState, Kind, Story, SuggestionRecord
from media_tracker.tagging.rule_book import RuleBook

COLLECTION = "desk_runs"
INDEXES = [
    IndexModel([("at", ASCENDING)], name="at", expireAfterSeconds=7 * 86_400),
    IndexModel([("by", ASCENDING), ("_id", DESCENDING)], name="by"),
    IndexModel(
        [("state", ASCENDING), ("at", ASCENDING)],
        name="under_way",
        partialFilterExpression={"state": {"$in": ["running", "undoing"]}},
    ),
]
KINDS = (Kind.NOTICE, Kind.OTHER)
MOST = 2_000
"""Stories of one run; for more there is another one."""
LOWEST_FLOOR = 0.5
USUAL_FLOOR = 0.9
LEASE_SECONDS = 60.0
_AT_ONCE = 50
"""Stories between two looks at whether the run is still ours."""
PAGE = 100

NONE_ABOVE = N_("No notice and no other story of this queue is suggested with so high a score.")
FLOOR_WRONG = N_("Please give a score from 50 to 100.")
WORKED_ON = N_("Somebody has worked on this story in the meantime, or its outlet has changed it. Look again.")
NOT_DRAWN_UP = N_("This run has been started already.")
NOT_RUN = N_("There is nothing of this run that could be undone.")


class RunState(StrEnum):
    """How far a run is."""

    DRAWN_UP = "drawn_up"
    RUNNING = "running"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"


class Came(StrEnum):
    """What came of one story of a run."""

    WAITING = "waiting"
    LEFT_OUT = "left_out"
    DONE = "done"
    FAILED = "failed"
    UNDONE = "undone"
    KEPT = "kept"  # it could not be undone


@dataclass(frozen=True, slots=True)
class Item:
    """One story of a run. ``message`` and ``params``: why it failed or was kept."""

    story_id: ObjectId
    version: int
    kind: Kind
    score: float
    came: Came
    message: str = ""
    params: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One run. ``total`` leaves out what was left out; ``more``: the queue held more than one run takes.

    ``until``: so long it can be undone.
    """

    id: ObjectId
    by: ObjectId
    state: RunState
    at: datetime
    floor: float
    query: str
    kinds: Mapping[Kind, int]
    came: Mapping[Came, int]
    more: bool
    until: datetime | None

    @property
    def total(self) -> int:
        return sum(number for came, number in self.came.items() if came is not Came.LEFT_OUT)

    @property
    def settled(self) -> int:
        """Of those, how many the run (or its undoing) is done with."""
        waits = Came.DONE if self.state is RunState.UNDOING else Came.WAITING
        return self.total - self.came.get(waits, 0)


def accepted(found: SuggestionRecord, prefill: float) -> Decision:
    """What accepting a suggestion as a whole says: the place as it is suggested, the region from the score ``prefill`` on.

    Of a notice or another story nothing else is asked.
    """
    region = found.region if found.region_score >= prefill else None
    return Decision(found.kind, region=region, place=found.place or "")


class BulkAccept:
    """Draws up, runs and undoes."""

    def __init__(
        self, database: Database, desk: Desk, undoing: Undoing, done: Done, rules: RuleBook, clock: Clock, owner: str
    ) -> None:
        self._runs = database[COLLECTION]
        self._stories = database[Story.Settings.name]
        self._desk = desk
        self._undoing = undoing
        self._done = done
        self._rules = rules
        self._clock = clock
        self._leases = Leases(database, clock)
        self._owner = owner
        self._tasks: set[asyncio.Task[None]] = set()

    async def draw_up(self, wanted: QueueFilter, floor: float, actor: Actor) -> ObjectId:
        """Put together which stories of the queue ``wanted`` would be accepted: the surest first, at most 2,000.

        Changes no story. Returns the run's id; ``floor`` is the lowest score of the kind, from 0.5 to 1.

        Raises:
            Forbidden; InvalidInput: a floor that is none, or no story is above it.
        """
        if not actor.has(Role.EDITOR):
            raise Forbidden(N_("Only editors can do this."))
        if not LOWEST_FLOOR <= floor <= 1:
            raise InvalidInput(FLOOR_WRONG, {"floor": FLOOR_WRONG})
        query = self._query(wanted, floor)
        fields = {"version": 1, "suggestion.kind": 1, "suggestion.kind_score": 1}
        surest = self._stories.find(query, fields).sort([("suggestion.kind_score", -1), ("_id", -1)])
        rows = await surest.hint("desk_surest").limit(MOST + 1).to_list()
        if not rows:
            raise InvalidInput(NONE_ABOVE, {"floor": NONE_ABOVE})
        run_id = ObjectId()
        items = [
            {
                "story_id": row["_id"],
                "version": row["version"],
                "kind": row["suggestion"]["kind"],
                "score": row["suggestion"]["kind_score"],
                "came": Came.WAITING.value,
            }
            for row in rows[:MOST]
        ]
        run: Json = {"_id": run_id, "by": actor.user_id, "at": self._clock(), "state": RunState.DRAWN_UP.value}
        about = {"floor": floor, "query": wanted.query_string(), "more": len(rows) > MOST, "items": items}
        await self._runs.insert_one({**run, **about})
        return run_id

    async def run(self, run_id: str, actor: Actor) -> Run:
        """A run, of one's own or for an admin; ``NotFound`` without one."""
        return _run(await self._row(run_id, actor))

    async def items(self, run_id: str, actor: Actor, page: int, size: int = PAGE) -> list[Item]:
        """One page of its stories, from 0; the surest first."""
        row = await self._row(run_id, actor, {"items": {"$slice": [page * size, size]}})
        return [_item(each) for each in row["items"]]

    async def runs(self, actor: Actor, limit: int = 10) -> list[Run]:
        """The last runs of ``actor`` that were started."""
        query: Json = {"by": actor.user_id, "state": {"$ne": RunState.DRAWN_UP.value}}
        return [_run(row) async for row in self._runs.find(query).sort("_id", DESCENDING).limit(limit)]

    async def leave_out(self, run_id: str, shown: Sequence[ObjectId], kept: Sequence[ObjectId], actor: Actor) -> None:
        """Say which of the stories that were ``shown`` are to be accepted (``kept``); the others are left out, or taken in again.

        Raises:
            NotFound; Conflict: the run has been started.
        """
        key = (await self._row(run_id, actor, {"items": 0}))["_id"]
        chosen = set(kept)
        changes = {
            Came.WAITING: [each for each in shown if each in chosen],
            Came.LEFT_OUT: [each for each in shown if each not in chosen],
        }
        for came, stories in changes.items():
            result = await self._runs.update_one(
                {"_id": key, "state": RunState.DRAWN_UP.value},
                {"$set": {"items.$[one].came": came.value}},
                array_filters=[{"one.story_id": {"$in": stories}}],
            )
            if result.matched_count == 0:
                raise Conflict(NOT_DRAWN_UP)

    async def start(self, run_id: str, actor: Actor, origin: Origin) -> None:
        """Have the run begin, in the background. Sent twice it begins once.

        Raises:
            NotFound.
        """
        row = await self._row(run_id, actor, {"items": 0})
        query = {"_id": row["_id"], "state": RunState.DRAWN_UP.value}
        changes = {"state": RunState.RUNNING.value, "started_at": self._clock(), "request_id": origin.request_id}
        if (await self._runs.update_one(query, {"$set": changes})).matched_count:
            self._in_background(row["_id"])

    async def undo(self, run_id: str, actor: Actor) -> None:
        """Have the whole run undone, in the background: each story that nothing was done with since is as it was before.

        Raises:
            NotFound; Conflict: too late, or nothing of it can be undone (any more).
        """
        row = await self._row(run_id, actor, {"items": 0})
        if row["state"] not in (RunState.RUNNING.value, RunState.DONE.value):
            raise Conflict(NOT_RUN)
        begun = row.get("done_at") or self._clock()
        if self._clock() > begun + UNDO_WITHIN:
            raise Conflict(TOO_LATE)
        changes = {"state": RunState.UNDOING.value, "undone_by": actor.user_id, "undo_from": self._clock()}
        query = {"_id": row["_id"], "state": row["state"]}
        if (await self._runs.update_one(query, {"$set": changes})).matched_count:
            self._in_background(row["_id"])

    async def carry_on(self, run_id: ObjectId) -> None:
        """Take up a run, or its undoing, where it was left; nothing where somebody else is at it or it is over."""
        lease, owner = f"desk run {run_id}", f"{self._owner}:{ObjectId()}"
        if not await self._leases.acquire(lease, owner, LEASE_SECONDS):
            return
        try:
            while await self._batch(run_id) and await self._leases.acquire(lease, owner, LEASE_SECONDS):
                pass
        finally:
            await self._leases.release(lease, owner)

    async def carry_on_all(self, limit: int = 5) -> int:
        """Take up every run that somebody has left; how many there were."""
        under_way = {"state": {"$in": [RunState.RUNNING.value, RunState.UNDOING.value]}}
        rows = await self._runs.find(under_way, {"_id": 1}).sort("at", ASCENDING).limit(limit).to_list()
        for row in rows:
            await self.carry_on(row["_id"])
        return len(rows)

    async def finish(self) -> None:
        """Wait until this process is done with what it has begun."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _in_background(self, run_id: ObjectId) -> None:
        task = asyncio.create_task(self.carry_on(run_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _batch(self, run_id: ObjectId) -> bool:
        """Some stories further; whether anything may be left."""
        row = await self._runs.find_one({"_id": run_id})
        if row is None or row["state"] not in (RunState.RUNNING.value, RunState.UNDOING.value):
            return False
        undoing = row["state"] == RunState.UNDOING.value
        waits = Came.DONE if undoing else Came.WAITING
        left = [at for at, item in enumerate(row["items"]) if item["came"] == waits.value][:_AT_ONCE]
        if not left:
            await self._over(row, undoing)
            return False
        by = row["undone_by"] if undoing else row["by"]
        actor = Actor(by, frozenset({Role.EDITOR, Role.ADMIN}) if undoing else frozenset({Role.EDITOR}))
        prefill = (await self._rules.thresholds()).prefill
        for at in left:
            item = _item(row["items"][at])
            came = await (self._undo_one(row, item, actor) if undoing else self._accept(row, item, actor, prefill))
            changes = {f"items.{at}.{name}": value for name, value in came.items()}
            await self._runs.update_one({"_id": run_id}, {"$set": changes})
            if not undoing and await self._stopped(run_id):
                return True
        return True

    async def _stopped(self, run_id: ObjectId) -> bool:
        return await self._runs.find_one({"_id": run_id, "state": RunState.RUNNING.value}, {"_id": 1}) is None

    async def _over(self, row: Json, undoing: bool) -> None:
        state = RunState.UNDONE if undoing else RunState.DONE
        done = {"state": state.value, "undone_at" if undoing else "done_at": self._clock()}
        await self._runs.update_one({"_id": row["_id"], "state": row["state"]}, {"$set": done})

    async def _accept(self, row: Json, item: Item, actor: Actor, prefill: float) -> Json:
        """Decide one story as it was looked at; one that the run has decided before it was cut short is known again."""
        group = Group(row["_id"], bulk=True)
        origin = Origin(row["by"], None, row.get("request_id"))
        row_of_story = await self._stories.find_one({"_id": item.story_id})
        story = Story.model_validate(row_of_story) if row_of_story is not None else None
        found = story.suggestion if story is not None else None
        try:
            if story is not None and is_hidden_from(story, actor):  # a second look is one that somebody gives
                raise Conflict(WORKED_ON)
            if found is None or found.kind is not item.kind or found.kind_score < row["floor"]:
                raise Conflict(N_("It is suggested differently by now."))
            decision = accepted(found, prefill)
            await self._desk.decide(str(item.story_id), item.version, decision, actor, origin, group)
        except (Conflict, InvalidInput, NotFound) as error:
            if await self._done.of_run_and_story(row["_id"], item.story_id) is not None:
                return {"came": Came.DONE.value}
            return _failed(Came.FAILED, error)
        return {"came": Came.DONE.value}

    async def _undo_one(self, row: Json, item: Item, actor: Actor) -> Json:
        done = await self._done.of_run_and_story(row["_id"], item.story_id)
        if done is None or done.undone_at is not None:
            return {"came": Came.UNDONE.value}
        try:
            origin = Origin(row["undone_by"], None, None)
            await self._undoing.undo_one(done, actor, origin, since=self._clock())
        except (Conflict, NotFound) as error:
            return _failed(Came.KEPT, error)
        return {"came": Came.UNDONE.value}

    def _query(self, wanted: QueueFilter, floor: float) -> Json:
        narrow = narrowed(wanted, self._clock())
        kinds = [kind for kind in KINDS if wanted.kind in (None, kind)]
        asked = narrow.get("suggestion.kind_score") or {}
        score = {"$gte": max(floor, asked.get("$gte", 0.0)), "$lte": 1.01}
        score |= {name: value for name, value in asked.items() if name == "$lt"}
        return {
            **narrow,
            "desk": DeskState.PENDING.value,
            "decision": None,
            "suggestion.kind": {"$in": [kind.value for kind in kinds]},
            "suggestion.kind_score": score,
        }

    async def _row(self, run_id: str, actor: Actor, fields: Json | None = None) -> Json:
        query: Json = {"_id": parse_id(run_id)}
        if not actor.has(Role.ADMIN):
            query["by"] = actor.user_id
        row = await self._runs.find_one(query, fields)
        if row is None:
            raise NotFound(N_("There is nothing at this address."))
        found: Json = row
        return found


def takes_part(wanted: QueueFilter) -> bool:
    """Whether there is anything to accept in bulk in such a queue: it is of stories that wait, and not of another kind."""
    return wanted.which is Which.WAITING and wanted.kind in (None, *KINDS)


def _failed(came: Came, error: MediaTrackerError) -> Json:
    params = {name: str(value) for name, value in error.params.items()}
    return {"came": came.value, "message": error.message, "params": params}


def _item(row: Json) -> Item:
    about = (row.get("message", ""), row.get("params"))
    return Item(row["story_id"], row["version"], Kind(row["kind"]), row["score"], Came(row["came"]), *about)


def _run(row: Json) -> Run:
    state = RunState(row["state"])
    taken = [item for item in row["items"] if item["came"] != Came.LEFT_OUT.value]
    until = row["done_at"] + UNDO_WITHIN if state is RunState.DONE else None
    return Run(
        id=row["_id"],
        by=row["by"],
        state=state,
        at=row["at"],
        floor=row["floor"],
        query=row["query"],
        kinds=Counter(Kind(item["kind"]) for item in taken),
        came=Counter(Came(item["came"]) for item in row["items"]),
        more=row["more"],
        until=until,
    )
