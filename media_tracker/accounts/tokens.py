"""Tokens: what an outlet's own system shows when it hands stories in, and another program when it reads the figures.

A token is 256 random bits, shown once; the database keeps its SHA-256, so who reads the database cannot use it. It belongs to one
outlet and one platform, or to none of them and reads the figures, has a name, and can be revoked. Making and revoking are events
(entity ``token``).
"""

from __future__ import annotations

import hashlib
import math
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from bson import ObjectId
from pymongo import ASCENDING, IndexModel, ReturnDocument

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.events import NewEvent, Origin
from media_tracker.db.ids import parse_id
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, Forbidden, InvalidInput, NotFound, NotSignedIn, TooMany

COLLECTION = "tokens"
CALLS = "token_calls"
INDEXES = [
    IndexModel([("digest", ASCENDING)], name="digest", unique=True),
    IndexModel([("outlet_id", ASCENDING), ("made_at", ASCENDING)], name="outlet_made"),
]
CALL_INDEXES = [IndexModel([("expires_at", ASCENDING)], name="expires_at_ttl", expireAfterSeconds=0)]
ENTITY = "token"

PREFIX = "mt_"
"""By which people and scanners for secrets see what it is."""
TOKEN_BYTES = 32
LONGEST_NAME = 100
CALLS_A_MINUTE = 60
USED_EVERY = timedelta(minutes=1)
"""``last_used_at`` is written no more often than this."""
_LONGEST_TOKEN = 100
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Token:
    """A token as pages and the API know it; the secret itself is nowhere. ``platform``: where its stories appear.

    One without an outlet reads the figures; it hands nothing in.
    """

    id: ObjectId
    outlet_id: ObjectId | None
    platform: str
    name: str
    made_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class Tokens:
    """Makes, finds and revokes tokens, and counts what they are used for."""

    def __init__(self, database: Database, transactor: Transactor, clock: Clock) -> None:
        self._tokens = database[COLLECTION]
        self._calls = database[CALLS]
        self._transactor = transactor
        self._clock = clock

    async def make(
        self, outlet_id: ObjectId | None, platform: str, name: str, *, by: Actor, origin: Origin
    ) -> tuple[Token, str]:
        """A new token for an outlet, or for reading figures (no outlet), and its secret, which cannot be had again.

        Raises:
            Forbidden: ``by`` is no admin.
            InvalidInput: it has no name.
        """
        _check(by)
        name = name.strip()[:LONGEST_NAME]
        if not name:
            sentence = N_("Please say which system the token is for.")
            raise InvalidInput(sentence, {"name": sentence})
        secret = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
        row: Json = {
            "_id": ObjectId(),
            "outlet_id": outlet_id,
            "platform": platform,
            "name": name,
            "digest": _digest(secret),
            "made_at": self._clock(),
            "last_used_at": None,
            "revoked_at": None,
            "version": 1,
        }

        async def work(tx: Transaction) -> None:
            await self._tokens.insert_one(row, session=tx.session)
            tx.record(NewEvent(ENTITY, row["_id"], 1, "made", row["made_at"], {"outlet_id": outlet_id}))

        await self._transactor.run(work, origin)
        return _token(row), secret

    async def revoke(self, token_id: str, *, by: Actor, origin: Origin) -> Token:
        """End a token for good. One that is revoked already stays as it is.

        Raises:
            Forbidden: ``by`` is no admin.
            NotFound: there is no such token.
        """
        _check(by)
        key, now = parse_id(token_id), self._clock()

        async def work(tx: Transaction) -> None:
            row = await self._tokens.find_one_and_update(
                {"_id": key, "revoked_at": None},
                {"$set": {"revoked_at": now}, "$inc": {"version": 1}},
                return_document=ReturnDocument.AFTER,
                session=tx.session,
            )
            if row is not None:
                tx.record(NewEvent(ENTITY, key, row["version"], "revoked", now, {"outlet_id": row["outlet_id"]}))

        await self._transactor.run(work, origin)
        row = await self._tokens.find_one({"_id": key})
        if row is None:
            raise NotFound(N_("There is no such token."))
        return _token(row)

    async def all(self) -> list[Token]:
        """Every token, those in use first, then the latest first."""
        rows = [_token(row) async for row in self._tokens.find().sort("made_at", -1)]
        return sorted(rows, key=lambda token: token.revoked_at is not None)

    async def use(self, authorization: str | None, *, reading: bool = False) -> Token:
        """The token in an ``Authorization`` header, its use counted. ``reading``: one that reads figures is asked for.

        Raises:
            NotSignedIn: none, or one that does not exist.
            Forbidden: it has been revoked, or is for the other purpose.
            TooMany: it has been used more than 60 times within this minute.
        """
        scheme, _, secret = (authorization or "").strip().partition(" ")
        secret = secret.strip()
        row = None
        if scheme.lower() == "bearer" and secret.startswith(PREFIX) and len(secret) <= _LONGEST_TOKEN:
            row = await self._tokens.find_one({"digest": _digest(secret)})
        if row is None:
            raise NotSignedIn(N_("Send a token of your outlet: “Authorization: Bearer …”."))
        if row["revoked_at"] is not None:
            raise Forbidden(N_("This token has been revoked. Ask for a new one."))
        if (row["outlet_id"] is None) is not reading:
            raise Forbidden(N_("This token is for something else: one hands stories in, another reads figures."))
        now = self._clock()
        await self._count(row["_id"], now)
        if row["last_used_at"] is None or now - row["last_used_at"] >= USED_EVERY:
            await self._tokens.update_one({"_id": row["_id"]}, {"$max": {"last_used_at": now}})
        return _token(row)

    async def _count(self, token_id: ObjectId, now: datetime) -> None:
        """Count one call in this minute of the clock; every web process counts in the same place."""
        minute = now.replace(second=0, microsecond=0)
        counted = await self._calls.find_one_and_update(
            {"_id": f"{token_id}:{minute:%Y%m%d%H%M}"},
            {"$inc": {"calls": 1}, "$setOnInsert": {"expires_at": minute + 2 * _MINUTE}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        assert counted is not None  # an upsert has a document
        if counted["calls"] > CALLS_A_MINUTE:
            seconds = max(1, math.ceil((minute + _MINUTE - now).total_seconds()))
            sentence = N_("A token may be used {limit} times a minute. Try again in {seconds} seconds.")
            raise TooMany(sentence, seconds, limit=CALLS_A_MINUTE, seconds=seconds)


def _check(by: Actor) -> None:
    if not by.has(Role.ADMIN):
        raise Forbidden(N_("Only an admin may make or revoke tokens."))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _token(row: Json) -> Token:
    return Token(
        id=row["_id"],
        outlet_id=row["outlet_id"],
        platform=row["platform"],
        name=row["name"],
        made_at=row["made_at"],
        last_used_at=row["last_used_at"],
        revoked_at=row["revoked_at"],
    )
