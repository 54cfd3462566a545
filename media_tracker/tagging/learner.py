"""Learning from the editors: when there are enough new decisions, a version is trained, judged, and kept.

Training runs in a process of its own, under a lease: of all workers one learns, and the pages go on being served. What is
trained is judged on decisions that no version has ever seen, beside the version in use; it takes over only if it is no worse,
and either way both results are written down. Stories are read with the rules and tables in force, as they are for suggesting.

Decisions on sample stories teach as long as there are no others. From the first one on a real story they are left out, and
what was learnt from them gives way to what was not.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from multiprocessing import get_context
from typing import Protocol, TypeVar

import structlog
from bson import ObjectId
from pebble import ProcessPool

from media_tracker.accounts.actor import Actor
from media_tracker.accounts.audit import Audit
from media_tracker.accounts.documents import AuditAction
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.leases import Leases
from media_tracker.errors import N_, Conflict, InvalidInput, NotFound
from media_tracker.ingest.documents import Story
from media_tracker.outlets.documents import Outlet
from media_tracker.tagging.evidence import StoryText
from media_tracker.tagging.lessons import Decided, Lessons, lessons, no_worse
from media_tracker.tagging.reading import Reader
from media_tracker.tagging.rule_book import check_rule_keeper
from media_tracker.tagging.source import InForce, SuggesterSource
from media_tracker.tagging.versions import STATE, InUse, Trained, Version, Versions

LEASE = "learning"
REQUEST = "learning"
SECONDS_TO_LEARN = 900.0
"""Then it is given up. The lease runs a little longer."""
REST_BETWEEN_RELEASES = timedelta(hours=1)
REST_AFTER_FAILURE = timedelta(minutes=10)
NICENESS = 10
MOST_DECISIONS = 5_000
"""That are learnt from, the newest: what can be trained from in a minute, with a few hundred megabytes."""

_DECIDED: Json = {"decision.at": {"$exists": True}, "withdrawn_at": None}
_REAL: Json = {"demo": {"$ne": True}}

log = structlog.get_logger("learning")
T = TypeVar("T")


class Apart(Protocol):
    """Runs a pure function away from the event loop."""

    async def run(self, function: Callable[..., T], *args: object) -> T: ...


class InItsOwnProcess:
    """In a process that is started for it, gives way to others, and ends with it, or when it takes too long."""

    async def run(self, function: Callable[..., T], *args: object) -> T:
        pool = ProcessPool(max_workers=1, max_tasks=1, initializer=_give_way, context=get_context("spawn"))
        try:
            future = pool.schedule(function, args=args, timeout=SECONDS_TO_LEARN)
            result: T = await asyncio.wrap_future(future)
            return result
        finally:
            pool.stop()  # type: ignore[no-untyped-call]
            await asyncio.to_thread(pool.join)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far learning is."""

    new: int
    """Decisions since the last version was trained."""
    enough: int
    """From so many on, a version is trained by itself."""
    learning_since: datetime | None
    """A version is being trained just now."""
    asked_at: datetime | None
    """Somebody has asked for a version, which is still to be begun."""
    failed: str
    """Why the last try came to nothing; empty when it did not."""


