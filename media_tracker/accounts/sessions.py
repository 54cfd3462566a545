"""Sessions of signed-in people, kept in the database.

The cookie carries a random token, the database only its SHA-256: who reads the database cannot sign in. Tokens are made here
and nowhere else, so an unknown cookie is nobody, and nobody's visit writes nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from media_tracker.accounts.documents import User
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json

COLLECTION = "sessions"
INDEXES = [
    IndexModel([("expires_at", ASCENDING)], name="expires_at_ttl", expireAfterSeconds=0),
    IndexModel([("user_id", ASCENDING)], name="user"),
]

TOKEN_BYTES = 32
_TOKEN_LENGTH = 43  # of 32 bytes in unpadded base64
SEEN_EVERY = timedelta(minutes=1)
"""``last_seen`` is written no more often than this: reading pages must not be writing."""
MAX_FLASHES = 10


@dataclass(frozen=True, slots=True)
class Flash:
    """A message for the next page: ``success``, ``info`` or ``error``; an untranslated sentence and its parameters."""

    level: str
    message: str
    params: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Session:
    """A session as a request sees it. ``id`` is the token's hash: fit for logs and for ``take_flashes``, not for a cookie."""

    id: str
    user_id: ObjectId
    created_at: datetime
    last_seen: datetime
    flashes: tuple[Flash, ...]


class Sessions:
    """Opens, finds and closes sessions. One ends ``idle`` after its last request and ``absolute`` after its start."""

    def __init__(self, database: Database, clock: Clock, *, idle: timedelta, absolute: timedelta) -> None:
        self._sessions = database[COLLECTION]
        self._clock = clock
        self._idle = idle
        self._absolute = absolute

    async def open(self, user: User) -> str:
        """A new session for ``user``. Returns the token for the cookie; it cannot be had again."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        now = self._clock()
        await self._sessions.insert_one(
            {
                "_id": _digest(token),
                "user_id": user.object_id,
                "epoch": user.session_epoch,
                "created_at": now,
                "last_seen": now,
                "expires_at": self._expiry(now, now),
                "flashes": [],
            }
        )
        return token

    async def find(self, token: str | None, *, touch: bool = True) -> tuple[Session, User] | None:
        """The session of ``token`` and its user; None when there is none, it is over, or the user may no longer sign in.

        ``touch=False``: what a page asks by itself does not keep the session of somebody who has gone from being idle.
        """
        if token is None or len(token) != _TOKEN_LENGTH:
            return None
        document = await self._sessions.find_one({"_id": _digest(token)})
        if document is None:
            return None
        now = self._clock()
        # Both limits are worked out anew, so that a shorter one holds for old sessions too.
        if now >= self._expiry(document["created_at"], document["last_seen"]):
            return None
        user = await User.get(document["user_id"])
        if user is None or not user.active or user.session_epoch != document["epoch"]:
            return None
        if touch:
            await self._touch(document, now)
        return _session(document), user

    async def still_open(self, session_ids: Iterable[str]) -> set[str]:
        """Which of these sessions (by ``Session.id``) are not over. Who may no longer sign in has none."""
        now = self._clock()
        shown = {"created_at": 1, "last_seen": 1}
        rows = self._sessions.find({"_id": {"$in": list(session_ids)}}, shown)
        return {row["_id"] async for row in rows if now < self._expiry(row["created_at"], row["last_seen"])}

    async def close(self, token: str) -> None:
        """End the session of ``token``; an unknown one is already ended."""
        await self._sessions.delete_one({"_id": _digest(token)})

    async def close_all(self, user_id: ObjectId) -> None:
        """End every session of a user. Raise the user's ``session_epoch`` first, or one being opened now slips through."""
        await self._sessions.delete_many({"user_id": user_id})

    async def flash(self, session_id: str, level: str, message: str, params: Mapping[str, str | int]) -> None:
        """Keep a message for the next page that this session sees. The newest ten are kept."""
        entry = {"level": level, "message": message, "params": dict(params)}
        await self._sessions.update_one(
            {"_id": session_id}, {"$push": {"flashes": {"$each": [entry], "$slice": -MAX_FLASHES}}}
        )

    async def take_flashes(self, session_id: str) -> tuple[Flash, ...]:
        """The messages that wait, and forget them: of two pages loading at once, one gets them."""
        document = await self._sessions.find_one_and_update({"_id": session_id}, {"$set": {"flashes": []}})
        return _flashes(document) if document is not None else ()

    async def _touch(self, document: Json, now: datetime) -> None:
        if now - document["last_seen"] < SEEN_EVERY:
            return
        await self._sessions.update_one(
            {"_id": document["_id"], "last_seen": document["last_seen"]},
            {"$set": {"last_seen": now, "expires_at": self._expiry(document["created_at"], now)}},
        )

    def _expiry(self, created_at: datetime, last_seen: datetime) -> datetime:
        return min(last_seen + self._idle, created_at + self._absolute)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _session(document: Json) -> Session:
    return Session(
        id=document["_id"],
        user_id=document["user_id"],
        created_at=document["created_at"],
        last_seen=document["last_seen"],
        flashes=_flashes(document),
    )


def _flashes(document: Json) -> tuple[Flash, ...]:
    return tuple(Flash(each["level"], each["message"], each["params"]) for each in document["flashes"])
