"""What happens, told to every page that listens: one reader of the event log for a whole process.

    change stream ─► wake ─► read the log in its order ─► one message ─► a bounded queue for each listener

A message names kinds and how many of each, never what they are about: nobody learns by listening what they may not see. The log
is what is told; the change stream only says when to look, so that without one (it failed, the server has none) the same is told
by looking every few seconds. Whoever does not take what waits for them is dropped, and comes back with their last position.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog
from bson import ObjectId
from prometheus_client import Gauge
from pymongo.errors import PyMongoError

from media_tracker.accounts.sessions import Sessions
from media_tracker.db.connection import Database
from media_tracker.db.events import COLLECTION as EVENTS
from media_tracker.db.events import Event, EventLog
from media_tracker.db.following import inserts
from media_tracker.notices.documents import NOTICES

log = structlog.get_logger("live")

LISTENERS = Gauge("media_tracker_live_listeners", "Pages that listen to what happens")

MOST_LISTENERS = 2_000
MOST_OF_ONE_USER = 12
QUEUE = 32
"""Messages that may wait for one listener; each tells of everything since the one before it."""
PACE_SECONDS = 0.2
"""What happens within this time is told together."""
LOOK_SECONDS = 2.0
"""How often the log is read without a change stream."""
HEALTHY_LOOK_SECONDS = 10.0
"""How often it is read with one: for what became readable without an insert, such as a gap that was given up."""
FOLLOW_AGAIN_SECONDS = 10.0
SESSION_CHECK_SECONDS = 5.0
MOST_MISSED = 500
"""Events that are read for somebody who comes back; who has missed more is told to load the page again."""


@dataclass(frozen=True, slots=True)
class News:
    """What has happened up to ``position``: how many events of each kind. ``more``: there was too much to say."""

    position: int
    kinds: Mapping[tuple[str, str], int]
    more: bool = False

    def as_dict(self) -> dict[str, object]:
        """As pages read it."""
        kinds = [{"entity": entity, "type": kind, "count": n} for (entity, kind), n in sorted(self.kinds.items())]
        return {"position": self.position, "changes": kinds, "more": self.more}


def news_of(position: int, events: Sequence[Event], more: bool = False) -> News:
    """``events`` by kind."""
    return News(position, Counter((event.entity, event.type) for event in events), more)


def message(name: str, data: Mapping[str, object], position: int | None = None) -> bytes:
    """A server-sent event. With ``position`` as its id, so that a browser says it when it comes back."""
    head = f"id: {position}\n" if position is not None else ""
    return f"{head}event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


NOTICED = message("notice", {})


class TooManyListen(Exception):
    """This process, or this user, has as many listeners as there may be."""


@dataclass(eq=False, slots=True)
class Listener:
    """One page that listens."""

    user_id: ObjectId
    session_id: str
    start: int
    """The position from which on it is told."""
    waiting: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(QUEUE))

    async def next(self, seconds: float) -> bytes | None:
        """The next message, empty when there is none for ``seconds``; None when this listener was dropped."""
        try:
            async with asyncio.timeout(seconds):
                return await self.waiting.get()
        except TimeoutError:
            return b""


class LiveHub:
    """The listeners of this process. It reads the log while there are any, and does nothing else."""

    def __init__(self, database: Database, events: EventLog, sessions: Sessions) -> None:
        self._database = database
        self._log = events
        self._sessions = sessions
        self._listeners: set[Listener] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._wake = asyncio.Event()
        self._noticed: set[ObjectId] = set()
        self._starting = asyncio.Lock()
        self.position = 0
        """The last position that listeners were told of."""
        self.following = False
        """Whether there is a change stream."""

    def __len__(self) -> int:
        return len(self._listeners)

    @asynccontextmanager
    async def listen(self, user_id: ObjectId, session_id: str) -> AsyncIterator[Listener]:
        """Be told what happens from now on, until the context is left.

        Raises:
            TooManyListen: this process, or this user, has as many listeners as there may be.
        """
        listener = await self._joined(user_id, session_id)
        try:
            yield listener
        finally:
            self.leave(listener)
            if not self._listeners:
                await self.close()

    async def _joined(self, user_id: ObjectId, session_id: str) -> Listener:
        async with self._starting:
            of_user = sum(each.user_id == user_id for each in self._listeners)
            if len(self._listeners) >= MOST_LISTENERS or of_user >= MOST_OF_ONE_USER:
                raise TooManyListen
            if not self._tasks:
                self.position = await self._settled()
                self._tasks = [asyncio.create_task(work()) for work in (self._follow, self._tell, self._watch)]
            listener = Listener(user_id, session_id, self.position)
            self._listeners.add(listener)
            LISTENERS.set(len(self._listeners))
            return listener

    async def _settled(self) -> int:
        """The last position before which, among the latest, none is missing: what is under way now is told when it is there."""
        behind = max(0, await self._log.last_position() - MOST_MISSED)
        _, settled = await self._log.read_settled(behind, MOST_MISSED)
        return settled

    async def since(self, after: int, until: int | None = None) -> News:
        """What has happened behind ``after``, up to ``until``, by the log."""
        events, settled = await self._log.read_settled(after, MOST_MISSED)
        more = len(events) == MOST_MISSED
        if until is not None:
            more = more or settled < until
            events = [event for event in events if event.position <= until]
            settled = until
        return news_of(settled, events, more)

    async def close(self) -> None:
        """Stop reading, and end every listener's stream."""
        tasks, self._tasks = self._tasks, []
        for listener in list(self._listeners):
            self.leave(listener)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.following = False

    async def _follow(self) -> None:
        """Wake the teller at each insert; while there is no change stream it wakes by itself."""
        while True:
            try:
                async with inserts(self._database, {EVENTS: (), NOTICES: ("user_id",)}) as told:
                    self.following = True
                    self._wake.set()
                    async for each in told:
                        if each.collection == NOTICES and each.fields.get("user_id") is not None:
                            self._noticed.add(each.fields["user_id"])
                        self._wake.set()
            except PyMongoError as error:
                log.warning("change_stream_failed", error=type(error).__name__)
            self.following = False
            await asyncio.sleep(FOLLOW_AGAIN_SECONDS)

    async def _tell(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEALTHY_LOOK_SECONDS if self.following else LOOK_SECONDS):
                    await self._wake.wait()
            self._wake.clear()
            try:
                events, settled = await self._log.read_settled(self.position, MOST_MISSED)
            except PyMongoError as error:
                log.warning("log_not_read", error=type(error).__name__)
                await asyncio.sleep(LOOK_SECONDS)
                continue
            if len(events) == MOST_MISSED:
                self._wake.set()
            self.position = settled
            if events:
                self._send(message("change", news_of(settled, events).as_dict(), settled))
            noticed, self._noticed = self._noticed, set()
            if noticed:
                self._send(NOTICED, noticed)
            await asyncio.sleep(PACE_SECONDS)

    async def _watch(self) -> None:
        """End the streams of sessions that are over: signed out, too long idle, or closed by an admin."""
        while True:
            await asyncio.sleep(SESSION_CHECK_SECONDS)
            try:
                still = await self._sessions.still_open({each.session_id for each in self._listeners})
            except PyMongoError:
                continue  # the next look will tell
            for listener in [each for each in self._listeners if each.session_id not in still]:
                self.leave(listener)

    def _send(self, told: bytes, users: set[ObjectId] | None = None) -> None:
        for listener in list(self._listeners):
            if users is not None and listener.user_id not in users:
                continue
            try:
                listener.waiting.put_nowait(told)
            except asyncio.QueueFull:
                self.leave(listener)

    def leave(self, listener: Listener) -> None:
        """End a listener's stream; what waits for it is forgotten."""
        self._listeners.discard(listener)
        LISTENERS.set(len(self._listeners))
        while not listener.waiting.empty():
            listener.waiting.get_nowait()
        listener.waiting.put_nowait(None)