class Learner:
    """Trains versions from the editors' decisions."""

    def __init__(
        self,
        database: Database,
        versions: Versions,
        suggesters: SuggesterSource,
        audit: Audit,
        clock: Clock,
        owner: str,
        enough: int,
        apart: Apart,
    ) -> None:
        self._stories = database[Story.Settings.name]
        self._outlets = database[Outlet.Settings.name]
        self._state = database[STATE]
        self._versions = versions
        self._suggesters = suggesters
        self._audit = audit
        self._clock = clock
        self._leases = Leases(database, clock)
        self._owner = owner
        self._enough = enough
        self._apart = apart

    async def progress(self) -> Progress:
        """How many decisions wait to be learnt from, and whether somebody is at it."""
        row = await self._state.find_one({"_id": REQUEST}) or {}
        until = row.get("until")
        at_it = row.get("since") if until is not None and until > self._clock() else None
        return Progress(await self._new(), self._enough, at_it, row.get("asked_at"), row.get("failed", ""))

    async def ask(self, by: Actor) -> None:
        """Have a worker train a version as soon as it can. ``Forbidden`` for who may not."""
        check_rule_keeper(by)
        changes = {"asked_at": self._clock(), "asked_by": by.user_id}
        await self._state.update_one({"_id": REQUEST}, {"$set": changes}, upsert=True)

    async def turn(self) -> Version | None:
        """Train a version if it is time: there is none of this release, the newest has learnt from samples and need not any
        more, somebody has asked for one, or there are enough new decisions.
        """
        row = await self._state.find_one({"_id": REQUEST}) or {}
        asked, failed_at = row.get("asked_at") is not None, row.get("failed_at")
        if failed_at is not None and not asked and self._clock() - failed_at < REST_AFTER_FAILURE:
            return None
        if not (asked or await self._is_old() or await self._new() >= self._enough):
            return None
        try:
            return await self.learn(row.get("asked_by") if asked else None)
        except Conflict:
            return None  # another worker is at it

    async def learn(self, by: ObjectId | None) -> Version:
        """Train a version now, and have it used if it is no worse.

        Raises:
            Conflict: another process is at it.
        """
        if not await self._leases.acquire(LEASE, self._owner, SECONDS_TO_LEARN + 60):
            raise Conflict(N_("A version is being trained already. Look again in a minute."))
        asked_at: datetime | None = None
        try:
            now = self._clock()
            asked_at = ((await self._state.find_one({"_id": REQUEST})) or {}).get("asked_at")
            await self._note(since=now, until=now + timedelta(seconds=SECONDS_TO_LEARN + 60))
            trained, beside = await self._train()
            version = await self._versions.add(trained, by, beside, now)
            await self._note(failed="", failed_at=None)
            await self._answer(asked_at)
        except Exception as error:
            await self._note(failed=type(error).__name__, failed_at=self._clock())
            await self._answer(asked_at)
            raise
        finally:
            await self._note(since=None, until=None)
            await self._leases.release(LEASE, self._owner)
        action = AuditAction.MODEL_TRAINED if version.took_over else AuditAction.MODEL_SET_ASIDE
        detail = {"decisions": version.decisions, "held_back": version.held_back}
        await self._audit.write(action, actor=by, subject=f"model/{version.number}", detail=detail)
        log.info("trained", version=version.number, took_over=version.took_over, **detail)
        return version

    async def _train(self) -> tuple[Trained, InUse | None]:
        """A trained model, and the version that it was compared with."""
        present, samples = await self._versions.in_use(), await self._samples_only()
        found, in_force = lessons(await self._decided(samples)), await self._suggesters.in_force()
        trained = await self._apart.run(train_and_judge, found, await self._to_compare(present, samples), in_force)
        return replace(trained, samples=samples and bool(found.taught or found.held_back)), present

    async def _to_compare(self, present: InUse | None, samples: bool) -> bytes | None:
        """The bytes of the version that the new one has to stand up to: not one that has learnt what it should not have."""
        if present is None or (not samples and await self._versions.learnt_from_samples(present.number)):
            return None
        try:
            return await self._versions.data(present.number)
        except NotFound:
            return None

    async def _samples_only(self) -> bool:
        """Whether nobody has decided on a story that is no sample yet."""
        return await self._stories.find_one({**_DECIDED, **_REAL}, {"_id": 1}) is None

    async def _decided(self, samples: bool) -> list[Decided]:
        outlets = {row["_id"]: row["name"] async for row in self._outlets.find({}, {"name": 1})}
        wanted = dict.fromkeys(("title", "text", "outlet_id", "column", "published_at", "cluster", "decision"), 1)
        query = _DECIDED if samples else {**_DECIDED, **_REAL}
        rows = self._stories.find(query, wanted).sort("decision.at", -1).limit(MOST_DECISIONS)
        return [_decided(row, outlets) async for row in rows]

    async def _is_old(self) -> bool:
        """Whether there is no version, or the newest was made by another release, or from samples that count no longer.

        While two releases run beside each other, they do not take turns at this without end.
        """
        newest = await self._versions.newest()
        if newest is None or (newest.samples and not await self._samples_only()):
            return True
        return (
            newest.made_from != await asyncio.to_thread(_digest)
            and self._clock() - newest.trained_at > REST_BETWEEN_RELEASES
        )

    async def _new(self) -> int:
        newest = await self._versions.newest()
        since: Json = _DECIDED if newest is None else {**_DECIDED, "decision.at": {"$gt": newest.trained_at}}
        return await self._stories.count_documents(since if await self._samples_only() else {**since, **_REAL})

    async def _answer(self, asked_at: datetime | None) -> None:
        """Strike out the request of ``asked_at``; one that came since, about newer decisions, stands."""
        answered = {"_id": REQUEST, "asked_at": asked_at}
        await self._state.update_one(answered, {"$set": {"asked_at": None, "asked_by": None}})

    async def _note(self, **changes: object) -> None:
        await self._state.update_one({"_id": REQUEST}, {"$set": changes}, upsert=True)


def train_and_judge(found: Lessons, former: bytes | None, in_force: InForce) -> Trained:
    """Train a model from the shipped stories and the editors' decisions, and judge it and the ``former`` one. Pure, slow.

    Cues are those in force. Places are, for the editors' stories; the shipped ones tell of places in the shipped table.
    """
    from media_tracker.tagging import model, starting, training

    reader, corpus = in_force.reader(), starting.corpus()
    at_home = Reader(reader.cues, training.table_reader().gazetteer)
    seen = [*training.features(corpus, at_home), *training.features(found.taught, reader)]
    learnt = training.train_on(seen, [*corpus, *found.taught])
    figures = training.judge(learnt, found.held_back, reader) if found.held_back else {}
    former_figures: dict[str, float] = {}
    if former is not None and found.held_back:
        try:
            former_figures = training.judge(model.load(former), found.held_back, reader)
        except InvalidInput:
            former_figures = {}  # of another release: it cannot be used any more, so anything is better
    return Trained(
        data=model.dump(learnt),
        model=learnt.version,
        made_from=starting.starting_digest(),
        decisions=len(found.taught),
        held_back=len(found.held_back),
        figures=figures,
        former_figures=former_figures,
        no_worse=no_worse(figures, former_figures),
        tables=in_force.digest,
    )


@cache
def _digest() -> str:
    from media_tracker.tagging.starting import starting_digest

    return starting_digest()


def _decided(row: Json, outlets: dict[ObjectId, str]) -> Decided:
    text = StoryText(row["title"], row["text"], outlets.get(row["outlet_id"], ""), row["column"], row["published_at"])
    said = row["decision"]
    labels = {name: said.get(name) for name in ("kind", "category", "outcome", "deed")}
    return Decided(row.get("cluster") or row["_id"], text, said["at"], **labels)


def _give_way() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that it works for
    os.nice(NICENESS)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
